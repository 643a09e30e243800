"""Six factors per officer: noted by the investigator, read by legal reviewer, panel and in the report. 权衡因素"""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import select

from api.app import create_app
from models.casework import answer_work_item
from models.database import Register
from models.dossier import load_dossier
from models.rules.errors import CaseworkError, Incomplete, NotFound
from models.rules.lifecycle import Stage
from models.tables import WorkItem
from tests.api.browser import Browser
from tests.api.door import Door
from tests.builders import Bureau, Told, a_bureau, a_case

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NOTE = "未发现与申请人有利益往来，主观上没有放任。"


@pytest.fixture
def app(register: Register) -> FastAPI:
    return create_app()


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def at_investigation(bureau: Bureau) -> tuple[Told, WorkItem, dict[str, Any]]:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "investigation" for i in t.open_items()))
    item = told.item("investigation")
    return told, item, told.content(item)


def test_the_notes_reach_the_legal_reviewer_and_the_panel(app: FastAPI, bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.MATCHING)
    review = told.item("legal-review")
    assert NOTE in Browser(app, bureau, told.who(review)).open(f"/work-items/{review.id}").text
    told.to(Stage.REVIEW).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballot = next(i for i in told.open_items() if i.kind == "ballot")
    page = Browser(app, bureau, told.who(ballot)).open(f"/work-items/{ballot.id}")
    assert page.text.count(NOTE) == len(told.respondents)


def test_the_api_shows_them_in_the_items_of_legal_reviewer_and_panel_only(register: Register) -> None:
    door = Door(register)
    told = a_case(door.bureau).to(Stage.MATCHING)
    review = told.item("legal-review")
    context = door.get(f"/api/work-items/{review.id}", told.who(review)).json()["context"]
    first = context["factors"][0]
    assert (first["factor"], first["zh"], first["note"]) == ("motive", "动机态度", NOTE)
    assert len(context["factors"]) == 6 * len(told.respondents)
    told.go_on(lambda t: any(i.kind == "notice-of-intent" for i in t.open_items()))
    notice = told.item("notice-of-intent")
    assert "factors" not in door.get(f"/api/work-items/{notice.id}", told.who(notice)).json()["context"]


def test_the_form_offers_all_six_for_every_officer(app: FastAPI, bureau: Bureau) -> None:
    told, item, _ = at_investigation(bureau)
    person = Browser(app, bureau, told.who(item))
    address = f"/work-items/{item.id}"
    controls = person.open(address).form(address).controls
    offered = [name for name in controls if name.startswith("factors.")]
    assert len(offered) == 6 * len(told.respondents)
    person.send(address, {offered[0]: ["出于公心"]}, do="draft")
    assert person.open(address).form(address).typed()[offered[0]] == ["出于公心"]


@pytest.mark.parametrize(
    ("row", "refusal"),
    [
        ({"factor": "luck"}, NotFound),
        ({"respondent": 999}, NotFound),
        ({"twice": True}, Incomplete),
    ],
)
def test_a_factor_must_be_one_of_the_edition_for_an_officer_of_the_case_and_once(
    bureau: Bureau, row: dict[str, Any], refusal: type[CaseworkError]
) -> None:
    told, item, content = at_investigation(bureau)
    rows = content["factors"]
    twice = row.pop("twice", False)
    content["factors"] = [*rows, rows[0]] if twice else [rows[0] | row]
    with pytest.raises(refusal):
        told.answer(item, content)


def test_an_answer_without_factors_is_as_valid_as_before_and_so_is_its_repetition(bureau: Bureau) -> None:
    told, item, content = at_investigation(bureau)
    content.pop("factors")
    told.answer(item, content)
    with bureau.register.writing() as session:  # as it was kept before there were factors
        kept = session.get_one(WorkItem, item.id)
        kept.answer = {name: value for name, value in (kept.answer or {}).items() if name != "factors"}
    told.answer(item, content)
    with bureau.register.reading() as session:
        assert {f.note for f in load_dossier(session, told.case_id).factors} == {""}
        assert session.exec(select(WorkItem).where(WorkItem.kind == "countersign")).one()


def test_the_same_repetition_with_factors_is_another_answer(bureau: Bureau) -> None:
    told, item, content = at_investigation(bureau)
    without = {name: value for name, value in content.items() if name != "factors"}
    told.answer(item, without)
    with pytest.raises(CaseworkError), bureau.register.writing() as session:
        answer_work_item(session, item.id, content, actor=bureau.actor(told.who(item)), now=bureau.now())
