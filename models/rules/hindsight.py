"""Judging by what could be known: findings that rest only on what came into being afterwards. 防止事后诸葛

实施意见 五（二） measures the officer by duty and means of the time (clauses 5, 9, 43). Whoever testifies afterwards
still tells of then; a paper, a record or an opinion made afterwards shows what became known later. Only facts about the
officer's conduct can be judged with hindsight: outcome, correction and inquiry are later by nature.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from models.rules.logic import Facts, Status

# What people say or an investigator draws up afterwards is about the past and counts as known then.
RETROSPECTIVE = frozenset({"证人证言", "当事人的陈述", "勘验笔录、现场笔录"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence: its number, its kind, and the day the material itself was made, if known. 证据形成日期"""

    number: int
    kind: str
    formed_on: date | None

    def later(self, conduct_on: date) -> bool:
        """Whether the material did not exist yet when the officer acted."""
        return self.formed_on is not None and self.formed_on > conduct_on

    def only_hindsight(self, conduct_on: date) -> bool:
        """Whether it shows nothing but what became known afterwards."""
        return self.later(conduct_on) and self.kind not in RETROSPECTIVE


def known_at_the_time(
    facts: Facts,
    cited: Mapping[str, Collection[int]],
    pieces: Collection[Piece],
    *,
    conduct_on: date,
    of_the_conduct: Collection[str],
) -> dict[str, Status]:
    """The facts without those that rest on later material alone; these count as unproven. 行为当时已知的事实

    `cited`: fact -> numbers of the evidence it was found on. `of_the_conduct`: the facts the handbook judges by the
    time of the conduct; what came of it may well be shown by what was made later. A fact found without evidence, or
    on evidence of unknown date, stays: nothing shows that it could not be known.
    """
    late = {piece.number for piece in pieces if piece.only_hindsight(conduct_on)}
    return {
        fact: status
        for fact, status in facts.items()
        if fact not in of_the_conduct or not cited.get(fact) or not late.issuperset(cited[fact])
    }
