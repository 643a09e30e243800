"""Evidence and issued papers on disk, named by their SHA-256. 文件库"""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from models.rules.errors import CaseworkError, NotFound
from models.settings import settings


class TooLarge(CaseworkError):
    """文件超过允许的大小，请压缩或者拆分后再提交。"""

    code = "too-large"


@dataclass(frozen=True)
class Stored:
    """Bytes that lie safely in the store."""

    sha256: str
    size: int
    path: Path


class FileStore:
    """Files named by what they hold: the same bytes twice are one file, and a changed file no longer fits its name."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where bytes of this hash lie, or would lie."""
        return self.root / sha256[:2] / sha256

    def receive(self, chunks: Iterable[bytes], *, limit: int) -> Stored:
        """Stream bytes to disk; they appear whole or not at all. Raises TooLarge past `limit` bytes."""
        incoming = self.root / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        part = incoming / uuid.uuid4().hex
        digest, size = hashlib.sha256(), 0
        try:
            with part.open("wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise TooLarge(
                            f"文件超过 {limit // 1024 // 1024} MiB 的上限，没有保存；请压缩或者拆分后再提交。"
                        )
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            target = self.path(digest.hexdigest())
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._alone():
                part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return Stored(digest.hexdigest(), size, target)

    def put(self, data: bytes) -> Stored:
        """Keep bytes that are already in memory."""
        return self.receive([data], limit=len(data))

    def open(self, sha256: str) -> BinaryIO:
        """Open a stored file for reading. Raises NotFound when it is gone."""
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NotFound("文件库中没有这份文件，请联系系统管理员从备份恢复。") from None

    def verify(self, sha256: str) -> bool:
        """Whether the bytes on disk still are what their name says."""
        try:
            with self.path(sha256).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except FileNotFoundError:
            return False

    def idle(self, *, before: datetime) -> Iterator[str]:
        """Hashes of the files that were last handed in before a moment."""
        return (path.name for path in _untouched(self.root.glob("[0-9a-f][0-9a-f]/*"), before))

    def discard(self, sha256: str, *, before: datetime) -> bool:
        """Delete a file, unless somebody has handed it in again since; whether anything was deleted."""
        path = self.path(sha256)
        with self._alone():
            if not path.exists() or path.stat().st_mtime >= before.timestamp():
                return False
            path.unlink()
        return True

    def discard_parts(self, *, before: datetime) -> int:
        """Delete what uploads have left that were cut off with their process; returns how many."""
        left = list(_untouched(self.root.glob("incoming/*"), before))
        for part in left:
            part.unlink(missing_ok=True)
        return len(left)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time puts a file in its place or takes one away."""
        held = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def _untouched(paths: Iterable[Path], before: datetime) -> Iterator[Path]:
    for path in paths:
        with suppress(FileNotFoundError):  # an upload that is just being finished moves its file away
            if path.stat().st_mtime < before.timestamp():
                yield path


def store() -> FileStore:
    """The store of this installation."""
    return FileStore(settings().data_dir / "files")
