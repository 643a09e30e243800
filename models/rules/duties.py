"""From the checked duty list to the two facts every exemption rests on. 履职清单核对结论"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from models.rules.errors import NotFound
from models.rules.logic import Status

ALL_PERFORMED = "duties-all-performed"
PERFORMED_EXCEPT_FLAGGED = "duties-performed-except-flagged"
COMPUTED = frozenset({ALL_PERFORMED, PERFORMED_EXCEPT_FLAGGED})  # nobody is asked: the duty list answers


class DutyResult(StrEnum):
    """What the investigators found about one duty item. 职责项核查结果"""

    DONE = "done"  # 已履行
    NOT_DONE = "not-done"  # 未履行
    NOT_APPLICABLE = "not-applicable"  # 不适用
    NOT_PROVEN = "not-proven"  # 未证明


def duty_facts(findings: Mapping[str, DutyResult], *, flagged: str | None = None) -> dict[str, Status]:
    """The status of “all duties performed” and “all but the flagged one performed”. 五（二）首句

    `flagged` names the item the officer is blamed for; without it, one item not done leaves the
    second fact open, because which deviation is blamed must be written down first. A list that
    shows no duty performed proves nothing. Refuses a flagged item that was not checked.
    """
    if flagged is not None and flagged not in findings:
        raise NotFound(f"被追究的职责项 {flagged} 不在核对清单中，请先将其列入并核对。")
    everything = _performed(findings.values())
    if flagged is not None:
        others = _performed(result for duty, result in findings.items() if duty != flagged)
    else:
        others = _performed_but_one(findings.values(), everything)
    if everything is Status.ESTABLISHED:
        others = Status.ESTABLISHED
    return {ALL_PERFORMED: everything, PERFORMED_EXCEPT_FLAGGED: others}


def _performed(results: Iterable[DutyResult]) -> Status:
    found = set(results)
    if DutyResult.NOT_DONE in found:
        return Status.REFUTED
    if DutyResult.NOT_PROVEN in found or DutyResult.DONE not in found:
        return Status.UNPROVEN
    return Status.ESTABLISHED


def _performed_but_one(results: Iterable[DutyResult], everything: Status) -> Status:
    # With two items not done, one is left undone whichever of them is flagged.
    undone = sum(result is DutyResult.NOT_DONE for result in results)
    if undone >= 2:
        return Status.REFUTED
    return Status.UNPROVEN if undone else everything
