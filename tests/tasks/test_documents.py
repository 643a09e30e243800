"""Papers: every kind has its template, every template renders, and each text says what it must. 文书"""

import re
from datetime import UTC, date, datetime
from typing import Any

from models.dossier import (
    AllegationView,
    AnswerView,
    BallotView,
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
)
from models.handbook import load_edition
from models.rules.lifecycle import Kind
from models.rules.permissions import Part
from tasks.documents import DOCUMENTS, Rendered, render

AT = datetime(2026, 11, 20, 7, 4, tzinfo=UTC)
ISSUED = date(2026, 11, 25)
REPORTER = "钱多多"
ORGAN = "江州市市场监督管理局"
MEMBERS = ((21, "孙一"), (22, "周二"), (23, "吴三"), (24, "郑四"), (25, "冯五"))


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


def a_paper(kind: str, dossier: Dossier | None = None, **changes: Any) -> Rendered:
    """A paper of the example, about the first officer or the member who dissented."""
    about = DOCUMENTS[kind].about
    chosen: dict[str, Any] = {
        "number": "江市监字〔2026〕7号",
        "issued_on": ISSUED,
        "respondent_id": 1 if about == "respondent" else None,
        "person_id": 25 if about == "person" else None,
    }
    fitting = a_dossier("transfer") if kind == "transfer-letter" else a_dossier()
    return render(kind, dossier or fitting, **(chosen | changes))


def words(paper: Rendered) -> str:
    """What a reader of the paper reads: the body without tags and style."""
    body = paper.content.decode().split("<body>")[1]
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", body))
