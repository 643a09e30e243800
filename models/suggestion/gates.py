"""Which gates a narrative touches, and in which words; denials and hearsay do not count. 闸门提示"""

from collections.abc import Iterator

import numpy as np

from models.handbook import Edition
from models.suggestion.learning import ANY, Learnt
from models.suggestion.ngrams import Floats
from models.suggestion.reading import Reading
from models.suggestion.signs import Found, find, quote

ENOUGH = 0.7


def gate_hits(edition: Edition, model: Learnt, reading: Reading, scores: Floats) -> list[Found]:
    """The gates to ask about, most telling first; none when the whole does not sound like misconduct."""
    said = list(find(edition.tellings.gate_signs, reading))
    if weight(model, reading, said) < ENOUGH:
        return []
    return said or list(_likest(model, reading))


def weight(model: Learnt, reading: Reading, said: list[Found]) -> float:
    """How much the narrative sounds like a disqualifying fact."""
    rows = model.gates([reading.text, *(sentence.text for sentence in reading.sentences)])
    whole = rows[0, model.gates.names.index(ANY)]
    return float(whole + 0.1 * min(len(said), 3))


def _likest(model: Learnt, reading: Reading) -> Iterator[Found]:
    rows = model.gates([sentence.text for sentence in reading.sentences])[:, :-1]
    at, gate = np.unravel_index(int(rows.argmax()), rows.shape)
    sentence = reading.sentences[int(at)]
    yield quote(model.gates.names[int(gate)], sentence, 0, len(sentence.text))
