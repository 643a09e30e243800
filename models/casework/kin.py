"""Kin, as people who serve declare it, and whom it keeps out of which case. 亲属关系申报

A declaration is between its writer and the rules: nobody reads it, and it says of no case that there is one. It bars at
once, in every case that is open and in every one that is registered later; ended, it bars from no further case.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session, col, or_, select

from models.casework.challenging import challenge_oneself, take_from
from models.casework.panel import step_aside
from models.casework.record import Act, lock_case
from models.casework.settle import settle
from models.declarations import KinDeclared
from models.rules.errors import Incomplete, NotFound
from models.rules.lifecycle import State
from models.rules.permissions import Actor, Part
from models.rules.ties import INVOLVED, KIN
from models.tables import Case, Kin, Person, Respondent


def declare_kin(session: Session, said: KinDeclared, *, actor: Actor, now: datetime) -> Kin:
    """Declare that somebody who serves is one's kin; the same again is the same row. Raises NotFound, Incomplete."""
    other = session.exec(select(Person.id).where(Person.username == said.to, Person.active)).first()
    if other is None:
        raise NotFound(f"没有用户名为“{said.to}”的人员，请核对；不在本系统任职的亲属不需要在此申报。")
    if other == actor.person_id:
        raise Incomplete("不能申报本人；请填写亲属的用户名。")
    standing = select(Kin).where(
        Kin.declared_by == actor.person_id, Kin.about == other, col(Kin.ended_at).is_(None)
    )
    row = session.exec(standing.with_for_update()).first()
    if row is not None:
        row.relation = said.relation
        return row
    row = Kin(declared_by=actor.person_id, about=other, relation=said.relation, declared_at=now)
    session.add(row)
    session.flush()
    for case_id in _open_cases_about(session, (actor.person_id, other)):
        _bar_now(session, case_id, now)
    return row


def end_kin(session: Session, kin_id: int, *, actor: Actor, now: datetime) -> Kin:
    """Say that a declaration no longer holds; twice is once. Who stepped aside stays out. Raises NotFound."""
    mine = select(Kin).where(Kin.id == kin_id, Kin.declared_by == actor.person_id)
    row = session.exec(mine.with_for_update()).first()
    if row is None:
        raise NotFound
    row.ended_at = row.ended_at or now
    return row


def bar_at_registration(act: Act, involved: Sequence[str]) -> int:
    """Keep kin of the officers, and who handled the matter itself, out of a new case; how many. Raises NotFound, Incomplete."""
    officers = {row.person_id for row in act.respondents.values()}
    barred = dict.fromkeys(_kin_of(act.session, officers) - officers, KIN)
    found = {
        p.username: p.id or 0
        for p in act.session.exec(select(Person).where(col(Person.username).in_(involved)))
    }
    for username in involved:
        if username not in found:
            raise NotFound(f"没有用户名为“{username}”的经办人员，请核对后再提交。")
        if found[username] in officers:
            raise Incomplete("被核查人员不必再列为经办、审核人员，请删去后再提交。")
        barred[found[username]] = INVOLVED
    if act.actor and act.actor.person_id in barred:
        raise Incomplete(
            "登记人与被核查人员有亲属关系或者经办过所涉事项，应当回避；请由本机关其他登记员登记。"
        )
    for person, ground in sorted(barred.items()):
        act.take_part(person, Part.RECUSED, reason=ground)
    return len(barred)


def _bar_now(session: Session, case_id: str, now: datetime) -> None:
    """Keep declared kin out of a case on its way; an investigator's place is for a head to fill first."""
    act = Act.on(session, lock_case(session, case_id), actor=None, now=now)
    officers = {row.person_id for row in act.respondents.values()}
    barred = [p for p in _kin_of(session, officers) - officers if Part.RECUSED not in act.facts.parts_of(p)]
    for person in sorted(barred):
        if person in act.holders(Part.INVESTIGATOR):
            challenge_oneself(act, person, KIN)
            continue
        step_aside(act, person, KIN)
        take_from(act, person)
    if barred:
        settle(act)
        act.record("recusal:kin", reason=KIN, data={"persons": sorted(barred)})


def _kin_of(session: Session, officers: Iterable[int]) -> set[int]:
    """Whoever has declared one of them as kin, or has been declared by one of them."""
    officers = list(officers)
    standing = col(Kin.ended_at).is_(None)
    either = or_(col(Kin.about).in_(officers), col(Kin.declared_by).in_(officers))
    rows = session.exec(select(Kin.declared_by, Kin.about).where(standing, either))
    return {person for row in rows for person in row} - set(officers)


def _open_cases_about(session: Session, people: Iterable[int]) -> Sequence[str]:
    about = select(Respondent.case_id).where(col(Respondent.person_id).in_(people))
    return sorted(session.exec(select(Case.id).where(col(Case.id).in_(about), Case.state != State.ARCHIVED)))
