"""A paper in somebody's hand: the filed one, or not. 文书核验"""

from pathlib import Path

import pytest
from sqlmodel import col, select

import zhaodan
from models.casework import verify_all
from models.database import Register
from models.files import store
from models.rules.lifecycle import Stage
from models.settings import settings
from models.tables import Document, Effect, Event, Rendition
from tasks.documents.pdf import can_make_pdf
from tasks.layouts import lay_out_pdfs
from tasks.office import office_work
from tests.builders import Told, a_bureau, a_case

needs_pdf = pytest.mark.skipif(not can_make_pdf(), reason="WeasyPrint or Pango is not on this machine")


@pytest.fixture
def told(register: Register) -> Told:
    """A case with a sealed paper and a form that stays in the house."""
    case = a_case(a_bureau(register)).to(Stage.VERIFICATION)
    office_work(case.case_id)
    return case


def taken_out(told: Told, kind: str, form: str, folder: Path) -> Path:
    """A filed paper as somebody downloads it, with its signature beside it."""
    with told.bureau.register.reading() as session:
        paper = session.exec(select(Document).where(Document.kind == kind)).first()
        assert paper is not None
        made = session.exec(
            select(Rendition).where(Rendition.document_id == paper.id, Rendition.form == form)
        ).first()
    path = folder / f"{kind}.{form}"
    path.write_bytes(store().path(made.sha256 if made else paper.sha256).read_bytes())
    if made and made.signature:
        path.with_name(f"{path.name}.p7s").write_bytes(store().path(made.signature).read_bytes())
    return path


def verified(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    code = zhaodan.main(["verify", *map(str, words)])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("rights-notice", "docx"),
        pytest.param("rights-notice", "pdf", marks=needs_pdf),
        ("rights-notice", "html"),
        ("intake-form", "docx"),
    ],
)
def test_a_filed_paper_is_known_by_its_bytes_and_its_signature(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, form: str
) -> None:
    if form == "pdf":
        lay_out_pdfs()
    path = taken_out(told, kind, form, tmp_path)
    for _ in range(2):
        code, said = verified(capsys, path)
        assert (code, "核验通过" in said, "字节与登记库一致" in said) == (0, True, True)
    assert ("测试证书" in said) == (kind == "rights-notice" and form != "html")
    with told.bureau.register.reading() as session:
        assert [b for _, b in verify_all(session) if b] == []


def test_a_changed_byte_is_found(told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("docx", "html"):
        path = taken_out(told, "rights-notice", form, tmp_path)
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            code, said = verified(capsys, path)
            assert (code, "核验不通过" in said) == (1, True)
            assert ("文件在签名之后被改动过" in said) == (form == "docx")


def test_a_signature_of_another_paper_does_not_hold(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = taken_out(told, "rights-notice", "docx", tmp_path)
    path.with_name(f"{path.name}.p7s").write_bytes(b"no signature")
    code, said = verified(capsys, path)
    assert code == 1
    assert "所附签名不成立：签名文件无法读取" in said


def test_a_register_that_was_meddled_with_is_found_by_the_chain(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = tmp_path / "forged.docx"
    forged.write_bytes(b"another decision")
    kept = store().put(forged.read_bytes())
    with told.bureau.register.writing() as session:
        made = session.exec(select(Rendition)).first()
        assert made is not None
        made.sha256 = kept.sha256
    code, said = verified(capsys, forged)
    assert code == 1
    assert "留痕中没有这份文书的归卷记录" in said
    with told.bureau.register.writing() as session:
        event = session.exec(select(Event).where(Event.tag == "document:laid-out")).first()
        assert event is not None
        event.data = {
            "files": [
                {
                    "document": made.document_id,
                    "form": made.form,
                    "sha256": kept.sha256,
                    "signature": made.signature,
                }
            ]
        }
    code, said = verified(capsys, forged)
    assert (code, "留痕不完整" in said) == (1, True)


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_signature_alone_needs_no_register(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = taken_out(told, "rights-notice", "docx", tmp_path)
    beside = path.with_name(f"{path.name}.p7s")
    with told.bureau.register.reading() as session:
        made = session.exec(select(Rendition).where(col(Rendition.signer) != "")).first()
        assert made is not None
    monkeypatch.setenv("ZHAODAN_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    settings.cache_clear()
    assert verified(capsys, path, "--signature", beside)[0] == 0
    assert verified(capsys, path)[0] == 0  # the signature is found beside it
    assert verified(capsys, path, "--signature", beside, "--signer", made.signer.upper())[0] == 0
    code, said = verified(capsys, path, "--signature", beside, "--signer", "0" * 64)
    assert (code, "不能证明是该机关所签" in said) == (1, True)
    path.write_bytes(path.read_bytes() + b"\n")
    code, said = verified(capsys, path)
    assert (code, "文件在签名之后被改动过" in said) == (1, True)
    beside.unlink()
    assert zhaodan.main(["verify", str(path)]) == 2
    assert "本机没有登记库" in capsys.readouterr().err
    assert zhaodan.main(["verify", str(tmp_path / "nowhere.pdf"), "--signature", str(beside)]) == 2
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_dossier_is_held_against_itself_and_the_register(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = a_case(a_bureau(register)).to_the_end()
    office_work(told.case_id)
    with register.reading() as session:
        paper = session.exec(select(Document).where(Document.kind == "dossier-bundle")).one()
        assert session.exec(select(Effect).where(Effect.state == "failed")).all() == []
    path = tmp_path / "case.zip"
    path.write_bytes(store().path(paper.sha256).read_bytes())
    code, said = verified(capsys, path)
    assert (code, "归档案卷" in said) == (0, True)
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 3] ^= 1
    path.write_bytes(whole)
    assert verified(capsys, path)[0] == 1
