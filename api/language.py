"""Pages in a second language: the Chinese of the templates is the message, gettext's catalogue holds the English. 语言

Templates are written in Chinese and carry no marks: the extension below makes every Chinese run of text and every
Chinese literal a message, for the page in English and for `pybabel extract` alike, so that none can be forgotten. What
people have written, papers and clauses are no messages and stay as they are.
"""

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.pofile import read_po
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup

CHINESE, ENGLISH = "zh-CN", "en"
LANGUAGES = {CHINESE: "中文", ENGLISH: "English"}
LANGUAGE_COOKIE = "zhaodan_language"

_LOCALE = Path(__file__).parent / "locale"
_HAN = "\u3400-\u9fff"
_RUN = re.compile(rf'[^<>"{{}}\n]*[{_HAN}][^<>"{{}}\n]*')


class ChineseText(Extension):
    """Makes every Chinese run of text of a template, and every Chinese literal in it, a call of gettext."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The tokens with the calls put in."""
        for token in stream:
            if token.type == "data":
                yield from _data(token)
            elif token.type == "string" and re.search(f"[{_HAN}]", token.value):
                yield from _call(token.lineno, token.value)
            else:
                yield token


def _data(token: Token) -> Iterator[Token]:
    at = 0
    for run in _RUN.finditer(token.value):
        text = run.group().strip()
        begin = run.start() + run.group().index(text)
        yield Token(token.lineno, "data", token.value[at:begin])
        yield Token(token.lineno, "variable_begin", "{{")
        yield from _call(token.lineno, text)
        yield Token(token.lineno, "variable_end", "}}")
        at = begin + len(text)
    yield Token(token.lineno, "data", token.value[at:])


def _call(line: int, text: str) -> Iterator[Token]:
    yield Token(line, "name", "gettext")
    yield Token(line, "lparen", "(")
    yield Token(line, "string", text)
    yield Token(line, "rparen", ")")


@lru_cache
def catalogue() -> dict[str, str]:
    """Chinese to English, what has been translated."""
    text = (_LOCALE / ENGLISH / "LC_MESSAGES" / "zhaodan.po").read_bytes()
    return {str(m.id): str(m.string) for m in read_po(BytesIO(text)) if m.id and m.string and not m.fuzzy}


def gettext(text: str) -> Markup:
    """A message of a template in English; in Chinese where there is none. Both are our own text, with its entities."""
    return Markup(catalogue().get(text, text))  # noqa: S704  # never a text that somebody typed


def finalize(value: Any) -> Any:
    """A term of ours in English, when all that is shown is the term: a stage, a role, an outcome."""
    return catalogue().get(value, value) if type(value) is str else value


def chinese_constants(
    fileobj: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, str, list[str]]]:
    """The Chinese terms of a module, for `pybabel extract`: its literals, without docstrings and parts of sentences."""
    tree = ast.parse(fileobj.read())
    apart = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    }
    apart |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in apart else None
        if isinstance(text, str) and re.search(f"[{_HAN}]", text):
            yield node.lineno, "", text, []
