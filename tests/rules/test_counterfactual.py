"""反事实核对: what is missing, and that asking for it keeps its word."""

from hypothesis import given, settings
from hypothesis import strategies as st

from models.handbook import load_edition
from models.rules.clauses import Outcome, Status, match
from models.rules.counterfactual import counterfactual, ways
from models.rules.logic import All, AnyOf, Fact, Not, leaves, value

BOOK = load_edition("2019").rulebook
YES, NO, OPEN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN
CLEAN = dict.fromkeys(
    (
        "conduct-in-enforcement",
        "officer-in-charge",
        "within-applicable-period",
        "allegation-substantiated",
        "duties-all-performed",
        "during-licensing",
    ),
    YES,
) | dict.fromkeys((fact for gate in BOOK.gates if gate.bars and gate.tree for fact in leaves(gate.tree)), NO)
FORGED = CLEAN | dict.fromkeys(
    ("materials-untrue", "error-caused-by-materials", "decision-inaccurate", "materials-formally-complete"),
    YES,
)
trees = st.recursive(
    st.sampled_from("abcd").map(Fact),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)
statuses = st.dictionaries(st.sampled_from("abcd"), st.sampled_from([YES, NO]), max_size=4)


def holding(facts: dict[str, Status]) -> set[str]:
    kept = {Outcome.ESTABLISHED, Outcome.PROVISIONAL, Outcome.DISPLACED}
    return {m.clause_id for m in match(BOOK, facts).matches if m.outcome in kept}


def test_one_missing_element_is_found_as_the_smallest_turn() -> None:
    lacking = {f: s for f, s in FORGED.items() if f != "materials-formally-complete"}
    found = [t for t in counterfactual(BOOK, lacking).smallest if "exempt-41" in t.gained]
    assert [turn.facts for turn in found] == [(("materials-formally-complete", YES),)]
    assert found[0].towards


def test_what_would_take_a_clause_away_is_told_too() -> None:
    against = {t.facts[0][0]: t for t in counterfactual(BOOK, FORGED).against if len(t.facts) == 1}
    assert "exempt-41" in against["knew-materials-false"].lost
    assert not against["knew-materials-false"].towards


def test_an_unasked_gate_is_named_as_what_would_bar() -> None:
    unasked = {f: s for f, s in FORGED.items() if f != "private-gain"}
    barred = [t for t in counterfactual(BOOK, unasked).turns if t.barred_by]
    assert (("private-gain", YES),) in [turn.facts for turn in barred]


def test_a_result_that_nothing_open_can_change_has_no_turn() -> None:
    everything = dict.fromkeys(BOOK.questions, NO) | {"conduct-in-enforcement": NO}
    assert counterfactual(BOOK, everything).turns == ()


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(BOOK.questions)), st.sampled_from([YES, NO]), max_size=40),
)
def test_every_turn_keeps_its_word_and_asks_only_for_what_is_open(extra: dict[str, Status]) -> None:
    facts = extra | CLEAN
    before = holding(facts)
    for turn in counterfactual(BOOK, facts).turns[:20]:
        assert not {fact for fact, _ in turn.facts} & set(facts)
        after = holding(facts | dict(turn.facts))
        assert set(turn.gained) == after - before
        assert set(turn.lost) == before - after


@given(trees, statuses)
def test_every_way_gives_the_tree_its_value_and_none_is_longer_than_needed(
    tree: Fact | All | AnyOf | Not, known: dict[str, Status]
) -> None:
    for want in (YES, NO):
        found = ways(tree, known, want)
        for way in found:
            assert value(tree, known | dict(way)) is want
            for left_out in way:
                assert value(tree, known | dict(way - {left_out})) is not want or len(found) > 1
        if value(tree, known) is want:
            assert found == (frozenset(),)
