"""The parts of the inbox and the notices: what each shows, counts and refuses. 待办分栏与通知"""

from datetime import date, timedelta

from api.app import create_app
from models.database import Register
from models.queries import MANY, Box, inbox, inbox_counts, item_page
from models.rules.lifecycle import Stage
from models.rules.permissions import Part
from models.tables import Notification, Participation, WorkItem
from tests.api.browser import Browser, Page
from tests.api.door import Door, on_sqlite, refused
from tests.builders import Told, a_bureau, a_case

FAR = date(2100, 1, 1)


def test_every_part_of_the_inbox_counts_what_it_lists_for_everybody(register: Register) -> None:
    bureau = a_bureau(register)
    for stage in (Stage.INTAKE, Stage.VERIFICATION, Stage.REVIEW):
        a_case(bureau).to(stage)
    with register.reading() as session:
        for username in bureau.ids:
            actor = bureau.actor(username)
            for day in (date(2026, 3, 2), FAR):
                counts = inbox_counts(session, actor, on=day)
                listed = {box: inbox(session, actor, box=box, on=day).rows for box in Box}
                assert {box: len(rows) for box, rows in listed.items()} == counts
                ids = {box: {row.id for row in rows} for box, rows in listed.items()}
                assert ids[Box.MINE] | ids[Box.SHARED] == ids[Box.ALL]
                assert not ids[Box.MINE] & ids[Box.SHARED]
                assert all(row.due_on and row.due_on < day for row in listed[Box.LATE])
        assert inbox_counts(session, bureau.actor("he.jun"), on=FAR)[Box.LATE] == 1


def test_pages_of_one_part_follow_each_other(register: Register) -> None:
    bureau = a_bureau(register)
    ids = [a_case(bureau).case_id for _ in range(3)]
    actor, after, seen = bureau.actor("he.jun"), None, []
    with register.reading() as session:
        while True:
            rows = inbox(session, actor, box=Box.SHARED, on=FAR, after=after, limit=1)
            seen += [row.case_id for row in rows.rows]
            if (after := rows.next) is None:
                break
    assert seen == ids


@on_sqlite
def test_a_count_stops_and_says_that_there_is_more(register: Register) -> None:
    bureau = a_bureau(register)
    first = a_case(bureau).item("screening")
    kept = {name: getattr(first, name) for name in WorkItem.model_fields}
    with register.writing() as session:
        session.add_all(WorkItem(**kept | {"id": f"{n:032x}", "slot": f"s{n}"}) for n in range(MANY + 5))
    with register.reading() as session:
        assert inbox_counts(session, bureau.actor("he.jun"), on=FAR)[Box.ALL] == MANY + 1
    assert "500+" in Browser(create_app(), bureau, "he.jun").open("/inbox").text


@on_sqlite
def test_an_empty_part_says_what_happens_next(door: Door) -> None:
    a_case(door.bureau)
    clerk, screener = (Browser(door.app, door.bureau, name) for name in ("luo.ying", "he.jun"))
    assert "不需要守在这里" in clerk.open("/inbox").text
    assert "没有指定由您本人办理的事项" in screener.open("/inbox?box=mine").text
    assert "受理审查" in screener.open("/inbox?box=shared").text
    assert "受理审查" in screener.open("/inbox?box=late").text  # the story plays in the past
    assert screener.client.get("/inbox?box=nonsense").status_code == 422
    refused(door.get("/api/work-items?box=nonsense", "he.jun"), 422, "validation")


@on_sqlite
def test_a_program_gets_the_same_parts(door: Door) -> None:
    a_case(door.bureau)
    said = door.get("/api/work-items?box=mine", "he.jun").json()
    assert (said["items"], said["count"]) == ([], 1)
    assert said["boxes"] == {"mine": 0, "shared": 1, "stood-in": 0, "late": 1, "all": 1}


# --- notices ------------------------------------------------------------------------------------


def _told(door: Door, told: Told, who: str, count: int = 2) -> list[int]:
    with door.register.writing() as session:
        made = [
            Notification(
                key=f"n{n}",
                person_id=door.bureau.ids[who],
                case_id=told.case_id,
                item_id=told.item("screening").id,
                channel="inbox",
                subject=f"新待办 {n}",
                body="受理审查",
                state="delivered",
                created_at=door.bureau.now() + timedelta(minutes=n),
            )
            for n in range(count)
        ]
        session.add_all(made)
        session.flush()
        return [one.id or 0 for one in made]


def test_notices_are_marked_together_each_with_its_result(door: Door) -> None:
    told = a_case(door.bureau)
    mine, others = _told(door, told, "he.jun"), _told(door, told, "cao.ran")
    asked = {"ids": [mine[0], others[0], 4_000_000, mine[0]]}
    first = door.post("/api/notifications/read", "he.jun", json=asked).json()["results"]
    assert [(one["id"], one["result"]) for one in first] == [
        (mine[0], "read"),
        (others[0], "unknown"),
        (4_000_000, "unknown"),
    ]
    at = door.get("/api/notifications", "he.jun").json()["notifications"][1]["read_at"]
    again = door.post("/api/notifications/read", "he.jun", json={"ids": mine}).json()["results"]
    assert [one["result"] for one in again] == ["already", "read"]
    assert door.get("/api/notifications", "he.jun").json()["notifications"][1]["read_at"] == at
    assert {n["read_at"] for n in door.get("/api/notifications", "cao.ran").json()["notifications"]} == {None}


@on_sqlite
def test_a_batch_without_end_or_sense_is_refused(door: Door) -> None:
    for ids in ([], list(range(1, 102)), [0], [2**31], ["x"]):
        refused(door.post("/api/notifications/read", "he.jun", json={"ids": ids}), 422, "validation")
    refused(door.post("/api/notifications/read", json={"ids": [1]}), 401, "sign-in-required")


@on_sqlite
def test_who_steps_aside_finds_no_notice_of_the_case_and_marks_none(door: Door) -> None:
    told = a_case(door.bureau)
    ids = _told(door, told, "he.jun")
    with door.register.writing() as session:
        person = door.bureau.ids["he.jun"]
        session.add(Participation(case_id=told.case_id, person_id=person, part=Part.RECUSED, reason=""))
    assert door.get("/api/notifications", "he.jun").json() == {"notifications": []}
    marked = door.post("/api/notifications/read", "he.jun", json={"ids": ids}).json()["results"]
    assert {one["result"] for one in marked} == {"unknown"}
    browser = Browser(door.app, door.bureau, "he.jun")
    for address in ("/inbox", "/notices"):
        assert "新待办" not in browser.open(address).text


@on_sqlite
def test_notices_are_ticked_on_their_page(door: Door) -> None:
    told = a_case(door.bureau)
    ids = _told(door, told, "he.jun", 3)
    browser = Browser(door.app, door.bureau, "he.jun")
    assert "未读 3 条" in browser.open("/inbox").text
    form = browser.open("/notices").form("/notices/read")
    sent = form.fill({"notice": [str(ids[0])]})
    page = Page(browser.client.post("/notices/read", data=sent | {"do": ["chosen"]}).text)
    assert "已标为已读 1 条" in page.text
    page = Page(browser.client.post("/notices/read", data=sent | {"do": ["all"]}).text)
    assert "已标为已读 2 条；之前已读 1 条" in page.text
    assert "没有未读的通知" in browser.open("/notices?unread=1").text
    nothing = browser.client.post("/notices/read", data={"csrf": sent["csrf"], "do": "chosen"})
    assert "没有勾选通知" in Page(nothing.text).text
    many = {"csrf": sent["csrf"], "do": "chosen", "notice": [str(n) for n in range(101)]}
    assert browser.client.post("/notices/read", data=many).status_code == 422
    assert browser.client.post("/notices/read", data=sent | {"csrf": ["x"]}).status_code == 403
    assert page.styled == []
    assert [c.id for c in page.inputs if c.id not in page.labels] == []


@on_sqlite
def test_members_and_the_chair_see_how_many_have_voted_and_never_what(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballots = [i for i in told.open_items() if i.kind == "ballot"]
    for item in ballots[:3]:
        told.answer(item)
    for asked in (ballots[3], told.item("close-session")):
        text = Browser(create_app(), bureau, told.who(asked)).open(f"/work-items/{asked.id}").text
        assert "应表决 5 人，已表决 3 人，有效表决至少 4 人。" in text
    told.answer(ballots[3])
    own = next(told.ballots())
    assert told.who(own) == told.who(told.item("close-session")), "the chair is asked last"
    with register.reading() as session:
        asked = item_page(session, bureau.actor(told.who(own)), own.id, on=bureau.now().date())
    assert asked.context["turnout"] == {"cast": 4, "wanted": 5, "needed": 4}
