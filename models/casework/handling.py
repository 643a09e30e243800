"""What people do with work items and cases besides answering: pass on, take back, urge, hold. 办理动作

Who may do what is said in `models.rules.verbs`; here it is done, in one transaction with one event that says who,
when, why and on whose behalf. The same again changes nothing.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models import answers as a
from models.casework.answering import drafted
from models.casework.challenging import challenge
from models.casework.holding import held_zh, hold, resume
from models.casework.panel import add_members, remove_member
from models.casework.prolonging import extend, restart, suspend
from models.casework.record import Act, check, item_facts, lock_case, lock_case_of
from models.casework.settle import settle
from models.casework.voting import take_out
from models.rules.errors import Conflict, Incomplete, Locked, NotFound, Stale
from models.rules.lifecycle import Kind, State
from models.rules.permissions import PART_OF, Action, Actor, Role, may
from models.rules.timeline import MARKS
from models.rules.verbs import CaseVerb, Holding, Verb, case_ruling, item_ruling, taker_ruling
from models.tables import Case, Clock, Draft, Event, Person, WorkItem

NUDGE_PAUSE = timedelta(hours=24)  # 建议值


def handle_item(
    session: Session,
    item_id: str,
    verb: Verb,
    said: a.ItemVerb,
    *,
    actor: Actor,
    now: datetime,
    expect_version: int | None = None,
) -> WorkItem:
    """Do something with one work item. 待办动作

    Raises NotFound for what is hidden, NotPermitted, Recused, Incomplete, Conflict, Locked, Stale.
    """
    act = Act.on(session, lock_case_of(session, item_id), actor=actor, now=now)
    item = session.get_one(WorkItem, item_id)
    check(may(actor, Action.SEE_ITEM, act.facts, item=item_facts(item)))
    if _done_before(act, item, verb, said):
        return item
    answerable = may(actor, Action.ANSWER, act.facts, item=item_facts(item))
    check(item_ruling(verb, actor, _holding(item), act.facts, may_answer=answerable))
    _check_moving(act, verb)
    if expect_version is not None and item.version != expect_version:
        raise Stale("此待办在您打开之后已有变动，请刷新后核对再操作。")
    own = act.items.get((Kind(item.kind), item.slot))
    if own is None or own.id != item.id:
        raise Conflict("案件已经进入下一环节或者下一轮，此事项不能再改动；请刷新后查看现在的待办。")
    told = _VERBS[verb](act, own, said)
    act.record(f"item:{own.kind}:{verb.value}", reason=said.reason, data={"item": own.id} | (told or {}))
    session.flush()
    return own


def handle_case(
    session: Session, case_id: str, verb: CaseVerb, said: a.CaseAct, *, actor: Actor, now: datetime
) -> Case:
    """Do something with a case as a whole. 案件动作

    Raises NotFound for what is hidden, NotPermitted, Incomplete, Conflict, AlreadyDone.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.SEE, act.facts))
    check(case_ruling(verb, actor, act.facts))
    told = _CASE_VERBS[verb](act, said)
    if told is None:
        return act.case
    settle(act)
    act.record(f"case:{verb.value}", reason=said.reason, data=told)
    session.flush()
    return act.case


def _holding(item: WorkItem) -> Holding:
    return Holding(
        Kind(item.kind), item.state, item.asked_id, item.assignee_id, item.delegated_by, item.answered_by
    )


def _check_moving(act: Act, verb: Verb) -> None:
    if act.case.state == State.TRANSFERRED:
        raise Locked("案件已移送，其他机关答复前本机关不得处理；收到答复后请先登记答复。")
    if act.case.held_until is not None:
        raise Locked(held_zh(act.case))


def _done_before(act: Act, item: WorkItem, verb: Verb, said: a.ItemVerb) -> bool:
    """Whether the very same was the last thing that happened to the item."""
    me = act.actor.person_id if act.actor else None
    if verb is Verb.CLAIM:
        return item.state == "open" and item.assignee_id == me and item.asked_id is None
    latest = act.session.exec(
        select(Event)
        .where(Event.case_id == act.case.id, col(Event.tag).not_in(MARKS))
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()
    return (
        latest is not None
        and (latest.tag, latest.actor_id, latest.reason)
        == (f"item:{item.kind}:{verb.value}", me, said.reason)
        and latest.data.get("item") == item.id
        and latest.data.get("username", "") == said.to
        and (verb is Verb.RESTART or latest.data.get("ground", "") == said.ground)
    )


# --- one work item ------------------------------------------------------------------------------


def _claim(act: Act, item: WorkItem, _: a.ItemVerb) -> None:
    person = act.actor.person_id if act.actor else 0
    _hand(act, item, person)


def _release(act: Act, item: WorkItem, _: a.ItemVerb) -> None:
    _hand(act, item, None)
    act.owe("notice", "work-item", item=item.id, turn=item.version)


def _transfer(act: Act, item: WorkItem, said: a.ItemVerb) -> dict[str, Any]:
    taker = _taker(act, item, said)
    item.delegated_by = None
    _hand(act, item, taker)
    act.owe("notice", "work-item", item=item.id, turn=item.version)
    return {"username": said.to, "to": taker}


def _delegate(act: Act, item: WorkItem, said: a.ItemVerb) -> dict[str, Any]:
    taker, owner = _taker(act, item, said), item.assignee_id
    _hand(act, item, taker)
    item.delegated_by = owner
    act.owe("notice", "work-item", item=item.id, turn=item.version)
    return {"username": said.to, "to": taker}


def _take_back(act: Act, item: WorkItem, _: a.ItemVerb) -> dict[str, Any]:
    owner, item.delegated_by = item.delegated_by, None
    _hand(act, item, owner)
    act.owe("notice", "work-item", item=item.id, turn=item.version)
    return {"to": owner}


def _withdraw(act: Act, item: WorkItem, _: a.ItemVerb) -> None:
    """Back to before the answer; what was said becomes a draft, and a vote leaves the ballot box."""
    if Kind(item.kind) is not Kind.BALLOT:
        latest = act.session.exec(
            select(Event)
            .where(Event.case_id == act.case.id, col(Event.actor_id).is_not(None), col(Event.tag).not_in(MARKS))
            .order_by(col(Event.seq).desc()).limit(1)
        ).one()  # fmt: skip
        if latest.data.get("item") != item.id:
            raise Conflict(
                "提交之后本案已有其他办理，不能再撤回；有补充意见的，请作为证据或者在下一次告知时提出。"
            )
    person = act.actor.person_id if act.actor else 0
    _keep_as_draft(act, item, person)
    item.answer = item.answered_by = item.answered_at = None
    item.state = "open"
    item.version += 1
    act.session.execute(sa.update(Clock).where(col(Clock.item_id) == item.id).values(closed_at=None))
    act.session.flush()
    settle(act)


def _keep_as_draft(act: Act, item: WorkItem, person: int) -> None:
    content: dict[str, Any] = dict(item.answer or {})
    if Kind(item.kind) is Kind.BALLOT:
        content = {
            "votes": [
                {"respondent": vote.respondent_id, "outcome": vote.outcome, "reason": vote.reason}
                for vote in take_out(act, person)
            ]
        }
    content.pop("settled", None)
    mine = select(Draft).where(Draft.item_id == item.id, Draft.person_id == person)
    draft = act.session.exec(mine).first() or Draft(item_id=item.id, person_id=person, saved_at=act.now)
    draft.content, draft.saved_at = drafted(Kind(item.kind), content), act.now
    act.session.add(draft)


def _nudge(act: Act, item: WorkItem, _: a.ItemVerb) -> None:
    since = act.now - NUDGE_PAUSE
    latest = select(Event).where(
        Event.case_id == act.case.id,
        Event.tag == f"item:{item.kind}:{Verb.NUDGE.value}",
        col(Event.at) > since,
    )
    if any(event.data.get("item") == item.id for event in act.session.exec(latest)):
        raise Conflict("此事项二十四小时内已经催办过；请隔日再催，紧急的请直接联系办理人。")
    act.owe("notice", "nudge", item=item.id, turn=act.case.events + 1)


_VERBS: Mapping[Verb, Any] = {
    Verb.CLAIM: _claim,
    Verb.RELEASE: _release,
    Verb.TRANSFER: _transfer,
    Verb.DELEGATE: _delegate,
    Verb.TAKE_BACK: _take_back,
    Verb.WITHDRAW: _withdraw,
    Verb.NUDGE: _nudge,
    Verb.EXTEND: extend,
    Verb.SUSPEND: suspend,
    Verb.RESTART: restart,
}


def _hand(act: Act, item: WorkItem, person: int | None) -> None:
    item.assignee_id = person
    item.version += 1
    if person is not None:
        act.take_part(person, PART_OF[Role(item.role)])


def _taker(act: Act, item: WorkItem, said: a.ItemVerb) -> int:
    if not said.reason:
        raise Incomplete("请写明理由，理由记入案件留痕。")
    found = act.session.exec(select(Person).where(Person.username == said.to, Person.active)).first()
    if found is None or found.id is None:
        raise NotFound(f"没有用户名为“{said.to}”的人员，请核对后再选。")
    if found.id == item.assignee_id:
        raise Conflict("此事项已经在所选人员手上。")
    taker = act.person(found.id)
    tie = may(taker, Action.HOLD_PART, act.facts, part=PART_OF[Role(item.role)])
    investigators = [p for p, parts in act.facts.parts.items() if PART_OF[Role.INVESTIGATOR] in parts]
    check(taker_ruling(Kind(item.kind), taker, item.organ_id, tie=tie, investigators=investigators))
    return found.id


# --- the case -----------------------------------------------------------------------------------


def _hold(act: Act, said: a.CaseAct) -> dict[str, Any] | None:
    return {"until": said.until.isoformat() if said.until else ""} if hold(act, said) else None


def _resume(act: Act, _: a.CaseAct) -> dict[str, Any] | None:
    return {} if resume(act) else None


def _copy(act: Act, said: a.CaseAct) -> dict[str, Any]:
    """Let somebody know that there is something to know; it grants no right to see it. 抄送"""
    found = act.session.exec(select(Person).where(Person.username == said.to, Person.active)).first()
    if found is None or found.id is None:
        raise NotFound(f"没有用户名为“{said.to}”的人员，请核对后再选。")
    if not may(act.person(found.id), Action.SEE, act.facts).ok:
        raise Incomplete("所选人员无权查看本案；抄送不增加权限，请先由分管负责人确定其是否参与办理。")
    act.owe("notice", "copy", person=found.id, turn=act.case.events + 1)
    return {"username": said.to, "to": found.id}


def _add_members(act: Act, said: a.CaseAct) -> dict[str, Any]:
    add_members(act, said.members)
    return {"members": list(said.members)}


def _remove_member(act: Act, said: a.CaseAct) -> dict[str, Any] | None:
    return {"username": said.to} if remove_member(act, said.to, said.reason) else None


def _challenge(act: Act, said: a.CaseAct) -> dict[str, Any] | None:
    row = challenge(act, said)
    return {"challenge": row.id} if row.made_at == act.now else None


_CASE_VERBS: Mapping[CaseVerb, Any] = {
    CaseVerb.HOLD: _hold,
    CaseVerb.RESUME: _resume,
    CaseVerb.COPY: _copy,
    CaseVerb.ADD_MEMBERS: _add_members,
    CaseVerb.REMOVE_MEMBER: _remove_member,
    CaseVerb.CHALLENGE: _challenge,
}
