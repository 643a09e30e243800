"""Interviews and expert opinions: taken down over JSON and on a page of the case. 谈话笔录、专业论证意见"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError

from api.cases import CaseId
from api.deps import (
    ActorDep,
    KeyDep,
    RequestHashDep,
    Said,
    SessionDep,
    SignedDep,
    clock,
    once,
    wake_after_commit,
    writing,
)
from api.errors import problem_of
from api.forms import explain
from api.pages_forms import FormDep, fields_of
from api.pages_items import known
from api.pages_rendering import page, see_other
from api.read_log import get_read_log, note_case
from models.accounts import Signed
from models.casework import take_interview, take_opinion
from models.database import register
from models.dossier import load_dossier
from models.queries import case_facts
from models.rules.deadlines import BEIJING
from models.rules.errors import CaseworkError, Incomplete, NotFound, NotPermitted
from models.rules.permissions import Action, may
from models.transcripts import NewExpertOpinion, NewInterview

router = APIRouter()
TAGS = ["笔录和论证"]
LABELS = {
    "person": "被谈话人",
    "capacity": "身份",
    "unit": "单位、职务",
    "place": "地点",
    "began_at": "开始时间",
    "ended_at": "结束时间",
    "second": "另一名调查人员",
    "recorder": "记录人",
    "exchanges": "问答",
    "corrections": "更正和补充",
    "refusal": "没有签名的情况",
    "question": "论证的问题",
    "experts": "论证专家",
    "reasoning": "分析和理由",
    "opinion": "论证意见",
    "dissent": "不同意见",
    "formed_on": "论证日期",
}
_BETWEEN = re.compile(r"[,，、;；]\s*")


@router.post("/api/cases/{case_id}/interviews", summary="登记谈话笔录", status_code=201, tags=TAGS)
def post_interview(
    case_id: CaseId,
    body: NewInterview,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由两名调查人员之一在事实核查环节登记；登记后制作笔录，供打印、逐页签名。同样内容再次登记仍是同一份。"""

    def act() -> Said:
        row = take_interview(session, case_id, body, actor=actor, now=clock())
        wake_after_commit(session, case_id)
        return 201, {"number": row.number, "sha256": row.sha256}

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.post("/api/cases/{case_id}/expert-opinions", summary="登记专业论证意见", status_code=201, tags=TAGS)
def post_opinion(
    case_id: CaseId,
    body: NewExpertOpinion,
    actor: ActorDep,
    session: SessionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由调查人员或者法制审核人员登记；不同意见一并记录。论证专家不得是参与本案的人员。"""

    def act() -> Said:
        row = take_opinion(session, case_id, body, actor=actor, now=clock())
        wake_after_commit(session, case_id)
        return 201, {"number": row.number, "sha256": row.sha256}

    return once(session, actor, act, key=key, request_hash=request_hash)


# --- page ---------------------------------------------------------------------------------------


@router.get("/cases/{case_id}/transcripts", include_in_schema=False)
def get_transcripts_page(case_id: str, request: Request, signed: SignedDep) -> Response:
    """What has been taken down, and the forms to take down more."""
    return _page(request, signed, case_id)


@router.post("/cases/{case_id}/interviews", include_in_schema=False)
def post_interview_page(case_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Take down an interview, from the page."""
    fields = fields_of(form)
    try:
        said = NewInterview.model_validate(_interview(fields))
        with writing(request) as session:
            take_interview(session, known(case_id), said, actor=signed.actor, now=clock())
            wake_after_commit(session, case_id)
    except NotFound:
        raise
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, case_id, error=error, fields=fields, typed_for="interview")
    return see_other(f"/cases/{case_id}/transcripts")


@router.post("/cases/{case_id}/expert-opinions", include_in_schema=False)
def post_opinion_page(case_id: str, request: Request, signed: SignedDep, form: FormDep) -> Response:
    """Take down an expert opinion, from the page."""
    fields = fields_of(form)
    try:
        said = NewExpertOpinion.model_validate(_opinion(fields))
        with writing(request) as session:
            take_opinion(session, known(case_id), said, actor=signed.actor, now=clock())
            wake_after_commit(session, case_id)
    except NotFound:
        raise
    except (CaseworkError, ValidationError) as error:
        return _page(request, signed, case_id, error=error, fields=fields, typed_for="opinion")
    return see_other(f"/cases/{case_id}/transcripts")


def _interview(fields: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    said = _plain(fields, NewInterview)
    for name in ("began_at", "ended_at"):
        said[name] = _moment(str(said.get(name, "")))
    return said | {
        "exchanges": exchanges(_one(fields, "exchanges")),
        "rights_told": bool(fields.get("rights_told")),
        "signed": bool(fields.get("signed")),
    }


def _opinion(fields: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    lines = (line.strip() for line in _one(fields, "experts").split("\n") if line.strip())
    experts = [
        dict(zip(("name", "unit", "title"), _BETWEEN.split(line, maxsplit=2), strict=False)) for line in lines
    ]
    if any("unit" not in expert for expert in experts):
        raise Incomplete("论证专家每人一行，写明姓名、单位、职称，用逗号隔开，例如：王某，某大学，教授。")
    return _plain(fields, NewExpertOpinion) | {"experts": experts, "no_ties": bool(fields.get("no_ties"))}


def _plain(fields: Mapping[str, Sequence[str]], shape: type[BaseModel]) -> dict[str, Any]:
    return {name: _one(fields, name) for name in shape.model_fields if fields.get(name)}


def _one(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return (fields.get(name) or [""])[-1]


def _moment(text: str) -> datetime | str:
    """A moment as a page gives it, which is always that of Beijing."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING)
    except ValueError:
        raise Incomplete("请填写谈话的开始时间和结束时间，例如 2026-03-02 09:00。") from None


def exchanges(text: str) -> list[dict[str, str]]:
    """Questions and answers as they are typed: each begins a line with 问： or 答： (or Q: and A:), what follows belongs to it."""
    found: list[dict[str, str]] = []
    part = ""
    for line in text.split("\n"):
        mark = re.match(r"\s*([问答QA])[：:]\s*(.*)", line)
        if mark is None:
            if line.strip() and not part:
                raise Incomplete("问答请逐条另起一行，以“问：”“答：”开头；请核对第一行。")
            if part:
                found[-1][part] += f"\n{line}"
            continue
        part = "question" if mark[1] in "问Q" else "answer"
        if part == "question":
            found.append({"question": mark[2], "answer": ""})
        elif not found or found[-1]["answer"]:
            raise Incomplete("每一个“答：”之前须有一个“问：”；请核对问答的次序。")
        else:
            found[-1]["answer"] = mark[2]
    return found


def _page(
    request: Request,
    signed: Signed,
    case_id: str,
    *,
    error: CaseworkError | ValidationError | None = None,
    fields: Mapping[str, Sequence[str]] | None = None,
    typed_for: str = "",
) -> Response:
    with register().reading() as session:
        case, facts = case_facts(session, known(case_id))
        sight = may(signed.actor, Action.SEE_FILE, facts)
        if not sight.ok:
            raise NotFound if sight.hidden else NotPermitted(sight.why)
        d = load_dossier(session, case.id)
    note_case(get_read_log(request), signed.actor, case_id, facts)
    return page(
        request,
        "transcripts.html",
        signed,
        status=problem_of(error).status if error else 200,
        d=d,
        may_interview=may(signed.actor, Action.TAKE_INTERVIEW, facts).ok,
        may_opine=may(signed.actor, Action.TAKE_OPINION, facts).ok,
        fields=dict(fields or {}),
        faults={},
        listed=(),
        refusal=_words(error) if error else "",
        typed_for=typed_for,
    )


def _words(error: CaseworkError | ValidationError) -> str:
    if isinstance(error, CaseworkError):
        return str(error)
    first = error.errors()[0]
    label = LABELS.get(str(first["loc"][0]), "") if first["loc"] else ""
    return f"{label}：{explain(first)}" if label else explain(first)
