"""The handbook: dated editions of the duty list and the exemption list, as cited data. 工作手册"""

from models.handbook.edition import (
    Cues,
    Duty,
    Edition,
    Extension,
    FactQuestion,
    LegalBasis,
    Responsibility,
    RoleEntry,
    TimeLimit,
    WeighingFactor,
)
from models.handbook.loader import (
    EditionChoice,
    edition_for,
    editions,
    in_force_on,
    load_edition,
    read_edition,
)
from models.handbook.periods import DeadlineRule, Prolongation, Suspension
from models.handbook.reading import HandbookError
from models.handbook.tellings import Sign, Tellings

__all__ = [
    "Cues",
    "DeadlineRule",
    "Duty",
    "Edition",
    "EditionChoice",
    "Extension",
    "FactQuestion",
    "HandbookError",
    "LegalBasis",
    "Prolongation",
    "Responsibility",
    "RoleEntry",
    "Sign",
    "Tellings",
    "Suspension",
    "TimeLimit",
    "WeighingFactor",
    "edition_for",
    "editions",
    "in_force_on",
    "load_edition",
    "read_edition",
]
