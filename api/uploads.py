"""A file of a multipart form, streamed to disk while it arrives; never whole in memory. 上传

Fields come before the file, as browsers send them, so that a file is not taken in for a form that is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import anyio.from_thread
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import FormData

from api.errors import WrongType
from models.answers import legible
from models.files import FileStore, Stored
from models.rules.errors import Incomplete

FIELD_MOST = 64 * 1024  # bytes of all text fields together
_NO_FILE = "没有收到文件，请选择文件后再提交。"
HEAD = 512  # first bytes that must fit the declared type
_OFFICE = "application/vnd.openxmlformats-officedocument."
_MARKS: Mapping[str, Callable[[bytes], bool]] = {
    "application/pdf": lambda head: b"%PDF-" in head,
    "image/png": lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/jpeg": lambda head: head.startswith(b"\xff\xd8\xff"),
    "video/mp4": lambda head: head[4:8] == b"ftyp",
    "audio/mpeg": lambda head: head.startswith(b"ID3") or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"),
    "text/plain": lambda head: b"\0" not in head,
    f"{_OFFICE}wordprocessingml.document": lambda head: head.startswith(b"PK\x03\x04"),
    f"{_OFFICE}spreadsheetml.sheet": lambda head: head.startswith(b"PK\x03\x04"),
}


@dataclass(frozen=True)
class Upload:
    """A file that lies in the store, with what the form said about it."""

    fields: Mapping[str, str]
    file_name: str
    media_type: str
    stored: Stored


@dataclass
class _Form:
    """The form while it is read."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str = ""
    media_type: str = ""
    in_file: bool = False
    ended: bool = False
    name: str = ""
    header: bytes = b""
    headers: dict[str, bytes] = field(default_factory=dict)
    text: bytearray = field(default_factory=bytearray)
    taken: int = 0
    chunks: list[bytes] = field(default_factory=list)

    def callbacks(self) -> Any:
        """What the parser calls as the form goes by."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._add_header(data[start:end]),
            "on_header_value": lambda data, start, end: self._add_value(data[start:end]),
            "on_headers_finished": self._headers_done,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_part_end": self._part_done,
            "on_end": lambda: setattr(self, "ended", True),
        }

    def _begin(self) -> None:
        if self.in_file:
            raise Incomplete("一次只能提交一个文件，且文件应当放在表单的最后；请分次提交。")
        self.headers, self.header, self.text, self.name = {}, b"", bytearray(), ""
        self._pending = b""

    def _count(self, size: int) -> None:
        self.taken += size
        if self.taken > FIELD_MOST:
            raise Incomplete("表单的文字内容过长，请精简后再提交。")

    def _add_header(self, part: bytes) -> None:
        self._count(len(part))
        if self.header and self.headers.get(self.header.decode("latin-1").lower()) is not None:
            self.header = b""
        self.header += part

    def _add_value(self, part: bytes) -> None:
        self._count(len(part))
        name = self.header.decode("latin-1").lower()
        self.headers[name] = self.headers.get(name, b"") + part

    def _headers_done(self) -> None:
        _, options = parse_options_header(self.headers.get("content-disposition", b""))
        self.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self.in_file = True
            self.file_name = options[b"filename"].decode("utf-8", "replace")
            kind, _ = parse_options_header(self.headers.get("content-type", b""))
            self.media_type = kind.decode("latin-1").lower()

    def _data(self, part: bytes) -> None:
        if self.in_file:
            self.chunks.append(part)
            return
        self._count(len(part))
        self.text += part

    def _part_done(self) -> None:
        if self.in_file:
            return
        try:
            self.fields[self.name] = self.text.decode()
        except UnicodeDecodeError:
            raise Incomplete(f"“{self.name[:60]}”不是 UTF-8 文字，请核对后再提交。") from None


def typed_fields(request: Request) -> FormData:
    """The text fields of a form whose sender turns out not to be signed in; the file is left where it is."""
    form = _Form()
    with suppress(FormParserError, Incomplete):
        for _ in _form_chunks(request, form):
            if form.in_file:
                break
    return FormData(form.fields)


def receive_file(
    request: Request,
    store: FileStore,
    *,
    limit: int,
    types: frozenset[str],
    check: Callable[[Mapping[str, str]], None],
) -> Upload:
    """Take in the one file of a form; call from an endpoint's own thread.

    `check` sees the fields before any byte of the file is kept. Raises Incomplete, WrongType, TooLarge.
    """
    upload = _receive(request, store, limit=limit, types=types, check=check)
    if upload is None:
        raise Incomplete(_NO_FILE)
    return upload


def receive_form(
    request: Request,
    store: FileStore,
    *,
    limit: int,
    types: frozenset[str],
    check: Callable[[Mapping[str, str]], None],
) -> Upload | None:
    """The same for a form whose file may be left out; None without one, and `check` has seen the fields all the same."""
    return _receive(request, store, limit=limit, types=types, check=check, optional=True)


def _receive(
    request: Request,
    store: FileStore,
    *,
    limit: int,
    types: frozenset[str],
    check: Callable[[Mapping[str, str]], None],
    optional: bool = False,
) -> Upload | None:
    form = _Form()
    incoming = _form_chunks(request, form)
    try:
        head = _until_file(incoming, form)
        if head is None and not optional:
            raise Incomplete(_NO_FILE)
        check(form.fields)
        if head is None or (optional and not (form.file_name or head or any(incoming))):
            return None  # a browser sends an empty file where none was chosen
        name = _file_name(form.file_name)
        head = _whole_head(incoming, head)
        _check_type(form.media_type, head, types)
        stored = store.receive(_file(head, incoming), limit=limit)
    except FormParserError:
        raise Incomplete("表单格式无法读取，请检查后重新提交。") from None
    return Upload(form.fields, name, form.media_type, stored)


def _form_chunks(request: Request, form: _Form) -> Iterator[bytes]:
    """Bytes of the file as they arrive; an empty chunk while only fields went by."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise Incomplete("证据应以 multipart/form-data 表单提交，文件放在最后。")
    parser = MultipartParser(boundary, form.callbacks())
    for chunk in _body(request):
        parser.write(chunk)
        parts, form.chunks = form.chunks, []
        yield from parts or [b""]
    parser.finalize()
    if not form.ended:
        raise Incomplete("文件没有传完，没有保存；请重新提交。")


def _body(request: Request) -> Iterator[bytes]:
    stream = request.stream()

    async def next_chunk() -> bytes | None:
        return await anext(stream, None)

    while (chunk := anyio.from_thread.run(next_chunk)) is not None:
        if chunk:
            yield chunk


def _until_file(incoming: Iterator[bytes], form: _Form) -> bytes | None:
    """What there is of the file in the chunk in which it begins; None for a form without one."""
    for chunk in incoming:
        if form.in_file:
            return chunk
    return None


def _whole_head(incoming: Iterator[bytes], head: bytes) -> bytes:
    """Enough first bytes to tell the type, however small the network cut them."""
    while len(head) < HEAD:
        chunk = next(incoming, None)
        if chunk is None:
            break
        head += chunk
    if not head:
        raise Incomplete("文件是空的，没有保存；请核对后重新选择文件。")
    return head


def _file(head: bytes, incoming: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from incoming


def _file_name(raw: str) -> str:
    """The bare name of a file. Raises Incomplete for an empty, illegible or endless one."""
    name = PurePosixPath(PureWindowsPath(raw).name).name
    try:
        name = legible(name)
    except ValueError as error:
        raise Incomplete(f"文件名{error}。") from None
    if not name or len(name) > 200 or "\n" in name or "\t" in name:
        raise Incomplete("文件名应为 1 至 200 个字符，请改名后再提交。")
    return name


def _check_type(media_type: str, head: bytes, types: frozenset[str]) -> None:
    if media_type not in types:
        raise WrongType(
            f"不接受类型为“{media_type[:60] or '未注明'}”的文件；可以提交：{'、'.join(sorted(types))}。"
        )
    fits = _MARKS.get(media_type)
    if fits is not None and not fits(head[:HEAD]):
        raise WrongType(f"文件内容与所注明的类型“{media_type}”不符，没有保存；请核对文件后再提交。")
