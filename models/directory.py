"""Loading organs, people and their roles from a list, as an office would hand it over. 机构人员名册"""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlmodel import Session, select

from models.accounts import add_organ, add_person, grant_role
from models.rules.errors import Incomplete
from models.rules.permissions import Role
from models.tables import Organ, Person


def load_people(session: Session, raw: Mapping[str, Any], *, since: date) -> dict[str, str]:
    """Add whoever is not there yet; username -> one-time password of those added. 导入名册

    People and organs that exist are left as they are, so a list may be loaded twice. Raises Incomplete for a list
    that names an unknown organ or role, or lacks a field, naming the entry.
    """
    passwords: dict[str, str] = {}
    for entry in _entries(raw, "organs", ("code", "name", "mark", "level")):
        if session.exec(select(Organ).where(Organ.code == entry["code"])).first() is None:
            add_organ(
                session,
                entry["code"],
                name=entry["name"],
                mark=entry["mark"],
                level=entry["level"],
                parent=entry.get("parent"),
            )
    for entry in _entries(raw, "people", ("username", "name", "organ", "roles")):
        if session.exec(select(Person).where(Person.username == entry["username"])).first() is None:
            passwords[entry["username"]] = _add(session, entry, since)
    return passwords


def _entries(raw: Mapping[str, Any], part: str, fields: tuple[str, ...]) -> list[Mapping[str, Any]]:
    entries = raw.get(part) or []
    for position, entry in enumerate(entries):
        missing = [f for f in fields if f not in entry]
        if missing:
            raise Incomplete(
                f"名册 {part} 第 {position + 1} 项缺少 {missing[0]}，没有导入任何内容；请补齐后重试。"
            )
    return list(entries)


def _add(session: Session, entry: Mapping[str, Any], since: date) -> str:
    organ = session.exec(select(Organ).where(Organ.code == entry["organ"])).first()
    if organ is None or organ.id is None:
        raise Incomplete(
            f"名册中 {entry['username']} 的机关“{entry['organ']}”不存在，没有导入任何内容；请先列出该机关。"
        )
    password = secrets.token_urlsafe(9)
    person = add_person(session, entry["username"], name=entry["name"], password=password)
    for role in entry["roles"]:
        if role not in set(Role):
            raise Incomplete(
                f"名册中 {entry['username']} 的角色“{role}”不存在，没有导入任何内容；请核对角色名。"
            )
        grant_role(session, person.id or 0, organ.id, Role(role), valid_from=since)
    return password
