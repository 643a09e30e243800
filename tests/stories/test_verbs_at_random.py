"""Return × countersign × members added and removed × recusal × withdrawal × hold, in any order. 任意次序的办理

Every engine that people complain about broke on such a mixture; what must hold after each step is said below.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import col, select

from models.answers import CaseAct, ItemVerb
from models.casework import (
    end_substitution,
    handle_case,
    handle_item,
    item_facts,
    name_substitute,
    verify_all,
)
from models.casework.record import Act
from models.database import Register
from models.declarations import NewSubstitution
from models.queries import case_facts, clock_grounds, inbox
from models.rules.deadlines import beijing_day
from models.rules.errors import CaseworkError
from models.rules.lifecycle import Kind, Stage
from models.rules.permissions import Action, Actor, may
from models.rules.verbs import PERSONAL, WITHDRAWABLE, CaseVerb, Verb
from models.standing_in import away_on, stand_ins
from models.tables import (
    Ballot,
    Case,
    Event,
    Participation,
    Person,
    RoleHolding,
    Seat,
    Substitution,
    WorkItem,
)
from tests.builders import Bureau, a_bureau, a_case

PEOPLE = ("tang.wei", "shen.lan", "di.san", "gu.ping", "meng.fan", "he.fu", "cao.ran", "zhou.kai", "xu.jing")
PANEL = ("fang.min", "qin.yue", "shi.lei", "bai.lu", "jiang.tao", "yan.qing", "wen.bo")
REASON = "任意次序的办理。"
MANAGER = "cao.ran"
ANYBODY = st.sampled_from((*PEOPLE, *PANEL))
NTH = st.integers(0, 6)
ON_CLOCKS = (Verb.SUSPEND, Verb.RESTART, Verb.EXTEND)
PASSING = st.sampled_from([verb for verb in Verb if verb not in (Verb.WITHDRAW, *ON_CLOCKS)])
COLLEAGUES = {"investigator": "di.san", "head": "he.fu", "legal-reviewer": "lin.yu"}
SUBSTITUTES = COLLEAGUES | {"head": "cao.ran", "manager": "meng.fan"}


class Office(RuleBasedStateMachine):
    """One case and everybody who may lay hands on it."""

    bureau: Bureau
    happened: set[str]
    actors: dict[int, Actor]

    def __init__(self) -> None:
        super().__init__()
        self.told = a_case(self.bureau)
        self.known: set[str] = set()

    @initialize(
        until=st.sampled_from(
            ("investigation", "statement", "legal-review", "ballot", "ballot", "signature")
        ),
        stirred=st.booleans(),
    )
    def a_case_comes_so_far(self, until: str, stirred: bool) -> None:
        self.told.go_on(lambda told: any(item.kind == until for item in told.open_items()))
        if stirred:
            self.an_item_goes_round([Verb.DELEGATE, Verb.TAKE_BACK, Verb.RELEASE, Verb.CLAIM, Verb.TRANSFER])
            for role in ("investigator", "legal-reviewer", "head"):
                item = next((i for i in self.told.open_items() if i.role == role), None)
                if item is not None and item.kind in self.told.story.answers:
                    self.goes_away(self.told.who(item), SUBSTITUTES[role], 3)
            self.somebody_answers_in_place(0)
            self.an_absence_ends(0)
            self.somebody_answers(0)
            self.somebody_takes_an_answer_back(0)
            self.periods_stand_still_and_are_prolonged()
            self.the_case_is_held(3)
            self.the_case_is_resumed(1)
            for who in PANEL if self.told.case().stage == Stage.REVIEW else ():
                self.tried(lambda who=who: self.do_case(CaseVerb.REMOVE_MEMBER, MANAGER, to=who))
                if "case:remove-member" in self.happened:
                    break
            self.tried(lambda: self.do_case(CaseVerb.CHALLENGE, "zhou.kai", to="秦越"))
            for item in self.told.open_items():
                if item.kind == Kind.RECUSAL_RULING:
                    self.tried(lambda item=item: self.told.answer(item, {"granted": False, "reason": REASON}))

    def tried(self, act: Callable[[], Any]) -> None:
        """An act that may be refused; a refusal must change nothing."""
        before = self.told.case().model_dump()
        try:
            act()
            refusal = "done"
        except CaseworkError as error:
            refusal = str(error)
        after = self.told.case()
        assert refusal
        assert refusal == "done" or after.model_dump() == before
        with self.bureau.register.reading() as session:
            wanted = select(Event.tag).where(Event.case_id == after.id).order_by(col(Event.seq).desc())
            self.happened.add(session.exec(wanted).first() or "")

    def nth(self, n: int, *, state: str = "open") -> WorkItem | None:
        with self.bureau.register.reading() as session:
            wanted = select(WorkItem).where(WorkItem.case_id == self.told.case_id, WorkItem.state == state)
            items = list(session.exec(wanted.order_by(col(WorkItem.created_at), col(WorkItem.id))))
        return items[n % len(items)] if items else None

    def actor(self, person: int) -> Actor:
        """Somebody with the roles of this bureau, which do not change, and for whom that person stands in today."""
        if person not in self.actors:
            self.actors[person] = self.bureau.actor(self.bureau.username(person))
        known = self.actors[person]
        with self.bureau.register.reading() as session:
            lent = stand_ins(session, person, known.roles, on=beijing_day(self.bureau.clock))
        return replace(known, stands_in=lent)

    def do(self, item: WorkItem, verb: Verb, by: str, **said: Any) -> None:
        with self.bureau.register.writing() as session:
            handle_item(
                session, item.id, verb, ItemVerb(reason=REASON, **said), actor=self.bureau.actor(by),
                now=self.bureau.now(),
            )  # fmt: skip

    def do_case(self, verb: CaseVerb, by: str, **said: Any) -> None:
        with self.bureau.register.writing() as session:
            handle_case(
                session, self.told.case_id, verb, CaseAct(reason=REASON, **said), actor=self.bureau.actor(by),
                now=self.bureau.now(),
            )  # fmt: skip

    # --- what people do -------------------------------------------------------------------------

    @rule(n=NTH)
    def an_item_is_answered(self, n: int) -> None:
        self.somebody_answers(n)

    def somebody_answers(self, n: int) -> None:
        item = self.nth(n)
        if item is None or item.kind == Kind.RECUSAL_RULING or item.kind not in self.told.story.answers:
            return
        self.tried(lambda: self.told.answer(item))

    @rule(n=NTH, granted=st.booleans(), who=ANYBODY)
    def a_head_rules(self, n: int, granted: bool, who: str) -> None:
        item = next((i for i in self.told.open_items() if i.kind == Kind.RECUSAL_RULING), None)
        if item is None or item.assignee_id is None:
            return
        said = {"granted": granted, "person": who if granted else "", "reason": REASON, "replacement": ""}
        if who in ("tang.wei", "shen.lan"):
            said["replacement"] = "di.san"
        self.tried(lambda: self.told.answer(item, said))

    @rule(n=NTH)
    def a_member_steps_aside(self, n: int) -> None:
        item = self.nth(n)
        if item is not None and item.kind == Kind.RECUSAL:
            self.tried(lambda: self.told.answer(item, {"recuse": True, "ground": REASON}))

    @rule()
    def the_case_is_returned(self) -> None:
        for item in self.told.open_items():
            if item.kind == Kind.COUNTERSIGN:
                self.tried(lambda item=item: self.told.answer(item, {"agreed": False, "reason": REASON}))
            if item.kind == Kind.LEGAL_REVIEW:
                said = {"verdict": "supplement", "reason": REASON, "clauses": [], "outcomes": []}
                self.tried(lambda item=item, said=said: self.told.answer(item, said))
            if item.kind == Kind.SIGNATURE:
                said = {"verdict": "return", "reason": REASON, "decisions": []}
                self.tried(lambda item=item, said=said: self.told.answer(item, said))

    @rule(n=NTH, verb=PASSING, by=ANYBODY, to=ANYBODY, fit=st.integers(0, 3))
    def somebody_passes_an_item_on(self, n: int, verb: Verb, by: str, to: str, fit: int) -> None:
        item = self.nth(n)
        if item is None:
            return
        if fit:  # mostly somebody who could, to somebody who might
            by = (
                MANAGER
                if verb is Verb.NUDGE
                else self.told.who(item)
                if item.kind in self.told.story.answers
                else by
            )
            to = COLLEAGUES.get(item.role, to)
        self.tried(lambda: self.do(item, verb, by, to=to))

    @rule(verbs=st.permutations((Verb.DELEGATE, Verb.TAKE_BACK, Verb.RELEASE, Verb.TRANSFER)))
    def items_go_round(self, verbs: list[Verb]) -> None:
        self.an_item_goes_round(verbs)

    def an_item_goes_round(self, verbs: list[Verb]) -> None:
        for item in self.told.open_items():
            if item.role in COLLEAGUES:
                holder = self.bureau.username(item.assignee_id) if item.assignee_id else self.told.who(item)
                for verb in (Verb.CLAIM, *verbs):
                    self.tried(
                        lambda item=item, verb=verb, by=holder: self.do(
                            item, verb, by, to=COLLEAGUES[item.role]
                        )
                    )

    def periods_stand_still_and_are_prolonged(self) -> None:
        with self.bureau.register.reading() as session:
            grounds = [(item, clock_grounds(session, item)) for item in self.told.open_items()]
        for item, of in grounds:
            for verb in ON_CLOCKS:
                for by in (MANAGER, "meng.fan"):
                    ground = next(iter(of.get(verb, ())), "")
                    self.tried(
                        lambda item=item, verb=verb, by=by, ground=ground: self.do(
                            item, verb, by, ground=ground
                        )
                    )

    @rule(n=NTH)
    def an_answer_is_taken_back(self, n: int) -> None:
        self.somebody_takes_an_answer_back(n)

    def somebody_takes_an_answer_back(self, n: int) -> None:
        with self.bureau.register.reading() as session:
            wanted = select(WorkItem).where(
                WorkItem.case_id == self.told.case_id, WorkItem.state == "done", col(WorkItem.kind).in_(WITHDRAWABLE)
            )  # fmt: skip
            done = list(session.exec(wanted.order_by(col(WorkItem.answered_at).desc())))
        if done:
            item = done[n % len(done)]
            self.tried(lambda: self.do(item, Verb.WITHDRAW, self.bureau.username(item.answered_by or 0)))

    @rule(who=st.sampled_from(PANEL))
    def a_member_is_removed(self, who: str) -> None:
        self.tried(lambda: self.do_case(CaseVerb.REMOVE_MEMBER, MANAGER, to=who))

    @rule()
    def alternates_are_added(self) -> None:
        if self.told.case().stage != Stage.REVIEW:
            return
        with self.bureau.register.reading() as session:
            spare = select(Seat).where(Seat.case_id == self.told.case_id, Seat.state == "alternate")
            who = [self.bureau.username(seat.person_id) for seat in session.exec(spare)][:2]
        self.tried(lambda: self.do_case(CaseVerb.ADD_MEMBERS, MANAGER, members=who))

    @rule(by=st.sampled_from(("zhou.kai", "tang.wei", "fang.min")), about=ANYBODY)
    def somebody_applies_for_recusal(self, by: str, about: str) -> None:
        with self.bureau.register.reading() as session:
            name = session.get_one(Person, self.bureau.ids[about]).name
        self.tried(lambda: self.do_case(CaseVerb.CHALLENGE, by, to=name))

    @rule(days=st.integers(1, 20), also=st.integers(0, 3))
    def the_case_is_held_now_and_then(self, days: int, also: int) -> None:
        if not also:  # or nothing else would happen
            self.the_case_is_held(days)

    def the_case_is_held(self, days: int) -> None:
        until = self.bureau.clock.date() + timedelta(days=days)
        self.tried(lambda: self.do_case(CaseVerb.HOLD, MANAGER, until=until))

    @rule(days=st.integers(0, 5))
    def a_held_case_is_resumed(self, days: int) -> None:
        self.the_case_is_resumed(days)

    def the_case_is_resumed(self, days: int) -> None:
        self.bureau.clock += timedelta(days=days)
        self.tried(lambda: self.do_case(CaseVerb.RESUME, MANAGER))

    @rule(away=ANYBODY, to=ANYBODY, fit=st.integers(0, 3), days=st.integers(0, 6))
    def somebody_is_away(self, away: str, to: str, fit: int, days: int) -> None:
        if fit:  # mostly somebody who is asked now, and somebody who could
            item = self.nth(fit)
            if item is None:
                return
            away = self.bureau.username(item.assignee_id) if item.assignee_id else away
            to = SUBSTITUTES.get(item.role, to)
        self.goes_away(away, to, days)

    def goes_away(self, away: str, to: str, days: int) -> None:
        first = beijing_day(self.bureau.clock)
        said = NewSubstitution(
            person=away, substitute=to, first_day=first, last_day=first + timedelta(days=days), why="travel"
        )

        def act() -> None:
            with self.bureau.register.writing() as session:
                name_substitute(session, said, actor=self.bureau.actor(away), now=self.bureau.now())
            self.happened.add("substitution:named")

        self.tried(act)

    @rule(n=NTH)
    def an_absence_ends(self, n: int) -> None:
        with self.bureau.register.reading() as session:
            noted = session.exec(select(Substitution).order_by(col(Substitution.id))).all()
        if not noted:
            return
        row = noted[n % len(noted)]

        def act() -> None:
            by = self.bureau.username(row.substitute_id or row.person_id)
            with self.bureau.register.writing() as session:
                end_substitution(session, row.id, actor=self.bureau.actor(by), now=self.bureau.now())
            self.happened.add("substitution:ended")

        self.tried(act)

    @rule(n=NTH)
    def a_substitute_answers(self, n: int) -> None:
        self.somebody_answers_in_place(n)

    def somebody_answers_in_place(self, n: int) -> None:
        item = self.nth(n)
        if item is None or item.kind not in self.told.story.answers or item.kind == Kind.RECUSAL_RULING:
            return
        with self.bureau.register.reading() as session:
            named = {
                who for who in away_on(session, beijing_day(self.bureau.clock)).values() if who is not None
            }
        for who in sorted(named):
            self.tried(lambda who=who: self.told.answer(item, by=self.bureau.username(who)))

    # --- what must hold -------------------------------------------------------------------------

    @invariant()
    def what_was_done_in_place_was_fit_and_no_vote_or_declaration(self) -> None:
        with self.bureau.register.reading() as session:
            events = session.exec(select(Event).where(Event.case_id == self.told.case_id)).all()
            for event in events:
                if event.on_behalf_of is not None and event.tag.endswith(":answered"):
                    item = session.get_one(WorkItem, event.data["item"])
                    assert Kind(item.kind) not in PERSONAL
                    assert event.actor_id != event.on_behalf_of
                    if item.delegated_by is None:
                        self.happened.add("substitution:answered")

    @invariant()
    def lists_and_ruling_agree_for_who_stands_in(self) -> None:
        with self.bureau.register.reading() as session:
            case, facts = case_facts(session, self.told.case_id)
            act = Act.on(session, case, actor=None, now=self.bureau.clock)
            assert (act.facts.waiting, act.facts.queues) == (facts.waiting, facts.queues)
            wanted = select(WorkItem).where(WorkItem.case_id == case.id, WorkItem.state == "open")
            items = session.exec(wanted).all()
            named = away_on(session, beijing_day(self.bureau.clock)).values()
            for actor in (self.actor(person) for person in sorted(who for who in named if who)):
                ruled = {i.id for i in items if may(actor, Action.ANSWER, facts, item=item_facts(i)).ok}
                found = inbox(session, actor, limit=100).rows
                assert {row.id for row in found if row.case_id == case.id} == ruled, actor

    @invariant()
    def no_item_is_lost(self) -> None:
        with self.bureau.register.reading() as session:
            ids = set(session.exec(select(WorkItem.id).where(WorkItem.case_id == self.told.case_id)))
        assert self.known <= ids
        self.known = ids

    @invariant()
    def nobody_votes_twice_or_without_a_seat(self) -> None:
        with self.bureau.register.reading() as session:
            case = session.get_one(Case, self.told.case_id)
            here = (Ballot.case_id == case.id, Ballot.round == case.round)
            cast = [(b.respondent_id, b.person_id) for b in session.exec(select(Ballot).where(*here))]
            seats = select(Seat).where(
                Seat.case_id == case.id, Seat.round == case.round, Seat.state == "sitting"
            )
            sitting = {seat.person_id for seat in session.exec(seats)}
        assert len(set(cast)) == len(cast)
        assert {person for _, person in cast} <= sitting

    @invariant()
    def who_is_recused_finds_nothing(self) -> None:
        with self.bureau.register.reading() as session:
            parts = select(Participation).where(Participation.case_id == self.told.case_id)
            recused = {p.person_id for p in session.exec(parts) if p.part == "recused"}
            act = Act.on(session, session.get_one(Case, self.told.case_id), actor=None, now=self.bureau.clock)
        for person in recused:
            actor = self.actor(person)
            assert may(actor, Action.SEE, act.facts).hidden
            with self.bureau.register.reading() as session:
                found = inbox(session, actor, limit=100).rows
            assert self.told.case_id not in {row.case_id for row in found}

    @invariant()
    def no_pair_is_bypassed(self) -> None:
        with self.bureau.register.reading() as session:
            wanted = select(WorkItem).where(WorkItem.case_id == self.told.case_id, WorkItem.state == "done")
            done = {(i.kind, i.round): i.answered_by for i in session.exec(wanted)}
            parts: dict[int, set[str]] = {}
            for row in session.exec(select(Participation).where(Participation.case_id == self.told.case_id)):
                parts.setdefault(row.person_id, set()).add(row.part)
        for (kind, number), person in done.items():
            if kind == Kind.COUNTERSIGN:
                assert person != done[(Kind.INVESTIGATION.value, number)]
        for held in parts.values():
            assert not {"panel", "investigator"} <= held
            assert not {"panel", "legal-reviewer"} <= held

    @invariant()
    def somebody_can_act_or_the_case_says_why_not(self) -> None:
        case = self.told.case()
        if case.state != "open" or case.held_until is not None:
            assert case.state != "open" or case.hold_reason
            return
        with self.bureau.register.reading() as session:
            act = Act.on(session, session.get_one(Case, case.id), actor=None, now=self.bureau.clock)
        waiting = self.told.open_items()
        assert any(
            may(self.actor(person), Action.ANSWER, act.facts, item=item_facts(item)).ok
            for item in waiting
            for person in ([item.assignee_id] if item.assignee_id else self.bureau.ids.values())
        ), [(i.kind, i.assignee_id) for i in waiting]

    def teardown(self) -> None:
        with self.bureau.register.reading() as session:
            assert [broken for _, broken in verify_all(session) if broken] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_whatever_people_do_in_whatever_order_the_case_stays_whole(register: Register) -> None:
    bureau = a_bureau(register)
    with register.writing() as session:
        for username, role in (("di.san", "investigator"), ("he.fu", "head"), ("lin.yu", "legal-reviewer")):
            person = Person(username=username, name=username)
            session.add(person)
            session.flush()
            bureau.ids[username] = person.id or 0
            session.add(
                RoleHolding(
                    person_id=person.id,
                    organ_id=bureau.organs["zj-yx"],
                    role=role,
                    valid_from=date(2019, 1, 1),
                )
            )
    machine = type(
        "OfficeOfThisBureau", (Office,), {"bureau": bureau, "happened": (happened := set()), "actors": {}}
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=14,
            stateful_step_count=20,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    # The mixture is one only if everything has really happened.
    verbs = {tag.rsplit(":", 1)[1] for tag in happened}
    assert {f"substitution:{what}" for what in ("named", "ended", "answered")} <= happened
    assert {v.value for v in Verb} | {v.value for v in CaseVerb if v is not CaseVerb.COPY} <= verbs
    assert {"item:recusal-ruling:answered", "item:recusal:answered", "item:countersign:answered"} <= happened
