"""Every kind of paper: its name, layout, number series, who may read it and what it is about. 文书目录"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.dossier import Dossier
from models.rules.decision import Outcome
from models.rules.errors import Incomplete
from tasks.documents import wording

TITLES = {
    Outcome.EXEMPT: "免责决定书",
    Outcome.MITIGATE: "从轻减轻处理决定书",
    Outcome.ACCOUNTABLE: "追责决定书",
    Outcome.NO_FAULT: "不构成过错认定书",
    Outcome.OUT_OF_SCOPE: "不属本机制告知书",
}
_SERIES = {
    Outcome.EXEMPT: "免决",
    Outcome.MITIGATE: "轻决",
    Outcome.ACCOUNTABLE: "追决",
    Outcome.NO_FAULT: "认定",
    Outcome.OUT_OF_SCOPE: "告知",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """A paper ready to be filed. 成文"""

    kind: str
    title: str
    content: bytes
    media_type: str
    audience: str


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of paper. `about` says whether it concerns the case, one officer, one member or one matter. 文书种类

    A matter is an application for recusal or a transcript, known by its id.
    """

    kind: str
    zh: str
    audience: str  # internal, officer, public
    layout: str  # paper: outgoing; letter: 信函格式; form, report: internal
    about: str = "case"  # case, respondent, person, matter
    mark: str = ""  # number series; nothing for a paper that bears the case number only
    by_outcome: bool = False
    discreet: bool = False  # nobody who reported can be read from it, though it stays in the house
    copies: str = ""  # 抄送; "units" for the units of the officers concerned
    called: Callable[[Dossier], str] | None = (
        None  # the title, where the name of the kind would say too little
    )
    facts: Callable[[Dossier, int | None, int | None, int | None], Mapping[str, Any]] = lambda *_: {}

    def series(self, dossier: Dossier, respondent_id: int | None = None) -> str:
        """The series in which the paper is numbered, e.g. 免决; empty for an unnumbered paper."""
        return _SERIES[_outcome(dossier, respondent_id)] if self.by_outcome else self.mark

    def title(self, dossier: Dossier, respondent_id: int | None = None) -> str:
        """The title of the paper. Raises Incomplete when the case does not carry the paper yet."""
        if self.called is not None:
            return self.called(dossier)
        return TITLES[_outcome(dossier, respondent_id)] if self.by_outcome else self.zh


def _outcome(dossier: Dossier, respondent_id: int | None) -> Outcome:
    if respondent_id is None:
        raise Incomplete("决定书按人制作，请指明被核查人员。")
    outcome = Outcome(wording.signed(dossier, respondent_id).outcome)
    if outcome not in TITLES:
        raise Incomplete("移送有权机关的，本机关不制作处理决定书，制作移送函。")
    return outcome


def _certificate(dossier: Dossier, _: int | None, person_id: int | None, __: int | None) -> Mapping[str, Any]:
    if person_id is None:
        raise Incomplete("反对意见留存证明按成员制作，请指明成员。")
    return {"certificate": wording.certificate(dossier, person_id)}


def _public(dossier: Dossier, *_: int | None) -> Mapping[str, Any]:
    return {"entries": wording.public_entries(dossier)}


def _decision(dossier: Dossier, respondent_id: int | None, *_: int | None) -> Mapping[str, Any]:
    outcome = _outcome(dossier, respondent_id)
    return {"outcome": outcome.value, "decision": wording.signed(dossier, respondent_id or 0)}


def _signed(dossier: Dossier, respondent_id: int | None, *_: int | None) -> Mapping[str, Any]:
    return {"decision": wording.signed(dossier, respondent_id or 0)}


def _accountable(dossier: Dossier, respondent_id: int | None, *_: int | None) -> Mapping[str, Any]:
    decision = wording.signed(dossier, respondent_id or 0)
    if decision.outcome != Outcome.ACCOUNTABLE:
        raise Incomplete("对该被核查人员没有决定追究责任，不能制作处分建议书。")
    return {"decision": decision, "number_of_decision": wording.number_of(dossier, "decision", respondent_id)}


def _served(dossier: Dossier, respondent_id: int | None, *_: int | None) -> Mapping[str, Any]:
    return {"served": wording.served(dossier, respondent_id or 0)}


def _transferred(dossier: Dossier, *_: int | None) -> Mapping[str, Any]:
    rows = [d for d in dossier.decisions if d.outcome == Outcome.TRANSFER]
    if not rows:
        raise Incomplete("本案没有签发移送，不能制作移送函。")
    ids = {row.respondent_id for row in rows}
    return {"authority": rows[0].authority, "transferred": [r for r in dossier.respondents if r.id in ids]}


def _challenge(dossier: Dossier, _: int | None, __: int | None, matter_id: int | None) -> Mapping[str, Any]:
    return {"challenge": wording.ruled(dossier, matter_id)}


def _interview(dossier: Dossier, _: int | None, __: int | None, matter_id: int | None) -> Mapping[str, Any]:
    return {"taken": wording.transcript(dossier, "interview", matter_id)}


def _opinion(dossier: Dossier, _: int | None, __: int | None, matter_id: int | None) -> Mapping[str, Any]:
    return {"taken": wording.transcript(dossier, "expert-opinion", matter_id)}


def _preliminary(dossier: Dossier, *_: int | None) -> Mapping[str, Any]:
    return {"duties": wording.preliminary_duties(dossier)}


_KINDS = (
    DocumentKind("intake-form", "线索登记表", "internal", "form"),
    DocumentKind(
        "preliminary-report", "初步核查报告", "internal", "report", discreet=True, facts=_preliminary
    ),
    DocumentKind("acceptance-form", "受理审批表", "internal", "form"),
    DocumentKind("commencement-form", "启动审批表", "internal", "form"),
    DocumentKind("declined-notice", "不予受理告知书", "internal", "paper", mark="不受"),
    DocumentKind("rights-notice", "权利告知书", "officer", "paper", about="respondent", mark="权告"),
    DocumentKind(
        "recusal-ruling", "回避决定书", "officer", "paper", about="matter", mark="回决", facts=_challenge
    ),
    DocumentKind("interview-record", "谈话笔录", "internal", "report", about="matter", facts=_interview),
    DocumentKind("expert-opinion", "专业论证意见书", "internal", "report", about="matter", facts=_opinion),
    DocumentKind("checklist", "履职清单对照表", "internal", "form", about="respondent"),
    DocumentKind("evidence-list", "证据目录", "internal", "form"),
    DocumentKind("statement-review", "陈述申辩复核意见", "internal", "form", about="respondent"),
    DocumentKind("investigation-report", "调查报告", "internal", "report"),
    DocumentKind("matching-report", "条款匹配论证表", "internal", "form", about="respondent"),
    DocumentKind("intent-notice", "拟处理意见告知书", "officer", "paper", about="respondent", mark="拟告"),
    DocumentKind("convening-notice", "集体审议通知", "internal", "paper", mark="审通"),
    DocumentKind("minutes", "集体审议记录", "internal", "report"),
    DocumentKind(
        "dissent-certificate",
        "反对意见留存证明",
        "internal",
        "paper",
        about="person",
        mark="存证",
        facts=_certificate,
    ),
    DocumentKind(
        "decision",
        "处理决定书",
        "officer",
        "paper",
        about="respondent",
        by_outcome=True,
        copies="units",
        facts=_decision,
    ),
    DocumentKind(
        "why-not", "不予适用条款说明", "officer", "paper", about="respondent", mark="说明", facts=_signed
    ),
    DocumentKind(
        "sanction-proposal",
        "处分建议书",
        "internal",
        "letter",
        about="respondent",
        mark="处建",
        discreet=True,
        facts=_accountable,
    ),
    DocumentKind("service-receipt", "送达回证", "internal", "form", about="respondent", facts=_served),
    DocumentKind("transfer-letter", "移送函", "internal", "letter", mark="移函", facts=_transferred),
    DocumentKind("clearing-inquiry", "澄清正名征求意见表", "officer", "form", about="respondent"),
    DocumentKind("clearing-form", "澄清正名审批表", "internal", "form", about="respondent", discreet=True),
    DocumentKind(
        "clearing-letter", "澄清函", "officer", "letter", about="respondent", mark="澄函", facts=_signed
    ),
    DocumentKind("publication-form", "公开审查表", "internal", "form"),
    DocumentKind(
        "public-notice",
        "公示公告",
        "public",
        "paper",
        mark="公示",
        called=wording.public_title,
        facts=_public,
    ),
    DocumentKind("closing-report", "结案报告", "internal", "report"),
)
DOCUMENTS: Mapping[str, DocumentKind] = {kind.kind: kind for kind in _KINDS}
