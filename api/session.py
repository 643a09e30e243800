"""Signing in and out. 登录"""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import (
    COOKIE,
    MaybeSignedDep,
    SessionDep,
    SignedDep,
    address_of,
    check_origin,
    clock,
    writing,
)
from api.errors import SignInRequired
from api.limits import SignInLimits
from api.views import SessionView
from models.accounts import Signed, SignedIn, check_password, open_session, sign_out
from models.database import register
from models.rules.permissions import Actor
from models.settings import settings

router = APIRouter(prefix="/api", tags=["登录"])


class SignIn(BaseModel):
    """用户名和密码"""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"username": "luo.ying", "password": "••••••••"}]}
    )

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


def sign_in(request: Request, username: str, password: str) -> SignedIn:
    """Check a password within the limits and open a new session in place of the browser's old one.

    For API and pages alike. Raises ForgeryRefused, TooManyAttempts, SignInRefused.
    """
    check_origin(request)
    limits: SignInLimits = request.app.state.sign_in_limits
    address = address_of(request)
    limits.enter(username, address)
    # The slow check holds no lock: it reads, and only then the session is written.
    with register().reading() as session:
        person_id = check_password(session, username, password)
    with writing(request) as session:
        opened = open_session(session, person_id, now=clock(), replacing=request.cookies.get(COOKIE))
    limits.forgive(username, address)
    return opened


def set_cookie(response: Response, opened: SignedIn) -> None:
    """Give the browser its session: no script reads it, no other site sends it."""
    response.set_cookie(
        COOKIE,
        opened.token,
        max_age=settings().session_hours * 3600,
        path="/",
        secure=settings().secure_cookies,
        httponly=True,
        samesite="strict",
    )


def drop_cookie(response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        COOKIE, path="/", secure=settings().secure_cookies, httponly=True, samesite="strict"
    )


@router.post("/session", summary="登录", status_code=201)
def post_session(body: SignIn, request: Request, response: Response) -> dict[str, str]:
    """以用户名和密码登录，得到会话 Cookie 和防伪标记 csrf（写操作放入 X-CSRF-Token）。"""
    opened = sign_in(request, body.username, body.password)
    set_cookie(response, opened)
    return {"csrf": opened.csrf, "expires_at": opened.expires_at.isoformat()}


@router.get("/session", summary="当前登录人")
def get_session(signed: MaybeSignedDep) -> SessionView:
    """当前登录人、今日有效的角色和防伪标记。"""
    if signed is None:
        raise SignInRequired
    return SessionView(
        username=signed.username, name=signed.actor.name, roles=roles_of(signed.actor), csrf=signed.csrf
    )


@router.delete("/session", summary="退出登录", status_code=204)
def delete_session(request: Request, signed: SignedDep, session: SessionDep) -> Response:
    """结束本次登录；令牌不受影响。"""
    end_session(request, signed, session)
    response = Response(status_code=204)
    drop_cookie(response)
    return response


def end_session(request: Request, signed: Signed, session: SessionDep) -> None:
    """End the session of the browser; a program's token stays, for it has no session."""
    token = request.cookies.get(COOKIE)
    if signed.kind == "session" and token:
        sign_out(session, token)


def roles_of(actor: Actor) -> list[dict[str, object]]:
    """The roles of today, in a fixed order."""
    return [{"role": role.value, "zh": role.zh, "organ_id": organ} for role, organ in sorted(actor.roles)]
