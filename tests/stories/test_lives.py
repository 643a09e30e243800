"""Whole cases, intake to archive, and the ways in which they must not go. 案件全程"""

import pytest
from sqlmodel import col, select

from models.casework import answer_work_item, verify_all
from models.database import Register
from models.rules.errors import AlreadyDone, Incomplete, Locked, NotFound, NotPermitted, Stale
from models.rules.lifecycle import Stage
from models.tables import Ballot, Decision, Effect, Event, Match, Seat, WorkItem
from tests.builders import Bureau, Told, a_bureau, a_case


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def rows(told: Told, table: type, **where: object) -> list:
    with told.bureau.register.reading() as session:
        wanted = select(table).where(table.case_id == told.case_id)
        for name, value in where.items():
            wanted = wanted.where(getattr(table, name) == value)
        return list(session.exec(wanted))


def test_who_made_the_formal_review_is_exempted_and_the_dissent_is_kept_by_name(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to_the_end()
    assert told.case().state == "archived"
    assert {d.outcome for d in rows(told, Decision)} == {"exempt"}
    confirmed = {m.clause for m in rows(told, Match, confirmed=True)}
    assert confirmed == {"exempt-41", "exempt-42"}
    against = {b.person_id for b in rows(told, Ballot, outcome="accountable")}
    assert [set(d.tally["dissenters"]) for d in rows(told, Decision)] == [against, against]
    certificates = rows(told, Effect, subject="dissent-certificate", kind="document")
    assert {e.person_id for e in certificates} == against
    with bureau.register.reading() as session:
        assert [broken for _, broken in verify_all(session)] == [None]


def test_who_did_nothing_wrong_is_not_exempted_but_cleared(bureau: Bureau) -> None:
    told = a_case(bureau, "r1").to_the_end()
    assert told.case().state == "archived"
    assert [d.outcome for d in rows(told, Decision)] == ["no-fault"]
    assert rows(told, Match) == []
    assert rows(told, Effect, subject="clearing-letter")


def test_a_demanded_favour_is_transferred_and_the_own_branch_is_locked(bureau: Bureau) -> None:
    told = a_case(bureau, "r5").to_the_end()
    assert told.case().state == "transferred"
    signature = told.item("signature")
    other = told.story.answer_as("accountable", told.respondents)
    before = len(rows(told, Event))
    with pytest.raises(Locked):
        told.answer(signature, other, by="meng.fan")
    a_second = a_case(bureau, "r5").to(Stage.DECISION)
    with pytest.raises(Incomplete):
        a_second.answer(a_second.item("signature"), a_second.story.answer_as("exempt", a_second.respondents))
    assert len(rows(told, Event)) == before
    reply = {"result": "returned", "authority": "章江市云溪区监察委员会", "summary": "退回本机关处理。"}
    told.answer(told.item("authority-reply"), reply, by="cao.ran")
    assert (told.case().stage, told.case().round, told.case().state) == ("verification", 2, "open")


def test_a_case_the_head_returns_can_still_end_exempt(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.DECISION)
    told.answer(told.item("signature"), {"verdict": "return", "reason": "请补充讨论审核岗位的注意义务。"})
    assert (told.case().stage, told.case().round) == ("review", 2)
    told.to_the_end()
    assert told.case().state == "archived"
    assert {d.outcome for d in rows(told, Decision, round=2)} == {"exempt"}


def test_a_head_who_differs_from_the_majority_gives_a_written_reason(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.DECISION)
    other = told.story.answer_as("accountable", told.respondents)
    for said in other["decisions"]:
        said["reason"] = "……"
    with pytest.raises(Incomplete, match="理由"):
        told.answer(told.item("signature"), other)
    assert told.item("signature").state == "open"


def test_nobody_is_held_to_account_when_neither_list_names_a_ground(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.DECISION)
    other = told.story.answer_as("accountable", told.respondents)
    before = rows(told, Decision)
    for _ in range(2):
        with pytest.raises(Incomplete, match="追究没有依据"):
            told.answer(told.item("signature"), other)
    assert rows(told, Decision) == before
    told.answer(told.item("signature"), {"verdict": "return", "reason": "请核查是否有未履行的职责。"})
    assert told.case().stage != Stage.DECISION


def test_a_recused_member_loses_sight_and_an_alternate_sits(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.REVIEW)
    item = next(i for i in told.open_items() if i.kind == "recusal")
    member = told.who(item)
    told.answer(item, {"recuse": True, "ground": "与被核查人员系近亲属。"})
    seats = rows(told, Seat)
    assert sum(s.state == "sitting" for s in seats) == 5
    assert [s.person_id for s in seats if s.state == "recused"] == [bureau.ids[member]]
    told.go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballot = next(i for i in told.open_items() if i.kind == "ballot")
    with pytest.raises(NotFound):
        told.answer(ballot, by=member)
    told.to_the_end()
    assert told.case().state == "archived"


def test_a_panel_never_shrinks_in_silence(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.REVIEW)
    for _ in range(3):  # seven in the pool: two alternates, then nobody
        item = next(i for i in told.open_items() if i.kind == "recusal")
        told.answer(item, {"recuse": True, "ground": "曾参与相关登记业务的指导。"})
    kinds = {i.kind for i in told.open_items()}
    assert kinds == {"convening"}
    convening = told.item("convening")
    with pytest.raises(Incomplete, match="单数"):
        told.answer(convening, {"members": ["luo.ying", "zou.he"], "reason": "补足两人。"}, by="cao.ran")
    with pytest.raises(NotPermitted):
        told.answer(convening, {"members": ["tang.wei"], "reason": "由调查人员补足。"}, by="cao.ran")
    told.answer(convening, {"members": ["lu.xin"], "reason": "请公开审查员参加审议。"}, by="cao.ran")
    assert sum(s.state == "sitting" for s in rows(told, Seat)) == 5


def test_a_session_without_quorum_or_majority_does_not_decide(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.REVIEW)
    told.go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    closing = told.item("close-session")
    with pytest.raises(Incomplete, match="票"):
        told.answer(closing)
    votes = ["exempt", "exempt", "accountable", "accountable", "supplement"]
    for outcome, item in zip(votes, told.ballots(), strict=True):
        cast = [
            {"respondent": r, "outcome": outcome, "reason": "本人意见。"} for r in told.respondents.values()
        ]
        told.answer(item, {"votes": cast})
    with pytest.raises(Incomplete, match="多数"):
        told.answer(closing)
    ties = [
        {"respondent": r, "outcome": "exempt", "reason": "形式审查义务已经履行。"}
        for r in told.respondents.values()
    ]
    told.answer(closing, {"summary": "没有多数意见，由主持人说明理由。", "ties": ties})
    assert told.case().stage == "decision"


def test_facts_that_are_missing_open_a_new_round_and_keep_the_old_one(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.MATCHING)
    told.answer(told.item("legal-review"), {"verdict": "supplement", "reason": "请补充受理时间的证据。"})
    assert (told.case().stage, told.case().round) == ("verification", 2)
    told.to_the_end()
    assert told.case().state == "archived"
    assert {i.round for i in rows(told, WorkItem) if i.kind == "investigation"} == {1, 2}


def test_nobody_is_on_both_sides(bureau: Bureau) -> None:
    told = a_case(bureau, "r2")
    with pytest.raises(NotPermitted):
        told.answer(told.item("screening"), by="luo.ying")
    with pytest.raises(NotFound):  # an officer does not even learn of a case before it is accepted
        told.answer(told.item("screening"), by="zhou.kai")
    mine = dict(told.story.answers["screening"]) | {"investigators": ["tang.wei", "tang.wei"]}
    with pytest.raises(Incomplete, match="两名"):
        told.answer(told.item("screening"), mine)
    told.to(Stage.MATCHING)
    with pytest.raises(NotPermitted):
        told.answer(told.item("legal-review"), by="tang.wei")
    told.to(Stage.REVIEW).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballot = next(i for i in told.open_items() if i.kind == "ballot")
    with pytest.raises(NotFound):
        told.answer(ballot, by="zhou.kai")
    assert rows(told, Ballot) == []


def test_the_same_answer_twice_is_one_and_another_is_refused(bureau: Bureau) -> None:
    told = a_case(bureau, "r2")
    item = told.item("screening")
    said = told.content(item)
    told.answer(item, said)
    before = len(rows(told, Event))
    told.answer(item, said)
    assert len(rows(told, Event)) == before
    with pytest.raises(AlreadyDone):
        told.answer(item, dict(said) | {"reason": "另一种理由。"})
    assert len(rows(told, Event)) == before


def test_a_stale_page_changes_nothing(bureau: Bureau) -> None:
    told = a_case(bureau, "r2")
    item = told.item("screening")
    with pytest.raises(Stale), bureau.register.writing() as session:
        answer_work_item(
            session,
            item.id,
            told.content(item),
            actor=bureau.actor("he.jun"),
            now=bureau.now(),
            expect_version=item.version + 1,
        )
    assert told.case().stage == "intake"


def test_ballots_stay_sealed_in_item_and_event(bureau: Bureau) -> None:
    told = a_case(bureau, "r2").to(Stage.REVIEW)
    told.go_on(lambda t: any(i.kind == "ballot" and i.state == "done" for i in rows(t, WorkItem)))
    item = next(i for i in rows(told, WorkItem) if i.kind == "ballot" and i.state == "done")
    assert set(item.answer) == {"sealed"}
    with bureau.register.reading() as session:
        last = session.exec(
            select(Event).where(Event.case_id == told.case_id).order_by(col(Event.seq).desc())
        ).first()
    assert "exempt" not in str(last.data)
    assert last.reason == ""


def test_a_changed_event_is_found_and_named(bureau: Bureau) -> None:
    told = a_case(bureau, "r1").to_the_end()
    with bureau.register.writing() as session:
        second = session.exec(select(Event).where(Event.case_id == told.case_id, Event.seq == 2)).one()
        second.reason = "事后修改"
    with bureau.register.reading() as session:
        broken = next(b for _, b in verify_all(session))
    assert broken is not None
    assert (broken.case_id, broken.seq) == (told.case_id, 2)
