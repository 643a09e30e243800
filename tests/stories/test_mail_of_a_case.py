"""A whole case's notices, sent to a real mail server, kept in mailboxes and read as their readers read them. 全程邮件"""

import mailbox
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from icalendar import Calendar

from demo.story import load_people
from models.database import Register
from notifications.addresses import add_channel
from tasks.office import office_work
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.notifications.conftest import free_port

HOST = "zhaodan.example.org"


class PostOffice:
    """A mail server that puts every letter into the mailbox of whom it is for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Deliver to each recipient's maildir."""
        for address in envelope.rcpt_tos:
            self.of(address.partition("@")[0]).add(envelope.content)
        return "250 OK"

    def of(self, username: str) -> mailbox.Maildir:
        """Somebody's mailbox."""
        return mailbox.Maildir(self.root / username)

    def letters(self, username: str) -> list[EmailMessage]:
        """What a mail program shows of it."""
        box = self.of(username)
        found = [message_from_bytes(box.get_bytes(key), policy=policy.default) for key in box.keys()]  # noqa: SIM118
        return sorted(found, key=lambda letter: letter["Date"].datetime)  # type: ignore[arg-type, return-value]


@pytest.fixture
def post_office(tmp_path: Path) -> Iterator[PostOffice]:
    office = PostOffice(tmp_path / "mail")
    office.root.mkdir()
    server = Controller(office, hostname="127.0.0.1", port=office.port)
    server.start()
    yield office
    server.stop()


@pytest.fixture
def bureau(register: Register, post_office: PostOffice) -> Bureau:
    """The demonstration bureau; everybody has a mailbox."""
    bureau = a_bureau(register)
    for username, number in bureau.ids.items():
        url = f"mailto://127.0.0.1:{post_office.port}?to={username}@{HOST}&from=office@{HOST}"
        with register.writing() as session:
            add_channel(session, number, "邮件", url)
    return bureau


def carried_by_the_office(bureau: Bureau, name: str) -> Told:
    """A case to the end, with the office at work after every act."""
    told = a_case(bureau, name)

    def after_the_office(told: Told) -> bool:
        office_work(told.case_id)
        return told.case().state == "archived"

    return told.go_on(after_the_office)


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_everybody_reads_by_mail_what_is_asked_by_when_and_where_and_nothing_more(
    bureau: Bureau, post_office: PostOffice
) -> None:
    told = carried_by_the_office(bureau, "r2")
    assert told.case().state == "archived"
    people = {entry["username"]: entry["name"] for entry in load_people()["people"]}
    number = f"〔{told.case().year}〕{told.case().number}号"
    told_of = {username: post_office.letters(username) for username in people}

    # Whoever acted had been asked by mail before.
    asked = {(kind, username) for kind, username in told.answered}
    assert len(asked) > 20
    for kind, username in asked:
        assert told_of[username], f"{username} answered {kind} and was never asked"

    marks = [letter["Message-ID"] for letters in told_of.values() for letter in letters]
    assert len(marks) == len(set(marks)), "a notice twice in somebody's mailbox"

    facts = [told.case().title, told.case().harm, told.case().narrative[:20], "周凯", "许静"]
    for username, letters in told_of.items():
        for letter in letters:
            text = f"{letter['Subject']}\n{text_of(letter)}"
            assert letter["To"] == f"{username}@{HOST}"
            assert letter["Auto-Submitted"] == "auto-generated"
            assert number in text
            assert not [fact for fact in facts if fact and fact in text], text
            assert not re.search(r"\{\{|\}\}|None|undefined", text), text
            assert re.search(r"照单", text)


def test_a_deadline_can_be_put_into_the_readers_calendar(bureau: Bureau, post_office: PostOffice) -> None:
    carried_by_the_office(bureau, "r2")
    letters = post_office.letters("he.jun")
    dated = [letter for letter in letters if "最迟" in str(letter["Subject"])]
    assert dated
    for letter in dated:
        (entry,) = letter.iter_attachments()
        assert entry.get_content_type() == "text/calendar"
        content = entry.get_content()
        (event,) = Calendar.from_ical(content).walk("VEVENT")
        day = event.decoded("dtstart")
        assert f"{day.year}年{day.month}月{day.day}日" in text_of(letter)


def test_strangers_to_the_case_get_no_mail(bureau: Bureau, post_office: PostOffice) -> None:
    carried_by_the_office(bureau, "r1")
    assert post_office.letters("cao.ran")  # the manager
    assert post_office.letters("dai.yun") == []  # keeps reporters' names; this case has none to ask for
    assert post_office.letters("hou.yi") == []  # an officer of the same station whom nobody reported
