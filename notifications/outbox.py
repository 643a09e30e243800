"""Say it once: one row per notice, person and channel, claimed before the call and settled after it. 通知发送

    (no row) ─claim→ sending ─taken→ delivered
                     │  ↑
              refused↓  │claim again: attempts left, or the claim is stale
                    failed

The in-app inbox is a row too, delivered the moment it is written. A crash between call and settling leaves
`sending`; that send is repeated after the lease with the same X-Zhaodan-Notice, by which a receiver can tell.
"""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from models.database import Register
from models.rules.errors import NotFound
from models.settings import settings
from models.tables import Case, Channel, Notification, Person
from notifications.channels import send
from notifications.context import read_context
from notifications.messages import Message, compose

log = logging.getLogger(__name__)

INBOX = "inbox"
ATTEMPTS = 5
# How long after the first attempt the next ones are due: a mail server may be away for a night.
_PAUSES = (timedelta(), timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12))
_STOPPED = "该通知渠道已停用或删除。"
_LOST = "发送时中断，不知道对方是否收到。"

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Sent:
    """How many channels a notice has reached, the inbox included, and how many it has not. 发送结果"""

    delivered: int
    failed: int


@dataclass(frozen=True)
class _Envelope:
    """A claimed send: all that is needed to make the call outside any transaction."""

    row_id: int
    url: str
    key: str
    message: Message


def notify(
    register: Register,
    *,
    key: str,
    kind: str,
    person_id: int,
    case_id: str | None,
    item_id: str | None,
    now: Clock,
) -> Sent:
    """Tell a person, in the inbox and over each active channel; called again, only what has not arrived. 通知

    Raises NotFound for an unknown person, case or item, LookupError for an unknown kind; a channel that fails is noted.
    """
    with register.reading() as session:
        context = read_context(session, case_id, item_id, public_url=settings().public_url, now=now())
        wanted = select(Channel).where(Channel.person_id == person_id, Channel.active)
        channels = [(c.name, c.url) for c in session.exec(wanted.order_by(col(Channel.id)))]
    message = compose(kind, context)
    fresh = Notification(
        key=key,
        person_id=person_id,
        case_id=case_id,
        item_id=item_id,
        channel=INBOX,
        subject=message.subject,
        body=message.body,
        state="delivered",
        attempts=1,
        created_at=now(),
    )
    _file(register, fresh, now())
    for name, url in channels:
        envelope = _claim(register, fresh, name, url, now=now())
        if envelope:
            _deliver(register, envelope, now=now)
    return _standing(register, key, person_id)


def resend(register: Register, notification_id: int, *, now: Clock) -> Sent:
    """Try a failed notice once more at a manager's word, whatever its attempts; delivered ones are left. 重发

    Raises NotFound.
    """
    return _again(register, notification_id, now=now, bounded=False)


def retry_lagging(register: Register, *, now: Clock, limit: int = 100) -> Sent:
    """Try again what failed and is due for another attempt, and what was never settled. 补发"""
    moment = now()
    with register.reading() as session:
        undelivered = select(Notification).where(
            (col(Notification.state) == "sending")
            | ((col(Notification.state) == "failed") & (col(Notification.attempts) < ATTEMPTS))
        )
        rows = [r for r in session.exec(undelivered.order_by(col(Notification.id))) if _due(r, moment)]
    sent = [_again(register, row.id or 0, now=now, bounded=True) for row in rows[:limit]]
    return Sent(sum(s.delivered for s in sent), sum(s.failed for s in sent))


@dataclass(frozen=True)
class FailedNotice:
    """A notice that has not arrived, for those who look after the channels. 未送达通知"""

    id: int
    case_id: str | None
    person_id: int
    channel: str
    subject: str
    error: str
    attempts: int
    given_up: bool
    created_at: datetime


def failed_notifications(
    session: Session, *, organ_ids: Collection[int] | None = None, limit: int = 200
) -> Sequence[FailedNotice]:
    """What has not arrived, newest first; `given_up` when only a person's word sends it again. 未送达通知

    A manager is shown the cases of the own organs only; None means every organ.
    """
    rows = select(Notification).where(Notification.state == "failed")
    if organ_ids is not None:
        rows = rows.join(Case, col(Case.id) == col(Notification.case_id))
        rows = rows.where(col(Case.organ_id).in_(organ_ids))
    return [
        FailedNotice(
            id=row.id or 0,
            case_id=row.case_id,
            person_id=row.person_id,
            channel=row.channel,
            subject=row.subject,
            error=row.error,
            attempts=row.attempts,
            given_up=row.attempts >= ATTEMPTS,
            created_at=row.created_at,
        )
        for row in session.exec(rows.order_by(col(Notification.id).desc()).limit(limit))
    ]


# --- the rows -----------------------------------------------------------------------------------


def _again(register: Register, row_id: int, *, now: Clock, bounded: bool) -> Sent:
    """Send one row again over the channel as it is today."""
    with register.reading() as session:
        row = session.get(Notification, row_id)
        if row is None:
            raise NotFound()
        wanted = select(Channel.url).where(
            Channel.person_id == row.person_id, Channel.name == row.channel, Channel.active
        )
        url = session.exec(wanted).first()
    if url is None:
        _give_up(register, row_id, _STOPPED)
    elif bounded and row.state == "sending" and row.attempts >= ATTEMPTS:
        _give_up(register, row_id, _LOST)
    else:
        envelope = _claim(register, row, row.channel, url, now=now(), bounded=bounded)
        if envelope:
            _deliver(register, envelope, now=now)
    return _standing(register, row.key, row.person_id, channel=row.channel)


def _file(register: Register, fresh: Notification, moment: datetime) -> None:
    """Put the notice into the inbox, unless it lies there already."""
    with register.writing() as session:
        _find_or_add(session, _like(fresh, INBOX, state="delivered", delivered_at=moment))


def _claim(
    register: Register, fresh: Notification, channel: str, url: str, *, now: datetime, bounded: bool = True
) -> _Envelope | None:
    """Commit that we are about to call; None when it has arrived, is being sent or has no attempts left."""
    with register.writing() as session:
        row, new = _find_or_add(session, _like(fresh, channel, state="sending", claimed_at=now))
        if not new and not _may_send(row, now, bounded=bounded):
            return None
        if not new:
            row.state, row.claimed_at, row.error = "sending", now, ""
            row.attempts += 1
        row_id = row.id or 0
        return _Envelope(row_id, url, f"{row.key}#{row_id}", Message(row.subject, row.body))


def _deliver(register: Register, envelope: _Envelope, *, now: Clock) -> None:
    outcome = send(envelope.url, envelope.message, key=envelope.key, sender=settings().smtp_from)
    with register.writing() as session:
        row = _locked(session, envelope.row_id)
        if row.state == "delivered":
            return  # another sender took over meanwhile and arrived
        row.state = "delivered" if outcome.ok else "failed"
        row.delivered_at = now() if outcome.ok else None
        row.error = outcome.error[:500]
    if not outcome.ok:
        log.warning("notice %s not delivered: %s", envelope.key, outcome.error)


def _give_up(register: Register, row_id: int, error: str) -> None:
    """Leave a notice to a person, saying why."""
    with register.writing() as session:
        row = _locked(session, row_id)
        if row.state != "delivered":
            row.state, row.error = "failed", error
            row.attempts = max(row.attempts, ATTEMPTS)


def _standing(register: Register, key: str, person_id: int, *, channel: str = "") -> Sent:
    with register.reading() as session:
        mine = select(Notification.state).where(Notification.key == key, Notification.person_id == person_id)
        if channel:
            mine = mine.where(Notification.channel == channel)
        states = list(session.exec(mine))
    return Sent(states.count("delivered"), states.count("failed"))


def _find_or_add(session: Session, wanted: Notification) -> tuple[Notification, bool]:
    """The locked row of this notice, person and channel, and whether it is new. Raises NotFound for nobody.

    The person's row is locked first, so that two senders cannot both find nothing and both add.
    """
    whom = select(Person.id).where(Person.id == wanted.person_id).with_for_update(key_share=True)
    if session.exec(whom).first() is None:
        raise NotFound()
    same = (
        select(Notification)
        .where(
            Notification.key == wanted.key,
            Notification.person_id == wanted.person_id,
            Notification.channel == wanted.channel,
        )
        .with_for_update()
    )
    found = session.exec(same).first()
    if found is not None:
        return found, False
    session.add(wanted)
    session.flush()
    return wanted, True


def _locked(session: Session, row_id: int) -> Notification:
    return session.exec(select(Notification).where(Notification.id == row_id).with_for_update()).one()


def _like(fresh: Notification, channel: str, *, state: str, **moment: datetime) -> Notification:
    said = fresh.model_dump(
        include={"key", "person_id", "case_id", "item_id", "subject", "body", "created_at"}
    )
    return Notification(**said, channel=channel, state=state, attempts=1, **moment)


def _may_send(row: Notification, now: datetime, *, bounded: bool) -> bool:
    if bounded and row.attempts >= ATTEMPTS:
        return False
    return row.state == "failed" or (row.state == "sending" and _stale(row, now))


def _stale(row: Notification, now: datetime) -> bool:
    # Half the lease of the effect, so that whoever takes the effect over finds the claim lapsed.
    lease = timedelta(seconds=settings().effect_lease_s / 2)
    return row.claimed_at is None or row.claimed_at <= now - lease


def _due(row: Notification, now: datetime) -> bool:
    if row.state == "sending":
        return _stale(row, now)
    return now >= row.created_at + _PAUSES[min(row.attempts, len(_PAUSES) - 1)]
