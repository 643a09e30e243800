"""Which clauses the facts of one person's conduct support, and why. 条款匹配

A match only proposes: 实施意见五（二） says 可以, so a person confirms every clause and the panel
decides. Order of the questions: route → category → elements → exclusion → negative list →
duty premise → what is still to be ruled out → displacement by a more specific clause.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from models.rules import reasons
from models.rules.errors import NotFound
from models.rules.logic import Contradiction, Facts, Status, Tree, Weighed, close, unique, value, weigh
from models.rules.rulebook import Clause, Effect, Gate, GateKind, LegalReview, ReviewLevel, Rulebook

__all__ = [
    "Clause",
    "Contradiction",
    "Effect",
    "Gate",
    "GateKind",
    "GateResult",
    "Match",
    "Matching",
    "Outcome",
    "Route",
    "Rulebook",
    "Status",
    "Verdict",
    "is_refused",
    "match",
]


class Outcome(StrEnum):
    """Where the examination of one clause ended. 单项条款的核对结果"""

    NOT_REACHED = "not-reached"  # 不进入匹配
    SUPPORTS_CLEARING = "supports-clearing"  # 可作澄清依据
    ESTABLISHED = "established"  # 成立
    PROVISIONAL = "provisional"  # 暂定成立
    UNPROVEN = "unproven"  # 要件未证明
    REFUTED = "refuted"  # 要件不成立
    EXCLUDED = "excluded"  # 被排除
    NOT_APPLICABLE = "not-applicable"  # 环节不适用
    HELD_BY_PREMISE = "held-by-premise"  # 履职前提待核
    BLOCKED_BY_PREMISE = "blocked-by-premise"  # 履职前提不具备
    BARRED = "barred"  # 负面清单阻断
    DISPLACED = "displaced"  # 让位于更具体的条款
    HUMAN_ONLY = "human-only"  # 只能由人适用


class Verdict(StrEnum):
    """The outcome in one of three words. 结论"""

    MET = "met"  # 成立
    NOT_MET = "not-met"  # 不成立
    NOT_PROVEN = "not-proven"  # 未证明


class Route(StrEnum):
    """Whether the case reaches the clauses at all. 路径"""

    MATCH = "match"  # 进入条款匹配
    NOT_REACHED = "not-reached"  # 不进入条款匹配


_VERDICTS = {
    Outcome.ESTABLISHED: Verdict.MET,
    Outcome.PROVISIONAL: Verdict.NOT_PROVEN,
    Outcome.UNPROVEN: Verdict.NOT_PROVEN,
    Outcome.HELD_BY_PREMISE: Verdict.NOT_PROVEN,
    Outcome.HUMAN_ONLY: Verdict.NOT_PROVEN,
}
_REFUSED = frozenset({Outcome.BARRED, Outcome.EXCLUDED, Outcome.BLOCKED_BY_PREMISE})
_HOLDING = frozenset({Outcome.ESTABLISHED, Outcome.PROVISIONAL})
_NOTHING: Weighed = (Status.ESTABLISHED, ())  # where nothing is asked, nothing is open
_REVIEWABLE = _HOLDING | {Outcome.HELD_BY_PREMISE, Outcome.BLOCKED_BY_PREMISE, Outcome.EXCLUDED}


def is_refused(outcome: str, confirmed: bool | None) -> bool:
    """Whether a clause was refused, by a person's word or by a rule, so that the officer is told why. 不予适用"""
    return confirmed is False or (confirmed is None and outcome in _REFUSED)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What the facts say about one gate, and which facts decide it. 闸门结果"""

    gate: Gate
    status: Status
    grounds: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """The examination of one clause, complete enough to be printed in the decision. 条款匹配结果

    `missing`: facts still to be proven, also where the clause fails for another reason; `refuted`:
    facts that defeat the elements or the premise; `defeated_by`: excluding facts, bar gates or the
    premise gate; `to_rule_out`: what keeps it provisional.
    """

    clause: Clause
    outcome: Outcome
    verdict: Verdict
    reasons: tuple[str, ...]
    missing: tuple[str, ...] = ()
    refuted: tuple[str, ...] = ()
    defeated_by: tuple[str, ...] = ()
    displaced_by: tuple[str, ...] = ()
    to_rule_out: tuple[str, ...] = ()
    legal_review: str | None = None

    @property
    def clause_id(self) -> str:
        return self.clause.id

    @property
    def supporting(self) -> bool:
        """It only corroborates that duty was performed. 只作补强"""
        return self.clause.supporting


@dataclass(frozen=True, slots=True)
class Matching:
    """All clauses of the edition against the facts of one person, in handbook order. 条款匹配论证"""

    matches: tuple[Match, ...]
    gates: tuple[GateResult, ...]
    route: Route
    unfounded: bool
    out_of_scope: bool
    advisory: bool
    contradictions: tuple[Contradiction, ...]
    notes: tuple[str, ...]

    @property
    def proposed(self) -> tuple[Match, ...]:
        """The matches a person should look at: the clause holds, for good or provisionally. 拟适用条款"""
        return tuple(match for match in self.matches if match.outcome in _HOLDING)

    @property
    def barred_by(self) -> tuple[GateResult, ...]:
        """The gates of the negative list that are established. 负面清单"""
        return tuple(result for result in self.gates if _bars(result))

    def match_of(self, clause_id: str) -> Match:
        """The examination of this clause; NotFound when the edition has none."""
        for found in self.matches:
            if found.clause.id == clause_id:
                return found
        raise NotFound(f"本版次没有编号为 {clause_id} 的条款，请核对条款编号和手册版次。")


def match(book: Rulebook, facts: Facts) -> Matching:
    """Examine every clause against the facts; what nobody recorded counts as unproven.

    Refuses a fact the edition does not know with NotFound. A record that contradicts itself is
    reported in `contradictions`, and the contradicted facts count as unproven.
    """
    for fact in facts:
        if fact not in book.questions:
            raise NotFound(f"本版次没有编号为 {fact} 的事实问题，请核对事实编号和手册版次。")
    closed, contradictions = close(facts, book.implications)
    case = _case(book, closed)
    found = _displace([_examine(clause, case) for clause in book.clauses])
    return Matching(
        matches=found,
        gates=case.gates,
        route=Route.NOT_REACHED if case.stopped else Route.MATCH,
        unfounded=case.unfounded,
        out_of_scope=case.out_of_scope,
        advisory=case.advisory,
        contradictions=contradictions,
        notes=tuple(reasons.contradiction(clash, book.questions) for clash in contradictions),
    )


@dataclass(frozen=True, slots=True)
class _Case:
    """What is the same for every clause: the closed facts and the answers of the gates."""

    book: Rulebook
    facts: Facts
    gates: tuple[GateResult, ...]
    unfounded: bool
    out_of_scope: bool
    advisory: bool
    open_route: tuple[str, ...]
    open_bars: tuple[str, ...]
    bars: tuple[GateResult, ...]
    premises: Mapping[str, Weighed]
    categories: Mapping[str, Weighed]

    @property
    def stopped(self) -> bool:
        return self.unfounded or self.out_of_scope

    def category(self, clause: Clause) -> Weighed:
        return self.categories.get(clause.category, _NOTHING)

    def quoted(self, facts: Iterable[str]) -> str:
        return reasons.quoted(facts, self.book.questions, self.facts)


def _case(book: Rulebook, facts: Facts) -> _Case:
    results = tuple(
        _judge(gate, gate.tree, facts, book)
        for gate in sorted(book.gates, key=lambda gate: gate.order)
        if gate.tree
    )
    route = [result for result in results if result.gate.kind in (GateKind.SCOPE, GateKind.LOCK)]
    bars = [result for result in results if result.gate.bars]
    refused = {result.gate.id for result in route if result.status is Status.REFUTED}
    return _Case(
        book=book,
        facts=facts,
        gates=results,
        unfounded="gate-allegation" in refused,
        out_of_scope="gate-scope" in refused,
        advisory=any(r.gate.kind is GateKind.LOCK and r.status is Status.ESTABLISHED for r in route),
        open_route=_open(route),
        open_bars=_open(bars),
        bars=tuple(filter(_bars, bars)),
        premises={
            mode: weigh(premise.tree, facts) if premise.tree else _NOTHING
            for mode, premise in book.premises.items()
        },
        categories={
            category: weigh(tree, facts) for gate in book.gates for category, tree in gate.by_category.items()
        },
    )


def _judge(gate: Gate, tree: Tree, facts: Facts, book: Rulebook) -> GateResult:
    status, deciding = weigh(tree, facts)
    text = reasons.gate(gate, status, reasons.quoted(deciding, book.questions, facts))
    return GateResult(gate, status, deciding, text)


def _open(results: Iterable[GateResult]) -> tuple[str, ...]:
    return unique(fact for result in results if result.status is Status.UNPROVEN for fact in result.grounds)


def _bars(result: GateResult) -> bool:
    return result.gate.bars and result.status is Status.ESTABLISHED


def _result(clause: Clause, outcome: Outcome, *why: str, case: _Case, **parts: tuple[str, ...]) -> Match:
    review = _legal_review(clause.legal_review, outcome, case)
    said = (*why, *((reasons.PROPOSAL,) if outcome in _HOLDING else ()))
    if case.advisory and outcome in _HOLDING:
        said = (*said, reasons.ADVISORY)
    return Match(clause, outcome, _VERDICTS.get(outcome, Verdict.NOT_MET), said, legal_review=review, **parts)


def _examine(clause: Clause, case: _Case) -> Match:
    if case.stopped:
        return _stopped(clause, case)
    if clause.requires is None:
        return _human_only(clause, case)
    if case.category(clause)[0] is Status.REFUTED:
        return _result(clause, Outcome.NOT_APPLICABLE, reasons.not_applicable(clause), case=case)
    elements = weigh(clause.requires, case.facts)
    return _defeated(clause, elements, case) or _held(clause, elements, case)


def _stopped(clause: Clause, case: _Case) -> Match:
    if case.unfounded and clause.supporting and _supports_clearing(clause, case):
        return _result(clause, Outcome.SUPPORTS_CLEARING, reasons.supports_clearing(clause), case=case)
    why = reasons.OUT_OF_SCOPE if case.out_of_scope else reasons.UNFOUNDED
    return _result(clause, Outcome.NOT_REACHED, why, case=case)


def _supports_clearing(clause: Clause, case: _Case) -> bool:
    return (
        clause.requires is not None
        and value(clause.requires, case.facts) is Status.ESTABLISHED
        and not any(case.facts.get(out.fact) is Status.ESTABLISHED for out in clause.excludes)
        and not case.bars
        and case.category(clause)[0] is not Status.REFUTED
        and case.premises[clause.premise][0] is not Status.REFUTED
    )


def _human_only(clause: Clause, case: _Case) -> Match:
    if clause.effect is Effect.EXEMPT and case.bars:
        return _barred(clause, case)
    hints = [basis for basis in clause.named_bases if value(basis.tree, case.facts) is Status.ESTABLISHED]
    why = (reasons.human_only(clause), *(reasons.named_basis(basis) for basis in hints))
    return _result(clause, Outcome.HUMAN_ONLY, *why, case=case)


def _defeated(clause: Clause, elements: Weighed, case: _Case) -> Match | None:
    """The reason why the clause fails for good, the clause's own elements first."""
    if elements[0] is Status.REFUTED:
        why = reasons.refuted(clause, case.quoted(elements[1]))
        return _result(clause, Outcome.REFUTED, why, case=case, refuted=elements[1])
    against = [out for out in clause.excludes if case.facts.get(out.fact) is Status.ESTABLISHED]
    if against:
        told = [reasons.excluded(clause, case.quoted([out.fact]), why=out.why) for out in against]
        parts = {"missing": _if_open(elements), "defeated_by": tuple(out.fact for out in against)}
        return _result(clause, Outcome.EXCLUDED, *told, case=case, **parts)
    if clause.effect is Effect.EXEMPT and case.bars:
        return _barred(clause, case, missing=_if_open(elements))
    status, failed = case.premises[clause.premise]
    if status is not Status.REFUTED:
        return None
    premise = case.book.premises[clause.premise]
    why = reasons.blocked(clause, case.quoted(failed), premise=premise, otherwise=elements[0])
    parts = {"refuted": failed, "missing": _if_open(elements), "defeated_by": ("gate-premise",)}
    return _result(clause, Outcome.BLOCKED_BY_PREMISE, why, case=case, **parts)


def _barred(clause: Clause, case: _Case, *, missing: tuple[str, ...] = ()) -> Match:
    told = [reasons.barred(clause, result.gate, case.quoted(result.grounds)) for result in case.bars]
    gates = tuple(result.gate.id for result in case.bars)
    return _result(clause, Outcome.BARRED, *told, case=case, defeated_by=gates, missing=missing)


def _held(clause: Clause, elements: Weighed, case: _Case) -> Match:
    unchecked = _if_open(case.premises[clause.premise])
    if lacking := _if_open(elements):
        why = reasons.unproven(clause, case.quoted(lacking))
        return _result(clause, Outcome.UNPROVEN, why, case=case, missing=unique((*lacking, *unchecked)))
    proven = reasons.elements(clause, case.quoted(elements[1]))
    doubts = _doubts(clause, case)
    if unchecked:
        why = reasons.held(case.quoted(unchecked))
        parts = {"missing": unchecked, "to_rule_out": doubts}
        return _result(clause, Outcome.HELD_BY_PREMISE, proven, why, case=case, **parts)
    told = [proven, *_remarks(clause, case)]
    mandatory = clause.legal_review is not None and clause.legal_review.level is ReviewLevel.MANDATORY
    if doubts:
        told.insert(1, reasons.provisional(case.quoted(doubts)))
    if mandatory:
        told.append(reasons.MANDATORY_REVIEW)
    outcome = Outcome.PROVISIONAL if doubts or mandatory else Outcome.ESTABLISHED
    return _result(clause, outcome, *told, case=case, to_rule_out=doubts)


def _if_open(weighed: Weighed) -> tuple[str, ...]:
    return weighed[1] if weighed[0] is Status.UNPROVEN else ()


def _doubts(clause: Clause, case: _Case) -> tuple[str, ...]:
    """The open facts that could still defeat a clause whose elements hold. 待排除事实"""
    unsettled = [out.fact for out in clause.excludes if out.fact not in case.facts]
    bars = case.open_bars if clause.effect is Effect.EXEMPT else ()
    return unique((*case.open_route, *_if_open(case.category(clause)), *unsettled, *bars))


def _remarks(clause: Clause, case: _Case) -> list[str]:
    told = [reasons.SUPPORTING] if clause.supporting else []
    if clause.effect is Effect.MITIGATE:
        told += [reasons.weighs_against(result.gate) for result in case.bars]
    for result in case.gates:
        noted = result.gate.kind is GateKind.CAUTION and result.status is Status.ESTABLISHED
        if noted and clause.effect in result.gate.applies_to:
            told.append(result.text)
    return told


def _legal_review(review: LegalReview | None, outcome: Outcome, case: _Case) -> str | None:
    """The text of the review a person must make; a condition not known to hold raises no flag."""
    if review is None or outcome not in _REVIEWABLE:
        return None
    if review.when is not None and value(review.when, case.facts) is not Status.ESTABLISHED:
        return None
    return reasons.legal_review(review, case.quoted(review.checks))


def _displace(matches: list[Match]) -> tuple[Match, ...]:
    holding = {found.clause.id: found.clause for found in matches if found.outcome in _HOLDING}
    return tuple(_give_way(found, holding) if found.clause.id in holding else found for found in matches)


def _give_way(found: Match, holding: dict[str, Clause]) -> Match:
    """A general clause gives way to a more specific one that holds too; its verdict stays on record."""
    better = [holding[other] for other in found.clause.yields_to if other in holding]
    if not better:
        return _warn_of_rivals(found, holding)
    told = (*found.reasons, reasons.displaced(better))
    ids = tuple(clause.id for clause in better)
    return replace(found, outcome=Outcome.DISPLACED, displaced_by=ids, reasons=told)


def _warn_of_rivals(found: Match, holding: dict[str, Clause]) -> Match:
    """Two clauses that cannot both be meant go to a person with the reason in words. 互斥条款"""
    rivals = [holding[other] for other in found.clause.incompatible_with if other in holding]
    if not rivals:
        return found
    warned = reasons.rivals(rivals)
    asked = f"{found.legal_review}{warned}" if found.legal_review else warned
    return replace(found, reasons=(*found.reasons, warned), legal_review=asked)
