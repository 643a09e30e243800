"""What an officer may know and do in the cases about one's own conduct. 我的档案"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.queries.cases import CaseRow, case_page
from models.queries.inbox import ItemRow
from models.queries.paging import MOST
from models.queries.rights import visible
from models.rules.decision import Outcome
from models.rules.permissions import Actor
from models.tables import Case, Clearing, Decision, Document, Publication, Respondent


@dataclass(frozen=True, slots=True)
class OwnDecision:
    """The decision about the reader, once it is signed. 决定"""

    outcome: Outcome
    signed_at: datetime | None
    served_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnClearing:
    """How the reader's name is cleared. 澄清正名"""

    wanted: bool
    form: str
    scope: str
    approved: bool
    notice: str  # slug of the public notice, if there is one


@dataclass(frozen=True)
class OwnCase:
    """A case as the officer concerned sees it. 与我有关的案件"""

    row: CaseRow
    post: str
    unit: str
    asked: Sequence[ItemRow]  # what the officer is asked now
    papers: Sequence[Document]
    forms: Mapping[int, tuple[str, ...]]
    decision: OwnDecision | None
    clearing: OwnClearing | None
    may_add_evidence: bool


def own_cases(session: Session, actor: Actor) -> Sequence[OwnCase]:
    """The cases about the actor's own conduct, newest first, from the acceptance on."""
    wanted = (
        sa.select(Case.id, Respondent)
        .join(Respondent, col(Respondent.case_id) == col(Case.id))
        .where(col(Respondent.person_id) == actor.person_id, visible(actor))
        .order_by(col(Case.registered_at).desc(), col(Case.id).desc())
        .limit(MOST)
    )
    return [_own(session, actor, case_id, me) for case_id, me in session.execute(wanted).all()]


def _own(session: Session, actor: Actor, case_id: str, me: Respondent) -> OwnCase:
    shown = case_page(session, actor, case_id)  # the one place that says what somebody concerned may see
    return OwnCase(
        row=shown.row,
        post=me.post,
        unit=me.unit,
        asked=[item for item in shown.items if (item.state, item.assignee_id) == ("open", actor.person_id)],
        papers=shown.documents,
        forms=shown.forms,
        decision=_decision(session, me),
        clearing=_clearing(session, me),
        may_add_evidence=shown.may_add_evidence,
    )


def _decision(session: Session, me: Respondent) -> OwnDecision | None:
    signed = select(Decision).where(Decision.respondent_id == me.id, col(Decision.signed_at).is_not(None))
    last = session.exec(signed.order_by(col(Decision.round).desc())).first()
    # A transfer is the other authority's to announce; its answer is told with the result.
    if last is None or (last.outcome == Outcome.TRANSFER and not last.external_result):
        return None
    return OwnDecision(Outcome(last.outcome), last.signed_at, last.served_at)


def _clearing(session: Session, me: Respondent) -> OwnClearing | None:
    newest = select(Clearing).where(Clearing.respondent_id == me.id).order_by(col(Clearing.round).desc())
    row = session.exec(newest).first()
    if row is None:
        return None
    public = select(Publication.slug).where(
        Publication.case_id == me.case_id, col(Publication.withdrawn_at).is_(None)
    )
    notice = session.exec(public.order_by(col(Publication.id).desc())).first() if row.wanted else None
    return OwnClearing(row.wanted, row.form, row.scope, bool(row.approved), notice or "")
