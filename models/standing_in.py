"""For whom a person stands in on a day, read with the person. 代理关系"""

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col

from models.rules.permissions import Role, StandIn
from models.rules.substitution import Held, lent
from models.tables import Person, RoleHolding, Substitution


def in_force(day: date) -> sa.ColumnElement[bool]:
    """Whether somebody is away on a day, as a condition on Substitution."""
    return (
        col(Substitution.revoked_at).is_(None)
        & (col(Substitution.first_day) <= day)
        & (col(Substitution.last_day) >= day)
    )


def held_on(day: date) -> sa.ColumnElement[bool]:
    """Whether a role is held on a day, as a condition on RoleHolding."""
    ends = col(RoleHolding.valid_to)
    return (col(RoleHolding.valid_from) <= day) & (ends.is_(None) | (ends >= day))


def stand_ins(session: Session, person_id: int, roles: Held, *, on: date) -> frozenset[StandIn]:
    """Who is away on this day with this person as substitute, and the roles that the person may stand in for."""
    if not roles:
        return frozenset()
    wanted = (
        sa.select(col(Substitution.person_id), col(RoleHolding.role), col(RoleHolding.organ_id))
        .join(Person, (col(Person.id) == col(Substitution.person_id)) & col(Person.active))
        .join(RoleHolding, (col(RoleHolding.person_id) == col(Substitution.person_id)) & held_on(on))
        .where(col(Substitution.substitute_id) == person_id, in_force(on))
    )
    away: dict[int, set[tuple[Role, int]]] = {}
    for person, role, organ in session.execute(wanted):
        away.setdefault(person, set()).add((Role(role), organ))
    lending = ((person, lent(roles, held)) for person, held in away.items())
    return frozenset(StandIn(person, given) for person, given in lending if given)


def away_on(session: Session, day: date, *, among: Collection[int] | None = None) -> dict[int, int | None]:
    """Who is away on a day -> who stands in, if anybody does."""
    columns = (col(Substitution.person_id), col(Substitution.substitute_id))
    wanted = sa.select(*columns).where(in_force(day))
    if among is not None:
        wanted = wanted.where(col(Substitution.person_id).in_(among))
    return dict(session.execute(wanted).all())
