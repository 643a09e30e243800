"""The simple ways to do the same, for comparison in the same run. 对照"""

import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence

import jieba
import numpy as np

from models.handbook import Edition
from models.suggestion.ngrams import Vectors

Baseline = Callable[[str], Sequence[str]]
K1, B = 1.5, 0.75  # of BM25, the customary values

jieba.setLogLevel(logging.WARNING)


def baselines(edition: Edition) -> dict[str, Baseline]:
    """Three rankings of all clauses by likeness of words: none of them has seen a narrative."""
    texts = {clause.id: clause.text for clause in edition.clauses.values()}
    with_cues = {name: text + "".join(edition.cues[name].words) for name, text in texts.items()}
    return {
        "TF-IDF，条款原文": tf_idf(texts),
        "BM25（jieba），条款原文": bm25(texts),
        "TF-IDF，条款原文加线索词": tf_idf(with_cues),
    }


def tf_idf(texts: dict[str, str]) -> Baseline:
    """Cosine likeness of character n-grams."""
    vectors, names = Vectors(list(texts.values())), list(texts)

    def rank(narrative: str) -> list[str]:
        likeness = np.asarray((vectors.rows @ vectors([narrative]).T).todense()).ravel()
        return [names[at] for at in np.argsort(-likeness, kind="stable")]

    return rank


def bm25(texts: dict[str, str]) -> Baseline:
    """Okapi BM25 over the words jieba finds."""
    words = {name: Counter(jieba.lcut(text)) for name, text in texts.items()}
    lengths = {name: sum(counts.values()) for name, counts in words.items()}
    mean = sum(lengths.values()) / len(lengths)
    held = Counter(word for counts in words.values() for word in counts)
    rarity = {word: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in held.items()}

    def rank(narrative: str) -> list[str]:
        asked = [word for word in jieba.lcut(narrative) if word in rarity]

        def likeness(name: str) -> float:
            counts, size = words[name], K1 * (1 - B + B * lengths[name] / mean)
            return sum(rarity[w] * counts[w] * (K1 + 1) / (counts[w] + size) for w in asked)

        return sorted(texts, key=likeness, reverse=True)

    return rank
