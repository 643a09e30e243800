"""Lists, counts and single items follow one and the same ruling. 查询与权限一致"""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from models.casework import item_facts
from models.database import Register
from models.queries import (
    BadCursor,
    case_facts,
    case_page,
    count_cases,
    inbox,
    inbox_count,
    item_page,
    list_cases,
    notices_to,
    seen_case,
    seen_item,
    timeline,
    visible,
)
from models.rules.deadlines import beijing_day
from models.rules.errors import NotFound
from models.rules.lifecycle import Stage
from models.rules.permissions import Action, Actor, Part, Role, may
from models.tables import Case, Notification, Participation, WorkItem
from tests.builders import Bureau, a_bureau, a_case


def _walk(bureau: Bureau) -> list[str]:
    """Cases at stages where every kind of sight occurs: queues, parts, the panel."""
    return [a_case(bureau).to(stage).case_id for stage in (Stage.INTAKE, Stage.VERIFICATION, Stage.REVIEW)]


def _readers(bureau: Bureau) -> list[Actor]:
    """Everybody; people whose roles lie in another organ; people who hold every role at once."""
    known = [bureau.actor(username) for username in bureau.ids]
    home, elsewhere = bureau.organs["zj-yx"], bureau.organs["zj"]
    moved = [Actor(a.person_id, a.name, frozenset((r, elsewhere) for r, _ in a.roles)) for a in known[::4]]
    everything = frozenset((role, home) for role in Role)
    return [*known, *moved, *(Actor(a.person_id, a.name, everything) for a in known[::2])]


def test_list_count_and_item_agree_for_every_reader(register: Register) -> None:
    bureau = a_bureau(register)
    ids = _walk(bureau)
    with register.writing() as session:
        for username in ("fang.min", "cao.ran", "he.jun"):
            session.add(
                Participation(case_id=ids[2], person_id=bureau.ids[username], part=Part.RECUSED, reason="")
            )
    readers = _readers(bureau)
    seen = answered = 0
    with register.reading() as session:
        facts = {i: case_facts(session, i)[1] for i in ids}
        items = session.exec(select(WorkItem).where(WorkItem.state == "open")).all()
        for actor in readers:
            allowed = {i for i in ids if may(actor, Action.SEE, facts[i]).ok}
            assert set(session.exec(select(Case.id).where(visible(actor)))) == allowed
            assert {row.id for row in list_cases(session, actor).rows} == allowed
            assert count_cases(session, actor) == len(allowed)
            for hidden in set(ids) - allowed:
                with pytest.raises(NotFound):
                    seen_case(session, actor, hidden)
            mine = {i.id for i in items if may(actor, Action.ANSWER, facts[i.case_id], item=item_facts(i)).ok}
            assert {row.id for row in inbox(session, actor).rows} == mine
            assert inbox_count(session, actor) == len(mine)
            seen += len(allowed)
            answered += len(mine)
    assert 0 < seen < len(ids) * len(readers)
    assert answered > 10


def test_pages_follow_each_other_without_gap_or_repeat(register: Register) -> None:
    bureau = a_bureau(register)
    ids = [a_case(bureau).case_id for _ in range(5)]
    with register.reading() as session:
        manager, screener = bureau.actor("cao.ran"), bureau.actor("he.jun")
        listed, after = [], None
        while True:
            page = list_cases(session, manager, after=after, limit=2)
            listed += [row.id for row in page.rows]
            if (after := page.next) is None:
                break
        assert listed == ids[::-1]
        items, after = [], None
        while True:
            rows = inbox(session, screener, after=after, limit=2)
            items += [row.case_id for row in rows.rows]
            if (after := rows.next) is None:
                break
        assert items == ids
        assert count_cases(session, manager, at_most=3) == 3


def test_a_cursor_of_another_origin_is_refused(register: Register) -> None:
    bureau = a_bureau(register)
    manager = bureau.actor("cao.ran")
    with register.reading() as session:
        for cursor in ("x", "W10", "WzEsMl0", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwgImEiXQ"):
            with pytest.raises(BadCursor):
                list_cases(session, manager, after=cursor)


def _told_of(session: Session, officer: Actor) -> tuple[set[str], int, set[str]]:
    """What an officer learns from list, count and inbox."""
    listed = {row.id for row in list_cases(session, officer).rows}
    return listed, count_cases(session, officer), {row.case_id for row in inbox(session, officer).rows}


def test_an_officer_learns_of_a_case_when_it_is_accepted_and_not_before(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau)
    officer, screening = bureau.actor("zhou.kai"), told.item("screening")
    with register.reading() as session:
        assert _told_of(session, officer) == (set(), 0, set())
        for look in (seen_case, case_page):
            with pytest.raises(NotFound):
                look(session, officer, told.case_id)
        with pytest.raises(NotFound):
            seen_item(session, officer, screening.id)
    with pytest.raises(NotFound):
        told.answer(screening, by="zhou.kai")
    told.to(Stage.VERIFICATION)
    first = told.case().announced_at
    told.to(Stage.MATCHING)
    assert told.case().announced_at == first
    with register.reading() as session:
        assert _told_of(session, officer)[:2] == ({told.case_id}, 1)
        assert case_page(session, officer, told.case_id).narrow


@pytest.mark.parametrize("verdict", ["decline", "forward", "transfer"])
def test_an_officer_never_learns_of_what_was_not_taken_up_here(register: Register, verdict: str) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau, "r5")
    authority = {} if verdict == "decline" else {"authority": "章江市云溪区监察委员会"}
    told.answer(told.item("screening"), {"verdict": verdict, "reason": "不属于受理范围。"} | authority)
    officers = [bureau.actor(username) for username in told.respondents]
    with register.reading() as session:
        assert {person for person in officers if count_cases(session, person)} == set()
        assert _told_of(session, bureau.actor("cao.ran"))[1] == 1


def test_an_officer_cleared_by_the_other_authority_learns_of_it_when_asked(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau, "r5")
    door = {"verdict": "transfer", "reason": "涉嫌职务违法。", "authority": "区监察委员会"}
    told.answer(told.item("screening"), door)
    told.answer(told.item("signature"))
    reply = {"result": "no-action", "authority": "区监察委员会", "summary": "未发现违法问题。"}
    told.answer(told.item("authority-reply"), reply, by="cao.ran")
    asked = told.item("clearing-consent")
    with register.reading() as session:
        listed, count, waiting = _told_of(session, bureau.actor(told.who(asked)))
        assert (listed, count, waiting) == ({told.case_id}, 1, {told.case_id})
    no = {"wanted": False}
    assert told.answer(asked, no).id == told.answer(asked, no).id


def test_an_officer_sees_own_papers_and_no_names(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau).to(Stage.MATCHING)
    with register.reading() as session:
        page = case_page(session, bureau.actor("zhou.kai"), told.case_id)
        file = case_page(session, bureau.actor("shen.lan"), told.case_id)
    assert [r.username for r in page.respondents] == ["zhou.kai"]
    assert page.evidence == []
    assert page.narrow
    assert {row.kind for row in page.items} == {"statement"}
    assert {row.actor for row in page.timeline} == {"", "周凯"}
    assert len(file.evidence) == 3
    assert len(file.timeline) > len(page.timeline)


def test_every_item_explains_itself_to_whoever_answers_it(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau)
    asked: dict[str, set[str]] = {}
    while (items := told.open_items()) and told.case().state != "archived":
        with register.reading() as session:
            for item in items:
                on = beijing_day(bureau.clock + timedelta(minutes=1))
                page = item_page(session, bureau.actor(told.who(item)), item.id, on=on)
                assert page.may_answer
                asked.setdefault(item.kind, set()).update(page.context)
        ready = [i for i in items if i.kind != "close-session"] or items
        told.answer(ready[0])
    assert {"investigators", "evidence", "narrative"} <= asked["screening"]
    assert {"duties", "facts"} <= asked["investigation"]
    assert asked["answer"] >= {"points"}
    assert {"clauses", "statements"} <= asked["legal-review"]
    assert not any("ballot" in name for names in asked.values() for name in names)
    assert "archiving" in asked


def test_a_colleague_of_the_other_officer_reads_nothing_of_the_defence(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    others = next(i for i in told.open_items() if i.kind == "statement" and told.who(i) == "xu.jing")
    with register.reading() as session, pytest.raises(NotFound):
        seen_item(session, bureau.actor("zhou.kai"), others.id)


def test_neither_the_timeline_nor_a_notice_names_a_case_that_is_hidden(register: Register) -> None:
    bureau = a_bureau(register)
    first, second = a_case(bureau), a_case(bureau).to(Stage.VERIFICATION)
    investigator, manager = bureau.actor("tang.wei"), bureau.actor("cao.ran")
    with register.writing() as session:
        for told in (first, second):
            session.add(_notice(told.case_id, investigator, bureau))
    with register.reading() as session:
        named = [
            timeline(session, who, second.case_id, limited=False)[0].data["related"]
            for who in (manager, investigator)
        ]
        assert named == [[first.case_id], []]
        assert [n.case_id for n in notices_to(session, investigator)] == [second.case_id]


def _notice(case_id: str, actor: Actor, bureau: Bureau) -> Notification:
    return Notification(
        key=case_id,
        person_id=actor.person_id,
        case_id=case_id,
        channel="inbox",
        subject="通知",
        body="通知",
        state="delivered",
        created_at=bureau.now(),
    )
