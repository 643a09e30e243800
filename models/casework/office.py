"""What the office has done in the world, written back to the register. 机关事务登记

Papers, publications, hand-overs and bundles are made inside the transaction that records them, with content kept
by its hash: a crash leaves either all of it or nothing. Only notices leave the house, so only they are claimed first.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from models.casework.clocks import retimed
from models.casework.record import Act, item_facts, lock_case
from models.files import Stored
from models.handbook import load_edition
from models.holidays import calendar_of, versions_in_force
from models.rules.confidentiality import Level
from models.rules.permissions import Action, Actor, Part, Role, may, stood_in_for
from models.standing_in import away_on
from models.tables import Case, Clock, Document, Effect, PaperNumber, Publication, Rendition, WorkItem


def owed(session: Session, case_id: str, *, stale_before: datetime) -> Sequence[int]:
    """Effects of a case still to be done, in the order they became necessary; stale claims are among them."""
    open_ones = select(Effect.id).where(
        Effect.case_id == case_id,
        (col(Effect.state) == "owed")
        | ((col(Effect.state) == "claimed") & (col(Effect.claimed_at) < stale_before)),
    )
    return [i for i in session.exec(open_ones.order_by(col(Effect.id))) if i is not None]


def take(session: Session, effect_id: int, *, now: datetime) -> tuple[Act, Effect] | None:
    """Lock case and effect for work inside this transaction; None when somebody else has done it."""
    case_id = session.exec(select(Effect.case_id).where(Effect.id == effect_id)).one()
    case = lock_case(session, case_id)
    effect = session.exec(select(Effect).where(Effect.id == effect_id).with_for_update()).one()
    if effect.state in ("done", "failed"):
        return None
    effect.attempts += 1
    return Act.on(session, case, actor=None, now=now), effect


def claim(session: Session, effect_id: int, *, now: datetime, stale_before: datetime) -> Effect | None:
    """Claim a notice before it leaves the house; None when it is done or somebody else is at it."""
    effect = session.exec(select(Effect).where(Effect.id == effect_id).with_for_update()).one()
    taken = effect.state == "claimed" and effect.claimed_at is not None and effect.claimed_at >= stale_before
    if effect.state in ("done", "failed") or taken:
        return None
    effect.state, effect.claimed_at = "claimed", now
    effect.attempts += 1
    session.flush()
    return effect


def done(effect: Effect, produced: str, *, now: datetime) -> None:
    """Mark an effect done with what it produced."""
    effect.state, effect.done_at, effect.produced, effect.error = "done", now, produced, ""


def note_notice(session: Session, effect_id: int, *, delivered: int, failed: int, now: datetime) -> None:
    """A notice has been handed to every channel; each channel's own state lies with the notification."""
    effect = session.exec(select(Effect).where(Effect.id == effect_id).with_for_update()).one()
    done(effect, f"delivered={delivered} failed={failed}", now=now)


def note_failure(session: Session, effect_id: int, error: str, *, attempts: int) -> None:
    """Give an effect back for another attempt, or leave it to a person after too many."""
    effect = session.exec(select(Effect).where(Effect.id == effect_id).with_for_update()).one()
    if effect.state == "done":
        return
    if effect.state != "claimed":
        effect.attempts += 1  # the count of the transaction that was undone; a claim has counted itself
    effect.state = "failed" if effect.attempts >= attempts else "owed"
    effect.error = error[:500]


def file_paper(
    act: Act,
    effect: Effect,
    stored: Stored,
    *,
    kind: str,
    title: str,
    number: str,
    audience: str,
    numbered: PaperNumber | None = None,
) -> Document:
    """File a rendered paper. 文书归卷"""
    paper = Document(
        case_id=act.case.id,
        key=effect.key,
        kind=kind,
        round=effect.round,
        respondent_id=effect.respondent_id,
        number=number,
        title=title,
        sha256=stored.sha256,
        size=stored.size,
        audience=audience,
        level=Level.PUBLIC if audience == "public" else Level.INTERNAL,
        filed_at=act.now,
    )
    act.session.add(paper)
    act.session.flush()
    if numbered is not None:
        numbered.document_id = paper.id
    act.record("document:filed", data={"kind": kind, "number": number, "sha256": stored.sha256})
    done(effect, f"document:{paper.id}", now=act.now)
    return paper


def file_renditions(
    session: Session, case_id: str, made: Sequence[Rendition], *, now: datetime
) -> Sequence[Rendition]:
    """File papers of a case as they were laid out and sealed. Returns those that were not there yet. 版式文件归卷"""
    act = Act.on(session, lock_case(session, case_id), actor=None, now=now)
    wanted = {row.document_id for row in made}
    there = set(
        session.exec(
            select(Rendition.document_id, Rendition.form).where(col(Rendition.document_id).in_(wanted))
        )
    )
    new = [row for row in made if (row.document_id, row.form) not in there]
    if new:
        session.add_all(new)
        files = [
            {"document": r.document_id, "form": r.form, "sha256": r.sha256, "signature": r.signature}
            for r in new
        ]
        act.record("document:laid-out", data={"files": files})
    return new


def not_laid_out(
    session: Session, form: str, *, kinds: Collection[str], case_id: str | None = None, limit: int = 500
) -> Sequence[Document]:
    """Papers of these kinds that are not there in a form yet, of one case or of all; the newest are waited for."""
    there = select(Rendition.document_id).where(Rendition.form == form)
    wanted = select(Document).where(col(Document.id).not_in(there), col(Document.kind).in_(kinds))
    if case_id is not None:
        wanted = wanted.where(Document.case_id == case_id)
    return session.exec(wanted.order_by(col(Document.id).desc()).limit(limit)).all()


def publish(act: Act, effect: Effect) -> Publication:
    """Put the redacted notice of this round on the portal. 公示"""
    paper = act.session.exec(
        select(Document).where(
            Document.case_id == act.case.id, Document.kind == effect.subject, Document.round == effect.round
        )
    ).one()
    assert paper.id is not None  # noqa: S101  # read from the database, so it has its key
    page = Publication(
        case_id=act.case.id,
        document_id=paper.id,
        slug=uuid.uuid4().hex[:16],
        title=paper.title,
        published_at=act.now,
    )
    act.session.add(page)
    act.record("publication:published", data={"slug": page.slug, "sha256": paper.sha256})
    done(effect, f"publication:{page.slug}", now=act.now)
    return page


def hand_over(act: Act, effect: Effect) -> None:
    """Record that the transfer letter and its list have gone to the other authority. 移送"""
    letter = act.session.exec(
        select(Document).where(
            Document.case_id == act.case.id,
            Document.kind == "transfer-letter",
            Document.round == effect.round,
        )
    ).one()
    act.record("transfer:handed-over", data={"number": letter.number, "sha256": letter.sha256})
    done(effect, f"document:{letter.id}", now=act.now)


def note_integrity(act: Act, effect: Effect, *, checked: int, faults: Collection[str]) -> None:
    """Record that every piece of evidence still is what was handed in, or which is not. 证据完整性校验"""
    act.record("evidence:checked", data={"checked": checked, "faults": sorted(faults)})
    done(effect, f"checked={checked} faults={len(faults)}", now=act.now)


def recipients(act: Act, effect: Effect) -> list[int]:
    """Who is told: the person named, the person the item is assigned to, or everybody who may take it.

    Nobody is told of a case that has since been hidden from them, be it by recusal or by its level.
    """
    return [person for person in _addressed(act, effect) if sees(act, person) or _keeps(act, effect, person)]


def sees(act: Act, person: int) -> bool:
    """Whether somebody may see the case: what is said to others lies in their inbox without it."""
    return may(act.person(person), Action.SEE, act.facts).ok


def _keeps(act: Act, effect: Effect, person: int) -> bool:
    """A manager above the organ, who is told by number that nobody there can act."""
    free = not {Part.RECUSED, Part.RESPONDENT} & act.facts.parts_of(person)
    return effect.subject == "standstill" and free


def _addressed(act: Act, effect: Effect) -> list[int]:
    item = act.session.get(WorkItem, effect.item_id) if effect.item_id else None
    if item is not None and item.state != "open":
        return []  # done meanwhile: neither the person nor a manager is to be troubled with it
    if effect.person_id is not None:
        return [effect.person_id]
    if item is None:
        return []
    if item.assignee_id is None:
        asked = holders(act, Role(item.role))
    else:
        # Whoever has delegated it still answers for the end of the period.
        behind = item.delegated_by if effect.subject.startswith("reminder-") else None
        asked = [item.assignee_id, *([behind] if behind else [])]
    return [*asked, *_substitutes(act, item, apart_from=asked)]


def _substitutes(act: Act, item: WorkItem, *, apart_from: Collection[int]) -> list[int]:
    """Who may do the item today because the person it is for, or somebody of the group, is away."""
    for_whom = [item.assignee_id] if item.assignee_id else act.role_holders(Role(item.role))
    named = sorted({who for who in away_on(act.session, act.today, among=for_whom).values() if who})
    asked, facts = item_facts(item), act.facts
    return [
        who
        for who in named
        if who not in apart_from and stood_in_for(act.person(who), asked, facts) is not None
    ]


def holders(act: Act, role: Role, *, among: Sequence[int] | None = None) -> list[int]:
    """Who holds a role (`among`, when that has been read) and is not tied to the case so as not to take it."""
    facts = act.facts
    able = (p for p in (act.role_holders(role) if among is None else among) if _untied(p, role, act))
    return [p for p in able if Part.RESPONDENT not in facts.parts_of(p)]


def _untied(person: int, role: Role, act: Act) -> bool:
    who = Actor(person, "", frozenset({(role, act.case.organ_id)}))
    return may(who, Action.HOLD_PART, act.facts, part=_PART.get(role)).ok


_PART = {
    Role.SCREENING_OFFICER: Part.SCREENER,
    Role.LEGAL_REVIEWER: Part.LEGAL_REVIEWER,
    Role.HEAD: Part.SIGNER,
    Role.MANAGER: Part.MANAGER,
}


def outdated(session: Session) -> list[str]:
    """Cases with a running clock whose end the notices known today give otherwise. 期限待重新计算"""
    calendar = calendar_of(session)
    running = select(Clock, Case.edition).join(Case).where(col(Clock.closed_at).is_(None))
    return sorted(
        {
            clock.case_id
            for clock, edition in session.exec(running)
            if retimed(clock, load_edition(edition), calendar) is not None
        }
    )


def recompute(session: Session, case_id: str, *, now: datetime) -> list[dict[str, Any]]:
    """Compute the running clocks of a case anew, with one event that keeps the old ends; none when nothing changes.

    What has been reminded of stays as it is: a later end is reminded of by the rungs that were not yet reached.
    """
    act = Act.on(session, lock_case(session, case_id), actor=None, now=now)
    running = select(Clock).where(Clock.case_id == case_id, col(Clock.closed_at).is_(None))
    for clock in session.exec(running.order_by(col(Clock.id))):
        act.retime(clock, session.get(WorkItem, clock.item_id) if clock.item_id else None)
    changed: list[dict[str, Any]] = act.said.get("clocks", [])
    if changed:
        act.record("clock:recomputed", data={"notices": versions_in_force(session)})
    return changed


def lagging(session: Session, *, before: datetime, limit: int = 500) -> Sequence[str]:
    """Cases that have been owed an effect since before a moment."""
    waiting = select(Effect.case_id).where(
        col(Effect.state).in_(("owed", "claimed")), Effect.owed_at < before
    )
    return list(session.exec(waiting.distinct().limit(limit)))


def open_cases(session: Session) -> Sequence[str]:
    """Every case that is not archived, or archived with work still owed."""
    return list(session.exec(select(Case.id).where(Case.state != "archived")))
