"""Why a clause holds or not, as a tree down to the evidence: what pages, decisions and letters print. 说理

The tree repeats the order of the examination: route, act, elements, exclusions, negative list, premise, what is to
be ruled out, more specific clauses. It is read from the matcher's result, so it cannot say anything else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from models.rules.clauses import GateResult, Match, Matching, Outcome
from models.rules.logic import All, AnyOf, Fact, Facts, Not, Status, Tree, close
from models.rules.reasons import ANSWERS, statement
from models.rules.rulebook import Clause, Effect, GateKind, Rulebook


class Part(StrEnum):
    """What a node of the tree is. 说理层级"""

    CLAUSE = "clause"  # 条款
    ROUTE = "route"  # 是否进入条款匹配
    LOCK = "lock"  # 监察、司法优先
    ELEMENTS = "elements"  # 要件
    EXCLUSIONS = "exclusions"  # 排除事实
    BARS = "bars"  # 负面清单
    PREMISE = "premise"  # 履职前提
    GATE = "gate"  # 单项前提或者排除
    ALL = "all"  # 同时具备
    ANY = "any"  # 具备其一
    NOT = "not"  # 没有下列情形
    FACT = "fact"  # 事实


@dataclass(frozen=True, slots=True)
class Ground:
    """What one finding rests on. 认定依据"""

    evidence: tuple[int, ...] = ()  # numbers in the evidence list of the case
    note: str = ""
    confirmed_by: tuple[str, ...] = ()  # who found it, who signed it too
    later_only: bool = False  # rests only on material made after the conduct


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the explanation with what stands under it. 说理节点"""

    part: Part
    text: str
    status: Status
    children: tuple["Node", ...] = ()
    fact: str = ""  # the fact it says is there, or is not
    ground: Ground | None = None
    inferred: str = ""  # why it follows, when nobody found it directly

    @property
    def zh(self) -> str:
        """What was found, in the words that fit what was asked: elements are 具备, a bar is 没有触及, a fact is 属实."""
        return _FOUND.get(self.part, ANSWERS)[self.status]

    @property
    def deciding(self) -> tuple["Node", ...]:
        """What a reader needs: where one of several suffices and is there, only what is there."""
        if self.part is Part.ANY and self.status is Status.ESTABLISHED:
            return tuple(child for child in self.children if child.status is Status.ESTABLISHED)
        if self.part is Part.PREMISE and self.status is Status.REFUTED and self.children:
            last = self.children[-1]
            return last.children[-1:] or (last,)  # the widest reading fails, so the narrower ones do
        return tuple(part for child in self.children for part in child._shown())

    def _shown(self) -> tuple["Node", ...]:
        found = self.deciding if self.part is Part.ANY else ()
        return found if self.status is Status.ESTABLISHED and len(found) == 1 else (self,)

    def walk(self, depth: int = 0) -> Iterator[tuple[int, "Node"]]:
        """Every line from top to bottom with its depth."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def _words(established: str, refuted: str, unproven: str) -> Mapping[Status, str]:
    return {Status.ESTABLISHED: established, Status.REFUTED: refuted, Status.UNPROVEN: unproven}


_FOUND = {
    Part.CLAUSE: _words("成立", "不成立", "未证明"),
    Part.ROUTE: _words("具备", "不具备", "待查明"),
    Part.LOCK: _words("存在", "没有发现", "待查明"),
    Part.ELEMENTS: _words("齐备", "不具备", "尚缺证明"),
    Part.EXCLUSIONS: _words("存在", "均已排除", "待排除"),
    Part.BARS: _words("已触及", "没有触及", "待排除"),
    Part.PREMISE: _words("具备", "不具备", "待核清"),
    Part.ALL: _words("具备", "不具备", "尚缺证明"),
    Part.ANY: _words("具备", "均不具备", "尚缺证明"),
}
_HOLDING = frozenset({Outcome.ESTABLISHED, Outcome.PROVISIONAL, Outcome.DISPLACED})
_OF_VERDICT = {"met": Status.ESTABLISHED, "not-met": Status.REFUTED, "not-proven": Status.UNPROVEN}


@dataclass(frozen=True)
class _Record:
    """What was found, and on what."""

    book: Rulebook
    found: Facts
    known: Facts
    grounds: Mapping[str, Ground]
    why: Mapping[str, str] = field(default_factory=dict)


def explain(
    book: Rulebook, matching: Matching, facts: Facts, clause_id: str, grounds: Mapping[str, Ground]
) -> Node:
    """The explanation of one clause. `grounds`: fact -> what it was found on. Raises NotFound."""
    found = matching.match_of(clause_id)
    record = _record(book, facts, grounds)
    clause = found.clause
    # A displaced clause holds; that another one is more specific is said in the result's own words.
    status = Status.ESTABLISHED if found.outcome in _HOLDING else _OF_VERDICT[found.verdict.value]
    return Node(Part.CLAUSE, f"{clause.label}：{clause.text}", status, tuple(_parts(found, matching, record)))


def common(
    book: Rulebook, matching: Matching, facts: Facts, grounds: Mapping[str, Ground]
) -> tuple[Node, ...]:
    """What is asked once for all clauses: route, locks and the negative list. 各条款共同的前提"""
    record = _record(book, facts, grounds)
    return (*_route(matching, record), _bars(matching, record))


def _record(book: Rulebook, facts: Facts, grounds: Mapping[str, Ground]) -> _Record:
    known, _ = close(facts, book.implications)
    why = {
        rule.then: rule.why
        for rule in book.implications
        if known.get(rule.then) is rule.then_status and known.get(rule.fact) is rule.status
    }
    return _Record(book, facts, known, grounds, why)


def _parts(found: Match, matching: Matching, record: _Record) -> Iterator[Node]:
    clause = found.clause
    yield from _route(matching, record)
    if clause.requires is not None:
        yield _group(Part.ELEMENTS, "条款要件", [_tree(clause.requires, record)])
    if clause.excludes:
        listed = [_fact(out.fact, record) for out in clause.excludes]
        yield _group(Part.EXCLUSIONS, "不适用本项的情形", listed, any_of=True)
    if clause.effect is Effect.EXEMPT:
        yield _bars(matching, record)
    yield from _premise(clause, record)


def _route(matching: Matching, record: _Record) -> Iterator[Node]:
    scope = [r for r in matching.gates if r.gate.kind is GateKind.SCOPE]
    yield _gates(Part.ROUTE, "进入条款匹配的前提", scope, record)
    locks = [r for r in matching.gates if r.gate.kind is GateKind.LOCK]
    yield _gates(Part.LOCK, "须先由监察、司法机关处理的情形", locks, record)


def _bars(matching: Matching, record: _Record) -> Node:
    return _gates(Part.BARS, "不得免责的负面清单", [r for r in matching.gates if r.gate.bars], record)


def _premise(clause: Clause, record: _Record) -> Iterator[Node]:
    premise = record.book.premises.get(clause.premise)
    if premise is not None and premise.tree is not None:
        yield _group(Part.PREMISE, f"履职前提（{premise.zh}）", [_tree(premise.tree, record)])


def _gates(part: Part, text: str, results: Iterable[GateResult], record: _Record) -> Node:
    """The gates' own facts, where the gate joins them as the group does; a gate of another shape keeps its name."""
    joint = Part.ALL if part is Part.ROUTE else Part.ANY
    children: list[Node] = []
    for result in results:
        if result.gate.tree is None:
            continue
        node = _tree(result.gate.tree, record)
        plain = node.part is joint and all(child.fact for child in node.children)
        if node.fact or plain:
            children += node.children if plain else (node,)
        else:
            children.append(_group(Part.GATE, result.gate.zh, [node]))
    return _group(part, text, children, any_of=part is not Part.ROUTE)


def _group(part: Part, text: str, children: Iterable[Node], *, any_of: bool = False) -> Node:
    listed = tuple(children)
    if len(listed) == 1 and listed[0].part is Part.ALL:
        return Node(part, text, listed[0].status, listed[0].children)
    statuses = {child.status for child in listed}
    strongest, weakest = (
        (Status.ESTABLISHED, Status.REFUTED) if any_of else (Status.REFUTED, Status.ESTABLISHED)
    )
    status = (
        strongest if strongest in statuses else Status.UNPROVEN if Status.UNPROVEN in statuses else weakest
    )
    return Node(part, text, status, listed)


def _tree(tree: Tree, record: _Record) -> Node:
    if isinstance(tree, Fact):
        return _fact(tree.id, record)
    status = tree.weigh(record.known)[0]
    if isinstance(tree, Not):
        denied = _tree(tree.part, record)
        if denied.part is Part.FACT:
            return replace(
                denied, part=Part.NOT, text=f"没有“{denied.text.removeprefix('存在')}”的情形", status=status
            )
        return Node(Part.NOT, "没有下列情形", status, (denied,))
    children = tuple(_tree(part, record) for part in tree.parts)
    if isinstance(tree, All):
        return Node(Part.ALL, "下列情形（须同时具备）", status, children)
    assert isinstance(tree, AnyOf)  # noqa: S101  # the fourth and last kind of tree
    return Node(Part.ANY, "下列情形（有一项即可）", status, children)


def _fact(fact: str, record: _Record) -> Node:
    status = record.known.get(fact, Status.UNPROVEN)
    found = record.found.get(fact, Status.UNPROVEN) is not Status.UNPROVEN
    return Node(
        Part.FACT,
        statement(record.book.questions[fact]),
        status,
        fact=fact,
        ground=record.grounds.get(fact),
        inferred="" if found or status is Status.UNPROVEN else record.why.get(fact, ""),
    )
