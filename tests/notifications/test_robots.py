"""Group robots take what their services expect, and their no inside a 200 is a no. 群机器人"""

import ssl
from collections.abc import Iterator

import pytest
import trustme

from notifications.channels import send, url_fault
from notifications.messages import Message
from notifications.reach import tls
from tests.notifications.conftest import Listener, free_port
from tests.notifications.services import ADDRESSES, KEY, SECRET, SERVICES, TOKEN, Heard, a_service

NOTICE = Message(
    "【照单】待办：法制审核，赣市监责〔2026〕3号", "您有一件新待办：法制审核\n请登录照单办理。\n"
)


@pytest.fixture(params=sorted(SERVICES))
def robot(request: pytest.FixtureRequest) -> Iterator[Heard]:
    """Each of the three services in turn."""
    with a_service(request.param) as heard:
        yield heard


def test_a_message_arrives_in_the_form_the_service_expects(robot: Heard) -> None:
    outcome = send(robot.url(), NOTICE, key="k")
    assert outcome.ok, (outcome.error, robot.said)
    (text,) = robot.texts
    assert text.split() == f"{NOTICE.subject}\n{NOTICE.body}".split()


@pytest.mark.parametrize(
    ("scheme", "address", "code"),
    [
        # 机器人已被移除
        ("wecombot", f"wecombot://{KEY}x", "93000"),
        # 加签密钥填错
        ("dingtalk", f"dingtalk://{SECRET}x@{TOKEN}", "310000"),
        # 机器人设了加签，地址里没有
        ("dingtalk", f"dingtalk://{TOKEN}", "310000"),
        # 签名密钥填错
        ("feishu", f"feishu://{TOKEN}?secret=x", "19021"),
        # 令牌填错
        ("feishu", f"feishu://{TOKEN}x?secret={SECRET}", "19001"),
    ],
)
def test_a_no_inside_a_200_is_not_delivered_and_is_said(scheme: str, address: str, code: str) -> None:
    with a_service(scheme) as heard:
        outcome = send(heard.url(address), NOTICE, key="k")
    assert not outcome.ok
    assert not outcome.unsure
    assert code in outcome.error
    assert SECRET not in outcome.error
    assert len(heard.said) == 1


@pytest.mark.parametrize(
    "answer", [b"<html>welcome</html>", b"", b"[]", b'{"other": 0}', b'{"errcode": true, "code": "x"}']
)
def test_an_answer_that_is_none_of_the_service_leaves_it_open(robot: Heard, answer: bytes) -> None:
    robot.raw = answer
    outcome = send(robot.url(), NOTICE, key="k")
    assert (outcome.ok, outcome.unsure) == (False, True)
    assert "不能确定" in outcome.error


def test_a_signature_is_right_whatever_characters_it_has() -> None:
    """Base64 has three characters that an address escapes, and every one of these ends with one of them."""
    with a_service("dingtalk") as heard:
        for _ in range(20):
            assert send(heard.url(), NOTICE, key="k").ok
    assert len(heard.said) == 20


@pytest.mark.parametrize("scheme", sorted(SERVICES))
def test_without_a_server_the_public_one_is_meant(scheme: str) -> None:
    from notifications.channels import _plugin  # the address before anything is sent to it

    url = _plugin(ADDRESSES[scheme]).request("", "x")[0]
    public = {
        "wecombot": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}",
        "dingtalk": f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}&timestamp=",
        "feishu": f"https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}",
    }
    assert url.startswith(public[scheme])


def test_over_tls_only_a_server_that_proves_its_name_is_told(
    robot: Heard, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, folder = trustme.CA(), tmp_path_factory.mktemp("ca")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    for name, ok in (("localhost", True), ("oapi.example.org", False)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        tls.cache_clear()
        try:
            with a_service(robot.scheme, context) as heard:
                outcome = send(heard.url(secure=True), NOTICE, key="k")
        finally:
            tls.cache_clear()
        assert outcome.ok is ok, outcome.error
        assert len(heard.said) == ok
        assert ok or "证书" in outcome.error


def test_a_server_that_is_not_there_is_certainly_not_told(robot: Heard) -> None:
    robot.port = free_port()
    outcome = send(robot.url(), NOTICE, key="k")
    assert (outcome.ok, outcome.unsure) == (False, False)
    assert "连接不上" in outcome.error


@pytest.mark.parametrize("status", [301, 302, 400, 404, 500, 502, 503])
def test_a_webhook_that_answers_no_has_not_taken_it(listener: Listener, status: int) -> None:
    listener.status = status
    outcome = send(listener.url(), NOTICE, key="k")
    assert (outcome.ok, outcome.unsure) == (False, False)
    assert str(status) in outcome.error
    assert len(listener.posts) == 1  # and nothing is sent on to another address


def test_a_gateway_that_lost_the_answer_leaves_it_open(listener: Listener) -> None:
    listener.status = 504
    assert send(listener.url(), NOTICE, key="k").unsure


def test_a_webhook_with_a_name_and_a_password_proves_who_calls(listener: Listener) -> None:
    assert send(f"json://clerk:pw@127.0.0.1:{listener.port}/a/b?-k=v&+X-Unit=yx", NOTICE, key="k").ok
    ((headers, body),) = listener.posts
    assert headers["Authorization"] == "Basic Y2xlcms6cHc="
    assert headers["X-Unit"] == "yx"
    assert body["title"] == NOTICE.subject


@pytest.mark.parametrize(
    ("typed", "what"),
    [
        ("wecombott://abc", "wecombot://"),
        ("dingtaik://abc", "dingtalk://"),
        ("mailt://a@b.cn", "mailto://"),
        ("wecombot://", "机器人密钥"),
        ("dingtalk://tok-en", "字母和数字"),
        ("feishu://a b", "令牌"),
        ("mailto://", "邮件服务器"),
        ("mailto://mail.example.org?to=a@example.org,b@example.org&from=c@example.org", "一个收件邮箱"),
        ("mailto://mail.example.org?to=a@example.org&cc=b@example.org&from=c@example.org", "抄送"),
        (f"feishu://{TOKEN}?server=ftp://x", "feishu://"),
        ("json://", "对方服务器"),
        ("jsons://host:port/x", "对方服务器"),
    ],
)
def test_an_address_with_a_typo_says_what_is_wrong(typed: str, what: str) -> None:
    assert what in url_fault(typed)
    assert "abc" not in url_fault(typed)
    assert "tok-en" not in url_fault(typed)
