"""What both databases must promise: no naive moment, no lost update, all of an act or nothing. 数据库"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import select

from models.casework import take_number
from models.database import Register, to_json
from models.tables import Case, Organ, Participation, Person, Replay, Serial
from tests.builders import a_bureau, a_case

NOON_IN_CHINA = datetime(2026, 3, 2, 12, 0, tzinfo=timezone(timedelta(hours=8)))


def remembered(person_id: int, at: datetime) -> Replay:
    return Replay(person_id=person_id, key="k", request="r", status=200, body="{}", created_at=at)


def a_person(register: Register) -> int:
    with register.writing() as session:
        person = Person(username="lin.xi", name="林溪")
        session.add(person)
    return person.id or 0


def test_a_moment_without_a_time_zone_is_refused(register: Register) -> None:
    somebody = a_person(register)
    with pytest.raises(StatementError, match="time zone"), register.writing() as session:
        session.add(remembered(somebody, datetime(2026, 3, 2, 12, 0)))  # noqa: DTZ001  # the point of it
    with register.reading() as session:
        assert session.exec(select(Replay)).all() == []


def test_a_moment_comes_back_as_the_same_moment_in_utc(register: Register) -> None:
    somebody = a_person(register)
    with register.writing() as session:
        session.add(remembered(somebody, NOON_IN_CHINA))
    with register.reading() as session:
        kept = session.exec(select(Replay)).one().created_at
    assert kept == NOON_IN_CHINA
    assert kept.utcoffset() == timedelta(0)
    assert kept == datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def test_an_act_that_fails_halfway_leaves_nothing(register: Register) -> None:
    def fail() -> None:
        with register.writing() as session:
            session.add(Person(username="lin.xi", name="林溪"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with register.reading() as session:
        assert session.exec(select(Person)).all() == []


def test_a_row_that_points_nowhere_is_refused(register: Register) -> None:
    with pytest.raises(IntegrityError), register.writing() as session:
        session.add(Participation(case_id="no such case", person_id=10**6, part="panel", reason=""))


def test_numbers_taken_at_once_are_all_different_and_without_gap(register: Register) -> None:
    with register.writing() as session:
        organ = Organ(code="zj", name="章江市局", mark="章市监", level="city")
        session.add(organ)
    gate = threading.Barrier(4)

    def take_some(_: int) -> list[int]:
        gate.wait(10)
        taken = []
        for _ in range(5):
            with register.writing() as session:
                taken.append(take_number(session, organ.id or 0, "决", year=2026))
        return taken

    with ThreadPoolExecutor(4) as threads:
        taken = [number for some in threads.map(take_some, range(4)) for number in some]
    assert sorted(taken) == list(range(1, 21))
    with register.reading() as session:
        assert session.exec(select(Serial)).one().last == 20


def test_read_then_write_at_once_loses_no_update(register: Register) -> None:
    told = a_case(a_bureau(register), "r1")
    start, gate = told.case().version, threading.Barrier(4)

    def raise_version(_: int) -> None:
        gate.wait(10)
        for _ in range(5):
            with register.writing() as session:
                wanted = select(Case).where(Case.id == told.case_id).with_for_update()
                case = session.exec(wanted).one()
                case.version += 1

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(raise_version, range(4)))
    assert told.case().version == start + 20


def test_whoever_reads_is_not_held_up_by_whoever_writes(register: Register) -> None:
    somebody = a_person(register)
    with register.writing() as writer:
        writer.get_one(Person, somebody).name = "林溪（改）"
        writer.flush()
        with register.reading() as reader:
            assert reader.get_one(Person, somebody).name == "林溪"


def test_json_is_kept_readable_and_in_one_order() -> None:
    assert to_json({"乙": 1, "甲": [2, None]}) == '{"乙":1,"甲":[2,null]}'
    assert to_json({"b": 1, "a": 2}) == to_json({"a": 2, "b": 1})
