"""Requests to use a reporter's identity, for the custodian who rules on them and for whoever made them. 举报人信息申请"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from models.dossier import case_number
from models.queries.rights import visible
from models.rules.permissions import Actor
from models.tables import Case, IdentityRequest, Organ, Participation, Person

_custodian = aliased(Person)


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request; of the case only its number. 申请"""

    id: int
    case_number: str
    requested_by: str
    reason: str
    requested_at: datetime
    ruling: str  # "", granted, refused
    ruling_reason: str
    ruled_by: str
    ruled_at: datetime | None
    opened_at: datetime | None
    mine_to_rule: bool
    mine_to_open: bool


def rules_on(actor: Actor) -> sa.ColumnElement[bool]:
    """`may(actor, RULE_IDENTITY, case)` as a condition on Case."""
    tied = sa.select(Participation.case_id).where(col(Participation.person_id) == actor.person_id)
    organs = sorted(actor.keeps_identities_of())
    return col(Case.organ_id).in_(organs) & col(Case.id).not_in(tied)


def identity_requests(session: Session, actor: Actor) -> Sequence[RequestRow]:
    """Those the actor may rule on, and the actor's own of cases still in sight; what waits comes first."""
    own = (col(IdentityRequest.requested_by) == actor.person_id) & visible(actor)
    wanted = (
        sa.select(
            IdentityRequest, Organ.mark, Case.year, Case.number, Person.name, _custodian.name, rules_on(actor)
        )
        .join(Case, col(Case.id) == col(IdentityRequest.case_id))
        .join(Organ, col(Organ.id) == col(Case.organ_id))
        .join(Person, col(Person.id) == col(IdentityRequest.requested_by))
        .outerjoin(_custodian, col(_custodian.id) == col(IdentityRequest.ruled_by))
        .where(rules_on(actor) | own)
        .order_by(col(IdentityRequest.ruling) != "", col(IdentityRequest.id).desc())
        .limit(200)
    )
    return [
        RequestRow(
            id=row.id,
            case_number=case_number(mark, year, number),
            requested_by=asked_by,
            reason=row.reason,
            requested_at=row.requested_at,
            ruling=row.ruling,
            ruling_reason=row.ruling_reason,
            ruled_by=ruled_by or "",
            ruled_at=row.ruled_at,
            opened_at=row.opened_at,
            mine_to_rule=bool(mine) and not row.ruling,
            mine_to_open=bool(mine)
            and row.ruling == "granted"
            and row.ruled_by == actor.person_id
            and row.opened_at is None,
        )
        for row, mark, year, number, asked_by, ruled_by, mine in session.execute(wanted)
    ]
