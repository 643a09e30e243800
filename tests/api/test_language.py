"""Pages in English: every text of ours has a translation, and nothing else changes. 页面语言"""

import pytest
from jinja2 import Environment

from api.language import ChineseText, catalogue, finalize, gettext
from tests.api.door import Door, on_sqlite


def rendered(source: str, **shows: object) -> str:
    made = Environment(autoescape=True, extensions=[ChineseText], finalize=finalize)
    made.globals["gettext"] = gettext
    return made.from_string(source).render(**shows)


def test_chinese_runs_and_literals_are_looked_up_and_the_rest_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(catalogue(), "登录", "Sign in")
    monkeypatch.setitem(catalogue(), "共", "In all ")
    monkeypatch.setitem(catalogue(), "件", " cases")
    assert rendered('<a title="登录">登录</a>') == '<a title="Sign in">Sign in</a>'
    assert rendered("<p>共{{ n }}件</p>", n=3) == "<p>In all 3 cases</p>"
    assert rendered("{{ '登录' if x else 'x' }}", x=True) == "Sign in"
    assert rendered("{{ x }}", x="登录") == "Sign in"
    assert rendered("{{ x }}", x="他说：登录<b>") == "他说：登录&lt;b&gt;"
    assert rendered("<p>没有这样的译文</p>") == "<p>没有这样的译文</p>"


@on_sqlite
def test_the_language_is_kept_for_this_browser_and_leads_back_to_where_one_was(door: Door) -> None:
    chosen = door.get("/language/en?to=/portal/duties", follow_redirects=False)
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/portal/duties")
    for part in ("HttpOnly", "SameSite=strict"):
        assert part in chosen.headers["set-cookie"]
    assert '<html lang="en">' in door.get("/portal").text
    door.get("/language/zh-CN", follow_redirects=False)
    assert '<html lang="zh-CN">' in door.get("/portal").text
    assert door.get("/language/fr", follow_redirects=False).status_code == 422
    outside = door.get("/language/en?to=https://elsewhere.test/", follow_redirects=False)
    assert outside.headers["location"] == "/inbox"
    door.client.cookies.set("zhaodan_language", "xx")
    assert '<html lang="zh-CN">' in door.get("/portal").text
