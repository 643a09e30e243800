"""What people say in interviews and what experts hold, taken down as a paper of the case. 谈话笔录、专业论证意见

Two investigators question (处分条例 41), the rights are told first, and what was said stays as it was said: a correction
is part of the record, never a change of it. The signed sheet comes in as a piece of evidence of its own.
"""

import hashlib
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from models.casework.record import Act, check, lock_case
from models.database import to_json
from models.rules.errors import Incomplete, WrongStage
from models.rules.lifecycle import Stage, State
from models.rules.permissions import Action, Actor, Part, may
from models.tables import Person, Transcript
from models.transcripts import NewExpertOpinion, NewInterview

INTERVIEW, OPINION = "interview", "expert-opinion"


def take_interview(
    session: Session, case_id: str, said: NewInterview, *, actor: Actor, now: datetime
) -> Transcript:
    """Take down an interview; the same words again are the same record. 登记谈话笔录

    Raises NotFound, NotPermitted, WrongStage outside the verification, Incomplete for what a record cannot lack.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.TAKE_INTERVIEW, act.facts))
    content = said.model_dump(mode="json", exclude={"second"})
    content["interviewers"] = _interviewers(act, said.second)
    if (same := _same(act, INTERVIEW, content)) is not None:
        return same
    if act.case.stage != Stage.VERIFICATION:
        raise WrongStage("谈话只在事实核查环节进行；需要补充谈话的，请先退回补充核实。")
    if not said.rights_told:
        raise Incomplete("谈话之前须出示证件，告知权利义务和申请回避的权利；没有告知的，不能作为笔录登记。")
    if not said.began_at < said.ended_at <= now:
        raise Incomplete("谈话的结束时间须晚于开始时间，且不晚于现在；请核对起止时间。")
    if not said.signed and not said.refusal:
        raise Incomplete("被谈话人没有逐页签名的，须注明情况；请填写后再登记。")
    row = _keep(act, INTERVIEW, content)
    act.owe("document", "interview-record", matter=row.id)
    act.record("transcript:interview-taken", data={"number": row.number, "sha256": row.sha256})
    return row


def take_opinion(
    session: Session, case_id: str, said: NewExpertOpinion, *, actor: Actor, now: datetime
) -> Transcript:
    """Take down what experts hold; the same words again are the same opinion. 登记专业论证意见

    Raises NotFound, NotPermitted, WrongStage before the verification and after the matching, Incomplete.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.TAKE_OPINION, act.facts))
    content = said.model_dump(mode="json")
    if (same := _same(act, OPINION, content)) is not None:
        return same
    if act.case.stage not in (Stage.VERIFICATION, Stage.MATCHING):
        raise WrongStage("专业论证在事实核查和条款匹配环节进行；需要补充论证的，请先退回补充核实。")
    if not said.no_ties:
        raise Incomplete("论证专家须书面确认与本案没有应当回避的关系；没有确认的，请另请专家。")
    _check_untied(act, [expert.name for expert in said.experts])
    if said.formed_on > act.today:
        raise Incomplete(f"论证意见的日期 {said.formed_on} 晚于今天，请核对日期。")
    row = _keep(act, OPINION, content)
    act.owe("document", "expert-opinion", matter=row.id)
    act.record("transcript:opinion-taken", data={"number": row.number, "sha256": row.sha256})
    return row


def _interviewers(act: Act, second: str) -> list[str]:
    """The names of the two who question: whoever takes it down, and the other investigator. Raises Incomplete."""
    other = act.session.exec(select(Person).where(Person.username == second)).first()
    parts = act.facts.parts_of(other.id or 0) if other else frozenset()
    taking = act.actor.person_id if act.actor else 0
    if other is None or other.id == taking or Part.INVESTIGATOR not in parts or Part.RECUSED in parts:
        raise Incomplete("谈话应当由两名调查人员进行（处分条例第四十一条）；请写明本案的另一名调查人员。")
    return [act.actor.name if act.actor else "", other.name]


def _check_untied(act: Act, experts: list[str]) -> None:
    """Nobody who takes part in the case gives an expert opinion in it."""
    if len(set(experts)) < len(experts):
        raise Incomplete("同一名专家列了两次，请核对论证专家名单。")
    tied = select(Person.name).where(col(Person.id).in_(act.facts.parts), col(Person.name).in_(experts))
    found = act.session.exec(tied).first()
    if found is not None:
        raise Incomplete(f"{found}参与本案的办理或者是被核查人员，不能作为论证专家；请另请专家。")


def _digest(kind: str, content: dict[str, Any]) -> str:
    return hashlib.sha256((kind + to_json(content)).encode()).hexdigest()


def _same(act: Act, kind: str, content: dict[str, Any]) -> Transcript | None:
    same = select(Transcript).where(
        Transcript.case_id == act.case.id, Transcript.sha256 == _digest(kind, content)
    )
    return act.session.exec(same).first()


def _keep(act: Act, kind: str, content: dict[str, Any]) -> Transcript:
    if act.case.state == State.ARCHIVED:
        raise WrongStage("案件已归档，不能再登记笔录和论证意见。")
    count = select(func.count()).select_from(Transcript).where(Transcript.case_id == act.case.id)
    row = Transcript(
        case_id=act.case.id,
        number=act.session.exec(count).one() + 1,
        round=act.case.round,
        kind=kind,
        content=content,
        sha256=_digest(kind, content),
        taken_by=act.actor.person_id if act.actor else 0,
        taken_at=act.now,
    )
    act.session.add(row)
    act.session.flush()
    return row
