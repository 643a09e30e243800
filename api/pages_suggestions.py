"""Pasting a narrative beside an investigation: what it seems to say, and one click to note it for checking. 粘贴叙述"""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from api import forms
from api.deps import SignedDep, clock, writing
from api.pages_forms import FormDep, fields_of
from api.pages_items import known, last_round
from api.pages_rendering import page, see_other
from api.suggestions import asked_investigation, hint_shows
from models.accounts import Signed
from models.casework import save_draft
from models.database import register
from models.handbook import load_edition
from models.queries import ItemPage, case_row, draft_of
from models.rules.clauses import Status
from models.rules.duties import COMPUTED
from models.rules.errors import Incomplete, NotFound
from models.rules.lifecycle import Kind

router = APIRouter(include_in_schema=False)

TO_VERIFY = "由叙述提示，待核实"


@router.get("/work-items/{item_id}/suggestion")
def get_suggestion(item_id: str, signed: SignedDep) -> Response:
    """Nothing was kept, so there is nothing to show again: back to the worksheet."""
    return see_other(f"/work-items/{known(item_id)}")


@router.post("/work-items/{item_id}/suggestion")
def post_suggestion(item_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Keep what was typed, note what was chosen as to be verified, and show the narrative with its hints.

    The narrative is kept nowhere. Raises NotFound, NotPermitted, Recused.
    """
    fields = fields_of(form)
    with register().reading() as session:
        asked = asked_investigation(session, signed.actor, known(item_id))
        earlier = forms.read(forms.FORMS[Kind.INVESTIGATION], last_round(session, asked))
    typed = forms.read(forms.FORMS[Kind.INVESTIGATION], fields)
    if form.get("do") == "suggest" and any(typed.values()):
        with writing(request) as session:
            save_draft(session, item_id, typed, actor=signed.actor, now=clock())
    elif take := str(form.get("take", "")):
        _take(request, signed, asked, take, earlier=earlier)
    return _shown(request, signed, item_id, "".join(fields.get("narrative", [])))


def _take(
    request: Request, signed: Signed, asked: ItemPage, take: str, *, earlier: Mapping[str, Any]
) -> None:
    """Put one fact into the draft as unproven; what the investigator has written about it already stays as it is."""
    officer, _, fact = take.partition(".")
    row = {"respondent": _officer(asked, officer), "fact": fact, "status": Status.UNPROVEN.value}
    if fact not in load_edition(asked.case.edition).facts or fact in COMPUTED:
        raise NotFound("核查表中没有这一事实，请从提示中选择。")
    with writing(request) as session:
        draft = draft_of(session, signed.actor, asked.item.id)
        content = dict(earlier if draft is None else draft)
        rows = _rows(content)
        if not any((r.get("respondent"), r.get("fact")) == (row["respondent"], fact) for r in rows):
            content["facts"] = [*rows, row | {"note": TO_VERIFY}]
            save_draft(session, asked.item.id, content, actor=signed.actor, now=clock())


def _officer(asked: ItemPage, said: str) -> int:
    for officer in asked.context["respondents"]:
        if str(officer["id"]) == said:
            return int(officer["id"])
    raise NotFound("本案没有这名被核查人员，请从提示中选择。")


def _rows(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = content.get("facts")
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _shown(request: Request, signed: Signed, item_id: str, narrative: str) -> Response:
    refusal, shown = "", {}
    with register().reading() as session:
        asked = asked_investigation(session, signed.actor, item_id)
        try:
            shown = hint_shows(load_edition(asked.case.edition), narrative, asked.case.category)
        except Incomplete as too_long:
            refusal, narrative = str(too_long), ""
        return page(
            request,
            "suggestion.html",
            signed,
            status=422 if refusal else 200,
            item_id=item_id,
            case=case_row(session, asked.case.id),
            officers=asked.context["respondents"],
            noted={(row.get("respondent"), row.get("fact")) for row in _rows(asked.draft or {})},
            computed=COMPUTED,
            fields={"narrative": [narrative]},
            refusal=refusal,
            **{"hint": None, **shown},
        )
