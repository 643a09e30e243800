"""The working days of China, by the notices the package carries and by those laid over them."""

import logging
from datetime import date

import pytest

from models.calendar import ChinaCalendar, YearNotice, china_calendar
from models.rules.deadlines import Period, Unit, due


@pytest.mark.parametrize(
    ("day", "workday", "holiday"),
    [
        (date(2024, 9, 29), True, False),  # make-up Sunday
        (date(2024, 10, 12), True, False),  # make-up Saturday
        (date(2024, 10, 1), False, True),  # National Day
        (date(2024, 10, 5), False, True),  # the Saturday inside it
        (date(2024, 11, 9), False, False),  # a plain Saturday
        (date(2024, 11, 8), True, False),  # a plain Friday
    ],
)
def test_holidays_and_make_up_workdays_are_those_of_the_notice(day, workday, holiday):
    calendar = ChinaCalendar()
    assert calendar.is_workday(day) is workday
    assert calendar.is_holiday(day) is holiday
    assert calendar.known(day)


def test_a_day_of_a_notice_has_the_name_of_its_holiday():
    calendar = ChinaCalendar()
    assert [calendar.name_of(date(2024, 9, day)) for day in (14, 15, 16, 29)] == [
        "中秋",
        "中秋",
        "中秋",
        "国庆节",
    ]
    assert calendar.name_of(date(2024, 9, 18)) == calendar.name_of(date(2090, 5, 1)) == ""


def test_a_year_without_a_notice_is_only_its_weeks_and_is_warned_about_once(caplog):
    calendar = ChinaCalendar()
    with caplog.at_level(logging.WARNING, logger="models.calendar"):
        assert calendar.is_workday(date(2090, 5, 1))  # a Monday: no holiday is invented
        assert not calendar.is_workday(date(2090, 5, 6))  # a Saturday
        assert not calendar.is_holiday(date(2090, 5, 1))
        assert not calendar.known(date(2090, 5, 1))
        assert due(date(2090, 5, 2), Period(200, Unit.WORKDAY), calendar).provisional
    assert [record.getMessage() for record in caplog.records] == [
        "No holiday notice for 2090: deadlines touching it are provisional",
        "No holiday notice for 2091: deadlines touching it are provisional",
    ]


def test_the_last_week_of_a_year_is_not_known_before_the_next_notice(caplog):
    years = [YearNotice(2091), YearNotice(2090)]
    calendar = ChinaCalendar(years)
    assert calendar.known(date(2090, 12, 31))
    assert calendar.known(date(2091, 12, 24))
    assert not calendar.known(date(2091, 12, 25))
    assert "No holiday notice for 2092" in caplog.text


def test_a_later_notice_makes_its_year_known():
    notice = YearNotice(2090, frozenset({date(2090, 5, 1)}), frozenset({date(2090, 5, 6)}))
    calendar = ChinaCalendar([notice])
    assert calendar.known(date(2090, 5, 1))
    assert not calendar.is_workday(date(2090, 5, 1))
    assert calendar.is_holiday(date(2090, 5, 1))
    assert calendar.is_workday(date(2090, 5, 6))
    result = due(date(2090, 4, 28), Period(3, Unit.WORKDAY), calendar)
    assert (result.on, result.provisional) == (date(2090, 5, 4), False)
    assert not ChinaCalendar().known(date(2090, 5, 1))


def test_a_notice_may_name_days_in_the_last_week_of_the_year_before():
    new_year = {date(2090, 12, 30): "元旦", date(2091, 1, 1): "元旦"}
    notice = YearNotice(2091, frozenset(new_year), frozenset({date(2090, 12, 31)}), new_year)
    for calendar in (ChinaCalendar([notice]), ChinaCalendar([notice, YearNotice(2090)])):
        assert calendar.is_holiday(date(2090, 12, 30))
        assert not calendar.is_workday(date(2090, 12, 30))
        assert calendar.name_of(date(2090, 12, 30)) == "元旦"
        assert calendar.is_workday(date(2090, 12, 31))  # a Sunday
    with pytest.raises(ValueError, match="2090-12-24不在2091年内"):
        YearNotice(2091, frozenset({date(2090, 12, 24)}))


def test_a_missing_year_is_spoken_of_sixty_days_before_it_may_be_needed():
    calendar = ChinaCalendar([YearNotice(2090)])
    assert calendar.missing_year(date(2090, 10, 25)) is None
    # Sixty days later is 25 December, which the next notice may name.
    assert calendar.missing_year(date(2090, 10, 26)) == 2091
    assert calendar.missing_year(date(2090, 12, 31)) == 2091
    assert calendar.missing_year(date(2091, 1, 1)) == 2091
    assert ChinaCalendar([YearNotice(2090), YearNotice(2091)]).missing_year(date(2090, 12, 1)) is None


def test_a_later_notice_replaces_the_packaged_year_whole():
    calendar = ChinaCalendar([YearNotice(2024)])
    assert calendar.is_workday(date(2024, 10, 1))
    assert not calendar.is_workday(date(2024, 9, 29))
    assert not calendar.is_workday(date(2023, 10, 2))


def test_a_notice_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="2091-01-01不在2090年内"):
        YearNotice(2090, frozenset({date(2091, 1, 1)}))
    with pytest.raises(ValueError, match="2090-05-06既是放假日又是上班日"):
        YearNotice(2090, frozenset({date(2090, 5, 6)}), frozenset({date(2090, 5, 6)}))


def test_the_shared_calendar_is_built_once():
    assert china_calendar() is china_calendar()
    assert china_calendar().known(date(2004, 1, 1))
    assert not china_calendar().known(date(2003, 12, 1))
