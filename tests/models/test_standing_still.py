"""What nobody can do: found by the ruling, told to one manager once, said on the case. 无人可办"""

import pytest
from sqlmodel import Session, select

from models.casework import standstills, tell_standstills, to_tell
from models.casework.standing_still import _suspect
from models.database import Register
from models.queries import notices_to, standstills_for, standstills_of
from models.queries.rights import case_facts
from models.rules.permissions import Role
from models.rules.standstill import Lack
from models.tables import Case, Effect, Event, Notification, Person, WorkItem
from tasks.office import office_work, tell_standing_still
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.models.test_substituting import away, back, tie, today
from tests.models.test_verbs import hire, rows, sound, waiting


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def lacks(told: Told) -> dict[str, Lack]:
    with told.bureau.register.reading() as session:
        found = standstills(session, on=today(told.bureau), case_id=told.case_id)
        everywhere = standstills(session, on=today(told.bureau))
    assert {one.item_id for one in found} == {
        one.item_id for one in everywhere if one.case_id == told.case_id
    }
    return {one.kind.value: one.lack for one in found}


def close(bureau: Bureau, who: str, *, active: bool = False) -> None:
    with bureau.register.writing() as session:
        session.get_one(Person, bureau.ids[who]).active = active


def told_of(told: Told) -> list[int | None]:
    return [e.person_id for e in rows(told, Effect) if e.subject == "standstill"]


def test_while_somebody_can_act_nothing_stands_still(bureau: Bureau) -> None:
    told = a_case(bureau)
    while told.case().state != "archived":
        assert lacks(told) == {}
        before = len(told.answered)
        told.go_on(lambda t, before=before: len(t.answered) > before)


def test_a_role_nobody_holds_or_is_free_in(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "legal-review")
    tie(told, "gu.ping", "recused")
    assert lacks(told) == {"legal-review": Lack.ALL_TIED}
    hire(bureau, "lin.yu", "legal-reviewer", bureau.organs["zj-yx"])
    assert lacks(told) == {}
    close(bureau, "lin.yu")
    close(bureau, "gu.ping")
    assert lacks(told) == {"legal-review": Lack.NO_HOLDER}


def test_away_without_a_substitute_or_with_one_who_is_tied(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "investigation")
    hire(bureau, "di.san", "investigator", bureau.organs["zj-yx"])
    row = away(bureau, told.who(item))
    assert lacks(told) == {"investigation": Lack.AWAY}
    back(bureau, row, told.who(item))
    assert lacks(told) == {}
    away(bureau, told.who(item), "di.san")
    assert lacks(told) == {}
    tie(told, "di.san", "recused")
    assert lacks(told) == {"investigation": Lack.AWAY}
    close(bureau, told.who(item))
    assert lacks(told) == {"investigation": Lack.GONE}


def test_a_group_of_which_all_are_away_unless_somebody_fit_stands_in(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "signature")
    row = away(bureau, "meng.fan")
    assert lacks(told) == {"signature": Lack.ALL_AWAY}
    back(bureau, row, "meng.fan")
    away(bureau, "meng.fan", "cao.ran")
    assert lacks(told) == {}
    away(bureau, "cao.ran")
    assert lacks(told) == {"signature": Lack.ALL_AWAY}


def test_what_is_more_confidential_than_the_role_may_know(bureau: Bureau) -> None:
    told = a_case(bureau)
    assert lacks(told) == {}
    with bureau.register.writing() as session:
        session.get_one(Case, told.case_id).level = "strict"
    assert lacks(told) == {"screening": Lack.LEVEL}


def test_who_is_tied_to_one_case_makes_no_other_one_suspect(bureau: Bureau) -> None:
    one, other = a_case(bureau), a_case(bureau)
    items = [waiting(told, "legal-review") for told in (one, other)]
    tie(one, "gu.ping", "recused")
    with bureau.register.reading() as session:
        found = session.exec(select(WorkItem.id).join(Case).where(*_suspect(today(bureau)))).all()
    assert found == [items[0].id]


def test_a_vote_stands_still_and_says_that_alternates_move_up(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    close(bureau, bureau.username(item.assignee_id or 0))
    assert lacks(told)["ballot"] is Lack.GONE
    assert "候补人员递补" in Lack.GONE.mend(Role.PANEL_MEMBER)


def test_the_manager_is_told_once_and_by_number_only(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "legal-review")
    tie(told, "gu.ping", "recused")
    at = bureau.now()
    assert tell_standing_still(at) == 1
    events = told.case().events
    assert tell_standing_still(at) == 0
    assert (told.case().events, told_of(told)) == (events, [bureau.ids["cao.ran"]])
    last = next(e for e in rows(told, Event) if e.tag == "case:stands-still")
    assert list(last.data["items"].values()) == ["all-tied"]
    office_work(told.case_id)
    (notice,) = [n for n in rows(told, Notification) if ":notice:standstill:" in n.key]
    assert notice.person_id == bureau.ids["cao.ran"]
    for word in ("顾平", "gu.ping", told.case().title):
        assert word not in notice.subject + notice.body
    sound(told)


def test_without_a_manager_the_one_above_is_told_and_sees_nothing_but_the_number(bureau: Bureau) -> None:
    hire(bureau, "shang.ji", "manager", bureau.organs["jx"])
    told = a_case(bureau)
    waiting(told, "legal-review")
    close(bureau, "gu.ping")
    close(bureau, "cao.ran")
    assert tell_standing_still(bureau.now()) == 1
    assert told_of(told) == [bureau.ids["shang.ji"]]
    office_work(told.case_id)
    above = bureau.actor("shang.ji")
    with bureau.register.reading() as session:
        (notice,) = [n for n in notices_to(session, above) if "无人可办" in n.subject]
        assert (notice.case_id, notice.item_id) == (None, None)
        (row,) = standstills_for(session, above, on=today(bureau))
        assert (row.case_id, row.item_id, row.lack) == (None, None, Lack.NO_HOLDER)
        assert {
            row.case_id for row in standstills_for(session, bureau.actor("meng.fan"), on=today(bureau))
        } == {told.case_id}


def test_a_manager_who_is_recused_is_neither_told_nor_shown(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "legal-review")
    close(bureau, "gu.ping")
    tie(told, "cao.ran", "recused")
    assert tell_standing_still(bureau.now()) == 0, "nobody is left to be told"
    assert told_of(told) == []
    with bureau.register.reading() as session:
        assert standstills_for(session, bureau.actor("cao.ran"), on=today(bureau)) == []


def test_the_case_says_what_is_missing_to_its_readers_and_not_to_the_officer(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "legal-review")
    close(bureau, "gu.ping")

    def said(session: Session, who: str) -> list[str]:
        case, facts = case_facts(session, told.case_id)
        found = standstills_of(session, case, facts, bureau.actor(who), on=today(bureau))
        return [one.said for one in found]

    with bureau.register.reading() as session:
        (sentence,) = said(session, "cao.ran")
        assert "没有人担任办理此事项的角色" in sentence
        assert "请分管负责人" in sentence
        assert said(session, "zhou.kai") == []


def test_what_is_given_to_somebody_new_is_checked_as_the_office_tells_of_it(bureau: Bureau) -> None:
    close(bureau, "gu.ping")
    told = a_case(bureau)
    waiting(told, "legal-review")
    assert told_of(told) == []
    office_work(told.case_id)
    assert told_of(told) == [bureau.ids["cao.ran"]]


def test_a_case_on_hold_and_what_an_officer_is_asked_do_not_count(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "statement")
    close(bureau, bureau.username(item.assignee_id or 0))
    assert lacks(told) == {}


@pytest.mark.parametrize("lack", list(Lack))
@pytest.mark.parametrize("role", [Role.HEAD, Role.PANEL_MEMBER])
def test_every_lack_says_what_is_missing_and_who_mends_it(lack: Lack, role: Role) -> None:
    assert lack.missing.endswith("。")
    assert lack.mend(role).startswith("请")
    assert lack.zh


def test_what_was_told_is_not_found_again(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "legal-review")
    close(bureau, "gu.ping")
    now = bureau.now()
    with bureau.register.reading() as session:
        assert to_tell(session, now=now) == [told.case_id]
    for due in (1, 0):
        with bureau.register.writing() as session:
            assert tell_standstills(session, told.case_id, now=now) == due
    with bureau.register.reading() as session:
        assert to_tell(session, now=now) == []
