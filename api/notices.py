"""Who I am, what I was told, and what everybody may read. 本人、通知与公示"""

from typing import Annotated

from fastapi import APIRouter, Path

from api.cases import Cursor, Limit, stored_file
from api.deps import ReadingDep, SignedDep
from api.session import roles_of
from api.views import (
    MeView,
    NoticeList,
    NoticePageView,
    NoticeView,
    NotificationList,
    NotificationView,
)
from models.files import store
from models.queries import inbox_count, notices_to, published_notice, published_notices

router = APIRouter(prefix="/api")

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
