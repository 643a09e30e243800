"""Putting a step of the case on top of its timeline, and taking it down. 置顶与取消置顶

A pin is an event of its own: the step it names stays as it is chained, and what stands on top is read from the chain.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from models import answers as a
from models.casework.record import Act, check, lock_case
from models.rules.errors import AlreadyDone, Conflict, Incomplete
from models.rules.lifecycle import State
from models.rules.permissions import Action, Actor, may
from models.rules.timeline import MARKS, MOST_PINS, PINNED, UNPINNED, Mark, latest_marks
from models.tables import Case, Event


def pin_step(session: Session, case_id: str, said: a.NewPin, *, actor: Actor, now: datetime) -> Case:
    """Pin a step with a reason, or unpin it; the very same again changes nothing. 置顶

    Raises NotFound for what is hidden, NotPermitted, Incomplete for no step of this case or one that is a pin itself,
    AlreadyDone for a step pinned with another reason, Conflict for what is not pinned, for one too many and once archived.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.PIN_STEP, act.facts))
    tag = session.exec(select(Event.tag).where(Event.case_id == case_id, Event.seq == said.step)).first()
    latest = latest_marks(_marks(session, case_id))
    before = latest.get(said.step)
    if before is not None and (before.pins, before.by, before.reason) == (
        said.pinned,
        actor.person_id,
        said.reason,
    ):
        return act.case
    _check_changes(act, said, tag, latest)
    act.record(PINNED if said.pinned else UNPINNED, reason=said.reason, data={"step": said.step, "of": tag})
    session.flush()
    return act.case


def _marks(session: Session, case_id: str) -> list[Mark]:
    wanted = select(Event).where(Event.case_id == case_id, col(Event.tag).in_(MARKS)).order_by(col(Event.seq))
    return [Mark(e.data["step"], e.tag == PINNED, e.actor_id, e.at, e.reason) for e in session.exec(wanted)]


def _check_changes(act: Act, said: a.NewPin, tag: str | None, latest: dict[int, Mark]) -> None:
    on_top = {step for step, mark in latest.items() if mark.pins}
    if act.case.state == State.ARCHIVED:
        raise Conflict("案件已归档，办理进程不再改动；已经置顶的仍然在前。")
    if tag is None:
        raise Incomplete(f"本案办理进程没有第 {said.step} 步；请刷新后从办理进程重新选择。")
    if tag in MARKS:
        raise Incomplete("置顶和取消置顶的记录本身不能置顶；请选择办理进程中的其他步骤。")
    if not said.pinned:
        if said.step not in on_top:
            raise Conflict(f"第 {said.step} 步没有置顶，不需要取消；请刷新后查看现在的办理进程。")
        return
    if said.step in on_top:
        raise AlreadyDone(f"第 {said.step} 步已经置顶；需要改写理由的，请先取消置顶再重新置顶。")
    if len(on_top) >= MOST_PINS:
        raise Conflict(f"最多置顶 {MOST_PINS} 步，现在已满；请先取消不再需要的置顶。")
