"""免责与问责对照: neither a cover nor a scapegoat."""

import pytest

from models.handbook import load_edition
from models.rules.clauses import Status, match
from models.rules.decision import Outcome
from models.rules.duties import DutyResult
from models.rules.symmetry import Balance, symmetric

BOOK = load_edition("2019").rulebook
YES, NO = Status.ESTABLISHED, Status.REFUTED
SCOPE = dict.fromkeys(
    ("conduct-in-enforcement", "officer-in-charge", "within-applicable-period", "allegation-substantiated"),
    YES,
)
DONE, MISSED = {"a": DutyResult.DONE}, {"a": DutyResult.DONE, "b": DutyResult.NOT_DONE}


def test_nobody_is_held_to_account_for_nothing() -> None:
    empty = symmetric(match(BOOK, SCOPE), DONE, [])
    assert empty.balance is Balance.EMPTY
    assert "追究没有依据" in (empty.refusal(Outcome.ACCOUNTABLE) or "")
    assert empty.refusal(Outcome.NO_FAULT) is None


def test_a_missed_duty_carries_accountability_and_denies_that_there_was_no_fault() -> None:
    found = symmetric(match(BOOK, SCOPE), MISSED, [])
    assert found.balance is Balance.ACCOUNTING
    assert found.duties_missed == ("b",)
    assert found.refusal(Outcome.ACCOUNTABLE) is None
    assert "不能同时认定不构成过错" in (found.refusal(Outcome.NO_FAULT) or "")


def test_a_negative_gate_is_a_ground_of_accountability() -> None:
    found = symmetric(match(BOOK, SCOPE | {"private-gain": YES}), DONE, [])
    assert found.bars
    assert found.refusal(Outcome.ACCOUNTABLE) is None


def test_grounds_on_both_sides_are_weighed_by_people() -> None:
    both = symmetric(match(BOOK, SCOPE), MISSED, ["mitigate-1"])
    assert both.balance is Balance.BOTH
    assert both.refusal(Outcome.MITIGATE) is None
    assert both.refusal(Outcome.ACCOUNTABLE) is None


def test_a_record_that_denies_itself_closes_nothing_but_a_transfer() -> None:
    rule = BOOK.implications[0]
    opposite = {YES: NO, NO: YES}[rule.then_status]
    clash = symmetric(match(BOOK, SCOPE | {rule.fact: rule.status, rule.then: opposite}), DONE, ["exempt-41"])
    assert clash.balance is Balance.CONTRADICTORY
    assert "自相矛盾" in (clash.refusal(Outcome.EXEMPT) or "")
    assert clash.refusal(Outcome.TRANSFER) is None


@pytest.mark.parametrize("balance", list(Balance))
def test_every_balance_has_its_words(balance: Balance) -> None:
    assert balance.zh
