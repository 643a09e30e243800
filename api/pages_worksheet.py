"""The investigator's worksheet: duty list, facts in the order in which they matter, six factors. 核查提纲"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api import forms
from models.dossier import clause_label
from models.dossier.terms import RESULT_ZH, STATUS_ZH
from models.handbook import Duty, Edition, FactQuestion, WeighingFactor, load_edition
from models.queries import worksheets
from models.rules.duties import COMPUTED
from models.rules.lifecycle import Kind
from models.rules.worksheet import Worksheet
from models.tables import Case

_ANSWER = {"established": "是：", "refuted": "否：", "unproven": ""}
_WEIGHTIEST = 12  # so many facts stand open before the others, which are sorted by subject
_FEW = 3  # so many clauses are named, more are counted


@dataclass(frozen=True)
class Group:
    """Questions under one heading. 一组事实"""

    title: str
    facts: Sequence[FactQuestion]
    open: bool = False
    hint: str = ""
    parts: Sequence["Group"] = field(default=())

    @property
    def all(self) -> Sequence[FactQuestion]:
        """The questions of the group and of its parts."""
        return [*self.facts, *(fact for part in self.parts for fact in part.facts)]


def worksheet_shows(
    case: Case, officers: Iterable[int], fields: forms.Fields, *, everything: bool
) -> dict[str, Any]:
    """What the page of an investigation shows beside the case file."""
    edition = load_edition(case.edition)
    filled = {name.rpartition(".")[0] for name, values in fields.items() if any(map(str.strip, values))}
    sheets = worksheets(case, officers, forms.read(forms.FORMS[Kind.INVESTIGATION], fields))

    def touched(group: str, rid: int, rows: Iterable[Duty | FactQuestion]) -> int:
        return sum(f"{group}.{rid}.{row.id}" in filled for row in rows)

    return {
        "worksheet": {
            "duties": _duties(edition, case.category, filled=filled, everything=everything),
            "facts": {
                rid: _groups(edition, sheet, filled=_filled_facts(filled, rid), everything=everything)
                for rid, sheet in sheets.items()
            },
            "sheets": sheets,
            "factors": [
                (factor.id, factor.zh, _bearing(edition, factor)) for factor in edition.weighing_factors
            ],
            "results": list(RESULT_ZH.items()),
            "statuses": [(code, f"{_ANSWER[code]}{zh}") for code, zh in STATUS_ZH.items()],
            "everything": everything,
            "left_out": max((len(sheet.elsewhere) for sheet in sheets.values()), default=0),
        },
        "weight": lambda rid, fact: _weight(sheets[rid], fact),
        "heads": lambda rid, facts: [f"facts.{rid}.{fact.id}" for fact in facts],
        "touched": touched,
        "row_texts": _row_texts(edition, fields),
    }


def _duties(
    edition: Edition, category: str, *, filled: Iterable[str], everything: bool
) -> Sequence[tuple[str, Sequence[Duty]]]:
    """The duties of the case's category by matter; those of other acts when asked for, or where something was typed."""
    typed = {head.rpartition(".")[2] for head in filled if head.startswith("findings.")}
    near = [d for d in edition.duties.values() if category in (d.category, "general")]
    far = [d for d in edition.duties.values() if d not in near and (everything or d.id in typed)]
    rest = [("其他执法类别的职责项（本案也涉及的才填）", far)] if far else []
    return [*_by(near, lambda duty: duty.matter), *rest]


def _filled_facts(filled: Iterable[str], rid: int) -> set[str]:
    return {head.removeprefix(f"facts.{rid}.") for head in filled if head.startswith(f"facts.{rid}.")}


def _groups(edition: Edition, sheet: Worksheet, *, filled: set[str], everything: bool) -> Sequence[Group]:
    """First what every clause hangs on, then what still turns one, then what was found, then the rest.

    A fact in which something was typed is always listed, wherever it belongs: sending the page must lose nothing.
    """

    def questions(ids: Iterable[str]) -> list[FactQuestion]:
        return [edition.facts[f] for f in ids if f not in COMPUTED]

    turning = questions(sheet.turning)
    subjects = _by(turning[_WEIGHTIEST:], lambda fact: edition.fact_groups[fact.group])
    outside = questions(f for f in sheet.elsewhere if everything or f in filled)
    made = (
        Group("每案必查：适用范围、管辖和排除情形", questions(sheet.first), open=True),
        Group("影响条款最多的事实", turning[:_WEIGHTIEST], open=True),
        Group("还能影响条款的其他事实", (), parts=[Group(title, facts) for title, facts in subjects]),
        Group("已经认定的事实", questions(sheet.recorded), hint="可以修改；修改后暂存，上面的顺序随之调整。"),
        Group("其他事实（目前不影响任何条款）", questions(sheet.idle), hint="查到了也可以照实填写。"),
        Group("只涉及其他执法类别的事实", outside, open=not everything),
    )
    return [group for group in made if group.all]


def _bearing(edition: Edition, factor: WeighingFactor) -> str:
    """Which facts speak to a factor."""
    return "；".join(edition.facts[f].zh.rstrip("？?") for f in factor.facts if f in edition.facts)


def _weight(sheet: Worksheet, fact: str) -> str:
    clauses = sheet.hinges.get(fact, ()) if fact in sheet.turning else ()  # a gate concerns them all
    if 0 < len(clauses) <= _FEW:
        return f"影响{'、'.join(map(clause_label, clauses))}。"
    return f"影响 {len(clauses)} 项条款。" if clauses else ""


def _by(rows: Iterable[Any], key: Callable[[Any], str]) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return list(groups.items())


def _row_texts(edition: Edition, fields: forms.Fields) -> Mapping[str, str]:
    """Field name -> the duty or question its row is about."""
    texts = {}
    factors = {factor.id: factor.zh for factor in edition.weighing_factors}
    for name in fields:
        group, _, rest = name.partition(".")
        row = rest.split(".")[1] if rest.count(".") == 2 else ""
        if group == "findings" and row in edition.duties:
            texts[name] = edition.duties[row].requirement
        elif group == "facts" and row in edition.facts:
            texts[name] = edition.facts[row].zh
        elif group == "factors" and row in factors:
            texts[name] = factors[row]
    return texts
