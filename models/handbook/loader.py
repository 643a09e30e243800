"""Loading editions, whole or not at all, and choosing the one that governs a day. 载入手册"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from models.handbook.edition import Edition, FactQuestion
from models.handbook.lists import (
    read_cues,
    read_duties,
    read_factors,
    read_facts,
    read_responsibilities,
    read_roles,
    read_voting,
)
from models.handbook.periods import read_deadlines
from models.handbook.reading import Entry, HandbookError, read_file
from models.handbook.rules import (
    asked_facts,
    read_clauses,
    read_derived,
    read_gates,
    read_implications,
    read_premises,
)
from models.handbook.tellings import read_tellings
from models.rules.logic import Tree
from models.rules.rulebook import Rulebook
from models.settings import settings

SHIPPED = Path(__file__).parent
_LAST_DAY = re.compile(rb"^in_force_until:.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class EditionChoice:
    """The edition a case is judged by, and why. 适用版次

    `by` is later-more-lenient when none was in force on the day of the conduct: whether the later
    rule, being more lenient, applies is for people to decide.
    """

    edition: Edition
    by: Literal["conduct-date", "later-more-lenient"]
    reason: str


def load_edition(edition_id: str, root: Path | None = None) -> Edition:
    """The edition, validated as a whole; HandbookError names file, entry and fault and loads nothing.

    From the folder the settings name, else the shipped one; what lies there is read once.
    """
    return _kept(_folder_in_use(), edition_id) if root is None else _load(root, edition_id)


def _folder_in_use() -> Path:
    named = settings().handbook_dir
    return Path(named) if named else SHIPPED


@cache
def _kept(root: Path, edition_id: str) -> Edition:
    return _load(root, edition_id)


def read_edition(folder: Path) -> Edition:
    """The edition in a folder of any name, for a trial: it governs nothing. Raises HandbookError."""
    return _read(folder)


def editions(root: Path | None = None) -> tuple[Edition, ...]:
    """Every edition in order of its first day; refuses two that are in force on the same day."""
    folder = root or _folder_in_use()
    found = [load_edition(path.parent.name, root) for path in folder.glob("*/edition.yaml")]
    if not found:
        raise HandbookError("没有找到任何手册版次（缺少 edition.yaml）。请检查安装是否完整后重新启动。")
    return in_order(found)


def in_order(known: Iterable[Edition]) -> tuple[Edition, ...]:
    """The editions by their first day; HandbookError when two are in force on the same day."""
    found = sorted(known, key=lambda edition: edition.in_force_from)
    for earlier, later in zip(found, found[1:], strict=False):
        if earlier.in_force_until is None or earlier.in_force_until >= later.in_force_from:
            raise HandbookError(
                f"手册文件 {earlier.id}/edition.yaml：in_force_until：与 {later.id} 版的施行期间重叠。"
                f"未载入任何内容，请把 in_force_until 写为 {later.id} 版施行（{later.in_force_from}）之前的日期。"
            )
    return tuple(found)


def in_force_on(day: date) -> Edition | None:
    """The edition in force on a day, None when there is none. Raises HandbookError for a broken handbook."""
    return next((edition for edition in editions() if edition.in_force(day)), None)


def edition_for(
    conduct_on: date, *, fallback_on: date | None = None, among: Sequence[Edition] | None = None
) -> EditionChoice:
    """The edition in force on the day of the conduct, else the earliest later one, flagged for people.

    With `fallback_on` (the day the case is handled) a later edition counts only if it is in force by
    then. Refuses with HandbookError when no edition remains.
    """
    known = editions() if among is None else tuple(among)
    for edition in known:
        if edition.in_force(conduct_on):
            return EditionChoice(
                edition, "conduct-date", f"行为发生于{_zh(conduct_on)}，适用当时施行的{edition.title}。"
            )
    later = [
        e
        for e in known
        if conduct_on < e.in_force_from and (not fallback_on or e.in_force_from <= fallback_on)
    ]
    if not later:
        raise HandbookError(
            f"行为发生于{_zh(conduct_on)}，当时没有施行中的手册版次，"
            + (f"截至{_zh(fallback_on)}也没有此后施行的版次" if fallback_on else "此后也没有施行的版次")
            + "。请核对行为日期；日期无误的，请手册管理员载入相应版次后再受理。"
        )
    edition = min(later, key=lambda e: e.in_force_from)
    reason = (
        f"行为发生于{_zh(conduct_on)}，当时没有施行中的手册版次；{edition.title}自{_zh(edition.in_force_from)}起施行，"
        "没有规定溯及力。以该版次试算供比较，是否因其更为从宽而适用，由人决定并说明理由。"
    )
    return EditionChoice(edition, "later-more-lenient", reason)


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _load(root: Path, edition_id: str) -> Edition:
    folder = root / edition_id
    # Only a name that is listed: an id from outside must never become a path.
    if edition_id not in {path.parent.name for path in root.glob("*/edition.yaml")}:
        raise HandbookError(f"没有编号为 {edition_id} 的手册版次。请核对编号，或者由手册管理员载入该版次。")
    edition = _read(folder)
    if edition.id != edition_id:
        raise HandbookError(
            f"手册文件 {edition_id}/edition.yaml：id 写作“{edition.id}”，与所在目录 {edition_id} 不一致。"
            "未载入任何内容，请更正后重新启动。"
        )
    return edition


def _read(folder: Path) -> Edition:
    files = _Folder(folder)
    top = files["edition.yaml"]
    starts, ends = top.day("in_force_from"), top.day_or_none("in_force_until")
    if ends is not None and ends < starts:
        raise top.fault("in_force_until 早于 in_force_from")
    if top.day("issued") > starts:
        raise top.fault("in_force_from 早于 issued")
    return _assemble(files, starts, ends)


class _Folder:
    """The files of an edition, remembered so that a key nobody read can be refused at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, Entry] = {}

    def __getitem__(self, name: str) -> Entry:
        if name not in self._opened:
            self._opened[name] = read_file(self._folder, name)
        return self._opened[name]

    def digest(self) -> str:
        """What only hints decides nothing and is left out: cues may grow without changing an edition.

        So is its last day: an edition that is closed when the next one is issued says no other thing than before.
        """
        summed = hashlib.sha256()
        for name in ("edition", "clauses", "facts", "gates", "logic", "duties", "voting"):
            text = (self._folder / f"{name}.yaml").read_bytes()
            summed.update(hashlib.sha256(_LAST_DAY.sub(b"", text) if name == "edition" else text).digest())
        return summed.hexdigest()

    def done(self) -> None:
        for entry in self._opened.values():
            entry.done()


def _assemble(files: _Folder, starts: date, ends: date | None) -> Edition:
    top, logic = files["edition.yaml"], files["logic.yaml"]
    sections, sizes = _sections(top)
    groups, facts = read_facts(files["facts.yaml"])
    derived = read_derived(logic, facts)
    book = _rulebook(files, facts, derived, sections, (starts, ends))
    clauses = {clause.id: clause for clause in book.clauses}
    for collision in logic.subs("premise_collisions"):
        collision.among("clauses", clauses, "条款", required=True)
    duty_note, duties = read_duties(files["duties.yaml"], categories=sections)
    edition = Edition(
        id=top.text("id"),
        title=top.text("title"),
        instrument=top.text("instrument"),
        source=top.text("source"),
        note=top.text_or("note"),
        issued=top.day("issued"),
        in_force_from=starts,
        in_force_until=ends,
        categories=sections,
        fact_groups=groups,
        clauses=clauses,
        facts=facts,
        gates={gate.id: gate for gate in book.gates},
        duties=duties,
        duties_note=duty_note,
        deadlines=read_deadlines(files["deadlines.yaml"]),
        roles=read_roles(files["roles.yaml"]),
        weighing_factors=read_factors(logic, {*facts, *derived}),
        responsibilities=read_responsibilities(files["responsibilities.yaml"], categories=sections),
        voting=read_voting(files["voting.yaml"]),
        cues=read_cues(files["cues.yaml"], clauses),
        tellings=read_tellings(
            files["narratives.yaml"],
            files["signs.yaml"],
            clauses=clauses,
            facts=facts,
            gates={gate.id for gate in book.gates},
        ),
        rulebook=book,
        digest=files.digest(),
    )
    _check_counts(edition, files, sizes)
    files.done()
    return edition


def _rulebook(
    files: _Folder,
    facts: Mapping[str, FactQuestion],
    derived: Mapping[str, Tree],
    sections: Collection[str],
    period: tuple[date, date | None],
) -> Rulebook:
    premises = read_premises(files["logic.yaml"], facts, derived)
    clauses = read_clauses(
        files["clauses.yaml"], facts, derived, categories=sections, premises=premises, period=period
    )
    book = Rulebook(
        clauses=tuple(clauses.values()),
        gates=tuple(read_gates(files["gates.yaml"], facts, derived, categories=sections).values()),
        premises=premises,
        implications=read_implications(files["logic.yaml"], facts),
        questions={fact.id: fact.zh for fact in facts.values()},
    )
    asked = asked_facts(book)
    for unasked in (fact for fact in facts if fact not in asked):
        raise files["facts.yaml"].fault(f"{unasked}：没有任何条款、闸门或推定用到这一事实")
    return book


def _sections(top: Entry) -> tuple[dict[str, str], dict[str, int]]:
    names, sizes = {}, {}
    for key, raw in top.table("categories").items():
        section = Entry(top.file, f"categories {key}", raw)
        names[key], sizes[key] = section.text("zh"), section.number("count")
        section.done()
    return names, sizes


def _check_counts(edition: Edition, files: _Folder, sizes: Mapping[str, int]) -> None:
    """An item lost or added by mistake must not pass: the edition says how many there are."""
    for category, size in sizes.items():
        found = sum(clause.category == category for clause in edition.clauses.values())
        if found != size:
            raise files["clauses.yaml"].fault(f"{edition.categories[category]}应为{size}项，实有{found}项")
    top = files["edition.yaml"]
    declared = Entry(top.file, "counts", top.table("counts"))
    for name in ("clauses", "facts", "gates", "duties"):
        found = len(getattr(edition, name))
        if declared.number(name) != found:
            raise declared.fault(f"{name} 应为{declared.number(name)}项，{name}.yaml 实有{found}项")
    declared.done()
