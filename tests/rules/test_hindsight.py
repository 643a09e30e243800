"""防止事后诸葛: only what existed when the officer acted counts as known then."""

from datetime import date

import pytest

from models.rules.clauses import Status
from models.rules.hindsight import Piece, known_at_the_time

ACTED = date(2020, 8, 17)
YES = Status.ESTABLISHED
REPORT = Piece(1, "书证", date(2020, 8, 10))
OPINION = Piece(2, "鉴定意见", date(2021, 3, 1))
WITNESS = Piece(3, "证人证言", date(2021, 3, 2))
UNDATED = Piece(4, "书证", None)


@pytest.mark.parametrize(
    ("cited", "kept"),
    [
        # It rests on an opinion made afterwards.
        ([2], False),
        # The same, together with a paper of the time.
        ([1, 2], True),
        # A witness heard afterwards tells of then.
        ([3], True),
        # Nobody wrote down when the paper was made.
        ([4], True),
        # Found without evidence.
        ([], True),
    ],
)
def test_a_finding_counts_if_anything_of_the_time_carries_it(cited: list[int], kept: bool) -> None:
    pieces = [REPORT, OPINION, WITNESS, UNDATED]
    known = known_at_the_time({"f": YES}, {"f": cited}, pieces, conduct_on=ACTED, of_the_conduct={"f"})
    assert known == ({"f": YES} if kept else {})


def test_what_came_of_it_is_shown_by_what_was_made_later() -> None:
    known = known_at_the_time({"f": YES}, {"f": [2]}, [OPINION], conduct_on=ACTED, of_the_conduct=set())
    assert known == {"f": YES}


def test_material_of_the_very_day_was_there() -> None:
    same_day = Piece(5, "书证", ACTED)
    assert not same_day.later(ACTED)
    assert known_at_the_time({"f": YES}, {"f": [5]}, [same_day], conduct_on=ACTED, of_the_conduct={"f"}) == {
        "f": YES
    }


def test_later_testimony_is_marked_but_not_set_aside() -> None:
    assert WITNESS.later(ACTED)
    assert not WITNESS.only_hindsight(ACTED)
