"""Every route, asked by every role in every relation to cases at every stage: lists and items agree. 权限矩阵

The routes come from the OpenAPI document and from the pages; one without a rule here fails the test. What a person
may see of a case is read from the lists first; then every single answer is held against that.
"""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice, product
from typing import Any

import anyio.to_thread
import pytest
from fastapi.routing import APIRoute
from httpx import ASGITransport, AsyncClient, Response
from sqlmodel import col, select
from starlette.routing import BaseRoute

from api.app import create_app
from models.accounts import issue_token
from models.casework import item_facts
from models.database import Register
from models.files import store
from models.queries import Search, case_facts, count_cases, inbox, inbox_count, list_cases
from models.rules.confidentiality import Level
from models.rules.lifecycle import Stage
from models.rules.permissions import Action, Actor, CaseFacts, Part, Role, may
from models.rules.substitution import FIT
from models.tables import (
    Case,
    Document,
    Evidence,
    IdentityRequest,
    Notification,
    Participation,
    Person,
    Rendition,
    Respondent,
    RoleHolding,
    Substitution,
    WorkItem,
)
from tests.builders import SINCE, Bureau, Told, a_bureau, a_case, actor_of

NOWHERE = "0" * 32  # a key nothing has
SAME, OTHER, OWN = "same organ", "other organ", "as the story has it"
STANDING_IN = "standing in for somebody"
RELATIONS: tuple[str, ...] = (SAME, OTHER, *Part)
ROLES: tuple[Role | None, ...] = (None, *Role)


# --- the world ----------------------------------------------------------------------------------


@dataclass
class Place:
    """A case with one of everything it can hold, by the name a route gives to its key."""

    id: str
    title: str
    items: list[str] = field(default_factory=list)
    documents: dict[int, Level] = field(default_factory=dict)
    evidence: list[int] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Someone:
    """A person of the matrix."""

    id: int
    role: Role | None
    relation: str
    token: str
    actor: Actor

    def __str__(self) -> str:
        return f"{self.role or 'no role'} / {self.relation} ({self.actor.name})"


@dataclass
class World:
    """A bureau with cases at every stage, and people in every relation to them."""

    register: Register
    bureau: Bureau
    places: list[Place]
    people: list[Someone]
    facts: Mapping[str, CaseFacts]


def a_world(register: Register) -> World:
    """Cases at every stage, people by role and relation, a paper for each audience."""
    bureau = a_bureau(register)
    told = [a_case(bureau, title=f"矩阵案件{n}号").to(stage) for n, stage in enumerate(Stage)]
    told.append(a_case(bureau, title="矩阵案件七号").go_on(_balloting))
    told.append(a_case(bureau, title="矩阵案件八号").to_the_end())
    with register.writing() as session:
        for one in told:
            _papers(session, one)
            _refused_request(session, bureau, one.case_id)
            _notices(session, bureau, one.case_id)
        # Every level occurs, on cases and on papers; the case at the door stays within reach of its screening.
        for one, level in zip(told[1:], [*Level][1:] * 3, strict=False):
            session.get_one(Case, one.case_id).level = level
    people = _people(register, bureau, [one.case_id for one in told])
    with register.reading() as session:
        facts = {one.case_id: case_facts(session, one.case_id)[1] for one in told}
        places = [_place(session, one) for one in told]
    return World(register, bureau, places, people, facts)


def _balloting(told: Told) -> bool:
    return any(item.kind == "ballot" for item in told.open_items())


def _papers(session: Any, told: Told) -> None:
    for audience, respondent, level in (
        ("internal", None, Level.SENSITIVE),
        ("officer", min(told.respondents.values()), Level.INTERNAL),
        ("public", None, Level.PUBLIC),
    ):
        stored = store().put(f"<h1>{told.case_id}{audience}</h1>".encode())
        paper = Document(
            case_id=told.case_id,
            key=f"{audience}:r1",
            kind="notice",
            round=1,
            respondent_id=respondent,
            title=f"{audience}文书",
            sha256=stored.sha256,
            size=stored.size,
            audience=audience,
            level=level,
            filed_at=datetime.now(UTC),
        )
        session.add(paper)
        session.flush()
        made = Rendition(
            document_id=paper.id or 0,
            form="docx",
            sha256=stored.sha256,
            size=stored.size,
            made_at=datetime.now(UTC),
        )
        session.add(made)


def _refused_request(session: Any, bureau: Bureau, case_id: str) -> None:
    now = datetime.now(UTC)
    session.add(
        IdentityRequest(
            case_id=case_id,
            requested_by=bureau.ids["tang.wei"],
            reason="需要核实。",
            requested_at=now,
            ruling="refused",
            ruling_reason="理由不足。",
            ruled_by=bureau.ids["dai.yun"],
            ruled_at=now,
        )
    )


def _notices(session: Any, bureau: Bureau, case_id: str) -> None:
    """Everybody of the bureau was once told of every case: what a list of notices still shows is another matter."""
    session.add_all(
        Notification(
            key=f"told:{case_id}",
            person_id=person,
            case_id=case_id,
            channel="inbox",
            subject="通知",
            body=case_id,
            state="delivered",
            created_at=datetime.now(UTC),
        )
        for person in bureau.ids.values()
    )


def _place(session: Any, told: Told) -> Place:
    def ids(table: Any) -> list[Any]:
        return list(session.exec(select(table.id).where(table.case_id == told.case_id).order_by(table.id)))

    title = session.get_one(Case, told.case_id).title
    papers = session.exec(select(Document).where(Document.case_id == told.case_id))
    levels = {paper.id: Level(paper.level) for paper in papers}
    return Place(told.case_id, title, ids(WorkItem), levels, ids(Evidence), ids(IdentityRequest))


def _people(register: Register, bureau: Bureau, cases: Sequence[str]) -> list[Someone]:
    home, elsewhere, today = bureau.organs["zj-yx"], bureau.organs["zj"], bureau.clock.date()
    with register.writing() as session:
        made = [(username, None, OWN, person) for username, person in bureau.ids.items()]
        for number, (role, relation) in enumerate(product(ROLES, RELATIONS)):
            person = Person(username=f"matrix.{number}", name=f"矩阵{number}")
            session.add(person)
            session.flush()
            made.append((person.username, role, relation, person.id))
            if role:
                organ = elsewhere if relation == OTHER else home
                session.add(RoleHolding(person_id=person.id, organ_id=organ, role=role, valid_from=SINCE))
            # An officer is concerned by two cases; whoever else has a part has it in all but one.
            concerned = relation == Part.RESPONDENT
            chosen = islice(_round(cases, number), 2 if concerned else len(cases) - 1)
            for case_id in chosen if relation in set(Part) else ():
                session.add(Participation(case_id=case_id, person_id=person.id, part=relation))
                if concerned:
                    session.add(
                        Respondent(case_id=case_id, person_id=person.id, post="handler", unit="城南分局")
                    )
        made += _substitutes(session, bureau, cases)
        session.flush()
        now = datetime.now(UTC)
        return [
            Someone(i, role, relation, issue_token(session, i, "test", now=now), actor_of(session, i, today))
            for _, role, relation, i in made
        ]


def _substitutes(session: Any, bureau: Bureau, cases: Sequence[str]) -> list[tuple[str, None, str, int]]:
    """Somebody fit for each role that is lent, standing in for all who hold it; tied to one case, free of the others."""
    home, made = bureau.organs["zj-yx"], []
    pairs = [(role, own) for role, fits in FIT.items() for own in sorted(fits)]
    for number, (role, own) in enumerate(pairs):
        person = Person(username=f"matrix.sub.{number}", name=f"代理{number}")
        session.add(person)
        session.flush()
        session.add(RoleHolding(person_id=person.id, organ_id=home, role=own, valid_from=SINCE))
        part = [Part.RECUSED, Part.INVESTIGATOR, Part.LEGAL_REVIEWER, Part.REGISTRAR][number % 4]
        case_id = cases[number % len(cases)]
        session.add(Participation(case_id=case_id, person_id=person.id, part=part))
        acted = cases[(number + 1) % len(cases)]
        session.add(Participation(case_id=acted, person_id=person.id, part=Part.SCREENER, stood_in=True))
        held = select(RoleHolding.person_id).where(
            RoleHolding.organ_id == home,
            RoleHolding.role == role,
            col(RoleHolding.person_id).in_(bureau.ids.values()),
        )
        session.add_all(
            Substitution(
                id=f"{number:016x}{away:016x}",
                person_id=away,
                substitute_id=person.id,
                first_day=SINCE,
                last_day=date(2099, 12, 31),
                why="other",
                named_by=away,
                named_at=datetime.now(UTC),
            )
            for away in session.exec(held).all()
        )
        made.append((person.username, None, STANDING_IN, person.id))
    return made


def _round(cases: Sequence[str], start: int) -> Iterator[str]:
    return (cases[(start + step) % len(cases)] for step in range(len(cases)))


# --- what a person sees -------------------------------------------------------------------------


@dataclass
class Sight:
    """What the lists and pages have told one person."""

    listed: set[str] = field(default_factory=set)
    inbox: set[str] = field(default_factory=set)
    narrow: set[str] = field(default_factory=set)  # cases of which only one's own matters are shown
    gives: set[str] = field(default_factory=set)  # cases that take evidence from this person
    asks: set[str] = field(default_factory=set)  # cases whose reporter this person may ask for
    requests: set[int] = field(default_factory=set)  # requests this person rules on
    levels: set[str] = field(default_factory=set)  # cases whose level this person may set
    readers: set[str] = field(default_factory=set)  # cases of which it is told who has read them
    pins: set[str] = field(default_factory=set)  # cases whose steps this person may put on top
    items: set[str] = field(default_factory=set)
    documents: set[int] = field(default_factory=set)
    evidence: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Rule:
    """How a route answers: for one key of one case, given what the person has seen so far."""

    key: str = ""  # case, item, document, evidence: which key the route takes
    answers: Callable[[Sight, Place, Any], set[int]] = lambda sight, place, key: {200}
    sends: Mapping[str, Any] = field(default_factory=dict)


def _case(sight: Sight, place: Place, _: Any) -> set[int]:
    return {200} if place.id in sight.listed else {404}


def _file(sight: Sight, place: Place, _: Any) -> set[int]:
    # Whoever sees the case but not its file is told so: that there is a file is no secret then.
    return {404} if place.id not in sight.listed else {403} if place.id in sight.narrow else {200}


def _readings(sight: Sight, place: Place, _: Any) -> set[int]:
    return {404} if place.id not in sight.listed else {200} if place.id in sight.readers else {403}


# Nothing is taken down: the rights were not told, and the expert is not free of ties.
UNTOLD = {
    "person": "某人", "capacity": "witness", "place": "谈话室", "began_at": "2026-03-01T09:00:00+08:00",
    "ended_at": "2026-03-01T10:00:00+08:00", "second": "nobody", "rights_told": False, "signed": True,
    "exchanges": [{"question": "问", "answer": "答"}],
}  # fmt: skip
TIED = {
    "question": "问题", "experts": [{"name": "专家", "unit": "单位"}], "no_ties": False, "reasoning": "理由",
    "opinion": "意见", "formed_on": "2026-03-01",
}  # fmt: skip


def _takes_down(sight: Sight, place: Place, _: Any) -> set[int]:
    return {404} if place.id not in sight.listed else {403} if place.id in sight.narrow else {403, 409, 422}


def _level(sight: Sight, place: Place, _: Any) -> set[int]:
    return {404} if place.id not in sight.listed else {422} if place.id in sight.levels else {403}


def _pin(sight: Sight, place: Place, _: Any) -> set[int]:
    # A step no case has: those who may pin are told so, once archived all of them the same, and nothing changes.
    return {404} if place.id not in sight.listed else {422} if place.id in sight.pins else {403, 409}


def _edition(sight: Sight, place: Place, _: Any) -> set[int]:
    return {404} if place.id not in sight.listed else {200, 403, 409, 422}


def _paper_level(sight: Sight, place: Place, key: Any) -> set[int]:
    return {404} if key not in sight.documents else {200, 422} if place.id in sight.levels else {403}


def _asks(sight: Sight, place: Place, _: Any) -> set[int]:
    # No case of the matrix but one has a reporter, and there somebody's request has been ruled on.
    return {404} if place.id not in sight.listed else {201, 409} if place.id in sight.asks else {403}


def _rules(sight: Sight, place: Place, key: Any) -> set[int]:
    # All requests are ruled on (refused) already: whoever may rule meets a conflict, everybody else nothing.
    return {409} if key in sight.requests else {404}


def _one_of(kind: str) -> Callable[[Sight, Place, Any], set[int]]:
    return lambda sight, place, key: {200} if key in getattr(sight, kind) else {404}


def _act(sight: Sight, place: Place, key: Any) -> set[int]:
    # An answer nobody could give is refused for its content to those who may give one, for its sender to all others.
    return {404} if key not in sight.items else {422} if key in sight.inbox else {403, 422}


def _draft(sight: Sight, place: Place, key: Any) -> set[int]:
    return {404} if key not in sight.items else {204} if key in sight.inbox else {403, 204}


def _absence(sight: Sight, place: Place, key: Any) -> set[int]:
    return {404} if key not in sight.items else {403, 409, 422}


def _verb(sight: Sight, place: Place, key: Any) -> set[int]:
    # Passing an item on without a reason is refused even to those who may, so that nothing changes.
    return {404} if key not in sight.items else {403, 409, 422}


def _case_verb(sight: Sight, place: Place, _: Any) -> set[int]:
    # A hold without an end is refused even to the manager, so that nothing changes.
    return {404} if place.id not in sight.listed else {403, 409, 422}


def _give(sight: Sight, place: Place, _: Any) -> set[int]:
    return {404} if place.id not in sight.listed else {422} if place.id in sight.gives else {403, 422}


# What no case can be, and only some papers are: nothing changes, whoever sends it.
PUBLIC = {"json": {"level": "public", "reason": "试一试"}}
NO_STEP = {"json": {"step": 2**31 - 1, "pinned": True, "reason": "试一试"}}
SAME_EDITION = {"json": {"edition": "2019", "reason": "试一试"}, "headers": {"If-Match": "*"}}
TRANSFER = {"verb": "transfer", "json": {}, "headers": {"If-Match": "*"}}
HOLD = {"verb": "hold", "json": {"reason": "试一试"}}
UNFIT = {"json": {"no-such-field": 1}, "headers": {"If-Match": "*"}}
FORM = {"files": {"file": ("a.txt", b"text", "text/plain")}, "data": {"kind": "x"}}
NOTHING_OF_A_CASE = Rule()
RULES: Mapping[str, Rule] = {
    "GET /healthz": NOTHING_OF_A_CASE,
    "GET /readyz": NOTHING_OF_A_CASE,
    "POST /api/session": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "GET /api/session": NOTHING_OF_A_CASE,
    "DELETE /api/session": Rule(answers=lambda *_: {204}),
    "GET /api/me": NOTHING_OF_A_CASE,
    "GET /api/notifications": NOTHING_OF_A_CASE,
    "POST /api/notifications/read": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "GET /api/me/dossier": Rule(answers=lambda *_: {200, 403}),
    "GET /api/manage": Rule(answers=lambda *_: {200, 403}),
    "GET /api/manage/numbers": Rule(answers=lambda *_: {200, 403}),
    "POST /api/manage/numbers": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "POST /api/manage/numbers/{number_id}/void": Rule(
        answers=lambda *_: {422}, sends={"json": {"reason": "无此文号"}}
    ),
    "GET /api/portal/notices": NOTHING_OF_A_CASE,
    "GET /api/portal/notices/{slug}": Rule("nothing", lambda *_: {404}),
    "POST /api/cases": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "GET /api/cases": NOTHING_OF_A_CASE,
    "GET /api/work-items": NOTHING_OF_A_CASE,
    # A key nobody has: every single item is ruled on as by its own route, tests/api/test_batch.py.
    "POST /api/inbox/verbs/{verb}": Rule(sends={"verb": "claim", "json": {"items": [NOWHERE]}}),
    "GET /api/cases/{case_id}": Rule("case", _case),
    "GET /api/cases/{case_id}/timeline": Rule("case", _case),
    "GET /api/cases/{case_id}/weighing": Rule("case", _file),
    "GET /api/cases/{case_id}/documents": Rule("case", _case),
    "GET /api/cases/{case_id}/readings": Rule("case", _readings),
    "POST /api/cases/{case_id}/evidence": Rule("case", _give, FORM),
    "POST /api/cases/{case_id}/level": Rule("case", _level, PUBLIC),
    "POST /api/cases/{case_id}/pins": Rule("case", _pin, NO_STEP),
    "POST /api/cases/{case_id}/edition": Rule("case", _edition, SAME_EDITION),
    "POST /api/suggestions": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "POST /api/documents/{document_id}/level": Rule("documents", _paper_level, PUBLIC),
    # Nobody of the matrix has deposited anything: whose it is, tests/api/test_deposits.py asks.
    "GET /api/deposits": NOTHING_OF_A_CASE,
    # What one declares is one's own, and says of no case that there is one.
    "GET /api/kin": NOTHING_OF_A_CASE,
    "POST /api/kin": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "POST /api/kin/{kin_id}/end": Rule(answers=lambda *_: {422}),
    "POST /api/deposits": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "POST /api/deposits/with-paper": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "GET /api/deposits/{deposit_id}/paper": Rule("nothing", lambda *_: {404, 422}),
    "GET /api/deposits/{deposit_id}": Rule("nothing", lambda *_: {404, 422}),
    "POST /api/deposits/{deposit_id}/reply": Rule(
        "nothing", lambda *_: {404, 422}, {"json": {"text": "答复"}}
    ),
    "POST /api/cases/{case_id}/deposits": Rule("case", lambda *_: {404}, {"json": {"deposit": NOWHERE}}),
    # Who is away and who stands in: tests/api/test_absences.py asks.
    "GET /api/absences": NOTHING_OF_A_CASE,
    "POST /api/absences": Rule(answers=lambda *_: {422}, sends={"json": {}}),
    "POST /api/absences/{absence_id}/end": Rule("nothing", lambda *_: {404, 422}),
    # Who may take one down, and when, tests/api/test_transcripts.py asks.
    "POST /api/cases/{case_id}/interviews": Rule("case", _takes_down, {"json": UNTOLD}),
    "POST /api/cases/{case_id}/expert-opinions": Rule("case", _takes_down, {"json": TIED}),
    "GET /api/identity-requests": NOTHING_OF_A_CASE,
    "POST /api/cases/{case_id}/identity-requests": Rule(
        "case", _asks, {"json": {"reason": "需要核实时间。"}}
    ),
    "POST /api/identity-requests/{request_id}/ruling": Rule(
        "requests", _rules, {"json": {"granted": False, "reason": "另一理由"}}
    ),
    "POST /api/identity-requests/{request_id}/opening": Rule("requests", _rules),
    "GET /api/documents/{document_id}": Rule("documents", _one_of("documents")),
    "GET /api/documents/{document_id}/{form}": Rule("documents", _one_of("documents")),
    # Only one kind of paper has a certificate in it.
    "GET /api/documents/{document_id}/certificate": Rule(
        "documents", lambda sight, place, key: {200, 404} if key in sight.documents else {404}
    ),
    "GET /api/evidence/{evidence_id}": Rule("evidence", _one_of("evidence")),
    "GET /api/evidence/{evidence_id}/preview": Rule("evidence", _one_of("evidence")),
    "GET /api/work-items/{item_id}": Rule("items", _one_of("items")),
    "POST /api/work-items/{item_id}/answer": Rule("items", _act, UNFIT),
    "POST /api/work-items/{item_id}/verbs/{verb}": Rule("items", _verb, TRANSFER),
    "POST /api/cases/{case_id}/verbs/{verb}": Rule("case", _case_verb, HOLD),
    "POST /api/work-items/{item_id}/absence": Rule("items", _absence, UNFIT),
    "PUT /api/work-items/{item_id}/draft": Rule("items", _draft, UNFIT),
}
OPENED = (
    "GET /api/cases/{case_id}",
    "GET /api/cases/{case_id}/documents",
)  # asked of every case before all else
# Pages: the same rulings, shown to fewer people because a page is slow to make.
PAGES: Mapping[str, Rule] = {
    "GET /identity-requests": NOTHING_OF_A_CASE,
    "GET /cases": NOTHING_OF_A_CASE,
    "GET /inbox": NOTHING_OF_A_CASE,
    "GET /cases/{case_id}": Rule("case", _case),
    "GET /work-items/{item_id}": Rule("items", _one_of("items")),
    "GET /cases/{case_id}/transcripts": Rule("case", _file),
}
# Pages that show no case, and those that do what an API route does through the same function.
OTHER_PAGES = {
    "POST /work-items/{item_id}/verbs/{verb}": "POST /api/work-items/{item_id}/verbs/{verb}",
    "POST /cases/{case_id}/verbs/{verb}": "POST /api/cases/{case_id}/verbs/{verb}",
    "POST /inbox/verbs/{verb}": "POST /api/inbox/verbs/{verb}",
    "GET /": "sends on",
    "GET /static/site.{kind}": "the style sheet and the script",
    "GET /sign-in": "a form",
    "GET /language/{code}": "a preference of the browser",
    "POST /sign-in/again": "POST /api/session",
    "POST /sign-in": "POST /api/session",
    "POST /sign-out": "DELETE /api/session",
    "GET /cases/new": "a form",
    "POST /cases/new": "POST /api/cases",
    "POST /cases/{case_id}/identity-requests": "POST /api/cases/{case_id}/identity-requests",
    "POST /identity-requests/{request_id}/ruling": "POST /api/identity-requests/{request_id}/ruling",
    "POST /identity-requests/{request_id}/opening": "POST /api/identity-requests/{request_id}/opening",
    "POST /cases/{case_id}/pins": "POST /api/cases/{case_id}/pins",
    "POST /cases/{case_id}/level": "POST /api/cases/{case_id}/level and /api/documents/{document_id}/level",
    "POST /cases/{case_id}/evidence": "POST /api/cases/{case_id}/evidence",
    "POST /work-items/{item_id}/edition": "POST /api/cases/{case_id}/edition",
    "GET /work-items/{item_id}/suggestion": "POST /api/suggestions, for who may answer the investigation",
    "POST /work-items/{item_id}/suggestion": "PUT /api/work-items/{item_id}/draft",
    "POST /work-items/{item_id}": "POST /api/work-items/{item_id}/answer",
    "POST /work-items/{item_id}/absence": "POST /api/work-items/{item_id}/absence",
    "GET /me": "GET /api/me/dossier",
    "GET /me/absences": "GET /api/absences",
    "POST /me/absences": "POST /api/absences",
    "POST /me/absences/{absence_id}/end": "POST /api/absences/{absence_id}/end",
    "GET /me/deposits": "GET /api/deposits",
    "GET /me/kin": "GET /api/kin",
    "POST /me/kin": "POST /api/kin",
    "POST /me/kin/{kin_id}/end": "POST /api/kin/{kin_id}/end",
    "POST /me/deposits": "POST /api/deposits",
    "POST /me/deposits/{deposit_id}/reply": "POST /api/deposits/{deposit_id}/reply",
    "POST /me/deposits/{deposit_id}/evidence": "POST /api/cases/{case_id}/deposits",
    "POST /cases/{case_id}/interviews": "POST /api/cases/{case_id}/interviews",
    "POST /cases/{case_id}/expert-opinions": "POST /api/cases/{case_id}/expert-opinions",
    "GET /manage": "GET /api/manage",
    "GET /manage/numbers": "GET /api/manage/numbers",
    "POST /manage/numbers": "POST /api/manage/numbers",
    "POST /manage/numbers/{number_id}/void": "POST /api/manage/numbers/{number_id}/void",
    "GET /notices": "GET /api/notifications",
    "POST /notices/read": "POST /api/notifications/read",
    "GET /portal": "public",
    "GET /portal/duties": "public",
    "GET /portal/exemptions": "public",
    "GET /portal/notices": "public",
    "GET /portal/notices/{slug}": "public",
}


def pages(found: list[BaseRoute]) -> Iterator[str]:
    """Every route outside the OpenAPI document."""
    for route in found:
        if isinstance(route, APIRoute) and not route.include_in_schema:
            yield from (f"{method} {route.path}" for method in route.methods - {"HEAD"})
        if (inner := getattr(route, "original_router", None)) is not None:
            yield from pages(inner.routes)


def test_every_route_has_its_rule() -> None:
    app = create_app()
    documented = {f"{m.upper()} {path}" for path, ways in app.openapi()["paths"].items() for m in ways}
    assert documented == set(RULES), "say in RULES how a new route answers whom"
    assert set(pages(app.routes)) == set(PAGES) | set(OTHER_PAGES)
    assert not set(PAGES) & set(OTHER_PAGES)


# --- the walk -----------------------------------------------------------------------------------

# A file is read from its request by a thread of its own, and many items are done in a transaction each.
_streams: ContextVar[bool] = ContextVar("streams", default=False)


class Walk:
    """One person's way through every route; what does not agree is noted."""

    def __init__(self, client: AsyncClient, world: World, person: Someone, absent: dict[str, str]) -> None:
        self.client, self.world, self.person, self.absent = client, world, person, absent
        self.sight = Sight()
        self.faults: list[str] = []

    async def ask(self, route: str, key: Any = None, **sends: Any) -> Response:
        """One request; it must never break, and never say a word of a case that is not listed."""
        method, path = route.split(" ")
        path = path.replace("{verb}", sends.pop("verb", "")).replace("{form}", "docx")
        address = re.sub(r"\{\w+\}", str(key), path)
        headers = {"Authorization": f"Bearer {self.person.token}", **sends.pop("headers", {})}
        _streams.set("files" in sends or route == "POST /api/inbox/verbs/{verb}")
        answer = await self.client.request(method, address, headers=headers, **sends)
        if answer.status_code >= 500:
            self.note(route, f"answers {answer.status_code}")
        return answer

    def note(self, route: str, what: str) -> None:
        """Keep what is wrong, with who asked."""
        self.faults.append(f"{route}: {what} for {self.person}")

    def hold(self, route: str, what: str, found: Any, due: Any) -> None:
        """Two answers that must be the same."""
        if found != due:
            self.note(route, f"{what}: {found!r}, not {due!r}")

    def silent(self, route: str, answer: Response) -> None:
        """Nothing of a hidden case in an answer: neither key nor title."""
        for place in self.world.places:
            if place.id not in self.sight.listed and (place.id in answer.text or place.title in answer.text):
                self.note(route, f"speaks of the hidden {place.title}")

    async def look(self) -> None:
        """Read the lists, and hold them against the ruling and against their counts."""
        facts, actor = self.world.facts, self.person.actor
        self.sight.requests = {
            key
            for place in self.world.places
            for key in place.requests
            if may(actor, Action.RULE_IDENTITY, facts[place.id]).ok
        }
        # The lists of a person with a role are held against the ruling already: the route need not be asked again.
        if self.person.role is not None:
            with self.world.register.reading() as session:
                self.sight.listed = {row.id for row in list_cases(session, actor).rows}
                self.sight.inbox = {row.id for row in inbox(session, actor, limit=100).rows}
            return
        said = (await self.ask("GET /api/cases?limit=100")).json()
        self.sight.listed = {row["id"] for row in said["cases"]}
        self.hold(
            "GET /api/cases",
            "list",
            self.sight.listed,
            {i for i in facts if may(actor, Action.SEE, facts[i]).ok},
        )
        self.hold("GET /api/cases", "count", said["count"], len(self.sight.listed))
        waiting = (await self.ask("GET /api/work-items?limit=100")).json()
        self.sight.inbox = {row["id"] for row in waiting["items"]}
        self.hold("GET /api/work-items", "count", waiting["count"], len(self.sight.inbox))
        self.hold("GET /api/me", "count", (await self.ask("GET /api/me")).json()["waiting"], waiting["count"])
        strange = {row["case_id"] for row in waiting["items"]} - self.sight.listed
        self.hold("GET /api/work-items", "of hidden cases", strange, set())

    async def open(self, place: Place) -> None:
        """Read a case, and take from its page what else is there to be read."""
        first, second = [await self.take(route, RULES[route], place, place.id) for route in OPENED]
        if first.status_code != 200 or second.status_code != 200:
            return
        page, papers = first.json(), second.json()
        self.sight.items |= {row["id"] for row in page["items"]}
        self.sight.evidence |= {row["id"] for row in page["evidence"]}
        self.sight.documents |= {row["id"] for row in papers}
        if page["narrow"]:
            self.sight.narrow.add(place.id)
            self.hold("documents", "internal", [p for p in papers if p["audience"] == "internal"], [])
            self.hold("case", "evidence of others", page["evidence"], [])
        else:
            self.hold("case", "items", {row["id"] for row in page["items"]}, set(place.items))
            self.hold("case", "evidence", {row["id"] for row in page["evidence"]}, set(place.evidence))
            known = {key for key, level in place.documents.items() if self._knows(place, level)}
            self.hold("documents", "papers", {row["id"] for row in papers}, known)
        if page["may_request_identity"]:
            self.sight.asks.add(place.id)
        if page["may_set_level"]:
            self.sight.levels.add(place.id)
        if page["may_pin"]:
            self.sight.pins.add(place.id)
        if page["may_see_readers"]:
            self.sight.readers.add(place.id)
        if page["may_add_evidence"]:
            self.sight.gives.add(place.id)

    def _knows(self, place: Place, level: Level) -> bool:
        facts = self.world.facts[place.id]
        return may(
            self.person.actor,
            Action.SEE,
            replace(facts, level=max(facts.level, level, key=list(Level).index)),
        ).ok

    async def take(self, route: str, rule: Rule, place: Place, key: Any) -> Response:
        """Ask a route for something of a case, and hold the answer against what the lists have shown."""
        answer = await self.ask(route, key, **rule.sends)
        due = rule.answers(self.sight, place, key)
        if answer.status_code not in due:
            self.note(route, f"answers {answer.status_code} and not {sorted(due)} about {place.title}")
        if answer.status_code == 404:
            # What is hidden and what is not there are the same to whoever asks.
            self.hold(route, "hidden", answer.text, self.absent.get(route, answer.text))
        self.silent(route, answer)
        return answer

    async def go(self, rules: Mapping[str, Rule], places: Sequence[Place], turn: int) -> list[str]:
        """Every route of `rules`, for these cases. Returns what does not agree."""
        await self.look()
        for place in places:
            await self.open(place)
        for number, (route, rule) in enumerate(rules.items()):
            for place in places if rule.key else places[:1]:
                for key in _keys(rule, place, turn + number):
                    await self.take(route, rule, place, key)
        return self.faults


def _keys(rule: Rule, place: Place, turn: int) -> list[Any]:
    if rule.key in ("", "nothing"):
        return ["nothing"]
    if rule.key == "case":
        return [place.id]
    there = list(getattr(place, rule.key))
    return [there[turn % len(there)]] if there else []


async def _absent(client: AsyncClient, world: World) -> dict[str, str]:
    """What each route answers about a key that nothing has."""
    walk, said = Walk(client, world, world.people[0], {}), {}
    for route, rule in (RULES | PAGES).items():
        if rule.key and route.split(" ")[1].startswith("/api/"):
            key = NOWHERE if rule.key in ("case", "items", "nothing") else 2**31 - 1
            answer = await walk.ask(route, key, **rule.sends)
            assert answer.status_code == 404, (route, answer.text)
            said[route] = answer.text
    return said


async def _walk(world: World, chosen: Sequence[Someone], rules: Mapping[str, Rule], cases: int) -> list[str]:
    app = create_app()
    transport = ASGITransport(app, raise_app_exceptions=False)
    faults: list[str] = []
    async with AsyncClient(transport=transport, base_url="http://zhaodan.test") as client:
        absent = await _absent(client, world)
        for turn, person in enumerate(chosen):
            # Roles and stages run at different pace, so that every relation meets every stage.
            some = [
                world.places[(turn // len(RELATIONS) + turn * step) % len(world.places)]
                for step in range(cases)
            ]
            faults += await Walk(client, world, person, absent).go(rules, some, turn)
    return faults


@pytest.fixture
def in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoints run where they are called: thousands of hops between threads take longer than the answers."""
    threaded = anyio.to_thread.run_sync

    async def run(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return await threaded(function, *args, **options) if _streams.get() else function(*args)

    monkeypatch.setattr(anyio.to_thread, "run_sync", run)


def _agree(faults: Sequence[str]) -> None:
    assert not faults, f"{len(faults)} answers do not agree:\n" + "\n".join(faults[:40])


@pytest.mark.usefixtures("in_line")
def test_lists_and_items_agree_for_every_role_in_every_relation(register: Register) -> None:
    """The ruling and the condition for everybody on each database; over HTTP the whole product once, on SQLite."""
    world = a_world(register)
    _no_empty_shell(world)
    _one_condition_and_ruling(world)
    keyed = {
        route: rule
        for route, rule in RULES.items()
        if rule.key not in ("", "nothing") and route not in OPENED
    }
    few = [person for person in world.people if person.role is None]
    many = [person for person in world.people if person.role is not None]
    own = [person for person in world.people if person.relation == OWN]
    if register.engine.dialect.name == "sqlite":
        _agree(asyncio.run(_walk(world, few, RULES, 1)))
        _agree(asyncio.run(_walk(world, many, keyed, 1)))
        _agree(asyncio.run(_walk(world, own[::2], PAGES, 2)))
    else:
        _agree(asyncio.run(_walk(world, own[::2], RULES, 1)))


def _one_condition_and_ruling(world: World) -> None:
    """Without HTTP in between: every person, every case, every open item."""
    with world.register.reading() as session:
        items = session.exec(select(WorkItem).where(col(WorkItem.state) == "open")).all()
        for person in world.people:
            actor, facts = person.actor, world.facts
            seen = {i for i in facts if may(actor, Action.SEE, facts[i]).ok}
            assert {row.id for row in list_cases(session, actor).rows} == seen, str(person)
            assert count_cases(session, actor) == len(seen), str(person)
            mine = {i.id for i in items if may(actor, Action.ANSWER, facts[i.case_id], item=item_facts(i)).ok}
            assert {row.id for row in inbox(session, actor, limit=100).rows} == mine, str(person)
            assert inbox_count(session, actor) == len(mine), str(person)
        for actor in (person.actor for person in world.people if person.relation == OWN):
            by_stage = [count_cases(session, actor, search=Search(stage=stage)) for stage in Stage]
            assert sum(by_stage) == count_cases(session, actor)


def _no_empty_shell(world: World) -> None:
    """Every relation meets cases that are seen and, but for strangers, cases that are not; every paper is there."""
    for relation in RELATIONS:
        people = [person.actor for person in world.people if person.relation == relation]
        rulings = {may(actor, Action.SEE, facts).ok for actor in people for facts in world.facts.values()}
        assert rulings == ({False} if relation == OTHER else {True, False}), relation
    lent = [person.actor for person in world.people if person.relation == STANDING_IN]
    assert all(actor.stands_in for actor in lent)
    seen = [sum(may(actor, Action.SEE, facts).ok for facts in world.facts.values()) for actor in lent]
    own = [replace(actor, stands_in=frozenset()) for actor in lent]
    alone = [sum(may(actor, Action.SEE, facts).ok for facts in world.facts.values()) for actor in own]
    assert sum(seen) > sum(alone), "somebody sees a case for no other reason than standing in"
    with world.register.reading() as session:
        papers = {(p.audience, p.respondent_id is None) for p in session.exec(select(Document))}
    assert papers == {("internal", True), ("officer", False), ("public", True)}
