"""Looking at a piece of evidence without downloading it: pictures, PDF and plain text, by what the bytes are. 证据预览

What a file is called and what its sender said it was counts for nothing here. Markup is never shown, since a browser
would do what it says; everything goes out so that it can do nothing: no scripts, no sources, no origin of its own.
"""

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from PIL import Image, UnidentifiedImageError
from sqlmodel import Session

from api.cases import RowId, stored_file
from api.deps import ActorDep, ReadingDep
from api.errors import Damaged, WrongType
from api.read_log import ReadLog, ReadLogDep, note_object
from models.files import store
from models.queries import seen_evidence
from models.readings import ReadKind
from models.rules.errors import NotFound
from models.rules.permissions import Actor
from models.tables import Evidence

router = APIRouter(prefix="/api", tags=["案件"])

FILE_MOST = 20 * 1024 * 1024  # bytes of a picture or PDF a page still shows
PIXELS_MOST = 50_000_000  # a small file can hold a picture that fills a browser's memory
TEXT_MOST = 64 * 1024  # bytes of a text that are shown
PNG, JPEG, PDF, TEXT = "image/png", "image/jpeg", "application/pdf", "text/plain"
_HEAD = 512
_MARKS: Mapping[str, Callable[[bytes], bool]] = {
    PNG: lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    JPEG: lambda head: head.startswith(b"\xff\xd8\xff"),
    PDF: lambda head: head.startswith(b"%PDF-"),
}
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HEADERS = {
    # Shown by our own pages only; a picture or PDF that is opened by itself is as powerless as inside one.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'; sandbox",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NONE = "这种文件没有预览：只预览 PNG、JPEG 图片、PDF 和纯文本；请下载后查看。"
_LARGE = f"文件超过 {FILE_MOST // 1024 // 1024} MiB，没有预览；请下载后查看。"
_WIDE = "图片的像素过多，没有预览；请下载后查看。"
_TORN = "图片不完整，没有预览；请下载后核对。"


@dataclass(frozen=True)
class Preview:
    """What of a piece of evidence can be shown: its type, the text of a text, or else why nothing. 预览"""

    media_type: str = ""
    text: str = ""
    cut: bool = False  # the text goes on
    why_not: str = ""


def preview_of(piece: Evidence) -> Preview:
    """What can be shown of a piece. Raises Damaged when its bytes are no longer those that were handed in, NotFound."""
    files = store()
    with files.open(piece.sha256) as file:
        start = file.read(TEXT_MOST)
        goes_on = bool(file.read(1))
    media_type = next((one for one, fits in _MARKS.items() if fits(start[:_HEAD])), "")
    if media_type:
        why_not = _fault(media_type, files.path(piece.sha256), piece.size)
        return Preview(why_not=why_not) if why_not else Preview(media_type)
    # A PDF with something before it is accepted at the door, but what it is depends on who reads it.
    text = None if b"%PDF-" in start[:_HEAD] else _text(start, whole=not goes_on)
    if text is None:
        return Preview(why_not=_NONE)
    if not files.verify(piece.sha256):
        raise Damaged
    return Preview(TEXT, text, goes_on)


def _fault(media_type: str, path: Path, size: int) -> str:
    """Why a picture or PDF is not shown; nothing when it is."""
    if size > FILE_MOST:
        return _LARGE
    if media_type == PDF:
        return ""
    try:
        # The head alone is read: how large the picture would be, before anybody lays it out.
        with Image.open(path, formats=[media_type.removeprefix("image/")]) as picture:
            wide, high = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _WIDE
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return _TORN
    return _WIDE if wide * high > PIXELS_MOST else ""


def _text(start: bytes, *, whole: bool) -> str | None:
    """Bytes as text, in one of the two encodings offices write; nothing for what is no text, or is markup."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            # What is cut may end in the middle of a character; a whole file may not.
            text = codecs.getincrementaldecoder(encoding)("strict").decode(start, final=whole)
        except UnicodeDecodeError:
            continue
        return None if _UNREADABLE.search(text) or text.lstrip().startswith("<") else text
    return None


def previewed(
    log: ReadLog, session: Session, actor: Actor, listed: Sequence[Evidence], number: int
) -> dict[str, Any]:
    """The piece of the list that is open on a page, if any; 0 is none. Raises NotFound for one that is not listed."""
    if not number:
        return {"previewed": None}
    piece = next((one for one in listed if one.number == number), None)
    if piece is None or piece.id is None:
        raise NotFound
    seen = seen_evidence(session, actor, piece.id)
    try:
        found = preview_of(seen)
    except (Damaged, NotFound) as error:
        found = Preview(why_not=str(error))
    if found.media_type == TEXT:  # what the browser fetches by itself is noted when it does
        note_object(log, session, actor, seen.case_id, kind=ReadKind.EVIDENCE, object_id=piece.id)
    return {"previewed": seen, "preview": found}


@router.get("/evidence/{evidence_id}/preview", summary="预览证据", response_class=Response)
def get_preview(evidence_id: RowId, actor: ActorDep, session: ReadingDep, log: ReadLogDep) -> Response:
    """PNG、JPEG 图片、PDF 原样，纯文本的开头部分（UTF-8）；类型按内容判断。其他文件没有预览（415），请下载。"""
    piece = seen_evidence(session, actor, evidence_id)
    found = preview_of(piece)
    if found.why_not:
        raise WrongType(found.why_not)
    note_object(log, session, actor, piece.case_id, kind=ReadKind.EVIDENCE, object_id=evidence_id)
    answer: Response
    if found.media_type == TEXT:
        answer = PlainTextResponse(
            found.text, headers={"Content-Disposition": "inline", "Cache-Control": "no-store"}
        )
    else:
        answer = stored_file(piece.sha256, found.media_type, piece.file_name, inline=True)
    answer.headers.update(_HEADERS)
    return answer
