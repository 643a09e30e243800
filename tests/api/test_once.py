"""A request sent twice is done once. 重复提交"""

from concurrent.futures import ThreadPoolExecutor

from sqlmodel import select

from models.tables import Case, Evidence, Replay
from tests.api.door import Door, on_sqlite, refused
from tests.api.test_cases import CASE
from tests.api.test_evidence import META, PDF
from tests.builders import a_case


def _cases(door: Door) -> int:
    with door.register.reading() as session:
        return len(session.exec(select(Case.id)).all())


def test_a_case_registered_twice_under_one_key_is_one_case(door: Door) -> None:
    key = {"Idempotency-Key": "r-1"}
    first = door.post("/api/cases", "luo.ying", json=CASE, headers=key)
    before = door.dump()
    second = door.post("/api/cases", "luo.ying", json=CASE, headers=key)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["ETag"] == first.headers["ETag"]
    assert door.dump() == before
    assert _cases(door) == 1


def test_a_key_used_for_another_request_is_refused(door: Door) -> None:
    key = {"Idempotency-Key": "r-1"}
    door.post("/api/cases", "luo.ying", json=CASE, headers=key)
    before = door.dump()
    other = CASE | {"title": "另一案"}
    problem = refused(
        door.post("/api/cases", "luo.ying", json=other, headers=key), 422, "idempotency-mismatch"
    )
    assert problem["next"]
    assert door.dump() == before


def test_a_key_belongs_to_its_person_and_is_free_after_a_refusal(door: Door) -> None:
    key = {"Idempotency-Key": "k"}
    before = door.dump()
    bad = CASE | {"organ": "nowhere"}
    refused(door.post("/api/cases", "luo.ying", json=bad, headers=key), 404, "not-found")
    refused(door.post("/api/cases", "he.jun", json=CASE, headers=key), 403, "not-permitted")
    assert door.dump() == before
    assert door.post("/api/cases", "luo.ying", json=CASE, headers=key).status_code == 201


@on_sqlite
def test_a_key_that_is_none_is_refused(door: Door) -> None:
    before = door.dump()
    for key in ("", "a b", "x" * 101):
        response = door.post("/api/cases", "luo.ying", json=CASE, headers={"Idempotency-Key": key})
        refused(response, 422, "validation")
    assert door.dump() == before


def test_an_answer_under_one_key_is_given_once(door: Door) -> None:
    told = a_case(door.bureau)
    item = told.open_items()[0]
    key = {"Idempotency-Key": "a"}
    first = door.answer(item.id, told.content(item), "he.jun", headers=key)
    told.to_the_end()
    again = door.answer(item.id, told.content(item), "he.jun", headers=key)
    assert (first.status_code, again.json()) == (200, first.json())


def test_evidence_sent_twice_under_one_key_is_one_though_the_boundary_differs(door: Door) -> None:
    told = a_case(door.bureau)
    path, key = f"/api/cases/{told.case_id}/evidence", {"Idempotency-Key": "e"}
    sent = [
        door.post(path, "luo.ying", data=META, files={"file": ("a.pdf", PDF, "application/pdf")}, headers=key)
        for _ in range(2)
    ]
    assert sent[0].json() == sent[1].json()
    other = {"file": ("b.pdf", PDF + b"1", "application/pdf")}
    refused(door.post(path, "luo.ying", data=META, files=other, headers=key), 422, "idempotency-mismatch")
    with door.register.reading() as session:
        assert len(session.exec(select(Evidence)).all()) == 4


def test_many_at_once_under_one_key_are_one(door: Door) -> None:
    key = {"Idempotency-Key": "k"}
    with ThreadPoolExecutor(6) as crowd:
        sent = list(
            crowd.map(lambda _: door.post("/api/cases", "luo.ying", json=CASE, headers=key), range(6))
        )
    assert {response.status_code for response in sent} == {201}
    assert len({response.json()["id"] for response in sent}) == 1
    assert _cases(door) == 1
    with door.register.reading() as session:
        assert len(session.exec(select(Replay)).all()) == 1


def test_many_registering_at_once_leave_no_gap(door: Door) -> None:
    assert door.post("/api/cases", "luo.ying", json=CASE).status_code == 201
    with ThreadPoolExecutor(6) as crowd:
        sent = list(crowd.map(lambda _: door.post("/api/cases", "luo.ying", json=CASE), range(11)))
    assert {response.status_code for response in sent} == {201}
    with door.register.reading() as session:
        assert sorted(session.exec(select(Case.number))) == list(range(1, 13))
