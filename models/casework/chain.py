"""Walking the event chains and naming the first broken link. 留痕校验"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, select

from models.casework.record import link_hash
from models.tables import Case, Event


@dataclass(frozen=True)
class Broken:
    """The first link of a case that does not hold, and how it fails."""

    case_id: str
    seq: int
    fault: str


def verify_chain(session: Session, case: Case) -> Broken | None:
    """Walk one case from its first event to its head. None when every link holds."""
    previous, expected = "", 1
    links = select(Event).where(Event.case_id == case.id).order_by(col(Event.seq))
    for event in session.exec(links):
        if event.seq != expected:
            return Broken(case.id, expected, f"缺少第 {expected} 条留痕")
        if event.prev_hash != previous:
            return Broken(case.id, event.seq, "与上一条留痕不相衔接")
        if link_hash(previous, event) != event.hash:
            return Broken(case.id, event.seq, "内容与其校验值不符")
        previous, expected = event.hash, expected + 1
    if expected - 1 != case.events:
        return Broken(case.id, expected, f"案件登记有 {case.events} 条留痕，实有 {expected - 1} 条")
    if previous != case.head:
        return Broken(case.id, case.events, "案件登记的末条校验值与留痕不符")
    return None


def verify_all(session: Session) -> Iterator[tuple[Case, Broken | None]]:
    """Every case with its first broken link, or None."""
    for case in session.exec(select(Case).order_by(col(Case.registered_at), col(Case.id))):
        yield case, verify_chain(session, case)
