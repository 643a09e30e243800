"""When a notice goes out, and what may neither be muted nor delayed. 通知规则

Quiet hours, the daily digest and the pauses between attempts are proposals of ours (建议值); no text sets them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from models.rules.deadlines import BEIJING, ONE_DAY, Calendar
from models.rules.errors import Incomplete
from models.rules.lifecycle import Kind

OPENS = time(8, 30)  # when the office opens: what waited for the morning goes out
ATTEMPTS = 5
_FIRST_PAUSE = timedelta(minutes=2)
_LONGER = 6  # 2, 12, 72, 432 minutes: a mail server may be away for a night

# What serves a document or starts a right of the officer concerned: it must arrive, whatever somebody has chosen.
SERVED_ITEMS = frozenset({Kind.STATEMENT, Kind.NOTICE_OF_INTENT, Kind.SERVICE_RECEIPT})


class How(StrEnum):
    """How somebody wants a kind of notice outside the in-app inbox, where everything lies in any case. 接收方式"""

    NOW = "now"  # 即时
    DIGEST = "digest"  # 每日汇总
    OFF = "off"  # 只在站内

    @property
    def zh(self) -> str:
        """As people read it."""
        return {"now": "即时发送", "digest": "并入每日汇总", "off": "只在站内查看"}[self]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody has chosen; nothing chosen means at once and at any hour. 通知偏好"""

    quiet_from: int | None = None  # hour of the evening from which to be left in peace until the office opens
    kinds: Mapping[str, How] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.quiet_from is not None and not EARLIEST_QUIET <= self.quiet_from <= LATEST_QUIET:
            raise Incomplete(
                f"免打扰的开始时间应为 {EARLIEST_QUIET} 时至 {LATEST_QUIET} 时的整点，请重新选择。"
            )


EARLIEST_QUIET, LATEST_QUIET = 17, 23


@dataclass(frozen=True, slots=True)
class Turn:
    """When a notice goes out, and whether together with others. 发送时间"""

    at: datetime
    digest: bool = False


def served(item: Kind | None, *, kind_is_served: bool) -> bool:
    """Whether a notice is part of a legal service. 是否属于送达"""
    return kind_is_served or item in SERVED_ITEMS


def turn(
    wishes: Wishes,
    kind: str,
    *,
    now: datetime,
    calendar: Calendar,
    must_arrive: bool,
    ends_on: date | None = None,
) -> Turn | None:
    """When a notice of this kind goes out by what its reader has chosen; None for not at all.

    What must arrive goes at once, and so does what would be late: nothing is kept back beyond the end of its period.
    """
    how = wishes.kinds.get(kind, How.NOW)
    if must_arrive:
        return Turn(now)
    if how is How.OFF:
        return None
    if how is How.NOW and not _quiet(wishes.quiet_from, now, calendar):
        return Turn(now)
    morning = next_opening(now, calendar)
    if ends_on is not None and now.astimezone(BEIJING).date() <= ends_on < morning.astimezone(BEIJING).date():
        return Turn(now)
    return Turn(morning, digest=how is How.DIGEST)


def next_opening(now: datetime, calendar: Calendar) -> datetime:
    """The next moment at which the office opens: 8:30 of a workday, make-up workdays included."""
    here = now.astimezone(BEIJING)
    day = here.date() if here < _opening(here.date()) else here.date() + ONE_DAY
    while not calendar.is_workday(day):
        day += ONE_DAY
    return _opening(day)


def next_attempt(attempts: int, now: datetime) -> datetime:
    """When to try again after so many attempts, each pause longer than the last."""
    return now + _FIRST_PAUSE * int(_LONGER ** (attempts - 1))


def _quiet(since: int | None, now: datetime, calendar: Calendar) -> bool:
    if since is None:
        return False
    here = now.astimezone(BEIJING)
    today = here.date()
    return here < _opening(today) or here.hour >= since or not calendar.is_workday(today)


def _opening(day: date) -> datetime:
    return datetime.combine(day, OPENS, BEIJING)
