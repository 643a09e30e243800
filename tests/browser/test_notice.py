"""From the notice alone: a member who knows nothing but the mail finds the case and votes. 只凭通知办完"""

import re

import pytest
from playwright.sync_api import expect

from models.settings import settings
from models.tables import Channel
from tasks.office import office_work
from tests.browser.conftest import Site, enter
from tests.builders import a_case
from tests.notifications.conftest import Mailbox, mailbox

__all__ = ["mailbox"]


def test_a_vote_is_finished_from_the_mail_alone(
    site: Site, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHAODAN_PUBLIC_URL", site.url)
    settings.cache_clear()
    told = a_case(site.bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    mine = next(i for i in told.open_items() if i.kind == "ballot")
    username = told.who(mine)
    with site.bureau.register.writing() as session:
        session.add(Channel(person_id=site.bureau.ids[username], name="mail", url=mailbox.url(), active=True))
    office_work(told.case_id)
    mail = next(m for m in mailbox.mails if "表决" in str(m["subject"]))
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    print(mail["subject"], text, sep="\n")
    (link,) = re.findall(r"http://\S+/work-items/\w+", text)

    page = site.window()
    page.goto(link)
    enter(page, username)
    expect(page.get_by_role("heading", level=1)).to_have_text("表决")
    # What the page itself says is enough: it lists what is asked of each officer and where the reasons lie.
    for officer in page.locator("section.person").all():
        officer.get_by_role("radio").first.check()
        officer.get_by_label("表决理由").fill("已逐项履行职责，同意法制审核意见。")
    page.get_by_role("button", name="投票").click()
    expect(page.get_by_role("status").first).to_contain_text("『表决』已提交")
    assert told.item("ballot", mine.slot).state == "done"
