"""The smallest and the largest case the papers must carry. 文书样例"""

from dataclasses import replace
from typing import Any

from models.dossier import AllegationView, BallotView, Dossier, EvidenceView, FactView, RespondentView
from models.rules.lifecycle import Kind
from tasks.documents import DOCUMENTS, Rendered, render
from tests.tasks.test_documents import (
    AT,
    FITTING,
    ISSUED,
    MATTERS,
    MEMBERS,
    ORGAN,
    a_decision,
    a_dossier,
    a_match,
    an_answer,
)

LONG = "经查阅登记档案、询问有关人员并核对执法记录，上述情况属实；" * 179  # 5,000 characters and more
OFFICERS, PIECES = 20, 200

NOTHING_SIGNED = {"corrections": "", "signed": False, "refusal": "拒绝签名。", "unit": ""}
NO_DISSENT = {"dissent": ""}
LONG_INTERVIEW = {
    "exchanges": [{"question": LONG, "answer": LONG}] * 20,
    "corrections": LONG,
    "unit": "长" * 200,
}
LONG_OPINION = {
    "question": LONG,
    "experts": [{"name": f"专家{n}", "unit": "长" * 200, "title": "长" * 200} for n in range(15)],
    "reasoning": LONG,
    "opinion": LONG,
    "dissent": LONG,
}
_LISTS = ("evidence", "findings", "facts", "factors", "matches", "answers", "seats", "ballots", "decisions", "clearings", "documents", "publications", "timeline")  # fmt: skip


def the_smallest(kind: str) -> Dossier:
    """A case with nothing in it but what the paper cannot do without."""
    empty: dict[str, Any] = dict.fromkeys(_LISTS, ())
    full = a_dossier(FITTING.get(kind, "exempt"))
    if kind in ("decision", "why-not", "clearing-letter", "public-notice", *FITTING):
        empty["decisions"] = full.decisions
    if kind == "service-receipt":
        receipt = an_answer(Kind.SERVICE_RECEIPT, {"remark": ""}, slot="1")
        empty |= {"decisions": full.decisions, "answers": (receipt,)}
    if kind == "public-notice":
        empty["clearings"] = full.clearings[:1]
    if kind == "dissent-certificate":
        empty |= {"ballots": full.ballots, "seats": full.seats, "answers": full.answers}
    if kind == "recusal-ruling":
        plain = replace(full.challenges[0], ruling="refused", replacement="")
        empty["challenges"] = (plain,)
    empty["transcripts"] = tuple(
        replace(t, content=dict(t.content) | bare)
        for t, bare in zip(full.transcripts, (NOTHING_SIGNED, NO_DISSENT), strict=True)
    )
    return replace(full, **(empty | {"harm": "", "people": {}, "allegations": full.allegations[:1]}))


def the_largest(kind: str) -> Dossier:
    """Twenty officers, two hundred pieces of evidence, reasons of five thousand characters."""
    full = a_dossier(FITTING.get(kind, "exempt"))
    officers = tuple(
        RespondentView(
            n, 100 + n, f"司马相如{n}", "handler", f"{ORGAN}第{n}分局综合行政执法大队", "四级主任科员"
        )
        for n in range(1, OFFICERS + 1)
    )
    each = range(1, OFFICERS + 1)
    decision = full.decisions[0]
    return replace(
        full,
        title="关于某有限责任公司分公司登记材料虚假引发行政诉讼所涉登记审查履职问题" * 2,
        narrative=LONG,
        harm=LONG,
        respondents=officers,
        allegations=tuple(AllegationView(LONG, n) for n in each),
        evidence=tuple(
            EvidenceView(
                n,
                n,
                "书证",
                f"证据材料第{n}号（{'长' * 60}）.pdf",
                "证明事项" * 10,
                "陈调查",
                AT,
                "陈调查",
                f"{n:064x}",
                10**9,
                "application/pdf",
            )
            for n in range(1, PIECES + 1)
        ),
        facts=tuple(
            FactView(n, f.fact, f.question, f.status, tuple(range(1, PIECES + 1)), LONG)
            for n in each
            for f in full.facts
        ),
        findings=tuple(replace(f, respondent_id=n, note=LONG) for n in each for f in full.findings),
        matches=tuple(a_match("exempt-41", respondent_id=n, confirmed_reason=LONG) for n in each)
        + tuple(
            a_match("exempt-10", respondent_id=n, outcome="unproven", confirmed=False, confirmed_reason=LONG)
            for n in each
        ),
        answers=(
            *(said for said in full.answers if said.kind != Kind.SCREENING),
            an_answer(Kind.SCREENING, {"verdict": "accept", "reason": LONG, "criminal_flag": True}),
            an_answer(
                Kind.PUBLICATION_REVIEW,
                {"publish": True, "secrecy_checked": True, "personal_data_checked": True, "reason": LONG},
            ),
            an_answer(Kind.STATEMENT, {"declined": False, "points": [LONG] * 10}, slot="1"),
            an_answer(Kind.ANSWER, {"answers": [LONG] * 10}, slot="1"),
            an_answer(
                Kind.SERVICE_RECEIPT,
                {"absence": "left", "method": "refused", "place": "长" * 200, "reason": LONG}
                | {"witnesses": ["见证人甲", "见证人乙"], "scans": list(range(1, PIECES + 1))},
                slot="1",
            ),
        ),
        ballots=tuple(
            BallotView(n, number, name, "exempt" if number != 25 else "accountable", LONG, AT)
            for n in each
            for number, name in MEMBERS
        ),
        decisions=tuple(
            a_decision(decision.outcome, respondent_id=n, reason=LONG, authority=decision.authority)
            for n in each
        ),
        clearings=tuple(
            replace(full.clearings[0], respondent_id=n, scope="全局" * 50, reason=LONG) for n in each
        ),
        documents=full.documents * 100,
        transcripts=tuple(
            replace(t, content=dict(t.content) | much)
            for t, much in zip(full.transcripts, (LONG_INTERVIEW, LONG_OPINION), strict=True)
        ),
        challenges=tuple(replace(c, ground=LONG, reason=LONG) for c in full.challenges),
    )


def a_paper_of(kind: str, dossier: Dossier) -> Rendered:
    """A paper of a case about its first officer, or the member who dissented."""
    about = DOCUMENTS[kind].about
    return render(
        kind,
        dossier,
        number="江市监字〔2026〕7号",
        issued_on=ISSUED,
        respondent_id=1 if about == "respondent" else None,
        person_id=25 if about == "person" else None,
        matter_id=MATTERS.get(kind),
    )
