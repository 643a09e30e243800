"""Evidence and papers: streamed in, checked, read by whom they are for. 证据与文书"""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from sqlmodel import select

from models.accounts import set_password
from models.database import Register
from models.files import store
from models.rules.lifecycle import Stage
from models.settings import settings
from models.tables import Document
from processes import PROJECT, free_port
from tests.api.door import Door, on_sqlite, refused
from tests.api.test_session import PASSWORD
from tests.builders import a_case

PDF = b"%PDF-1.7\n" + b"0" * 2000
META = {"kind": "书证", "collected_by": "罗颖", "proves": "受理时间"}


def _send(door: Door, case_id: str, by: str = "luo.ying", **options: Any) -> Response:
    options = {"data": META, "files": {"file": ("受理 回执.pdf", PDF, "application/pdf")}} | options
    return door.post(f"/api/cases/{case_id}/evidence", by, **options)


def test_evidence_is_kept_and_read_as_it_was(door: Door) -> None:
    told = a_case(door.bureau)
    sent = _send(door, told.case_id)
    assert sent.status_code == 201, sent.text
    piece = sent.json()
    assert (piece["number"], piece["file_name"], piece["size"]) == (4, "受理 回执.pdf", len(PDF))
    read = door.get(f"/api/evidence/{piece['id']}", "cao.ran")
    assert read.content == PDF
    assert read.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in read.headers["content-security-policy"]
    assert _send(door, told.case_id).json()["id"] == piece["id"]


def test_the_day_the_material_was_made_is_kept_and_cannot_lie_ahead(door: Door) -> None:
    told = a_case(door.bureau)
    dated = _send(door, told.case_id, data=META | {"formed_on": "2022-09-01"})
    assert dated.json()["formed_on"] == "2022-09-01", dated.text
    undated = _send(
        door,
        told.case_id,
        data=META | {"formed_on": ""},
        files={"file": ("b.pdf", PDF + b"1", "application/pdf")},
    )
    assert undated.json()["formed_on"] is None, undated.text
    ahead = _send(
        door,
        told.case_id,
        data=META | {"formed_on": "2999-01-01"},
        files={"file": ("c.pdf", PDF + b"2", "application/pdf")},
    )
    refused(ahead, 422, "incomplete")
    assert len(door.get(f"/api/cases/{told.case_id}", "cao.ran").json()["evidence"]) == 5


def test_an_officer_adds_and_reads_own_evidence_only(door: Door) -> None:
    told = a_case(door.bureau)
    refused(_send(door, told.case_id, "zhou.kai"), 404, "not-found")
    told.to(Stage.VERIFICATION)
    own = _send(door, told.case_id, "zhou.kai")
    assert own.status_code == 201
    assert door.get(f"/api/evidence/{own.json()['id']}", "zhou.kai").content == PDF
    refused(door.get("/api/evidence/1", "zhou.kai"), 404, "not-found")
    refused(door.get(f"/api/evidence/{own.json()['id']}", "xu.jing"), 404, "not-found")
    refused(door.get("/api/evidence/1", "lou.ming"), 404, "not-found")


NO_EVIDENCE = [
    ("a.exe", b"MZ" + b"0" * 600, "application/x-msdownload", 415, "wrong-type"),
    ("a.pdf", b"MZ" + b"0" * 600, "application/pdf", 415, "wrong-type"),
    ("a.png", PDF, "image/png", 415, "wrong-type"),
    ("a.jpg", PDF, "image/jpeg", 415, "wrong-type"),
    ("a.txt", b"\0\1\2", "text/plain", 415, "wrong-type"),
    ("a.html", b"<script>", "text/html", 415, "wrong-type"),
    ("a.pdf", b"", "application/pdf", 422, "incomplete"),
    ("长" * 300 + ".pdf", PDF, "application/pdf", 422, "incomplete"),
    ("a\u202efdp.pdf", PDF, "application/pdf", 422, "incomplete"),
    ("/", PDF, "application/pdf", 422, "incomplete"),
]


@on_sqlite
def test_a_file_that_is_not_evidence_is_refused(door: Door) -> None:
    told = a_case(door.bureau)
    before = door.dump()
    for name, content, media_type, status, code in NO_EVIDENCE:
        refused(_send(door, told.case_id, files={"file": (name, content, media_type)}), status, code)
        assert door.dump() == before, name


@on_sqlite
def test_a_path_in_a_file_name_is_dropped(door: Door) -> None:
    told = a_case(door.bureau)
    sent = _send(door, told.case_id, files={"file": ("..\\..\\etc/passwd.pdf", PDF, "application/pdf")})
    assert sent.json()["file_name"] == "passwd.pdf"


@on_sqlite
def test_a_form_that_is_not_in_order_is_refused(door: Door) -> None:
    told = a_case(door.bureau)
    before = door.dump()
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    whole = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-\r\n--x--\r\n'
    problem = refused(
        _send(door, told.case_id, data={"kind": "传闻", "collected_by": "罗颖"}), 422, "validation"
    )
    assert problem["errors"][0]["field"] == "kind"
    for options in (
        {"files": {}, "content": b"", "headers": form},
        {"files": {}, "content": b"nonsense", "headers": form},
        {"files": {}, "content": b"--x\r\n", "headers": form},
        {"files": {}, "headers": {"Content-Type": "multipart/form-data"}},
        {"files": {}, "json": {"kind": "书证"}},
        {"files": {"file": ("a.pdf", PDF), "other": ("b.pdf", PDF)}},
        {"files": {}, "content": whole, "headers": form},
    ):
        response = _send(door, told.case_id, **({"data": {}} | options if "files" in options else options))
        assert response.status_code in (415, 422), (options, response.text)
    cut = (
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\n' + "书证".encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="collected_by"\r\n\r\n' + "罗颖".encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" + PDF
    )
    response = _send(door, told.case_id, data={}, files={}, content=cut, headers=form)
    assert "没有传完" in refused(response, 422, "incomplete")["detail"]
    assert door.dump() == before


@on_sqlite
def test_who_may_not_add_evidence_sends_nothing(door: Door) -> None:
    told = a_case(door.bureau)
    before = door.dump()
    refused(_send(door, told.case_id, "cao.ran"), 403, "not-permitted")
    refused(_send(door, told.case_id, "lou.ming"), 404, "not-found")
    refused(door.post(f"/api/cases/{told.case_id}/evidence", files={"file": PDF}), 401, "sign-in-required")
    assert door.dump() == before


@on_sqlite
def test_a_browser_sends_its_mark_with_the_file(door: Door) -> None:
    told = a_case(door.bureau)
    with door.register.writing() as session:
        set_password(session, door.bureau.ids["luo.ying"], PASSWORD)
    door.client.post("/api/session", json={"username": "luo.ying", "password": PASSWORD})
    csrf = door.get("/api/session").json()["csrf"]
    files = {"file": ("a.pdf", PDF, "application/pdf")}
    path = f"/api/cases/{told.case_id}/evidence"
    before = door.dump()
    refused(door.post(path, data=META, files=files), 403, "csrf")
    assert door.dump() == before
    assert door.post(path, data=META | {"csrf": csrf}, files=files).status_code == 201


@on_sqlite
def test_a_file_past_the_limit_is_refused_and_leaves_nothing(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHAODAN_EVIDENCE_MAX_MB", "1")
    settings.cache_clear()
    door = Door(register)
    told = a_case(door.bureau)
    before = door.dump()
    for size in (1024 * 1024 + 1, 3 * 1024 * 1024):
        big = {"file": ("a.pdf", PDF.ljust(size, b"0"), "application/pdf")}
        refused(_send(door, told.case_id, files=big), 413, "too-large")
    assert door.dump() == before
    assert not list((settings().data_dir / "files" / "incoming").glob("*"))


@on_sqlite
def test_a_changed_file_is_not_handed_out(door: Door) -> None:
    told = a_case(door.bureau)
    piece = _send(door, told.case_id).json()
    path = store().path(piece["sha256"])
    path.write_bytes(PDF[:-1] + b"1")
    refused(door.get(f"/api/evidence/{piece['id']}", "cao.ran"), 409, "file-damaged")
    path.unlink()
    refused(door.get(f"/api/evidence/{piece['id']}", "cao.ran"), 404, "not-found")


def test_papers_are_read_by_whom_they_are_for(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    stored = store().put("<p>告知</p>".encode())
    ids = {}
    own = told.respondents["zhou.kai"]
    with door.register.writing() as session:
        for audience, respondent in (("internal", None), ("officer", own), ("public", None)):
            paper = Document(
                case_id=told.case_id,
                key=audience,
                kind="rights-notice",
                round=1,
                respondent_id=respondent,
                title="权利告知书",
                sha256=stored.sha256,
                size=stored.size,
                audience=audience,
                filed_at=door.bureau.now(),
            )
            session.add(paper)
            session.flush()
            ids[audience] = paper.id
    may_read = {
        "cao.ran": {"internal", "officer", "public"},
        "zhou.kai": {"officer", "public"},
        "xu.jing": {"public"},
        "lou.ming": set(),
    }
    for username, audiences in may_read.items():
        for audience, paper_id in ids.items():
            response = door.get(f"/api/documents/{paper_id}", username)
            if audience in audiences:
                assert response.text == "<p>告知</p>"
                assert "sandbox" in response.headers["content-security-policy"]
            else:
                refused(response, 404, "not-found")
        if audiences:
            listed = door.get(f"/api/cases/{told.case_id}/documents", username).json()
            assert {d["audience"] for d in listed} == audiences
    with door.register.reading() as session:
        assert len(session.exec(select(Document)).all()) == 3


def _large_form(size: int) -> Iterator[bytes]:
    for name, value in META.items():
        yield f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
    yield b"Content-Type: application/pdf\r\n\r\n%PDF-1.7\n"
    block = b"\r\n-x" * 16_384
    for _ in range(size // len(block)):
        yield block
    yield b"\r\n--x--\r\n"


def _peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@on_sqlite
def test_a_large_file_goes_to_disk_and_never_whole_into_memory(door: Door) -> None:
    told = a_case(door.bureau)
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "warning"], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)}
    )
    try:
        connection = _connect(port)
        before = _peak_kib(process.pid)
        headers = {
            "Authorization": f"Bearer {door.tokens['luo.ying']}",
            "Content-Type": "multipart/form-data; boundary=x",
        }
        size = 64 * 1024 * 1024
        path = f"/api/cases/{told.case_id}/evidence"
        connection.request("POST", path, _large_form(size), headers, encode_chunked=True)
        response = connection.getresponse()
        assert response.status == 201, response.read()
        grown = _peak_kib(process.pid) - before
    finally:
        process.terminate()
        process.wait(10)
    assert grown < 16 * 1024, f"{grown} KiB for a file of {size // 1024} KiB"


def _connect(port: int) -> http.client.HTTPConnection:
    until = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return connection
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.1)
