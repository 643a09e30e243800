"""Papers as Word and PDF files, with their signatures; rights are those of the paper. 版式文件"""

from collections.abc import Iterable, Mapping

from sqlmodel import Session, col, select

from models.rules.errors import NotFound
from models.tables import Rendition

SIGNATURE = ".p7s"


class NotLaidOut(NotFound):
    """这份文书还没有制作成这种文件；Word 文件随文书归卷制作，PDF 文件由后台逐份制作，请稍后再试。没有盖章的文书没有电子签名。"""

    code = "not-laid-out"


def file_of(session: Session, document_id: int, form: str) -> str:
    """SHA-256 of a paper as docx or pdf, or of its signature (docx.p7s, pdf.p7s). Raises NotLaidOut."""
    plain = form.removesuffix(SIGNATURE)
    wanted = select(Rendition).where(Rendition.document_id == document_id, Rendition.form == plain)
    made = session.exec(wanted).first()
    sha256 = made and (made.sha256 if form == plain else made.signature)
    if not sha256:
        raise NotLaidOut
    return sha256


def forms_of(session: Session, document_ids: Iterable[int | None]) -> Mapping[int, tuple[str, ...]]:
    """Which files there are of each paper: docx, docx.p7s, pdf, pdf.p7s."""
    wanted = select(Rendition).where(col(Rendition.document_id).in_(list(document_ids)))
    there: dict[int, tuple[str, ...]] = {}
    for made in session.exec(wanted.order_by(col(Rendition.form))):
        forms = (made.form, made.form + SIGNATURE) if made.signature else (made.form,)
        there[made.document_id] = there.get(made.document_id, ()) + forms
    return there
