"""Reading the files of an edition so that every fault names its file, its entry and itself. 读取手册文件"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from models.rules.deadlines import BadPeriod, Period, Unit

T = TypeVar("T")


class HandbookError(Exception):
    """The handbook cannot be used as it stands; the message says which file, which entry and what to do. 手册有误"""


class StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one is ten times faster
    """Safe YAML that refuses a key written twice instead of silently keeping the last."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(None, None, f"键须为文字：{key!r}", key_node.start_mark)
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"键 {key} 重复", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class Entry:
    """One mapping of a file, read key by key; `done` refuses keys nobody asked for."""

    def __init__(self, file: str, label: str, raw: object) -> None:
        self.file, self.label = file, label
        if not isinstance(raw, dict):
            raise self.fault("应为“键: 值”的条目")
        self._raw: dict[str, Any] = raw
        self._asked: set[str] = set()

    def fault(self, what: str) -> HandbookError:
        """The error to raise about this entry."""
        where = f"{self.file}：{self.label}" if self.label else self.file
        return HandbookError(f"手册文件 {where}：{what}。未载入任何内容，请更正后重新启动。")

    def raw(self, key: str) -> Any:
        """The value as it stands, None when absent."""
        self._asked.add(key)
        return self._raw.get(key)

    def text(self, key: str) -> str:
        """A text that must be there."""
        found = self.raw(key)
        if not isinstance(found, str) or not found.strip():
            raise self.fault(f"缺少 {key}，或者不是文字")
        return found

    def text_or(self, key: str, default: str = "") -> str:
        """A text that may be absent."""
        return default if self.raw(key) is None else self.text(key)

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts without repetition."""
        found = self.raw(key)
        if found is None and not required:
            return ()
        if not isinstance(found, list) or not all(isinstance(item, str) and item.strip() for item in found):
            raise self.fault(f"{key} 应为文字列表")
        if required and not found:
            raise self.fault(f"{key} 不能为空")
        if len(set(found)) != len(found):
            raise self.fault(f"{key} 中有重复项")
        return tuple(found)

    def flag(self, key: str) -> bool:
        """True or false; absent is false."""
        found = self.raw(key)
        if not isinstance(found, bool | None):
            raise self.fault(f"{key} 应为 true 或 false")
        return bool(found)

    def number(self, key: str) -> int:
        """A whole number above zero."""
        found = self.raw(key)
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            raise self.fault(f"{key} 应为正整数")
        return found

    def day(self, key: str) -> date:
        """A date that must be there."""
        found = self.raw(key)
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.fault(f"{key} 应为日期，写作 2019-11-21")
        return found

    def day_or_none(self, key: str) -> date | None:
        """A date, or nothing for an open end."""
        return None if self.raw(key) is None else self.day(key)

    def one_of(self, key: str, known: Collection[str]) -> str:
        """A text from a fixed list."""
        found = self.text(key)
        if found not in known:
            raise self.fault(f"{key} 写作“{found}”，只能是：{'、'.join(sorted(known))}")
        return found

    def among(
        self, key: str, known: Collection[str], what: str, *, required: bool = False
    ) -> tuple[str, ...]:
        """A list of ids that must exist elsewhere."""
        found = self.texts(key, required=required)
        for item in found:
            if item not in known:
                raise self.fault(f"{key} 引用了未定义的{what} {item}")
        return found

    def period(self, amount: str, unit: str = "unit") -> Period:
        """An amount with its unit."""
        count, counted_in = self.number(amount), self.one_of(unit, [u.value for u in Unit])
        try:
            return Period(count, Unit(counted_in))
        except BadPeriod as refused:
            raise self.fault(str(refused)) from refused

    def sub(self, key: str) -> "Entry | None":
        """A mapping inside this one, or nothing."""
        found = self.raw(key)
        return None if found is None else Entry(self.file, f"{self.label} {key}".strip(), found)

    def subs(self, key: str, *, required: bool = False) -> Iterator["Entry"]:
        """The mappings of a list inside this one."""
        found = self.raw(key)
        if found is None and not required:
            return
        if not isinstance(found, list) or (required and not found):
            raise self.fault(f"{key} 应为非空列表" if required else f"{key} 应为列表")
        for number, item in enumerate(found, start=1):
            yield Entry(self.file, f"{self.label} {key} 第{number}项".strip(), item)

    def table(self, key: str) -> dict[str, Any]:
        """A mapping that must be there."""
        found = self.raw(key)
        if not isinstance(found, dict) or not found:
            raise self.fault(f"{key} 应为非空的“键: 值”")
        return found

    def done(self) -> None:
        """Refuse what the reader does not understand: a misspelt key must not be lost in silence."""
        unknown = sorted(set(self._raw) - self._asked)
        if unknown:
            raise self.fault(f"不认识的键 {'、'.join(unknown)}")


def read_file(folder: Path, name: str) -> Entry:
    """The top mapping of a file of the edition."""
    shown = f"{folder.name}/{name}"
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise HandbookError(f"手册文件 {shown} 不存在。未载入任何内容，请补齐后重新启动。") from missing
    except (OSError, UnicodeDecodeError) as unreadable:
        raise HandbookError(f"手册文件 {shown} 无法读取（{unreadable}）。未载入任何内容。") from unreadable
    try:
        raw = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a SafeLoader with stricter keys
    except yaml.YAMLError as broken:
        raise HandbookError(
            f"手册文件 {shown} 不是有效的 YAML：{_place(broken)}。未载入任何内容。"
        ) from broken
    return Entry(shown, "", raw)


def _place(broken: yaml.YAMLError) -> str:
    mark, problem = getattr(broken, "problem_mark", None), getattr(broken, "problem", None)
    return f"第{mark.line + 1}行，{problem}" if mark else str(broken)


def read_entries(top: Entry, key: str, build: Callable[[Entry], T]) -> dict[str, T]:
    """The entries of a list by id, each built and fully understood; refuses an id used twice."""
    built: dict[str, T] = {}
    for entry in top.subs(key, required=True):
        entry.label = entry.text("id")
        if entry.label in built:
            raise entry.fault("编号重复")
        built[entry.label] = build(entry)
        entry.done()
    return built


def texts_by_key(top: Entry, key: str) -> Mapping[str, str]:
    """A table of names."""
    return {str(name): str(zh) for name, zh in top.table(key).items()}
