"""The working days of China as the yearly notices set them. 工作日历

Holidays and make-up workdays are published year by year and never computed. Of a year without a notice only the
week is known: Monday to Friday count as workdays and every answer is marked as not known.
"""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from chinese_calendar.constants import Holiday, holidays, workdays

log = logging.getLogger(__name__)

# The notice for a new year reaches back over New Year's Eve: that of 2019 made 2018-12-29 a workday and 12-31 a holiday.
REACH_BACK = (12, 25)


@dataclass(frozen=True, slots=True)
class YearNotice:
    """One year's holidays and make-up workdays. 年度放假安排"""

    year: int
    holidays: frozenset[date] = field(default_factory=frozenset)
    makeup_workdays: frozenset[date] = field(default_factory=frozenset)
    names: Mapping[date, str] = field(
        default_factory=dict, hash=False
    )  # the holiday either kind of day belongs to

    def __post_init__(self) -> None:
        strays = sorted(day for day in self.holidays | self.makeup_workdays if day.year != self.year)
        if strays:
            raise ValueError(f"放假安排：{strays[0]}不在{self.year}年内，请核对年度和日期。")
        both = sorted(self.holidays & self.makeup_workdays)
        if both:
            raise ValueError(f"放假安排：{both[0]}既是放假日又是上班日，请核对。")


class ChinaCalendar:
    """The calendar the deadlines ask: package data, with later yearly notices laid over it whole. 工作日历"""

    def __init__(self, notices: Iterable[YearNotice] = ()) -> None:
        self._years = {**_packaged(), **{notice.year: notice for notice in notices}}
        self._warned: set[int] = set()
        self._lock = threading.Lock()

    def is_workday(self, day: date, /) -> bool:
        """Whether the office works that day; in a year without a notice, Monday to Friday."""
        notice = self._years.get(day.year)
        if notice is None:
            self._warn(day.year)
            return day.weekday() < 5
        if day.weekday() < 5:
            return day not in notice.holidays
        return day in notice.makeup_workdays

    def is_holiday(self, day: date, /) -> bool:
        """Whether the year's notice names the day as off."""
        notice = self._years.get(day.year)
        return notice is not None and day in notice.holidays

    def name_of(self, day: date, /) -> str:
        """The holiday for which the notice names the day; empty for a day like any other."""
        notice = self._years.get(day.year)
        return notice.names.get(day, "") if notice is not None else ""

    def known(self, day: date, /) -> bool:
        """Whether published notices settle that day; the last week of a year waits for the next year's."""
        year = day.year + ((day.month, day.day) >= REACH_BACK)
        if day.year in self._years and year in self._years:
            return True
        self._warn(day.year if day.year not in self._years else year)
        return False

    def _warn(self, year: int) -> None:
        """Say once, not for every day asked, that a year's notice is missing."""
        with self._lock:
            if year in self._warned:
                return
            self._warned.add(year)
        log.warning("No holiday notice for %d: deadlines touching it are provisional", year)


@lru_cache
def china_calendar() -> ChinaCalendar:
    """The calendar of the packaged data, built once."""
    return ChinaCalendar()


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
