"""Kin whom one declares, so that nobody has to apply for what the rules can see. 亲属关系申报"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from pydantic import Field, ValidationError

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
from api.forms import explain
from api.pages_rendering import page, see_other
from api.views import View
from models.accounts import Signed
from models.casework import declare_kin, end_kin
from models.database import register
from models.declarations import KinDeclared
from models.queries import kin_of
from models.rules.errors import CaseworkError, NotFound
from models.rules.ties import Kinship

router = APIRouter()
TAGS = ["亲属关系申报"]
KinId = Annotated[int, Path(ge=1, le=2**31 - 1, description="申报编号")]
Text = Annotated[str, Form()]
LABELS = {"to": "亲属的用户名", "relation": "亲属关系"}


class KinView(View):
    """本人的一项亲属关系申报"""

    id: int
    name: str
    relation: str = Field(
        description="spouse 夫妻，lineal 直系血亲，collateral 三代以内旁系血亲，affinity 近姻亲"
    )
    relation_zh: str
    declared_at: datetime
    ended_at: datetime | None = Field(description="不再成立的时间；仍然成立的为空")


@router.get("/api/kin", summary="本人的亲属关系申报", tags=TAGS)
def get_kin(actor: ActorDep, session: ReadingDep) -> list[KinView]:
    """只有本人可以看到；系统据此使有关人员回避，不告诉任何人有无案件。"""
    return [KinView.model_validate(row) for row in kin_of(session, actor)]


@router.post("/api/kin", summary="申报亲属关系", status_code=201, tags=TAGS)
def post_kin(
    body: KinDeclared, actor: ActorDep, session: SessionDep, request_hash: RequestHashDep, key: KeyDep = None
) -> Response:
    """公务员法第七十四条所列亲属关系，申报后立即适用于在办案件和以后登记的案件。"""

    def act() -> Said:
        return 201, {"id": declare_kin(session, body, actor=actor, now=clock()).id}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/api/kin/{kin_id}/end", summary="申报不再成立", tags=TAGS)
def post_end(
    kin_id: KinId, actor: ActorDep, session: SessionDep, request_hash: RequestHashDep, key: KeyDep = None
) -> Response:
    """例如婚姻关系终止或者申报有误；已经回避的案件仍然回避。"""

    def act() -> Said:
        return 200, {"id": end_kin(session, kin_id, actor=actor, now=clock()).id}

    return once(session, actor, act, key=key, request_hash=request_hash)


# --- page ---------------------------------------------------------------------------------------


@router.get("/me/kin", include_in_schema=False)
def get_kin_page(request: Request, signed: SignedDep) -> Response:
    """What one has declared, and a form for more."""
    return _page(request, signed)


@router.post("/me/kin", include_in_schema=False)
def post_kin_page(request: Request, signed: SignedDep, to: Text = "", relation: Text = "") -> Response:
    """Declare, from the page."""
    typed = {"to": to.strip(), "relation": relation}
    try:
        with writing(request) as session:
            declare_kin(session, KinDeclared.model_validate(typed), actor=signed.actor, now=clock())
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, error=error, typed=typed)
    return see_other("/me/kin")


@router.post("/me/kin/{kin_id}/end", include_in_schema=False)
def post_end_page(kin_id: str, request: Request, signed: SignedDep) -> Response:
    """Say that it no longer holds, from the page."""
    if not (kin_id.isascii() and kin_id.isdigit() and len(kin_id) < 10):
        raise NotFound
    with writing(request) as session:
        end_kin(session, int(kin_id), actor=signed.actor, now=clock())
    return see_other("/me/kin")


def _page(
    request: Request,
    signed: Signed,
    *,
    error: CaseworkError | ValidationError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    faults, refusal = {}, ""
    if isinstance(error, ValidationError):
        faults = {str(one["loc"][0]): explain(one) for one in error.errors() if one["loc"]}
    elif error:
        refusal = str(error)
    with register().reading() as session:
        rows = kin_of(session, signed.actor)
    return page(
        request,
        "kin.html",
        signed,
        status=problem_of(error).status if error else 200,
        rows=rows,
        relations=tuple((kinship.value, kinship.zh) for kinship in Kinship),
        fields={name: [value] for name, value in (typed or {}).items()},
        faults=faults,
        refusal=refusal,
        listed=[(name, LABELS.get(name, name), why) for name, why in faults.items()],
    )
