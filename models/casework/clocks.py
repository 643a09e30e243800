"""When a period of the handbook ends, and when it ends by a calendar that has changed since. 期限计算"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models.handbook import DeadlineRule, Edition
from models.rules.deadlines import Calendar, Period, due
from models.tables import Clock, WorkItem


@dataclass(frozen=True, slots=True)
class Timed:
    """The end of a period and how it was found, as a clock keeps it."""

    due_on: date
    provisional: bool
    basis: str


def timed(
    rule: DeadlineRule,
    started_at: datetime,
    calendar: Calendar,
    exclusions: Sequence[Sequence[str]] = (),
    changes: Sequence[Mapping[str, Any]] = (),
) -> Timed:
    """The end of a period that begins now, with its standing, its source and every step.

    `exclusions` are the first and last days on which the case was held (中止); they do not count.
    `changes` are the prolongations and suspensions decided since: a prolonged period runs from its own start, longer.
    """
    spans = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in exclusions]
    longer = sum(change["amount"] for change in changes if change["act"] == "extend")
    period = Period(rule.period.amount + longer, rule.period.unit)
    end = due(started_at, period, calendar, roll_over=rule.counting.roll_over, exclusions=spans)
    return Timed(
        end.on,
        end.provisional,
        "\n".join((_heading(rule), *_standing(rule), *(told(c) for c in changes), *end.why)),
    )


def retimed(clock: Clock, edition: Edition, calendar: Calendar) -> Timed | None:
    """The end by a calendar that has changed; None when it is the same.

    A clock runs by the period it was started with: where the edition the case is now judged by has another, the clock
    is left alone, for then it is not only the calendar that differs.
    """
    rule = rule_of(clock, edition)
    if rule is None:
        return None
    end = timed(rule, clock.started_at, calendar, clock.exclusions, clock.changes)
    return None if (end.due_on, end.provisional) == (clock.due_on, clock.provisional) else end


def retime(
    clock: Clock, item: WorkItem | None, edition: Edition, calendar: Calendar
) -> dict[str, Any] | None:
    """Put the new end into clock and work item; both ends for the event, or None when nothing changes."""
    end = retimed(clock, edition, calendar)
    if end is None:
        return None
    return put(clock, item, end, zh=edition.deadlines[clock.deadline].zh)


def rule_of(clock: Clock, edition: Edition) -> DeadlineRule | None:
    """The rule the clock was started with; None where the edition the case is now judged by has another."""
    rule = edition.deadlines.get(clock.deadline)
    return rule if rule is not None and clock.basis.startswith(_heading(rule)) else None


def put(clock: Clock, item: WorkItem | None, end: Timed, *, zh: str) -> dict[str, Any]:
    """Put an end into clock and work item; both ends for the event."""
    was = _end(clock.due_on, clock.provisional) | {"basis": clock.basis}
    clock.due_on, clock.provisional, clock.basis = end.due_on, end.provisional, end.basis
    if item is not None:
        item.due_on, item.provisional = end.due_on, end.provisional
    return {
        "clock": clock.key,
        "deadline": clock.deadline,
        "zh": zh,
        "was": was,
        "now": _end(end.due_on, end.provisional),
    }


def told(change: Mapping[str, Any]) -> str:
    """A prolongation or suspension in a sentence, with who decided it, why, and on what it rests."""
    by = f"{_zh(change['on'])}经{change['approver']}{change['name']}批准"
    why = f"（{change['ground']}：{change['reason']}；{change['basis']}）"
    if change["act"] == "extend":
        return f"{by}延长{change['zh']}{why}，原届满日{_zh(change['was'])}。"
    until = f"{_zh(change['last'])}" if change.get("last") else ""
    if change.get("resumed"):
        return (
            f"{by}中止计算{why}，{_zh(change['on'])}至{until}不计入。"
            if until
            else f"{by}中止计算{why}，当日恢复。"
        )
    ends = f"情形消除时恢复，至迟{_zh(change['until'])}恢复" if change.get("until") else "情形消除时恢复"
    return f"{by}中止计算{why}，{ends}，恢复后按中止的天数顺延。"


def _zh(day: str) -> str:
    found = date.fromisoformat(day)
    return f"{found.year}年{found.month}月{found.day}日"


def _heading(rule: DeadlineRule) -> str:
    return f"{rule.zh} {rule.period.zh}（{rule.mark}）：{rule.basis}"


def _standing(rule: DeadlineRule) -> tuple[str, ...]:
    """What has not been checked against the official text says so."""
    if rule.verified or rule.suggested:
        return ()
    return ("本期限所依据的文件尚未核对官方文本，暂按建议值执行。",)


def _end(on: date, provisional: bool) -> dict[str, Any]:
    return {"due_on": on.isoformat(), "provisional": provisional}
