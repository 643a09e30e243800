"""Reporters' identities: asking for their use, ruling on it, one look. 举报人信息"""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from pydantic import ValidationError

from api.cases import CaseId, RowId
from api.deps import (
    ActorDep,
    KeyDep,
    ReadingDep,
    RequestHashDep,
    Said,
    SessionDep,
    SignedDep,
    clock,
    once,
    writing,
)
from api.errors import problem_of
from api.pages_items import known, row_id
from api.pages_rendering import page, see_other
from api.views import IdentityView, RequestView
from models.accounts import Signed
from models.answers import NewRequest, RequestRuling
from models.casework import open_identity, request_identity, rule_on_identity
from models.database import register
from models.queries import identity_requests
from models.rules.errors import CaseworkError, NotFound

router = APIRouter()
TAGS = ["举报人信息"]
Text = Annotated[str, Form()]


@router.post(
    "/api/cases/{case_id}/identity-requests", summary="申请使用举报人信息", status_code=201, tags=TAGS
)
def post_request(
    case_id: CaseId,
    body: NewRequest,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由本案调查人员写明理由提出；申请人不会看到举报人信息，准许后由保管员启封并代为联系。"""

    def act() -> Said:
        row = request_identity(session, case_id, body, actor=actor, now=clock())
        return 201, {"id": row.id, "ruling": row.ruling}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.get("/api/identity-requests", summary="举报人信息申请", tags=TAGS)
def get_requests(actor: ActorDep, session: ReadingDep) -> list[RequestView]:
    """保管员看到本机关待裁定和已裁定的申请；申请人看到本人的申请。只写案号，不含案件内容。"""
    return [RequestView.model_validate(row) for row in identity_requests(session, actor)]


@router.post("/api/identity-requests/{request_id}/ruling", summary="裁定申请", tags=TAGS)
def post_ruling(
    request_id: RowId,
    body: RequestRuling,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由未参与本案的举报人信息保管员写明理由，准许或者不准许。"""

    def act() -> Said:
        row = rule_on_identity(session, request_id, body, actor=actor, now=clock())
        return 200, {"id": row.id, "ruling": row.ruling}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/api/identity-requests/{request_id}/opening", summary="启封举报人信息", tags=TAGS)
def post_opening(request_id: RowId, actor: ActorDep, session: SessionDep, response: Response) -> IdentityView:
    """由准许申请的保管员启封，只能一次，记入留痕和查阅记录；没有 Idempotency-Key，答复不留存。"""
    name, contact = open_identity(session, request_id, actor=actor, now=clock())
    response.headers["Cache-Control"] = "no-store"
    return IdentityView(name=name, contact=contact)


# --- pages --------------------------------------------------------------------------------------


@router.get("/identity-requests", include_in_schema=False)
def get_requests_page(request: Request, signed: SignedDep) -> Response:
    """The requests one may rule on or has made."""
    return _page(request, signed)


@router.post("/cases/{case_id}/identity-requests", include_in_schema=False)
def post_request_page(case_id: str, request: Request, signed: SignedDep, reason: Text = "") -> Response:
    """Ask, from the case page."""
    try:
        with writing(request) as session:
            said = NewRequest(reason=reason)
            request_identity(session, known(case_id), said, actor=signed.actor, now=clock())
    except NotFound:
        raise
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, error=error)
    return see_other("/identity-requests")


@router.post("/identity-requests/{request_id}/ruling", include_in_schema=False)
def post_ruling_page(
    request_id: str, request: Request, signed: SignedDep, reason: Text = "", ruling: Text = ""
) -> Response:
    """Rule, from the page."""
    try:
        with writing(request) as session:
            said = RequestRuling.model_validate(
                {"granted": {"granted": True, "refused": False}.get(ruling), "reason": reason}
            )
            rule_on_identity(session, row_id(request_id), said, actor=signed.actor, now=clock())
    except NotFound:
        raise
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, error=error)
    return see_other("/identity-requests")


@router.post("/identity-requests/{request_id}/opening", include_in_schema=False)
def post_opening_page(request_id: str, request: Request, signed: SignedDep) -> Response:
    """Show the identity, this once; reloading shows it no more."""
    try:
        with writing(request) as session:
            found = open_identity(session, row_id(request_id), actor=signed.actor, now=clock())
    except NotFound:
        raise
    except CaseworkError as error:
        return _page(request, signed, error=error)
    return _page(request, signed, opened=found)


def _page(
    request: Request, signed: Signed, *, error: Exception | None = None, opened: tuple[str, str] | None = None
) -> Response:
    problem = problem_of(error) if error else None
    with register().reading() as session:
        rows = identity_requests(session, signed.actor)
    made = page(
        request,
        "identity-requests.html",
        signed,
        status=problem.status if problem else 200,
        rows=rows,
        refusal=problem.detail if problem else "",
        opened=opened,
    )
    made.headers["Cache-Control"] = "no-store"
    return made
