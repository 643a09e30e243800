"""From the flat fields of a page to the nested answer and back, and what is wrong beside each field. 表单

A field is named by its path: `reason`, or `findings.3.LIC-005.result` for a cell of a row. A row in which nothing
was typed does not exist; a row with anything in it is kept, so that nothing typed is lost in silence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from models.rules.lifecycle import Absence, Kind

Fields = Mapping[str, Sequence[str]]
_BETWEEN_NUMBERS = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True)
class Plain:
    """A line, a text or one choice. 文字或者单选"""

    label: str = ""


@dataclass(frozen=True)
class YesNo:
    """A choice between yes and no that must be made. 是否"""

    label: str = ""


@dataclass(frozen=True)
class Tick:
    """A box to tick: not ticked is no. 勾选"""

    label: str = ""


@dataclass(frozen=True)
class Several:
    """Entries of one name, one below the other; `gaps` keeps empty ones in their place. 多项"""

    label: str = ""
    gaps: bool = False


@dataclass(frozen=True)
class Numbers:
    """Evidence numbers as people write them: 1、3. 证据编号"""

    label: str = ""


Cell = Plain | YesNo | Tick | Several | Numbers


@dataclass(frozen=True)
class Rows:
    """A list of rows, told apart by `keys`, or by their order when there are none. 逐行"""

    cells: Mapping[str, Cell]
    keys: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)  # what every row of this group says
    into: str = ""  # another list these rows join


Form = Mapping[str, Cell | Rows]

REASON = Plain("理由")
_OUTCOME = Rows(
    {"outcome": Plain("处理意见"), "reason": REASON, "deviation": Plain("与先例不同的理由")}, ("respondent",)
)
_EVIDENCE = Numbers("证据编号")

FORMS: Mapping[Kind, Form] = {
    Kind.SCREENING: {
        "verdict": Plain("审查意见"),
        "reason": REASON,
        "investigators": Several("调查人员"),
        "authority": Plain("接收机关"),
        "criminal_flag": Tick("移送提示"),
    },
    Kind.INVESTIGATION: {
        "conclusion": Plain("核查结论"),
        "report": Plain("调查情况"),
        "authority": Plain("受移送机关"),
        "findings": Rows(
            {"result": Plain("核查结果"), "evidence": _EVIDENCE, "note": Plain("说明")},
            ("respondent", "duty"),
        ),
        "facts": Rows(
            {"status": Plain("认定"), "evidence": _EVIDENCE, "note": Plain("说明")}, ("respondent", "fact")
        ),
        "factors": Rows({"note": Plain("权衡因素")}, ("respondent", "factor")),
    },
    Kind.COUNTERSIGN: {"agreed": YesNo("会签意见"), "reason": REASON},
    Kind.STATEMENT: {"declined": Tick("放弃陈述申辩"), "points": Several("陈述申辩意见")},
    Kind.ANSWER: {"answers": Several("答复", gaps=True)},
    Kind.LEGAL_REVIEW: {
        "verdict": Plain("审核意见"),
        "reason": REASON,
        "clauses": Rows({"confirmed": YesNo("是否确认"), "reason": REASON}, ("respondent", "clause")),
        "added": Rows(
            {"clause": Plain("增加的条款"), "reason": REASON},
            ("respondent", "#"),
            fixed={"confirmed": True},
            into="clauses",
        ),
        "outcomes": _OUTCOME,
    },
    Kind.NOTICE_OF_INTENT: {"statement": Plain("对拟处理意见的陈述申辩")},
    Kind.CONVENING: {"members": Several("审议人员"), "reason": REASON},
    Kind.RECUSAL: {"recuse": YesNo("回避申报"), "ground": Plain("回避理由")},
    Kind.RECUSAL_RULING: {
        "granted": YesNo("裁定"),
        "person": Plain("应当回避的人"),
        "replacement": Plain("接替的调查人员"),
        "reason": REASON,
    },
    Kind.BALLOT: {"votes": _OUTCOME},
    Kind.CLOSE_SESSION: {"summary": Plain("审议情况"), "ties": _OUTCOME},
    Kind.SIGNATURE: {
        "verdict": Plain("签发意见"),
        "reason": Plain("退回理由"),
        "decisions": _OUTCOME,
        "authority": Plain("受移送机关"),
    },
    Kind.SERVICE_RECEIPT: {"remark": Plain("备注")},
    Kind.AUTHORITY_REPLY: {
        "result": Plain("答复结果"),
        "authority": Plain("答复机关"),
        "reply_number": Plain("答复文号"),
        "summary": Plain("答复摘要"),
    },
    Kind.CLEARING_CONSENT: {
        "wanted": YesNo("澄清意愿"),
        "form": Plain("澄清形式"),
        "scope": Plain("澄清范围"),
        "named": Tick("同意具名"),
    },
    Kind.CLEARING_APPROVAL: {"publication_class": Plain("公开类别"), "reason": REASON},
    Kind.PUBLICATION_REVIEW: {
        "publish": YesNo("审查意见"),
        "secrecy_checked": Tick("保密审查"),
        "personal_data_checked": Tick("个人信息审查"),
        "reason": REASON,
    },
    Kind.ARCHIVING: {"complete": YesNo("案卷是否齐全"), "remark": Plain("备注")},
}

# Kept apart from the case, in the vault.
REPORTER: Form = {"reporter.name": Plain("举报人姓名"), "reporter.contact": Plain("举报人联系方式")}
NEW_CASE: Form = {
    "organ": Plain("登记机关"),
    "title": Plain("案件名称"),
    "category": Plain("执法类别"),
    "source": Plain("线索来源"),
    "conduct_on": Plain("行为发生日期"),
    "narrative": Plain("反映情况"),
    "harm": Plain("后果和影响"),
    "respondents": Rows(
        {
            "username": Plain("被核查人员"),
            "post": Plain("当时岗位"),
            "unit": Plain("当时单位"),
            "position": Plain("当时职务"),
        }
    ),
    "allegations": Rows({"text": Plain("反映的问题"), "username": Plain("指向人员")}),
    "involved": Several("经办、审核、批准人员"),
}

EVIDENCE: Form = {
    "kind": Plain("证据种类"),
    "collected_by": Plain("收集人"),
    "proves": Plain("证明内容"),
    "formed_on": Plain("材料形成日期"),
}


ITEM_VERB: Form = {
    "to": Plain("接办人"),
    "ground": Plain("情形"),
    "until": Plain("至迟恢复的日期"),
    "reason": REASON,
}
CASE_VERB: Form = {
    "to": Plain("人员"),
    "members": Several("增加的成员"),
    "until": Plain("恢复办理的日期"),
    "reason": REASON,
}
PIN: Form = {"step": Plain("步骤"), "reason": REASON}
LEVEL: Form = {"object": Plain("对象"), "level": Plain("密级"), "reason": REASON}

ABSENCE: Mapping[Absence, Form] = {
    Absence.LAPSED: {"reason": REASON},
    Absence.SILENT: {"reason": REASON},
    Absence.LEFT: {
        "method": Plain("送达方式"),
        "on": Plain("送达日期"),
        "place": Plain("送达地点"),
        "servers": Several("送达人"),
        "witnesses": Several("见证人"),
        "scans": Numbers("回证扫描件"),
        "reason": Plain("说明"),
    },
}


def read(form: Form, fields: Fields) -> dict[str, Any]:
    """The answer these fields make, in the shape of `models.answers`; what was left empty is left out."""
    content: dict[str, Any] = {}
    for name, part in form.items():
        if isinstance(part, Rows):
            content.setdefault(part.into or name, []).extend(row for _, row in _rows(name, part, fields))
        elif (value := _read_cell(part, fields.get(name))) is not None:
            content[name] = value
    return content


def write(form: Form, content: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields that would be read as this answer; for drafts and for another round."""
    fields: dict[str, list[str]] = {}
    for name, part in form.items():
        if not isinstance(part, Rows):
            fields |= _write_cell(name, part, content.get(name))
        elif not part.into:
            for order, row in enumerate(content.get(name, ())):
                fields |= _write_row(name, part, order, row)
    return fields


def faults(form: Form, fields: Fields, error: ValidationError) -> dict[str, str]:
    """Field name -> what is wrong with it and what to do, in the order of the page."""
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False):
        name = _name_of(form, fields, fault["loc"])
        found.setdefault(name, explain(fault))
    return found


def label_of(form: Form, name: str) -> str:
    """What a field is called on the page."""
    head, *rest = name.split(".")
    part = form.get(head)
    if isinstance(part, Rows):
        cell = part.cells.get(rest[-1]) if rest else None
        return cell.label if cell else ""
    return part.label if part else ""


def explain(fault: Mapping[str, Any]) -> str:
    """One fault of pydantic in words for people."""
    limits = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return "请填写或者选择此项。"
        case "value_error":
            return f"{fault['msg'].removeprefix('Value error, ')}。"
        case "string_too_long":
            return f"最多 {limits['max_length']} 个字，请缩短。"
        case "too_short":
            return f"至少填写 {limits['min_length']} 项。"
        case "too_long":
            return f"最多 {limits['max_length']} 项，请删减。"
        case "int_parsing" | "int_type" | "int_from_float":
            return "请填写数字编号，多个编号用顿号隔开，例如 1、3。"
        case "literal_error" | "enum" | "bool_parsing" | "bool_type":
            return "请从所列选项中选择。"
        case kind if kind.startswith("date"):
            return "请填写日期，例如 2020-08-17。"
    return "填写的内容不符合要求，请核对。"


def _rows(name: str, part: Rows, fields: Fields) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row with something in it, with the common head of its field names."""
    heads: dict[str, None] = {}
    for field_name in fields:
        head, _, cell = field_name.rpartition(".")
        if field_name.startswith(f"{name}.") and cell in part.cells:
            heads[head] = None
    for head in heads:
        values = {c: _read_cell(cell, fields.get(f"{head}.{c}")) for c, cell in part.cells.items()}
        given = {c: value for c, value in values.items() if value is not None and value != []}
        if not given:
            continue
        keys = zip(part.keys, head.split(".")[1:], strict=False)
        named = {key: _key(value) for key, value in keys if key != "#"}
        yield head, {**named, **given, **part.fixed}


def _key(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text


def _read_cell(cell: Cell, values: Sequence[str] | None) -> Any:
    given = list(values or ())
    match cell:
        case Tick():
            return True if given and given[-1] else None
        case Several(gaps=gaps):
            return [v for v in given if gaps or v.strip()]
        case Numbers():
            return [_key(v) for v in _BETWEEN_NUMBERS.split(given[-1].strip()) if v] if given else []
        case YesNo():
            return {"yes": True, "no": False}.get(given[-1], given[-1] or None) if given else None
    return given[-1] if given and given[-1].strip() else None


def _write_cell(name: str, cell: Cell, value: Any) -> dict[str, list[str]]:
    if value is None or value is False and isinstance(cell, Tick):
        return {}
    match cell:
        case Tick():
            return {name: ["yes"]}
        case YesNo():
            return {name: [{True: "yes", False: "no"}.get(value, str(value))]}
        case Several():
            return {name: [str(v) for v in value]}
        case Numbers():
            return {name: ["、".join(str(v) for v in value)]}
    return {name: [str(value)]}


def _write_row(name: str, part: Rows, order: int, row: Mapping[str, Any]) -> dict[str, list[str]]:
    head = ".".join(
        [name, *(str(row.get(key, "")) for key in part.keys)] if part.keys else [name, str(order)]
    )
    fields: dict[str, list[str]] = {}
    for cell_name, cell in part.cells.items():
        fields |= _write_cell(f"{head}.{cell_name}", cell, row.get(cell_name))
    return fields


def _name_of(form: Form, fields: Fields, where: Sequence[str | int]) -> str:
    """The field a fault is about; a fault of a whole list belongs to the list."""
    name = str(where[0]) if where else ""
    groups = [(n, p) for n, p in form.items() if isinstance(p, Rows) and (p.into or n) == name]
    if not groups or len(where) < 2:
        return name
    heads = [(head, part) for n, part in groups for head, _ in _rows(n, part, fields)]
    head, part = heads[int(where[1])]
    cell = str(where[2]) if len(where) > 2 else next(iter(part.cells))
    return f"{head}.{cell if cell in part.cells else next(iter(part.cells))}"


def quoted_rows(names: Iterable[str], message: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Rows whose text a refusal quotes, so that the refusal can also stand beside them."""
    return {name: message for name in names if (text := texts.get(name)) and f"“{text}”" in message}
