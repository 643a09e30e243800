"""Lists of cases and the page of one, as the reader may see them. 案件"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.dossier import case_number
from models.queries.inbox import ItemRow, item_rows
from models.queries.paging import COUNTED, MOST, Page, cut, read_cursor, read_moment, read_word
from models.queries.readers import may_see_readers
from models.queries.renditions import forms_of
from models.queries.rights import may_read, narrow, own_respondent, seen_case
from models.queries.searched import Search, fitting
from models.queries.steps import EVERY_STEP, Sieve, TimelineRow, timeline
from models.rules.confidentiality import Level
from models.rules.lifecycle import Stage, State
from models.rules.permissions import Action, Actor, CaseFacts, Part, may
from models.tables import (
    Allegation,
    Case,
    Document,
    Evidence,
    Organ,
    Person,
    Respondent,
    WorkItem,
)

EVERYTHING = Search()


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as a list shows it. 案件"""

    id: str
    number: str
    title: str
    category: str
    stage: str
    state: str
    round: int
    organ: str
    registered_at: datetime
    version: int
    level: str

    @property
    def level_zh(self) -> str:
        """How confidential the case is, as people call it."""
        return Level(self.level).zh

    @property
    def stage_zh(self) -> str:
        """The stage as people call it."""
        return Stage(self.stage).zh

    @property
    def state_zh(self) -> str:
        """The state as people call it."""
        return State(self.state).zh


@dataclass(frozen=True, slots=True)
class RespondentRow:
    """An officer whose conduct is looked at. 被核查执法人员"""

    id: int
    person_id: int
    username: str
    name: str
    post: str
    unit: str
    position: str


@dataclass(frozen=True)
class CasePage:
    """What the page of a case shows to one reader."""

    case: Case
    row: CaseRow
    facts: CaseFacts
    mine: frozenset[Part]
    narrow: bool  # a respondent: own items, own papers, no file
    own: int | None  # which respondent the reader is
    respondents: Sequence[RespondentRow]
    allegations: Sequence[Allegation]
    items: Sequence[ItemRow]
    timeline: Sequence[TimelineRow]
    documents: Sequence[Document]
    forms: Mapping[int, tuple[str, ...]]  # document id -> docx, pdf, …
    evidence: Sequence[Evidence]
    may_add_evidence: bool
    may_see_readers: bool
    may_set_level: bool
    may_pin: bool
    may_request_identity: bool


def list_cases(
    session: Session,
    actor: Actor,
    *,
    search: Search = EVERYTHING,
    after: str | None = None,
    limit: int = 50,
) -> Page[CaseRow]:
    """Cases the actor may see and looks for, newest first.

    Raises BadCursor for an `after` that is not the `next` of a page, SearchTooLong.
    """
    limit = min(limit, MOST)
    at, key = col(Case.registered_at), col(Case.id)
    wanted = sa.select(key).where(*fitting(actor, search)).order_by(at.desc(), key.desc()).limit(limit + 1)
    if after:
        last_at, last_id = read_cursor(after, read_moment, read_word)
        moment = sa.literal(last_at, at.type)
        wanted = wanted.where((at < moment) | ((at == moment) & (key < last_id)))
    # The keys first: sorting whole rows of ten thousand cases costs more than finding fifty of them again.
    chosen = _rows().where(key.in_(session.scalars(wanted).all())).order_by(at.desc(), key.desc())
    rows = _as_told(session, actor, [_row(values) for values in session.execute(chosen)])
    return cut(rows, limit, key=lambda row: (row.registered_at.isoformat(), row.id))


def _as_told(session: Session, actor: Actor, rows: Sequence[CaseRow]) -> Sequence[CaseRow]:
    """Rows as this reader may know them: a transfer is the other authority's to announce to the person concerned."""
    away = [row.id for row in rows if row.state == State.TRANSFERRED]
    if not away:
        return rows
    mine = sa.select(Respondent.case_id).where(
        col(Respondent.person_id) == actor.person_id, col(Respondent.case_id).in_(away)
    )
    own = set(session.scalars(mine))
    return [replace(row, state=State.OPEN.value) if row.id in own else row for row in rows]


def count_cases(
    session: Session, actor: Actor, *, search: Search = EVERYTHING, at_most: int = COUNTED
) -> int:
    """How many cases the list holds; counting stops at `at_most`."""
    some = sa.select(col(Case.id)).where(*fitting(actor, search)).limit(at_most).subquery()
    return session.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def case_row(session: Session, case_id: str) -> CaseRow:
    """One case as lists show it; whether it may be seen is the caller's to ask first."""
    return _row(session.execute(_rows().where(col(Case.id) == case_id)).one())


def case_page(session: Session, actor: Actor, case_id: str, *, sieve: Sieve = EVERY_STEP) -> CasePage:
    """A case with everything its page shows to this reader. Raises NotFound for what is hidden."""
    case, facts = seen_case(session, actor, case_id)
    limited = narrow(actor, facts)
    own = own_respondent(session, actor, case_id) if limited else None
    papers = documents(session, actor, case_id, facts)
    return CasePage(
        case=case,
        row=_as_told(session, actor, [case_row(session, case_id)])[0],
        facts=facts,
        mine=facts.parts_of(actor.person_id),
        narrow=limited,
        own=own,
        respondents=[r for r in respondents(session, case_id) if not limited or r.id == own],
        allegations=[
            said
            for said in session.exec(select(Allegation).where(Allegation.case_id == case_id))
            if not limited or said.respondent_id in (None, own)
        ],
        items=_items(session, actor, case_id, limited=limited),
        timeline=timeline(session, actor, case_id, limited=limited, sieve=sieve),
        documents=papers,
        forms=forms_of(session, (paper.id for paper in papers)),
        evidence=evidence(session, actor, case_id, limited=limited),
        may_request_identity=may(actor, Action.REQUEST_IDENTITY, facts).ok,
        may_set_level=may(actor, Action.SET_LEVEL, facts).ok,
        may_pin=may(actor, Action.PIN_STEP, facts).ok and case.state != State.ARCHIVED,
        may_see_readers=may_see_readers(session, actor, case_id, facts),
        may_add_evidence=may(actor, Action.ADD_EVIDENCE, facts).ok and case.state != State.ARCHIVED,
    )


def respondents(session: Session, case_id: str) -> Sequence[RespondentRow]:
    """The officers of a case with their names."""
    wanted = (
        sa.select(
            Respondent.id,
            Respondent.person_id,
            Person.username,
            Person.name,
            Respondent.post,
            Respondent.unit,
            Respondent.position,
        )
        .join(Person, col(Person.id) == col(Respondent.person_id))
        .where(col(Respondent.case_id) == case_id)
        .order_by(col(Respondent.id))
    )
    return [RespondentRow(*values) for values in session.execute(wanted)]


def documents(session: Session, actor: Actor, case_id: str, facts: CaseFacts) -> Sequence[Document]:
    """The papers of a case the actor may read, in the order they were filed. 文书"""
    own = own_respondent(session, actor, case_id)
    filed = session.exec(select(Document).where(Document.case_id == case_id).order_by(col(Document.id)))
    return [paper for paper in filed if may_read(paper, actor, facts, own=own)]


def evidence(session: Session, actor: Actor, case_id: str, *, limited: bool) -> Sequence[Evidence]:
    """The evidence list, or with narrow sight what one handed in oneself. 证据"""
    wanted = select(Evidence).where(Evidence.case_id == case_id).order_by(col(Evidence.number))
    if limited:
        wanted = wanted.where(Evidence.added_by == actor.person_id)
    return session.exec(wanted).all()


def _items(session: Session, actor: Actor, case_id: str, *, limited: bool) -> Sequence[ItemRow]:
    conditions = [col(WorkItem.case_id) == case_id]
    if limited:
        conditions.append(col(WorkItem.assignee_id) == actor.person_id)
    return item_rows(session, *conditions, order=(col(WorkItem.created_at), col(WorkItem.id)), limit=None)


def _rows() -> Any:
    return sa.select(
        Case.id,
        Organ.mark,
        Case.year,
        Case.number,
        Case.title,
        Case.category,
        Case.stage,
        Case.state,
        Case.round,
        Organ.name,
        Case.registered_at,
        Case.version,
        Case.level,
    ).join(Organ, col(Organ.id) == col(Case.organ_id))


def _row(values: Any) -> CaseRow:
    case_id, mark, year, number, *rest = values
    return CaseRow(case_id, case_number(mark, year, number), *rest)
