"""When periods end, asked and answered one JSON object a line, with every step in words. 逐行计算期限"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from models.jsonl import Fault, as_bytes, id_of, needed, read_lines
from models.rules.deadlines import (
    BEIJING,
    BadPeriod,
    Calendar,
    Period,
    RollOver,
    Span,
    Unit,
    beijing_day,
    due,
)

ROLLS: Mapping[str, RollOver] = {
    "non_workday": RollOver.BOTH,  # 民法典 203
    "statutory_holiday": RollOver.STATUTORY_HOLIDAY,  # 市场监督管理行政处罚程序规定 80
    "none": RollOver.NONE,
}
KEYS = ("id", "start", "amount", "unit", "roll", "exclusions")
MOST = 200  # exclusions in one period

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<minute>(?:[01][0-9]|2[0-3]):[0-5][0-9])"
    r"(?P<seconds>:[0-5][0-9](?:\.[0-9]{1,6})?)?(?P<zone>Z|[+-](?:[01][0-9]|2[0-3]):?[0-5][0-9])?"
)


def reckon(path: Path, calendar: Calendar) -> tuple[int, bytes]:
    """How many periods the file asks for, and their ends, one line each. Raises BadLines; then nothing is answered.

    A line has `id`, `start` (a day, or a moment, in Beijing time unless it names its zone), `amount` and `unit`, and
    may have `roll` (non_workday unless written) and `exclusions` (pairs of days, both excluded). The answer has `due`,
    a day or for hours a minute in Beijing time, `provisional` and `why`.
    """
    lines = read_lines(path, lambda raw: _answered(raw, calendar))
    return len(lines), as_bytes(lines)


def _answered(raw: Mapping[str, Any], calendar: Calendar) -> tuple[str | int, str]:
    name = id_of(raw)
    try:
        period = Period(needed(raw, "amount"), _unit(needed(raw, "unit")))
        start, notes = _start(needed(raw, "start"), period.unit)
        end = due(start, period, calendar, roll_over=_roll(raw), exclusions=_exclusions(raw))
    except BadPeriod as refused:
        raise Fault(str(refused)) from None
    answer = {
        "id": name,
        "due": end.at.isoformat(timespec="minutes") if end.at else end.on.isoformat(),
        "provisional": end.provisional,
        "why": [*notes, *_unread(raw), *end.why],
    }
    return name, json.dumps(answer, ensure_ascii=False)


def _unit(written: object) -> Unit:
    if not isinstance(written, str) or written not in set(Unit):
        raise Fault(f"unit 写作“{_shown(written)}”，只能是：{'、'.join(Unit)}")
    return Unit(written)


def _start(written: object, unit: Unit) -> tuple[date | datetime, tuple[str, ...]]:
    text = written if isinstance(written, str) else ""
    moment = _MOMENT.fullmatch(text)
    if moment is None:
        return _day(written, "start", "2024-09-09 或 2025-01-03T16:20"), ()
    day = _day(moment["day"], "start")
    beijing_day(day)  # a year out of range would overflow when it is put into Beijing time
    stated = datetime.fromisoformat(f"{day.isoformat()}T{moment['minute']}{_zone(moment['zone'])}")
    at = stated.astimezone(BEIJING).replace(tzinfo=None) if stated.tzinfo else stated
    shown = at.isoformat(sep=" ", timespec="minutes")
    notes = []
    if stated.utcoffset() not in (None, BEIJING.utcoffset(None)):
        notes.append(f"起算时间写作{text}，不是北京时间；折合北京时间{shown}计算。")
    if unit is Unit.HOUR and moment["seconds"] and moment["seconds"].strip(":.0"):
        notes.append(f"起算时间写作{text}，按小时计算的期限精确到分，秒不计入，按{shown}计算。")
    return (at if unit is Unit.HOUR else at.date()), tuple(notes)


def _zone(written: str | None) -> str:
    return "+00:00" if written == "Z" else written or ""


def _day(written: object, key: str, form: str = "2024-10-08") -> date:
    if not isinstance(written, str) or not _DAY.fullmatch(written):
        raise Fault(f"{key} 写作“{_shown(written)}”，应写作 {form}")
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Fault(f"{key} 写作“{written}”，历法上没有这一天") from None


def _roll(raw: Mapping[str, Any]) -> RollOver:
    written = raw.get("roll", "non_workday")
    if not isinstance(written, str) or written not in ROLLS:
        raise Fault(f"roll 写作“{_shown(written)}”，只能是：{'、'.join(ROLLS)}")
    return ROLLS[written]


def _exclusions(raw: Mapping[str, Any]) -> tuple[Span, ...]:
    written = raw.get("exclusions", [])
    if not isinstance(written, list) or not all(isinstance(p, list) and len(p) == 2 for p in written):
        raise Fault('exclusions 应为起止日的列表，写作 [["2024-10-08","2024-10-14"]]，没有的写 []')
    if len(written) > MOST:
        raise Fault(f"exclusions 有{len(written)}段，最多{MOST}段，请合并后重新填写")
    return tuple((_day(first, "exclusions"), _day(last, "exclusions")) for first, last in written)


def _unread(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """A key nobody reads may be a misspelt one, so it is not passed over in silence."""
    others = sorted(set(raw) - set(KEYS))
    return (f"以下各项没有参与计算：{'、'.join(map(_shown, others))}。",) if others else ()


def _shown(written: object) -> str:
    text = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:40]}…"
