"""What people do with a work item or a case besides answering. 办理动作"""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from models.answers import CaseAct, ItemVerb
from models.casework import handle_case, handle_item, remind, resume_due, save_draft, verify_all
from models.database import Register
from models.queries import draft_of
from models.rules.errors import (
    AlreadyDone,
    Conflict,
    Incomplete,
    Locked,
    NotFound,
    NotPermitted,
    Stale,
    WrongStage,
)
from models.rules.lifecycle import Stage
from models.rules.verbs import CaseVerb, Verb
from models.tables import Ballot, Clock, Draft, Effect, Event, Person, RoleHolding, Seat, WorkItem
from models.vault import unseal_vote
from tests.builders import Bureau, Told, a_bureau, a_case

WHY = "本人出差，不能按期办理。"


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def hire(bureau: Bureau, username: str, role: str, organ: int) -> None:
    """One more person with a role."""
    with bureau.register.writing() as session:
        person = Person(username=username, name=username)
        session.add(person)
        session.flush()
        bureau.ids[username] = person.id or 0
        session.add(RoleHolding(person_id=person.id, organ_id=organ, role=role, valid_from=date(2019, 1, 1)))


def do(
    told: Told, item: WorkItem, verb: Verb, by: str, *, version: int | None = None, **said: Any
) -> WorkItem:
    bureau = told.bureau
    with bureau.register.writing() as session:
        return handle_item(
            session,
            item.id,
            verb,
            ItemVerb(**said),
            actor=bureau.actor(by),
            now=bureau.now(),
            expect_version=version,
        )


def do_case(told: Told, verb: CaseVerb, by: str, **said: Any) -> None:
    bureau = told.bureau
    with bureau.register.writing() as session:
        handle_case(
            session,
            told.case_id,
            verb,
            CaseAct(**{"reason": WHY, **said}),
            actor=bureau.actor(by),
            now=bureau.now(),
        )


def last(told: Told) -> Event:
    with told.bureau.register.reading() as session:
        wanted = select(Event).where(Event.case_id == told.case_id).order_by(col(Event.seq).desc())
        return session.exec(wanted).first()  # type: ignore[return-value]


def rows(told: Told, table: Any) -> list[Any]:
    with told.bureau.register.reading() as session:
        return list(session.exec(select(table).where(table.case_id == told.case_id).order_by(table.id)))


def waiting(told: Told, kind: str) -> WorkItem:
    told.go_on(lambda t: any(i.kind == kind for i in t.open_items()))
    return next(i for i in told.open_items() if i.kind == kind)


def sound(told: Told) -> None:
    with told.bureau.register.reading() as session:
        assert [broken for _, broken in verify_all(session) if broken] == []


def test_a_shared_item_is_claimed_by_one_and_given_back(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = told.item("screening")
    who = told.who(item)
    claimed = do(told, item, Verb.CLAIM, who)
    assert (claimed.assignee_id, claimed.asked_id) == (bureau.ids[who], None)
    assert do(told, item, Verb.CLAIM, who).version == claimed.version
    assert last(told).tag == "item:screening:claim"
    assert do(told, item, Verb.RELEASE, who).assignee_id is None
    with pytest.raises(NotFound):
        do(told, item, Verb.CLAIM, "lou.ming")
    told.answer(told.item("screening"))
    with pytest.raises((NotPermitted, Conflict)):
        do(told, item, Verb.RELEASE, who)
    sound(told)


def test_an_item_is_passed_on_with_a_reason_and_the_old_version_is_stale(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    item = told.item("investigation")
    lead, second = (
        told.who(item),
        told.who(told.item("countersign")) if told.item("countersign") else "shen.lan",
    )
    others = [u for u, i in bureau.ids.items() if ("investigator", 1) and u not in (lead, second)]
    assert others
    with pytest.raises(Incomplete, match="理由"):
        do(told, item, Verb.TRANSFER, lead, to="shen.lan")
    with pytest.raises(NotFound):
        do(told, item, Verb.TRANSFER, lead, to="nobody", reason=WHY)
    with pytest.raises(NotPermitted, match="两名不同"):
        do(told, item, Verb.TRANSFER, lead, to="shen.lan", reason=WHY)
    with pytest.raises(NotPermitted, match="没有该角色"):
        do(told, item, Verb.TRANSFER, lead, to="gu.ping", reason=WHY)
    hire(bureau, "di.san", "investigator", item.organ_id)
    with pytest.raises(Stale):
        do(told, item, Verb.TRANSFER, lead, to="di.san", reason=WHY, version=9)
    taken = do(told, item, Verb.TRANSFER, lead, to="di.san", reason=WHY, version=1)
    assert (taken.assignee_id, taken.version) == (bureau.ids["di.san"], 2)
    with pytest.raises(NotPermitted, match="指定他人"):
        told.answer(item, by=lead)
    told.answer(told.item("investigation"), by="di.san")
    assert told.who(told.item("countersign")) == "shen.lan"
    sound(told)


def test_a_delegate_acts_on_behalf_and_cannot_pass_it_on(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.DECISION)
    item = told.item("signature")
    hire(bureau, "he.fu", "head", item.organ_id)
    head = told.who(item)
    do(told, item, Verb.CLAIM, head)
    given = do(told, item, Verb.DELEGATE, head, to="he.fu", reason=WHY)
    assert (given.assignee_id, given.delegated_by) == (bureau.ids["he.fu"], bureau.ids[head])
    with pytest.raises(NotPermitted, match="委派给您的"):
        do(told, item, Verb.DELEGATE, "he.fu", to=head, reason=WHY)
    back = do(told, item, Verb.TAKE_BACK, head)
    assert (back.assignee_id, back.delegated_by) == (bureau.ids[head], None)
    do(told, item, Verb.DELEGATE, head, to="he.fu", reason="再次出差。")
    told.answer(told.item("signature"), by="he.fu")
    signed = [e for e in rows(told, Event) if e.tag == "item:signature:answered"][-1]
    assert (signed.actor_id, signed.on_behalf_of) == (bureau.ids["he.fu"], bureau.ids[head])
    sound(told)


def test_what_is_personal_cannot_be_passed_on(bureau: Bureau) -> None:
    told = a_case(bureau)
    for kind in ("statement", "recusal", "ballot"):
        item = waiting(told, kind)
        for verb in (Verb.TRANSFER, Verb.DELEGATE):
            with pytest.raises(NotPermitted, match="本人办理"):
                do(told, item, verb, told.who(item), to="tang.wei", reason=WHY)


def test_a_vote_is_changed_before_the_box_is_opened_and_only_the_last_counts(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    who = told.who(item)
    told.answer(item)
    first = rows(told, Ballot)
    again = do(told, item, Verb.WITHDRAW, who)
    assert (again.state, again.answer, rows(told, Ballot)) == ("open", None, [])
    with bureau.register.reading() as session:
        draft = draft_of(session, bureau.actor(who), item.id)
    cast = [json.loads(unseal_vote(b.sealed)) for b in first]
    assert [v["outcome"] for v in draft["votes"]] == [vote["outcome"] for vote in cast]
    assert [set(d.content) for d in _all(bureau, Draft) if d.item_id == item.id] == [{"sealed"}]
    changed = [
        {"respondent": r, "outcome": "mitigate", "reason": "再次阅卷后改变意见。"}
        for r in told.respondents.values()
    ]
    try:
        told.answer(told.item("ballot", item.slot), {"votes": changed}, by=who)
    except Incomplete:
        told.answer(told.item("ballot", item.slot), by=who)
    tags = [e.tag for e in rows(told, Event) if e.actor_id == bureau.ids[who] and "ballot" in e.tag]
    assert tags == ["item:ballot:answered", "item:ballot:withdraw", "item:ballot:answered"]
    assert all("mitigate" not in str(e.data) and "exempt" not in str(e.data) for e in rows(told, Event)[-2:])
    assert len(rows(told, Ballot)) == len(told.respondents)
    told.to(Stage.DECISION)
    with pytest.raises((Conflict, NotPermitted)):
        do(told, item, Verb.WITHDRAW, who)
    sound(told)


def test_a_vote_that_comes_too_late_is_told_why(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    who = told.who(item)
    said = {
        "votes": [
            {"respondent": r, "outcome": "exempt", "reason": "符合容错情形。"}
            for r in told.respondents.values()
        ]
    }
    other = {"votes": [vote | {"reason": "另一窗口的理由。"} for vote in said["votes"]]}
    told.answer(item, said, by=who)
    cast = len(rows(told, Ballot))
    told.answer(item, said, by=who)  # the very same again is no second vote
    with pytest.raises(AlreadyDone, match="已经投票"):
        told.answer(item, other, by=who)
    assert len(rows(told, Ballot)) == cast
    told.to(Stage.DECISION)
    with pytest.raises(WrongStage, match="已经结束并开箱计票"):
        told.answer(item, other, by=who)
    sound(told)


def test_a_member_removed_while_voting_is_told_so(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    who = told.who(item)
    do_case(told, CaseVerb.REMOVE_MEMBER, "cao.ran", to=who)
    with pytest.raises(WrongStage, match="不在本轮审议组"):
        told.answer(item, by=who)
    assert [b for b in rows(told, Ballot) if b.person_id == bureau.ids[who]] == []
    sound(told)


def _all(bureau: Bureau, table: Any) -> list[Any]:
    with bureau.register.reading() as session:
        return list(session.exec(select(table)))


def test_two_seals_of_the_same_vote_differ_so_that_nobody_can_try_votes_out(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    who, said = told.who(item), told.content(item)
    sealed = told.answer(item, said).answer
    assert told.answer(told.item("ballot", item.slot), said, by=who).answer == sealed
    do(told, item, Verb.WITHDRAW, who)
    assert told.answer(told.item("ballot", item.slot), said, by=who).answer != sealed


def test_a_vote_taken_back_puts_the_chairs_vote_off_until_it_is_cast_again(bureau: Bureau) -> None:
    told = a_case(bureau)
    first = waiting(told, "ballot")
    chair = told.item("close-session").assignee_id
    for own in told.ballots():
        if own.assignee_id == chair:
            break
        told.answer(own)
    said = told.content(own)
    with bureau.register.writing() as session:
        save_draft(session, own.id, said, actor=bureau.actor(told.who(own)), now=bureau.now())
    do(told, first, Verb.WITHDRAW, told.who(first))
    assert told.item("ballot", own.slot).state == "cancelled"
    with pytest.raises(WrongStage, match="主持人最后表决"):
        told.answer(own, said)
    told.answer(told.item("ballot", first.slot))
    with bureau.register.reading() as session:
        assert draft_of(session, bureau.actor(told.who(own)), own.id) == said
    told.answer(told.item("ballot", own.slot), said)
    told.answer(told.item("close-session"))
    assert told.case().stage == Stage.DECISION


def test_a_statement_is_taken_back_before_anybody_acts_on_it(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "statement")
    who = told.who(item)
    told.answer(item)
    back = do(told, item, Verb.WITHDRAW, who)
    assert back.state == "open"
    with bureau.register.reading() as session:
        clock = session.exec(select(Clock).where(Clock.item_id == item.id)).one()
        assert clock.closed_at is None
    told.answer(told.item("statement", item.slot))
    told.answer(next(i for i in told.open_items() if i.kind == "statement"))
    with pytest.raises(Conflict, match="已有其他办理"):
        do(told, item, Verb.WITHDRAW, who)


def test_urging_is_limited_and_reaches_who_has_the_item(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    item = told.item("investigation")
    with pytest.raises(NotPermitted, match="本人办理"):
        do(told, item, Verb.NUDGE, told.who(item))
    do(told, item, Verb.NUDGE, "cao.ran", reason="请抓紧。")
    with pytest.raises(Conflict, match="二十四小时"):
        do(told, item, Verb.NUDGE, "cao.ran", reason="再请抓紧。")
    bureau.clock += timedelta(hours=25)
    do(told, item, Verb.NUDGE, "cao.ran", reason="再请抓紧。")
    assert sum(e.subject == "nudge" for e in rows(told, Effect)) == 2


def test_a_case_on_hold_is_answered_by_nobody_and_its_periods_are_longer(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    item = told.item("investigation")
    until = (bureau.clock + timedelta(days=10)).date()
    with pytest.raises(NotPermitted):
        do_case(told, CaseVerb.HOLD, "tang.wei", until=until)
    with pytest.raises(Incomplete, match="晚于今天"):
        do_case(told, CaseVerb.HOLD, "cao.ran", until=bureau.clock.date())
    do_case(told, CaseVerb.HOLD, "cao.ran", until=until)
    events = told.case().events
    do_case(told, CaseVerb.HOLD, "cao.ran", until=until)
    assert told.case().events == events
    with pytest.raises(Locked, match="中止"):
        told.answer(item)
    with pytest.raises(Locked, match="中止"):
        do(told, item, Verb.NUDGE, "cao.ran", reason="快。")
    with bureau.register.writing() as session:
        assert remind(session, now=bureau.clock + timedelta(days=400)).cases == ()
    due = told.item("investigation").due_on
    assert due is not None
    bureau.clock += timedelta(days=11)
    with bureau.register.writing() as session:
        assert resume_due(session, now=bureau.now(), today=bureau.clock.date()) == [told.case_id]
        assert resume_due(session, now=bureau.now(), today=bureau.clock.date()) == []
    later = told.item("investigation").due_on
    assert later is not None
    assert later > due
    told.answer(told.item("investigation"))
    sound(told)


def test_held_and_resumed_on_one_day_changes_no_period(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    due = told.item("investigation").due_on
    do_case(told, CaseVerb.HOLD, "cao.ran", until=(bureau.clock + timedelta(days=3)).date())
    do_case(told, CaseVerb.RESUME, "cao.ran")
    do_case(told, CaseVerb.RESUME, "cao.ran")
    assert told.item("investigation").due_on == due


def test_a_copy_reaches_only_who_may_see_the_case(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    with pytest.raises(Incomplete, match="不增加权限"):
        do_case(told, CaseVerb.COPY, "cao.ran", to="lou.ming")
    do_case(told, CaseVerb.COPY, "tang.wei", to="cao.ran")
    assert [e.person_id for e in rows(told, Effect) if e.subject == "copy"] == [bureau.ids["cao.ran"]]


def _seats(told: Told, state: str) -> list[int]:
    return [s.person_id for s in rows(told, Seat) if s.state == state]


def test_a_member_who_is_removed_while_voting_leaves_no_vote_behind(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    told.answer(item)
    gone = told.who(item)
    do_case(told, CaseVerb.REMOVE_MEMBER, "cao.ran", to=gone)
    events = told.case().events
    do_case(told, CaseVerb.REMOVE_MEMBER, "cao.ran", to=gone)
    assert told.case().events == events
    assert [b for b in rows(told, Ballot) if b.person_id == bureau.ids[gone]] == []
    with pytest.raises((Conflict, NotPermitted, NotFound)):
        do(told, item, Verb.WITHDRAW, gone)
    told.to_the_end()
    assert told.case().state == "archived"
    sound(told)


def test_members_are_added_two_at_a_time_and_declare_first(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "ballot")
    spare = [bureau.username(i) for i in _seats(told, "alternate")]
    if len(spare) < 2:
        pytest.skip("the demonstration has too few alternates")
    with pytest.raises(Incomplete, match="单数"):
        do_case(told, CaseVerb.ADD_MEMBERS, "cao.ran", members=spare[:1])
    with pytest.raises(Incomplete, match="名单"):
        do_case(told, CaseVerb.ADD_MEMBERS, "cao.ran", members=["lou.ming", spare[0]])
    do_case(told, CaseVerb.ADD_MEMBERS, "cao.ran", members=spare[:2])
    assert len(_seats(told, "sitting")) == 7
    assert {i.kind for i in told.open_items()} == {"recusal"}
    told.to(Stage.DECISION)
    sound(told)


def test_whoever_leads_the_officer_concerned_is_neither_added_nor_moved_up(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "ballot")
    first, second = (bureau.username(i) for i in _seats(told, "alternate")[:2])
    station = bureau.organs["zj-yx-cn"]
    with bureau.register.writing() as session:  # appointed meanwhile
        session.add(
            RoleHolding(
                person_id=bureau.ids[first], organ_id=station, role="manager", valid_from=date(2019, 1, 1)
            )
        )
    with pytest.raises(Incomplete, match="直接领导"):
        do_case(told, CaseVerb.ADD_MEMBERS, "cao.ran", members=[first, second])
    gone = bureau.username(_seats(told, "sitting")[-1])
    do_case(told, CaseVerb.REMOVE_MEMBER, "cao.ran", to=gone)
    assert bureau.ids[first] not in _seats(told, "sitting")
    assert bureau.ids[second] in _seats(told, "sitting")
    sound(told)


def test_an_officer_applies_for_recusal_and_a_head_who_is_free_rules(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    told.answer(item)
    voter = told.who(item)
    with bureau.register.reading() as session:
        name = session.get_one(Person, bureau.ids[voter]).name
    do_case(told, CaseVerb.CHALLENGE, "zhou.kai", to=name, reason="与本人有个人纠纷。")
    events = told.case().events
    do_case(told, CaseVerb.CHALLENGE, "zhou.kai", to=name, reason="与本人有个人纠纷。")
    assert told.case().events == events
    ruling = told.item("recusal-ruling")
    head = told.who(ruling)
    assert head not in (voter, "zhou.kai")
    closing = told.item("close-session")
    for other in [i for i in told.open_items() if i.kind == "ballot"]:
        told.answer(other)
    with pytest.raises(Incomplete, match="回避申请没有裁定"):
        told.answer(closing)
    with pytest.raises(NotPermitted):
        told.answer(ruling, {"granted": False, "reason": "没有依据。"}, by="cao.ran")
    with pytest.raises(Incomplete, match="参与办理"):
        told.answer(ruling, {"granted": True, "person": "lou.ming", "reason": "属实。"}, by=head)
    told.answer(ruling, {"granted": True, "person": voter, "reason": "纠纷属实，可能影响公正。"}, by=head)
    assert bureau.ids[voter] in _seats(told, "recused")
    assert [b for b in rows(told, Ballot) if b.person_id == bureau.ids[voter]] == []
    with pytest.raises(NotFound):
        do(told, item, Verb.WITHDRAW, voter)
    told.to_the_end()
    assert told.case().state == "archived"
    sound(told)


def test_an_investigator_who_has_to_step_aside_is_replaced_at_once(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    hire(bureau, "di.san", "investigator", told.item("investigation").organ_id)
    do_case(told, CaseVerb.CHALLENGE, "zhou.kai", to="唐蔚", reason="与举报人是亲属。")
    ruling = told.item("recusal-ruling")
    said = {"granted": True, "person": "tang.wei", "reason": "属实。"}
    with pytest.raises(Incomplete, match="接替"):
        told.answer(ruling, said)
    told.answer(ruling, said | {"replacement": "di.san"})
    lead = told.item("investigation")
    assert bureau.username(lead.assignee_id or 0) == "shen.lan"
    told.answer(lead, by="shen.lan")
    assert bureau.username(told.item("countersign").assignee_id or 0) == "di.san"
    sound(told)
