"""How a panel is drawn and what its ballots say."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.rules.decision import Outcome
from models.rules.errors import Conflict, Incomplete, Recused
from models.rules.review import BallotCast, Vote, VotingRule, draw_panel, majority_of, tally

RULE = VotingRule("2019-1")


def ballots(**votes):
    """ballots(exempt=[1, 2], no_fault=[3])"""
    return [
        BallotCast(member, Vote(outcome.replace("_", "-")), "已核对卷宗。")
        for outcome, members in votes.items()
        for member in members
    ]


def test_a_majority_decides_and_the_dissenter_is_recorded_by_name():
    result = tally(ballots(exempt=[1, 2, 3, 5], accountable=[4]), RULE, seats=5, recused=set())
    assert result.outcome is Outcome.EXEMPT
    assert result.counts == {Vote.EXEMPT: 4, Vote.ACCOUNTABLE: 1}
    assert result.dissenters == (4,)
    assert (result.tie, result.quorum_met, result.supplement) == (False, True, False)
    assert result.reasons == (
        "审议组5席，回避0名，在席5名；收到表决5票，至少须有4票"
        "（表决规则2019-1，建议值：席位三分之二以上出席，到会表决成员过半数同意）。",
        "免于追究4票，追究1票。",
        "『免于追究』4票（共5票），超过半数，为审议组多数意见。",
        "持不同意见1名，姓名和理由如实记入审议记录（重大行政决策程序暂行条例第三十条）。",
    )


def test_a_unanimous_panel_has_no_dissent():
    result = tally(ballots(no_fault=[1, 2, 3, 4, 5]), RULE, seats=5, recused=set())
    assert result.outcome is Outcome.NO_FAULT
    assert result.dissenters == ()
    assert result.reasons[-1] == "没有不同意见。"


@pytest.mark.parametrize(
    "votes",
    [
        # Two against two of four.
        {"exempt": [1, 2], "accountable": [3, 4]},
        # The largest group is no majority.
        {"exempt": [1, 2], "accountable": [3, 4], "mitigate": [5]},
    ],
)
def test_without_a_majority_there_is_a_tie_and_the_chair_must_write(votes):
    result = tally(ballots(**votes), RULE, seats=5, recused=set())
    assert (result.tie, result.outcome, result.quorum_met, result.dissenters) == (True, None, True, ())
    assert "主持人书面说明理由" in result.reasons[-1]


def test_half_is_not_more_than_half():
    assert majority_of([Vote.EXEMPT, Vote.ACCOUNTABLE]) is None
    assert majority_of([Vote.EXEMPT, Vote.ACCOUNTABLE, Vote.EXEMPT]) is Vote.EXEMPT
    assert majority_of([]) is None


def test_a_missed_quorum_decides_nothing_however_the_votes_agree():
    result = tally(ballots(exempt=[1, 2, 3]), RULE, seats=5, recused=set())
    assert (result.outcome, result.tie, result.quorum_met) == (None, False, False)
    assert "还缺1票" in result.reasons[-1]


def test_a_recused_member_leaves_the_denominator():
    # Three of four sitting members are the quorum; three of five would not be.
    result = tally(ballots(exempt=[1, 2], accountable=[3]), RULE, seats=5, recused={5})
    assert result.quorum_met
    assert result.outcome is Outcome.EXEMPT


def test_a_panel_that_recusal_left_with_two_cannot_decide():
    result = tally(ballots(exempt=[1, 2]), RULE, seats=5, recused={3, 4, 5})
    assert (result.quorum_met, result.outcome) == (False, None)
    assert "候补成员递补" in result.reasons[-1]


def test_a_recused_member_s_ballot_is_refused():
    with pytest.raises(Recused, match="已回避的成员不得参加"):
        tally(ballots(exempt=[1, 2, 3, 5]), RULE, seats=5, recused={5})


def test_a_member_who_votes_twice_is_refused():
    with pytest.raises(Conflict, match="只能表决一次"):
        tally(ballots(exempt=[1, 2, 3], accountable=[3]), RULE, seats=5, recused=set())


def test_more_ballots_than_members_are_refused():
    with pytest.raises(Conflict, match="收到表决5票，多于在席成员4名"):
        tally(ballots(exempt=[1, 2, 3, 4, 5]), RULE, seats=5, recused={9})


def test_a_majority_for_more_facts_sends_the_case_back_without_an_outcome():
    result = tally(ballots(supplement=[1, 2, 3], exempt=[4, 5]), RULE, seats=5, recused=set())
    assert (result.supplement, result.outcome, result.tie) == (True, None, False)
    assert result.dissenters == (4, 5)
    assert "退回补充核实" in result.reasons[-2]


@pytest.mark.parametrize("reason", ["", "  ", "\u200b", "——"])
def test_a_ballot_without_a_reason_is_refused(reason):
    with pytest.raises(Incomplete, match="表决须写明理由"):
        BallotCast(1, Vote.EXEMPT, reason)


def test_a_ballot_read_from_the_register_as_text_is_the_same_ballot():
    assert BallotCast(1, "no-fault", "查无实据。").outcome is Vote.NO_FAULT


def test_votes_are_the_outcomes_and_one_more():
    assert {vote.outcome for vote in Vote} == {*Outcome, None}
    assert [vote.zh for vote in Vote] == [*(outcome.zh for outcome in Outcome), "退回补充核实"]


@pytest.mark.parametrize(
    ("size", "quorum"),
    [(3, 3), (4, 3), (5, 4), (6, 4), (7, 5), (9, 6), (2, 3), (0, 3)],
)
def test_the_quorum_is_two_thirds_rounded_up_and_never_under_three(size, quorum):
    assert RULE.quorum(size) == quorum


def test_an_impossible_voting_rule_is_refused():
    with pytest.raises(Incomplete, match="4/3不成立"):
        VotingRule("x", quorum_num=4)
    with pytest.raises(Incomplete, match="单数"):
        VotingRule("x", size=4)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (2, "不得少于3人，不能按2人组成"),
        (1, "不得少于3人"),
        (-3, "不得少于3人"),
        (4, "应为单数，不能按4人组成；请改为3人或者5人"),
    ],
)
def test_a_panel_of_two_or_of_an_even_number_is_refused(size, message):
    with pytest.raises(Incomplete, match=message):
        draw_panel(range(20), size=size, seed="〔2025〕1号", exclude=())


def test_a_draw_without_a_seed_is_refused():
    with pytest.raises(Incomplete, match="须有种子"):
        draw_panel(range(20), size=5, seed=" ", exclude=())


def test_a_draw_is_this_panel_for_ever():
    # A change of the ranking would make every recorded draw irreproducible.
    drawn = draw_panel(range(1, 10), size=5, seed="case-1", exclude={3})
    assert drawn.members == (7, 9, 4, 2, 8)
    assert drawn.alternates == (6, 5, 1)
    assert drawn == draw_panel(range(1, 10), size=5, seed="case-1", exclude={3})
    assert drawn.zh == "按种子“case-1”抽取审议组成员5名，候补3名，可以复核。"


def test_another_seed_draws_another_panel():
    seen = {draw_panel(range(20), size=5, seed=f"case-{n}", exclude=()).members for n in range(20)}
    assert len(seen) == 20


def test_every_person_has_about_the_same_chance():
    drawn = Counter(
        member
        for n in range(1000)
        for member in draw_panel(range(10), size=5, seed=f"s{n}", exclude=()).members
    )
    assert all(400 < drawn[person] < 600 for person in range(10))


def test_too_few_eligible_is_said_and_names_how_many_are_missing():
    drawn = draw_panel([1, 2, 3, 4], size=5, seed="case-1", exclude={4})
    assert drawn.short
    assert (drawn.missing, set(drawn.members), drawn.alternates) == (2, {1, 2, 3}, ())
    assert "只有3名，还缺2名" in drawn.zh


people = st.lists(st.integers(1, 200), max_size=30)


@settings(max_examples=60, deadline=None)
@given(people, st.randoms(use_true_random=False), st.sets(st.integers(1, 200), max_size=10))
def test_a_draw_depends_on_who_is_in_the_pool_not_on_their_order(pool, shuffler, exclude):
    shuffled = [*pool, *pool[:3]]
    shuffler.shuffle(shuffled)
    drawn = draw_panel(pool, size=5, seed="case-1", exclude=exclude)
    assert draw_panel(shuffled, size=5, seed="case-1", exclude=exclude) == drawn
    assert {*drawn.members, *drawn.alternates} == {*pool} - exclude
    assert len(drawn.members) + drawn.missing == 5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(Vote), max_size=7))
def test_a_tally_with_an_outcome_always_has_a_majority_and_a_quorum(votes):
    cast = [BallotCast(member, vote, "理由") for member, vote in enumerate(votes)]
    result = tally(cast, RULE, seats=7, recused=set())
    assert sum(result.counts.values()) == len(votes)
    if result.outcome or result.supplement:
        assert len(votes) >= 5
        assert len(result.dissenters) * 2 < len(votes)
    else:
        assert result.tie is result.quorum_met
