"""What goes wrong in real bureaus, and how the case finds its way again. 曲折的案件"""

from datetime import date

import pytest
from sqlmodel import col, select

from models.casework import answer_work_item
from models.database import Register
from models.rules.errors import CaseworkError, Incomplete, NotFound, NotPermitted, Recused
from models.rules.lifecycle import Stage
from models.tables import Person, RoleHolding, Seat, WorkItem
from tests.builders import Bureau, Told, a_bureau, a_case

TRANSFER = {
    "verdict": "transfer",
    "reason": "反映的是涉嫌职务违法问题，应当由监察机关处理。",
    "authority": "章江市云溪区监察委员会",
    "criminal_flag": True,
}
ALIKE = "本人与被核查人员是近亲属，应当回避。"


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def retire(bureau: Bureau, *usernames: str) -> None:
    """These people hold no office any more."""
    with bureau.register.writing() as session:
        ids = [bureau.ids[name] for name in usernames]
        for person in session.exec(select(Person).where(col(Person.id).in_(ids))):
            person.active = False


def add_member(bureau: Bureau, username: str, organ: str) -> None:
    """Somebody becomes a panel member of an organ."""
    with bureau.register.writing() as session:
        person = Person(username=username, name=f"委员{len(bureau.ids)}")
        session.add(person)
        session.flush()
        bureau.ids[username] = person.id or 0
        session.add(
            RoleHolding(
                person_id=person.id,
                organ_id=bureau.organs[organ],
                role="panel-member",
                valid_from=date(2019, 1, 1),
            )
        )


def sitting(told: Told) -> list[int]:
    with told.bureau.register.reading() as session:
        seats = session.exec(
            select(Seat).where(Seat.case_id == told.case_id, Seat.round == told.case().round)
        )
        return [s.person_id for s in seats if s.state == "sitting"]


def step_aside(told: Told) -> None:
    """The first member who still has to declare steps aside."""
    item = next(i for i in told.open_items() if i.kind == "recusal")
    told.answer(item, {"recuse": True, "ground": ALIKE})


def complete(told: Told, *usernames: str) -> None:
    told.answer(
        told.item("convening"), {"members": list(usernames), "reason": "审议人员不足。"}, by="cao.ran"
    )


def test_members_of_the_organ_above_join_a_pool_that_is_too_small(bureau: Bureau) -> None:
    for number in range(3):
        add_member(bureau, f"city.{number}", "zj")
    retire(bureau, "fang.min", "qin.yue", "shi.lei")
    told = a_case(bureau).to(Stage.REVIEW)
    assert len(sitting(told)) == 5
    assert {bureau.username(p) for p in sitting(told)} & {"city.0", "city.1", "city.2"}


def test_a_panel_of_two_is_refused_and_nothing_is_written(bureau: Bureau) -> None:
    retire(bureau, "fang.min", "qin.yue", "shi.lei", "bai.lu", "jiang.tao", "yan.qing", "wen.bo")
    told = a_case(bureau).to(Stage.REVIEW)
    assert [i.kind for i in told.open_items()] == ["convening"]
    before = told.case().model_dump()
    for named in (["lu.xin", "zou.he"], ["lu.xin", "zou.he", "cao.ran", "meng.fan"], ["lu.xin"] * 5):
        with pytest.raises(Incomplete):
            complete(told, *named)
    assert told.case().model_dump() == before
    assert sitting(told) == []


def test_nobody_tied_to_the_case_can_be_named_to_the_panel(bureau: Bureau) -> None:
    retire(bureau, "fang.min", "qin.yue", "shi.lei")  # four are left
    told = a_case(bureau).to(Stage.REVIEW)
    for tied, refusal in (("zhou.kai", Recused), ("tang.wei", NotPermitted), ("gu.ping", NotPermitted)):
        with pytest.raises(refusal):
            complete(told, tied)
    assert len(sitting(told)) == 4


def test_a_bench_emptied_by_recusal_is_completed_and_goes_on_to_a_vote(bureau: Bureau) -> None:
    retire(bureau, "fang.min", "qin.yue")  # five are left: a panel and no alternate
    told = a_case(bureau).to(Stage.REVIEW)
    step_aside(told)
    assert [i.kind for i in told.open_items()] == ["convening"]
    complete(told, "lu.xin")
    assert {i.kind for i in told.open_items()} == {"recusal"}, "all who sit have yet to declare"
    told.to(Stage.DECISION)
    assert told.case().stage == Stage.DECISION


def test_a_bench_emptied_a_second_time_is_completed_again(bureau: Bureau) -> None:
    retire(bureau, "fang.min", "qin.yue", "shi.lei")  # four are left
    told = a_case(bureau).to(Stage.REVIEW)
    complete(told, "lu.xin")
    step_aside(told)
    assert [i.kind for i in told.open_items()] == ["convening"]
    complete(told, "zou.he")
    told.to(Stage.DECISION)
    assert told.case().stage == Stage.DECISION


def test_a_transfer_at_the_door_that_comes_back_is_screened_or_investigated(bureau: Bureau) -> None:
    told = a_case(bureau, "r5")
    told.answer(told.item("screening"), TRANSFER)
    told.answer(told.item("signature"))
    assert told.case().state == "transferred"
    reply = {"result": "returned", "authority": TRANSFER["authority"], "summary": "不予立案，退回处理。"}
    told.answer(told.item("authority-reply"), reply, by="cao.ran")
    assert told.case().state == "open"
    assert {i.kind for i in told.open_items()} & {"screening", "investigation"}


def test_a_transfer_at_the_door_that_the_head_returns_is_taken_up_again(bureau: Bureau) -> None:
    told = a_case(bureau, "r5")
    told.answer(told.item("screening"), TRANSFER)
    told.answer(told.item("signature"), {"verdict": "return", "reason": "先行核实再议移送。"})
    assert {i.kind for i in told.open_items()} & {"screening", "investigation"}


def test_findings_the_second_investigator_refuses_are_made_anew(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    told.answer(told.item("investigation"))
    with pytest.raises(Incomplete, match="理由"):
        told.answer(told.item("countersign"), {"agreed": False})
    told.answer(told.item("countersign"), {"agreed": False, "reason": "尚未走访申请人。"})
    assert (told.case().stage, told.case().round) == ("verification", 2)
    assert [i.kind for i in told.open_items()] == ["investigation"]
    told.to(Stage.MATCHING)
    assert told.case().stage == Stage.MATCHING


def test_a_ballot_that_asks_for_facts_sends_the_case_back_with_its_opinions(bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    votes = [
        {"respondent": r, "outcome": "supplement", "reason": "缺申请人笔录。"}
        for r in told.respondents.values()
    ]
    for item in told.ballots():
        told.answer(item, {"votes": votes})
    told.answer(told.item("close-session"), {"summary": "多数成员认为事实尚不清楚。"})
    assert (told.case().stage, told.case().round) == ("verification", 2)
    kept = [i for i in _items(told) if i.round == 1 and i.kind == "legal-review"]
    assert kept[0].answer["verdict"] == "confirm"
    told.to_the_end()
    assert told.case().state == "archived"


def test_one_officer_tied_and_one_decided_asks_the_chair_for_one_reason(bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    first, second = told.respondents.values()
    split = ["exempt", "exempt", "mitigate", "mitigate", "accountable"]
    for outcome, item in zip(split, told.ballots(), strict=True):
        said = {"reason": "按证据判断。"}
        votes = [
            {"respondent": first, "outcome": "exempt"} | said,
            {"respondent": second, "outcome": outcome} | said,
        ]
        told.answer(item, {"votes": votes})
    closing = told.item("close-session")
    tie = {"respondent": second, "outcome": "mitigate", "reason": "批准岗位注意义务较重，减轻处理。"}
    needless = tie | {"respondent": first}
    before = told.case().model_dump()
    for ties in ([], [tie, needless]):
        with pytest.raises(Incomplete):
            told.answer(closing, {"summary": "逐人表决。", "ties": ties})
    assert told.case().model_dump() == before
    told.answer(closing, {"summary": "逐人表决。", "ties": [tie]})
    assert told.case().stage == Stage.DECISION


def test_an_answer_that_names_a_stranger_to_the_case_is_refused(bureau: Bureau) -> None:
    other = a_case(bureau, "r1")
    told = a_case(bureau).to(Stage.DECISION)
    said = {"outcome": "exempt", "reason": "同意。"}
    stranger = next(iter(other.respondents.values()))
    content = {"verdict": "sign", "decisions": [{"respondent": r} | said for r in (stranger, stranger)]}
    before = told.case().model_dump()
    with pytest.raises(CaseworkError):
        told.answer(told.item("signature"), content)
    assert told.case().model_dump() == before


def test_who_steps_aside_twice_with_the_same_words_steps_aside_once(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.REVIEW)
    leaving = next(i for i in told.open_items() if i.kind == "recusal")
    who, said = told.who(leaving), {"recuse": True, "ground": ALIKE}
    first = told.answer(leaving, said, by=who)
    before, panel = told.case().model_dump(), sitting(told)
    assert told.answer(leaving, said, by=who).version == first.version
    assert (told.case().model_dump(), sitting(told)) == (before, panel)
    for other in ({"recuse": False}, said | {"ground": "另有理由。"}):
        with pytest.raises(Recused):
            told.answer(leaving, other, by=who)
    with pytest.raises(CaseworkError):
        told.answer(leaving, said, by="lou.ming")
    assert told.case().model_dump() == before


def test_a_recused_member_can_neither_vote_nor_learn_of_the_items(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.REVIEW)
    leaving = next(i for i in told.open_items() if i.kind == "recusal")
    told.answer(leaving, {"recuse": True, "ground": ALIKE})
    left = told.who(leaving)
    told.go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballot = next(i for i in told.open_items() if i.kind == "ballot")
    with pytest.raises(NotFound), bureau.register.writing() as session:
        answer_work_item(session, ballot.id, {}, actor=bureau.actor(left), now=bureau.now())


def _items(told: Told) -> list[WorkItem]:
    with told.bureau.register.reading() as session:
        return list(session.exec(select(WorkItem).where(WorkItem.case_id == told.case_id)))
