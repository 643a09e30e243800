"""Notices a person has read, and a manager's word on those that have not arrived. 站内通知与未送达处理"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.queries import tending, told
from models.rules.deadlines import beijing_day
from models.rules.errors import AlreadyDone, Conflict, NotFound
from models.rules.notices import ATTEMPTS
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


class Word(StrEnum):
    """What a manager says of a notice that has not arrived. 处理意见"""

    AGAIN = "again"  # 重发
    DELIVERED = "delivered"  # 视为已送达


class CertainlyUndelivered(Conflict):
    """这条通知确定没有送达，不能视为已送达；请重发，或者另行告知本人。"""

    code = "certainly-undelivered"


def settle_notice(
    session: Session, notice_id: int, word: Word, *, actor: Actor, now: datetime
) -> Notification:
    """A manager's word on a notice that failed or is uncertain: sent once more, or counted as delivered. 未送达处理

    The same word twice is once. Raises NotPermitted, NotFound for what the manager may not see, AlreadyDone for what
    has been settled otherwise, CertainlyUndelivered for counting as delivered what was refused.
    """
    seen = tending(actor, today=beijing_day(now))
    row = session.exec(
        select(Notification).where(Notification.id == notice_id, seen).with_for_update()
    ).first()
    if row is None or row.state == "gathered":
        raise NotFound
    if row.state in ("failed", "unsure"):
        if word is Word.DELIVERED and row.state == "failed":
            raise CertainlyUndelivered
        row.settled_by = actor.person_id
        if word is Word.AGAIN:
            row.state, row.due_at, row.attempts = "waiting", now, min(row.attempts, ATTEMPTS - 1)
        else:
            _count_as_delivered(session, row, now)
    elif (row.state == "delivered") is not (word is Word.DELIVERED) or row.settled_by is None:
        raise AlreadyDone("这条通知已经送达或者正在发送，不需要处理；请刷新列表。")
    return row


def _count_as_delivered(session: Session, row: Notification, now: datetime) -> None:
    carried = select(Notification).where(Notification.carrier_id == row.id)
    for one in (row, *session.exec(carried)):
        one.state, one.delivered_at, one.due_at = "delivered", now, None
