"""Filed papers laid out as Word and PDF, sealed, signed and filed beside the page. 版式文件

Made from the filed page outside every transaction, because a long paper takes its time; whoever is second finds it done.
"""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby, takewhile

from models.casework import office
from models.database import register
from models.files import store
from models.tables import Case, Document, Organ, Rendition
from tasks.documents import DOCUMENTS
from tasks.documents.paper import read_paper
from tasks.documents.pdf import can_make_pdf, to_pdf
from tasks.documents.word import to_word
from tasks.sealing import Seal, seal_of

log = logging.getLogger(__name__)

WORD, PDF = "docx", "pdf"
_SEALED = ("paper", "letter")  # what leaves the house


def lay_out_words(case_id: str) -> int:
    """Make the Word files a case lacks. Returns how many were made. 制作 Word 文书"""
    return _lay_out(_lacking(WORD, case_id=case_id), WORD)


def lay_out_pdfs(*, seconds: float = 20) -> int:
    """Make PDF files that are lacking, as many as fit into the time; the next call goes on. 制作 PDF 文书"""
    if not can_make_pdf():
        return 0
    lacking, ends = _lacking(PDF), time.monotonic() + seconds
    return _lay_out(takewhile(lambda _: time.monotonic() < ends, lacking), PDF)


def _lacking(form: str, *, case_id: str | None = None) -> list[Document]:
    with register().reading() as session:
        papers = list(office.not_laid_out(session, form, kinds=DOCUMENTS.keys(), case_id=case_id))
        session.expunge_all()
    return sorted(papers, key=lambda paper: paper.case_id)


def _lay_out(papers: Iterable[Document], form: str) -> int:
    """Lay the papers out, and file those of a case together."""
    filed = 0
    for case_id, of_case in groupby(papers, key=lambda paper: paper.case_id):
        now = datetime.now(UTC)
        with register().reading() as session:
            organ = session.get_one(Organ, session.get_one(Case, case_id).organ_id)
            seal = seal_of(organ.code, organ.name, now=now)
        made = [row for paper in of_case if (row := _made(paper, form, seal, now=now))]
        if made:
            with register().writing() as session:
                filed += len(office.file_renditions(session, case_id, made, now=now))
    return filed


def _made(paper: Document, form: str, seal: Seal, *, now: datetime) -> Rendition | None:
    files = store()
    sealed = DOCUMENTS[paper.kind].layout in _SEALED
    try:
        with files.open(paper.sha256) as file:
            page = file.read()
        image = seal.image if sealed else None
        laid_out = (
            to_word(read_paper(page), image)
            if form == WORD
            else to_pdf(page, identifier=paper.sha256, seal=image)
        )
    except Exception:
        # A paper of an older vocabulary stays a page; those after it are laid out all the same.
        log.exception("paper %s cannot be laid out as %s", paper.id, form)
        return None
    kept = files.put(laid_out)
    signature = files.put(seal.sign(laid_out)).sha256 if sealed and seal.sign else ""
    return Rendition(
        document_id=paper.id or 0,
        form=form,
        sha256=kept.sha256,
        size=kept.size,
        signature=signature,
        signer=seal.signer if signature else "",
        made_at=now,
    )
