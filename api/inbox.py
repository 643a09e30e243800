"""Work items: what waits for me, what it asks, answering it. 待办"""

import json
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response
from sqlmodel import Session

from api.cases import Cursor, Limit
from api.deps import (
    ActorDep,
    KeyDep,
    ReadingDep,
    RequestHashDep,
    Said,
    SessionDep,
    VersionDep,
    clock,
    etag,
    once,
    wake_after_commit,
)
from api.read_log import ReadLogDep, note_case
from api.views import ItemList, ItemPageView, answered, item_page_view, item_view
from models.answers import ANSWERS
from models.casework import answer_work_item, record_absence, save_draft
from models.queries import Box, inbox, inbox_count, inbox_counts, item_page
from models.rules.deadlines import beijing_day
from models.rules.errors import Incomplete
from models.rules.lifecycle import Kind
from models.rules.permissions import Actor
from models.tables import Case

router = APIRouter(prefix="/api", tags=["待办"])

ItemId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
DEEPEST = 20  # levels of a draft

AnswerBody = Annotated[
    dict[str, Any],
    Body(
        description="按待办给出的 answer_schema 填写",
        openapi_examples={
            "screening": {
                "summary": "受理审查",
                "value": {
                    "verdict": "accept",
                    "reason": "有明确的人员和事实，属于本机关受理范围。",
                    "investigators": ["tang.wei", "shen.lan"],
                },
            },
            "countersign": {"summary": "调查人员会签", "value": {"agreed": True}},
            "ballot": {
                "summary": "表决",
                "value": {
                    "votes": [{"respondent": 1, "outcome": "exempt", "reason": "形式审查义务已经履行。"}]
                },
            },
        },
    ),
]

AbsenceBody = Annotated[
    dict[str, Any],
    Body(
        description="按待办给出的 absence_schema 填写",
        openapi_examples={
            "lapsed": {
                "summary": "逾期未陈述",
                "value": {"reason": "告知书已于3月2日送达，期满未收到陈述申辩。"},
            },
            "left": {
                "summary": "留置送达",
                "value": {"method": "left", "on": "2026-03-02", "witnesses": ["见证人一", "见证人二"]},
            },
        },
    ),
]


@router.get("/work-items", summary="我的待办")
def get_items(
    actor: ActorDep, session: ReadingDep, box: Box = Box.ALL, cursor: Cursor = None, limit: Limit = 50
) -> ItemList:
    """指定由您办理的，以及您的角色可以办理的待办，期限近的在前。

    `box`：mine 我的，shared 本组尚无人办理的，late 已逾期，all 全部；`count` 总是全部待办的数量。
    """
    today = beijing_day(clock())
    page = inbox(session, actor, box=box, on=today, after=cursor, limit=limit)
    return ItemList(
        items=[item_view(row) for row in page.rows],
        count=inbox_count(session, actor),
        boxes={part.value: count for part, count in inbox_counts(session, actor, on=today).items()},
        next=page.next,
    )


@router.get("/work-items/{item_id}", summary="查看待办")
def get_item(
    item_id: ItemId, actor: ActorDep, session: ReadingDep, log: ReadLogDep, response: Response
) -> ItemPageView:
    """要做什么、答复的格式、办理所需的情况；ETag 是版本号，答复时写入 If-Match。"""
    page = item_page(session, actor, item_id, on=beijing_day(clock()))
    note_case(log, actor, page.case.id, page.facts)
    response.headers["ETag"] = etag(page.item.version)
    return item_page_view(page, answer_schema(Kind(page.item.kind)))


@router.post("/work-items/{item_id}/answer", summary="办理待办")
def post_answer(
    item_id: ItemId,
    body: AnswerBody,
    actor: ActorDep,
    session: SessionDep,
    version: VersionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """办理待办；由此依规则产生的结果（环节变动、新的待办）在同一事务内完成。

    必须带 If-Match。同样的内容重复提交不会重复办理；内容不同的第二次提交不予接受。
    """

    def act() -> Said:
        return answer(session, item_id, body, actor=actor, expect_version=version)

    return once(session, actor, act, key=key, request_hash=request_hash)


def answer(
    session: Session, item_id: str, content: dict[str, Any], *, actor: Actor, expect_version: int | None
) -> Said:
    """Answer a work item and have the case woken after the commit. For API and pages alike."""
    item = answer_work_item(
        session, item_id, content, actor=actor, now=clock(), expect_version=expect_version
    )
    wake_after_commit(session, item.case_id)
    return 200, answered(item, session.get_one(Case, item.case_id))


@router.post("/work-items/{item_id}/absence", summary="登记逾期或者送达情况")
def post_absence(
    item_id: ItemId,
    body: AbsenceBody,
    actor: ActorDep,
    session: SessionDep,
    version: VersionDep,
    request_hash: RequestHashDep,
    key: KeyDep = None,
) -> Response:
    """由本案调查人员登记：期满后本人仍未陈述的，记为逾期未陈述；本人没有在系统中签收的，记明直接送达、拒收、留置送达或者公告送达，送达日期以送达回证为准。

    必须带 If-Match。期限届满不会自动产生任何结果；期满之前不予登记。
    """

    def act() -> Said:
        return record(session, item_id, body, actor=actor, expect_version=version)

    return once(session, actor, act, key=key, request_hash=request_hash)


def record(
    session: Session, item_id: str, content: dict[str, Any], *, actor: Actor, expect_version: int | None
) -> Said:
    """Record an absence and have the case woken after the commit. For API and pages alike."""
    item = record_absence(session, item_id, content, actor=actor, now=clock(), expect_version=expect_version)
    wake_after_commit(session, item.case_id)
    return 200, answered(item, session.get_one(Case, item.case_id))


@router.put("/work-items/{item_id}/draft", summary="暂存草稿", status_code=204)
def put_draft(item_id: ItemId, body: AnswerBody, actor: ActorDep, session: SessionDep) -> Response:
    """暂存未办理完的内容；只有您自己能看到，不发生任何效力。"""
    check_draft(body)
    save_draft(session, item_id, body, actor=actor, now=clock())
    return Response(status_code=204)


def check_draft(content: dict[str, Any]) -> None:
    """Refuse what cannot be kept as JSON. Raises Incomplete."""
    try:
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, UnicodeEncodeError):
        raise Incomplete("草稿中有无法保存的字符或者数值，请删除后再暂存。") from None
    if _depth(content) > DEEPEST:
        raise Incomplete("草稿的层次过多，无法保存；请按待办的格式填写。")


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(one) for one in inner), default=0)


@lru_cache
def answer_schema(kind: Kind) -> dict[str, Any]:
    """The JSON schema of an answer."""
    return ANSWERS[kind].model_json_schema()
