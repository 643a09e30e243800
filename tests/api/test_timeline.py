"""The timeline of a case: narrowed by what one asks for, with what its people have put on top. 办理进程"""

from typing import Any

import pytest
from sqlmodel import col, select

from models.casework import verify_chain
from models.database import Register
from models.rules.lifecycle import Kind, Stage
from models.rules.timeline import MARKS, MOST_PINS, Audience, StepKind, kind_of
from models.rules.verbs import CaseVerb, Verb
from models.tables import Event
from tests.api.browser import Browser, Page
from tests.api.door import Door, on_sqlite, refused
from tests.builders import Told, a_case

WHY = "审议前请先看这一步。"


def steps(door: Door, told: Told, by: str = "tang.wei", **asked: str) -> list[dict[str, Any]]:
    answer = door.get(f"/api/cases/{told.case_id}/timeline", by, params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


def pin(
    door: Door,
    told: Told,
    step: int,
    by: str = "tang.wei",
    *,
    on: bool = True,
    why: str = WHY,
    **options: Any,
):
    said = {"step": step, "pinned": on, "reason": why}
    return door.post(f"/api/cases/{told.case_id}/pins", by, json=said, **options)


def on_top(door: Door, told: Told, by: str = "tang.wei") -> dict[int, tuple[str, str]]:
    return {s["seq"]: (s["pin"]["by"], s["pin"]["reason"]) for s in steps(door, told, by) if s["pin"]}


def chain(register: Register, case_id: str) -> list[tuple[int, str, str]]:
    with register.reading() as session:
        found = session.exec(select(Event).where(Event.case_id == case_id).order_by(col(Event.seq)))
        return [(event.seq, event.tag, event.hash) for event in found]


# --- pins ---------------------------------------------------------------------------------------


def test_a_step_is_pinned_and_unpinned_by_its_people_and_the_chain_only_grows(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    before = chain(door.register, told.case_id)
    assert pin(door, told, 1).json() == {"case": told.case_id, "step": 1, "pinned": True}
    assert pin(door, told, 1).status_code == 200
    assert on_top(door, told) == {1: ("唐蔚", WHY)}
    assert on_top(door, told, "cao.ran") == {1: ("唐蔚", WHY)}, "whoever sees the step sees it on top"
    refused(pin(door, told, 1, why="另一理由。"), 409, "already-done")
    refused(pin(door, told, 1, "luo.ying"), 409, "already-done")
    # Anybody who works on the case may take it down, not only who put it there.
    for _ in range(2):
        assert pin(door, told, 1, "luo.ying", on=False, why="不再需要。").status_code == 200
    assert on_top(door, told) == {}
    refused(pin(door, told, 1, on=False), 409, "conflict")
    assert pin(door, told, 1).status_code == 200
    after = chain(door.register, told.case_id)
    assert after[: len(before)] == before
    assert [tag for _, tag, _ in after[len(before) :]] == [
        "timeline:pinned",
        "timeline:unpinned",
        "timeline:pinned",
    ]
    with door.register.reading() as session:
        assert verify_chain(session, told.case()) is None


def test_one_request_sent_twice_is_one_pin(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    key = {"Idempotency-Key": "pin-1"}
    first = pin(door, told, 1, headers=key)
    pin(door, told, 1, on=False)
    again = pin(door, told, 1, headers=key)
    assert (first.status_code, again.json()) == (200, first.json())
    assert on_top(door, told) == {}, "an old request that is sent again pins nothing anew"


def test_who_may_not_pin_and_what_cannot_be(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.MATCHING)
    before = door.dump()
    assert "参与本案" in refused(pin(door, told, 1, "cao.ran"), 403, "not-permitted")["detail"]
    assert "被核查人员" in refused(pin(door, told, 1, "zhou.kai"), 403, "not-permitted")["detail"]
    refused(pin(door, told, 1, "lou.ming"), 404, "not-found")
    assert "第 999 步" in refused(pin(door, told, 999), 422, "incomplete")["detail"]
    refused(pin(door, told, 0), 422, "validation")
    refused(pin(door, told, 1, why=" "), 422, "validation")
    assert door.dump() == before
    assert pin(door, told, 1).status_code == 200
    last = chain(door.register, told.case_id)[-1][0]
    refused(pin(door, told, last), 422, "incomplete")
    for step in range(2, MOST_PINS + 1):
        assert pin(door, told, step).status_code == 200
    assert str(MOST_PINS) in refused(pin(door, told, MOST_PINS + 1), 409, "conflict")["detail"]


def test_who_has_stepped_aside_pins_nothing(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "recusal" for i in t.open_items()))
    item = told.item("recusal")
    member = told.who(item)
    told.answer(item, {"recuse": True, "ground": "与被核查人员有利害关系。"})
    refused(pin(door, told, 1, member), 404, "not-found")


def test_an_archived_case_keeps_its_pins_and_takes_no_more(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.ARCHIVE)
    assert pin(door, told, 1).status_code == 200
    told.to_the_end()
    for step, on in ((2, True), (1, False)):
        assert "归档" in refused(pin(door, told, step, on=on), 409, "conflict")["detail"]
    assert on_top(door, told) == {1: ("唐蔚", WHY)}
    assert door.get(f"/api/cases/{told.case_id}", "tang.wei").json()["may_pin"] is False


def test_the_officer_sees_what_stands_on_top_but_not_who_put_it_there(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.MATCHING)
    seen = [s["seq"] for s in steps(door, told, "zhou.kai")]
    hidden = next(s["seq"] for s in steps(door, told) if s["seq"] not in seen)
    own = next(s["seq"] for s in steps(door, told, "zhou.kai") if s["actor"] == "周凯")
    for step in (seen[0], own, hidden):
        assert pin(door, told, step).status_code == 200
    assert set(on_top(door, told)) == {seen[0], own, hidden}
    assert on_top(door, told, "zhou.kai") == {seen[0]: ("", ""), own: ("", "")}
    assert [s["seq"] for s in steps(door, told, "zhou.kai")] == seen, "and nothing of the pinning itself"
    page = door.get(f"/cases/{told.case_id}", "zhou.kai").text
    assert WHY not in page
    assert "/pins" not in page
    assert "kind=reading" not in page


def test_a_pin_in_between_keeps_nobody_from_taking_back_a_statement(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    item = told.item("statement")
    officer = told.who(item)
    told.answer(item)
    assert pin(door, told, 1).status_code == 200
    version = door.get(f"/api/work-items/{item.id}", officer).json()["item"]["version"]
    taken = door.post(
        f"/api/work-items/{item.id}/verbs/withdraw",
        officer,
        json={"reason": "需要补充。"},
        headers={"If-Match": f'"{version}"'},
    )
    assert taken.status_code == 200, taken.text


# --- narrowing ----------------------------------------------------------------------------------


def test_kinds_part_the_steps_and_audiences_too(door: Door) -> None:
    told = a_case(door.bureau).to_the_end()
    whole = [s["seq"] for s in steps(door, told)]
    by_kind = {kind: [s["seq"] for s in steps(door, told, kind=kind)] for kind in StepKind}
    assert sorted(seq for found in by_kind.values() for seq in found) == whole
    assert by_kind[StepKind.DELIBERATION]
    assert by_kind[StepKind.ACT]
    # What officers see is shown as they see it; the other two are what it is not.
    officer = steps(door, told, audience=Audience.OFFICER)
    rest = [s["seq"] for a in (Audience.INTERNAL, Audience.PUBLIC) for s in steps(door, told, audience=a)]
    assert sorted([*rest, *(s["seq"] for s in officer)]) == whole
    assert {(s["actor"], s["reason"]) for s in officer if s["tag"] == "case:moved"} == {("", "")}
    own = {s["seq"] for s in steps(door, told, "zhou.kai")}
    assert own <= {s["seq"] for s in officer}
    assert [s for s in steps(door, told, kind="deliberation", audience="internal") if "ballot" in s["tag"]]


def test_asking_tells_an_officer_nothing_of_what_is_hidden(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.DECISION)
    whole = steps(door, told, "zhou.kai")
    assert steps(door, told, "zhou.kai", audience="officer") == whole
    for asked in (
        {"audience": "internal"},
        {"audience": "public"},
        {"kind": "deliberation"},
        {"kind": "reading"},
    ):
        assert steps(door, told, "zhou.kai", **asked) == []
    refused(door.get(f"/api/cases/{told.case_id}/timeline?kind=paper", "lou.ming"), 404, "not-found")
    refused(door.get(f"/api/cases/{told.case_id}/timeline?kind=secret", "tang.wei"), 422, "validation")


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("item:screening:answered", StepKind.ACT),
        ("item:ballot:answered", StepKind.DELIBERATION),
        ("item:ballot:nudge", StepKind.NOTICE),
        ("item:service-receipt:left", StepKind.NOTICE),
        ("case:registered", StepKind.ACT),
        ("case:resumed", StepKind.NOTICE),
        ("document:filed", StepKind.PAPER),
        ("clock:reminded", StepKind.NOTICE),
        ("identity:opened", StepKind.READING),
        ("timeline:pinned", StepKind.ACT),
        ("something:new", StepKind.ACT),
    ],
)
def test_what_kind_a_step_is(tag: str, kind: StepKind) -> None:
    assert kind_of(tag) is kind


def test_every_verb_and_every_question_has_a_kind_that_is_meant() -> None:
    periods = {Verb.NUDGE, Verb.EXTEND, Verb.SUSPEND, Verb.RESTART}
    assert {v for v in Verb if kind_of(f"item:screening:{v}") is StepKind.NOTICE} == periods
    panel = {CaseVerb.ADD_MEMBERS, CaseVerb.REMOVE_MEMBER, CaseVerb.CHALLENGE}
    assert {v for v in CaseVerb if kind_of(f"case:{v}") is StepKind.DELIBERATION} == panel
    sits = {Kind.CONVENING, Kind.RECUSAL, Kind.RECUSAL_RULING, Kind.BALLOT, Kind.CLOSE_SESSION}
    assert {k for k in Kind if kind_of(f"item:{k}:answered") is StepKind.DELIBERATION} == sits
    assert {kind_of(tag) for tag in MARKS} == {StepKind.ACT}


# --- the page -----------------------------------------------------------------------------------


def test_the_page_pins_and_unpins_and_gives_back_what_was_typed(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    address, action = f"/cases/{told.case_id}", f"/cases/{told.case_id}/pins"
    browser = Browser(door.app, door.bureau, "tang.wei")
    form = next(f for f in browser.open(address).forms if "pin.step" in f.controls)
    empty = browser.client.post(action, data=form.fill({"pin.step": ["1"]}))
    assert empty.status_code == 422
    kept = next(f for f in Page(empty.text).forms if "pin.step" in f.controls)
    assert kept.typed()["pin.step"] == ["1"], "what was chosen is still chosen"
    assert (
        browser.client.post(action, data=form.fill({"pin.step": ["1"], "pin.reason": [WHY]})).status_code
        == 303
    )
    shown = browser.open(address)
    assert WHY in shown.text
    assert "已置顶" in shown.text
    assert (
        browser.client.post(action, data=form.fill({"pin.step": ["1"], "pin.reason": ["另"]})).status_code
        == 409
    )
    down = next(f for f in shown.forms if "unpin.1.reason" in f.controls)
    assert browser.client.post(action, data=down.fill({"unpin.1.reason": [""]})).status_code == 422
    assert browser.client.post(action, data=down.fill({"unpin.1.reason": ["不再需要。"]})).status_code == 303
    after = browser.open(address)
    assert "第 1 步：登记线索" in after.text
    assert "已置顶" not in after.text
    assert not [
        f for f in Browser(door.app, door.bureau, "cao.ran").open(address).forms if f.action == action
    ]
    stranger = Browser(door.app, door.bureau, "lou.ming")
    assert stranger.client.post(
        action, data=form.fill({"pin.step": ["1"], "pin.reason": [WHY]})
    ).status_code in (403, 404)


def test_the_page_is_narrowed_by_its_address_alone(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.DECISION)
    browser = Browser(door.app, door.bureau, "cao.ran")
    address = f"/cases/{told.case_id}"
    marks = "集体表决" if "集体表决" in browser.open(address).text else "表决"
    assert f'href="{address}?kind=deliberation#timeline"' in browser.seen[address]
    votes = browser.open(f"{address}?kind=deliberation").text
    assert marks in votes
    assert "登记线索" not in votes
    both = browser.seen.get(f"{address}?kind=deliberation", "")
    assert f'href="{address}?kind=deliberation&amp;audience=officer#timeline"' in both
    assert "看到的样子" in browser.open(f"{address}?audience=officer").text
    assert "没有符合筛选条件的步骤" in browser.open(f"{address}?kind=reading&audience=public").text
    assert browser.client.get(f"{address}?kind=secret").status_code == 422


@on_sqlite
def test_a_refused_form_shows_the_whole_timeline_again(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    browser = Browser(door.app, door.bureau, "tang.wei")
    form = next(f for f in browser.open(f"/cases/{told.case_id}?kind=act").forms if "pin.step" in f.controls)
    answer = browser.client.post(f"/cases/{told.case_id}/pins", data=form.fill({"pin.reason": [WHY]}))
    assert answer.status_code == 422
    assert "请填写或者选择此项。" in answer.text
    assert WHY in answer.text
