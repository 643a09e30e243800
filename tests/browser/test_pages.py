"""Every page: fit for everybody, on a phone, by keyboard and on paper. With SHOTS=folder also their pictures. 页面"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from models.rules.lifecycle import Kind, Stage
from tasks.office import office_work
from tests.browser.conftest import Site, unfold
from tests.builders import Told, a_case

FIT = (Path(__file__).parent / "fit.js").read_text()
SHOTS = os.environ.get("SHOTS", "")
PHONE, DESK, A4 = 360, 1280, 794
LONGEST = 1500  # px of a picture: what one sees on opening a page, and some more


@dataclass
class Walk:
    """What has been looked at, and what was wrong with it."""

    site: Site
    screens: dict[str, Page] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def of(self, username: str) -> Page:
        """The screen of somebody, or of a stranger."""
        if username not in self.screens:
            self.screens[username] = self.site.sign_in(username) if username else self.site.window(width=DESK)
        return self.screens[username]

    def look(self, name: str, username: str, address: str = "", *, picture: bool = True) -> None:
        """Look at a page on a desk, on a phone, on paper and under the Tab key."""
        page = self.of(username)
        if address:
            page.goto(address)
        wrong = [*page.evaluate(FIT)]
        unfold(page)
        wrong += [fault for fault in page.evaluate(FIT) if fault not in wrong]
        for width, media in ((PHONE, "screen"), (A4, "print")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(media=media)
            over = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            wrong += [f"{over} px too wide for {media} of {width} px"] if over > 0 else []
        if page.locator(".noprint:visible, form:visible button[type=submit]:visible").count():
            wrong.append("buttons and menus are printed")
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": DESK, "height": 900})
        page.keyboard.press("Tab")
        if page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none":
            wrong.append("the focus is not seen")
        self.faults += [f"{name}: {fault}" for fault in wrong]
        if SHOTS and picture:
            page.goto(page.url) if address else None
            tall = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST)
            page.screenshot(
                path=Path(SHOTS) / f"page-{name}.png",
                clip={"x": 0, "y": 0, "width": DESK, "height": tall},
                full_page=True,
            )


def items(told: Told) -> Iterator[tuple[str, str, str]]:
    """Every kind of work item while it waits, with who is asked; the case goes on behind each."""
    seen = set()
    while told.case().state == "open":
        ready = [i for i in told.open_items() if i.kind in told.story.answers]
        if not ready:
            return
        item = next((i for i in ready if i.kind != "close-session"), ready[0])
        if item.kind not in seen:
            seen.add(item.kind)
            yield item.kind, told.who(item), f"/work-items/{item.id}"
        told.answer(item)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_is_fit_for_everybody(site: Site) -> None:
    walk = Walk(site)
    for name, address in (
        ("sign-in", "/sign-in"), ("portal", "/portal"), ("portal-duties", "/portal/duties"),
        ("portal-exemptions", "/portal/exemptions"), ("portal-notices", "/portal/notices"),
    ):  # fmt: skip
        walk.look(name, "", address)
    told = a_case(site.bureau)
    walk.look("not-found", "luo.ying", "/cases/nothing", picture=False)
    walk.look("case-new", "luo.ying", "/cases/new")
    walk.look("inbox-of-group", "he.jun", "/inbox?box=shared")
    for kind, username, address in items(told):
        walk.look(f"item-{kind}", username, address)
        if kind in (Kind.BALLOT, Kind.STATEMENT):
            walk.look(f"inbox-of-{kind}", username, "/inbox", picture=kind == Kind.BALLOT)
            walk.look(f"case-at-{kind}", "cao.ran", f"/cases/{told.case_id}", picture=kind == Kind.BALLOT)
    office_work(told.case_id)
    for name, username, address in (
        ("case", "cao.ran", f"/cases/{told.case_id}"), ("cases", "cao.ran", "/cases"),
        ("manage", "cao.ran", "/manage"), ("me", "zhou.kai", "/me"),
        ("case-of-officer", "zhou.kai", f"/cases/{told.case_id}"),
        ("notices", "zhou.kai", "/notices"), ("inbox-empty", "luo.ying", "/inbox"),
        ("deposits", "zhou.kai", "/me/deposits"),
        ("transcripts", "tang.wei", f"/cases/{told.case_id}/transcripts"), ("numbers", "cao.ran", "/manage/numbers"),
        ("portal-after", "", "/portal/notices"),
    ):  # fmt: skip
        walk.look(name, username, address)
    walk.of("").goto("/language/en?to=/portal")
    walk.look("portal-english", "", picture=False)
    assert "\n".join(walk.faults) == ""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_scripts_a_page_does_all_it_does_with_them(site: Site) -> None:
    told = a_case(site.bureau).to(Stage.VERIFICATION)
    page = site.window(script=False)
    site.sign_in("tang.wei", page=page, to=f"/work-items/{told.item('investigation').id}")
    expect(page.locator("button[value='submit']")).to_be_visible()
    expect(page.get_by_role("button", name="暂存草稿")).to_be_visible()
