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
    quote: str
    start: int
    end: int


def find(signs: Mapping[str, Sign], reading: Reading) -> Iterator[Found]:
    """The first place for each id, in the order of the ids; what is denied at that place does not count."""
    for name, sign in signs.items():
        found = next((hit for s in reading.sentences if (hit := _in(name, sign, s))), None)
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
    commas = [-1, *(at for at, letter in enumerate(text) if letter in "，,"), len(text)]
    before = [at for at in commas if at < start][-2:]
    after = [at for at in commas if at >= end][:2]
    return text[before[0] + 1 : after[-1]]


def quote(name: str, sentence: Sentence, start: int, end: int) -> Found:
    """The clause of the sentence around [start, end), so that a person sees the phrase in its words."""
    left = max((sentence.text.rfind(mark, 0, start) + 1 for mark in "，、：,"), default=0)
    rights = [at for mark in "，,。；！？" if (at := sentence.text.find(mark, end)) >= 0]
    right = min(rights, default=len(sentence.text))
    left = max(left, start - QUOTE)
    right = min(right, end + QUOTE)
    return Found(name, sentence.text[left:right], sentence.start + left, sentence.start + right)
