"""How long a closed file is kept, by its gravest outcome. 保管期限"""

from collections.abc import Iterable
from datetime import date

from models.casework.record import Act
from models.rules.decision import Outcome
from models.tables import Decision

# 建议值: no source seen sets these years (domain facts, retention); the longest of a case applies.
_YEARS: dict[str, tuple[str, int | None]] = {
    Outcome.ACCOUNTABLE: ("永久（建议值）", None),
    Outcome.TRANSFER: ("永久（建议值）", None),
    Outcome.MITIGATE: ("30年（建议值）", 30),
    Outcome.EXEMPT: ("30年（建议值）", 30),
    Outcome.NO_FAULT: ("10年（建议值）", 10),
    Outcome.OUT_OF_SCOPE: ("10年（建议值）", 10),
}
_NONE_DECIDED = ("10年（建议值）", 10)


def retain(act: Act, decided: Iterable[Decision]) -> None:
    """Set retention class and date on the case."""
    classes = [_YEARS[row.outcome] for row in decided if row.outcome] or [_NONE_DECIDED]
    name, years = max(classes, key=lambda kept: kept[1] or 1000)
    act.case.retention = name
    act.case.retain_until = _years_on(act.today, years) if years else None


def _years_on(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
