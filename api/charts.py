"""Bars that a page draws without a script; every chart has its table beside it. 图表"""

from collections.abc import Iterable
from dataclasses import dataclass

_WIDEST = 84.0  # per cent of the width; what is left holds the number
ROW = 46  # height of a row


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: what it counts, how much, and how much of that is marked. 条形"""

    label: str
    value: int
    marked: int
    y: int
    width: str  # per cent, as an attribute takes it
    marked_width: str
    after: str  # where the number stands


def bars(rows: Iterable[tuple[str, int, int]]) -> list[Bar]:
    """Rows of (label, value, of which marked), scaled to the largest."""
    every = list(rows)
    most = max((value for _, value, _ in every), default=0) or 1
    return [
        Bar(
            label,
            value,
            marked,
            n * ROW,
            f"{_WIDEST * value / most:.2f}%",
            f"{_WIDEST * marked / most:.2f}%",
            f"{_WIDEST * value / most + 1.5:.2f}%",
        )
        for n, (label, value, marked) in enumerate(every)
    ]
