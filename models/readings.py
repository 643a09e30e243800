"""Who has read what: one row for a person, an object and a day, with how often. 查阅记录

It is no act on the case and no link of its chain: reading changes nothing, but it leaves a trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from models.tables import Reading


class ReadKind(StrEnum):
    """What can be read. 查阅对象"""

    CASE = "case"  # 案卷
    EVIDENCE = "evidence"  # 证据
    DOCUMENT = "document"  # 文书
    IDENTITY = "identity"  # 举报人身份


@dataclass(frozen=True, order=True)
class Look:
    """One person looking at one thing on one day; `object_id` is 0 for what a case has only one of."""

    case_id: str
    person_id: int
    kind: ReadKind
    object_id: int
    day: date


def enter_readings(session: Session, looks: Mapping[Look, tuple[int, str]]) -> None:
    """Add how often each look happened, and in what capacity at first. 登记查阅"""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = SQLModel.metadata.tables[str(Reading.__tablename__)]
    # In one order, so that two who write the same rows at once wait for each other and never in a circle.
    for look, (times, capacity) in sorted(looks.items()):
        row = {
            "case_id": look.case_id,
            "person_id": look.person_id,
            "kind": look.kind.value,
            "object_id": look.object_id,
            "day": look.day,
            "capacity": capacity,
            "times": times,
        }
        new = insert(table).values(row)
        session.execute(
            new.on_conflict_do_update(
                index_elements=["case_id", "person_id", "kind", "object_id", "day"],
                set_={"times": table.c.times + new.excluded.times},
            )
        )
