"""A case that rests: nobody answers and no period runs until it is taken up again. 中止与恢复

The days on which it was held do not count in any period that ran: 行政处罚程序规定 (by analogy, 建议值).
"""

from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from models import answers as a
from models.casework.record import Act, lock_case
from models.rules.errors import AlreadyDone, Conflict, Incomplete
from models.rules.lifecycle import State
from models.tables import Case, Clock, WorkItem

LONGEST = timedelta(days=366)


def held_zh(case: Case) -> str:
    """Why nothing can be answered just now, and when it can."""
    until = case.held_until or date.max
    return (
        f"本案自{_zh(case.held_from or until)}起中止办理（{case.hold_reason}），至迟{_zh(until)}恢复；"
        "恢复后再办理，草稿可以照常暂存。确需提前恢复的，请联系分管负责人。"
    )


def hold(act: Act, said: a.CaseAct) -> bool:
    """Let the case rest until a day. False when it rests already in the same words. Raises Incomplete, Conflict."""
    case = act.case
    if case.held_until is not None:
        if (case.held_until, case.hold_reason) == (said.until, said.reason):
            return False
        raise AlreadyDone(held_zh(case))
    if case.state != State.OPEN:
        raise Conflict("只有办理中的案件可以中止；已移送或者归档的案件不需要中止。")
    if said.until is None or not act.today < said.until <= act.today + LONGEST:
        raise Incomplete("请写明恢复办理的日期：须晚于今天，最长不超过一年；到期可以再次中止并说明理由。")
    case.held_from, case.held_until, case.hold_reason = act.today, said.until, said.reason
    return True


def resume(act: Act) -> bool:
    """Take the case up again; every running period is longer by the days it rested. False when it does not rest."""
    case = act.case
    if case.held_from is None:
        return False
    first, last = case.held_from, act.today - timedelta(days=1)
    case.held_from = case.held_until = None
    case.hold_reason = ""
    if last < first:
        return True  # held and taken up on one day: no day was lost
    running = select(Clock).where(Clock.case_id == case.id, col(Clock.closed_at).is_(None))
    for clock in act.session.exec(running.order_by(col(Clock.id))):
        clock.exclusions = [*clock.exclusions, [first.isoformat(), last.isoformat()]]
        act.retime(clock, act.session.get(WorkItem, clock.item_id) if clock.item_id else None)
    return True


def resume_due(session: Session, *, now: datetime, today: date) -> list[str]:
    """Take up every case whose day has come; silence never decides anything else. Returns their ids."""
    waiting = select(Case.id).where(col(Case.held_until) <= today)
    taken_up = list(session.exec(waiting.order_by(col(Case.id))))
    for case_id in taken_up:
        act = Act.on(session, lock_case(session, case_id), actor=None, now=now)
        if resume(act):
            act.record("case:resumed", reason="中止期限届满，自动恢复办理。")
    return taken_up


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
