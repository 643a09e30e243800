"""版次比较: the same facts under two texts."""

from dataclasses import replace

import pytest

from models.handbook import load_edition
from models.rules.clauses import Status
from models.rules.comparison import compare
from models.rules.decision import Outcome
from models.rules.logic import All, Fact
from models.rules.rulebook import Clause, Effect, Rulebook

BOOK = load_edition("2019").rulebook
YES, NO = Status.ESTABLISHED, Status.REFUTED
KNOWN = dict.fromkeys(
    (
        "conduct-in-enforcement",
        "officer-in-charge",
        "within-applicable-period",
        "allegation-substantiated",
        "duties-all-performed",
        "duties-performed-except-flagged",
        "reported-others-fault",
        "merit-verified",
    ),
    YES,
)
ONE = "mitigate-3"


def changed(clause: str, **parts: object) -> Rulebook:
    """The edition with one clause written otherwise."""
    clauses = [replace(c, **parts) if c.id == clause else c for c in BOOK.clauses]
    return replace(BOOK, clauses=tuple(clauses))


def without(clause: str) -> Rulebook:
    return replace(BOOK, clauses=tuple(c for c in BOOK.clauses if c.id != clause))


def test_the_same_edition_changes_nothing() -> None:
    same = compare(BOOK, BOOK, KNOWN, conclusion="complete")
    assert not same.changed
    assert not same.more_lenient
    assert not same.stricter
    assert same.before == same.after
    assert ONE in same.before.clauses


def test_a_clause_whose_elements_are_no_longer_met_is_lost_and_closes_what_it_opened() -> None:
    only = replace(BOOK, clauses=tuple(c for c in BOOK.clauses if c.id == ONE))
    harder = replace(
        only,
        clauses=(
            replace(only.clauses[0], requires=All((Fact("merit-verified"), Fact("loss-recovered-in-full")))),
        ),
        questions=BOOK.questions | {"loss-recovered-in-full": "是否挽回了全部损失？"},
    )
    seen = compare(only, harder, KNOWN, conclusion="complete")
    assert (seen.gained, seen.lost) == ((), (ONE,))
    assert (seen.opened, seen.closed) == ((), (Outcome.MITIGATE,))
    assert (seen.before.effect, seen.after.effect) == (Effect.MITIGATE, None)
    assert seen.stricter
    back = compare(harder, only, KNOWN, conclusion="complete")
    assert (back.gained, back.opened) == ((ONE,), (Outcome.MITIGATE,))
    assert back.more_lenient


def test_what_mitigated_and_now_exempts_is_more_lenient() -> None:
    only = replace(BOOK, clauses=tuple(c for c in BOOK.clauses if c.id == ONE))
    milder = replace(only, clauses=(replace(only.clauses[0], effect=Effect.EXEMPT),))
    seen = compare(only, milder, KNOWN, conclusion="complete")
    assert (seen.gained, seen.lost) == ((), ())
    assert seen.opened == (Outcome.EXEMPT,)
    assert (seen.before.zh, seen.after.zh) == ("可以从轻或减轻", "可以免于追究")
    assert seen.more_lenient


def test_a_bar_on_both_sides_leaves_both_closed() -> None:
    seen = compare(BOOK, BOOK, KNOWN | {"private-gain": YES}, conclusion="complete", confirmed=["exempt-11"])
    assert Outcome.EXEMPT not in seen.before.open | seen.after.open


def test_what_people_confirmed_stands_unless_the_edition_after_has_lost_it() -> None:
    added = "exempt-50"  # by the reviewer alone: no fact carries it
    seen = compare(BOOK, BOOK, KNOWN, conclusion="complete", confirmed=[added, ONE])
    assert seen.after.clauses[:2] == (added, ONE)
    gone = compare(BOOK, without(added), KNOWN, conclusion="complete", confirmed=[added])
    assert added not in gone.after.clauses
    assert gone.closed == (Outcome.EXEMPT, Outcome.MITIGATE)
    lost = compare(BOOK, changed(ONE, requires=Fact("gross-negligence")), KNOWN, conclusion="complete", confirmed=[ONE])  # fmt: skip
    assert lost.lost == (ONE,)
    assert ONE not in lost.after.clauses


def test_a_fact_the_edition_after_does_not_ask_about_is_named_and_left_out() -> None:
    wider = replace(BOOK, questions=BOOK.questions | {"asked-once": "当时问过、后来不问的事实？"})
    seen = compare(wider, BOOK, KNOWN | {"asked-once": YES}, conclusion="complete")
    assert seen.unasked == ("asked-once",)
    assert not seen.changed


@pytest.mark.parametrize(
    ("conclusion", "open_"), [("unfounded", Outcome.NO_FAULT), ("transfer", Outcome.TRANSFER)]
)
def test_where_the_verification_leaves_one_outcome_no_edition_opens_another(
    conclusion: str, open_: Outcome
) -> None:
    seen = compare(BOOK, without(ONE), KNOWN, conclusion=conclusion)
    assert seen.before.open == seen.after.open == {open_}
    assert not seen.more_lenient


def test_a_matter_for_another_authority_stays_there_under_any_edition() -> None:
    known = KNOWN | {"criminal-threshold-possible": YES}
    assert compare(BOOK, BOOK, known, conclusion="complete").after.open == {Outcome.TRANSFER}


def test_clauses_are_read_by_their_effect_not_by_their_name() -> None:
    named = Clause(**{f: getattr(BOOK.clauses[2], f) for f in Clause.__dataclass_fields__} | {"id": "new-1"})
    book = replace(BOOK, clauses=(named,))
    assert compare(book, book, KNOWN, conclusion="complete").before.effect is Effect.MITIGATE
