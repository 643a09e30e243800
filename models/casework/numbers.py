"""Numbers: every series of an organ and year runs without a gap, and the register says what became of each. 编号

A number is taken under the lock of its series, in the transaction of what it is taken for: one that fails gives it back.
"""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from models.casework.record import Act, check
from models.rules.deadlines import beijing_day
from models.rules.errors import AlreadyDone, Incomplete, NotFound
from models.rules.numbering import SERIES_ZH, document_number
from models.rules.permissions import Action, Actor, may
from models.tables import Case, Document, Organ, PaperNumber, Serial

_SHORTEST = 4  # characters of a reason


def take_number(session: Session, organ_id: int, series: str, *, year: int) -> int:
    """The next number of a series, given under lock: a transaction that fails gives it back. 编号不断号"""
    row = _lock(session, organ_id, series, year)
    row.last += 1
    session.flush()
    return row.last


def number_paper(act: Act, series: str) -> PaperNumber:
    """The number of a paper of this case: the one set aside for it, or the next of its series. 编发文号"""
    year = beijing_day(act.now).year
    _lock(act.session, act.case.organ_id, series, year)
    kept = act.session.exec(
        select(PaperNumber)
        .where(
            PaperNumber.case_id == act.case.id,
            PaperNumber.series == series,
            PaperNumber.year == year,
            PaperNumber.state == "reserved",
        )
        .order_by(col(PaperNumber.number))
    ).first()
    if kept is not None:
        kept.state = "used"
        return kept
    return _taken(act.session, act.case.organ_id, series, state="used", case_id=act.case.id, now=act.now)


def paper_number(mark: str, row: PaperNumber) -> str:
    """A number as it stands on the paper, e.g. 赣市监免决〔2026〕3号."""
    return document_number(mark, row.series, row.year, row.number)


def reserve_number(
    session: Session,
    organ: Organ,
    series: str,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
    case: Case | None = None,
) -> PaperNumber:
    """Set the next number of a series aside, for the next such paper of a case where one is named. 预留文号

    Raises NotPermitted for anybody but a manager of the organ, Incomplete without a reason or for an unknown series.
    """
    check(may(actor, Action.KEEP_NUMBERS, organ_id=organ.id))
    if series not in SERIES_ZH:
        raise Incomplete(f"没有“{series}”这种文号；请从所列的文书种类中选择。")
    if case is not None and case.organ_id != organ.id:
        raise Incomplete("这件案件不由本机关办理，不能用本机关的文号；请核对案号。")
    row = _taken(
        session,
        organ.id or 0,
        series,
        state="reserved",
        case_id=case.id if case else None,
        now=now,
    )
    row.taken_by, row.reason = actor.person_id, _reason(reason, "预留")
    return row


def void_number(session: Session, number_id: int, *, reason: str, actor: Actor, now: datetime) -> PaperNumber:
    """Give up a number that was set aside; it stays in the register and is never given again. 作废文号

    Raises NotFound for numbers of other organs, AlreadyDone for one that is on a paper or void already.
    """
    row = session.get(PaperNumber, number_id)
    if row is None or not may(actor, Action.KEEP_NUMBERS, organ_id=row.organ_id).ok:
        raise NotFound
    _lock(session, row.organ_id, row.series, row.year)
    session.refresh(row)
    said = _reason(reason, "作废")
    if row.state == "void":
        raise AlreadyDone("这个文号已经作废，不必再次作废；作废的文号不再启用。")
    if row.state == "used":
        paper = session.get(Document, row.document_id) if row.document_id else None
        raise AlreadyDone(
            f"这个文号已经用于{f'《{paper.title}》' if paper else '文书'}，不能作废；文书有误的，请依法另行制作文书更正或者撤销。"
        )
    row.state, row.voided_at, row.voided_by, row.void_reason = "void", now, actor.person_id, said
    session.flush()
    return row


def _reason(text: str, what: str) -> str:
    said = text.strip()
    if len(said) < _SHORTEST:
        raise Incomplete(f"请写明{what}文号的理由，至少 {_SHORTEST} 个字；理由随文号簿长期保存。")
    return said


def _taken(
    session: Session, organ_id: int, series: str, *, state: str, case_id: str | None, now: datetime
) -> PaperNumber:
    year = beijing_day(now).year
    row = PaperNumber(
        organ_id=organ_id,
        series=series,
        year=year,
        number=take_number(session, organ_id, series, year=year),
        state=state,
        case_id=case_id,
        taken_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _lock(session: Session, organ_id: int, series: str, year: int) -> Serial:
    key = (organ_id, series, year)
    row = session.get(Serial, key, with_for_update=True)
    if row is None:
        # Two first ones at the same moment: one inserts, the other waits for it and then reads what it left.
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        first = insert(Serial).values(organ_id=organ_id, series=series, year=year, last=0)
        session.execute(first.on_conflict_do_nothing())
        row = session.get_one(Serial, key, with_for_update=True, populate_existing=True)
    return row
