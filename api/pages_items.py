"""The page of a work item: what it asks, the form, and what happens after it is sent. 办理待办"""

import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from api import forms
from api.deps import SignedDep, clock, writing
from api.errors import problem_of
from api.inbox import answer, check_draft
from api.pages_forms import FormDep, fields_of
from api.pages_rendering import page, see_other
from api.pages_showing import shows
from api.pages_words import GUIDES
from api.read_log import get_read_log, note_case
from models.accounts import Signed
from models.answers import EditionChosen
from models.casework import repin_edition, save_draft
from models.database import register
from models.dossier import clause_label
from models.queries import ItemPage, case_row, clock_grounds, item_page, item_verbs
from models.rules.deadlines import beijing_day
from models.rules.errors import CaseworkError, NotFound, Stale
from models.rules.lifecycle import Absence, Kind
from models.rules.service import Service
from models.tables import Draft, WorkItem

router = APIRouter(include_in_schema=False)

_OFFICER_ID = re.compile(r"被核查人员 (\d+) ?")
_CLAUSE_ID = re.compile(r"(?:exempt|mitigate)-\d+")


def known(key: str) -> str:
    """An id as an address may hold it. Raises NotFound for anything else."""
    if not re.fullmatch(r"[0-9a-f]{32}", key):
        raise NotFound
    return key


def row_id(text: str) -> int:
    """The number of a row as a form may hold it. Raises NotFound for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise NotFound
    return int(text)


@router.get("/work-items/{item_id}")
def get_item(item_id: str, request: Request, signed: SignedDep, all: str = "") -> Response:
    """What is asked, with the form to answer it; `all` lists what other enforcement acts ask about too."""
    with register().reading() as session:
        return _form_page(request, session, signed, item_id, everything=bool(all))


@router.post("/work-items/{item_id}")
def post_item(item_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Answer, or keep a draft; what is refused comes back as it was typed."""
    try:
        with register().reading() as session:
            asked = item_page(session, signed.actor, known(item_id), on=beijing_day(clock()))
    except NotFound:
        return _stepped_aside(request, signed, item_id, form)
    kind = Kind(asked.item.kind)
    fields = fields_of(form)
    content = forms.read(forms.FORMS[kind], fields)
    everything = bool(form.get("all")) or form.get("do") == "all"
    try:
        if form.get("do") in ("draft", "all"):
            _keep(request, signed, item_id, content=content)
            return see_other(f"/work-items/{item_id}{'?all=1' if everything else ''}")
        with writing(request) as session:
            answer(session, item_id, content, actor=signed.actor, expect_version=version_sent(form))
    except (CaseworkError, ValidationError) as error:
        return _refused(request, signed, asked, fields, content=content, error=error, everything=everything)
    return see_other(f"/inbox?done={item_id}")


def _stepped_aside(request: Request, signed: Signed, item_id: str, form: FormData) -> Response:
    """Who has stepped aside sees the item no more, but may have sent the form twice. Raises NotFound for all else."""
    content = forms.read(forms.FORMS[Kind.RECUSAL], fields_of(form))
    try:
        with writing(request) as session:
            answer(session, known(item_id), content, actor=signed.actor, expect_version=version_sent(form))
    except (CaseworkError, ValidationError):
        raise NotFound from None
    return see_other(f"/inbox?done={item_id}")


@router.post("/work-items/{item_id}/edition")
def post_edition(item_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Choose the other of the two editions a case may be judged by; what is refused comes back as it was typed."""
    with register().reading() as session:
        asked = item_page(session, signed.actor, known(item_id), on=beijing_day(clock()))
    typed = str(form.get("edition_reason", ""))
    try:
        chosen = EditionChosen(edition=str(form.get("edition", "")), reason=typed)
        with writing(request) as session:
            repin_edition(
                session,
                asked.case.id,
                chosen.edition,
                chosen.reason,
                actor=signed.actor,
                now=clock(),
                expect_version=version_sent(form),
            )
    except (CaseworkError, ValidationError) as error:
        wrong = forms.explain(error.errors()[0]) if isinstance(error, ValidationError) else ""
        with register().reading() as session:
            return _form_page(
                request,
                session,
                signed,
                item_id,
                fields={"edition_reason": [typed]},
                faults={"edition_reason": wrong} if wrong else {},
                refusal="" if wrong else str(error),
                status=problem_of(error).status,
            )
    return see_other(f"/work-items/{item_id}")


def version_sent(form: FormData) -> int:
    """The version the page showed, which it always sends. Raises Stale for what is no page of ours."""
    said = str(form.get("version", ""))
    if not (said.isascii() and said.isdigit() and len(said) < 10):
        raise Stale
    return int(said)


def _keep(request: Request, signed: Signed, item_id: str, *, content: Mapping[str, Any]) -> None:
    check_draft(dict(content))
    with writing(request) as session:
        save_draft(session, item_id, content, actor=signed.actor, now=clock())


def _refused(
    request: Request,
    signed: Signed,
    asked: ItemPage,
    fields: forms.Fields,
    *,
    content: Mapping[str, Any],
    error: CaseworkError | ValidationError,
    everything: bool,
) -> Response:
    item_id, form = asked.item.id, forms.FORMS[Kind(asked.item.kind)]
    kept = _try_to_keep(request, signed, item_id, content=content) if asked.may_answer else False
    faults = forms.faults(form, fields, error) if isinstance(error, ValidationError) else {}
    refusal = "" if faults else str(error)
    problem = problem_of(error)
    with register().reading() as session:
        return _form_page(
            request, session, signed, item_id, fields=fields, faults=faults, refusal=refusal, kept=kept,
            status=problem.status, everything=everything,
        )  # fmt: skip


def keep_typed(request: Request, signed: Signed, address: str, fields: forms.Fields) -> bool:
    """Keep as a draft what was typed at the address of a work item, when the person may answer it."""
    item_id = address.removeprefix("/work-items/")
    try:
        with register().reading() as session:
            asked = item_page(session, signed.actor, known(item_id), on=beijing_day(clock()))
    except NotFound:
        return False
    content = forms.read(forms.FORMS[Kind(asked.item.kind)], fields)
    return asked.may_answer and _try_to_keep(request, signed, item_id, content=content)


def _try_to_keep(request: Request, signed: Signed, item_id: str, *, content: Mapping[str, Any]) -> bool:
    try:
        _keep(request, signed, item_id, content=content)
    except CaseworkError:
        return False  # The page still holds what was typed.
    return True


def show_item(request: Request, signed: Signed, item_id: str, **shows: Any) -> Response:
    """The page of an item with what was typed in one of its forms."""
    with register().reading() as session:
        return _form_page(request, session, signed, item_id, **shows)


def _form_page(
    request: Request,
    session: Session,
    signed: Signed,
    item_id: str,
    *,
    fields: forms.Fields | None = None,
    faults: Mapping[str, str] | None = None,
    refusal: str = "",
    kept: bool = False,
    status: int = 200,
    everything: bool = False,
) -> Response:
    asked = item_page(session, signed.actor, known(item_id), on=beijing_day(clock()))
    note_case(get_read_log(request), signed.actor, asked.case.id, asked.facts)
    kind = Kind(asked.item.kind)
    draft = _draft(session, signed, item_id) if fields is None else None
    carried: dict[str, list[str]] = {}
    if fields is None and draft is None and kind is Kind.INVESTIGATION:
        carried = last_round(session, asked)
    typed = (
        fields if fields is not None else forms.write(forms.FORMS[kind], draft.content) if draft else carried
    )
    shown = shows(session, signed, asked, typed, everything=everything) if asked.may_answer else {}
    names = {str(r["id"]): r["name"] for r in asked.context["respondents"]}
    refusal = _in_words(refusal, names)
    offered, takers = item_verbs(session, signed.actor, asked.item, asked.facts, on=beijing_day(clock()))
    beside = dict(faults or {}) | forms.quoted_rows(typed, refusal, shown.get("row_texts", {}))
    return page(
        request,
        f"item-{kind.value}.html",
        signed,
        status=status,
        item=asked.row,
        case=case_row(session, asked.case.id),
        version=asked.item.version,
        guide=GUIDES[kind],
        closed=_closed(asked),
        in_place_of=asked.in_place_of,
        fields=typed,
        faults=beside,
        faulty=lambda *heads: any(name.startswith(f"{head}.") for name in beside for head in heads),
        refusal=refusal,
        listed=[(n, _where(forms.FORMS[kind], n, names, shown), why) for n, why in (faults or {}).items()],
        saved_at=draft.saved_at if draft else None,
        kept=kept,
        carried=bool(carried),
        verbs=offered,
        takers=takers,
        grounds={v.value: tuple((g, g) for g in gs) for v, gs in clock_grounds(session, asked.item).items()},
        mine=asked.item.assignee_id == signed.actor.person_id,
        **{"officer": None, **shown},
    )


def _in_words(refusal: str, names: Mapping[str, str]) -> str:
    """A refusal with the names of officers and the citations of clauses in place of ids."""
    named = _OFFICER_ID.sub(lambda found: f"被核查人员{names.get(found[1], found[1])}", refusal)
    return _CLAUSE_ID.sub(lambda found: clause_label(found[0]), named)


def _draft(session: Session, signed: Signed, item_id: str) -> Draft | None:
    mine = select(Draft).where(Draft.item_id == item_id, Draft.person_id == signed.actor.person_id)
    return session.exec(mine).first()


def last_round(session: Session, asked: ItemPage) -> dict[str, list[str]]:
    """What was found in the round before, to be checked again; the conclusion is drawn anew."""
    earlier = select(WorkItem).where(
        WorkItem.case_id == asked.case.id,
        WorkItem.kind == Kind.INVESTIGATION,
        WorkItem.state == "done",
        col(WorkItem.round) < asked.item.round,
    )
    last = session.exec(earlier.order_by(col(WorkItem.round).desc())).first()
    if last is None or last.answer is None:
        return {}
    said = {name: value for name, value in last.answer.items() if name != "conclusion"}
    return forms.write(forms.FORMS[Kind.INVESTIGATION], said)


def _closed(asked: ItemPage) -> str:
    if asked.may_answer:
        return ""
    if asked.item.state == "done" and "absence" in (asked.item.answer or {}):
        said = asked.item.answer or {}
        how = Absence(said["absence"])
        zh = Service(said.get("method", Service.LEFT)).zh if how is Absence.LEFT else how.zh
        return f"此事项由调查人员登记为{zh}，内容记入案件留痕。"
    if asked.item.state == "done":
        return "此事项已经办理，内容记入案件留痕。"
    if asked.item.state == "cancelled":
        return "此事项已因案件进入其他环节而撤销，不需要再办理。"
    return asked.why_not


def _where(form: forms.Form, name: str, names: Mapping[str, str], shown: Mapping[str, Any]) -> str:
    """Where a fault lies, as a person finds it: 周凯：形式审查——证据编号."""
    _, *keys = name.split(".")
    officer = names.get(keys[0], "") if keys else ""
    row = shown.get("row_texts", {}).get(name, "")
    return "：".join(part for part in (officer, row, forms.label_of(form, name)) if part)
