"""What a panel has settled stays settled while facts about others are completed. 补充核实

A panel that finds the facts about one officer wanting sends the case back; about the others it has decided. The same
panel goes on, those others are neither heard nor voted on again, and their votes stand — unless the new round changes
anything about them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import col, select

from models.casework.record import Act
from models.rules.lifecycle import Kind
from models.tables import Ballot, Decision, Seat, WorkItem

SUPPLEMENT = "supplement"
_READ = (Kind.INVESTIGATION, Kind.LEGAL_REVIEW, Kind.CLOSE_SESSION)


def still_settled(act: Act) -> dict[int, int]:
    """Officer -> round in which the panel settled the matter, for those about whom nothing has changed since."""
    closing = _session_that_sent_back(act)
    if closing is None:
        return {}
    items = _answered(act)
    before, now = _basis(items, closing.round), _basis(items, act.case.round)
    settled = (closing.answer or {})["settled"]
    kept = [int(rid) for rid, outcome in settled.items() if outcome != SUPPLEMENT]
    return {rid: closing.round for rid in kept if before.get(rid) == now.get(rid)}


def panel_that_sent_back(act: Act) -> list[Seat]:
    """The seats of the panel that asked for more facts, in the order of the draw; none when no panel did."""
    closing = _session_that_sent_back(act)
    if closing is None:
        return []
    seats = select(Seat).where(Seat.case_id == act.case.id, Seat.round == closing.round)
    return list(act.session.exec(seats.order_by(col(Seat.position))))


def carry_over(act: Act) -> None:
    """Enter votes and proposals about those who stay settled in this round, word for word. 保留原审议意见"""
    for rid, earlier in still_settled(act).items():
        of_round = (earlier, rid)
        for vote in _of(act, Ballot, *of_round):
            act.later.append(_again(vote, act.case.round))
        for row in _of(act, Decision, *of_round):
            said = f"第{earlier}轮审议已经形成结论；补充核实没有改变其事实和条款，未重新表决。"
            reasons = [*(reason for reason in row.tally["reasons"] if "未重新表决" not in reason), said]
            act.later.append(_again(row, act.case.round, tally=dict(row.tally) | {"reasons": reasons}))


def _session_that_sent_back(act: Act) -> WorkItem | None:
    if act.case.round == 1:
        return None
    closed = [i for i in _answered(act) if i.kind == Kind.CLOSE_SESSION and i.round < act.case.round]
    last = closed[-1] if closed else None
    return last if last and SUPPLEMENT in (last.answer or {})["settled"].values() else None


def _answered(act: Act) -> list[WorkItem]:
    # What this very act has answered is not in the database yet, but in the rows it comes back as.
    asked = select(WorkItem).where(WorkItem.case_id == act.case.id, col(WorkItem.kind).in_(_READ))
    rows = act.session.exec(asked.order_by(col(WorkItem.round), col(WorkItem.created_at)))
    return [row for row in rows if row.state == "done"]


def _basis(items: Iterable[WorkItem], round: int) -> Mapping[int, Any]:
    """Officer -> what was found and proposed up to a round: facts and duties with their evidence, clauses, outcome."""
    said: dict[str, Any] = {}
    for item in items:
        answer = item.answer or {}
        if item.round <= round and (item.kind == Kind.INVESTIGATION or answer.get("verdict") == "confirm"):
            said |= {name: answer[name] for name in _TELLING if name in answer}
    found: dict[int, list[Any]] = {}
    for name, telling in _TELLING.items():
        for row in said.get(name, ()):
            found.setdefault(row["respondent"], []).append((name, *(str(row[part]) for part in telling)))
    return {rid: sorted(rows) for rid, rows in found.items()}


_TELLING: Mapping[str, tuple[str, ...]] = {
    "findings": ("duty", "result", "evidence"),
    "facts": ("fact", "status", "evidence"),
    "clauses": ("clause", "confirmed"),
    "outcomes": ("outcome",),
}


def _of(act: Act, table: Any, round: int, respondent: int) -> list[Any]:
    rows = select(table).where(
        table.case_id == act.case.id, table.round == round, table.respondent_id == respondent
    )
    return list(act.session.exec(rows.order_by(table.id)))


def _again(row: Any, round: int, **changed: Any) -> Any:
    """The same row in another round."""
    return type(row)(**row.model_dump(exclude={"id"}) | {"round": round} | changed)
