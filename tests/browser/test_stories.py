"""Whole stories as people live them: in a browser, each at a screen of their own. 浏览器里的办案"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from api import forms
from models.rules.lifecycle import Kind, Stage
from tests.browser.conftest import PASSWORD, Site, enter, fill, unfold
from tests.builders import Told, a_case

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MEMBERS = 5


def open_item(page: Page, told: Told, kind: str, slot: str = "") -> str:
    """Go from the inbox to a work item by its link; its address."""
    item = told.item(kind, slot)
    page.goto("/inbox")
    page.locator(f"a[href='/work-items/{item.id}']").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(Kind(kind).zh)
    return f"/work-items/{item.id}"


def answer_item(page: Page, told: Told, kind: str, slot: str = "") -> None:
    """Answer an item as the story does, through its form."""
    item = told.item(kind, slot)
    address = open_item(page, told, kind, slot)
    if kind == Kind.INVESTIGATION:
        page.goto(f"{address}?all=1")
    fields = forms.write(forms.FORMS[Kind(kind)], told.content(item))
    fill(page, address, {n: v for n, v in fields.items() if page.locator(f"[name='{n}']").count()})
    page.locator(f"form[action='{address}'] button[value='submit']").click()
    expect(page.get_by_role("status").first).to_contain_text("已提交")


@on_sqlite
def test_a_clerk_takes_a_lead_in_with_its_evidence(site: Site, tmp_path: Path) -> None:
    told = a_case(site.bureau)
    page = site.sign_in("luo.ying")
    page.get_by_role("link", name="登记线索").click()
    fill(
        page,
        "/cases/new",
        forms.write(forms.NEW_CASE, dict(told.story.case) | {"title": "浏览器里登记的线索"}),
    )
    page.get_by_role("button", name="登记").last.click()
    expect(page.get_by_role("status").first).to_contain_text("已登记，案号")
    expect(page.get_by_role("heading", level=1)).to_contain_text("浏览器里登记的线索")
    page.goto("/cases")
    expect(page.get_by_role("link", name="浏览器里登记的线索").first).to_be_visible()


@on_sqlite
def test_an_investigator_uploads_evidence_keeps_a_draft_and_answers(site: Site, tmp_path: Path) -> None:
    told = a_case(site.bureau).to(Stage.VERIFICATION)
    paper = tmp_path / "现场检查笔录.pdf"
    paper.write_bytes(b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")
    page = site.sign_in("tang.wei")
    page.goto(f"/cases/{told.case_id}")
    upload = page.locator(f"form[action='/cases/{told.case_id}/evidence']")
    unfold(page)
    upload.locator("input[type=file]").set_input_files(paper)
    upload.locator("[name=proves]").fill("当日已按要求检查并记录")
    upload.locator("[name=collected_by]").fill("唐蔚")
    upload.locator("select[name=kind]").select_option(index=1)
    upload.get_by_role("button").last.click()
    expect(page.get_by_text("现场检查笔录.pdf").first).to_be_visible()
    address = open_item(page, told, "investigation")
    unfold(page)
    page.locator("textarea").first.fill("先记下一半。")
    page.get_by_role("button", name="暂存草稿").click()
    expect(page.get_by_text("暂存的草稿，尚未提交").first).to_be_visible()
    assert page.locator("textarea").first.input_value() == "先记下一半。"
    page.goto(address)
    answer_item(page, told, "investigation")
    assert told.item("countersign").state == "open"


def to_the_ballots(site: Site, name: str = "r2") -> tuple[Told, list[str]]:
    """A case whose panel may vote; the usernames of those who are asked, the chair last."""
    told = a_case(site.bureau, name).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    votes = [told.who(i) for i in told.open_items() if i.kind == "ballot"]
    return told, [*votes, told.who(told.item("close-session"))]


def test_five_members_vote_at_five_screens_and_the_chair_closes(site: Site) -> None:
    told, members = to_the_ballots(site)
    assert len(members) == MEMBERS
    for username in members:
        page = site.sign_in(username)
        mine = next(i for i in told.open_items() if i.kind == "ballot" and told.who(i) == username)
        answer_item(page, told, "ballot", mine.slot)
        page.goto(f"/work-items/{mine.id}")
        expect(page.get_by_text("已经办理").first).to_be_visible()
    chair = site.sign_in(members[-1])
    answer_item(chair, told, "close-session")
    assert told.case().stage == Stage.DECISION
    chair.goto(f"/cases/{told.case_id}")
    expect(chair.get_by_text("集体审议").first).to_be_visible()


@on_sqlite
def test_who_stepped_aside_finds_nothing_of_the_case_anywhere(site: Site) -> None:
    told = a_case(site.bureau).go_on(lambda t: any(i.kind == "recusal" for i in t.open_items()))
    item = next(i for i in told.open_items() if i.kind == "recusal")
    page = site.sign_in(told.who(item))
    address = open_item(page, told, "recusal", item.slot)
    fill(
        page,
        address,
        forms.write(forms.FORMS[Kind.RECUSAL], {"recuse": True, "ground": "与被核查人员是姻亲。"}),
    )
    page.locator(f"form[action='{address}'] button[value='submit']").click()
    expect(page.get_by_role("status").first).to_contain_text("不再参与此案")
    number = told.case().number
    for there in ("/inbox", "/cases", f"/cases?q={number}", "/notices"):
        page.goto(there)
        expect(page.get_by_role("main").get_by_text(number)).to_have_count(0)
    for gone in (f"/cases/{told.case_id}", address):
        assert (answered := page.goto(gone)) is not None
        assert answered.status == 404
        expect(page.get_by_role("heading", level=1)).to_have_text("没有找到")


@on_sqlite
def test_an_officer_on_a_phone_reads_the_case_and_makes_a_statement(site: Site) -> None:
    told = a_case(site.bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    item = next(i for i in told.open_items() if i.kind == "statement")
    page = site.sign_in(told.who(item), width=360)
    for address in ("/inbox", "/me", f"/cases/{told.case_id}", f"/work-items/{item.id}"):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} is {wide} px wider than a phone"
    answer_item(page, told, "statement", item.slot)
    assert told.item("statement", item.slot).state == "done"


@on_sqlite
def test_of_two_tabs_the_second_is_told_that_the_vote_is_counted(site: Site) -> None:
    told, (username, *_) = to_the_ballots(site)
    mine = next(i for i in told.open_items() if i.kind == "ballot" and told.who(i) == username)
    address = f"/work-items/{mine.id}"
    first = site.sign_in(username, to=address)
    second = first.context.new_page()
    second.goto(address)
    fields = forms.write(forms.FORMS[Kind.BALLOT], told.content(mine))
    for tab in (first, second):
        fill(tab, address, {n: v for n, v in fields.items() if tab.locator(f"[name='{n}']").count()})
    first.get_by_role("button", name="投票").click()
    expect(first.get_by_role("status").first).to_contain_text("已提交")
    second.locator("textarea").first.fill("另一个窗口里改了主意。")
    second.get_by_role("button", name="投票").click()
    expect(second.get_by_role("main")).to_contain_text("已经")
    assert told.item("ballot", mine.slot).version == 2


@on_sqlite
def test_an_answer_typed_while_the_session_ended_is_there_after_signing_in_again(site: Site) -> None:
    told = a_case(site.bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    item = next(i for i in told.open_items() if i.kind == "statement")
    address, said = f"/work-items/{item.id}", "一小时里写下的意见，\n第二行。"
    page = site.sign_in(told.who(item), to=address)
    page.locator("textarea").first.fill(said)
    page.context.clear_cookies()
    page.locator("button[value='submit']").click()
    expect(page.get_by_role("alert").first).to_contain_text("没有丢失")
    page.get_by_label("用户名").fill(told.who(item))
    page.get_by_label("密码").fill("不对的密码")
    page.get_by_role("button", name="登录并接着办理").click()
    expect(page.get_by_role("alert").last).to_contain_text("密码")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录并接着办理").click()
    expect(page.get_by_text("暂存的草稿，尚未提交").first).to_be_visible()
    assert page.locator("textarea").first.input_value() == said
    assert told.item("statement", item.slot).state == "open"


@on_sqlite
def test_any_other_form_is_shown_and_sent_once_more_after_signing_in_again(site: Site) -> None:
    told = a_case(site.bureau)
    page = site.sign_in("luo.ying", to="/cases/new")
    fill(page, "/cases/new", forms.write(forms.NEW_CASE, dict(told.story.case) | {"title": "到期后再登记"}))
    page.context.clear_cookies()
    page.get_by_role("button", name="登记").last.click()
    enter(page, "luo.ying")
    expect(page.get_by_role("main")).to_contain_text("到期后再登记")
    page.get_by_role("button", name="再次提交").click()
    expect(page.get_by_role("status").first).to_contain_text("已登记，案号")


@on_sqlite
def test_a_draft_is_kept_while_somebody_types(site: Site) -> None:
    told = a_case(site.bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    item = next(i for i in told.open_items() if i.kind == "statement")
    page = site.window()
    page.clock.install()
    site.sign_in(told.who(item), to=f"/work-items/{item.id}", page=page)
    page.locator("textarea").first.fill("没有点任何按钮。")
    page.clock.run_for(21_000)
    expect(page.locator("[data-saved]")).to_contain_text("草稿已自动保存")
    page.goto(f"/work-items/{item.id}")
    assert page.locator("textarea").first.input_value() == "没有点任何按钮。"


@on_sqlite
def test_the_keyboard_alone_leads_from_signing_in_to_the_vote(site: Site) -> None:
    told, (username, *_) = to_the_ballots(site)
    mine = next(i for i in told.open_items() if i.kind == "ballot" and told.who(i) == username)
    page = site.window()
    page.goto("/sign-in")
    keys = page.keyboard

    def go_to(selector: str) -> None:
        for _ in range(400):
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            keys.press("Tab")
        raise AssertionError(f"the keyboard does not reach {selector}")

    go_to("#f-username")
    keys.type(username)
    go_to("#f-password")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/inbox")
    go_to(f"a[href='/work-items/{mine.id}']")
    keys.press("Enter")
    page.wait_for_url(f"**/work-items/{mine.id}")
    for name, (value, *_) in forms.write(forms.FORMS[Kind.BALLOT], told.content(mine)).items():
        if not page.locator(f"[name='{name}']").count():
            continue
        go_to(f"[name='{name}']")
        if name.endswith(".outcome"):
            for _ in range(8):
                if (
                    page.evaluate("() => document.activeElement.checked && document.activeElement.value")
                    == value
                ):
                    break
                keys.press("ArrowDown")
        else:
            keys.type(value)
    go_to("button[value='submit']")
    keys.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("已提交")
