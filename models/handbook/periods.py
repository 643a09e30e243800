"""The periods of an edition: how each is counted, how far it may be prolonged, what stops it. 期限规则

Every line says on what it rests and whether the text has been checked: what has not been is only proposed, has no
force of law, and says so wherever a person sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from models.handbook.reading import Entry, read_entries
from models.rules.deadlines import LONGEST, Period, RollOver, Unit
from models.rules.permissions import Role
from models.rules.verbs import DECIDERS

MARKS = ("法定", "文件", "建议值")
STANDINGS = ("verified", "proposed")
DIRECTIONS = ("within", "before", "not_before")
STAGES = (
    "intake",
    "verification",
    "matching",
    "review",
    "decision",
    "clearing",
    "archive",
    "remedy",
    "advance",
)
STARTS = ("next_day", "moment")
ROLLS: Mapping[str, RollOver] = {
    "non_workday": RollOver.BOTH,
    "statutory_holiday": RollOver.STATUTORY_HOLIDAY,
    "none": RollOver.NONE,
}


@dataclass(frozen=True, slots=True)
class Grounded:
    """What a line of the edition rests on, and whether that has been checked."""

    basis: str
    verified: bool

    @property
    def shown(self) -> str:
        """The source, with the words that it is only proposed where it is."""
        return self.basis if self.verified else f"{self.basis}；建议值，未经核实，没有法律效力"


@dataclass(frozen=True, slots=True)
class Counting:
    """How a period is counted: from when, and whether its last day moves. 计算方法"""

    id: str
    zh: str
    start: str  # next_day: the first day is not counted; moment: hours run from the moment itself
    roll_over: RollOver
    source: Grounded


@dataclass(frozen=True, slots=True)
class Prolongation:
    """On what ground a period may be prolonged, by how much, by whom and how often. 延长"""

    ground: str
    period: Period
    approver: Role
    times: int
    source: Grounded


@dataclass(frozen=True, slots=True)
class Suspension:
    """On what ground a period stands still, from when and until when. 中止"""

    id: str
    ground: str
    first: str  # from which day on
    last: str  # until which day, that day included
    approver: Role
    source: Grounded


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """A period of the procedure, with its standing: 法定, 文件 or only our 建议值. 办案期限"""

    id: str
    zh: str
    stage: str
    starts_from: str
    period: Period
    direction: str
    counting: Counting
    extensions: tuple[Prolongation, ...]
    suspensions: tuple[Suspension, ...]
    mark: str
    verified: bool
    basis: str

    @property
    def amount(self) -> int:
        return self.period.amount

    @property
    def unit(self) -> str:
        return self.period.unit.value

    @property
    def suggested(self) -> bool:
        """No law sets it; wherever a person sees it, it says so. 建议值"""
        return self.mark == "建议值"

    def extension_on(self, ground: str) -> Prolongation | None:
        """The prolongation on a ground, in the words of the edition."""
        return next((one for one in self.extensions if one.ground == ground), None)

    def suspension_on(self, ground: str) -> Suspension | None:
        """The suspension on a ground, in the words of the edition."""
        return next((one for one in self.suspensions if one.ground == ground), None)


def read_deadlines(top: Entry) -> dict[str, DeadlineRule]:
    """The periods of the procedure, each with its standing."""
    countings = read_entries(top, "countings", _counting)
    suspensions = read_entries(top, "suspensions", _suspension)

    def build(entry: Entry) -> DeadlineRule:
        period, mark = entry.period("amount"), entry.one_of("mark", MARKS)
        counting = countings[entry.one_of("counting", countings)]
        if (counting.start == "moment") != (period.unit is Unit.HOUR):
            raise entry.fault(
                f"counting {counting.id} 与单位{period.unit.zh}不符：只有按小时计算的自该时刻起算"
            )
        verified = _verified(entry)
        if verified and mark == "建议值":
            raise entry.fault("mark 为“建议值”的，standing 只能是 proposed")
        return DeadlineRule(
            id=entry.text("id"),
            zh=entry.text("zh"),
            stage=entry.one_of("stage", STAGES),
            starts_from=entry.text("starts_from"),
            period=period,
            direction=entry.one_of("direction", DIRECTIONS),
            counting=counting,
            extensions=_extensions(entry, period),
            suspensions=tuple(suspensions[i] for i in entry.among("suspensions", suspensions, "中止情形")),
            mark=mark,
            verified=verified,
            basis=entry.text("basis"),
        )

    return read_entries(top, "deadlines", build)


def _verified(entry: Entry) -> bool:
    return entry.one_of("standing", STANDINGS) == "verified"


def _source(entry: Entry) -> Grounded:
    return Grounded(entry.text("basis"), _verified(entry))


def _counting(entry: Entry) -> Counting:
    start, roll = entry.one_of("start", STARTS), ROLLS[entry.one_of("roll_over", ROLLS)]
    if start == "moment" and roll is not RollOver.NONE:
        raise entry.fault("按小时计算的期限不顺延，roll_over 应为 none")
    return Counting(entry.text("id"), entry.text("zh"), start, roll, _source(entry))


def _suspension(entry: Entry) -> Suspension:
    return Suspension(
        id=entry.text("id"),
        ground=entry.text("ground"),
        first=entry.text("first"),
        last=entry.text("last"),
        approver=Role(entry.one_of("approver", DECIDERS)),
        source=_source(entry),
    )


def _extensions(entry: Entry, period: Period) -> tuple[Prolongation, ...]:
    found: list[Prolongation] = []
    total = period.amount
    for one in entry.subs("extensions"):
        read = Prolongation(
            ground=one.text("ground"),
            period=one.period("amount"),
            approver=Role(one.one_of("approver", DECIDERS)),
            times=one.number("times"),
            source=_source(one),
        )
        one.done()
        if read.period.unit is not period.unit:
            raise one.fault(f"延长的单位应与期限一致，写作 {period.unit.value}")
        if any(read.ground == other.ground for other in found):
            raise one.fault(f"ground 重复：{read.ground}")
        total += read.period.amount * read.times
        found.append(read)
    if total > LONGEST[period.unit]:
        raise entry.fault(
            f"连同延长共{total}{period.unit.zh}，超过上限{LONGEST[period.unit]}{period.unit.zh}"
        )
    return tuple(found)
