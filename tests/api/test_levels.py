"""How far a case and its papers may be known, set by the manager with a reason. 密级"""

from sqlmodel import col, select

from models.casework import verify_chain
from models.casework.office import recipients
from models.casework.record import Act
from models.database import Register
from models.rules.confidentiality import Level
from models.rules.lifecycle import Stage
from models.tables import Case, Document, Effect, Event, Publication
from tests.api.browser import Browser
from tests.api.door import Door, refused
from tests.builders import a_case

WHY = "涉及信访人身份，缩小知悉范围。"


def events(register: Register, case_id: str) -> list[Event]:
    with register.reading() as session:
        found = session.exec(select(Event).where(Event.case_id == case_id).order_by(col(Event.seq)))
        return [event for event in found if "level" in event.tag]


def a_paper(door: Door, case_id: str, audience: str = "internal") -> int:
    with door.register.writing() as session:
        paper = Document(
            case_id=case_id, key=audience, kind="notice", round=1, title="文书", sha256="0" * 64, size=1,
            audience=audience, filed_at=door.bureau.now(),
        )  # fmt: skip
        session.add(paper)
        session.flush()
        return paper.id or 0


def raise_to(door: Door, path: str, level: str, by: str = "cao.ran"):
    return door.post(f"/api/{path}/level", by, json={"level": level, "reason": WHY})


def test_a_raised_case_is_gone_for_those_below_it_and_lists_say_the_same(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    path = f"cases/{told.case_id}"
    assert door.get(f"/api/{path}", "luo.ying").json()["case"]["level_zh"] == "内部"
    done = raise_to(door, path, "sensitive")
    assert (done.status_code, done.json()["level_zh"]) == (200, "敏感")
    assert raise_to(door, path, "sensitive").json() == done.json()
    (event,) = events(door.register, told.case_id)
    assert (event.reason, event.data["before"], event.data["after"]) == (WHY, "internal", "sensitive")
    for gone in ("luo.ying", "zou.he"):
        refused(door.get(f"/api/{path}", gone), 404, "not-found")
        assert door.get("/api/cases", gone).json()["count"] == 0
    for there in ("he.jun", "tang.wei", "cao.ran", "meng.fan", "zhou.kai"):
        assert door.get("/api/cases", there).json()["count"] == 1
    assert raise_to(door, path, "strict").status_code == 200
    refused(door.get(f"/api/{path}", "he.jun"), 404, "not-found")
    assert told.to_the_end().case().state == "archived", "whoever has work to do can still do it"
    with door.register.reading() as session:
        assert verify_chain(session, told.case()) is None
    assert "敏感" in door.get(f"/cases/{told.case_id}", "cao.ran").text


def test_who_may_not_set_a_level_and_what_cannot_be_set(door: Door) -> None:
    told = a_case(door.bureau)
    path = f"cases/{told.case_id}"
    refused(raise_to(door, path, "strict", "he.jun"), 403, "not-permitted")
    refused(raise_to(door, path, "strict", "lou.ming"), 404, "not-found")
    refused(raise_to(door, path, "public"), 422, "incomplete")
    refused(
        door.post(f"/api/{path}/level", "cao.ran", json={"level": "strict", "reason": ""}), 422, "validation"
    )
    # The screening would have nobody left who may see it.
    assert "受理审查" in refused(raise_to(door, path, "strict"), 409, "conflict")["detail"]
    assert events(door.register, told.case_id) == []
    refused(raise_to(door, f"cases/{'0' * 32}", "strict"), 404, "not-found")


def test_a_paper_may_be_more_confidential_than_its_case(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    paper, open_to_all = a_paper(door, told.case_id), a_paper(door, told.case_id, "public")
    listed = f"/api/cases/{told.case_id}/documents"
    assert {p["id"] for p in door.get(listed, "luo.ying").json()} == {paper, open_to_all}
    for _ in range(2):
        assert raise_to(door, f"documents/{paper}", "strict").json()["level"] == "strict"
    assert [e.data["document"] for e in events(door.register, told.case_id)] == [paper]
    assert {p["id"] for p in door.get(listed, "luo.ying").json()} == {open_to_all}
    assert {p["id"] for p in door.get(listed, "tang.wei").json()} == {paper, open_to_all}
    refused(door.get(f"/api/documents/{paper}", "luo.ying"), 404, "not-found")
    refused(raise_to(door, f"documents/{paper}", "public"), 422, "incomplete")
    refused(raise_to(door, f"documents/{paper}", "internal", "luo.ying"), 404, "not-found")
    refused(raise_to(door, f"documents/{paper}", "internal", "tang.wei"), 403, "not-permitted")
    refused(raise_to(door, "documents/999999", "internal"), 404, "not-found")


def test_what_is_published_is_not_restricted_before_it_is_taken_down(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    paper = a_paper(door, told.case_id, "public")
    with door.register.writing() as session:
        now = door.bureau.now()
        session.add(
            Publication(case_id=told.case_id, document_id=paper, slug="a", title="公告", published_at=now)
        )
    refused(raise_to(door, f"documents/{paper}", "strict"), 409, "conflict")


def test_nobody_is_told_of_a_case_that_is_hidden_from_them(register: Register) -> None:
    door = Door(register)
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    archivist, manager = door.bureau.ids["zou.he"], door.bureau.ids["cao.ran"]
    for level, heard in ((Level.INTERNAL, {archivist, manager}), (Level.STRICT, {manager})):
        with register.writing() as session:
            case = session.get_one(Case, told.case_id)
            case.level = level
            act = Act.on(session, case, actor=None, now=door.bureau.now())
            owed = [Effect(case_id=case.id, kind="notice", person_id=p) for p in (archivist, manager)]
            assert {p for effect in owed for p in recipients(act, effect)} == heard


def test_the_manager_sets_a_level_on_the_page(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    paper = a_paper(door, told.case_id)
    address, action = f"/cases/{told.case_id}", f"/cases/{told.case_id}/level"
    manager = Browser(door.app, door.bureau, "cao.ran")
    form = manager.open(address).form(action)
    empty = manager.client.post(action, data=form.fill({"level.level": ["strict"]}))
    assert empty.status_code == 422
    assert "调整密级" in manager.read(address, empty).text
    for target in ("case", str(paper)):
        said = {"level.object": [target], "level.level": ["strict"], "level.reason": [WHY]}
        assert manager.client.post(action, data=form.fill(said)).status_code == 303
    assert [event.tag for event in events(door.register, told.case_id)] == [
        "case:level-set",
        "document:level-set",
    ]
    page = manager.open(address).text
    assert "内部 → 严格限制" in page
    assert "调整密级" not in Browser(door.app, door.bureau, "tang.wei").open(address).text
