"""What a notice may know of a case, read from the register. 通知要素读取"""

from datetime import datetime

from sqlmodel import Session, select

from models.casework.depositing import deposit_number, reply_end
from models.dossier import case_number
from models.holidays import calendar_of
from models.rules.deadlines import beijing_day
from models.rules.errors import NotFound
from models.rules.lifecycle import Kind, Stage
from models.tables import Case, Deposit, Effect, Organ, WorkItem
from notifications.messages import Context


def read_context(
    session: Session, case_id: str | None, item_id: str | None, *, public_url: str, now: datetime
) -> Context:
    """Number, stage, work item and due date of a case, and the page to open. Raises NotFound.

    A notice about a work item names the item's own stage: the case may have moved on since it was owed.
    """
    case = session.get(Case, case_id) if case_id else None
    item = session.get(WorkItem, item_id) if item_id else None
    if case is None or (item_id and item is None):
        raise NotFound()
    organ = session.get_one(Organ, case.organ_id)
    page = f"/work-items/{item.id}" if item else f"/cases/{case.id}"
    return Context(
        case_number=case_number(organ.mark, case.year, case.number),
        stage=Stage(item.stage if item else case.stage),
        today=beijing_day(now),
        link=f"{public_url.rstrip('/')}{page}" if public_url else "",
        item=Kind(item.kind) if item else None,
        due_on=item.due_on if item else None,
        provisional=bool(item and item.provisional),
        shared=bool(item and item.assignee_id is None),
        escalated=item is not None and _escalated(session, case.id, item.id),
    )


def deposit_context(session: Session, deposit_id: str, *, public_url: str, now: datetime) -> Context:
    """Number and end of the period of reply of a deposit, and the page to answer on. Raises NotFound."""
    row = session.get(Deposit, deposit_id)
    if row is None:
        raise NotFound()
    end = reply_end(row, calendar_of(session))
    return Context(
        case_number=deposit_number(session.get_one(Organ, row.organ_id).mark, row),
        stage=None,
        today=beijing_day(now),
        link=f"{public_url.rstrip('/')}/me/deposits" if public_url else "",
        due_on=end.due_on,
        provisional=end.provisional,
    )


def _escalated(session: Session, case_id: str, item_id: str) -> bool:
    """Whether some manager is told; an organ may have none, or none that is free of the case."""
    told = select(Effect.id).where(
        Effect.case_id == case_id, Effect.item_id == item_id, Effect.subject == "escalation"
    )
    return session.exec(told).first() is not None
