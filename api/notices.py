"""Who I am, what I was told, and what everybody may read. 本人、通知与公示"""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from api.cases import Cursor, Limit, stored_file
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
)
from api.session import roles_of
from api.views import (
    MarkedList,
    MarkedView,
    MeView,
    NoticeList,
    NoticePageView,
    NoticeView,
    NotificationList,
    NotificationView,
)
from models.files import store
from models.notices import mark_read
from models.queries import MOST, inbox_count, notices_to, published_notice, published_notices

router = APIRouter(prefix="/api")


class Chosen(BaseModel):
    """要标为已读的通知"""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=1, le=2**31 - 1)]] = Field(min_length=1, max_length=MOST)


Slug = Annotated[str, Path(pattern=r"^[0-9a-z]{1,32}$", description="公示编号")]


@router.get("/me", summary="本人", tags=["登录"])
def get_me(signed: SignedDep, session: ReadingDep) -> MeView:
    """令牌或者会话背后的人、今日有效的角色和待办数量。"""
    actor = signed.actor
    return MeView(
        person_id=actor.person_id,
        username=signed.username,
        name=actor.name,
        roles=roles_of(actor),
        waiting=inbox_count(session, actor),
    )


@router.get("/notifications", summary="我的站内通知", tags=["待办"])
def get_notifications(signed: SignedDep, session: ReadingDep, limit: Limit = 50) -> NotificationList:
    """发给本人的站内通知，新的在前；其他渠道的通知不在此列。"""
    rows = notices_to(session, signed.actor, limit=limit)
    return NotificationList(notifications=[NotificationView.model_validate(row) for row in rows])


@router.post("/notifications/read", summary="通知标为已读", tags=["待办"])
def post_read(
    body: Chosen, actor: ActorDep, session: SessionDep, request_hash: RequestHashDep, key: KeyDep = None
) -> Response:
    """成批标为已读，逐条给出结果；一条不成不影响其余。标为已读不等于签收，不发生任何效力。"""

    def act() -> Said:
        marked = mark_read(session, body.ids, actor=actor, now=clock())
        return 200, MarkedList(results=[MarkedView.model_validate(one) for one in marked]).model_dump()

    return once(session, actor, act, key=key, request_hash=request_hash)


@router.get("/portal/notices", summary="公示列表（无需登录）", tags=["公示"])
def get_notices(session: ReadingDep, cursor: Cursor = None, limit: Limit = 20) -> NoticeList:
    """已发布且未撤下的公示，新的在前。"""
    page = published_notices(session, after=cursor, limit=limit)
    return NoticeList(notices=[NoticeView.model_validate(row) for row in page.rows], next=page.next)


@router.get("/portal/notices/{slug}", summary="公示全文（无需登录）", tags=["公示"])
def get_notice(slug: Slug, session: ReadingDep) -> NoticePageView:
    """一份公示的全文；内容与登记的校验值不符的不予提供。"""
    notice = published_notice(session, slug)
    stored_file(notice.sha256, "text/html", notice.title, inline=True)  # refuses what no longer fits its hash
    with store().open(notice.sha256) as file:
        content = file.read().decode()
    said = NoticeView.model_validate(notice).model_dump()
    return NoticePageView(**said, content=content)
