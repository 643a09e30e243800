"""What is known about one officer: what was found, what the checklist shows, what the kind of act implies. 核查所得"""

from collections.abc import Mapping
from dataclasses import dataclass

from models.rules.duties import DutyResult, duty_facts
from models.rules.logic import Status

_CATEGORIES = ("inspection", "penalty", "licensing", "coercion")


@dataclass(frozen=True)
class Inquiry:
    """What the investigation that counts has found: its round, the kind of act, each officer's facts and duties."""

    round: int
    category: str
    facts: Mapping[int, Mapping[str, Status]]
    duties: Mapping[int, Mapping[str, DutyResult]]

    def known(self, respondent: int) -> dict[str, Status]:
        """What is known about one officer, the duty list included."""
        return known_facts(self.category, self.facts.get(respondent, {}), self.duties.get(respondent, {}))


def known_facts(
    category: str, found: Mapping[str, Status], duties: Mapping[str, DutyResult]
) -> dict[str, Status]:
    """The facts the clauses are matched against.

    The case's category says in which act the conduct happened, unless the investigators found otherwise; the checklist
    itself answers the two duty questions, whatever was typed for them.
    """
    return {**_of_category(category), **found, **_checked(duties)}


def _of_category(category: str) -> dict[str, Status]:
    if category not in _CATEGORIES:
        return {}
    return {
        f"during-{name}": Status.ESTABLISHED if name == category else Status.REFUTED for name in _CATEGORIES
    }


def _checked(duties: Mapping[str, DutyResult]) -> dict[str, Status]:
    if not duties:
        return {}
    missed = [duty for duty, result in duties.items() if result is DutyResult.NOT_DONE]
    return duty_facts(duties, flagged=missed[0] if len(missed) == 1 else None)
