"""What has not arrived, and who cannot be reached outside the house: for the manager of an organ. 未送达通知"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.dossier import case_number
from models.queries.paging import MOST
from models.queries.rights import visible
from models.rules.errors import NotPermitted
from models.rules.notices import ATTEMPTS
from models.rules.permissions import Action, Actor, Role, may
from models.tables import Case, Channel, Notification, Organ, Person, RoleHolding

LEFT_TO_PEOPLE = ("failed", "unsure")


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A notice that has not arrived, or of which nobody can tell: to whom, over which channel, why. 未送达通知

    What it says is its reader's own: a manager is told the case and nothing of the text.
    """

    id: int
    number: str  # of the case; empty for what is about none
    case_id: str | None
    person: str
    channel: str
    state: str  # failed, unsure
    error: str
    attempts: int
    next_at: datetime | None  # when it is tried again by itself
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Somebody with work in the organ who is told in the in-app inbox only. 没有通知渠道的人员"""

    person_id: int
    name: str
    roles: tuple[Role, ...]
    unread: int


def tended(actor: Actor) -> frozenset[int]:
    """Organs whose notices the actor looks after. Raises NotPermitted when there are none."""
    organs = frozenset(o for _, o in actor.roles if may(actor, Action.TEND_NOTICES, organ_id=o).ok)
    if not organs:
        raise NotPermitted(may(actor, Action.TEND_NOTICES).why)
    return organs


def may_tend(actor: Actor) -> bool:
    """Whether the actor looks after the notices of an organ."""
    return any(may(actor, Action.TEND_NOTICES, organ_id=organ).ok for _, organ in actor.roles)


def undelivered(session: Session, actor: Actor, *, today: date, limit: int = MOST) -> Sequence[Undelivered]:
    """What has not arrived in the actor's organs, newest first. Raises NotPermitted."""
    rows = (
        sa.select(Notification, Person.name, Case, Organ.mark)
        .join(Person, col(Person.id) == col(Notification.person_id))
        .join(Case, col(Case.id) == col(Notification.case_id), isouter=True)
        .join(Organ, col(Organ.id) == col(Case.organ_id), isouter=True)
        .where(tending(actor, today=today), col(Notification.state).in_(LEFT_TO_PEOPLE))
        .order_by(col(Notification.id).desc())
        .limit(limit)
    )
    return [_shown(row, name, case, mark) for row, name, case, mark in session.execute(rows).all()]


def tending(actor: Actor, *, today: date) -> sa.ColumnElement[bool]:
    """The notices the actor looks after, as a condition: of cases that may be seen, or of nobody's case but staff."""
    organs = tended(actor)
    staff = sa.select(RoleHolding.person_id).where(col(RoleHolding.organ_id).in_(organs), _today(today))
    of_case = sa.select(Case.id).where(col(Case.organ_id).in_(organs), visible(actor))
    case = col(Notification.case_id)
    # That there is a deposit is between its writer and its reader.
    of_staff = case.is_(None) & col(Notification.key).not_like("deposit:%")
    return case.in_(of_case) | (of_staff & col(Notification.person_id).in_(staff))


def unreachable(session: Session, actor: Actor, *, today: date) -> Sequence[Unreachable]:
    """Who holds a role in the actor's organs and has no channel, in the order of names. Raises NotPermitted."""
    reached = sa.select(Channel.person_id).where(col(Channel.active))
    held = (
        select(Person, RoleHolding.role)
        .join(RoleHolding, col(RoleHolding.person_id) == col(Person.id))
        .where(
            col(RoleHolding.organ_id).in_(tended(actor)),
            _today(today),
            col(Person.active),
            col(Person.id).not_in(reached),
        )
    )
    roles: dict[int, tuple[str, set[Role]]] = {}
    for person, role in session.exec(held):
        roles.setdefault(person.id or 0, (person.name, set()))[1].add(Role(role))
    waiting = (
        sa.select(Notification.person_id, sa.func.count())
        .where(
            col(Notification.person_id).in_(roles),
            col(Notification.channel) == "inbox",
            col(Notification.read_at).is_(None),
        )
        .group_by(col(Notification.person_id))
    )
    unread: dict[int, int] = dict(session.execute(waiting).all())
    found = [
        Unreachable(key, name, tuple(r for r in Role if r in held_by), unread.get(key, 0))
        for key, (name, held_by) in roles.items()
    ]
    return sorted(found, key=lambda one: (one.name, one.person_id))


def _today(today: date) -> sa.ColumnElement[bool]:
    until = col(RoleHolding.valid_to)
    return (col(RoleHolding.valid_from) <= today) & (until.is_(None) | (until >= today))


def _shown(row: Notification, name: str, case: Case | None, mark: str | None) -> Undelivered:
    again = row.state == "failed" and row.attempts < ATTEMPTS
    return Undelivered(
        id=row.id or 0,
        number=case_number(mark or "", case.year, case.number) if case else "",
        case_id=row.case_id,
        person=name,
        channel=row.channel,
        state=row.state,
        error=row.error,
        attempts=row.attempts,
        next_at=row.due_at if again else None,
        created_at=row.created_at,
    )
