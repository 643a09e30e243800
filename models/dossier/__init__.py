"""The whole case in one read model, for papers, pages, bundle and printout. 案卷"""

from models.dossier.reading import find_case, load_dossier
from models.dossier.terms import case_number, cited_evidence, clause_label, day, shown
from models.dossier.views import (
    AllegationView,
    AnswerView,
    BallotView,
    ChallengeView,
    ClearingView,
    DecisionView,
    DocumentView,
    Dossier,
    EventView,
    EvidenceView,
    FactorView,
    FactView,
    FindingView,
    MatchView,
    PeriodView,
    PublicationView,
    RespondentView,
    SeatView,
    TranscriptView,
)
from models.dossier.weighing import Weighing, weigh
from models.rules.reasons import statement

__all__ = [
    "AllegationView",
    "AnswerView",
    "BallotView",
    "ChallengeView",
    "ClearingView",
    "DecisionView",
    "DocumentView",
    "Dossier",
    "EventView",
    "EvidenceView",
    "FactView",
    "FactorView",
    "FindingView",
    "MatchView",
    "PeriodView",
    "PublicationView",
    "RespondentView",
    "SeatView",
    "TranscriptView",
    "Weighing",
    "case_number",
    "cited_evidence",
    "clause_label",
    "day",
    "find_case",
    "load_dossier",
    "shown",
    "statement",
    "weigh",
]
