"""From a narrative to a proposal: clauses best first, facts in its own words, gates it touches. 提出建议"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.handbook import Edition
from models.rules.clauses import Clause
from models.suggestion.evidence import Evidence
from models.suggestion.gates import gate_hits
from models.suggestion.learning import learnt
from models.suggestion.ngrams import Floats
from models.suggestion.reading import EXAMINED, Reading, read
from models.suggestion.signs import Found

CATEGORIES = ("inspection", "penalty", "licensing", "coercion", "general")
MOST = 10  # candidates shown
# Clauses of another kind of act are rarely right, the general ones and the mitigating ones sometimes.
# A fixed handicap, in units of the ridge score.
HANDICAP: Mapping[str, float] = {"general": -0.08, "mitigation": -0.08}
ELSEWHERE = -0.35
# 从轻减轻 presupposes a fault: where a gate is touched these clauses come forward instead.
FAULT = 0.03
STATED = 0.06  # when every fact a clause asks for stands there in known words
NEVER = -10.0  # 兜底条款须由人写明依据，机器不提
LEAST = 0.04  # the best candidate of a text about nothing of the kind stays below
STEEP, MIDDLE = 16.0, 0.18  # of the curve that turns a score into 0..1


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
    evidence = Evidence(edition, model, reading)

    def fact(found: Found) -> FactHit:
        # A quotation is the narrative's own text, not the cleaned one.
        return FactHit(found.id, narrative[found.start : found.end], found.start, found.end)

    scores = _scores(model.clauses(_looks(reading)))
    if scores.max() < LEAST:
        return Suggestion(notes=(*notes, "没有看出与条款有关的内容，请补充经过。"))
    touched = gate_hits(edition, model, reading)
    clauses = list(edition.clauses.values())
    stated = np.array([evidence.share(clause) for clause in clauses])
    weighed = scores + STATED * stated + _handicaps(edition, category, at_fault=bool(touched))
    best = [clauses[at] for at in np.argsort(-weighed, kind="stable")[:MOST]]
    shown = dict(zip(edition.clauses, map(_shown, weighed), strict=True))
    return Suggestion(
        candidates=tuple(
            Candidate(clause.id, shown[clause.id], tuple(map(fact, evidence.for_clause(clause))))
            for clause in best
        ),
        gates=tuple(GateHit(hit.id, narrative[hit.start : hit.end], hit.start, hit.end) for hit in touched),
        facts=tuple(map(fact, evidence.stated.values())),
        notes=notes,
    )


def _looks(reading: Reading) -> list[str]:
    """The whole text first, then every three sentences on end: a long story drowns its point."""
    parts = [sentence.text for sentence in reading.sentences]
    windows = ["".join(parts[at : at + 3]) for at in range(max(1, len(parts) - 2))]
    return [reading.text, *windows]


def _scores(rows: Floats) -> Floats:
    return np.asarray(0.7 * rows[0] + 0.3 * rows[1:].max(axis=0))


def _handicaps(edition: Edition, category: str | None, *, at_fault: bool) -> Floats:
    return np.array([_handicap(clause, category, at_fault) for clause in edition.clauses.values()])


def _handicap(clause: Clause, category: str | None, at_fault: bool) -> float:
    if clause.catch_all:
        return NEVER
    if at_fault and clause.category == "mitigation":
        return FAULT
    if category is None or clause.category == category:
        return 0.0
    return HANDICAP.get(clause.category, ELSEWHERE)


def _shown(score: float) -> float:
    """Between 0 and 1, in the same order; about how often such a candidate was right on labelled cases."""
    return round(float(1 / (1 + np.exp(-STEEP * (score - MIDDLE)))), 3)
