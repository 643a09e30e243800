"""The chain of events: whatever is changed afterwards is found and named. 留痕校验"""

from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from models.casework import verify_all
from models.database import Register
from models.rules.lifecycle import Stage
from models.tables import Case, Event
from tests.builders import Bureau, Told, a_bureau, a_case


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def broken(told: Told) -> list[tuple[str, int, str]]:
    """Every broken chain of the register, by its first broken link."""
    with told.bureau.register.reading() as session:
        return [(b.case_id, b.seq, b.fault) for _, b in verify_all(session) if b]


def tampered(
    told: Told, change: Callable[[Session, Case, dict[int, Event]], None]
) -> list[tuple[str, int, str]]:
    """What the walk finds after somebody changed the tables behind our back."""
    assert broken(told) == []
    with told.bureau.register.writing() as session:
        links = session.exec(select(Event).where(Event.case_id == told.case_id)).all()
        change(session, session.get_one(Case, told.case_id), {e.seq: e for e in links})
    return broken(told)


def test_a_case_untouched_holds_from_end_to_end(bureau: Bureau) -> None:
    told = a_case(bureau, "r1").to_the_end()
    with bureau.register.reading() as session:
        walked = list(verify_all(session))
    assert [(case.id, link) for case, link in walked] == [(told.case_id, None)]


@pytest.mark.parametrize("what", ["reason", "tag", "data", "at", "actor_id", "on_behalf_of"])
def test_whatever_an_event_says_cannot_be_said_otherwise_later(bureau: Bureau, what: str) -> None:
    told = a_case(bureau, "r1").to(Stage.VERIFICATION)

    def change(_: Session, __: Case, links: dict[int, Event]) -> None:
        event = links[3]
        other = {
            "reason": "事后改写",
            "tag": "case:registered",
            "data": event.data | {"round": 7},
            "at": links[1].at,
            "actor_id": bureau.ids["meng.fan"],
            "on_behalf_of": bureau.ids["meng.fan"],
        }[what]
        setattr(event, what, other)

    ((case_id, seq, fault),) = tampered(told, change)
    assert (case_id, seq) == (told.case_id, 3)
    assert "校验值" in fault


def test_an_event_taken_out_is_missed_by_its_number(bureau: Bureau) -> None:
    told = a_case(bureau, "r1").to(Stage.VERIFICATION)

    def remove(session: Session, _: Case, links: dict[int, Event]) -> None:
        session.delete(links[2])

    assert tampered(told, remove) == [(told.case_id, 2, "缺少第 2 条留痕")]


def test_the_last_event_taken_out_is_missed_too(bureau: Bureau) -> None:
    told = a_case(bureau, "r1").to(Stage.VERIFICATION)
    last = told.case().events

    def remove(session: Session, _: Case, links: dict[int, Event]) -> None:
        session.delete(links[last])

    ((_, seq, fault),) = tampered(told, remove)
    assert seq == last
    assert f"实有 {last - 1} 条" in fault


def test_an_event_put_in_at_the_end_is_noticed(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")

    def add(session: Session, case: Case, links: dict[int, Event]) -> None:
        last = links[case.events]
        forged = last.model_dump(exclude={"id", "seq"}) | {"seq": last.seq + 1, "prev_hash": last.hash}
        session.add(Event(**forged))

    assert tampered(told, add)[0][1] == told.case().events + 1


def test_a_changed_head_is_noticed(bureau: Bureau) -> None:
    told = a_case(bureau, "r1")

    def change(_: Session, case: Case, __: dict[int, Event]) -> None:
        case.head = "0" * 64

    assert [fault for *_, fault in tampered(told, change)] == ["案件登记的末条校验值与留痕不符"]


def test_a_link_recomputed_by_the_forger_breaks_the_next_one(bureau: Bureau) -> None:
    told = a_case(bureau, "r1").to(Stage.VERIFICATION)

    def change(_: Session, __: Case, links: dict[int, Event]) -> None:
        links[2].hash = "f" * 64
        links[3].prev_hash = "f" * 64

    assert tampered(told, change)[0][:2] == (told.case_id, 2)


def test_the_first_of_several_broken_links_is_named_and_other_cases_stay_whole(bureau: Bureau) -> None:
    whole, told = a_case(bureau, "r5"), a_case(bureau, "r1").to(Stage.VERIFICATION)

    def change(session: Session, _: Case, links: dict[int, Event]) -> None:
        session.delete(links[4])
        links[2].reason = "事后改写"

    found = tampered(told, change)
    assert [(case_id, seq) for case_id, seq, _ in found] == [(told.case_id, 2)]
    assert whole.case_id not in str(found)
