"""The three retold cases, told to their ends in the register. 三个真实案例"""

import pytest
from sqlmodel import select

from models.database import Register
from models.files import store
from models.rules.errors import CaseworkError, Locked
from models.rules.lifecycle import Stage
from models.tables import Ballot, Case, Clearing, Decision, Document, Effect, Event, Match, WorkItem
from tasks.office import office_work
from tests.builders import Bureau, Told, a_bureau, a_case


def rows(told: Told, table: type) -> list:
    """Everything a table holds about the case."""
    with told.bureau.register.reading() as session:
        return list(session.exec(select(table).where(table.case_id == told.case_id).order_by(table.id)))


def owed(told: Told, kind: str) -> set[str]:
    """The subjects of what the office was made to do."""
    return {e.subject for e in rows(told, Effect) if e.kind == kind}


def test_r2_ends_exempt_with_the_dissent_kept_by_name(register: Register) -> None:
    told = a_case(a_bureau(register)).to_the_end()
    assert told.case().state == "archived"
    decided = rows(told, Decision)
    assert [d.outcome for d in decided] == ["exempt", "exempt"]
    assert all(d.differs_reason == "" and d.served_at for d in decided)
    against = {b.person_id for b in rows(told, Ballot) if b.outcome == "accountable"}
    assert len(against) == 1
    assert [set(d.tally["dissenters"]) for d in decided] == [against, against]
    assert decided[0].tally["counts"] == {"exempt": 4, "accountable": 1}
    certificates = [e for e in rows(told, Effect) if e.subject == "dissent-certificate"]
    assert {(e.kind, e.person_id) for e in certificates} == {
        ("document", *against),
        ("notice", *against),
    }


def test_r2_papers_name_the_dissenter_and_keep_the_reason(register: Register) -> None:
    from_office = a_case(a_bureau(register)).to(Stage.DECISION)
    office_work(from_office.case_id)
    dissenter = next(b.person_id for b in rows(from_office, Ballot) if b.outcome == "accountable")
    name = from_office.bureau.actor(from_office.bureau.username(dissenter)).name
    with register.reading() as session:
        papers = session.exec(select(Document).where(Document.case_id == from_office.case_id)).all()
    by_kind = {paper.kind: paper for paper in papers}
    for kind in ("minutes", "dissent-certificate"):
        text = read(by_kind[kind].sha256)
        assert name in text
        assert "不同意完全免于追究" in text


def read(sha256: str) -> str:
    """A filed paper as it lies in the store."""
    with store().open(sha256) as file:
        return file.read().decode()


def test_r2_exempts_only_by_clauses_a_person_confirmed(register: Register) -> None:
    told = a_case(a_bureau(register)).to(Stage.REVIEW)
    confirmed = {m.clause for m in rows(told, Match) if m.confirmed}
    assert confirmed == {"exempt-41", "exempt-42"}
    assert all(m.confirmed_by == told.bureau.ids["gu.ping"] for m in rows(told, Match) if m.confirmed)
    assert all(m.confirmed is not None for m in rows(told, Match) if m.proposed)


def test_r5_ends_transferred_with_the_own_branch_locked(register: Register) -> None:
    told = a_case(a_bureau(register), "r5").to_the_end()
    assert (told.case().state, told.case().stage) == ("transferred", "decision")
    (decision,) = rows(told, Decision)
    assert (decision.outcome, decision.authority) == ("transfer", "章江市云溪区监察委员会")
    assert rows(told, Match) == [], "no clause is put to anybody's choice"
    assert {"transfer-letter"} <= owed(told, "document")
    assert owed(told, "hand-over") == {""}
    assert [i.kind for i in told.open_items()] == ["authority-reply"]
    before = fingerprint(told)
    signed = told.item("signature")
    with pytest.raises(Locked):
        told.answer(signed, told.story.answer_as("accountable", told.respondents))
    assert fingerprint(told) == before


def test_a_transferred_matter_cannot_be_signed_as_exempt(register: Register) -> None:
    told = a_case(a_bureau(register), "r5").to(Stage.DECISION)
    before = fingerprint(told)
    for outcome in ("exempt", "mitigate", "accountable", "no-fault"):
        with pytest.raises(CaseworkError, match="移送"):
            told.answer(told.item("signature"), told.story.answer_as(outcome, told.respondents))
    assert fingerprint(told) == before


def test_an_officer_whose_matter_was_transferred_is_not_warned(register: Register) -> None:
    told = a_case(a_bureau(register), "r5").to_the_end()
    officer = told.bureau.ids["peng.hao"]
    kinds = {i.kind for i in rows(told, WorkItem) if i.assignee_id == officer}
    assert kinds == set()


def test_r1_ends_no_fault_and_is_cleared_without_exempting(register: Register) -> None:
    told = a_case(a_bureau(register), "r1").to_the_end()
    assert told.case().state == "archived"
    (decision,) = rows(told, Decision)
    (clearing,) = rows(told, Clearing)
    assert decision.outcome == "no-fault"
    assert (clearing.track, clearing.approved, clearing.named) == ("B", True, True)
    assert rows(told, Match) == []
    assert rows(told, Ballot) == []
    passed = [move for e in rows(told, Event) for move in e.data.get("moves", [])]
    assert "verification->decision:unfounded" in passed
    assert {"clearing-letter", "public-notice"} <= owed(told, "document")


def test_r1_may_not_be_signed_as_exempt(register: Register) -> None:
    told = a_case(a_bureau(register), "r1").to(Stage.DECISION)
    before = fingerprint(told)
    with pytest.raises(CaseworkError, match="失实"):
        told.answer(told.item("signature"), told.story.answer_as("exempt", told.respondents))
    assert fingerprint(told) == before


def fingerprint(told: Told) -> tuple[int, str, int]:
    """What changes with every act on a case."""
    case: Case = told.case()
    return case.events, case.head, case.version


def test_a_bureau_may_hold_many_cases_at_once(register: Register) -> None:
    bureau: Bureau = a_bureau(register)
    first, second = a_case(bureau, "r1"), a_case(bureau, "r5")
    assert (first.case().number, second.case().number) == (1, 2)
    first.to_the_end()
    assert (second.case().stage, second.case().events) == ("intake", 1 + len(second.story.evidence))
