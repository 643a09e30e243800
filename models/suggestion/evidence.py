"""Why a clause is proposed: the facts it asks for that the narrative seems to state, in its words. 理由"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from models.handbook import Edition
from models.rules.clauses import Clause
from models.rules.logic import Fact, Not, Tree, unique
from models.suggestion.learning import Learnt
from models.suggestion.ngrams import Floats
from models.suggestion.reading import Reading, Sentence
from models.suggestion.signs import Found, find, quote

NEAR_CLAUSE = 0.02  # the least a sentence must sound like the clause
NEAR_FACT = 0.05  # the least it must share with the question about the fact


class Evidence:
    """What one narrative offers for any clause. 依据"""

    def __init__(self, edition: Edition, model: Learnt, reading: Reading) -> None:
        self._edition, self._model, self._reading = edition, model, reading
        self.stated: Mapping[str, Found] = {f.id: f for f in find(edition.tellings.fact_signs, reading)}
        texts = [sentence.text for sentence in reading.sentences]
        self._by_clause: Floats = model.clauses(texts)
        self._by_fact: Floats = model.likeness_to_facts(texts)

    def share(self, clause: Clause) -> float:
        """How many of the facts it asks for are stated by a known phrase, between 0 and 1."""
        asked = _asked(clause)
        return sum(fact in self.stated for fact in asked) / len(asked) if asked else 0.0

    def for_clause(self, clause: Clause) -> tuple[Found, ...]:
        """The facts of its conditions that a known phrase states; else the sentence most like the clause."""
        asked = _asked(clause)
        said = tuple(self.stated[fact] for fact in asked if fact in self.stated)
        return said or tuple(self._likest(clause, asked))

    def _likest(self, clause: Clause, asked: Sequence[str]) -> Iterator[Found]:
        stating = np.array([not sentence.asks for sentence in self._reading.sentences])
        column = np.where(stating, self._by_clause[:, self._model.clauses.names.index(clause.id)], 0)
        at = int(column.argmax())
        facts = [self._model.facts.index(fact) for fact in asked]
        if column[at] < NEAR_CLAUSE or not facts:
            return
        likeness = self._by_fact[at, facts]
        best = int(np.argmax(likeness))
        if likeness[best] >= NEAR_FACT:
            yield _whole(asked[best], self._reading.sentences[at])


def _whole(fact: str, sentence: Sentence) -> Found:
    return quote(fact, sentence, 0, len(sentence.text))


def _asked(clause: Clause) -> tuple[str, ...]:
    return () if clause.requires is None else unique(_affirmed(clause.requires))


def _affirmed(tree: Tree) -> Iterator[str]:
    """The facts that must be so; one that must not be so is no reason when it is stated."""
    if isinstance(tree, Fact):
        yield tree.id
    elif not isinstance(tree, Not):
        for part in tree.parts:
            yield from _affirmed(part)
