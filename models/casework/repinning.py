"""A newer, more lenient edition beside the one of the day of the conduct, and the reviewer's choice. 版次选择

从旧兼从轻: conduct is judged by the rules of its day, unless those in force when it is judged are milder. Which of the
two applies is for people to decide, with a reason; nothing here chooses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete
from sqlmodel import Session, col

from models.casework.matching import inquiry, match_clauses
from models.casework.record import Act, check, item_facts, lock_case
from models.handbook import Edition, edition_for, in_force_on
from models.rules.comparison import Comparison, compare
from models.rules.decision import is_written
from models.rules.errors import Conflict, Incomplete, NotFound, NotPermitted, Stale, WrongStage
from models.rules.lifecycle import Kind, Stage
from models.rules.permissions import Action, Actor, may, stood_in_for
from models.tables import Case, Match


@dataclass(frozen=True)
class Beside:
    """Both editions that may govern a case, and what each makes of every officer. 版次对照"""

    then: Edition  # of the day of the conduct
    now: Edition  # in force when the case is judged
    officers: Mapping[int, Comparison]

    @property
    def more_lenient(self) -> bool:
        """Whether the newer one is milder for any officer."""
        return any(seen.more_lenient for seen in self.officers.values())


def beside(act: Act, *, on: date) -> Beside | None:
    """The edition in force on a day beside the one of the conduct; None when they are the same."""
    case = act.case
    then, now = edition_for(case.conduct_on, fallback_on=on).edition, in_force_on(on)
    if now is None or now.in_force_from <= then.in_force_from:
        return None
    found = inquiry(act)
    one, other = then.rules_on(case.conduct_on), now.rules_on(case.conduct_on)
    return Beside(
        then,
        now,
        {
            rid: compare(one, other, found.known(rid), conclusion=case.conclusion or "complete")
            for rid in act.respondents
        },
    )


def repin_edition(
    session: Session,
    case_id: str,
    edition_id: str,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    expect_version: int | None = None,
) -> Case:
    """Judge the case by the other of its two editions, and match the clauses again. 改用版次

    For the legal reviewer, before the review is handed in; the same edition again changes nothing. Raises NotFound,
    NotPermitted, Recused, WrongStage, Stale, Conflict, Incomplete.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    _check_reviewer(act, actor)
    case = act.case
    if case.edition == edition_id:
        return case
    if expect_version is not None and case.version != expect_version:
        raise Stale("案件在您打开之后已有变动，请刷新后核对再改用版次；手册版次没有改动。")
    if not is_written(reason):
        raise Incomplete("改用手册版次须写明理由，请填写后再提交。")
    both = beside(act, on=act.today)
    chosen = _chosen(both, edition_id)
    _check_findings(act, chosen)
    before, case.edition = case.edition, chosen.id
    case.edition_reason = _why(act, both, chosen)
    _match_again(act)
    act.record("case:edition-repinned", reason=reason, data={"from": before, "to": chosen.id})
    return case


def _check_reviewer(act: Act, actor: Actor) -> None:
    check(may(actor, Action.SEE, act.facts))
    review = act.items.get((Kind.LEGAL_REVIEW, ""))
    if review is None or review.state != "open":
        raise WrongStage(
            f"案件现处于『{Stage(act.case.stage).zh}』；手册版次只能由法制审核人员在提交审核意见之前改用。"
            "认为应当改用的，请申请退回条款匹配环节。"
        )
    ruling = may(actor, Action.ANSWER, act.facts, item=item_facts(review))
    if ruling.hidden:  # the case is known to whoever asks, the review is not
        raise NotPermitted("手册版次只能由法制审核人员改用；对适用的版次有意见的，请在陈述申辩中提出。")
    check(ruling)
    act.on_behalf_of = review.delegated_by or stood_in_for(actor, item_facts(review), act.facts)


def _chosen(both: Beside | None, edition_id: str) -> Edition:
    if both is None:
        raise Conflict("本案行为时和现在施行的是同一版次，没有可以改用的版次；请按现版次办理。")
    if edition_id == both.then.id:
        return both.then
    if edition_id != both.now.id:
        raise NotFound(f"本案只能在 {both.then.id} 版和 {both.now.id} 版之间选择，请核对版次编号。")
    if any(seen.stricter for seen in both.officers.values()) or not both.more_lenient:
        raise Incomplete(
            f"{both.now.id} 版对本案被核查人员并不都同样或者更为从宽，不能改用（从旧兼从轻）；"
            "请按行为时的版次办理，确有不同意见的写入审核意见。"
        )
    return both.now


def _check_findings(act: Act, chosen: Edition) -> None:
    """What was found must be readable under the other edition, or the file could not be explained any more."""
    missing = next(_unknown(act, chosen), None)
    if missing:
        raise Incomplete(
            f"本案核查认定的 {missing} 在 {chosen.id} 版中没有，核查结果不能直接套用该版次；"
            "请按现版次办理，并在审核意见中写明两个版次的差别。"
        )


def _unknown(act: Act, chosen: Edition) -> Iterator[str]:
    found = inquiry(act)
    for rid in act.respondents:
        yield from (fact for fact in found.facts.get(rid, {}) if fact not in chosen.facts)
        yield from (duty for duty in found.duties.get(rid, {}) if duty not in chosen.duties)


def _why(act: Act, both: Beside | None, chosen: Edition) -> str:
    # The officer reads this too, so it says which rule applies and not what the reviewer argued.
    if both is None or chosen is both.then:
        return edition_for(act.case.conduct_on, fallback_on=act.today).reason
    return f"行为发生时施行的是{both.then.title}；现行的{both.now.title}更为从宽，经法制审核决定改用（从旧兼从轻）。"


def _match_again(act: Act) -> None:
    """Nobody has spoken on the old proposals yet: they give way to those of the edition chosen."""
    old = (col(Match.case_id) == act.case.id) & (col(Match.round) == act.case.round)
    act.session.execute(delete(Match).where(old))
    act.confirmed = act.like = None
    match_clauses(act)
    act.items[(Kind.LEGAL_REVIEW, "")].version += 1  # a page opened before shows other clauses
