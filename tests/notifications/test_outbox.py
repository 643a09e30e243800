"""Said once to everybody who must hear it, however often we are asked and whoever cannot be reached. 通知发送"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from models.database import Register
from models.notices import CertainlyUndelivered, Word, settle_notice
from models.queries import Undelivered, undelivered
from models.rules.deadlines import beijing_day
from models.rules.errors import AlreadyDone, NotFound, NotPermitted
from models.rules.notices import ATTEMPTS
from models.rules.permissions import Actor, Role
from models.settings import settings
from models.tables import Case, Channel, Notification, Person
from notifications.channels import HEADER
from notifications.outbox import Sent, notify, send_due
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.notifications import trouble
from tests.notifications.conftest import Listener, Mailbox, free_port, listen

MINUTE = timedelta(minutes=1)


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


@pytest.fixture
def told(bureau: Bureau) -> Told:
    return a_case(bureau)


def a_channel(bureau: Bureau, username: str, url: str, name: str = "mail", active: bool = True) -> None:
    with bureau.register.writing() as session:
        session.add(Channel(person_id=bureau.ids[username], name=name, url=url, active=active))


def tell(told: Told, username: str = "luo.ying", *, at: datetime | None = None) -> Sent:
    bureau = told.bureau
    return notify(
        bureau.register,
        key=f"{told.case_id}:notice-1",
        kind="work-item",
        person_id=bureau.ids[username],
        case_id=told.case_id,
        item_id=told.item("screening").id,
        now=(lambda: at) if at else bureau.now,
    )


def rows(bureau: Bureau) -> list[Notification]:
    with bureau.register.reading() as session:
        return list(session.exec(select(Notification).order_by(col(Notification.id))))


def states(bureau: Bureau) -> dict[tuple[str, str], str]:
    return {(bureau.username(r.person_id), r.channel): r.state for r in rows(bureau)}


def missing(bureau: Bureau) -> list[Undelivered]:
    with bureau.register.reading() as session:
        today = beijing_day(bureau.clock)
        return list(undelivered(session, bureau.actor("cao.ran"), today=today))


def change(bureau: Bureau, channel: str, **values: object) -> None:
    with bureau.register.writing() as session:
        row = session.exec(select(Notification).where(Notification.channel == channel)).one()
        for name, value in values.items():
            setattr(row, name, value)


def test_a_notice_lies_in_the_inbox_and_arrives_by_mail_and_json(
    told: Told, mailbox: Mailbox, listener: Listener
) -> None:
    a_channel(told.bureau, "luo.ying", mailbox.url())
    a_channel(told.bureau, "luo.ying", listener.url(), name="hook")
    a_channel(told.bureau, "luo.ying", listener.url("off"), name="off", active=False)
    assert tell(told) == Sent(delivered=3, failed=0)
    inbox, mail, hook = rows(told.bureau)
    assert (inbox.channel, mail.channel, hook.channel) == ("inbox", "mail", "hook")
    assert {inbox.state, mail.state, hook.state} == {"delivered"}
    (arrived,) = mailbox.mails
    assert arrived["Subject"] == inbox.subject
    assert "待办：受理审查" in arrived["Subject"]
    assert "".join(arrived[HEADER].split()) == f"{mail.key}#{mail.id}"
    ((headers, body),) = listener.posts
    assert headers[HEADER] == f"{hook.key}#{hook.id}"
    assert "受理审查" in body["title"]


def test_a_notice_names_the_case_and_nobody_and_nothing_that_happened(told: Told, mailbox: Mailbox) -> None:
    a_channel(told.bureau, "luo.ying", mailbox.url())
    tell(told)
    text = mailbox.mails[0].as_string() + rows(told.bureau)[0].body + rows(told.bureau)[0].subject
    content = mailbox.mails[0].get_body(("plain",))
    assert content is not None
    text += content.get_content()
    with told.bureau.register.reading() as session:
        case = session.get_one(Case, told.case_id)
        names = list(session.exec(select(Person.name)))
    assert f"责〔{case.year}〕{case.number}号" in text
    for private in (*names, case.title, case.narrative[:12]):
        assert private not in text


def test_the_link_is_that_of_the_settings(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(told)
    monkeypatch.setenv("ZHAODAN_PUBLIC_URL", "https://zd.example.org/")
    settings.cache_clear()
    tell(told, next(name for name in told.bureau.ids if name != "luo.ying"))
    without, with_link = (r.body for r in rows(told.bureau))
    assert "http" not in without
    assert f"https://zd.example.org/work-items/{told.item('screening').id}" in with_link


def test_told_twice_is_told_once(told: Told, mailbox: Mailbox, listener: Listener) -> None:
    a_channel(told.bureau, "luo.ying", mailbox.url())
    a_channel(told.bureau, "luo.ying", listener.url(), name="hook")
    first = tell(told)
    before = [r.model_dump() for r in rows(told.bureau)]
    assert tell(told) == first
    assert [r.model_dump() for r in rows(told.bureau)] == before
    assert (len(mailbox.mails), len(listener.posts)) == (1, 1)


def test_one_who_cannot_be_reached_keeps_nobody_else_waiting(
    told: Told, mailbox: Mailbox, listener: Listener
) -> None:
    bureau = told.bureau
    other = next(name for name in bureau.ids if name != "luo.ying")
    a_channel(bureau, "luo.ying", f"json://127.0.0.1:{free_port()}/hook", name="dead")
    a_channel(bureau, "luo.ying", "s3cret", name="wrong")
    a_channel(bureau, "luo.ying", mailbox.url())
    a_channel(bureau, other, listener.url(), name="hook")
    assert tell(told) == Sent(delivered=2, failed=2)
    assert tell(told, other) == Sent(delivered=2, failed=0)
    assert states(bureau) == {
        ("luo.ying", "inbox"): "delivered",
        ("luo.ying", "dead"): "failed",
        ("luo.ying", "wrong"): "failed",
        ("luo.ying", "mail"): "delivered",
        (other, "inbox"): "delivered",
        (other, "hook"): "delivered",
    }
    errors = {r.channel: r.error for r in rows(bureau) if r.error}
    assert "连接不上" in errors["dead"]
    assert "地址" in errors["wrong"]
    assert "s3cret" not in errors["wrong"]


def test_what_failed_is_delivered_once_when_the_server_is_up(told: Told) -> None:
    port = free_port()
    a_channel(told.bureau, "luo.ying", f"json://127.0.0.1:{port}/hook", name="hook")
    assert tell(told) == Sent(delivered=1, failed=1)
    listener, server = listen(port)
    try:
        assert tell(told) == Sent(delivered=2, failed=0)
        assert tell(told) == Sent(delivered=2, failed=0)
    finally:
        server.shutdown()
        server.server_close()
    assert len(listener.posts) == 1
    hook = rows(told.bureau)[1]
    assert (hook.attempts, hook.error) == (2, "")


def manage(bureau: Bureau, row: Notification, word: Word = Word.AGAIN) -> None:
    with bureau.register.writing() as session:
        settle_notice(session, row.id or 0, word, actor=bureau.actor("cao.ran"), now=bureau.now())


def test_attempts_are_bounded_until_a_manager_says_again(told: Told, listener: Listener) -> None:
    bureau = told.bureau
    listener.status = 503
    a_channel(bureau, "luo.ying", listener.url(), name="hook")
    for _ in range(ATTEMPTS + 2):
        tell(told)
    assert len(listener.posts) == ATTEMPTS
    (failed,) = missing(bureau)
    assert (failed.attempts, failed.next_at, failed.channel, failed.state) == (
        ATTEMPTS,
        None,
        "hook",
        "failed",
    )
    assert "503" in failed.error
    hook = rows(bureau)[1]
    with pytest.raises(CertainlyUndelivered):
        manage(bureau, hook, Word.DELIVERED)
    listener.status = 200
    for _ in range(2):  # said twice, sent once
        manage(bureau, hook)
    assert send_due(bureau.register, now=bureau.now) == Sent(delivered=1, failed=0)
    assert send_due(bureau.register, now=bureau.now) == Sent(delivered=0, failed=0)
    assert len(listener.posts) == ATTEMPTS + 1
    assert not missing(bureau)
    assert rows(bureau)[1].settled_by == bureau.ids["cao.ran"]
    with pytest.raises(AlreadyDone):
        manage(bureau, hook)


def test_a_manager_of_another_organ_sees_and_settles_nothing(told: Told, listener: Listener) -> None:
    bureau = told.bureau
    listener.status = 503
    a_channel(bureau, "luo.ying", listener.url(), name="hook")
    tell(told)
    elsewhere = Actor(bureau.ids["he.jun"], "", frozenset({(Role.MANAGER, bureau.organs["zj"])}))
    nobody = Actor(bureau.ids["he.jun"], "", frozenset({(Role.HEAD, bureau.organs["zj-yx"])}))
    with bureau.register.writing() as session:
        today = beijing_day(bureau.clock)
        assert not undelivered(session, elsewhere, today=today)
        with pytest.raises(NotFound):
            settle_notice(session, rows(bureau)[1].id or 0, Word.AGAIN, actor=elsewhere, now=bureau.now())
        with pytest.raises(NotPermitted):
            undelivered(session, nobody, today=today)


def test_a_claim_that_was_never_settled_is_uncertain_and_only_a_person_sends_it_again(
    told: Told, listener: Listener
) -> None:
    bureau = told.bureau
    a_channel(bureau, "luo.ying", listener.url(), name="hook")
    tell(told)
    change(bureau, "hook", state="sending", claimed_at=bureau.clock, delivered_at=None)
    assert tell(told) == Sent(delivered=1, failed=0)  # somebody is at it just now
    assert send_due(bureau.register, now=bureau.now) == Sent(delivered=0, failed=0)
    bureau.clock += MINUTE * 2
    for _ in range(2):
        assert send_due(bureau.register, now=bureau.now) == Sent(delivered=0, failed=0)
        assert tell(told) == Sent(delivered=1, failed=1)
    (unsure,) = missing(bureau)
    assert (unsure.state, unsure.next_at) == ("unsure", None)
    assert "中断" in unsure.error
    assert len(listener.posts) == 1
    manage(bureau, rows(bureau)[1])
    assert send_due(bureau.register, now=bureau.now) == Sent(delivered=1, failed=0)
    (first, _), (again, _) = listener.posts
    assert first[HEADER] == again[HEADER]


def test_a_mail_server_that_took_the_mail_and_died_gets_it_once_and_a_person_decides(told: Told) -> None:
    bureau = told.bureau
    with trouble.a_broken_server(trouble.takes_and_dies) as server:
        a_channel(bureau, "luo.ying", server.mail())
        assert tell(told) == Sent(delivered=1, failed=1)
        assert states(bureau)[("luo.ying", "mail")] == "unsure"
        bureau.clock += timedelta(days=2)
        send_due(bureau.register, now=bureau.now)
        assert tell(told) == Sent(delivered=1, failed=1)
        assert len(server.taken) == server.calls == 1
    for _ in range(2):  # said twice, kept once
        manage(bureau, rows(bureau)[1], Word.DELIVERED)
    mail = rows(bureau)[1]
    assert (mail.state, mail.settled_by) == ("delivered", bureau.ids["cao.ran"])
    assert not missing(bureau)


def test_a_server_that_used_up_the_whole_limit_is_left_alone_and_keeps_nobody_waiting(
    told: Told, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHAODAN_NOTICE_LIMIT_S", "1")
    settings.cache_clear()
    bureau = told.bureau
    others = [name for name in bureau.ids if name != "luo.ying"][:3]
    with trouble.a_broken_server(trouble.hangs_at_once) as server:
        for name in ("luo.ying", *others):
            a_channel(bureau, name, server.mail())
        a_channel(bureau, others[0], listener.url(), name="hook")
        for name in ("luo.ying", *others):
            tell(told, name)
        assert server.calls == 1
    assert len(listener.posts) == 1
    assert [states(bureau)[(name, "mail")] for name in ("luo.ying", *others)] == [
        "failed",
        "waiting",
        "waiting",
        "waiting",
    ]


def test_a_claim_is_no_arrival_and_both_moments_are_kept(told: Told, listener: Listener) -> None:
    bureau = told.bureau
    listener.status = 503
    a_channel(bureau, "luo.ying", listener.url(), name="hook")
    tell(told)
    inbox, refused = rows(bureau)
    assert (inbox.claimed_at, inbox.delivered_at) == (None, inbox.created_at)
    assert refused.claimed_at is not None
    assert refused.delivered_at is None
    listener.status = 200
    tell(told)
    arrived = rows(bureau)[1]
    assert arrived.claimed_at is not None
    assert arrived.delivered_at is not None
    assert refused.claimed_at < arrived.claimed_at < arrived.delivered_at


def test_the_sweep_sends_what_is_due_and_waits_longer_each_time(told: Told, listener: Listener) -> None:
    bureau = told.bureau
    listener.status = 500
    a_channel(bureau, "luo.ying", listener.url(), name="hook")
    tell(told)
    start: datetime = rows(bureau)[1].created_at
    posts = []
    for minutes in (1, 3, 4, 14, 16, 86, 90, 520, 525, 5000):
        send_due(bureau.register, now=lambda at=start + MINUTE * minutes: at)  # type: ignore[misc]
        posts.append(len(listener.posts))
    assert posts == [1, 2, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_channel_that_was_switched_off_is_not_used_again(told: Told, listener: Listener) -> None:
    bureau = told.bureau
    listener.status = 500
    a_channel(bureau, "luo.ying", listener.url(), name="hook")
    tell(told)
    with bureau.register.writing() as session:
        session.exec(select(Channel)).one().active = False
    bureau.clock += MINUTE * 3
    assert send_due(bureau.register, now=bureau.now) == Sent(delivered=0, failed=1)
    assert "停用" in rows(bureau)[1].error
    assert len(listener.posts) == 1


def test_an_unknown_case_item_kind_or_notice_is_refused_and_leaves_no_row(told: Told) -> None:
    bureau = told.bureau
    whom = {"person_id": bureau.ids["luo.ying"], "now": bureau.now}
    for case_id, item_id in (("nowhere", None), (None, None), (told.case_id, "nothing")):
        with pytest.raises(NotFound):
            notify(bureau.register, key="k", kind="reminder", case_id=case_id, item_id=item_id, **whom)  # type: ignore[arg-type]
    with pytest.raises(LookupError):
        notify(bureau.register, key="k", kind="gossip", case_id=told.case_id, item_id=None, **whom)  # type: ignore[arg-type]
    nobody = whom | {"person_id": 999}
    with pytest.raises(NotFound):
        notify(
            bureau.register,
            key="k",
            kind="case-archived",
            case_id=told.case_id,
            item_id=None,
            **nobody,  # type: ignore[arg-type]
        )
    with pytest.raises(NotFound), bureau.register.writing() as session:
        settle_notice(session, 999, Word.AGAIN, actor=bureau.actor("cao.ran"), now=bureau.now())
    assert not rows(bureau)


def test_four_at_once_tell_it_once(told: Told, listener: Listener) -> None:
    bureau = told.bureau
    a_channel(bureau, "luo.ying", listener.url(), name="hook")
    start, moment = threading.Barrier(4), bureau.now()

    def together(_: int) -> Sent:
        start.wait()
        return tell(told, at=moment)

    with ThreadPoolExecutor(4) as four:
        sent = list(four.map(together, range(4)))  # raises what any of them raised
    assert Sent(delivered=2, failed=0) in sent
    assert len(listener.posts) == 1
    assert set(states(bureau).values()) == {"delivered"}
    assert len(rows(bureau)) == 2
