"""相近先例: like cases alike, and a reason where they are not."""

from dataclasses import replace
from datetime import date

import pytest

from models.handbook import load_edition
from models.rules.clauses import Status
from models.rules.decision import Outcome
from models.rules.precedents import MOST, Conduct, Decided, conduct, nearest, similarity, weights

WEIGHTS = weights(load_edition("2019").rulebook)
YES, NO, OPEN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN
OWN = Conduct("reviewer", frozenset({"exempt-41"}), frozenset({"formal-review-done", "materials-untrue"}))


def decided(case: str, own: Conduct = OWN, outcome: Outcome = Outcome.EXEMPT) -> Decided:
    return Decided(
        case_id=case,
        number=f"章云市监责〔2025〕{case}号",
        year=2025,
        edition="2019",
        conduct_on=date(2024, 5, 6),
        conclusion="complete",
        post=own.post,
        known=dict.fromkeys(own.facts, YES),
        proposed=own.clauses,
        confirmed=own.clauses,
        outcome=outcome,
        conduct=own,
    )


def test_only_what_is_established_is_compared() -> None:
    known = {"formal-review-done": YES, "knew-materials-false": NO, "quota-met": OPEN}
    assert conduct("handler", ["exempt-41"], known).facts == {"formal-review-done"}


def test_the_same_conduct_is_wholly_alike_and_nothing_in_common_is_not() -> None:
    other = Conduct("handler", frozenset({"exempt-01"}), frozenset({"self-reported-own-fault"}))
    assert similarity(OWN, OWN, WEIGHTS) == 1
    assert similarity(OWN, other, WEIGHTS) == 0
    assert similarity(OWN, other, WEIGHTS) == similarity(other, OWN, WEIGHTS)


@pytest.mark.parametrize(
    ("changed", "alike"),
    [
        pytest.param({"post": "handler"}, 5 / 7, id="岗位不同，差一项"),
        pytest.param({"facts": OWN.facts | {"urgent-rescue"}}, 6 / 7, id="多一项普通事实"),
        pytest.param({"facts": OWN.facts | {"private-gain"}}, 6 / 9, id="谋取私利与一项条款同等重要"),
        pytest.param({"facts": OWN.facts | {"gross-negligence"}}, 6 / 9, id="重大过失同样重要"),
        pytest.param({"clauses": OWN.clauses | {"exempt-42"}}, 6 / 9, id="多一项条款"),
        pytest.param({"facts": OWN.facts | {"officer-in-charge", "during-licensing"}}, 1, id="每案都有的事实不计"),
    ],
)  # fmt: skip
def test_what_weighs_how_much(changed: dict, alike: float) -> None:
    assert similarity(OWN, replace(OWN, **changed), WEIGHTS) == pytest.approx(alike)


def test_the_nearest_come_first_one_of_each_case_and_of_equals_the_latest() -> None:
    far = replace(OWN, post="handler")
    known = [decided("7", far), decided("6"), decided("5"), decided("5", far), decided("4", far)]
    found = nearest(OWN, known, WEIGHTS).found
    assert [p.decided.case_id for p in found] == ["6", "5", "7", "4"]
    assert found[0].similarity == 1
    assert found[0].shared_clauses == ("exempt-41",)
    assert found[0].shared_facts == ("formal-review-done", "materials-untrue")
    assert len(nearest(OWN, [decided(str(n)) for n in range(9)], WEIGHTS).found) == MOST


def test_what_is_less_than_half_alike_is_no_precedent() -> None:
    half = Conduct(
        "reviewer", frozenset({"exempt-41"}), frozenset(OWN.facts | {"a", "b", "c", "d", "e", "f"})
    )
    assert similarity(OWN, half, WEIGHTS) == 0.5
    assert nearest(OWN, [decided("1", half)], WEIGHTS).found
    less = replace(half, facts=half.facts | {"g"})
    assert nearest(OWN, [decided("1", less)], WEIGHTS).found == ()


def test_nothing_is_like_conduct_of_which_nothing_telling_is_known() -> None:
    bare = Conduct("reviewer", frozenset(), frozenset({"officer-in-charge"}))
    assert nearest(bare, [decided("1", bare)], WEIGHTS).found == ()
    assert nearest(bare, [], WEIGHTS).leaning is None


@pytest.mark.parametrize(
    ("outcomes", "leaning"),
    [
        ([], None),
        (["exempt"], Outcome.EXEMPT),
        (["exempt", "accountable"], None),
        (["exempt", "exempt", "accountable"], Outcome.EXEMPT),
        (["exempt", "exempt", "exempt", "mitigate", "accountable"], None),
        (["mitigate", "mitigate", "mitigate", "mitigate", "accountable"], Outcome.MITIGATE),
    ],
)
def test_precedents_agree_when_two_in_three_do(outcomes: list[str], leaning: Outcome | None) -> None:
    known = [decided(str(n), outcome=Outcome(o)) for n, o in enumerate(outcomes)]
    assert nearest(OWN, known, WEIGHTS).leaning is leaning


def test_deviating_asks_for_a_reason_and_names_the_precedent() -> None:
    one = nearest(OWN, [decided("3")], WEIGHTS)
    refusal = one.refusal(Outcome.ACCOUNTABLE, "")
    assert refusal
    assert "章云市监责〔2025〕3号的结论是『免于追究』" in refusal
    assert "请写明" in refusal
    assert one.refusal(Outcome.ACCOUNTABLE, "……") == refusal
    assert one.refusal(Outcome.ACCOUNTABLE, "本案经办人知情。") is None
    three = nearest(OWN, [decided("3"), decided("2"), decided("1", outcome=Outcome.MITIGATE)], WEIGHTS)
    assert "章云市监责〔2025〕3号等 2 件" in (three.refusal(Outcome.NO_FAULT, "") or "")


def test_what_agrees_or_judges_nothing_needs_no_reason() -> None:
    one = nearest(OWN, [decided("3")], WEIGHTS)
    assert one.refusal(Outcome.EXEMPT, "") is None
    assert one.refusal(Outcome.TRANSFER, "") is None
    split = nearest(OWN, [decided("1"), decided("2", outcome=Outcome.ACCOUNTABLE)], WEIGHTS)
    assert split.refusal(Outcome.ACCOUNTABLE, "") is None
