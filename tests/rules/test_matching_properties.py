"""条款匹配: what holds whatever the facts, starting from the cases jurists wrote; and rulebooks that are refused."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.handbook import HandbookError
from models.handbook.loader import in_order
from models.handbook.reading import Entry
from models.handbook.rules import read_clauses
from models.rules.clauses import Effect, Matching, Outcome, Status, Verdict, match
from models.rules.logic import Fact, Tree, close, leaves
from models.rules.rulebook import Clause
from tests.rules.jurist import EDITION, SENTENCES

BOOK = EDITION.rulebook
ESTABLISHED, REFUTED, UNPROVEN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN
BAR_FACTS = sorted({fact for gate in BOOK.gates if gate.bars and gate.tree for fact in leaves(gate.tree)})

fast = settings(max_examples=50, deadline=None)
decided = st.sampled_from([ESTABLISHED, REFUTED])
any_fact = st.sampled_from(sorted(BOOK.questions))
# Chance alone hardly ever makes a clause hold, so most records start from a case in which one does.
cases = st.sampled_from([sentence.facts() for sentence in SENTENCES])
noise = st.dictionaries(any_fact, st.sampled_from(list(Status)), max_size=30)
records = st.builds(lambda case, more: {**more, **case}, cases, noise) | noise


def verdicts(matching: Matching) -> dict[str, Verdict]:
    return {found.clause_id: found.verdict for found in matching.matches}


@settings(max_examples=150, deadline=None)
@given(whole=records, data=st.data())
def test_proving_what_was_open_never_reopens_what_was_decided(
    whole: dict[str, Status], data: st.DataObject
) -> None:
    """Met stays met and failed stays failed, except on a record that comes to deny itself.

    A contradicted fact counts as unproven (close), so a clause that rested on it is open again: it would
    be wrong to keep it. Even then a clause that was met never turns into one that fails.
    """
    later = data.draw(st.sets(st.sampled_from(sorted(whole) or [""]), max_size=3))
    facts = {fact: status for fact, status in whole.items() if fact not in later}
    answers = data.draw(st.fixed_dictionaries(dict.fromkeys(sorted(later - {""}), decided)))
    more = data.draw(st.dictionaries(any_fact, decided, max_size=8)) | answers
    known, denied = close(facts, BOOK.implications)
    settled = {*known, *(clash.fact for clash in denied)}
    open_before = {fact: status for fact, status in more.items() if fact not in settled}
    before, after = match(BOOK, facts), match(BOOK, facts | open_before)
    new_denial = after.contradictions != before.contradictions
    for clause_id, verdict in verdicts(before).items():
        now = after.match_of(clause_id).verdict
        if verdict is Verdict.MET:
            assert now is Verdict.MET or (new_denial and now is Verdict.NOT_PROVEN), clause_id
        if verdict is Verdict.NOT_MET and not new_denial:
            assert now is Verdict.NOT_MET, clause_id


def test_a_record_that_denies_itself_does_reopen_a_clause() -> None:
    # The exception above is real: the full duty list and a neglected inspection cannot both be true.
    sentence = next(s for s in SENTENCES if s.clauses == ("exempt-26",) and s.raw["预期"] == "成立")
    matching = match(BOOK, sentence.facts() | {"inspection-duty-neglected": ESTABLISHED})
    assert [clash.fact for clash in matching.contradictions] == ["duties-all-performed"]
    assert matching.match_of("exempt-26").outcome is Outcome.HELD_BY_PREMISE


@fast
@given(facts=records, data=st.data())
def test_neither_the_order_of_facts_nor_of_inferences_matters(
    facts: dict[str, Status], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(facts.items()))))
    assert match(BOOK, facts) == match(BOOK, shuffled)
    rules = tuple(data.draw(st.permutations(BOOK.implications)))
    closed, denied = close(facts, BOOK.implications)
    again, denied_again = close(facts, rules)
    assert (closed, [clash.fact for clash in denied]) == (again, [clash.fact for clash in denied_again])


@fast
@given(facts=records, fact=any_fact)
def test_a_fact_said_to_be_unproven_is_a_fact_nobody_mentioned(facts: dict[str, Status], fact: str) -> None:
    silent = {known: status for known, status in facts.items() if known != fact}
    assert match(BOOK, silent | {fact: UNPROVEN}) == match(BOOK, silent)


@fast
@given(facts=records, bar=st.sampled_from(BAR_FACTS))
def test_an_established_bar_beats_every_exemption(facts: dict[str, Status], bar: str) -> None:
    matching = match(BOOK, facts | {bar: ESTABLISHED})
    assert matching.barred_by
    spared = [
        m for m in matching.matches if m.clause.effect is Effect.EXEMPT and m.verdict is not Verdict.NOT_MET
    ]
    assert spared == []


def _trees_of(clause: Clause) -> Iterable[Tree | None]:
    yield clause.requires
    yield from (basis.tree for basis in clause.named_bases)
    yield clause.legal_review.when if clause.legal_review else None
    yield BOOK.premises[clause.premise].tree
    for gate in BOOK.gates:
        yield gate.tree
        yield gate.by_category.get(clause.category)


def _mentioned(clause: Clause) -> set[str]:
    """Every fact that may touch the clause: its own, its gates', its betters', and what they follow from."""
    betters = (EDITION.clauses[other] for other in clause.yields_to)
    found = {fact for tree in _trees_of(clause) if tree for fact in leaves(tree)}
    found |= {out.fact for out in clause.excludes}
    found |= set(clause.legal_review.checks if clause.legal_review else ())
    found |= {fact for better in betters for fact in _mentioned(better)}
    while more := {rule.fact for rule in BOOK.implications if rule.then in found} - found:
        found |= more
    return found


UNRELATED = {clause.id: sorted(set(BOOK.questions) - _mentioned(clause)) for clause in BOOK.clauses}


@fast
@given(facts=records, clause=st.sampled_from(BOOK.clauses), data=st.data())
def test_a_fact_the_clause_never_mentions_changes_not_a_word_of_its_match(
    facts: dict[str, Status], clause: Clause, data: st.DataObject
) -> None:
    more = data.draw(st.dictionaries(st.sampled_from(UNRELATED[clause.id]), decided, max_size=20))
    assert match(BOOK, facts | more).match_of(clause.id) == match(BOOK, facts).match_of(clause.id)


@fast
@given(facts=records)
def test_a_match_never_says_more_than_its_verdict(facts: dict[str, Status]) -> None:
    for found in match(BOOK, facts).matches:
        if found.verdict is Verdict.MET:
            assert (found.missing, found.refuted, found.defeated_by, found.to_rule_out) == ((),) * 4
            assert not found.clause.catch_all
        assert (found.outcome is Outcome.DISPLACED) == bool(found.displaced_by)


# --- rulebooks that are refused ----------------------------------------------------------------------

FACTS = ("one", "two", "three")
PERIOD = (date(2019, 11, 21), None)


def _entry(clause_id: str, requires: object = "one", yields_to: Iterable[str] = ()) -> dict[str, object]:
    return {
        "id": clause_id,
        "ref": f"五({clause_id})",
        "category": "general",
        "effect": "exempt",
        "text": "……的。",
        "premise": "strict",
        "requires": requires,
        "in_force_from": PERIOD[0],
        "source": "实施意见",
        "yields_to": list(yields_to),
    }


def _read(*entries: Mapping[str, object]) -> dict[str, Clause]:
    top = Entry("2019/clauses.yaml", "", {"clauses": list(entries)})
    return read_clauses(top, FACTS, {}, categories=("general",), premises=("strict",), period=PERIOD)


trees = st.recursive(
    st.sampled_from(FACTS),
    lambda part: (
        st.builds(
            lambda word, parts: {word: parts},
            st.sampled_from(["all", "any"]),
            st.lists(part, min_size=1, max_size=3),
        )
        | st.builds(lambda one: {"not": one}, part)
    ),
    max_leaves=8,
)


def _with_stranger(raw: object, path: list[int]) -> object:
    """The same condition with one leaf, reached along the path, replaced by a fact nobody defined."""
    if isinstance(raw, str):
        return "stranger"
    assert isinstance(raw, dict)
    ((word, body),) = raw.items()
    if word == "not":
        return {word: _with_stranger(body, path)}
    chosen = (path.pop() if path else 0) % len(body)
    return {word: [_with_stranger(part, path) if n == chosen else part for n, part in enumerate(body)]}


@fast
@given(tree=trees, path=st.lists(st.integers(0, 2), max_size=8))
def test_an_unknown_fact_anywhere_in_a_condition_is_refused_by_file_entry_and_name(
    tree: object, path: list[int]
) -> None:
    assert set(leaves(_read(_entry("a", tree))["a"].requires or Fact(""))) <= set(FACTS)
    with pytest.raises(HandbookError, match="2019/clauses.yaml：a：requires 引用了未定义的事实 stranger"):
        _read(_entry("a", _with_stranger(tree, path)))


@fast
@given(data=st.data(), ids=st.permutations("abcdefg"))
def test_clauses_that_give_way_in_a_circle_are_refused_and_a_chain_is_not(
    data: st.DataObject, ids: list[str]
) -> None:
    towards = {
        one: data.draw(st.sets(st.sampled_from(ids[n + 1 :] or [""]))) - {""} for n, one in enumerate(ids)
    }
    entries = [_entry(one, yields_to=sorted(towards[one])) for one in sorted(ids)]
    assert set(_read(*entries)) == set(ids)
    back = data.draw(st.integers(1, len(ids) - 1))
    ring = {
        one: {*towards[one], ids[(n + 1) % (back + 1)]} if n <= back else towards[one]
        for n, one in enumerate(ids)
    }
    with pytest.raises(HandbookError, match=r"2019/clauses.yaml：[a-g]：yields_to 首尾相接：[a-g] → [a-g]"):
        _read(*(_entry(one, yields_to=sorted(ring[one])) for one in sorted(ids)))


days = st.integers(0, 3000).map(lambda n: date(2019, 11, 21) + timedelta(days=n))


@fast
@given(starts=st.lists(days, min_size=2, max_size=5, unique=True), data=st.data())
def test_editions_that_overlap_by_a_single_day_are_refused_by_name(
    starts: list[date], data: st.DataObject
) -> None:
    starts = sorted(starts)
    ends = [begins - timedelta(days=1) for begins in starts[1:]]
    apart = [
        replace(EDITION, id=f"{n}", in_force_from=begins, in_force_until=until)
        for n, (begins, until) in enumerate(zip(starts, [*ends, None], strict=True))
    ]
    assert in_order(data.draw(st.permutations(apart))) == tuple(apart)
    late = data.draw(st.integers(0, len(apart) - 2))
    over = data.draw(st.none() | st.integers(1, 900).map(lambda n: ends[late] + timedelta(days=n)))
    apart[late] = replace(apart[late], in_force_until=over)
    with pytest.raises(
        HandbookError, match=f"{late}/edition.yaml：in_force_until：与 {late + 1} 版的施行期间重叠"
    ):
        in_order(data.draw(st.permutations(apart)))
