"""The manager's numbers and the officer's own page: right, the same twice, refused to others. 管理概览与我的档案"""

from datetime import timedelta
from xml.etree import ElementTree

import pytest

from api import desk
from models.rules.lifecycle import Stage
from models.rules.permissions import Part
from models.tables import Participation
from tests.api.browser import Browser
from tests.api.door import Door, on_sqlite, refused
from tests.builders import START, a_case


def _see(door: Door, monkeypatch: pytest.MonkeyPatch, *, days: int = 40) -> None:
    """The numbers are looked at some days after the stories were played."""
    monkeypatch.setattr(desk, "clock", lambda: START + timedelta(days=days))


def test_every_number_is_the_number_of_what_it_says(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    a_case(door.bureau)
    a_case(door.bureau).to(Stage.VERIFICATION)
    done = a_case(door.bureau).to_the_end()
    away = a_case(door.bureau, "r5").to_the_end()
    assert (done.case().state, away.case().state) == ("archived", "transferred")
    _see(door, monkeypatch)
    found = door.get("/api/manage", "cao.ran").json()
    assert found == door.get("/api/manage", "meng.fan").json()
    [organ] = found["backlog"]
    assert {name: n for name, n in organ["stages"].items() if n} == {"intake": 1, "verification": 1}
    assert (organ["total"], organ["transferred"]) == (2, 1)
    waiting = sum(age["items"] for age in found["ages"])
    with door.register.reading() as session:
        assert (
            session.connection()
            .exec_driver_sql("SELECT count(*) FROM work_item WHERE state = 'open'")
            .scalar_one()
            == waiting
        )
    assert [age["items"] for age in found["ages"][:3]] == [0, 0, 0]
    assert found["late"] == sum(age["late"] for age in found["ages"]) == len(found["latest"]) > 0
    assert found["decided"] == len(done.respondents) + len(away.respondents)
    assert set(found["definitions"]) == {"backlog", "ages", "late", "standstills", "clauses"}
    by_clause = {row["clause"]: row["outcomes"] for row in found["clauses"]}
    assert by_clause[""] == {"transfer": len(away.respondents)}
    assert any("exempt" in outcomes for clause, outcomes in by_clause.items() if clause)
    _see(door, monkeypatch, days=0)
    young = door.get("/api/manage", "cao.ran").json()
    assert (young["ages"][0]["items"], young["late"]) == (waiting, 0)


@on_sqlite
def test_what_a_manager_may_not_read_is_in_no_number(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, recused, concerned = (a_case(door.bureau).to(Stage.VERIFICATION) for _ in range(3))
    with door.register.writing() as session:
        for told, part in ((recused, Part.RECUSED), (concerned, Part.RESPONDENT)):
            session.add(
                Participation(
                    case_id=told.case_id, person_id=door.bureau.ids["cao.ran"], part=part, reason=""
                )
            )
    _see(door, monkeypatch, days=200)
    found = door.get("/api/manage", "cao.ran").json()
    assert [row["total"] for row in found["backlog"]] == [1]
    assert {item["case_id"] for item in found["latest"]} == {shown.case_id}
    assert door.get("/api/manage", "meng.fan").json()["backlog"][0]["total"] == 3
    text = Browser(door.app, door.bureau, "cao.ran").open("/manage").text
    for hidden in (recused, concerned):
        assert f"〔2026〕{hidden.case().number}号" not in text


@on_sqlite
def test_the_numbers_are_for_managers_only(door: Door) -> None:
    a_case(door.bureau)
    for who in ("he.jun", "zou.he", "luo.ying", "zhou.kai", "fang.min"):
        refused(door.get("/api/manage", who), 403, "not-permitted")
        browser = Browser(door.app, door.bureau, who)
        assert "供分管负责人和机关负责人查看" in browser.open("/manage", 403).text
        assert "管理概览" not in browser.open("/inbox").text
    refused(door.get("/api/manage"), 401, "sign-in-required")


def _drawing(text: str) -> ElementTree.Element:
    return ElementTree.fromstring("<svg" + text.split("</svg>")[0] + "</svg>")  # noqa: S314  # our own page


@on_sqlite
def test_a_chart_says_in_words_what_it_draws_and_a_table_repeats_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = Browser(door.app, door.bureau, "cao.ran").open("/manage")
    assert "现在没有在办案件" in empty.text
    a_case(door.bureau).to_the_end()
    a_case(door.bureau)
    _see(door, monkeypatch)
    manager = Browser(door.app, door.bureau, "cao.ran")
    page = manager.open("/manage")
    text = manager.seen["/manage"]
    drawn = [_drawing(part) for part in text.split("<svg")[1:]]
    assert len(drawn) == 3
    for svg in drawn:
        title, desc = svg.find("title"), svg.find("desc")
        assert title is not None
        assert desc is not None
        assert svg.get("aria-labelledby", "").split() == [title.get("id"), desc.get("id")]
        assert svg.get("role") == "img"
        for label in (t.text for t in svg.iter("text") if t.get("class") != "amount"):
            assert label in (desc.text or "")
            assert text.count(f">{label}<") >= 2  # in the drawing and in the table
    assert page.styled == []
    assert len(page.ids) == len(set(page.ids))


# --- the officer --------------------------------------------------------------------------------


def test_an_officer_finds_own_cases_from_the_acceptance_on(door: Door) -> None:
    told = a_case(door.bureau)
    assert door.get("/api/me/dossier", "zhou.kai").json() == {"cases": []}
    told.to(Stage.VERIFICATION)
    [own] = door.get("/api/me/dossier", "zhou.kai").json()["cases"]
    assert (own["case"]["id"], own["asked"], own["decision"]) == (told.case_id, [], None)
    assert own["may_add_evidence"] is True
    told.go_on(lambda t: t.item("statement") is not None)
    asked = door.get("/api/me/dossier", "zhou.kai").json()["cases"][0]["asked"]
    assert [item["kind"] for item in asked] == ["statement"]
    told.to_the_end()
    [own] = door.get("/api/me/dossier", "zhou.kai").json()["cases"]
    assert own["decision"]["outcome"] == "exempt"
    assert own["decision"]["served_at"]
    assert own["clearing"]["approved"] is True
    assert own["asked"] == []


@on_sqlite
def test_an_officers_page_shows_nobody_else_and_no_transfer(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: t.item("statement") is not None)
    page = Browser(door.app, door.bureau, "zhou.kai").open("/me")
    assert "陈述申辩" in page.text
    assert "提交我的证据" in page.text
    for other in ("许静", "唐蔚", "何骏"):
        assert other not in page.text
    told.to_the_end()
    assert "您要求以" in Browser(door.app, door.bureau, "zhou.kai").open("/me").text
    away = a_case(door.bureau, "r5").to_the_end()
    for username in away.respondents:
        assert "移送" not in Browser(door.app, door.bureau, username).open("/me").text
        owns = door.get("/api/me/dossier", username).json()["cases"]
        assert {own["case"]["state"] for own in owns} <= {"open", "archived"}
        assert [own["decision"] for own in owns if own["case"]["id"] == away.case_id] == [None]


@on_sqlite
def test_who_is_concerned_by_nothing_is_told_so(door: Door) -> None:
    a_case(door.bureau).to(Stage.VERIFICATION)
    for who in ("lou.ming", "cao.ran", "tang.wei"):
        assert door.get("/api/me/dossier", who).json() == {"cases": []}
        assert "没有以您为被核查人员的案件" in Browser(door.app, door.bureau, who).open("/me").text
    refused(door.get("/api/me/dossier"), 401, "sign-in-required")
