"""What waits for a person: work items to answer, and the notices of the in-app inbox. 待办与通知"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.dossier import case_number
from models.queries.paging import COUNTED, MOST, Page, cut, read_cursor, read_moment, read_word
from models.queries.rights import answerable, assigned, queues, stood_in, visible
from models.rules.lifecycle import Kind, Stage
from models.rules.permissions import Actor
from models.tables import DUE, Case, Draft, Notification, Organ, Person, Respondent, WorkItem
from models.vault import unseal_vote

NO_DATE = date(9999, 12, 31)  # items without a due day come last
MANY = 500  # a tab counts no further: "500+"
_respondent_person = aliased(Person)
_DUE = sa.literal_column(DUE, sa.Date())
_MADE = col(WorkItem.created_at)


class Box(StrEnum):
    """A part of the inbox. 待办分栏"""

    MINE = "mine"  # 我的: assigned to me
    SHARED = "shared"  # 本组: of a role I hold, nobody's yet
    STOOD_IN = "stood-in"  # 代理: of somebody who is away and for whom I stand in
    LATE = "late"  # 已逾期
    ALL = "all"  # 全部

    @property
    def zh(self) -> str:
        """The part as people call it."""
        return _BOX_ZH[self]


_BOX_ZH = {
    Box.MINE: "我的",
    Box.SHARED: "本组（可以办理）",
    Box.STOOD_IN: "代理",
    Box.LATE: "已逾期",
    Box.ALL: "全部",
}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A work item as a list shows it. 待办"""

    id: str
    case_id: str
    case_number: str
    case_title: str
    kind: str
    stage: str
    round: int
    respondent_id: int | None
    respondent: str  # name of the officer it is about, if any
    role: str
    assignee_id: int | None
    state: str
    due_on: date | None
    provisional: bool
    created_at: datetime
    answered_at: datetime | None
    version: int
    asked_id: int | None = None  # whom the case named for it
    delegated_by: int | None = None

    @property
    def claimed(self) -> bool:
        """Whether somebody of the group took it: only then it can go back to the group."""
        return self.assignee_id is not None and self.asked_id is None

    @property
    def zh(self) -> str:
        """The work item as people call it."""
        return Kind(self.kind).zh

    @property
    def stage_zh(self) -> str:
        """The stage as people call it."""
        return Stage(self.stage).zh


_COLUMNS = (
    WorkItem.id,
    WorkItem.case_id,
    Organ.mark,
    Case.year,
    Case.number,
    Case.title,
    WorkItem.kind,
    WorkItem.stage,
    WorkItem.round,
    WorkItem.respondent_id,
    _respondent_person.name,
    WorkItem.role,
    WorkItem.assignee_id,
    WorkItem.state,
    WorkItem.due_on,
    WorkItem.provisional,
    WorkItem.created_at,
    WorkItem.answered_at,
    WorkItem.version,
    WorkItem.asked_id,
    WorkItem.delegated_by,
)


def item_rows(session: Session, *conditions: Any, order: Sequence[Any], limit: int | None) -> list[ItemRow]:
    """Work items with what a list says about them, in one query; rights are the caller's conditions."""
    wanted = (
        sa.select(*_COLUMNS)
        .select_from(WorkItem)
        .join(Case, col(Case.id) == col(WorkItem.case_id))
        .join(Organ, col(Organ.id) == col(Case.organ_id))
        .outerjoin(Respondent, col(Respondent.id) == col(WorkItem.respondent_id))
        .outerjoin(_respondent_person, col(_respondent_person.id) == col(Respondent.person_id))
        .where(*conditions)
        .order_by(*order)
        .limit(limit)
    )
    return [_row(values) for values in session.execute(wanted)]


def _row(values: Any) -> ItemRow:
    item_id, case_id, mark, year, number, title, kind, stage, round, respondent_id, name, *rest = values
    said = case_number(mark, year, number)
    return ItemRow(item_id, case_id, said, title, kind, stage, round, respondent_id, name or "", *rest)


def inbox(
    session: Session,
    actor: Actor,
    *,
    box: Box = Box.ALL,
    on: date | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[ItemRow]:
    """Open items the actor may answer: assigned, or in a queue of a role held; due first. 我的待办

    `on` is the day that decides what is late. Raises BadCursor for an `after` that is not the `next` of a page.
    """
    limit = min(limit, MOST)
    key = col(WorkItem.id)
    beyond: list[Any] = []
    if after:
        last_due, last_made, last_id = read_cursor(after, date.fromisoformat, read_moment, read_word)
        last = (sa.literal(last_due, sa.Date()), sa.literal(last_made, _MADE.type), sa.literal(last_id))
        beyond = [sa.tuple_(_DUE, _MADE, key) > sa.tuple_(*last)]
    # The keys first: sorting whole rows of a long queue costs more than finding fifty of them again. Each pile is read
    # in the order of its index and no further than the page goes.
    piles = [
        sa.select(key, _DUE.label("due"), _MADE.label("made"))
        .where(*pile, *beyond)
        .order_by(_DUE, _MADE, key)
        .limit(limit + 1)
        for pile in _in_box(actor, box, on)
    ]
    rows: list[ItemRow] = []
    if piles:
        found = sa.union_all(*(sa.select(pile.subquery()) for pile in piles)).subquery()
        first = sa.select(found.c.id).order_by(found.c.due, found.c.made, found.c.id).limit(limit + 1)
        keys = session.scalars(first).all()
        rows = item_rows(session, key.in_(keys), order=(_DUE, _MADE, key), limit=None)
    return cut(
        rows,
        limit,
        key=lambda row: ((row.due_on or NO_DATE).isoformat(), row.created_at.isoformat(), row.id),
    )


def inbox_count(session: Session, actor: Actor, *, at_most: int = COUNTED) -> int:
    """How many items the inbox holds; counting stops at `at_most`."""
    counts = [_up_to(at_most, *pile) for pile in _in_box(actor, Box.ALL, None)]
    return min(at_most, sum(session.execute(sa.select(*counts)).one()))


def inbox_counts(session: Session, actor: Actor, *, on: date) -> Mapping[Box, int]:
    """How many items each part holds; counting stops at one more than MANY. 分栏计数"""
    apart = {box: _in_box(actor, box, on) for box in Box if box is not Box.ALL}
    wanted = [_up_to(MANY + 1, *pile) for piles in apart.values() for pile in piles]
    found = iter(session.execute(sa.select(*wanted)).one())
    counts = {box: sum(next(found) for _ in piles) for box, piles in apart.items()}
    counts[Box.ALL] = counts[Box.MINE] + counts[Box.SHARED] + counts[Box.STOOD_IN]
    return {box: min(MANY + 1, counts[box]) for box in Box}


def labels_of(session: Session, actor: Actor, item_ids: Sequence[str]) -> Mapping[str, str]:
    """What each of these items is called, as far as the actor may answer it. 待办名称"""
    key = col(WorkItem.id)
    mine = session.scalars(sa.select(key).where(key.in_(item_ids), answerable(actor))).all()
    rows = item_rows(session, key.in_(mine), order=(key,), limit=None)
    return {row.id: f"{row.case_number} {row.zh}" for row in rows}


def _in_box(actor: Actor, box: Box, on: date | None) -> list[list[Any]]:
    """The piles of a part of the inbox, no item in two of them, each as conditions on WorkItem."""
    mine, shared = [[assigned(actor)]], [[queue] for queue in queues(actor)]
    others = [[pile] for pile in stood_in(actor)]
    match box:
        case Box.MINE:
            return mine
        case Box.SHARED:
            return shared
        case Box.STOOD_IN:
            return others
        case Box.LATE if on is not None:
            return [[*pile, col(WorkItem.due_on) < on] for pile in mine + shared + others]
        case Box.LATE:
            raise ValueError("what is late depends on the day")
    return mine + shared + others


def _up_to(at_most: int, *conditions: Any) -> Any:
    some = sa.select(col(WorkItem.id)).where(*conditions).limit(at_most).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def draft_of(session: Session, actor: Actor, item_id: str) -> Mapping[str, Any] | None:
    """What the actor has begun to write for an item; nobody else's draft is ever read. 草稿"""
    mine = select(Draft.content).where(Draft.item_id == item_id, Draft.person_id == actor.person_id)
    found = session.exec(mine).first()
    if found is not None and set(found) == {"sealed"}:  # of a vote
        opened: Mapping[str, Any] = json.loads(unseal_vote(found["sealed"]))
        return opened
    return found


def notices_to(session: Session, actor: Actor, *, limit: int = 50) -> Sequence[Notification]:
    """The in-app notices to the actor, newest first, of cases the actor may still see. 站内通知"""
    newest = (
        select(Notification)
        .where(told(actor))
        .order_by(col(Notification.created_at).desc(), col(Notification.id).desc())
    )
    return session.exec(newest.limit(min(limit, MOST))).all()


def unread_count(session: Session, actor: Actor) -> int:
    """How many notices the actor has not read; counting stops at one more than MANY."""
    unread = sa.select(col(Notification.id)).where(told(actor), col(Notification.read_at).is_(None))
    some = unread.limit(MANY + 1).subquery()
    return session.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


@lru_cache(maxsize=1024)
def told(actor: Actor) -> sa.ColumnElement[bool]:
    """What the in-app inbox shows the actor, as a condition on Notification: nothing of a case hidden since."""
    case = col(Notification.case_id)
    return (
        (col(Notification.person_id) == actor.person_id)
        & (col(Notification.channel) == "inbox")
        & (case.is_(None) | case.in_(select(Case.id).where(visible(actor))))
    )
