"""Who has read the file of a case, for the manager and for the officer concerned. 查阅记录"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.queries.rights import narrow, seen_case
from models.readings import ReadKind
from models.rules.capacity import capacity_zh
from models.rules.errors import NotPermitted
from models.rules.permissions import Action, Actor, CaseFacts, may
from models.tables import Decision, Document, Evidence, Person, Reading, Respondent


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One person's reading of a day. An officer is told who and when, not which papers. 查阅"""

    day: date
    name: str
    capacity: str
    read: Sequence[str]
    times: int

    @property
    def capacity_zh(self) -> str:
        """The capacity as people call it."""
        return capacity_zh(self.capacity)


def with_served(session: Session, case_id: str, facts: CaseFacts) -> CaseFacts:
    """The facts with the persons to whom their decision has been served."""
    served = (
        select(Respondent.person_id)
        .join(Decision, col(Decision.respondent_id) == col(Respondent.id))
        .where(Respondent.case_id == case_id, col(Decision.served_at).is_not(None))
    )
    return replace(facts, served=frozenset(session.exec(served)))


def may_see_readers(session: Session, actor: Actor, case_id: str, facts: CaseFacts) -> bool:
    """Whether the actor is told who has read the file."""
    told = with_served(session, case_id, facts) if narrow(actor, facts) else facts
    return may(actor, Action.SEE_READERS, told).ok


def readers_of(session: Session, actor: Actor, case_id: str) -> Sequence[ReaderRow]:
    """Who has read the file, newest day first. Raises NotFound for a hidden case, NotPermitted before its time."""
    _, facts = seen_case(session, actor, case_id)
    ruling = may(actor, Action.SEE_READERS, with_served(session, case_id, facts))
    if not ruling.ok:
        raise NotPermitted(ruling.why)
    limited = narrow(actor, facts)
    rows: dict[tuple[date, int], ReaderRow] = {}
    # A look at the reporter's identity is its custodian's matter: here it would tell that there is a reporter.
    looked = (
        sa.select(
            Reading.day,
            Reading.person_id,
            Person.name,
            Reading.capacity,
            Reading.kind,
            Reading.object_id,
            Reading.times,
        )
        .join(Person, col(Person.id) == col(Reading.person_id))
        .where(col(Reading.case_id) == case_id, col(Reading.kind) != ReadKind.IDENTITY)
        .order_by(col(Reading.day).desc(), col(Reading.person_id), col(Reading.id))
    )
    named = {} if limited else _names(session, case_id)
    for day, person, name, capacity, kind, object_id, times in session.execute(looked):
        if limited and person == actor.person_id:
            continue
        row = rows.get((day, person)) or ReaderRow(day, name, capacity, (), 0)
        if not limited:
            row = replace(
                row, read=(*row.read, named.get((kind, object_id), "案卷")), times=row.times + times
            )
        rows[(day, person)] = row
    return list(rows.values())


def _names(session: Session, case_id: str) -> dict[tuple[str, int], str]:
    """What each piece and each paper is called."""
    pieces = sa.select(Evidence.id, Evidence.number).where(col(Evidence.case_id) == case_id)
    papers = sa.select(Document.id, Document.title).where(col(Document.case_id) == case_id)
    return {
        **{(ReadKind.EVIDENCE.value, key): f"证据{number}" for key, number in session.execute(pieces)},
        **{(ReadKind.DOCUMENT.value, key): title for key, title in session.execute(papers)},
    }
