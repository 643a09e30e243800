"""Convening the panel, replacing who steps aside, counting the sealed ballots. 审议组"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from models.casework.record import Act, check
from models.casework.supplement import panel_that_sent_back
from models.casework.voting import drop, open_box
from models.rules.decision import Outcome
from models.rules.errors import Conflict, Incomplete, NotFound
from models.rules.lifecycle import Kind, Stage
from models.rules.permissions import Action, Actor, Part, Role, may
from models.rules.review import BallotCast, Tally, Vote, VotingRule, draw_panel, tally
from models.tables import Organ, Person, RoleHolding, Seat


@dataclass(frozen=True)
class Bench:
    """The panel of one round as it sits now."""

    seats: tuple[Seat, ...]
    rule: VotingRule

    @property
    def sitting(self) -> tuple[int, ...]:
        """Persons who vote, in the order of the draw."""
        return tuple(s.person_id for s in self.seats if s.state == "sitting")

    @property
    def called(self) -> int:
        """How many were ever seated in this round."""
        return sum(s.state != "alternate" for s in self.seats)

    @property
    def chair(self) -> int | None:
        """Who chairs: the first sitting member of the draw."""
        return self.sitting[0] if self.sitting else None

    @property
    def full(self) -> bool:
        """Whether as many sit as the rule asks for, or more."""
        return len(self.sitting) >= self.rule.size

    @property
    def short(self) -> bool:
        """Whether the panel cannot sit: a smaller one is never accepted in silence."""
        return not self.full


def bench(act: Act) -> Bench:
    """The seats of this round, in the order of the draw."""
    return Bench(tuple(_seats(act)), act.edition.voting)


def _seats(act: Act) -> list[Seat]:
    if act.seats is None:
        seats = select(Seat).where(Seat.case_id == act.case.id, Seat.round == act.case.round)
        act.seats = list(act.session.exec(seats.order_by(col(Seat.position))))
    return act.seats


def convene(act: Act) -> None:
    """Draw the panel from the organ's pool, then from the organs above it, with a logged seed. 抽取审议组

    The panel that asked for more facts goes on itself, without those who may not sit any more.
    """
    if before := panel_that_sent_back(act):
        _sit_again(act, before)
        return
    drawn = draw_panel(
        _pool(act),
        size=act.edition.voting.size,
        seed=f"{act.case.id}:{act.case.round}",
        exclude=_excluded(act),
    )
    for position, person in enumerate((*drawn.members, *drawn.alternates)):
        _seat(act, person, position, sitting=position < len(drawn.members))
    act.moves.append(drawn.zh)


def _sit_again(act: Act, before: Sequence[Seat]) -> None:
    excluded = _excluded(act)
    for seat in before:
        if seat.state in ("sitting", "alternate") and seat.person_id not in excluded:
            _seat(act, seat.person_id, seat.position, sitting=seat.state == "sitting")
    act.moves.append("由原审议组继续审议")
    while not (now := bench(act)).full and _move_up(act, now):
        pass


def _seat(act: Act, person: int, position: int, *, sitting: bool) -> None:
    state = "sitting" if sitting else "alternate"
    row = Seat(case_id=act.case.id, round=act.case.round, person_id=person, position=position, state=state)
    _seats(act).append(row)
    act.later.append(row)
    if sitting:
        act.take_part(person, Part.PANEL)


def _pool(act: Act) -> Sequence[int]:
    """Holders of the panel role in the organ; when they are too few, those of the next higher organ join."""
    excluded = _excluded(act)
    pool: list[int] = []
    organ = act.session.get(Organ, act.case.organ_id)
    while organ is not None:
        pool += act.role_holders(Role.PANEL_MEMBER, organ.id)
        if len(set(pool) - excluded) >= act.edition.voting.size:
            break
        organ = act.session.get(Organ, organ.parent_id) if organ.parent_id else None
    return pool


def _excluded(act: Act) -> set[int]:
    """Whoever may not sit, by the same ruling as everywhere else."""
    nobody = Actor(0, "", frozenset())
    facts = act.facts
    barred = _superiors(act)
    for person in facts.parts:
        asked = Actor(person, nobody.name, nobody.roles)
        if not may(asked, Action.HOLD_PART, facts, part=Part.PANEL).ok:
            barred.add(person)
    return barred


def _check_eligible(act: Act, person: int) -> None:
    """Refuse somebody who may not sit, with the ground. Raises NotPermitted, Recused, Incomplete."""
    check(may(Actor(person, "", frozenset()), Action.HOLD_PART, act.facts, part=Part.PANEL))
    if person in _superiors(act):
        raise Incomplete("所列人员是本案被核查人员的直接领导，应当回避，不能参加审议；请另行指定。")


def _superiors(act: Act) -> set[int]:
    """Heads and managers of an organ in which an officer concerned serves: they answer for that officer. 直接领导关系"""
    served = select(RoleHolding.organ_id).where(
        RoleHolding.role == Role.OFFICER,
        col(RoleHolding.person_id).in_([row.person_id for row in act.respondents.values()]),
    )
    over = select(RoleHolding.person_id).where(
        col(RoleHolding.role).in_((Role.HEAD, Role.MANAGER)), col(RoleHolding.organ_id).in_(served)
    )
    return set(act.session.exec(over))


def name_members(act: Act, usernames: Sequence[str]) -> None:
    """Seat the people a manager names when the pools are too small. Raises Incomplete, NotFound, NotPermitted."""
    now = bench(act)
    people = _people(act, usernames)
    seated = len(now.sitting) + len(people)
    if seated != now.rule.size:
        raise Incomplete(
            f"审议组应为 {now.rule.size} 人（单数），现有 {len(now.sitting)} 人，请正好补足 "
            f"{now.rule.size - len(now.sitting)} 人；不能以较少人数审议。"
        )
    for offset, person in enumerate(people):
        _check_eligible(act, person)
        if person in {s.person_id for s in now.seats}:
            raise Incomplete("所列人员已在本轮审议组中或者已经回避，请另行指定。")
        _seat(act, person, len(now.seats) + offset, sitting=True)


def _people(act: Act, usernames: Sequence[str]) -> list[int]:
    if len(set(usernames)) < len(usernames):
        raise Incomplete("同一人被列了两次，请核对审议人员名单。")
    rows = act.session.exec(select(Person).where(col(Person.username).in_(usernames), Person.active))
    found = {p.username: p.id for p in rows if p.id is not None}
    missing = [u for u in usernames if u not in found]
    if missing:
        raise NotFound(f"没有用户名为“{missing[0]}”的人员，请核对名单。")
    return [found[u] for u in usernames]


def step_aside(act: Act, person: int, ground: str) -> None:
    """Recuse a member: sight ends at once, the next alternate sits. 回避"""
    now = bench(act)
    for seat in now.seats:
        if seat.person_id == person:
            seat.state, seat.reason = "recused", ground
            _empty_box_of(act, person)
    act.take_part(person, Part.RECUSED, reason=ground)
    if act.case.stage == Stage.REVIEW and not now.full:
        _move_up(act, now)


def _move_up(act: Act, now: Bench) -> bool:
    """Let the next alternate who may sit take a seat; False when there is none."""
    excluded = _excluded(act)
    for seat in now.seats:
        if seat.state == "alternate" and seat.person_id not in excluded:
            seat.state = "sitting"
            act.take_part(seat.person_id, Part.PANEL)
            act.moves.append(f"候补人员递补（第 {seat.position + 1} 顺位）")
            return True
    return False


def add_members(act: Act, usernames: Sequence[str]) -> None:
    """Seat further people, so many that the panel stays odd; before the box is opened. 加签

    Raises Incomplete, Conflict, NotFound, NotPermitted.
    """
    now = _open_bench(act)
    people = _people(act, usernames)
    if not people or (len(now.sitting) + len(people)) % 2 == 0:
        raise Incomplete(
            f"审议组应为单数，现有 {len(now.sitting)} 人；请一次增加偶数名成员（例如两名）并说明理由。"
        )
    eligible = set(_pool(act))
    for offset, person in enumerate(people):
        _check_eligible(act, person)
        seat = next((s for s in now.seats if s.person_id == person), None)
        if person not in eligible or (seat is not None and seat.state != "alternate"):
            raise Incomplete("所列人员不在可以参加审议的名单内，或者已在本轮审议组中、已经离席；请另行指定。")
        if seat is None:
            _seat(act, person, len(now.seats) + offset, sitting=True)
        else:
            seat.state = "sitting"
            act.take_part(person, Part.PANEL)


def remove_member(act: Act, username: str, reason: str) -> bool:
    """Take a member off the panel: the vote leaves the box, the next alternate sits. 减签

    False when that was done before. Raises NotFound, Incomplete, Conflict.
    """
    now = _open_bench(act)
    (person,) = _people(act, [username])
    seat = next((s for s in now.seats if s.person_id == person), None)
    if seat is not None and seat.state == "removed":
        return False
    if seat is None or seat.state != "sitting":
        raise Incomplete("所选人员不是本轮审议组的在席成员，请从在席成员中选择。")
    seat.state, seat.reason = "removed", reason
    _empty_box_of(act, person)
    _move_up(act, now)
    return True


def _open_bench(act: Act) -> Bench:
    if act.case.stage != Stage.REVIEW:
        raise Conflict("案件不在集体审议环节，不能增减审议成员。")
    return bench(act)


def _empty_box_of(act: Act, person: int) -> None:
    drop(act, person)
    item = act.items.get((Kind.BALLOT, str(person)))
    if item is not None and item.state == "done":
        act.stop(item, "cancelled")  # there is no vote any more that could be taken back


def count(act: Act, *, apart_from: Collection[int]) -> dict[int, Tally]:
    """Open the box: the tally for each respondent who is voted on in this round. Raises Incomplete when the quorum is missed, naming what is missing."""
    now = bench(act)
    rows = open_box(act)
    tallies = {}
    for respondent in sorted(act.respondents.keys() - set(apart_from)):
        ballots = [
            BallotCast(b.person_id, Vote(b.outcome), b.reason) for b in rows if b.respondent_id == respondent
        ]
        result = tally(ballots, now.rule, seats=len(now.sitting), recused=set())
        if not result.quorum_met:
            raise Incomplete(" ".join(result.reasons))
        tallies[respondent] = result
    return tallies


def tally_record(result: Tally, outcome: Outcome | None, rule: VotingRule) -> dict[str, object]:
    """A tally as it is kept with the decision."""
    return {
        "rule": rule.version,
        "basis": rule.basis,
        "counts": {vote.value: n for vote, n in result.counts.items()},
        "dissenters": list(result.dissenters),
        "tie": result.tie,
        "reasons": list(result.reasons),
        "outcome": outcome.value if outcome else None,
    }
