"""The archive bundle of a case: everything in one file that can be checked without us. 归档案卷

The open volume and the inner one, each in its order with every form of each paper and its signature, the table of
contents, the events, and a manifest with the SHA-256 of all of it. The same case at the same moment gives the same
bytes: entries in a fixed order, with a fixed time, uncompressed. Files pass through in pieces and are never held.
What vouches for the whole is the SHA-256 under which the register files the bundle.
"""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import IO, Any

from sqlmodel import Session, col, select

from models.dossier import DocumentView, Dossier, EventView, EvidenceView, load_dossier
from models.files import FileStore, Stored
from models.rules.errors import Incomplete, NotFound
from models.tables import Rendition
from tasks.volumes import (
    Volume,
    evidence_entry,
    in_order,
    paper_entry,
    table_of_contents,
    volume_of,
)

FORMAT = "zhaodan-bundle/2"
MANIFEST, EVENTS, CONTENTS = "manifest.json", "events.jsonl", "contents.html"
OWN_KIND = "dossier-bundle"  # an earlier bundle of a reopened case is not packed into the next
_CHUNK = 1 << 20
_EPOCH = (1980, 1, 1, 0, 0, 0)
_SUFFIXES = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "text/plain": ".txt",
    "video/mp4": ".mp4",
    "audio/mpeg": ".mp3",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


def store_bundle(session: Session, case_id: str, store: FileStore, *, now: datetime) -> Stored:
    """Build the bundle on disk and keep it in the store; evidence is never held in memory.

    Raises NotFound for an unknown case, Incomplete when a file is gone or no longer fits its hash.
    """
    store.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=store.root) as file:  # not in memory, as /tmp may be
        write_bundle(session, case_id, store, file, now=now)
        size = file.tell()
        file.seek(0)
        return store.receive(iter(lambda: file.read(_CHUNK), b""), limit=size)


def build_bundle(session: Session, case_id: str, store: FileStore, *, now: datetime) -> bytes:
    """The bundle as bytes, for cases known to be small. Raises as `store_bundle` does."""
    file = io.BytesIO()
    write_bundle(session, case_id, store, file, now=now)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _File:
    """A stored file on its way into the bundle, and how a person calls it."""

    entry: str
    sha256: str
    size: int
    zh: str


def write_bundle(
    session: Session,
    case_id: str,
    store: FileStore,
    file: IO[bytes],
    *,
    now: datetime,
    seen: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the bundle; `seen` is told how many bytes of how many have passed. Raises as `store_bundle` does."""
    dossier = load_dossier(session, case_id)
    papers, evidence = _papers(dossier), _evidence(dossier)
    forms = _forms(session, papers)
    contents = [paper_entry(view, stored.entry) for view, stored in papers]
    contents += [evidence_entry(view, stored.entry) for view, stored in evidence]
    texts = {
        "documents.json": _json(
            [
                _row(view, stored) | {"volume": volume_of(view.kind), "forms": _form_rows(forms[view.id])}
                for view, stored in papers
            ]
        ),
        "dossier.json": _json(_plain(dossier)),
        "evidence.json": _json([_row(view, stored) for view, stored in evidence]),
        CONTENTS: table_of_contents(dossier, contents),
    }
    for number in range(1, dossier.round):
        texts[f"rounds/{number:02}.json"] = _json(_plain(load_dossier(session, case_id, number)))
    files = [one for view, stored in papers for one in (stored, *(f for _, f in forms[view.id]))] + [
        stored for _, stored in evidence
    ]
    done, total = 0, sum(stored.size for stored in files)
    entries: list[dict[str, Any]] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for stored in files:

            def passed(chunk: bytes) -> bytes:
                nonlocal done
                done += len(chunk)
                seen(done, total)
                return chunk

            entries.append(_add(bundle, stored.entry, map(passed, _read(store, stored))))
            if entries[-1]["sha256"] != stored.sha256:
                raise Incomplete(
                    f"{stored.zh}与登记的校验值不符，不能归档；请联系系统管理员从备份恢复后再办。"
                )
        entries.append(_add(bundle, EVENTS, (_line(e, case_id) for e in dossier.timeline)))
        entries += [_add(bundle, name, [texts[name]]) for name in sorted(texts)]
        manifest = {
            "format": FORMAT,
            "case": dossier.number,
            "case_id": case_id,
            "built_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "events": len(dossier.timeline),
            "head": dossier.head,
            "entries": sorted(entries, key=lambda entry: str(entry["name"])),
        }
        _add(bundle, MANIFEST, [_json(manifest)])


def _papers(dossier: Dossier) -> list[tuple[DocumentView, _File]]:
    kept = [paper for paper in dossier.documents if paper.kind != OWN_KIND]
    return [
        (
            paper,
            _File(
                f"{volume}/{place:04}-{paper.kind}.html", paper.sha256, paper.size, f"文书《{paper.title}》"
            ),
        )
        for volume in Volume
        for place, paper in enumerate(in_order(kept, volume), 1)
    ]


def _forms(
    session: Session, papers: Sequence[tuple[DocumentView, _File]]
) -> dict[int, list[tuple[Rendition, _File]]]:
    """Every paper as it was laid out and signed, beside its page."""
    found: dict[int, list[tuple[Rendition, _File]]] = {view.id: [] for view, _ in papers}
    pages = {view.id: stored for view, stored in papers}
    wanted = select(Rendition).where(col(Rendition.document_id).in_(found))
    for made in session.exec(wanted.order_by(Rendition.document_id, Rendition.form)):
        page = pages[made.document_id]
        entry = f"{page.entry.removesuffix('.html')}.{made.form}"
        found[made.document_id].append((made, _File(entry, made.sha256, made.size, page.zh)))
        if made.signature:
            signature = _File(f"{entry}.p7s", made.signature, 0, f"{page.zh}的签名")
            found[made.document_id].append((made, signature))
    return found


def _form_rows(forms: Sequence[tuple[Rendition, _File]]) -> list[dict[str, str]]:
    return [{"entry": stored.entry, "sha256": stored.sha256, "signer": made.signer} for made, stored in forms]


def _evidence(dossier: Dossier) -> list[tuple[EvidenceView, _File]]:
    # Named by number: what somebody called the file never becomes a path.
    return [
        (
            e,
            _File(
                f"{Volume.MAIN}/evidence/{e.number:04}{_SUFFIXES.get(e.media_type, '.bin')}",
                e.sha256,
                e.size,
                f"证据{e.number}",
            ),
        )
        for e in dossier.evidence
    ]


def _read(store: FileStore, stored: _File) -> Iterator[bytes]:
    try:
        file = store.open(stored.sha256)
    except NotFound:
        raise Incomplete(f"文件库中没有{stored.zh}，不能归档；请联系系统管理员从备份恢复后再办。") from None
    with file:
        yield from iter(lambda: file.read(_CHUNK), b"")


def _add(bundle: zipfile.ZipFile, name: str, chunks: Iterable[bytes]) -> dict[str, Any]:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o644 << 16
    info.create_system = 3
    digest, size = hashlib.sha256(), 0
    with bundle.open(info, "w", force_zip64=True) as entry:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            entry.write(chunk)
    return {"name": name, "sha256": digest.hexdigest(), "size": size}


def _row(view: DocumentView | EvidenceView, stored: _File) -> dict[str, Any]:
    return asdict(view) | {"entry": stored.entry}


def _plain(dossier: Dossier) -> dict[str, Any]:
    """The dossier without the chain, which has its own file."""
    return asdict(replace(dossier, timeline=()))


def _line(event: EventView, case_id: str) -> bytes:
    said = asdict(event) | {
        "case_id": case_id,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, default=_said).encode() + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, default=_said).encode() + b"\n"


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a bundle")
