"""Filing what an investigation found: duty items, facts, and the evidence of each. 核查认定"""

from collections import Counter
from collections.abc import Collection, Iterable

from sqlmodel import select

from models.answers import FactAnswer, FactorAnswer, FindingAnswer, Investigation
from models.casework.record import Act, insert_all
from models.rules.clauses import Status
from models.rules.duties import DutyResult
from models.rules.errors import Incomplete, NotFound
from models.tables import Evidence, Fact, Finding

ALLEGATION = "allegation-substantiated"
_NEEDS_EVIDENCE = frozenset({DutyResult.DONE, DutyResult.NOT_DONE})


def file_investigation(act: Act, answer: Investigation) -> None:
    """Check the worksheet against handbook and evidence list, then write it down. 登记核查认定

    Raises NotFound for an unknown duty, fact, factor, officer or piece of evidence, Incomplete for a finding without
    evidence, an officer without a checklist, or a conclusion the facts do not carry.
    """
    evidence = set(act.session.exec(select(Evidence.number).where(Evidence.case_id == act.case.id)))
    _check_once((f.respondent, f.duty) for f in answer.findings)
    _check_once((f.respondent, f.fact) for f in answer.facts)
    _check_once((f.respondent, f.factor) for f in answer.factors)
    for finding in answer.findings:
        _check_finding(act, finding, evidence)
    for fact in answer.facts:
        _check_fact(act, fact, evidence)
    for factor in answer.factors:
        _check_factor(act, factor)
    _check_conclusion(act, answer)
    insert_all(
        act.session,
        [
            Finding(
                case_id=act.case.id,
                round=act.case.round,
                respondent_id=f.respondent,
                duty=f.duty,
                result=f.result,
                evidence=f.evidence,
                note=f.note,
            )
            for f in answer.findings
        ],
    )
    insert_all(
        act.session,
        [
            Fact(
                case_id=act.case.id,
                round=act.case.round,
                respondent_id=f.respondent,
                fact=f.fact,
                status=f.status,
                evidence=f.evidence,
                note=f.note,
            )
            for f in answer.facts
        ],
    )


def _check_once(keys: Iterable[tuple[int, str]]) -> None:
    twice = [name for (_, name), n in Counter(keys).items() if n > 1]
    if twice:
        raise Incomplete(f"“{twice[0]}”对同一人员填写了两次，请删去一次。")


def _check_finding(act: Act, finding: FindingAnswer, evidence: Collection[int]) -> None:
    act.respondent(finding.respondent)
    duty = act.edition.duties.get(finding.duty)
    if duty is None:
        raise NotFound(f"履职清单（{act.case.edition} 版）中没有 {finding.duty}，请从清单中选择。")
    _check_evidence(finding.evidence, evidence, needed=finding.result in _NEEDS_EVIDENCE, of=duty.requirement)


def _check_fact(act: Act, fact: FactAnswer, evidence: Collection[int]) -> None:
    act.respondent(fact.respondent)
    question = act.edition.facts.get(fact.fact)
    if question is None:
        raise NotFound(f"手册（{act.case.edition} 版）中没有事实要件 {fact.fact}，请从核查表中选择。")
    _check_evidence(fact.evidence, evidence, needed=fact.status is not Status.UNPROVEN, of=question.zh)


def _check_factor(act: Act, factor: FactorAnswer) -> None:
    act.respondent(factor.respondent)
    known = {f.id: f.zh for f in act.edition.weighing_factors}
    if factor.factor not in known:
        raise NotFound(
            f"手册（{act.case.edition} 版）中没有权衡因素 {factor.factor}，请从“{'、'.join(known.values())}”中选择。"
        )


def _check_evidence(cited: Collection[int], known: Collection[int], *, needed: bool, of: str) -> None:
    unknown = sorted(set(cited) - set(known))
    if unknown:
        raise NotFound(f"本案没有编号为 {unknown[0]} 的证据，请先在案件页面登记证据。")
    if needed and not cited:
        raise Incomplete(f"“{of}”没有写明证据；认定须有证据支持，没有证据的请选“未证明”。")


def _check_conclusion(act: Act, answer: Investigation) -> None:
    if answer.conclusion == "transfer" and not answer.authority:
        raise Incomplete("核查结论为移送的，须写明受移送机关，请填写后再提交。")
    listed = {f.respondent for f in answer.findings}
    refuted = {f.respondent for f in answer.facts if f.fact == ALLEGATION and f.status is Status.REFUTED}
    for rid in act.respondents:
        if answer.conclusion == "complete" and rid not in listed:
            raise Incomplete(f"被核查人员 {rid} 还没有对照履职清单逐项核查，请补充后再提交。")
        if answer.conclusion == "unfounded" and rid not in refuted:
            raise Incomplete(
                f"核查结论为反映失实的，须对被核查人员 {rid} 认定“反映的问题是否属实”为不成立并写明证据。"
            )
