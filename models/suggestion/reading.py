"""A narrative made readable: cleaned without moving a character, capped, cut into sentences. 读叙述"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

EXAMINED = 6000  # characters; the longest labelled narrative has 449, a whole case report about 5,000
LEAST = 6  # Chinese characters below which nothing can be said

_SENTENCE = re.compile(r"[^。！？；!?;\n]+[。！？；!?;\n]?[”」』]?")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it stands in the narrative. 句"""

    text: str
    start: int

    @property
    def asks(self) -> bool:
        """A question states nothing."""
        return self.text.rstrip("”」』")[-1:] in ("？", "?")


@dataclass(frozen=True, slots=True)
class Reading:
    """The part of a narrative that is looked at. `text` is as long as what was read: spans hold in both. 读本"""

    text: str
    sentences: tuple[Sentence, ...]
    cut: bool

    @property
    def says_something(self) -> bool:
        """Whether there is enough Chinese to look at."""
        return len(_CHINESE.findall(self.text)) >= LEAST


def read(narrative: str) -> Reading:
    """The first EXAMINED characters, each replaced by one plain character at most."""
    text = "".join(map(_plain, narrative[:EXAMINED]))
    sentences = tuple(_sentences(text))
    return Reading(text, sentences, cut=len(narrative) > EXAMINED)


def _plain(letter: str) -> str:
    """The same sign in its ordinary width; what cannot be seen becomes a space."""
    if letter == "\n":
        return letter
    if "\uff01" <= letter <= "\uff5e" and letter not in "，。！？；：（）":
        return chr(ord(letter) - 0xFEE0)
    return " " if unicodedata.category(letter)[0] in "CZ" else letter


def _sentences(text: str) -> Iterator[Sentence]:
    for found in _SENTENCE.finditer(text):
        bare = found.group().strip()
        if bare:
            yield Sentence(bare, found.start() + found.group().index(bare[0]))
