"""Builders with sensible defaults: a bureau with its people, a case carried to a stage. 测试构造"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from demo.story import Item, Story, load_people, load_story
from models.answers import NewCase, NewEvidence
from models.casework import add_evidence, answer_work_item, open_case
from models.database import Register
from models.files import store
from models.rules.deadlines import beijing_day
from models.rules.lifecycle import Stage
from models.rules.permissions import Actor, Role
from models.standing_in import stand_ins
from models.tables import Case, Match, Organ, Person, Respondent, RoleHolding, WorkItem

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Beijing
SINCE = date(2019, 1, 1)


@dataclass
class Bureau:
    """The demonstration bureau in a register: its people by username."""

    register: Register
    ids: dict[str, int]
    organs: dict[str, int]
    clock: datetime = START

    def now(self) -> datetime:
        """A moment later than the last one."""
        self.clock += timedelta(minutes=1)
        return self.clock

    def actor(self, username: str) -> Actor:
        """The person as signed in today."""
        with self.register.reading() as session:
            return actor_of(session, self.ids[username], beijing_day(self.clock))

    def username(self, person_id: int) -> str:
        """The person behind an id."""
        return next(name for name, number in self.ids.items() if number == person_id)


def actor_of(session: Session, person_id: int, on: date) -> Actor:
    """A person with the roles of a day."""
    person = session.get_one(Person, person_id)
    held = session.exec(select(RoleHolding).where(RoleHolding.person_id == person_id))
    roles = frozenset((Role(h.role), h.organ_id) for h in held if h.valid_from <= on)
    return Actor(person_id, person.name, roles, stand_ins(session, person_id, roles, on=on))


def a_bureau(register: Register) -> Bureau:
    """Organs, people and roles of the demonstration."""
    raw = load_people()
    organs: dict[str, int] = {}
    ids: dict[str, int] = {}
    with register.writing() as session:
        for entry in raw["organs"]:
            organ = Organ(
                code=entry["code"],
                name=entry["name"],
                mark=entry["mark"],
                level=entry["level"],
                parent_id=organs.get(entry.get("parent", "")),
            )
            session.add(organ)
            session.flush()
            organs[entry["code"]] = organ.id or 0
        for entry in raw["people"]:
            person = Person(username=entry["username"], name=entry["name"])
            session.add(person)
            session.flush()
            ids[entry["username"]] = person.id or 0
            session.add_all(
                RoleHolding(person_id=person.id, organ_id=organs[entry["organ"]], role=role, valid_from=SINCE)
                for role in entry["roles"]
            )
    return Bureau(register, ids, organs)


@dataclass
class Told:
    """A case on its way through a story."""

    bureau: Bureau
    story: Story
    case_id: str
    respondents: dict[str, int]  # username -> respondent id
    answered: list[tuple[str, str]] = field(default_factory=list)  # kind, username

    def case(self) -> Case:
        """The case as it is now."""
        with self.bureau.register.reading() as session:
            return session.get_one(Case, self.case_id)

    def open_items(self) -> list[WorkItem]:
        """What people must do now, oldest first."""
        with self.bureau.register.reading() as session:
            wanted = select(WorkItem).where(WorkItem.case_id == self.case_id, WorkItem.state == "open")
            return list(session.exec(wanted.order_by(col(WorkItem.created_at), col(WorkItem.id))))

    def item(self, kind: str, slot: str = "") -> WorkItem:
        """The latest work item of a kind."""
        with self.bureau.register.reading() as session:
            wanted = select(WorkItem).where(WorkItem.case_id == self.case_id, WorkItem.kind == kind)
            if slot:
                wanted = wanted.where(WorkItem.slot == slot)
            latest = wanted.order_by(col(WorkItem.round).desc(), col(WorkItem.created_at).desc())
            return session.exec(latest).first()  # type: ignore[return-value]

    def who(self, item: WorkItem) -> str:
        """Who answers an item in this story."""
        if item.assignee_id is not None:
            return self.bureau.username(item.assignee_id)
        return self.story.actors[item.role]

    def content(self, item: WorkItem) -> dict[str, Any]:
        """What the story answers to an item."""
        officer = next((u for u, rid in self.respondents.items() if rid == item.respondent_id), None)
        with self.bureau.register.reading() as session:
            done = select(func.count()).where(
                WorkItem.case_id == self.case_id, WorkItem.kind == item.kind, WorkItem.state == "done"
            )
            before = session.exec(done).one()
            rows = select(Match).where(Match.case_id == self.case_id, Match.proposed)
            proposed = list(dict.fromkeys((m.respondent_id, m.clause) for m in session.exec(rows)))
        return self.story.answer(Item(item.kind, officer, before), self.respondents, proposed)

    def answer(
        self, item: WorkItem, content: Mapping[str, Any] | None = None, by: str | None = None
    ) -> WorkItem:
        """Answer one item, as the story says unless told otherwise."""
        username = by or self.who(item)
        said = self.content(item) if content is None else content
        with self.bureau.register.writing() as session:
            done = answer_work_item(
                session, item.id, said, actor=self.bureau.actor(username), now=self.bureau.now()
            )
        self.answered.append((item.kind, username))
        return done

    def go_on(self, until: Callable[["Told"], bool]) -> "Told":
        """Answer whatever is open until the condition holds or nothing is left to do."""
        while not until(self):
            ready = [
                i for i in self.open_items() if i.kind in self.story.answers and i.kind != "close-session"
            ]
            ready = ready or [i for i in self.open_items() if i.kind == "close-session"]
            if not ready:
                return self
            self.answer(ready[0])
        return self

    def ballots(self) -> Iterator[WorkItem]:
        """Every ballot as it is asked for, the chair's last; each must be answered before the next is drawn."""
        while (item := next((i for i in self.open_items() if i.kind == "ballot"), None)) is not None:
            yield item

    def to(self, stage: Stage) -> "Told":
        """Carry the case until it reaches a stage."""
        return self.go_on(lambda told: told.case().stage == stage)

    def to_the_end(self) -> "Told":
        """Carry the case as far as the story goes."""
        return self.go_on(lambda told: told.case().state == "archived")


def a_case(bureau: Bureau, name: str = "r2", **changes: Any) -> Told:
    """A story's case, registered with its evidence."""
    story = load_story(name)
    clerk = bureau.actor("luo.ying")
    new = NewCase.model_validate(dict(story.case) | changes)
    with bureau.register.writing() as session:
        case = open_case(session, new, actor=clerk, now=bureau.now())
        case_id = case.id
    for piece in story.evidence:
        stored = store().put(piece["content"].encode())
        said = {name: piece[name] for name in ("kind", "collected_by", "proves", "formed_on")}
        meta = NewEvidence.model_validate(said)
        with bureau.register.writing() as session:
            add_evidence(
                session,
                case_id,
                meta,
                stored,
                file_name=piece["file"],
                media_type="text/plain",
                actor=clerk,
                now=bureau.now(),
            )
    with bureau.register.reading() as session:
        rows = select(Respondent, Person).where(
            Respondent.case_id == case_id, Respondent.person_id == Person.id
        )
        respondents = {p.username: r.id or 0 for r, p in session.exec(rows.order_by(col(Respondent.id)))}
    return Told(bureau, story, case_id, respondents)
