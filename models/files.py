"""Evidence and issued papers on disk, named by their SHA-256. 文件库"""

import hashlib
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
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


def store() -> FileStore:
    """The store of this installation."""
    return FileStore(settings().data_dir / "files")
