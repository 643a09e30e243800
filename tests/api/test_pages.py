"""Whole cases by forms alone, and what each page must and must not show. 页面测试"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

import api.pages_rendering
from api import forms
from api.app import create_app
from api.pages_words import step
from models.accounts import set_password
from models.casework import verify_all
from models.database import Register
from models.queries.cases import TimelineRow
from models.rules.lifecycle import Kind, Stage
from models.tables import WorkItem
from tests.api.browser import Browser, Page
from tests.builders import Bureau, Told, a_bureau, a_case

on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture
def app(register: Register) -> FastAPI:
    return create_app()


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


class Office:
    """Everybody at their screens."""

    def __init__(self, app: FastAPI, bureau: Bureau) -> None:
        self.app, self.bureau = app, bureau
        self.people: dict[str, Browser] = {}

    def of(self, username: str) -> Browser:
        if username not in self.people:
            self.people[username] = Browser(self.app, self.bureau, username)
        return self.people[username]

    def pages(self) -> Iterator[tuple[str, str]]:
        for username, browser in self.people.items():
            for address, text in browser.seen.items():
                yield f"{username} {address}", text


@pytest.fixture
def office(app: FastAPI, bureau: Bureau) -> Office:
    return Office(app, bureau)


def tell(told: Told, office: Office) -> list[str]:
    """Carry a story to its end by forms alone; the kinds of items that were answered."""
    answered = []
    while told.case().state == "open":
        items = [i for i in told.open_items() if i.kind in told.story.answers]
        ready = [i for i in items if i.kind != "close-session"] or items
        if not ready:
            break
        item = ready[0]
        person = office.of(told.who(item))
        assert f"/work-items/{item.id}" in person.client.get("/inbox").text
        # A case may touch duties of another field of enforcement, which the worksheet lists when asked.
        at = f"/work-items/{item.id}{'?all=1' if item.kind == Kind.INVESTIGATION else ''}"
        offered = person.open(at).form(f"/work-items/{item.id}").controls
        fields = forms.write(forms.FORMS[Kind(item.kind)], told.content(item))
        # The page asks why a vote deviates only where there is a precedent to deviate from.
        fields = {n: v for n, v in fields.items() if n in offered or not n.endswith(".deviation")}
        response = person.send(f"/work-items/{item.id}", fields, at=at)
        assert response.status_code == 303, Page(response.text).text
        after = person.open(response.headers["location"])
        assert "已提交" in after.text
        answered.append(item.kind)
    return answered


def register_by_form(told: Told, office: Office) -> None:
    """The clerk registers the same lead once more, by the form."""
    case = dict(told.story.case) | {"title": "再次登记"}
    response = office.of("luo.ying").send("/cases/new", forms.write(forms.NEW_CASE, case))
    assert response.status_code == 303, Page(response.text).text
    assert "已登记，案号" in office.of("luo.ying").open(response.headers["location"]).text


@on_sqlite
def test_whole_cases_live_by_forms_alone_and_every_page_is_fit_for_everybody(
    office: Office, bureau: Bureau
) -> None:
    told = a_case(bureau, "r2")
    kinds = tell(told, office)
    assert told.case().state == "archived"
    register_by_form(told, office)
    unfounded = a_case(bureau, "r1")
    kinds += tell(unfounded, office)
    assert unfounded.case().state == "archived"
    transferred = a_case(bureau, "r5")
    kinds += tell(transferred, office)
    assert transferred.case().state == "transferred"
    kinds += hear_the_other_authority(transferred, office)
    assert set(kinds) == {k.value for k in Kind} - {"convening", "recusal-ruling"}
    with bureau.register.reading() as session:
        assert [broken for _, broken in verify_all(session) if broken] == []
    for username in ("cao.ran", "zhou.kai", "gu.ping"):
        page = office.of(username).open(f"/cases/{told.case_id}")
        assert "办理进程" in page.text
    check_pages(office)


@on_sqlite
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("r3", ("没有“造成不良后果”的情形", "批准后六日未送印", "没有触及", "条款结果相同")),
        ("r4", ("未履行2项，即“全过程记录”、“实名举报反馈”", "均已排除")),
        ("r7", ("澄清的依据", "五（二）3第（28）项")),
    ],
)
def test_a_retold_case_lives_by_forms_alone_and_its_page_says_why(
    office: Office, bureau: Bureau, name: str, says: tuple[str, ...]
) -> None:
    told = a_case(bureau, name)
    tell(told, office)
    assert told.case().state == "archived"
    text = office.of("cao.ran").open(f"/cases/{told.case_id}").text
    assert [words for words in says if words not in text] == []


def hear_the_other_authority(told: Told, office: Office) -> list[str]:
    item = told.item("authority-reply")
    fields = {
        "result": ["no-action"],
        "authority": ["章江市云溪区监察委员会"],
        "summary": ["不予追究。"],
    }
    response = office.of("cao.ran").send(f"/work-items/{item.id}", fields)
    assert response.status_code == 303
    return [item.kind]


def check_pages(office: Office) -> None:
    """No inline style or script anywhere; a label for each input; no id twice."""
    count = 0
    for where, text in office.pages():
        page = Page(text)
        assert page.styled == [], where
        unlabelled = [c.id or "?" for c in page.inputs if c.id not in page.labels and not c.labelled]
        assert unlabelled == [], (where, unlabelled[:5])
        twice = {i for i in page.ids if page.ids.count(i) > 1} if len(page.ids) < 3000 else set()
        assert twice == set(), where
        count += 1
    assert count > 30


@on_sqlite
def test_a_manager_completes_a_panel_by_form(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.REVIEW)
    for _ in range(3):  # seven in the pool, five seats: the third who steps aside cannot be replaced
        item = next(i for i in told.open_items() if i.kind == "recusal")
        told.answer(item, {"recuse": True, "ground": "曾与当事人共事"})
    item = told.item("convening")
    person = office.of("cao.ran")
    assert "还须正好补足 1 人" in person.open(f"/work-items/{item.id}").text
    fields = {"members": ["lou.ming"], "reason": ["本机关审议人员不足"]}
    response = person.send(f"/work-items/{item.id}", fields)
    assert response.status_code == 303, Page(response.text).text


@on_sqlite
def test_who_steps_aside_with_two_clicks_reads_that_it_is_done(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.REVIEW)
    item = next(i for i in told.open_items() if i.kind == "recusal")
    person, address = office.of(told.who(item)), f"/work-items/{item.id}"
    sent = person.open(address).form(address).fill({"recuse": ["yes"], "ground": ["近亲属"]})
    for _ in range(2):
        done = person.client.post(address, data=sent | {"do": ["submit"]})
        assert (done.status_code, done.headers["location"]) == (303, f"/inbox?done={item.id}")
    assert person.client.post(address, data=sent | {"ground": ["另一理由"]}).status_code == 404
    assert office.of("lou.ming").client.post(address, data=sent).status_code in (403, 404)
    person.open(address, 404)


def test_typed_content_survives_a_refusal_and_the_message_stands_beside_the_field(
    office: Office, bureau: Bureau
) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    item = told.item("investigation")
    person = office.of("tang.wei")
    rid = next(iter(told.respondents.values()))
    typed = {
        f"findings.{rid}.LIC-005.result": ["done"],
        f"findings.{rid}.LIC-005.evidence": ["1、abc"],
        f"findings.{rid}.LIC-005.note": ["{{ 7*7 }} <b>原样</b>"],
        "report": ["\n  写了一半的调查情况"],
    }
    response = person.send(f"/work-items/{item.id}", typed)
    assert response.status_code == 422
    page = person.read("refused", response)
    kept = page.form(f"/work-items/{item.id}").typed()
    for name, values in typed.items():
        assert kept[name] == values
    assert "请填写数字编号" in page.text
    assert f"f-findings-{rid}-LIC-005-evidence-fault" in page.ids
    assert "{{ 7*7 }} &lt;b&gt;原样" in response.text
    again = person.open(f"/work-items/{item.id}").form(f"/work-items/{item.id}").typed()
    assert again[f"findings.{rid}.LIC-005.note"] == typed[f"findings.{rid}.LIC-005.note"]


def test_a_draft_is_kept_for_its_writer_alone(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau)
    item = told.item("screening")
    response = office.of("he.jun").send(f"/work-items/{item.id}", {"reason": ["还没写完"]}, do="draft")
    assert response.status_code == 303
    page = office.of("he.jun").open(response.headers["location"])
    assert "暂存的草稿" in page.text
    assert "还没写完" in page.text
    assert "还没写完" not in office.of("cao.ran").open(f"/work-items/{item.id}").text
    with bureau.register.reading() as session:
        assert session.get_one(WorkItem, item.id).state == "open"


@on_sqlite
def test_a_refusal_of_the_rules_names_the_officer_and_stands_beside_the_row(
    office: Office, bureau: Bureau
) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    item = told.item("investigation")
    rid = next(iter(told.respondents.values()))
    typed = {
        f"findings.{rid}.LIC-005.result": ["done"],
        "conclusion": ["complete"],
        "report": ["已经核查"],
    }
    page = office.of("tang.wei").read("x", office.of("tang.wei").send(f"/work-items/{item.id}", typed))
    assert f"f-findings-{rid}-LIC-005-result-fault" in page.ids
    assert "没有写明证据" in page.text
    typed[f"findings.{rid}.LIC-005.evidence"] = ["1"]
    page = office.of("tang.wei").read("x", office.of("tang.wei").send(f"/work-items/{item.id}", typed))
    assert "被核查人员许静还没有对照履职清单" in page.text


@on_sqlite
def test_a_page_that_has_gone_stale_is_refused_with_what_was_typed(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau)
    item = told.item("screening")
    form = office.of("he.jun").open(f"/work-items/{item.id}").form(f"/work-items/{item.id}")
    sent = form.fill({"verdict": ["decline"], "reason": ["不属于执法履职问题"]}) | {"version": ["99"]}
    response = office.of("he.jun").client.post(f"/work-items/{item.id}", data=sent)
    assert response.status_code == 412
    assert "不属于执法履职问题" in response.text
    assert told.case().stage == Stage.INTAKE


@on_sqlite
def test_the_same_form_sent_twice_is_one_answer(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau)
    address = f"/work-items/{told.item('screening').id}"
    person = office.of("he.jun")
    sent = person.open(address).form(address).fill({"verdict": ["decline"], "reason": ["没有具体事实"]})
    first = person.client.post(address, data=sent)
    events = told.case().events
    second = person.client.post(address, data=sent)
    assert (first.status_code, second.status_code) == (303, 303)
    assert told.case().events == events
    other = person.client.post(address, data=sent | {"reason": ["另一个理由"]})
    assert other.status_code == 409
    assert "已经办理" in Page(other.text).text


def test_code_that_people_type_stays_text_everywhere(office: Office, bureau: Bureau) -> None:
    nasty = "{{ 7*7 }} {% raw %} <script>alert(1)</script> '; DROP TABLE case_file; --"
    told = a_case(bureau, title=nasty, narrative=nasty, harm=nasty)
    item = told.item("screening")
    for username, address in (
        ("cao.ran", f"/cases/{told.case_id}"),
        ("cao.ran", "/cases"),
        ("he.jun", "/inbox"),
        ("he.jun", f"/work-items/{item.id}"),
    ):
        page = office.of(username).open(address)
        assert nasty in page.text
        assert page.styled == []


@on_sqlite
def test_a_form_without_its_mark_is_refused_in_chinese_and_changes_nothing(
    office: Office, bureau: Bureau
) -> None:
    told = a_case(bureau)
    item = told.item("screening")
    person = office.of("he.jun")
    for mark in ({}, {"csrf": "wrong"}):
        sent = {"verdict": "decline", "reason": "x", "version": "1", "do": "submit"} | mark
        response = person.client.post(f"/work-items/{item.id}", data=sent)
        assert response.status_code == 403
        assert "刷新页面" in Page(response.text).text
    assert told.case().stage == Stage.INTAKE


@on_sqlite
def test_signing_in_is_clear_when_refused_and_leads_on_when_right(
    app: FastAPI, register: Register, bureau: Bureau
) -> None:
    with register.writing() as session:
        set_password(session, bureau.ids["he.jun"], "correct-horse")
    browser = Browser(app, bureau)
    wrong = browser.client.post("/sign-in", data={"username": "he.jun", "password": "nonsense"})
    assert wrong.status_code == 401
    page = Page(wrong.text)
    assert "用户名或者密码不正确" in page.text
    assert page.form("/sign-in").typed()["username"] == ["he.jun"]
    assert "nonsense" not in wrong.text
    sent = {"username": "he.jun", "password": "correct-horse", "to": "/cases"}
    right = browser.client.post("/sign-in", data=sent)
    assert (right.status_code, right.headers["location"]) == (303, "/cases")
    inbox = browser.open("/inbox")
    assert "现在没有需要您办理的事项" in inbox.text
    out = browser.client.post("/sign-out", data=inbox.form("/sign-out").typed())
    assert out.status_code == 303
    assert browser.client.get("/inbox").headers["location"] == "/sign-in?to=/inbox"


@on_sqlite
@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/sign-out"])
def test_signing_in_never_leads_elsewhere(app: FastAPI, bureau: Bureau, to: str) -> None:
    page = Page(Browser(app, bureau).client.get("/sign-in", params={"to": to}).text)
    assert page.form("/sign-in").typed()["to"] == ["/inbox"]


@on_sqlite
def test_an_officer_sees_own_matters_only(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: t.item("statement") is not None)
    officer = office.of("zhou.kai")
    page = officer.open(f"/cases/{told.case_id}")
    assert "许静" not in page.text
    assert "唐蔚" not in page.text
    assert "对我的认定" in page.text
    assert "行政判决书" not in page.text
    others = told.item("statement", str(told.respondents["xu.jing"]))
    hidden = officer.open(f"/work-items/{others.id}", status=404)
    assert "没有找到" in hidden.text
    internal = told.item("investigation")
    assert officer.client.get(f"/work-items/{internal.id}").status_code == 404


@on_sqlite
def test_an_officer_sees_no_finding_before_it_is_countersigned(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: t.item("countersign") is not None)
    assert "对我的认定" not in office.of("zhou.kai").open(f"/cases/{told.case_id}").text
    assert "履职清单对照" in office.of("cao.ran").open(f"/cases/{told.case_id}").text


@on_sqlite
def test_an_officer_is_not_warned_of_a_transfer(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau, "r5").to_the_end()
    assert told.case().state == "transferred"
    for username in told.respondents:
        for address in (f"/cases/{told.case_id}", "/cases", "/inbox"):
            page = office.of(username).open(address)
            assert "移送" not in page.text, address
            assert "收受" in page.text or address == "/inbox"
    assert "已移送" in office.of("cao.ran").open(f"/cases/{told.case_id}").text
    assert "已移送" in office.of("cao.ran").open("/cases").text


@on_sqlite
def test_hidden_and_unknown_things_give_the_same_friendly_page(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau)
    stranger = office.of("bai.lu")
    texts = set()
    for address in (f"/cases/{told.case_id}", f"/cases/{'0' * 32}"):
        page = stranger.open(address, status=404)
        assert "请从待办或者案件列表重新打开" in page.text
        texts.add(page.text)
    assert len(texts) == 1
    assert stranger.client.get("/cases/nonsense").status_code == 404
    assert "没有找到" in stranger.open("/no-such-page", status=404).text


@on_sqlite
def test_ballots_stay_sealed_until_the_chair_closes(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: any(k == "ballot" for k, _ in t.answered))
    voter = told.answered[-1][1]
    secret = told.story.answers["ballot"]["vote"]["reason"]
    dissent = told.story.answers["ballot"]["dissent"]["reason"]
    closing = told.item("close-session")
    chair = bureau.username(closing.assignee_id or 0)
    for username in {"cao.ran", "meng.fan", chair} - {voter}:
        for address in (f"/cases/{told.case_id}", f"/work-items/{closing.id}"):
            text = office.of(username).client.get(address).text
            assert secret not in text
            assert dissent not in text
    assert "已表决 1 人" in office.of(chair).open(f"/work-items/{closing.id}").text.replace("\n", "")


@on_sqlite
def test_a_ballot_offers_only_open_outcomes_and_says_why_others_are_closed(
    office: Office, bureau: Bureau
) -> None:
    told = a_case(bureau).go_on(lambda t: t.item("ballot") is not None)
    item = told.item("ballot")
    page = office.of(told.who(item)).open(f"/work-items/{item.id}")
    rid = next(iter(told.respondents.values()))
    controls = page.form(f"/work-items/{item.id}").controls[f"votes.{rid}.outcome"]
    assert {c.value for c in controls if not c.closed} >= {"exempt", "accountable", "supplement"}
    assert not [c.value for c in controls if c.checked]


def test_evidence_is_handed_in_on_the_case_page(office: Office, bureau: Bureau) -> None:
    told = a_case(bureau)
    clerk = office.of("luo.ying")
    address = f"/cases/{told.case_id}/evidence"
    form = next(f for f in clerk.open(f"/cases/{told.case_id}").forms if f.action.startswith(address))
    sent = form.fill({"kind": ["书证"], "proves": ["补充"]})
    sent = {name: value for name, value in sent.items() if name != "file"}
    ok = clerk.client.post(form.action, data=sent, files={"file": ("说明.txt", "内容", "text/plain")})
    assert ok.status_code == 303, ok.text[:500]
    assert "说明.txt" in clerk.open(f"/cases/{told.case_id}?added=1").text
    bad = clerk.client.post(form.action, data=sent, files={"file": ("a.exe", b"MZ", "application/x-ms")})
    assert bad.status_code == 415
    assert "没有提交成功" in Page(bad.text).text
    forged = clerk.client.post(
        form.action, data=sent | {"csrf": ["x"]}, files={"file": ("b.txt", "b", "text/plain")}
    )
    assert forged.status_code == 403


def test_every_template_is_well_formed() -> None:
    names = [p.name for p in api.pages_rendering.TEMPLATES.glob("*.html")]
    assert {f"item-{kind.value}.html" for kind in Kind} <= set(names)
    for name in names:
        api.pages_rendering.environment().get_template(name)


@on_sqlite
def test_a_like_case_is_shown_beside_the_form_and_a_deviating_vote_asks_why(
    office: Office, bureau: Bureau
) -> None:
    first = a_case(bureau, "r2").to(Stage.MATCHING)
    review = first.item("legal-review")
    assert "尚无相近的已决案件" in office.of("gu.ping").open(f"/work-items/{review.id}").text
    number = f"章云市监责〔2026〕{first.to_the_end().case().number}号"
    told = a_case(bureau, "r2").go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballot = next(i for i in told.open_items() if i.kind == "ballot")
    member = office.of(told.who(ballot))
    page = member.open(f"/work-items/{ballot.id}")
    assert number in page.text
    assert "先例的结论一致为『免于追究』" in page.text
    fields = {
        f"votes.{rid}.{name}": [said]
        for rid in told.respondents.values()
        for name, said in (("outcome", "accountable"), ("reason", "应当追究。"))
    }
    refused = member.send(f"/work-items/{ballot.id}", fields)
    assert refused.status_code == 422
    assert f"对被核查人员周凯提出『追究』，与相近的已决案件不同：{number}" in Page(refused.text).text
    fields |= {f"votes.{rid}.deviation": ["本案审查人员知情。"] for rid in told.respondents.values()}
    assert member.send(f"/work-items/{ballot.id}", fields).status_code == 303
    told.to(Stage.DECISION)
    assert number in office.of("meng.fan").open(f"/work-items/{told.item('signature').id}").text
    for _, text in office.pages():
        shown = Page(text)
        assert [c.id for c in shown.inputs if c.id not in shown.labels] == []


def test_a_recomputed_period_is_told_with_both_ends():
    was = {"due_on": "2027-01-04", "provisional": True, "basis": "…"}
    now = {"due_on": "2027-01-05", "provisional": False}
    data = {"clocks": [{"zh": "受理决定", "was": was, "now": now}]}
    told = step(TimelineRow(7, "clock:recomputed", datetime(2026, 11, 5, tzinfo=UTC), "", "", "", data))
    assert told.what == "期限重新计算"
    assert told.lines == ["受理决定：由 2027-01-04（暂定） 改为 2027-01-05"]


def test_in_the_round_after_a_supplement_the_ballot_says_who_is_settled(
    office: Office, bureau: Bureau
) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    first, second = told.respondents.values()
    for item in told.ballots():
        said = ((first, "exempt"), (second, "supplement"))
        told.answer(item, {"votes": [{"respondent": r, "outcome": o, "reason": "按证据。"} for r, o in said]})
    told.answer(told.item("close-session"), {"summary": "其中一人的事实尚不清楚。"})
    told.go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    item = told.item("ballot")
    page = office.of(told.who(item)).open(f"/work-items/{item.id}")
    assert "原审议组已经形成结论（免于追究）" in page.text
    voted = {c for c in page.form(f"/work-items/{item.id}").controls if c.endswith(".outcome")}
    assert voted == {f"votes.{second}.outcome"}
