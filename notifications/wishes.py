"""How somebody wants to be told, kind by kind. 通知偏好"""

from collections.abc import Mapping

from sqlmodel import Session, select

from models.rules.errors import Incomplete
from models.rules.notices import How, Wishes
from models.tables import NoticePreference, Person
from notifications.messages import MESSAGES


def wishes_of(session: Session, person_id: int) -> Wishes:
    """What a person has chosen; nothing chosen is everything at once. 通知偏好"""
    row = session.get(NoticePreference, person_id)
    if row is None:
        return Wishes()
    return Wishes(row.quiet_from, {kind: How(how) for kind, how in row.kinds.items()})


def save_wishes(session: Session, person_id: int, kinds: Mapping[str, str], quiet_from: int | None) -> None:
    """Keep what a person has chosen; the last word stands. 保存通知偏好

    Raises Incomplete for a kind or a way we do not know, an hour that is no evening, and for muting or delaying what
    is part of a legal service.
    """
    chosen: dict[str, str] = {}
    for kind, how in kinds.items():
        known = MESSAGES.get(kind)
        if known is None or how not in set(How):
            raise Incomplete("通知种类或者接收方式无法识别，没有保存；请刷新页面后重新选择。")
        if known.served and how != How.NOW:
            raise Incomplete(
                f"“{known.zh}”属于依法送达，不能关闭也不能延后，没有保存；请把它改回“{How.NOW.zh}”。"
            )
        if how != How.NOW:
            chosen[kind] = how
    Wishes(quiet_from)
    session.exec(select(Person.id).where(Person.id == person_id).with_for_update()).one()  # one at a time
    row = session.get(NoticePreference, person_id) or NoticePreference(person_id=person_id)
    row.kinds, row.quiet_from = chosen, quiet_from
    session.add(row)
