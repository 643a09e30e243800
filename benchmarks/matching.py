"""The clauses for one officer, and all decided cases under a changed edition, beside plain evaluation. 条款匹配

The plain floor weighs the same trees of gates, premises and clauses over a dict and says nothing about why.
"""

import random
import shutil
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlmodel import Session

from benchmarks.measure import Figure, Place, percentile
from benchmarks.people import Bureau, a_bureau, now
from models.casework.decided import read_decided
from models.casework.record import insert_all
from models.database import Register, register
from models.handbook import Edition, load_edition, read_edition
from models.handbook.loader import SHIPPED
from models.queries import shadow
from models.rules.clauses import match
from models.rules.inquiry import known_facts
from models.rules.logic import All, AnyOf, Fact, Not, Status, Tree, leaves
from models.rules.rulebook import Rulebook
from models.tables import Case, Decision, Finding, Match, Respondent
from models.tables import Fact as FoundFact

OFFICERS = 2_000  # determinations that are timed
CASES = 1_000  # decided cases that are tried again, two officers each
FACTS, DUTIES = 30, 8  # recorded for one officer
A_MATCH, A_SHADOW = 2.0, 20.0  # targets: ms for one officer, seconds for all cases
_SCOPE = (
    "conduct-in-enforcement",
    "officer-in-charge",
    "within-applicable-period",
    "allegation-substantiated",
)
_DONE = ("duties-all-performed", "duties-performed-except-flagged")
_ESTABLISHED, _REFUTED, _UNPROVEN = 1, -1, 0


def run(place: Place, *, quick: bool = False) -> list[Figure]:
    """Measure both; every officer's facts are different, drawn with a fixed seed."""
    smaller = 10 if quick else 1
    edition, dice = load_edition("2019"), random.Random(2019)  # noqa: S311 - a draw to be repeated
    officers = [_facts(edition, dice, "licensing") for _ in range(OFFICERS // smaller)]
    return [
        _determination(place, edition.rulebook, officers),
        _shadow(place, edition, dice, CASES // smaller),
    ]


def _determination(place: Place, book: Rulebook, officers: Sequence[Mapping[str, Status]]) -> Figure:
    plain = _Plain(book)
    for facts in officers[:50]:
        match(book, facts)
        plain.weigh(facts)
    floor = [_ms(plain.weigh, facts) for facts in officers]
    took = [_ms(match, book, facts) for facts in officers]
    floor += [_ms(plain.weigh, facts) for facts in officers]
    mean = sum(took) / len(took)
    return Figure(
        "determination",
        place.database,
        round(mean, 3),
        "ms/officer",
        f"<= {A_MATCH:.0f}",
        mean <= A_MATCH,
        {
            "clauses": len(book.clauses),
            "p99 ms": round(percentile(took, 99), 3),
            "plain evaluation ms": round(sum(floor) / len(floor), 3),
            "officers": len(officers),
        },
    )


def _ms(do: Any, *arguments: Any) -> float:
    started = time.perf_counter()
    do(*arguments)
    return (time.perf_counter() - started) * 1000


def _shadow(place: Place, edition: Edition, dice: random.Random, cases: int) -> Figure:
    opened = register()
    _decide(opened, a_bureau(opened), edition, dice, cases=cases)
    changed = read_edition(_changed(place.data_dir))
    with opened.reading() as session:
        started = time.perf_counter()
        found = list(shadow(session, changed))
        took = time.perf_counter() - started
        read, plain = _floor(session, edition.rulebook, changed.rulebook)
    if len({one.decided.case_id for one in found}) != cases:
        raise AssertionError(f"{len(found)} officers came back, not those of {cases} cases")
    return Figure(
        "shadow",
        place.database,
        round(took, 2),
        f"s/{cases:,} cases",
        f"<= {A_SHADOW:.0f}",
        took <= A_SHADOW,
        {
            "officers": len(found),
            "flips": sum(one.comparison.changed for one in found),
            "reading alone s": round(read, 2),
            "plain evaluation under both s": round(plain, 2),
        },
    )


def _floor(session: Session, *books: Rulebook) -> tuple[float, float]:
    started = time.perf_counter()
    decided = list(read_decided(session))
    read = time.perf_counter() - started
    plains = [_Plain(book) for book in books]
    started = time.perf_counter()
    for one in decided:
        for plain in plains:
            plain.weigh(one.known)
    return read, time.perf_counter() - started


def _changed(folder: Path) -> Path:
    """The shipped edition with one more element in every clause about forged or defective papers."""
    made = folder / "draft"
    shutil.copytree(SHIPPED / "2019", made)
    text = (made / "clauses.yaml").read_text(encoding="utf-8")
    old = "materials-formally-complete]}"
    if old not in text:
        raise AssertionError(f"no clause ends with {old}")
    harder = text.replace(old, "materials-formally-complete, formal-review-done]}")
    (made / "clauses.yaml").write_text(harder, encoding="utf-8")
    return made


# --- decided cases ------------------------------------------------------------------------------


def _facts(edition: Edition, dice: random.Random, category: str) -> dict[str, Status]:
    """What an investigation might have found: scope and the elements of two clauses met, no bar, the rest at random."""
    clauses = [c for c in edition.clauses.values() if c.requires and c.category in (category, "general")]
    met = [fact for clause in dice.sample(clauses, 2) for fact in leaves(clause.requires or Fact(""))]
    bars = [fact for gate in edition.gates.values() if gate.tree and gate.bars for fact in leaves(gate.tree)]
    asked = list(edition.facts)
    found = {fact: dice.choice(list(Status)) for fact in dice.sample(asked, FACTS)}
    found |= dict.fromkeys((*_DONE, *_SCOPE, *met), Status.ESTABLISHED) | dict.fromkeys(bars, Status.REFUTED)
    return known_facts(category, found, {})


def _decide(opened: Register, bureau: Bureau, edition: Edition, dice: random.Random, *, cases: int) -> None:
    """Write cases as they stand once signed: this is about reading and matching, not about how they came there."""
    duties = [d.id for d in edition.duties.values() if d.category == "licensing"]
    for start in range(0, cases, 100):
        with opened.writing() as session:
            for number in range(start, min(start + 100, cases)):
                _decided_case(session, bureau, edition, dice, duties=duties, number=number + 1)


def _decided_case(
    session: Session, bureau: Bureau, edition: Edition, dice: random.Random, *, duties: list[str], number: int
) -> None:
    at = now()
    organ = next(iter(bureau.actors["meng.fan"].roles))[1]
    case = Case(
        id=uuid.uuid4().hex,
        organ_id=organ,
        year=2026,
        number=number,
        title="登记审查履职问题",
        category="licensing",
        source="report",
        conduct_on=at.date(),
        narrative="",
        edition=edition.id,
        stage="archive",
        state="archived",
        conclusion="complete",
        registered_at=at,
    )
    session.add(case)
    session.flush()
    people = [bureau.ids[name] for name in ("zhou.kai", "xu.jing")]
    named = [Respondent(case_id=case.id, person_id=p, post="reviewer", unit="城南分局") for p in people]
    session.add_all(named)
    session.flush()
    rows: list[Any] = []
    for officer in named:
        of: dict[str, Any] = {"case_id": case.id, "round": 1, "respondent_id": officer.id}
        known = _facts(edition, dice, "licensing")
        proposed = [found.clause_id for found in match(edition.rulebook, known).proposed]
        outcome = "exempt" if any(c.startswith("exempt-") for c in proposed) else "accountable"
        rows += [FoundFact(**of, fact=fact, status=status) for fact, status in known.items()]
        rows += [Finding(**of, duty=duty, result="done") for duty in dice.sample(duties, DUTIES)]
        rows += [
            Match(**of, clause=clause, outcome="established", proposed=True, confirmed=True)
            for clause in proposed
        ]
        rows.append(Decision(**of, proposed=outcome, outcome=outcome, signed_at=at))
    insert_all(session, rows)


# --- the floor ----------------------------------------------------------------------------------


class _Plain:
    """The same trees as nested tuples, weighed over a plain dict: a value for each and no reasons."""

    def __init__(self, book: Rulebook) -> None:
        trees: list[Tree | None] = [premise.tree for premise in book.premises.values()]
        for gate in book.gates:
            trees += [gate.tree, *gate.by_category.values()]
        for clause in book.clauses:
            trees += [clause.requires, *(Fact(out.fact) for out in clause.excludes)]
        self.trees = [_plain(tree) for tree in trees if tree is not None]

    def weigh(self, facts: Mapping[str, Status]) -> list[int]:
        """One value for each tree."""
        known = {fact: _VALUES[status] for fact, status in facts.items()}
        return [_value(tree, known) for tree in self.trees]


_VALUES = {Status.ESTABLISHED: _ESTABLISHED, Status.REFUTED: _REFUTED, Status.UNPROVEN: _UNPROVEN}


def _plain(tree: Tree) -> Any:
    if isinstance(tree, Fact):
        return tree.id
    if isinstance(tree, Not):
        return "not", (_plain(tree.part),)
    assert isinstance(tree, All | AnyOf)
    return "all" if isinstance(tree, All) else "any", tuple(map(_plain, tree.parts))


def _value(tree: Any, known: Mapping[str, int]) -> int:
    if isinstance(tree, str):
        return known.get(tree, _UNPROVEN)
    word, parts = tree
    values = [_value(part, known) for part in parts]
    return -values[0] if word == "not" else min(values) if word == "all" else max(values)
