"""A case retold as data: who answers which work item with what. 演示剧本

Stories name officers by username; the register knows them by respondent id, so an answer is made for the item at
hand. The same stories drive the demonstration, the tests and the benchmarks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
STORIES = ("r2", "r5", "r1", "r3", "r4", "r7")


@dataclass(frozen=True)
class Item:
    """What a story must know of a work item to answer it."""

    kind: str
    respondent: str | None  # username
    seat: int | None = None  # how many of its kind were answered before: tells ballots and recusals apart


@dataclass(frozen=True)
class Story:
    """One retold case."""

    id: str
    title: str
    basis: str
    ends: str  # archived, or transferred
    case: Mapping[str, Any]
    evidence: Sequence[Mapping[str, Any]]
    actors: Mapping[str, str]  # role -> username
    answers: Mapping[str, Any]

    def answer(
        self, item: Item, respondents: Mapping[str, int], proposed: Sequence[tuple[int, str]] = ()
    ) -> dict[str, Any]:
        """The answer to an item; `proposed` are the clauses the system proposes, for the legal review."""
        said = self.answers[item.kind]
        if item.respondent is not None and item.respondent in said:
            said = said[item.respondent]
        shape = _SHAPES.get(item.kind)
        return shape(said, item, respondents, proposed) if shape else dict(said)

    def answer_as(self, outcome: str, respondents: Mapping[str, int]) -> dict[str, Any]:
        """A signature with another outcome than the story's, to show what is refused."""
        decided = {"outcome": outcome, "reason": "演示：移送后再次签发。"}
        return {"verdict": "sign", "decisions": [{"respondent": r} | decided for r in respondents.values()]}


@lru_cache
def load_story(name: str) -> Story:
    """Read one story."""
    raw = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    raw["case"]["conduct_on"] = str(raw["case"]["conduct_on"])
    for piece in raw["evidence"]:
        piece["formed_on"] = str(piece.get("formed_on", ""))
    return Story(
        raw["id"],
        raw["title_zh"],
        raw["basis_zh"],
        raw["ends"],
        raw["case"],
        raw["evidence"],
        raw["actors"],
        raw["answers"],
    )


@lru_cache
def load_people() -> Mapping[str, Any]:
    """Organs and people of the demonstration."""
    people: Mapping[str, Any] = yaml.safe_load((HERE / "people.yaml").read_text(encoding="utf-8"))
    return people


def _investigation(said: Any, _: Item, respondents: Mapping[str, int], __: Any) -> dict[str, Any]:
    """What was found for each officer, and beside or instead of it what was found for one alone."""
    findings, facts, factors = [], [], []
    for username, rid in respondents.items():
        own = said.get("alone", {}).get(username, {})
        duties = {f["duty"]: f for f in (*said["each"]["findings"], *own.get("findings", ()))}
        findings += [{"respondent": rid} | f for f in duties.values()]
        known = _found(said["each"].get("facts", {})) | _found(own.get("facts", {}))
        facts += [{"respondent": rid, "fact": fact} | found for fact, found in known.items()]
        notes = {**said["each"].get("factors", {}), **own.get("factors", {})}
        factors += [{"respondent": rid, "factor": factor, "note": note} for factor, note in notes.items()]
    kept = {k: v for k, v in said.items() if k not in ("each", "alone")}
    return kept | {"findings": findings, "facts": facts, "factors": factors}


def _found(facts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Fact -> status with the evidence, and a note where the story gives one."""
    return {
        fact: {"status": status} | (on if isinstance(on, dict) else {"evidence": on})
        for status, known in facts.items()
        for fact, on in known.items()
    }


def _of(username: str, said: Any) -> Any:
    """What is said of one officer, where a story tells them apart."""
    return said.get(username, said)


def _legal_review(
    said: Any, _: Item, respondents: Mapping[str, int], proposed: Sequence[tuple[int, str]]
) -> dict[str, Any]:
    confirm, reject = said["clauses"]["confirm"], said["clauses"]["reject"]
    # What is confirmed for one officer may not hold for another post.
    refuse = {
        (respondents[username], clause): reason
        for username, refused in said["clauses"].get("refuse", {}).items()
        for clause, reason in refused.items()
    }
    clauses = [
        {"respondent": rid, "clause": c, "confirmed": False, "reason": refuse[rid, c]}
        if (rid, c) in refuse
        else {"respondent": rid, "clause": c, "confirmed": c in confirm, "reason": confirm.get(c, reject)}
        for rid, c in proposed
    ]
    return {
        "verdict": said["verdict"],
        "clauses": clauses,
        "outcomes": [{"respondent": rid} | _of(name, said["outcomes"]) for name, rid in respondents.items()],
    }


def _ballot(said: Any, item: Item, respondents: Mapping[str, int], _: Any) -> dict[str, Any]:
    vote = said["dissent"] if item.seat == 1 and "dissent" in said else said["vote"]
    return {"votes": [{"respondent": rid} | _of(name, vote) for name, rid in respondents.items()]}


def _recusal(said: Any, item: Item, _: Mapping[str, int], __: Any) -> dict[str, Any]:
    return dict(said["first"] if item.seat == 0 and "first" in said else said["others"])


def _signature(said: Any, _: Item, respondents: Mapping[str, int], __: Any) -> dict[str, Any]:
    decisions = [{"respondent": rid} | _of(name, said["decisions"]) for name, rid in respondents.items()]
    return {k: v for k, v in said.items() if k != "decisions"} | {"decisions": decisions}


_SHAPES = {
    "investigation": _investigation,
    "legal-review": _legal_review,
    "recusal": _recusal,
    "ballot": _ballot,
    "signature": _signature,
}
