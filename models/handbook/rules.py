"""Reading what an edition says about exemption: clauses, gates and the logic between facts. 读取规则"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from models.handbook.reading import Entry, read_entries
from models.rules.logic import Implication, Status, Tree, TreeFault, close, leaves, parse_tree
from models.rules.rulebook import (
    Citation,
    Clause,
    Effect,
    Excluder,
    Gate,
    GateKind,
    LegalReview,
    NamedBasis,
    Premise,
    ReviewLevel,
    Rulebook,
)

Trees = Mapping[str, Tree]
GATE_EFFECTS = ("bar", "aggravate", "caution")


def _tree(entry: Entry, key: str, facts: Collection[str], derived: Trees) -> Tree | None:
    raw = entry.raw(key)
    if raw is None:
        return None
    try:
        return parse_tree(raw, facts, derived=derived)
    except TreeFault as broken:
        raise entry.fault(f"{key} {broken}") from broken


def _needed(entry: Entry, key: str, facts: Collection[str], derived: Trees) -> Tree:
    found = _tree(entry, key, facts, derived)
    if found is None:
        raise entry.fault(f"缺少 {key}")
    return found


def read_derived(top: Entry, facts: Collection[str]) -> dict[str, Tree]:
    """Names for combinations of facts; a name must not hide a fact."""

    def build(entry: Entry) -> Tree:
        if entry.text("id") in facts:
            raise entry.fault("与事实编号重名")
        entry.text("zh")
        return _needed(entry, "tree", facts, {})

    return read_entries(top, "derived", build)


def read_premises(top: Entry, facts: Collection[str], derived: Trees) -> dict[str, Premise]:
    """The ways to read the duty premise."""

    def build(entry: Entry) -> Premise:
        tree = _tree(entry, "tree", facts, derived)
        return Premise(entry.text("id"), entry.text("zh"), entry.text("meaning"), tree)

    return read_entries(top, "premise_modes", build)


def read_implications(top: Entry, facts: Collection[str]) -> tuple[Implication, ...]:
    """What follows from one fact for another."""
    decided = (Status.ESTABLISHED.value, Status.REFUTED.value)
    found = []
    for entry in top.subs("implications"):
        rule = Implication(
            fact=entry.one_of("if", facts),
            status=Status(entry.one_of("is", decided)),
            then=entry.one_of("then", facts),
            then_status=Status(entry.one_of("as", decided)),
            why=entry.text("why"),
        )
        entry.done()
        found.append(rule)
    _check_consistent(top, tuple(found))
    return tuple(found)


def _check_consistent(top: Entry, rules: tuple[Implication, ...]) -> None:
    """What follows from one fact must not deny itself: every record of the fact would contradict itself."""
    for rule in rules:
        _, clashes = close({rule.fact: rule.status}, rules)
        if clashes:
            names = "、".join(clash.fact for clash in clashes)
            raise top.fault(f"implications：由 {rule.fact} 推出 {names} 既成立又不成立")


def read_clauses(
    top: Entry,
    facts: Collection[str],
    derived: Trees,
    *,
    categories: Collection[str],
    premises: Collection[str],
    period: tuple[date, date | None],
) -> dict[str, Clause]:
    """The clauses in their order; yields_to must name known clauses and never lead back."""

    def build(entry: Entry) -> Clause:
        clause = _clause(entry, facts, derived, categories=categories, premises=premises)
        _check_dates(entry, clause, period)
        if (clause.requires is None) != clause.catch_all:
            raise entry.fault("只有兜底条款（catch_all）才没有 requires，其余条款必须写明要件")
        return clause

    clauses = read_entries(top, "clauses", build)
    for clause in clauses.values():
        for key in ("yields_to", "overlaps", "incompatible_with"):
            for other in getattr(clause, key):
                if other not in clauses or other == clause.id:
                    raise Entry(top.file, clause.id, {}).fault(f"{key} 引用了未定义的条款或者自身 {other}")
    _check_amendments(top, clauses.values())
    circle = _circle(clauses)
    if circle:
        raise Entry(top.file, circle[0], {}).fault(f"yields_to 首尾相接：{' → '.join(circle)}")
    return clauses


def _clause(
    entry: Entry,
    facts: Collection[str],
    derived: Trees,
    *,
    categories: Collection[str],
    premises: Collection[str],
) -> Clause:
    reading = entry.sub("interpretation") or Entry(entry.file, entry.label, {})
    settle = {} if entry.raw("to_settle") is None else entry.table("to_settle")
    for fact in settle:
        if fact not in facts and fact not in derived:
            raise entry.fault(f"to_settle 引用了未定义的事实 {fact}")
    found = Clause(
        id=entry.text("id"),
        ref=entry.text("ref"),
        category=entry.one_of("category", categories),
        effect=Effect(entry.one_of("effect", [effect.value for effect in Effect])),
        text=entry.text("text"),
        premise=entry.one_of("premise", premises),
        requires=_tree(entry, "requires", facts, derived),
        in_force_from=entry.day("in_force_from"),
        in_force_until=entry.day_or_none("in_force_until"),
        source=entry.text("source"),
        excludes=tuple(_excluder(out, facts) for out in entry.subs("excludes")),
        yields_to=entry.texts("yields_to"),
        overlaps=entry.texts("overlaps"),
        incompatible_with=entry.texts("incompatible_with"),
        catch_all=entry.flag("catch_all"),
        premise_clause=entry.flag("premise_clause"),
        premise_like=entry.flag("premise_like"),
        excused_defect=entry.text_or("excused_defect"),
        legal_review=_legal_review(entry.sub("legal_review"), facts, derived),
        named_bases=tuple(_named_basis(basis, facts, derived) for basis in entry.subs("named_bases")),
        reading=reading.text_or("reading"),
        alternative=reading.text_or("alternative"),
        stage_hint=entry.texts("stage_hint"),
        to_settle=settle,
    )
    reading.raw("why")
    reading.done()
    return found


def _check_dates(entry: Entry, clause: Clause, period: tuple[date, date | None]) -> None:
    starts, ends = period
    until = clause.in_force_until
    if until is not None and until < clause.in_force_from:
        raise entry.fault("in_force_until 早于 in_force_from")
    if clause.in_force_from < starts or (ends is not None and clause.in_force_from > ends):
        raise entry.fault("in_force_from 不在本版次的施行期间内")


def _check_amendments(top: Entry, clauses: Iterable[Clause]) -> None:
    """An item of the list stands in one wording at a time: the old entry ends before the new one begins."""
    latest: dict[str, Clause] = {}
    for clause in sorted(clauses, key=lambda clause: clause.in_force_from):
        before = latest.get(clause.ref)
        if before is not None and before.in_force(clause.in_force_from):
            raise Entry(top.file, clause.id, {}).fault(
                f"{clause.ref}自{clause.in_force_from}起另有 {before.id} 施行，应先以 in_force_until 关闭前者"
            )
        latest[clause.ref] = clause


def _excluder(entry: Entry, facts: Collection[str]) -> Excluder:
    found = Excluder(entry.one_of("fact", facts), entry.text("why"))
    entry.done()
    return found


def _legal_review(entry: Entry | None, facts: Collection[str], derived: Trees) -> LegalReview | None:
    if entry is None:
        return None
    found = LegalReview(
        level=ReviewLevel(entry.one_of("level", [level.value for level in ReviewLevel])),
        why=entry.text("why"),
        basis=entry.texts("basis", required=True),
        when=_tree(entry, "when", facts, derived),
        checks=entry.among("checks", facts, "事实"),
    )
    if (found.level is ReviewLevel.CONDITIONAL) != (found.when is not None):
        raise entry.fault("level 为 conditional 时必须写 when，其他情形不得写")
    entry.done()
    return found


def _named_basis(entry: Entry, facts: Collection[str], derived: Trees) -> NamedBasis:
    tree = _needed(entry, "tree", facts, derived)
    found = NamedBasis(entry.text("id"), entry.text("zh"), entry.text("basis"), tree)
    entry.done()
    return found


def _circle(clauses: Mapping[str, Clause]) -> list[str]:
    """A chain of yields_to that comes back to where it began, or nothing."""
    safe: set[str] = set()

    def walk(clause_id: str, path: list[str]) -> list[str]:
        if clause_id in path:
            return [*path[path.index(clause_id) :], clause_id]
        if clause_id in safe:
            return []
        found = _first(walk(other, [*path, clause_id]) for other in clauses[clause_id].yields_to)
        safe.add(clause_id)
        return found

    return _first(walk(clause_id, []) for clause_id in clauses)


def _first(chains: Iterable[list[str]]) -> list[str]:
    return next(filter(None, chains), [])


def read_gates(
    top: Entry,
    facts: Collection[str],
    derived: Trees,
    *,
    categories: Collection[str],
) -> dict[str, Gate]:
    """The gates; the ids the rules ask for by name must be there."""

    def build(entry: Entry) -> Gate:
        kind = GateKind(entry.one_of("kind", [kind.value for kind in GateKind]))
        gate = Gate(
            id=entry.text("id"),
            zh=entry.text("zh"),
            order=entry.number("order"),
            kind=kind,
            applies_to=tuple(
                map(Effect, entry.among("applies_to", [e.value for e in Effect], "效果", required=True))
            ),
            sources=tuple(_citation(source) for source in entry.subs("sources", required=True)),
            tree=_tree(entry, "tree", facts, derived),
            by_category=_by_category(entry, facts, derived, categories),
            effect="" if entry.raw("effect") is None else entry.one_of("effect", GATE_EFFECTS),
            inferred=entry.flag("inferred"),
            consequence=entry.text_or("consequence"),
            if_unproven=entry.text_or("if_unproven"),
            note=entry.text_or("note"),
        )
        _check_gate(entry, gate)
        return gate

    gates = read_entries(top, "gates", build)
    for wanted in ("gate-scope", "gate-allegation", "gate-transfer", "gate-premise", "gate-category"):
        if wanted not in gates:
            raise top.fault(f"缺少闸门 {wanted}")
    if len({gate.order for gate in gates.values()}) != len(gates):
        raise top.fault("闸门的 order 有重复")
    return gates


def _check_gate(entry: Entry, gate: Gate) -> None:
    asks = gate.kind in (GateKind.SCOPE, GateKind.LOCK, GateKind.NEGATIVE, GateKind.CAUTION)
    if asks != (gate.tree is not None):
        raise entry.fault("适用范围、管辖、负面清单和提请注意的闸门必须写 tree，其余的不得写")
    if (gate.kind is GateKind.CATEGORY) != bool(gate.by_category):
        raise entry.fault("只有环节闸门（category）写 by_category，且必须写")
    if (gate.kind is GateKind.NEGATIVE) != (gate.effect == "bar"):
        raise entry.fault("负面清单闸门（negative）的 effect 必须是 bar，其他闸门不得是 bar")


def _by_category(
    entry: Entry, facts: Collection[str], derived: Trees, categories: Collection[str]
) -> dict[str, Tree]:
    inner = entry.sub("by_category")
    if inner is None:
        return {}
    found = {name: _needed(inner, name, facts, derived) for name in categories if inner.raw(name) is not None}
    inner.done()
    return found


def _citation(entry: Entry) -> Citation:
    found = Citation(entry.text("ref"), entry.text("text"))
    entry.done()
    return found


def asked_facts(book: Rulebook) -> set[str]:
    """Every fact that some rule asks about; a question outside it would be put to people for nothing."""
    trees: list[Tree | None] = [premise.tree for premise in book.premises.values()]
    asked = {fact for rule in book.implications for fact in (rule.fact, rule.then)}
    for gate in book.gates:
        trees += [gate.tree, *gate.by_category.values()]
    for clause in book.clauses:
        trees += [clause.requires, *(basis.tree for basis in clause.named_bases)]
        asked |= {out.fact for out in clause.excludes}
        if clause.legal_review is not None:
            trees.append(clause.legal_review.when)
            asked |= set(clause.legal_review.checks)
    return asked | {fact for tree in trees if tree is not None for fact in leaves(tree)}
