"""Periods that are prolonged, and periods that stand still. 延长、中止期限"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from models.calendar import china_calendar
from models.casework import office, remind, reminding
from models.casework.clocks import timed
from models.casework.record import Act, lock_case
from models.database import Register
from models.handbook import load_edition
from models.rules.deadlines import Period, RollOver, Unit, beijing_day, due, shift_workdays
from models.rules.errors import AlreadyDone, Conflict, Incomplete, NotFound, NotPermitted
from models.rules.verbs import Verb
from models.tables import Clock, Effect
from tasks.office import restart_clocks
from tests.builders import Bureau, a_bureau, a_case
from tests.models.test_verbs import do, hire, last, rows, sound, waiting

MANAGER = "cao.ran"
GROUND = "案情复杂，不能在规定期限内完成"
STILL = "等待检验、检测、鉴定结论"
WHY = "涉及三家企业，需要补充调取票据。"


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def test_a_period_is_prolonged_once_on_a_ground_of_the_edition_and_keeps_its_old_end(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    assert item.due_on is not None
    longer = do(told, item, Verb.EXTEND, MANAGER, ground=GROUND, reason=WHY)
    assert longer.due_on == shift_workdays(item.due_on, 15, china_calendar())
    event = last(told)
    assert event.tag == "item:investigation:extend"
    assert event.data["clocks"][0]["was"]["due_on"] == item.due_on.isoformat()
    clock = next(c for c in rows(told, Clock) if c.item_id == item.id)
    assert clock.changes[0]["was"] == item.due_on.isoformat()
    assert "批准延长15个工作日" in clock.basis
    assert WHY in clock.basis
    assert "建议值" in clock.basis
    assert do(told, item, Verb.EXTEND, MANAGER, ground=GROUND, reason=WHY).due_on == longer.due_on
    with pytest.raises(Conflict, match="至多延长1次"):
        do(told, item, Verb.EXTEND, MANAGER, ground=GROUND, reason="再延长一次。")
    sound(told)


def test_nobody_else_prolongs_and_nothing_on_no_ground_or_without_reason(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    with pytest.raises(NotPermitted):
        do(told, item, Verb.EXTEND, told.who(item), ground=GROUND, reason=WHY)
    with pytest.raises(NotFound):
        do(told, item, Verb.EXTEND, "lou.ming", ground=GROUND, reason=WHY)
    with pytest.raises(Incomplete, match="请从手册列明的情形中选择"):
        do(told, item, Verb.EXTEND, MANAGER, ground="工作忙", reason=WHY)
    with pytest.raises(Incomplete, match="请写明理由"):
        do(told, item, Verb.EXTEND, MANAGER, ground=GROUND)
    assert told.item("investigation").due_on == item.due_on
    sound(told)


def test_a_period_that_stood_still_is_longer_by_those_days_and_nobody_is_reminded_meanwhile(
    bureau: Bureau,
) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    assert item.due_on is not None
    with pytest.raises(Conflict, match="没有中止"):
        do(told, item, Verb.RESTART, MANAGER, reason=WHY)
    do(told, item, Verb.SUSPEND, MANAGER, ground=STILL, reason=WHY)
    with pytest.raises(AlreadyDone):
        do(told, item, Verb.SUSPEND, MANAGER, ground=STILL, reason="又一次。")
    with pytest.raises(Conflict, match="先恢复计算"):
        do(told, item, Verb.EXTEND, MANAGER, ground=GROUND, reason=WHY)
    with bureau.register.writing() as session:
        assert remind(session, now=bureau.clock + timedelta(days=400)).cases == ()
    first = bureau.clock.date()
    bureau.clock += timedelta(days=14)
    later = do(told, item, Verb.RESTART, MANAGER, reason="结论已经收到。")
    lost = sum(china_calendar().is_workday(first + timedelta(days=n)) for n in range(14))
    assert later.due_on is not None
    assert later.due_on >= shift_workdays(item.due_on, lost - 1, china_calendar())
    clock = next(c for c in rows(told, Clock) if c.item_id == item.id)
    assert clock.exclusions == [[first.isoformat(), (first + timedelta(days=13)).isoformat()]]
    assert "不计入" in clock.basis
    assert STILL in clock.basis
    again = do(told, item, Verb.RESTART, MANAGER, reason="结论已经收到。")
    assert again.due_on == later.due_on
    sound(told)


def test_of_a_prolonged_end_everybody_is_reminded_anew_and_of_a_done_item_nobody(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    assert item.due_on is not None

    def watch(day: date) -> int:
        with bureau.register.writing() as session:
            return len(remind(session, now=datetime.combine(day, time(1), tzinfo=UTC)).cases)

    assert watch(item.due_on) == 1
    longer = do(told, item, Verb.EXTEND, MANAGER, ground=GROUND, reason=WHY)
    assert longer.due_on is not None
    assert watch(item.due_on) == 0
    assert watch(longer.due_on) == 1
    assert watch(longer.due_on) == 0
    late = shift_workdays(longer.due_on, 1, china_calendar())
    assert watch(late) == 1
    keys = [e.key for e in rows(told, Effect) if e.item_id == item.id and "reminder" in e.key]
    assert len(set(keys)) == len(keys) == 3
    told.answer(told.item("investigation"))
    assert watch(shift_workdays(late, 2, china_calendar())) in (0, 1)
    later = [e for e in rows(told, Effect) if e.item_id == item.id and e.subject == "reminder-t+3"]
    assert later == []


CALENDAR = china_calendar()
STARTS = st.dates(date(2024, 1, 1), date(2024, 12, 31))


@given(
    STARTS, st.integers(2, 40), st.integers(1, 30), st.integers(0, 60), st.sampled_from(["day", "workday"])
)
def test_days_that_do_not_count_shift_the_end_by_exactly_as_many(
    start: date, amount: int, after: int, days: int, unit: str
) -> None:
    period = Period(amount, Unit(unit))
    plain = due(start, period, CALENDAR, roll_over=RollOver.NONE)
    first = min(start + timedelta(days=after), plain.on)
    last_day = first + timedelta(days=days)
    moved = due(start, period, CALENDAR, roll_over=RollOver.NONE, exclusions=[(first, last_day)])
    if unit == "day":
        assert moved.nominal == plain.nominal + timedelta(days=days + 1)
        return
    lost = sum(CALENDAR.is_workday(first + timedelta(days=n)) for n in range(days + 1))
    assert moved.on == (shift_workdays(plain.on, lost, CALENDAR) if lost else plain.on)


@given(STARTS, st.integers(1, 100), st.integers(0, 20))
def test_hours_that_stood_still_shift_by_whole_days_and_never_roll(
    start: date, hours: int, days: int
) -> None:
    begin = datetime.combine(start, time(16, 20))
    period = Period(hours, Unit.HOUR)
    plain, first = due(begin, period, CALENDAR).at, start + timedelta(days=1)
    moved = due(begin, period, CALENDAR, exclusions=[(first, first + timedelta(days=days))]).at
    assert plain is not None
    assert moved is not None
    touched = plain > datetime.combine(first, time())
    assert moved - plain == (timedelta(days=days + 1) if touched else timedelta())


@given(STARTS, st.sampled_from(["screening", "investigation", "disciplinary-case", "appeal-answer"]))
def test_a_prolongation_never_shortens(start: date, deadline: str) -> None:
    rule = load_edition("2019").deadlines[deadline]
    at = datetime.combine(start, time(2), tzinfo=UTC)
    change = {
        "act": "extend", "amount": rule.extensions[0].period.amount, "zh": "", "on": "2024-01-01", "approver": "",
        "name": "", "ground": "", "reason": "", "basis": "", "was": "2024-01-01",
    }  # fmt: skip
    assert timed(rule, at, CALENDAR, (), [change]).due_on > timed(rule, at, CALENDAR).due_on


def test_what_has_ended_is_neither_prolonged_nor_stopped(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    bureau.clock += timedelta(days=400)
    with pytest.raises(Conflict, match="已经届满"):
        do(told, item, Verb.EXTEND, MANAGER, ground=GROUND, reason=WHY)
    with pytest.raises(Conflict, match="已经届满"):
        do(told, item, Verb.SUSPEND, MANAGER, ground=STILL, reason=WHY)
    sound(told)


def test_who_answers_while_the_watch_waits_for_the_case_is_not_reminded(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    assert item.due_on is not None
    plain, asked = reminding._told, []

    def meanwhile(session: Session, cases: Collection[str]) -> set[tuple[str | None, str, int]]:
        if not asked and bureau.register.engine.dialect.name == "postgresql":
            told.answer(told.item("investigation"))  # SQLite lets nobody write while the watch does
        asked.append(cases)
        return plain(session, cases)

    monkeypatch.setattr(reminding, "_told", meanwhile)
    with bureau.register.writing() as session:
        found = remind(session, now=datetime.combine(item.due_on, time(1), tzinfo=UTC))
    mine = [e for e in rows(told, Effect) if e.item_id == item.id and e.subject.startswith("reminder")]
    assert len(asked) == 2
    if bureau.register.engine.dialect.name == "postgresql":
        assert (found.cases, mine) == ((), [])
    else:
        assert (found.cases, len(mine)) == ((told.case_id,), 1)
    sound(told)


def test_of_a_delegated_item_both_are_reminded_and_the_manager_when_it_is_late(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "legal-review")
    who = told.who(item)
    hire(bureau, "lin.yu", "legal-reviewer", told.case().organ_id)
    do(told, item, Verb.CLAIM, who)
    do(told, item, Verb.DELEGATE, who, to="lin.yu", reason=WHY)
    assert item.due_on is not None
    late = shift_workdays(item.due_on, 1, china_calendar())
    with bureau.register.writing() as session:
        remind(session, now=datetime.combine(late, time(1), tzinfo=UTC))
    wanted = [e for e in rows(told, Effect) if e.item_id == item.id and e.owed_at.date() == late]
    reached: dict[str, list[int]] = {}
    with bureau.register.writing() as session:
        for one in wanted:
            act = Act.on(session, lock_case(session, told.case_id), actor=None, now=bureau.now())
            reached[one.subject] = office.recipients(act, session.get_one(Effect, one.id))
    assert reached == {
        "reminder-t+1": [bureau.ids["lin.yu"], bureau.ids[who]],
        "escalation": [bureau.ids[MANAGER]],
    }
    done = told.item("legal-review")
    told.answer(done, by="lin.yu")
    with bureau.register.writing() as session:
        act = Act.on(session, lock_case(session, told.case_id), actor=None, now=bureau.now())
        assert office.recipients(act, session.get_one(Effect, wanted[0].id)) == []


def test_a_suspension_says_on_what_it_ends_and_runs_again_by_itself_on_its_latest_day(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    today = beijing_day(bureau.clock)
    for day in (today, today + timedelta(days=367)):
        with pytest.raises(Incomplete, match="须晚于今天"):
            do(told, item, Verb.SUSPEND, MANAGER, ground=STILL, reason=WHY, until=day)
    until = today + timedelta(days=14)
    do(told, item, Verb.SUSPEND, MANAGER, ground=STILL, reason=WHY, until=until)
    clock = next(c for c in rows(told, Clock) if c.item_id == item.id)
    assert f"情形消除时恢复，至迟{until.year}年{until.month}月{until.day}日恢复" in clock.basis
    early = bureau.clock + timedelta(days=13)
    assert restart_clocks(early) == []
    at = bureau.clock + timedelta(days=14)
    events = told.case().events
    assert restart_clocks(at) == [told.case_id]
    assert restart_clocks(at) == []
    assert told.case().events == events + 1
    assert last(told).tag == "clock:restarted"
    clock = next(c for c in rows(told, Clock) if c.item_id == item.id)
    assert clock.suspended_from is None
    assert clock.exclusions == [[today.isoformat(), (until - timedelta(days=1)).isoformat()]]
    later = told.item("investigation")
    assert later.due_on == clock.due_on > item.due_on  # type: ignore[operator]
    sound(told)


def test_a_suspension_without_a_day_runs_again_only_by_a_decision(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    do(told, item, Verb.SUSPEND, MANAGER, ground=STILL, reason=WHY)
    assert restart_clocks(bureau.clock + timedelta(days=300)) == []
    clock = next(c for c in rows(told, Clock) if c.item_id == item.id)
    assert clock.suspended_from is not None
    assert "情形消除时恢复" in clock.basis
    sound(told)
