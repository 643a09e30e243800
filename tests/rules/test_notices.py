"""When a notice goes out: what must arrive goes at once, the rest as its reader has chosen. 通知规则"""

from datetime import date, datetime, timedelta

import pytest

from models.calendar import china_calendar
from models.rules.deadlines import BEIJING
from models.rules.errors import Incomplete
from models.rules.lifecycle import Kind
from models.rules.notices import SERVED_ITEMS, How, Turn, Wishes, next_attempt, next_opening, served, turn

CALENDAR = china_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        # 工作日上班前，当天早上
        ("2026-03-02 00:10", "2026-03-02 08:30"),
        # 恰在上班时刻，已经是上班时间，等下一个工作日
        ("2026-03-02 08:30", "2026-03-03 08:30"),
        # 周五晚上，下周一
        ("2026-03-06 22:00", "2026-03-09 08:30"),
        # 国庆放假期间，节后第一个工作日
        ("2025-10-01 12:00", "2025-10-09 08:30"),
        # 放假前一晚
        ("2025-09-30 19:00", "2025-10-09 08:30"),
        # 周六调休上班，照常送达
        ("2025-10-10 20:00", "2025-10-11 08:30"),
    ],
)
def test_the_office_opens_on_the_next_workday_of_the_china_calendar(now: str, opens: str) -> None:
    assert next_opening(at(now), CALENDAR) == at(opens)


def decide(
    now: str, *, quiet: int | None = None, how: How = How.NOW, must: bool = False, ends: date | None = None
) -> Turn | None:
    wishes = Wishes(quiet, {"reminder": how})
    return turn(wishes, "reminder", now=at(now), calendar=CALENDAR, must_arrive=must, ends_on=ends)


@pytest.mark.parametrize(
    ("now", "quiet", "goes"),
    [
        # 没有选择免打扰，任何时候即时
        ("2026-03-01 03:00", None, "2026-03-01 03:00"),
        # 免打扰之前
        ("2026-03-02 18:59", 19, "2026-03-02 18:59"),
        # 免打扰开始
        ("2026-03-02 19:00", 19, "2026-03-03 08:30"),
        # 凌晨
        ("2026-03-03 00:00", 19, "2026-03-03 08:30"),
        # 上班前最后一分钟
        ("2026-03-03 08:29", 19, "2026-03-03 08:30"),
        # 上班时刻
        ("2026-03-03 08:30", 19, "2026-03-03 08:30"),
        # 休息日中午
        ("2026-03-07 12:00", 19, "2026-03-09 08:30"),
        # 调休上班的周六中午，不是休息
        ("2025-10-11 12:00", 19, "2025-10-11 12:00"),
    ],
)
def test_quiet_hours_last_until_the_office_opens(now: str, quiet: int | None, goes: str) -> None:
    assert decide(now, quiet=quiet) == Turn(at(goes))


def test_a_digest_goes_out_in_the_morning_and_what_is_off_not_at_all() -> None:
    assert decide("2026-03-02 10:00", how=How.DIGEST) == Turn(at("2026-03-03 08:30"), digest=True)
    assert decide("2026-03-02 10:00", how=How.OFF) is None
    other = turn(
        Wishes(None, {"reminder": How.OFF}),
        "work-item",
        now=at("2026-03-02 10:00"),
        calendar=CALENDAR,
        must_arrive=False,
    )
    assert other == Turn(at("2026-03-02 10:00"))


@pytest.mark.parametrize("how", How)
def test_a_legal_service_is_neither_muted_nor_delayed(how: How) -> None:
    assert decide("2026-03-07 02:00", quiet=18, how=how, must=True) == Turn(at("2026-03-07 02:00"))


def test_nothing_is_kept_back_beyond_the_end_of_its_period() -> None:
    friday, night = date(2026, 3, 6), "2026-03-06 20:00"
    assert decide(night, quiet=19, ends=friday) == Turn(at(night))
    assert decide(night, how=How.DIGEST, ends=date(2026, 3, 8)) == Turn(at(night))
    assert decide(night, quiet=19, ends=date(2026, 3, 9)) == Turn(at("2026-03-09 08:30"))
    # 已经逾期的，迟到的不是提醒
    assert decide(night, quiet=19, ends=date(2026, 3, 5)) == Turn(at("2026-03-09 08:30"))


def test_what_serves_a_document_or_starts_a_right_is_a_legal_service() -> None:
    assert {Kind.STATEMENT, Kind.NOTICE_OF_INTENT, Kind.SERVICE_RECEIPT} == SERVED_ITEMS
    assert served(None, kind_is_served=True)
    assert served(Kind.STATEMENT, kind_is_served=False)
    assert not served(Kind.BALLOT, kind_is_served=False)
    assert not served(None, kind_is_served=False)


def test_each_pause_is_longer_than_the_last() -> None:
    now = at("2026-03-02 10:00")
    pauses = [next_attempt(n, now) - now for n in range(1, 5)]
    assert pauses == [timedelta(minutes=m) for m in (2, 12, 72, 432)]


@pytest.mark.parametrize("hour", [0, 8, 16, 24, -1])
def test_quiet_hours_begin_in_the_evening(hour: int) -> None:
    with pytest.raises(Incomplete, match="整点"):
        Wishes(hour)
