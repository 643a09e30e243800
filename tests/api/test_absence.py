"""What an officer leaves undone, recorded over HTTP and from the page of the case. 逾期未陈述与留置送达"""

from datetime import UTC, datetime

from tests.api.browser import Browser, Page
from tests.api.door import Door, on_sqlite, refused
from tests.builders import Told, a_case

SAID = {"reason": "告知书送达后期满，未收到意见。"}


def asked(told: Told, kind: str) -> str:
    """The id of the first item of a kind that waits."""
    told.go_on(lambda t: any(i.kind == kind for i in t.open_items()))
    return next(i.id for i in told.open_items() if i.kind == kind)


def test_a_lapsed_period_is_recorded_once_over_http(door: Door) -> None:
    item = asked(a_case(door.bureau), "statement")
    read = door.get(f"/api/work-items/{item}", "tang.wei").json()
    assert (read["absence"], read["may_answer"]) == ("lapsed", False)
    assert set(read["absence_schema"]["properties"]) == {"reason"}
    assert door.get(f"/api/work-items/{item}", "cao.ran").json()["absence"] is None
    path, seen = f"/api/work-items/{item}/absence", {"If-Match": '"1"'}
    first = door.post(path, "tang.wei", json=SAID, headers=seen)
    assert (first.status_code, first.json()["state"]) == (200, "done")
    again = door.post(path, "tang.wei", json=SAID, headers=seen)
    assert (again.status_code, again.json()) == (200, first.json())
    refused(door.post(path, "shen.lan", json=SAID, headers=seen), 409, "already-done")


@on_sqlite
def test_what_may_not_be_recorded_is_refused_and_changes_nothing(door: Door) -> None:
    told = a_case(door.bureau)
    door.bureau.clock = datetime.now(UTC)  # the period begins now, so it still runs
    item = asked(told, "statement")
    path, seen = f"/api/work-items/{item}/absence", {"If-Match": '"1"'}
    before = door.dump()
    running = refused(door.post(path, "tang.wei", json=SAID, headers=seen), 409, "conflict")
    assert "届满" in running["detail"]
    refused(door.post(path, "tang.wei", json={}, headers=seen), 422, "validation")
    refused(door.post(path, "tang.wei", json=SAID), 428, "precondition-required")
    refused(door.post(path, "cao.ran", json=SAID, headers=seen), 403, "not-permitted")
    refused(door.post(path, "lou.ming", json=SAID, headers=seen), 404, "not-found")
    assert door.get(f"/api/work-items/{item}", "tang.wei").json()["absence"] is None
    assert door.dump() == before


@on_sqlite
def test_the_investigator_records_from_the_page_of_the_case(door: Door) -> None:
    told = a_case(door.bureau)
    item = asked(told, "statement")
    case, path, name = f"/cases/{told.case_id}", f"/work-items/{item}/absence", f"absence.{item}.reason"
    lead = Browser(door.app, door.bureau, "tang.wei")
    page = lead.open(case)
    assert page.text.count("登记逾期未陈述：") == 2
    assert [c.id for c in page.inputs if c.id not in page.labels] == []
    assert len(set(page.ids)) == len(page.ids)
    empty = lead.client.post(path, data=page.form(path).fill({name: [""]}))
    assert empty.status_code == 422
    assert f'href="#f-absence-{item}-reason-fault"' in empty.text
    sent = page.form(path).fill({name: [SAID["reason"]]})
    stale = lead.client.post(path, data=sent | {"version": ["9"]})
    assert stale.status_code == 412
    assert Page(stale.text).form(path).typed()[name] == [SAID["reason"]]
    for _ in range(2):
        done = lead.client.post(path, data=sent)
        assert (done.status_code, done.headers["location"]) == (303, f"{case}?recorded=1")
    after = lead.open(f"{case}?recorded=1").text
    assert "陈述申辩：逾期未陈述" in after
    assert after.count("登记逾期未陈述：") == 1
    officer = Browser(door.app, door.bureau, told.who(told.item("statement")))
    assert "登记逾期未陈述" not in officer.open(case).text
    ballot = asked(told, "ballot")
    voter = next(told.who(i) for i in told.open_items() if i.id == ballot)
    shown = Browser(door.app, door.bureau, voter).open(f"/work-items/{ballot}").text
    assert "本人逾期未提出陈述申辩意见" in shown


@on_sqlite
def test_papers_left_before_witnesses_are_recorded_from_the_page(door: Door) -> None:
    told = a_case(door.bureau)
    item = asked(told, "service-receipt")
    who = next(told.who(i) for i in told.open_items() if i.id == item)
    lead = Browser(door.app, door.bureau, "tang.wei")
    path, name = f"/work-items/{item}/absence", f"absence.{item}.witnesses"
    form = lead.open(f"/cases/{told.case_id}").form(path)
    alone = lead.client.post(path, data=form.fill({name: ["见证人甲", ""]}))
    assert alone.status_code == 422
    assert "两名见证人" in alone.text
    assert Page(alone.text).form(path).typed()[name] == ["见证人甲", ""]
    assert lead.client.post(path, data=form.fill({name: ["见证人甲", "见证人乙"]})).status_code == 303
    assert "签收决定：留置送达" in lead.open(f"/cases/{told.case_id}").text
    officer = Browser(door.app, door.bureau, who)
    assert "登记为留置送达" in officer.open(f"/work-items/{item}").text
