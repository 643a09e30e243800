"""Turning a template and what it shows into a page. 页面生成"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api import pages_words
from api.deps import maybe_signed
from api.errors import Problem
from api.language import CHINESE, ENGLISH, LANGUAGE_COOKIE, LANGUAGES, ChineseText, finalize, gettext
from models.accounts import Signed
from models.dossier import cited_evidence, clause_label, day, shown, statement
from models.dossier.terms import CLAUSE_OUTCOME_ZH
from models.queries import MANY, may_oversee
from models.rules.permissions import Role
from models.rules.substitution import FIT

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
PORTAL_MENU = (("/portal", "公示"), ("/portal/duties", "履职清单"), ("/portal/exemptions", "免责清单"))

_HEADINGS = {
    401: "请先登录",
    403: "没有办理权限",
    404: "没有找到",
    405: "不能这样操作",
    409: "与案件现状不符",
    412: "页面已过时",
    413: "内容过大",
    415: "文件类型不符",
    422: "内容需要修改",
    429: "尝试次数过多",
    500: "系统出错",
    503: "暂时不能办理",
}
_ADVICE = {
    401: "登录后会回到您要打开的页面。",
    403: "请返回上一页刷新后重试；确需办理的，请联系案件承办机构。",
    404: "可能是地址不完整、事项已经撤销，或者您无权查看。请从待办或者案件列表重新打开。",
    409: "请返回案件页面查看现在的环节。",
    412: "请返回上一页，刷新后核对再提交。",
    413: "请精简内容，或者把文件压缩、拆分后再提交。",
    415: "可以提交 PDF、图片、文本、Word、Excel 和音视频文件。",
    429: "请十五分钟后再试。",
    500: "本次操作没有写入案件。请稍后重试；仍不成功的，把上面的编号告诉系统管理员。",
    503: "请稍后重试。",
}


class Links:
    """Where papers and evidence are read. 链接"""

    def document(self, document_id: int | None) -> str:
        """A filed paper."""
        return f"/api/documents/{document_id}"

    def file(self, document_id: int | None, form: str) -> str:
        """A paper as Word or PDF, or a signature."""
        return f"/api/documents/{document_id}/{form}"

    def evidence(self, evidence_id: int | None) -> str:
        """A piece of evidence."""
        return f"/api/evidence/{evidence_id}"

    def preview(self, evidence_id: int | None) -> str:
        """The same piece, for a page to show."""
        return f"/api/evidence/{evidence_id}/preview"


def size(amount: int) -> str:
    """A file size as people read it."""
    if amount < 1024:
        return f"{amount} 字节"
    return f"{amount / 1024:.0f} KB" if amount < 1024 * 1024 else f"{amount / 1024 / 1024:.1f} MB"


def counted(amount: int, *, at_most: int = MANY) -> str:
    """A count that stopped somewhere: 500+ says that there are more."""
    return f"{at_most}+" if amount > at_most else str(amount)


@lru_cache
def environment(language: str = CHINESE) -> Environment:
    """Strict and escaping: a name that is missing is a fault, a text somebody typed is only text."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "day": day,
        "shown": shown,
        "evidence": cited_evidence,
        "clause_outcome": lambda outcome: CLAUSE_OUTCOME_ZH[outcome],
        "label": clause_label,
        "size": size,
        "statement": statement,
    }
    made.globals |= {"words": pages_words, "links": Links(), "languages": LANGUAGES, "language": language}
    if language == ENGLISH:
        made.add_extension(ChineseText)
        made.globals["gettext"], made.finalize = gettext, finalize
        made.filters["day"] = date.isoformat
    return made


def page(
    request: Request, template: str, viewer: Signed | None, *, status: int = 200, **shows: Any
) -> HTMLResponse:
    """A page for this viewer; `fields`, `faults` and `refusal` are empty unless given."""
    empty: Mapping[str, Any] = {"fields": {}, "faults": {}, "refusal": "", "listed": (), "kept": False}
    chosen = request.cookies.get(LANGUAGE_COOKIE, CHINESE)
    text = (
        environment(chosen if chosen in LANGUAGES else CHINESE)
        .get_template(template)
        .render(**{**empty, **shows}, viewer=viewer, status=status, here=request.url.path, menu=menu(viewer))
    )
    return HTMLResponse(text, status)


def menu(viewer: Signed | None) -> tuple[tuple[str, str], ...]:
    """The columns this viewer has a use for."""
    if viewer is None:
        return (*PORTAL_MENU, ("/portal/notices", "公告"))
    own: tuple[tuple[str, str], ...] = (("/inbox", "我的待办"), ("/cases", "案件"))
    if viewer.actor.organs(Role.INTAKE_CLERK):
        own = (*own, ("/cases/new", "登记线索"))
    if viewer.actor.keeps_identities_of():
        own = (*own, ("/identity-requests", "举报人信息"))
    if viewer.actor.organs(Role.OFFICER):
        own = (*own, ("/me", "我的档案"))
    if viewer.actor.organs(Role.OFFICER, Role.MANAGER, Role.HEAD):
        own = (*own, ("/me/deposits", "在先留存"))
    if viewer.actor.roles:
        own = (*own, ("/me/kin", "亲属申报"))
    if viewer.actor.organs(*FIT):
        own = (*own, ("/me/absences", "外出与代理"))
    if may_oversee(viewer.actor):
        own = (*own, ("/manage", "管理概览"))
    return (*own, *PORTAL_MENU)


def inside(address: str) -> str:
    """An address of our own pages; anything else leads to the inbox, so that no link sends people elsewhere."""
    plain = address.isascii() and address.isprintable() and "\\" not in address
    own = address.startswith("/") and not address.startswith(("//", "/sign-", "/api/"))
    return address if plain and own else "/inbox"


def see_other(address: str) -> RedirectResponse:
    """After a successful form: another page, so that reloading it posts nothing again."""
    return RedirectResponse(address, 303)


def problem_page(request: Request, problem: Problem) -> Response:
    """A refusal as a page: what, why, what next. Strangers are led to the sign-in page."""
    viewer = maybe_signed(request) if problem.status < 500 else None
    if problem.code == "sign-in-required" and request.method in ("GET", "HEAD"):
        return see_other(f"/sign-in?to={request.url.path}")
    made = page(
        request,
        "error.html",
        viewer,
        status=problem.status,
        heading=_HEADINGS.get(problem.status, "没有办理"),
        message=problem.detail,
        advice=_ADVICE.get(problem.status, "请返回上一页核对后重试。"),
    )
    made.headers.update(problem.headers)
    return made
