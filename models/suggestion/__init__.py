"""What a narrative seems to say: facts, gates and clauses to look at, never a verdict. 提示

    suggest(edition, narrative, category) -> Suggestion

Pure: the edition goes in, a proposal comes out. Nothing is stored, nothing is decided.
"""

from models.suggestion.proposing import (
    CATEGORIES,
    Candidate,
    FactHit,
    GateHit,
    Suggestion,
    suggest,
)
from models.suggestion.reading import EXAMINED

__all__ = ["CATEGORIES", "EXAMINED", "Candidate", "FactHit", "GateHit", "Suggestion", "suggest"]
