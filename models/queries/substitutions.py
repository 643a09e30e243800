"""Who is away and who stands in, as far as it concerns the reader. 外出与代理"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from models.casework.substituting import fit_substitutes, substitution_facts
from models.rules.permissions import Action, Actor, Role, may
from models.rules.substitution import Why
from models.standing_in import held_on
from models.tables import Organ, Person, RoleHolding, Substitution

MOST = 200
_away, _substitute = aliased(Person), aliased(Person)


@dataclass(frozen=True, slots=True)
class SubstitutionRow:
    """An absence as those concerned see it. 外出与代理"""

    id: str
    person: str
    substitute: str  # empty: nobody stands in
    first_day: date
    last_day: date
    why: str
    why_zh: str
    reason: str
    named_by: str
    state: str  # coming, running, over, revoked
    mine: bool  # of who asks
    may_end: bool

    @property
    def state_zh(self) -> str:
        """How it stands, in words."""
        running = "代理中" if self.substitute else "外出中"
        return {"coming": "尚未开始", "running": running, "over": "已结束", "revoked": "已撤销"}[self.state]


def substitutions(session: Session, actor: Actor, *, on: date) -> Sequence[SubstitutionRow]:
    """One's own absences, those one stands in for, and those of the people one manages; the latest first."""
    namer = aliased(Person)
    wanted = (
        sa.select(Substitution, _away.name, _substitute.name, namer.name)
        .join(_away, col(_away.id) == col(Substitution.person_id))
        .outerjoin(_substitute, col(_substitute.id) == col(Substitution.substitute_id))
        .join(namer, col(namer.id) == col(Substitution.named_by))
        .where(
            (col(Substitution.person_id) == actor.person_id)
            | (col(Substitution.substitute_id) == actor.person_id)
            | col(Substitution.person_id).in_(_looked_after(actor, on))
        )
        .order_by(col(Substitution.last_day).desc(), col(Substitution.id))
        .limit(MOST)
    )
    found = []
    for row, away, substitute, named_by in session.execute(wanted):
        facts = substitution_facts(session, row.person_id, row.substitute_id, on=on)
        if may(actor, Action.SEE_SUBSTITUTION, substitution=facts).ok:
            found.append(_shown(row, away, substitute or "", named_by, actor, on))
    return found


def _shown(
    row: Substitution, away: str, substitute: str, named_by: str, actor: Actor, on: date
) -> SubstitutionRow:
    state = (
        "revoked"
        if row.revoked_at is not None
        else "over"
        if row.last_day < on
        else "coming"
        if row.first_day > on
        else "running"
    )
    return SubstitutionRow(
        id=row.id,
        person=away,
        substitute=substitute,
        first_day=row.first_day,
        last_day=row.last_day,
        why=row.why,
        why_zh=Why(row.why).zh,
        reason=row.reason,
        named_by=named_by,
        state=state,
        mine=row.person_id == actor.person_id,
        may_end=state in ("coming", "running"),
    )


def people_looked_after(session: Session, actor: Actor, *, on: date) -> Sequence[tuple[str, str]]:
    """Username and name of everybody for whom the actor may note an absence, oneself first. 可以登记外出的人员"""
    wanted = (
        sa.select(Person.id, Person.username, Person.name)
        .where(col(Person.id).in_(_looked_after(actor, on)), col(Person.active))
        .order_by(col(Person.username))
    )
    own = sa.select(Person.id, Person.username, Person.name).where(col(Person.id) == actor.person_id)
    others = [
        (username, name)
        for person, username, name in session.execute(wanted)
        if person != actor.person_id
        and may(
            actor, Action.NAME_SUBSTITUTE, substitution=substitution_facts(session, person, None, on=on)
        ).ok
    ]
    return [*((username, name) for _, username, name in session.execute(own)), *others]


def possible_substitutes(
    session: Session, usernames: Sequence[str], *, on: date
) -> Sequence[tuple[str, str]]:
    """Who could stand in for any of these people."""
    ids = session.scalars(sa.select(Person.id).where(col(Person.username).in_(usernames))).all()
    found = {(p.username, p.name) for i in ids if i is not None for p in fit_substitutes(session, i, on=on)}
    return sorted(found)


def _looked_after(actor: Actor, on: date) -> sa.Select[tuple[int]]:
    """People with a role in an organ the actor manages or heads, or in one right below: `may` says who of them."""
    organs = sorted(actor.organs(Role.MANAGER, Role.HEAD))
    below = sa.select(Organ.id).where(col(Organ.parent_id).in_(organs))
    there = col(RoleHolding.organ_id).in_(organs) | col(RoleHolding.organ_id).in_(below)
    return sa.select(col(RoleHolding.person_id)).where(there, held_on(on))
