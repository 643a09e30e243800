"""The ballot box: votes lie in it sealed, with a key beside the register, until the chair closes the session. 票箱

Whoever reads the register, a copy of it or an event learns nobody's vote before that; afterwards votes are in plain
words, and anybody can check them against the seal that the event of each ballot keeps.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from models.casework.record import Act
from models.tables import Ballot, Case
from models.vault import seal_vote, unseal_vote


@dataclass(frozen=True)
class Vote:
    """What one member says about one respondent."""

    respondent_id: int
    outcome: str
    reason: str


def put_in(act: Act, votes: Sequence[Vote], *, salt: str) -> None:
    """Put a member's votes into the box, sealed. Raises VaultClosed."""
    person = act.actor.person_id if act.actor else 0
    for vote in votes:
        sealed = seal_vote(
            json.dumps(
                {
                    "outcome": vote.outcome,
                    "reason": vote.reason,
                    "salt": salt,
                    "respondent": vote.respondent_id,
                },
                ensure_ascii=False,
            )
        )
        act.later.append(
            Ballot(
                case_id=act.case.id,
                round=act.case.round,
                respondent_id=vote.respondent_id,
                person_id=person,
                outcome="",
                reason="",
                sealed=sealed,
                cast_at=act.now,
            )
        )


def open_box(act: Act) -> list[Ballot]:
    """Break every seal of this round; returns the votes in the order they were cast. Raises VaultClosed."""
    rows = _in_box(act.session, act.case)
    for row in rows:
        if row.sealed:
            said = _read(row)
            row.outcome, row.reason, row.salt, row.sealed = said["outcome"], said["reason"], said["salt"], ""
    return rows


def take_out(act: Act, person: int) -> list[Vote]:
    """Take a member's votes out of the box again; returns them, for the member alone. Raises VaultClosed."""
    rows = _sealed(act.session, act.case, person)
    votes = [
        Vote(row.respondent_id, said["outcome"], said["reason"]) for row in rows for said in [_read(row)]
    ]
    for row in rows:
        act.session.delete(row)
    return votes


def drop(act: Act, person: int) -> None:
    """Take a member's votes out unread: whoever leaves the panel has no vote. What an earlier session counted stands."""
    for row in _sealed(act.session, act.case, person):
        act.session.delete(row)


def salt_of(session: Session, case: Case, person: int) -> str:
    """The salt of the votes a member has cast in this round, or a new one. Raises VaultClosed."""
    rows = _sealed(session, case, person)
    return _read(rows[0])["salt"] if rows else secrets.token_hex(16)


def _in_box(session: Session, case: Case) -> list[Ballot]:
    cast = select(Ballot).where(Ballot.case_id == case.id, Ballot.round == case.round)
    return list(session.exec(cast.order_by(col(Ballot.id))))


def _sealed(session: Session, case: Case, person: int) -> list[Ballot]:
    """A member's votes that no session has opened yet."""
    return [row for row in _in_box(session, case) if row.sealed and row.person_id == person]


def _read(row: Ballot) -> Mapping[str, Any]:
    said: Mapping[str, Any] = json.loads(unseal_vote(row.sealed))
    return said
