"""Phrases found in a narrative: which fact or gate, in which words, at which place. 说法的命中"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.handbook import Sign
from models.suggestion.reading import Reading, Sentence

QUOTE = 60  # characters of a sentence that are shown around a phrase


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase for `id` that stands in the narrative at [start, end). 命中"""

    id: str
    start: int
    end: int


def find(signs: Mapping[str, Sign], reading: Reading) -> Iterator[Found]:
    """The first place for each id, in the order of the ids; what is denied at that place does not count."""
    stating = [sentence for sentence in reading.sentences if not sentence.asks]
    for name, sign in signs.items():
        found = next((hit for sentence in stating if (hit := _in(name, sign, sentence))), None)
        if found:
            yield found


def _in(name: str, sign: Sign, sentence: Sentence) -> Found | None:
    for phrase in sign.says:
        for hit in phrase.finditer(sentence.text):
            near = _around(sentence.text, hit.start(), hit.end())
            if not any(other.search(near) for other in sign.unless):
                return quote(name, sentence, hit.start(), hit.end())
    return None


def _around(text: str, start: int, end: int) -> str:
    """The part between commas that holds [start, end), with the one before it and the one after."""
    left = _comma_before(text, _comma_before(text, start) - 1)
    right = _comma_after(text, _comma_after(text, end) + 1)
    return text[max(left, 0) : right]


def _comma_before(text: str, at: int) -> int:
    """Where the part that holds `at` begins."""
    return max(text.rfind(",", 0, max(at, 0)), text.rfind("，", 0, max(at, 0))) + 1


def _comma_after(text: str, at: int) -> int:
    """Where it ends."""
    found = [comma for mark in ",，" if (comma := text.find(mark, at)) >= 0]
    return min(found, default=len(text))


def quote(name: str, sentence: Sentence, start: int, end: int) -> Found:
    """The clause of the sentence around [start, end), so that a person sees the phrase in its words."""
    left = max((sentence.text.rfind(mark, 0, start) + 1 for mark in "，、：,"), default=0)
    rights = [at for mark in "，,。；！？" if (at := sentence.text.find(mark, end)) >= 0]
    right = min(rights, default=len(sentence.text))
    left = max(left, start - QUOTE)
    right = min(right, end + QUOTE)
    return Found(name, sentence.start + left, sentence.start + right)
