"""When periods end, by the vectors of the law and the real holiday notices."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.calendar import ChinaCalendar, china_calendar
from models.rules.deadlines import (
    BadPeriod,
    Period,
    RollOver,
    Unit,
    due,
    rungs,
    shift_workdays,
    workdays_between,
)
from models.rules.errors import CaseworkError

CHINA = china_calendar()


class MondayToFriday:
    """A calendar that has heard of no notice."""

    def is_workday(self, day: date, /) -> bool:
        return day.weekday() < 5

    def is_holiday(self, _: date, /) -> bool:
        return False

    def name_of(self, _: date, /) -> str:
        return ""

    def known(self, _: date, /) -> bool:
        return False


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        # 15 workdays over the National Day week of 2024, 09-29 and 10-12 being make-up workdays.
        (date(2024, 9, 27), 15, Unit.WORKDAY, date(2024, 10, 23)),
        # 30 days of seizure across a leap February.
        (date(2024, 1, 31), 30, Unit.DAY, date(2024, 3, 1)),
        # Three months to apply to the court: February has no 30th.
        (date(2024, 11, 30), 3, Unit.MONTH, date(2025, 2, 28)),
        # 30 days for 复核 end in the Spring Festival of 2025: the first workday is 02-05.
        (date(2025, 1, 2), 30, Unit.DAY, date(2025, 2, 5)),
        # 90 days from filing end on a Sunday; a decision of 12-11 is late in any case.
        (date(2024, 9, 9), 90, Unit.DAY, date(2024, 12, 9)),
        # A make-up Sunday is a day like any other to end on: nothing rolls.
        (date(2024, 9, 19), 10, Unit.DAY, date(2024, 9, 29)),
        # Six months of 处分条例 44 over the end of a year.
        (date(2023, 8, 31), 6, Unit.MONTH, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, Unit.MONTH, date(2025, 2, 28)),
        (date(2024, 11, 15), 1, Unit.MONTH, date(2024, 12, 16)),
        # One workday from a Saturday is Monday; from the last Friday before a make-up Sunday it is that Sunday.
        (date(2024, 6, 1), 1, Unit.WORKDAY, date(2024, 6, 3)),
        (date(2024, 9, 28), 1, Unit.WORKDAY, date(2024, 9, 29)),
    ],
)
def test_a_period_ends_on_the_day_the_law_and_the_notices_give(start, amount, unit, expected):
    result = due(start, Period(amount, unit), CHINA)
    assert result.on == expected
    assert not result.provisional
    assert result.at is None


def test_without_make_up_workdays_the_same_period_ends_two_days_later():
    class NoMakeUps(ChinaCalendar):
        def is_workday(self, day: date, /) -> bool:
            return day.weekday() < 5 and super().is_workday(day)

    assert due(date(2024, 9, 27), Period(15, Unit.WORKDAY), NoMakeUps()).on == date(2024, 10, 25)


def test_hours_run_from_the_moment_and_do_not_roll_over_a_saturday():
    result = due(datetime(2025, 1, 3, 16, 20), Period(24, Unit.HOUR), CHINA)  # noqa: DTZ001  # as written on paper
    assert result.at == datetime(2025, 1, 4, 16, 20)  # noqa: DTZ001
    assert (result.on, result.nominal, result.provisional) == (date(2025, 1, 4), date(2025, 1, 4), False)
    assert result.why[-1] == "2025年1月4日（星期六）16时20分届满；按小时计算的期限遇休息日不顺延。"


def test_a_moment_in_another_zone_is_the_day_it_is_in_beijing():
    # 16:30 UTC on Thursday is half past midnight on Friday in Nanchang.
    late = datetime(2024, 11, 7, 16, 30, tzinfo=UTC)
    assert due(late, Period(1, Unit.DAY), CHINA, roll_over=RollOver.NONE).on == date(2024, 11, 9)
    hours = due(late, Period(24, Unit.HOUR), CHINA)
    assert hours.at == late + timedelta(hours=24)
    assert hours.on == date(2024, 11, 9)


@pytest.mark.parametrize(
    ("start", "roll_over", "expected"),
    [
        # 2025-02-01 is a Saturday inside the Spring Festival of the notice (to 02-04).
        (date(2025, 1, 2), RollOver.NONE, date(2025, 2, 1)),
        (date(2025, 1, 2), RollOver.STATUTORY_HOLIDAY, date(2025, 2, 5)),
        (date(2025, 1, 2), RollOver.WEEKLY_REST_DAY, date(2025, 2, 1)),
        # 2024-11-09 is a plain Saturday.
        (date(2024, 10, 10), RollOver.NONE, date(2024, 11, 9)),
        (date(2024, 10, 10), RollOver.STATUTORY_HOLIDAY, date(2024, 11, 9)),
        (date(2024, 10, 10), RollOver.WEEKLY_REST_DAY, date(2024, 11, 11)),
        (date(2024, 10, 10), RollOver.BOTH, date(2024, 11, 11)),
    ],
)
def test_the_text_applied_says_which_rest_days_move_the_end(start, roll_over, expected):
    result = due(start, Period(30, Unit.DAY), CHINA, roll_over=roll_over)
    assert result.on == expected
    assert result.nominal == start + timedelta(days=30)


def test_the_reasons_tell_every_step():
    result = due(
        date(2024, 9, 9),
        Period(90, Unit.DAY),
        CHINA,
        exclusions=[(date(2024, 10, 8), date(2024, 10, 13)), (date(2020, 1, 1), date(2020, 1, 2))],
    )
    assert result.why == (
        "自2024年9月9日（星期一）起，当日不计入，从次日开始计算（民法典第二百零一条第一款）。",
        "按自然日计算90日，至2024年12月8日（星期日）。",
        "2024年10月8日（星期二）至2024年10月13日（星期日）中止或者依法不计入，已从期限中扣除。",
        "2024年12月14日（星期六）至2024年12月15日（星期日）共2日：周休息日，不作为届满日。",
        "2024年12月14日（星期六）为休息日，顺延至其后第一个可以办理之日2024年12月16日（星期一）届满（民法典第二百零三条）。",
    )
    assert result.nominal == date(2024, 12, 14)
    month = due(date(2024, 11, 30), Period(3, Unit.MONTH), CHINA)
    assert "2025年2月没有30日，以月末日2025年2月28日（星期五）为届满日" in month.why[1]


def test_every_day_that_is_skipped_or_made_up_is_named_with_its_reason():
    result = due(date(2024, 9, 27), Period(6, Unit.WORKDAY), CHINA, exclusions=[(date(2024, 10, 9),) * 2])
    assert result.why[2:-1] == (
        "2024年10月9日（星期三）中止或者依法不计入，已从期限中扣除。",
        "2024年9月28日（星期六）：周休息日，不计入。",
        "2024年9月29日（星期日）：国庆节调休上班日，照常计算。",
        "2024年10月1日（星期二）至2024年10月7日（星期一）共7日：国庆节放假，不计入。",
        "2024年10月12日（星期六）：国庆节调休上班日，照常计算。",
    )
    rolled = due(date(2025, 1, 2), Period(30, Unit.DAY), CHINA).why
    assert "2025年2月1日（星期六）至2025年2月4日（星期二）共4日：春节放假，不作为届满日。" in rolled


@pytest.mark.parametrize(
    ("exclusions", "expected"),
    [
        # Six days back for six days of suspension, however they are cut or repeated.
        ([(date(2024, 11, 5), date(2024, 11, 10))], date(2024, 11, 21)),
        (
            [(date(2024, 11, 8), date(2024, 11, 10)), (date(2024, 11, 5), date(2024, 11, 8))],
            date(2024, 11, 21),
        ),
        (
            [(date(2024, 11, 5), date(2024, 11, 6)), (date(2024, 11, 7), date(2024, 11, 10))],
            date(2024, 11, 21),
        ),
        # The start day does not count, so its suspension gives nothing back.
        ([(date(2024, 10, 20), date(2024, 11, 5))], date(2024, 11, 20)),
        # A suspension after the end, or wholly before the start, changes nothing.
        ([(date(2024, 11, 16), date(2024, 11, 30))], date(2024, 11, 15)),
        ([(date(2024, 10, 1), date(2024, 10, 31))], date(2024, 11, 15)),
        # The last day itself is given back too.
        ([(date(2024, 11, 15), date(2024, 11, 15))], date(2024, 11, 16)),
        # The first suspension pushes the end into the second.
        (
            [(date(2024, 11, 5), date(2024, 11, 6)), (date(2024, 11, 16), date(2024, 11, 16))],
            date(2024, 11, 18),
        ),
    ],
)
def test_a_suspension_gives_back_exactly_the_days_it_took(exclusions, expected):
    plain = {"roll_over": RollOver.NONE, "exclusions": exclusions}
    result = due(date(2024, 10, 31), Period(15, Unit.DAY), CHINA, **plain)
    assert (result.on, result.nominal) == (expected, expected)


def test_a_suspension_takes_only_the_workdays_in_it_from_a_period_of_workdays():
    # Friday to Monday: two workdays and a weekend.
    pause = [(date(2024, 11, 8), date(2024, 11, 11))]
    assert due(date(2024, 11, 4), Period(5, Unit.WORKDAY), CHINA).on == date(2024, 11, 11)
    assert due(date(2024, 11, 4), Period(5, Unit.WORKDAY), CHINA, exclusions=pause).on == date(2024, 11, 13)


def test_an_end_that_would_roll_into_a_suspension_waits_for_its_end():
    # Saturday 11-09 rolls to Monday, but Monday and Tuesday are suspended.
    pause = [(date(2024, 11, 11), date(2024, 11, 12))]
    assert due(date(2024, 10, 10), Period(30, Unit.DAY), CHINA, exclusions=pause).on == date(2024, 11, 13)


def test_hours_stand_still_through_a_suspended_day():
    start = datetime(2025, 1, 3, 16, 20, tzinfo=UTC)  # 00:20 on the 4th in Beijing
    assert due(start, Period(24, Unit.HOUR), CHINA, exclusions=[(date(2025, 1, 5), date(2025, 1, 6))]).at == (
        start + timedelta(hours=72)
    )
    # A suspension already over, or not yet begun, leaves the hours alone.
    for day in (date(2025, 1, 3), date(2025, 1, 6)):
        assert due(start, Period(24, Unit.HOUR), CHINA, exclusions=[(day, day)]).at == start + timedelta(
            hours=24
        )


def test_hours_that_end_as_a_suspension_begins_are_over():
    midnight = datetime(2025, 1, 3, 16, tzinfo=UTC)  # 00:00 on the 4th in Beijing
    result = due(midnight, Period(24, Unit.HOUR), CHINA, exclusions=[(date(2025, 1, 5), date(2025, 1, 6))])
    assert result.at == midnight + timedelta(hours=24)


@pytest.mark.parametrize("period", [Period(5, Unit.WORKDAY), Period(30, Unit.DAY), Period(1, Unit.MONTH)])
def test_an_end_in_a_year_without_a_notice_is_provisional_and_says_so(period):
    result = due(date(2090, 5, 2), period, CHINA)
    assert result.provisional
    assert result.why[-1].startswith("暂定结果：本系统还没有涵盖2090年")


def test_an_end_that_asks_no_calendar_is_never_provisional():
    no_roll = due(date(2090, 5, 2), Period(30, Unit.DAY), CHINA, roll_over=RollOver.NONE)
    assert (no_roll.on, no_roll.provisional) == (date(2090, 6, 1), False)
    assert not due(datetime(2090, 5, 2, tzinfo=UTC), Period(24, Unit.HOUR), CHINA).provisional


@pytest.mark.parametrize("amount", [0, -1, -30, True, 1.5, "15", None])
def test_a_period_that_is_no_positive_number_is_refused(amount):
    with pytest.raises(BadPeriod, match="期限须为正整数"):
        Period(amount, Unit.DAY)


def test_a_period_of_absurd_length_or_unknown_unit_is_refused():
    with pytest.raises(BadPeriod, match="期限999999999日过长"):
        Period(999_999_999, Unit.DAY)
    with pytest.raises(BadPeriod, match="期限单位“fortnight”无法识别，应为hour、workday、day、month之一"):
        Period(1, "fortnight")


def test_a_unit_read_as_text_counts_as_that_unit():
    assert Period(3, "workday") == Period(3, Unit.WORKDAY)
    assert due(date(2024, 9, 30), Period(3, "workday"), CHINA).on == date(2024, 10, 10)
    assert [Period(2, unit).zh for unit in Unit] == ["2小时", "2个工作日", "2日", "2个月"]


@pytest.mark.parametrize(
    "start",
    [date.min, date(1949, 9, 30), date(2200, 1, 1), date.max, datetime.max.replace(tzinfo=UTC)],
)
@pytest.mark.parametrize("unit", list(Unit))
def test_an_absurd_date_is_refused_in_a_sentence(start, unit):
    with pytest.raises(BadPeriod, match="不在可以计算的范围内"):
        due(start, Period(5, unit), CHINA)


@pytest.mark.parametrize("unit", [Unit.WORKDAY, Unit.DAY, Unit.MONTH])
def test_an_end_beyond_the_last_date_is_refused(unit):
    with pytest.raises(BadPeriod, match="不在可以计算的范围内"):
        due(date(2199, 12, 31), Period(5, unit), CHINA)


def test_hours_from_a_bare_date_are_refused():
    with pytest.raises(BadPeriod, match="须写明几时几分"):
        due(date(2025, 1, 3), Period(24, Unit.HOUR), CHINA)


def test_a_suspension_that_ends_before_it_begins_is_refused():
    with pytest.raises(BadPeriod, match="早于起日"):
        due(
            date(2025, 1, 3),
            Period(24, Unit.DAY),
            CHINA,
            exclusions=[(date(2025, 1, 6), date(2025, 1, 5))],
        )


def test_a_refused_period_is_both_a_casework_refusal_and_a_value_error():
    assert issubclass(BadPeriod, CaseworkError)
    assert issubclass(BadPeriod, ValueError)


def test_the_ladder_counts_workdays_over_a_holiday():
    ladder = rungs(date(2024, 10, 8), CHINA)
    assert [(rung.mark, rung.on) for rung in ladder] == [
        ("T-3", date(2024, 9, 27)),
        ("T-1", date(2024, 9, 30)),
        ("T0", date(2024, 10, 8)),
        ("T+1", date(2024, 10, 9)),
        ("T+3", date(2024, 10, 11)),
    ]
    assert [rung.overdue for rung in ladder] == [False, False, False, True, True]
    assert all(rung.zh for rung in ladder)


def test_the_ladder_of_a_short_period_leaves_out_what_is_not_after_its_start():
    assert [rung.mark for rung in rungs(date(2024, 10, 10), CHINA, after=date(2024, 10, 8))] == [
        "T-1",
        "T0",
        "T+1",
        "T+3",
    ]


def test_the_distance_in_workdays_leaves_out_the_start_and_has_a_sign():
    assert workdays_between(date(2024, 9, 27), date(2024, 10, 23), CHINA) == 15
    assert workdays_between(date(2024, 10, 23), date(2024, 9, 27), CHINA) == -15
    assert workdays_between(date(2024, 10, 1), date(2024, 10, 7), CHINA) == 0
    with pytest.raises(BadPeriod):
        workdays_between(date(2024, 10, 1), date.max, CHINA)


days = st.dates(date(2004, 1, 1), date(2030, 12, 31))
spans = st.lists(st.tuples(days, st.integers(0, 40)), max_size=4).map(
    lambda found: [(first, first + timedelta(days=length)) for first, length in found]
)
periods = st.builds(Period, st.integers(1, 60), st.sampled_from([Unit.WORKDAY, Unit.DAY, Unit.MONTH]))
QUICK = settings(max_examples=60, deadline=None)


@QUICK
@given(days, st.integers(1, 60), spans)
def test_a_period_of_workdays_never_ends_on_a_rest_day_or_in_a_suspension(start, amount, exclusions):
    result = due(start, Period(amount, Unit.WORKDAY), CHINA, exclusions=exclusions)
    assert CHINA.is_workday(result.on)
    assert not any(first <= result.on <= last for first, last in exclusions)


@QUICK
@given(days, st.integers(1, 60))
def test_counting_workdays_and_measuring_them_agree(start, amount):
    end = due(start, Period(amount, Unit.WORKDAY), CHINA).on
    assert workdays_between(start, end, CHINA) == amount
    assert shift_workdays(start, amount, CHINA) == end


@QUICK
@given(days, periods, spans, spans)
def test_more_suspensions_never_end_a_period_earlier(start, period, some, more):
    for roll_over in (RollOver.BOTH, RollOver.NONE, RollOver.STATUTORY_HOLIDAY):
        with_some = due(start, period, CHINA, roll_over=roll_over, exclusions=some)
        with_more = due(start, period, CHINA, roll_over=roll_over, exclusions=some + more)
        assert with_more.on >= with_some.on
        assert with_more.nominal >= with_some.nominal


@QUICK
@given(st.datetimes(datetime(2004, 1, 1), datetime(2030, 1, 1)), st.integers(1, 200), spans, spans)  # noqa: DTZ001
def test_more_suspensions_never_end_hours_earlier(start, amount, some, more):
    period = Period(amount, Unit.HOUR)
    with_some = due(start, period, CHINA, exclusions=some)
    assert with_some.at >= start + timedelta(hours=amount)
    assert due(start, period, CHINA, exclusions=some + more).at >= with_some.at


@QUICK
@given(days, periods)
def test_an_end_rolls_over_both_kinds_of_rest_day_to_a_workday_and_not_before_its_start(start, period):
    result = due(start, period, MondayToFriday())
    assert result.on.weekday() < 5
    assert start < result.nominal <= result.on
    assert result.provisional
