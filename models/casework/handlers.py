"""What each kind of answer does to the case, and what it is refused for. 各类待办的办理

A handler checks the answer against the case, writes what the answer establishes, and returns what must be kept
with it for the rules to read (or None). Stages are left and entered by `settle` alone.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from models import answers as a
from models.casework.challenging import rule_on_challenge, waiting_challenges
from models.casework.decided import check_deviation, with_deviation
from models.casework.investigating import file_investigation
from models.casework.matching import inquiry, openings, symmetry
from models.casework.panel import count, name_members, step_aside, tally_record
from models.casework.record import Act, check
from models.casework.replay import note_result
from models.casework.retention import retain
from models.casework.settle import decisions, favourable, item_of
from models.casework.voting import Vote, put_in
from models.rules.clauses import is_refused
from models.rules.decision import Outcome, head_may_differ
from models.rules.errors import Incomplete, NotFound
from models.rules.lifecycle import CLEARED, Kind, State, served
from models.rules.permissions import Action, Actor, Part, Role, may
from models.rules.service import Service
from models.tables import Clearing, Decision, Match, Person, WorkItem

SEALED = frozenset({Kind.BALLOT})  # what these answers say is in the ballot box, not in the item or its event

Settled = Mapping[str, Any] | None


# --- 受理 ---------------------------------------------------------------------------------------


def screening(act: Act, _: WorkItem, answer: a.Screening) -> Settled:
    """Accept with two investigators, decline, forward, or transfer at once."""
    act.case.criminal_flag = answer.criminal_flag
    act.owe("document", "preliminary-report")
    act.owe("document", "acceptance-form")
    if answer.verdict == "accept":
        for person in _investigators(act, answer.investigators):
            act.take_part(person, Part.INVESTIGATOR)
        return None
    if answer.investigators:
        raise Incomplete("只有受理的案件才指派调查人员，请删去调查人员或者改为受理。")
    if answer.verdict in ("forward", "transfer") and not answer.authority:
        raise Incomplete("转交或者移送须写明接收机关，请填写后再提交。")
    act.case.conclusion = {"decline": "declined", "forward": "forwarded", "transfer": "transfer"}[
        answer.verdict
    ]
    if answer.verdict == "transfer":
        _propose(act, Outcome.TRANSFER, reason=answer.reason, authority=answer.authority)
    return None


def _investigators(act: Act, usernames: Sequence[str]) -> list[int]:
    if len(set(usernames)) != 2:
        raise Incomplete("调查人员应为两名且不得为同一人（处分条例第四十一条），请指派两名调查人员。")
    current = select(Person).where(
        col(Person.username).in_(usernames), col(Person.id).in_(act.role_holders(Role.INVESTIGATOR))
    )
    found = {p.username: p.id for p in act.session.exec(current) if p.id is not None}
    for username in usernames:
        if username not in found:
            raise NotFound(f"“{username}”不是本机关现任调查人员，请从调查人员名单中另选。")
        who = Actor(found[username], "", frozenset())
        check(may(who, Action.HOLD_PART, act.facts, part=Part.INVESTIGATOR))
    return [found[u] for u in usernames]


def _propose(act: Act, outcome: Outcome, *, reason: str, authority: str = "") -> None:
    """Put one and the same proposal for every officer before the head, where no panel is asked."""
    act.session.add_all(
        Decision(
            case_id=act.case.id,
            round=act.case.round,
            respondent_id=rid,
            proposed=outcome,
            reason=reason,
            authority=authority,
        )
        for rid in act.respondents
    )
    act.session.flush()
    act.decided = None


# --- 事实核查 -----------------------------------------------------------------------------------


def investigation(act: Act, _: WorkItem, answer: a.Investigation) -> Settled:
    """File the findings; they count once the second investigator has signed."""
    file_investigation(act, answer)
    return None


def countersign(act: Act, _: WorkItem, answer: a.Countersign) -> Settled:
    """Sign the findings, or send them back with a reason."""
    if not answer.agreed:
        if not answer.reason:
            raise Incomplete("不同意会签须写明理由，请填写后再提交。")
        return None
    filed = item_of(act, Kind.INVESTIGATION)
    said = (filed.answer if filed else None) or {}
    act.case.conclusion = said["conclusion"]
    for rid in act.respondents:
        act.owe("document", "checklist", respondent=rid)
    act.owe("document", "evidence-list")
    act.owe("document", "investigation-report")
    act.owe("integrity")
    proposals = {
        "unfounded": Outcome.NO_FAULT,
        "out-of-scope": Outcome.OUT_OF_SCOPE,
        "transfer": Outcome.TRANSFER,
    }
    if said["conclusion"] in proposals:
        _propose(act, proposals[said["conclusion"]], reason=said["report"], authority=said["authority"])
    return None


def statement(_: Act, __: WorkItem, answer: a.Statement) -> Settled:
    """Hear the officer, or note that nothing is to be said. Defending oneself never makes it heavier (公务员法 63)."""
    if answer.declined == bool(answer.points):
        raise Incomplete("请逐条写明陈述申辩意见，或者选择“放弃陈述申辩”，二者选一。")
    return None


def answer_points(act: Act, item: WorkItem, answer: a.PointAnswers) -> Settled:
    """Answer every point the officer raised."""
    said = item_of(act, Kind.STATEMENT, item.slot)
    points = ((said.answer if said else None) or {}).get("points", [])
    if len(answer.answers) != len(points):
        raise Incomplete(
            f"申辩意见共 {len(points)} 条，须逐条答复；现有 {len(answer.answers)} 条答复，请补齐。"
        )
    act.owe("document", "statement-review", respondent=item.respondent_id)
    return None


# --- 条款匹配 -----------------------------------------------------------------------------------


def legal_review(act: Act, _: WorkItem, answer: a.LegalReview) -> Settled:
    """Confirm or reject every proposed clause, add one, propose an outcome for every officer."""
    if answer.verdict == "supplement":
        if not answer.reason:
            raise Incomplete("退回补充核实须写明还缺哪些事实，请填写后再提交。")
        return None
    rows = {(m.respondent_id, m.clause): m for m in _matches(act)}
    given = {(c.respondent, c.clause): c for c in answer.clauses}
    if len(given) < len(answer.clauses):
        raise Incomplete("同一人员的同一条款填写了两次审核意见，请删去一次。")
    silent = [key for key, row in rows.items() if row.proposed and key not in given]
    if silent:
        rid, clause = silent[0]
        raise Incomplete(
            f"还有 {len(silent)} 个建议条款没有审核意见，例如被核查人员 {rid} 的 {clause}；请逐条确认或者不予确认并写明理由。"
        )
    for key, said in given.items():
        _judge_clause(act, rows.get(key), said)
    act.session.flush()
    act.confirmed = None
    _check_outcomes(act, answer.outcomes)
    return None


def _matches(act: Act) -> Sequence[Match]:
    rows = select(Match).where(Match.case_id == act.case.id, Match.round == inquiry(act).round)
    return list(act.session.exec(rows))


def _judge_clause(act: Act, row: Match | None, said: a.ClauseReview) -> None:
    act.respondent(said.respondent)
    if said.clause not in act.edition.clauses:
        raise NotFound(f"清单（{act.case.edition} 版）中没有条款 {said.clause}，请从清单中选择。")
    if row is None:
        row = Match(
            case_id=act.case.id,
            round=act.case.round,
            respondent_id=said.respondent,
            clause=said.clause,
            outcome="human-only",
            reasons=["由法制审核人员提出，系统未作建议。"],
        )
        act.session.add(row)
    row.confirmed, row.confirmed_reason = said.confirmed, said.reason
    row.confirmed_by = act.actor.person_id if act.actor else None


def _check_outcomes(act: Act, proposed: Sequence[a.ProposedOutcome]) -> None:
    """One open outcome for each officer, no more and no fewer."""
    _check_each_officer_once(act, [p.respondent for p in proposed])
    for said in proposed:
        _check_open(act, said.respondent, said.outcome)
        check_deviation(act, said.respondent, said.outcome, said.deviation)


def _check_each_officer_once(act: Act, named: Collection[int], *, apart_from: Collection[int] = ()) -> None:
    for rid in named:
        act.respondent(rid)
    wanted = act.respondents.keys() - set(apart_from)
    if len(named) != len(wanted) or set(named) != wanted:
        raise Incomplete(
            f"本轮须提出意见的被核查人员共 {len(wanted)} 名，须逐人提出且只提出一个意见；请逐人核对后再提交。"
        )


def _check_open(act: Act, respondent: int, outcome: Outcome) -> None:
    why_not = openings(act, respondent).refusal(outcome)
    if why_not:
        raise Incomplete(f"对被核查人员 {respondent} 不能作出『{outcome.zh}』：{why_not}")


def notice_of_intent(_: Act, __: WorkItem, ___: a.IntentHeard) -> Settled:
    """Note what the officer says to the proposal, or that nothing is said."""
    return None


# --- 集体审议 -----------------------------------------------------------------------------------


def convening(act: Act, _: WorkItem, answer: a.Convening) -> Settled:
    """Complete a panel that the pools could not fill."""
    name_members(act, answer.members)
    return None


def recusal(act: Act, item: WorkItem, answer: a.RecusalDeclared) -> Settled:
    """Declare a tie to the case, or that there is none."""
    if not answer.recuse:
        return None
    if not answer.ground:
        raise Incomplete("申请回避须写明理由（例如亲属、利害关系或者曾经参与本案），请填写后再提交。")
    if item.assignee_id is not None:
        step_aside(act, item.assignee_id, answer.ground)
    return None


def ballot(act: Act, _: WorkItem, answer: a.BallotCast) -> Settled:
    """Put one vote per officer into the sealed ballot box; who is settled already is not voted on again."""
    _check_each_officer_once(act, [v.respondent for v in answer.votes], apart_from=decisions(act))
    for vote in answer.votes:
        if vote.outcome != "supplement":
            _check_open(act, vote.respondent, Outcome(vote.outcome))
            check_deviation(act, vote.respondent, Outcome(vote.outcome), vote.deviation)
    votes = [Vote(v.respondent, v.outcome, with_deviation(v.reason, v.deviation)) for v in answer.votes]
    put_in(act, votes, salt=act.salt)
    return None


def close_session(act: Act, item: WorkItem, answer: a.CloseSession) -> Settled:
    """Open the ballot box: the tally decides, and on a tie the chair's written reason."""
    if waiting_challenges(act):
        raise Incomplete("还有回避申请没有裁定，裁定之前不能结束审议；请催请裁定后再结束。")
    own = item_of(act, Kind.BALLOT, str(item.asked_id))
    if own is not None and own.state == "open":
        raise Incomplete("其他成员都已表决，主持人本人还没有表决；请先在“表决”中投票，再结束审议。")
    carried = decisions(act)
    tallies = count(act, apart_from=carried)
    chosen = {t.respondent: t for t in answer.ties}
    result = {str(rid): row.proposed for rid, row in carried.items()}
    dissenters: set[int] = set()
    for rid, tally in tallies.items():
        if tally.supplement:
            result[str(rid)] = "supplement"
            continue
        outcome, reason = _of_tally(act, rid, tally.outcome, chosen.get(rid))
        result[str(rid)] = outcome.value
        dissenters.update(tally.dissenters)
        act.session.add(
            Decision(
                case_id=act.case.id,
                round=act.case.round,
                respondent_id=rid,
                proposed=outcome,
                tally=tally_record(tally, outcome, act.edition.voting),
                reason=reason,
            )
        )
    act.session.flush()
    act.decided = None
    act.owe("document", "minutes")
    for person in sorted(dissenters):
        act.owe("document", "dissent-certificate", person=person)
        act.owe("notice", "dissent-certificate", person=person)
    return result


def _of_tally(
    act: Act, rid: int, outcome: Outcome | None, tie: a.ProposedOutcome | None
) -> tuple[Outcome, str]:
    if outcome is not None:
        if tie is not None:
            raise Incomplete(f"对被核查人员 {rid} 审议组已形成多数意见，主持人不能另行裁量；请删去该项。")
        return outcome, ""
    if tie is None:
        raise Incomplete(f"对被核查人员 {rid} 没有形成多数意见，请由主持人书面说明理由后提出处理意见。")
    _check_open(act, rid, tie.outcome)
    check_deviation(act, rid, tie.outcome, tie.deviation)
    return tie.outcome, with_deviation(tie.reason, tie.deviation)


# --- 决定 ---------------------------------------------------------------------------------------


def signature(act: Act, _: WorkItem, answer: a.Signature) -> Settled:
    """Sign for every officer, or return the case; differing from the majority needs a written reason."""
    if answer.verdict == "return":
        if not answer.reason:
            raise Incomplete("退回须写明理由，请填写后再提交。")
        return None
    _check_outcomes(act, answer.decisions)
    rows = decisions(act)
    for said in answer.decisions:
        _sign(act, rows[said.respondent], said, answer.authority)
    act.session.flush()
    note_result(act)
    _owe_papers(act, rows)
    return None


def _check_both_lists(act: Act, said: a.ProposedOutcome) -> None:
    """Nothing is signed that the two lists contradict; the head can still return the case. 免责与问责对照"""
    if act.case.conclusion != "complete":
        return  # no list was held against the officer
    why_not = symmetry(act, said.respondent).refusal(said.outcome)
    if why_not:
        raise Incomplete(f"对被核查人员 {said.respondent} 不能签发『{said.outcome.zh}』。{why_not}")


def _sign(act: Act, row: Decision, said: a.ProposedOutcome, authority: str) -> None:
    majority = Outcome(row.proposed) if row.proposed else None
    head_may_differ(majority, said.outcome, said.reason)
    _check_both_lists(act, said)
    row.outcome, row.reason = said.outcome, with_deviation(said.reason, said.deviation)
    row.differs_reason = "" if said.outcome == majority else row.reason
    row.signed_by, row.signed_at = (act.actor.person_id if act.actor else None), act.now
    if said.outcome is Outcome.TRANSFER:
        row.authority = authority or row.authority
        if not row.authority:
            raise Incomplete("移送须写明受移送机关，请填写后再签发。")
        act.case.state = State.TRANSFERRED


def _owe_papers(act: Act, rows: Mapping[int, Decision]) -> None:
    refused = {m.respondent_id for m in _matches(act) if is_refused(m.outcome, m.confirmed)}
    for rid, row in rows.items():
        outcome = Outcome(row.outcome)
        if not served(outcome):
            continue
        act.owe("document", "decision", respondent=rid)
        if (
            rid in refused and outcome not in CLEARED
        ):  # who is cleared altogether lost nothing by a refused clause
            act.owe("document", "why-not", respondent=rid)
        if (
            outcome is Outcome.ACCOUNTABLE
        ):  # the sanction itself is for whoever appoints the officer to decide
            act.owe("document", "sanction-proposal", respondent=rid)
        act.owe("notice", "decision-issued", respondent=rid, person=act.respondents[rid].person_id)
    if any(row.outcome == Outcome.TRANSFER for row in rows.values()):
        act.owe("document", "transfer-letter")
        act.owe("hand-over")


def service_receipt(act: Act, item: WorkItem, _: a.ServiceReceipt) -> Settled:
    """The decision has reached the officer."""
    row = decisions(act)[item.respondent_id or 0]
    row.served_at = act.now
    act.said["served"] = {"method": Service.ELECTRONIC.value, "on": act.today.isoformat()}
    act.owe("document", "service-receipt", respondent=item.respondent_id)
    return None


def authority_reply(act: Act, _: WorkItem, answer: a.AuthorityReply) -> Settled:
    """What the other authority made of it; only now may the organ act again."""
    for row in decisions(act).values():
        if row.outcome == Outcome.TRANSFER:
            row.external_result = answer.result
    act.case.state = State.OPEN
    return None


# --- 澄清正名与公示 -----------------------------------------------------------------------------


def clearing_consent(act: Act, item: WorkItem, answer: a.ClearingConsent) -> Settled:
    """What the officer wants cleared, in which form, and whether to be named in public."""
    rid = item.respondent_id or 0
    unfounded = decisions(act)[rid].outcome == Outcome.NO_FAULT
    act.session.add(
        Clearing(
            case_id=act.case.id,
            round=act.case.round,
            respondent_id=rid,
            track="B" if unfounded else "A",
            wanted=answer.wanted,
            form=answer.form if answer.wanted else "",
            scope=answer.scope,
            named=answer.named and answer.wanted,
        )
    )
    act.owe("document", "clearing-inquiry", respondent=rid)
    return None


def clearing_approval(act: Act, _: WorkItem, answer: a.ClearingApproval) -> Settled:
    """Approve the clearing and say how far it is made public."""
    for row in _clearings(act):
        if not row.wanted:
            continue
        row.approved, row.publication_class, row.reason = True, answer.publication_class, answer.reason
        person = act.respondents[row.respondent_id].person_id
        act.owe("document", "clearing-form", respondent=row.respondent_id)
        act.owe("document", "clearing-letter", respondent=row.respondent_id)
        act.owe("notice", "clearing-issued", respondent=row.respondent_id, person=person)
    return None


def _clearings(act: Act) -> Sequence[Clearing]:
    rows = select(Clearing).where(Clearing.case_id == act.case.id, Clearing.round == act.case.round)
    return list(act.session.exec(rows))


def publication_review(act: Act, _: WorkItem, answer: a.PublicationReview) -> Settled:
    """Nothing is published before secrecy and personal data have both been checked."""
    act.owe("document", "publication-form")
    if not answer.publish:
        return None
    if not (answer.secrecy_checked and answer.personal_data_checked):
        raise Incomplete("同意公开前须完成保密审查和个人信息审查两项，请逐项核对并勾选。")
    act.owe("document", "public-notice")
    act.owe("publication", "public-notice")
    for rid, row in decisions(act).items():
        if favourable(row):
            act.owe("notice", "notice-published", respondent=rid, person=act.respondents[rid].person_id)
    return None


# --- 归档 ---------------------------------------------------------------------------------------


def archiving(act: Act, _: WorkItem, answer: a.Archiving) -> Settled:
    """Close the file: retention by outcome, then the dossier bundle."""
    if not answer.complete:
        raise Incomplete("案卷不齐不能归档；请先由承办人补齐材料，再确认案卷齐全。")
    retain(act, decisions(act).values())
    act.case.state, act.case.archived_at = State.ARCHIVED, act.now
    act.owe("document", "closing-report")
    act.owe("bundle")
    for manager in act.holders(Part.MANAGER):
        act.owe("notice", "case-archived", person=manager)
    return None


Handler = Callable[[Act, WorkItem, Any], Settled]

HANDLERS: Mapping[Kind, Handler] = {
    Kind.SCREENING: screening,
    Kind.INVESTIGATION: investigation,
    Kind.COUNTERSIGN: countersign,
    Kind.STATEMENT: statement,
    Kind.ANSWER: answer_points,
    Kind.LEGAL_REVIEW: legal_review,
    Kind.NOTICE_OF_INTENT: notice_of_intent,
    Kind.CONVENING: convening,
    Kind.RECUSAL: recusal,
    Kind.RECUSAL_RULING: rule_on_challenge,
    Kind.BALLOT: ballot,
    Kind.CLOSE_SESSION: close_session,
    Kind.SIGNATURE: signature,
    Kind.SERVICE_RECEIPT: service_receipt,
    Kind.AUTHORITY_REPLY: authority_reply,
    Kind.CLEARING_CONSENT: clearing_consent,
    Kind.CLEARING_APPROVAL: clearing_approval,
    Kind.PUBLICATION_REVIEW: publication_review,
    Kind.ARCHIVING: archiving,
}
