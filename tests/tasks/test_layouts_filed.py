"""Word and PDF files are made once, sealed, signed and filed; a changed byte is found. 版式文件和用印"""

import io
import os
from datetime import UTC, datetime
from pathlib import Path

import docx
import pytest
from sqlmodel import col, select

from models.casework import office, verify_all
from models.database import Register
from models.files import store
from models.rules.lifecycle import Stage
from models.settings import SettingsError, settings
from models.tables import Document, Event, Rendition
from tasks.documents.pdf import can_make_pdf
from tasks.layouts import lay_out_pdfs, lay_out_words
from tasks.office import office_work
from tasks.sealing import Seal, check_signature, known_signers, seal_of
from tests.builders import Told, a_bureau, a_case

needs_pdf = pytest.mark.skipif(not can_make_pdf(), reason="WeasyPrint or Pango is not on this machine")
NOW = datetime(2026, 11, 25, 8, tzinfo=UTC)


@pytest.fixture
def told(register: Register) -> Told:
    """A case with an unnumbered form, and notices that leave the house."""
    case = a_case(a_bureau(register)).to(Stage.VERIFICATION)
    office_work(case.case_id)
    return case


def filed(told: Told) -> list[tuple[Document, Rendition]]:
    with told.bureau.register.reading() as session:
        wanted = (
            select(Document, Rendition)
            .join(Rendition, col(Rendition.document_id) == col(Document.id))
            .where(Document.case_id == told.case_id)
        )
        return list(session.exec(wanted.order_by(col(Rendition.id))))


def held(sha256: str) -> bytes:
    with store().open(sha256) as file:
        return file.read()


def test_every_paper_gets_its_word_file_once_with_one_event(told: Told) -> None:
    there = filed(told)
    with told.bureau.register.reading() as session:
        papers = session.exec(select(Document).where(Document.case_id == told.case_id)).all()
        events = session.exec(select(Event).where(Event.tag == "document:laid-out")).all()
    assert sorted(d.id for d, _ in there) == sorted(p.id for p in papers)
    assert {r.form for _, r in there} == {"docx"}
    assert sum(len(e.data["files"]) for e in events) == len(papers)
    assert lay_out_words(told.case_id) == 0
    office_work(told.case_id)
    assert filed(told) == there
    with told.bureau.register.reading() as session:
        assert [broken for _, broken in verify_all(session) if broken] == []


def test_what_leaves_the_house_is_sealed_and_signed_and_a_form_is_not(told: Told) -> None:
    signed = {paper.kind: bool(made.signature) for paper, made in filed(told)}
    assert signed["intake-form"] is False
    assert signed["rights-notice"] is True
    for paper, made in filed(told):
        drawings = docx.Document(io.BytesIO(held(made.sha256))).element.body.xpath(".//wp:anchor")
        assert len(drawings) == (paper.kind == "rights-notice")
        if made.signature:
            said = check_signature(held(made.sha256), held(made.signature))
            assert (said.fault, said.signer) == ("", made.signer)
            assert said.signer in set(known_signers())
            assert "测试证书" in said.subject


def test_two_who_file_the_same_at_once_leave_one(told: Told) -> None:
    paper, made = filed(told)[0]
    again = Rendition(document_id=paper.id or 0, form="docx", sha256="0" * 64, size=1, made_at=NOW)
    with told.bureau.register.writing() as session:
        assert office.file_renditions(session, told.case_id, [again], now=NOW) == []
    assert filed(told)[0][1].sha256 == made.sha256


@needs_pdf
def test_pdf_files_are_made_in_the_time_there_is_and_the_next_call_goes_on(told: Told) -> None:
    assert lay_out_pdfs(seconds=0) == 0
    made = 0
    while done := lay_out_pdfs(seconds=0.5):
        made += done
    there = [(p, r) for p, r in filed(told) if r.form == "pdf"]
    assert len(there) == made == len(filed(told)) // 2
    assert all(held(r.sha256).startswith(b"%PDF") for _, r in there)
    assert all(not check_signature(held(r.sha256), held(r.signature)).fault for _, r in there if r.signature)


def test_a_paper_that_cannot_be_laid_out_stays_a_page_and_stops_nobody(register: Register) -> None:
    told = a_case(a_bureau(register)).to(Stage.VERIFICATION)
    office_work(told.case_id)
    stored = store().put("<body><main class='paper'><ul><li>旧式</li></ul>".encode())
    with register.writing() as session:
        old = session.exec(select(Document).where(Document.kind == "intake-form")).one()
        for row in session.exec(select(Rendition)):
            session.delete(row)
        old.sha256 = stored.sha256
    assert lay_out_words(told.case_id) == len(filed(told)) >= 1
    assert "intake-form" not in {paper.kind for paper, _ in filed(told)}


# --- seals --------------------------------------------------------------------------------------


def a_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **chosen: str) -> Seal:
    monkeypatch.setenv("ZHAODAN_SEAL_DIR", str(tmp_path))
    for name, value in chosen.items():
        monkeypatch.setenv(f"ZHAODAN_{name}", value)
    settings.cache_clear()
    return seal_of("zj", "江州市市场监督管理局", now=NOW)


@pytest.fixture(autouse=True)
def _settings_anew(register: Register):
    yield
    settings.cache_clear()


@pytest.mark.parametrize("database", ["sqlite"])
def test_every_changed_byte_of_a_file_or_its_signature_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = a_seal(tmp_path, monkeypatch)
    assert seal.sign is not None
    data = b"%PDF-1.7 decision"
    signature = seal.sign(data)
    assert check_signature(data, signature).fault == ""
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert check_signature(changed, signature).fault == "文件在签名之后被改动过"
    assert check_signature(data + b"\n", signature).fault
    good = check_signature(data, signature)
    for place in range(len(signature)):
        changed = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
        said = check_signature(data, changed)
        # A bit of the certificate that no signature covers makes it another certificate, and so an unknown one.
        assert said.fault or said.signer != good.signer or said == good, place
    for other in (b"", b"no signature", data):
        assert check_signature(data, other).fault == "签名文件无法读取"


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_seal_of_ones_own_is_used_and_a_specimen_only_outside_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = a_seal(tmp_path, monkeypatch)
    assert (tmp_path / "zj.pem").stat().st_mode & 0o077 == 0
    assert a_seal(tmp_path, monkeypatch).signer == first.signer
    (tmp_path / "zj.png").write_bytes(b"own")
    assert a_seal(tmp_path, monkeypatch).image == b"own"
    real = tmp_path / "real"
    real.mkdir()
    production = {"ENVIRONMENT": "production", "SECURE_COOKIES": "true"}
    assert a_seal(real, monkeypatch, **production) == Seal(None, None)
    assert list(real.iterdir()) == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_key_that_cannot_be_used_or_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_seal(tmp_path, monkeypatch)
    os.chmod(tmp_path / "zj.pem", 0o644)
    with pytest.raises(SettingsError, match="read by others"):
        a_seal(tmp_path, monkeypatch)
    (tmp_path / "zj.pem").write_text("no key")
    with pytest.raises(SettingsError, match="private key and its certificate"):
        a_seal(tmp_path, monkeypatch)
