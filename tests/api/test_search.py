"""Looking for cases: what fits is found and counted, what is hidden is neither. 案件检索"""

import pytest
from fastapi import FastAPI

from api.app import create_app
from models.database import Register
from models.queries import Search, SearchTooLong, count_cases, list_cases, organs_seen
from models.rules.lifecycle import Stage, State
from models.rules.permissions import Actor, Part, Role
from models.tables import Participation
from tests.api.browser import Browser
from tests.api.door import Door, on_sqlite, refused
from tests.builders import Bureau, Told, a_bureau, a_case


def _found(bureau: Bureau, who: str | Actor, **search: object) -> list[str]:
    """Ids of what somebody finds, after counting them too."""
    actor = bureau.actor(who) if isinstance(who, str) else who
    asked = Search(**search)  # type: ignore[arg-type]
    with bureau.register.reading() as session:
        rows = list_cases(session, actor, search=asked).rows
        assert count_cases(session, actor, search=asked) == len(rows)
        return [row.id for row in rows]


def _ids(*told: Told) -> list[str]:
    return [one.case_id for one in reversed(told)]


def test_a_case_is_found_by_number_title_officer_and_filters(register: Register) -> None:
    bureau = a_bureau(register)
    first, second = a_case(bureau), a_case(bureau, "r1", title="100%_的另一案").to(Stage.VERIFICATION)
    for words in (
        "章云市监责〔2026〕2号",
        "章云市监〔2026〕2号",
        "〔2026〕2",
        "2026-2",
        "2号",
        "2",
        "100%_的",
    ):
        assert _found(bureau, "cao.ran", words=words) == _ids(second), words
    for words in ("章市监责〔2026〕2号", "〔2025〕2号", "99号", "%", "_", "100_", "不存在"):
        assert _found(bureau, "cao.ran", words=words) in ([], _ids(second) if words in "100%_" else []), words
    assert _found(bureau, "cao.ran", words="周凯 登记") == _ids(first)
    assert _found(bureau, "cao.ran", words="  ") == _ids(first, second)
    assert _found(bureau, "cao.ran", stage=Stage.VERIFICATION) == _ids(second)
    assert _found(bureau, "cao.ran", state=State.ARCHIVED) == []
    assert _found(bureau, "cao.ran", organ="zj-yx", words="许静", stage=Stage.INTAKE) == _ids(first)
    assert _found(bureau, "cao.ran", organ="zj") == []


def test_what_is_hidden_is_neither_found_nor_counted(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau)
    number = "章云市监责〔2026〕1号"
    assert _found(bureau, "cao.ran", words=number) == [told.case_id]
    for stranger in ("lou.ming", "bai.lu"):
        for search in ({"words": number}, {"words": "周凯"}, {"stage": Stage.INTAKE}, {"organ": "zj-yx"}):
            assert _found(bureau, stranger, **search) == []
        with register.reading() as session:
            assert organs_seen(session, bureau.actor(stranger)) == []
    with register.writing() as session:
        person = bureau.ids["cao.ran"]
        session.add(Participation(case_id=told.case_id, person_id=person, part=Part.RECUSED, reason=""))
    assert _found(bureau, "cao.ran", words=number) == []
    assert _found(bureau, "zhou.kai", words=number) == []  # not yet accepted


def test_who_is_concerned_finds_a_case_by_no_other_officer(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau).to(Stage.VERIFICATION)
    assert _found(bureau, "zhou.kai", words="周凯") == [told.case_id]
    assert _found(bureau, "zhou.kai", words="许静") == []
    managing = Actor(bureau.ids["zhou.kai"], "周凯", frozenset({(Role.MANAGER, bureau.organs["zj-yx"])}))
    assert _found(bureau, managing, words="许静") == []
    assert _found(bureau, "tang.wei", words="许静") == [told.case_id]


@on_sqlite
def test_no_filter_tells_an_officer_of_a_transfer(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau, "r5").to_the_end()
    officer = next(iter(told.respondents))
    assert _found(bureau, "cao.ran", state=State.TRANSFERRED) == [told.case_id]
    assert _found(bureau, officer, state=State.TRANSFERRED) == []
    assert _found(bureau, officer, state=State.OPEN) == [told.case_id]


@on_sqlite
def test_a_question_without_end_is_refused(door: Door) -> None:
    a_case(door.bureau)
    for words in ("长" * 51, "a b c d e f"):
        with door.register.reading() as session, pytest.raises(SearchTooLong):
            list_cases(session, door.bureau.actor("cao.ran"), search=Search(words))
        refused(door.get("/api/cases", "cao.ran", params={"q": words}), 422, "search-too-long")
    refused(door.get("/api/cases", "cao.ran", params={"q": "长" * 201}), 422, "validation")
    refused(door.get("/api/cases", "cao.ran", params={"state": "x"}), 422, "validation")
    for words in ("\0", "' OR 1=1 --", "999999999号", "〔〕号", "\\", "％"):
        response = door.get("/api/cases", "cao.ran", params={"q": words})
        assert response.status_code == 200, words
        assert response.json()["count"] == (1 if words == "\0" else 0), words


@on_sqlite
def test_the_page_searches_keeps_what_was_typed_and_leads_on(app: FastAPI, register: Register) -> None:
    bureau = a_bureau(register)
    for n in range(52):
        a_case(bureau, title=f"第{n}批")
    manager = Browser(app, bureau, "cao.ran")
    page = manager.open("/cases?q=批&stage=intake")
    assert "找到 52 件" in page.text
    assert page.form("/cases").typed() == {"q": ["批"], "stage": ["intake"], "state": [""]}
    further = manager.seen["/cases?q=批&stage=intake"].split('<p><a href="')[-1].split('"')[0]
    rest = manager.open(further.replace("&amp;", "&"))
    assert "第0批" in rest.text
    assert "第1批" in rest.text
    assert "第2批" not in rest.text
    assert "没有找到" in manager.open("/cases?q=无此案").text
    long = manager.open("/cases?q=" + "长" * 60, status=422)
    assert "检索内容过长" in long.text
    assert long.form("/cases").typed()["q"] == ["长" * 60]
    assert manager.client.get("/cases?stage=x").status_code == 422
    assert page.styled == []


@pytest.fixture
def app(register: Register) -> FastAPI:
    return create_app()
