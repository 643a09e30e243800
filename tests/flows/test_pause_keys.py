"""Pause keys: what a suspension remembers, in letters that Prefect can resume. 挂起标识"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.case_lifecycle import artifact_key
from flows.waking import Pause, is_ahead
from models.rules.lifecycle import Stage
from tasks.office import Standing


def test_a_key_names_stage_round_effects_owed_and_turn():
    assert Pause("verification", 2, 0, 5).key == "verification-2-0-5"


@given(
    st.sampled_from([stage.value for stage in Stage]),
    st.integers(1, 99),
    st.integers(0, 999),
    st.integers(1, 9999),
)
def test_every_key_can_be_read_again(stage, round_, owed, turn):
    pause = Pause(stage, round_, owed, turn)
    assert Pause.read(pause.key) == pause


@pytest.mark.parametrize("stage", ["Intake", "受理", "in_take", "in take", "in.take"])
def test_a_key_with_a_letter_that_cannot_be_resumed_is_refused(stage):
    with pytest.raises(ValueError, match="a-z, 0-9"):
        _ = Pause(stage, 1, 0, 1).key


@pytest.mark.parametrize("key", [None, "", "1", "b7d5", "verification-2", "Verification-1-0-1"])
def test_a_key_of_another_origin_is_no_pause_of_ours(key):
    assert Pause.read(key) is None


@pytest.mark.parametrize(
    ("place", "ahead"),
    [
        (Standing("c", "matching", 1, False, 0), False),  # nothing happened
        (Standing("c", "matching", 1, False, 2), False),  # the same two effects still wait for a retry
        (Standing("c", "matching", 1, False, 3), True),  # a third one is owed now
        (Standing("c", "review", 1, False, 0), True),  # the stage was passed
        (Standing("c", "verification", 2, False, 0), True),  # sent back
        (Standing("c", "matching", 2, False, 0), True),  # a new round of the same stage
        (Standing("c", "matching", 1, True, 0), True),  # archived, nothing owed
    ],
)
def test_the_register_is_ahead_when_the_case_moved_or_owes_more(place, ahead):
    assert is_ahead(place, Pause("matching", 1, 2, 4)) is ahead


def test_a_suspension_we_did_not_write_is_always_looked_at():
    assert is_ahead(Standing("c", "intake", 1, False, 0), None)


def test_the_key_of_an_artifact_holds_only_what_prefect_allows():
    key = artifact_key(Standing("0197-AB_cd-ef-0123456789", "intake", 1, False, 0))
    assert key == "case-ef0123456789-intake"
