"""The people's door, put together. 应用"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from api import (
    absences,
    batch,
    cases,
    deposits,
    desk,
    errors,
    health,
    identity,
    inbox,
    kin,
    notices,
    numbers,
    pages,
    pages_again,
    pages_verbs,
    portal,
    previews,
    session,
    suggestions,
    timeline,
    transcripts,
    verbs,
    wake,
)
from api.limits import BodyLimit, SecurityHeaders, SignInLimits
from api.read_log import ReadLog
from models.settings import Settings, settings
from models.vault import prepare_key

FORM_ROOM = 1024 * 1024  # fields and boundaries around an evidence file

DESCRIPTION = """照单：尽职照单免责、失职照单问责。

写操作带 `Idempotency-Key` 可以放心重发；办理待办须带 `If-Match`。
错误以 `application/problem+json` 答复，`code` 稳定不变，`next` 说明下一步怎么办。
程序使用 `Authorization: Bearer 令牌`；浏览器登录后的写操作须带 `X-CSRF-Token`。
"""


def create_app(chosen: Settings | None = None) -> FastAPI:
    """The application: JSON API, pages and portal."""
    chosen = chosen or settings()
    app = FastAPI(
        title="照单",
        version="0.1.0",
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,  # the ready-made pages load scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan,
        responses={
            "4XX": {
                "description": "不予办理：原因和下一步",
                "content": {
                    "application/problem+json": {
                        "example": {
                            "type": "urn:zhaodan:problem:stale",
                            "title": "页面已过时",
                            "status": 412,
                            "code": "stale",
                            "detail": "此待办在您打开之后已有变动，请刷新后核对再提交。",
                            "next": "重新读取此待办，核对后带上新的 ETag 再提交。",
                        }
                    }
                },
            }
        },
    )
    app.state.sign_in_limits = SignInLimits(chosen.sign_in_attempts)
    app.state.read_log = ReadLog()
    app.state.turn = asyncio.Lock()
    errors.install(app)
    app.state.problem_page = pages_again.refusal_page
    for part in (
        session,
        cases,
        timeline,
        previews,
        identity,
        absences,
        deposits,
        desk,
        inbox,
        kin,
        batch,
        suggestions,
        transcripts,
        notices,
        numbers,
        health,
        pages,
        pages_again,
        pages_verbs,
        verbs,
        portal,
    ):
        app.include_router(part.router)
    app.add_middleware(
        BodyLimit,
        limit=chosen.body_max_kb * 1024,
        upload_limit=chosen.evidence_max_mb * 1024 * 1024 + FORM_ROOM,
    )
    app.add_middleware(SecurityHeaders)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await run_in_threadpool(prepare_key)
    yield
    await run_in_threadpool(app.state.read_log.close)
    wake.stop()
