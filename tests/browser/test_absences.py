"""Absences, what one does in another's place and what stands still: fit for everybody, on a desk and on a phone. 外出与代理"""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from api.deps import clock
from models.rules.deadlines import beijing_day
from models.tables import RoleHolding
from tests.browser.conftest import Site
from tests.browser.test_pages import DESK, PHONE, SHOTS, Walk
from tests.builders import SINCE, a_case


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_absence_is_noted_by_hand_and_its_pages_are_fit_for_everybody(site: Site) -> None:
    bureau = site.bureau
    with bureau.register.writing() as session:
        home = bureau.organs["zj-yx"]
        session.add(
            RoleHolding(person_id=bureau.ids["lu.xin"], organ_id=home, role="investigator", valid_from=SINCE)
        )
    told = a_case(bureau)
    told.go_on(lambda t: any(i.kind == "investigation" for i in t.open_items()))
    item = told.item("investigation")
    who = told.who(item)
    walk, today = Walk(site), beijing_day(clock())
    walk.look("absences-empty", who, "/me/absences", picture=False)
    page = walk.of(who)
    page.goto("/me/absences")
    page.get_by_label("第一天").fill(today.isoformat())
    page.get_by_label("最后一天").fill((today + timedelta(days=9)).isoformat())
    page.get_by_label("事由").select_option("travel")
    page.get_by_label("代理人").select_option("lu.xin")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_text("代理人：陆昕")).to_be_visible()
    walk.look("absences", who, "/me/absences")
    walk.look("inbox-stood-in", "lu.xin", "/inbox?box=stood-in")
    expect(walk.of("lu.xin").locator("ul.todo li")).to_have_count(1)
    walk.look("item-in-place", "lu.xin", f"/work-items/{item.id}")
    expect(walk.of("lu.xin").get_by_text("外出，您在代为办理")).to_be_visible()
    page.goto("/me/absences")
    page.get_by_role("button", name="撤销", exact=True).click()
    walk.of("lu.xin").goto(f"/work-items/{item.id}")
    expect(walk.of("lu.xin").get_by_role("heading", level=1)).not_to_have_text("调查核实")
    page.goto("/me/absences")
    page.get_by_text("登记外出", exact=True).click()
    page.get_by_label("第一天").fill(today.isoformat())
    page.get_by_label("最后一天").fill(today.isoformat())
    page.get_by_label("事由").select_option("leave")
    page.get_by_role("button", name="登记", exact=True).click()
    walk.look("manage-standstill", "cao.ran", "/manage")
    expect(walk.of("cao.ran").get_by_role("heading", name="无人可办")).to_be_visible()
    walk.look("case-standstill", "cao.ran", f"/cases/{told.case_id}")
    walk.look("absences-of-manager", "cao.ran", "/me/absences")
    for name, username, address in (
        ("absences", who, "/me/absences"),
        ("inbox-stood-in", "cao.ran", "/inbox?box=stood-in"),
        ("manage-standstill", "cao.ran", "/manage"),
    ):
        if SHOTS:
            screen = walk.of(username)
            screen.set_viewport_size({"width": PHONE, "height": 1100})
            screen.goto(address)
            screen.screenshot(path=Path(SHOTS) / f"phone-{name}.png")
            screen.set_viewport_size({"width": DESK, "height": 900})
    assert "\n".join(walk.faults) == ""
