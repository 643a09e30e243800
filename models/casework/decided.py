"""Reading what was decided, to hold a case against those that were decided before it. 已决案件"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from models.casework.matching import inquiry
from models.casework.record import Act
from models.dossier.terms import case_number
from models.rules.decision import Outcome
from models.rules.duties import DutyResult
from models.rules.errors import Incomplete
from models.rules.inquiry import known_facts
from models.rules.lifecycle import Kind
from models.rules.logic import Status
from models.rules.precedents import COMPARED, Conduct, Decided, Precedents, conduct, nearest, weights
from models.tables import Case, Decision, Fact, Finding, Match, Organ, Respondent, WorkItem

READ_AT_MOST = 500  # decided officers of the same kind of act that are compared, the latest first
_BATCH = 100  # cases read at a time
_CASES: sa.BindParameter[Any] = sa.bindparam("cases", expanding=True)
_DECIDED = (
    sa.select(
        col(Decision.case_id),
        col(Decision.round),
        col(Decision.respondent_id),
        col(Decision.outcome),
        col(Case.year),
        col(Case.number),
        col(Case.category),
        col(Case.edition),
        col(Case.conduct_on),
        col(Case.conclusion),
        col(Organ.mark),
        col(Respondent.post),
    )
    .join(Case, col(Case.id) == col(Decision.case_id))
    .join(Organ, col(Organ.id) == col(Case.organ_id))
    .join(Respondent, col(Respondent.id) == col(Decision.respondent_id))
    .where(col(Decision.signed_at).is_not(None), col(Decision.outcome).in_(sorted(COMPARED)))
)
_FOUND = sa.union_all(
    sa.select(
        col(Fact.case_id),
        col(Fact.round),
        col(Fact.respondent_id),
        sa.literal("").label("duty"),
        col(Fact.fact),
        col(Fact.status),
    ).where(col(Fact.case_id).in_(_CASES)),
    sa.select(
        col(Finding.case_id),
        col(Finding.round),
        col(Finding.respondent_id),
        col(Finding.duty),
        sa.literal(""),
        col(Finding.result),
    ).where(col(Finding.case_id).in_(_CASES)),
)
_IN_PLAY = sa.select(
    col(Match.case_id),
    col(Match.round),
    col(Match.respondent_id),
    col(Match.clause),
    col(Match.proposed),
    col(Match.confirmed),
).where(col(Match.case_id).in_(_CASES), col(Match.proposed) | col(Match.confirmed).is_(True))

_OWN = sa.select(col(Match.respondent_id), col(Match.clause)).where(
    col(Match.case_id) == sa.bindparam("case"),
    col(Match.round) == sa.bindparam("round"),
    col(Match.proposed) | col(Match.confirmed).is_(True),
)

# A signed decision never changes, nor does what it rests on: once read it is kept, up to a limit. The keys hold the
# random id of the case, so that no other register can be meant.
_KEPT: dict[tuple[str, int, int], Decided] = {}
_NEAREST: dict[tuple[object, ...], dict[int, Precedents]] = {}
_KEEP = 5000


def precedents(act: Act) -> dict[int, Precedents]:
    """The nearest decided cases for every officer, among those decided before the case came to matching. 相近先例

    Cases of the same kind of act in the same tree of organs. With the day fixed, reviewer, panel and head of a round,
    and whoever repeats the comparison later, see the same ones.
    """
    if act.like is None:
        conducts = _conducts(act)
        asked = (act.case.id, inquiry(act).round, act.case.edition, *conducts.items())
        if asked not in _NEAREST:
            _make_room(_NEAREST)
            known = weights(act.edition.rulebook)
            before = list(_before(act))
            _NEAREST[asked] = {rid: nearest(own, before, known) for rid, own in conducts.items()}
        act.like = _NEAREST[asked]
    return act.like


def check_deviation(act: Act, respondent: int, outcome: Outcome, deviation: str) -> None:
    """Let an outcome differ from clear precedents only with a written reason. Raises Incomplete."""
    if act.case.conclusion != "complete" or outcome not in COMPARED:
        return  # where the verification leaves one outcome, there is nothing to deviate from
    refusal = precedents(act)[respondent].refusal(outcome, deviation)
    if refusal:
        raise Incomplete(f"对被核查人员 {respondent} {refusal}")


def with_deviation(reason: str, deviation: str) -> str:
    """The reason as it is kept: what makes this case different stands in it. 理由"""
    return f"{reason}\n与先例不同的理由：{deviation}" if deviation else reason


def read_decided(session: Session, *, edition: str | None = None) -> Iterator[Decided]:
    """Every officer whose conduct was judged by a signed decision, the latest one counting. 全部已决人员"""
    yield from _read(session, _latest(session.execute(_of_edition(_DECIDED, edition))))


def count_decided(session: Session, *, edition: str | None = None) -> int:
    """How many officers that is."""
    return len(_latest(session.execute(_of_edition(_DECIDED, edition))))


def _of_edition(wanted: Any, edition: str | None) -> Any:
    of_edition = wanted if edition is None else wanted.where(col(Case.edition) == edition)
    return of_edition.order_by(col(Decision.id))


def _latest(rows: Iterable[Any]) -> list[Any]:
    """The last decision of each officer: a case that was opened again is known by what came of it."""
    last: dict[int, Any] = {}
    for row in rows:
        if row.respondent_id not in last or last[row.respondent_id].round < row.round:
            last[row.respondent_id] = row
    return list(last.values())


def _conducts(act: Act) -> dict[int, Conduct]:
    found = inquiry(act)
    clauses: dict[int, list[str]] = {}
    for rid, clause in act.session.execute(_OWN, {"case": act.case.id, "round": found.round}):
        clauses.setdefault(rid, []).append(clause)
    return {
        rid: conduct(row.post, clauses.get(rid, ()), found.known(rid)) for rid, row in act.respondents.items()
    }


def _before(act: Act) -> Iterator[Decided]:
    reached = select(func.min(WorkItem.created_at)).where(
        WorkItem.case_id == act.case.id,
        WorkItem.kind == Kind.LEGAL_REVIEW,
        WorkItem.round == inquiry(act).round,
    )
    wanted = (
        (
            _DECIDED.where(
                col(Case.organ_id).in_(_tree(act)),
                col(Case.category) == act.case.category,
                col(Case.conclusion) == "complete",
                col(Case.id) != act.case.id,
                col(Decision.signed_at) < (act.session.exec(reached).one() or act.now),
            )
        )
        .order_by(col(Decision.id).desc())
        .limit(READ_AT_MOST)
    )
    rows = _latest(act.session.execute(wanted))
    fresh = [row for row in rows if _key(row) not in _KEPT]
    kept = {_key(row): _KEPT[_key(row)] for row in rows if _key(row) in _KEPT}
    _make_room(_KEPT)
    read = dict(zip(map(_key, fresh), _read(act.session, fresh), strict=True))
    _KEPT.update(read)
    yield from ((kept | read)[_key(row)] for row in rows)


def _key(row: Any) -> tuple[str, int, int]:
    return row.case_id, row.round, row.respondent_id


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) > _KEEP:
        kept.clear()


def _tree(act: Act) -> Any:
    """All organs below the highest one above the case's organ."""
    top = act.session.get_one(Organ, act.case.organ_id)
    while top.parent_id is not None:
        top = act.session.get_one(Organ, top.parent_id)
    below = sa.select(col(Organ.id)).where(col(Organ.id) == top.id).cte("below", recursive=True)
    below = below.union_all(sa.select(col(Organ.id)).where(col(Organ.parent_id) == below.c.id))
    return sa.select(below.c.id)


def _read(session: Session, rows: Sequence[Any]) -> Iterator[Decided]:
    """The rows with what their decisions rest on, in their order, a batch of cases at a time."""
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        cases = {"cases": sorted({row.case_id for row in batch})}
        found: dict[str, list[Any]] = {}
        for part in session.execute(_FOUND, cases):
            found.setdefault(part.case_id, []).append(part)
        played: dict[str, list[Any]] = {}
        for part in session.execute(_IN_PLAY, cases):
            played.setdefault(part.case_id, []).append(part)
        for row in batch:
            yield _decided(row, found.get(row.case_id, ()), played.get(row.case_id, ()))


def _decided(row: Any, found: Sequence[Any], played: Sequence[Any]) -> Decided:
    """One officer. A case returned to the panel keeps the findings of the round before."""
    counts = max((part.round for part in found if part.round <= row.round), default=row.round)
    facts: dict[str, Status] = {}
    duties: dict[str, DutyResult] = {}
    for _, round_, rid, duty, fact, answer in found:
        if rid != row.respondent_id or round_ != counts:
            continue
        if duty:
            duties[duty] = DutyResult(answer)
        else:
            facts[fact] = Status(answer)
    own = [part for part in played if part.respondent_id == row.respondent_id and part.round == counts]
    known = known_facts(row.category, facts, duties)
    return Decided(
        case_id=row.case_id,
        number=case_number(row.mark, row.year, row.number),
        year=row.year,
        edition=row.edition,
        conduct_on=row.conduct_on,
        conclusion=row.conclusion,
        post=row.post,
        known=known,
        proposed=frozenset(part.clause for part in own if part.proposed),
        confirmed=frozenset(part.clause for part in own if part.confirmed),
        outcome=Outcome(row.outcome),
        conduct=conduct(row.post, (part.clause for part in own), known),
    )
