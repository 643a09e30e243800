"""Pages in English: every text of ours has a translation, and nothing else changes. 页面语言"""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from jinja2 import Environment

from api.deps import COOKIE, clock
from api.language import ChineseText, catalogue, chinese_constants, finalize, gettext
from api.pages_rendering import TEMPLATES
from models.accounts import open_session
from models.rules.lifecycle import Stage
from tests.api.door import Door, on_sqlite
from tests.builders import a_case

PROJECT = Path(__file__).parents[2]
LOCALE = PROJECT / "api" / "locale"
# The word by which a redacted notice names nobody, quoted as it stands there.
SAYS_MOU = {text for text in catalogue() if "“某”" in text}
# Whole sentences made in Python: refusals and confirmations stay Chinese for now.
STAYS = {"查无此项，请核对编号；也可能您无权查看。"}


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


@pytest.fixture(scope="module")
def wanted() -> set[str]:
    """Every message of templates and terms, as `make messages` finds them."""
    options = {"extensions": "api.language.ChineseText", "trim_blocks": "true", "lstrip_blocks": "true"}
    found = set()
    for path in TEMPLATES.glob("*.html"):
        with path.open("rb") as file:
            found |= {text for _, text, *_ in extract("jinja2", file, options=options)}
    named = re.findall(r"^\[terms: (.+)\]$", (LOCALE / "babel.cfg").read_text(), re.M)
    for path in (one for pattern in named for one in PROJECT.glob(pattern)):
        with path.open("rb") as file:
            found |= {text for _, text, *_ in extract(chinese_constants, file)}
    return found


def test_every_text_of_ours_has_its_english_and_none_is_left_over(wanted: set[str]) -> None:
    assert len(wanted) > 900
    assert wanted - set(catalogue()) == set(), "run `make messages`, then translate what is new"
    assert set(catalogue()) - wanted == set(), "run `make messages`"


def test_a_translation_breaks_no_page_and_holds_no_chinese() -> None:
    broken = {text for text, english in catalogue().items() if re.search(r'[<>"{}]', english)}
    assert broken == set()
    assert {
        text for text, english in catalogue().items() if re.search("[\u3400-\u9fff]", english)
    } - SAYS_MOU == set()


@on_sqlite
def test_pages_in_english_are_english_but_for_names_and_what_people_wrote(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    door.get("/language/en", follow_redirects=False)
    with door.register.writing() as session:
        door.client.cookies.set(COOKIE, open_session(session, door.bureau.ids["tang.wei"], now=clock()).token)
    ours = {"中文", "唐蔚"}
    for path in ("/inbox", "/notices", "/cases/nothing"):
        text = re.sub(r"<[^>]+>", "\n", door.client.get(path, headers={"accept": "text/html"}).text)
        left = {line.strip() for line in text.splitlines() if re.search("[\u3400-\u9fff]", line)} - ours
        assert {line for line in left if told.case().title not in line and "〔" not in line} <= STAYS, path
