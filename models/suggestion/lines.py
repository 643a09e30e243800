"""Narratives in and proposals out, one JSON object a line. 逐件叙述与提示"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from models.jsonl import Fault, id_of, needed, read_lines
from models.suggestion.proposing import CATEGORIES, Suggestion

OUTCOMES = ("exempt", "mitigate", "accountable", "transfer", "insufficient_facts")


@dataclass(frozen=True, slots=True)
class Told:
    """One narrative of a file. 一件叙述"""

    id: str | int
    category: str
    narrative: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """A narrative with the clauses people chose for it. 已标注的叙述"""

    told: Told
    gold: tuple[str, ...]
    acceptable: tuple[str, ...]
    outcome: str


Named = TypeVar("Named", Told, Labelled)


def read_told(path: Path) -> list[Told]:
    """Every narrative of the file. Raises BadLines naming each line that is none; then nothing is read."""
    return read_lines(path, lambda raw: _named(_told(raw)))


def read_labelled(path: Path, clauses: Iterable[str]) -> list[Labelled]:
    """Every labelled narrative; labels are clause ids or the short E24, M3. Raises BadLines."""
    known = frozenset(clauses)
    return read_lines(path, lambda raw: _named(_labelled(raw, known)))


def _named(item: Named) -> tuple[str | int, Named]:
    return (item.told if isinstance(item, Labelled) else item).id, item


def _told(raw: Mapping[str, Any]) -> Told:
    name, category, narrative = id_of(raw), needed(raw, "category"), needed(raw, "narrative")
    if not isinstance(narrative, str):
        raise Fault("narrative 应为文字")
    if category not in CATEGORIES:
        raise Fault(f"category 只能是：{'、'.join(CATEGORIES)}")
    return Told(name, category, narrative)


def _labelled(raw: Mapping[str, Any], known: frozenset[str]) -> Labelled:
    outcome = needed(raw, "outcome")
    if outcome not in OUTCOMES:
        raise Fault(f"outcome 只能是：{'、'.join(OUTCOMES)}")
    needed(raw, "gold")
    return Labelled(_told(raw), _labels(raw, "gold", known), _labels(raw, "acceptable", known), outcome)


def _labels(raw: Mapping[str, Any], key: str, known: frozenset[str]) -> tuple[str, ...]:
    written = raw.get(key, [])
    if not isinstance(written, list):
        raise Fault(f"{key} 应为列表")
    return tuple(_clause(label, key, known) for label in written)


def _clause(label: object, key: str, known: frozenset[str]) -> str:
    text = str(label)
    kind, number = text[:1], text[1:]
    if number.isascii() and number.isdecimal():
        text = {"E": f"exempt-{int(number):02}", "M": f"mitigate-{int(number)}"}.get(kind, text)
    if text not in known:
        raise Fault(f"{key} 中没有 {label} 这一条款")
    return text


def as_line(told: Told, suggestion: Suggestion) -> str:
    """One line of the result; gates without the `gate-` every gate id begins with."""
    found: dict[str, Any] = {
        "id": told.id,
        "candidates": [
            {
                "clause": candidate.clause,
                "score": candidate.score,
                "why": [{"fact": hit.fact, "quote": hit.quote} for hit in candidate.why],
            }
            for candidate in suggestion.candidates
        ],
        "gates": [{"gate": hit.gate.removeprefix("gate-"), "quote": hit.quote} for hit in suggestion.gates],
    }
    if suggestion.notes:
        found["notes"] = list(suggestion.notes)
    return json.dumps(found, ensure_ascii=False)
