"""Office systems are told of each move, signed as a receiver's library expects, and of nothing they may not know. 外部系统回调"""

import json
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlmodel import col, select
from standardwebhooks import Webhook as Receiver

from models.database import Register
from models.rules.confidentiality import Level
from models.rules.errors import Conflict, Incomplete, NotFound, NotPermitted
from models.rules.permissions import Actor, Role
from models.settings import settings
from models.tables import Case, Event, Person, Webhook, WebhookCall
from models.vault import webhook_key_path
from notifications.outbox import Sent
from notifications.webhooks import ATTEMPTS, add_webhook, stop_webhook, tell_again, tell_webhooks, webhooks_of
from tests.builders import Bureau, a_bureau, a_case


@dataclass
class System:
    """An office system: it checks each call as the library of the standard does, and keeps what is sound."""

    port: int = 0
    status: int = 200
    secret: str = ""
    calls: int = 0
    faults: list[str] = field(default_factory=list)
    taken: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/zhaodan?from=zd"


@pytest.fixture
def system(register: Register, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    system = System()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            system.calls += 1
            try:
                Receiver(system.secret).verify(body.decode(), dict(self.headers.items()))
                assert self.headers["Content-Type"].startswith("application/cloudevents+json")
                assert self.path == "/hooks/zhaodan?from=zd"
                if system.status == 200:
                    system.taken[self.headers["webhook-id"]] = json.loads(body)
            except Exception as fault:
                system.faults.append(repr(fault))
            self.send_response(system.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    monkeypatch.setenv("ZHAODAN_PRIVATE_NETWORKS", "127.0.0.0/8")
    settings.cache_clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    system.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield system
    server.shutdown()
    server.server_close()
    assert system.faults == []


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def admin(bureau: Bureau, organ: str = "zj-yx") -> Actor:
    return Actor(bureau.ids["luo.ying"], "", frozenset({(Role.ADMINISTRATOR, bureau.organs[organ])}))


def listen(bureau: Bureau, system: System, name: str = "OA") -> int:
    with bureau.register.writing() as session:
        hook, system.secret = add_webhook(
            session, bureau.organs["zj-yx"], name, system.url, actor=admin(bureau), now=bureau.now()
        )
        return hook.id or 0


def tell(bureau: Bureau, later: timedelta = timedelta()) -> Sent:
    # A receiver refuses what is not of these five minutes, so this runs by the real clock.
    return tell_webhooks(bureau.register, now=lambda: datetime.now(UTC) + later)


def calls(bureau: Bureau) -> list[WebhookCall]:
    with bureau.register.reading() as session:
        return list(session.exec(select(WebhookCall).order_by(col(WebhookCall.id))))


def test_a_case_is_followed_from_register_to_archive_and_each_event_is_told_once(
    bureau: Bureau, system: System
) -> None:
    a_case(bureau)  # before anybody listened
    listen(bureau, system)
    told = a_case(bureau).to_the_end()
    sent = tell(bureau)
    assert sent.failed == 0
    assert tell(bureau) == Sent(0, 0)
    events = list(system.taken.values())
    assert sent.delivered == system.calls == len(events)
    assert {e["data"]["case_id"] for e in events} == {told.case_id}
    events.sort(key=lambda e: e["data"]["seq"])
    assert events[0]["type"] == "zhaodan.case.registered"
    stages = [e["data"]["stage"] for e in events if e["type"] == "zhaodan.case.moved"]
    assert list(dict.fromkeys(stages)) == [
        "verification",
        "matching",
        "review",
        "decision",
        "clearing",
        "archive",
    ]
    assert {e["specversion"] for e in events} == {"1.0"}
    assert {e["source"] for e in events} == {"urn:zhaodan:zj-yx"}
    assert len({e["id"] for e in events}) == len(events)


def test_what_is_told_names_nobody_and_says_nothing_of_what_happened(bureau: Bureau, system: System) -> None:
    listen(bureau, system)
    told = a_case(bureau).to_the_end()
    tell(bureau)
    text = json.dumps(list(system.taken.values()), ensure_ascii=False)
    with bureau.register.reading() as session:
        case = session.get_one(Case, told.case_id)
        private = [*session.exec(select(Person.name)), *session.exec(select(Person.username)), case.title]
        reasons = [r for r in session.exec(select(Event.reason).where(Event.case_id == told.case_id)) if r]
    assert reasons
    for word in (*private, *reasons, case.narrative[:10], "unfounded", "exempt", "complete"):
        assert word not in text


def test_a_sensitive_case_is_not_told_and_one_that_became_so_is_told_no_more(
    bureau: Bureau, system: System
) -> None:
    listen(bureau, system)
    first, second = a_case(bureau), a_case(bureau)
    with bureau.register.writing() as session:
        session.get_one(Case, first.case_id).level = Level.STRICT
    tell(bureau)
    assert {e["data"]["case_id"] for e in system.taken.values()} == {second.case_id}
    system.status = 503
    second.to("verification")  # type: ignore[arg-type]
    assert tell(bureau).failed > 0
    with bureau.register.writing() as session:
        session.get_one(Case, second.case_id).level = Level.SENSITIVE
    system.status, before = 200, system.calls
    assert tell(bureau, timedelta(minutes=3)) == Sent(0, 0)
    assert system.calls == before


def test_a_system_that_is_away_is_told_later_under_the_same_id(bureau: Bureau, system: System) -> None:
    listen(bureau, system)
    a_case(bureau)
    system.status = 503
    assert tell(bureau) == Sent(0, 1)
    assert tell(bureau) == Sent(0, 0)  # not yet
    assert "503" in calls(bureau)[0].error
    system.status = 200
    assert tell(bureau, timedelta(minutes=3)) == Sent(1, 0)
    assert system.calls == 2
    assert len(system.taken) == 1


def test_attempts_end_and_an_administrator_begins_again(bureau: Bureau, system: System) -> None:
    hook = listen(bureau, system)
    a_case(bureau)
    system.status = 500
    moment = bureau.now()
    for _ in range(ATTEMPTS + 3):
        # The receiver's clock plays no part here: what it refuses is refused all the same.
        tell_webhooks(bureau.register, now=lambda at=moment: at)  # type: ignore[misc]
        moment += timedelta(days=1)
    assert system.calls == ATTEMPTS
    system.faults.clear()
    with bureau.register.writing() as session:
        (kept,) = webhooks_of(session, admin(bureau))
        assert (kept.given_up, kept.delivered, kept.waiting) == (1, 0, 0)
        assert "500" in kept.error
        now = datetime.now(UTC) - timedelta(seconds=1)
        assert [tell_again(session, hook, actor=admin(bureau), now=now) for _ in range(2)][0] == 1
    system.status = 200
    assert tell(bureau) == Sent(1, 0)


def test_a_claim_that_was_lost_is_told_again(bureau: Bureau, system: System) -> None:
    listen(bureau, system)
    a_case(bureau)
    tell(bureau)
    with bureau.register.writing() as session:
        call = session.exec(select(WebhookCall)).one()
        call.state, call.claimed_at = "sending", datetime.now(UTC)
    assert tell(bureau) == Sent(0, 0)
    with bureau.register.writing() as session:
        session.exec(select(WebhookCall)).one().claimed_at = datetime.now(UTC) - timedelta(minutes=5)
    assert tell(bureau) == Sent(1, 0)
    assert len(system.taken) == 1
    assert system.calls == 2


def test_who_wants_no_more_and_who_is_stopped_is_told_no_more(bureau: Bureau, system: System) -> None:
    listen(bureau, system)
    a_case(bureau)
    system.status = 410
    assert tell(bureau) == Sent(0, 1)
    with bureau.register.reading() as session:
        assert not session.exec(select(Webhook)).one().active
    other = listen(bureau, system, "执法系统")
    with bureau.register.writing() as session:
        for _ in range(2):
            assert not stop_webhook(session, other, actor=admin(bureau)).active
    a_case(bureau)
    assert tell(bureau, timedelta(days=1)) == Sent(0, 0)


def test_four_rounds_at_once_tell_it_once(bureau: Bureau, system: System) -> None:
    listen(bureau, system)
    a_case(bureau)
    gate = threading.Barrier(4)

    def together(_: int) -> Sent:
        gate.wait(10)
        return tell(bureau)

    with ThreadPoolExecutor(4) as four:
        told = list(four.map(together, range(4)))
    assert sum(one.delivered for one in told) == system.calls == 1


def test_the_secret_is_shown_once_and_kept_sealed(bureau: Bureau, system: System) -> None:
    listen(bureau, system)
    assert stat.S_IMODE(webhook_key_path().stat().st_mode) == 0o600
    with bureau.register.reading() as session:
        kept = session.exec(select(Webhook)).one()
        assert system.secret not in repr(kept.model_dump()) + repr(webhooks_of(session, admin(bureau)))
    a_case(bureau)
    webhook_key_path().unlink()
    assert tell(bureau) == Sent(0, 1)
    assert "回调的密钥文件" in calls(bureau)[0].error
    assert system.calls == 0


def test_only_an_administrator_of_the_organ_keeps_its_webhooks(bureau: Bureau, system: System) -> None:
    hook = listen(bureau, system)
    with bureau.register.writing() as session:
        for role in set(Role) - {Role.ADMINISTRATOR}:
            other = Actor(1, "", frozenset({(role, bureau.organs["zj-yx"])}))
            with pytest.raises(NotPermitted):
                add_webhook(session, bureau.organs["zj-yx"], "x", system.url, actor=other, now=bureau.now())
            with pytest.raises(NotPermitted):
                webhooks_of(session, other)
        elsewhere = admin(bureau, "zj")
        assert not webhooks_of(session, elsewhere)
        with pytest.raises(NotFound):
            stop_webhook(session, hook, actor=elsewhere)
        with pytest.raises(Conflict, match="已有"):
            add_webhook(
                session, bureau.organs["zj-yx"], "OA", system.url, actor=admin(bureau), now=bureau.now()
            )


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("", "https://"),
        ("oa.example.org/hook", "https://"),
        ("ftp://oa.example.org/", "https://"),
        ("https://", "https://"),
        ("https://user:pw@oa.example.org/", "账号口令"),
        ("https://oa.example.org:port/", "https://"),
        ("https://oa.example.org/a b", "字符"),
        ("http://1.1.1.1/", "https://"),
        ("https://127.0.0.1/", "内部网络"),
        ("https://localhost/", "内部网络"),
        ("https://169.254.169.254/latest", "内部网络"),
        ("https://[::ffff:10.0.0.1]/", "内部网络"),
        ("https://0x7f000001/", "内部网络"),
    ],
)
def test_an_address_that_cannot_be_used_or_leads_into_the_house_is_refused(
    bureau: Bureau, url: str, what: str
) -> None:
    with pytest.raises(Incomplete, match=what) as refused, bureau.register.writing() as session:
        add_webhook(session, bureau.organs["zj-yx"], "OA", url, actor=admin(bureau), now=bureau.now())
    assert "pw" not in str(refused.value)
    with bureau.register.reading() as session:
        assert session.exec(select(Webhook)).first() is None


def test_an_address_that_leads_into_the_house_later_is_not_called(
    bureau: Bureau, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(bureau, system)
    a_case(bureau)
    monkeypatch.delenv("ZHAODAN_PRIVATE_NETWORKS")
    settings.cache_clear()
    assert tell(bureau) == Sent(0, 1)
    assert "内部网络" in calls(bureau)[0].error
    assert system.calls == 0


def test_an_act_that_commits_late_is_told_all_the_same(bureau: Bureau, system: System) -> None:
    """On PostgreSQL a lower number may appear after a higher one has been told."""
    listen(bureau, system)
    a_case(bureau)
    with bureau.register.writing() as session:  # as if it were not committed yet
        late = session.exec(select(Event).where(Event.tag == "case:registered")).one()
        late.tag = "not:yet"
    a_case(bureau)
    tell_webhooks(bureau.register, now=bureau.now)
    system.faults.clear()  # the clock of the story is not the receiver's
    assert len(calls(bureau)) == 1
    with bureau.register.writing() as session:
        session.get_one(Event, late.id).tag = "case:registered"
    tell(bureau)
    noted = [call.event_id for call in calls(bureau)]
    assert sorted(noted) != noted
    assert late.id in noted


def test_what_is_long_past_is_not_looked_at_again(bureau: Bureau, system: System) -> None:
    hook = listen(bureau, system)
    a_case(bureau)
    for later, moved in ((timedelta(minutes=30), False), (timedelta(hours=2), True)):
        tell_webhooks(bureau.register, now=lambda at=bureau.clock + later: at)  # type: ignore[misc]
        system.faults.clear()
        with bureau.register.reading() as session:
            last = session.exec(select(Event.id).order_by(col(Event.id).desc())).first()
            assert (session.get_one(Webhook, hook).mark == last) is moved
