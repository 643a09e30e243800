"""规则句子: what a jurist wrote in sentences/*.yaml holds, and no clause, gate or collision is left out."""

import re
from collections import Counter
from collections.abc import Iterable

import pytest

from models.rules.clauses import Effect, Match, Matching, Outcome, Status, Verdict, match
from models.rules.rulebook import Clause, ReviewLevel
from tests.rules.jurist import (
    BASES,
    CLAUSES,
    EDITION,
    FOLDER,
    FOUND,
    GROUPS,
    KEYS,
    NAMES,
    NEEDED,
    OUTCOMES,
    REVIEWS,
    SENTENCES,
    SHORT,
    VERDICTS,
    ZH,
    Sentence,
)

EACH = pytest.mark.parametrize("sentence", [pytest.param(s, id=s.id) for s in SENTENCES])


def _agrees(found: Match, word: str) -> bool:
    if word in VERDICTS:
        return found.verdict is VERDICTS[word] and found.outcome is not Outcome.DISPLACED
    return found.outcome is OUTCOMES[word]


def _names(ids: Iterable[str]) -> set[str]:
    return {NAMES[one] for one in ids}


@EACH
def test_the_clauses_say_what_the_jurist_expects(sentence: Sentence) -> None:
    missing, unknown = NEEDED - set(sentence.raw), set(sentence.raw) - KEYS
    sentence.require(not missing, f"没有写 {'、'.join(sorted(missing))}")
    sentence.require(not unknown, f"不认识的项目 {'、'.join(sorted(unknown))}")
    matching = match(sentence.rules(), sentence.facts())
    sentence.require(not matching.contradictions, "；".join(matching.notes))
    for clause_id, word in sentence.expected.items():
        sentence.one_of(word, (*VERDICTS, *OUTCOMES), "结论")
        found = matching.match_of(clause_id)
        sentence.require(
            _agrees(found, word),
            f"{found.clause.ref}预期{word}，系统得出{ZH[found.outcome]}。理由：{' '.join(found.reasons)}",
        )
    for clause_id in sentence.clauses:
        _check_details(sentence, matching.match_of(clause_id))
    _check_gates(sentence, matching)


def _check_details(sentence: Sentence, found: Match) -> None:
    said: dict[str, set[str]] = {
        "因": _names(found.refuted or found.defeated_by),
        "尚缺": _names(found.missing),
        "待排除": _names(found.to_rule_out),
        "让位于": {CLAUSES[clause].ref for clause in found.displaced_by},
    }
    for key, system in said.items():
        if key in sentence.raw:
            wanted = set(sentence.raw[key])
            sentence.require(
                system == wanted,
                f"{found.clause.ref}的“{key}”应为{'、'.join(sorted(wanted)) or '无'}，系统得出{'、'.join(sorted(system)) or '无'}",
            )
    if "法制审核" in sentence.raw:
        wanted_review = REVIEWS[sentence.one_of(sentence.raw["法制审核"], REVIEWS, "法制审核要求")]
        review = found.legal_review or ""
        sentence.require(
            review.startswith(wanted_review) and bool(review) == bool(wanted_review),
            f"{found.clause.ref}的法制审核应为“{sentence.raw['法制审核']}”，系统写的是：{review or '无'}",
        )
    told = sentence.raw.get("写明", "")
    sentence.require(
        told in " ".join(found.reasons),
        f"{found.clause.ref}的说理没有写“{told}”，写的是：{' '.join(found.reasons)}",
    )


def _check_gates(sentence: Sentence, matching: Matching) -> None:
    said = {result.gate.zh: result.status for result in matching.gates}
    for gate, word in sentence.raw.get("闸门", {}).items():
        sentence.require(
            said[sentence.one_of(gate, said, "闸门")] is FOUND[word],
            f"“{gate}”应为{word}，系统得出{said[gate]}",
        )
    sentence.require(
        matching.advisory is sentence.raw.get("只供参考", False),
        "监察、司法优先时写“只供参考: true”，其他情形不写",
    )


# --- nothing of the list is forgotten --------------------------------------------------------------


def _expectations(clause_id: str) -> list[str]:
    return [s.expected[clause_id] for s in SENTENCES if clause_id in s.expected and s.file != "前提与排除"]


def _best(clause: Clause) -> set[Outcome]:
    """The most a machine may say of a clause."""
    if clause.catch_all:
        return set()
    mandatory = clause.legal_review is not None and clause.legal_review.level is ReviewLevel.MANDATORY
    return {Outcome.PROVISIONAL if mandatory else Outcome.ESTABLISHED}


NOT_PROVEN = {"未证明", "暂定成立", "要件未证明", "履职前提待核", "只能由人适用"}
MET = {"成立", "让位"}


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=list(CLAUSES))
def test_every_clause_has_its_three_kinds_of_sentences(clause: Clause) -> None:
    said = _expectations(clause.id)
    assert len(said) >= 3, f"{clause.ref}只有{len(said)}条句子，至少要三条"
    assert set(said) - NOT_PROVEN - MET, f"{clause.ref}缺一条不成立的句子"
    assert set(said) & NOT_PROVEN, f"{clause.ref}缺一条未证明的句子"
    best = {ZH[outcome] for outcome in _best(clause)}
    assert best <= set(said), f"{clause.ref}缺一条{'、'.join(best)}的句子"
    if not best & MET:
        assert not set(said) & MET, f"{clause.ref}不能由系统认定成立"


def test_every_clause_that_gives_way_overlaps_or_excludes_has_a_sentence_about_it() -> None:
    together = [set(s.expected) for s in SENTENCES if s.file in ("竞合与让位", "行政处罚")]
    gives_way = {
        (clause, better)
        for s in SENTENCES
        for clause, word in s.expected.items()
        if word == "让位"
        for better in match(s.rules(), s.facts()).match_of(clause).displaced_by
    }
    missing = [
        f"{clause.ref}{word}{CLAUSES[other].ref}"
        for clause in CLAUSES.values()
        for word, others in (("交叉", clause.overlaps), ("互斥", clause.incompatible_with))
        for other in others
        if not any({clause.id, other} <= pair for pair in together)
    ]
    missing += [
        f"{clause.ref}让位于{CLAUSES[other].ref}"
        for clause in CLAUSES.values()
        for other in clause.yields_to
        if (clause.id, other) not in gives_way
    ]
    assert not missing, f"竞合与让位.yaml 缺句子：{'；'.join(missing)}"


def test_every_gate_has_a_sentence_for_each_answer_that_matters() -> None:
    said = {(gate, word) for s in SENTENCES for gate, word in s.raw.get("闸门", {}).items()}
    wanted = {(g.zh, word) for g in EDITION.gates.values() if g.tree for word in ("成立", "未证明")}
    assert wanted <= said, f"前提与排除.yaml 缺句子：{sorted(wanted - said)}"


def _plain(clause: Clause) -> Sentence:
    """The sentence in which the clause does best, on its own."""
    best = {ZH[outcome] for outcome in _best(clause)}
    return next(s for s in SENTENCES if s.clauses == (clause.id,) and s.raw["预期"] in best)


JUDGED = [clause for clause in CLAUSES.values() if not clause.catch_all]
EXEMPT = [clause for clause in JUDGED if clause.effect is Effect.EXEMPT]
BARS = [g for g in EDITION.gates.values() if g.bars]


@pytest.mark.parametrize("clause", EXEMPT, ids=[clause.id for clause in EXEMPT])
def test_every_bar_stops_every_exemption_and_every_open_bar_keeps_it_provisional(clause: Clause) -> None:
    sentence = _plain(clause)
    for short in BASES["没有负面情形"]["查否"]:
        fact, facts = SHORT[short], sentence.facts()
        stopped = match(EDITION.rulebook, facts | {fact: Status.ESTABLISHED}).match_of(clause.id)
        sentence.require(stopped.verdict is Verdict.NOT_MET, f"又有“{short}”，{clause.ref}仍未被阻断")
        waiting = match(EDITION.rulebook, facts | {fact: Status.UNPROVEN}).match_of(clause.id)
        sentence.require(waiting.verdict is Verdict.NOT_PROVEN, f"未查清“{short}”，{clause.ref}不得成立")
        sentence.require(fact in (*waiting.to_rule_out, *waiting.missing), f"没有提示查清“{short}”")


@pytest.mark.parametrize("clause", JUDGED, ids=[clause.id for clause in JUDGED])
def test_every_clause_asks_for_the_duty_list_in_its_own_way(clause: Clause) -> None:
    """五(二)首句: strict clauses fall with one gap, the others carry the gap they excuse or ask nothing."""
    sentence = _plain(clause)
    unchecked = sentence.facts() | dict.fromkeys(
        ("duties-all-performed", "duties-performed-except-flagged"), Status.UNPROVEN
    )
    gap = unchecked | {"duties-all-performed": Status.REFUTED}
    one_gap = gap | {"duties-performed-except-flagged": Status.ESTABLISHED}
    holds = _best(clause)
    wanted = {
        "strict": (Outcome.HELD_BY_PREMISE, Outcome.BLOCKED_BY_PREMISE, Outcome.BLOCKED_BY_PREMISE),
        "self": (Outcome.HELD_BY_PREMISE, Outcome.BLOCKED_BY_PREMISE, Outcome.BLOCKED_BY_PREMISE),
        "excused-defect": (Outcome.HELD_BY_PREMISE, Outcome.HELD_BY_PREMISE, *holds),
    }.get(clause.premise, tuple(holds) * 3)
    for case, facts, outcome in zip(
        ("履职清单未核", "履职清单有缺项", "只缺被追究的一项"), (unchecked, gap, one_gap), wanted, strict=True
    ):
        # The premise clause about one's motives also asks for 没有失职渎职, which the full list would answer.
        facts = facts | {"dereliction-found": Status.REFUTED}
        found = match(EDITION.rulebook, facts).match_of(clause.id)
        sentence.require(found.outcome is outcome, f"{case}时应为{ZH[outcome]}，系统得出{ZH[found.outcome]}")


# --- the short names ---------------------------------------------------------------------------------


def test_every_fact_has_one_short_name_taken_from_its_question() -> None:
    times = Counter(SHORT.values())
    assert set(times) == set(EDITION.facts), f"事实简称.yaml 与手册不一致：{set(times) ^ set(EDITION.facts)}"
    assert max(times.values()) == 1, f"有两个简称的事实：{[f for f, n in times.items() if n > 1]}"
    for short, fact in SHORT.items():
        question = re.sub(r"（[^）]*）", "", EDITION.facts[fact].zh).replace("是否", "")
        rest = iter(question)
        assert all(char in rest for char in short if char not in "、，"), (
            f"“{short}”的字不是依次取自“{question}”"
        )
        for no in "不未没无":
            assert short.count(no) == question.count(no), f"“{short}”与“{question}”的“{no}”字不一样多"


def test_every_outcome_has_its_word_and_every_file_is_read() -> None:
    assert set(ZH) == set(Outcome)
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*GROUPS, "底稿", "事实简称"}
