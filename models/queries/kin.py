"""What somebody has declared about kin, for that person alone. 亲属关系申报"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from models.rules.permissions import Actor, CaseFacts, Part
from models.rules.ties import Kinship
from models.tables import Kin, Participation, Person


@dataclass(frozen=True, slots=True)
class KinRow:
    """One declaration as its writer sees it. 亲属关系申报"""

    id: int
    name: str
    relation: str
    declared_at: datetime
    ended_at: datetime | None

    @property
    def relation_zh(self) -> str:
        """The relation in the words of the law."""
        return Kinship(self.relation).zh


@dataclass(frozen=True, slots=True)
class RecusedRow:
    """Who is kept out of a case, and why. 回避人员"""

    name: str
    ground: str


def kin_of(session: Session, actor: Actor) -> Sequence[KinRow]:
    """What the actor has declared, what stands first."""
    wanted = (
        sa.select(Kin.id, Person.name, Kin.relation, Kin.declared_at, Kin.ended_at)
        .join(Person, col(Person.id) == col(Kin.about))
        .where(col(Kin.declared_by) == actor.person_id)
        .order_by(col(Kin.ended_at).is_not(None), col(Kin.id))
    )
    return [KinRow(*values) for values in session.execute(wanted)]


def recused_of(session: Session, case_id: str, facts: CaseFacts) -> Sequence[RecusedRow]:
    """Who is kept out of a case with the ground, in the order it came to be; asked only when there is somebody."""
    if not any(Part.RECUSED in parts for parts in facts.parts.values()):
        return ()
    wanted = (
        sa.select(Person.name, Participation.reason)
        .join(Participation, col(Participation.person_id) == col(Person.id))
        .where(col(Participation.case_id) == case_id, col(Participation.part) == Part.RECUSED)
        .order_by(col(Participation.id))
    )
    return [RecusedRow(*values) for values in session.execute(wanted)]
