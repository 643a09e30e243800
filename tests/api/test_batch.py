"""Many work items at once, each with a result of its own: nothing more is allowed than one by one. 成批办理"""

from httpx import Response
from sqlmodel import select

from api.app import create_app
from models.answers import ItemVerb
from models.casework import handle_item
from models.database import Register
from models.rules.lifecycle import Stage
from models.rules.verbs import Verb
from models.tables import Event, WorkItem
from tests.api.browser import Browser
from tests.api.door import Door, on_sqlite, refused
from tests.builders import a_bureau, a_case

NOBODYS = "0" * 32


def tick(browser: Browser, address: str, verb: str, ids: list[str]) -> Response:
    """Tick these in the inbox and press the button."""
    form = browser.open(address).form(f"/inbox/verbs/{verb}")
    return browser.client.post(form.action, data=form.fill({"item": ids} if ids else {}))


def test_what_is_claimed_together_is_claimed_each_and_twice_is_once(door: Door) -> None:
    told = [a_case(door.bureau) for _ in range(3)]
    items = [one.item("screening").id for one in told]
    said = {"items": items}
    first = door.post("/api/inbox/verbs/claim", "he.jun", json=said)
    assert first.status_code == 200, first.text
    assert [(one["id"], one["ok"], one["status"]) for one in first.json()["results"]] == [
        (item, True, 200) for item in items
    ]
    after = door.dump()
    assert door.post("/api/inbox/verbs/claim", "he.jun", json=said).json() == first.json()
    assert door.dump() == after
    with door.register.reading() as session:
        tags = session.exec(select(Event.tag).where(Event.tag == "item:screening:claim")).all()
        assert len(tags) == 3
    back = door.post("/api/inbox/verbs/release", "he.jun", json=said)
    assert all(one["ok"] for one in back.json()["results"])
    assert {one.item("screening").assignee_id for one in told} == {None}


def test_a_refusal_undoes_nothing_but_itself_and_tells_no_stranger_anything(door: Door) -> None:
    mine, elsewhere = a_case(door.bureau).to(Stage.MATCHING), a_case(door.bureau)
    hidden = elsewhere.item("screening").id  # a legal reviewer learns of a case when its matching begins
    items = [mine.item("legal-review").id, hidden, NOBODYS]
    results = door.post("/api/inbox/verbs/claim", "gu.ping", json={"items": items}).json()["results"]
    assert [one["status"] for one in results] == [200, 404, 404]
    assert results[1]["detail"] == results[2]["detail"], "what is hidden and what is not there sound the same"
    assert mine.item("legal-review").assignee_id == door.bureau.ids["gu.ping"]
    alone = door.post(f"/api/work-items/{hidden}/verbs/claim", "gu.ping", json={}, headers={"If-Match": "*"})
    assert alone.status_code == results[1]["status"]


@on_sqlite
def test_only_what_needs_no_words_is_done_together_and_no_endless_list(door: Door) -> None:
    item = a_case(door.bureau).item("screening").id
    before = door.dump()
    said = door.post("/api/inbox/verbs/transfer", "he.jun", json={"items": [item]})
    assert "逐件" in refused(said, 422, "incomplete")["detail"]
    assert door.post("/api/inbox/verbs/claim", "he.jun", json={"items": []}).status_code == 422
    assert door.post("/api/inbox/verbs/claim", "he.jun", json={"items": [NOBODYS] * 101}).status_code == 422
    assert door.post("/api/inbox/verbs/claim", "he.jun", json={"items": ["x"]}).status_code == 422
    assert door.post("/api/inbox/verbs/claim", json={"items": [item]}).status_code == 401
    assert door.dump() == before


@on_sqlite
def test_ticked_in_the_inbox_each_says_on_the_page_what_became_of_it(register: Register) -> None:
    bureau = a_bureau(register)
    told = [a_case(bureau) for _ in range(3)]
    ids = [one.item("screening").id for one in told]
    browser = Browser(create_app(), bureau, "he.jun")
    assert "没有勾选待办" in tick(browser, "/inbox?box=shared", "claim", []).text
    form = browser.open("/inbox?box=shared").form("/inbox/verbs/claim")
    with register.writing() as session:  # somebody is quicker
        session.get_one(WorkItem, ids[2]).state = "cancelled"
    done = browser.client.post(form.action, data=form.fill({"item": ids}))
    assert "已认领 2 件；1 件没有办成" in done.text
    assert "已退回本组 2 件" in tick(browser, "/inbox?box=mine", "release", ids[:2]).text
    assert told[0].item("screening").assignee_id is None


@on_sqlite
def test_what_was_asked_of_me_by_name_cannot_be_ticked(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau).to(Stage.VERIFICATION)
    claimed = a_case(bureau).item("screening")
    with register.writing() as session:
        handle_item(
            session, claimed.id, Verb.CLAIM, ItemVerb(), actor=bureau.actor("he.jun"), now=bureau.now()
        )
    asked = told.item("investigation")
    browser = Browser(create_app(), bureau, bureau.username(asked.assignee_id or 0))
    form = browser.open("/inbox?box=mine").form("/inbox/verbs/release")
    assert all(control.closed for control in form.controls["item"])
    browser = Browser(create_app(), bureau, "he.jun")
    form = browser.open("/inbox?box=mine").form("/inbox/verbs/release")
    assert [control.closed for control in form.controls["item"]] == [False]
