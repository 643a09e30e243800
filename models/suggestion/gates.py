"""Which gates a narrative touches, and in which words; denials and hearsay do not count. 闸门提示"""

import numpy as np

from models.handbook import Edition
from models.suggestion.learning import ANY, Learnt
from models.suggestion.reading import Reading
from models.suggestion.signs import Found, find, quote

# Set on the invented narratives, each scored by a model that had not seen it: ENOUGH lets one in twelve of
# the harmless ones pass (docs/decisions/0007-suggestion.md).
WHOLE, ONE_GATE, PHRASE = 0.70, 0.30, 0.14
MOST_PHRASES = 3
ENOUGH = 0.46


def gate_hits(edition: Edition, model: Learnt, reading: Reading) -> tuple[Found, ...]:
    """The gates to ask about; none when the whole does not sound like a disqualifying fact.

    Where no known phrase stands in the text, the sentence most like one is quoted.
    """
    said = tuple(find(edition.tellings.gate_signs, reading))
    if weight(model, reading, len(said)) < ENOUGH:
        return ()
    return said or (_likest(model, reading),)


def weight(model: Learnt, reading: Reading, phrases: int) -> float:
    """How much the narrative sounds like a disqualifying fact."""
    row = model.gates([reading.text])[0]
    one_gate = float(row[:-1].max())
    return (
        WHOLE * float(row[model.gates.names.index(ANY)])
        + ONE_GATE * one_gate
        + PHRASE * min(phrases, MOST_PHRASES)
    )


def _likest(model: Learnt, reading: Reading) -> Found:
    rows = model.gates([sentence.text for sentence in reading.sentences])[:, :-1]
    at, gate = np.unravel_index(int(rows.argmax()), rows.shape)
    sentence = reading.sentences[int(at)]
    return quote(model.gates.names[int(gate)], sentence, 0, len(sentence.text))
