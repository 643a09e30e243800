"""复算: a signed decision is rebuilt to the same hash, and every silent change shows."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from models.casework import replay
from models.database import Register
from models.dossier import find_case
from models.rules.errors import NotFound
from models.rules.lifecycle import Stage
from models.tables import Ballot, Case, Decision, Event, Fact, Finding, Match, Organ
from tests.builders import Bureau, Told, a_bureau, a_case


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


@pytest.fixture
def decided(bureau: Bureau) -> Told:
    return a_case(bureau, "r2").to(Stage.CLEARING)


def rebuilt(told: Told) -> Any:
    with told.bureau.register.reading() as session:
        return replay(session, session.get_one(Case, told.case_id))


def test_a_signed_decision_is_rebuilt_to_the_same_hash_every_time(decided: Told) -> None:
    first = rebuilt(decided)
    assert [found.same for found in first] == [True]
    assert len(first[0].recorded) == 64
    assert {officer["outcome"] for officer in first[0].officers} == {"exempt"}
    assert rebuilt(decided) == first
    decided.to_the_end()
    assert rebuilt(decided) == first


def _turn(row: Any) -> None:
    row.status = "refuted" if row.status == "established" else "established"


CHANGES: dict[str, tuple[Any, Callable[[Any], None]]] = {
    "a fact": (Fact, _turn),
    "a duty": (Finding, lambda row: setattr(row, "result", "not-proven")),
    "a vote": (Ballot, lambda row: setattr(row, "outcome", "no-fault")),
    "a confirmed clause": (Match, lambda row: setattr(row, "confirmed", not row.confirmed)),
    "the outcome": (Decision, lambda row: setattr(row, "outcome", "no-fault")),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_behind_the_procedure_shows(decided: Told, what: str) -> None:
    table, change = CHANGES[what]
    with decided.bureau.register.writing() as session:
        change(session.exec(select(table).where(table.case_id == decided.case_id).order_by(table.id)).first())
    assert [found.same for found in rebuilt(decided)] == [False]


def test_the_hash_is_in_the_chain(decided: Told) -> None:
    with decided.bureau.register.reading() as session:
        signed = session.exec(
            select(Event).where(Event.case_id == decided.case_id, col(Event.tag) == "item:signature:answered")
        ).one()
    assert signed.data["result"] == rebuilt(decided)[0].rebuilt


def test_a_case_without_a_signature_has_nothing_to_rebuild(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.DECISION)
    with pytest.raises(NotFound, match="还没有签发"):
        rebuilt(told)


def test_a_case_is_found_by_id_and_by_number(decided: Told) -> None:
    def found(session: Session, named: str) -> str:
        return find_case(session, named).id

    case = decided.case()
    with decided.bureau.register.reading() as session:
        mark = session.get_one(Organ, case.organ_id).mark
        assert found(session, decided.case_id) == decided.case_id
        assert found(session, f"{mark}责〔{case.year}〕{case.number}号") == decided.case_id
        for nobody in (f"{mark}责〔{case.year}〕99号", "'; DROP TABLE case_file; --", ""):
            with pytest.raises(NotFound, match="请核对案号"):
                found(session, nobody)
