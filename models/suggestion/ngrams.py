"""Texts as weighted character n-grams: no dictionary, no segmentation. 字串向量"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

Floats = NDArray[np.float64]
_NOT_SAID = re.compile(r"[^\u4e00-\u9fffA-Za-z0-9]+")
BLOCK = 256  # rows multiplied at once: all of them would take three times the memory
_NUMBER = re.compile(r"[0-9]+")


def grams(text: str, longest: int) -> Counter[str]:
    """How often each run of one to `longest` characters occurs, across no punctuation; all numbers are one."""
    found: Counter[str] = Counter()
    for run in _NOT_SAID.split(_NUMBER.sub("0", text).lower()):
        for size in range(1, longest + 1):
            found.update(run[i : i + size] for i in range(len(run) - size + 1))
    return found


class Vectors:
    """TF-IDF over a fixed collection: rows of length one, damped counts. 词频向量"""

    def __init__(self, texts: Sequence[str], longest: int = 3) -> None:
        self.longest = longest
        counted = [grams(text, longest) for text in texts]
        held = Counter(gram for counts in counted for gram in counts)
        self.columns = {gram: column for column, gram in enumerate(sorted(held))}
        rarity = {gram: math.log((1 + len(texts)) / (1 + n)) + 1 for gram, n in held.items()}
        self.rarity = np.array([rarity[gram] for gram in self.columns])
        self.rows = self._stack(counted)

    def __call__(self, texts: Sequence[str]) -> sparse.csr_array:
        """The vectors of new texts in the same space; grams never seen are left out."""
        return self._stack([grams(text, self.longest) for text in texts])

    def _stack(self, counted: Sequence[Counter[str]]) -> sparse.csr_array:
        data: list[float] = []
        indices: list[int] = []
        starts = [0]
        for counts in counted:
            known = [(self.columns[gram], n) for gram, n in counts.items() if gram in self.columns]
            columns = np.array([column for column, _ in known], dtype=np.int32)
            weights = (1 + np.log([n for _, n in known])) * self.rarity[columns] if known else np.zeros(0)
            length = float(np.sqrt(weights @ weights)) or 1.0
            data.extend(weights / length)
            indices.extend(columns)
            starts.append(len(indices))
        shape = (len(counted), len(self.columns))
        return sparse.csr_array((data, indices, starts), shape=shape)


def ridge(rows: sparse.csr_array, targets: Floats, trust: Floats, strength: float) -> tuple[Floats, Floats]:
    """Ridge regression in its dual form: one column of weights and one offset per target.

    Solved exactly, so the same texts always give the same weights; no seed, no iteration.
    """
    offset = targets.mean(axis=0)
    kernel = np.empty((len(targets), len(targets)), order="F")
    for at in range(0, len(targets), BLOCK):
        kernel[:, at : at + BLOCK] = (rows @ rows[at : at + BLOCK].T).toarray()
    kernel[np.diag_indices_from(kernel)] += strength / trust
    dual = linalg.solve(kernel, targets - offset, overwrite_a=True, overwrite_b=True, assume_a="pos")
    return np.asarray(rows.T @ dual), offset
