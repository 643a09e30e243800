"""条款匹配: what a match tells people, and how it treats gates, premises and records that deny themselves.

What each clause says of a case is in sentences/*.yaml.
"""

from dataclasses import replace

import pytest

from models.handbook import load_edition
from models.rules.clauses import Outcome, Status, Verdict, match
from models.rules.counterfactual import ways
from models.rules.errors import NotFound
from models.rules.logic import All, TreeFault, close, parse_tree, value
from tests.rules.jurist import facts_of

BOOK = load_edition("2019").rulebook
ESTABLISHED, REFUTED, UNPROVEN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN


def test_matches_stand_in_handbook_order_and_proposed_are_those_that_hold() -> None:
    facts = facts_of("尽职", "检查环节", established=["standard-missing", "unforeseeable-at-time"])
    matching = match(BOOK, facts)
    assert [found.clause_id for found in matching.matches] == [clause.id for clause in BOOK.clauses]
    assert [found.clause_id for found in matching.proposed] == ["exempt-26"]
    assert matching.match_of("exempt-05").outcome is Outcome.DISPLACED
    assert all(found.outcome in (Outcome.ESTABLISHED, Outcome.PROVISIONAL) for found in matching.proposed)


def test_a_match_says_in_chinese_what_is_proven_what_is_missing_and_that_people_decide() -> None:
    facts = facts_of("尽职", "检查环节", established=["standard-missing", "unforeseeable-at-time"])
    met = match(BOOK, facts).match_of("exempt-26")
    assert met.reasons[0].startswith("五（二）3第（26）项的要件均已查明：")
    assert "“所涉产品、行为缺少应有的标准或者技术规范”（属实）" in met.reasons[0]
    assert "集体审议" in met.reasons[-1]
    missing = match(BOOK, {k: v for k, v in facts.items() if k != "unforeseeable-at-time"}).match_of(
        "exempt-26"
    )
    assert missing.verdict is Verdict.NOT_PROVEN
    assert missing.missing == ("unforeseeable-at-time",)
    assert "（未证明）" in missing.reasons[0]


def test_a_refusal_names_the_facts_that_refute_the_clause() -> None:
    facts = facts_of("尽职", refuted=["standard-missing", "rule-unclear"])
    found = match(BOOK, facts | {"during-inspection": ESTABLISHED}).match_of("exempt-26")
    assert found.outcome is Outcome.REFUTED
    assert found.refuted == ("rule-unclear", "standard-missing")
    assert found.legal_review is None


def test_a_bar_cites_the_policy_and_is_named_in_defeated_by() -> None:
    matching = match(BOOK, {"private-gain": ESTABLISHED})
    found = matching.match_of("exempt-26")
    assert found.outcome is Outcome.BARRED
    assert found.defeated_by == ("gate-private-gain",)
    assert found.missing == ("rule-unclear", "standard-missing", "unforeseeable-at-time")
    assert "实施意见四(二)" in found.reasons[0]
    assert [result.gate.id for result in matching.barred_by] == ["gate-private-gain"]


def test_a_bar_the_policy_does_not_write_says_that_it_is_inferred() -> None:
    found = match(BOOK, {"records-forged": ESTABLISHED}).match_of("exempt-26")
    assert "实施意见未列明，由公务员法第59条第7项推出" in found.reasons[0]


def test_a_bar_weighs_against_mitigation_without_barring_it() -> None:
    facts = facts_of("履职未核", established=["self-reported-own-fault", "reported-before-inquiry"])
    found = match(BOOK, facts | {"knowing-breach": ESTABLISHED}).match_of("mitigate-1")
    assert found.verdict is Verdict.MET
    assert any("从重或者不予减轻" in reason for reason in found.reasons)


def test_an_open_negative_gate_keeps_an_exemption_provisional_and_names_what_to_rule_out() -> None:
    facts = facts_of("尽职", "检查环节", established=["standard-missing", "unforeseeable-at-time"])
    found = match(BOOK, facts | {"records-forged": UNPROVEN}).match_of("exempt-26")
    assert found.outcome is Outcome.PROVISIONAL
    assert found.to_rule_out == ("records-forged",)
    assert found.verdict is Verdict.NOT_PROVEN


@pytest.mark.parametrize(
    "open_fact", ["officer-in-charge", "allegation-substantiated", "criminal-threshold-possible"]
)
def test_an_open_route_keeps_every_clause_provisional(open_fact: str) -> None:
    facts = facts_of("尽职", "检查环节", established=["standard-missing", "unforeseeable-at-time"])
    found = match(BOOK, facts | {open_fact: UNPROVEN}).match_of("exempt-26")
    assert (found.outcome, found.to_rule_out) == (Outcome.PROVISIONAL, (open_fact,))
    told = facts_of("履职未核", established=["self-reported-own-fault", "reported-before-inquiry"])
    assert match(BOOK, told | {open_fact: UNPROVEN}).match_of("mitigate-1").to_rule_out == (open_fact,)


def test_an_unknown_kind_of_act_keeps_its_clauses_provisional() -> None:
    facts = facts_of("尽职", established=["standard-missing", "unforeseeable-at-time"])
    found = match(BOOK, facts).match_of("exempt-26")
    assert (found.outcome, found.to_rule_out) == (Outcome.PROVISIONAL, ("during-inspection",))


@pytest.mark.parametrize("against", ["private-gain", "records-forged"])
def test_nobody_is_cleared_by_a_clause_against_an_established_bar(against: str) -> None:
    facts = {
        "allegation-substantiated": REFUTED,
        "during-licensing": ESTABLISHED,
        "duties-all-performed": ESTABLISHED,
    }
    facts |= facts_of(established=["formal-review-only-by-law", "formal-review-done"])
    cleared = match(BOOK, facts).match_of("exempt-42")
    assert (cleared.outcome, cleared.supporting) == (Outcome.SUPPORTS_CLEARING, True)
    assert match(BOOK, facts | {against: ESTABLISHED}).match_of("exempt-42").outcome is Outcome.NOT_REACHED


@pytest.mark.parametrize(
    "against",
    [
        {"duties-all-performed": REFUTED},
        {"during-licensing": REFUTED},
        {"defect-apparent-on-face": ESTABLISHED},
    ],
)
def test_a_clause_that_fails_does_not_support_clearing(against: dict[str, Status]) -> None:
    facts = facts_of(
        established=["formal-review-only-by-law", "formal-review-done"], refuted=["allegation-substantiated"]
    )
    assert match(BOOK, facts).match_of("exempt-42").outcome is Outcome.SUPPORTS_CLEARING
    assert match(BOOK, facts | against).match_of("exempt-42").outcome is Outcome.NOT_REACHED


def test_gross_negligence_is_a_caution_not_a_bar() -> None:
    facts = facts_of(
        "尽职", "检查环节", established=["standard-missing", "unforeseeable-at-time", "gross-negligence"]
    )
    found = match(BOOK, facts).match_of("exempt-26")
    assert found.verdict is Verdict.MET
    assert any(reason.startswith("重大过失：成立") for reason in found.reasons)


def test_a_clause_in_conflict_with_higher_law_only_asks_for_legal_review() -> None:
    facts = facts_of(
        "一项偏差",
        "处罚环节",
        established=["same-violation-multiple-laws", "not-best-provision-chosen"],
    )
    found = match(BOOK, facts).match_of("exempt-35")
    assert found.verdict is Verdict.NOT_PROVEN
    assert found.legal_review is not None
    assert found.legal_review.startswith("必须送法制审核：")
    assert "行政处罚法第29条" in found.legal_review


def test_a_condition_not_known_to_hold_raises_no_review_flag() -> None:
    facts = facts_of(
        "一项偏差",
        established=["consistent-with-superior-policy", "reform-or-development-benefit"],
    )
    assert match(BOOK, facts).match_of("exempt-01").legal_review is None
    flagged = match(BOOK, facts | {"law-or-discipline-violated": ESTABLISHED}).match_of("exempt-01")
    assert flagged.legal_review is not None
    assert flagged.legal_review.startswith("应当送法制审核：")


def test_a_blocked_clause_says_whether_it_would_hold_with_the_premise() -> None:
    facts = facts_of(
        "履职未核",
        "检查环节",
        established=["standard-missing", "unforeseeable-at-time"],
        refuted=["duties-all-performed"],
    )
    found = match(BOOK, facts).match_of("exempt-26")
    assert (found.outcome, found.defeated_by) == (Outcome.BLOCKED_BY_PREMISE, ("gate-premise",))
    assert "假如前提具备，本项要件成立" in found.reasons[0]


def test_a_displaced_clause_keeps_its_verdict_and_names_the_better_one() -> None:
    facts = facts_of("一项偏差", established=["acted-on-own-initiative", "losses-recovered"])
    found = match(BOOK, facts).match_of("mitigate-5")
    assert (found.outcome, found.verdict, found.displaced_by) == (
        Outcome.DISPLACED,
        Verdict.MET,
        ("exempt-15",),
    )


def test_a_catch_all_only_hints_at_a_written_basis() -> None:
    facts = facts_of("履职未核", established=["circumstance-minor", "corrected-promptly"])
    found = match(BOOK, facts).match_of("exempt-19")
    assert found.verdict is Verdict.NOT_PROVEN
    assert any("公务员法第61条第1款" in reason for reason in found.reasons)


def test_a_report_both_unfounded_and_out_of_scope_says_both() -> None:
    matching = match(BOOK, {"officer-in-charge": REFUTED, "allegation-substantiated": REFUTED})
    assert matching.unfounded
    assert matching.out_of_scope
    assert matching.proposed == ()


def test_what_follows_from_a_fact_is_drawn_without_being_recorded() -> None:
    # 实际收受不正当利益即为谋取个人利益，谋私与出于公心不并存。
    found = match(BOOK, {"improper-gain-obtained": ESTABLISHED})
    assert [result.gate.id for result in found.barred_by] == ["gate-private-gain"]
    assert found.match_of("exempt-12").outcome is Outcome.REFUTED


def test_a_record_that_denies_itself_is_reported_and_counts_as_unproven() -> None:
    facts = facts_of("尽职", "检查环节", established=["standard-missing", "unforeseeable-at-time"])
    matching = match(BOOK, facts | {"improper-gain-obtained": ESTABLISHED})
    assert [clash.fact for clash in matching.contradictions] == ["private-gain"]
    assert "“为个人、亲属或者他人谋取不正当利益”" in matching.notes[0]
    found = matching.match_of("exempt-26")
    assert found.outcome is Outcome.PROVISIONAL
    assert "private-gain" in found.to_rule_out


def test_nothing_is_inferred_from_a_contradicted_fact() -> None:
    closed, clashes = close(
        {"duties-all-performed": ESTABLISHED, "records-forged": ESTABLISHED}, BOOK.implications
    )
    assert [clash.fact for clash in clashes] == ["duties-all-performed"]
    assert closed == {"records-forged": ESTABLISHED}


def test_an_unknown_fact_or_clause_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match="no-such-fact"):
        match(BOOK, {"no-such-fact": ESTABLISHED})
    with pytest.raises(NotFound, match="exempt-99"):
        match(BOOK, {}).match_of("exempt-99")


def test_an_edition_without_a_category_gate_asks_no_category() -> None:
    bare = replace(BOOK, gates=tuple(gate for gate in BOOK.gates if not gate.by_category))
    facts = facts_of("尽职", established=["standard-missing", "unforeseeable-at-time"])
    assert match(bare, facts).match_of("exempt-26").verdict is Verdict.MET


@pytest.mark.parametrize(
    "raw", ["unknown", 7, {}, {"all": []}, {"all": "a"}, {"some": ["a"]}, {"all": ["a"], "any": ["a"]}]
)
def test_a_condition_of_another_shape_is_refused(raw: object) -> None:
    with pytest.raises(TreeFault):
        parse_tree(raw, {"a"})


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (ESTABLISHED, UNPROVEN, UNPROVEN, ESTABLISHED),
        (REFUTED, UNPROVEN, REFUTED, UNPROVEN),
        (ESTABLISHED, REFUTED, REFUTED, ESTABLISHED),
        (UNPROVEN, UNPROVEN, UNPROVEN, UNPROVEN),
        (ESTABLISHED, ESTABLISHED, ESTABLISHED, ESTABLISHED),
        (REFUTED, REFUTED, REFUTED, REFUTED),
    ],
)
def test_the_logic_is_kleenes(left: Status, right: Status, both: Status, either: Status) -> None:
    facts = {"a": left, "b": right}
    assert value(parse_tree({"all": ["a", "b"]}, facts), facts) is both
    assert value(parse_tree({"any": ["a", "b"]}, facts), facts) is either
    denied = value(parse_tree({"not": "a"}, facts), facts)
    assert denied is {ESTABLISHED: REFUTED, REFUTED: ESTABLISHED, UNPROVEN: UNPROVEN}[left]


def test_clauses_that_exclude_each_other_are_sent_to_a_person_with_the_reason() -> None:
    edition = load_edition("2019")
    pairs = [
        (clause, edition.clauses[other])
        for clause in edition.clauses.values()
        for other in clause.incompatible_with
        if clause.requires is not None and edition.clauses[other].requires is not None
    ]
    assert pairs
    warned = 0
    for clause, other in pairs:
        assert clause.requires is not None
        assert other.requires is not None
        together = ways(All((clause.requires, other.requires)), {})
        if not together:
            continue  # the trees themselves already exclude each other
        facts = facts_of("尽职", "处罚环节") | dict(together[0])
        facts |= dict.fromkeys((out.fact for c in (clause, other) for out in c.excludes), REFUTED)
        found = match(BOOK, facts)
        mine, its = found.match_of(clause.id), found.match_of(other.id)
        held = {Outcome.ESTABLISHED, Outcome.PROVISIONAL}
        if mine.outcome in held and its.outcome in held:
            warned += 1
            assert "互相排斥" in (mine.legal_review or "")
            assert other.label in (mine.legal_review or "")
    assert warned
