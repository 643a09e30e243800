"""What the invented narratives of an edition teach: which clause a text is like, and whether a gate. 学习

Trained from the edition itself in well under a second and remembered with it, so there is no artefact
that could lag behind the handbook.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from models.handbook import Edition, Tellings
from models.suggestion.ngrams import Floats, Vectors, ridge
from models.suggestion.reading import read

CLAUSE_STRENGTH, GATE_STRENGTH = 1.0, 0.5  # of the regularisation
CUE_TRUST = 0.3  # a cue is a few words and counts less than a narrative
HARMLESS_TRUST = 2.0  # what sounds like misconduct and is none counts double


@dataclass(frozen=True)
class Scorer:
    """Texts in, one column per name out; about 1 for what it was taught, about 0 for the rest. 打分器"""

    names: tuple[str, ...]
    vectors: Vectors
    weights: Floats
    offset: Floats

    def __call__(self, texts: Sequence[str]) -> Floats:
        """One row per text."""
        return np.asarray(self.vectors(texts) @ self.weights + self.offset)


@dataclass(frozen=True)
class Learnt:
    """Everything learnt from one edition. 所学"""

    clauses: Scorer
    gates: Scorer
    facts: tuple[str, ...]
    questions: Vectors  # what is asked about each fact, with the words of its phrases

    def likeness_to_facts(self, texts: Sequence[str]) -> Floats:
        """One row per text, one column per fact."""
        return np.asarray((self.questions(texts) @ self.questions.rows.T).todense())


_REMEMBERED: WeakKeyDictionary[Tellings, Learnt] = WeakKeyDictionary()


def learnt(edition: Edition) -> Learnt:
    """What this edition teaches; learnt at the first call, remembered afterwards."""
    known = _REMEMBERED.get(edition.tellings)
    if known is None:
        known = _REMEMBERED[edition.tellings] = learn(edition, edition.tellings)
    return known


def learn(edition: Edition, tellings: Tellings) -> Learnt:
    """Train on these tellings with the texts and cues of the edition."""
    asked = {name: question.zh for name, question in edition.facts.items()}
    for name, sign in tellings.fact_signs.items():
        asked[name] += " ".join(phrase.pattern for phrase in sign.says)
    return Learnt(_clauses(edition, tellings), _gates(tellings), tuple(asked), Vectors(list(asked.values())))


def _clauses(edition: Edition, tellings: Tellings) -> Scorer:
    lessons = [(text, clause, 1.0) for clause, texts in tellings.clauses.items() for text in texts]
    lessons += [(clause.text, clause.id, 1.0) for clause in edition.clauses.values()]
    lessons += [(word, clause, CUE_TRUST) for clause, cues in edition.cues.items() for word in cues.words]
    names = tuple(edition.clauses)
    targets = np.zeros((len(lessons), len(names)))
    for row, (_, clause, _) in enumerate(lessons):
        targets[row, names.index(clause)] = 1
    trust = np.array([trust for _, _, trust in lessons])
    return _scorer([text for text, _, _ in lessons], names, targets, trust, CLAUSE_STRENGTH)


ANY = "any"  # the column for: some gate or other


def _gates(tellings: Tellings) -> Scorer:
    """Positive: what is told of gates, and of faults that only mitigate. Negative: harmless, exempt."""
    names = (*tellings.gates, ANY)
    lessons: list[tuple[str, tuple[str, ...], float]] = []
    for gate, texts in tellings.gates.items():
        lessons += [(text, (gate, ANY), 1.0) for text in texts]
    lessons += [(text, (), HARMLESS_TRUST) for text in tellings.harmless]
    for clause, texts in tellings.clauses.items():
        fault = clause.startswith("mitigate")
        for text in texts:
            lessons.append((text, (ANY,) if fault else (), 1.0))
            if not fault:
                lessons += [(part, (), 1.0) for part in _parts(text)]
    targets = np.zeros((len(lessons), len(names)))
    for row, (_, told, _) in enumerate(lessons):
        for name in told:
            targets[row, names.index(name)] = 1
    trust = np.array([trust for _, _, trust in lessons])
    return _scorer([text for text, _, _ in lessons], names, targets, trust, GATE_STRENGTH)


def _parts(text: str) -> Iterator[str]:
    sentences = read(text).sentences
    return (sentence.text for sentence in sentences if len(sentences) > 1)


def _scorer(
    texts: list[str], names: tuple[str, ...], targets: Floats, trust: Floats, strength: float
) -> Scorer:
    vectors = Vectors(texts)
    return Scorer(names, vectors, *ridge(vectors.rows, targets, trust, strength))
