"""Naming who stands in while somebody is away, and ending it. 代理

A substitution gives nobody a part in a case: it is read anew with every request, so that whoever is revoked or whose
days are over sees at once what was seen before, and no more.
"""

import uuid
from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models.casework.record import check
from models.declarations import NewSubstitution
from models.rules.deadlines import beijing_day
from models.rules.errors import AlreadyDone, Conflict, Incomplete, NotFound
from models.rules.permissions import Action, Actor, Role, SubstitutionFacts, may
from models.rules.substitution import FIT, LONGEST_DAYS, Held, Span, lent, loop, overlap
from models.standing_in import held_on
from models.tables import Organ, Person, RoleHolding, Substitution


def name_substitute(session: Session, said: NewSubstitution, *, actor: Actor, now: datetime) -> Substitution:
    """Note that somebody is away, and who stands in, if anybody does. 登记外出、指定代理人

    The same again is the same row. Raises NotPermitted, NotFound for nobody, Incomplete for days or a substitute that
    do not fit, Conflict for days already noted and for a substitution that would lead back to who is away.
    """
    # All who name stand in line, in the order of the ids: two halves of a loop must not be named at the same time.
    people = {
        p.username: p
        for p in session.exec(
            select(Person)
            .where(col(Person.username).in_((said.person, said.substitute)) | (Person.id == actor.person_id))
            .order_by(col(Person.id))
        )
    }
    away = people.get(said.person) if said.person else session.get(Person, actor.person_id)
    if away is None or away.id is None or not away.active:
        raise NotFound(f"没有用户名为“{said.person}”的人员，请核对后再填。")
    substitute = people.get(said.substitute) if said.substitute else None
    facts = substitution_facts(session, away.id, substitute.id if substitute else None, on=beijing_day(now))
    check(may(actor, Action.NAME_SUBSTITUTE, substitution=facts))
    if said.substitute and (substitute is None or not substitute.active):
        raise NotFound(f"没有用户名为“{said.substitute}”的人员，请核对后再填。")
    wanted = Span(away.id, substitute.id if substitute else None, said.first_day, said.last_day)
    others = _in_line(session, since=beijing_day(now))
    same = next(
        (row for row in others if _span(row) == wanted and (row.why, row.reason) == (said.why, said.reason)),
        None,
    )
    if same is not None:
        return same
    _check_days(wanted, today=beijing_day(now))
    if substitute is not None:
        _check_fit(session, wanted, substitute, away)
    _check_others(session, wanted, [_span(row) for row in others])
    row = Substitution(
        id=uuid.uuid4().hex,
        person_id=away.id,
        substitute_id=wanted.substitute_id,
        first_day=said.first_day,
        last_day=said.last_day,
        why=said.why,
        reason=said.reason,
        named_by=actor.person_id,
        named_at=now,
    )
    session.add(row)
    session.flush()
    return row


def end_substitution(session: Session, row_id: str, *, actor: Actor, now: datetime) -> Substitution:
    """End it at once, by who is away, who stands in or a manager of the one away. 撤销代理

    Ending it twice changes nothing. Raises NotFound for what is not the actor's to see, AlreadyDone when its days are
    over.
    """
    row = session.exec(select(Substitution).where(Substitution.id == row_id).with_for_update()).first()
    if row is None:
        raise NotFound
    facts = substitution_facts(session, row.person_id, row.substitute_id, on=beijing_day(now))
    check(may(actor, Action.END_SUBSTITUTION, substitution=facts))
    if row.revoked_at is not None:
        return row
    if row.last_day < beijing_day(now):
        raise AlreadyDone("代理期间已经届满，代理已自动结束，不需要撤销。")
    row.revoked_at, row.revoked_by = now, actor.person_id
    session.flush()
    return row


def substitution_facts(
    session: Session, person_id: int, substitute_id: int | None, *, on: date
) -> SubstitutionFacts:
    """What a ruling needs to know: a head is looked after by the organ above, everybody else by one's own."""
    roles = _roles(session, person_id, on=on)
    headed = {organ for role, organ in roles if role is Role.HEAD}
    above = select(Organ.parent_id).where(col(Organ.id).in_(headed))
    own = {organ for _, organ in roles} - headed
    return SubstitutionFacts(
        person_id, substitute_id, frozenset({*own, *(o for o in session.exec(above) if o is not None)})
    )


def fit_substitutes(session: Session, person_id: int, *, on: date) -> Sequence[Person]:
    """Who could stand in for a person: active, and fit for at least one of the roles held. 可以代理的人员"""
    roles = _roles(session, person_id, on=on)
    fits = [
        (col(RoleHolding.organ_id) == organ) & col(RoleHolding.role).in_(sorted(FIT[role]))
        for role, organ in roles
        if role in FIT
    ]
    if not fits:
        return []
    wanted = (
        select(Person)
        .join(RoleHolding, col(RoleHolding.person_id) == col(Person.id))
        .where(sa.or_(*fits), held_on(on), col(Person.active), Person.id != person_id)
        .distinct()
    )
    return session.exec(wanted.order_by(col(Person.username))).all()


def _roles(session: Session, person_id: int, *, on: date) -> Held:
    held = select(RoleHolding.role, RoleHolding.organ_id).where(
        RoleHolding.person_id == person_id, held_on(on)
    )
    return {(Role(role), organ) for role, organ in session.exec(held)}


def _in_line(session: Session, *, since: date) -> Sequence[Substitution]:
    """What is noted from a day on; whoever else is naming waits, or two halves of a loop could meet."""
    first = select(Organ.id).order_by(col(Organ.id)).limit(1).with_for_update()
    session.exec(first).first()
    running = select(Substitution).where(
        col(Substitution.revoked_at).is_(None), col(Substitution.last_day) >= since
    )
    return session.exec(running.order_by(col(Substitution.first_day), col(Substitution.id))).all()


def _span(row: Substitution) -> Span:
    return Span(row.person_id, row.substitute_id, row.first_day, row.last_day)


def _check_days(wanted: Span, *, today: date) -> None:
    if wanted.last < wanted.first:
        raise Incomplete("结束日期早于开始日期，请核对。")
    if wanted.first < today:
        raise Incomplete(
            "代理不能追溯，开始日期不能早于今天；之前已经办理的事项不受影响，请改为今天或者以后。"
        )
    if (wanted.last - wanted.first).days >= LONGEST_DAYS:
        raise Incomplete(f"一次外出登记最长 {LONGEST_DAYS} 天（建议值）；更长的请调整任职，由接任人员办理。")


def _check_fit(session: Session, wanted: Span, substitute: Person, away: Person) -> None:
    if substitute.id == away.id:
        raise Incomplete("代理人不能是本人；请另选，或者不指定代理人。")
    own = _roles(session, substitute.id or 0, on=wanted.first)
    if not lent(own, _roles(session, away.id or 0, on=wanted.first)):
        raise Incomplete(
            f"{substitute.name}在{away.name}任职的机关没有可以代理其工作的角色；调查和法制审核须由同一角色的人员代理，"
            "被核查人员、审议组成员的事项不能代理。请从名单中另选。"
        )


def _check_others(session: Session, wanted: Span, others: Sequence[Span]) -> None:
    shared = overlap(wanted, others)
    if shared is not None:
        raise Conflict(
            f"{shared.first.isoformat()} 至 {shared.last.isoformat()} 已经登记外出，与这次的日期重叠；"
            "请先撤销原来的登记，或者改用不重叠的日期。"
        )
    round_trip = loop(wanted, others)
    if round_trip:
        rows = session.exec(select(Person).where(col(Person.id).in_(round_trip)))
        names = {person.id: person.name for person in rows}
        raise Conflict(
            f"代理关系成环：{' → '.join(names[i] for i in round_trip)}，在这些日子里最后又回到外出的本人，事项无人办理；"
            "请另选代理人，或者先撤销其中一项代理。"
        )
