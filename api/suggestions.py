"""What a pasted narrative seems to say: a hint for pages and programs, kept nowhere and never a finding. 叙述提示"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.deps import ActorDep, ReadingDep, clock
from models.answers import Category
from models.dossier import clause_label
from models.handbook import Edition, editions, load_edition
from models.queries import ItemPage, item_page
from models.rules.clauses import GateKind
from models.rules.deadlines import beijing_day
from models.rules.errors import Incomplete, NotFound, NotPermitted
from models.rules.lifecycle import Kind
from models.rules.logic import leaves
from models.rules.permissions import Action, Actor, Role, may
from models.suggestion import FactHit, GateHit, Suggestion, suggest

router = APIRouter(prefix="/api", tags=["叙述提示"])

LONGEST = 50_000  # characters taken in; how many of them are looked at, the suggestion itself says
HINT = (
    "以下只是由文字得出的提示，不是认定，也不是结论；是否属实须由调查人员取证核实，是否适用由集体审议决定。"
)
_EXAMPLE = {
    "category": "licensing",
    "narrative": "登记人员认为材料齐全、符合法定形式，准予登记；后经鉴定，授权委托书系伪造，登记被判决撤销。",
}


class Narrative(BaseModel):
    """What somebody pasted. 叙述"""

    model_config = ConfigDict(extra="forbid")

    narrative: str = Field(max_length=LONGEST, description="案情叙述；只看开头若干字，不保存、不记入日志")
    category: Category | None = Field(None, description="执法类别；general 为一般情形")
    item: str | None = Field(
        None, pattern=r"^[0-9a-f]{32}$", description="您正在办理的调查核实待办；登记员不填"
    )


class HitView(BaseModel):
    """A place in the narrative, as characters from its beginning. 命中"""

    id: str = Field(description="事实或者闸门编号")
    zh: str
    quote: str
    start: int
    end: int


class LookView(BaseModel):
    """A clause to look at. 可以核对的条款"""

    clause: str
    label: str
    text: str
    score: float = Field(description="只用于排序，不是适用的可能性")
    facts: list[str] = Field(description="叙述中似乎提到的要件")


class SuggestionView(BaseModel):
    """A hint, best first; nothing in it has been found by anybody. 提示"""

    hint: str
    notes: list[str] = Field(description="没有看到的部分和不能提示的原因")
    facts: list[HitView]
    gates: list[HitView]
    clauses: list[LookView]


@router.post(
    "/suggestions",
    summary="叙述提示",
    openapi_extra={"requestBody": {"content": {"application/json": {"example": _EXAMPLE}}}},
)
def post_suggestions(body: Narrative, actor: ActorDep, session: ReadingDep) -> SuggestionView:
    """叙述中似乎提到的事实、涉及的闸门和可以核对的条款，排在前面的更值得先看。只作提示，不保存任何内容。

    登记员登记线索之前可以使用；调查人员须写明正在办理的调查核实待办。
    """
    if body.item is None:
        check_may_register(actor)
        return hint(editions()[-1], body.narrative, body.category)
    asked = asked_investigation(session, actor, body.item)
    return hint(load_edition(asked.case.edition), body.narrative, body.category or asked.case.category)


def check_may_register(actor: Actor) -> None:
    """Only who may register a case somewhere. Raises NotPermitted."""
    organs = actor.organs(Role.INTAKE_CLERK)
    rulings = [may(actor, Action.REGISTER, organ_id=organ) for organ in organs] or [
        may(actor, Action.REGISTER)
    ]
    if not any(ruling.ok for ruling in rulings):
        raise NotPermitted(rulings[0].why)


def asked_investigation(session: Session, actor: Actor, item_id: str) -> ItemPage:
    """An open investigation that the actor may answer. Raises NotFound, NotPermitted, Recused."""
    asked = item_page(session, actor, item_id, on=beijing_day(clock()))
    if asked.item.kind != Kind.INVESTIGATION:
        raise NotFound("只有调查核实可以查看叙述提示，请从您的调查核实待办打开。")
    if not asked.may_answer:
        raise NotPermitted(asked.why_not or "此调查核实已经办理或者撤销，不再需要提示。")
    return asked


def check_length(narrative: str) -> None:
    """Raises Incomplete for more than is taken in."""
    if len(narrative) > LONGEST:
        raise Incomplete(
            f"粘贴的叙述有 {len(narrative)} 个字，最多 {LONGEST} 个字，没有查看；请只粘贴与本案有关的部分。"
        )


def hint(edition: Edition, narrative: str, category: str | None) -> SuggestionView:
    """The suggestion in the words of the edition."""
    found = suggest(edition, narrative, category)
    return SuggestionView(
        hint=HINT,
        notes=list(found.notes),
        facts=[_hit(h.fact, edition.facts[h.fact].zh, h) for h in sorted(found.facts, key=lambda h: h.start)],
        gates=_gates(edition, found),
        clauses=[
            LookView(
                clause=one.clause,
                label=clause_label(one.clause),
                text=edition.clauses[one.clause].text,
                score=one.score,
                facts=[why.fact for why in one.why],
            )
            for one in found.candidates
        ],
    )


def _gates(edition: Edition, found: Suggestion) -> list[HitView]:
    """The gates the whole narrative touches, then those one of whose facts it seems to state."""
    touched = {h.gate: _hit(h.gate, edition.gates[h.gate].zh, h) for h in found.gates}
    for gate in edition.gates.values():
        if gate.tree is not None and gate.kind is not GateKind.SCOPE:
            told = [h for h in found.facts if h.fact in leaves(gate.tree)]
            for first in told[:1]:
                touched.setdefault(gate.id, _hit(gate.id, gate.zh, first))
    return list(touched.values())


def _hit(name: str, zh: str, found: FactHit | GateHit) -> HitView:
    return HitView(id=name, zh=zh, quote=found.quote, start=found.start, end=found.end)


# --- for reading --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A stretch of the narrative and what it seems to say; nothing for most of it. 片段"""

    text: str
    says: str = ""


def marked(narrative: str, hits: Iterable[HitView]) -> Sequence[Piece]:
    """The narrative cut where hits begin and end; put together again it is the narrative as it can be read."""
    text, hits = legible_text(narrative), list(hits)
    ends = {0, len(text), *(at for hit in hits for at in (hit.start, hit.end) if at <= len(text))}
    cuts = sorted(ends)
    return [
        Piece(text[a:b], "；".join(dict.fromkeys(h.zh for h in hits if h.start < b and h.end > a)))
        for a, b in zip(cuts, cuts[1:], strict=False)
    ]


def legible_text(narrative: str) -> str:
    """The same length with a blank for every character that cannot be seen or that reorders what can."""
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cf", "Cs"} else " "
        for letter in narrative
    )


def hint_shows(edition: Edition, narrative: str, category: str | None) -> dict[str, Any]:
    """What a page shows of a hint. Raises Incomplete for a narrative that is too long."""
    check_length(narrative)
    made = hint(edition, narrative, category)
    return {
        "hint": made,
        "pieces": marked(narrative, [*made.facts, *made.gates]),
        "questions": {fact.id: fact.zh for fact in edition.facts.values()},
    }
