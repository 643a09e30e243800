"""How good proposals are against labels: recall at k, gate precision and recall. 评分

Scored as the labels' conventions say: clauses in `acceptable` are taken out of the candidates first; a case
carries a disqualifying fact when its outcome is accountable, mitigate or transfer; insufficient_facts
is left out of the gate figures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from models.suggestion.lines import Labelled

AT = (1, 3, 5, 10)
DISQUALIFIED = ("accountable", "mitigate", "transfer")

Ranking = Callable[[Labelled], Sequence[str]]


@dataclass(frozen=True, slots=True)
class GateFigures:
    """How many gates were rightly pointed out; None where nothing was there to count. 闸门得分"""

    precision: float | None
    recall: float | None


def recall_at(ordered: Sequence[str], case: Labelled, k: int) -> float:
    """The share of the right clauses among the first k candidates."""
    counted = [clause for clause in ordered if clause not in case.acceptable][:k]
    return len(set(counted) & set(case.gold)) / len(set(case.gold))


def recalls(cases: Sequence[Labelled], ranking: Ranking) -> Mapping[int, float]:
    """The mean over the cases that have a right clause; empty when none has."""
    scored = [(ranking(case), case) for case in cases if case.gold]
    if not scored:
        return {}
    return {k: sum(recall_at(order, case, k) for order, case in scored) / len(scored) for k in AT}


def gate_figures(cases: Sequence[Labelled], touched: Callable[[Labelled], bool]) -> GateFigures:
    """Whether some gate is pointed out exactly where a disqualifying fact is."""
    counted = [
        (case.outcome in DISQUALIFIED, touched(case))
        for case in cases
        if case.outcome != "insufficient_facts"
    ]
    right = sum(is_so and said for is_so, said in counted)
    said = sum(said for _, said in counted)
    there = sum(is_so for is_so, _ in counted)
    return GateFigures(right / said if said else None, right / there if there else None)
