"""Checking a dossier that came in, with nothing but the file: every hash, every list, the chain link by link. 案卷校验

A bundle names its files three times: the manifest by what they hold, the lists by what they are, and the chain by what
was recorded when they were filed. All three must agree; to forge one file the whole chain has to be forged, and that
no longer fits the register.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from models.casework.record import link_hash
from models.dossier import EventView
from models.tables import Event
from tasks.bundle import EVENTS, FORMAT, MANIFEST

FORMATS = ("zhaodan-bundle/1", FORMAT)
Seen = Callable[[int, int], None]
_CHUNK = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    NotImplementedError,
)


def check_bundle(path: Path, *, seen: Seen = lambda done, total: None) -> list[str]:
    """Every fault of a bundle, in words; an empty list when it is whole. `seen` is told how far it is."""
    return list(bundle_faults(path, seen=seen))


def bundle_faults(path: Path, *, seen: Seen = lambda done, total: None) -> Iterator[str]:
    """The faults one after the other: who wants only the first need not wait for the rest."""
    try:
        with zipfile.ZipFile(path) as bundle:
            yield from _faults(bundle, seen)
    except _UNREADABLE as error:
        yield f"案卷包无法读取：{type(error).__name__}"


def read_manifest(path: Path) -> dict[str, Any]:
    """What a bundle that has been checked says of itself."""
    with zipfile.ZipFile(path) as bundle:
        manifest: dict[str, Any] = json.loads(bundle.read(MANIFEST))
    return manifest


def _faults(bundle: zipfile.ZipFile, seen: Seen) -> Iterator[str]:
    names = bundle.namelist()
    if MANIFEST not in names:
        yield "案卷包中没有清单 manifest.json"
        return
    manifest = json.loads(bundle.read(MANIFEST))
    if manifest["format"] not in FORMATS:
        yield f"案卷包格式 {manifest['format']} 无法识别"
        return
    listed = {entry["name"]: entry for entry in manifest["entries"]}
    yield from (
        f"{name} 在案卷包中出现了不止一次" for name in sorted({n for n in names if names.count(n) > 1})
    )
    yield from (f"清单所列 {name} 不在案卷包中" for name in sorted(set(listed) - set(names)))
    yield from (f"{name} 不在清单中" for name in sorted(set(names) - set(listed) - {MANIFEST}))
    there = sorted(set(listed) & set(names))
    done, total = 0, sum(bundle.getinfo(name).file_size for name in there)
    for name in there:
        if _digest(bundle, name) != listed[name]["sha256"]:
            yield f"{name} 与清单的校验值不符"
        done += bundle.getinfo(name).file_size
        seen(done, total)
    chain = _Chain(manifest)
    yield from chain.faults(bundle)
    for table, zh in (("documents.json", "文书"), ("evidence.json", "证据")):
        yield from _list_faults(bundle, table, zh, listed, chain.recorded)


def _digest(bundle: zipfile.ZipFile, name: str) -> str:
    try:
        with bundle.open(name) as entry:
            return hashlib.file_digest(entry, "sha256").hexdigest()  # type: ignore[arg-type]
    except zipfile.BadZipFile:  # its own checksum already fails
        return ""


def _list_faults(
    bundle: zipfile.ZipFile, table: str, zh: str, listed: Mapping[str, Any], recorded: set[str]
) -> Iterator[str]:
    if table not in bundle.namelist():
        yield f"案卷包中没有{zh}目录 {table}"
        return
    for row in json.loads(bundle.read(table)):
        for file in (row, *row.get("forms", ())):
            if listed.get(file["entry"], {}).get("sha256") != file["sha256"]:
                yield f"{table} 所列 {file['entry']} 的校验值与清单不符"
            elif file["sha256"] not in recorded:
                yield f"留痕中没有 {file['entry']} 的登记，这份{zh}不是办案时归入的"


@dataclass
class _Chain:
    """The events of a bundle, read line by line, and the hashes they recorded."""

    manifest: Mapping[str, Any]

    def __post_init__(self) -> None:
        self.recorded: set[str] = set()

    def faults(self, bundle: zipfile.ZipFile) -> Iterator[str]:
        """The first link that does not hold."""
        if EVENTS not in bundle.namelist():
            yield "案卷包中没有留痕 events.jsonl"
            return
        with bundle.open(EVENTS) as lines:
            yield from self._walk(lines)

    def _walk(self, lines: IO[bytes]) -> Iterator[str]:
        previous, count = "", 0
        for line in lines:
            event = _event(json.loads(line))
            count += 1
            if event.case_id != self.manifest["case_id"]:
                yield f"第 {count} 条留痕不属于本案"
                return
            if event.seq != count or event.prev_hash != previous or link_hash(previous, event) != event.hash:
                yield f"第 {count} 条留痕与前一条不相衔接，或者内容与校验值不符"
                return
            previous = event.hash
            self.recorded |= {event.data.get("sha256", "")}
            for file in event.data.get("files", ()):
                self.recorded |= {file.get("sha256", ""), file.get("signature", "")}
        if (count, previous) != (self.manifest["events"], self.manifest["head"]):
            yield "留痕的条数或者末条校验值与清单不符"


_EVENT_FIELDS = frozenset(field.name for field in fields(EventView)) - {"actor"} | {"case_id"}


def _event(said: Mapping[str, Any]) -> Event:
    own = {name: said[name] for name in _EVENT_FIELDS}
    return Event(**(own | {"at": datetime.fromisoformat(said["at"])}))
