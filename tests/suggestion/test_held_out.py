"""提示: on invented narratives it was not taught, the right clause is among the first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from models.handbook import Edition, Tellings
from models.suggestion import suggest

FOLDS = 4
Blind = tuple[Edition, Tellings]  # an edition that was not taught these tellings


def parts(tellings: Tellings, fold: int) -> tuple[Tellings, Tellings]:
    """What is taught and what is kept back, every fourth narrative of each kind."""

    def kept(texts: Sequence[str], held: bool) -> tuple[str, ...]:
        return tuple(text for at, text in enumerate(texts) if (at % FOLDS == fold) is held)

    def each(told: Mapping[str, Sequence[str]], held: bool) -> dict[str, tuple[str, ...]]:
        return {name: kept(texts, held) for name, texts in told.items()}

    def side(held: bool) -> Tellings:
        return replace(
            tellings,
            clauses=each(tellings.clauses, held),
            gates=each(tellings.gates, held),
            harmless=kept(tellings.harmless, held),
        )

    return side(False), side(True)


@pytest.fixture(scope="module")
def blind(edition: Edition) -> list[Blind]:
    sides = [parts(edition.tellings, fold) for fold in range(FOLDS)]
    return [(replace(edition, tellings=taught), held) for taught, held in sides]


def category_of(edition: Edition, clause: str) -> str | None:
    own = edition.clauses[clause].category
    return None if own == "mitigation" else own


def test_a_narrative_kept_back_finds_its_clause(blind: list[Blind]) -> None:
    def places() -> Iterator[int]:
        for edition, held in blind:
            for clause, texts in held.clauses.items():
                if edition.clauses[clause].catch_all:
                    continue
                for text in texts:
                    found = suggest(edition, text, category_of(edition, clause)).candidates
                    order = [candidate.clause for candidate in found]
                    yield order.index(clause) if clause in order else 99

    found = list(places())
    share = {k: sum(place < k for place in found) / len(found) for k in (1, 3, 5, 10)}
    # Floors a little below what was measured (docs/decisions/0007-suggestion.md).
    assert share[1] >= 0.88
    assert share[3] >= 0.97
    assert share[5] >= 0.98
    assert share[10] >= 0.99


def test_gates_are_told_from_what_only_sounds_like_misconduct(blind: list[Blind]) -> None:
    caught: list[bool] = []
    alarmed: list[bool] = []
    for edition, held in blind:
        innocent = [
            *held.harmless,
            *(t for name, texts in held.clauses.items() if name.startswith("exempt") for t in texts),
        ]
        caught += [bool(suggest(edition, text).gates) for texts in held.gates.values() for text in texts]
        alarmed += [bool(suggest(edition, text).gates) for text in innocent]
    assert sum(caught) / len(caught) >= 0.62
    assert sum(alarmed) / len(alarmed) <= 0.08
