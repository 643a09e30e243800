"""Who may stand in for whom, on which days, and that nobody ends up standing in for oneself. 代理

Votes, declarations and what an officer says are nobody's to do for another: no role that does them is lent. Whoever
stands in is fit for the work: by the same role, or by one that answers for it. Which roles those are is our
proposal (建议值); that who investigates and who reviews must be qualified is law (行政处罚法 42、58).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.rules.permissions import Role

LONGEST_DAYS = 180  # 建议值: who is away longer needs a successor

# Role of who is away -> roles of which the substitute must hold one in the same organ.
FIT: Mapping[Role, frozenset[Role]] = {
    Role.SCREENING_OFFICER: frozenset({Role.SCREENING_OFFICER, Role.LEGAL_REVIEWER, Role.MANAGER}),
    Role.INVESTIGATOR: frozenset({Role.INVESTIGATOR}),
    Role.LEGAL_REVIEWER: frozenset({Role.LEGAL_REVIEWER}),
    Role.HEAD: frozenset({Role.HEAD, Role.MANAGER}),
    Role.MANAGER: frozenset({Role.MANAGER, Role.HEAD}),
    Role.PUBLICITY_REVIEWER: frozenset({Role.PUBLICITY_REVIEWER, Role.LEGAL_REVIEWER, Role.MANAGER}),
    Role.ARCHIVIST: frozenset({Role.ARCHIVIST, Role.INTAKE_CLERK, Role.MANAGER}),
}

Held = Collection[tuple[Role, int]]  # role, organ id


class Why(StrEnum):
    """Why somebody is away. 外出事由"""

    LEAVE = "leave"  # 休假
    TRAVEL = "travel"  # 出差
    TRAINING = "training"  # 学习培训
    OTHER = "other"  # 其他

    @property
    def zh(self) -> str:
        """The reason as people call it."""
        return {"leave": "休假", "travel": "出差", "training": "学习培训", "other": "其他"}[self]


@dataclass(frozen=True)
class Span:
    """Who is away from which day to which, both included, and who stands in. 代理期间"""

    person_id: int
    substitute_id: int | None
    first: date
    last: date


def lent(own: Held, away: Held) -> frozenset[tuple[Role, int]]:
    """The roles of somebody away that a person with these roles may stand in for."""
    return frozenset(
        (role, organ) for role, organ in away if any((fit, organ) in own for fit in FIT.get(role, ()))
    )


def loop(wanted: Span, others: Collection[Span]) -> tuple[int, ...]:
    """The persons through whom a new span would lead back to who is away, on some day; empty when there is none."""
    if wanted.substitute_id is None:
        return ()
    begun: tuple[int, ...] = (wanted.person_id, wanted.substitute_id)
    ways = [(wanted.substitute_id, wanted.first, wanted.last, begun)]
    while ways:
        person, first, last, path = ways.pop()
        if person == wanted.person_id:
            return path
        for span in others:
            begins, ends = max(first, span.first), min(last, span.last)
            onward = span.substitute_id
            if span.person_id != person or onward is None or begins > ends:
                continue
            if onward == wanted.person_id or onward not in path:
                ways.append((onward, begins, ends, (*path, onward)))
    return ()


def overlap(wanted: Span, others: Collection[Span]) -> Span | None:
    """An absence of the same person that shares a day with a new one."""
    same = (s for s in others if s.person_id == wanted.person_id)
    return next((s for s in same if s.first <= wanted.last and wanted.first <= s.last), None)
