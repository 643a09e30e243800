"""Say it once: one row per notice, person and channel, claimed before the call and settled after it. 通知发送

    waiting ─its time─→ sending ─taken─→ delivered
                         │ │  ↑
              refused────┘ │  │again, later each time, or at a person's word
                 ↓         └──┼──no answer, or a claim never settled─→ unsure
               failed ────────┘                                          │
                                             a person's word: sent again, or delivered

The in-app inbox is a row too, delivered the moment it is written. What is unsure is never sent again by software. Each
attempt carries the same X-Zhaodan-Notice, by which a receiver can tell a repeated one.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from models.database import Register
from models.holidays import calendar_of
from models.rules.errors import NotFound
from models.rules.notices import ATTEMPTS, Turn, Wishes, next_attempt, served, turn
from models.settings import settings
from models.tables import Channel, Notification, Person
from notifications.channels import is_mail, send
from notifications.context import deposit_context, read_context
from notifications.digest import gather
from notifications.entry import entry
from notifications.messages import MESSAGES, Context, Message, compose
from notifications.wishes import wishes_of

log = logging.getLogger(__name__)

INBOX = "inbox"
WITH_ENTRY = frozenset({"work-item", "reminder"})  # notices that put a last day into a calendar
_STOPPED = "该通知渠道已停用或删除。"
_LOST = "发送时中断，不知道对方是否收到。"
_AT_ONCE = 8  # sends of a round that run side by side
_ROUND_S = 45.0  # a round begins every minute
_REST = timedelta(minutes=1)  # for a server that used up the whole limit

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Sent:
    """How many channels a notice has reached, the inbox included, and how many it has not. 发送结果

    What waits for its time is in neither number.
    """

    delivered: int
    failed: int


@dataclass(frozen=True)
class _Way:
    """A channel as it is when a notice is handed to it."""

    name: str
    url: str
    guarded: bool

    @property
    def server(self) -> str:
        """Where it leads, for the rest a server is given that does not answer."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True)
class _Envelope:
    """A claimed send: all that is needed to make the call outside any transaction."""

    row_id: int
    way: _Way
    key: str
    message: Message
    entry: bytes
    claimed_at: datetime


_resting: dict[str, float] = {}  # server -> moment of the monotonic clock until which it is left alone


def notify(
    register: Register,
    *,
    key: str,
    kind: str,
    person_id: int,
    case_id: str | None,
    item_id: str | None,
    now: Clock,
    filed: bool = True,
    deposit_id: str | None = None,
) -> Sent:
    """Tell a person, in the inbox at once and over each active channel as the person wishes. 通知

    `filed` is false for somebody who may not see the case: the notice then lies in the inbox by itself and leads
    nowhere. Called again, it sends only what has not arrived and is not uncertain. Raises NotFound for an unknown person, case
    or item, LookupError for an unknown kind; a channel that fails is noted.
    """
    moment = now()
    with register.reading() as session:
        link = settings().public_url if filed else ""
        context = (
            deposit_context(session, deposit_id, public_url=settings().public_url, now=moment)
            if deposit_id
            else read_context(session, case_id, item_id, public_url=link, now=moment)
        )
        ways = _ways(session, person_id)
        going = _turn(session, person_id, kind, context, now=moment) if ways else None
    message = compose(kind, context)
    dated = entry(context, item_id, now=moment) if item_id and kind in WITH_ENTRY else b""
    fresh = Notification(
        key=key,
        person_id=person_id,
        case_id=case_id if filed else None,
        item_id=item_id if filed else None,
        channel=INBOX,
        subject=message.subject,
        body=message.body,
        entry=dated.decode(),
        state="delivered",
        attempts=1,
        created_at=moment,
    )
    for envelope in _file(register, fresh, ways, going, now=moment):
        _deliver(register, envelope, now=now)
    return _standing(register, key, person_id)


def _ways(session: Session, person_id: int) -> list[_Way]:
    wanted = select(Channel).where(Channel.person_id == person_id, Channel.active)
    return [_Way(c.name, c.url, c.guarded) for c in session.exec(wanted.order_by(col(Channel.id)))]


def _turn(session: Session, person_id: int, kind: str, context: Context, *, now: datetime) -> Turn | None:
    wishes = wishes_of(session, person_id)
    if wishes == Wishes():
        return Turn(now)
    return turn(
        wishes,
        kind,
        now=now,
        calendar=calendar_of(session),
        must_arrive=served(context.item, kind_is_served=MESSAGES[kind].served),
        ends_on=context.due_on,
    )


def send_due(register: Register, *, now: Clock, limit: int = 2000) -> Sent:
    """Send what has come to its time, and try again what failed and is due for another attempt. 按时发送与补发

    A round ends after three quarters of a minute, whatever is left; a server that does not answer is left alone for
    a minute, so that it keeps nobody else waiting. A claim that was never settled becomes uncertain.
    """
    moment = now()
    _lapse(register, moment)
    gather(register, now=moment)
    with register.reading() as session:
        due = select(Notification.id).where(
            Notification.due_at <= moment,
            (col(Notification.state) == "waiting")
            | ((col(Notification.state) == "failed") & (col(Notification.attempts) < ATTEMPTS)),
        )
        ids = list(session.exec(due.order_by(col(Notification.due_at), col(Notification.id)).limit(limit)))
    until = time.monotonic() + _ROUND_S

    def one(row_id: int | None) -> Sent:
        if time.monotonic() > until:
            return Sent(0, 0)
        return _again(register, row_id or 0, now=now)

    with ThreadPoolExecutor(_AT_ONCE) as side_by_side:
        sent = list(side_by_side.map(one, ids))
    return Sent(sum(s.delivered for s in sent), sum(s.failed for s in sent))


# --- the rows -----------------------------------------------------------------------------------


def _again(register: Register, row_id: int, *, now: Clock) -> Sent:
    """Send one row that is due over the channel as it is today."""
    moment = now()
    with register.writing() as session:
        row = _locked(session, row_id)
        if row is None or row.state not in ("waiting", "failed") or row.due_at is None or row.due_at > moment:
            return Sent(0, 0)
        wanted = select(Channel).where(
            Channel.person_id == row.person_id, Channel.name == row.channel, Channel.active
        )
        channel = session.exec(wanted).first()
        if channel is None:
            row.state, row.error, row.attempts = "failed", _STOPPED, max(row.attempts, ATTEMPTS)
            return Sent(0, 1)
        way = _Way(channel.name, channel.url, channel.guarded)
        if _rests(way):
            row.due_at = moment + _REST
            return Sent(0, 0)
        envelope = _claimed(row, way, now=moment)
    ok = _deliver(register, envelope, now=now)
    return Sent(int(ok), int(not ok))


def _file(
    register: Register, fresh: Notification, ways: list[_Way], going: Turn | None, *, now: datetime
) -> list[_Envelope]:
    """Put the notice into the inbox and on each way, and claim those whose time it is; what is there is left alone."""
    envelopes = []
    with register.writing() as session:
        _find_or_add(session, _like(fresh, INBOX, state="delivered", attempts=1, delivered_at=now))
        for way in ways if going else []:
            assert going is not None  # noqa: S101  # the loop is empty then
            planned = _like(
                fresh, way.name, state="waiting", attempts=0, due_at=going.at, digest=going.digest
            )
            planned.entry = fresh.entry if is_mail(way.url) else ""
            row = _find_or_add(session, planned)
            later = row.state == "waiting" and (row.digest or row.due_at is None or row.due_at > now)
            if row.state not in ("waiting", "failed") or row.attempts >= ATTEMPTS or later:
                continue
            if _rests(way):
                row.due_at = now + _REST
            else:
                envelopes.append(_claimed(row, way, now=now))
    return envelopes


def _claimed(row: Notification, way: _Way, *, now: datetime) -> _Envelope:
    """Note that we are about to call; the call comes after this transaction."""
    row.state, row.claimed_at, row.error = "sending", now, ""
    row.attempts += 1
    key = f"{row.key}#{row.id}"
    return _Envelope(row.id or 0, way, key, Message(row.subject, row.body), row.entry.encode(), now)


def _deliver(register: Register, envelope: _Envelope, *, now: Clock) -> bool:
    way, started = envelope.way, time.monotonic()
    outcome = send(
        way.url,
        envelope.message,
        key=envelope.key,
        sender=settings().smtp_from,
        entry=envelope.entry,
        guarded=way.guarded,
    )
    if not outcome.ok and time.monotonic() - started >= settings().notice_limit_s * 0.9:
        _resting[way.server] = time.monotonic() + _REST.total_seconds()
    with register.writing() as session:
        row = _locked(session, envelope.row_id)
        if row is None or row.state == "delivered":
            return outcome.ok  # a person has said so meanwhile
        if not outcome.ok and (row.state, row.claimed_at) != ("sending", envelope.claimed_at):
            return False  # given up on meanwhile, and somebody else is at it
        _settle(session, row, ok=outcome.ok, unsure=outcome.unsure, error=outcome.error, now=now())
    if not outcome.ok:
        log.warning("notice %s not delivered: %s", envelope.key, outcome.error)
    return outcome.ok


def _settle(
    session: Session, row: Notification, *, ok: bool, unsure: bool, error: str, now: datetime
) -> None:
    row.state = "delivered" if ok else "unsure" if unsure else "failed"
    row.delivered_at = now if ok else None
    row.due_at = next_attempt(row.attempts, now) if row.state == "failed" else None
    row.error = error[:500]
    if ok:
        carried = select(Notification).where(Notification.carrier_id == row.id)
        for member in session.exec(carried):
            member.state, member.delivered_at = "delivered", now


def _lapse(register: Register, moment: datetime) -> None:
    """Who claimed these has died or will come back: whether they arrived nobody can tell."""
    before = moment - timedelta(seconds=2 * settings().notice_limit_s + 10)
    with register.writing() as session:
        lost = select(Notification).where(Notification.state == "sending", Notification.claimed_at < before)
        for row in session.exec(lost.with_for_update()):
            _settle(session, row, ok=False, unsure=True, error=_LOST, now=moment)


def _rests(way: _Way) -> bool:
    return _resting.get(way.server, 0.0) > time.monotonic()


def _standing(register: Register, key: str, person_id: int) -> Sent:
    with register.reading() as session:
        mine = select(Notification.state).where(Notification.key == key, Notification.person_id == person_id)
        states = list(session.exec(mine))
    return Sent(states.count("delivered"), states.count("failed") + states.count("unsure"))


def _find_or_add(session: Session, wanted: Notification) -> Notification:
    """The locked row of this notice, person and channel. Raises NotFound for nobody.

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
        return found
    session.add(wanted)
    session.flush()
    return wanted


def _locked(session: Session, row_id: int) -> Notification | None:
    return session.exec(select(Notification).where(Notification.id == row_id).with_for_update()).first()


def _like(fresh: Notification, channel: str, **values: object) -> Notification:
    said = fresh.model_dump(
        include={"key", "person_id", "case_id", "item_id", "subject", "body", "created_at"}
    )
    return Notification(**said, channel=channel, **values)
