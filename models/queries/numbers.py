"""The register of numbers: what became of every one, for the manager of an organ. 文号簿"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.dossier import case_number
from models.queries.paging import MOST
from models.queries.rights import visible
from models.rules.errors import NotPermitted
from models.rules.numbering import SERIES_ZH, document_number
from models.rules.permissions import Action, Actor, may
from models.tables import Case, Organ, PaperNumber, Person, Serial

STATES_ZH = {"used": "已用", "reserved": "预留", "void": "作废"}


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number with what became of it; the case is named to whoever may see it. 文号"""

    id: int
    text: str  # as on the paper
    kind_zh: str
    series: str
    year: int
    number: int
    state: str
    case_id: str | None
    case_number: str
    taken_at: datetime
    taken_by: str  # empty when the office took it for a paper
    reason: str
    voided_at: datetime | None
    voided_by: str
    void_reason: str

    @property
    def state_zh(self) -> str:
        """已用, 预留 or 作废."""
        return STATES_ZH[self.state]


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series of a year: the last number, and whether every number up to it is in the register. 连号情况"""

    organ: str
    series: str
    kind_zh: str
    year: int
    last: int
    used: int
    reserved: int
    void: int

    @property
    def missing(self) -> int:
        """How many numbers the register cannot account for; nothing is ever missing unless somebody meddled."""
        return self.last - self.used - self.reserved - self.void


def kept_organs(session: Session, actor: Actor) -> Sequence[Organ]:
    """Organs whose numbers the actor keeps, by name. Raises NotPermitted when there are none."""
    mine = {o for _, o in actor.roles if may(actor, Action.KEEP_NUMBERS, organ_id=o).ok}
    if not mine:
        raise NotPermitted(may(actor, Action.KEEP_NUMBERS).why)
    return session.exec(select(Organ).where(col(Organ.id).in_(mine)).order_by(Organ.name)).all()


def number_log(
    session: Session, actor: Actor, *, series: str = "", state: str = "", limit: int = MOST
) -> Sequence[NumberRow]:
    """The numbers of the actor's organs, the newest first. Raises NotPermitted."""
    organs = {organ.id: organ for organ in kept_organs(session, actor)}
    taker, voider, seen = aliased(Person), aliased(Person), aliased(Case)
    rows = (
        sa.select(PaperNumber, seen.year, seen.number, taker.name, voider.name)
        .select_from(PaperNumber)
        .join(seen, (col(seen.id) == col(PaperNumber.case_id)) & _may_see(seen, actor), isouter=True)
        .join(taker, col(taker.id) == col(PaperNumber.taken_by), isouter=True)
        .join(voider, col(voider.id) == col(PaperNumber.voided_by), isouter=True)
        .where(col(PaperNumber.organ_id).in_(organs))
        .order_by(col(PaperNumber.taken_at).desc(), col(PaperNumber.id).desc())
        .limit(limit)
    )
    if series:
        rows = rows.where(col(PaperNumber.series) == series)
    if state:
        rows = rows.where(col(PaperNumber.state) == state)
    return [
        NumberRow(
            id=row.id or 0,
            text=document_number(organs[row.organ_id].mark, row.series, row.year, row.number),
            kind_zh=SERIES_ZH.get(row.series, row.series),
            series=row.series,
            year=row.year,
            number=row.number,
            state=row.state,
            case_id=row.case_id if number else None,
            case_number=case_number(organs[row.organ_id].mark, year, number) if number else "",
            taken_at=row.taken_at,
            taken_by=took or "",
            reason=row.reason,
            voided_at=row.voided_at,
            voided_by=voided or "",
            void_reason=row.void_reason,
        )
        for row, year, number, took, voided in session.execute(rows).all()
    ]


def _may_see(seen: type[Case], actor: Actor) -> sa.ColumnElement[bool]:
    return col(seen.id).in_(sa.select(col(Case.id)).where(visible(actor)))


def number_series(session: Session, actor: Actor) -> Sequence[SeriesRow]:
    """Every series of the actor's organs, the newest year first. Raises NotPermitted."""
    organs = {organ.id: organ.name for organ in kept_organs(session, actor)}
    counted: dict[tuple[int, str, int], dict[str, int]] = {}
    states = (
        sa.select(
            PaperNumber.organ_id, PaperNumber.series, PaperNumber.year, PaperNumber.state, sa.func.count()
        )
        .where(col(PaperNumber.organ_id).in_(organs))
        .group_by(PaperNumber.organ_id, PaperNumber.series, PaperNumber.year, PaperNumber.state)
    )
    for organ_id, series, year, state, count in session.execute(states).all():
        counted.setdefault((organ_id, series, year), {})[state] = count
    lasts = (
        select(Serial)
        .where(col(Serial.organ_id).in_(organs), col(Serial.series).in_(SERIES_ZH))
        .order_by(col(Serial.year).desc(), Serial.series)
    )
    return [
        SeriesRow(
            organs[row.organ_id],
            row.series,
            SERIES_ZH[row.series],
            row.year,
            row.last,
            **{
                state: counted.get((row.organ_id, row.series, row.year), {}).get(state, 0)
                for state in STATES_ZH
            },
        )
        for row in session.exec(lasts)
    ]
