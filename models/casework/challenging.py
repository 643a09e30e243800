"""Applications that somebody step aside, ruled on by a head who is not concerned. 申请回避

A member's own declaration needs no ruling; what others apply for does: 公务员法 76–77, 公务员回避规定. The applicant
writes the name; whether that person sits in the case is for the ruling head alone to know.
"""

from sqlmodel import col, select

from models import answers as a
from models.casework.panel import step_aside
from models.casework.record import Act
from models.rules.errors import Incomplete, NotFound
from models.rules.lifecycle import KINDS, Kind
from models.rules.permissions import BLIND, NARROW, Action, Actor, Part, Role, may
from models.tables import Challenge, Organ, Person, WorkItem

GRANTED, REFUSED = "granted", "refused"


def challenge(act: Act, said: a.CaseAct) -> Challenge:
    """Apply that somebody step aside; the same application again is the same row. Raises Incomplete."""
    if not said.to or not act.actor:
        raise Incomplete("请写明申请谁回避（姓名）。")
    waiting = select(Challenge).where(
        Challenge.case_id == act.case.id,
        Challenge.made_by == act.actor.person_id,
        Challenge.about == said.to,
        Challenge.ruling == "",
    )
    row = act.session.exec(waiting).first()
    if row is None:
        row = Challenge(
            case_id=act.case.id,
            made_by=act.actor.person_id,
            about=said.to,
            ground=said.reason,
            made_at=act.now,
        )
        act.session.add(row)
        act.session.flush()
    return row


def challenge_oneself(act: Act, person: int, ground: str) -> None:
    """Put a tie that came to light before a head, where somebody must be named in that person's place; once."""
    about = act.session.get_one(Person, person).name
    waiting = select(Challenge).where(
        Challenge.case_id == act.case.id,
        Challenge.made_by == person,
        Challenge.about == about,
        Challenge.ruling == "",
    )
    if act.session.exec(waiting).first() is None:
        row = Challenge(case_id=act.case.id, made_by=person, about=about, ground=ground, made_at=act.now)
        act.session.add(row)
        act.session.flush()


def waiting_challenges(act: Act) -> dict[int, int | None]:
    """Applications that wait -> the head who rules; nobody when no organ above has one who is free."""
    rows = select(Challenge).where(Challenge.case_id == act.case.id, Challenge.ruling == "")
    return {row.id or 0: _ruler(act, row) for row in act.session.exec(rows.order_by(col(Challenge.id)))}


def _ruler(act: Act, row: Challenge) -> int | None:
    """A head of the organ, then of the organs above it, who is neither the applicant nor the one applied against."""
    concerned = {row.made_by} | {
        p for p, parts in act.facts.parts.items() if parts & {BLIND, NARROW, Part.INVESTIGATOR}
    }
    named = act.session.exec(select(Person.id).where(Person.name == row.about))
    concerned |= {person for person in named if person is not None}
    organ = act.session.get(Organ, act.case.organ_id)
    while organ is not None:
        free = [head for head in act.role_holders(Role.HEAD, organ.id) if head not in concerned]
        if free:
            act.take_part(free[0], Part.RULER)
            return free[0]
        organ = act.session.get(Organ, organ.parent_id) if organ.parent_id else None
    return None


def rule_on_challenge(act: Act, item: WorkItem, said: a.RecusalRuling) -> None:
    """Grant or refuse; who has to step aside loses sight at once, and somebody takes that place."""
    row = act.session.get_one(Challenge, int(item.slot))
    row.ruling, row.ruled_at = (GRANTED if said.granted else REFUSED), act.now
    row.ruled_by = act.actor.person_id if act.actor else None
    act.owe("notice", "challenge-ruled", person=row.made_by, turn=row.id)
    # Made out to the officer who applied; of anybody else's application it stays in the file.
    mine = next((rid for rid, officer in act.respondents.items() if officer.person_id == row.made_by), None)
    act.owe("document", "recusal-ruling", respondent=mine, matter=row.id)
    if not said.granted:
        return
    row.person_id = _participant(act, said.person)
    replaced = Part.INVESTIGATOR in act.facts.parts_of(row.person_id)
    ground = f"经裁定回避：{said.reason}"
    if replaced:
        _check_replacement(act, said.replacement)
    step_aside(act, row.person_id, ground)
    if replaced:
        act.take_part(_investigator(act, said.replacement), Part.INVESTIGATOR, reason=ground)
    take_from(act, row.person_id)


def _participant(act: Act, username: str) -> int:
    found = act.session.exec(select(Person.id).where(Person.username == username)).first()
    parts = act.facts.parts_of(found or 0)
    if found is None or not parts or parts & {BLIND, NARROW}:
        raise Incomplete(
            "请从参与办理本案的人员中选定应当回避的人；没有参与办理的，不需要回避，请不予准许并说明。"
        )
    return found


def _check_replacement(act: Act, username: str) -> None:
    if not username:
        raise Incomplete("应当回避的是调查人员，请同时指定接替的调查人员，以保持两人调查。")
    person = _investigator(act, username)
    if not may(Actor(person, "", frozenset()), Action.HOLD_PART, act.facts, part=Part.INVESTIGATOR).ok:
        raise Incomplete("所选接替人员不能担任本案调查人员（已有其他参与或者应当回避）；请另选。")
    if Part.INVESTIGATOR in act.facts.parts_of(person):
        raise Incomplete("所选接替人员已是本案调查人员；请另选，以保持两人调查。")


def _investigator(act: Act, username: str) -> int:
    person = act.session.exec(select(Person.id).where(Person.username == username)).first()
    if person is None or person not in act.role_holders(Role.INVESTIGATOR):
        raise NotFound(f"本机关没有用户名为“{username}”的调查人员，请核对。")
    return person


def take_from(act: Act, person: int) -> None:
    """What the person still holds goes back to whoever holds the role; the rules ask anew for the rest."""
    for item in act.items.values():
        if item.state != "open" or item.assignee_id != person:
            continue
        if item.asked_id != person:
            act.give(item, item.asked_id)
        elif (
            KINDS[Kind(item.kind)].role is not Role.INVESTIGATOR
            and Kind(item.kind) is not Kind.RECUSAL_RULING
        ):
            act.stop(item, "cancelled")
