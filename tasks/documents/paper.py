"""What a paper says, as a small tree: read from the filed page, laid out as Word or PDF. 文书内容结构

The page is the one source: whatever else is made of a paper is made of the bytes that were filed, so a paper of
last year can still be laid out, and no two forms can say different things. The vocabulary is small on purpose;
an element that is not in it is an error of the template, found by the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from html.parser import HTMLParser
from typing import TypeAlias


class Look(StrEnum):
    """How a line is set. 行的样式"""

    MARK = "mark"  # 发文机关标志
    NUMBER = "docno"  # 发文字号
    CASE = "case"  # 案号
    TITLE = "h1"  # 标题
    FIRST = "h2"  # 一级标题，黑体
    SECOND = "h3"  # 二级标题，楷体
    TEXT = "p"  # 正文
    FLUSH = "flush"  # 顶格
    QUOTE = "blockquote"  # 引文
    BOXED = "pre"  # 框内文字
    DIGEST = "seal"  # 校验值
    CAPTION = "caption"  # 表题
    MADE = "made"  # 制作日期


class Part(StrEnum):
    """Where on the paper a line stands. 文书部位"""

    HEAD = "header"  # 版头
    BODY = "main"  # 正文
    SIGN = "sign"  # 署名和成文日期
    HANDS = "hands"  # 手签栏
    NOTE = "note"  # 附注
    IMPRINT = "imprint"  # 版记


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph; a newline in it breaks the line. 段落"""

    text: str
    look: Look = Look.TEXT


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with its paragraphs. 单元格"""

    lines: tuple[str, ...]
    head: bool = False
    span: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `heads` rows are repeated on every page, `widths` are shares of the whole. 表格"""

    rows: tuple[tuple[Cell, ...], ...]
    heads: int = 0
    widths: tuple[float, ...] = ()

    @property
    def columns(self) -> int:
        """How many columns the widest row fills."""
        return max((sum(cell.span for cell in row) for row in self.rows), default=1)


Block: TypeAlias = Line | Table


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole paper in reading order. 文书"""

    title: str
    layout: str  # paper, letter, form, report
    parts: tuple[tuple[Part, tuple[Block, ...]], ...]

    @property
    def text(self) -> str:
        """Everything it says, one line each, for comparison."""
        said: list[str] = []
        for _, blocks in self.parts:
            for block in blocks:
                if isinstance(block, Line):
                    said.append(block.text)
                else:
                    said += [line for row in block.rows for cell in row for line in cell.lines]
        return "\n".join(said)


class UnknownElement(ValueError):
    """A template uses an element the layouts do not know."""


def read_paper(page: bytes) -> Paper:
    """The tree of a filed page. Raises UnknownElement for anything outside the vocabulary."""
    reader = _Reader()
    reader.feed(page.decode())
    reader.close()
    return Paper(reader.title, reader.layout, tuple((part, tuple(blocks)) for part, blocks in reader.parts))


_LINES = {look.value: look for look in (Look.TITLE, Look.FIRST, Look.SECOND, Look.BOXED, Look.CAPTION)}
_PARTS = {part.value for part in Part}
_INLINE = {"span", "br"}
_TRANSPARENT = {"thead", "tbody", "colgroup", "blockquote", "html", "body", "hr"}
_SILENT = {"head", "meta", "style", "title"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = self.layout = ""
        self.parts: list[tuple[Part, list[Block]]] = []
        self._open: list[str] = []  # the names of the elements we are in, with divs by their class
        self._line: list[str] | None = None
        self._look = Look.TEXT
        self._rows: list[list[Cell]] | None = None
        self._heads = 0
        self._widths: list[float] = []
        self._cell: list[str] | None = None
        self._cell_of: tuple[bool, int] = (False, 1)

    # --- elements -----------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        kind = given.get("class", "")
        if tag == "br":
            self._add("\n")
        elif tag == "col":
            self._widths.append(float(given["style"].removeprefix("width:").strip().removesuffix("%")))
        elif tag in ("meta", "hr"):
            pass
        else:
            self._enter(tag, kind, given)

    def _enter(self, tag: str, kind: str, given: dict[str, str]) -> None:
        name = kind if tag == "div" and kind in _PARTS else tag
        self._open.append(name)
        if name in _PARTS:
            if name == "main":
                self.layout = kind
            self.parts.append((Part(name), []))
        elif tag == "div" and kind == Look.MARK:
            self._start(Look.MARK)
        elif tag == "table":
            self._rows, self._heads, self._widths = [], 0, []
        elif tag == "tr":
            self._row().append([])
            self._heads += "thead" in self._open
        elif tag in ("td", "th"):
            self._cell, self._cell_of = [], (tag == "th", int(given.get("colspan", 1)))
            self._start(Look.TEXT)
        elif tag == "p" and self._cell is not None:
            self._finish()  # what stood in the cell before it
            self._start(Look.TEXT)
        elif tag == "p":
            self._start(Look.QUOTE if "blockquote" in self._open else self._look_of(kind))
        elif tag in _LINES:
            self._start(_LINES[tag])
        elif tag not in _TRANSPARENT | _SILENT | _INLINE:
            raise UnknownElement(f"<{tag} class={kind!r}> is not part of a paper")

    @staticmethod
    def _look_of(kind: str) -> Look:
        # The last word of a class says how the line is set: `flush seal` is a digest set flush.
        return Look(kind.split()[-1]) if kind else Look.TEXT

    def handle_endtag(self, tag: str) -> None:
        if tag in ("br", "col", "meta", "hr"):
            return
        name = self._open.pop()
        if name in _PARTS:
            if name != "main":
                self.parts.append((Part.BODY, []))
        elif tag == "tr":
            pass
        elif tag in ("td", "th"):
            self._finish()
            head, span = self._cell_of
            self._row()[-1].append(Cell(tuple(self._cell or ()), head, span))
            self._cell = None
        elif tag == "p" and self._cell is not None:
            self._finish()
            self._start(Look.TEXT)
        elif tag == "table":
            rows = tuple(tuple(row) for row in self._row())
            self.parts[-1][1].append(Table(rows, self._heads, tuple(self._widths)))
            self._rows = None
        elif tag == "div" or tag == "p" or tag in _LINES:
            self._finish()

    # --- text ---------------------------------------------------------------------------------------

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title":
            self.title += data
        elif self._open and self._open[-1] in _SILENT:
            return
        elif self._line is not None:
            self._add(data if self._look is Look.BOXED else data.replace("\n", ""))
        elif data.strip():
            raise UnknownElement(f"text outside a paragraph: {data.strip()[:30]!r}")

    def _add(self, text: str) -> None:
        if self._line is not None:
            self._line.append(text)

    def _start(self, look: Look) -> None:
        self._line, self._look = [], look

    def _finish(self) -> None:
        """Keep the line that has just ended; an empty one is nothing."""
        text = "".join(self._line or ())
        text = text if self._look is Look.BOXED else text.strip()
        self._line = None
        if self._cell is not None:
            self._cell += [text] if text else []
        elif text:
            self.parts[-1][1].append(Line(text, self._look))

    def _row(self) -> list[list[Cell]]:
        if self._rows is None:
            raise UnknownElement("a row outside a table")
        return self._rows
