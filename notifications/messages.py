"""Every kind of notice: what it may say. The name finds its two templates. 通知种类

A notice leaves the house, so it names the case by its number only: no person, no unit, nothing of what happened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.rules.lifecycle import Kind, Stage

TEMPLATES = Path(__file__).parent / "templates"
_WEEKDAYS = "一二三四五六日"

# What the person has to do, for each kind of work item.
INSTRUCTIONS: Mapping[Kind, str] = {
    Kind.SCREENING: "请审查线索，提出受理、不予受理、转办或移送的意见。",
    Kind.INVESTIGATION: "请核实事实，逐项对照履职清单作出认定。",
    Kind.COUNTERSIGN: "请核对调查结果，同意的会签，不同意的写明理由退回。",
    Kind.STATEMENT: "请阅读权利告知书，提出陈述申辩；没有意见的，也请确认。",
    Kind.ANSWER: "请对陈述申辩逐条答复，写明采纳与否和理由。",
    Kind.LEGAL_REVIEW: "请逐条审核条款匹配，确认或否定都要写明理由。",
    Kind.NOTICE_OF_INTENT: "请阅读拟处理意见，提出意见；没有意见的，也请确认。",
    Kind.CONVENING: "可参加审议的人员不足，请补足。",
    Kind.RECUSAL: "请申报与本案有无应当回避的关系。",
    Kind.RECUSAL_RULING: "请对回避申请作出裁定，写明理由。",
    Kind.BALLOT: "请阅卷后独立表决，写明理由。",
    Kind.CLOSE_SESSION: "请在各成员表决后核对结果，结束审议。",
    Kind.SIGNATURE: "请审阅审议结果，签发决定或者退回。",
    Kind.SERVICE_RECEIPT: "请阅读决定并签收。签收只表示收到，不表示同意。",
    Kind.AUTHORITY_REPLY: "收到受移送机关答复后，请及时登记。",
    Kind.CLEARING_CONSENT: "请选择是否需要澄清正名，以及方式和范围。",
    Kind.CLEARING_APPROVAL: "请审批澄清正名的方式、范围和是否公开。",
    Kind.PUBLICATION_REVIEW: "请对拟公示内容作公开前审查。",
    Kind.ARCHIVING: "请核对案卷是否齐全，确定保管期限后归档。",
}


@dataclass(frozen=True)
class Context:
    """All a notice can know. `today` is the day in Beijing on which it is composed. 通知要素"""

    case_number: str  # of a deposit its own number
    stage: Stage | None
    today: date
    link: str = ""
    item: Kind | None = None
    due_on: date | None = None
    provisional: bool = False
    shared: bool = False  # sent to everybody who may take the item
    escalated: bool = False  # a manager is told that it is overdue


@dataclass(frozen=True)
class Message:
    """A notice in words. 通知"""

    subject: str
    body: str


Said = Mapping[str, object]
_Says = Callable[[Context], Said]
MESSAGES: dict[str, "MessageKind"] = {}


@dataclass(frozen=True)
class MessageKind:
    """A kind of notice, what people call it and what its templates are given. 通知种类"""

    kind: str
    zh: str
    says: _Says
    served: bool = False  # part of a legal service: neither muted nor delayed


def message(kind: str, zh: str, *, served: bool = False) -> Callable[[_Says], _Says]:
    """Enter a kind into the registry under the name of its templates."""

    def enter(says: _Says) -> _Says:
        MESSAGES[kind] = MessageKind(kind, zh, says, served)
        return says

    return enter


def compose(kind: str, context: Context) -> Message:
    """The notice in words. Raises LookupError for an unknown kind, ValueError without the item or period it is about."""
    said = MESSAGES[kind].says(context)
    templates = _templates()
    subject = templates.get_template(f"{kind}.subject.txt").render(said)
    body = templates.get_template(f"{kind}.txt").render(said)
    return Message(" ".join(subject.split()), body.strip() + "\n")


@lru_cache
def _templates() -> Environment:
    return Environment(  # noqa: S701  # plain text, no markup to escape
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _case(context: Context) -> Said:
    return {
        "case": context.case_number,
        "stage": context.stage.zh if context.stage else "",
        "link": context.link,
    }


def _item(context: Context) -> Said:
    if context.item is None:
        raise ValueError("this notice is about a work item and there is none")
    return {
        **_case(context),
        "item": context.item.zh,
        "todo": INSTRUCTIONS[context.item],
        "due": _due(context),
        "shared": context.shared,
    }


def _late(context: Context) -> Said:
    """How many days past the last day it is; negative while there is time."""
    said = _item(context)
    if context.due_on is None:
        raise ValueError("this notice is about a period and the work item has none")
    return {**said, "late": (context.today - context.due_on).days, "escalated": context.escalated}


def _due(context: Context) -> str:
    """The last day, e.g. 2026年3月16日（周一）; said to be provisional while it is."""
    on = context.due_on
    if on is None:
        return ""
    mark = "，暂定" if context.provisional else ""
    return f"{on.year}年{on.month}月{on.day}日（周{_WEEKDAYS[on.weekday()]}{mark}）"


@message("work-item", "新待办")
def work_item(context: Context) -> Said:
    """Something to do has come to a person."""
    return _item(context)


@message("case-registered", "案件登记")
def case_registered(context: Context) -> Said:
    """A case has been entered in the register."""
    return _case(context)


@message("rights-notice", "权利告知", served=True)
def rights_notice(context: Context) -> Said:
    """An officer may read what rights there are."""
    return _case(context)


@message("decision-issued", "决定送达", served=True)
def decision_issued(context: Context) -> Said:
    """A decision waits to be read; the notice does not say which way it went."""
    return _case(context)


@message("clearing-issued", "澄清函", served=True)
def clearing_issued(context: Context) -> Said:
    """A clearing letter has been made out."""
    return _case(context)


@message("notice-published", "公示发布")
def notice_published(context: Context) -> Said:
    """The redacted notice is on the portal."""
    return _case(context)


@message("reminder", "期限提醒")
def reminder(context: Context) -> Said:
    """A period nears its end, ends today or has ended."""
    return _late(context)


@message("escalation", "逾期督办")
def escalation(context: Context) -> Said:
    """A manager is told that a work item is overdue."""
    return _late(context)


@message("standstill", "无人可办")
def standstill(context: Context) -> Said:
    """A manager is told that nobody can do a work item."""
    return _item(context)


@message("dissent-certificate", "反对意见留存")
def dissent_certificate(context: Context) -> Said:
    """A member's dissent is on record with a certificate."""
    return _case(context)


@message("case-archived", "归档")
def case_archived(context: Context) -> Said:
    """A case has been archived."""
    return _case(context)


@message("nudge", "催办")
def nudge(context: Context) -> Said:
    """Somebody entitled to it asks that the item be done soon."""
    return _item(context)


@message("copy", "抄送知悉")
def copy(context: Context) -> Said:
    """There is something to know; nothing is asked."""
    return _case(context)


@message("challenge-ruled", "回避申请裁定")
def challenge_ruled(context: Context) -> Said:
    """An application for recusal has been ruled on; the notice does not say how."""
    return _case(context)


@message("deposit-filed", "在先留存待答复", served=True)
def deposit_filed(context: Context) -> Said:
    """Something has been put to a superior; a period of reply begins, so it must arrive."""
    return {**_case(context), "due": _due(context)}


@message("deposit-due", "在先留存答复期将满")
def deposit_due(context: Context) -> Said:
    """The period of reply nears its end; silence will be on record."""
    if context.due_on is None:
        raise ValueError("this notice is about a period and there is none")
    return {**_case(context), "due": _due(context), "late": (context.today - context.due_on).days}
