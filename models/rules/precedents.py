"""Decided cases that resemble the one at hand, and what they say together. 相近先例

Like cases are to be treated alike: whoever concludes otherwise than the nearest decided cases says what is different
here. A precedent binds nobody and opens no outcome that the clauses keep closed.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from models.rules.decision import Outcome, is_written
from models.rules.logic import Facts, Status, leaves
from models.rules.rulebook import GateKind, Rulebook

MOST = 5  # precedents shown for one officer
THRESHOLD = 0.5  # half of all that weighs must be common, or the cases are not alike
CLEAR = 2 / 3  # of the precedents must agree before deviating needs a reason

# Weights: a clause in play says what kind of conduct it was, a ground of the negative list or of aggravation turns a
# case as much as a clause does; any other fact is one circumstance among many, and so is the post.
CLAUSE, GRAVE, ORDINARY, POST = 3, 3, 1, 1

# Outcomes that say how conduct was judged; a transfer or a matter out of scope judges nothing.
COMPARED = frozenset({Outcome.EXEMPT, Outcome.MITIGATE, Outcome.ACCOUNTABLE, Outcome.NO_FAULT})


@dataclass(frozen=True, slots=True)
class Conduct:
    """What is compared of one officer. 可比情形

    `clauses`: those the machine proposed or a reviewer confirmed, whatever became of them; `facts`: those established.
    """

    post: str
    clauses: frozenset[str]
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Decided:
    """One officer with a signed decision: what was known, what was in play, how it ended. 已决人员"""

    case_id: str
    number: str
    year: int
    edition: str
    conduct_on: date
    conclusion: str
    post: str
    known: Facts
    proposed: frozenset[str]
    confirmed: frozenset[str]
    outcome: Outcome
    conduct: Conduct


@dataclass(frozen=True, slots=True)
class Precedent:
    """A decided officer whose conduct resembles the one at hand, and in what. 相近先例"""

    decided: Decided
    similarity: float  # 0 … 1
    shared_clauses: tuple[str, ...]
    shared_facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Precedents:
    """The nearest decided cases for one officer, the most alike first. 相近先例"""

    found: tuple[Precedent, ...] = ()

    @property
    def leaning(self) -> Outcome | None:
        """The outcome on which all or a clear majority agree; None when there is none. 一致结论"""
        outcomes = [precedent.decided.outcome for precedent in self.found]
        most = max(outcomes, key=outcomes.count, default=None)
        return most if most is not None and outcomes.count(most) >= CLEAR * len(outcomes) else None

    def refusal(self, outcome: Outcome, deviation: str) -> str | None:
        """Why an outcome may not stand without a reason for deviating, or None. 偏离先例须说明理由"""
        leaning = self.leaning
        if leaning is None or outcome is leaning or outcome not in COMPARED or is_written(deviation):
            return None
        like = [p.decided.number for p in self.found if p.decided.outcome is leaning]
        named = like[0] if len(like) == 1 else f"{like[0]}等 {len(like)} 件"
        return (
            f"提出『{outcome.zh}』，与相近的已决案件不同：{named}的结论是『{leaning.zh}』。"
            "同类情形应当同样处理，请写明“与先例不同的理由”，或者改为与先例一致的意见。"
        )


def conduct(post: str, clauses: Iterable[str], known: Facts) -> Conduct:
    """What is compared of an officer: nothing that is refuted or open."""
    established = (fact for fact, status in known.items() if status is Status.ESTABLISHED)
    return Conduct(post, frozenset(clauses), frozenset(established))


def weights(book: Rulebook) -> Mapping[str, int]:
    """Fact -> weight, for the facts that do not weigh as ordinary ones.

    What every case answers in the same way, scope and kind of act, weighs nothing: it would make all cases alike.
    """
    found: dict[str, int] = {}
    for gate in book.gates:
        trees = [*([gate.tree] if gate.tree else []), *gate.by_category.values()]
        grave = gate.kind in (GateKind.NEGATIVE, GateKind.CAUTION)
        if grave or gate.kind in (GateKind.SCOPE, GateKind.CATEGORY):
            found |= {fact: GRAVE if grave else 0 for tree in trees for fact in leaves(tree)}
    return found


def similarity(one: Conduct, other: Conduct, weights: Mapping[str, int]) -> float:
    """Weighted Jaccard: the weight of what both have over the weight of what either has. 相似度"""
    shared = _weight(
        one.clauses & other.clauses, one.facts & other.facts, weights, post=one.post == other.post
    )
    either = _weight(one.clauses | other.clauses, one.facts | other.facts, weights, post=True)
    return shared / (either if one.post == other.post else either + POST)


def _weight(clauses: Collection[str], facts: Iterable[str], weights: Mapping[str, int], *, post: bool) -> int:
    return CLAUSE * len(clauses) + sum(weights.get(fact, ORDINARY) for fact in facts) + POST * post


def nearest(own: Conduct, decided: Iterable[Decided], weights: Mapping[str, int]) -> Precedents:
    """The decided cases most like this conduct, one officer of each; of equals the one that comes first.

    Nothing is like conduct of which neither a clause nor a telling fact is known.
    """
    if not own.clauses and not any(weights.get(fact, ORDINARY) for fact in own.facts):
        return Precedents()
    best: dict[str, tuple[float, Decided]] = {}
    for other in decided:
        alike = similarity(own, other.conduct, weights)
        if alike >= THRESHOLD and alike > best.get(other.case_id, (0.0, other))[0]:
            best[other.case_id] = alike, other
    ranked = sorted(best.values(), key=lambda pair: -pair[0])[:MOST]
    return Precedents(tuple(_precedent(own, other, alike, weights) for alike, other in ranked))


def _precedent(own: Conduct, other: Decided, alike: float, weights: Mapping[str, int]) -> Precedent:
    telling = (fact for fact in own.facts & other.conduct.facts if weights.get(fact, ORDINARY))
    return Precedent(other, alike, tuple(sorted(own.clauses & other.conduct.clauses)), tuple(sorted(telling)))
