"""How people tell such matters: example narratives, and phrases that state a fact or touch a gate. 叙述与说法"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from models.handbook.reading import Entry, read_entries

# In a phrase `…` is a gap inside one sentence. Open-ended repetition is refused, so no phrase can run away.
GAP = "[^。！？；\n]{0,12}?"
ENDLESS = re.compile(r"(?<!\\)[*+]|\{\d*,\}")


@dataclass(frozen=True, slots=True)
class Sign:
    """Phrases that state one fact or touch one gate, unless another phrase stands in the same sentence. 说法"""

    says: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True)
class Tellings:
    """What the suggestions learn from: invented narratives, never a finding. 自编叙述

    `harmless` sounds like misconduct and is none: denials, unfounded rumours, misdeeds of the party itself.
    """

    clauses: Mapping[str, tuple[str, ...]]
    gates: Mapping[str, tuple[str, ...]]
    harmless: tuple[str, ...]
    fact_signs: Mapping[str, Sign]
    gate_signs: Mapping[str, Sign]

    def __hash__(self) -> int:
        """Enough to remember by what was learnt from them."""
        return hash(self.harmless)


def read_tellings(
    narratives: Entry,
    signs: Entry,
    *,
    clauses: Collection[str],
    facts: Collection[str],
    gates: Collection[str],
) -> Tellings:
    """The narratives and the phrases; every clause must be told, every id must exist."""
    told = _told(narratives, "clauses", clauses, "条款")
    for untold in (clause for clause in clauses if clause not in told):
        raise narratives.fault(f"{untold}：没有写任何叙述")
    return Tellings(
        clauses=told,
        gates=_told(narratives, "gates", gates, "闸门"),
        harmless=narratives.texts("harmless", required=True),
        fact_signs=_signs(signs, "facts", facts, "事实"),
        gate_signs=_signs(signs, "gates", gates, "闸门"),
    )


def _told(top: Entry, key: str, known: Collection[str], what: str) -> dict[str, tuple[str, ...]]:
    def build(entry: Entry) -> tuple[str, ...]:
        _must_exist(entry, known, what)
        return entry.texts("tells", required=True)

    return read_entries(top, key, build)


def _signs(top: Entry, key: str, known: Collection[str], what: str) -> dict[str, Sign]:
    def build(entry: Entry) -> Sign:
        _must_exist(entry, known, what)
        return Sign(_phrases(entry, "says", required=True), _phrases(entry, "unless"))

    return read_entries(top, key, build)


def _must_exist(entry: Entry, known: Collection[str], what: str) -> None:
    if entry.label not in known:
        raise entry.fault(f"没有这一{what}")


def _phrases(entry: Entry, key: str, *, required: bool = False) -> tuple[re.Pattern[str], ...]:
    return tuple(_phrase(entry, key, written) for written in entry.texts(key, required=required))


def _phrase(entry: Entry, key: str, written: str) -> re.Pattern[str]:
    if ENDLESS.search(written):
        raise entry.fault(f"{key} 的“{written}”用了不限次数的重复，请用“…”或者写明次数")
    try:
        found = re.compile(written.replace("…", GAP))
    except re.error as broken:
        raise entry.fault(f"{key} 的“{written}”不是有效的写法（{broken}）") from broken
    if found.match(""):
        raise entry.fault(f"{key} 的“{written}”连空白也能对上")
    return found
