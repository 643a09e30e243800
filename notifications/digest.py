"""What somebody wants together: the notices of a day and channel in one message. 每日汇总

A digest is a notice like any other, with its own row; the notices it carries are delivered when it is.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from models.database import Register
from models.settings import settings
from models.tables import Notification
from notifications.messages import Message

_LISTED = 8  # a group robot takes 2048 bytes
_MARK = "【照单】"


def gather(register: Register, *, now: datetime) -> None:
    """Put what has come to its time into one digest for each person and channel. 汇总"""
    with register.writing() as session:
        waiting = select(Notification).where(
            Notification.state == "waiting", Notification.digest, Notification.due_at <= now
        )
        by_channel: dict[tuple[int, str], list[Notification]] = {}
        for row in session.exec(waiting.order_by(col(Notification.id)).with_for_update()):
            by_channel.setdefault((row.person_id, row.channel), []).append(row)
        for rows in by_channel.values():
            if len(rows) == 1:
                rows[0].digest = False  # it says it better itself
            else:
                _carry(session, rows, now=now)


def _carry(session: Session, rows: Sequence[Notification], *, now: datetime) -> None:
    message = digest([row.subject for row in rows])
    carrier = Notification(
        key=f"digest:{rows[0].id}",
        person_id=rows[0].person_id,
        channel=rows[0].channel,
        subject=message.subject,
        body=message.body,
        state="waiting",
        due_at=now,
        created_at=now,
    )
    session.add(carrier)
    session.flush()
    for row in rows:
        row.state, row.carrier_id, row.due_at = "gathered", carrier.id, None


def digest(subjects: Sequence[str]) -> Message:
    """Several notices in one: their subjects, and where to read the rest."""
    listed = [f"{n}. {subject.removeprefix(_MARK)}" for n, subject in enumerate(subjects[:_LISTED], start=1)]
    if len(subjects) > _LISTED:
        listed.append(f"……另有 {len(subjects) - _LISTED} 件。")
    public = settings().public_url.rstrip("/")
    end = f"请登录照单查看全部：{public}/notices" if public else "请登录照单查看全部。"
    body = "\n".join([f"您有 {len(subjects)} 件通知：", *listed, end])
    return Message(f"{_MARK}每日汇总：{len(subjects)} 件通知", f"{body}\n")
