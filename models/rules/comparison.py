"""The same facts under two editions: what is gained or lost, opened or closed, and which is more lenient. 版次比较"""

from collections.abc import Collection
from dataclasses import dataclass

from models.rules.clauses import Matching, match
from models.rules.decision import Outcome, allowed_outcomes
from models.rules.logic import Facts
from models.rules.rulebook import Effect, Rulebook


@dataclass(frozen=True, slots=True)
class Result:
    """What one edition makes of one officer's facts. 一个版次下的结果"""

    clauses: tuple[str, ...]  # that stand: confirmed by people, or proposed where nobody has confirmed yet
    open: frozenset[Outcome]

    @property
    def effect(self) -> Effect | None:
        """The most lenient effect that is open, or None. 最从宽的效果"""
        if Outcome.EXEMPT in self.open:
            return Effect.EXEMPT
        return Effect.MITIGATE if Outcome.MITIGATE in self.open else None

    @property
    def zh(self) -> str:
        """The effect as people read it."""
        return _EFFECT_ZH[self.effect]


_EFFECT_ZH = {Effect.EXEMPT: "可以免于追究", Effect.MITIGATE: "可以从轻或减轻", None: "没有减免依据"}
_LENIENCY = {Effect.EXEMPT: 2, Effect.MITIGATE: 1, None: 0}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One officer under two editions. 两个版次的对照"""

    before: Result
    after: Result
    gained: tuple[str, ...]  # clauses proposed only after
    lost: tuple[str, ...]  # clauses proposed only before
    opened: tuple[Outcome, ...]
    closed: tuple[Outcome, ...]
    unasked: tuple[str, ...]  # facts that the edition after does not ask about

    @property
    def changed(self) -> bool:
        """Whether anything at all would be different."""
        return bool(self.gained or self.lost or self.opened or self.closed)

    @property
    def more_lenient(self) -> bool:
        """Whether the edition after opens a milder effect: 免于追究 before 从轻或减轻 before neither. 更为从宽"""
        return _LENIENCY[self.after.effect] > _LENIENCY[self.before.effect]

    @property
    def stricter(self) -> bool:
        """Whether it opens only a heavier one."""
        return _LENIENCY[self.after.effect] < _LENIENCY[self.before.effect]


def compare(
    before: Rulebook,
    after: Rulebook,
    known: Facts,
    *,
    conclusion: str,
    confirmed: Collection[str] | None = None,
) -> Comparison:
    """Match the facts under both editions and see which outcomes each leaves open.

    `confirmed`: the clauses people confirmed under the edition before. They stand under the other unless it has lost
    them, and what it would newly propose stands beside them; without any, the proposed clauses count.
    """
    then, now = _matched(before, known), _matched(after, known)
    proposed = [match.clause_id for match in then.proposed]
    offered = [match.clause_id for match in now.proposed]
    gained = tuple(clause for clause in offered if clause not in proposed)
    lost = tuple(clause for clause in proposed if clause not in offered)
    if confirmed is None:
        chosen, kept = proposed, offered
    else:
        listed = {clause.id for clause in after.clauses}
        chosen = sorted(confirmed)
        kept = [clause for clause in chosen if clause in listed and clause not in lost] + list(gained)
    one, other = _result(before, then, chosen, conclusion), _result(after, now, kept, conclusion)
    return Comparison(
        before=one,
        after=other,
        gained=gained,
        lost=lost,
        opened=tuple(outcome for outcome in Outcome if outcome in other.open - one.open),
        closed=tuple(outcome for outcome in Outcome if outcome in one.open - other.open),
        unasked=tuple(fact for fact in known if fact not in after.questions),
    )


def _matched(book: Rulebook, known: Facts) -> Matching:
    return match(book, {fact: status for fact, status in known.items() if fact in book.questions})


def _result(book: Rulebook, matching: Matching, chosen: Collection[str], conclusion: str) -> Result:
    effects = {clause.id: clause.effect for clause in book.clauses}
    outcomes = allowed_outcomes(
        conclusion=conclusion,
        confirmed_exempt=[clause for clause in chosen if effects.get(clause) is Effect.EXEMPT],
        confirmed_mitigate=[clause for clause in chosen if effects.get(clause) is Effect.MITIGATE],
        barred=bool(matching.barred_by),
        transfer_flag=matching.advisory,
    )
    still = frozenset(outcome for outcome, why_not in outcomes.items() if why_not is None)
    return Result(tuple(chosen), still)
