"""Declared kin, and who handled the matter itself, are kept out of a case without anybody applying for it. 应当回避"""

import pytest
from sqlmodel import col, select

from models.answers import NewCase
from models.casework import declare_kin, end_kin, open_case, verify_all
from models.database import Register
from models.declarations import KinDeclared
from models.queries import inbox, kin_of, list_cases
from models.rules.errors import CaseworkError, Incomplete, NotFound
from models.rules.lifecycle import Stage
from models.rules.permissions import Part
from models.rules.ties import INVOLVED, KIN
from models.tables import Challenge, Event, Kin, Participation, Seat
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.models.test_verbs import rows, waiting

OFFICER = "zhou.kai"  # concerned in the story


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def declares(bureau: Bureau, by: str, about: str, relation: str = "affinity") -> int:
    with bureau.register.writing() as session:
        said = KinDeclared(to=about, relation=relation)
        return declare_kin(session, said, actor=bureau.actor(by), now=bureau.now()).id or 0


def sees(told: Told, who: str) -> bool:
    with told.bureau.register.reading() as session:
        cases = list_cases(session, told.bureau.actor(who)).rows
        waiting_there = inbox(session, told.bureau.actor(who)).rows
    return told.case_id in {row.id for row in cases} | {row.case_id for row in waiting_there}


def barred(told: Told) -> dict[str, str]:
    found = [row for row in rows(told, Participation) if row.part == Part.RECUSED]
    return {told.bureau.username(row.person_id): row.reason for row in found}


def events(told: Told, tag: str) -> list[Event]:
    return [row for row in rows(told, Event) if row.tag == tag]


@pytest.mark.parametrize(("by", "about"), [("gu.ping", OFFICER), (OFFICER, "gu.ping")])
def test_kin_never_learn_of_a_case_registered_later(bureau: Bureau, by: str, about: str) -> None:
    declares(bureau, by, about)
    told = a_case(bureau)
    assert barred(told) == {"gu.ping": KIN}
    told.to(Stage.MATCHING)
    assert not sees(told, "gu.ping")
    with pytest.raises(NotFound):
        told.answer(told.item("legal-review"), by="gu.ping")


def test_kin_are_never_drawn_for_the_panel(bureau: Bureau) -> None:
    for member in ("fang.min", "qin.yue"):
        declares(bureau, member, OFFICER)
    told = a_case(bureau).to(Stage.REVIEW)
    seated = {told.bureau.username(seat.person_id) for seat in rows(told, Seat)}
    assert len(seated) == 5
    assert not seated & {"fang.min", "qin.yue"}


def test_a_member_who_declares_while_the_panel_sits_leaves_at_once_with_the_vote(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    member = told.who(item)
    told.answer(item)
    declares(bureau, member, OFFICER)
    assert not sees(told, member)
    seats = {bureau.username(seat.person_id): seat.state for seat in rows(told, Seat)}
    assert seats[member] == "recused"
    assert sum(state == "sitting" for state in seats.values()) == 5
    assert len(events(told, "recusal:kin")) == 1
    declares(bureau, member, OFFICER)
    assert len(events(told, "recusal:kin")) == 1, "declared twice is declared once"
    told.to_the_end()
    assert told.case().state == "archived"
    with bureau.register.reading() as session:
        assert all(link is None for _, link in verify_all(session))


def test_for_an_investigator_a_head_names_somebody_else_first(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    declares(bureau, "tang.wei", OFFICER)
    (asked,) = rows(told, Challenge)
    assert (bureau.username(asked.made_by), asked.ground) == ("tang.wei", KIN)
    ruling = told.item("recusal-ruling")
    assert told.who(ruling) == "meng.fan"
    assert barred(told) == {}


def test_what_no_longer_holds_bars_from_no_further_case_and_gives_no_old_one_back(bureau: Bureau) -> None:
    number = declares(bureau, "gu.ping", OFFICER)
    before = a_case(bureau)
    for _ in range(2):
        with bureau.register.writing() as session:
            end_kin(session, number, actor=bureau.actor("gu.ping"), now=bureau.now())
    after = a_case(bureau)
    assert (barred(before), barred(after)) == ({"gu.ping": KIN}, {})
    with bureau.register.writing() as session, pytest.raises(NotFound):
        end_kin(session, number, actor=bureau.actor(OFFICER), now=bureau.now())


def test_a_declaration_is_its_writers_alone_and_of_somebody_who_serves(bureau: Bureau) -> None:
    declares(bureau, "gu.ping", OFFICER)
    with bureau.register.reading() as session:
        assert [row.relation_zh for row in kin_of(session, bureau.actor("gu.ping"))] == ["近姻亲关系"]
        assert [kin_of(session, bureau.actor(who)) for who in (OFFICER, "meng.fan")] == [[], []]
    for about, refusal in (("nobody", NotFound), ("gu.ping", Incomplete)):
        with pytest.raises(refusal):
            declares(bureau, "gu.ping", about)
    declares(bureau, "gu.ping", OFFICER, "spouse")
    with bureau.register.reading() as session:
        assert [row.relation for row in session.exec(select(Kin).order_by(col(Kin.id)))] == ["spouse"]


def registered(bureau: Bureau, by: str = "luo.ying", **said: object) -> str:
    new = NewCase.model_validate(dict(a_case(bureau).story.case) | said)
    with bureau.register.writing() as session:
        return open_case(session, new, actor=bureau.actor(by), now=bureau.now()).id


def test_who_handled_the_matter_itself_is_kept_out_and_a_stranger_cannot_be_named(bureau: Bureau) -> None:
    case_id = registered(bureau, involved=["gu.ping", "gu.ping"])
    with bureau.register.reading() as session:
        out = select(Participation).where(
            Participation.case_id == case_id, Participation.part == Part.RECUSED
        )
        assert [(bureau.username(p.person_id), p.reason) for p in session.exec(out)] == [
            ("gu.ping", INVOLVED)
        ]
    for involved, refusal in ((["nobody"], NotFound), ([OFFICER], Incomplete), (["luo.ying"], Incomplete)):
        with pytest.raises(refusal):
            registered(bureau, involved=involved)


def test_a_clerk_does_not_register_a_case_about_kin(bureau: Bureau) -> None:
    declares(bureau, "luo.ying", OFFICER)
    with pytest.raises(CaseworkError, match="由本机关其他登记员"):
        a_case(bureau)
