"""What a paper has to say about a case, worked out before any template is touched. 文书内容"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from models.dossier import (
    AnswerView,
    BallotView,
    ChallengeView,
    DecisionView,
    DocumentView,
    Dossier,
    FactView,
    FindingView,
    MatchView,
    RespondentView,
    TranscriptView,
    clause_label,
    day,
    shown,
)
from models.handbook import Duty, load_edition
from models.rules.clauses import is_refused
from models.rules.deadlines import BEIJING
from models.rules.decision import Outcome
from models.rules.errors import Incomplete
from models.rules.lifecycle import CLEARED, Kind
from models.rules.review import Vote
from models.rules.service import Service
from tasks.redaction import aliases, hide_reporter, mask_unit, reporters

OPINION = (
    "《江西省市场监管局关于建立“尽职照单免责、失职照单问责”机制的实施意见（试行）》（以下简称《实施意见》）"
)
FORMS_ZH = {"written": "书面", "in-person": "当面", "meeting": "会议", "notice": "通报"}
SCREENED_ZH = {"accept": "受理", "decline": "不予受理", "forward": "转有权机关处理", "transfer": "移送"}
CLASSES_ZH = {"public": "主动公开", "on-request": "依申请公开", "closed": "不予公开"}
REPLIES_ZH = {
    "handled": "受移送机关已作出处理",
    "no-action": "受移送机关经审查未予追究",
    "returned": "受移送机关退回",
}


@dataclass(frozen=True, slots=True)
class Duties:
    """The checked duty list of one officer in figures and groups. 履职清单核查汇总"""

    done: tuple[FindingView, ...]
    not_done: tuple[FindingView, ...]
    not_proven: tuple[FindingView, ...]
    not_applicable: tuple[FindingView, ...]

    @property
    def summary(self) -> str:
        """The figures in one sentence."""
        if not self.total:
            return "本案未进行履职清单逐项核查。"
        return (
            f"共核查{self.total}项：已履行{len(self.done)}项，未履行{len(self.not_done)}项，"
            f"未证明{len(self.not_proven)}项，不适用{len(self.not_applicable)}项。"
        )

    @property
    def total(self) -> int:
        """How many items were checked."""
        return len(self.done) + len(self.not_done) + len(self.not_proven) + len(self.not_applicable)


def duties(findings: Iterable[FindingView]) -> Duties:
    """The duty list by result."""
    by: dict[str, list[FindingView]] = {}
    for finding in findings:
        by.setdefault(finding.result, []).append(finding)
    groups = (tuple(by.get(name, ())) for name in ("done", "not-done", "not-proven", "not-applicable"))
    return Duties(*groups)


def facts_by_status(facts: Iterable[FactView]) -> dict[str, tuple[FactView, ...]]:
    """The facts of one officer: 属实, 不实, 未证明, in that order, empty groups left out."""
    rows = tuple(facts)
    grouped = {
        status: tuple(f for f in rows if f.status_zh == status) for status in ("属实", "不实", "未证明")
    }
    return {status: group for status, group in grouped.items() if group}


def telling(facts: Iterable[FactView]) -> tuple[FactView, ...]:
    """The facts worth reading in a paper: which field of enforcement it was, the paper says once already."""
    return tuple(fact for fact in facts if not fact.fact.startswith("during-"))


def proposal(dossier: Dossier, respondent_id: int) -> Mapping[str, Any] | None:
    """What the legal reviewer proposes for one officer: outcome, in words, and reason."""
    review = dossier.answer(Kind.LEGAL_REVIEW)
    for said in (review.content if review else {}).get("outcomes", []):
        if said["respondent"] == respondent_id:
            return {"outcome": said["outcome"], "zh": Outcome(said["outcome"]).zh, "reason": said["reason"]}
    return None


def heard(dossier: Dossier, respondent_id: int) -> list[tuple[str, str]]:
    """Every point the officer raised with the answer to it; empty when nothing was raised."""
    said = dossier.answer(Kind.STATEMENT, respondent_id)
    replied = dossier.answer(Kind.ANSWER, respondent_id)
    points = list((said.content if said else {}).get("points", []))
    answers = list((replied.content if replied else {}).get("answers", []))
    return [(point, answers[i] if i < len(answers) else "") for i, point in enumerate(points)]


def counts(tally: Mapping[str, Any]) -> str:
    """The votes in figures: 免于追究3票、追究2票."""
    votes = tally.get("counts", {})
    return "、".join(f"{vote.zh}{votes[vote.value]}票" for vote in Vote if votes.get(vote.value))


def settled(dossier: Dossier, respondent_id: int) -> str:
    """What the panel settled for one officer, as a vote; nothing while the session is open."""
    closing = dossier.answer(Kind.CLOSE_SESSION)
    named = (closing.content if closing else {}).get("settled", {})
    decision = dossier.decision(respondent_id)
    return str(named.get(str(respondent_id), decision.proposed if decision else ""))


def dissents(dossier: Dossier, respondent_id: int) -> tuple[BallotView, ...]:
    """The ballots that differ from what the panel settled for one officer."""
    result = settled(dossier, respondent_id)
    return tuple(b for b in dossier.of(dossier.ballots, respondent_id) if result and b.outcome != result)


def vote_counts(ballots: Iterable[BallotView]) -> str:
    """The ballots in figures, for sessions that left no decision."""
    return counts({"counts": Counter(b.outcome for b in ballots)})


def tie_reason(dossier: Dossier, respondent_id: int) -> str:
    """The chair's written reason where no view had a majority."""
    closing = dossier.answer(Kind.CLOSE_SESSION)
    ties = (closing.content if closing else {}).get("ties", [])
    return next((str(t["reason"]) for t in ties if t["respondent"] == respondent_id), "")


def refused(dossier: Dossier, respondent_id: int) -> tuple[MatchView, ...]:
    """The clauses that somebody or a rule refused; one that nobody proposed is not refused."""
    return tuple(m for m in dossier.of(dossier.matches, respondent_id) if is_refused(m.outcome, m.confirmed))


def signed(dossier: Dossier, respondent_id: int) -> DecisionView:
    """The signed decision about one officer. Raises Incomplete while there is none."""
    decision = dossier.decision(respondent_id)
    if decision is None or not decision.outcome:
        raise Incomplete("对该被核查人员尚未签发决定，不能制作此文书；请在签发后再办。")
    return decision


def number_of(dossier: Dossier, kind: str, respondent_id: int | None) -> str:
    """The number of the newest paper of a kind about an officer; nothing while there is none."""
    papers = [d for d in dossier.documents if d.kind == kind and d.respondent_id == respondent_id]
    return papers[-1].number if papers else ""


def ruled(dossier: Dossier, matter_id: int | None) -> ChallengeView:
    """An application for recusal that has been ruled on. Raises Incomplete before that."""
    found = next((c for c in dossier.challenges if c.id == matter_id), None)
    if found is None or not found.ruling:
        raise Incomplete("回避申请还没有裁定，不能制作回避决定书；请在裁定之后再办。")
    return found


def transcript(dossier: Dossier, kind: str, matter_id: int | None) -> TranscriptView:
    """An interview or an expert opinion. Raises Incomplete for what was not taken down."""
    found = next((t for t in dossier.transcripts if t.id == matter_id and t.kind == kind), None)
    if found is None:
        raise Incomplete("没有登记这份笔录或者论证意见，不能制作文书；请先登记。")
    return found


CAPACITIES_ZH = {"respondent": "被核查执法人员", "witness": "知情人", "party": "行政相对人", "other": "其他"}


def moment(text: str) -> str:
    """A moment as a record states it: 2026年3月2日9时05分."""
    at = datetime.fromisoformat(text).astimezone(BEIJING)
    return f"{day(at)}{at.hour}时{at.minute:02d}分"


def day_of(text: str) -> str:
    """A day as a record states it: 2026年3月2日."""
    return day(date.fromisoformat(text))


def preliminary_duties(dossier: Dossier) -> tuple[Duty, ...]:
    """What is to be checked first: the duties of the field the lead speaks of; nothing when it is not taken up."""
    screening = dossier.answer(Kind.SCREENING)
    if screening is None or screening.content.get("verdict") != "accept":
        return ()
    listed = load_edition(dossier.edition).duties.values()
    return tuple(duty for duty in listed if duty.category == dossier.category)


@dataclass(frozen=True, slots=True)
class Served:
    """How a decision reached the officer, as the receipt states it. 送达情况"""

    method: Service
    papers: tuple[DocumentView, ...]
    on: datetime | None
    published_on: date | None
    place: str
    servers: tuple[str, ...]
    witnesses: tuple[str, ...]
    scans: tuple[int, ...]
    reason: str


def served(dossier: Dossier, respondent_id: int) -> Served:
    """The service of the decision about one officer. Raises Incomplete before it has been served."""
    decision, receipt = signed(dossier, respondent_id), dossier.answer(Kind.SERVICE_RECEIPT, respondent_id)
    if receipt is None:
        raise Incomplete("决定还没有送达，不能制作送达回证；请在签收或者登记送达情况之后再办。")
    said = receipt.content
    by_hand = "absence" in said  # a record of those days when papers could only be left says no method
    method = Service(said.get("method", Service.LEFT)) if by_hand else Service.ELECTRONIC
    return Served(
        method=method,
        papers=tuple(
            paper
            for paper in dossier.documents
            if paper.kind in ("decision", "why-not") and paper.respondent_id == respondent_id
        ),
        on=decision.served_at,
        published_on=date.fromisoformat(said["on"])
        if method is Service.PUBLISHED and said.get("on")
        else None,
        place=str(said.get("place", "")),
        servers=tuple(said.get("servers", ())) or ((receipt.by,) if by_hand else ()),
        witnesses=tuple(said.get("witnesses", ())),
        scans=tuple(said.get("scans", ())),
        reason=str(said.get("reason" if by_hand else "remark", "")),
    )


def allegations(dossier: Dossier, respondent_id: int) -> tuple[str, ...]:
    """What is said against one officer."""
    return tuple(row.text for row in dossier.of(dossier.allegations, respondent_id))


def for_officer(dossier: Dossier) -> Dossier:
    """The case file for papers an officer is handed: nobody who reported can be read from it. 举报人保护"""
    staff = {r.name for r in dossier.respondents} | {s.name for s in dossier.seats}
    staff |= {name for names in dossier.people.values() for name in names}
    texts = [dossier.narrative, *(row.text for row in dossier.allegations), *_typed(dossier.answers)]
    texts += [row.ground for row in dossier.challenges]
    known = frozenset(name for text in texts for name in reporters(text)) - staff

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            return hide_reporter(value, known, staff=staff)
        if isinstance(value, Mapping):
            return {key: hide(item) for key, item in value.items()}
        return [hide(item) for item in value] if isinstance(value, list | tuple) else value

    return replace(
        dossier,
        title=hide(dossier.title),
        harm=hide(dossier.harm),
        narrative=hide(dossier.narrative),
        allegations=tuple(replace(row, text=hide(row.text)) for row in dossier.allegations),
        findings=tuple(replace(row, note=hide(row.note)) for row in dossier.findings),
        facts=tuple(replace(row, note=hide(row.note)) for row in dossier.facts),
        factors=tuple(
            replace(
                row,
                note=hide(row.note),
                facts=tuple(replace(fact, note=hide(fact.note)) for fact in row.facts),
            )
            for row in dossier.factors
        ),
        matches=tuple(replace(row, confirmed_reason=hide(row.confirmed_reason)) for row in dossier.matches),
        answers=tuple(replace(row, content=hide(row.content)) for row in dossier.answers),
        challenges=tuple(
            replace(row, ground=hide(row.ground), reason=hide(row.reason)) for row in dossier.challenges
        ),
        decisions=tuple(
            replace(row, reason=hide(row.reason), differs_reason=hide(row.differs_reason))
            for row in dossier.decisions
        ),
    )


def _typed(answers: Iterable[AnswerView]) -> Iterable[str]:
    """Every text somebody typed into an answer."""
    waiting: list[Any] = [answer.content for answer in answers]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)


# --- 反对意见留存证明 -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Certificate:
    """A member's dissent, and the seal over exactly what is printed. 反对意见留存"""

    member: str
    sealed: str
    seal: str


def certificate(dossier: Dossier, person_id: int) -> Certificate:
    """What a member objected to and when; no other person is named. Raises Incomplete when there was no dissent."""
    member = next((seat.name for seat in dossier.seats if seat.person_id == person_id), "")
    others = {r.name for r in dossier.respondents} | {s.name for s in dossier.seats} - {member}
    masks = aliases(sorted(others))
    objections = [
        _objection(
            dossier.respondent(ballot.respondent_id), ballot, settled(dossier, ballot.respondent_id), masks
        )
        for respondent in dossier.respondents
        for ballot in dissents(dossier, respondent.id)
        if ballot.person_id == person_id
    ]
    if not objections:
        raise Incomplete("该成员在本轮审议中没有与审议结论不同的意见，不出具反对意见留存证明。")
    head = [f"案号：{dossier.number}", f"审议轮次：第{dossier.round}轮", f"留存人：{member}"]
    sealed = "\n".join((*head, *(line for lines in objections for line in lines)))
    return Certificate(member, sealed, hashlib.sha256(sealed.encode()).hexdigest())


def _objection(
    respondent: RespondentView, ballot: BallotView, result: str, masks: Mapping[str, str]
) -> tuple[str, ...]:
    reason = ballot.reason
    for name in sorted(masks, key=len, reverse=True):
        reason = reason.replace(name, masks[name])
    return (
        f"事项：对{respondent.post_zh}岗位被核查执法人员（编号{respondent.id}）的责任认定",
        f"审议结论：{Vote(result).zh}",
        f"留存人的意见：{ballot.outcome_zh}（不同意上述审议结论）",
        f"表决时间：{shown(ballot.cast_at)}",
        f"理由：{reason}",
    )


# --- 公示公告 -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """What the public reads about one officer, already redacted. 公示事项"""

    name: str
    unit: str
    post: str
    outcome: str
    clauses: tuple[MatchView, ...]
    decided_on: str
    cleared_elsewhere: bool


def public_entries(dossier: Dossier) -> tuple[PublicEntry, ...]:
    """Every cleared officer who wants it, from structured data only: the narrative never reaches the public.

    Raises Incomplete when nobody may be shown.
    """
    masked = aliases(r.name for r in dossier.respondents)
    entries = tuple(
        _public_entry(dossier, respondent, masked[respondent.name])
        for respondent in dossier.respondents
        if _may_be_shown(dossier, respondent.id)
    )
    if not entries:
        raise Incomplete("没有经本人同意并经批准主动公开的澄清事项，不能制作公示公告。")
    return entries


def public_title(dossier: Dossier) -> str:
    """What kind of notice it is, by the outcomes it makes known; nothing in it tells one officer from another."""
    exempt = {
        entry.outcome == Outcome.EXEMPT and not entry.cleared_elsewhere for entry in public_entries(dossier)
    }
    return "和".join(title for is_exempt, title in _PUBLIC_TITLES.items() if is_exempt in exempt)


_PUBLIC_TITLES = {True: "不予追究责任（免责）决定公示", False: "澄清正名公告"}


def _may_be_shown(dossier: Dossier, respondent_id: int) -> bool:
    clearing, decision = dossier.clearing(respondent_id), dossier.decision(respondent_id)
    if clearing is None or decision is None:
        return False
    favourable = decision.outcome in CLEARED or decision.external_result == "no-action"
    return bool(
        clearing.wanted and clearing.approved and clearing.publication_class == "public" and favourable
    )


def _public_entry(dossier: Dossier, respondent: RespondentView, masked: str) -> PublicEntry:
    clearing, decision = dossier.clearing(respondent.id), signed(dossier, respondent.id)
    named = clearing is not None and clearing.named
    return PublicEntry(
        name=respondent.name if named else masked,
        unit=respondent.unit if named else mask_unit(respondent.unit, dossier.organ),
        post=respondent.post_zh,
        outcome=decision.outcome,
        clauses=dossier.confirmed(respondent.id) if decision.outcome == Outcome.EXEMPT else (),
        decided_on=day(decision.signed_at),
        cleared_elsewhere=decision.external_result == "no-action",
    )


def copies(to: str, dossier: Dossier, respondent: RespondentView | None) -> str:
    """Who gets a copy: the unit of the officer concerned, or of every officer."""
    concerned = (respondent,) if respondent else dossier.respondents
    return "、".join(dict.fromkeys(r.unit for r in concerned)) if to == "units" else to


def cited(matches: Iterable[MatchView]) -> str:
    """The clauses as an office quotes them: 五（二）3第（41）项、…"""
    return "、".join(clause_label(c) for c in dict.fromkeys(m.clause for m in matches))
