"""Interviews and expert opinions over JSON and on the page. 笔录和论证"""

import pytest

from api.transcripts import exchanges
from models.rules.errors import Incomplete
from models.rules.lifecycle import Stage
from models.tables import Document, Transcript
from tasks.office import office_work
from tests.api.browser import Browser
from tests.api.door import Door, refused
from tests.api.test_deposits import sent
from tests.builders import Told, a_case
from tests.models.test_verbs import rows

INTERVIEW = {
    "person": "周凯",
    "capacity": "respondent",
    "place": "第一谈话室",
    "began_at": "2026-03-01T09:00:00+08:00",
    "ended_at": "2026-03-01T10:00:00+08:00",
    "second": "shen.lan",
    "rights_told": True,
    "exchanges": [{"question": "当时怎样审查？", "answer": "逐项勾对。"}],
    "signed": True,
}
OPINION = {
    "question": "签名能否辨别真伪？",
    "experts": [{"name": "专家甲", "unit": "某司法鉴定中心", "title": ""}],
    "no_ties": True,
    "reasoning": "笔画特征接近。",
    "opinion": "以通常注意不能辨别。",
    "formed_on": "2026-03-01",
}


@pytest.fixture
def told(door: Door) -> Told:
    return a_case(door.bureau).to(Stage.VERIFICATION)


@pytest.mark.parametrize(("what", "said"), [("interviews", INTERVIEW), ("expert-opinions", OPINION)])
def test_it_is_taken_down_once_and_only_by_those_who_may(
    door: Door, told: Told, what: str, said: dict[str, object]
) -> None:
    address = f"/api/cases/{told.case_id}/{what}"
    first = door.post(address, "tang.wei", json=said)
    assert first.status_code == 201, first.text
    assert door.post(address, "tang.wei", json=said).json() == first.json()
    assert len(rows(told, Transcript)) == 1
    refused(door.post(address, "zhou.kai", json=said), 403, "not-permitted")
    refused(door.post(address, "hou.yi", json=said), 404, "not-found")
    assert door.post(address, "tang.wei", json=said | {"unknown": 1}).status_code == 422


def test_the_page_takes_down_both_and_keeps_what_is_refused(door: Door, told: Told) -> None:
    screen = Browser(door.app, door.bureau, "tang.wei")
    at = f"/cases/{told.case_id}/transcripts"
    screen.open(f"/cases/{told.case_id}")
    assert at in screen.seen[f"/cases/{told.case_id}"]
    typed = {
        "person": "周凯",
        "capacity": "respondent",
        "place": "第一谈话室",
        "began_at": "2026-03-01T09:00",
        "ended_at": "2026-03-01T10:05",
        "second": "shen.lan",
        "rights_told": "yes",
        "signed": "yes",
        "exchanges": "问：当时怎样审查？\n答：逐项勾对。\n没有发现异常。\n问：还有什么补充？\n答：没有。",
    }
    wrong = sent(screen, f"/cases/{told.case_id}/interviews", typed | {"exchanges": "当时怎样审查？"}, at=at)
    assert wrong.status_code == 422
    assert "以“问：”“答：”开头" in wrong.text
    assert "第一谈话室" in wrong.text
    assert sent(screen, f"/cases/{told.case_id}/interviews", typed, at=at).status_code == 303
    (row,) = rows(told, Transcript)
    assert row.content["exchanges"][0]["answer"] == "逐项勾对。\n没有发现异常。"
    assert row.content["began_at"].startswith("2026-03-01T09:00:00+08:00")
    opinion = {
        "question": "签名能否辨别真伪？",
        "experts": "专家甲，某司法鉴定中心，高级工程师\n专家乙，某大学",
        "no_ties": "yes",
        "reasoning": "笔画特征接近。",
        "opinion": "以通常注意不能辨别。",
        "formed_on": "2026-03-01",
    }
    lone = sent(screen, f"/cases/{told.case_id}/expert-opinions", opinion | {"experts": "专家甲"}, at=at)
    assert lone.status_code == 422
    assert "每人一行" in lone.text
    empty = sent(screen, f"/cases/{told.case_id}/expert-opinions", opinion | {"opinion": ""}, at=at)
    assert empty.status_code == 422
    assert "论证意见" in empty.text
    assert sent(screen, f"/cases/{told.case_id}/expert-opinions", opinion, at=at).status_code == 303
    screen.open(at)
    for part in ("周凯", "专家甲、专家乙"):
        assert part in screen.seen[at]
    office_work(told.case_id)
    kinds = [row.kind for row in rows(told, Document)]
    assert [kinds.count("interview-record"), kinds.count("expert-opinion")] == [1, 1]
    officer = Browser(door.app, door.bureau, "zhou.kai")
    assert officer.client.get(at).status_code == 403


def test_the_marks_of_the_english_page_are_read_too() -> None:
    assert exchanges("Q: one\nA: two\nmore") == [{"question": "one", "answer": "two\nmore"}]


@pytest.mark.parametrize("text", ["答：先答。", "问：一\n答：二\n答：三", "开场白\n问：一\n答：二"])
def test_a_record_without_order_is_refused(text: str) -> None:
    with pytest.raises(Incomplete):
        exchanges(text)
