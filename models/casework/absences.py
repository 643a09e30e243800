"""What takes the place of an answer the officer concerned does not give. 本人未办理的情形"""

from collections.abc import Mapping

import models.answers as a
from models.casework.handlers import Handler, Settled, clearing_consent
from models.casework.record import Act
from models.casework.settle import decisions
from models.rules.errors import Conflict, Incomplete
from models.rules.lifecycle import Absence, Kind
from models.tables import WorkItem


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


def papers_left(act: Act, item: WorkItem, answer: a.PapersLeft) -> Settled:
    """The officer refused the receipt and the papers were left: they count as served (程序规定 82 by analogy)."""
    if len(set(answer.witnesses)) != 2 and not answer.reason:
        raise Incomplete("留置送达须写明两名见证人的姓名；没有见证人的，须写明原因。请补充后再提交。")
    decisions(act)[item.respondent_id or 0].served_at = act.now
    return None


# What an officer has said who has said nothing; of who has not agreed nothing is made known.
SAID_NOTHING: Mapping[Kind, a.Shape] = {
    Kind.STATEMENT: a.Statement(),
    Kind.NOTICE_OF_INTENT: a.IntentHeard(),
    Kind.SERVICE_RECEIPT: a.ServiceReceipt(),
    Kind.CLEARING_CONSENT: a.ClearingConsent(wanted=False),
}

ABSENCE_HANDLERS: Mapping[Absence, Handler] = {
    Absence.LAPSED: period_lapsed,
    Absence.LEFT: papers_left,
    Absence.SILENT: no_wish,
}
