"""Which outcomes the findings, the clauses and the vote leave open for one officer. 处理结论

A clause only opens an outcome: the policy says 可以 (实施意见 五(二)), so people choose among what is open here.
"""

from collections.abc import Collection
from enum import StrEnum

from models.rules.errors import Incomplete


class Outcome(StrEnum):
    """How the case ends for one officer. 处理结论"""

    EXEMPT = "exempt"  # 免于追究
    MITIGATE = "mitigate"  # 从轻或减轻
    ACCOUNTABLE = "accountable"  # 追究
    NO_FAULT = "no-fault"  # 不构成过错
    TRANSFER = "transfer"  # 移送
    OUT_OF_SCOPE = "out-of-scope"  # 不属本机制

    @property
    def zh(self) -> str:
        """The outcome as people read it."""
        return _OUTCOME_ZH[self]


_OUTCOME_ZH = {
    Outcome.EXEMPT: "免于追究",
    Outcome.MITIGATE: "从轻或减轻",
    Outcome.ACCOUNTABLE: "追究",
    Outcome.NO_FAULT: "不构成过错",
    Outcome.TRANSFER: "移送",
    Outcome.OUT_OF_SCOPE: "不属本机制",
}


class Conclusion(StrEnum):
    """How fact verification ended. 核查结论"""

    COMPLETE = "complete"  # 事实查清
    UNFOUNDED = "unfounded"  # 反映失实
    OUT_OF_SCOPE = "out-of-scope"  # 不属本机制
    TRANSFER = "transfer"  # 移送


# Each of these conclusions leaves one outcome; the sentence says why the others are closed.
_ONLY = {
    Conclusion.UNFOUNDED: (
        Outcome.NO_FAULT,
        "核查结论为反映失实：没有过错可以追究，也就无从免除或减轻，只能认定不构成过错。",
    ),
    Conclusion.OUT_OF_SCOPE: (
        Outcome.OUT_OF_SCOPE,
        "核查结论为不属本机制：所反映的不是本机制内的行政执法履职问题，不能在此作出责任结论。",
    ),
    Conclusion.TRANSFER: (
        Outcome.TRANSFER,
        "核查结论为移送：有权机关答复前，本机关不得作出处理（同一行为不重复处理）。",
    ),
}
_FLAGGED = (
    Outcome.TRANSFER,
    "案件带有移送标记（涉嫌职务违法或者职务犯罪）：须先移送有权机关，本机关不得自行作出结论；"
    "经核实不应移送的，应当先书面说明理由撤销标记。",
)
_BARRED = "存在明知故犯、明令禁止后依然我行我素或者谋取私利的情形（实施意见四（二）），不得免于追究。"
_NO_EXEMPTING = "没有经法制审核确认的免于追究条款，不能免于追究；认为应当适用的，请退回条款匹配环节确认。"
_NO_MITIGATING = "没有经法制审核确认的从轻、减轻条款，也没有可以择用从轻的免于追究条款，不能从轻或减轻。"
_BARRED_MITIGATING = "没有经法制审核确认的从轻、减轻条款；已确认的免于追究条款因实施意见四（二）的排除情形不能适用，也不能据以从轻。"


def allowed_outcomes(
    *,
    conclusion: str,
    confirmed_exempt: Collection[str],
    confirmed_mitigate: Collection[str],
    barred: bool,
    transfer_flag: bool,
) -> dict[Outcome, str | None]:
    """Every outcome, with None where it is open or the sentence saying why it is closed. 可选结论

    A transfer flag goes before everything, then the conclusion of the verification, then the clauses. Raises
    Incomplete for a conclusion the procedure does not know.
    """
    found = _conclusion(conclusion)
    only = _FLAGGED if transfer_flag else _ONLY.get(found)
    if only:
        open_outcome, reason = only
        return {outcome: None if outcome is open_outcome else reason for outcome in Outcome}
    closed: dict[Outcome, str | None] = dict.fromkeys(Outcome)
    closed[Outcome.EXEMPT] = _why_not_exempt(confirmed_exempt, barred=barred)
    closed[Outcome.MITIGATE] = _why_not_mitigate(confirmed_exempt, confirmed_mitigate, barred=barred)
    return closed


def head_may_differ(majority: Outcome | None, signed: Outcome, reason: str | None) -> None:
    """Let the head sign what the panel's majority did not hold only with written reasons. 签发结论

    重大行政决策程序暂行条例 art 30. Without a majority every signature needs them. Raises Incomplete otherwise.
    """
    if signed is majority or is_written(reason):
        return
    if majority is None:
        raise Incomplete(f"审议组没有形成多数意见，签发『{signed.zh}』须书面说明理由。")
    raise Incomplete(
        f"审议组多数意见为『{majority.zh}』，签发『{signed.zh}』与之不一致，"
        "须书面说明理由（重大行政决策程序暂行条例第三十条）。"
    )


def is_written(text: str | None) -> bool:
    """Whether a reason says anything: blanks, invisible characters and bare punctuation do not."""
    return text is not None and any(character.isalnum() for character in text)


def _conclusion(value: str) -> Conclusion:
    try:
        return Conclusion(value)
    except ValueError:
        known = "、".join(Conclusion)
        raise Incomplete(f"核查结论“{value}”无法识别，应为{known}之一，请核对后重新提交。") from None


def _why_not_exempt(confirmed: Collection[str], *, barred: bool) -> str | None:
    if barred:
        return _BARRED
    return None if confirmed else _NO_EXEMPTING


def _why_not_mitigate(exempting: Collection[str], mitigating: Collection[str], *, barred: bool) -> str | None:
    """The source offers 从轻、减轻 and 免于 for the same situations, so an exempting clause may be used for less."""
    if mitigating or (exempting and not barred):
        return None
    return _BARRED_MITIGATING if exempting else _NO_MITIGATING
