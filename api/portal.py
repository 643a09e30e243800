"""The public portal: duty list, exemption list, published notices; no sign-in. 公示"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import col, select

from api.cases import stored_file
from api.deps import MaybeSignedDep
from api.pages_rendering import page
from models.database import register
from models.dossier.terms import CATEGORY_ZH
from models.files import store
from models.handbook import Edition, editions
from models.queries import published_notice, published_notices
from models.rules.errors import NotFound
from models.tables import Publication

router = APIRouter(include_in_schema=False)
_RECENT = 5
Cursor = Annotated[str | None, Query(max_length=300)]


def current() -> Edition:
    """The edition the public reads: the latest one in force."""
    return max(editions(), key=lambda edition: edition.in_force_from)


@router.get("/portal")
def get_portal(request: Request, signed: MaybeSignedDep) -> Response:
    """What the portal holds, and the latest notices."""
    edition = current()
    with register().reading() as session:
        rows = published_notices(session, limit=_RECENT).rows
    mitigating = sum(c.effect.value == "mitigate" for c in edition.clauses.values())
    return page(request, "portal.html", signed, edition=edition, rows=rows, mitigating=mitigating)


@router.get("/portal/duties")
def get_duties(request: Request, signed: MaybeSignedDep) -> Response:
    """The duty list by category and matter."""
    edition = current()
    groups = [
        (
            category,
            CATEGORY_ZH[category],
            _by_matter(d for d in edition.duties.values() if d.category == category),
        )
        for category in dict.fromkeys(d.category for d in edition.duties.values())
    ]
    return page(request, "portal-duties.html", signed, edition=edition, groups=groups)


def _by_matter(duties: Iterable[Any]) -> list[tuple[str, list[Any]]]:
    matters: dict[str, list[Any]] = {}
    for duty in duties:
        matters.setdefault(duty.matter, []).append(duty)
    return list(matters.items())


@router.get("/portal/exemptions")
def get_exemptions(request: Request, signed: MaybeSignedDep) -> Response:
    """The exemption list, word for word."""
    edition = current()
    groups = [
        (group, title, [c for c in edition.clauses.values() if c.category == group])
        for group, title in edition.categories.items()
    ]
    return page(request, "portal-exemptions.html", signed, edition=edition, groups=groups)


@router.get("/portal/notices")
def get_notices(request: Request, signed: MaybeSignedDep, after: Cursor = None) -> Response:
    """Published notices, newest first."""
    with register().reading() as session:
        found = published_notices(session, after=after)
    return page(request, "portal-notices.html", signed, rows=found.rows, next=found.next)


@router.get("/portal/notices/{slug}")
def get_notice(slug: str, request: Request, signed: MaybeSignedDep) -> Response:
    """One notice; one that was taken down says when and why, and nothing of what it said."""
    if not (slug.isascii() and slug.isalnum()):
        raise NotFound
    with register().reading() as session:
        down = select(Publication).where(Publication.slug == slug, col(Publication.withdrawn_at).is_not(None))
        withdrawn = session.exec(down).first()
        if withdrawn is not None:
            return page(
                request,
                "portal-notice.html",
                signed,
                status=410,
                notice=withdrawn,
                withdrawn=True,
                paper=None,
            )
        notice = published_notice(session, slug)
    stored_file(notice.sha256, "text/html", notice.title, inline=True)  # refuses what no longer fits its hash
    with store().open(notice.sha256) as file:
        paper = read_paper(file.read().decode())
    return page(request, "portal-notice.html", signed, notice=notice, withdrawn=False, paper=paper)


@dataclass
class Paper:
    """The words of a filed paper without its layout. 公告文字"""

    heading: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Headings and paragraphs of a paper as plain text: the portal shows words, never foreign markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paper = Paper()
        self._tag = ""
        self._text: list[str] = []
        self._signing = False
        self._number = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph or heading."""
        if tag in ("h1", "h2", "h3", "p"):
            self._tag, self._text = tag, []
            self._number = dict(attrs).get("class") == "docno"
        elif tag == "div" and dict(attrs).get("class") == "sign":
            self._signing = True
        elif tag == "br" and self._tag:
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        """Gather words."""
        if self._tag:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Keep what was gathered."""
        if tag == "div":
            self._signing = False
        if tag != self._tag:
            return
        text = "".join(self._text).strip()
        if tag == "h1":
            self.paper.heading = text
        elif text:
            self.paper.parts.append((self._kind(tag), text))
        self._tag = ""

    def _kind(self, tag: str) -> str:
        if self._number:
            return "number"
        return "end" if self._signing else "h" if tag in ("h2", "h3") else "p"


def read_paper(markup: str) -> Paper:
    """The heading and paragraphs of a filed paper."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.paper
