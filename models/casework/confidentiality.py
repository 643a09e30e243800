"""Setting how far a case or a paper may be known. 调整密级"""

from datetime import datetime

from sqlmodel import Session, col, select

from models.answers import NewLevel
from models.casework.record import Act, check, lock_case
from models.rules.confidentiality import Level
from models.rules.errors import Conflict, Incomplete, NotFound
from models.rules.permissions import CEILINGS, Action, Actor, PaperFacts, Role, may
from models.tables import Case, Document, Publication


def set_case_level(session: Session, case_id: str, said: NewLevel, *, actor: Actor, now: datetime) -> Case:
    """Give a case another level, with a reason; the level it has already changes nothing. 案件定密级

    Raises NotFound, NotPermitted, Incomplete for 公开, Conflict while somebody below the level has work to do.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.SET_LEVEL, act.facts))
    if said.level is Level.PUBLIC:
        raise Incomplete("案卷不能定为公开；需要公开的，由公开审查核定公示文书。")
    before = Level(act.case.level)
    if said.level is before:
        return act.case
    _check_work_goes_on(act, said.level)
    act.case.level = said.level
    act.record("case:level-set", reason=said.reason, data={"before": before.value, "after": said.level.value})
    session.flush()
    return act.case


def set_document_level(
    session: Session, document_id: int, said: NewLevel, *, actor: Actor, now: datetime
) -> Document:
    """Give a paper a level of its own; where the case's is narrower, the case's holds. 文书定密级

    Raises NotFound, NotPermitted, Incomplete for 公开 of what is not made for everybody, Conflict for what is published.
    """
    found = session.get(Document, document_id)
    if found is None:
        raise NotFound
    act = Act.on(session, lock_case(session, found.case_id), actor=actor, now=now)
    paper = session.get_one(Document, document_id, populate_existing=True)
    named = act.respondents.get(paper.respondent_id or 0)
    own = named is not None and named.person_id == actor.person_id
    check(may(actor, Action.SEE_PAPER, act.facts, paper=PaperFacts(paper.audience, Level(paper.level), own)))
    check(may(actor, Action.SET_LEVEL, act.facts))
    before = Level(paper.level)
    if said.level is before:
        return paper
    if said.level is Level.PUBLIC and paper.audience != "public":
        raise Incomplete("这份文书不是公示文书，不能定为公开；需要公开的，由公开审查核定公示文书。")
    shown = select(Publication.id).where(
        Publication.document_id == document_id, col(Publication.withdrawn_at).is_(None)
    )
    if session.exec(shown).first() is not None:
        raise Conflict("这份文书正在公示，不能再限制知悉范围；确需限制的，请先撤下公示。")
    paper.level = said.level
    act.record(
        "document:level-set",
        reason=said.reason,
        data={"document": document_id, "before": before.value, "after": said.level.value},
    )
    session.flush()
    return paper


def _check_work_goes_on(act: Act, level: Level) -> None:
    """Nobody may be shut out of work that waits for them: the case would stand still."""
    for (kind, _), item in act.items.items():
        role = Role(item.role)
        if item.state == "open" and role is not Role.OFFICER and not CEILINGS[role].covers(level):
            raise Conflict(
                f"『{kind.zh}』正待{role.zh}办理，其知悉上限为『{CEILINGS[role].zh}』，提高后无人可以办理；"
                "请在此事项办结之后再提高。"
            )
