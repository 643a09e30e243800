"""Narratives in and proposals out as lines of JSON; a bad line is refused by its number. 逐行读写"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.suggestion.proposing import CATEGORIES, Suggestion

OUTCOMES = ("exempt", "mitigate", "accountable", "transfer", "insufficient_facts")
SHOWN = 10  # bad lines named in one refusal


class BadLines(Exception):
    """The file cannot be read as it stands; the message names the lines. 行有误"""


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


def read_told(path: Path) -> list[Told]:
    """Every narrative of the file. Raises BadLines naming each line that is none; then nothing is read."""
    return _read(path, _told)


def read_labelled(path: Path, clauses: Iterable[str]) -> list[Labelled]:
    """Every labelled narrative; labels are clause ids or the short E24, M3. Raises BadLines."""
    known = frozenset(clauses)
    return _read(path, lambda raw: _labelled(raw, known))


def _read(path: Path, build: Any) -> list[Any]:
    read, faults = [], []
    seen: set[str | int] = set()
    for number, line in _lines(path):
        try:
            item = build(_object(line))
            told = item.told if isinstance(item, Labelled) else item
            if told.id in seen:
                raise _Fault(f"id {told.id} 已在前面用过")
        except _Fault as fault:
            faults.append(f"第{number}行：{fault}")
        else:
            seen.add(told.id)
            read.append(item)
    if faults:
        more = f"\n另有{len(faults) - SHOWN}行有误。" if len(faults) > SHOWN else ""
        raise BadLines("\n".join([f"{path} 中有不能读取的行，未处理任何一件：", *faults[:SHOWN]]) + more)
    return read


class _Fault(Exception):
    """What is wrong with one line."""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        whole = path.read_bytes()
    except OSError as fault:
        raise BadLines(f"{path} 无法读取（{fault.strerror}）。") from None
    for number, line in enumerate(whole.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _object(line: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(line.decode("utf-8"), strict=False)
    except UnicodeDecodeError:
        raise _Fault("不是 UTF-8 文字") from None
    except (ValueError, RecursionError):
        raise _Fault("不是有效的 JSON") from None
    if not isinstance(raw, dict):
        raise _Fault("应为一个 JSON 对象")
    return raw


def _told(raw: dict[str, Any]) -> Told:
    name, category, narrative = (_needed(raw, key) for key in ("id", "category", "narrative"))
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        raise _Fault("id 应为文字或者整数")
    if not isinstance(narrative, str):
        raise _Fault("narrative 应为文字")
    if category not in CATEGORIES:
        raise _Fault(f"category 只能是：{'、'.join(CATEGORIES)}")
    return Told(name, category, narrative)


def _labelled(raw: dict[str, Any], known: frozenset[str]) -> Labelled:
    outcome = _needed(raw, "outcome")
    if outcome not in OUTCOMES:
        raise _Fault(f"outcome 只能是：{'、'.join(OUTCOMES)}")
    _needed(raw, "gold")
    return Labelled(_told(raw), _labels(raw, "gold", known), _labels(raw, "acceptable", known), outcome)


def _labels(raw: dict[str, Any], key: str, known: frozenset[str]) -> tuple[str, ...]:
    written = raw.get(key, [])
    if not isinstance(written, list):
        raise _Fault(f"{key} 应为列表")
    return tuple(_clause(label, key, known) for label in written)


def _clause(label: object, key: str, known: frozenset[str]) -> str:
    text = str(label)
    kind, number = text[:1], text[1:]
    if number.isascii() and number.isdecimal():
        text = {"E": f"exempt-{int(number):02}", "M": f"mitigate-{int(number)}"}.get(kind, text)
    if text not in known:
        raise _Fault(f"{key} 中没有 {label} 这一条款")
    return text


def _needed(raw: dict[str, Any], key: str) -> Any:
    if key not in raw:
        raise _Fault(f"缺少 {key}")
    return raw[key]


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


def as_bytes(lines: Iterable[str]) -> bytes:
    """The lines as a file; half a character pair, which UTF-8 cannot hold, stays as its JSON escape."""
    return "".join(f"{line}\n" for line in lines).encode("utf-8", errors="backslashreplace")
