"""A period that is prolonged, or stands still for a while, by somebody's decision. 延长、中止期限

The grounds, how much, how often and who decides are the edition's; the reason is the decider's. What the end was
before stays with the clock, and no decision ever makes a period shorter.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from models import answers as a
from models.casework.clocks import put, rule_of, timed
from models.casework.record import Act, check, lock_case
from models.handbook import DeadlineRule, Prolongation, Suspension
from models.rules.deadlines import beijing_day
from models.rules.errors import AlreadyDone, Conflict, Incomplete
from models.rules.permissions import Actor, Role
from models.rules.verbs import Verb, decider_ruling
from models.tables import Clock, Person, WorkItem

LONGEST = timedelta(days=366)
_ITS_DAY = "已到至迟恢复的日期，自动恢复计算。"


def extend(act: Act, item: WorkItem, said: a.ItemVerb) -> dict[str, Any]:
    """Prolong the period of an item. Raises Incomplete, Conflict, NotPermitted."""
    clock, rule = _running(act, item)
    found = rule.extension_on(said.ground)
    if found is None:
        raise Incomplete(_choose("延长", rule.zh, [one.ground for one in rule.extensions]))
    check(decider_ruling(Verb.EXTEND, _actor(act), act.facts, found.approver))
    if clock.suspended_from is not None:
        raise Conflict("此期限正在中止，请先恢复计算，再决定是否延长。")
    if clock.due_on < act.today:
        raise Conflict("期限已经届满，不能再延长；请尽快办理并说明逾期原因。")
    if taken(clock, found) >= found.times:
        raise Conflict(f"以此理由至多延长{found.times}次，已经用完；请按现在的期限办理，逾期的说明原因。")
    change = _decided(act, "extend", found, said.reason, found.approver) | {
        "amount": found.period.amount,
        "zh": found.period.zh,
        "was": clock.due_on.isoformat(),
    }
    clock.changes = [*clock.changes, change]
    _put(act, clock, item, rule)
    return {"ground": said.ground, "extended": found.period.zh}


def suspend(act: Act, item: WorkItem, said: a.ItemVerb) -> dict[str, Any]:
    """Let the period of an item stand still from today. Raises Incomplete, Conflict, AlreadyDone, NotPermitted."""
    clock, rule = _running(act, item)
    if clock.suspended_from is not None:
        raise AlreadyDone("此期限已经中止；情形消除的，请恢复计算。")
    found = rule.suspension_on(said.ground)
    if found is None:
        raise Incomplete(_choose("中止", rule.zh, [one.ground for one in rule.suspensions]))
    check(decider_ruling(Verb.SUSPEND, _actor(act), act.facts, found.approver))
    if clock.due_on < act.today:
        raise Conflict("期限已经届满，不能再中止；请尽快办理并说明逾期原因。")
    if said.until is not None and not act.today < said.until <= act.today + LONGEST:
        raise Incomplete("至迟恢复的日期须晚于今天，最长不超过一年；到期可以再次中止并说明理由。")
    change = _decided(act, "suspend", found, said.reason, found.approver)
    if said.until is not None:
        change["until"] = said.until.isoformat()
    clock.suspended_from = act.today
    clock.changes = [*clock.changes, change]
    _put(act, clock, item, rule)
    return {"ground": said.ground} | ({"until": change["until"]} if said.until else {})


def restart(act: Act, item: WorkItem, said: a.ItemVerb) -> dict[str, Any]:
    """Let the period run again, longer by exactly the days it stood still. Raises Conflict, NotPermitted."""
    clock, rule = _running(act, item)
    if clock.suspended_from is None:
        raise Conflict("此期限没有中止，不需要恢复计算。")
    open_one = clock.changes[-1]
    check(decider_ruling(Verb.RESTART, _actor(act), act.facts, Role(open_one["role"])))
    ended = _run_again(act, clock, clock.suspended_from, said.reason)
    _put(act, clock, item, rule)
    return {"ground": open_one["ground"]} | ended


def restart_due(session: Session, *, now: datetime) -> list[str]:
    """Let every period run again whose suspension has come to its latest day. The ids of their cases. 中止期满"""
    today = beijing_day(now)
    stopped = select(Clock).where(col(Clock.suspended_from).is_not(None), col(Clock.closed_at).is_(None))
    concerned = {
        clock.case_id
        for clock in session.exec(stopped)
        if (until := clock.changes[-1].get("until")) and date.fromisoformat(until) <= today
    }
    return [case_id for case_id in sorted(concerned) if _restart_all(session, case_id, now=now)]


def _restart_all(session: Session, case_id: str, *, now: datetime) -> bool:
    """Those of one case, under its lock, with one event."""
    act = Act.on(session, lock_case(session, case_id), actor=None, now=now)
    stopped = select(Clock).where(
        Clock.case_id == case_id, col(Clock.suspended_from).is_not(None), col(Clock.closed_at).is_(None)
    )
    for clock in act.session.exec(stopped.order_by(col(Clock.id)).with_for_update()):
        until, rule = clock.changes[-1].get("until"), rule_of(clock, act.edition)
        since, item = clock.suspended_from, act.session.get(WorkItem, clock.item_id)
        if until and date.fromisoformat(until) <= act.today and since and item and rule:
            _run_again(act, clock, since, _ITS_DAY)
            _put(act, clock, item, rule)
    if "clocks" not in act.said:
        return False
    act.record("clock:restarted", reason=_ITS_DAY)
    return True


def _run_again(act: Act, clock: Clock, first: date, why: str) -> dict[str, Any]:
    """The days from the first to yesterday do not count; what is kept of the end of the suspension."""
    *before, open_one = clock.changes
    last = act.today - timedelta(days=1)
    ended = {"resumed": act.today.isoformat(), "resumed_why": why}
    if first <= last:
        clock.exclusions = [*clock.exclusions, [first.isoformat(), last.isoformat()]]
        ended["last"] = last.isoformat()
    clock.changes = [*before, open_one | ended]
    clock.suspended_from = None
    return ended


def taken(clock: Clock, on: Prolongation) -> int:
    """How often the period has been prolonged on a ground."""
    return sum(c["act"] == "extend" and c["ground"] == on.ground for c in clock.changes)


def _running(act: Act, item: WorkItem) -> tuple[Clock, DeadlineRule]:
    found = select(Clock).where(Clock.item_id == item.id, col(Clock.closed_at).is_(None)).with_for_update()
    clock = act.session.exec(found).first()
    if clock is None:
        raise Conflict("此事项没有正在计算的期限，不能延长或者中止。")
    rule = rule_of(clock, act.edition)
    if rule is None:
        raise Conflict("本案适用的手册版次已经变动，此期限按原规则计算，不能延长或者中止。")
    return clock, rule


def _decided(
    act: Act, what: str, on: Prolongation | Suspension, reason: str, approver: Role
) -> dict[str, Any]:
    if not reason.strip():
        raise Incomplete("请写明理由：理由记入案卷，并向办理人显示。")
    person = act.session.get_one(Person, _actor(act).person_id)
    return {
        "act": what,
        "ground": on.ground,
        "reason": reason,
        "basis": on.source.shown,
        "role": approver.value,
        "approver": approver.zh,
        "by": person.id,
        "name": person.name,
        "on": act.today.isoformat(),
        "at": act.now.isoformat(),
    }


def _put(act: Act, clock: Clock, item: WorkItem, rule: DeadlineRule) -> None:
    end = timed(rule, clock.started_at, act.calendar, clock.exclusions, clock.changes)
    if end.due_on < clock.due_on:
        raise Conflict("重新计算的届满日早于现在的届满日；期限只能延长，请先核对放假安排。")
    act.said.setdefault("clocks", []).append(put(clock, item, end, zh=rule.zh))
    item.version += 1


def _actor(act: Act) -> Actor:
    assert act.actor is not None  # noqa: S101  # the office decides nothing
    return act.actor


def _choose(what: str, zh: str, grounds: list[str]) -> str:
    if not grounds:
        return f"按本案适用的手册，『{zh}』的期限不能{what}。"
    return f"请从手册列明的情形中选择{what}『{zh}』期限的理由：{'、'.join(grounds)}。"
