"""Papers: every kind has its template, every template renders, and each text says what it must. 文书"""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from models.dossier import (
    AllegationView,
    AnswerView,
    BallotView,
    ChallengeView,
    ClearingView,
    DecisionView,
    DocumentView,
    Dossier,
    EventView,
    EvidenceView,
    FactorView,
    FactView,
    FindingView,
    MatchView,
    PeriodView,
    PublicationView,
    RespondentView,
    SeatView,
    TranscriptView,
)
from models.handbook import load_edition
from models.rules.errors import Incomplete, NotFound
from models.rules.lifecycle import Kind
from models.rules.permissions import Part
from tasks.documents import DOCUMENTS, Rendered, render
from tasks.documents.rendering import TEMPLATES, chinese

AT = datetime(2026, 11, 20, 7, 4, tzinfo=UTC)
ISSUED = date(2026, 11, 25)
REPORTER = "钱多多"
ORGAN = "江州市市场监督管理局"
MEMBERS = ((21, "孙一"), (22, "周二"), (23, "吴三"), (24, "郑四"), (25, "冯五"))


INTERVIEW: dict[str, Any] = {
    "person": "李小明",
    "capacity": "respondent",
    "unit": f"{ORGAN}城东分局",
    "place": "第一谈话室",
    "began_at": "2026-11-19T01:00:00Z",
    "ended_at": "2026-11-19T02:05:00Z",
    "interviewers": ["陈调查", "褚会签"],
    "recorder": "",
    "rights_told": True,
    "exchanges": [{"question": "当时怎样审查？", "answer": "逐项勾对。\n没有发现异常。"}],
    "corrections": "第一问应为“形式审查”。",
    "signed": True,
    "refusal": "",
}
OPINION: dict[str, Any] = {
    "question": "该签名样式以通常注意能否辨别真伪？",
    "experts": [{"name": "专家甲", "unit": "某司法鉴定中心", "title": "高级工程师"}],
    "no_ties": True,
    "reasoning": "样本清晰，笔画特征接近。",
    "opinion": "以通常注意不能辨别。",
    "dissent": "专家乙认为可以辨别。",
    "formed_on": "2026-11-18",
}


def an_answer(kind: Kind, content: dict[str, Any], *, slot: str = "", by: str = "陈调查") -> AnswerView:
    """A work item answered in the first round."""
    return AnswerView(kind, slot, 1, by, 9, AT, content)


def a_match(clause: str, **changes: Any) -> MatchView:
    """A clause for the first officer, confirmed unless said otherwise."""
    own: dict[str, Any] = {
        "respondent_id": 1,
        "clause": clause,
        "text": load_edition("2019").clauses[clause].text,
        "outcome": "established",
        "reasons": ("要件均已查明。",),
        "missing": (),
        "legal_review": "",
        "proposed": True,
        "confirmed": True,
        "confirmed_reason": "材料形式齐备，错误由虚假材料造成。",
        "confirmed_by": "法审员",
    }
    return MatchView(**(own | changes))


def a_decision(outcome: str, **changes: Any) -> DecisionView:
    """A signed and served decision about the first officer, as the panel proposed."""
    own: dict[str, Any] = {
        "respondent_id": 1,
        "proposed": outcome,
        "tally": {"counts": {outcome: 4, "accountable": 1}, "reasons": ["收到表决5票。"], "tie": False},
        "outcome": outcome,
        "reason": "同意审议意见。",
        "differs_reason": "",
        "signed_by": "局长甲",
        "signed_at": AT,
        "served_at": AT,
        "authority": "",
        "external_result": "",
    }
    return DecisionView(**(own | changes))


def a_dossier(outcome: str = "exempt", **changes: Any) -> Dossier:
    """A full case with two officers of different posts, one dissent, one recusal, everything filled in."""
    edition = load_edition("2019")
    conclusion = {"no-fault": "unfounded", "transfer": "transfer", "out-of-scope": "out-of-scope"}
    fact = FactView(
        1, "formal-review-done", edition.facts["formal-review-done"].zh, "established", (1,), "逐项勾对。"
    )
    recovered = FactView(
        1, "losses-recovered", edition.facts["losses-recovered"].zh, "established", (2,), "已撤销登记。"
    )
    unproven = FactView(
        1, "knew-materials-false", edition.facts["knew-materials-false"].zh, "unproven", (), ""
    )
    votes = [outcome if outcome in ("exempt", "mitigate") else "accountable"] * 4
    own: dict[str, Any] = {
        "case_id": "c" * 32,
        "number": "江市监责〔2026〕1号",
        "round": 1,
        "organ": ORGAN,
        "organ_mark": "江市监",
        "title": "分公司登记材料虚假",
        "category": "licensing",
        "source": "review-or-litigation",
        "conduct_on": date(2020, 8, 3),
        "narrative": f"举报人{REPORTER}称，甲电力设计有限公司被冒名登记分公司。",
        "harm": "登记被人民法院判决撤销。",
        "edition": "2019",
        "edition_title": edition.title,
        "instrument": edition.instrument,
        "edition_reason": "行为发生在本版次施行期间",
        "stage": "archive",
        "state": "archived",
        "conclusion": conclusion.get(outcome, "complete"),
        "criminal_flag": False,
        "registered_at": AT,
        "archived_at": AT,
        "retain_until": date(2056, 11, 20),
        "retention": "30年（建议值）",
        "head": "ab" * 32,
        "respondents": (
            RespondentView(1, 11, "李小明", "reviewer", f"{ORGAN}城东分局", "登记窗口科员"),
            RespondentView(2, 12, "欧阳静", "approver", f"{ORGAN}城东分局", ""),
        ),
        "allegations": (
            AllegationView(f"举报人{REPORTER}（电话13812345678）反映未核实材料真伪即予登记。", 1),
            AllegationView("审批把关不严。", None),
        ),
        "evidence": (
            EvidenceView(
                1,
                1,
                "书证",
                "登记档案.pdf",
                "材料形式齐备",
                "陈调查",
                AT,
                "陈调查",
                "1" * 64,
                10,
                "application/pdf",
            ),
            EvidenceView(
                2,
                2,
                "书证",
                "判决书.pdf",
                "登记被撤销",
                "陈调查",
                AT,
                "陈调查",
                "2" * 64,
                10,
                "application/pdf",
            ),
        ),
        "findings": (
            FindingView(
                1, "LIC-001", "登记", "形式审查", "对申请材料进行形式审查", "登记条例第19条", "done", (1,), ""
            ),
            FindingView(
                1,
                "LIC-002",
                "登记",
                "一次告知",
                "一次告知补正",
                "登记条例第19条",
                "not-done",
                (1,),
                "无需补正。",
            ),
            FindingView(1, "LIC-003", "登记", "公示", "登记信息公示", "登记条例第35条", "not-proven", (), ""),
        ),
        "facts": (fact, recovered, unproven),
        "factors": tuple(
            FactorView(1, factor.zh, (recovered,) if factor.zh == "挽回损失" else ())
            for factor in edition.weighing_factors
        ),
        "matches": (
            a_match("exempt-41"),
            a_match(
                "exempt-10",
                outcome="unproven",
                reasons=("要件尚缺证明。",),
                missing=("是否在规定时间内未完成审核？",),
                proposed=False,
                confirmed=False,
                confirmed_reason="没有超过审核时限。",
            ),
            a_match("mitigate-2", confirmed=None, confirmed_reason="", confirmed_by=""),
        ),
        "answers": (
            an_answer(Kind.SCREENING, {"verdict": "decline", "reason": "反映的事项不属于本机关管辖。"}),
            an_answer(
                Kind.INVESTIGATION,
                {"conclusion": "complete", "report": "第一段。\n第二段。", "authority": ""},
            ),
            an_answer(Kind.COUNTERSIGN, {"agreed": True, "reason": ""}, by="褚会签"),
            an_answer(Kind.STATEMENT, {"declined": False, "points": ["已按规定勾对材料。"]}, slot="1"),
            an_answer(Kind.ANSWER, {"answers": ["经复核属实，予以采纳。"]}, slot="1"),
            an_answer(Kind.STATEMENT, {"declined": True, "points": []}, slot="2"),
            an_answer(
                Kind.LEGAL_REVIEW,
                {
                    "verdict": "confirm",
                    "reason": "",
                    "outcomes": [
                        {"respondent": 1, "outcome": outcome, "reason": "符合条款要件。"},
                        {"respondent": 2, "outcome": "no-fault", "reason": "没有审批过错。"},
                    ],
                },
            ),
            an_answer(Kind.NOTICE_OF_INTENT, {"statement": "同意拟处理意见。"}, slot="1"),
            an_answer(Kind.NOTICE_OF_INTENT, {"statement": ""}, slot="2"),
            an_answer(Kind.SERVICE_RECEIPT, {"remark": "已收到。"}, slot="1"),
            an_answer(
                Kind.CLOSE_SESSION,
                {"summary": "充分讨论后形成结论。", "ties": [], "settled": {"1": votes[0]}},
            ),
        ),
        "seats": (
            *(SeatView(number, name, "sitting", number == 21, "") for number, name in MEMBERS),
            SeatView(26, "蒋六", "recused", False, "与被核查人员系近亲属"),
            SeatView(27, "沈七", "alternate", False, ""),
        ),
        "ballots": tuple(
            BallotView(1, number, name, vote, f"{name}的理由", AT)
            for (number, name), vote in zip(MEMBERS, [*votes, "out-of-scope"], strict=True)
        ),
        "decisions": (a_decision(outcome),),
        "clearings": (
            ClearingView(1, "A", True, "meeting", "本局全体人员", False, True, "public", "同意"),
            ClearingView(2, "A", False, "", "", False, None, "", ""),
        ),
        "documents": (
            DocumentView(
                1,
                "decision",
                "document:decision:r1:1",
                "江市监免决〔2026〕1号",
                "免责决定书",
                "officer",
                "3" * 64,
                9,
                AT,
                1,
            ),
        ),
        "publications": (PublicationView("s1", "公示公告", AT, AT, "期满"),),
        "challenges": (
            ChallengeView(
                7,
                "李小明",
                "唐某",
                f"其与举报人{REPORTER}系近亲属。",
                AT,
                "granted",
                "局长甲",
                AT,
                "经核实，所述关系属实。",
                "沈接替",
            ),
        ),
        "transcripts": (
            TranscriptView(8, 1, "interview", INTERVIEW, "陈调查", AT),
            TranscriptView(9, 2, "expert-opinion", OPINION, "陈调查", AT),
        ),
        "timeline": (EventView(1, "case:registered", AT, 5, "罗登记", None, "", {}, "", "ab" * 32),),
        "people": {
            Part.REGISTRAR.value: ("罗登记",),
            Part.INVESTIGATOR.value: ("陈调查", "褚会签"),
            Part.LEGAL_REVIEWER.value: ("法审员",),
            Part.ARCHIVIST.value: ("档案员乙",),
        },
        "periods": {
            name: PeriodView(f"{rule.amount}{rule.period.unit.zh}", rule.mark, rule.basis)
            for name, rule in edition.deadlines.items()
        },
    }
    if outcome == "transfer":
        own["decisions"] = (a_decision(outcome, authority="江州市纪委监委"),)
    return Dossier(**(own | changes))


FITTING = {"transfer-letter": "transfer", "sanction-proposal": "accountable"}  # what a paper needs to be made
MATTERS = {"recusal-ruling": 7, "interview-record": 8, "expert-opinion": 9}


def a_paper(kind: str, dossier: Dossier | None = None, **changes: Any) -> Rendered:
    """A paper of the example, about the first officer or the member who dissented."""
    about = DOCUMENTS[kind].about
    chosen: dict[str, Any] = {
        "number": "江市监字〔2026〕7号",
        "issued_on": ISSUED,
        "respondent_id": 1 if about == "respondent" else None,
        "person_id": 25 if about == "person" else None,
        "matter_id": MATTERS.get(kind),
    }
    fitting = a_dossier(FITTING.get(kind, "exempt"))
    return render(kind, dossier or fitting, **(chosen | changes))


def words(paper: Rendered) -> str:
    """What a reader of the paper reads: the body without tags and style."""
    body = paper.content.decode().split("<body>")[1]
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", body))


def test_every_kind_has_its_template_and_every_template_its_kind() -> None:
    assert {path.stem for path in TEMPLATES.glob("[!_]*.html")} == set(DOCUMENTS)
    assert len(DOCUMENTS) == 29


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_kind_renders_from_a_full_case(kind: str) -> None:
    paper = a_paper(kind)
    text = words(paper)
    assert paper.title in paper.content.decode()
    assert "江市监" in text
    assert "2026年11月25日" in text
    assert not re.search(r"None|Undefined|\{\{|\}\}|，，|。。|“”", text)
    assert a_paper(kind).content == paper.content


@pytest.mark.parametrize(
    ("outcome", "title", "series"),
    [
        ("exempt", "免责决定书", "免决"),
        ("mitigate", "从轻减轻处理决定书", "轻决"),
        ("accountable", "追责决定书", "追决"),
        ("no-fault", "不构成过错认定书", "认定"),
        ("out-of-scope", "不属本机制告知书", "告知"),
    ],
)
def test_the_decision_is_named_and_numbered_by_its_outcome(outcome: str, title: str, series: str) -> None:
    dossier = a_dossier(outcome)
    assert a_paper("decision", dossier).title == title
    assert DOCUMENTS["decision"].series(dossier, 1) == series


@pytest.mark.parametrize("outcome", ["exempt", "mitigate", "accountable", "no-fault", "out-of-scope"])
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_every_kind_renders_or_refuses_with_a_reason_for_each_outcome(kind: str, outcome: str) -> None:
    try:
        paper = a_paper(kind, a_dossier(outcome))
    except Incomplete as refusal:
        assert kind in (
            "transfer-letter",
            "public-notice",
            "dissent-certificate",
            "service-receipt",
            "sanction-proposal",
        )
        assert len(str(refusal)) > 10  # noqa: PT017
    else:
        assert words(paper)


@pytest.mark.parametrize(
    "kind", ["intake-form", "rights-notice", "checklist", "matching-report", "closing-report"]
)
def test_a_case_that_has_only_begun_renders_too(kind: str) -> None:
    empty: dict[str, Any] = dict.fromkeys(("evidence", "findings", "facts", "factors", "matches", "answers", "seats", "ballots", "decisions", "clearings", "documents", "publications", "timeline"), ())  # fmt: skip
    assert words(a_paper(kind, a_dossier(conclusion="", people={}, **empty)))


def test_papers_say_of_a_lapsed_period_that_it_lapsed_and_of_a_refused_receipt_who_saw_it() -> None:
    lapsed = {"absence": "lapsed", "reason": "期满未收到意见。"}
    left = {"remark": "", "absence": "left", "witnesses": ["见证人甲", "见证人乙"], "reason": ""}
    answers = (
        an_answer(Kind.STATEMENT, {"declined": False, "points": []} | lapsed, slot="1"),
        an_answer(Kind.NOTICE_OF_INTENT, {"statement": ""} | lapsed, slot="1"),
        an_answer(Kind.SERVICE_RECEIPT, left, slot="1"),
    )
    decision = words(a_paper("decision", a_dossier(answers=answers)))
    assert decision.count("在告知的期限内没有提出") == 2
    assert "放弃陈述申辩" not in decision
    assert "没有提出不同意见" not in decision
    assert "留置送达，见证人：见证人甲、见证人乙" in words(
        a_paper("closing-report", a_dossier(answers=answers))
    )


@pytest.mark.parametrize(
    ("said", "shows"),
    [
        ({"remark": "已收到。"}, ("电子送达", "本人在系统中确认签收", "已收到。")),
        ({"method": "paper", "servers": ["唐蔚", "沈岚"], "scans": [3], "place": "城南分局"}, ("直接送达", "唐蔚、沈岚", "证据3", "城南分局")),
        ({"method": "refused", "witnesses": ["甲", "乙"], "reason": "拒绝签字"}, ("拒收事由", "拒绝签字", "甲、乙")),
        ({"absence": "left", "witnesses": ["甲", "乙"]}, ("留置送达", "甲、乙")),
        ({"method": "published", "on": "2026-03-02", "reason": "下落不明"}, ("公告送达", "2026年3月2日", "公告期满，视为送达")),
    ],
)  # fmt: skip
def test_a_receipt_states_method_date_who_and_witnesses(said: dict[str, Any], shows: tuple[str, ...]) -> None:
    content = {"absence": "left"} | said if "remark" not in said else said
    answers = (an_answer(Kind.SERVICE_RECEIPT, content, slot="1"),)
    text = words(a_paper("service-receipt", a_dossier(answers=answers)))
    for part in shows:
        assert part in text


def test_a_receipt_before_the_service_is_refused() -> None:
    with pytest.raises(Incomplete, match="还没有送达"):
        a_paper("service-receipt", a_dossier(answers=()))


def test_a_transfer_is_never_answered_with_a_decision_of_our_own() -> None:
    with pytest.raises(Incomplete, match="移送函"):
        a_paper("decision", a_dossier("transfer"))


def test_an_unsigned_decision_cannot_be_printed() -> None:
    unsigned = a_dossier(decisions=(replace(a_decision("exempt"), outcome=""),))
    with pytest.raises(Incomplete, match="尚未签发"):
        a_paper("decision", unsigned)


def test_an_unknown_kind_or_officer_is_not_found() -> None:
    with pytest.raises(NotFound):
        render("letter", a_dossier(), number="", issued_on=ISSUED)
    with pytest.raises(NotFound):
        a_paper("checklist", respondent_id=99)
    with pytest.raises(Incomplete, match="按人制作"):
        a_paper("checklist", respondent_id=None)


def test_the_exempting_decision_states_facts_duty_clause_outcome_correction_and_route() -> None:
    text = words(a_paper("decision"))
    clause = load_edition("2019").clauses["exempt-41"].text
    for said in (
        "已尽形式审查义务",
        "共核查3项：已履行1项，未履行1项，未证明1项",
        f"五（二）3第（41）项（条款编号exempt-41）：“{clause}”",
        "决定：对李小明在本事项中的行政执法行为，免于追究责任",
        "挽回了损失。已撤销登记。（证据2）",
        "已按规定勾对材料",
        "自收到之日起30日（建议值）内",
    ):
        assert said in text
    assert "exempt-10" not in text


@pytest.mark.parametrize("kind", ["investigation-report", "matching-report"])
def test_what_was_noted_under_a_factor_stands_in_the_reports_beside_the_facts(kind: str) -> None:
    plain = a_dossier()
    noted = tuple(
        replace(row, note="主动联系企业补办手续。") if row.zh in ("挽回损失", "动机态度") else row
        for row in plain.factors
    )
    text = words(a_paper(kind, a_dossier(factors=noted)))
    assert text.count("主动联系企业补办手续。") == 2
    assert "挽回了损失" in text


def test_the_no_fault_decision_says_there_was_no_fault_and_never_speaks_of_exemption() -> None:
    text = words(a_paper("decision", a_dossier("no-fault", ballots=(), seats=(), matches=())))
    assert "反映李小明的上述问题不属实" in text
    assert "没有行政执法过错，不承担责任" in text
    assert "免" not in text


def test_the_accountable_decision_states_basis_and_both_routes() -> None:
    text = words(
        a_paper("decision", a_dossier("accountable", matches=(a_match("exempt-10", confirmed=False),)))
    )
    for said in (
        "五（一）规定",
        "《江西省行政执法责任制办法》",
        "承担行政执法过错责任",
        "《不予适用条款说明》",
        "30日（建议值）",
        "自知道该人事处理之日起30日内向原处理机关申请复核",
        "自接到复核决定之日起15日内提出申诉",
        "不因申请复核、提出申诉加重处理",
    ):
        assert said in text
    assert "免于追究责任。" not in text


def test_a_head_who_differs_gives_the_reason_in_decision_and_minutes() -> None:
    differs = a_decision("mitigate", proposed="exempt", differs_reason="后果较重。", reason="后果较重。")
    dossier = a_dossier(decisions=(differs,))
    assert "机关负责人的决定与审议意见不一致，理由是：后果较重。" in words(a_paper("decision", dossier))
    assert "与审议结论不一致，理由：后果较重。" in words(a_paper("minutes", dossier))


def test_the_why_not_letter_names_the_element_that_fails_for_each_clause() -> None:
    text = words(a_paper("why-not"))
    assert "五（二）2第（10）项（条款编号exempt-10）" in text
    assert "尚未证明的要件：在规定时间内未完成审核" in text
    assert "不予适用。没有超过审核时限。" in text
    assert "mitigate-2" not in text, "nobody proposed it and no rule refused it: that is no refusal"
    assert "exempt-41" not in text


def test_the_minutes_record_every_vote_recusal_and_dissent_by_name() -> None:
    text = words(a_paper("minutes"))
    for _, name in MEMBERS:
        assert f"{name}的理由" in text
    assert "回避1名：蒋六（与被核查人员系近亲属）" in text
    assert "冯五：不同意审议结论，表决意见为“不属本机制”。理由：冯五的理由。" in text
    assert "审议结论：免于追究" in text


def test_a_dissent_certificate_is_sealed_and_names_nobody_else() -> None:
    ballots = (
        *a_dossier().ballots[:4],
        replace(a_dossier().ballots[4], reason="李小明明显失职，孙一也知道。"),
    )
    paper = a_paper("dissent-certificate", a_dossier(ballots=ballots))
    text = paper.content.decode()
    sealed = re.search(r"<pre>(.*?)</pre>", text, re.S)
    assert sealed is not None
    assert hashlib.sha256(sealed.group(1).encode()).hexdigest() in text
    for said in (
        "江市监责〔2026〕1号",
        "审核岗位",
        "审议结论：免于追究",
        "2026-11-20 15:04",
        "李某明显失职，孙某也知道",
    ):
        assert said in sealed.group(1)
    assert not {"李小明", "欧阳静", "孙一", "周二"} & {
        n for n in ("李小明", "欧阳静", "孙一", "周二") if n in text
    }


def test_a_member_of_the_majority_gets_no_dissent_certificate() -> None:
    with pytest.raises(Incomplete, match="不出具"):
        a_paper("dissent-certificate", person_id=21)


@pytest.mark.parametrize("kind", [k for k, v in DOCUMENTS.items() if v.audience != "internal" or v.discreet])
def test_no_paper_that_leaves_the_file_shows_who_reported(kind: str) -> None:
    matches = (a_match("exempt-41", confirmed_reason=f"{REPORTER}提供的材料可以印证。"),)
    text = words(a_paper(kind, a_dossier(FITTING.get(kind, "exempt"), matches=matches)))
    assert REPORTER not in text
    assert "13812345678" not in text


def test_the_clearing_letter_speaks_of_the_concrete_matter_only() -> None:
    text = words(a_paper("clearing-letter"))
    assert "也不作其他评价" in text
    assert "五（二）3第（41）项" in text
    assert "exempt-" not in text, "an office quotes the clause, not our word for it"
    assert "举报" not in text
    assert "澄清形式：会议，并以本函书面告知" in text
    assert "免" not in words(a_paper("clearing-letter", a_dossier("no-fault")))


def test_the_public_notice_masks_name_and_unit_and_tells_no_story() -> None:
    text = words(a_paper("public-notice"))
    assert f"{ORGAN}某分局李某" in text
    assert "exempt-41" in text
    assert "2026年11月20日" in text
    for hidden in ("李小明", "欧阳静", "城东", "甲电力", REPORTER, "138", "分公司", "科员", "审批把关"):
        assert hidden not in text


@pytest.mark.parametrize(
    ("outcome", "external", "title"),
    [
        ("exempt", "", "不予追究责任（免责）决定公示"),
        ("no-fault", "", "澄清正名公告"),
        ("transfer", "no-action", "澄清正名公告"),
    ],
)
def test_the_public_notice_is_called_by_what_it_makes_known(outcome: str, external: str, title: str) -> None:
    dossier = a_dossier(outcome)
    replied = tuple(replace(d, external_result=external) for d in dossier.decisions)
    paper = a_paper("public-notice", replace(dossier, decisions=replied))
    assert paper.title == title
    assert "李" not in paper.title


def test_a_notice_about_two_outcomes_is_called_by_both() -> None:
    first = a_dossier()
    both = {
        "decisions": (first.decisions[0], replace(first.decisions[0], respondent_id=2, outcome="no-fault")),
        "clearings": (first.clearings[0], replace(first.clearings[0], respondent_id=2)),
    }
    paper = a_paper("public-notice", replace(first, **both))
    assert paper.title == "不予追究责任（免责）决定公示和澄清正名公告"


def test_the_public_notice_names_only_who_agreed_to_be_named() -> None:
    named = replace(a_dossier().clearings[0], named=True)
    assert f"{ORGAN}城东分局李小明" in words(a_paper("public-notice", a_dossier(clearings=(named,))))


@pytest.mark.parametrize(
    "changes", [{"wanted": False}, {"approved": None}, {"publication_class": "closed"}, {"respondent_id": 2}]
)
def test_nothing_is_published_without_wish_approval_and_class(changes: dict[str, Any]) -> None:
    clearing = replace(a_dossier().clearings[0], **changes)
    with pytest.raises(Incomplete, match="不能制作公示公告"):
        a_paper("public-notice", a_dossier(clearings=(clearing,)))


@pytest.mark.parametrize(
    "kind", ["intake-form", "investigation-report", "decision", "minutes", "rights-notice"]
)
def test_what_a_person_types_is_printed_as_typed_and_never_run(kind: str) -> None:
    typed = "{{ 7*7 }}<script>alert(1)</script>{% raw %}'; DROP TABLE case_file;--"
    full = a_dossier()
    dossier = replace(
        full,
        title=typed,
        narrative=typed,
        allegations=(AllegationView(typed, None),),
        decisions=(a_decision("exempt", reason=typed),),
        ballots=tuple(replace(ballot, reason=typed) for ballot in full.ballots),
        respondents=tuple(replace(r, position=typed) for r in full.respondents),
    )
    text = a_paper(kind, dossier).content.decode()
    assert "{{ 7*7 }}" in text
    assert "49" not in re.sub(r"[0-9a-f]{64}", "", text.split("<body>")[1])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_ordinals_of_sections_read_as_chinese() -> None:
    assert [chinese(n) for n in (1, 9, 10, 12, 20, 34)] == ["一", "九", "十", "十二", "二十", "三十四"]
