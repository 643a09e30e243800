"""The investigator's page: what is asked first, that drafts survive, and that nothing typed is lost. 核查提纲页面"""

import re

import pytest
from fastapi import FastAPI

from api import forms
from api.app import create_app
from models.database import Register
from models.rules.lifecycle import Kind, Stage
from tests.api.browser import Browser, Page
from tests.api.door import Door
from tests.builders import Bureau, Told, a_bureau, a_case

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
IDLE = "其他事实（目前不影响任何条款）"
FOUND = "已经认定的事实"


@pytest.fixture
def app(register: Register) -> FastAPI:
    return create_app()


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def at_investigation(bureau: Bureau, name: str = "r2") -> Told:
    return a_case(bureau, name).go_on(lambda t: any(i.kind == "investigation" for i in t.open_items()))


def opened(told: Told, app: FastAPI) -> tuple[Browser, str, int]:
    item = told.item("investigation")
    return (
        Browser(app, told.bureau, told.who(item)),
        f"/work-items/{item.id}",
        next(iter(told.respondents.values())),
    )


def group_of(text: str, rid: int, fact: str) -> str:
    """The heading under which the question stands."""
    at = text.index(f'name="facts.{rid}.{fact}.status"')
    return re.findall(r"<summary>(.*?) <span", text[:at])[-1]


def test_only_facts_of_the_category_are_asked_and_the_others_can_be_added(
    app: FastAPI, bureau: Bureau
) -> None:
    person, address, rid = opened(at_investigation(bureau), app)  # a licensing case
    few = person.open(address).form(address).controls
    assert f"facts.{rid}.materials-untrue.status" in few
    assert f"facts.{rid}.goods-lost-or-destroyed.status" not in few
    every = person.open(f"{address}?all=1").form(address).controls
    assert f"facts.{rid}.goods-lost-or-destroyed.status" in every
    assert f"findings.{rid}.INS-048.result" not in few
    assert f"findings.{rid}.INS-048.result" in every
    assert len(person.seen[address].encode()) < 300_000


def test_a_draft_comes_back_and_only_what_still_matters_is_asked_first(app: FastAPI, bureau: Bureau) -> None:
    person, address, rid = opened(at_investigation(bureau), app)
    before = person.open(address) and person.seen[address]
    assert group_of(before, rid, "conduct-in-enforcement").startswith("每案必查")
    typed = {
        f"facts.{rid}.conduct-in-enforcement.status": ["established"],
        f"facts.{rid}.conduct-in-enforcement.evidence": ["1"],
        f"facts.{rid}.private-gain.status": ["established"],
        f"facts.{rid}.private-gain.note": ["收受礼金"],
        "report": ["查了一半"],
    }
    response = person.send(address, typed, do="draft")
    assert response.headers["location"] == address
    page = person.open(address)
    sent = page.form(address).typed()
    assert {name: sent[name] for name in typed} == typed
    after = person.seen[address]
    assert group_of(after, rid, "conduct-in-enforcement") == FOUND
    # An exemption is barred now, so what only exemptions ask for no longer changes any clause.
    assert group_of(before, rid, "materials-formally-complete") != IDLE
    assert group_of(after, rid, "materials-formally-complete") == IDLE
    assert group_of(after, rid, "self-reported-own-fault") != IDLE


def test_listing_everything_keeps_what_was_typed_and_typed_facts_stay_listed(
    app: FastAPI, bureau: Bureau
) -> None:
    person, address, rid = opened(at_investigation(bureau), app)
    form = person.open(address).form(address)
    assert ("do", "all") in form.buttons
    sent = form.fill({f"facts.{rid}.materials-untrue.note": ["待鉴定"]}) | {"do": ["all"]}
    response = person.client.post(address, data=sent)
    assert response.headers["location"] == f"{address}?all=1"
    form = person.open(f"{address}?all=1").form(address)
    assert form.typed()[f"facts.{rid}.materials-untrue.note"] == ["待鉴定"]
    assert form.typed()["all"] == ["1"]
    other = f"facts.{rid}.goods-lost-or-destroyed"
    person.client.post(address, data=form.fill({f"{other}.note": ["另有扣押物品"]}) | {"do": ["draft"]})
    short = person.open(address).form(address)  # without ?all=1 only what was typed is added
    assert short.typed()[f"{other}.note"] == ["另有扣押物品"]
    assert f"facts.{rid}.goods-flowed-into-market.status" not in short.controls


def test_every_question_names_its_usual_evidence_and_what_it_changes(app: FastAPI, bureau: Bureau) -> None:
    person, address, _ = opened(at_investigation(bureau), app)
    text = person.open(address).text
    assert "常见证据：执法案卷、任务派单或指派记录、权责清单。" in text
    assert re.search(r"影响 \d+ 项条款。", text)
    assert "影响五（二）" in text


def test_a_contradiction_in_a_draft_is_said_where_the_facts_are_asked(app: FastAPI, bureau: Bureau) -> None:
    person, address, rid = opened(at_investigation(bureau), app)
    typed = {
        f"facts.{rid}.improper-gain-obtained.status": ["established"],
        f"facts.{rid}.private-gain.status": ["refuted"],
    }
    person.send(address, typed, do="draft")
    person.open(address)
    assert 'class="note care"' in person.seen[address]
    assert group_of(person.seen[address], rid, "private-gain").startswith("每案必查")


def test_a_refused_answer_keeps_every_value_and_opens_the_group_with_the_fault(
    app: FastAPI, bureau: Bureau
) -> None:
    told = at_investigation(bureau)
    person, address, rid = opened(told, app)
    said = told.content(told.item("investigation"))
    fields = forms.write(forms.FORMS[Kind.INVESTIGATION], said) | {
        f"facts.{rid}.private-gain.evidence": ["99"]
    }
    response = person.client.post(
        address, data=person.open(address).form(address).fill(fields) | {"do": ["submit"]}
    )
    assert response.status_code in (404, 422), response.text[:300]
    back = Page(response.text).form(address).typed()
    assert {name: back[name] for name in fields} == fields


def test_the_api_gives_the_same_order(register: Register) -> None:
    door = Door(register)
    told = at_investigation(door.bureau)
    item = told.item("investigation")
    who = told.who(item)
    rid = next(iter(told.respondents.values()))
    sheet = door.get(f"/api/work-items/{item.id}", who).json()["context"]["worksheet"][0]
    assert (sheet["respondent"], sheet["recorded"]) == (rid, [])
    assert "duties-all-performed" not in {
        *sheet["first"],
        *sheet["turning"],
        *sheet["idle"],
        *sheet["hinges"],
    }
    draft = {
        "facts": [{"respondent": rid, "fact": "private-gain", "status": "established"}, "x", {"fact": 3}]
    }
    assert door.ask("PUT", f"/api/work-items/{item.id}/draft", who, json=draft).status_code == 204
    sheet = door.get(f"/api/work-items/{item.id}", who).json()["context"]["worksheet"][0]
    assert sheet["recorded"] == ["private-gain"]
    assert "materials-formally-complete" in sheet["idle"]


def test_worksheet_and_legal_review_say_who_answers_for_what_by_post(app: FastAPI, bureau: Bureau) -> None:
    told = at_investigation(bureau)  # a reviewer and an approver
    person, address, _ = opened(told, app)
    page = person.open(address)
    assert "审核岗的责任分工" in page.text
    assert "执行的后果由上级负责，公务员不承担责任" in page.text
    suggested = re.findall(r'<li><span class="tag (\w+)">建议</span>', person.seen[address])
    assert suggested
    assert set(suggested) == {"wait"}
    assert "不得作为依据" in page.text
    told.to(Stage.MATCHING)
    review = told.item("legal-review")
    seen = Browser(app, bureau, told.who(review)).open(f"/work-items/{review.id}")
    assert "审核岗的责任分工" in seen.text
    assert "批准岗的责任分工" in seen.text


def test_the_api_says_who_answers_for_what_with_its_standing(register: Register) -> None:
    door = Door(register)
    told = at_investigation(door.bureau)
    item = told.item("investigation")
    shares = door.get(f"/api/work-items/{item.id}", told.who(item)).json()["context"]["responsibilities"]
    assert {share["respondent"] for share in shares} == set(told.respondents.values())
    assert all(bool(share["quote"]) == (share["mark"] != "建议") for share in shares)
