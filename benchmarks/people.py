"""The demonstration bureau in a register, and cases that its people carry through a story. 办案人员

Like the tests' builders, but made to be timed: who may do what is read once, the inbox once per round of answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import Session, col, select

from demo.story import Item, Story, load_people, load_story
from models.accounts import add_organ, add_person, grant_role, issue_token, load_actor
from models.answers import NewCase, NewEvidence
from models.casework import add_evidence, answer_work_item, open_case
from models.database import Register
from models.files import Stored, store
from models.rules.deadlines import beijing_day
from models.rules.permissions import Actor, Role
from models.tables import Case, Match, Person, Respondent, WorkItem

SINCE = date(2019, 1, 1)
CLERK = "luo.ying"
LAST = "close-session"  # the chair closes the session when everybody has voted


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Bureau:
    """Who works here: ids, rights of today and bearer tokens by username."""

    register: Register
    ids: Mapping[str, int]
    actors: Mapping[str, Actor]
    tokens: Mapping[str, str]
    evidence: tuple[Stored, ...]
    story: Story

    def username(self, person_id: int) -> str:
        """The person behind an id."""
        return next(name for name, number in self.ids.items() if number == person_id)

    def who(self, item: WorkItem) -> str:
        """Who answers an item in the story."""
        if item.assignee_id is not None:
            return self.username(item.assignee_id)
        return self.story.actors[item.role]


def a_bureau(register: Register, *, story: str = "r2") -> Bureau:
    """Enter organs, people and roles of the demonstration, with a token for everybody."""
    told = load_story(story)
    raw = load_people()
    with register.writing() as session:
        organs = {
            e["code"]: add_organ(
                session,
                e["code"],
                name=e["name"],
                mark=e["mark"],
                level=e["level"],
                parent=e.get("parent"),
            ).id
            for e in raw["organs"]
        }
        ids: dict[str, int] = {}
        for entry in raw["people"]:
            person = add_person(session, entry["username"], name=entry["name"])
            ids[person.username] = person.id or 0
            for role in entry["roles"]:
                grant_role(session, person.id or 0, organs[entry["organ"]] or 0, Role(role), valid_from=SINCE)
        today = beijing_day(now())
        actors = {name: load_actor(session, number, on=today) for name, number in ids.items()}
        tokens = {name: issue_token(session, number, "bench", now=now()) for name, number in ids.items()}
    pieces = tuple(store().put(piece["content"].encode()) for piece in told.evidence)
    return Bureau(register, ids, actors, tokens, pieces, told)


def open_one(session: Session, bureau: Bureau) -> Case:
    """Register the story's case."""
    new = NewCase.model_validate(dict(bureau.story.case))
    return open_case(session, new, actor=bureau.actors[CLERK], now=now())


@dataclass
class Life:
    """One case on its way through the story, and how many acts it took so far."""

    bureau: Bureau
    case_id: str = ""
    respondents: dict[str, int] = field(default_factory=dict)
    ballots: int = 0
    acts: int = 0

    def begin(self) -> "Life":
        """Register the case and enter its evidence."""
        bureau = self.bureau
        with bureau.register.writing() as session:
            self.case_id = open_one(session, bureau).id
        for piece, stored in zip(bureau.story.evidence, bureau.evidence, strict=True):
            said = {name: piece[name] for name in ("kind", "collected_by", "proves", "formed_on")}
            meta = NewEvidence.model_validate(said)
            with bureau.register.writing() as session:
                add_evidence(
                    session,
                    self.case_id,
                    meta,
                    stored,
                    file_name=piece["file"],
                    media_type="text/plain",
                    actor=bureau.actors[CLERK],
                    now=now(),
                )
        self.acts += 1 + len(bureau.evidence)
        self.know()
        return self

    def know(self) -> "Life":
        """Learn the ids of the officers."""
        with self.bureau.register.reading() as session:
            rows = select(Respondent.id, Person.username).where(
                Respondent.case_id == self.case_id, Respondent.person_id == Person.id
            )
            self.respondents = {name: rid or 0 for rid, name in session.exec(rows.order_by(Respondent.id))}
        return self

    def open_items(self) -> list[WorkItem]:
        """What the story's people can do now; closing the session comes when nothing else is left."""
        with self.bureau.register.reading() as session:
            wanted = select(WorkItem).where(WorkItem.case_id == self.case_id, WorkItem.state == "open")
            rows = session.exec(wanted.order_by(col(WorkItem.created_at), col(WorkItem.id))).all()
        known = [item for item in rows if item.kind in self.bureau.story.answers]
        return [item for item in known if item.kind != LAST] or known

    def content(self, item: WorkItem) -> dict[str, Any]:
        """What the story answers to an item."""
        officer = next((u for u, rid in self.respondents.items() if rid == item.respondent_id), None)
        proposed: list[tuple[int, str]] = []
        if item.kind == "legal-review":
            with self.bureau.register.reading() as session:
                rows = select(Match).where(Match.case_id == self.case_id, Match.proposed)
                proposed = [(m.respondent_id, m.clause) for m in session.exec(rows)]
        return self.bureau.story.answer(Item(item.kind, officer, self.ballots), self.respondents, proposed)

    def answer(self, item: WorkItem) -> None:
        """Answer one item as the story says: one act, one durable commit."""
        content = self.content(item)
        actor = self.bureau.actors[self.bureau.who(item)]
        with self.bureau.register.writing() as session:
            answer_work_item(session, item.id, content, actor=actor, now=now())
        self.acts += 1
        self.ballots += item.kind == "ballot"

    def go_on(self, until: str = "") -> "Life":
        """Answer whatever is open, until an item of this kind is; to the end when none is named."""
        while items := self.open_items():
            if any(item.kind == until for item in items):
                return self
            for item in items:
                self.answer(item)
        return self

    def state(self) -> str:
        """Where the case stands."""
        with self.bureau.register.reading() as session:
            return session.get_one(Case, self.case_id).state
