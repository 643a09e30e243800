"""Looking at evidence on the page of its case: by what the bytes are, by the rights of a download. 证据预览"""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image
from sqlmodel import select

from api import previews
from models.files import store
from models.rules.lifecycle import Stage
from models.tables import Evidence
from tests.api.browser import Browser
from tests.api.door import Door, on_sqlite, refused
from tests.api.test_readings import rows
from tests.builders import Told, a_case

PDF = b"%PDF-1.7\n" + b"0" * 2000


def picture(form: str, size: tuple[int, int] = (40, 30)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "white").save(made, form)
    return made.getvalue()


def huge_png(wide: int, high: int) -> bytes:
    """The head of a picture nobody could lay out."""
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    packed = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def hand_in(
    door: Door, told: Told, content: bytes, *, by: str = "luo.ying", declared: str = "text/plain"
) -> int:
    """A piece in the list whatever the door of uploads thinks of it: previews look at bytes only."""
    stored = store().put(content)
    with door.register.writing() as session:
        count = len(session.exec(select(Evidence.id).where(Evidence.case_id == told.case_id)).all())
        now = door.bureau.now()
        row = Evidence(
            case_id=told.case_id, number=count + 1, sha256=stored.sha256, size=stored.size, media_type=declared,
            file_name="材料.bin", kind="书证", collected_by="罗颖", collected_at=now, added_by=door.bureau.ids[by],
            added_at=now,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id or 0


def look(door: Door, piece: int, by: str = "tang.wei"):
    return door.get(f"/api/evidence/{piece}/preview", by)


SHOWN = [
    (picture("PNG"), "image/png"),
    (picture("JPEG"), "image/jpeg"),
    (PDF, "application/pdf"),
    ("受理回执，十月八日。\n".encode(), "text/plain; charset=utf-8"),
    ("受理回执，十月八日。\n".encode("gb18030"), "text/plain; charset=utf-8"),
]


@pytest.mark.parametrize("declared", ["text/plain", "text/html", "image/svg+xml"])
def test_what_is_shown_goes_out_by_what_it_is_and_can_do_nothing(door: Door, declared: str) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    for content, media_type in SHOWN:
        answer = look(door, hand_in(door, told, content, declared=declared))
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type), answer.text
        assert answer.headers["content-disposition"].startswith("inline")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert answer.headers["cache-control"] == "no-store"
        policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
        assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} == set(policy)
        assert answer.content == content or answer.text == "受理回执，十月八日。\n"


NOT_SHOWN = [
    b"<!doctype html><script>alert(1)</script>",
    b"\xef\xbb\xbf \n<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"<?xml version='1.0'?><svg/>",
    b"PK\x03\x04" + b"\0" * 600,
    b"GIF89a" + b"\1" * 600,
    b"MZ\x90\0" * 100,
    b"\x89PNG\r\n\x1a\n" + b"torn",
    b"\xff\xd8\xff" + b"0" * 900,
    huge_png(60_000, 60_000),
    huge_png(9_000, 9_000),
    b" \n" * 10 + PDF,
    b"\xff\xfe\x80\x81" * 50,
]


def test_everything_else_has_no_preview_and_says_to_download_it(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    page = Browser(door.app, door.bureau, "tang.wei")
    for content in NOT_SHOWN:
        piece = hand_in(door, told, content, declared="image/png")
        problem = refused(look(door, piece), 415, "wrong-type")
        assert "下载" in problem["detail"], content[:20]
    number = len(NOT_SHOWN) + 3
    shown = page.open(f"/cases/{told.case_id}?preview={number}").text
    assert "没有预览" in shown
    assert "下载原件" in shown
    assert [kind for kind, *_ in rows(door.register) if kind == "evidence"] == [], (
        "nothing was shown, nothing is noted"
    )


def test_a_large_file_is_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    long = ("甲" * 30_000).encode()
    cut = look(door, hand_in(door, told, long))
    assert len(cut.content) <= previews.TEXT_MOST < len(long)
    assert set(cut.text) == {"甲"}, "cut between characters"
    monkeypatch.setattr(previews, "FILE_MOST", 1000)
    assert "没有预览" in refused(look(door, hand_in(door, told, PDF)), 415, "wrong-type")["detail"]


def test_a_preview_obeys_the_rights_of_a_download_and_is_a_reading(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    piece = hand_in(door, told, picture("PNG"))
    own = hand_in(door, told, picture("PNG", (3, 3)), by="zhou.kai")
    for by, key, status in (
        ("zhou.kai", piece, 404), ("zhou.kai", own, 200), ("xu.jing", own, 404), ("lou.ming", piece, 404),
        ("cao.ran", piece, 200), ("cao.ran", 10**6, 404),
    ):  # fmt: skip
        download = door.get(f"/api/evidence/{key}", by)
        assert look(door, key, by).status_code == download.status_code == status, (by, key)
    door.app.state.read_log.flush()
    noted = {(kind, key, person, times) for kind, key, person, _, times in rows(door.register)}
    ids = door.bureau.ids
    assert noted == {("evidence", own, ids["zhou.kai"], 2), ("evidence", piece, ids["cao.ran"], 2)}
    raised = door.post(
        f"/api/cases/{told.case_id}/level", "cao.ran", json={"level": "strict", "reason": "保密。"}
    )
    assert raised.status_code == 200
    refused(look(door, piece, "luo.ying"), 404, "not-found")


def test_bytes_that_were_changed_are_not_shown(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    for content in (picture("PNG"), "原来的话。".encode()):
        piece = hand_in(door, told, content)
        with door.register.reading() as session:
            kept = session.get_one(Evidence, piece)
        changed = picture("PNG", (9, 9)) if content[:1] == b"\x89" else "后来的话。".encode()
        store().path(kept.sha256).write_bytes(changed)
        refused(look(door, piece), 409, "file-damaged")
        if content[:1] != b"\x89":
            page = door.get(f"/cases/{told.case_id}?preview={kept.number}", "tang.wei").text
            assert "校验值不符" in page
            assert "后来的话" not in page


def test_the_page_shows_hashes_and_the_one_piece_that_is_asked_for(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    script = "说明：<script>alert(1)</script>{{ 7*7 }}"
    pieces = {
        hand_in(door, told, picture("PNG")): "<img src=",
        hand_in(door, told, PDF): "<iframe src=",
        hand_in(door, told, script.encode()): "<pre",
    }
    browser = Browser(door.app, door.bureau, "tang.wei")
    address = f"/cases/{told.case_id}"
    browser.open(address)
    with door.register.reading() as session:
        listed = {piece: session.get_one(Evidence, piece) for piece in pieces}
    for row in listed.values():
        assert row.sha256 in browser.seen[address]
        assert f"{address}?preview={row.number}#preview" in browser.seen[address]
    assert not [kind for kind, *_ in rows(door.register) if kind == "evidence"], (
        "a list of files is no look at them"
    )
    for piece, mark in pieces.items():
        opened = f"{address}?preview={listed[piece].number}"
        page = browser.open(opened)
        assert page.styled == []
        others = [m for m in pieces.values() if m != mark]
        assert mark in browser.seen[opened]
        assert not [m for m in others if m in browser.seen[opened]]
        assert script in page.text or mark != "<pre"
        assert "<script>alert" not in browser.seen[opened]
    # The text came with the page; the browser fetches pictures and PDF, and this one does not.
    text = list(pieces)[-1]
    assert [key for kind, key, *_ in rows(door.register) if kind == "evidence"] == [text]
    assert browser.client.get(f"{address}?preview=99").status_code == 404
    officer = Browser(door.app, door.bureau, "zhou.kai")
    assert officer.client.get(f"{address}?preview=4").status_code == 404, "not even that there is one"
    assert officer.client.get(f"{address}?preview=99").status_code == 404


@on_sqlite
def test_what_does_not_speak_of_evidence_is_no_preview(door: Door) -> None:
    told = a_case(door.bureau)
    said: list[Any] = [
        door.get(f"/cases/{told.case_id}?preview={n}", "luo.ying").status_code for n in ("x", "-1")
    ]
    assert said == [422, 422]
