"""Channels are entered once, and only those that can be used. 通知渠道登记"""

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from models.database import Register
from models.directory import load_people
from models.rules.errors import Incomplete
from models.tables import Channel, Person
from notifications.addresses import add_channel, load_channels
from tests.builders import Bureau, a_bureau

HOOK = "json://127.0.0.1:9/hook"


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def enter(bureau: Bureau, name: str, url: str, *, sender: str = "") -> None:
    with bureau.register.writing() as session:
        add_channel(session, bureau.ids["luo.ying"], name, url, sender=sender)


def channels(bureau: Bureau) -> list[tuple[str, str]]:
    with bureau.register.reading() as session:
        return [(c.name, c.url) for c in session.exec(select(Channel))]


def test_a_channel_entered_twice_is_one_and_a_new_address_replaces_the_old(bureau: Bureau) -> None:
    for _ in range(2):
        enter(bureau, "办公消息", HOOK)
    assert channels(bureau) == [("办公消息", HOOK)]
    enter(bureau, "办公消息", f"{HOOK}2")
    assert channels(bureau) == [("办公消息", f"{HOOK}2")]


@pytest.mark.parametrize("name", ["inbox", "Inbox", "", " mail", "a\nb", "a\u202eb", "名" * 33])
def test_a_name_that_is_taken_or_cannot_be_read_is_refused(bureau: Bureau, name: str) -> None:
    with pytest.raises(Incomplete, match="渠道"):
        enter(bureau, name, HOOK)
    assert channels(bureau) == []


@pytest.mark.parametrize(
    "url", ["", "s3cret", "mailto://127.0.0.1:25", "nosuch://s3cret", f"{HOOK}{'x' * 500}"]
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(bureau: Bureau, url: str) -> None:
    with pytest.raises(Incomplete, match="地址") as refused:
        enter(bureau, "办公消息", url)
    assert "s3cret" not in str(refused.value)
    assert channels(bureau) == []


def a_list(**channels: str) -> dict[str, Any]:
    person = {"username": "new.one", "name": "新人", "organ": "zj-yx", "roles": ["officer"]}
    return {
        "people": [
            person | {"channels": channels},
            {"username": "he.jun"} | {k: person[k] for k in ("name", "organ", "roles")},
        ]
    }


def test_a_list_of_people_brings_their_channels(bureau: Bureau) -> None:
    for _ in range(2):
        with bureau.register.writing() as session:
            load_people(session, a_list(hook=HOOK), since=date(2026, 1, 1))
            assert load_channels(session, a_list(hook=HOOK)) == 1
    assert channels(bureau) == [("hook", HOOK)]


def load(bureau: Bureau, raw: dict[str, Any]) -> None:
    with bureau.register.writing() as session:
        load_people(session, raw, since=date(2026, 1, 1))
        load_channels(session, raw)


def test_a_list_with_a_bad_channel_is_refused_as_a_whole_and_names_the_person(bureau: Bureau) -> None:
    listed = a_list(hook=HOOK)
    listed["people"][0]["channels"] = [HOOK]
    for raw in (a_list(inbox=HOOK), a_list(hook="s3cret"), listed):
        with pytest.raises(Incomplete, match=r"new\.one.*没有导入任何内容"):
            load(bureau, raw)
    with bureau.register.reading() as session:
        assert session.exec(select(Person).where(Person.username == "new.one")).first() is None
    assert channels(bureau) == []
