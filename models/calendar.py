"""The working days of China as the yearly notices set them. 工作日历

Holidays and make-up workdays are published year by year and never computed. Of a year without a notice only the
week is known: Monday to Friday count as workdays and every answer is marked as not known.
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from chinese_calendar.constants import Holiday, holidays, workdays

log = logging.getLogger(__name__)

# The notice for a new year reaches back over New Year's Eve: that of 2019 made 2018-12-29 a workday and 12-31 a holiday.
REACH_BACK = (12, 25)
AHEAD = timedelta(days=60)  # how long before it is needed a missing notice is spoken of


@dataclass(frozen=True, slots=True)
class YearNotice:
    """One year's holidays and make-up workdays, with those it sets in the last week of the year before. 年度放假安排"""

    year: int
    holidays: frozenset[date] = field(default_factory=frozenset)
    makeup_workdays: frozenset[date] = field(default_factory=frozenset)
    names: Mapping[date, str] = field(
        default_factory=dict, hash=False
    )  # the holiday either kind of day belongs to

    def __post_init__(self) -> None:
        named = self.holidays | self.makeup_workdays
        strays = sorted(day for day in named if self.year not in (day.year, _next_notice(day)))
        if strays:
            raise ValueError(f"放假安排：{strays[0]}不在{self.year}年内，请核对年度和日期。")
        both = sorted(self.holidays & self.makeup_workdays)
        if both:
            raise ValueError(f"放假安排：{both[0]}既是放假日又是上班日，请核对。")


class ChinaCalendar:
    """The calendar the deadlines ask: package data, with later yearly notices laid over it whole. 工作日历"""

    def __init__(self, notices: Iterable[YearNotice] = ()) -> None:
        laid_over = {notice.year: notice for notice in notices}
        self._years = {**_packaged(), **laid_over}
        self._reach_back = {
            day: notice
            for notice in laid_over.values()
            for day in notice.holidays | notice.makeup_workdays
            if day.year < notice.year
        }
        self._warned: set[int] = set()
        self._lock = threading.Lock()

    def is_workday(self, day: date, /) -> bool:
        """Whether the office works that day; in a year without a notice, Monday to Friday."""
        notice = self._notice(day)
        if notice is None:
            self._warn(day.year)
            return day.weekday() < 5
        if day.weekday() < 5:
            return day not in notice.holidays
        return day in notice.makeup_workdays

    def is_holiday(self, day: date, /) -> bool:
        """Whether the year's notice names the day as off."""
        notice = self._notice(day)
        return notice is not None and day in notice.holidays

    def name_of(self, day: date, /) -> str:
        """The holiday for which the notice names the day; empty for a day like any other."""
        notice = self._notice(day)
        return notice.names.get(day, "") if notice is not None else ""

    def known(self, day: date, /) -> bool:
        """Whether published notices settle that day; the last week of a year waits for the next year's."""
        year = _next_notice(day)
        if day.year in self._years and year in self._years:
            return True
        self._warn(day.year if day.year not in self._years else year)
        return False

    def missing_year(self, today: date, *, ahead: timedelta = AHEAD) -> int | None:
        """The first year whose notice a period that ends within `ahead` may wait for; None while all are there."""
        years = (today.year, _next_notice(today + ahead))
        return next((year for year in years if year not in self._years), None)

    def _notice(self, day: date) -> YearNotice | None:
        return self._reach_back.get(day) or self._years.get(day.year)

    def _warn(self, year: int) -> None:
        """Say once, not for every day asked, that a year's notice is missing."""
        with self._lock:
            if year in self._warned:
                return
            self._warned.add(year)
        log.warning("No holiday notice for %d: deadlines touching it are provisional", year)


def _next_notice(day: date) -> int:
    """The latest year whose notice may still name the day."""
    return day.year + ((day.month, day.day) >= REACH_BACK)


@lru_cache(maxsize=16)
def china_calendar(*notices: YearNotice) -> ChinaCalendar:
    """The packaged data with these notices laid over it, built once."""
    return ChinaCalendar(notices)


@lru_cache
def _packaged() -> dict[int, YearNotice]:
    off, on = frozenset(holidays), frozenset(workdays)
    names = {day: Holiday(name).chinese for day, name in {**holidays, **workdays}.items()}
    return {
        year: YearNotice(
            year,
            frozenset(day for day in off if day.year == year),
            frozenset(day for day in on if day.year == year),
            {day: name for day, name in names.items() if day.year == year},
        )
        for year in {day.year for day in off}
    }
