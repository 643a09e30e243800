"""What takes the place of an answer the officer concerned does not give. 本人未办理的情形"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from sqlmodel import select

import models.answers as a
from models.casework.clocks import timed
from models.casework.handlers import Handler, Settled, clearing_consent
from models.casework.record import Act
from models.casework.settle import decisions
from models.dossier.terms import day
from models.rules.deadlines import BEIJING, beijing_day
from models.rules.errors import Conflict, Incomplete
from models.rules.lifecycle import Absence, Kind
from models.rules.service import PUBLISHED_PERIOD, Service, check_service
from models.tables import Evidence, WorkItem


def period_lapsed(act: Act, item: WorkItem, _: a.PeriodLapsed) -> Settled:
    """The officer was told and said nothing in time: a period that still runs is nobody's to cut short."""
    if item.due_on is not None and act.today <= item.due_on:
        last = item.due_on
        raise Conflict(
            f"『{Kind(item.kind).zh}』的期限到{last.year}年{last.month}月{last.day}日届满，当日仍可提出；"
            "期满之后本人仍未提出的，再行登记。"
        )
    return None


def no_wish(act: Act, item: WorkItem, said: a.PeriodLapsed) -> Settled:
    """The officer was asked about clearing and said nothing in time: one's silence holds up nobody else's name."""
    period_lapsed(act, item, said)
    return clearing_consent(act, item, a.ClearingConsent(wanted=False))


def served(act: Act, item: WorkItem, said: a.ServiceRecord) -> Settled:
    """The papers have reached the officer without an answer: the day is that of the receipt. 送达情况"""
    row = decisions(act)[item.respondent_id or 0]
    on = said.on or act.today
    check_service(
        said.method,
        on=on,
        signed_on=beijing_day(row.signed_at) if row.signed_at else on,
        today=act.today,
        witnesses=said.witnesses,
        scans=said.scans,
        reason=said.reason,
    )
    _check_scans(act, said.scans)
    if said.method is Service.PUBLISHED:
        on = _published_until(act, on)
    row.served_at = act.now if on == act.today else datetime.combine(on, time(), BEIJING)
    act.said["served"] = {"method": said.method.value, "on": on.isoformat()}
    act.owe("document", "service-receipt", respondent=item.respondent_id)
    return None


def _check_scans(act: Act, scans: Sequence[int]) -> None:
    known = set(act.session.exec(select(Evidence.number).where(Evidence.case_id == act.case.id)))
    if missing := [number for number in scans if number not in known]:
        raise Incomplete(f"本案没有证据{missing[0]}；请先把扫描件登记为证据，再填写其证据编号。")


def _published_until(act: Act, on: date) -> date:
    """The day on which a public notice counts as service; before it nothing is served."""
    rule = act.edition.deadlines.get(PUBLISHED_PERIOD)
    if rule is None:
        raise Incomplete("本案适用的手册版次没有规定公告送达的期间，不能以公告方式送达；请改用其他方式。")
    end = timed(rule, datetime.combine(on, time(12), BEIJING), act.calendar).due_on
    if act.today <= end:
        raise Conflict(
            f"公告自{day(on)}起经过{rule.period.zh}（{rule.mark}）视为送达，到{day(end)}届满；届满之后再行登记。"
        )
    return end


# What an officer has said who has said nothing; of who has not agreed nothing is made known.
SAID_NOTHING: Mapping[Kind, a.Shape] = {
    Kind.STATEMENT: a.Statement(),
    Kind.NOTICE_OF_INTENT: a.IntentHeard(),
    Kind.SERVICE_RECEIPT: a.ServiceReceipt(),
    Kind.CLEARING_CONSENT: a.ClearingConsent(wanted=False),
}

ABSENCE_HANDLERS: Mapping[Absence, Handler] = {
    Absence.LAPSED: period_lapsed,
    Absence.LEFT: served,
    Absence.SILENT: no_wish,
}
