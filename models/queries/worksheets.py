"""Which facts to ask about every officer of a case, given what an investigator has typed so far. 核查提纲"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Any, TypeVar

from models.handbook import load_edition
from models.rules.clauses import Status
from models.rules.duties import COMPUTED, DutyResult
from models.rules.inquiry import known_facts
from models.rules.worksheet import Worksheet, worksheet
from models.tables import Case

_Answer = TypeVar("_Answer", bound=StrEnum)


def worksheets(case: Case, officers: Iterable[int], said: Mapping[str, Any]) -> dict[int, Worksheet]:
    """Respondent -> the order of the questions. `said`: an investigation in any state, a draft included.

    What does not fit the handbook is passed over here; it is refused when the answer is submitted.
    """
    edition = load_edition(case.edition)
    facts = _by_officer(said.get("facts"), "fact", "status", edition.facts, Status)
    duties = _by_officer(said.get("findings"), "duty", "result", edition.duties, DutyResult)
    book = edition.rules_on(case.conduct_on)
    return {
        rid: worksheet(
            book,
            known_facts(case.category, facts.get(rid, {}), duties.get(rid, {})),
            recorded=facts.get(rid, {}),
        )
        for rid in officers
    }


def worksheet_view(respondent: int, sheet: Worksheet) -> dict[str, Any]:
    """The same as plain data, without what the duty list answers by itself."""
    return {"respondent": respondent} | {name: _asked(said) for name, said in asdict(sheet).items()}


def _asked(said: Any) -> Any:
    if isinstance(said, Mapping):
        return {fact: clauses for fact, clauses in said.items() if fact not in COMPUTED}
    return [fact for fact in said if fact not in COMPUTED]


def _by_officer(
    rows: Any, key: str, answer: str, known: Mapping[str, Any], kind: type[_Answer]
) -> dict[int, dict[str, _Answer]]:
    found: dict[int, dict[str, _Answer]] = {}
    for row in _read(rows):
        said, named, rid = row.get(answer), row.get(key), row.get("respondent")
        if isinstance(rid, int) and isinstance(named, str) and named in known and said in list(kind):
            found.setdefault(rid, {})[named] = kind(said)
    return found


def _read(rows: Any) -> Iterator[Mapping[str, Any]]:
    yield from (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()
