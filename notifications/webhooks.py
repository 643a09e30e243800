"""Office systems that follow how cases move: registered once, told of each event, signed. 外部系统回调

The events of the register are the outbox: each is written in the transaction of its act, and told from there, at least
once and in no promised order (`seq` says which came first). What is told is the number and the stage; of cases that are
sensitive or strictly confidential nothing is told.

The form is that of CloudEvents 1.0, the signature that of Standard Webhooks: HMAC-SHA256, keyed with the secret
after `whsec_`, over `webhook-id.webhook-timestamp.body`, in `webhook-signature` as `v1,` and Base64. A receiver refuses
what is older or newer than five minutes by `webhook-timestamp`, and ignores a `webhook-id` it has already taken.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from models.database import Register
from models.dossier import case_number
from models.rules.confidentiality import Level
from models.rules.errors import Conflict, Incomplete, NotFound, NotPermitted
from models.rules.notices import next_attempt
from models.rules.permissions import Action, Actor, may
from models.settings import settings
from models.tables import Case, Event, Organ, Webhook, WebhookCall
from models.vault import VaultClosed, prepare_key, seal_secret, unseal_secret, webhook_key_path
from notifications.outbox import Clock, Sent
from notifications.reach import Unsent, Unsure, host_fault
from notifications.wire import post

ATTEMPTS = 8  # over a day and a half
MOST = 20  # of one organ
_LONGEST_PAUSE = 4  # attempts after which the pauses grow no more
_AT_ONCE = 4
_TOLD = (Level.PUBLIC, Level.INTERNAL)
_LATE = timedelta(hours=1)  # no act takes longer to commit than this
_GONE = 410  # the receiver wants no more of it (Standard Webhooks)
_REFUSED = "对方没有接收（HTTP {status}）。"
_LOST = "发送时中断，将再次发送。"


def add_webhook(
    session: Session, organ_id: int, name: str, url: str, *, actor: Actor, now: datetime
) -> tuple[Webhook, str]:
    """Register an office system; the secret is given back this once and kept sealed. 登记回调

    Events from now on are told. Raises NotPermitted, Incomplete for an address that cannot be used, Conflict for a name
    that is taken.
    """
    ruling = may(actor, Action.KEEP_WEBHOOKS, organ_id=organ_id)
    if not ruling.ok:
        raise NotPermitted(ruling.why)
    if fault := _address_fault(url):
        raise Incomplete(f"回调地址{fault}")
    # The organ is locked, so that two administrators at once cannot both take the same name.
    session.exec(select(Organ.id).where(Organ.id == organ_id).with_for_update()).one()
    there = session.exec(select(Webhook).where(Webhook.organ_id == organ_id)).all()
    if any(hook.name == name for hook in there):
        raise Conflict(f"本机关已有名为“{name}”的回调；请改用其他名称，或者先停用原来的。")
    if sum(hook.active for hook in there) >= MOST:
        raise Conflict(f"一个机关最多登记 {MOST} 个回调；请先停用不再使用的。")
    prepare_key(webhook_key_path())
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    last = session.exec(select(Event.id).order_by(col(Event.id).desc())).first()
    hook = Webhook(
        organ_id=organ_id,
        name=name,
        url=url,
        sealed=seal_secret(secret),
        registered_by=actor.person_id,
        registered_at=now,
        mark=last or 0,
    )
    session.add(hook)
    session.flush()
    return hook, secret


def stop_webhook(session: Session, webhook_id: int, *, actor: Actor) -> Webhook:
    """Tell an office system no more; stopping twice is once. Raises NotFound for what is another organ's. 停用回调"""
    hook = _kept(session, webhook_id, actor)
    hook.active = False
    return hook


def tell_again(session: Session, webhook_id: int, *, actor: Actor, now: datetime) -> int:
    """Have what was given up told once more. Returns how many events. Raises NotFound. 重新发送"""
    hook = _kept(session, webhook_id, actor)
    given_up = select(WebhookCall).where(
        WebhookCall.webhook_id == hook.id, WebhookCall.state == "failed", WebhookCall.attempts >= ATTEMPTS
    )
    calls = session.exec(given_up.with_for_update()).all()
    for call in calls:
        call.attempts, call.due_at = ATTEMPTS - 1, now
    return len(calls)


@dataclass(frozen=True, slots=True)
class KeptWebhook:
    """A webhook as its administrator sees it; the secret was shown once. 回调"""

    id: int
    name: str
    host: str
    active: bool
    registered_at: datetime
    delivered: int
    waiting: int
    given_up: int
    error: str


def webhooks_of(session: Session, actor: Actor) -> Sequence[KeptWebhook]:
    """The webhooks of the organs the actor keeps them for. Raises NotPermitted where there are none. 回调列表"""
    wanted = select(Webhook).where(col(Webhook.organ_id).in_(_organs(actor)))
    return [_shown(session, hook) for hook in session.exec(wanted.order_by(col(Webhook.id)))]


def tell_webhooks(register: Register, *, now: Clock, limit: int = 500) -> Sent:
    """Note the events that are to be told, and tell what is due. 通知外部系统"""
    moment = now()
    _enqueue(register, moment)
    with register.reading() as session:
        lost = moment - timedelta(seconds=2 * settings().notice_limit_s + 10)
        due = (
            select(WebhookCall.id)
            .join(Webhook)
            .where(
                col(Webhook.active),
                (
                    col(WebhookCall.state).in_(("waiting", "failed"))
                    & (col(WebhookCall.due_at) <= moment)
                    & (col(WebhookCall.attempts) < ATTEMPTS)
                )
                | ((col(WebhookCall.state) == "sending") & (col(WebhookCall.claimed_at) < lost)),
            )
        )
        ids = list(session.exec(due.order_by(col(WebhookCall.due_at), col(WebhookCall.id)).limit(limit)))
    with ThreadPoolExecutor(_AT_ONCE) as side_by_side:
        told = list(side_by_side.map(lambda call: _tell(register, call or 0, now=now, lost=lost), ids))
    return Sent(told.count(True), told.count(False))


def signature(secret: str, key: str, moment: int, body: bytes) -> str:
    """The signature of one call. 签名"""
    digest = hmac.new(
        base64.b64decode(secret.removeprefix("whsec_")), f"{key}.{moment}.".encode() + body, hashlib.sha256
    )
    return f"v1,{base64.b64encode(digest.digest()).decode()}"


# --- what is told ---------------------------------------------------------------------------------


def _enqueue(register: Register, moment: datetime) -> None:
    with register.writing() as session:
        for hook in session.exec(select(Webhook).where(col(Webhook.active)).with_for_update()):
            noted = select(WebhookCall.event_id).where(WebhookCall.webhook_id == hook.id)
            known = set(session.exec(noted.where(WebhookCall.event_id > hook.mark)))
            mark, settled = hook.mark, True
            for event, level in _since(session, hook):
                if event.id not in known and Level(level) in _TOLD and _what(event):
                    session.add(
                        WebhookCall(webhook_id=hook.id, event_id=event.id, state="waiting", due_at=moment)
                    )
                # An act that began earlier may commit later under a smaller number, so only old events are behind us.
                settled = settled and event.at < moment - _LATE
                if settled:
                    mark = event.id
            hook.mark = mark


def _since(session: Session, hook: Webhook) -> Iterator[tuple[Event, str]]:
    news = (
        select(Event, Case.level)
        .join(Case, col(Case.id) == col(Event.case_id))
        .where(Case.organ_id == hook.organ_id, col(Event.id) > hook.mark)
    )
    return iter(session.exec(news.order_by(col(Event.id))))  # type: ignore[arg-type]


def _what(event: Event) -> tuple[str, Mapping[str, Any]] | None:
    """The type of an event and what it says besides case and stage; None for what is not told."""
    moves = [move.split(":")[0] for move in event.data.get("moves", ()) if "->" in move]
    if event.tag == "case:registered":
        return "zhaodan.case.registered", {}
    if event.tag == "publication:published":
        return "zhaodan.notice.published", {"slug": event.data["slug"]}
    if moves:  # how it came to it is a fact of the case
        return "zhaodan.case.moved", {"from": moves[0].split("->")[0]}
    return None


def _body(session: Session, event: Event, organ: Organ, case: Case) -> bytes:
    said = _what(event)
    assert said is not None  # noqa: S101  # only such events are noted
    kind, more = said
    content = {
        "specversion": "1.0",
        "id": f"{event.case_id}-{event.seq}",
        "source": f"urn:zhaodan:{organ.code}",
        "type": kind,
        "time": event.at.astimezone(UTC).isoformat(),
        "subject": case_number(organ.mark, case.year, case.number),
        "datacontenttype": "application/json",
        "data": {
            "case_id": event.case_id,
            "seq": event.seq,
            "stage": event.data["stage"],
            "round": event.data["round"],
            **more,
        },
    }
    return json.dumps(content, ensure_ascii=False).encode()


# --- the calls ------------------------------------------------------------------------------------


def _tell(register: Register, call_id: int, *, now: Clock, lost: datetime) -> bool | None:
    """Make one call; None when somebody else is at it, or the case is not to be told of any more."""
    moment = now()
    with register.writing() as session:
        call = session.exec(select(WebhookCall).where(WebhookCall.id == call_id).with_for_update()).one()
        stale = call.state == "sending" and call.claimed_at is not None and call.claimed_at < lost
        if call.state == "delivered" or (call.state == "sending" and not stale):
            return None
        hook = session.get_one(Webhook, call.webhook_id)
        event = session.get_one(Event, call.event_id)
        case = session.get_one(Case, event.case_id)
        if not hook.active or Level(case.level) not in _TOLD:
            session.delete(call)
            return None
        call.state, call.claimed_at, call.error = "sending", moment, _LOST if stale else ""
        call.attempts += 1
        body = _body(session, event, session.get_one(Organ, case.organ_id), case)
        url, sealed, key = hook.url, hook.sealed, f"evt_{hook.id}_{event.id}"
    status, error = _post(url, sealed, key, body, moment)
    with register.writing() as session:
        call = session.exec(select(WebhookCall).where(WebhookCall.id == call_id).with_for_update()).one()
        if call.state == "delivered":
            return True
        call.state = "failed" if error else "delivered"
        call.error, call.delivered_at = error, None if error else now()
        call.due_at = next_attempt(min(call.attempts, _LONGEST_PAUSE), now())
        if status == _GONE:
            session.get_one(Webhook, call.webhook_id).active = False
    return not error


def _post(url: str, sealed: str, key: str, body: bytes, moment: datetime) -> tuple[int, str]:
    """The status, 0 when there was none, and what went wrong."""
    stamp = int(moment.timestamp())
    try:
        secret = unseal_secret(sealed)
    except VaultClosed as fault:
        return 0, str(fault)
    headers = {
        "Content-Type": "application/cloudevents+json; charset=utf-8",
        "User-Agent": "Zhaodan",
        "webhook-id": key,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(secret, key, stamp, body),
    }
    try:
        answer = post(url, body, headers, guarded=True)
    except Unsure:
        return 0, "发出后没有得到对方的答复，将再次发送。"
    except Unsent as fault:
        return 0, str(fault)
    return answer.status, "" if 200 <= answer.status < 300 else _REFUSED.format(status=answer.status)


def _address_fault(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("https", "http") or parts.username or parts.fragment:
        return "应为 https:// 开头的完整地址，不含账号口令，请核对后重新填写。"
    if len(url) > 500 or not url.isascii() or any(sign.isspace() for sign in url):
        return "过长或者含有不能使用的字符，请核对后重新填写。"
    return host_fault(host, port or (443 if parts.scheme == "https" else 80)) or _plain_fault(parts.scheme)


def _plain_fault(scheme: str) -> str:
    """Without TLS only inside networks the settings name."""
    named = settings().private_networks
    return "" if scheme == "https" or named else "应使用 https://，以免内容在途中被看到或者改动。"


def _organs(actor: Actor) -> frozenset[int]:
    organs = frozenset(o for _, o in actor.roles if may(actor, Action.KEEP_WEBHOOKS, organ_id=o).ok)
    if not organs:
        raise NotPermitted(may(actor, Action.KEEP_WEBHOOKS).why)
    return organs


def _kept(session: Session, webhook_id: int, actor: Actor) -> Webhook:
    organs = _organs(actor)
    hook = session.exec(select(Webhook).where(Webhook.id == webhook_id).with_for_update()).first()
    if hook is None or hook.organ_id not in organs:
        raise NotFound
    return hook


def _shown(session: Session, hook: Webhook) -> KeptWebhook:
    calls = list(session.exec(select(WebhookCall).where(WebhookCall.webhook_id == hook.id)))
    failed = [call for call in calls if call.state == "failed"]
    given_up = sum(call.attempts >= ATTEMPTS for call in failed)
    delivered = sum(call.state == "delivered" for call in calls)
    return KeptWebhook(
        id=hook.id or 0,
        name=hook.name,
        host=urlsplit(hook.url).hostname or "",
        active=hook.active,
        registered_at=hook.registered_at,
        delivered=delivered,
        waiting=len(calls) - delivered - given_up,
        given_up=given_up,
        error=max(failed, key=lambda call: call.due_at).error if failed else "",
    )
