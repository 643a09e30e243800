"""What would have to be proven for the result to change: the open facts that matter, fewest first. 反事实核对

Each answer is one that the matcher itself gave when asked with those facts added, so it can never promise what the
rules would not keep.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from models.rules.clauses import Matching, Outcome, Verdict, match
from models.rules.logic import All, AnyOf, Fact, Facts, Not, Status, Tree, close, unique
from models.rules.rulebook import Clause, Effect, Rulebook

MOST_FACTS = 4  # a longer list of things to prove is no hint any more
_MOST_WAYS = 200  # of proving one tree; the texts of 2019 stay far below
_OPPOSITE = {Status.ESTABLISHED: Status.REFUTED, Status.REFUTED: Status.ESTABLISHED}
_HOLDING = frozenset({Outcome.ESTABLISHED, Outcome.PROVISIONAL, Outcome.DISPLACED})

Proof = frozenset[tuple[str, Status]]


@dataclass(frozen=True, slots=True)
class Turn:
    """Some open facts, the answer each would need, and what would change then. 转变条件"""

    facts: tuple[tuple[str, Status], ...]
    gained: tuple[str, ...]  # clauses that would be proposed
    lost: tuple[str, ...]  # clauses that would no longer be
    barred_by: tuple[str, ...]  # gates of the negative list that would close
    ends: bool  # the matter would not reach the clauses at all

    @property
    def towards(self) -> bool:
        """Whether it would help the officer."""
        return bool(self.gained) and not (self.lost or self.barred_by or self.ends)


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The smallest sets of open facts, for every clause still open and for the result as a whole. 反事实核对结果"""

    turns: tuple[Turn, ...]

    @property
    def smallest(self) -> tuple[Turn, ...]:
        """The turns that ask for the fewest facts."""
        fewest = min((len(turn.facts) for turn in self.turns), default=0)
        return tuple(turn for turn in self.turns if len(turn.facts) == fewest)

    @property
    def towards(self) -> tuple[Turn, ...]:
        """What would help the officer."""
        return tuple(turn for turn in self.turns if turn.towards)

    @property
    def against(self) -> tuple[Turn, ...]:
        """What would take something away."""
        return tuple(turn for turn in self.turns if not turn.towards)


def counterfactual(book: Rulebook, facts: Facts) -> Counterfactual:
    """Every single open fact whose answer changes the result, and the fewest facts that complete a clause.

    Facts that are established or refuted stay as they are, also where the record denies itself: this looks for what
    is missing, it doubts nothing.
    """
    base = match(book, facts)
    known, _ = close(facts, book.implications)
    turns: dict[Proof, Turn] = {}
    recorded = {fact for fact, status in facts.items() if status is not Status.UNPROVEN}
    for proof in _proofs(book, base, known):
        if any(smaller <= proof for smaller in turns) or any(fact in recorded for fact, _ in proof):
            continue
        turn = _turn(book, base, facts, proof)
        if turn is not None:
            turns[proof] = turn
    return Counterfactual(tuple(sorted(turns.values(), key=_order)))


def _order(turn: Turn) -> tuple[int, bool, tuple[str, ...]]:
    return len(turn.facts), not turn.towards, tuple(fact for fact, _ in turn.facts)


def _proofs(book: Rulebook, base: Matching, known: Facts) -> list[Proof]:
    """What to try, fewest facts first."""
    wanted: set[Proof] = set()
    for fact in _open_facts(base):
        wanted |= {frozenset({(fact, status)}) for status in _OPPOSITE}
    for found in base.matches:
        if found.verdict is Verdict.NOT_PROVEN and found.outcome not in _HOLDING and found.clause.requires:
            wanted |= set(_completing(found.clause, book, known))
    return sorted(wanted, key=lambda proof: (len(proof), sorted(proof)))


def _open_facts(base: Matching) -> tuple[str, ...]:
    """The open facts on which anything still hangs: elements, premise, gates and what must be ruled out."""
    of_clauses = (
        fact
        for found in base.matches
        if found.verdict is Verdict.NOT_PROVEN
        for fact in (*found.missing, *found.to_rule_out)
    )
    of_gates = (f for result in base.gates if result.status is Status.UNPROVEN for f in result.grounds)
    return unique((*of_clauses, *of_gates))


def _completing(clause: Clause, book: Rulebook, known: Facts) -> Iterator[Proof]:
    """The fewest facts that prove the elements of a clause and its premise."""
    trees = [tree for tree in (clause.requires, book.premises[clause.premise].tree) if tree is not None]
    for proof in ways(All(tuple(trees)), known):
        if proof and len(proof) <= MOST_FACTS:
            yield proof


def ways(tree: Tree, known: Facts, want: Status = Status.ESTABLISHED) -> tuple[Proof, ...]:
    """Every smallest set of open facts, with the answer each needs, that gives the tree this value.

    Nothing when what is known already rules it out; one empty set when it holds already.
    """
    if isinstance(tree, Fact):
        status = known.get(tree.id, Status.UNPROVEN)
        if status is want:
            return (frozenset(),)
        return (frozenset({(tree.id, want)}),) if status is Status.UNPROVEN else ()
    if isinstance(tree, Not):
        return ways(tree.part, known, _OPPOSITE[want])
    parts = [ways(part, known, want) for part in tree.parts]
    either = isinstance(tree, AnyOf) == (want is Status.ESTABLISHED)
    found = [proof for part in parts for proof in part] if either else list(_together(parts))
    return _smallest(found)


def _together(parts: list[tuple[Proof, ...]]) -> Iterator[Proof]:
    for chosen in product(*parts):
        joined = frozenset().union(*chosen)
        if len({fact for fact, _ in joined}) == len(joined):  # one fact cannot have two answers
            yield joined


def _smallest(proofs: list[Proof]) -> tuple[Proof, ...]:
    kept: list[Proof] = []
    for proof in sorted(set(proofs), key=lambda found: (len(found), sorted(found))):
        if not any(other <= proof for other in kept):
            kept.append(proof)
        if len(kept) == _MOST_WAYS:
            break
    return tuple(kept)


def _turn(book: Rulebook, base: Matching, facts: Facts, proof: Proof) -> Turn | None:
    """What the matcher says with these facts added; None when it says the same, or the record would deny itself."""
    then = match(book, {**facts, **dict(proof)})
    if len(then.contradictions) > len(base.contradictions):
        return None
    before, after = _holding(base), _holding(then)
    bars = {r.gate.id: None for r in then.barred_by if r.gate.id not in {b.gate.id for b in base.barred_by}}
    turn = Turn(
        facts=tuple(sorted(proof)),
        gained=tuple(clause for clause in after if clause not in before),
        lost=tuple(clause for clause in before if clause not in after),
        barred_by=tuple(bars),
        ends=then.route is not base.route,
    )
    return turn if turn.gained or turn.lost or turn.barred_by or turn.ends else None


def _holding(matching: Matching) -> Mapping[str, Effect]:
    return {m.clause.id: m.clause.effect for m in matching.matches if m.outcome in _HOLDING}
