"""Absences and substitutes over JSON and on the page. 外出与代理"""

from datetime import timedelta
from typing import Any

from httpx import Response

from api.deps import clock
from models.rules.deadlines import beijing_day
from models.tables import Event, Participation, Person, RoleHolding
from tests.api.browser import Browser
from tests.api.door import Door, refused
from tests.builders import SINCE, a_case
from tests.models.test_verbs import rows, waiting


def said(who: str, substitute: str, *, first: int = 0, last: int = 5) -> dict[str, Any]:
    today = beijing_day(clock())
    days = (today + timedelta(days=n) for n in (first, last))
    return {
        "person": who,
        "substitute": substitute,
        "why": "travel",
        "reason": "外地调查取证",
        **dict(zip(("first_day", "last_day"), (day.isoformat() for day in days), strict=True)),
    }


def fit(door: Door, who: str, role: str) -> None:
    """One more role for somebody of the bureau."""
    with door.register.writing() as session:
        home = door.bureau.organs["zj-yx"]
        session.add(RoleHolding(person_id=door.bureau.ids[who], organ_id=home, role=role, valid_from=SINCE))


def noted(door: Door, who: str, substitute: str, by: str = "", **days: int) -> str:
    made = door.post("/api/absences", by or who, json=said(who, substitute, **days))
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def send(browser: Browser, action: str, fields: dict[str, list[str]]) -> Response:
    """Fill in a form of the page and send it."""
    form = browser.open("/me/absences").form(action)
    return browser.client.post(action, data=form.fill(fields))


def test_the_substitute_finds_the_item_does_it_and_the_timeline_says_for_whom(door: Door) -> None:
    fit(door, "lu.xin", "investigator")
    told = a_case(door.bureau)
    item = waiting(told, "investigation")
    who = told.who(item)
    path = f"/api/work-items/{item.id}"
    refused(door.get(path, "lu.xin"), 404, "not-found")
    number = noted(door, who, "lu.xin")
    assert noted(door, who, "lu.xin") == number
    found = door.get("/api/work-items?box=stood-in", "lu.xin").json()
    assert [row["id"] for row in found["items"]] == [item.id]
    assert (found["boxes"]["stood-in"], found["boxes"]["mine"]) == (1, 0)
    shown = door.get(path, "lu.xin").json()
    with door.register.reading() as session:
        name = session.get_one(Person, door.bureau.ids[who]).name
    assert (shown["may_answer"], shown["in_place_of"]) == (True, name)
    assert door.get(path, who).json()["in_place_of"] == ""
    assert door.get(f"/api/cases/{told.case_id}", "lu.xin").status_code == 200
    for _ in range(2):
        assert door.answer(item.id, told.content(item), "lu.xin").status_code == 200
    done = [e for e in rows(told, Event) if e.tag == "item:investigation:answered"]
    assert [(e.actor_id, e.on_behalf_of) for e in done] == [(door.bureau.ids["lu.xin"], door.bureau.ids[who])]
    page = Browser(door.app, door.bureau, "cao.ran").open(f"/cases/{told.case_id}").text
    assert f"陆昕（代{name}）" in page


def test_revoked_the_sight_is_gone_with_the_next_request(door: Door) -> None:
    fit(door, "lu.xin", "investigator")
    told = a_case(door.bureau)
    item = waiting(told, "investigation")
    number = noted(door, told.who(item), "lu.xin")
    path = f"/api/absences/{number}/end"
    assert door.get(f"/api/work-items/{item.id}", "lu.xin").status_code == 200
    refused(door.post(path, "gu.ping"), 404, "not-found")
    for _ in range(2):
        assert door.post(path, "lu.xin").status_code == 200
    refused(door.get(f"/api/work-items/{item.id}", "lu.xin"), 404, "not-found")
    refused(door.answer(item.id, told.content(item), "lu.xin"), 404, "not-found")
    assert door.get("/api/cases", "lu.xin").json()["cases"] == []
    assert [row["state"] for row in door.get("/api/absences", "lu.xin").json()] == ["revoked"]


def test_who_is_recused_meets_the_case_nowhere(door: Door) -> None:
    fit(door, "lu.xin", "investigator")
    told = a_case(door.bureau)
    item = waiting(told, "investigation")
    with door.register.writing() as session:
        session.add(Participation(case_id=told.case_id, person_id=door.bureau.ids["lu.xin"], part="recused"))
    noted(door, told.who(item), "lu.xin")
    assert door.get("/api/work-items", "lu.xin").json()["items"] == []
    assert door.get("/api/cases?q=" + told.case().title[:4], "lu.xin").json()["cases"] == []
    refused(door.get(f"/api/work-items/{item.id}", "lu.xin"), 404, "not-found")
    refused(door.get(f"/api/cases/{told.case_id}", "lu.xin"), 404, "not-found")
    refused(door.answer(item.id, told.content(item), "lu.xin"), 404, "not-found")


def test_what_does_not_fit_is_refused(door: Door) -> None:
    fit(door, "lu.xin", "investigator")
    noted(door, "tang.wei", "shen.lan")
    refused(door.post("/api/absences", "shen.lan", json=said("shen.lan", "tang.wei")), 409, "conflict")
    refused(door.post("/api/absences", "lu.xin", json=said("shen.lan", "lu.xin")), 403, "not-permitted")
    refused(door.post("/api/absences", "lu.xin", json=said("lu.xin", "gu.ping", last=400)), 422, "incomplete")
    refused(door.post("/api/absences", "lu.xin", json=said("lu.xin", "he.jun")), 422, "incomplete")
    assert door.get("/api/absences", "gu.ping").json() == []
    assert len(door.get("/api/absences", "cao.ran").json()) == 1


def test_on_the_page_an_absence_is_noted_shown_and_ended_without_scripts(door: Door) -> None:
    browser = Browser(door.app, door.bureau, "tang.wei")
    wrong = send(browser, "/me/absences", {"first_day": ["2026-12-10"]})
    assert wrong.status_code == 422
    assert "最后一天" in wrong.text
    fields = said("tang.wei", "shen.lan")
    fields.pop("person")
    made = send(browser, "/me/absences", {name: [value] for name, value in fields.items()})
    assert made.status_code in (200, 303), made.text
    shown = browser.open("/me/absences").text
    assert "沈岚" in shown
    assert "代理中" in shown
    number = door.get("/api/absences", "tang.wei").json()[0]["id"]
    send(browser, f"/me/absences/{number}/end", {})
    assert "已撤销" in browser.open("/me/absences").text
    manager = Browser(door.app, door.bureau, "cao.ran")
    again = send(
        manager,
        "/me/absences",
        {name: [value] for name, value in said("tang.wei", "shen.lan").items()},
    )
    assert again.status_code in (200, 303), again.text
    refusal = send(
        manager,
        "/me/absences",
        {name: [value] for name, value in said("shen.lan", "tang.wei").items()},
    )
    assert refusal.status_code == 409
    assert "代理关系成环" in refusal.text


def test_what_nobody_can_do_stands_on_the_manager_s_page_and_on_the_case(door: Door) -> None:
    told = a_case(door.bureau)
    item = waiting(told, "investigation")
    noted(door, told.who(item), "")
    (row,) = door.get("/api/manage", "cao.ran").json()["standstills"]
    assert (row["item_id"], row["lack"]) == (item.id, "away")
    page = Browser(door.app, door.bureau, "cao.ran").open("/manage").text
    assert "无人可办" in page
    assert row["said"] in page
    assert row["said"] in Browser(door.app, door.bureau, "cao.ran").open(f"/cases/{told.case_id}").text
    case = f"/api/cases/{told.case_id}"
    assert door.get(case, "cao.ran").json()["standstills"] == [f"『调查核实』{row['said']}"]
    assert door.get(case, "zhou.kai").json()["standstills"] == []
    refused(door.get("/api/manage", "tang.wei"), 403, "not-permitted")
