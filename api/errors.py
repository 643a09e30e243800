"""Every refusal as problem+json, in words a person can act on. 错误答复

Rules know nothing of HTTP: here, and only here, an error becomes a status.
"""

import errno
import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import sqlalchemy.exc
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from api.wording import field_errors
from models.accounts import SignInRefused
from models.files import TooLarge
from models.rules.errors import CaseworkError, Conflict, Incomplete, NotFound, NotPermitted, Stale

log = logging.getLogger(__name__)


class SignInRequired(CaseworkError):
    """请先登录，或者在请求头中携带有效的令牌（Authorization: Bearer …）。"""

    code = "sign-in-required"


class ForgeryRefused(NotPermitted):
    """此请求没有带上本次登录的防伪标记，可能来自其他网站；请刷新页面后重新提交。"""

    code = "csrf"


class TooManyAttempts(CaseworkError):
    """登录失败次数过多，请十五分钟后再试；忘记密码请联系本机关系统管理员。"""

    code = "too-many-attempts"


class PreconditionRequired(CaseworkError):
    """请先读取此待办，并在 If-Match 请求头中带上答复的 ETag，以免覆盖他人的变动。"""

    code = "precondition-required"


class IdempotencyMismatch(Incomplete):
    """这个 Idempotency-Key 已经用于另一个请求；新的请求请换一个新的 Idempotency-Key。"""

    code = "idempotency-mismatch"


class WrongType(CaseworkError):
    """不接受这种类型的文件，请转换为允许的类型后再提交。"""

    code = "wrong-type"


class Damaged(Conflict):
    """文件内容与登记的校验值不符，可能被改动过，不予提供；请联系系统管理员从备份恢复。"""

    code = "file-damaged"


class Busy(CaseworkError):
    """登记库暂时不能写入，本次操作没有办理、没有保存；请稍后重试。"""

    code = "unavailable"


# The nearest class in an error's ancestry decides.
STATUS: Mapping[type[CaseworkError], int] = {
    NotFound: 404,
    NotPermitted: 403,
    Conflict: 409,
    Incomplete: 422,
    Stale: 412,
    SignInRequired: 401,
    SignInRefused: 401,
    PreconditionRequired: 428,
    TooManyAttempts: 429,
    TooLarge: 413,
    WrongType: 415,
    Busy: 503,
}
TITLES = {
    400: "请求无法读取",
    401: "需要登录",
    403: "无权办理",
    404: "查无此项",
    405: "不支持的操作",
    409: "与案件现状冲突",
    412: "页面已过时",
    413: "内容过大",
    415: "文件类型不符",
    422: "内容不全或者有误",
    428: "缺少版本号",
    429: "次数过多",
    500: "系统出错",
    503: "暂时不可用",
}
NEXT = {
    "stale": "重新读取此待办，核对后带上新的 ETag 再提交。",
    "already-done": "查看案件的办理进程；确需更正的，申请退回。",
    "wrong-stage": "查看案件现在所处的环节和您的待办。",
    "idempotency-mismatch": "换一个新的 Idempotency-Key 再提交。",
    "precondition-required": "先读取 GET /api/work-items/{id}，把 ETag 写入 If-Match。",
    "sign-in-required": "登录：POST /api/session。",
    "csrf": "重新读取 GET /api/session，把 csrf 写入 X-CSRF-Token。",
    "validation": "按 errors 逐项更正后再提交。",
    "malformed": "检查请求是否为完整的 JSON 再提交。",
    "unavailable": "稍后用同一个 Idempotency-Key 重试。",
    "internal": "请把编号告诉系统管理员；重试前先查看案件是否已有变动。",
}


@dataclass(frozen=True)
class Problem:
    """One refusal: what, why and what next. 答复"""

    status: int
    code: str
    detail: str
    title: str = ""
    next: str = ""
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """As application/problem+json; a broken character of the request cannot break the answer."""
        said: dict[str, Any] = {
            "type": f"urn:zhaodan:problem:{self.code}",
            "title": self.title or TITLES.get(self.status, HTTPStatus(self.status).phrase),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if hint := self.next or NEXT.get(self.code, ""):
            said["next"] = hint
        if self.errors:
            said["errors"] = list(self.errors)
        return json.dumps(said, ensure_ascii=False).encode("utf-8", "backslashreplace")


def status_of(error: CaseworkError) -> int:
    """The HTTP status of a refusal; one that fits nowhere is a conflict with the state of the case."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 409)


def problem_of(error: Exception) -> Problem:
    """What a person is told about an error; nothing of our insides for an unexpected one."""
    match error:
        case CaseworkError():
            status = status_of(error)
            return Problem(status, error.code, str(error), headers=_HEADERS.get(status, {}))
        case RequestValidationError() | ValidationError():
            return _invalid(error)
        case HTTPException():
            return _http(error)
        case sqlalchemy.exc.OperationalError() | sqlalchemy.exc.TimeoutError():
            log.warning("register unavailable: %s", type(getattr(error, "orig", None) or error).__name__)
            return problem_of(Busy())
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            log.warning("no space left for files")
            return problem_of(Busy("磁盘空间不足，文件没有保存；请稍后重试，并告知系统管理员。"))
        case sqlalchemy.exc.IntegrityError() | StaleDataError():
            return problem_of(Conflict("同一事项刚刚由他人办理，本次没有保存；请刷新后核对再提交。"))
        case _:
            return _unexpected(error)


_HEADERS: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "900"},
    503: {"Retry-After": "5"},
}


def _invalid(error: RequestValidationError | ValidationError) -> Problem:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return Problem(400, "malformed", "请求内容不是完整的 JSON，没有办理。")
    errors = field_errors(faults)
    first = errors[0]
    more = f"（共 {len(errors)} 处）" if len(errors) > 1 else ""
    return Problem(422, "validation", f"{first['field']}：{first['message']}{more}", errors=errors)


def _http(error: HTTPException) -> Problem:
    code, detail = {
        400: ("malformed", "请求无法读取，没有办理；请检查格式。"),
        404: ("not-found", "没有这个地址，请从首页重新进入。"),
        405: ("method-not-allowed", "这个地址不支持此操作。"),
        413: ("too-large", "提交的内容超过上限，没有保存；请精简或者拆分后再提交。"),
    }.get(error.status_code, ("http", TITLES.get(error.status_code, "请求没有办理。")))
    return Problem(error.status_code, code, detail, headers=error.headers or {})


def _unexpected(error: Exception) -> Problem:
    number = uuid.uuid4().hex[:12]
    log.error("unexpected error %s", number, exc_info=error)
    return Problem(500, "internal", f"系统出错，本次操作没有办理；编号 {number}。")


async def answer(request: Request, error: Exception) -> Response:
    """The answer to an error: a page where the browser asks for a page, problem+json everywhere else."""
    problem = problem_of(error)
    page = getattr(request.app.state, "problem_page", None)
    wants_page = "text/html" in request.headers.get("accept", "")
    if page is not None and wants_page and not request.url.path.startswith("/api/"):
        made: Response = page(request, problem)
        return made
    return Response(
        problem.body(),
        status_code=problem.status,
        headers=dict(problem.headers),
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Let every error leave by this one door."""
    for kind in (
        CaseworkError,
        RequestValidationError,
        ValidationError,
        HTTPException,
        sqlalchemy.exc.SQLAlchemyError,
        OSError,
        Exception,
    ):
        app.add_exception_handler(kind, answer)
