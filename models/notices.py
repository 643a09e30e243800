"""Notices a person has read: marking them, one by one or many at once. 站内通知"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col

from models.queries import told
from models.rules.permissions import Actor
from models.tables import Notification


class Result(StrEnum):
    """What became of one notice. 处理结果"""

    READ = "read"  # 已标为已读
    ALREADY = "already"  # 之前已读
    UNKNOWN = "unknown"  # 没有这条通知，或者无权查看

    @property
    def zh(self) -> str:
        """The result as people read it."""
        return {"read": "已标为已读", "already": "之前已读", "unknown": "没有这条通知，或者您无权查看"}[self]


@dataclass(frozen=True, slots=True)
class Marked:
    """One notice and what became of it. 逐条结果"""

    id: int
    result: Result


def mark_read(session: Session, ids: Sequence[int], *, actor: Actor, now: datetime) -> list[Marked]:
    """Mark the actor's own notices as read, each with its result; what is not the actor's is unknown here.

    The first reading stands: marking again changes nothing. Reading is no act on a case and leaves no event.
    """
    wanted = sa.select(Notification.id, Notification.read_at).where(
        col(Notification.id).in_(set(ids)), told(actor)
    )
    known = {key: read_at is not None for key, read_at in session.execute(wanted)}
    fresh = sa.update(Notification).where(
        col(Notification.id).in_([key for key, read in known.items() if not read]),
        col(Notification.read_at).is_(None),
    )
    session.execute(fresh.values(read_at=now))
    return [Marked(key, _result(known.get(key))) for key in dict.fromkeys(ids)]


def _result(read: bool | None) -> Result:
    return Result.UNKNOWN if read is None else Result.ALREADY if read else Result.READ
