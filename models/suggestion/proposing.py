"""From a narrative to a proposal: clauses best first, facts in its own words, gates it touches. 提出建议"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.handbook import Edition
from models.rules.clauses import Clause
from models.rules.logic import leaves
from models.suggestion.gates import gate_hits
from models.suggestion.learning import learnt
from models.suggestion.ngrams import Floats
from models.suggestion.reading import EXAMINED, Reading, read
from models.suggestion.signs import Found, find

CATEGORIES = ("inspection", "penalty", "licensing", "coercion", "general")
MOST = 10  # candidates shown
# Clauses of another kind of act are rarely right, the general ones and the mitigating ones sometimes.
# A fixed handicap, in units of the ridge score.
HANDICAP: Mapping[str, float] = {"general": -0.08, "mitigation": -0.08}
ELSEWHERE = -0.35
STEEP, MIDDLE = 12.0, 0.2  # of the curve that turns a score into 0..1


@dataclass(frozen=True, slots=True)
class FactHit:
    """A fact the narrative seems to state, in its words. 事实提示"""

    fact: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GateHit:
    """A gate the narrative seems to touch, in its words. 闸门提示"""

    gate: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clause to look at. The score orders and warns; it is no probability of exemption. 候选条款"""

    clause: str
    score: float
    why: tuple[FactHit, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the narrative seems to say; a person decides. `notes` says what was not looked at. 提示"""

    candidates: tuple[Candidate, ...] = ()
    gates: tuple[GateHit, ...] = ()
    facts: tuple[FactHit, ...] = ()
    notes: tuple[str, ...] = ()


def suggest(edition: Edition, narrative: str, category: str | None = None) -> Suggestion:
    """Clauses to look at, best first, with the facts and gates the narrative seems to state.

    `category` is the kind of act in dispute; without it all clauses compete alike. A narrative without
    enough Chinese gives an empty suggestion that says so. Raises ValueError for an unknown category.
    """
    if category is not None and category not in CATEGORIES:
        raise ValueError(f"没有“{category}”这一类别，只能是：{'、'.join(CATEGORIES)}")
    reading = read(narrative)
    notes = (f"叙述过长，只看了前{EXAMINED}字。",) if reading.cut else ()
    if not reading.says_something:
        return Suggestion(notes=(*notes, "中文叙述太少，提不出条款，请补充经过。"))
    model = learnt(edition)
    scores = _scores(model.clauses(_looks(reading)))
    facts = {found.id: found for found in find(edition.tellings.fact_signs, reading)}
    return Suggestion(
        candidates=_candidates(edition, scores, facts, category),
        gates=tuple(
            GateHit(hit.id, hit.quote, hit.start, hit.end)
            for hit in gate_hits(edition, model, reading, scores)
        ),
        facts=tuple(map(_fact, facts.values())),
        notes=notes,
    )


def _looks(reading: Reading) -> list[str]:
    """The whole text first, then every three sentences on end: a long story drowns its point."""
    parts = [sentence.text for sentence in reading.sentences]
    windows = ["".join(parts[at : at + 3]) for at in range(max(1, len(parts) - 2))]
    return [reading.text, *windows]


def _scores(rows: Floats) -> Floats:
    return np.asarray(0.7 * rows[0] + 0.3 * rows[1:].max(axis=0))


def _candidates(
    edition: Edition, scores: Floats, facts: Mapping[str, Found], category: str | None
) -> tuple[Candidate, ...]:
    clauses = list(edition.clauses.values())
    weighed = scores + np.array([_handicap(clause, category) for clause in clauses])
    best = np.argsort(-weighed, kind="stable")[:MOST]
    return tuple(
        Candidate(clauses[at].id, _shown(float(weighed[at])), _why(clauses[at], facts)) for at in best
    )


def _handicap(clause: Clause, category: str | None) -> float:
    if clause.catch_all:
        return -1.0  # 兜底条款须由人写明依据，机器不提
    if category is None or clause.category == category:
        return 0.0
    return HANDICAP.get(clause.category, ELSEWHERE)


def _shown(score: float) -> float:
    return round(float(1 / (1 + np.exp(-STEEP * (score - MIDDLE)))), 3)


def _why(clause: Clause, facts: Mapping[str, Found]) -> tuple[FactHit, ...]:
    if clause.requires is None:
        return ()
    return tuple(_fact(facts[fact]) for fact in leaves(clause.requires) if fact in facts)


def _fact(found: Found) -> FactHit:
    return FactHit(found.id, found.quote, found.start, found.end)
