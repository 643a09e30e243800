"""Papers that are made at the moment an act calls for them: once, and not without it. 因办理行为制作的文书"""

import re

import pytest
from sqlmodel import select

from models.database import Register
from models.files import store
from models.queries.rights import case_facts
from models.rules.confidentiality import Level
from models.rules.lifecycle import Stage
from models.rules.permissions import Action, PaperFacts, may
from models.rules.verbs import CaseVerb
from models.tables import Document
from tasks.office import office_work
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.models.test_verbs import do_case, hire, rows, waiting


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def papers(told: Told, kind: str) -> list[Document]:
    """What the office has filed of a kind, after all it owes is done twice."""
    for _ in range(2):
        assert office_work(told.case_id).failed == 0
    return [paper for paper in rows(told, Document) if paper.kind == kind]


def words(paper: Document) -> str:
    page = store().path(paper.sha256).read_text(encoding="utf-8").split("<body>")[1]
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", page))


def test_a_lead_that_was_screened_has_its_preliminary_report(bureau: Bureau) -> None:
    told = a_case(bureau)
    assert papers(told, "preliminary-report") == []
    told.to(Stage.VERIFICATION)
    (paper,) = papers(told, "preliminary-report")
    assert "履职清单（初步）" in words(paper)
    assert "涉嫌犯罪的初步审查" in words(paper)


def test_a_lead_that_was_declined_lists_no_duties(bureau: Bureau) -> None:
    told = a_case(bureau)
    told.answer(waiting(told, "screening"), {"verdict": "decline", "reason": "不属于本机关管辖。"})
    (paper,) = papers(told, "preliminary-report")
    assert "不进入事实核查" in words(paper)
    assert "履职清单（初步）" not in words(paper)


def test_a_granted_application_is_answered_by_a_numbered_ruling_to_the_officer(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    hire(bureau, "di.san", "investigator", told.item("investigation").organ_id)
    do_case(told, CaseVerb.CHALLENGE, "zhou.kai", to="唐蔚", reason="与投诉人是亲属。")
    assert papers(told, "recusal-ruling") == []
    said = {"granted": True, "person": "tang.wei", "replacement": "di.san", "reason": "经核实属实。"}
    told.answer(told.item("recusal-ruling"), said)
    (paper,) = papers(told, "recusal-ruling")
    assert (paper.title, paper.audience) == ("回避决定书", "officer")
    assert paper.respondent_id == told.respondents["zhou.kai"]
    assert "回决〔2026〕1号" in paper.number
    text = words(paper)
    for part in ("周凯：", "要求唐蔚回避", "与投诉人是亲属", "经核实属实", "准予回避申请", "由di.san接替"):
        assert part in text, part
    with bureau.register.reading() as session:
        found = session.exec(select(Document.id).where(Document.kind == "recusal-ruling")).all()
    assert len(found) == 1


def test_a_refused_application_says_so_and_two_applications_have_two_rulings(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.VERIFICATION)
    for name in ("唐蔚", "沈岚"):
        do_case(told, CaseVerb.CHALLENGE, "zhou.kai", to=name, reason=f"与{name}有纠纷。")
        told.answer(
            told.item("recusal-ruling", slot=_newest(told)), {"granted": False, "reason": "没有依据。"}
        )
    both = papers(told, "recusal-ruling")
    assert ["要求唐蔚回避" in words(paper) for paper in both] == [True, False]
    assert len({paper.number for paper in both}) == 2
    for paper in both:
        assert "对回避申请不予准许" in words(paper)
        assert "接替" not in words(paper)


def _newest(told: Told) -> str:
    return max((i.slot for i in told.open_items() if i.kind == "recusal-ruling"), key=int)


def test_the_ruling_on_a_members_application_stays_in_the_file(bureau: Bureau) -> None:
    told = a_case(bureau)
    item = waiting(told, "ballot")
    member = told.who(item)
    do_case(told, CaseVerb.CHALLENGE, member, to="某人", reason="听说有利害关系。")
    told.answer(told.item("recusal-ruling"), {"granted": False, "reason": "此人没有参与办理。"})
    (paper,) = papers(told, "recusal-ruling")
    assert paper.respondent_id is None
    said = PaperFacts(paper.audience, Level(paper.level), own=False)
    with bureau.register.reading() as session:
        facts = case_facts(session, told.case_id)[1]
    assert not may(bureau.actor("zhou.kai"), Action.SEE_PAPER, facts, paper=said).ok
    assert may(bureau.actor("cao.ran"), Action.SEE_PAPER, facts, paper=said).ok


def test_who_is_held_to_account_is_proposed_to_whoever_appoints_and_nobody_else_is(bureau: Bureau) -> None:
    told = a_case(bureau, "r4").to(Stage.DECISION)
    item = told.item("signature")
    content = told.content(item)
    held = told.respondents["mei.fang"]
    for said in content["decisions"]:
        if said["respondent"] == held:
            said |= {
                "outcome": "accountable",
                "reason": "核查没有记录，应当追究。",
                "deviation": "情节不同。",
            }
    told.answer(item, content)
    (paper,) = papers(told, "sanction-proposal")
    (decision,) = (d for d in papers(told, "decision") if d.respondent_id == held)
    assert (paper.respondent_id, paper.audience) == (held, "internal")
    assert "处建〔2026〕1号" in paper.number
    text = words(paper)
    assert decision.number in text
    for part in (
        "有任免权的机关",
        "是否给予处分以及处分的种类",
        "附件：证据目录",
        "核查没有记录，应当追究。",
    ):
        assert part in text, part
