"""The reporter's identity: sealed, ruled on, shown once, and nowhere else. 举报人信息"""

import stat
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlmodel import SQLModel, select

from models import vault
from models.settings import settings
from models.tables import Event, Reading, Reporter
from tests.api.browser import Browser
from tests.api.door import Door, on_sqlite, refused
from tests.api.test_cases import CASE
from tests.builders import Told, a_case

NAME, CONTACT = "谭不言", "13900001111"
REPORTER = {"name": NAME, "contact": CONTACT}
WHY = {"reason": "需要向举报人核实送达的时间。"}


@pytest.fixture(autouse=True)
def _key(register: Any) -> None:
    vault.prepare_key()


@pytest.fixture
def told(door: Door) -> Told:
    """A case with a reporter, under investigation."""
    return a_case(door.bureau, reporter=REPORTER).go_on(lambda t: t.case().stage == "verification")


def everything(door: Door) -> str:
    """Every row of every table, and every file that is kept."""
    with door.register.reading() as session:
        rows = [str(session.execute(sa.select(t)).all()) for t in SQLModel.metadata.sorted_tables]
    files = [
        path.read_bytes().decode("utf-8", "replace")
        for path in (settings().data_dir / "files").rglob("*")
        if path.is_file()
    ]
    return "\n".join(rows + files)


def a_request(door: Door, told: Told, granted: bool | None = None) -> int:
    made = door.post(f"/api/cases/{told.case_id}/identity-requests", "tang.wei", json=WHY)
    assert made.status_code == 201, made.text
    number = int(made.json()["id"])
    if granted is not None:
        said = {"granted": granted, "reason": "理由充分。"}
        assert door.post(f"/api/identity-requests/{number}/ruling", "dai.yun", json=said).status_code == 200
    return number


def test_the_identity_is_nowhere_but_in_the_vault(door: Door, told: Told) -> None:
    told.to_the_end()
    kept = everything(door)
    assert NAME not in kept
    assert CONTACT not in kept
    with door.register.reading() as session:
        sealed = session.exec(select(Reporter.sealed).where(Reporter.case_id == told.case_id)).one()
        assert "reporter" not in str([e.data for e in session.exec(select(Event))])
    assert vault.unseal(sealed) == (NAME, CONTACT)
    for who in door.bureau.ids:
        for path in (
            f"/api/cases/{told.case_id}",
            f"/api/cases/{told.case_id}/timeline",
            f"/cases/{told.case_id}",
        ):
            assert NAME not in door.get(path, who).text


def test_a_granted_request_is_opened_once_by_the_custodian_who_granted_it(door: Door, told: Told) -> None:
    number = a_request(door, told)
    assert a_request(door, told) == number, "the same request again is the same one"
    listed = door.get("/api/identity-requests", "dai.yun").json()
    assert [(r["id"], r["mine_to_rule"], r["requested_by"]) for r in listed] == [(number, True, "唐蔚")]
    assert told.case_id not in str(listed)
    opening = f"/api/identity-requests/{number}/opening"
    refused(door.post(opening, "dai.yun"), 409, "conflict")
    said = {"granted": True, "reason": "理由充分。"}
    for _ in range(2):
        assert (
            door.post(f"/api/identity-requests/{number}/ruling", "dai.yun", json=said).json()["ruling"]
            == "granted"
        )
    other = said | {"granted": False}
    refused(door.post(f"/api/identity-requests/{number}/ruling", "dai.yun", json=other), 409, "already-done")
    shown = door.post(opening, "dai.yun", headers={"Idempotency-Key": "one-look"})
    assert shown.json() == REPORTER
    assert shown.headers["Cache-Control"] == "no-store"
    refused(door.post(opening, "dai.yun", headers={"Idempotency-Key": "one-look"}), 409, "already-done")
    assert NAME not in everything(door)
    steps = [s["tag"] for s in door.get(f"/api/cases/{told.case_id}/timeline", "tang.wei").json()]
    assert steps[-3:] == ["identity:requested", "identity:ruled", "identity:opened"]
    with door.register.reading() as session:
        looks = session.exec(select(Reading).where(Reading.kind == "identity")).all()
    assert [(r.person_id, r.object_id, r.times) for r in looks] == [(door.bureau.ids["dai.yun"], number, 1)]
    readers = door.get(f"/api/cases/{told.case_id}/readings", "cao.ran").json()
    assert "戴芸" not in str(readers)


def test_nobody_of_the_case_team_rules_or_opens_and_few_may_ask(door: Door, told: Told) -> None:
    number = a_request(door, told, granted=True)
    for who in ("tang.wei", "cao.ran", "meng.fan", "luo.ying", "zhou.kai", "lou.ming"):
        refused(door.post(f"/api/identity-requests/{number}/opening", who), 404, "not-found")
        said = {"granted": True, "reason": "由我裁定。"}
        refused(door.post(f"/api/identity-requests/{number}/ruling", who, json=said), 404, "not-found")
    path = f"/api/cases/{told.case_id}/identity-requests"
    refused(door.post(path, "cao.ran", json=WHY), 403, "not-permitted")
    refused(door.post(path, "zhou.kai", json=WHY), 403, "not-permitted")
    for stranger in ("dai.yun", "lou.ming"):
        refused(door.post(path, stranger, json=WHY), 404, "not-found")
    refused(door.post(path, "tang.wei", json={"reason": " "}), 422, "validation")
    own = door.get("/api/identity-requests", "tang.wei").json()
    assert [(r["id"], r["mine_to_rule"], r["mine_to_open"]) for r in own] == [(number, False, False)]
    assert door.get("/api/identity-requests", "shen.lan").json() == []


def test_what_is_refused_stays_sealed_and_another_waits_its_turn(door: Door, told: Told) -> None:
    number = a_request(door, told, granted=False)
    refused(door.post(f"/api/identity-requests/{number}/opening", "dai.yun"), 409, "conflict")
    again = a_request(door, told)
    assert again != number
    path = f"/api/cases/{told.case_id}/identity-requests"
    refused(door.post(path, "tang.wei", json={"reason": "另有理由。"}), 409, "already-done")


def test_a_case_without_a_reporter_and_a_text_that_names_one(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: t.case().stage == "verification")
    path = f"/api/cases/{told.case_id}/identity-requests"
    refused(door.post(path, "tang.wei", json=WHY), 409, "conflict")
    before = door.dump()
    for changed in ({"narrative": f"{NAME}反映登记不实。"}, {"allegations": [{"text": f"请回电{CONTACT}"}]}):
        body = CASE | {"reporter": REPORTER} | changed
        problem = refused(door.post("/api/cases", "luo.ying", json=body), 422, "incomplete")
        assert NAME not in problem["detail"]
    assert door.dump() == before


def test_by_forms_alone(door: Door) -> None:
    clerk = Browser(door.app, door.bureau, "luo.ying")
    said = {
        "title": ["登记问题"],
        "category": ["licensing"],
        "source": ["report"],
        "conduct_on": ["2020-08-17"],
        "narrative": ["登记因材料虚假被撤销。"],
        "respondents.0.username": ["zhou.kai"],
        "respondents.0.post": ["reviewer"],
        "respondents.0.unit": ["城南分局"],
        "allegations.0.text": ["审查不严"],
        "reporter.name": [NAME],
        "reporter.contact": [CONTACT],
    }
    registered = clerk.send("/cases/new", said)
    assert registered.status_code == 303, registered.text
    assert NAME not in clerk.open(registered.headers["location"]).text
    with door.register.reading() as session:
        assert session.exec(select(Reporter)).one()
    told = a_case(door.bureau, reporter=REPORTER).go_on(lambda t: t.case().stage == "verification")
    investigator, custodian = (Browser(door.app, door.bureau, who) for who in ("tang.wei", "dai.yun"))
    action = f"/cases/{told.case_id}/identity-requests"
    form = investigator.open(f"/cases/{told.case_id}").form(action)
    assert investigator.client.post(action, data=form.fill({"reason": [""]})).status_code == 422
    assert investigator.client.post(action, data=form.fill({"reason": ["核实送达时间。"]})).status_code == 303
    assert "等待保管员裁定" in investigator.open("/identity-requests").text
    page = custodian.open("/identity-requests")
    ruling = next(f for f in page.forms if f.action.endswith("/ruling"))
    filled = ruling.fill({"reason": ["理由充分。"]})
    assert custodian.client.post(ruling.action, data=filled).status_code == 422, "which way was not said"
    assert custodian.client.post(ruling.action, data=filled | {"ruling": ["granted"]}).status_code == 303
    opening = next(f for f in custodian.open("/identity-requests").forms if f.action.endswith("/opening"))
    shown = custodian.client.post(opening.action, data=opening.typed())
    assert NAME in shown.text
    assert custodian.client.post(opening.action, data=opening.typed()).status_code == 409
    assert NAME not in custodian.open("/identity-requests").text


@on_sqlite
def test_the_key_is_ours_alone_made_once_and_missed_when_gone(door: Door, told: Told) -> None:
    path = vault.key_path()
    assert path.parent == settings().data_dir
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_bytes()
    vault.prepare_key()
    assert path.read_bytes() == key
    assert [p.name for p in path.parent.glob("vault.key*")] == ["vault.key"]
    number = a_request(door, told, granted=True)
    opening = f"/api/identity-requests/{number}/opening"
    for spoil in (
        lambda: path.chmod(0o640),
        lambda: (path.chmod(0o600), path.write_bytes(Fernet.generate_key())),
        lambda: path.write_bytes(b"no key"),
        path.unlink,
    ):
        spoil()
        refused(door.post(opening, "dai.yun"), 409, "vault-closed")
    path.write_bytes(key)
    path.chmod(0o600)
    assert door.post(opening, "dai.yun").json() == REPORTER
