"""What the retold cases leave behind for those concerned. 真实案例"""

import pytest
from sqlmodel import select

from models.database import Register
from models.files import store
from models.rules.errors import CaseworkError
from models.rules.lifecycle import Stage
from models.tables import Ballot, Clearing, Decision, Document, Event, Match, Seat, WorkItem
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


def outcomes(told: Told) -> dict[str, str]:
    """Username -> how the case ended for that officer."""
    by_id = {rid: username for username, rid in told.respondents.items()}
    return {by_id[d.respondent_id]: d.outcome for d in rows(told, Decision)}


def examined(told: Told, username: str) -> dict[str, str]:
    """Clause -> outcome of its examination, of those put before a person."""
    mine = told.respondents[username]
    return {m.clause: m.outcome for m in rows(told, Match) if m.respondent_id == mine}


def test_r3_excuses_two_days_that_were_corrected_and_clears_who_approved_in_time(register: Register) -> None:
    told = a_case(a_bureau(register), "r3").to_the_end()
    assert outcomes(told) == {"ruan.cheng": "exempt", "ding.ke": "no-fault"}
    # The outside cause he pleads was not the only one; clauses on accidents or papers are not even mentioned.
    assert examined(told, "ruan.cheng") == {
        "exempt-08": "excluded",
        "exempt-14": "established",
        "exempt-33": "excluded",
    }
    assert examined(told, "ding.ke") == {"exempt-12": "supports-clearing"}
    assert {b.outcome for b in rows(told, Ballot)} == {"exempt", "mitigate", "no-fault"}
    # Who is cleared altogether is not written to about the clauses that were refused on the way.
    office_work(told.case_id)
    assert [paper.kind for paper in rows(told, Document) if paper.kind == "why-not"] == []


def test_r4_tells_the_two_officers_apart_by_the_second_gap(register: Register) -> None:
    told = a_case(a_bureau(register), "r4").to_the_end()
    office_work(told.case_id)
    assert outcomes(told) == {"mei.fang": "mitigate", "hou.yi": "exempt"}
    assert examined(told, "mei.fang") == {"mitigate-2": "established", "exempt-14": "blocked-by-premise"}
    assert examined(told, "hou.yi") == {"exempt-14": "established"}
    assert [s.state for s in rows(told, Seat)].count("recused") == 1
    (letter,) = [paper for paper in rows(told, Document) if paper.kind == "why-not"]
    assert letter.respondent_id == told.respondents["mei.fang"]
    for duty in ("全过程记录", "实名举报反馈"):
        assert f"“{duty}”" in read(letter.sha256)


def test_r7_was_investigated_so_there_is_nothing_to_exempt(register: Register) -> None:
    told = a_case(a_bureau(register), "r7").to_the_end()
    office_work(told.case_id)
    assert set(outcomes(told).values()) == {"no-fault"}
    assert (rows(told, Match), rows(told, Ballot)) == ([], [])
    mine = told.respondents["mei.fang"]
    papers = {p.respondent_id: p for p in rows(told, Document) if p.kind == "decision"}
    assert "五（二）3第（28）项" in read(papers[mine].sha256)
