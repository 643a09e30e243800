"""履职清单核对结论: what the checked list says about “严格履行法定职责”."""

import pytest

from models.rules.duties import ALL_PERFORMED, PERFORMED_EXCEPT_FLAGGED, DutyResult, duty_facts
from models.rules.errors import NotFound
from models.rules.logic import Status

DONE, NOT_DONE = DutyResult.DONE, DutyResult.NOT_DONE
SKIPPED, OPEN = DutyResult.NOT_APPLICABLE, DutyResult.NOT_PROVEN
YES, NO, UNKNOWN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN


@pytest.mark.parametrize(
    ("findings", "flagged", "everything", "others"),
    [
        pytest.param({"a": DONE, "b": DONE}, None, YES, YES, id="全部履行"),
        pytest.param({"a": DONE, "b": SKIPPED}, None, YES, YES, id="不适用的项不影响结论"),
        pytest.param({"a": DONE, "b": OPEN}, None, UNKNOWN, UNKNOWN, id="有一项未证明"),
        pytest.param({"a": DONE, "b": NOT_DONE}, None, NO, UNKNOWN, id="一项未履行而未指明被追究的是哪一项"),
        pytest.param({"a": DONE, "b": NOT_DONE}, "b", NO, YES, id="未履行的恰是被追究的一项"),
        pytest.param({"a": NOT_DONE, "b": DONE}, "b", NO, NO, id="未履行的是被追究以外的项"),
        pytest.param(
            {"a": DONE, "b": NOT_DONE, "c": NOT_DONE}, None, NO, NO, id="两项未履行总有一项在被追究以外"
        ),
        pytest.param({"a": DONE, "b": NOT_DONE, "c": OPEN}, "b", NO, UNKNOWN, id="其余项中有未证明的"),
        pytest.param({"a": DONE, "b": OPEN}, "b", UNKNOWN, YES, id="只有被追究的一项未证明"),
        pytest.param({"a": DONE}, "a", YES, YES, id="被追究的一项查明已履行"),
        pytest.param({"a": NOT_DONE}, "a", NO, UNKNOWN, id="没有核对其余项的，什么也证明不了"),
        pytest.param({"a": SKIPPED}, None, UNKNOWN, UNKNOWN, id="没有适用项的，什么也证明不了"),
        pytest.param({}, None, UNKNOWN, UNKNOWN, id="没有核对的，什么也证明不了"),
    ],
)
def test_the_list_gives_two_facts(
    findings: dict[str, DutyResult], flagged: str | None, everything: Status, others: Status
) -> None:
    expected = {ALL_PERFORMED: everything, PERFORMED_EXCEPT_FLAGGED: others}
    assert duty_facts(findings, flagged=flagged) == expected
    assert duty_facts(dict(reversed(findings.items())), flagged=flagged) == expected


def test_a_flagged_item_outside_the_list_is_refused() -> None:
    with pytest.raises(NotFound, match="PEN-999"):
        duty_facts({"PEN-001": DONE}, flagged="PEN-999")
