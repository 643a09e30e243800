"""When a period ends, why, and when to remind of it. 期限

Units, start, end and exclusions follow 民法典 201–203; what counts as a workday is the calendar's to say.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import Flag, StrEnum, auto
from itertools import groupby
from typing import Protocol

from models.rules.errors import Incomplete

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
EARLIEST = date(1949, 10, 1)
LATEST = date(2199, 12, 31)
ONE_DAY = timedelta(days=1)
WEEKDAYS = "一二三四五六日"
SATURDAY = 5

Span = tuple[date, date]


class BadPeriod(Incomplete, ValueError):
    """期限的数额或日期无法计算，请核对后重新填写。"""

    code = "bad-period"


class Unit(StrEnum):
    """What a period is counted in. 期间单位"""

    HOUR = "hour"  # 小时
    WORKDAY = "workday"  # 工作日
    DAY = "day"  # 自然日
    MONTH = "month"  # 月

    @property
    def zh(self) -> str:
        """The unit as it stands in a sentence."""
        return {Unit.HOUR: "小时", Unit.WORKDAY: "个工作日", Unit.DAY: "日", Unit.MONTH: "个月"}[self]


# Nothing in the procedure runs longer; twenty years is the longest limitation in criminal law.
LONGEST = {Unit.HOUR: 8_784, Unit.WORKDAY: 5_000, Unit.DAY: 7_320, Unit.MONTH: 240}


class RollOver(Flag):
    """Which rest days move the last day of a period on. 届满日顺延

    The texts differ: 民法典 203 names 法定休假日, 程序规定 80 only 法定节假日.
    """

    NONE = 0
    STATUTORY_HOLIDAY = auto()  # 法定节假日，含放假通知中的调休放假日
    WEEKLY_REST_DAY = auto()  # 周休息日
    BOTH = STATUTORY_HOLIDAY | WEEKLY_REST_DAY


class Calendar(Protocol):
    """What the rules must be told about days. 工作日历"""

    def is_workday(self, day: date, /) -> bool:
        """Whether the office works on that day, make-up workdays included."""

    def is_holiday(self, day: date, /) -> bool:
        """Whether the yearly holiday notice names that day as off; a plain weekend is not a holiday."""

    def name_of(self, day: date, /) -> str:
        """The holiday for which the notice names the day as off or as a make-up workday; empty when it gives none."""

    def known(self, day: date, /) -> bool:
        """Whether the answers above rest on a published notice."""


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time as the source writes it. 期间"""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        # A unit read from a file is plain text; taken as it stands it would pass for days.
        if self.unit not in LONGEST:
            raise BadPeriod(f"期限单位“{self.unit}”无法识别，应为{'、'.join(Unit)}之一。")
        object.__setattr__(self, "unit", Unit(self.unit))
        # True is an int to Python, not a length of time to anyone else.
        if isinstance(self.amount, bool) or not isinstance(self.amount, int) or self.amount < 1:
            raise BadPeriod(f"期限须为正整数，不能是“{_brief(self.amount)}”；请核对期限数额后重新填写。")
        if self.amount > LONGEST[self.unit]:
            raise BadPeriod(
                f"期限{_brief(self.amount)}{self.unit.zh}过长（上限{LONGEST[self.unit]}{self.unit.zh}），请核对数额和单位。"
            )

    @property
    def zh(self) -> str:
        """15个工作日, 24小时, 30日, 3个月."""
        return f"{self.amount}{self.unit.zh}"


@dataclass(frozen=True, slots=True)
class Due:
    """The end of a period and how it was found. 届满日

    `nominal` is the end before rest days moved it: rights of persons last until `on`, the organ is warned by
    `nominal`. `at` is set for hours only. A provisional end must be computed again once the calendar is published.
    """

    on: date
    nominal: date
    provisional: bool
    why: tuple[str, ...]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the reminder ladder: so many workdays from the end. 提醒节点"""

    offset: int
    on: date
    zh: str

    @property
    def mark(self) -> str:
        """T-3, T-1, T0, T+1, T+3."""
        return f"T{self.offset:+d}" if self.offset else "T0"

    @property
    def overdue(self) -> bool:
        """Whether the period had ended: then escalate, for silence never decides anything."""
        return self.offset > 0


LADDER = (
    (-3, "距期限届满还有3个工作日，请抓紧办理。"),
    (-1, "距期限届满还有1个工作日，请尽快办理。"),
    (0, "今日期限届满，请当日办结。"),
    (1, "已逾期1个工作日，请立即办理并说明原因，同时报告案件主管负责人。"),
    (3, "已逾期3个工作日，请立即办理并说明原因，再次报告案件主管负责人。"),
)


def due(
    start: date | datetime,
    period: Period,
    calendar: Calendar,
    *,
    roll_over: RollOver = RollOver.BOTH,
    exclusions: Sequence[tuple[date, date]] = (),
) -> Due:
    """The end of `period` from `start`, with every step in words. 期限届满

    The start day is not counted; hours run from the moment itself and never roll over. Exclusions (suspensions, both
    days included) do not count, and an end that would roll over into one waits until it is over. Moments with a time
    zone are read in Beijing time, others as they stand. Raises BadPeriod for what cannot be computed.
    """
    spans = _spans(exclusions)
    day = beijing_day(start)
    if period.unit is Unit.HOUR:
        return _after_hours(start, period, spans)
    if period.unit is Unit.WORKDAY:
        return _after_workdays(day, period, calendar, spans=spans)
    return _after_days(day, period, calendar, roll_over=roll_over, spans=spans)


def rungs(due_on: date, calendar: Calendar, *, after: date | None = None) -> tuple[Rung, ...]:
    """The days to remind and to escalate, in order; those not later than `after` (the start) are left out. 提醒阶梯"""
    ladder = (
        Rung(offset, shift_workdays(due_on, offset, calendar) if offset else due_on, zh)
        for offset, zh in LADDER
    )
    return tuple(rung for rung in ladder if after is None or rung.on > after)


def shift_workdays(day: date, count: int, calendar: Calendar) -> date:
    """The workday `count` workdays after `day`, before it when negative. Raises BadPeriod out of range."""
    step = ONE_DAY if count > 0 else -ONE_DAY
    left = abs(count)
    while left:
        day = beijing_day(day + step)
        left -= calendar.is_workday(day)
    return day


def workdays_between(start: date, end: date, calendar: Calendar) -> int:
    """Workdays after `start` up to and including `end`; negative when `end` is the earlier. 相距工作日"""
    if end < start:
        return -workdays_between(end, start, calendar)
    return sum(calendar.is_workday(day) for day in _days(beijing_day(start) + ONE_DAY, beijing_day(end)))


def beijing_day(moment: date | datetime) -> date:
    """The day a moment falls on in China. Raises BadPeriod outside 1949-10-01 to 2199-12-31."""
    day = _beijing(moment).date() if isinstance(moment, datetime) else moment
    if not EARLIEST <= day <= LATEST:
        raise BadPeriod(
            f"日期{day.isoformat()}不在可以计算的范围内（{EARLIEST.isoformat()}至{LATEST.isoformat()}），"
            "请核对后重新填写。"
        )
    return day


def _after_hours(start: date | datetime, period: Period, spans: Sequence[Span]) -> Due:
    if not isinstance(start, datetime):
        raise BadPeriod(f"{period.zh}的期限按小时计算，起算时间须写明几时几分。")
    begin = _beijing(start)
    end = begin + timedelta(hours=period.amount)
    for first, last in spans:
        stop = max(begin, datetime.combine(first, time(), begin.tzinfo))
        resume = datetime.combine(last + ONE_DAY, time(), begin.tzinfo)
        if stop < end and stop < resume:
            end += resume - stop
    on = beijing_day(end)
    why = (
        f"自{_zh_moment(begin)}起计算{period.zh}（民法典第二百零一条第二款，按小时计算的自该时刻起算）。",
        *_excluded(begin.date() - ONE_DAY, on, spans),
        f"{_zh_moment(end)}届满；按小时计算的期限遇休息日不顺延。",
    )
    return Due(on=on, nominal=on, provisional=False, why=why, at=end)


def _after_workdays(start: date, period: Period, calendar: Calendar, *, spans: Sequence[Span]) -> Due:
    on, left = start, period.amount
    while left:
        on = beijing_day(on + ONE_DAY)
        left -= calendar.is_workday(on) and not _covers(spans, on)
    unknown = _unknown(start + ONE_DAY, on, calendar)
    why = (
        _zh_start(start),
        f"按工作日历逐日计算{period.zh}：法定节假日、休息日不计，调休上班日计入。",
        *_excluded(start, on, spans),
        *_told(_days(start + ONE_DAY, on), calendar, spans=spans, so="不计入"),
        f"第{period.zh}为{_zh(on)}，当日届满。",
        *unknown,
    )
    return Due(on=on, nominal=on, provisional=bool(unknown), why=why)


def _after_days(
    start: date, period: Period, calendar: Calendar, *, roll_over: RollOver, spans: Sequence[Span]
) -> Due:
    if period.unit is Unit.MONTH:
        nominal, counted = _months_on(start, period)
    else:
        nominal = start + timedelta(days=period.amount)
        counted = f"按自然日计算{period.zh}，至{_zh(nominal)}。"
    nominal = beijing_day(_prolonged(start, nominal, spans))
    on = nominal
    while _rests(on, calendar, roll_over) or _covers(spans, on):
        on = beijing_day(on + ONE_DAY)
    unknown = _unknown(nominal, on, calendar) if roll_over else ()
    rolled = (
        f"{_zh(nominal)}为休息日，顺延至其后第一个可以办理之日{_zh(on)}届满（民法典第二百零三条）。"
        if on > nominal
        else f"{_zh(on)}届满。"
    )
    resting = _told(_days(nominal, on - ONE_DAY), calendar, spans=spans, so="不作为届满日")
    why = (_zh_start(start), counted, *_excluded(start, on, spans), *resting, rolled, *unknown)
    return Due(on=on, nominal=nominal, provisional=bool(unknown), why=why)


def _months_on(start: date, period: Period) -> tuple[date, str]:
    """The corresponding date, or the last day of a month that has none, with the sentence saying which."""
    months = start.year * 12 + start.month - 1 + period.amount
    year, month = divmod(months, 12)
    last = monthrange(year, month + 1)[1]
    if start.day <= last:
        end = date(year, month + 1, start.day)
        return end, f"按月计算{period.zh}，对应日为{_zh(end)}（民法典第二百零二条）。"
    end = date(year, month + 1, last)
    return end, (
        f"按月计算{period.zh}，{year}年{month + 1}月没有{start.day}日，以月末日{_zh(end)}为届满日（民法典第二百零二条）。"
    )


def _prolonged(start: date, end: date, spans: Sequence[Span]) -> date:
    """Move `end` on by every excluded day after `start`, those the moving itself brings in included."""
    for first, last in spans:
        begin = max(first, start + ONE_DAY)
        if begin <= end and begin <= last:
            end += last - begin + ONE_DAY
    return end


def _rests(day: date, calendar: Calendar, roll_over: RollOver) -> bool:
    if not roll_over or calendar.is_workday(day):
        return False
    if roll_over is RollOver.BOTH:
        return True
    return calendar.is_holiday(day) is (roll_over is RollOver.STATUTORY_HOLIDAY)


def _spans(exclusions: Sequence[tuple[date, date]]) -> tuple[Span, ...]:
    """Exclusions in order, overlaps and neighbours joined, so that no day is given back twice."""
    joined: list[Span] = []
    for first, last in sorted((beijing_day(first), beijing_day(last)) for first, last in exclusions):
        if last < first:
            raise BadPeriod(f"不计入期限的期间止日（{last}）早于起日（{first}），请核对后重新填写。")
        if joined and first <= joined[-1][1] + ONE_DAY:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def _covers(spans: Sequence[Span], day: date) -> bool:
    return any(first <= day <= last for first, last in spans)


def _excluded(start: date, on: date, spans: Sequence[Span]) -> tuple[str, ...]:
    """One sentence for each exclusion that touched the period."""
    return tuple(
        f"{_zh(first)}{f'至{_zh(last)}' if last > first else ''}中止或者依法不计入，已从期限中扣除。"
        for first, last in spans
        if first <= on and last > start
    )


def _told(days: Iterable[date], calendar: Calendar, *, spans: Sequence[Span], so: str) -> Iterator[str]:
    """One sentence for each run of days that are no plain workdays, with the reason; exclusions tell their own."""
    for reason, run in groupby(days, lambda day: "" if _covers(spans, day) else _nature(day, calendar)):
        first, *rest = run
        if reason:
            until = f"至{_zh(rest[-1])}共{len(rest) + 1}日" if rest else ""
            makes_up = calendar.is_workday(first)
            yield f"{_zh(first)}{until}：{reason}，{'照常计算' if makes_up else so}。"


def _nature(day: date, calendar: Calendar) -> str:
    """What a day is other than a plain workday."""
    if calendar.is_workday(day):
        return f"{calendar.name_of(day)}调休上班日" if day.weekday() >= SATURDAY else ""
    if calendar.is_holiday(day):
        return f"{calendar.name_of(day) or '放假通知规定的'}放假"
    return "周休息日"


def _unknown(first: date, last: date, calendar: Calendar) -> tuple[str, ...]:
    for day in _days(first, last):
        if not calendar.known(day):
            return (
                f"暂定结果：本系统还没有涵盖{_zh(day)}的全部放假调休安排，没有安排的日子暂以周一至周五为工作日；安排公布后须重新核对。",
            )
    return ()


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


def _beijing(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(BEIJING)
    except OverflowError:
        raise BadPeriod(f"时间{moment.isoformat()}不在可以计算的范围内，请核对后重新填写。") from None


def _brief(amount: object) -> str:
    """What somebody wrote, short enough for a sentence."""
    text = str(amount)
    return text if len(text) <= 20 else f"{text[:12]}…（共{len(text)}位）"


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def _zh_moment(moment: datetime) -> str:
    return f"{_zh(moment.date())}{moment.hour}时{moment.minute:02d}分"


def _zh_start(start: date) -> str:
    return f"自{_zh(start)}起，当日不计入，从次日开始计算（民法典第二百零一条第一款）。"
