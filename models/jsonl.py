"""Lines of JSON in and out; a bad line is refused by its number, and then nothing is done. 逐行读写"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

SHOWN = 10  # bad lines named in one refusal


class BadLines(Exception):
    """The file cannot be read as it stands; the message names the lines. 行有误"""


class Fault(Exception):
    """What is wrong with one line."""


def read_lines(path: Path, build: Callable[[Mapping[str, Any]], tuple[str | int, T]]) -> list[T]:
    """Every object of the file, each built under an id of its own.

    `build` gives the id of a line and what it says, or raises Fault. Raises BadLines naming each line that is none.
    """
    read: list[T] = []
    faults: list[str] = []
    seen: set[str | int] = set()
    for number, line in _lines(path):
        try:
            name, item = build(_object(line))
            if name in seen:
                raise Fault(f"id {name} 已在前面用过")
        except Fault as fault:
            faults.append(f"第{number}行：{fault}")
        else:
            seen.add(name)
            read.append(item)
    if faults:
        more = f"\n另有{len(faults) - SHOWN}行有误。" if len(faults) > SHOWN else ""
        raise BadLines("\n".join([f"{path} 中有不能读取的行，未处理任何一件：", *faults[:SHOWN]]) + more)
    return read


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        whole = path.read_bytes()
    except OSError as fault:
        raise BadLines(f"{path} 无法读取（{fault.strerror}）。") from None
    for number, line in enumerate(whole.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _object(line: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(line.decode("utf-8"), strict=False)
    except UnicodeDecodeError:
        raise Fault("不是 UTF-8 文字") from None
    except (ValueError, RecursionError):
        raise Fault("不是有效的 JSON") from None
    if not isinstance(raw, dict):
        raise Fault("应为一个 JSON 对象")
    return raw


def needed(raw: Mapping[str, Any], key: str) -> Any:
    """The value of a key that must be there. Raises Fault."""
    if key not in raw:
        raise Fault(f"缺少 {key}")
    return raw[key]


def id_of(raw: Mapping[str, Any]) -> str | int:
    """The id of a line, a text or a whole number. Raises Fault."""
    name = needed(raw, "id")
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        raise Fault("id 应为文字或者整数")
    return name


def as_bytes(lines: Iterable[str]) -> bytes:
    """The lines as a file; half a character pair, which UTF-8 cannot hold, stays as its JSON escape."""
    return "".join(f"{line}\n" for line in lines).encode("utf-8", errors="backslashreplace")
