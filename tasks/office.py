"""The office's hands: every effect a case is owed, done at most once, in order. 机关事务

Papers and everything else that stays in the house are done inside the transaction that marks them done. A notice
leaves the house, so it is claimed first; a claim that is never finished lapses and is taken over.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from models.casework import (
    number_paper,
    office,
    paper_number,
    remind,
    resume_due,
    tell_standstills,
    to_tell,
)
from models.casework.prolonging import restart_due
from models.casework.record import Act
from models.casework.reminding import Place
from models.certificates import Statement, issue
from models.database import register
from models.dossier import Dossier, load_dossier
from models.files import store
from models.holidays import calendar_of
from models.rules.deadlines import beijing_day
from models.settings import settings
from models.tables import Case, Document, Effect, Evidence
from notifications.outbox import notify, send_due
from notifications.webhooks import tell_webhooks
from tasks.bundle import store_bundle
from tasks.documents import DOCUMENTS, certificate, render
from tasks.layouts import lay_out_words

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Standing:
    """Where a case stands and how much the office still owes it."""

    case_id: str
    stage: str
    round: int
    archived: bool
    owed: int


@dataclass(frozen=True)
class OfficeReport:
    """What one round of office work came to."""

    done: int
    failed: int
    waiting: int
    kinds: tuple[str, ...]


def now() -> datetime:
    """The moment, in UTC: the office is where the clock is read."""
    return datetime.now(UTC)


def standing(case_id: str) -> Standing | None:
    """Where a case stands; None for a case the register does not know."""
    with register().reading() as session:
        case = session.get(Case, case_id)
        if case is None:
            return None
        undone = select(func.count()).where(
            Effect.case_id == case_id, col(Effect.state).in_(("owed", "claimed"))
        )
        return Standing(case_id, case.stage, case.round, case.state == "archived", session.exec(undone).one())


def office_work(case_id: str) -> OfficeReport:
    """Do everything the case is owed now, in the order it became necessary. 办理应办事务

    An effect that fails is noted and tried again later; the others are done all the same.
    """
    done: list[str] = []
    failed = waiting = 0
    with register().reading() as session:
        wanted = office.owed(session, case_id, stale_before=_stale_before())
    for effect_id in wanted:
        try:
            kind = _do(effect_id)
        except Exception as error:
            # One paper that cannot be made must not keep an officer from a notice: note it, go on, try again later.
            log.exception("effect %s of case %s failed", effect_id, case_id)
            _note_failure(effect_id, error)
            failed += 1
            continue
        if kind:
            done.append(kind)
        else:
            waiting += 1
    lay_out_words(case_id)
    return OfficeReport(len(done), failed, waiting, tuple(sorted(set(done))))


def _stale_before() -> datetime:
    return now() - timedelta(seconds=settings().effect_lease_s)


def _note_failure(effect_id: int, error: Exception) -> None:
    with register().writing() as session:
        office.note_failure(session, effect_id, type(error).__name__, attempts=settings().effect_attempts)


def _do(effect_id: int) -> str | None:
    """Do one effect. Its kind, or None when somebody else has it."""
    with register().reading() as session:
        effect = session.get_one(Effect, effect_id)
        kind = effect.kind
    if kind == "bundle":
        lay_out_words(effect.case_id)  # what goes into the bundle must be there before its transaction
    return kind if _HANDS[kind](effect_id) else None


def _at_home(work: Callable[[Act, Effect], None]) -> Callable[[int], bool]:
    """Work that stays in the house: done and marked done in one transaction."""

    def do(effect_id: int) -> bool:
        with register().writing() as session:
            taken = office.take(session, effect_id, now=now())
            if taken is None:
                return False
            work(*taken)
            return True

    return do


def _document(act: Act, effect: Effect) -> None:
    kind = DOCUMENTS[effect.subject]
    dossier = load_dossier(act.session, act.case.id, effect.round)
    series = kind.series(dossier, effect.respondent_id)
    numbered = number_paper(act, series) if series else None
    number = paper_number(dossier.organ_mark, numbered) if numbered else ""
    paper = render(
        effect.subject,
        dossier,
        number=number,
        issued_on=beijing_day(act.now),
        respondent_id=effect.respondent_id,
        person_id=effect.person_id,
        matter_id=effect.matter_id,
        armour=_signed(act, effect, dossier) if effect.subject == "dissent-certificate" else "",
    )
    office.file_paper(
        act,
        effect,
        store().put(paper.content),
        kind=paper.kind,
        title=paper.title,
        number=number,
        audience=paper.audience,
        numbered=numbered,
    )


def _signed(act: Act, effect: Effect, dossier: Dossier) -> str:
    """The member's objection, signed so that it stands without the register."""
    said = certificate(dossier, effect.person_id or 0)
    return issue(
        Statement(
            kind="dissent",
            organ=dossier.organ,
            case=dossier.number,
            round=dossier.round,
            member=said.member,
            text=said.sealed,
            at=act.now.astimezone(UTC).isoformat(timespec="seconds"),
            head=act.case.head,
        )
    )


def _publication(act: Act, effect: Effect) -> None:
    office.publish(act, effect)


def _hand_over(act: Act, effect: Effect) -> None:
    office.hand_over(act, effect)


def _integrity(act: Act, effect: Effect) -> None:
    hashes = list(act.session.exec(select(Evidence.sha256).where(Evidence.case_id == act.case.id)))
    papers = list(act.session.exec(select(Document.sha256).where(Document.case_id == act.case.id)))
    kept = store()
    faults = [sha256 for sha256 in {*hashes, *papers} if not kept.verify(sha256)]
    office.note_integrity(act, effect, checked=len({*hashes, *papers}), faults=faults)


def _bundle(act: Act, effect: Effect) -> None:
    office.file_paper(
        act,
        effect,
        store_bundle(act.session, act.case.id, store(), now=act.now),
        kind="dossier-bundle",
        title="归档案卷",
        number="",
        audience="internal",
    )


def _notice(effect_id: int) -> bool:
    with register().writing() as session:
        effect = office.claim(session, effect_id, now=now(), stale_before=_stale_before())
        if effect is None:
            return False
        case = session.get_one(Case, effect.case_id)
        act = Act.on(session, case, actor=None, now=now())
        people = office.recipients(act, effect)
        seeing = {person for person in people if office.sees(act, person)}
        session.expunge(effect)
    sent = [
        notify(
            register(),
            key=f"{effect.case_id}:{effect.key}",
            kind="reminder" if effect.subject.startswith("reminder") else effect.subject,
            person_id=person,
            case_id=effect.case_id,
            item_id=effect.item_id,
            filed=person in seeing,
            now=now,
        )
        for person in people
    ]
    with register().writing() as session:
        if effect.subject == "work-item":  # somebody new is asked: that nobody can answer is known at once
            tell_standstills(session, effect.case_id, now=now())
        office.note_notice(
            session,
            effect_id,
            delivered=sum(s.delivered for s in sent),
            failed=sum(s.failed for s in sent),
            now=now(),
        )
    return True


_HANDS: Mapping[str, Callable[[int], bool]] = {
    "document": _at_home(_document),
    "publication": _at_home(_publication),
    "hand-over": _at_home(_hand_over),
    "integrity": _at_home(_integrity),
    "bundle": _at_home(_bundle),
    "notice": _notice,
}


def remind_due(at: datetime) -> int:
    """Owe the reminders of every clock that has reached a rung. Returns how many cases are concerned."""
    concerned: set[str] = set()
    after: Place | None = None
    while True:
        with register().writing() as session:
            batch = remind(session, now=at, after=after)
        concerned.update(batch.cases)
        after = batch.last
        if after is None:
            return len(concerned)


def tell_standing_still(at: datetime) -> int:
    """Owe a manager the notice of every item that nobody can do, each once. Returns how many are new."""
    with register().reading() as session:
        concerned = to_tell(session, now=at)
    told = 0
    for case_id in concerned:
        with register().writing() as session:
            told += tell_standstills(session, case_id, now=at)
    return told


def resume_held(at: datetime) -> list[str]:
    """Take up every case whose 中止 has ended. Returns their ids."""
    with register().writing() as session:
        return resume_due(session, now=at, today=beijing_day(at))


def restart_clocks(at: datetime) -> list[str]:
    """Let every period run again whose suspension has come to its latest day. Returns the ids of their cases."""
    with register().writing() as session:
        return restart_due(session, now=at)


def recompute_clocks(at: datetime) -> int:
    """Compute anew every running clock that a later holiday notice moves. Returns how many cases are concerned."""
    with register().reading() as session:
        concerned = office.outdated(session)
    for case_id in concerned:
        with register().writing() as session:
            office.recompute(session, case_id, now=at)
    return len(concerned)


def missing_notice(at: datetime) -> int | None:
    """The year whose holiday notice is needed within two months and is not there."""
    with register().reading() as session:
        return calendar_of(session).missing_year(beijing_day(at))


def send_notices() -> int:
    """Send what has come to its time, and again what a channel refused. Returns how many arrived."""
    return send_due(register(), now=now).delivered


def tell_systems() -> int:
    """Tell the office systems that follow our cases what has happened. Returns how many events arrived."""
    return tell_webhooks(register(), now=now).delivered


def lagging_cases(*, older_than_s: float) -> list[str]:
    """Cases that have been owed an effect for longer than that."""
    with register().reading() as session:
        return list(office.lagging(session, before=now() - timedelta(seconds=older_than_s)))


def open_cases_without(known: Collection[str]) -> list[str]:
    """Open cases that are not among the known ones."""
    with register().reading() as session:
        return sorted(set(office.open_cases(session)) - set(known))
