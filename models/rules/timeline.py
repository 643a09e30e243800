"""Sorting the steps of a case: what kind each is, who learns of it, which stand on top. 办理进程的筛选和置顶

A step is an event of the chain. Nothing here is stored: kind and audience follow from the tag of the event, and what is
pinned from the events that pinned and unpinned it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.rules.lifecycle import Kind
from models.rules.verbs import CaseVerb, Verb

PINNED, UNPINNED = "timeline:pinned", "timeline:unpinned"
MARKS = (PINNED, UNPINNED)
MOST_PINS = 5  # 建议值: of a page whose every step stands on top nothing does


class StepKind(StrEnum):
    """What sort of step it is. 步骤种类"""

    ACT = "act"
    PAPER = "paper"
    NOTICE = "notice"
    DELIBERATION = "deliberation"
    READING = "reading"

    @property
    def zh(self) -> str:
        """The kind as people call it."""
        return _KIND_ZH[self]


_KIND_ZH = {
    StepKind.ACT: "办案动作",
    StepKind.PAPER: "文书",
    StepKind.NOTICE: "通知与期限",
    StepKind.DELIBERATION: "表决与审议",
    StepKind.READING: "查阅记录",
}


class Audience(StrEnum):
    """The widest circle that learns of a step; the words are those of papers. 知悉范围"""

    INTERNAL = "internal"
    OFFICER = "officer"
    PUBLIC = "public"

    @property
    def zh(self) -> str:
        """The circle as people call it."""
        return _AUDIENCE_ZH[self]


_AUDIENCE_ZH = {
    Audience.INTERNAL: "仅办案人员",
    Audience.OFFICER: "被核查人员可见",
    Audience.PUBLIC: "已向社会公开",
}

_OF_SOURCE: Mapping[str, StepKind] = {
    "document": StepKind.PAPER,
    "publication": StepKind.PAPER,
    "transfer": StepKind.PAPER,
    "clock": StepKind.NOTICE,
    "identity": StepKind.READING,
    "recusal": StepKind.DELIBERATION,
}
_OF_CASE_VERB: Mapping[str, StepKind] = {
    CaseVerb.HOLD: StepKind.NOTICE,
    CaseVerb.RESUME: StepKind.NOTICE,
    "resumed": StepKind.NOTICE,
    CaseVerb.COPY: StepKind.NOTICE,
    CaseVerb.ADD_MEMBERS: StepKind.DELIBERATION,
    CaseVerb.REMOVE_MEMBER: StepKind.DELIBERATION,
    CaseVerb.CHALLENGE: StepKind.DELIBERATION,
}
_OF_ITEM_VERB: Mapping[str, StepKind] = dict.fromkeys(
    (Verb.NUDGE, Verb.EXTEND, Verb.SUSPEND, Verb.RESTART), StepKind.NOTICE
)
_OF_ITEM: Mapping[str, StepKind] = {
    Kind.CONVENING: StepKind.DELIBERATION,
    Kind.RECUSAL: StepKind.DELIBERATION,
    Kind.RECUSAL_RULING: StepKind.DELIBERATION,
    Kind.BALLOT: StepKind.DELIBERATION,
    Kind.CLOSE_SESSION: StepKind.DELIBERATION,
    Kind.SERVICE_RECEIPT: StepKind.NOTICE,
}


def kind_of(tag: str) -> StepKind:
    """What sort of step an event is; whatever is not named above is casework."""
    source, _, rest = tag.partition(":")
    what, _, verb = rest.partition(":")
    if source == "item":
        return _OF_ITEM_VERB.get(verb) or _OF_ITEM.get(what, StepKind.ACT)
    if source == "case":
        return _OF_CASE_VERB.get(what, StepKind.ACT)
    return _OF_SOURCE.get(source, StepKind.ACT)


def audience_of(tag: str, *, moves: bool, by_officer: bool) -> Audience:
    """Who learns of a step: an officer concerned of every move of the case and of one's own acts, the public of notices."""
    if tag == "publication:published":
        return Audience.PUBLIC
    return Audience.OFFICER if moves or by_officer else Audience.INTERNAL


@dataclass(frozen=True)
class Mark:
    """One act of putting a step on top, or of taking it down again. 置顶、取消置顶"""

    step: int
    pins: bool
    by: int | None
    at: datetime
    reason: str


def latest_marks(marks: Iterable[Mark]) -> dict[int, Mark]:
    """The last word on each step that was ever pinned, by its number; `marks` in the order of the chain."""
    return {mark.step: mark for mark in marks}


def pins(marks: Iterable[Mark]) -> dict[int, Mark]:
    """What stands on top now, by the number of the step."""
    return {step: mark for step, mark in latest_marks(marks).items() if mark.pins}
