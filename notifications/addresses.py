"""Where people want notices besides the in-app inbox, as it is entered. 通知渠道登记"""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, select

from models.answers import legible
from models.rules.errors import Incomplete
from models.tables import Channel, Person
from notifications.channels import url_fault
from notifications.outbox import INBOX

_NAME_LONGEST, _URL_LONGEST = 32, 500


def add_channel(session: Session, person_id: int, name: str, url: str, *, sender: str = "") -> Channel:
    """Enter a channel of a person; the same name again takes the new address. 登记通知渠道

    Raises Incomplete for the name of the in-app inbox, a name that cannot be read and an address that cannot be
    used; the refusal never repeats an address, which may hold a password.
    """
    _check_name(name)
    fault = (
        "通知渠道地址过长，请核对后重新填写。" if len(url) > _URL_LONGEST else url_fault(url, sender=sender)
    )
    if fault:
        raise Incomplete(f"渠道“{name}”：{fault}")
    same = select(Channel).where(Channel.person_id == person_id, Channel.name == name)
    channel = session.exec(same).first() or Channel(person_id=person_id, name=name, url=url)
    channel.url = url
    session.add(channel)
    session.flush()
    return channel


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
