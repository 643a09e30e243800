"""The same facts held against the exemption list and against the grounds of accountability. 免责与问责对照

实施意见 names both sides: 尽职照单免责、失职照单问责. What exempts must not stand beside what bars it, and nobody is
held to account for nothing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.rules.clauses import GateKind, Matching
from models.rules.decision import Outcome
from models.rules.duties import DutyResult
from models.rules.logic import Status


class Balance(StrEnum):
    """What the two lists say together. 对照结果"""

    EXEMPTING = "exempting"  # 只有免责、减责一侧有依据
    ACCOUNTING = "accounting"  # 只有问责一侧有依据
    BOTH = "both"  # 两侧都有依据，由集体审议权衡
    CONTRADICTORY = "contradictory"  # 认定自相矛盾
    EMPTY = "empty"  # 两侧都没有依据

    @property
    def zh(self) -> str:
        """As people read it."""
        return _ZH[self]


_ZH = {
    Balance.EXEMPTING: "只有免责、减责一侧有依据",
    Balance.ACCOUNTING: "只有问责一侧有依据",
    Balance.BOTH: "两侧都有依据，由集体审议权衡",
    Balance.CONTRADICTORY: "认定自相矛盾",
    Balance.EMPTY: "没有问责的依据，也没有需要适用的免责、减责条款",
}


@dataclass(frozen=True, slots=True)
class Symmetry:
    """Both sides for one officer. 免责与问责对照"""

    balance: Balance
    exempting: tuple[str, ...]  # clauses confirmed or proposed
    duties_missed: tuple[str, ...]
    bars: tuple[str, ...]
    contradictions: tuple[str, ...]

    def refusal(self, outcome: Outcome) -> str | None:
        """Why the officer cannot end this way although rule and vote would allow it, or None. 不得办结的理由"""
        if outcome in (Outcome.TRANSFER, Outcome.OUT_OF_SCOPE):
            return None
        if self.contradictions:
            return f"免责与问责对照：认定自相矛盾（{self.contradictions[0]}）。请退回核查，更正其中一项后再作结论。"
        if outcome is Outcome.ACCOUNTABLE and not (self.duties_missed or self.bars):
            return (
                "免责与问责对照：履职清单没有未履行的事项，也没有负面情形，追究没有依据；"
                "认为确有失职的，请退回核查，写明未履行的是哪一项职责。"
            )
        if outcome is Outcome.NO_FAULT and (self.duties_missed or self.bars):
            return (
                "免责与问责对照：已认定有未履行的职责或者负面情形，不能同时认定不构成过错；"
                "认定有误的，请退回核查更正。"
            )
        return None


def symmetric(
    matching: Matching,
    duties: Mapping[str, DutyResult],
    confirmed: Collection[str] | None = None,
) -> Symmetry:
    """Hold the facts of one officer against both lists.

    `confirmed`: the clauses a legal reviewer confirmed; before the review the proposed ones stand in.
    """
    exempting = tuple(confirmed) if confirmed is not None else tuple(m.clause_id for m in matching.proposed)
    missed = tuple(duty for duty, result in duties.items() if result is DutyResult.NOT_DONE)
    cautions = tuple(r.gate.id for r in matching.gates if _accuses(r.gate.kind, r.status))
    return Symmetry(
        balance=_balance(matching, exempting, (*missed, *cautions)),
        exempting=exempting,
        duties_missed=missed,
        bars=cautions,
        contradictions=matching.notes,
    )


def _accuses(kind: GateKind, status: Status) -> bool:
    return kind is GateKind.NEGATIVE and status is Status.ESTABLISHED


def _balance(matching: Matching, exempting: Collection[str], accounting: Collection[str]) -> Balance:
    if matching.contradictions:
        return Balance.CONTRADICTORY
    if exempting and accounting:
        return Balance.BOTH
    if exempting:
        return Balance.EXEMPTING
    return Balance.ACCOUNTING if accounting else Balance.EMPTY
