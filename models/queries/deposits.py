"""What somebody has put to a superior, and what is put to somebody. 在先留存"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.casework.depositing import deposit_facts, reply_end, superiors
from models.holidays import calendar_of
from models.rules.deposits import DepositKind, Standing, standing_of
from models.rules.errors import NotFound
from models.rules.permissions import Action, Actor, Role, may
from models.tables import Deposit, Organ, Person

MOST = 200
_filer, _addressee = aliased(Person), aliased(Person)


@dataclass(frozen=True, slots=True)
class DepositRow:
    """A deposit as its filer and its addressee see it. 在先留存"""

    id: str
    kind: str
    kind_zh: str
    clause: str
    title: str
    text: str
    paper_sha256: str
    file_name: str
    size: int
    filed_by: str
    addressed_to: str
    filed_at: datetime
    due_on: date
    provisional: bool
    basis: tuple[str, ...]
    standing: Standing
    replied_at: datetime | None
    reply: str
    hash: str
    prev_hash: str
    reply_hash: str
    mine: bool  # filed by the reader
    to_answer: bool

    @property
    def standing_zh(self) -> str:
        """How the answer stands, in words."""
        return self.standing.zh


def deposits(session: Session, actor: Actor, *, now: datetime) -> Sequence[DepositRow]:
    """Those the actor has filed or is to answer: `may` shows them to nobody else. What waits for an answer comes first."""
    wanted = (
        sa.select(Deposit, _filer.name, _addressee.name)
        .join(_filer, col(_filer.id) == col(Deposit.filed_by))
        .join(_addressee, col(_addressee.id) == col(Deposit.addressed_to))
        .where((col(Deposit.filed_by) == actor.person_id) | (col(Deposit.addressed_to) == actor.person_id))
        .order_by(col(Deposit.replied_at).is_not(None), col(Deposit.filed_at).desc(), col(Deposit.id))
        .limit(MOST)
    )
    calendar = calendar_of(session)
    found = []
    for row, filer, addressee in session.execute(wanted):
        end, kind = reply_end(row, calendar), DepositKind(row.kind)
        found.append(
            DepositRow(
                id=row.id,
                kind=kind.value,
                kind_zh=kind.zh,
                clause=kind.clause,
                title=row.title,
                text=row.text,
                paper_sha256=row.paper_sha256,
                file_name=row.file_name,
                size=row.size,
                filed_by=filer,
                addressed_to=addressee,
                filed_at=row.filed_at,
                due_on=end.due_on,
                provisional=end.provisional,
                basis=tuple(end.basis.split("\n")),
                standing=standing_of(end.due_on, row.replied_at, now),
                replied_at=row.replied_at,
                reply=row.reply,
                hash=row.hash,
                prev_hash=row.prev_hash,
                reply_hash=row.reply_hash,
                mine=row.filed_by == actor.person_id,
                to_answer=row.addressed_to == actor.person_id and row.replied_at is None,
            )
        )
    return found


def seen_deposit(session: Session, actor: Actor, deposit_id: str) -> Deposit:
    """A deposit the actor has filed or is to answer. Raises NotFound for anybody else's."""
    row = session.get(Deposit, deposit_id)
    if row is None or not may(actor, Action.SEE_DEPOSIT, deposit=deposit_facts(row)).ok:
        raise NotFound
    return row


def addressees(session: Session, actor: Actor, *, now: datetime) -> Sequence[tuple[str, str]]:
    """To whom the actor could put something: username and name."""
    organs = session.exec(select(Organ).where(col(Organ.id).in_(actor.organs(Role.OFFICER)))).all()
    people = {
        p.username: p.name
        for organ in organs
        for p in superiors(session, organ, on=now, apart_from=actor.person_id)
    }
    return tuple(people.items())
