"""Three-valued logic over recorded facts: trees, what decides them, what follows from them. 三值逻辑"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What the verification found about one fact; a fact nobody recorded is unproven. 事实认定状态"""

    ESTABLISHED = "established"  # 查证属实
    REFUTED = "refuted"  # 查证不实
    UNPROVEN = "unproven"  # 未证明


Facts = Mapping[str, Status]

Weighed = tuple[Status, tuple[str, ...]]

# Enum members are slow to look up on their class, and a case weighs some five hundred of them.
_YES, _NO, _OPEN = Status.ESTABLISHED, Status.REFUTED, Status.UNPROVEN
_OPPOSITE = {_YES: _NO, _NO: _YES, _OPEN: _OPEN}


@dataclass(frozen=True, slots=True)
class Fact:
    """A leaf: the status of one fact. 单项事实"""

    id: str

    def weigh(self, facts: Facts) -> Weighed:
        return facts.get(self.id, _OPEN), (self.id,)


@dataclass(frozen=True, slots=True)
class All:
    """As strong as its weakest part. 同时具备"""

    parts: tuple["Tree", ...]

    def weigh(self, facts: Facts) -> Weighed:
        return _decide([part.weigh(facts) for part in self.parts], _NO, _YES)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """As strong as its strongest part. 具备其一"""

    parts: tuple["Tree", ...]

    def weigh(self, facts: Facts) -> Weighed:
        return _decide([part.weigh(facts) for part in self.parts], _YES, _NO)


@dataclass(frozen=True, slots=True)
class Not:
    """Established when its part is refuted; what is unproven stays unproven. 否定"""

    part: "Tree"

    def weigh(self, facts: Facts) -> Weighed:
        value, grounds = self.part.weigh(facts)
        return _OPPOSITE[value], grounds


def _decide(parts: list[Weighed], strongest: Status, weakest: Status) -> Weighed:
    """Kleene's rule with its grounds: only the parts that share the result decided it."""
    values = [value for value, _ in parts]
    result = strongest if strongest in values else _OPEN if _OPEN in values else weakest
    grounds: tuple[str, ...] = ()
    for value, deciding in parts:
        if value is result:
            grounds += deciding
    return result, grounds


Tree = Fact | All | AnyOf | Not


class TreeFault(ValueError):
    """A condition that cannot be read. 条件写法有误"""


def parse_tree(raw: object, known: Collection[str], *, derived: Mapping[str, Tree] | None = None) -> Tree:
    """Read `fact-id`, `{all: [...]}`, `{any: [...]}` or `{not: ...}`; derived names are replaced by their tree.

    Refuses an unknown fact, an empty list and any other shape with TreeFault.
    """
    derived = derived or {}
    if isinstance(raw, str):
        if raw in derived:
            return derived[raw]
        if raw not in known:
            raise TreeFault(f"引用了未定义的事实 {raw}")
        return Fact(raw)
    if not isinstance(raw, Mapping) or len(raw) != 1:
        raise TreeFault(f"条件须为事实编号，或者只含 all、any、not 之一：{raw!r}")
    ((word, body),) = raw.items()
    if word == "not":
        return Not(parse_tree(body, known, derived=derived))
    if word not in ("all", "any") or not isinstance(body, list) or not body:
        raise TreeFault(f"条件只能用 all、any（后接非空列表）或 not：{raw!r}")
    parts = tuple(parse_tree(part, known, derived=derived) for part in body)
    return All(parts) if word == "all" else AnyOf(parts)


def leaves(tree: Tree) -> tuple[str, ...]:
    """Every fact the tree asks about, in order of first mention."""
    if isinstance(tree, Fact):
        return (tree.id,)
    if isinstance(tree, Not):
        return leaves(tree.part)
    return unique(fact for part in tree.parts for fact in leaves(part))


def value(tree: Tree, facts: Facts) -> Status:
    """What the facts say about the tree."""
    return tree.weigh(facts)[0]


def weigh(tree: Tree, facts: Facts) -> Weighed:
    """The value of the tree with the facts that decide it: proving, refuting or leaving it open. 决定性事实"""
    found, grounds = tree.weigh(facts)
    return found, unique(grounds)


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """The items without repetition, in their order."""
    return tuple(dict.fromkeys(items))


@dataclass(frozen=True, slots=True)
class Implication:
    """When one fact has this status another must have that one. 事实之间的推定"""

    fact: str
    status: Status
    then: str
    then_status: Status
    why: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A fact that the record makes both true and untrue; it counts as unproven until people resolve it. 认定矛盾"""

    fact: str
    why: tuple[str, ...]


def close(
    facts: Facts, implications: tuple[Implication, ...]
) -> tuple[dict[str, Status], tuple[Contradiction, ...]]:
    """Everything that follows from the record, to a fixpoint, in any order the same.

    A contradicted fact becomes unproven and nothing is inferred from it: neither a bar nor an
    exemption may rest on a record that denies itself.
    """
    contested: dict[str, tuple[str, ...]] = {}
    while True:
        claims = _claims(facts, implications, contested)
        fresh = {fact: why for fact, why in _conflicts(claims).items() if fact not in contested}
        if not fresh:
            break
        contested |= fresh
    closed = {fact: next(iter(found)) for fact, found in claims.items() if fact not in contested}
    return closed, tuple(Contradiction(fact, contested[fact]) for fact in sorted(contested))


_Claims = dict[str, dict[Status, tuple[str, ...]]]


def _claims(facts: Facts, implications: tuple[Implication, ...], contested: Collection[str]) -> _Claims:
    claims: _Claims = {
        fact: {status: ("核实记录",)} for fact, status in facts.items() if status is not Status.UNPROVEN
    }
    grew = True
    while grew:
        grew = False
        for rule in implications:
            if rule.fact in contested or rule.status not in claims.get(rule.fact, ()):
                continue
            found = claims.setdefault(rule.then, {})
            if rule.then_status not in found:
                found[rule.then_status] = (rule.why,)
                grew = True
    return claims


def _conflicts(claims: _Claims) -> dict[str, tuple[str, ...]]:
    return {
        fact: tuple(sorted(reason for why in found.values() for reason in why))
        for fact, found in claims.items()
        if len(found) > 1
    }
