"""期限算例.yaml as a jurist writes it, and what must hold for every period whatever its numbers. 期限算例与性质"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.calendar import ChinaCalendar, YearNotice, china_calendar
from models.handbook.reading import StrictLoader
from models.rules.deadlines import Period, RollOver, Unit, due, workdays_between

FILE = Path(__file__).parent / "期限算例.yaml"
ROLLS = {
    "遇休息日和节假日顺延": RollOver.BOTH,
    "只遇法定节假日顺延": RollOver.STATUTORY_HOLIDAY,
    "不顺延": RollOver.NONE,
}
NEEDED = {"名称", "依据", "起算", "期限", "届满"}
OPTIONAL = {"顺延", "不计入", "暂定"}
UNITS = {unit.zh: unit for unit in Unit}
EXAMPLES = yaml.load(FILE.read_text(encoding="utf-8"), Loader=StrictLoader)  # noqa: S506
CHINA = china_calendar()

# --- what a jurist writes -----------------------------------------------------------------------------


def moment(written: object) -> date | datetime:
    text = str(written)
    return datetime.fromisoformat(text) if ":" in text else date.fromisoformat(text)


def span(written: object) -> tuple[date, date]:
    first, _, last = str(written).partition(" 至 ")
    return date.fromisoformat(first), date.fromisoformat(last or first)


def period(written: str) -> Period:
    amount, unit = re.fullmatch(r"(\d+)(\D+)", written).groups()
    return Period(int(amount), UNITS[unit])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["名称"])
def test_a_period_ends_as_the_jurist_says(example: Mapping[str, Any]) -> None:
    assert set(example) >= NEEDED
    assert set(example) <= NEEDED | OPTIONAL
    found = due(
        moment(example["起算"]),
        period(example["期限"]),
        CHINA,
        roll_over=ROLLS[example.get("顺延", "遇休息日和节假日顺延")],
        exclusions=[span(written) for written in example.get("不计入", [])],
    )
    assert (found.at or found.on) == moment(example["届满"]), "\n".join(found.why)
    assert found.provisional == (example.get("暂定", "否") == "是")


def test_every_example_has_a_name_of_its_own_and_every_unit_and_roll_has_some() -> None:
    names = [example["名称"] for example in EXAMPLES]
    assert len(set(names)) == len(names) > 66
    assert {period(example["期限"]).unit for example in EXAMPLES} == set(Unit)
    assert {example.get("顺延", "遇休息日和节假日顺延") for example in EXAMPLES} == set(ROLLS)


# --- what always holds --------------------------------------------------------------------------------

QUICK = settings(max_examples=80, deadline=None)
days = st.dates(date(2004, 1, 1), date(2032, 12, 31))  # some of these years are not published
moments = st.datetimes(datetime(2004, 1, 1), datetime(2032, 12, 31))  # noqa: DTZ001  # as written on paper
rolls = st.sampled_from(list(ROLLS.values()))
amounts = st.integers(1, 80)
dated = st.sampled_from([Unit.WORKDAY, Unit.DAY, Unit.MONTH])
Spans = Sequence[tuple[date, date]]


def spans_near(start: date) -> st.SearchStrategy[list[tuple[date, date]]]:
    one = st.tuples(st.integers(-20, 120), st.integers(0, 15)).map(
        lambda found: (start + timedelta(found[0]), start + timedelta(found[0] + found[1]))
    )
    return st.lists(one, max_size=4)


started = days.flatmap(lambda day: st.tuples(st.just(day), spans_near(day)))


@QUICK
@given(started, amounts, st.integers(1, 40), dated, rolls)
def test_a_longer_period_or_an_extension_never_ends_earlier(begun, amount, more, unit, roll):
    start, exclusions = begun
    short, long = (
        due(start, Period(n, unit), CHINA, roll_over=roll, exclusions=exclusions)
        for n in (amount, amount + more)
    )
    assert long.nominal > short.nominal
    assert long.on >= short.on


@QUICK
@given(moments, amounts, st.integers(1, 40))
def test_more_hours_end_later_by_just_so_many(start, amount, more):
    short, long = (due(start, Period(n, Unit.HOUR), CHINA).at for n in (amount, amount + more))
    assert long - short == timedelta(hours=more)


@QUICK
@given(started, st.integers(1, 40), amounts, st.sampled_from([Unit.WORKDAY, Unit.DAY]), rolls)
def test_a_period_that_begins_later_never_ends_earlier(begun, later, amount, unit, roll):
    start, exclusions = begun
    first, second = (
        due(day, Period(amount, unit), CHINA, roll_over=roll, exclusions=exclusions)
        for day in (start, start + timedelta(later))
    )
    assert second.on >= first.on
    assert second.nominal >= first.nominal


@QUICK
@given(days, st.integers(1, 40), st.integers(1, 24), rolls)
def test_months_that_begin_later_never_end_earlier(start, later, amount, roll):
    # Without exclusions: of two starts that end on the same last day of February, one may lose a day the other does not.
    first, second = (
        due(day, Period(amount, Unit.MONTH), CHINA, roll_over=roll)
        for day in (start, start + timedelta(later))
    )
    assert second.on >= first.on


@QUICK
@given(days, amounts, st.data(), st.sampled_from([Unit.DAY, Unit.MONTH]))
def test_suspending_and_resuming_shifts_the_end_by_the_days_between(start, amount, data, unit):
    length = Period(min(amount, 24) if unit is Unit.MONTH else amount, unit)
    plain = due(start, length, CHINA, roll_over=RollOver.NONE)
    first = start + timedelta(data.draw(st.integers(1, (plain.on - start).days)))
    last = first + timedelta(data.draw(st.integers(0, 60)))
    stopped = due(start, length, CHINA, roll_over=RollOver.NONE, exclusions=[(first, last)])
    assert stopped.on == plain.on + (last - first) + timedelta(1)


@QUICK
@given(days, amounts, st.data())
def test_suspending_workdays_shifts_the_end_by_the_workdays_between(start, amount, data):
    plain = due(start, Period(amount, Unit.WORKDAY), CHINA)
    first = start + timedelta(data.draw(st.integers(1, (plain.on - start).days)))
    last = first + timedelta(data.draw(st.integers(0, 60)))
    lost = workdays_between(first - timedelta(1), last, CHINA)
    stopped = due(start, Period(amount, Unit.WORKDAY), CHINA, exclusions=[(first, last)])
    assert stopped.on == due(start, Period(amount + lost, Unit.WORKDAY), CHINA).on


@QUICK
@given(moments, st.integers(48, 300), st.integers(1, 5))
def test_suspending_hours_for_whole_days_shifts_the_end_by_whole_days(start, amount, length):
    first = start.date() + timedelta(1)
    last = first + timedelta(length - 1)
    stopped = due(start, Period(amount, Unit.HOUR), CHINA, exclusions=[(first, last)])
    assert stopped.at == start + timedelta(hours=amount) + timedelta(days=length)


@QUICK
@given(moments, amounts, rolls)
def test_hours_never_roll_and_ask_no_calendar(start, amount, roll):
    found = due(start, Period(amount, Unit.HOUR), CHINA, roll_over=roll)
    assert found.at == start + timedelta(hours=amount)
    assert not found.provisional


@QUICK
@given(started, days, amounts, dated, rolls)
def test_exclusions_never_shorten(begun, day, amount, unit, roll):
    start, exclusions = begun
    more = [*exclusions, (day, day + timedelta(9))]
    some, all_of_them = (
        due(start, Period(amount, unit), CHINA, roll_over=roll, exclusions=spans)
        for spans in (exclusions, more)
    )
    assert all_of_them.on >= some.on


@QUICK
@given(started, amounts, dated, rolls)
def test_an_end_is_provisional_just_when_the_calendar_was_asked_of_an_unpublished_day(
    begun, amount, unit, roll
):
    start, exclusions = begun
    found = due(start, Period(amount, unit), CHINA, roll_over=roll, exclusions=exclusions)
    first = start + timedelta(1) if unit is Unit.WORKDAY else found.nominal
    asked = unit is Unit.WORKDAY or bool(roll)
    looked_at = [first + timedelta(n) for n in range((found.on - first).days + 1)] if asked else []
    assert found.provisional == any(not CHINA.known(day) for day in looked_at)
    assert found.provisional == found.why[-1].startswith("暂定结果")


@QUICK
@given(st.dates(date(2090, 1, 1), date(2090, 11, 1)), st.integers(1, 30), dated, rolls)
def test_a_published_year_takes_away_what_was_provisional(start, amount, unit, roll):
    assume(unit is not Unit.MONTH or amount == 1)
    late = ChinaCalendar([YearNotice(2090), YearNotice(2091)])
    before, after = (due(start, Period(amount, unit), c, roll_over=roll) for c in (CHINA, late))
    assert not after.provisional
    assert (before.on, before.nominal) == (after.on, after.nominal)  # a notice without holidays moves nothing
