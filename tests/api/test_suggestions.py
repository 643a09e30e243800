"""Pasting a narrative: a hint with its words marked, kept nowhere, and facts noted only as to be verified. 叙述提示"""

import logging
from typing import Any

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.suggestions import HINT, LONGEST
from models.database import Register
from models.queries import draft_of
from models.rules.lifecycle import Kind
from models.tables import WorkItem
from tests.api.browser import Browser, Page
from tests.api.door import Door, refused
from tests.builders import Bureau, Told, a_bureau, a_case

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOLD = (
    "登记人员认为材料齐全、符合法定形式，准予登记。后该公司发现上述材料均系伪造，提起行政诉讼，"
    "法院认为登记机关只作形式审查且已尽审查义务，判决撤销登记。"
)


@pytest.fixture
def app(register: Register) -> FastAPI:
    return create_app()


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def at_investigation(bureau: Bureau) -> tuple[Told, WorkItem]:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "investigation" for i in t.open_items()))
    return told, told.item("investigation")


def paste(person: Browser, item: WorkItem, text: str, **more: list[str]) -> Page:
    """Type into the worksheet, paste below it, and look at the hints."""
    form = person.open(f"/work-items/{item.id}").form(f"/work-items/{item.id}")
    sent = form.fill({"narrative": [text], **more}) | {"do": ["suggest"]}
    response = person.client.post(f"/work-items/{item.id}/suggestion", data=sent)
    assert response.status_code == 200, response.text[:300]
    return person.read("suggestion", response)


def draft(told: Told, item: WorkItem) -> dict[str, Any]:
    with told.bureau.register.reading() as session:
        return dict(draft_of(session, told.bureau.actor(told.who(item)), item.id) or {})


# --- the worksheet ---------------------------------------------------------------------------------


def test_the_narrative_comes_back_marked_with_facts_gates_and_clauses(app: FastAPI, bureau: Bureau) -> None:
    told, item = at_investigation(bureau)
    person = Browser(app, bureau, told.who(item))
    page = paste(person, item, TOLD)
    assert HINT in page.text
    assert "<mark title=" in person.seen["suggestion"]
    assert "五（二）3第（42）项" in page.text
    assert page.styled == []
    assert [c for c in page.inputs if c.id not in page.labels] == []


def test_one_click_notes_a_fact_as_unproven_and_to_be_verified_and_only_once(
    app: FastAPI, bureau: Bureau
) -> None:
    told, item = at_investigation(bureau)
    person, address = Browser(app, bureau, told.who(item)), f"/work-items/{item.id}/suggestion"
    page = paste(person, item, TOLD)
    rid = next(iter(told.respondents.values()))
    take = f"{rid}.materials-untrue"
    form = page.form(address)
    assert ("take", take) in form.buttons
    for _ in range(2):
        page = Page(person.client.post(address, data=form.typed() | {"take": [take]}).text)
    assert page.form(address).typed()["narrative"] == [TOLD]
    assert ("take", take) not in page.form(address).buttons
    assert draft(told, item)["facts"] == [
        {"respondent": rid, "fact": "materials-untrue", "status": "unproven", "note": "由叙述提示，待核实"}
    ]
    sheet = person.open(f"/work-items/{item.id}").form(f"/work-items/{item.id}").typed()
    assert sheet[f"facts.{rid}.materials-untrue.status"] == ["unproven"]


def test_what_was_typed_is_kept_before_the_hints_and_never_overwritten(app: FastAPI, bureau: Bureau) -> None:
    told, item = at_investigation(bureau)
    person, address = Browser(app, bureau, told.who(item)), f"/work-items/{item.id}/suggestion"
    rid = next(iter(told.respondents.values()))
    own = {f"facts.{rid}.materials-untrue.status": ["refuted"], "report": ["写了一半"]}
    page = paste(person, item, TOLD, **own)
    before = draft(told, item)
    assert before["report"] == "写了一半"
    person.client.post(address, data=page.form(address).typed() | {"take": [f"{rid}.materials-untrue"]})
    assert draft(told, item) == before
    assert "叙述" not in str(before)
    assert TOLD[:10] not in str(before)


def test_nothing_is_kept_and_nothing_is_logged_of_the_narrative(
    register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    door = Door(register)
    told, item = at_investigation(door.bureau)
    person = Browser(door.app, door.bureau, told.who(item))
    person.open("/inbox")
    before = door.dump()
    with caplog.at_level(logging.DEBUG):
        form = person.open(f"/work-items/{item.id}").form(f"/work-items/{item.id}")
        response = person.client.post(
            f"/work-items/{item.id}/suggestion",
            data={"csrf": form.typed()["csrf"], "narrative": [TOLD], "do": ["suggest"]},
        )
        assert response.status_code == 200
        answer = door.post("/api/suggestions", "luo.ying", json={"narrative": TOLD, "category": "licensing"})
        assert answer.status_code == 200
    assert door.dump() == before
    assert TOLD[:12] not in caplog.text


def test_code_in_a_narrative_stays_text_also_where_it_is_marked(app: FastAPI, bureau: Bureau) -> None:
    told, item = at_investigation(bureau)
    person = Browser(app, bureau, told.who(item))
    paste(person, item, "<script>alert(1)</script>该公司发现<b>上述材料均系伪造</b>\u202e，提起行政诉讼。")
    seen = person.seen["suggestion"]
    assert "<script>" not in seen
    assert "<b>" not in seen
    assert "&lt;script&gt;" in seen
    assert "\u202e" not in seen.split("told", 1)[1].split("</blockquote>", 1)[0]


@pytest.mark.parametrize("who", ["luo.ying", "zhou.kai", "cao.ran"])
def test_only_who_may_answer_the_investigation_gets_hints_for_it(
    app: FastAPI, bureau: Bureau, who: str
) -> None:
    told, item = at_investigation(bureau)
    assert told.who(item) != who
    person = Browser(app, bureau, who)
    csrf = person.open("/inbox").form("/sign-out").typed()["csrf"]
    response = person.client.post(
        f"/work-items/{item.id}/suggestion",
        data={"csrf": csrf, "narrative": [TOLD], "take": ["1.knowing-breach"]},
    )
    assert response.status_code in (403, 404)
    assert "<mark" not in response.text


def test_without_the_mark_of_the_session_nothing_is_read(app: FastAPI, bureau: Bureau) -> None:
    told, item = at_investigation(bureau)
    person = Browser(app, bureau, told.who(item))
    response = person.client.post(f"/work-items/{item.id}/suggestion", data={"narrative": TOLD})
    assert response.status_code == 403


@pytest.mark.parametrize(
    "take", ["999.materials-untrue", "{rid}.no-such-fact", "{rid}.duties-all-performed", "x"]
)
def test_only_a_fact_of_the_edition_about_an_officer_of_the_case_can_be_noted(
    app: FastAPI, bureau: Bureau, take: str
) -> None:
    told, item = at_investigation(bureau)
    person, address = Browser(app, bureau, told.who(item)), f"/work-items/{item.id}/suggestion"
    sent = paste(person, item, TOLD).form(address).typed()
    rid = next(iter(told.respondents.values()))
    assert person.client.post(address, data=sent | {"take": [take.format(rid=rid)]}).status_code == 404
    assert draft(told, item) == {}


def test_a_longer_text_than_is_taken_in_is_refused_in_words(app: FastAPI, bureau: Bureau) -> None:
    told, item = at_investigation(bureau)
    person, address = Browser(app, bureau, told.who(item)), f"/work-items/{item.id}/suggestion"
    csrf = person.open("/inbox").form("/sign-out").typed()["csrf"]
    long = {"csrf": csrf, "narrative": "a" * (LONGEST + 1)}
    response = person.client.post(address, data=long)
    assert response.status_code == 422
    assert f"最多 {LONGEST} 个字" in Page(response.text).text
    assert person.client.post(address, data=long | {"narrative": "a" * 1024 * 1024}).status_code == 413
    capped = person.client.post(address, data=long | {"narrative": TOLD * 200})
    assert "叙述过长，只看了前" in Page(capped.text).text


def test_reloading_leads_back_to_the_worksheet(app: FastAPI, bureau: Bureau) -> None:
    told, item = at_investigation(bureau)
    response = Browser(app, bureau, told.who(item)).client.get(f"/work-items/{item.id}/suggestion")
    assert (response.status_code, response.headers["location"]) == (303, f"/work-items/{item.id}")


def test_in_a_later_round_noting_a_fact_keeps_what_was_found_before(app: FastAPI, bureau: Bureau) -> None:
    told, item = at_investigation(bureau)
    said = told.content(item)
    told.answer(item)
    told.answer(told.item("countersign"), {"agreed": False, "reason": "材料还要核对"})
    again = told.item("investigation")
    assert again.round == 2
    person, address = Browser(app, bureau, told.who(again)), f"/work-items/{again.id}/suggestion"
    csrf = person.open("/inbox").form("/sign-out").typed()["csrf"]
    rid = next(iter(told.respondents.values()))
    response = person.client.post(
        address, data={"csrf": csrf, "narrative": TOLD, "take": f"{rid}.remedy-proceeding-brought"}
    )
    assert response.status_code == 200
    kept = draft(told, again)
    assert len(kept["facts"]) == len(said["facts"]) + 1
    assert len(kept["findings"]) == len(said["findings"])


# --- registering a lead ----------------------------------------------------------------------------


def test_a_clerk_sees_hints_beside_the_new_case_and_loses_nothing(app: FastAPI, bureau: Bureau) -> None:
    clerk = Browser(app, bureau, "luo.ying")
    form = clerk.open("/cases/new").form("/cases/new")
    typed = {"title": ["某登记案"], "category": ["licensing"], "paste": [TOLD]}
    response = clerk.client.post("/cases/new", data=form.fill(typed) | {"do": ["suggest"]})
    page = clerk.read("new", response)
    assert HINT in page.text
    assert "<mark title=" in clerk.seen["new"]
    assert {name: page.form("/cases/new").typed()[name] for name in typed} == typed
    assert ("take", "1") not in page.form("/cases/new").buttons
    without = form.fill({"narrative": [TOLD]}) | {"do": ["suggest"]}
    assert HINT in Page(clerk.client.post("/cases/new", data=without).text).text


def test_who_may_not_register_gets_no_hints_there(app: FastAPI, bureau: Bureau) -> None:
    person = Browser(app, bureau, "tang.wei")
    csrf = person.open("/inbox").form("/sign-out").typed()["csrf"]
    response = person.client.post("/cases/new", data={"csrf": csrf, "do": "suggest", "paste": TOLD})
    assert response.status_code == 403
    assert HINT not in response.text


# --- programs --------------------------------------------------------------------------------------


def test_the_api_gives_the_same_hint_with_places_that_hold(register: Register) -> None:
    door = Door(register)
    found = door.post(
        "/api/suggestions", "luo.ying", json={"category": "licensing", "narrative": TOLD}
    ).json()
    assert found["hint"] == HINT
    assert all(TOLD[hit["start"] : hit["end"]] == hit["quote"] for hit in found["facts"])
    assert found["clauses"][0]["clause"] in {"exempt-41", "exempt-42"}
    scores = [clause["score"] for clause in found["clauses"]]
    assert scores == sorted(scores, reverse=True)
    told, item = at_investigation(door.bureau)
    with_item = door.post("/api/suggestions", told.who(item), json={"narrative": TOLD, "item": item.id})
    assert with_item.json() == found


def test_a_fact_that_a_gate_asks_about_touches_the_gate(register: Register) -> None:
    told = TOLD + "有人反映承办人收受了申请人的购物卡。"
    found = Door(register).post("/api/suggestions", "luo.ying", json={"narrative": told}).json()
    assert "private-gain" in {fact["id"] for fact in found["facts"]}
    gate = next(gate for gate in found["gates"] if gate["id"] == "gate-private-gain")
    assert "购物卡" in told[gate["start"] : gate["end"]]


def test_the_api_refuses_who_may_neither_register_nor_answer(register: Register) -> None:
    door = Door(register)
    told, item = at_investigation(door.bureau)
    refused(door.post("/api/suggestions", "tang.wei", json={"narrative": TOLD}), 403, "not-permitted")
    asked = {"narrative": TOLD, "item": item.id}
    assert door.post("/api/suggestions", "zhou.kai", json=asked).status_code in (403, 404)
    assert door.post("/api/suggestions", None, json=asked).status_code == 401
    countersign = told.go_on(lambda t: any(i.kind == Kind.COUNTERSIGN for i in t.open_items())).item(
        "countersign"
    )
    other = door.post(
        "/api/suggestions", told.who(countersign), json={"narrative": TOLD, "item": countersign.id}
    )
    assert other.status_code == 404
    done = door.post("/api/suggestions", told.who(item), json=asked)
    assert done.status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"narrative": "a" * (LONGEST + 1)}, 422),
        ({"narrative": "a" * 1024 * 1024}, 413),
        ({"narrative": TOLD, "category": "cooking"}, 422),
        ({"narrative": TOLD, "keep": True}, 422),
        ({}, 422),
    ],
)
def test_bounds_are_said(register: Register, body: dict[str, Any], status: int) -> None:
    answer = Door(register).post("/api/suggestions", "luo.ying", json=body)
    assert answer.status_code == status
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.json()["detail"])
    assert "aaaa" not in answer.text


@pytest.mark.parametrize("narrative", ["", "好", "\ud800 半个字符", "hello world", "\x00" * 50, "😀" * 3000])
def test_odd_texts_give_an_empty_hint_that_says_so(register: Register, narrative: str) -> None:
    body = ascii_json(narrative)
    answer = Door(register).post(
        "/api/suggestions", "luo.ying", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        assert answer.json()["notes"]


def ascii_json(narrative: str) -> str:
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in narrative)
    return f'{{"narrative": "{escaped}"}}'
