"""Deposits in advance over JSON and on the page. 在先留存"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Response

from models.settings import settings
from models.tables import Evidence
from tests.api.browser import Browser
from tests.api.door import Door, refused
from tests.builders import a_case
from tests.models.test_verbs import rows, waiting

SAID = {
    "kind": "inquiry",
    "to": "cao.ran",
    "title": "关于临期食品处置的请示",
    "text": "能否先行封存？请予明确。",
}
OFFICER, SUPERIOR = "zhou.kai", "cao.ran"


def filed(door: Door) -> str:
    made = door.post("/api/deposits", OFFICER, json=SAID)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def listed(door: Door, by: str) -> list[dict[str, Any]]:
    found = door.get("/api/deposits", by)
    assert found.status_code == 200
    return list(found.json())


def test_filer_and_addressee_see_a_deposit_and_nobody_else_learns_of_it(door: Door) -> None:
    number = filed(door)
    assert filed(door) == number
    for by in (OFFICER, SUPERIOR):
        (row,) = listed(door, by)
        assert (row["id"], row["standing"]) == (number, "waiting")
        assert door.get(f"/api/deposits/{number}", by).json()["hash"] == row["hash"]
    for by in ("xu.jing", "meng.fan", "tang.wei"):
        assert listed(door, by) == []
        refused(door.get(f"/api/deposits/{number}", by), 404, "not-found")
        refused(door.post(f"/api/deposits/{number}/reply", by, json={"text": "不"}), 404, "not-found")
    refused(door.post("/api/deposits", "luo.ying", json=SAID), 403, "not-permitted")
    refused(door.post("/api/deposits", OFFICER, json=SAID | {"to": "xu.jing"}), 422, "incomplete")


def test_the_superior_answers_once_and_the_officer_brings_it_into_the_case(door: Door) -> None:
    number = filed(door)
    told = a_case(door.bureau)
    waiting(told, "statement")
    for _ in range(2):
        said = door.post(f"/api/deposits/{number}/reply", SUPERIOR, json={"text": "可以先行封存。"})
        assert said.status_code == 200, said.text
    refused(
        door.post(f"/api/deposits/{number}/reply", SUPERIOR, json={"text": "不行。"}), 409, "already-done"
    )
    assert listed(door, OFFICER)[0]["standing"] == "answered"
    before = len(rows(told, Evidence))
    for _ in range(2):
        made = door.post(f"/api/cases/{told.case_id}/deposits", OFFICER, json={"deposit": number})
        assert made.status_code == 201, made.text
    assert len(rows(told, Evidence)) == before + 1
    refused(
        door.post(f"/api/cases/{told.case_id}/deposits", SUPERIOR, json={"deposit": number}), 404, "not-found"
    )


def browser(door: Door, by: str) -> Browser:
    return Browser(door.app, door.bureau, by)


def sent(screen: Browser, address: str, fields: dict[str, str], *, at: str = "/me/deposits") -> Response:
    """Fill in a form of a page and send it."""
    form = screen.open(at).form(address)
    return screen.client.post(address, data=form.fill({name: [value] for name, value in fields.items()}))


PDF = b"%PDF-1.7 the paper itself"
File = tuple[str, bytes, str]
NO_FILE: File = ("", b"", "application/octet-stream")  # what a browser sends where none was chosen


def a_form(fields: dict[str, str], file: File | None) -> dict[str, Any]:
    """A multipart body, written out: a client leaves out an empty file name, a browser does not."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode()
        for n, v in fields.items()
    ]
    if file is not None:
        name, content, kind = file
        head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return {
        "content": b"".join([*parts, b"--b--\r\n"]),
        "headers": {"content-type": "multipart/form-data; boundary=b"},
    }


def filled(screen: Browser, fields: dict[str, str], file: File = NO_FILE) -> Response:
    """Fill in the form for a new deposit and send it as a browser does."""
    form = screen.open("/me/deposits").form("/me/deposits")
    assert [control.kind for control in form.controls.pop("file")] == ["file"]
    typed = form.fill({name: [value] for name, value in fields.items()})
    return screen.client.post("/me/deposits", **a_form({n: v[-1] for n, v in typed.items()}, file))


def test_the_page_files_answers_and_says_what_is_missing(door: Door) -> None:
    officer, superior = browser(door, OFFICER), browser(door, SUPERIOR)
    empty = filled(officer, SAID | {"text": ""})
    assert empty.status_code == 422
    assert "内容" in empty.text
    assert SAID["title"] in empty.text
    assert filled(officer, SAID).status_code == 303
    officer.open("/me/deposits")
    assert SAID["text"] in officer.seen["/me/deposits"]
    assert "尚在答复期内" in officer.seen["/me/deposits"]
    number = listed(door, OFFICER)[0]["id"]
    assert sent(superior, f"/me/deposits/{number}/reply", {"text": "可以先行封存。"}).status_code == 303
    told = a_case(door.bureau)
    waiting(told, "statement")
    given = sent(officer, f"/me/deposits/{number}/evidence", {"case": told.case_id})
    assert given.status_code == 303, given.text
    assert "可以先行封存。" in officer.seen["/me/deposits"]


@pytest.mark.parametrize("days", [0, 30])
def test_a_period_that_stands_still_says_until_when_or_on_what_it_ends(door: Door, days: int) -> None:
    door.bureau.clock = datetime.now(UTC)
    told = a_case(door.bureau)
    item = waiting(told, "investigation")
    at = f"/work-items/{item.id}"
    until = datetime.now(UTC).date() + timedelta(days=days)
    typed = {"suspend.ground": "等待检验、检测、鉴定结论", "suspend.reason": "样品已经送检。"}
    manager = browser(door, SUPERIOR)
    said = sent(
        manager, f"{at}/verbs/suspend", typed | ({"suspend.until": until.isoformat()} if days else {}), at=at
    )
    assert said.status_code == 303, said.text
    page = f"/cases/{told.case_id}"
    manager.open(page)
    assert "起中止：等待检验、检测、鉴定结论" in manager.seen[page]
    ends = (
        f"至迟{until.year}年{until.month}月{until.day}日恢复计算"
        if days
        else "没有定期，情形消除时由分管负责人决定恢复"
    )
    assert ends in manager.seen[page]


def test_the_manager_prolongs_a_period_on_the_page_and_the_case_says_how(door: Door) -> None:
    door.bureau.clock = datetime.now(UTC)  # a period that has ended is not prolonged
    told = a_case(door.bureau)
    item = waiting(told, "investigation")
    at, address = f"/work-items/{item.id}", f"/work-items/{item.id}/verbs/extend"
    manager = browser(door, SUPERIOR)
    nothing = sent(manager, address, {"extend.reason": "需要补充调取票据。"}, at=at)
    assert nothing.status_code == 422
    typed = {"extend.ground": "案情复杂，不能在规定期限内完成", "extend.reason": "需要补充调取票据。"}
    said = sent(manager, address, typed, at=at)
    assert said.status_code == 303, said.text
    manager.open(f"/cases/{told.case_id}")
    assert "批准延长15个工作日" in manager.seen[f"/cases/{told.case_id}"]
    assert "需要补充调取票据。" in manager.seen[f"/cases/{told.case_id}"]
    manager.open(at)
    assert "verbs/extend" not in manager.seen[at]


def test_a_deposit_carries_its_paper_and_only_the_two_may_open_it(door: Door) -> None:
    file = ("请示原件.pdf", PDF, "application/pdf")
    first = door.post("/api/deposits/with-paper", OFFICER, **a_form(SAID, file))
    assert first.status_code == 201, first.text
    assert door.post("/api/deposits/with-paper", OFFICER, **a_form(SAID, file)).json() == first.json()
    (row,) = listed(door, OFFICER)
    assert (row["file_name"], row["size"]) == ("请示原件.pdf", len(PDF))
    assert row["paper_sha256"] == hashlib.sha256(PDF).hexdigest()
    at = f"/api/deposits/{row['id']}/paper"
    for by in (OFFICER, SUPERIOR):
        opened = door.get(at, by)
        assert (opened.status_code, opened.content) == (200, PDF)
        assert opened.headers["content-disposition"].startswith("attachment")
    for by in ("xu.jing", "tang.wei"):
        refused(door.get(at, by), 404, "not-found")
    bare = filed(door)
    refused(door.get(f"/api/deposits/{bare}/paper", OFFICER), 404, "not-found")


@pytest.mark.parametrize(
    ("by", "fields", "file", "status"),
    [
        ("luo.ying", SAID, ("a.pdf", PDF, "application/pdf"), 403),
        (OFFICER, SAID | {"to": "xu.jing"}, ("a.pdf", PDF, "application/pdf"), 422),
        (OFFICER, SAID, None, 422),
        (OFFICER, SAID, ("a.pdf", b"", "application/pdf"), 422),
        (OFFICER, SAID, ("a.exe", b"MZ", "application/x-msdownload"), 415),
        (OFFICER, SAID, ("a.pdf", b"no paper", "application/pdf"), 415),
        (OFFICER, SAID | {"paper_sha256": "a" * 64}, ("a.pdf", PDF, "application/pdf"), 422),
        (OFFICER, SAID, ("a.pdf", PDF + b"x" * (1 << 20), "application/pdf"), 413),
    ],
)
def test_a_paper_that_cannot_be_kept_leaves_no_deposit(
    door: Door,
    monkeypatch: pytest.MonkeyPatch,
    by: str,
    fields: dict[str, str],
    file: File | None,
    status: int,
) -> None:
    monkeypatch.setenv("ZHAODAN_EVIDENCE_MAX_MB", "1")
    settings.cache_clear()
    said = door.post("/api/deposits/with-paper", by, **a_form(fields, file))
    assert said.status_code == status, said.text
    assert listed(door, OFFICER) == []


def test_the_page_takes_the_paper_and_says_what_is_wrong_with_it(door: Door) -> None:
    officer = browser(door, OFFICER)
    wrong = filled(officer, SAID, ("a.pdf", b"no paper", "application/pdf"))
    assert wrong.status_code == 415
    assert SAID["text"] in wrong.text
    assert filled(officer, SAID, ("请示原件.pdf", PDF, "application/pdf")).status_code == 303
    officer.open("/me/deposits")
    assert "请示原件.pdf" in officer.seen["/me/deposits"]
    forged = officer.client.post("/me/deposits", **a_form(SAID | {"csrf": "x"}, NO_FILE))
    assert forged.status_code == 403
