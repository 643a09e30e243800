"""Which facts to ask about one officer, and in which order: only what can still change something. 核查提纲

Gates come first, then the elements of the clauses that are still open, the facts on which most clauses hang before
the others. What is left over changes no clause, whatever the answer; people may record it all the same.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from models.rules.clauses import Match, Outcome, Verdict, match
from models.rules.logic import Fact, Facts, Implication, Not, Status, Tree, close, leaves, unique, value
from models.rules.rulebook import Clause, Rulebook

_DECIDED = frozenset({Status.ESTABLISHED, Status.REFUTED})


@dataclass(frozen=True, slots=True)
class Worksheet:
    """The questions of an edition for one officer, each in exactly one group. 核查提纲"""

    first: tuple[str, ...]  # what every clause hangs on: 适用范围、管辖、履职前提和负面清单
    turning: tuple[str, ...]  # what can still change a clause, most clauses first
    recorded: tuple[str, ...]  # what people have already found either way
    idle: tuple[str, ...]  # 其他事实（目前不影响任何条款）
    elsewhere: tuple[str, ...]  # what only clauses of other enforcement acts ask about
    hinges: Mapping[str, tuple[str, ...]]  # fact -> the clauses it can still change
    contradictions: tuple[str, ...]  # where the record denies itself, in words


def worksheet(book: Rulebook, facts: Facts, *, recorded: Collection[str] | None = None) -> Worksheet:
    """Sort the questions by what their answers could still change.

    `facts`: all that is known; `recorded`: which of it people answered themselves and may answer differently, the
    rest following from the category of the case and the duty list. Refuses an unknown fact with NotFound.
    """
    answered = {f for f in (facts if recorded is None else recorded) if facts.get(f) in _DECIDED}
    found = match(book, facts)
    known, clashes = close(facts, book.implications)
    contested = [clash.fact for clash in clashes if clash.fact in answered]
    hinges = _hinges(book, found.matches, known)
    gates = _with_causes(book.implications, dict.fromkeys(_open_gates(book, known), ("",)), known)
    premises = [f for premise in book.premises.values() for f in _leaves(premise.tree) if f in hinges]
    near = {f for clause in book.clauses if _applies(clause, book, known) for f in _asked(clause)}
    near |= {f for gate in book.gates for f in _leaves(gate.tree)} | facts.keys()
    left = dict.fromkeys(book.questions, True)

    def take(wanted: Iterable[str]) -> tuple[str, ...]:
        return tuple(f for f in unique(wanted) if left.pop(f, False))

    return Worksheet(
        first=take((*contested, *(f for f in (*gates, *premises) if f not in answered))),
        recorded=take(f for f in book.questions if f in answered),
        turning=take(sorted((f for f in book.questions if f in hinges), key=lambda f: -len(hinges[f]))),
        idle=take(f for f in book.questions if f in near),
        elsewhere=take(book.questions),
        hinges=hinges,
        contradictions=found.notes,
    )


def _hinges(book: Rulebook, matches: Iterable[Match], known: Facts) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in matches:
        for fact in unique(_turning(one, book, known)):
            found[fact] = (*found.get(fact, ()), one.clause_id)
    return _with_causes(book.implications, found, known)


def _turning(one: Match, book: Rulebook, known: Facts) -> Iterator[str]:
    """The open facts on which the verdict on one clause still hangs; none when it failed for good."""
    clause = one.clause
    if one.outcome is Outcome.HUMAN_ONLY:
        for basis in clause.named_bases:
            yield from _live(basis.tree, known)
        return
    clears = one.outcome in (Outcome.NOT_REACHED, Outcome.SUPPORTS_CLEARING) and _may_clear(
        clause, book, known
    )
    if one.verdict is Verdict.NOT_MET and not clears:
        return
    for tree in (clause.requires, book.premises[clause.premise].tree, *_category(clause, book)):
        yield from _live(tree, known)
    yield from (out.fact for out in clause.excludes if out.fact not in known)
    if clause.legal_review is not None:
        yield from _live(clause.legal_review.when, known)
        yield from (fact for fact in clause.legal_review.checks if fact not in known)


def _may_clear(clause: Clause, book: Rulebook, known: Facts) -> bool:
    """Whether an unfounded report may still be cleared with it: it describes duty performed, and nothing denies it."""
    trees = (clause.requires, book.premises[clause.premise].tree, *_category(clause, book))
    return (
        clause.supporting
        and _gate_value(book, "gate-scope", known) is not Status.REFUTED
        and all(tree is None or value(tree, known) is not Status.REFUTED for tree in trees)
        and not any(known.get(out.fact) is Status.ESTABLISHED for out in clause.excludes)
    )


def _gate_value(book: Rulebook, gate_id: str, known: Facts) -> Status:
    trees = [gate.tree for gate in book.gates if gate.id == gate_id and gate.tree is not None]
    return value(trees[0], known) if trees else Status.UNPROVEN


def _live(tree: Tree | None, known: Facts) -> Iterator[str]:
    """The open facts that can still change the value of a tree: what is decided asks nothing any more."""
    if tree is None or value(tree, known) is not Status.UNPROVEN:
        return
    if isinstance(tree, Fact):
        yield tree.id
        return
    for part in (tree.part,) if isinstance(tree, Not) else tree.parts:
        yield from _live(part, known)


def _with_causes(
    implications: Iterable[Implication], hinges: Mapping[str, tuple[str, ...]], known: Facts
) -> dict[str, tuple[str, ...]]:
    """The same with every open fact from which one of them would follow."""
    found = dict(hinges)
    rules = [r for r in implications if r.fact not in known]
    grew = True
    while grew:
        grew = False
        for rule in rules:
            more = unique((*found.get(rule.fact, ()), *found.get(rule.then, ())))
            if len(more) > len(found.get(rule.fact, ())):
                found[rule.fact], grew = more, True
    return found


def _open_gates(book: Rulebook, known: Facts) -> Iterator[str]:
    for gate in sorted(book.gates, key=lambda gate: gate.order):
        yield from _live(gate.tree, known)


def _category(clause: Clause, book: Rulebook) -> tuple[Tree, ...]:
    return tuple(g.by_category[clause.category] for g in book.gates if clause.category in g.by_category)


def _applies(clause: Clause, book: Rulebook, known: Facts) -> bool:
    return all(value(tree, known) is not Status.REFUTED for tree in _category(clause, book))


def _asked(clause: Clause) -> Iterator[str]:
    """Every fact the clause mentions."""
    yield from _leaves(clause.requires)
    yield from (out.fact for out in clause.excludes)
    for basis in clause.named_bases:
        yield from leaves(basis.tree)
    if clause.legal_review is not None:
        yield from _leaves(clause.legal_review.when)
        yield from clause.legal_review.checks


def _leaves(tree: Tree | None) -> tuple[str, ...]:
    return () if tree is None else leaves(tree)
