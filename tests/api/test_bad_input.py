"""Bad input, nothing lost: each a clear refusal, and the register as it was. 错误输入"""

import copy
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from models.rules.lifecycle import Stage
from models.rules.permissions import Role
from models.tables import RoleHolding
from tests.api.door import Door, on_sqlite, refused
from tests.api.test_cases import CASE
from tests.builders import a_case

JSON = {"Content-Type": "application/json"}


def _case(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(CASE) | changes


IMPOSSIBLE: list[tuple[dict[str, Any], int, str, str]] = [
    ({"title": "长" * 10_000}, 422, "validation", "title"),
    ({"title": "正常\u200b标题"}, 422, "validation", "title"),
    ({"title": "正常\u202e标题"}, 422, "validation", "title"),
    ({"narrative": "前\u0000后"}, 422, "validation", "narrative"),
    ({"title": "两行\n标题"}, 422, "validation", "title"),
    ({"title": "   "}, 422, "validation", "title"),
    ({"conduct_on": "-2020-08-17"}, 422, "validation", "conduct_on"),
    ({"conduct_on": "2020-02-30"}, 422, "validation", "conduct_on"),
    ({"conduct_on": "0001-01-01"}, 422, "bad-period", ""),
    ({"conduct_on": "9999-12-31"}, 422, "bad-period", ""),
    ({"conduct_on": "2199-01-01"}, 422, "incomplete", ""),
    ({"category": "unknown"}, 422, "validation", "category"),
    ({"organ": "nowhere"}, 404, "not-found", ""),
    ({"respondents": []}, 422, "validation", "respondents"),
    ({"surprise": 1}, 422, "validation", "surprise"),
]


def test_a_case_that_cannot_be_is_not_registered(door: Door) -> None:
    before = door.dump()
    for changes, status, code, field in IMPOSSIBLE:
        problem = refused(door.post("/api/cases", "luo.ying", json=_case(**changes)), status, code)
        if field:
            assert [e["field"] for e in problem["errors"]] == [field]
            assert problem["next"]
        assert door.dump() == before, changes


@on_sqlite
def test_names_of_people_are_held_to_their_length(door: Door) -> None:
    before = door.dump()
    officer = {"username": "长" * 10_000, "post": "reviewer", "unit": "x"}
    problem = refused(
        door.post("/api/cases", "luo.ying", json=_case(respondents=[officer])), 422, "validation"
    )
    assert problem["errors"] == [{"field": "respondents.0.username", "message": "最多 50 个字符，请精简"}]
    assert door.dump() == before


@on_sqlite
def test_what_is_not_json_or_no_object_is_refused(door: Door) -> None:
    before = door.dump()
    number = b'{"title": ' + b"9" * 9_000 + b"}"
    for body in (b"{", b"", b"[" * 100_000, number, b"\xff\xfe", b'"text"', b"null"):
        response = door.post("/api/cases", "luo.ying", content=body, headers=JSON)
        assert response.status_code in (400, 422)
        assert response.json()["code"] in ("malformed", "validation")
    assert door.dump() == before


@on_sqlite
def test_a_broken_field_name_does_not_break_the_answer(door: Door) -> None:
    response = door.post("/api/cases", "luo.ying", content=b'{"\\ud800": 1}', headers=JSON)
    assert refused(response, 422, "validation")["errors"]


CODE = (
    "{{ 7*7 }}",
    "{% for x in y %}${7*7}<%= 7 %>",
    "'; DROP TABLE case_file; --",
    "<script>alert(1)</script>",
    "%s %d {0} {name}",
)


def test_code_in_a_text_stays_as_it_was_typed(door: Door) -> None:
    for text in CODE:
        made = door.post("/api/cases", "luo.ying", json=_case(title=text, narrative=text, harm=text))
        assert made.status_code == 201
        case = door.get(f"/api/cases/{made.json()['id']}", "luo.ying").json()
        assert (case["case"]["title"], case["narrative"], case["harm"]) == (text, text, text)
        item = door.get("/api/work-items", "he.jun").json()["items"][0]
        assert item["case_title"] == text
        said = {"verdict": "decline", "reason": text}
        assert door.answer(item["id"], said, "he.jun").status_code == 200
        steps = door.get(f"/api/cases/{made.json()['id']}/timeline", "luo.ying").json()
        assert steps[-1]["reason"] == text


def test_an_unknown_clause_is_refused(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.MATCHING)
    item = told.open_items()[0]
    said = told.content(item)
    said["clauses"].append(said["clauses"][0] | {"clause": "exempt-99"})
    before = door.dump()
    problem = refused(door.answer(item.id, said, "gu.ping"), 404, "not-found")
    assert "exempt-99" in problem["detail"]
    assert door.dump() == before


def test_a_wrong_stage_is_refused(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "countersign" for i in t.open_items()))
    told.answer(told.item("countersign"), {"agreed": True})
    statement = told.item("statement")
    told.to(Stage.MATCHING)
    before = door.dump()
    response = door.answer(statement.id, {"points": ["补充一点"]}, told.who(statement), version=9)
    refused(response, 409, "already-done")
    assert door.dump() == before


@on_sqlite
def test_an_item_withdrawn_with_its_round_is_refused(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.REVIEW)
    recusals = [i for i in told.open_items() if i.kind == "recusal"]
    with door.register.writing() as session:
        gone = session.get_one(type(recusals[0]), recusals[0].id)
        gone.state = "cancelled"
    before = door.dump()
    response = door.answer(recusals[0].id, {"recuse": False}, told.who(recusals[0]))
    refused(response, 409, "wrong-stage")
    assert door.dump() == before


@on_sqlite
def test_the_version_seen_must_be_named_and_current(door: Door) -> None:
    told = a_case(door.bureau)
    item = told.open_items()[0]
    said, path = told.content(item), f"/api/work-items/{item.id}/answer"
    before = door.dump()
    refused(door.post(path, "he.jun", json=said), 428, "precondition-required")
    assert refused(door.answer(item.id, said, "he.jun", version=7), 412, "stale")["next"]
    refused(door.answer(item.id, said, "he.jun", version="x"), 422, "incomplete")
    assert door.dump() == before
    assert door.answer(item.id, said, "he.jun").status_code == 200


def test_the_same_answer_twice_is_one_and_another_is_refused(door: Door) -> None:
    told = a_case(door.bureau)
    item = told.open_items()[0]
    said = told.content(item)
    assert door.answer(item.id, said, "he.jun").status_code == 200
    before = door.dump()
    assert door.answer(item.id, said, "he.jun").status_code == 200
    other = said | {"reason": "换一个理由"}
    assert refused(door.answer(item.id, other, "he.jun"), 409, "already-done")["next"]
    assert door.dump() == before


def test_the_officer_concerned_cannot_vote(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballot = told.item("ballot")
    before = door.dump()
    response = door.answer(ballot.id, told.content(ballot), "zhou.kai", version=ballot.version)
    refused(response, 404, "not-found")
    outsider = door.answer(ballot.id, told.content(ballot), "lou.ming", version=ballot.version)
    refused(outsider, 404, "not-found")
    assert door.dump() == before


def test_a_session_without_quorum_is_not_closed(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    closing = told.item("close-session")
    before = door.dump()
    response = door.answer(closing.id, {"summary": "提前结束"}, told.who(closing), version=closing.version)
    assert refused(response, 422, "incomplete")
    assert door.dump() == before


def test_a_panel_of_two_is_refused(door: Door) -> None:
    with door.register.writing() as session:
        session.exec(sa.delete(RoleHolding).where(col(RoleHolding.role) == Role.PANEL_MEMBER))
    told = a_case(door.bureau).to(Stage.REVIEW)
    convening = told.item("convening")
    before = door.dump()
    two = {"members": ["fang.min", "qin.yue"], "reason": "名册人员不足"}
    problem = refused(door.answer(convening.id, two, "cao.ran"), 422, "incomplete")
    assert "5 人" in problem["detail"]
    concerned = {
        "members": ["fang.min", "qin.yue", "shi.lei", "bai.lu", "zhou.kai"],
        "reason": "名册人员不足",
    }
    refused(door.answer(convening.id, concerned, "cao.ran"), 403, "recused")
    assert door.dump() == before


def test_a_ballot_that_leaves_an_officer_out_is_refused(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballot = told.item("ballot")
    said = told.content(ballot)
    before = door.dump()
    half = {"votes": said["votes"][:1]}
    assert 400 <= door.answer(ballot.id, half, told.who(ballot)).status_code < 500
    stranger = {"votes": [*said["votes"][:1], said["votes"][1] | {"respondent": 10**30}]}
    refused(door.answer(ballot.id, stranger, told.who(ballot)), 404, "not-found")
    assert door.dump() == before


NOWHERE = (
    "/api/documents/99999999999999999999",
    "/api/documents/0",
    "/api/evidence/-1",
    "/api/cases/%00",
    "/api/cases/' OR 1=1",
    "/api/work-items/x",
    "/api/cases?stage=nowhere",
    "/api/cases?cursor=" + "A" * 400,
)


def test_an_address_that_cannot_be_is_refused(door: Door) -> None:
    for path in NOWHERE:
        refused(door.get(path, "cao.ran"), 422, "validation")


@on_sqlite
def test_a_body_past_its_limit_is_refused_unread(door: Door) -> None:
    before = door.dump()
    big = b'{"title": "' + b"x" * (600 * 1024) + b'"}'
    refused(door.post("/api/cases", "luo.ying", content=big, headers=JSON), 413, "too-large")
    chunked = door.post(
        "/api/cases", "luo.ying", content=(big[i : i + 9999] for i in range(0, len(big), 9999))
    )
    refused(chunked, 413, "too-large")
    assert door.dump() == before
