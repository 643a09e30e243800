"""What nobody needs any more goes: answers kept for repeated requests, files of uploads that were refused. 清理

No row of a case and no file that a case refers to is ever touched.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from models.database import register
from models.files import store
from models.tables import Deposit, Document, Evidence, Rendition, Replay

log = logging.getLogger(__name__)

REPLAYS_KEPT = timedelta(days=7)  # nobody repeats a request after a week
FILES_KEPT = timedelta(days=1)  # far longer than the act that refers to a file it has just stored


@dataclass(frozen=True)
class Purged:
    """How much was removed. 清理结果"""

    replays: int
    files: int


def purge(at: datetime) -> Purged:
    """Remove what has outlived its use; again at once, there is nothing left to remove. 清理"""
    return Purged(_purge_replays(at - REPLAYS_KEPT), _purge_files(at - FILES_KEPT))


def _purge_replays(before: datetime) -> int:
    with register().writing() as session:
        old = sa.delete(Replay).where(col(Replay.created_at) < before)
        return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def _purge_files(before: datetime) -> int:
    files = store()
    # The files first: what a case refers to by the time the register is read is then among the references.
    idle = set(files.idle(before=before))
    with register().reading() as session:
        used = {
            sha256
            for kept in (
                Evidence.sha256,
                Document.sha256,
                Rendition.sha256,
                Rendition.signature,
                Deposit.paper_sha256,
            )
            for sha256 in session.exec(select(kept))
        }
    if idle and not used:
        # An empty register beside a full store is a wrong address or a lost database, not a pile of refused uploads.
        log.warning("the register refers to no file at all: %d files are left where they are", len(idle))
        return 0
    gone = sum(files.discard(sha256, before=before) for sha256 in idle - used)
    return gone + files.discard_parts(before=before)
