"""Rebuilding a decision from edition, facts and votes, to the same result or to a named difference. 复算

When a decision is signed, its event keeps the hash of everything the result rests on and of what the rules made of it.
The same hash later shows that neither the record nor the software has decided anything else in silence.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from models.casework.record import Act
from models.database import to_json
from models.handbook import load_edition
from models.rules.clauses import Status, match
from models.rules.duties import DutyResult
from models.rules.errors import NotFound
from models.rules.inquiry import known_facts
from models.tables import Ballot, Case, Decision, Event, Fact, Finding, Match, Respondent

SIGNED = "item:signature:answered"


@dataclass(frozen=True)
class Replayed:
    """A signed round, recorded and rebuilt. 复算结果"""

    round: int
    recorded: str
    rebuilt: str
    officers: tuple[dict[str, Any], ...]

    @property
    def same(self) -> bool:
        """Whether the rebuilt result is the one that was signed."""
        return self.recorded == self.rebuilt


def replay(session: Session, case: Case) -> tuple[Replayed, ...]:
    """Every signed round of the case, rebuilt from the register. Raises NotFound when nothing has been signed."""
    signed = select(Event).where(Event.case_id == case.id, Event.tag == SIGNED).order_by(col(Event.seq))
    events = [event for event in session.exec(signed) if "result" in event.data]
    if not events:
        raise NotFound("本案还没有签发决定，没有可以复算的结果；请在签发之后再复算。")
    found = []
    for event in events:
        round, recorded = event.data["signed_round"], event.data["result"]
        # A case may be judged by another edition in a later round; what was signed stays what it was.
        edition = event.data.get("edition", case.edition)
        officers = result_of(session, case, round, edition=edition)
        rebuilt = fingerprint(case, officers, edition=edition)
        found.append(Replayed(round, recorded, rebuilt, tuple(officers)))
    return tuple(found)


def note_result(act: Act) -> None:
    """Let the event of a signature say what the decision rests on, as one hash."""
    case, edition = act.case, act.case.edition
    officers = result_of(act.session, case, case.round, edition=edition)
    result = fingerprint(case, officers, edition=edition)
    act.said |= {"result": result, "signed_round": case.round, "edition": edition}


def fingerprint(case: Case, officers: Sequence[dict[str, Any]], *, edition: str) -> str:
    """SHA-256 over the edition, word for word, and every officer's facts, votes and result."""
    content = {
        "case": case.id,
        "edition": edition,
        "handbook": load_edition(edition).digest,
        "officers": list(officers),
    }
    return hashlib.sha256(to_json(content).encode()).hexdigest()


def result_of(session: Session, case: Case, round: int, *, edition: str) -> list[dict[str, Any]]:
    """What each officer's decision of a round rests on, and what the rules make of it."""
    book = load_edition(edition).rules_on(case.conduct_on)
    facts, findings = _latest(session, case, Fact, round), _latest(session, case, Finding, round)
    confirmed, decided = _latest(session, case, Match, round), _own(session, case, Decision, round)
    votes = _own(session, case, Ballot, round)
    named = select(Respondent).where(Respondent.case_id == case.id).order_by(col(Respondent.id))
    officers = []
    for row in session.exec(named):
        duties = {f.duty: DutyResult(f.result) for f in findings if f.respondent_id == row.id}
        found = {f.fact: Status(f.status) for f in facts if f.respondent_id == row.id}
        matching = match(book, known_facts(case.category, found, duties))
        decision = next((d for d in decided if d.respondent_id == row.id), None)
        officers.append(
            {
                "respondent": row.id,
                "post": row.post,
                "facts": {fact: status.value for fact, status in sorted(found.items())},
                "duties": {duty: result.value for duty, result in sorted(duties.items())},
                "clauses": {m.clause_id: m.outcome.value for m in matching.matches},
                "bars": sorted(result.gate.id for result in matching.barred_by),
                "confirmed": sorted(m.clause for m in confirmed if m.respondent_id == row.id and m.confirmed),
                "votes": dict(sorted(Counter(v.outcome for v in votes if v.respondent_id == row.id).items())),
                "proposed": decision.proposed if decision else "",
                "outcome": decision.outcome if decision else "",
            }
        )
    return officers


def _own(session: Session, case: Case, table: Any, round: int) -> list[Any]:
    rows = select(table).where(table.case_id == case.id, table.round == round)
    return list(session.exec(rows.order_by(table.id)))


def _latest(session: Session, case: Case, table: Any, round: int) -> list[Any]:
    """The rows of the last round up to this one that has any: a returned case keeps what was not done again."""
    up_to = select(table).where(table.case_id == case.id, table.round <= round).order_by(table.id)
    rows = list(session.exec(up_to))
    last = max((row.round for row in rows), default=0)
    return [row for row in rows if row.round == last]
