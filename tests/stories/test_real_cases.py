"""What the three retold cases leave behind for those concerned. 三个真实案例"""

import pytest
from sqlmodel import select

from models.database import Register
from models.files import store
from models.rules.errors import CaseworkError
from models.rules.lifecycle import Stage
from models.tables import Ballot, Clearing, Decision, Document, Event, Match, WorkItem
from tasks.office import office_work
from tests.builders import Told, a_bureau, a_case


def rows(told: Told, table: type) -> list:
    """Everything a table holds about the case."""
    with told.bureau.register.reading() as session:
        return list(session.exec(select(table).where(table.case_id == told.case_id).order_by(table.id)))


def read(sha256: str) -> str:
    """A filed paper as it lies in the store."""
    with store().open(sha256) as file:
        return file.read().decode()


def test_r2_papers_name_the_dissenter_and_keep_the_reason(register: Register) -> None:
    told = a_case(a_bureau(register)).to(Stage.DECISION)
    office_work(told.case_id)
    dissenter = next(b.person_id for b in rows(told, Ballot) if b.outcome == "accountable")
    name = told.bureau.actor(told.bureau.username(dissenter)).name
    papers = {paper.kind: paper for paper in rows(told, Document)}
    for kind in ("minutes", "dissent-certificate"):
        assert name in read(papers[kind].sha256)
        assert "不同意完全免于追究" in read(papers[kind].sha256)
    assert papers["minutes"].audience == "internal"


def test_r2_exempts_only_by_clauses_a_named_person_confirmed(register: Register) -> None:
    told = a_case(a_bureau(register)).to(Stage.REVIEW)
    assert all(m.confirmed is not None for m in rows(told, Match) if m.proposed)
    said = [m for m in rows(told, Match) if m.confirmed is not None]
    assert {m.confirmed_by for m in said} == {told.bureau.ids["gu.ping"]}
    assert all(m.confirmed_reason for m in said)


def test_r5_puts_no_clause_to_choice_and_warns_nobody_concerned(register: Register) -> None:
    told = a_case(a_bureau(register), "r5").to_the_end()
    assert [d.authority for d in rows(told, Decision)] == ["章江市云溪区监察委员会"]
    assert rows(told, Match) == []
    assert told.bureau.ids["peng.hao"] not in {i.assignee_id for i in rows(told, WorkItem)}
    assert [i.kind for i in told.open_items()] == ["authority-reply"]


def test_r1_is_cleared_on_the_track_of_unfounded_reports(register: Register) -> None:
    told = a_case(a_bureau(register), "r1").to_the_end()
    (clearing,) = rows(told, Clearing)
    assert (clearing.track, clearing.approved, clearing.named) == ("B", True, True)
    passed = [move for e in rows(told, Event) for move in e.data.get("moves", [])]
    assert "verification->decision:unfounded" in passed
    assert rows(told, Ballot) == []


def test_r1_may_not_be_signed_as_exempt(register: Register) -> None:
    told = a_case(a_bureau(register), "r1").to(Stage.DECISION)
    before = told.case().model_dump()
    with pytest.raises(CaseworkError, match="失实"):
        told.answer(told.item("signature"), told.story.answer_as("exempt", told.respondents))
    assert told.case().model_dump() == before
    assert [d.outcome for d in rows(told, Decision)] == [""]
