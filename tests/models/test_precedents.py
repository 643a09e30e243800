"""相近先例 in the register: who sees which, and that deviating without a reason is refused. 先例"""

import json
from typing import Any

import pytest
from sqlmodel import select

from models.database import Register, to_json
from models.queries import item_page
from models.rules.deadlines import beijing_day
from models.rules.errors import Incomplete
from models.rules.lifecycle import Stage
from models.tables import Ballot, Case, Decision, Event, Organ, Person
from models.vault import unseal_vote
from tests.builders import Bureau, Told, a_bureau, a_case


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def shown(told: Told, kind: str) -> list[dict[str, Any]]:
    """What the page of an open item shows of precedents to whoever answers it."""
    item = next(i for i in told.open_items() if i.kind == kind)
    with told.bureau.register.reading() as session:
        on = beijing_day(told.bureau.clock)
        page = item_page(session, told.bureau.actor(told.who(item)), item.id, on=on)
    return list(page.context["precedents"])


def saying(content: dict[str, Any], rows: str, **change: Any) -> dict[str, Any]:
    return content | {rows: [row | change for row in content[rows]]}


def events(told: Told) -> int:
    with told.bureau.register.reading() as session:
        return len(session.exec(select(Event).where(Event.case_id == told.case_id)).all())


def at_the_ballot(told: Told) -> Told:
    return told.go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))


def test_a_decided_case_is_shown_to_reviewer_panel_and_head_without_a_name(bureau: Bureau) -> None:
    first = a_case(bureau).to_the_end()
    told = a_case(bureau).to(Stage.MATCHING)
    with bureau.register.reading() as session:
        names = [p.name for p in session.exec(select(Person))]
    for kind, stage in (
        ("legal-review", Stage.REVIEW),
        ("ballot", Stage.DECISION),
        ("signature", Stage.ARCHIVE),
    ):
        if kind == "ballot":
            at_the_ballot(told)
        rows = shown(told, kind)
        assert [row["respondent"] for row in rows] == list(told.respondents.values())
        assert [row["leaning"] for row in rows] == ["exempt", "exempt"]
        for row, post in zip(rows, ("reviewer", "approver"), strict=True):
            (one,) = row["found"]
            assert (one["number"], one["post"]) == (f"章云市监责〔2026〕{first.case().number}号", post)
            assert (one["outcome_zh"], one["similarity"]) == ("免于追究", 1.0)
            confirmed = {
                "reviewer": ["五（二）3第（41）项", "五（二）3第（42）项"],
                "approver": ["五（二）3第（41）项"],
            }
            assert one["clauses"] == confirmed[post]
            assert one["shared_facts"]
            assert not any(name in to_json(row) for name in names)
        told.to(stage)


def test_without_decided_cases_nothing_is_shown_and_nothing_asked(bureau: Bureau) -> None:
    a_case(bureau, "r1").to_the_end()  # unfounded: nothing was weighed that could be compared
    told = a_case(bureau).to(Stage.MATCHING)
    assert [(row["leaning"], row["found"]) for row in shown(told, "legal-review")] == [("", []), ("", [])]
    item = told.item("legal-review")
    told.answer(item, saying(told.content(item), "outcomes", outcome="accountable"))


def test_a_reviewer_who_deviates_says_why_and_the_answer_keeps_it(bureau: Bureau) -> None:
    first = a_case(bureau).to_the_end()
    told = a_case(bureau).to(Stage.MATCHING)
    item = told.item("legal-review")
    other = saying(told.content(item), "outcomes", outcome="accountable")
    before = events(told)
    for deviation in ("", "。。。"):
        with pytest.raises(Incomplete, match="请写明“与先例不同的理由”") as refused:
            told.answer(item, saying(other, "outcomes", deviation=deviation))
        assert f"〔2026〕{first.case().number}号" in str(refused.value)
    assert events(told) == before
    reasoned = saying(other, "outcomes", deviation="本案从材料外观即可看出系伪造。")
    for _ in range(2):
        kept = told.answer(item, reasoned).answer
        assert {o["deviation"] for o in kept["outcomes"]} == {"本案从材料外观即可看出系伪造。"}
    assert events(told) == before + 1


def test_a_member_who_deviates_says_why_and_the_ballot_box_keeps_it(bureau: Bureau) -> None:
    a_case(bureau).to_the_end()
    told = at_the_ballot(a_case(bureau))
    item = next(i for i in told.open_items() if i.kind == "ballot")
    against = saying(told.content(item), "votes", outcome="accountable", deviation="")
    with pytest.raises(Incomplete, match="请写明"):
        told.answer(item, against)
    told.answer(item, saying(against, "votes", outcome="supplement"))
    second = next(i for i in told.open_items() if i.kind == "ballot")
    told.answer(second, saying(against, "votes", deviation="本案审查人员知情。"))
    with bureau.register.reading() as session:
        cast = session.exec(select(Ballot).where(Ballot.case_id == told.case_id)).all()
    said = [json.loads(unseal_vote(b.sealed)) for b in cast]
    kept = {(s["outcome"], s["reason"].endswith("与先例不同的理由：本案审查人员知情。")) for s in said}
    assert kept == {("supplement", False), ("accountable", True)}


def test_a_head_who_deviates_says_why_in_the_decision(bureau: Bureau) -> None:
    a_case(bureau).to_the_end()
    told = a_case(bureau).to(Stage.DECISION)
    item = told.item("signature")
    lighter = saying(told.content(item), "decisions", outcome="mitigate", reason="后果较重，从轻处理为宜。")
    with pytest.raises(Incomplete, match="请写明"):
        told.answer(item, lighter)
    told.answer(item, saying(lighter, "decisions", deviation="本案造成了财产损失。"))
    with bureau.register.reading() as session:
        signed = session.exec(select(Decision).where(Decision.case_id == told.case_id)).all()
    for row in signed:
        assert row.reason == "后果较重，从轻处理为宜。\n与先例不同的理由：本案造成了财产损失。"
        assert row.differs_reason == row.reason


def test_a_chair_who_breaks_a_tie_against_precedent_says_why(bureau: Bureau) -> None:
    a_case(bureau).to_the_end()
    told = at_the_ballot(a_case(bureau))
    votes = ["exempt", "exempt", "accountable", "accountable", "supplement"]
    for outcome, item in zip(votes, told.ballots(), strict=True):
        told.answer(item, saying(told.content(item), "votes", outcome=outcome, deviation="意见见发言。"))
    closing = told.item("close-session")
    ties = [
        {"respondent": r, "outcome": "accountable", "reason": "应当追究。"} for r in told.respondents.values()
    ]
    said = {"summary": "没有多数意见。", "ties": ties}
    with pytest.raises(Incomplete, match="请写明"):
        told.answer(closing, said)
    told.answer(closing, saying(said, "ties", deviation="本案审查人员知情。"))
    with bureau.register.reading() as session:
        rows = session.exec(select(Decision).where(Decision.case_id == told.case_id)).all()
    assert {row.reason for row in rows} == {"应当追究。\n与先例不同的理由：本案审查人员知情。"}


def test_a_case_of_another_tree_of_organs_is_no_precedent(bureau: Bureau) -> None:
    first = a_case(bureau).to_the_end()
    with bureau.register.writing() as session:
        elsewhere = Organ(code="hn", name="湖南", mark="湘市监", level="province")
        session.add(elsewhere)
        session.flush()
        session.get_one(Case, first.case_id).organ_id = elsewhere.id or 0
    told = a_case(bureau).to(Stage.MATCHING)
    assert [row["found"] for row in shown(told, "legal-review")] == [[], []]


def test_a_case_of_a_sister_county_is_one(bureau: Bureau) -> None:
    first = a_case(bureau).to_the_end()
    with bureau.register.writing() as session:
        home = session.get_one(Organ, bureau.organs["zj-yx"])
        sister = Organ(code="zj-ds", name="东山县", mark="章东市监", level="county", parent_id=home.parent_id)
        session.add(sister)
        session.flush()
        session.get_one(Case, first.case_id).organ_id = sister.id or 0
    told = a_case(bureau).to(Stage.MATCHING)
    assert [row["found"][0]["number"] for row in shown(told, "legal-review")] == ["章东市监责〔2026〕1号"] * 2


def test_reviewer_panel_and_head_of_a_round_see_the_same_precedents(bureau: Bureau) -> None:
    told = at_the_ballot(a_case(bureau))
    a_case(bureau).to_the_end()
    assert [row["found"] for row in shown(told, "ballot")] == [[], []]
    told.to(Stage.DECISION)
    assert [row["found"] for row in shown(told, "signature")] == [[], []]
    anew = a_case(bureau).to(Stage.MATCHING)
    assert all(row["found"] for row in shown(anew, "legal-review"))
    anew.answer(anew.item("legal-review"), {"verdict": "supplement", "reason": "请补充受理时间的证据。"})
    told.to_the_end()
    anew.to(Stage.MATCHING)
    assert [len(row["found"]) for row in shown(anew, "legal-review")] == [2, 2]
