"""What everybody may read without signing in. 公示测试"""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from api.app import create_app
from api.portal import read_paper
from models.database import Register
from models.handbook import load_edition
from models.rules.lifecycle import Stage
from models.tables import Publication
from tasks.office import office_work
from tests.api.browser import Page
from tests.builders import a_bureau, a_case


@pytest.fixture
def public(register: Register) -> TestClient:
    app: FastAPI = create_app()
    return TestClient(app, headers={"accept": "text/html"}, follow_redirects=False)


@pytest.fixture
def published(register: Register) -> str:
    """The slug of a notice of an archived case."""
    told = a_case(a_bureau(register)).to_the_end()
    assert told.case().stage == Stage.ARCHIVE
    office_work(told.case_id)
    with register.reading() as session:
        return session.exec(select(Publication.slug)).one()


@pytest.mark.parametrize("database", ["sqlite"])
def test_strangers_arrive_at_the_portal(public: TestClient) -> None:
    assert public.get("/").headers["location"] == "/portal"
    page = Page(public.get("/portal").text)
    assert "闸门" not in page.text
    assert "还没有公告" in page.text
    assert page.styled == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_exemption_list_shows_all_clauses_word_for_word(public: TestClient) -> None:
    edition = load_edition("2019")
    page = Page(public.get("/portal/exemptions").text)
    assert len(edition.clauses) == 61
    for clause in edition.clauses.values():
        assert clause.text in page.text
        assert clause.id in page.ids


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_duty_list_shows_every_duty_with_its_basis(public: TestClient) -> None:
    text = Page(public.get("/portal/duties").text).text
    for duty in load_edition("2019").duties.values():
        assert duty.requirement in text
        assert str(duty.legal_basis[0]) in text


def test_a_notice_is_shown_redacted(public: TestClient, published: str) -> None:
    listed = public.get("/portal/notices")
    assert f"/portal/notices/{published}" in listed.text
    assert "不予追究责任（免责）决定公示" in Page(listed.text).text
    response = public.get(f"/portal/notices/{published}")
    page = Page(response.text)
    assert response.status_code == 200
    assert page.styled == []
    assert "免于追究" in page.text
    assert "许静" not in response.text
    assert "周凯" in response.text  # who consented to be named
    for name in ("唐蔚", "顾平", "孟凡"):
        assert name not in response.text


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_notice_that_was_taken_down_says_why_and_no_more(
    public: TestClient, published: str, register: Register
) -> None:
    with register.writing() as session:
        row: Any = session.exec(select(Publication)).one()
        row.withdrawn_at, row.withdrawn_reason = datetime.now(UTC), "本人撤回同意"
        session.add(row)
    response = public.get(f"/portal/notices/{published}")
    assert response.status_code == 410
    assert "本人撤回同意" in response.text
    assert "周凯" not in response.text
    assert published not in public.get("/portal/notices").text


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("slug", ["nothing", "a%00b", "{{7*7}}"])
def test_a_notice_that_never_was_gives_a_friendly_page(public: TestClient, slug: str) -> None:
    response = public.get(f"/portal/notices/{slug}")
    assert response.status_code == 404
    assert "没有找到" in response.text


def test_a_paper_is_read_as_words_only() -> None:
    paper = read_paper(
        "<h1>某局<br>公示</h1><p class='docno'>某公示〔2026〕1号</p><script>x()</script>"
        "<p>a &lt;b&gt; &amp; c</p><div class='sign'><p>某局</p></div>"
    )
    assert paper.heading == "某局\n公示"
    assert paper.parts == [("number", "某公示〔2026〕1号"), ("p", "a <b> & c"), ("end", "某局")]
