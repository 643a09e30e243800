"""The archive bundle of a case: everything in one file that can be checked without us. 归档案卷

The same case at the same moment gives the same bytes: entries in a fixed order, with a fixed time, uncompressed.
What vouches for the whole is the SHA-256 under which the register files the bundle.
"""

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from sqlmodel import Session

from models.casework.record import link_hash
from models.dossier import Dossier, EventView, load_dossier
from models.files import FileStore, Stored
from models.rules.errors import Incomplete, NotFound
from models.tables import Event

FORMAT = "zhaodan-bundle/1"
MANIFEST = "manifest.json"
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
    with tempfile.TemporaryFile() as file:
        _write(session, case_id, store, file, now=now)
        size = file.tell()
        file.seek(0)
        return store.receive(iter(lambda: file.read(_CHUNK), b""), limit=size)


def build_bundle(session: Session, case_id: str, store: FileStore, *, now: datetime) -> bytes:
    """The bundle as bytes, for cases known to be small. Raises as `store_bundle` does."""
    file = io.BytesIO()
    _write(session, case_id, store, file, now=now)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _File:
    """A stored file on its way into the bundle, and how a person calls it."""

    entry: str
    sha256: str
    size: int
    zh: str


def _write(session: Session, case_id: str, store: FileStore, file: IO[bytes], *, now: datetime) -> None:
    dossier = load_dossier(session, case_id)
    papers, evidence = _papers(dossier), _evidence(dossier)
    texts = {
        "documents.json": _rows(dossier.documents, papers),
        "dossier.json": _plain(dossier),
        "evidence.json": _rows(dossier.evidence, evidence),
    }
    for number in range(1, dossier.round):
        texts[f"rounds/{number:02}.json"] = _plain(load_dossier(session, case_id, number))
    entries: list[dict[str, Any]] = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as bundle:
        for stored in (*papers, *evidence):
            entries.append(_add(bundle, stored.entry, _read(store, stored)))
            if entries[-1]["sha256"] != stored.sha256:
                raise Incomplete(
                    f"{stored.zh}与登记的校验值不符，不能归档；请联系系统管理员从备份恢复后再办。"
                )
        entries.append(_add(bundle, "events.jsonl", (_line(e, case_id) for e in dossier.timeline)))
        entries += [_add(bundle, name, [_json(texts[name])]) for name in sorted(texts)]
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


def _papers(dossier: Dossier) -> tuple[_File, ...]:
    kept = [paper for paper in dossier.documents if paper.kind != OWN_KIND]
    return tuple(
        _File(f"documents/{place:04}-{paper.kind}.html", paper.sha256, paper.size, f"文书《{paper.title}》")
        for place, paper in enumerate(kept, 1)
    )


def _evidence(dossier: Dossier) -> tuple[_File, ...]:
    # Named by number: what somebody called the file never becomes a path.
    return tuple(
        _File(
            f"evidence/{e.number:04}{_SUFFIXES.get(e.media_type, '.bin')}",
            e.sha256,
            e.size,
            f"证据{e.number}",
        )
        for e in dossier.evidence
    )


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


def _rows(views: Iterable[Any], files: Iterable[_File]) -> list[dict[str, Any]]:
    entries = {file.sha256: file.entry for file in files}
    return [asdict(view) | {"entry": entries[view.sha256]} for view in views if view.sha256 in entries]


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


# --- checking ---------------------------------------------------------------------------------------


def check_bundle(path: Path) -> list[str]:
    """Every fault of a bundle, in words; an empty list when it is whole. 案卷校验

    Needs nothing but the file: entries against the manifest, lists against entries, the chain link by link.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            return _faults(bundle)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"案卷包无法读取：{type(error).__name__}"]


def _faults(bundle: zipfile.ZipFile) -> list[str]:
    names = bundle.namelist()
    if MANIFEST not in names:
        return ["案卷包中没有清单 manifest.json"]
    manifest = json.loads(bundle.read(MANIFEST))
    if manifest["format"] != FORMAT:
        return [f"案卷包格式 {manifest['format']} 无法识别"]
    listed = {entry["name"]: entry for entry in manifest["entries"]}
    faults = [f"{name} 在案卷包中出现了不止一次" for name in sorted({n for n in names if names.count(n) > 1})]
    faults += [f"清单所列 {name} 不在案卷包中" for name in sorted(set(listed) - set(names))]
    faults += [f"{name} 不在清单中" for name in sorted(set(names) - set(listed) - {MANIFEST})]
    for name in sorted(set(listed) & set(names)):
        if _digest(bundle, name) != listed[name]["sha256"]:
            faults.append(f"{name} 与清单的校验值不符")
    for table in ("documents.json", "evidence.json"):
        faults += _list_faults(bundle, table, listed)
    return faults + _chain_faults(bundle, manifest)


def _digest(bundle: zipfile.ZipFile, name: str) -> str:
    try:
        with bundle.open(name) as entry:
            return hashlib.file_digest(entry, "sha256").hexdigest()  # type: ignore[arg-type]
    except zipfile.BadZipFile:  # its own checksum already fails
        return ""


def _list_faults(bundle: zipfile.ZipFile, table: str, listed: Mapping[str, Any]) -> list[str]:
    if table not in bundle.namelist():
        return []  # its absence is a fault already, or the manifest never had it
    rows = json.loads(bundle.read(table))
    return [
        f"{table} 所列 {row['entry']} 的校验值与清单不符"
        for row in rows
        if listed.get(row["entry"], {}).get("sha256") != row["sha256"]
    ]


def _chain_faults(bundle: zipfile.ZipFile, manifest: Mapping[str, Any]) -> list[str]:
    if "events.jsonl" not in bundle.namelist():
        return ["案卷包中没有留痕 events.jsonl"]
    previous, count = "", 0
    for line in bundle.read("events.jsonl").splitlines():
        said = json.loads(line)
        count += 1
        event = _event(said)
        if event.case_id != manifest["case_id"]:
            return [f"第 {count} 条留痕不属于本案"]
        if event.seq != count or event.prev_hash != previous or link_hash(previous, event) != event.hash:
            return [f"第 {count} 条留痕与前一条不相衔接，或者内容与校验值不符"]
        previous = event.hash
    if (count, previous) != (manifest["events"], manifest["head"]):
        return ["留痕的条数或者末条校验值与清单不符"]
    return []


_EVENT_FIELDS = frozenset(field.name for field in fields(EventView)) - {"actor"} | {"case_id"}


def _event(said: Mapping[str, Any]) -> Event:
    own = {name: said[name] for name in _EVENT_FIELDS}
    return Event(**(own | {"at": datetime.fromisoformat(said["at"])}))
