"""The page of a case in a real browser: narrowed and pinned without scripts, evidence shown in place. 案件页面"""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlmodel import select

from models.answers import NewEvidence
from models.casework import add_evidence
from models.files import store
from models.readings import ReadKind
from models.rules.lifecycle import Stage
from models.tables import Reading
from tests.browser.conftest import Site
from tests.builders import Told, a_case

WHY = "审议前请先看这一步。"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Resources<<>>>>endobj\ntrailer<</Root 1 0 R>>"
)


def hand_in(site: Site, told: Told, content: bytes, name: str, media_type: str) -> int:
    meta = NewEvidence.model_validate({"kind": "书证", "collected_by": "罗颖", "proves": "现场情况"})
    with site.bureau.register.writing() as session:
        row = add_evidence(
            session, told.case_id, meta, store().put(content), file_name=name, media_type=media_type,
            actor=site.bureau.actor("luo.ying"), now=site.bureau.now(),
        )  # fmt: skip
        return row.number


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_steps_are_narrowed_and_pinned_and_evidence_is_shown_without_scripts(site: Site) -> None:
    told = a_case(site.bureau).to(Stage.VERIFICATION)
    drawn = io.BytesIO()
    Image.new("RGB", (320, 200), "teal").save(drawn, "PNG")
    photo = hand_in(site, told, drawn.getvalue(), "现场.png", "image/png")
    scan = hand_in(site, told, PDF, "回执.pdf", "application/pdf")
    page = site.window(script=False)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    site.sign_in("tang.wei", page=page, to=f"/cases/{told.case_id}")
    page.get_by_role("link", name="文书", exact=True).click()
    expect(page.get_by_text("登记线索")).to_have_count(0)
    page.get_by_role("navigation", name="步骤种类").get_by_role("link", name="全部").click()
    page.get_by_text("置顶一步").click()
    page.get_by_label("步骤", exact=True).select_option("1")
    page.get_by_label("置顶的理由").fill(WHY)
    page.get_by_role("button", name="置顶", exact=True).click()
    expect(page.get_by_label("置顶", exact=True)).to_contain_text(WHY)
    page.get_by_label(f"预览证据{photo}", exact=True).click()
    picture = page.get_by_role("img", name=f"证据{photo}：现场情况")
    expect(picture).to_be_visible()
    assert picture.bounding_box()["width"] == 320  # type: ignore[index]  # it has come
    with page.expect_response("**/preview") as answer:
        page.get_by_label(f"预览证据{scan}", exact=True).click()
    assert answer.value.status == 200
    expect(page.locator("iframe")).to_be_visible()
    assert [text for text in said if "Content Security Policy" in text or "Refused" in text] == []
    with site.bureau.register.reading() as session:
        looks = [
            row.object_id for row in session.exec(select(Reading).where(Reading.kind == ReadKind.EVIDENCE))
        ]
    assert len(looks) == 2
