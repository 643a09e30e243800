"""What a work item asks and what its answerer must know to answer it. 待办内容

The context is plain data, ready for JSON and for pages. It never holds a ballot, and an officer whose conduct is
looked at gets only what concerns that officer.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.casework import item_facts
from models.handbook import Edition, load_edition
from models.queries.cases import RespondentRow, respondents
from models.queries.compared import editions_of, precedents_of
from models.queries.inbox import ItemRow, draft_of, item_rows
from models.queries.rights import narrow, seen_item
from models.queries.weighed import clauses_of, outcomes_open
from models.queries.worksheets import worksheet_view, worksheets
from models.rules.lifecycle import ABSENCES, Absence, Kind
from models.rules.permissions import Action, Actor, CaseFacts, Part, Role, may, stood_in_for
from models.rules.verbs import asked_of
from models.tables import (
    Allegation,
    Case,
    Challenge,
    Clearing,
    Decision,
    Evidence,
    Person,
    RoleHolding,
    Seat,
    WorkItem,
)


@dataclass(frozen=True)
class ItemPage:
    """A work item with everything its page shows to one reader."""

    item: WorkItem
    row: ItemRow
    case: Case
    facts: CaseFacts
    narrow: bool
    may_answer: bool
    why_not: str
    in_place_of: str  # who is away and for whom the reader would do it; nobody, when in one's own right
    absence: Absence | None  # what the reader may record in the officer's place
    context: Mapping[str, Any]
    draft: Mapping[str, Any] | None


@dataclass(frozen=True)
class _Asked:
    """One item on its way to being explained."""

    session: Session
    item: WorkItem
    case: Case
    facts: CaseFacts
    officers: tuple[RespondentRow, ...]
    on: date
    draft: Mapping[str, Any] | None

    @property
    def edition(self) -> Edition:
        return load_edition(self.case.edition)

    def rows(self, table: Any) -> Any:
        """Rows of this case and round, one officer's only when the item is about one."""
        wanted = select(table).where(table.case_id == self.case.id, table.round == self.case.round)
        if self.item.respondent_id is not None:
            wanted = wanted.where(table.respondent_id == self.item.respondent_id)
        return self.session.exec(wanted.order_by(table.id))

    def answers(self, kind: Kind) -> Mapping[str, Any]:
        """Slot -> what was answered to an earlier item, in the latest round that has any."""
        wanted = select(WorkItem).where(
            WorkItem.case_id == self.case.id, WorkItem.kind == kind, WorkItem.state == "done"
        )
        return {i.slot: i.answer for i in self.session.exec(wanted.order_by(col(WorkItem.round)))}


def item_page(session: Session, actor: Actor, item_id: str, *, on: date) -> ItemPage:
    """A work item, what it asks and what must be known to answer it. Raises NotFound for what is hidden."""
    item, case, facts = seen_item(session, actor, item_id)
    limited = narrow(actor, facts)
    ruling = may(actor, Action.ANSWER, facts, item=item_facts(item))
    officers = tuple(
        r for r in respondents(session, case.id) if not limited or r.person_id == actor.person_id
    )
    draft = draft_of(session, actor, item_id)
    asked = _Asked(session, item, case, facts, officers, on, draft)
    context = {"respondents": [asdict(officer) for officer in officers]}
    if item.state == "open" and ruling.ok:
        context |= _CONTEXT[Kind(item.kind)](asked)
    return ItemPage(
        item=item,
        row=item_rows(session, col(WorkItem.id) == item_id, order=(), limit=1)[0],
        case=case,
        facts=facts,
        narrow=limited,
        may_answer=item.state == "open" and ruling.ok,
        why_not=ruling.why,
        in_place_of=_in_place_of(session, actor, item, facts) if ruling.ok else "",
        absence=absence_to_record(actor, facts, item, on=on),
        context=context,
        draft=draft,
    )


def _in_place_of(session: Session, actor: Actor, item: WorkItem, facts: CaseFacts) -> str:
    away = stood_in_for(actor, item_facts(item), facts)
    return session.get_one(Person, away).name if away is not None else ""


def absence_to_record(
    actor: Actor, facts: CaseFacts, item: WorkItem | ItemRow, *, on: date
) -> Absence | None:
    """What the actor may record today in place of an answer: nothing before the officer's period has ended."""
    absence = ABSENCES.get(Kind(item.kind))
    delegated = item.delegated_by is not None
    asked = asked_of(Kind(item.kind), item.assignee_id, facts.organ_id, delegated=delegated)
    if item.state != "open" or not may(actor, Action.RECORD_ABSENCE, facts, item=asked).ok:
        return None
    runs = item.due_on is not None and on <= item.due_on
    return None if absence is not Absence.LEFT and runs else absence


def candidates(session: Session, role: Role, organ_id: int, *, on: date) -> list[dict[str, Any]]:
    """Active people who hold a role in an organ on a day, by username."""
    held = (
        sa.select(Person.username, Person.name, Person.id)
        .distinct()
        .join(RoleHolding, col(RoleHolding.person_id) == col(Person.id))
        .where(
            col(RoleHolding.organ_id) == organ_id,
            col(RoleHolding.role) == role,
            col(RoleHolding.valid_from) <= on,
            col(RoleHolding.valid_to).is_(None) | (col(RoleHolding.valid_to) >= on),
            col(Person.active),
        )
        .order_by(col(Person.username))
    )
    return [{"username": u, "name": n, "person_id": i} for u, n, i in session.execute(held)]


def _candidates(asked: _Asked, role: Role, part: Part) -> list[dict[str, str]]:
    """Whoever may take the part, so that a form offers no one the rules would refuse."""
    return [
        {"username": one["username"], "name": one["name"]}
        for one in candidates(asked.session, role, asked.case.organ_id, on=asked.on)
        if may(Actor(one["person_id"], "", frozenset()), Action.HOLD_PART, asked.facts, part=part).ok
    ]


def _nothing(_: _Asked) -> dict[str, Any]:
    return {}


def _matter(asked: _Asked) -> dict[str, Any]:
    """What the case is about and what proves it."""
    case = asked.case
    said = asked.session.exec(select(Allegation).where(Allegation.case_id == case.id))
    pieces = asked.session.exec(
        select(Evidence).where(Evidence.case_id == case.id).order_by(col(Evidence.number))
    )
    return {
        "narrative": case.narrative,
        "harm": case.harm,
        "allegations": [{"respondent": a.respondent_id, "text": a.text} for a in said],
        "evidence": [
            {"id": e.id, "number": e.number, "kind": e.kind, "file_name": e.file_name, "proves": e.proves}
            for e in pieces
        ],
    }


def _screening(asked: _Asked) -> dict[str, Any]:
    return _matter(asked) | {"investigators": _candidates(asked, Role.INVESTIGATOR, Part.INVESTIGATOR)}


def _investigation(asked: _Asked) -> dict[str, Any]:
    edition, category = asked.edition, asked.case.category
    duties = [
        {"id": d.id, "matter": d.matter, "step": d.step, "requirement": d.requirement}
        for d in edition.duties.values()
        if category in (d.category, "general")
    ]
    facts = [{"id": f.id, "question": f.zh, "group": f.group} for f in edition.facts.values()]
    said = asked.draft or asked.answers(Kind.INVESTIGATION).get("") or {}
    sheets = worksheets(asked.case, [officer.id for officer in asked.officers], said)
    return _matter(asked) | {
        "duties": duties,
        "facts": facts,
        "factors": [{"id": f.id, "zh": f.zh} for f in edition.weighing_factors],
        "responsibilities": _responsibilities(asked),
        "worksheet": [worksheet_view(rid, sheet) for rid, sheet in sheets.items()],
    }


def _countersign(asked: _Asked) -> dict[str, Any]:
    return _matter(asked) | {"investigation": asked.answers(Kind.INVESTIGATION).get("", {})}


def _statement(asked: _Asked) -> dict[str, Any]:
    own = asked.item.respondent_id
    said = asked.session.exec(select(Allegation).where(Allegation.case_id == asked.case.id))
    return {"allegations": [a.text for a in said if a.respondent_id in (None, own)]}


def _points(asked: _Asked) -> dict[str, Any]:
    statement = asked.answers(Kind.STATEMENT).get(asked.item.slot, {})
    return {"points": statement.get("points", [])}


def _clauses(asked: _Asked) -> list[dict[str, Any]]:
    return clauses_of(asked.session, asked.case, respondent=asked.item.respondent_id, round=asked.case.round)


def _outcomes(asked: _Asked, *, before_review: bool = False) -> dict[str, Any]:
    ids = [officer.id for officer in asked.officers]
    return {
        "outcomes": outcomes_open(asked.session, asked.case, respondents=ids, before_review=before_review)
    }


def _legal_review(asked: _Asked) -> dict[str, Any]:
    duties = {"responsibilities": _responsibilities(asked)}
    return _weighing(asked) | _outcomes(asked, before_review=True) | _compared(asked) | duties


def _responsibilities(asked: _Asked) -> list[dict[str, Any]]:
    """What every officer may have to answer for by the post held, with its standing. 责任分工"""
    return [
        {
            "respondent": officer.id,
            "post": officer.post,
            "situation": found.situation,
            "answers_for": found.shares[officer.post],
            "mark": found.mark,
            "source": found.source,
            "quote": found.quote,
            "predates_text": found.predates_basis(asked.case.conduct_on),
        }
        for officer in asked.officers
        for found in asked.edition.responsibilities_of(officer.post, asked.case.category)
    ]


def _compared(asked: _Asked) -> dict[str, Any]:
    """What the case is held against: like cases, and a more lenient edition where there is one."""
    return {
        "precedents": precedents_of(asked.session, asked.case),
        "editions": editions_of(asked.session, asked.case, on=asked.on),
    }


def _weighing(asked: _Asked) -> dict[str, Any]:
    return _matter(asked) | {
        "clauses": _clauses(asked),
        "statements": asked.answers(Kind.STATEMENT),
        "replies": asked.answers(Kind.ANSWER),
        "factors": _factors(asked),
    }


def _factors(asked: _Asked) -> list[dict[str, Any]]:
    """What the investigators noted under each of the six factors. 实施意见四（二）"""
    noted = asked.answers(Kind.INVESTIGATION).get("", {}).get("factors", [])
    names = {factor.id: factor.zh for factor in asked.edition.weighing_factors}
    return [f | {"zh": names.get(f["factor"], f["factor"])} for f in noted]


def _intent(asked: _Asked) -> dict[str, Any]:
    own = asked.item.respondent_id
    outcomes = asked.answers(Kind.LEGAL_REVIEW).get("", {}).get("outcomes", [])
    return {
        "clauses": [clause for clause in _clauses(asked) if clause["confirmed"]],
        "proposed": [outcome for outcome in outcomes if outcome["respondent"] == own],
    }


def _convening(asked: _Asked) -> dict[str, Any]:
    return _seats(asked) | {"members": _candidates(asked, Role.PANEL_MEMBER, Part.PANEL)}


def _seats(asked: _Asked) -> dict[str, Any]:
    seated = (
        sa.select(Seat.person_id, Person.name, Seat.state)
        .join(Person, col(Person.id) == col(Seat.person_id))
        .where(col(Seat.case_id) == asked.case.id, col(Seat.round) == asked.case.round)
        .order_by(col(Seat.position))
    )
    return {"seats": [{"name": name, "state": state} for _, name, state in asked.session.execute(seated)]}


def _recusal(asked: _Asked) -> dict[str, Any]:
    return {"matter": asked.case.title} | _seats(asked)


def _recusal_ruling(asked: _Asked) -> dict[str, Any]:
    """The application, everybody who takes part and could be meant, and who could take an investigator's place."""
    row = asked.session.get_one(Challenge, int(asked.item.slot))
    people = {
        p.id: p for p in asked.session.exec(select(Person).where(col(Person.id).in_(asked.facts.parts)))
    }
    taking_part = [
        {"username": people[i].username, "name": people[i].name, "parts": [part.zh for part in sorted(parts)]}
        for i, parts in sorted(asked.facts.parts.items())
        if not parts & {Part.RECUSED, Part.RESPONDENT} and parts - {Part.RULER}
    ]
    return {
        "about": row.about,
        "ground": row.ground,
        "made_by": people[row.made_by].name,
        "taking_part": taking_part,
        "investigators": _candidates(asked, Role.INVESTIGATOR, Part.INVESTIGATOR),
    }


def turnout(session: Session, case: Case) -> dict[str, int]:
    """How many vote and have voted in this round, and how many have to: numbers, no names."""

    def number(table: Any, *where: Any) -> int:
        of_round = (table.case_id == case.id, table.round == case.round, *where)
        return session.exec(select(sa.func.count()).where(*of_round)).one()

    seats = number(Seat, Seat.state == "sitting")
    cast = number(WorkItem, WorkItem.kind == Kind.BALLOT, WorkItem.state == "done")
    return {"cast": cast, "wanted": seats, "needed": load_edition(case.edition).voting.quorum(seats)}


def _settled(asked: _Asked) -> list[dict[str, Any]]:
    """Officers on whom the panel decided before it asked for more facts about others: they are not voted on again."""
    return [{"respondent": d.respondent_id, "outcome": d.proposed} for d in asked.rows(Decision)]


def _panel(asked: _Asked) -> dict[str, Any]:
    review = asked.answers(Kind.LEGAL_REVIEW).get("", {})
    heard = asked.answers(Kind.NOTICE_OF_INTENT)
    said = {"proposed": review.get("outcomes", []), "heard": heard}
    said |= {"turnout": turnout(asked.session, asked.case), "settled": _settled(asked)}
    return _weighing(asked) | _seats(asked) | _outcomes(asked) | _compared(asked) | said


def _decisions(asked: _Asked) -> dict[str, Any]:
    return {
        "decisions": [
            {
                "respondent": d.respondent_id,
                "proposed": d.proposed,
                "outcome": d.outcome,
                "reason": d.reason,
                "tally": d.tally if asked.item.respondent_id is None else {},
                "authority": d.authority,
            }
            for d in asked.rows(Decision)
        ]
    }


def _signature(asked: _Asked) -> dict[str, Any]:
    weighed = {"clauses": _clauses(asked)} | _compared(asked)
    return _matter(asked) | weighed | _decisions(asked) | _outcomes(asked)


def _clearings(asked: _Asked) -> dict[str, Any]:
    return _decisions(asked) | {
        "clearings": [
            {
                "respondent": c.respondent_id,
                "track": c.track,
                "wanted": c.wanted,
                "form": c.form,
                "scope": c.scope,
                "named": c.named,
                "publication_class": c.publication_class,
            }
            for c in asked.rows(Clearing)
        ]
    }


_CONTEXT: Mapping[Kind, Callable[[_Asked], dict[str, Any]]] = {
    Kind.SCREENING: _screening,
    Kind.INVESTIGATION: _investigation,
    Kind.COUNTERSIGN: _countersign,
    Kind.STATEMENT: _statement,
    Kind.ANSWER: _points,
    Kind.LEGAL_REVIEW: _legal_review,
    Kind.NOTICE_OF_INTENT: _intent,
    Kind.CONVENING: _convening,
    Kind.RECUSAL: _recusal,
    Kind.RECUSAL_RULING: _recusal_ruling,
    Kind.BALLOT: _panel,
    Kind.CLOSE_SESSION: _panel,
    Kind.SIGNATURE: _signature,
    Kind.SERVICE_RECEIPT: _decisions,
    Kind.AUTHORITY_REPLY: _decisions,
    Kind.CLEARING_CONSENT: _decisions,
    Kind.CLEARING_APPROVAL: _clearings,
    Kind.PUBLICATION_REVIEW: _clearings,
    Kind.ARCHIVING: _nothing,
}
