"""What each kind of work item shows beside its form. 办理所需的情况"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api import forms
from api.deps import clock
from api.pages_worksheet import worksheet_shows
from models.accounts import Signed
from models.casework.matching import openings
from models.casework.record import Act
from models.dossier import Dossier, MatchView, RespondentView, clause_label, load_dossier, weigh
from models.handbook import Edition, Responsibility, load_edition
from models.queries import ItemPage, documents, turnout
from models.rules.decision import Outcome
from models.rules.lifecycle import Kind
from models.rules.review import Vote

Option = tuple[str, str, str, bool]


@dataclass(frozen=True)
class Showing:
    """One open item and who looks at it."""

    session: Session
    signed: Signed
    asked: ItemPage
    fields: forms.Fields
    d: Dossier
    everything: bool  # whether facts of other enforcement acts are listed too

    @property
    def officer(self) -> RespondentView | None:
        """The officer the item is about."""
        own = self.asked.item.respondent_id
        return self.d.respondent(own) if own is not None else None


def shows(
    session: Session, signed: Signed, asked: ItemPage, fields: forms.Fields, *, everything: bool = False
) -> dict[str, Any]:
    """What the template of this item needs; an officer whose conduct is looked at gets no case file."""
    now = Showing(
        session,
        signed,
        asked,
        fields,
        load_dossier(session, asked.case.id, history=asked.item.kind == Kind.ARCHIVING),
        everything,
    )
    common: dict[str, Any] = {
        "officer": now.officer,
        "findings_of": lambda rid: now.d.of(now.d.findings, rid),
        "responsibilities_of": _responsibilities(asked),
        "facts_of": lambda rid: now.d.of(now.d.facts, rid),
        "weigh_of": lambda rid: weigh(now.d, rid),
    }
    if not asked.narrow:
        common["d"] = now.d
        common["beside"] = asked.context.get("editions")
        common["like"] = {row["respondent"]: row for row in asked.context.get("precedents", ())}
    extra = _SHOWS.get(Kind(asked.item.kind))
    return common | (extra(now) if extra else {})


def _responsibilities(asked: ItemPage) -> Callable[[str], tuple[Responsibility, ...]]:
    edition, category = load_edition(asked.case.edition), asked.case.category
    return lambda post: edition.responsibilities_of(post, category)


def _screening(now: Showing) -> dict[str, Any]:
    return {"investigators": [(i["username"], i["name"]) for i in now.asked.context["investigators"]]}


def _investigation(now: Showing) -> dict[str, Any]:
    officers = [officer.id for officer in now.d.respondents]
    return worksheet_shows(now.asked.case, officers, now.fields, everything=now.everything)


# --- what may be concluded ----------------------------------------------------------------------


def _options(now: Showing, *, clauses: Sequence[str] | None = None) -> dict[int, list[Option]]:
    act = Act.on(now.session, now.asked.case, actor=now.signed.actor, now=clock())
    made = {}
    for rid in act.respondents:
        found = openings(act, rid, clauses)
        whys = {outcome: found.refusal(outcome) for outcome in Outcome}
        made[rid] = [(o.value, o.zh, why or "", bool(why)) for o, why in whys.items()]
    return made


def _legal_review(now: Showing) -> dict[str, Any]:
    edition = load_edition(now.asked.case.edition)
    options = [(c.id, f"{clause_label(c.id)} {c.text[:36]}") for c in edition.clauses.values()]

    def touched_added(rid: int) -> bool:
        mine = (v for name, v in now.fields.items() if name.startswith(f"added.{rid}."))
        return any(any(values) for values in mine)

    return {
        "clauses": {r.id: _to_review(now, edition, r.id) for r in now.d.respondents},
        "clause_options": options,
        # Which clauses will hold is decided in this very form, so only what no clause can open is closed here.
        "openings": _options(now, clauses=list(edition.clauses)),
        "touched_added": touched_added,
        "row_texts": _clause_texts(now.fields),
    }


def _to_review(now: Showing, edition: Edition, rid: int) -> Sequence[MatchView]:
    """The clauses found for an officer, proposed ones first, and those a draft has added."""
    found = sorted(now.d.of(now.d.matches, rid), key=lambda m: not m.proposed)
    known = {m.clause for m in found}
    heads = {name.split(".")[2] for name in now.fields if name.startswith(f"clauses.{rid}.")}
    added = [
        MatchView(rid, c, edition.clauses[c].text, "human-only", (), (), "", False, None, "", "")
        for c in sorted(heads - known)
        if c in edition.clauses
    ]
    return [*found, *added]


def _clause_texts(fields: forms.Fields) -> dict[str, str]:
    named = ((name, name.split(".")) for name in fields if name.startswith("clauses."))
    return {name: clause_label(parts[2]) for name, parts in named if len(parts) == 4 and "-" in parts[2]}


def _ballot(now: Showing) -> dict[str, Any]:
    supplement = (Vote.SUPPLEMENT.value, Vote.SUPPLEMENT.zh, "还有事实须先查清；请在理由中写明。", False)
    openings = {rid: [*options, supplement] for rid, options in _options(now).items()}
    return {"openings": openings, "settled": _settled(now), "turnout": turnout(now.session, now.asked.case)}


def _settled(now: Showing) -> dict[int, str]:
    """On whom the panel has decided in an earlier round, and how: nobody votes on them again."""
    return {said["respondent"]: Outcome(said["outcome"]).zh for said in now.asked.context.get("settled", ())}


def _close_session(now: Showing) -> dict[str, Any]:
    typed = any(any(v) for name, v in now.fields.items() if name.startswith("ties."))
    return {
        "openings": _options(now),
        "settled": _settled(now),
        "turnout": turnout(now.session, now.asked.case),
        "ties_typed": typed or bool(now.fields),
    }


def _signature(now: Showing) -> dict[str, Any]:
    return {"openings": _options(now)}


def _convening(now: Showing) -> dict[str, Any]:
    sitting = sum(s["state"] == "sitting" for s in now.asked.context["seats"])
    people = [(m["username"], m["name"]) for m in now.asked.context["members"]]
    size = load_edition(now.asked.case.edition).voting.size
    return {"panel": {"size": size, "sitting": sitting}, "people": people}


def _recusal_ruling(now: Showing) -> dict[str, Any]:
    asked = now.asked.context
    return {
        "asked": asked,
        "people": [(p["username"], f"{p['name']}（{'、'.join(p['parts'])}）") for p in asked["taking_part"]],
        "investigators": [(i["username"], i["name"]) for i in asked["investigators"]],
    }


# --- what the officer sees ----------------------------------------------------------------------


def _papers(now: Showing, *kinds: str) -> list[Any]:
    filed = documents(now.session, now.signed.actor, now.asked.case.id, now.asked.facts)
    own = now.asked.item.respondent_id
    return [paper for paper in filed if paper.kind in kinds and paper.respondent_id == own]


def _answer(now: Showing) -> dict[str, Any]:
    return {"points": now.asked.context["points"]}


def _notice_of_intent(now: Showing) -> dict[str, Any]:
    proposed = now.asked.context["proposed"]
    intent = {"zh": Outcome(proposed[0]["outcome"]).zh, "reason": proposed[0]["reason"]} if proposed else None
    return {"papers": _papers(now, "intent-notice"), "intent": intent}


def _service_receipt(now: Showing) -> dict[str, Any]:
    own = now.asked.item.respondent_id or 0
    return {"papers": _papers(now, "decision", "why-not"), "decided": now.d.decision(own)}


_SHOWS: Mapping[Kind, Callable[[Showing], dict[str, Any]]] = {
    Kind.SCREENING: _screening,
    Kind.INVESTIGATION: _investigation,
    Kind.ANSWER: _answer,
    Kind.LEGAL_REVIEW: _legal_review,
    Kind.NOTICE_OF_INTENT: _notice_of_intent,
    Kind.CONVENING: _convening,
    Kind.RECUSAL_RULING: _recusal_ruling,
    Kind.BALLOT: _ballot,
    Kind.CLOSE_SESSION: _close_session,
    Kind.SIGNATURE: _signature,
    Kind.SERVICE_RECEIPT: _service_receipt,
}
