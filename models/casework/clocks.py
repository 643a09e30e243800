"""When a period of the handbook ends, and when it ends by a calendar that has changed since. 期限计算"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from models.handbook import DeadlineRule, Edition
from models.rules.deadlines import Calendar, due
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
) -> Timed:
    """The end of a period that begins now, with its standing, its source and every step.

    `exclusions` are the first and last days on which the case was held (中止); they do not count.
    """
    spans = [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in exclusions]
    end = due(started_at, rule.period, calendar, roll_over=rule.counting.roll_over, exclusions=spans)
    return Timed(end.on, end.provisional, "\n".join((_heading(rule), *_standing(rule), *end.why)))


def retimed(clock: Clock, edition: Edition, calendar: Calendar) -> Timed | None:
    """The end by a calendar that has changed; None when it is the same.

    A clock runs by the period it was started with: where the edition the case is now judged by has another, the clock
    is left alone, for then it is not only the calendar that differs.
    """
    rule = edition.deadlines.get(clock.deadline)
    if rule is None or not clock.basis.startswith(_heading(rule)):
        return None
    end = timed(rule, clock.started_at, calendar, clock.exclusions)
    return None if (end.due_on, end.provisional) == (clock.due_on, clock.provisional) else end


def retime(
    clock: Clock, item: WorkItem | None, edition: Edition, calendar: Calendar
) -> dict[str, Any] | None:
    """Put the new end into clock and work item; both ends for the event, or None when nothing changes."""
    end = retimed(clock, edition, calendar)
    if end is None:
        return None
    was = _end(clock.due_on, clock.provisional) | {"basis": clock.basis}
    clock.due_on, clock.provisional, clock.basis = end.due_on, end.provisional, end.basis
    if item is not None:
        item.due_on, item.provisional = end.due_on, end.provisional
    return {
        "clock": clock.key,
        "deadline": clock.deadline,
        "zh": edition.deadlines[clock.deadline].zh,
        "was": was,
        "now": _end(end.due_on, end.provisional),
    }


def _heading(rule: DeadlineRule) -> str:
    return f"{rule.zh} {rule.period.zh}（{rule.mark}）：{rule.basis}"


def _standing(rule: DeadlineRule) -> tuple[str, ...]:
    """What has not been checked against the official text says so."""
    if rule.verified or rule.suggested:
        return ()
    return ("本期限所依据的文件尚未核对官方文本，暂按建议值执行。",)


def _end(on: date, provisional: bool) -> dict[str, Any]:
    return {"due_on": on.isoformat(), "provisional": provisional}
