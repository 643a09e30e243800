"""说理: the tree says what the matcher said, down to the evidence."""

import pytest

from models.handbook import load_edition
from models.rules.clauses import Status, Verdict, match
from models.rules.errors import NotFound
from models.rules.explanation import Ground, Node, Part, explain
from models.rules.logic import leaves
from tests.rules.test_counterfactual import FORGED

BOOK = load_edition("2019").rulebook
YES, NO, OPEN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN
GROUNDS = {"materials-untrue": Ground((2, 5), "鉴定为伪造", ("赵敏", "孙浩"))}


def tree(facts: dict[str, Status], clause: str = "exempt-41") -> Node:
    return explain(BOOK, match(BOOK, facts), facts, clause, GROUNDS)


def node(root: Node, part: Part) -> Node:
    return next(found for _, found in root.walk() if found.part is part)


def test_the_tree_begins_with_the_exact_text_and_ends_with_evidence_and_names() -> None:
    told = tree(FORGED)
    assert told.text.endswith(load_edition("2019").clauses["exempt-41"].text)
    leaf = next(found for _, found in told.walk() if found.fact == "materials-untrue")
    assert (leaf.zh, leaf.ground) == ("属实", GROUNDS["materials-untrue"])


def test_every_element_of_the_clause_is_in_the_tree() -> None:
    told = {found.fact for _, found in node(tree(FORGED), Part.ELEMENTS).walk() if found.fact}
    requires = load_edition("2019").clauses["exempt-41"].requires
    assert requires is not None
    assert told == set(leaves(requires))


def test_the_refuted_element_is_where_the_tree_fails() -> None:
    told = tree(FORGED | {"materials-formally-complete": NO})
    assert told.status is NO
    assert node(told, Part.ELEMENTS).status is NO
    failing = [n.fact for _, n in node(told, Part.ELEMENTS).walk() if n.fact and n.status is NO]
    assert failing == ["materials-formally-complete"]


def test_a_gate_shows_in_the_negative_list_and_not_in_the_elements() -> None:
    told = tree(FORGED | {"private-gain": YES})
    assert told.status is NO
    assert node(told, Part.BARS).status is YES
    assert node(told, Part.ELEMENTS).status is YES


def test_what_was_not_found_but_follows_says_why() -> None:
    rule, asked = next(
        (rule, clause.id)
        for rule in BOOK.implications
        for clause in BOOK.clauses
        if rule.then_status is YES
        and rule.then not in FORGED
        and clause.requires is not None
        and rule.then in leaves(clause.requires)
    )
    facts = FORGED | {rule.fact: rule.status}
    leaf = next(n for _, n in tree(facts, asked).walk() if n.fact == rule.then)
    assert leaf.status is YES
    assert leaf.inferred


@pytest.mark.parametrize("clause", [c.id for c in BOOK.clauses])
def test_the_head_of_every_tree_agrees_with_the_matcher(clause: str) -> None:
    says = {Verdict.MET: YES, Verdict.NOT_MET: NO, Verdict.NOT_PROVEN: OPEN}
    for facts in ({}, FORGED, FORGED | {"private-gain": YES}):
        found = match(BOOK, facts).match_of(clause)
        told = tree(facts, clause)
        if found.outcome.value not in ("provisional", "displaced"):
            assert told.status is says[found.verdict]


def test_a_clause_the_edition_does_not_have_is_refused() -> None:
    with pytest.raises(NotFound):
        tree(FORGED, "exempt-99")


def test_each_part_is_answered_in_words_that_fit_what_it_asks() -> None:
    told = tree(FORGED)
    assert node(told, Part.BARS).zh == "没有触及"
    assert node(told, Part.LOCK).zh == "待查明"
    assert node(tree(FORGED | {"private-gain": YES}), Part.BARS).zh == "已触及"
    absent = next(
        n for _, n in tree({"adverse-consequence-occurred": NO}, "exempt-14").walk() if n.part is Part.NOT
    )
    assert (absent.text, absent.zh, absent.fact) == (
        "没有“造成不良后果”的情形",
        "属实",
        "adverse-consequence-occurred",
    )


def test_of_several_ways_only_those_that_hold_are_shown() -> None:
    shown = {n.fact for n in node(tree(FORGED), Part.ELEMENTS).deciding}
    assert "materials-untrue" in shown
    assert "report-defective" not in shown
