"""Standing in for a colleague who is away: offered, done in that name, cut at once, never past a tie. 代理"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from models.answers import ItemVerb
from models.casework import end_substitution, handle_item, item_facts, name_substitute, office
from models.casework.record import Act
from models.database import Register
from models.declarations import NewSubstitution
from models.queries import (
    Box,
    case_facts,
    inbox,
    inbox_counts,
    list_cases,
    organs_seen,
    substitutions,
    timeline,
)
from models.rules.deadlines import beijing_day
from models.rules.errors import (
    AlreadyDone,
    CaseworkError,
    Conflict,
    Incomplete,
    NotFound,
    NotPermitted,
    Recused,
)
from models.rules.permissions import Action, Actor, Role, StandIn, may
from models.rules.verbs import Verb
from models.tables import Case, Effect, Event, Participation, Person, RoleHolding, Substitution, WorkItem
from tests.builders import SINCE, Bureau, Told, a_bureau, a_case
from tests.models.test_verbs import rows, sound, waiting

MORE = {"di.san": "investigator", "lin.yu": "legal-reviewer", "he.fu": "head"}


@pytest.fixture
def bureau(register: Register) -> Bureau:
    made = a_bureau(register)
    with register.writing() as session:
        for username, role in MORE.items():
            person = Person(username=username, name=username)
            session.add(person)
            session.flush()
            made.ids[username] = person.id or 0
            home = made.organs["zj-yx"]
            session.add(RoleHolding(person_id=person.id, organ_id=home, role=role, valid_from=SINCE))
    return made


def today(bureau: Bureau) -> date:
    return beijing_day(bureau.clock)


def away(
    bureau: Bureau, who: str, substitute: str = "", *, by: str = "", days: tuple[int, int] = (0, 9)
) -> Substitution:
    first, last = (today(bureau) + timedelta(days=n) for n in days)
    said = NewSubstitution(
        person=who, substitute=substitute, first_day=first, last_day=last, why="leave", reason="年休假"
    )
    with bureau.register.writing() as session:
        return name_substitute(session, said, actor=bureau.actor(by or who), now=bureau.now())


def back(bureau: Bureau, row: Substitution, by: str) -> Substitution:
    with bureau.register.writing() as session:
        return end_substitution(session, row.id, actor=bureau.actor(by), now=bureau.now())


def box(bureau: Bureau, who: str, part: Box = Box.ALL) -> set[str]:
    with bureau.register.reading() as session:
        return {i.id for i in inbox(session, bureau.actor(who), box=part, on=today(bureau), limit=100).rows}


def cases(bureau: Bureau, who: str) -> set[str]:
    with bureau.register.reading() as session:
        return {row.id for row in list_cases(session, bureau.actor(who)).rows}


def tie(told: Told, who: str, part: str) -> None:
    with told.bureau.register.writing() as session:
        person = told.bureau.ids[who]
        session.add(Participation(case_id=told.case_id, person_id=person, part=part))


def agree(told: Told, who: str) -> None:
    """The list, its counts and the single ruling say the same of this case."""
    bureau = told.bureau
    with bureau.register.reading() as session:
        actor, facts = bureau.actor(who), case_facts(session, told.case_id)[1]
        act = Act.on(session, session.get_one(Case, told.case_id), actor=None, now=bureau.clock)
        assert act.facts.waiting == facts.waiting
        items = session.exec(
            select(WorkItem).where(WorkItem.case_id == told.case_id, WorkItem.state == "open")
        ).all()
        ruled = {i.id for i in items if may(actor, Action.ANSWER, facts, item=item_facts(i)).ok}
        assert ruled == box(bureau, who)
        assert (told.case_id in cases(bureau, who)) is may(actor, Action.SEE, facts).ok
        counts = inbox_counts(session, actor, on=today(bureau))
        assert counts[Box.ALL] == len(box(bureau, who))
        assert counts[Box.STOOD_IN] == len(box(bureau, who, Box.STOOD_IN))


def test_items_given_to_who_is_away_are_offered_to_the_substitute_on_these_days_only(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    who = told.who(item)
    assert (box(bureau, "di.san"), cases(bureau, "di.san")) == (set(), set())
    away(bureau, who, "di.san", days=(1, 2))
    assert box(bureau, "di.san") == set()
    bureau.clock += timedelta(days=1)
    assert box(bureau, "di.san") == box(bureau, "di.san", Box.STOOD_IN) == {item.id}
    assert cases(bureau, "di.san") == {told.case_id}
    assert item.id in box(bureau, who, Box.MINE)
    agree(told, "di.san")
    bureau.clock += timedelta(days=2)
    assert (box(bureau, "di.san"), cases(bureau, "di.san")) == (set(), set())
    agree(told, "di.san")


def test_a_role_that_waits_is_lent_to_who_is_fit_for_it(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "signature")
    with bureau.register.writing() as session:
        session.get_one(Person, bureau.ids["he.fu"]).active = False
    away(bureau, "meng.fan", "cao.ran")
    assert item.id in box(bureau, "cao.ran", Box.STOOD_IN)
    agree(told, "cao.ran")
    told.answer(item, by="cao.ran")
    last = next(e for e in rows(told, Event) if e.tag == "item:signature:answered")
    assert (last.actor_id, last.on_behalf_of) == (bureau.ids["cao.ran"], bureau.ids["meng.fan"])


def test_what_the_substitute_does_says_in_whose_place_and_twice_is_once(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    who = told.who(item)
    away(bureau, who, "di.san")
    said = told.content(item)
    told.answer(item, said, by="di.san")
    before = told.case().events
    assert told.answer(item, said, by="di.san").id == item.id
    assert told.case().events == before
    with pytest.raises(AlreadyDone):
        told.answer(item, {**said, "conclusion": "unfounded"}, by="di.san")
    with bureau.register.reading() as session:
        step = next(
            row
            for row in timeline(session, bureau.actor("cao.ran"), told.case_id, limited=False)
            if row.tag == "item:investigation:answered"
        )
        names = {n: session.get_one(Person, bureau.ids[n]).name for n in ("di.san", who)}
    assert (step.actor, step.on_behalf_of) == (names["di.san"], names[who])
    assert told_apart(told, "di.san") == {("investigator", True)}
    assert cases(bureau, "di.san") == set(), "with the item done nothing is left to see"
    agree(told, "di.san")
    sound(told)


def told_apart(told: Told, who: str) -> set[tuple[str, bool]]:
    held = rows(told, Participation)
    return {(p.part, p.stood_in) for p in held if p.person_id == told.bureau.ids[who]}


def test_who_stood_in_and_is_given_an_item_later_takes_part_like_anybody(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "legal-review")
    with bureau.register.writing() as session:
        stored = session.get_one(WorkItem, item.id)
        stored.assignee_id = stored.asked_id = bureau.ids["gu.ping"]
    away(bureau, "gu.ping", "lin.yu")
    told.answer(
        item, {"verdict": "supplement", "reason": "缺少事实。", "clauses": [], "outcomes": []}, "lin.yu"
    )
    assert told_apart(told, "lin.yu") == {("legal-reviewer", True)}
    assert (told.case_id in cases(bureau, "lin.yu"), told.case().round) == (False, 2)
    again = waiting(told, "legal-review")
    bureau.clock += timedelta(days=20)
    told.answer(again, by="lin.yu")
    assert told_apart(told, "lin.yu") == {("legal-reviewer", False)}
    assert told.case_id in cases(bureau, "lin.yu")
    agree(told, "lin.yu")


def test_one_person_never_does_both_halves_of_an_investigation(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    lead = told.who(item)
    second = next(n for n in ("tang.wei", "shen.lan") if n != lead)
    away(bureau, lead, second)
    assert box(bureau, second) == set(), "the other investigator of the case"
    with pytest.raises(NotPermitted):
        told.answer(item, by=second)
    agree(told, second)
    bureau.clock += timedelta(days=10)
    away(bureau, lead, "di.san")
    away(bureau, second, "di.san")
    told.answer(item, by="di.san")
    countersign = waiting_now(told, "countersign")
    assert countersign.id not in box(bureau, "di.san")
    agree(told, "di.san")
    with pytest.raises((NotFound, NotPermitted)):
        told.answer(countersign, by="di.san")


def waiting_now(told: Told, kind: str) -> WorkItem:
    return next(i for i in told.open_items() if i.kind == kind)


@pytest.mark.parametrize("part", ["recused", "respondent", "investigator", "panel"])
def test_who_is_tied_to_a_case_never_sees_it_by_standing_in(bureau: Bureau, part: str) -> None:
    told = a_case(bureau)
    item = waiting(told, "legal-review")
    with bureau.register.writing() as session:
        stored = session.get_one(WorkItem, item.id)
        stored.assignee_id = stored.asked_id = bureau.ids["gu.ping"]
    away(bureau, "gu.ping", "lin.yu")
    assert item.id in box(bureau, "lin.yu", Box.STOOD_IN)
    tie(told, "lin.yu", part)
    agree(told, "lin.yu")
    assert item.id not in box(bureau, "lin.yu")
    with pytest.raises((NotFound, NotPermitted, Recused)):
        told.answer(item, by="lin.yu")
    if part == "recused":
        assert cases(bureau, "lin.yu") == set()


def test_nobody_stands_in_for_who_is_tied(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "signature")
    away(bureau, "meng.fan", "cao.ran")
    tie(told, "meng.fan", "recused")
    assert item.id not in box(bureau, "cao.ran")
    agree(told, "cao.ran")


@pytest.mark.parametrize("kind", ["recusal", "ballot"])
def test_votes_and_declarations_stay_with_the_member(bureau: Bureau, kind: str) -> None:
    told = a_case(bureau)
    item = waiting(told, kind)
    member = bureau.username(item.assignee_id or 0)
    with bureau.register.writing() as session:
        home = bureau.organs["zj-yx"]
        session.add_all(
            RoleHolding(person_id=bureau.ids[n], organ_id=home, role=r, valid_from=SINCE)
            for n, r in ((member, "archivist"), ("lin.yu", "archivist"), ("lin.yu", "panel-member"))
        )
    away(bureau, member, "lin.yu")
    assert item.id not in box(bureau, "lin.yu")
    agree(told, "lin.yu")
    with pytest.raises((NotFound, NotPermitted)):
        told.answer(item, by="lin.yu")


def test_revoked_or_over_the_sight_is_gone_at_once_and_both_may_revoke(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    who = told.who(item)
    for by in (who, "di.san", "cao.ran"):
        row = away(bureau, who, "di.san")
        assert cases(bureau, "di.san") == {told.case_id}
        ended = back(bureau, row, by)
        assert back(bureau, row, by).revoked_at == ended.revoked_at
        assert (cases(bureau, "di.san"), box(bureau, "di.san")) == (set(), set())
        with pytest.raises(NotFound):
            told.answer(item, by="di.san")
    row = away(bureau, who, "di.san")
    with pytest.raises(NotFound):
        back(bureau, row, "gu.ping")
    bureau.clock += timedelta(days=30)
    with pytest.raises(AlreadyDone):
        back(bureau, row, who)


def test_a_substitute_does_not_hand_on_claim_or_pass_on(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    away(bureau, told.who(item), "di.san")
    with bureau.register.writing() as session:
        home = bureau.organs["zj-yx"]
        person = Person(username="wu.liu", name="wu.liu")
        session.add(person)
        session.flush()
        bureau.ids["wu.liu"] = person.id or 0
        session.add(RoleHolding(person_id=person.id, organ_id=home, role="investigator", valid_from=SINCE))
    away(bureau, "di.san", "wu.liu")
    assert box(bureau, "wu.liu") == set()
    for verb in (Verb.TRANSFER, Verb.DELEGATE):
        said = ItemVerb(reason="试一试", to="wu.liu")
        with pytest.raises(NotPermitted), bureau.register.writing() as session:
            handle_item(session, item.id, verb, said, actor=bureau.actor("di.san"), now=bureau.now())


def test_who_stands_in_by_another_role_cannot_claim_what_the_group_has(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "screening")
    away(bureau, "he.jun", "gu.ping")
    assert box(bureau, "gu.ping", Box.STOOD_IN) == {item.id}
    with pytest.raises(NotPermitted, match="代理"), bureau.register.writing() as session:
        handle_item(session, item.id, Verb.CLAIM, ItemVerb(), actor=bureau.actor("gu.ping"), now=bureau.now())


def test_loops_over_two_and_three_people_are_refused_and_say_what_why_and_what_next(bureau: Bureau) -> None:
    away(bureau, "tang.wei", "shen.lan")
    with pytest.raises(Conflict, match="成环.*无人办理.*另选代理人"):
        away(bureau, "shen.lan", "tang.wei", days=(9, 12))
    away(bureau, "shen.lan", "di.san")
    with pytest.raises(Conflict, match="→"):
        away(bureau, "di.san", "tang.wei")
    away(bureau, "di.san", "tang.wei", days=(10, 12))


def test_two_halves_of_a_loop_named_at_once_are_not_both_taken(bureau: Bureau) -> None:
    gate, first = threading.Barrier(2), today(bureau)
    pairs = [("tang.wei", "shen.lan"), ("shen.lan", "tang.wei")]
    actors, now = {who: bureau.actor(who) for who, _ in pairs}, bureau.now()

    def name(pair: tuple[str, str]) -> str:
        who, substitute = pair
        said = NewSubstitution(
            person=who, substitute=substitute, first_day=first, last_day=first, why="leave"
        )
        gate.wait(10)
        try:
            with bureau.register.writing() as session:
                name_substitute(session, said, actor=actors[who], now=now)
        except Conflict:
            return "refused"
        return "named"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(name, pairs)) == ["named", "refused"]


def test_the_same_again_is_one_and_what_does_not_fit_is_refused(bureau: Bureau) -> None:
    row = away(bureau, "tang.wei", "di.san")
    assert away(bureau, "tang.wei", "di.san").id == row.id
    refusals: list[tuple[type[CaseworkError], dict[str, Any]]] = [
        (Conflict, {"who": "tang.wei", "substitute": "shen.lan", "days": (9, 11)}),
        (Incomplete, {"who": "shen.lan", "substitute": "shen.lan"}),
        (Incomplete, {"who": "shen.lan", "substitute": "lin.yu"}),
        (Incomplete, {"who": "shen.lan", "substitute": "di.san", "days": (3, 2)}),
        (Incomplete, {"who": "shen.lan", "substitute": "di.san", "days": (-1, 2)}),
        (Incomplete, {"who": "shen.lan", "substitute": "di.san", "days": (0, 180)}),
        (NotFound, {"who": "shen.lan", "substitute": "nobody"}),
        (NotFound, {"who": "nobody", "by": "cao.ran"}),
        (NotPermitted, {"who": "shen.lan", "substitute": "di.san", "by": "gu.ping"}),
        (NotPermitted, {"who": "lu.xin", "substitute": "cao.ran", "by": "cao.ran"}),
        (NotPermitted, {"who": "meng.fan", "substitute": "he.fu", "by": "cao.ran"}),
    ]
    for error, said in refusals:
        with pytest.raises(error):
            away(bureau, **said)
    assert away(bureau, "shen.lan", "di.san", by="cao.ran").named_by == bureau.ids["cao.ran"]


def test_who_is_concerned_sees_the_absence_and_nobody_else(bureau: Bureau) -> None:
    row = away(bureau, "tang.wei", "di.san")
    with bureau.register.reading() as session:
        for who, found in (("tang.wei", 1), ("di.san", 1), ("cao.ran", 1), ("meng.fan", 1), ("gu.ping", 0)):
            seen = substitutions(session, bureau.actor(who), on=today(bureau))
            assert len(seen) == found, who
            assert all((s.id, s.state) == (row.id, "running") for s in seen)


def test_notices_and_reminders_reach_the_substitute_too_unless_tied(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    who = told.who(item)
    away(bureau, who, "di.san")

    def reached() -> set[str]:
        with bureau.register.writing() as session:
            act = Act.on(session, session.get_one(Case, told.case_id), actor=None, now=bureau.now())
            effect = session.exec(
                select(Effect).where(Effect.item_id == item.id, Effect.subject == "work-item")
            ).one()
            return {bureau.username(person) for person in office.recipients(act, effect)}

    assert reached() == {who, "di.san"}
    tie(told, "di.san", "recused")
    assert reached() == {who}


def test_who_stands_in_from_another_organ_finds_the_case_in_lists_too(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    with bureau.register.reading() as session:
        home = session.get_one(Case, told.case_id).organ_id
        elsewhere = next(organ for organ in bureau.organs.values() if organ != home)
        away = StandIn(bureau.ids[told.who(item)], frozenset({(Role.INVESTIGATOR, home)}))
        actor = Actor(bureau.ids["lou.ming"], "", frozenset({(Role.INVESTIGATOR, elsewhere)}))
        lent = replace(actor, stands_in=frozenset({away}))
        assert [row.id for row in list_cases(session, lent).rows] == [told.case_id]
        assert organs_seen(session, lent) != []
        assert list_cases(session, actor).rows == []
        assert organs_seen(session, actor) == []
