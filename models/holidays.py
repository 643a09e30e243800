"""The yearly holiday notices an administrator loads, laid over those the package carries. 年度放假安排

The State Council publishes the next year's holidays late in the year; until then every date that touches that year is
provisional. A file says what the notice says:

    year: 2027
    source: 国务院办公厅关于2027年部分节假日安排的通知
    holidays:
      - {name: 元旦, from: 2027-01-01, to: 2027-01-03}
    makeup_workdays: [2027-01-10]

Days of the last week of the year before, where a notice names them, stand in the same lists.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlmodel import Session, col, select

from models.calendar import ChinaCalendar, YearNotice, china_calendar
from models.handbook.reading import StrictLoader
from models.rules.deadlines import EARLIEST, LATEST, SATURDAY, WEEKDAYS
from models.rules.errors import Incomplete
from models.tables import HolidayNotice

KEYS = ("year", "source", "holidays", "makeup_workdays")
SPAN_KEYS = ("name", "from", "to")
LONGEST = timedelta(days=20)  # no holiday in one piece has been longer
# Set by name and date since 1999 (全国年节及纪念日放假办法); a notice without them is in all likelihood mistyped.
FIXED = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))


@dataclass(frozen=True, slots=True)
class Notice:
    """A year's notice as a file says it. 放假通知"""

    days: YearNotice
    source: str

    @property
    def doubts(self) -> tuple[str, ...]:
        """What a person should look at again, though it may be right."""
        year = self.days.year
        missing = [d for month, day in FIXED if (d := date(year, month, day)) not in self.days.holidays]
        return tuple(f"{day.isoformat()}是法定节假日，文件中没有列为放假，请核对。" for day in missing)


def read_notice(path: Path) -> Notice:
    """The notice of a file. Raises Incomplete naming what is wrong; then nothing is loaded. 读取放假安排"""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=StrictLoader)  # noqa: S506 - a SafeLoader with stricter keys
    except OSError as fault:
        raise _refused(path, f"无法读取（{fault.strerror}）") from None
    except (UnicodeDecodeError, yaml.YAMLError) as fault:
        raise _refused(path, f"不是有效的 YAML：{' '.join(str(fault).split())}") from None
    except ValueError:  # what the reader of YAML says of 2027-02-30
        raise _refused(path, "有历法上不存在的日期") from None
    try:
        return _notice(raw)
    except ValueError as fault:
        raise _refused(path, str(fault).removesuffix("。")) from None


def load_notice(session: Session, notice: Notice, *, now: datetime) -> HolidayNotice | None:
    """Keep the notice as the newest version of its year; None when it is what already holds. 载入放假安排"""
    held = _in_force(session).get(notice.days.year)
    row = HolidayNotice(
        year=notice.days.year,
        version=held.version + 1 if held else 1,
        holidays=_named(notice.days.holidays, notice.days.names),
        makeup_workdays=_named(notice.days.makeup_workdays, notice.days.names),
        source=notice.source,
        loaded_at=now,
    )
    same = ("holidays", "makeup_workdays", "source")
    if held is not None and all(getattr(held, part) == getattr(row, part) for part in same):
        return None
    session.add(row)
    session.flush()
    return row


def calendar_of(session: Session) -> ChinaCalendar:
    """The working days by every notice the register knows. 工作日历"""
    rows = _in_force(session)
    return china_calendar(*(_days(rows[year]) for year in sorted(rows)))


def versions_in_force(session: Session) -> dict[str, int]:
    """Year -> version of each notice laid over the packaged ones."""
    return {str(year): row.version for year, row in sorted(_in_force(session).items())}


def _in_force(session: Session) -> dict[int, HolidayNotice]:
    # A later version takes the place of an earlier one.
    rows = select(HolidayNotice).order_by(col(HolidayNotice.year), col(HolidayNotice.version))
    return {row.year: row for row in session.exec(rows)}


def _days(row: HolidayNotice) -> YearNotice:
    off, on = (
        {date.fromisoformat(day): name for day, name in days.items()}
        for days in (row.holidays, row.makeup_workdays)
    )
    return YearNotice(row.year, frozenset(off), frozenset(on), off | on)


def _named(days: frozenset[date], names: Mapping[date, str]) -> dict[str, str]:
    return {day.isoformat(): names.get(day, "") for day in sorted(days)}


def _refused(path: Path, what: str) -> Incomplete:
    return Incomplete(f"放假安排 {path}：{what}。没有载入任何内容，请更正后重新载入。")


def _notice(raw: Any) -> Notice:
    """Raises ValueError with what is wrong."""
    if not isinstance(raw, dict):
        raise ValueError(f"应为“键: 值”，各键为 {'、'.join(KEYS)}")
    unknown = sorted(set(raw) - set(KEYS))
    if unknown:
        raise ValueError(f"不认识的键 {'、'.join(unknown)}，只能是：{'、'.join(KEYS)}")
    year, source = raw.get("year"), raw.get("source")
    if not isinstance(year, int) or isinstance(year, bool) or not EARLIEST.year < year < LATEST.year:
        raise ValueError("year 应为四位数的年份")
    if not isinstance(source, str) or not source.strip():
        raise ValueError("缺少 source（放假通知的名称和文号）")
    off, on = _listed(raw, "holidays"), _listed(raw, "makeup_workdays")
    if not off:
        raise ValueError("holidays 不能为空")
    for day in on:
        if day.weekday() < SATURDAY:
            raise ValueError(f"{day}是星期{WEEKDAYS[day.weekday()]}，调休上班日只能是星期六或者星期日")
    return Notice(YearNotice(year, frozenset(off), frozenset(on), off | on), source.strip())


def _listed(raw: Mapping[str, Any], key: str) -> dict[date, str]:
    found: dict[date, str] = {}
    written = raw.get(key) or []
    if not isinstance(written, list):
        raise ValueError(f"{key} 应为列表")
    for item in written:
        for day, name in _span(item, key):
            if day in found:
                raise ValueError(f"{key} 中{day}出现两次")
            found[day] = name
    return found


def _span(item: Any, key: str) -> Iterator[tuple[date, str]]:
    if not isinstance(item, dict):
        yield _day(item, key), ""
        return
    name = item.get("name", "")
    if set(item) - set(SPAN_KEYS) or "from" not in item or not isinstance(name, str):
        raise ValueError(f"{key} 的每一项应为日期，或者 {{name: 国庆节, from: 2027-10-01, to: 2027-10-07}}")
    first = _day(item["from"], key)
    last = _day(item.get("to", item["from"]), key)
    if not timedelta() <= last - first <= LONGEST:
        raise ValueError(f"{key} 中{first}至{last}的起止日不对，止日不得早于起日，一段不超过{LONGEST.days}天")
    for ahead in range((last - first).days + 1):
        yield first + timedelta(days=ahead), name.strip()


def _day(written: Any, key: str) -> date:
    if isinstance(written, str):
        with suppress(ValueError):
            written = date.fromisoformat(written)
    if not isinstance(written, date) or isinstance(written, datetime):
        raise ValueError(f"{key} 中“{written}”不是日期，应写作 2027-01-01")
    return written
