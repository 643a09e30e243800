"""What everybody may read: notices on the portal. 公示"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from models.queries.paging import MOST, Page, cut, read_cursor, read_moment, read_word
from models.rules.errors import NotFound
from models.tables import Document, Publication


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A published, redacted notice; its text lies in the file store under `sha256`."""

    slug: str
    title: str
    published_at: datetime
    number: str
    sha256: str


def published_notices(session: Session, *, after: str | None = None, limit: int = 20) -> Page[NoticeRow]:
    """Notices now on the portal, newest first. Raises BadCursor."""
    limit = min(limit, MOST)
    at, slug = col(Publication.published_at), col(Publication.slug)
    wanted = _published().order_by(at.desc(), slug.desc()).limit(limit + 1)
    if after:
        last_at, last_slug = read_cursor(after, read_moment, read_word)
        moment = sa.literal(last_at, at.type)
        wanted = wanted.where((at < moment) | ((at == moment) & (slug < last_slug)))
    rows = [NoticeRow(*values) for values in session.execute(wanted)]
    return cut(rows, limit, key=lambda row: (row.published_at.isoformat(), row.slug))


def published_notice(session: Session, slug: str) -> NoticeRow:
    """One notice. Raises NotFound for one that never was or has been taken down."""
    found = session.execute(_published().where(col(Publication.slug) == slug)).first()
    if found is None:
        raise NotFound("没有这份公示，或者公示已经撤下；请从公示列表重新打开。")
    return NoticeRow(*found)


def _published() -> sa.Select[tuple[str, str, datetime, str, str]]:
    return (
        sa.select(
            Publication.slug,
            Publication.title,
            Publication.published_at,
            Document.number,
            Document.sha256,
        )
        .join(Document, col(Document.id) == col(Publication.document_id))
        .where(col(Publication.withdrawn_at).is_(None))
    )
