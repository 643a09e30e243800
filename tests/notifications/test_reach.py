"""Addresses that somebody typed on a page lead out of the house, unless the settings name the network. 内部地址"""

from collections.abc import Iterator

import pytest

from models.settings import SettingsError, read_settings, settings
from notifications.channels import send, url_fault
from notifications.messages import Message
from notifications.reach import may_call
from tests.notifications.conftest import Listener, Mailbox

NOTICE = Message("【照单】待办", "请登录照单办理。\n")


@pytest.fixture(autouse=True)
def _fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104  # an address to be refused, nothing listens
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::a00:1",
    ],
)
def test_an_address_inside_the_house_is_not_called(address: str) -> None:
    assert not may_call(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "114.114.114.114", "2400:3200::1", "64:ff9b::101:101"])
def test_a_public_address_is(address: str) -> None:
    assert may_call(address)


def test_the_settings_may_name_networks_of_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHAODAN_PRIVATE_NETWORKS", "10.20.0.0/16, fd00::/8")
    assert may_call("10.20.3.4")
    assert may_call("::ffff:10.20.3.4")
    assert may_call("fd12::1")
    assert not may_call("10.21.0.1")
    assert not may_call("127.0.0.1")


@pytest.mark.parametrize("said", ["10.0.0.0/33", "intranet", "10.0.0.1/8"])
def test_a_network_that_is_none_is_refused_at_the_start(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHAODAN_PRIVATE_NETWORKS", said)
    with pytest.raises(SettingsError, match="ZHAODAN_PRIVATE_NETWORKS"):
        read_settings()


def test_a_guarded_message_is_not_sent_inside_the_house_and_an_allowed_one_is(
    listener: Listener, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = [listener.url(), mailbox.url(), f"wecombot://key?server=http://localhost:{listener.port}"]
    for url in inside:
        outcome = send(url, NOTICE, key="k", guarded=True)
        assert (outcome.ok, outcome.unsure) == (False, False)
        assert "内部网络" in outcome.error
        assert "内部网络" in url_fault(url, personal=True)
    assert not listener.posts
    assert not mailbox.mails
    monkeypatch.setenv("ZHAODAN_PRIVATE_NETWORKS", "127.0.0.0/8, ::1/128")
    settings.cache_clear()
    assert send(listener.url(), NOTICE, key="k", guarded=True).ok
    assert send(mailbox.url(), NOTICE, key="k", guarded=True).ok
    assert not url_fault(mailbox.url(), personal=True)


@pytest.mark.parametrize(
    "url", ["syslog://", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "form://1.1.1.1/x"]
)
def test_what_else_apprise_knows_is_for_an_administrator_to_enter(url: str) -> None:
    assert not url_fault(url)
    assert "系统管理员" in url_fault(url, personal=True)
