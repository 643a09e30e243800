"""Who sees which case: the ruling `may` fed from the register, and the same rule as SQL. 可见范围"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.casework import item_facts
from models.rules.confidentiality import Level
from models.rules.errors import NotFound, NotPermitted
from models.rules.lifecycle import Kind
from models.rules.permissions import (
    BLIND,
    BROWSING,
    CEILINGS,
    NARROW,
    PAIRS,
    PART_CEILINGS,
    PART_OF,
    Action,
    Actor,
    CaseFacts,
    ItemFacts,
    PaperFacts,
    Part,
    Role,
    StandIn,
    may,
)
from models.rules.verbs import PAIRED, PERSONAL, asked_of
from models.tables import Case, Document, Evidence, Participation, Respondent, WorkItem

OPEN = "open"
# Written out, because an index of open items only is found by the word itself and not by a value sent along.
_OPEN = sa.literal_column("'open'", sa.String())
# A part taken by acting in another's place ties, and opens nothing.
_OWN = col(Participation.stood_in).is_(False)


def case_facts(session: Session, case_id: str) -> tuple[Case, CaseFacts]:
    """A case and all that a ruling on rights needs to know of it. Raises NotFound."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotFound
    return case, facts_of(session, case)


def facts_of(session: Session, case: Case) -> CaseFacts:
    """Who is what in a case, and which roles' queues wait."""
    nobody = sa.cast(sa.null(), sa.Integer())
    own = sa.case((col(Participation.stood_in), 0), else_=1)
    held = sa.select(Participation.person_id, Participation.part, own, nobody).where(
        col(Participation.case_id) == case.id
    )
    waits = sa.select(nobody, WorkItem.kind, WorkItem.assignee_id, WorkItem.delegated_by).where(
        col(WorkItem.case_id) == case.id, col(WorkItem.state) == OPEN
    )
    parts: dict[int, set[Part]] = {}
    waiting: set[ItemFacts] = set()
    in_place: dict[int, set[Part]] = {}
    for person, word, assignee, delegated_by in session.execute(sa.union_all(held, waits)):
        if person:
            parts.setdefault(person, set()).add(Part(word))
            if not assignee:  # of a part: whether it is the person's own
                in_place.setdefault(person, set()).add(Part(word))
        else:
            delegated = delegated_by is not None
            waiting.add(asked_of(Kind(word), assignee, case.organ_id, delegated=delegated))
    return CaseFacts(
        case.organ_id,
        {p: frozenset(w) for p, w in parts.items()},
        frozenset(item.role for item in waiting if item.assignee_id is None),
        case.announced_at is not None,
        in_place={p: frozenset(w) for p, w in in_place.items()},
        waiting=frozenset(waiting),
        level=Level(case.level),
    )


def seen_case(
    session: Session, actor: Actor, case_id: str, *, action: Action = Action.SEE
) -> tuple[Case, CaseFacts]:
    """The case, when the actor may do this with it. Raises NotFound for what is hidden, else NotPermitted."""
    case, facts = case_facts(session, case_id)
    _check(actor, action, facts)
    return case, facts


def seen_item(session: Session, actor: Actor, item_id: str) -> tuple[WorkItem, Case, CaseFacts]:
    """A work item the actor may look at. Raises NotFound."""
    both = select(WorkItem, Case).where(WorkItem.id == item_id, WorkItem.case_id == Case.id)
    found = session.exec(both).first()
    if found is None:
        raise NotFound
    item, case = found
    facts = facts_of(session, case)
    ruling = may(actor, Action.SEE_ITEM, facts, item=item_facts(item))
    if not ruling.ok:
        raise NotFound
    return item, case, facts


def seen_document(session: Session, actor: Actor, document_id: int) -> Document:
    """A paper the actor may read: the file's, one's own, or one for everybody. Raises NotFound."""
    paper = session.get(Document, document_id)
    if paper is not None:
        own = own_respondent(session, actor, paper.case_id)
        facts = case_facts(session, paper.case_id)[1]
        if may_read(paper, actor, facts, own=own):
            return paper
    raise NotFound


def may_read(paper: Document, actor: Actor, facts: CaseFacts, *, own: int | None) -> bool:
    """Whether a paper is for the actor; `own` is the respondent the actor is in the case."""
    mine = own is not None and paper.respondent_id == own
    said = PaperFacts(paper.audience, Level(paper.level), mine)
    return may(actor, Action.SEE_PAPER, facts, paper=said).ok


def seen_evidence(session: Session, actor: Actor, evidence_id: int) -> Evidence:
    """A piece of evidence the actor may open: the file's, or what one handed in oneself. Raises NotFound."""
    piece = session.get(Evidence, evidence_id)
    if piece is not None:
        facts = case_facts(session, piece.case_id)[1]
        own = piece.added_by == actor.person_id and may(actor, Action.SEE, facts).ok
        if own or may(actor, Action.SEE_FILE, facts).ok:
            return piece
    raise NotFound


def own_respondent(session: Session, actor: Actor, case_id: str) -> int | None:
    """Which respondent the actor is in a case, if any."""
    mine = select(Respondent.id).where(Respondent.case_id == case_id, Respondent.person_id == actor.person_id)
    return session.exec(mine).first()


def narrow(actor: Actor, facts: CaseFacts) -> bool:
    """Whether the actor sees only what concerns oneself: an officer whose conduct is looked at."""
    return NARROW in facts.parts_of(actor.person_id)


def _check(actor: Actor, action: Action, facts: CaseFacts) -> None:
    ruling = may(actor, action, facts)
    if ruling.hidden:
        # Somebody recused is told no more than a stranger: whether the case exists is part of what is hidden.
        raise NotFound
    if not ruling.ok:
        raise NotPermitted(ruling.why)


# --- the same rule as SQL -----------------------------------------------------------------------


# A condition depends on nothing but who asks with which roles, and building one costs more than many a query: each is
# built once for a person, and SQLAlchemy finds its text again by it.
@lru_cache(maxsize=1024)
def visible(actor: Actor) -> sa.ColumnElement[bool]:
    """`may(actor, SEE, case)` as a condition on Case, for lists and counts."""
    taking_part = sa.select(Participation.case_id).where(col(Participation.person_id) == actor.person_id)
    blind = taking_part.where(col(Participation.part) == BLIND)
    concerned = taking_part.where(col(Participation.part) == NARROW)
    untold = col(Case.announced_at).is_(None) & col(Case.id).in_(concerned)
    ways: list[Any] = [
        col(Case.id).in_(taking_part.where(_OWN, col(Participation.part).in_(parts))) & _covered(ceiling)
        for ceiling, parts in _PARTS_BY_CEILING.items()
    ]
    ways += [
        col(Case.organ_id).in_(sorted(organs)) & _covered(top) for top, organs in _browsed(actor).items()
    ]
    everywhere = _browsed(actor).get(Level.STRICT, frozenset())
    for role, organ in sorted((role, organ) for role, organ in actor.roles if organ not in everywhere):
        queue = sa.select(WorkItem.case_id).where(*_queue(role, organ))
        ways.append((col(Case.organ_id) == organ) & col(Case.id).in_(queue) & _covered(CEILINGS[role]))
    ways += [col(Case.id).in_(sa.select(WorkItem.case_id).where(pile)) for pile in stood_in(actor)]
    return sa.or_(*ways) & col(Case.id).not_in(blind) & ~untold


def organs_of(actor: Actor) -> list[int]:
    """The organs in which the actor holds a role, or stands in for somebody who does."""
    lent = {organ for away in actor.stands_in for _, organ in away.roles}
    return sorted(lent | {organ for _, organ in actor.roles})


@lru_cache(maxsize=1024)
def within_reach(actor: Actor) -> sa.ColumnElement[bool]:
    """What `visible` can only hold for: one's own cases and those of one's organs. It allows nothing by itself.

    Beside `visible` it lets a database begin with these instead of with everybody's cases.
    """
    there = aliased(Case)
    own = sa.select(Participation.case_id).where(col(Participation.person_id) == actor.person_id)
    organs = organs_of(actor)
    return col(Case.id).in_(sa.union_all(own, sa.select(there.id).where(col(there.organ_id).in_(organs))))


@lru_cache(maxsize=1024)
def answerable(actor: Actor) -> sa.ColumnElement[bool]:
    """`may(actor, ANSWER, item)` as a condition on open WorkItem rows, for the inbox and its count."""
    return sa.or_(assigned(actor), *queues(actor), *stood_in(actor))


@lru_cache(maxsize=1024)
def assigned(actor: Actor) -> sa.ColumnElement[bool]:
    """What `answerable` finds because it was given to the actor; one index holds it in the order of the inbox."""
    mine = (col(WorkItem.state) == _OPEN) & (col(WorkItem.assignee_id) == actor.person_id)
    return mine & _seen(actor) & ~_barred(actor.person_id)


@lru_cache(maxsize=1024)
def queues(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    """What `answerable` finds because it is nobody's yet, for each role held; another index, the same order."""
    return tuple(
        sa.and_(*_queue(role, organ), _case_covered(CEILINGS[role]), ~_barred(actor.person_id))
        for role, organ in sorted(actor.roles)
        if role in PART_OF
    )


@lru_cache(maxsize=1024)
def stood_in(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    """What `answerable` finds because the actor stands in for somebody; `stood_in_for` as SQL, no item in two piles."""
    away = sorted(actor.stands_in, key=lambda one: one.person_id)
    free = _own_to_give() & ~_barred(actor.person_id) & ~_other_half(actor)
    given = [
        (col(WorkItem.state) == _OPEN)
        & (col(WorkItem.assignee_id) == one.person_id)
        & sa.or_(*(_of_role(role, organ) for role, organ in sorted(one.roles)))
        & free
        & ~_barred(one.person_id)
        for one in away
    ]
    taken = [
        sa.and_(*_queue(role, organ), _case_covered(CEILINGS[role]), free, _some_free(away, role, organ))
        for role, organ in sorted({held for one in away for held in one.roles} - actor.roles)
    ]
    return (*given, *taken)


def _some_free(away: list[StandIn], role: Role, organ: int) -> sa.ColumnElement[bool]:
    """Whether somebody away with this role could have taken the item: nobody stands in for who is tied."""
    return sa.or_(*(~_barred(one.person_id) for one in away if (role, organ) in one.roles))


def _of_role(role: Role, organ: int) -> sa.ColumnElement[bool]:
    of = (col(WorkItem.organ_id) == organ) & (col(WorkItem.role) == role)
    return of & _case_covered(CEILINGS[role])


def _own_to_give() -> sa.ColumnElement[bool]:
    return col(WorkItem.kind).not_in(sorted(PERSONAL)) & col(WorkItem.delegated_by).is_(None)


def _other_half(actor: Actor) -> sa.ColumnElement[bool]:
    """Whether the actor investigates the case already: the two halves are never one person's."""
    mine = _any(_part_in_case(actor.person_id), col(Participation.part) == Part.INVESTIGATOR)
    return col(WorkItem.kind).in_(sorted(PAIRED)) & mine


def _queue(role: Role, organ: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(WorkItem.state) == _OPEN,
        col(WorkItem.assignee_id).is_(None),
        col(WorkItem.organ_id) == organ,
        col(WorkItem.role) == role,
    )


def _seen(actor: Actor) -> sa.ColumnElement[bool]:
    # What is assigned to a person is seen through the part the person has, or through the whole organ.
    parts = [
        _any(_part_in_case(actor.person_id), _OWN, col(Participation.part).in_(parts))
        & _case_covered(ceiling)
        for ceiling, parts in _PARTS_BY_CEILING.items()
    ]
    wide = [
        col(WorkItem.organ_id).in_(sorted(organs)) & _case_covered(top)
        for top, organs in _browsed(actor).items()
    ]
    return sa.or_(*parts, *wide)


_PARTS_BY_CEILING: Mapping[Level, list[Part]] = {
    ceiling: [part for part, top in PART_CEILINGS.items() if top is ceiling]
    for ceiling in sorted(set(PART_CEILINGS.values()), key=[*Level].index, reverse=True)  # most parts first
}


def _browsed(actor: Actor) -> Mapping[Level, frozenset[int]]:
    """Up to which level the actor sees every case of which organs."""
    tops = dict.fromkeys(BROWSING.values())
    found = {top: actor.organs(*(role for role in BROWSING if BROWSING[role] is top)) for top in tops}
    return {top: organs for top, organs in found.items() if organs}


def _covered(ceiling: Level) -> sa.ColumnElement[bool]:
    """Whether a ceiling reaches the level of the Case; the highest reaches everything and costs nothing."""
    return sa.true() if ceiling is Level.STRICT else col(Case.level).in_(ceiling.covered)


def _case_covered(ceiling: Level) -> sa.ColumnElement[bool]:
    """The same of the case of a WorkItem."""
    if ceiling is Level.STRICT:
        return sa.true()
    return _any(col(Case.id) == col(WorkItem.case_id), _covered(ceiling))


def _part_in_case(person_id: int) -> sa.ColumnElement[bool]:
    return (col(Participation.case_id) == WorkItem.case_id) & (col(Participation.person_id) == person_id)


def _barred(person_id: int) -> sa.ColumnElement[bool]:
    """Whether a person has a part in the item's case that forbids answering it."""
    part, role = col(Participation.part), col(WorkItem.role)
    own_item = (role == Role.OFFICER) & (col(WorkItem.assignee_id) == person_id)
    clashes = [
        (role == answers_as) & part.in_(sorted(held))
        for answers_as, taken in PART_OF.items()
        if (held := {other for pair in PAIRS if taken in pair for other in pair - {taken}})
    ]
    forbidden = sa.or_(part == BLIND, (part == NARROW) & ~own_item, ~own_item & sa.or_(*clashes))
    return _any(_part_in_case(person_id) & forbidden)


def _any(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """EXISTS for one WorkItem at a time: written so that no database answers it by reading everybody's cases first."""
    one = sa.select(sa.literal_column("1", sa.Integer())).where(*conditions).limit(1)
    return one.correlate(WorkItem).scalar_subquery().is_not(None)
