"""Which outcomes are open, and when the head of the organ may sign another one."""

import itertools

import pytest

from models.rules.decision import Conclusion, Outcome, allowed_outcomes, head_may_differ, is_written
from models.rules.errors import Incomplete


def outcomes(conclusion="complete", *, exempt=(), mitigate=(), barred=False, flag=False):
    return allowed_outcomes(
        conclusion=conclusion,
        confirmed_exempt=exempt,
        confirmed_mitigate=mitigate,
        barred=barred,
        transfer_flag=flag,
    )


def open_ones(found):
    return {outcome for outcome, reason in found.items() if reason is None}


ALWAYS = {Outcome.ACCOUNTABLE, Outcome.NO_FAULT, Outcome.TRANSFER, Outcome.OUT_OF_SCOPE}


@pytest.mark.parametrize(
    ("exempt", "mitigate", "barred", "expected"),
    [
        # No clause confirmed: neither exempting nor mitigating.
        ([], [], False, ALWAYS),
        # An exempting clause opens the exemption and, chosen as 从轻, mitigation.
        (["exempt-41"], [], False, ALWAYS | {Outcome.EXEMPT, Outcome.MITIGATE}),
        # A mitigating clause opens mitigation only.
        ([], ["mitigate-1"], False, ALWAYS | {Outcome.MITIGATE}),
        # 实施意见 四(二): the three distinctions bar the exempting clause, also as 从轻 …
        (["exempt-41"], [], True, ALWAYS),
        # … but not what the officer did to make good.
        (["exempt-41"], ["mitigate-4"], True, ALWAYS | {Outcome.MITIGATE}),
        ([], [], True, ALWAYS),
    ],
)
def test_confirmed_clauses_open_outcomes(exempt, mitigate, barred, expected):
    assert open_ones(outcomes(exempt=exempt, mitigate=mitigate, barred=barred)) == expected


def test_every_closed_outcome_says_why():
    assert "没有经法制审核确认的免于追究条款" in outcomes()[Outcome.EXEMPT]
    assert "没有可以择用从轻的免于追究条款" in outcomes()[Outcome.MITIGATE]
    barred = outcomes(exempt=["exempt-41"], barred=True)
    assert "实施意见四（二）" in barred[Outcome.EXEMPT]
    assert "也不能据以从轻" in barred[Outcome.MITIGATE]


@pytest.mark.parametrize(
    ("conclusion", "only", "word"),
    [
        ("unfounded", Outcome.NO_FAULT, "反映失实"),
        ("out-of-scope", Outcome.OUT_OF_SCOPE, "不属本机制"),
        ("transfer", Outcome.TRANSFER, "不得作出处理"),
    ],
)
def test_the_other_conclusions_leave_one_outcome_whatever_clauses_match(conclusion, only, word):
    found = outcomes(conclusion, exempt=["exempt-41"], mitigate=["mitigate-1"])
    assert open_ones(found) == {only}
    assert all(word in reason for reason in found.values() if reason)


def test_a_transfer_flag_leaves_only_transfer_for_every_conclusion_and_clause():
    for conclusion, clauses, barred in itertools.product(Conclusion, ([], ["exempt-41"]), (False, True)):
        found = outcomes(conclusion, exempt=clauses, mitigate=clauses, barred=barred, flag=True)
        assert open_ones(found) == {Outcome.TRANSFER}
        assert "移送标记" in found[Outcome.NO_FAULT]


def test_a_barred_officer_is_never_exempted():
    for conclusion, clauses, flag in itertools.product(Conclusion, ([], ["exempt-12"]), (False, True)):
        assert outcomes(conclusion, exempt=clauses, barred=True, flag=flag)[Outcome.EXEMPT] is not None


def test_a_conclusion_the_procedure_does_not_know_is_refused():
    with pytest.raises(
        Incomplete, match="“done”无法识别，应为complete、unfounded、out-of-scope、transfer之一"
    ):
        outcomes("done")


def test_every_outcome_reads_in_chinese():
    assert [outcome.zh for outcome in Outcome] == [
        "免于追究",
        "从轻或减轻",
        "追究",
        "不构成过错",
        "移送",
        "不属本机制",
    ]


def test_the_head_signs_the_majority_without_reasons():
    head_may_differ(Outcome.EXEMPT, Outcome.EXEMPT, None)


@pytest.mark.parametrize("reason", [None, "", "   ", "\u200b\u202e", "……。"])
def test_the_head_cannot_differ_from_the_majority_without_written_reasons(reason):
    with pytest.raises(Incomplete, match="多数意见为『免于追究』，签发『追究』.*第三十条"):
        head_may_differ(Outcome.EXEMPT, Outcome.ACCOUNTABLE, reason)
    with pytest.raises(Incomplete, match="多数意见为『追究』，签发『免于追究』"):
        head_may_differ(Outcome.ACCOUNTABLE, Outcome.EXEMPT, reason)
    with pytest.raises(Incomplete, match="没有形成多数意见"):
        head_may_differ(None, Outcome.ACCOUNTABLE, reason)


def test_the_head_may_differ_with_written_reasons():
    head_may_differ(Outcome.EXEMPT, Outcome.MITIGATE, "已造成部分损失尚未挽回。")
    head_may_differ(None, Outcome.MITIGATE, "采纳主持人意见。")


def test_a_reason_must_say_something():
    assert is_written("理由")
    assert not is_written("\u200b \t。")
