"""The reporter's identity: sealed at the door, opened once for each request a custodian has granted. 举报人信息"""

from datetime import datetime

from sqlmodel import Session, select

from models.answers import NewCase, NewReporter, NewRequest, RequestRuling
from models.casework.record import Act, check, lock_case
from models.readings import Look, ReadKind, enter_readings
from models.rules.errors import AlreadyDone, Conflict, Incomplete, NotFound
from models.rules.permissions import Action, Actor, Role, may
from models.tables import IdentityRequest, Reporter
from models.vault import seal, unseal

GRANTED, REFUSED = "granted", "refused"


def check_silent(new: NewCase) -> None:
    """Refuse a lead whose text names its reporter: the file is read by many. Raises Incomplete."""
    if new.reporter is None:
        return
    secret = [word for word in (new.reporter.name, new.reporter.contact) if word]
    texts = [new.title, new.narrative, new.harm, *(said.text for said in new.allegations)]
    if any(word in text for word in secret for text in texts):
        raise Incomplete(
            "案件名称、反映情况或者反映的问题中写有举报人的姓名或者联系方式，会被办案人员看到；请删去后再提交。"
        )


def keep_reporter(act: Act, reporter: NewReporter) -> None:
    """Put the identity in the vault; the chain of events says nothing of it."""
    sealed = seal(reporter.name, reporter.contact)
    act.session.add(Reporter(case_id=act.case.id, sealed=sealed, kept_at=act.now))


def request_identity(
    session: Session, case_id: str, said: NewRequest, *, actor: Actor, now: datetime
) -> IdentityRequest:
    """Ask the custodian to use the reporter's identity for a reason; the same request again is the same row. 申请

    Raises NotFound, NotPermitted, Conflict when no reporter is on record, AlreadyDone while another request waits.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.REQUEST_IDENTITY, act.facts))
    if session.get(Reporter, case_id) is None:
        raise Conflict("本案没有封存的举报人信息，无需申请；请按案卷内的材料核查。")
    waiting = session.exec(
        select(IdentityRequest).where(
            IdentityRequest.case_id == case_id,
            IdentityRequest.requested_by == actor.person_id,
            IdentityRequest.ruling == "",
        )
    ).first()
    if waiting is not None:
        if waiting.reason == said.reason:
            return waiting
        raise AlreadyDone("您的上一份申请尚待裁定；请等待裁定后再提出新的申请。")
    row = IdentityRequest(case_id=case_id, requested_by=actor.person_id, reason=said.reason, requested_at=now)
    session.add(row)
    session.flush()
    act.record("identity:requested", reason=said.reason, data={"request": row.id})
    session.flush()
    return row


def rule_on_identity(
    session: Session, request_id: int, said: RequestRuling, *, actor: Actor, now: datetime
) -> IdentityRequest:
    """Grant or refuse a request, with a reason; the same ruling again is the same row. 裁定

    Raises NotFound for anybody but a custodian outside the case, AlreadyDone for another ruling.
    """
    act, row = _request(session, request_id, actor=actor, now=now)
    ruling = GRANTED if said.granted else REFUSED
    if row.ruling:
        if (row.ruling, row.ruling_reason, row.ruled_by) == (ruling, said.reason, actor.person_id):
            return row
        raise AlreadyDone("此申请已经裁定；确需改变的，请申请人另行申请。")
    row.ruling, row.ruling_reason, row.ruled_by, row.ruled_at = ruling, said.reason, actor.person_id, now
    act.record("identity:ruled", reason=said.reason, data={"request": row.id, "ruling": ruling})
    session.flush()
    return row


def open_identity(session: Session, request_id: int, *, actor: Actor, now: datetime) -> tuple[str, str]:
    """Name and contact, shown to the custodian who granted the request, once. 启封

    Raises NotFound for anybody else, Conflict for what is not granted, AlreadyDone for a second look, VaultClosed.
    """
    act, row = _request(session, request_id, actor=actor, now=now)
    if row.ruling != GRANTED:
        raise Conflict(
            "此申请没有准许，不能启封；请先裁定。" if not row.ruling else "此申请未获准许，不能启封。"
        )
    if row.ruled_by != actor.person_id:
        raise Conflict("此申请由另一名保管员准许，只能由其启封；请与其联系。")
    if row.opened_at is not None:
        raise AlreadyDone("已经启封过一次；确需再次使用的，请申请人另行申请。")
    found = unseal(session.get_one(Reporter, row.case_id).sealed)
    row.opened_at = now
    look = Look(row.case_id, actor.person_id, ReadKind.IDENTITY, request_id, act.today)
    enter_readings(session, {look: (1, Role.IDENTITY_CUSTODIAN.value)})
    act.record("identity:opened", data={"request": row.id})
    session.flush()
    return found


def _request(
    session: Session, request_id: int, *, actor: Actor, now: datetime
) -> tuple[Act, IdentityRequest]:
    found = session.get(IdentityRequest, request_id)
    if found is None:
        raise NotFound
    act = Act.on(session, lock_case(session, found.case_id), actor=actor, now=now)
    check(may(actor, Action.RULE_IDENTITY, act.facts))
    return act, session.get_one(IdentityRequest, request_id, populate_existing=True)
