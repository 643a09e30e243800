"""One message to one address: it arrives as written, or the reason comes back without the secret. 通知渠道"""

import io
import logging

import pytest

from notifications.channels import HEADER, send, url_fault
from notifications.messages import Message
from tests.notifications.conftest import Listener, Mailbox, free_port

NOTICE = Message(
    "【照单】新待办：法制审核（赣市监责〔2026〕3号）", "您有一件新待办。\n案号：赣市监责〔2026〕3号\n"
)


def test_a_mail_arrives_with_its_chinese_subject_and_the_key(mailbox: Mailbox) -> None:
    key = "case:" + "notice-" * 25 + "#7"
    assert send(mailbox.url(), NOTICE, key=key).ok
    (mail,) = mailbox.mails
    assert mail["Subject"] == NOTICE.subject
    assert "".join(mail[HEADER].split()) == key
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().split() == NOTICE.body.split()


def test_the_sender_of_the_settings_is_used_only_where_the_address_names_none(mailbox: Mailbox) -> None:
    bare = f"mailto://127.0.0.1:{mailbox.port}?to=someone@example.org"
    sender = "照单 <office@example.org>"
    assert url_fault(bare)
    assert not url_fault(bare, sender=sender)
    for url in (bare, f"mailto://clerk@127.0.0.1:{mailbox.port}?to=x@example.org&from=clerk@example.org"):
        outcome = send(url, NOTICE, key="k", sender=sender)
        assert outcome.ok, outcome.error
    assert [m["From"].addresses[0].addr_spec for m in mailbox.mails] == [
        "office@example.org",
        "clerk@example.org",
    ]


def test_a_json_listener_gets_text_and_key(listener: Listener) -> None:
    assert send(listener.url(), NOTICE, key="a:b#1").ok
    ((headers, body),) = listener.posts
    assert headers[HEADER] == "a:b#1"
    assert body["title"] == NOTICE.subject
    assert body["message"].split() == NOTICE.body.split()


def test_a_key_can_carry_no_second_header(listener: Listener) -> None:
    assert send(listener.url(), NOTICE, key="a\r\nX-Evil: 1 案").ok
    ((headers, _),) = listener.posts
    assert "X-Evil" not in headers


def test_an_address_cannot_ask_for_more_attempts_or_for_failures_to_be_forgiven(listener: Listener) -> None:
    listener.status = 500
    outcome = send(f"{listener.url()}?retry=2&optional=yes", NOTICE, key="k")
    assert not outcome.ok
    assert "HTTP 500" in outcome.error
    assert len(listener.posts) == 1


def test_an_unreachable_server_is_an_answer_not_an_exception() -> None:
    for scheme, rest in (("mailto", "?to=a@example.org&from=b@example.org"), ("json", "/hook")):
        outcome = send(f"{scheme}://127.0.0.1:{free_port()}{rest}", NOTICE, key="k")
        assert not outcome.ok
        assert "连接不上" in outcome.error


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("", ""),
        ("s3cret-pasted", ""),
        ("s3cret://x", ""),
        ("mailto://", "mailto"),
        ("wecombot://", "wecombot"),
        ("mailto://127.0.0.1:9?to=nobody&from=a@example.org", "收件邮箱"),
    ],
)
def test_a_wrong_address_is_a_clear_error(url: str, named: str) -> None:
    outcome = send(url, NOTICE, key="k")
    assert not outcome.ok
    assert outcome.error == url_fault(url)
    assert "通知渠道地址" in outcome.error
    assert named in outcome.error
    assert "s3cret" not in outcome.error


def test_a_usable_address_has_no_fault() -> None:
    assert url_fault("wecombot://a1b2c3d4-1111-2222-3333-444455556666") == ""


def test_no_secret_of_an_address_reaches_a_log(listener: Listener, capfd: pytest.CaptureFixture[str]) -> None:
    listener.status = 403
    heard = io.StringIO()
    root, ear = logging.getLogger(), logging.StreamHandler(heard)
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    logging.getLogger("somebody").debug("the ear hears")
    try:
        said = [
            send(url, NOTICE, key="k").error
            for url in (
                f"json://user:pa55word@127.0.0.1:{listener.port}/t0ken?-k=que7y",
                f"mailto://user:pa55word@127.0.0.1:{free_port()}?to=a.t0ken@example.org&from=b@example.org",
                "slack://t0ken/pa55word/que7y",
            )
        ]
    finally:
        root.removeHandler(ear)
        root.setLevel(level)
    everything = heard.getvalue() + "".join(capfd.readouterr()) + "".join(said)
    assert "the ear hears" in everything
    assert all(said)
    assert listener.posts
    for secret in ("pa55word", "t0ken", "que7y"):
        assert secret not in everything
