"""Pages about cases: the list, registering a lead, the file of one case. 案件页面"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError
from sqlmodel import Session, col, select

from api import forms
from api.cases import searched, take_evidence
from api.deps import SignedDep, clock, signed_before_form, wake_after_commit, writing
from api.errors import ForgeryRefused, problem_of
from api.inbox import record
from api.pages_forms import FormDep, fields_of
from api.pages_items import known, row_id, version_sent
from api.pages_rendering import counted, page, see_other
from api.pages_steps import steps
from api.previews import previewed
from api.read_log import get_read_log, note_case
from api.suggestions import check_may_register, hint_shows
from models.accounts import Signed
from models.answers import NewCase, NewEvidence, NewLevel
from models.casework import add_evidence, open_case, set_case_level, set_document_level
from models.database import register
from models.dossier import DecisionView, Dossier, RespondentView, load_dossier, weigh
from models.dossier.terms import CATEGORY_ZH, POST_ZH, SOURCE_ZH
from models.handbook import editions, load_edition
from models.queries import (
    COUNTED,
    EVERY_STEP,
    CasePage,
    ItemRow,
    Page,
    ReaderRow,
    Search,
    SearchTooLong,
    Sieve,
    absence_to_record,
    candidates,
    case_page,
    case_verbs,
    count_cases,
    list_cases,
    organs_seen,
    own_challenges,
    readers_of,
    readers_of_choice,
    recused_of,
    seen_item,
    sitting_members,
    standstills_of,
)
from models.rules.confidentiality import Level
from models.rules.deadlines import beijing_day
from models.rules.decision import Outcome
from models.rules.errors import CaseworkError, Incomplete, NotFound
from models.rules.lifecycle import ABSENCES, Absence, Kind, Stage, State
from models.rules.permissions import Action, Role, may
from models.rules.timeline import Audience, StepKind
from models.rules.verbs import CaseVerb, asked_of
from models.settings import settings
from models.suggestion import CATEGORIES
from models.tables import Clock, Organ

router = APIRouter(include_in_schema=False)

EVIDENCE_KINDS = tuple((kind, kind) for kind in NewEvidence.model_json_schema()["properties"]["kind"]["enum"])
_ROWS, _SPARE = 3, 2  # rows of a new form, and empty ones kept below what was typed
Cursor = Annotated[str | None, Query(max_length=300)]
Asked = Annotated[str, Query(max_length=200)]
Word = TypeVar("Word", Stage, State, StepKind, Audience)


@router.get("/cases")
def get_cases(
    request: Request,
    signed: SignedDep,
    q: Asked = "",
    stage: Asked = "",
    state: Asked = "",
    organ: Asked = "",
    after: Cursor = None,
) -> Response:
    """The cases one may see, or those of them one looks for; an empty field of the form asks for nothing."""
    typed = {"q": q.strip(), "stage": stage, "state": state, "organ": organ}
    asked = {name: said for name, said in typed.items() if said}
    refusal = ""
    with register().reading() as session:
        try:
            search = searched(q, _one_of(Stage, stage), _one_of(State, state), organ)
            found = list_cases(session, signed.actor, search=search, after=after)
            total = counted(
                len(found.rows)
                if after is None and found.next is None  # all of it is on this page
                else count_cases(session, signed.actor, search=search, at_most=COUNTED + 1),
                at_most=COUNTED,
            )
        except SearchTooLong as error:
            search, found, total, refusal = Search(), Page(()), "0", str(error)
        organs = organs_seen(session, signed.actor)
    return page(
        request,
        "cases.html",
        signed,
        status=422 if refusal else 200,
        rows=found.rows,
        total=total,
        further=urlencode({**asked, "after": found.next}) if found.next else "",
        narrowed=bool(asked),
        refusal=refusal,
        fields={name: [said] for name, said in typed.items()},
        faults={"q": refusal} if refusal else {},
        stages=[(s.value, s.zh) for s in Stage],
        states=[(s.value, s.zh) for s in _states_for(signed)],
        organs=organs,
        can_register=bool(signed.actor.organs(Role.INTAKE_CLERK)),
    )


def _states_for(signed: Signed) -> list[State]:
    """The states one may choose from: an officer is never told of a transfer, so there is none to look for."""
    handles = any(role != Role.OFFICER for role, _ in signed.actor.roles)
    return [state for state in State if handles or state != State.TRANSFERRED]


def _one_of(words: type[Word], said: str) -> Word | None:
    """A choice of the form. Raises Incomplete for one that it does not offer."""
    try:
        return words(said) if said else None
    except ValueError:
        raise Incomplete("没有这个筛选条件，请从案件列表重新选择。") from None


@router.get("/cases/new")
def get_new_case(request: Request, signed: SignedDep) -> Response:
    """The form to register a lead. Raises NotPermitted for anybody but a clerk."""
    return _new_case_page(request, signed)


@router.post("/cases/new")
def post_new_case(request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Register a lead, or come back with more empty rows."""
    fields = fields_of(form)
    if form.get("do") in ("more", "suggest"):
        return _new_case_page(request, signed, fields=fields, hinted=form.get("do") == "suggest")
    try:
        new = NewCase.model_validate(forms.read(forms.NEW_CASE, fields) | _reporter(fields))
        with writing(request) as session:
            case = open_case(session, new, actor=signed.actor, now=clock())
            wake_after_commit(session, case.id)
            case_id = case.id
    except ValidationError as error:
        faults = forms.faults(forms.NEW_CASE, fields, error)
        return _new_case_page(request, signed, fields=fields, faults=faults, status=422)
    except CaseworkError as error:
        return _new_case_page(
            request, signed, fields=fields, refusal=str(error), status=problem_of(error).status
        )
    return see_other(f"/cases/{case_id}?registered=1")


def _reporter(fields: Mapping[str, list[str]]) -> dict[str, Any]:
    """The reporter, when the clerk has entered one."""
    said = {name.removeprefix("reporter."): v for name, v in forms.read(forms.REPORTER, fields).items()}
    return {"reporter": said} if any(said.values()) else {}


def _new_case_page(
    request: Request,
    signed: Signed,
    *,
    fields: Mapping[str, list[str]] | None = None,
    faults: Mapping[str, str] | None = None,
    refusal: str = "",
    hinted: bool = False,
    status: int = 200,
) -> Response:
    check_may_register(signed.actor)
    mine = signed.actor.organs(Role.INTAKE_CLERK)
    typed = dict(fields or {})
    shown = _hint(typed) if hinted else {}
    with register().reading() as session:
        organs = session.exec(select(Organ).where(col(Organ.id).in_(sorted(mine)))).all()
        officers = _officers(session, mine)
    if len(organs) == 1:
        typed.setdefault("organ", [organs[0].code])
    return page(
        request,
        "case-new.html",
        signed,
        status=status,
        fields=typed,
        faults=faults or {},
        refusal=refusal,
        listed=[(n, forms.label_of(forms.NEW_CASE, n), why) for n, why in (faults or {}).items()],
        organs=[(o.code, o.name) for o in organs],
        officers=officers,
        categories=list(CATEGORY_ZH.items()),
        sources=list(SOURCE_ZH.items()),
        posts=list(POST_ZH.items()),
        people_rows=_rows_of("respondents", typed),
        allegation_rows=_rows_of("allegations", typed),
        **{"hint": None, "unread": "", **shown},
    )


def _hint(typed: Mapping[str, list[str]]) -> dict[str, Any]:
    """What the pasted text, or else the narrative of the lead, seems to say; or why it was not read."""
    said = {name: "".join(typed.get(name, [])) for name in ("paste", "narrative", "category")}
    category = said["category"] if said["category"] in CATEGORIES else None
    try:
        return hint_shows(editions()[-1], said["paste"].strip() or said["narrative"], category)
    except Incomplete as too_long:
        return {"unread": str(too_long)}


def _officers(session: Session, organs: frozenset[int]) -> list[tuple[str, str]]:
    """Officers of the clerk's organs and of the stations below them."""
    below = session.exec(select(Organ.id).where(col(Organ.parent_id).in_(sorted(organs))))
    today = beijing_day(clock())
    every = {*organs, *(i for i in below if i is not None)}
    found = [c for o in sorted(every) for c in candidates(session, Role.OFFICER, o, on=today)]
    return sorted({(c["username"], c["name"]) for c in found})


def _rows_of(group: str, fields: Mapping[str, list[str]]) -> int:
    heads = {n.split(".")[1] for n, v in fields.items() if n.startswith(f"{group}.") and any(v)}
    return max(
        [
            _ROWS,
            *(
                int(head) + 1 + _SPARE
                for head in heads
                if head.isascii() and head.isdigit() and len(head) < 3
            ),
        ]
    )


# --- one case -----------------------------------------------------------------------------------


@router.get("/cases/{case_id}")
def get_case(
    case_id: str,
    request: Request,
    signed: SignedDep,
    registered: bool = False,
    added: bool = False,
    recorded: bool = False,
    kind: Asked = "",
    audience: Asked = "",
    preview: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> Response:
    """The file of a case, as far as the reader may see it; some of its steps only, and one piece of evidence open."""
    sieve = Sieve(_one_of(StepKind, kind), _one_of(Audience, audience))
    said = {"registered": registered, "added": added, "recorded": recorded}
    return show_case(request, signed, case_id, sieve=sieve, preview=preview, **said)


@router.post("/work-items/{item_id}/absence")
def post_absence(item_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Record that an officer let a period pass or refused a receipt; what is refused comes back as it was typed."""
    with register().reading() as session:
        item, case, _ = seen_item(session, signed.actor, known(item_id))
        case_id, absence = case.id, ABSENCES.get(Kind(item.kind))
    shape = forms.ABSENCE[absence] if absence else {}
    head = f"absence.{item_id}."
    typed = {name.removeprefix(head): values for name, values in fields_of(form).items()}
    try:
        with writing(request) as session:
            content = forms.read(shape, typed)
            record(session, item_id, content, actor=signed.actor, expect_version=version_sent(form))
    except (CaseworkError, ValidationError) as error:
        faults = forms.faults(shape, typed, error) if isinstance(error, ValidationError) else {}
        return show_case(
            request,
            signed,
            case_id,
            fields={head + name: values for name, values in typed.items()},
            faults={head + name: why for name, why in faults.items()},
            listed=[(head + name, forms.label_of(shape, name), why) for name, why in faults.items()],
            refusal="" if faults else str(error),
            status=problem_of(error).status,
            typed_for=item_id,
        )
    return see_other(f"/cases/{case_id}?recorded=1")


@router.post("/cases/{case_id}/level")
def post_level(case_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Give the case or one of its papers another level; what is refused comes back as it was typed."""
    head = "level."
    typed = {name.removeprefix(head): values for name, values in fields_of(form).items()}
    try:
        content = forms.read(forms.LEVEL, typed)
        paper = str(content.pop("object", "case"))
        said = NewLevel.model_validate(content)
        with writing(request) as session:
            if paper == "case":
                set_case_level(session, known(case_id), said, actor=signed.actor, now=clock())
            else:
                number = row_id(paper)
                set_document_level(session, number, said, actor=signed.actor, now=clock())
    except NotFound:
        raise
    except (CaseworkError, ValidationError) as error:
        faults = forms.faults(forms.LEVEL, typed, error) if isinstance(error, ValidationError) else {}
        return show_case(
            request,
            signed,
            case_id,
            fields={head + name: values for name, values in typed.items()},
            faults={head + name: why for name, why in faults.items()},
            listed=[(head + name, forms.label_of(forms.LEVEL, name), why) for name, why in faults.items()],
            refusal="" if faults else str(error),
            status=problem_of(error).status,
            typed_for="level",
        )
    return see_other(f"/cases/{case_id}?recorded=1")


@router.post("/cases/{case_id}/evidence")
def post_evidence(
    case_id: str, request: Request, signed: Annotated[Signed, Depends(signed_before_form)]
) -> Response:
    """Hand in a piece of evidence; the file is streamed to disk."""
    try:
        upload, meta = take_evidence(request, signed, known(case_id))
        with writing(request) as session:
            add_evidence(
                session,
                case_id,
                meta,
                upload.stored,
                file_name=upload.file_name,
                media_type=upload.media_type,
                actor=signed.actor,
                now=clock(),
            )
            wake_after_commit(session, case_id)
    except (NotFound, ForgeryRefused):
        raise
    except (CaseworkError, ValidationError) as error:
        faults = forms.faults(forms.EVIDENCE, {}, error) if isinstance(error, ValidationError) else {}
        refusal = "" if faults else str(error)
        beside = faults or {"file": refusal}
        return show_case(
            request, signed, case_id, faults=beside, refusal=refusal, status=problem_of(error).status
        )
    return see_other(f"/cases/{case_id}?added=1#evidence")


def show_case(
    request: Request,
    signed: Signed,
    case_id: str,
    *,
    fields: Mapping[str, list[str]] | None = None,
    faults: Mapping[str, str] | None = None,
    listed: Sequence[tuple[str, str, str]] = (),
    refusal: str = "",
    status: int = 200,
    sieve: Sieve = EVERY_STEP,
    preview: int = 0,
    **said: Any,
) -> Response:
    """The page of a case; `preview` is the number of the piece of evidence that is open on it."""
    with register().reading() as session:
        found = case_page(session, signed.actor, known(case_id), sieve=sieve)
        shown = _file(session, signed, found)
        shown |= previewed(get_read_log(request), session, signed.actor, found.evidence, preview)
        shown["readers"] = _readers(request, session, signed, found)
    note_case(get_read_log(request), signed.actor, case_id, found.facts)
    return page(
        request,
        "case.html",
        signed,
        status=status,
        p=found,
        faults=faults or {},
        refusal=refusal,
        fields={"collected_by": [signed.actor.name], **(fields or {})},
        listed=listed
        or [(n, forms.label_of(forms.EVIDENCE, n) or "文件", why) for n, why in (faults or {}).items()],
        stages=list(Stage),
        state_zh=found.row.state_zh,
        levels=[(level.value, level.zh) for level in Level],
        at=list(Stage).index(Stage(found.case.stage)),
        archived=found.case.state == "archived",
        sieve=sieve,
        **steps(found),
        evidence_kinds=EVIDENCE_KINDS,
        limit_mb=settings().evidence_max_mb,
        today=beijing_day(clock()),
        **{"registered": False, "added": False, "recorded": False, "typed_for": "", **said, **shown},
    )


def _file(session: Session, signed: Signed, found: CasePage) -> dict[str, Any]:
    """The parts of the page that come from the case file, cut to what the reader may see."""
    d = load_dossier(session, found.case.id, history=False)
    opened = [row for row in found.items if row.state == "open"]
    mine = [row for row in opened if _answers(signed, found, row)]
    officers = d.respondents if not found.narrow else _heard_officers(found, d)
    return {
        "d": None if found.narrow else d,
        "mine": mine,
        "absences": [(row, absence) for row in opened if (absence := _absence(signed, found, row))],
        "waiting": [] if found.narrow else _waiting(row for row in opened if row not in mine),
        "shown_officers": officers if d.findings or d.facts else (),
        "findings_of": lambda rid: d.of(d.findings, rid),
        "facts_of": lambda rid: d.of(d.facts, rid),
        "weigh_of": lambda rid: weigh(d, rid),
        "decided": {x.respondent_id: x for x in d.decisions if _told(found, x)},
        "recused": () if found.narrow else recused_of(session, found.case.id, found.facts),
        "clocks": _clocks(session, found),
        "still": standstills_of(session, found.case, found.facts, signed.actor, on=beijing_day(clock())),
        "case_verbs": (offered := case_verbs(session, signed.actor, found.case, found.facts)),
        "sitting": sitting_members(session, found.case) if CaseVerb.REMOVE_MEMBER in offered else (),
        "copy_to": readers_of_choice(session, found.facts, found.case, on=beijing_day(clock()))
        if CaseVerb.COPY in offered
        else (),
        "may_take": any(
            may(signed.actor, action, found.facts).ok
            for action in (Action.TAKE_INTERVIEW, Action.TAKE_OPINION)
        ),
        "challenges": own_challenges(session, signed.actor, found.case),
    }


def _readers(request: Request, session: Session, signed: Signed, found: CasePage) -> Sequence[ReaderRow]:
    """Who has read the file, for those who are told."""
    if not found.may_see_readers:
        return ()
    get_read_log(request).flush()
    return readers_of(session, signed.actor, found.case.id)


def _told(found: CasePage, decision: DecisionView) -> bool:
    """Whether the reader may know the outcome: a signed one, and of a transfer only what the authority replied to."""
    if not decision.outcome or not found.narrow:
        return bool(decision.outcome)
    announced = decision.outcome != Outcome.TRANSFER or bool(decision.external_result)
    return decision.respondent_id == found.own and announced


def _waiting(rows: Iterable[ItemRow]) -> list[str]:
    """What others must do, each kind once with how many: 表决（审议组成员）5件."""
    counted = Counter(f"{row.zh}（{Role(row.role).zh}）" for row in rows)
    return [f"{what}{count}件" if count > 1 else what for what, count in counted.items()]


def _answers(signed: Signed, found: CasePage, row: ItemRow) -> bool:
    delegated = row.delegated_by is not None
    item = asked_of(Kind(row.kind), row.assignee_id, found.case.organ_id, delegated=delegated)
    return may(signed.actor, Action.ANSWER, found.facts, item=item).ok


def _absence(signed: Signed, found: CasePage, row: ItemRow) -> Absence | None:
    return absence_to_record(signed.actor, found.facts, row, on=beijing_day(clock()))


def _heard_officers(found: CasePage, d: Dossier) -> tuple[RespondentView, ...]:
    """The reader's own findings, once they are countersigned and the reader is heard on them."""
    heard = found.case.conclusion in ("complete", "unfounded", "out-of-scope")
    return (d.respondent(found.own),) if heard and found.own is not None else ()


def _clocks(session: Session, found: CasePage) -> list[dict[str, Any]]:
    """The periods that run, with how their end was computed; an officer sees one's own."""
    rules = load_edition(found.case.edition).deadlines
    items = {row.id for row in found.items}
    rows = session.exec(select(Clock).where(Clock.case_id == found.case.id).order_by(col(Clock.id)))
    return [
        {
            "zh": rules[c.deadline].zh if c.deadline in rules else c.deadline,
            "due_on": c.due_on,
            "provisional": c.provisional,
            "closed_at": c.closed_at,
            "suspended_from": c.suspended_from,
            "still": c.changes[-1] if c.suspended_from else None,
            "until": date.fromisoformat(c.changes[-1]["until"])
            if c.suspended_from and c.changes[-1].get("until")
            else None,
            "basis": c.basis.split("\n"),
        }
        for c in rows
        if not found.narrow or c.item_id in items
    ]
