"""The office does what it owes once, in order, and notes what it could not do. 机关事务"""

import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from models.calendar import YearNotice, china_calendar
from models.casework import answer_work_item, verify_all
from models.casework.record import Act, lock_case
from models.database import Register
from models.files import store
from models.holidays import Notice, load_notice
from models.rules.deadlines import shift_workdays
from models.rules.lifecycle import Stage
from models.settings import settings
from models.tables import (
    Clock,
    Document,
    Effect,
    Event,
    Evidence,
    Notification,
    Person,
    Publication,
    WorkItem,
)
from tasks.office import (
    lagging_cases,
    missing_notice,
    now,
    office_work,
    open_cases_without,
    recompute_clocks,
    remind_due,
    standing,
)
from tests.builders import Bureau, Told, a_bureau, a_case


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def rows(told: Told, table: type) -> list:
    """Everything a table holds about the case."""
    with told.bureau.register.reading() as session:
        return list(session.exec(select(table).where(table.case_id == told.case_id).order_by(table.id)))


def left_behind(told: Told) -> list[str]:
    """All that the office's work leaves in the register."""
    tables = (Effect, Document, Notification, Publication, Event)
    return [row.model_dump_json() for table in tables for row in rows(told, table)]


def notices(told: Told, kind: str) -> list[Notification]:
    return [n for n in rows(told, Notification) if f":notice:{kind}:" in n.key]


def serials(papers: list[Document]) -> dict[str, list[int]]:
    """The numbers given in each series."""
    given: dict[str, list[int]] = {}
    for paper in papers:
        if paper.number:
            head, serial = re.fullmatch(r"(.+〕)(\d+)号", paper.number).groups()
            given.setdefault(head, []).append(int(serial))
    return given


@contextmanager
def no_room_for_files() -> Iterator[None]:
    """The file store cannot be written to: something else lies where it should be."""
    root = settings().data_dir / "files"
    away = root.with_name("files.away")
    root.rename(away)
    root.write_text("not a directory")
    try:
        yield
    finally:
        root.unlink()
        away.rename(root)


# --- at most once ---------------------------------------------------------------------------------


def test_a_whole_case_is_owed_nothing_in_the_end_and_everything_was_done_once(bureau: Bureau) -> None:
    told = a_case(bureau)
    for stage in list(Stage)[1:]:
        report = office_work(told.case_id)
        assert (report.failed, report.waiting) == (0, 0)
        told.to(stage)
    told.to_the_end()
    office_work(told.case_id)
    assert {e.state for e in rows(told, Effect)} == {"done"}
    wanted = sorted(e.key for e in rows(told, Effect) if e.kind in ("document", "bundle"))
    assert sorted(d.key for d in rows(told, Document)) == wanted
    assert len(rows(told, Publication)) == 1
    told_once = Counter((n.key, n.person_id, n.channel) for n in rows(told, Notification))
    assert set(told_once.values()) == {1}
    assert all(given == list(range(1, len(given) + 1)) for given in serials(rows(told, Document)).values())
    assert standing(told.case_id).owed == 0
    assert standing(told.case_id).archived


def test_a_second_round_of_office_work_does_nothing(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.DECISION)
    first = office_work(told.case_id)
    assert first.done > 10
    before = left_behind(told)
    again = office_work(told.case_id)
    assert (again.done, again.failed, again.waiting) == (0, 0, 0)
    assert left_behind(told) == before


def test_two_at_work_on_one_case_file_each_paper_once(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.DECISION)
    gate = threading.Barrier(2)

    def work(_: int) -> int:
        gate.wait(10)
        return office_work(told.case_id).done

    with ThreadPoolExecutor(2) as threads:
        done = sum(threads.map(work, range(2)))
    effects = rows(told, Effect)
    assert {e.state for e in effects} == {"done"}
    assert done == len(effects)
    keys = [d.key for d in rows(told, Document)]
    assert len(keys) == len(set(keys))
    filed = [e for e in rows(told, Event) if e.tag == "document:filed"]
    assert len(filed) == len(keys)
    assert set(Counter((n.key, n.person_id, n.channel) for n in rows(told, Notification)).values()) == {1}


def test_ten_cases_in_four_threads_are_numbered_without_gap(bureau: Bureau) -> None:
    ids = []
    for _ in range(10):
        told = a_case(bureau, "r5")
        told.answer(told.item("screening"))
        ids.append(told.case_id)
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(office_work, ids))
    assert [r.failed for r in reports] == [0] * 10
    with bureau.register.reading() as session:
        papers = list(session.exec(select(Document).order_by(col(Document.id))))
    given = serials(papers)
    assert given
    for head, numbers in given.items():
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), head
    assert max(len(numbers) for numbers in given.values()) >= 10


# --- what cannot be done ----------------------------------------------------------------------------


def test_a_paper_that_cannot_be_filed_keeps_nobody_from_a_notice_and_is_filed_later(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    with no_room_for_files():
        report = office_work(told.case_id)
    assert report.failed == 1
    assert report.kinds == ("notice",)
    (paper,) = [e for e in rows(told, Effect) if e.kind == "document"]
    assert (paper.state, paper.attempts) == ("owed", 1)
    assert paper.error
    assert {e.state for e in rows(told, Effect) if e.kind == "notice"} == {"done"}
    assert rows(told, Document) == []
    assert len(notices(told, "work-item")) == 1
    later = office_work(told.case_id)
    assert (later.done, later.failed) == (1, 0)
    assert list(serials(rows(told, Document)).values()) in ([[1]], [])
    assert [e.error for e in rows(told, Effect)] == [""] * len(rows(told, Effect))


def test_an_effect_that_fails_too_often_is_left_to_a_person(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHAODAN_EFFECT_ATTEMPTS", "2")
    settings.cache_clear()
    told = a_case(bureau, "r1")
    with no_room_for_files():
        office_work(told.case_id)
        office_work(told.case_id)
        third = office_work(told.case_id)
    assert (third.done, third.failed) == (0, 0)
    (paper,) = [e for e in rows(told, Effect) if e.kind == "document"]
    assert (paper.state, paper.attempts) == ("failed", 2)


def test_a_claim_that_was_never_finished_lapses_and_is_taken_over(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    claimed_at = now()
    with bureau.register.writing() as session:
        for effect in session.exec(
            select(Effect).where(Effect.case_id == told.case_id, Effect.kind == "notice")
        ):
            effect.state, effect.claimed_at = "claimed", claimed_at
    office_work(told.case_id)
    assert notices(told, "work-item") == [], "somebody else is at it"
    lapsed = claimed_at - timedelta(seconds=settings().effect_lease_s + 1)
    with bureau.register.writing() as session:
        for effect in session.exec(
            select(Effect).where(Effect.case_id == told.case_id, Effect.kind == "notice")
        ):
            effect.claimed_at = lapsed
    office_work(told.case_id)
    assert len(notices(told, "work-item")) == 1


def test_evidence_changed_on_disk_is_named_by_its_hash(bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    spoilt = rows(told, Evidence)[1].sha256
    store().path(spoilt).write_bytes("换过的判决书".encode())
    report = office_work(told.case_id)
    assert report.failed == 0
    (checked,) = [e for e in rows(told, Event) if e.tag == "evidence:checked"]
    assert checked.data["faults"] == [spoilt]
    assert checked.data["checked"] >= 3


def test_evidence_that_lies_as_it_was_handed_in_is_found_whole(bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    office_work(told.case_id)
    (checked,) = [e for e in rows(told, Event) if e.tag == "evidence:checked"]
    assert checked.data["faults"] == []


def test_the_register_knows_no_case_of_that_id(register: Register) -> None:
    assert standing("no-such-case") is None
    assert office_work("no-such-case").done == 0


# --- clocks -----------------------------------------------------------------------------------------


def on(told: Told, workdays: int) -> datetime:
    """09:00 in Beijing, so many workdays from the end of the first open clock."""
    due_on = rows(told, Clock)[-1].due_on
    day = shift_workdays(due_on, workdays, china_calendar()) if workdays else due_on
    return datetime.combine(day, time(1, 0), tzinfo=UTC)


def reminders(told: Told) -> list[str]:
    return [e.subject for e in rows(told, Effect) if e.subject.startswith(("reminder", "escalation"))]


def test_each_rung_reminds_once_and_what_is_late_is_escalated_each_time(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    assert remind_due(on(told, -4)) == 0
    expected: list[str] = []
    for workdays, mark in ((-3, "t-3"), (-1, "t-1"), (0, "t0"), (1, "t+1"), (3, "t+3")):
        assert remind_due(on(told, workdays)) == 1
        assert remind_due(on(told, workdays)) == 0
        expected += [f"reminder-{mark}"] + (["escalation"] if workdays > 0 else [])
        assert reminders(told) == expected
    assert remind_due(on(told, 30)) == 0
    office_work(told.case_id)
    assert [n.person_id for n in notices(told, "escalation")] == [bureau.ids["cao.ran"]] * 2
    assert {n.person_id for n in notices(told, "reminder-t-3")} == {bureau.ids["he.jun"]}


@pytest.mark.parametrize("manager", [True, False])
def test_who_is_late_reads_of_a_manager_only_where_there_is_one(bureau: Bureau, manager: bool) -> None:
    with bureau.register.writing() as session:
        session.get_one(Person, bureau.ids["cao.ran"]).active = manager
    told = a_case(bureau, "r1")
    remind_due(on(told, 1))
    office_work(told.case_id)
    assert bool(notices(told, "escalation")) is manager
    assert ["分管负责人" in n.body for n in notices(told, "reminder-t+1")] == [manager]


def test_two_watches_at_once_remind_once(bureau: Bureau) -> None:
    cases = [a_case(bureau, "r1") for _ in range(4)]
    at, gate = on(cases[0], 0), threading.Barrier(3)

    def watch(_: int) -> int:
        gate.wait(10)
        return remind_due(at)

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(watch, range(3))) == len(cases)
    assert [reminders(told) for told in cases] == [["reminder-t0"]] * len(cases)


def test_silence_decides_nothing(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    item = told.item("screening")
    remind_due(on(told, 1))
    remind_due(on(told, 200))
    office_work(told.case_id)
    assert (told.case().stage, told.case().state) == ("intake", "open")
    after = told.item("screening")
    assert (after.state, after.answer, after.version) == ("open", None, item.version)
    assert [e.actor_id for e in rows(told, Event) if e.tag == "clock:reminded"] == [None, None]


def test_who_has_answered_is_not_reminded(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    at = on(told, 1)
    told.answer(told.item("screening"), {"verdict": "decline", "reason": "不属于本机关职责范围。"})
    remind_due(at)
    screening = told.item("screening").id
    assert [
        e for e in rows(told, Effect) if e.item_id == screening and e.subject.startswith("reminder")
    ] == []


def test_a_reminder_that_comes_after_the_answer_reaches_nobody(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    remind_due(on(told, 0))
    told.answer(told.item("screening"))
    office_work(told.case_id)
    assert notices(told, "reminder-t0") == []


def test_an_escalation_that_comes_after_the_answer_reaches_no_manager(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    remind_due(on(told, 1))
    told.answer(told.item("screening"))
    office_work(told.case_id)
    assert notices(told, "escalation") == []


def test_a_watch_that_waited_for_an_answer_reminds_of_nothing(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    at, item = on(told, 1), told.item("screening")
    with ThreadPoolExecutor(1) as thread:
        with bureau.register.writing() as session:
            answer_work_item(
                session, item.id, told.content(item), actor=bureau.actor("he.jun"), now=bureau.now()
            )
            watch = thread.submit(remind_due, at)
            _until_it_waits(bureau)
        assert watch.result(30) == 0
    assert reminders(told) == []


def _until_it_waits(bureau: Bureau) -> None:
    """On PostgreSQL, until the watch has read the clock and stands at the lock; SQLite lets it read only afterwards."""
    if bureau.register.engine.dialect.name != "postgresql":
        return
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(500):
        with bureau.register.engine.connect() as connection:
            if connection.execute(waiting).scalar_one():
                return
        threading.Event().wait(0.02)
    raise AssertionError("the watch has not come to the lock")


# --- a notice that comes later ------------------------------------------------------------------------


def published(bureau: Bureau, *, off: Sequence[date] = (), on: Sequence[date] = ()) -> None:
    """The notice of 2026 anew: the days of the packaged one with these changes."""
    calendar = china_calendar()
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    holidays = frozenset(day for day in year if calendar.is_holiday(day)) | frozenset(off)
    makeups = frozenset(day for day in year if day.weekday() > 4 and calendar.is_workday(day)) | frozenset(on)
    with bureau.register.writing() as session:
        load_notice(session, Notice(YearNotice(2026, holidays, makeups), "放假通知"), now=bureau.now())


def test_a_new_holiday_moves_open_clocks_and_the_event_keeps_the_old_end(bureau: Bureau) -> None:
    told, other = a_case(bureau, "r1"), a_case(bureau, "r5")
    before = rows(told, Clock)[-1]
    assert recompute_clocks(bureau.now()) == 0
    published(bureau, off=[before.due_on])
    assert recompute_clocks(bureau.now()) == 2
    assert recompute_clocks(bureau.now()) == 0
    after, item = rows(told, Clock)[-1], told.item("screening")
    assert after.due_on == shift_workdays(before.due_on, 1, china_calendar())
    assert (item.due_on, item.provisional, item.version) == (after.due_on, False, 1)
    assert "放假通知规定的放假，不计入" in after.basis
    for case in (told, other):
        (event,) = [e for e in rows(case, Event) if e.tag == "clock:recomputed"]
        assert event.actor_id is None
        assert event.data["notices"] == {"2026": 1}
    (moved,) = [e for e in rows(told, Event) if e.tag == "clock:recomputed"][0].data["clocks"]
    assert moved["was"] == {"due_on": before.due_on.isoformat(), "provisional": False, "basis": before.basis}
    assert moved["now"] == {"due_on": after.due_on.isoformat(), "provisional": False}
    with bureau.register.reading() as session:
        assert all(broken is None for _, broken in verify_all(session))


def test_a_new_make_up_workday_ends_clocks_earlier_and_new_ones_know_it_at_once(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    before = rows(told, Clock)[-1].due_on
    saturday = next(d for n in range(7) if (d := before - timedelta(days=n)).weekday() == 5)
    published(bureau, on=[saturday])
    fresh = a_case(bureau, "r1")
    assert rows(fresh, Clock)[-1].due_on == saturday
    assert recompute_clocks(bureau.now()) == 1
    assert rows(told, Clock)[-1].due_on == rows(fresh, Clock)[-1].due_on
    assert recompute_clocks(bureau.now()) == 0


def test_clocks_that_have_stopped_stay_as_they_were(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    told.answer(told.item("screening"), {"verdict": "decline", "reason": "不属于本机关职责范围。"})
    screening = told.item("screening")
    before = next(c for c in rows(told, Clock) if c.item_id == screening.id)
    assert before.closed_at is not None
    published(bureau, off=[before.due_on])
    recompute_clocks(bureau.now())
    after = next(c for c in rows(told, Clock) if c.item_id == screening.id)
    assert (after.due_on, after.basis) == (before.due_on, before.basis)


def test_an_item_given_back_is_due_by_the_notices_known_then(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    before = rows(told, Clock)[-1].due_on
    screening = told.item("screening").id
    for act_on in (lambda act, item: act.stop(item, "cancelled"), lambda act, item: act.give(item, None)):
        with bureau.register.writing() as session:
            act = Act.on(session, lock_case(session, told.case_id), actor=None, now=bureau.now())
            act_on(act, session.get_one(WorkItem, screening))
            act.record("case:tried")
        if rows(told, Clock)[-1].closed_at is not None:
            published(bureau, off=[before])
            assert recompute_clocks(bureau.now()) == 0
    clock = rows(told, Clock)[-1]
    assert clock.closed_at is None
    assert clock.due_on == told.item("screening").due_on == shift_workdays(before, 1, china_calendar())
    assert rows(told, Event)[-1].data["clocks"][0]["was"]["due_on"] == before.isoformat()


def test_a_clock_of_a_year_not_yet_published_is_settled_when_the_notice_comes(bureau: Bureau) -> None:
    bureau.clock = datetime(2090, 4, 25, 1, tzinfo=UTC)
    told = a_case(bureau, "r1")
    before = rows(told, Clock)[-1]
    assert (before.due_on, before.provisional) == (date(2090, 5, 2), True)
    assert told.item("screening").provisional
    assert missing_notice(bureau.now()) == 2090
    days = YearNotice(2090, frozenset({date(2090, 5, 1), date(2090, 5, 2)}), frozenset({date(2090, 4, 29)}))
    with bureau.register.writing() as session:
        load_notice(session, Notice(days, "放假通知"), now=bureau.now())
    assert recompute_clocks(bureau.now()) == 1
    after = rows(told, Clock)[-1]
    assert (after.due_on, after.provisional) == (date(2090, 5, 3), False)
    assert not told.item("screening").provisional
    assert missing_notice(bureau.now()) is None


def test_a_clock_started_with_another_period_is_left_alone(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    with bureau.register.writing() as session:
        clock = session.exec(select(Clock).where(Clock.case_id == told.case_id)).one()
        clock.basis = clock.basis.replace("5个工作日", "6个工作日", 1)
        due_on = clock.due_on
    published(bureau, off=[due_on])
    assert recompute_clocks(bureau.now()) == 0


# --- what the sweep asks ----------------------------------------------------------------------------


def test_a_case_lags_until_the_office_has_done_its_part(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    assert lagging_cases(older_than_s=0) == [told.case_id]
    assert standing(told.case_id).owed > 0
    office_work(told.case_id)
    assert lagging_cases(older_than_s=0) == []
    assert open_cases_without(()) == [told.case_id]
    assert open_cases_without([told.case_id]) == []


def test_a_notice_of_work_goes_to_whoever_may_take_it_and_to_nobody_tied_to_the_case(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    office_work(told.case_id)
    investigation = told.item("investigation").id
    with bureau.register.reading() as session:
        reached = session.exec(select(Notification).where(Notification.item_id == investigation)).all()
        assert session.get_one(WorkItem, investigation).state == "open"
    assert {n.person_id for n in reached} == {bureau.ids["tang.wei"]}
