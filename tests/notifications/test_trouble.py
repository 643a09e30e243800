"""A server with a fault holds nobody up, and what cannot be known is not guessed. 对端故障"""

from collections.abc import Iterator

import pytest

from models.settings import settings
from notifications.channels import send
from notifications.messages import Message
from tests.notifications import trouble
from tests.notifications.conftest import free_port

NOTICE = Message("【照单】待办：法制审核，赣市监责〔2026〕3号", "您有一件新待办：法制审核\n")
PATIENCE = 30  # seconds after which a test that waits for something gives up


@pytest.fixture(autouse=True)
def _one_second(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ZHAODAN_NOTICE_LIMIT_S", "1")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize(
    ("talk", "said"),
    [
        (trouble.hangs_at_once, "连接不上"),
        (trouble.drips_its_greeting, "连接不上"),
        (trouble.hangs_before_the_text, "连接不上"),
        (trouble.refuses_the_mailbox, "550"),
        (trouble.has_no_time_for_the_mailbox, "暂时"),
        (trouble.refuses_the_text, "554"),
    ],
)
def test_what_a_mail_server_has_certainly_not_taken_may_be_sent_again(talk: trouble.Talk, said: str) -> None:
    with trouble.a_broken_server(talk) as server:
        outcome = send(server.mail(), NOTICE, key="k")
    assert (outcome.ok, outcome.unsure) == (False, False)
    assert said in outcome.error
    assert server.calls == 1
    assert not server.taken


@pytest.mark.parametrize("talk", [trouble.takes_and_dies, trouble.takes_and_hangs, trouble.takes_and_drips])
def test_what_a_mail_server_may_have_taken_is_left_open(talk: trouble.Talk) -> None:
    with trouble.a_broken_server(talk) as server:
        outcome = send(server.mail(), NOTICE, key="k")
    assert (outcome.ok, outcome.unsure) == (False, True)
    assert "不能确定" in outcome.error
    assert len(server.taken) == server.calls == 1


@pytest.mark.parametrize(
    "talk",
    [trouble.reads_and_dies, trouble.reads_and_hangs, trouble.reads_and_drips, trouble.breaks_off_its_answer],
)
def test_what_a_web_server_may_have_taken_is_left_open(talk: trouble.Talk) -> None:
    with trouble.a_broken_server(talk) as server:
        outcome = send(server.hook(), NOTICE, key="k")
    assert (outcome.ok, outcome.unsure) == (False, True)
    assert len(server.taken) == server.calls == 1


@pytest.mark.parametrize(
    ("talk", "scheme"),
    [
        (trouble.hangs_at_once, "mail"),
        (trouble.drips_its_greeting, "mail"),
        (trouble.takes_and_drips, "mail"),
        (trouble.reads_and_hangs, "hook"),
        (trouble.reads_and_drips, "hook"),
    ],
)
def test_a_server_that_hangs_or_drips_is_hung_up_on(talk: trouble.Talk, scheme: str) -> None:
    with trouble.a_broken_server(talk) as server:
        send(getattr(server, scheme)(), NOTICE, key="k")
        assert server.left.wait(PATIENCE)


def test_a_service_that_apprise_speaks_with_is_not_waited_for_longer_either() -> None:
    with trouble.a_broken_server(trouble.reads_and_drips) as server:
        outcome = send(f"form://127.0.0.1:{server.port}/x", NOTICE, key="k")
    assert (outcome.ok, outcome.unsure) == (False, True)


def test_an_address_nobody_listens_at_is_certain() -> None:
    for scheme, rest in (("mailto", "?to=a@example.org&from=b@example.org"), ("json", "/x")):
        outcome = send(f"{scheme}://127.0.0.1:{free_port()}{rest}", NOTICE, key="k")
        assert (outcome.ok, outcome.unsure) == (False, False)
