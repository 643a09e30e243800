"""Lists in pages that stay right while rows are added. 分页"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from models.rules.errors import Incomplete

Row = TypeVar("Row")
MOST = 100  # rows of one page
COUNTED = 1000  # a count stops here: "1000+" tells a person enough


class BadCursor(Incomplete):
    """翻页标记无法识别，请从第一页重新打开列表。"""

    code = "bad-cursor"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list and where the next page starts; no next means the list has ended."""

    rows: Sequence[Row]
    next: str | None = None


def cut(rows: Sequence[Row], limit: int, *, key: Any) -> Page[Row]:
    """A page of `limit` rows out of one row more than that; `key` gives the sort values of a row."""
    if len(rows) <= limit:
        return Page(rows)
    return Page(rows[:limit], write_cursor(*key(rows[limit - 1])))


def write_cursor(*values: str) -> str:
    """Sort values as an opaque word of an address."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def read_cursor(text: str, *readers: Callable[[str], Any]) -> list[Any]:
    """The sort values again. Raises BadCursor for anything we have not written."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if len(values) != len(readers):
            raise BadCursor
        return [read(value) for read, value in zip(readers, values, strict=True)]
    except (binascii.Error, ValueError, TypeError):
        raise BadCursor from None


def read_moment(text: str) -> datetime:
    """A moment of a cursor. Raises ValueError without a time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment


def read_word(text: str) -> str:
    """An id of a cursor. Raises ValueError for anything else."""
    if not re.fullmatch(r"[0-9a-zA-Z-]{1,64}", text):
        raise ValueError("not an id")
    return text
