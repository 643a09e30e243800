"""The last day in a calendar: read again with the library, and it says no more than the notice. 日程"""

from datetime import UTC, date, datetime, timedelta

import pytest
from icalendar import Calendar

from models.rules.lifecycle import Kind
from notifications.channels import send
from notifications.entry import entry
from notifications.messages import INSTRUCTIONS, compose
from tests.notifications.conftest import Listener, Mailbox
from tests.notifications.test_messages import CASE, MONDAY, a_context

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("kind", Kind)
def test_the_entry_is_the_last_day_with_what_to_do_and_where(kind: Kind) -> None:
    read = Calendar.from_ical(entry(a_context(item=kind), "abc", now=NOW))
    assert (read["version"], read["method"]) == ("2.0", "PUBLISH")
    (event,) = read.walk("VEVENT")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (MONDAY, date(2026, 3, 17))
    assert event["uid"] == "work-item-abc@zd.example.org"
    assert CASE in event["summary"]
    assert kind.zh in event["summary"]
    assert event["description"] == INSTRUCTIONS[kind]
    assert event["url"] == "https://zd.example.org/cases/1"
    assert event["status"] == "CONFIRMED"
    (alarm,) = event.walk("VALARM")
    assert alarm.decoded("trigger") == timedelta(hours=-15)


def test_the_same_item_has_one_entry_and_the_later_notice_corrects_it() -> None:
    first, later = (
        Calendar.from_ical(entry(a_context(**changed), "abc", now=at)).walk("VEVENT")[0]
        for changed, at in (
            ({}, NOW),
            ({"due_on": date(2026, 3, 20), "provisional": True}, NOW + timedelta(hours=1)),
        )
    )
    assert first["uid"] == later["uid"]
    assert first["sequence"] < later["sequence"]
    assert later["status"] == "TENTATIVE"


def test_without_an_item_or_a_last_day_there_is_no_entry() -> None:
    assert entry(a_context(item=None), "abc", now=NOW) == b""
    assert entry(a_context(due_on=None), "abc", now=NOW) == b""


def test_the_lines_of_an_entry_are_short_and_end_as_the_standard_says() -> None:
    text = entry(a_context(), "abc", now=NOW)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert b"\n" not in text.replace(b"\r\n", b"")


def test_an_entry_goes_along_with_a_mail_and_with_nothing_else(mailbox: Mailbox, listener: Listener) -> None:
    notice, dated = compose("work-item", a_context()), entry(a_context(), "abc", now=NOW)
    assert send(mailbox.url(), notice, key="k", entry=dated).ok
    assert send(listener.url(), notice, key="k", entry=dated).ok
    (mail,) = mailbox.mails
    text, calendar = mail.iter_parts()
    assert text.get_content().split() == notice.body.split()
    assert calendar.get_content_type() == "text/calendar"
    assert calendar.get_param("method") == "PUBLISH"
    assert calendar.get_filename() == "deadline.ics"
    assert Calendar.from_ical(calendar.get_content()).walk("VEVENT")[0].decoded("dtstart") == MONDAY
    assert listener.posts[0][1]["attachments"] == []
