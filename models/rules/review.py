"""The panel: how it is drawn, when it may decide, what its ballots say. 集体审议

No source sets a quorum or a majority for such a panel, so both are versioned parameters (建议值), never constants.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.rules.decision import Outcome, is_written
from models.rules.errors import Conflict, Incomplete, Recused

SMALLEST_PANEL = 3


class Vote(StrEnum):
    """What a member may vote for: an outcome, or facts still to be found. 表决意见"""

    EXEMPT = "exempt"  # 免于追究
    MITIGATE = "mitigate"  # 从轻或减轻
    ACCOUNTABLE = "accountable"  # 追究
    NO_FAULT = "no-fault"  # 不构成过错
    TRANSFER = "transfer"  # 移送
    OUT_OF_SCOPE = "out-of-scope"  # 不属本机制
    SUPPLEMENT = "supplement"  # 退回补充核实

    @property
    def outcome(self) -> Outcome | None:
        """The outcome voted for; none when the member wants the facts completed."""
        return None if self is Vote.SUPPLEMENT else Outcome(self.value)

    @property
    def zh(self) -> str:
        """The vote as people read it."""
        return self.outcome.zh if self.outcome else "退回补充核实"


@dataclass(frozen=True, slots=True)
class VotingRule:
    """How many must sit, how many must vote, what decides. 表决规则"""

    version: str
    size: int = 5
    quorum_num: int = 2
    quorum_den: int = 3
    basis: str = "建议值：席位三分之二以上出席，到会表决成员过半数同意"

    def __post_init__(self) -> None:
        _check_size(self.size)
        if not 0 < self.quorum_num <= self.quorum_den:
            raise Incomplete(
                f"表决规则{self.version}的最低表决比例{self.quorum_num}/{self.quorum_den}不成立，应大于0且不超过1。"
            )

    def quorum(self, sitting: int) -> int:
        """Ballots needed from so many sitting members, rounded up; never fewer than the smallest panel."""
        return max(SMALLEST_PANEL, -(-sitting * self.quorum_num // self.quorum_den))


@dataclass(frozen=True, slots=True)
class BallotCast:
    """One member's vote about one officer, with the reason he answers for. 表决"""

    member_id: int
    outcome: Vote
    reason: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcome", Vote(self.outcome))  # The register stores text.
        if not is_written(self.reason):
            raise Incomplete("表决须写明理由，请补充后再提交。")


@dataclass(frozen=True, slots=True)
class Tally:
    """What the ballots say together. 计票结果

    `outcome` is None on a tie, without a quorum, and when the majority sends the case back (`supplement`).
    """

    counts: dict[Vote, int]
    outcome: Outcome | None
    tie: bool
    quorum_met: bool
    dissenters: tuple[int, ...]
    reasons: tuple[str, ...]
    supplement: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """A panel drawn by lot that anyone with the seed can draw again. 抽签结果"""

    members: tuple[int, ...]
    alternates: tuple[int, ...]
    seed: str
    missing: int = 0

    @property
    def short(self) -> bool:
        """Whether too few were eligible: then no panel sits until the pool is completed."""
        return self.missing > 0

    @property
    def zh(self) -> str:
        """The result in a sentence for the record."""
        if self.short:
            return (
                f"可以参加审议的人员只有{len(self.members)}名，还缺{self.missing}名，不能组成审议组；"
                "请补充审议人员或者商请上级机关派员后重新抽取。"
            )
        return f"按种子“{self.seed}”抽取审议组成员{len(self.members)}名，候补{len(self.alternates)}名，可以复核。"


def draw_panel(pool: Sequence[int], *, size: int, seed: str, exclude: Collection[int]) -> Draw:
    """Draw `size` members and the order of alternates from `pool` without `exclude`. 抽取审议组

    The same seed gives the same panel whatever the order of the pool. Too few eligible: the draw is `short` and says
    how many are missing. Raises Incomplete for an even size, fewer than three, or no seed.
    """
    _check_size(size)
    if not is_written(seed):
        raise Incomplete("抽取审议组须有种子，否则结果无法复核，请填写后重新抽取。")
    ranked = sorted(set(pool) - set(exclude), key=lambda person: _lot(seed, person))
    return Draw(tuple(ranked[:size]), tuple(ranked[size:]), seed, max(0, size - len(ranked)))


def tally(ballots: Sequence[BallotCast], rule: VotingRule, *, seats: int, recused: set[int]) -> Tally:
    """Count the ballots of the members who sit. 计票

    `seats` counts the panel as convened; `recused` are the holders of a seat who stepped aside and were not replaced:
    they leave the denominator. Raises Recused for a recused member's ballot, Conflict for a member counted twice or
    more ballots than members.
    """
    sitting = seats - len(recused)
    _check_ballots(ballots, sitting=sitting, recused=recused)
    counts = dict(Counter(ballot.outcome for ballot in ballots))
    quorum = rule.quorum(sitting)
    head: tuple[str, ...] = (
        f"审议组{seats}席，回避{len(recused)}名，在席{sitting}名；收到表决{len(ballots)}票，至少须有{quorum}票"
        f"（表决规则{rule.version}，{rule.basis}）。",
    )
    if len(ballots) < quorum:
        return Tally(counts, None, False, False, (), (*head, _zh_no_quorum(len(ballots), quorum, sitting)))
    head += (_zh_counts(counts),)
    winner = majority_of(ballot.outcome for ballot in ballots)
    if winner is None:
        reason = "没有任何一种意见超过半数，审议组未形成结论；由主持人书面说明理由后提出处理意见。"
        return Tally(counts, None, True, True, (), (*head, reason))
    dissenters = tuple(sorted(ballot.member_id for ballot in ballots if ballot.outcome is not winner))
    reasons = (*head, _zh_majority(winner, counts[winner], len(ballots)), _zh_dissent(len(dissenters)))
    return Tally(
        counts, winner.outcome, False, True, dissenters, reasons, supplement=winner is Vote.SUPPLEMENT
    )


def majority_of(votes: Iterable[Vote]) -> Vote | None:
    """The vote more than half of them share, if any. 多数意见"""
    counts = Counter(votes)
    return next((vote for vote, count in counts.items() if 2 * count > counts.total()), None)


def _check_size(size: int) -> None:
    if size < SMALLEST_PANEL:
        raise Incomplete(f"审议组不得少于{SMALLEST_PANEL}人，不能按{size}人组成；请改为3、5、7等单数。")
    if size % 2 == 0:
        raise Incomplete(f"审议组人数应为单数，不能按{size}人组成；请改为{size - 1}人或者{size + 1}人。")


def _check_ballots(ballots: Sequence[BallotCast], *, sitting: int, recused: set[int]) -> None:
    if any(ballot.member_id in recused for ballot in ballots):
        raise Recused("已回避的成员不得参加本案表决，该表决不予接收。")
    if len({ballot.member_id for ballot in ballots}) < len(ballots):
        raise Conflict("同一成员对同一人员只能表决一次，请核对后重新计票。")
    if len(ballots) > sitting:
        raise Conflict(f"收到表决{len(ballots)}票，多于在席成员{sitting}名，请核对审议组名单后重新计票。")


def _lot(seed: str, person: int) -> tuple[str, int]:
    return hashlib.sha256(f"{seed}:{person}".encode()).hexdigest(), person


def _zh_no_quorum(cast: int, quorum: int, sitting: int) -> str:
    if sitting < quorum:
        return f"在席成员不足{quorum}名，审议组不能作出结论；请由候补成员递补后重新表决。"
    return f"表决票不足，还缺{quorum - cast}票，审议组不能作出结论；请催请尚未表决的成员表决。"


def _zh_counts(counts: dict[Vote, int]) -> str:
    return "，".join(f"{vote.zh}{counts[vote]}票" for vote in Vote if vote in counts) + "。"


def _zh_majority(winner: Vote, count: int, cast: int) -> str:
    if winner is Vote.SUPPLEMENT:
        return f"{count}票（共{cast}票）过半数，退回补充核实后重新审议。"
    return f"『{winner.zh}』{count}票（共{cast}票），超过半数，为审议组多数意见。"


def _zh_dissent(count: int) -> str:
    if count:
        return f"持不同意见{count}名，姓名和理由如实记入审议记录（重大行政决策程序暂行条例第三十条）。"
    return "没有不同意见。"
