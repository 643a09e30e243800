"""Registering a case and adding to its file. 立案登记与补充材料"""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from models.answers import NewCase, NewEvidence
from models.casework.identity import check_silent, keep_reporter
from models.casework.kin import bar_at_registration
from models.casework.numbers import take_number
from models.casework.record import Act, check, lock_case
from models.casework.settle import settle
from models.certificates import check as check_certificate
from models.certificates import find, own_key
from models.files import Stored
from models.handbook import HandbookError, edition_for
from models.rules.deadlines import beijing_day
from models.rules.errors import Incomplete, NotFound
from models.rules.lifecycle import Stage, State
from models.rules.permissions import Action, Actor, Part, Role, may
from models.tables import Allegation, Case, Evidence, Organ, Person, Respondent

_LONGEST_CERTIFICATE = 400_000  # bytes


def open_case(session: Session, new: NewCase, *, actor: Actor, now: datetime) -> Case:
    """Register a case: number, edition by the day of the conduct, respondents, first work item. 登记案件

    Raises NotPermitted for anybody but a registrar of the organ, NotFound for an unknown organ or officer,
    Incomplete for a day of conduct in the future, a registrar who is named in the case or a text that names the reporter.
    """
    organ = session.exec(select(Organ).where(Organ.code == new.organ)).first()
    if organ is None or organ.id is None:
        raise NotFound(f"没有代码为“{new.organ}”的机关，请核对机关代码。")
    check(may(actor, Action.REGISTER, organ_id=organ.id))
    today = beijing_day(now)
    if beijing_day(new.conduct_on) > today:
        raise Incomplete(f"行为发生日期 {new.conduct_on} 晚于今天，请核对日期。")
    check_silent(new)
    people = _officers(session, new, actor)
    try:
        choice = edition_for(new.conduct_on, fallback_on=today)
    except HandbookError as fault:
        raise Incomplete(str(fault)) from None
    case = Case(
        id=uuid.uuid4().hex,
        organ_id=organ.id,
        year=today.year,
        number=take_number(session, organ.id, "case", year=today.year),
        title=new.title,
        category=new.category,
        source=new.source,
        conduct_on=new.conduct_on,
        narrative=new.narrative,
        harm=new.harm,
        edition=choice.edition.id,
        edition_reason=choice.reason,
        stage=Stage.INTAKE,
        state=State.OPEN,
        registered_at=now,
    )
    session.add(case)
    session.flush()
    act = Act(session, case, actor, now)
    act.take_part(actor.person_id, Part.REGISTRAR)
    _name_respondents(act, new, people)
    barred = bar_at_registration(act, new.involved)
    if new.reporter is not None:
        keep_reporter(act, new.reporter)
    act.owe("document", "intake-form")
    for manager in act.role_holders(Role.MANAGER):
        if not act.facts.parts_of(manager) & {Part.RESPONDENT, Part.RECUSED}:
            act.owe("notice", "case-registered", person=manager)
    settle(act)
    related = _related(act)
    act.record(
        "case:registered",
        data={"edition": case.edition, "edition_by": choice.by, "source": case.source, "related": related}
        | ({"barred": barred} if barred else {}),
    )
    return case


def _officers(session: Session, new: NewCase, actor: Actor) -> dict[str, Person]:
    wanted = [r.username for r in new.respondents]
    if len(set(wanted)) < len(wanted):
        raise Incomplete("同一名执法人员在被核查人员中出现了两次，请合并后再提交。")
    found = {p.username: p for p in session.exec(select(Person).where(col(Person.username).in_(wanted)))}
    for username in wanted:
        if username not in found:
            raise NotFound(f"没有用户名为“{username}”的执法人员，请核对后再提交。")
    if any(p.id == actor.person_id for p in found.values()):
        raise Incomplete("登记人不能登记反映自己的案件，请由本机关其他登记员登记。")
    for allegation in new.allegations:
        if allegation.username and allegation.username not in found:
            raise Incomplete(f"反映问题所指的“{allegation.username}”不在被核查人员之中，请先列为被核查人员。")
    return found


def _name_respondents(act: Act, new: NewCase, people: Mapping[str, Person]) -> None:
    rows: dict[str, Respondent] = {}
    for named in new.respondents:
        person_id = people[named.username].id
        assert person_id is not None  # noqa: S101  # read from the database, so it has its key
        row = Respondent(
            case_id=act.case.id,
            person_id=person_id,
            post=named.post,
            unit=named.unit,
            position=named.position,
        )
        act.session.add(row)
        rows[named.username] = row
        act.take_part(person_id, Part.RESPONDENT)
    act.session.flush()
    act.respondents = {row.id: row for row in rows.values() if row.id is not None}
    act.session.add_all(
        Allegation(
            case_id=act.case.id,
            respondent_id=rows[said.username].id if said.username else None,
            text=said.text,
        )
        for said in new.allegations
    )


def _related(act: Act) -> list[str]:
    """Other cases that name one of the officers, so that a clerk sees a possible duplicate."""
    persons = [r.person_id for r in act.respondents.values()]
    others = (
        select(Respondent.case_id)
        .where(col(Respondent.person_id).in_(persons), Respondent.case_id != act.case.id)
        .distinct()
        .limit(20)
    )
    return sorted(act.session.exec(others))


def add_evidence(
    session: Session,
    case_id: str,
    meta: NewEvidence,
    stored: Stored,
    *,
    file_name: str,
    media_type: str,
    actor: Actor,
    now: datetime,
) -> Evidence:
    """Enter a stored file in the case's evidence list. 登记证据

    The same file twice in one case is one piece of evidence. Raises NotFound, NotPermitted, WrongStage.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.ADD_EVIDENCE, act.facts))
    if act.case.state == State.ARCHIVED:
        raise Incomplete("案件已归档，不能再补充证据；如确有新证据，请申请重新启动。")
    if meta.formed_on is not None and meta.formed_on > beijing_day(now):
        raise Incomplete(f"材料形成日期 {meta.formed_on} 晚于今天，请核对日期。")
    same = select(Evidence).where(Evidence.case_id == case_id, Evidence.sha256 == stored.sha256)
    existing = session.exec(same).first()
    if existing is not None:
        return existing
    count = session.exec(select(func.count()).where(Evidence.case_id == case_id)).one()
    certified = _certified(stored, media_type)
    row = Evidence(
        case_id=case_id,
        number=count + 1,
        sha256=stored.sha256,
        size=stored.size,
        media_type=media_type,
        file_name=file_name,
        kind=meta.kind,
        proves=meta.proves or certified,
        collected_by=meta.collected_by,
        collected_at=now,
        formed_on=meta.formed_on,
        added_by=actor.person_id,
        added_at=now,
    )
    session.add(row)
    said = {"number": row.number, "sha256": stored.sha256, "size": stored.size}
    if meta.formed_on is not None:
        said["formed_on"] = meta.formed_on.isoformat()
    if certified:
        said["certified"] = True
    act.record("evidence:added", data=said)
    session.flush()
    return row


def _certified(stored: Stored, media_type: str) -> str:
    """What a certificate of dissent proves, in a sentence; nothing for any other file. 实施意见 五（二）2（11）

    Raises Incomplete for a certificate that does not hold: one that was changed proves the contrary.
    """
    if media_type != "text/plain" or stored.size > _LONGEST_CERTIFICATE:
        return ""
    text = stored.path.read_bytes().decode("utf-8", "replace")
    if find(text) is None:
        return ""
    found = check_certificate(text)
    if found.fault or found.statement is None:
        raise Incomplete(f"所提交的留存证明不能作为证据：{found.fault}")
    if found.key != own_key():  # anybody can sign with a key of one's own
        return "留存证明，内容未经改动；签发机关的公钥须另行核对"
    said = found.statement
    return f"留存证明，由本系统签发，签名相符：{said.member}在{said.case}第{said.round}轮审议中提出反对意见"
