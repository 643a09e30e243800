"""The office does what it owes once, in order, and notes what it could not do. 机关事务"""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlmodel import col, select

from models.calendar import china_calendar
from models.database import Register
from models.files import store
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
from tasks.office import lagging_cases, now, office_work, open_cases_without, remind_due, standing
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


def test_each_rung_reminds_once_and_only_the_last_escalates(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")
    assert remind_due(on(told, -4)) == 0
    expected: list[str] = []
    for workdays, mark in ((-3, "t-3"), (-1, "t-1"), (0, "t0"), (1, "t+1")):
        assert remind_due(on(told, workdays)) == 1
        assert remind_due(on(told, workdays)) == 0
        expected += [f"reminder-{mark}"] + (["escalation"] if mark == "t+1" else [])
        assert reminders(told) == expected
    assert remind_due(on(told, 30)) == 0
    office_work(told.case_id)
    assert [n.person_id for n in notices(told, "escalation")] == [bureau.ids["cao.ran"]]
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
    assert [e.actor_id for e in rows(told, Event) if e.tag == "clock:reminded"] == [None]


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
