"""Whether a file in somebody's hand is the one that was filed, and whether its signature holds. 文书核验

Three questions, each answered in words: are these bytes filed here, does the chain of the case say so too, and does
the signature hold. Without a register only the last one can be asked.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from models.casework import verify_chain
from models.dossier import shown
from models.dossier.terms import case_number
from models.files import store
from models.rules.errors import NotFound
from models.tables import Case, Document, Event, Organ, Rendition
from tasks.bundle import MANIFEST
from tasks.bundle_check import bundle_faults, read_manifest
from tasks.sealing import Checked, check_signature, known_signers

FORMS = {"html": "网页", "docx": "Word 版", "pdf": "PDF 版"}
_UNKNOWN = (
    "登记库中没有与它逐字节相同的文书：不是本机关归卷的文件，或者归卷以后被改动过；请向制发机关索取原件核对"
)


@dataclass
class Verdict:
    """What was found out about a file, and every fault of it. 核验结论"""

    said: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether the file is what it claims to be."""
        return not self.faults


def is_bundle(path: Path) -> bool:
    """Whether a file is a dossier: a ZIP that a Word file is not. What is cut off still is one by its name."""
    try:
        with zipfile.ZipFile(path) as opened:
            return MANIFEST in opened.namelist() or path.suffix == ".zip"
    except (zipfile.BadZipFile, OSError):
        return path.suffix == ".zip"


def signature_beside(path: Path) -> Path | None:
    """The signature that was handed over with a file: its name and .p7s."""
    beside = path.with_name(f"{path.name}.p7s")
    return beside if beside.exists() else None


def check_alone(path: Path, signature: Path, *, signer: str = "") -> Verdict:
    """Hold a file against the signature beside it, with nothing else; `signer` is the fingerprint it must bear."""
    verdict = Verdict()
    _sign(verdict, check_signature(path.read_bytes(), signature.read_bytes()), expected=signer)
    if verdict.holds and not signer:
        verdict.said.append("请与制发机关公布的证书指纹核对，或者用 --signer 指纹 再核验一次")
    return verdict


def check_file(session: Session, path: Path, signature: Path | None = None) -> Verdict:
    """Hold a paper or a dossier against the register, and against the signature handed over with it."""
    verdict = Verdict()
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    verdict.said.append(f"SHA-256　{sha256}")
    if is_bundle(path):
        _check_bundle(verdict, session, path, sha256)
        return verdict
    paper, made = _filed(session, sha256)
    if paper is None:
        verdict.faults.append(_UNKNOWN)
        if signature is not None:
            _sign(verdict, check_signature(path.read_bytes(), signature.read_bytes()))
        return verdict
    _name(verdict, session, paper, made.form if made else "html")
    _check_chain(verdict, session, paper, made)
    if made is not None and made.signature:
        try:
            with store().open(made.signature) as kept:
                checked = check_signature(path.read_bytes(), kept.read())
            _sign(verdict, checked, expected=made.signer)
        except NotFound as fault:
            verdict.faults.append(f"签名{fault}")
    elif made is not None:
        verdict.said.append("内部文书，没有用印和签名")
    if signature is not None:
        handed = check_signature(path.read_bytes(), signature.read_bytes())
        _sign(verdict, handed, expected=made.signer if made else "", what="所附签名")
    return verdict


def _filed(session: Session, sha256: str) -> tuple[Document | None, Rendition | None]:
    """The paper that has these bytes, and the form in which it has them."""
    made = session.exec(select(Rendition).where(Rendition.sha256 == sha256)).first()
    if made is not None:
        return session.get(Document, made.document_id), made
    return session.exec(select(Document).where(Document.sha256 == sha256)).first(), None


def _name(verdict: Verdict, session: Session, paper: Document, form: str) -> None:
    case = session.get_one(Case, paper.case_id)
    organ = session.get_one(Organ, case.organ_id)
    verdict.said += [
        f"文　书　{paper.title}{f'（{paper.number}）' if paper.number else ''}，{FORMS.get(form, form)}",
        f"案　件　{case_number(organ.mark, case.year, case.number)}，{organ.name}",
        f"归　卷　{shown(paper.filed_at)}，字节与登记库一致",
    ]


def _check_chain(verdict: Verdict, session: Session, paper: Document, made: Rendition | None) -> None:
    """The register itself may have been meddled with: the chain must say the same."""
    broken = verify_chain(session, session.get_one(Case, paper.case_id))
    if broken is not None:
        verdict.faults.append(f"本案第 {broken.seq} 条留痕不完整：{broken.fault}")
        return
    tags = ("document:laid-out",) if made else ("document:filed",)
    events = session.exec(select(Event).where(Event.case_id == paper.case_id, col(Event.tag).in_(tags)))
    if not any(_says(event.data, paper, made) for event in events):
        verdict.faults.append("留痕中没有这份文书的归卷记录，登记库可能被改动过；请联系系统管理员查明")
    else:
        verdict.said.append("留　痕　完整，记有这份文书的校验值")


def _says(data: dict[str, Any], paper: Document, made: Rendition | None) -> bool:
    if made is None:
        return bool(data.get("sha256") == paper.sha256)
    wanted = (made.document_id, made.form, made.sha256, made.signature)
    files: Iterable[dict[str, Any]] = data.get("files", ())
    return any((f["document"], f["form"], f["sha256"], f["signature"]) == wanted for f in files)


def _sign(verdict: Verdict, checked: Checked, *, expected: str = "", what: str = "签名") -> None:
    if checked.fault:
        verdict.faults.append(f"{what}不成立：{checked.fault}")
        return
    verdict.said += [
        f"{what}人　{checked.subject}" + (f"，{shown(checked.signed_at)}" if checked.signed_at else ""),
        f"证书指纹　{checked.signer}",
    ]
    if expected and checked.signer != expected:
        verdict.faults.append(f"{what}的证书不是{expected[:16]}…那一张，不能证明是该机关所签")
    elif not expected and checked.signer in set(known_signers()):
        verdict.said.append("证书是本机关现用的印章证书")


def _check_bundle(verdict: Verdict, session: Session, path: Path, sha256: str) -> None:
    if first := next(bundle_faults(path), None):
        verdict.faults.append(first)
        return
    manifest = read_manifest(path)
    verdict.said.append(f"案　卷　{manifest['case']}，{manifest['events']} 条留痕，清单和校验值完整")
    paper, _ = _filed(session, sha256)
    if paper is not None:
        _name(verdict, session, paper, "案卷包")
        _check_chain(verdict, session, paper, None)
        return
    last = session.exec(
        select(Event).where(Event.case_id == manifest["case_id"], Event.seq == manifest["events"])
    ).first()
    if last is None:
        verdict.faults.append("登记库中没有本案，或者没有案卷末条留痕；不是本机关的案卷")
    elif last.hash != manifest["head"]:
        verdict.faults.append(f"案卷末条留痕与登记库第 {last.seq} 条不符，案卷或者登记库被改动过")
    else:
        verdict.said.append(f"留　痕　与登记库前 {last.seq} 条一致；本包是导出的副本，没有作为文书归卷")
