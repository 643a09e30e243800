"""Answering a work item: the one act by which people move a case. 办理待办"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from models.answers import Shape, read_absence, read_answer
from models.casework.absences import ABSENCE_HANDLERS, SAID_NOTHING
from models.casework.handlers import HANDLERS, SEALED
from models.casework.holding import held_zh
from models.casework.panel import bench
from models.casework.record import Act, check, item_facts, lock_case_of
from models.casework.settle import settle
from models.casework.voting import salt_of
from models.database import to_json
from models.rules.errors import AlreadyDone, Conflict, Locked, Recused, Stale, WrongStage
from models.rules.lifecycle import ABSENCES, Kind, Stage, State
from models.rules.permissions import PART_OF, Action, Actor, Part, Role, may, stood_in_for
from models.tables import Draft, WorkItem
from models.vault import seal_vote

# While the other authority has the matter, only these may be answered: 政务处分法 16, 公务员法 61.
_OPEN_WHILE_TRANSFERRED = frozenset({Kind.AUTHORITY_REPLY, Kind.SERVICE_RECEIPT})


def answer_work_item(
    session: Session,
    item_id: str,
    content: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    expect_version: int | None = None,
) -> WorkItem:
    """Record the answer, its event, and settle the case. 办理待办

    The same answer again is the same row. Raises NotFound, NotPermitted, Recused, AlreadyDone, Stale, WrongStage,
    Locked, Incomplete, and pydantic.ValidationError for content that does not fit the shape.
    """
    act, item = _act_on(session, item_id, actor=actor, now=now)
    kind = Kind(item.kind)
    ruling = may(actor, Action.ANSWER, act.facts, item=item_facts(item))
    answered = item.state == "done" and item.answered_by == actor.person_id
    stepped_aside = answered and kind is Kind.RECUSAL
    # Who has answered in another's place may send the same again, though it could not be done a second time.
    in_place = answered and item.assignee_id != actor.person_id and _acted_in_place(act, item)
    if not stepped_aside and not in_place:
        check(ruling)
    shape = read_answer(kind, content)
    salt = salt_of(session, act.case, actor.person_id) if kind in SEALED else ""
    kept = _kept(kind, item, shape, salt)
    if _repeated(item, kept, actor):
        return item
    if stepped_aside and ruling.recused:  # no right is left but to have sent the same twice
        raise Recused(ruling.why)
    if not in_place:
        check(ruling)
    _check_open(act, item, kind, expect_version)
    own = act.items[(kind, item.slot)]
    stood_in = stood_in_for(actor, item_facts(own), act.facts)
    act.on_behalf_of = own.delegated_by or stood_in
    act.salt = salt
    settled = HANDLERS[kind](act, own, shape)
    own.answer = kept | ({"settled": settled} if settled else {})
    own.answered_by, own.answered_at = actor.person_id, now
    act.stop(own, "done")
    part = Part.RULER if kind is Kind.RECUSAL_RULING else PART_OF[Role(own.role)]
    act.take_part(actor.person_id, part, stood_in=stood_in is not None)
    before = Stage(act.case.stage)
    settle(act)
    act.record(
        f"item:{kind.value}:answered",
        reason=str(getattr(shape, "reason", "")) if kind not in SEALED else "",
        data={"item": own.id, "from": before.value, "answer": _digest(kept)} | _verdict(kind, shape),
    )
    session.flush()
    return own


def record_absence(
    session: Session,
    item_id: str,
    content: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    expect_version: int | None = None,
) -> WorkItem:
    """Record that the officer let the period pass, or how the papers were served. 逾期、送达情况

    The item is closed as if nothing had been said, and its answer says why. The same record again is the same row.
    Raises what answering raises, and Conflict while the period still runs.
    """
    act, item = _act_on(session, item_id, actor=actor, now=now)
    kind = Kind(item.kind)
    check(may(actor, Action.RECORD_ABSENCE, act.facts, item=item_facts(item)))
    absence = ABSENCES[kind]
    shape = read_absence(absence, content)
    kept = SAID_NOTHING[kind].model_dump(mode="json") | shape.model_dump(mode="json")
    kept["absence"] = absence.value
    if _repeated(item, kept, actor):
        return item
    _check_open(act, item, kind, expect_version)
    own = act.items[(kind, item.slot)]
    ABSENCE_HANDLERS[absence](act, own, shape)
    own.answer, own.answered_by, own.answered_at = kept, actor.person_id, now
    act.stop(own, "done")
    before, method = Stage(act.case.stage), getattr(shape, "method", None)
    settle(act)
    act.record(
        f"item:{kind.value}:{absence.value}",
        reason=str(getattr(shape, "reason", "")),
        data={
            "item": own.id,
            "from": before.value,
            "answer": _digest(kept),
            "said": {"method": method.value} if method else {"absence": absence.value},
        },
    )
    session.flush()
    return own


def save_draft(
    session: Session, item_id: str, content: Mapping[str, Any], *, actor: Actor, now: datetime
) -> Draft:
    """Keep what somebody has typed so far; it binds nobody and is seen by its writer only. 暂存草稿"""
    act, item = _act_on(session, item_id, actor=actor, now=now)
    check(may(actor, Action.ANSWER, act.facts, item=item_facts(item)))
    mine = select(Draft).where(Draft.item_id == item_id, Draft.person_id == actor.person_id)
    draft = session.exec(mine).first() or Draft(item_id=item_id, person_id=actor.person_id, saved_at=now)
    draft.content, draft.saved_at = drafted(Kind(item.kind), content), now
    session.add(draft)
    session.flush()
    return draft


def drafted(kind: Kind, content: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft keeps: what somebody writes of a vote is sealed like the vote. Raises VaultClosed."""
    return {"sealed": seal_vote(to_json(content))} if kind in SEALED else dict(content)


def _act_on(session: Session, item_id: str, *, actor: Actor, now: datetime) -> tuple[Act, WorkItem]:
    act = Act.on(session, lock_case_of(session, item_id), actor=actor, now=now)
    return act, session.get_one(WorkItem, item_id)


def _kept(kind: Kind, item: WorkItem, shape: Shape, salt: str) -> dict[str, Any]:
    """What the item keeps of an answer. A ballot keeps only a seal: the votes and the salt lie in the ballot box.

    Without the salt nobody can try out votes against the seal; once the box is opened anybody can check it.
    """
    content = shape.model_dump(mode="json")
    if kind not in SEALED:
        return content
    return {"sealed": hashlib.sha256((salt + item.id + to_json(content)).encode()).hexdigest()}


def _acted_in_place(act: Act, item: WorkItem) -> bool:
    """Whether whoever answered stood in for somebody; what one has sent oneself is no secret, but for the recused."""
    person = item.answered_by or 0
    held = act.facts.in_place.get(person, frozenset())
    return PART_OF[Role(item.role)] in held and Part.RECUSED not in act.facts.parts_of(person)


def _digest(kept: Mapping[str, Any]) -> str:
    return hashlib.sha256(to_json(kept).encode()).hexdigest()


def _verdict(kind: Kind, shape: Shape) -> dict[str, Any]:
    """The one word of an answer that the timeline shows; none for a sealed one."""
    if kind in SEALED:
        return {}
    words = {
        name: getattr(shape, name)
        for name in ("verdict", "conclusion", "agreed", "declined", "result", "recuse", "wanted", "publish")
        if hasattr(shape, name)
    }
    return {"said": words} if words else {}


def _repeated(item: WorkItem, kept: Mapping[str, Any], actor: Actor) -> bool:
    if item.state != "done" or item.answered_by != actor.person_id or item.answer is None:
        return False
    before = {name: value for name, value in item.answer.items() if name != "settled"}
    # An answer given before a field existed says nothing in it.
    return before == {name: value for name, value in kept.items() if value or name in before}


def _check_open(act: Act, item: WorkItem, kind: Kind, expect_version: int | None) -> None:
    case, stage = act.case, Stage(act.case.stage).zh
    if case.state == State.TRANSFERRED and kind not in _OPEN_WHILE_TRANSFERRED:
        raise Locked(
            "案件已移送，其他机关答复前本机关不得作出处理（同一行为不重复处理）；收到答复后请先登记答复。"
        )
    if case.held_until is not None:
        raise Locked(held_zh(case))
    if kind is Kind.BALLOT and item.state != "open":
        raise _vote_refused(act, item)
    if item.state == "done":
        raise AlreadyDone(
            f"『{kind.zh}』已经办理，且与本次提交的内容不同；案件现处于『{stage}』，如需更正请申请退回。"
        )
    if item.state != "open":
        raise WrongStage(f"『{kind.zh}』已因案件进入『{stage}』而撤销，不需要再办理；请查看案件的办理进程。")
    if expect_version is not None and item.version != expect_version:
        raise Stale("此待办在您打开之后已有变动，请刷新后核对再提交；您填写的内容没有写入案件。")


def _vote_refused(act: Act, item: WorkItem) -> Conflict:
    """Why a vote cannot be cast: session closed, vote in the box, the chair not yet asked, or the member sits no more."""
    if (act.case.stage, act.case.round) != (item.stage, item.round):
        return WrongStage("本轮审议已经结束并开箱计票，不能再投票或者改票；请查看案件的办理进程。")
    if item.state == "done":
        return AlreadyDone(
            "您已经投票（可能在另一个窗口提交），本次提交的内容没有计入；需要改票的，请在会议结束前先撤回原票。"
        )
    if item.slot == str(bench(act).chair):
        return WrongStage(
            "主持人最后表决：有成员撤回了表决或者新参加了审议，本次投票没有计入；请等其他成员都表决后再提交。"
        )
    return WrongStage("您已不在本轮审议组中，本次投票没有计入；如有疑问，请与案件管理人联系。")
