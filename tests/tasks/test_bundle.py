"""The archive bundle: complete, the same twice, and every change is found. 归档案卷"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from models.database import Register
from models.dossier import load_dossier
from models.files import store
from models.rules.errors import Incomplete, NotFound
from tasks.bundle import build_bundle, store_bundle
from tasks.bundle_check import check_bundle
from tasks.documents import DOCUMENTS
from tasks.office import office_work
from tasks.volumes import ORDER, Volume, volume_of
from tests.builders import START, Told, a_bureau, a_case

Contents = dict[str, bytes]


@pytest.fixture
def told(register: Register) -> Told:
    """A closed case with every paper it is owed filed."""
    closed = a_case(a_bureau(register)).to_the_end()
    office_work(closed.case_id)
    return closed


def a_bundle(told: Told) -> bytes:
    """The bundle of the case at a fixed moment."""
    with told.bureau.register.reading() as session:
        return build_bundle(session, told.case_id, store(), now=START)


def opened(told: Told, path: Path) -> Contents:
    """The entries of the bundle, kept at a path as well."""
    path.write_bytes(a_bundle(told))
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def packed(contents: Contents, path: Path) -> Path:
    """The entries packed again, as somebody who meddles would."""
    with zipfile.ZipFile(path, "w") as bundle:
        for name, data in contents.items():
            bundle.writestr(name, data)
    return path


def test_a_bundle_holds_papers_evidence_events_and_dossier_and_checks(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    found = opened(told, path)
    assert check_bundle(path) == []
    manifest = json.loads(found["manifest.json"])
    assert manifest["head"] == told.case().head
    assert manifest["events"] == told.case().events == len(found["events.jsonl"].splitlines())
    assert {entry["name"] for entry in manifest["entries"]} == set(found) - {"manifest.json"}
    kinds = {row["kind"] for row in json.loads(found["documents.json"])}
    assert (
        {"decision", "minutes", "dissent-certificate", "clearing-letter", "public-notice"}
        <= kinds
        <= set(DOCUMENTS)
    )
    evidence = json.loads(found["evidence.json"])
    assert len(evidence) == len(told.story.evidence)
    assert all(found[row["entry"]] for row in evidence)
    assert json.loads(found["dossier.json"])["ballots"]


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_same_case_at_the_same_moment_gives_the_same_bytes_in_memory_and_on_disk(told: Told) -> None:
    with told.bureau.register.reading() as session:
        kept = store_bundle(session, told.case_id, store(), now=START)
    assert kept.path.read_bytes() == a_bundle(told) == a_bundle(told)
    assert store().verify(kept.sha256)


@pytest.mark.parametrize("database", ["sqlite"])
def test_earlier_rounds_are_kept_beside_the_last(told: Told, tmp_path: Path) -> None:
    with told.bureau.register.writing() as session:
        session.merge(told.case()).round = 2
    found = opened(told, tmp_path / "case.zip")
    assert json.loads(found["rounds/01.json"])["ballots"]
    assert json.loads(found["dossier.json"])["ballots"] == []
    assert check_bundle(tmp_path / "case.zip") == []


def _line_changed(c: Contents) -> None:
    lines = c["events.jsonl"].splitlines(keepends=True)
    said = json.loads(lines[1])
    said["reason"] = "改过的理由"
    lines[1] = json.dumps(said, ensure_ascii=False).encode() + b"\n"
    c["events.jsonl"] = b"".join(lines)


def _line_lost(c: Contents) -> None:
    c["events.jsonl"] = b"".join(c["events.jsonl"].splitlines(keepends=True)[:-1])


def _manifest(c: Contents, name: str, value: object) -> None:
    c["manifest.json"] = json.dumps(json.loads(c["manifest.json"]) | {name: value}).encode()


def _forged(c: Contents) -> None:
    """A piece of evidence exchanged with everything that names its hash but the chain."""
    name = "main/evidence/0001.txt"
    old = json.loads(c["evidence.json"])[0]["sha256"]
    c[name] = b"other"
    new = hashlib.sha256(c[name]).hexdigest()
    c["evidence.json"] = c["evidence.json"].replace(old.encode(), new.encode())
    said = json.loads(c["manifest.json"])
    for entry in said["entries"]:
        entry["sha256"] = hashlib.sha256(c[entry["name"]]).hexdigest()
    c["manifest.json"] = json.dumps(said).encode()


MEDDLING: tuple[tuple[Callable[[Contents], object], str], ...] = (
    (lambda c: c.update({"main/evidence/0001.txt": b"other"}), "main/evidence/0001.txt 与清单的校验值不符"),
    (lambda c: c.pop("main/evidence/0001.txt"), "清单所列 main/evidence/0001.txt 不在案卷包中"),
    (lambda c: c.update({"extra.txt": b""}), "extra.txt 不在清单中"),
    (lambda c: c.pop("manifest.json"), "没有清单"),
    (lambda c: c.update({"manifest.json": b"[1]"}), "无法读取"),
    (lambda c: _manifest(c, "format", "other/9"), "无法识别"),
    (lambda c: _manifest(c, "head", "0" * 64), "末条校验值与清单不符"),
    (_forged, "留痕中没有 main/evidence/0001.txt 的登记"),
    (lambda c: c.pop("documents.json"), "没有文书目录 documents.json"),
    (_line_changed, "第 2 条留痕与前一条不相衔接"),
    (_line_lost, "末条校验值与清单不符"),
)


@pytest.mark.parametrize("database", ["sqlite"])
def test_every_change_to_a_bundle_is_found(told: Told, tmp_path: Path) -> None:
    whole = opened(told, tmp_path / "case.zip")
    assert check_bundle(packed(whole, tmp_path / "again.zip")) == []
    for meddle, fault in MEDDLING:
        found = dict(whole)
        meddle(found)
        faults = check_bundle(packed(found, tmp_path / "changed.zip"))
        assert any(fault in said for said in faults), (fault, faults)


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_truncated_or_foreign_file_is_a_fault_and_no_crash(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "case.zip"
    path.write_bytes(a_bundle(told)[:-100])
    assert check_bundle(path)
    path.write_text("not a zip")
    assert check_bundle(path) == ["案卷包无法读取：BadZipFile"]
    assert check_bundle(tmp_path / "nowhere.zip") == ["案卷包无法读取：FileNotFoundError"]


@pytest.mark.parametrize("database", ["sqlite"])
def test_evidence_that_is_gone_or_changed_cannot_be_archived(told: Told) -> None:
    with told.bureau.register.reading() as session:
        piece = load_dossier(session, told.case_id).evidence[0]
    path = store().path(piece.sha256)
    kept = path.with_suffix(".kept")
    shutil.move(path, kept)
    with pytest.raises(Incomplete, match="文件库中没有证据1"):
        a_bundle(told)
    path.write_bytes(b"changed")
    with pytest.raises(Incomplete, match="证据1与登记的校验值不符"):
        a_bundle(told)


def test_a_case_nobody_registered_has_no_bundle(register: Register) -> None:
    with register.reading() as session, pytest.raises(NotFound):
        build_bundle(session, "0" * 32, store(), now=START)


@pytest.mark.parametrize("database", ["sqlite"])
def test_both_volumes_stand_in_their_order_with_every_form_and_a_table_of_contents(
    told: Told, tmp_path: Path
) -> None:
    found = opened(told, tmp_path / "case.zip")
    rows = json.loads(found["documents.json"])
    for volume in Volume:
        mine = [row for row in rows if row["volume"] == volume]
        assert [row["entry"] for row in mine] == sorted(row["entry"] for row in mine)
        places = [ORDER[volume].index(row["kind"]) for row in mine]
        assert places == sorted(places)
        assert mine
    signed = [form["entry"] for row in rows for form in row["forms"] if form["entry"].endswith(".docx.p7s")]
    assert "main/0001-decision.docx.p7s" in signed
    assert set(signed) <= set(found)
    contents = found["contents.html"].decode()
    for said in ("正卷", "副卷", rows[0]["title"], rows[0]["sha256"], "证据1"):
        assert said in contents
    assert contents.index("免责决定书") < contents.index("证据1") < contents.index("线索登记表")


def test_every_kind_of_paper_belongs_to_one_volume(database: str) -> None:
    kinds = [kind for volume in Volume for kind in ORDER[volume]]
    assert sorted(kinds) == sorted(DOCUMENTS)
    assert volume_of("a kind of another time") is Volume.SIDE
