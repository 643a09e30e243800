"""Whoever is to answer a deposit is told that it has come, and again before the period of reply runs out. 在先留存通知

A notice is sent before it is noted: the outbox sends none twice, so whatever breaks in between is made good by the
next round.
"""

from datetime import datetime

from models.casework.depositing import note_told, running_out, unannounced
from models.database import register
from notifications.outbox import notify

FILED, DUE = "deposit-filed", "deposit-due"


def announce_deposits(at: datetime) -> int:
    """Tell the addressee of every deposit that is new. Returns how many were new. 告知受文人"""
    with register().reading() as session:
        new = [(row.id, row.addressed_to) for row in unannounced(session)]
    for deposit, person in new:
        _tell(FILED, deposit, person, at)
    return len(new)


def remind_of_deposits(at: datetime) -> int:
    """Tell the addressee of every unanswered deposit whose period is running out. Returns how many. 提醒受文人"""
    with register().reading() as session:
        due = [(row.id, row.addressed_to) for row in running_out(session, now=at)]
    for deposit, person in due:
        _tell(DUE, deposit, person, at)
    return len(due)


def _tell(kind: str, deposit: str, person: int, at: datetime) -> None:
    notify(
        register(),
        key=f"deposit:{deposit}:{kind}",
        kind=kind,
        person_id=person,
        case_id=None,
        item_id=None,
        deposit_id=deposit,
        now=lambda: at,
    )
    with register().writing() as session:
        note_told(session, deposit, again=kind == DUE, now=at)
