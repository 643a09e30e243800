"""Where people want notices besides the in-app inbox, as it is entered. 通知渠道登记"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from models.answers import legible
from models.rules.errors import Incomplete, NotFound
from models.tables import Channel, Notification, Person
from notifications.channels import describe, url_fault
from notifications.outbox import INBOX

_NAME_LONGEST, _URL_LONGEST = 32, 500
_MOST_CHANNELS = 5  # of one person, entered on a page


def add_channel(
    session: Session, person_id: int, name: str, url: str, *, sender: str = "", personal: bool = False
) -> Channel:
    """Enter a channel of a person; the same name again takes the new address. 登记通知渠道

    `personal` when the person enters it on a page: then it is one of a few kinds and leads out of the house. Raises Incomplete for the name of the in-app inbox, a name that cannot be read and an address that cannot be
    used; the refusal never repeats an address, which may hold a password.
    """
    _check_name(name)
    fault = (
        "通知渠道地址过长，请核对后重新填写。"
        if len(url) > _URL_LONGEST
        else url_fault(url, sender=sender, personal=personal)
    )
    if fault:
        raise Incomplete(f"渠道“{name}”：{fault}")
    same = select(Channel).where(Channel.person_id == person_id, Channel.name == name)
    channel = session.exec(same).first() or Channel(person_id=person_id, name=name, url=url)
    if personal and channel.id is None:
        _check_room(session, person_id)
    channel.url, channel.guarded, channel.active = url, personal, True
    session.add(channel)
    session.flush()
    return channel


def remove_channel(session: Session, person_id: int, name: str) -> None:
    """Stop telling a person over a channel; what is on its way is left to a person. Removing it twice is once. 停用渠道"""
    mine = select(Channel).where(Channel.person_id == person_id, Channel.name == name)
    for channel in session.exec(mine):
        session.delete(channel)


def try_channel(session: Session, person_id: int, name: str, *, now: datetime) -> None:
    """Put a notice without any content on a channel, at most one a minute. Raises NotFound. 测试渠道"""
    mine = select(Channel).where(Channel.person_id == person_id, Channel.name == name)
    channel = session.exec(mine.with_for_update()).first()
    if channel is None:
        raise NotFound(f"没有名为“{name}”的通知渠道，请刷新页面后重试。")
    key = f"trial:{channel.id}:{now:%Y%m%d%H%M}"
    there = select(Notification.id).where(Notification.key == key, Notification.person_id == person_id)
    if session.exec(there).first() is None:
        session.add(
            Notification(
                key=key,
                person_id=person_id,
                channel=name,
                subject="【照单】测试通知",
                body="这是您在照单登记的通知渠道发出的测试，收到即表示可以使用。\n",
                state="waiting",
                due_at=now,
                created_at=now,
            )
        )
        session.flush()


@dataclass(frozen=True)
class OwnChannel:
    """A channel as its owner sees it: never the address, which may hold a password. 本人的渠道"""

    name: str
    what: str
    active: bool
    last: Notification | None  # the last thing that was sent over it


def channels_of(session: Session, person_id: int) -> list[OwnChannel]:
    """The channels of a person, in the order they were entered. 本人的通知渠道"""
    mine = select(Channel).where(Channel.person_id == person_id).order_by(col(Channel.id))
    return [
        OwnChannel(c.name, describe(c.url), c.active, _last(session, person_id, c.name))
        for c in session.exec(mine)
    ]


def _last(session: Session, person_id: int, name: str) -> Notification | None:
    over = select(Notification).where(Notification.person_id == person_id, Notification.channel == name)
    return session.exec(over.order_by(col(Notification.id).desc())).first()


def _check_room(session: Session, person_id: int) -> None:
    held = session.exec(select(func.count()).where(Channel.person_id == person_id)).one()
    if held >= _MOST_CHANNELS:
        raise Incomplete(f"最多登记 {_MOST_CHANNELS} 个通知渠道；请先停用不再使用的。")


def load_channels(session: Session, raw: Mapping[str, Any], *, sender: str = "") -> int:
    """Enter the `channels` of everybody in a list of people; how many there were. Raises Incomplete. 导入通知渠道"""
    entered = 0
    for entry in raw.get("people") or []:
        channels = entry.get("channels") or {}
        if not isinstance(channels, Mapping):
            raise Incomplete(
                f"名册中 {entry['username']} 的 channels 应写成“名称: 地址”，没有导入任何内容；请改正后重试。"
            )
        for name, url in channels.items():
            person = session.exec(select(Person).where(Person.username == entry["username"])).one()
            try:
                add_channel(session, person.id or 0, str(name), str(url), sender=sender)
            except Incomplete as refusal:
                raise Incomplete(f"名册中 {entry['username']} 的{refusal}没有导入任何内容。") from None
            entered += 1
    return entered


def _check_name(name: str) -> None:
    try:
        readable = legible(name) == name and "\n" not in name and "\t" not in name
    except ValueError:
        readable = False
    if not readable or not 0 < len(name) <= _NAME_LONGEST:
        raise Incomplete(f"渠道名称应为 1 至 {_NAME_LONGEST} 个可读的字符，写在一行，请改名。")
    if name.casefold() == INBOX:
        # Its rows would stand where those of the in-app inbox stand, and be taken for delivered.
        raise Incomplete(f"渠道“{name}”：这是站内通知的名称，人人都有，不能另作渠道；请改用其他名称。")
