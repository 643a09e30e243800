"""Every table of the register on one page. 登记库各表

Kinds, stages and states are stored as the text of their StrEnum: a new kind needs no migration.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.database import NAMING, Instant

SQLModel.metadata.naming_convention = NAMING


def _json(**options: Any) -> Any:
    return Field(sa_type=sa.JSON, **options)


def _instant(**options: Any) -> Any:
    return Field(sa_type=Instant, **options)


def _key(target: str, **options: Any) -> Any:
    return Field(foreign_key=target, **options)


class Organ(SQLModel, table=True):
    """A market-regulation organ in the tree province - city - county - station. 机关"""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=32)
    name: str = Field(max_length=100)
    mark: str = Field(max_length=32)  # 机关代字, e.g. 赣市监
    level: str = Field(max_length=16)  # province, city, county, station
    parent_id: int | None = _key("organ.id", default=None, index=True)


class Person(SQLModel, table=True):
    """Someone who may sign in. 人员"""

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(unique=True, max_length=64)
    name: str = Field(max_length=50)
    password_hash: str = Field(default="", max_length=255)
    active: bool = True


class RoleHolding(SQLModel, table=True):
    """A role held in an organ for a period; the last day counts. 任职"""

    __tablename__ = "role_holding"
    __table_args__ = (sa.UniqueConstraint("person_id", "organ_id", "role", "valid_from"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = _key("person.id", index=True)
    organ_id: int = _key("organ.id", index=True)
    role: str = Field(max_length=32)
    valid_from: date
    valid_to: date | None = None


class Substitution(SQLModel, table=True):
    """Who is away on which days, and who stands in, if anybody does; kept when it is over. 代理"""

    id: str = Field(primary_key=True, max_length=32)
    person_id: int = _key("person.id", index=True)
    substitute_id: int | None = _key("person.id", default=None, index=True)
    first_day: date
    last_day: date  # included
    why: str = Field(max_length=16)  # leave, travel, training, other
    reason: str = Field(default="", max_length=200)
    named_by: int = _key("person.id")
    named_at: datetime = _instant()
    revoked_by: int | None = _key("person.id", default=None)
    revoked_at: datetime | None = _instant(default=None)


class Credential(SQLModel, table=True):
    """A bearer token or a signed-in session, kept only as its SHA-256. 凭证"""

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True, max_length=64)
    kind: str = Field(max_length=16)  # token, session
    person_id: int = _key("person.id", index=True)
    label: str = Field(default="", max_length=100)
    csrf: str = Field(default="", max_length=64)
    created_at: datetime = _instant()
    expires_at: datetime | None = _instant(default=None)


class Case(SQLModel, table=True):
    """An accountability case. 案件"""

    __tablename__ = "case_file"
    __table_args__ = (
        sa.UniqueConstraint("organ_id", "year", "number"),
        sa.Index("ix_case_file_organ_id_stage", "organ_id", "stage"),
    )

    id: str = Field(primary_key=True, max_length=32)
    organ_id: int = _key("organ.id")
    year: int
    number: int
    title: str = Field(max_length=200)
    category: str = Field(max_length=16)  # general, inspection, penalty, licensing, coercion
    source: str = Field(max_length=32)
    conduct_on: date
    narrative: str
    harm: str = Field(default="")
    edition: str = Field(max_length=16)
    edition_reason: str = Field(default="")
    stage: str = Field(max_length=16)
    round: int = 1
    state: str = Field(max_length=16)  # open, transferred, archived
    conclusion: str = Field(default="", max_length=16)  # of the verification
    criminal_flag: bool = False
    registered_at: datetime = _instant()
    announced_at: datetime | None = _instant(default=None)  # from when the officers concerned may see it
    archived_at: datetime | None = _instant(default=None)
    retain_until: date | None = None
    retention: str = Field(default="", max_length=32)
    events: int = 0  # length of the chain
    head: str = Field(default="", max_length=64)  # hash of its last link
    held_from: date | None = None  # 中止: nobody answers and no period runs from this day on
    held_until: date | None = None  # taken up again on this day at the latest
    hold_reason: str = Field(default="")
    level: str = Field(default="internal", max_length=16)  # public, internal, sensitive, strict
    version: int = 1


class Respondent(SQLModel, table=True):
    """An officer whose conduct is looked at, with the post held at the time. 被核查执法人员"""

    __table_args__ = (sa.UniqueConstraint("case_id", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id", index=True)
    person_id: int = _key("person.id", index=True)
    post: str = Field(max_length=16)  # handler, reviewer, approver
    unit: str = Field(max_length=100)
    position: str = Field(default="", max_length=100)


class Participation(SQLModel, table=True):
    """What part a person has in a case; the pairs that one person may not hold are read from here. 办案参与"""

    __table_args__ = (sa.UniqueConstraint("case_id", "person_id", "part"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    person_id: int = _key("person.id", index=True)
    part: str = Field(max_length=24)
    reason: str = Field(default="")
    stood_in: bool = False  # only by acting in another's place: it ties like any part, and opens nothing


class Kin(SQLModel, table=True):
    """Who has declared whom as kin; it keeps either out of cases about the other. 亲属关系申报"""

    id: int | None = Field(default=None, primary_key=True)
    declared_by: int = _key("person.id", index=True)
    about: int = _key("person.id", index=True)
    relation: str = Field(max_length=16)
    declared_at: datetime = _instant()
    ended_at: datetime | None = _instant(default=None)


class Allegation(SQLModel, table=True):
    """One thing that is said against somebody. 反映问题"""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id", index=True)
    respondent_id: int | None = _key("respondent.id", default=None)
    text: str


class Evidence(SQLModel, table=True):
    """A piece of evidence; its bytes are kept under their SHA-256. 证据"""

    __table_args__ = (sa.UniqueConstraint("case_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id", index=True)
    number: int
    sha256: str = Field(max_length=64, index=True)
    size: int
    media_type: str = Field(max_length=100)
    file_name: str = Field(max_length=200)
    kind: str = Field(max_length=32)
    proves: str = Field(default="")
    collected_by: str = Field(max_length=100)
    collected_at: datetime = _instant()
    formed_on: date | None = None  # the day the material itself was made, if it says so
    added_by: int = _key("person.id")
    added_at: datetime = _instant()


class Finding(SQLModel, table=True):
    """Whether one duty item was done by one officer. 履职认定"""

    __table_args__ = (sa.UniqueConstraint("case_id", "round", "respondent_id", "duty"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    round: int
    respondent_id: int = _key("respondent.id")
    duty: str = Field(max_length=16)
    result: str = Field(max_length=16)
    evidence: list[int] = _json(default_factory=list)
    note: str = Field(default="")


class Fact(SQLModel, table=True):
    """A fact of the handbook's vocabulary about one officer: established, refuted or unproven. 认定事实"""

    __table_args__ = (sa.UniqueConstraint("case_id", "round", "respondent_id", "fact"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    round: int
    respondent_id: int = _key("respondent.id")
    fact: str = Field(max_length=64)
    status: str = Field(max_length=16)
    evidence: list[int] = _json(default_factory=list)
    note: str = Field(default="")


class Match(SQLModel, table=True):
    """A clause the machine proposes or rules out for one officer, and what the legal reviewer made of it. 条款匹配"""

    __table_args__ = (sa.UniqueConstraint("case_id", "round", "respondent_id", "clause"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    round: int
    respondent_id: int = _key("respondent.id")
    clause: str = Field(max_length=16)
    outcome: str = Field(max_length=24)
    reasons: list[str] = _json(default_factory=list)
    missing: list[str] = _json(default_factory=list)
    legal_review: str = Field(default="")
    proposed: bool = False
    confirmed: bool | None = None
    confirmed_reason: str = Field(default="")
    confirmed_by: int | None = _key("person.id", default=None)


# Items without a last day come last; written out so that the index of it is found.
DUE = "coalesce(due_on, '9999-12-31')"


def _inbox_index(name: str, *of: str, only: str) -> sa.Index:
    where = sa.text(only)
    columns: tuple[Any, ...] = (*of, sa.text(DUE), "created_at", "id")
    return sa.Index(name, *columns, postgresql_where=where, sqlite_where=where)


class WorkItem(SQLModel, table=True):
    """Something a person must do. 待办"""

    __tablename__ = "work_item"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "stage", "round", "kind", "slot"),
        # The inbox in its order: what is given to a person, and what a group still has to take.
        _inbox_index("ix_work_item_assigned", "assignee_id", only="state = 'open'"),
        _inbox_index("ix_work_item_queue", "organ_id", "role", only="state = 'open' AND assignee_id IS NULL"),
    )

    id: str = Field(primary_key=True, max_length=32)
    case_id: str = _key("case_file.id")
    organ_id: int = _key("organ.id")
    stage: str = Field(max_length=16)
    round: int
    kind: str = Field(max_length=24)
    slot: str = Field(default="", max_length=32)  # "" | respondent id | person id
    respondent_id: int | None = _key("respondent.id", default=None)
    role: str = Field(max_length=24)
    assignee_id: int | None = _key("person.id", default=None)
    state: str = Field(max_length=16)  # open, done, cancelled
    created_at: datetime = _instant()
    due_on: date | None = None
    provisional: bool = False
    asked_id: int | None = None  # whom the procedure asks; assignee_id has it now
    delegated_by: int | None = None
    answer: dict[str, Any] | None = _json(default=None)
    answered_by: int | None = _key("person.id", default=None)
    answered_at: datetime | None = _instant(default=None)
    version: int = 1


class Seat(SQLModel, table=True):
    """A member or alternate of the panel of one round. 审议组席位"""

    __table_args__ = (sa.UniqueConstraint("case_id", "round", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    round: int
    person_id: int = _key("person.id")
    position: int  # order of the draw
    state: str = Field(max_length=16)  # sitting, alternate, recused
    chair: bool = False
    reason: str = Field(default="")


class Ballot(SQLModel, table=True):
    """One member's vote on one officer; sealed until the chair closes the session. 表决"""

    __table_args__ = (sa.UniqueConstraint("case_id", "round", "respondent_id", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    round: int
    respondent_id: int = _key("respondent.id")
    person_id: int = _key("person.id")
    outcome: str = Field(max_length=16)  # empty while the vote is sealed, like reason and salt
    reason: str
    salt: str = Field(default="", max_length=32)  # of the seal that the event keeps
    sealed: str = ""  # the vote until the box is opened; only the key beside the register reads it
    cast_at: datetime = _instant()


class Decision(SQLModel, table=True):
    """What becomes of one officer in one round: the panel's result, then the head's signature. 决定"""

    __table_args__ = (sa.UniqueConstraint("case_id", "round", "respondent_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    round: int
    respondent_id: int = _key("respondent.id")
    proposed: str = Field(default="", max_length=16)  # by the panel, or by the verification
    tally: dict[str, Any] = _json(default_factory=dict)
    outcome: str = Field(default="", max_length=16)  # as signed
    reason: str = Field(default="")
    differs_reason: str = Field(default="")
    signed_by: int | None = _key("person.id", default=None)
    signed_at: datetime | None = _instant(default=None)
    served_at: datetime | None = _instant(default=None)
    authority: str = Field(default="")  # where the matter was transferred
    external_result: str = Field(default="")


class Clearing(SQLModel, table=True):
    """How an officer's name is cleared, by whose consent. 澄清正名"""

    __table_args__ = (sa.UniqueConstraint("case_id", "round", "respondent_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    round: int
    respondent_id: int = _key("respondent.id")
    track: str = Field(max_length=1)  # A own unit after exemption, B unfounded report
    wanted: bool
    form: str = Field(default="", max_length=16)
    scope: str = Field(default="")
    named: bool = False  # consent to be named in public
    approved: bool | None = None
    publication_class: str = Field(default="", max_length=16)
    reason: str = Field(default="")


class Serial(SQLModel, table=True):
    """The last number given in a series; read and raised under lock, so there are no gaps. 编号"""

    organ_id: int = _key("organ.id", primary_key=True)
    series: str = Field(primary_key=True, max_length=32)
    year: int = Field(primary_key=True)
    last: int = 0


class Document(SQLModel, table=True):
    """A filed paper; its bytes are kept under their SHA-256. 文书"""

    __table_args__ = (sa.UniqueConstraint("case_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    key: str = Field(max_length=100)  # kind + round [+ respondent or member]
    kind: str = Field(max_length=32)
    round: int
    respondent_id: int | None = _key("respondent.id", default=None)
    number: str = Field(default="", max_length=64)
    title: str = Field(max_length=200)
    sha256: str = Field(max_length=64)
    size: int
    audience: str = Field(max_length=16)  # internal, officer, public
    level: str = Field(default="internal", max_length=16)  # public, internal, sensitive, strict
    filed_at: datetime = _instant()


class Rendition(SQLModel, table=True):
    """A filed paper laid out as Word or PDF, as it was sealed; bytes and signature lie in the store. 版式文件"""

    __table_args__ = (sa.UniqueConstraint("document_id", "form"),)

    id: int | None = Field(default=None, primary_key=True)
    document_id: int = _key("document.id")
    form: str = Field(max_length=8)  # docx, pdf
    sha256: str = Field(max_length=64)
    size: int
    signature: str = Field(default="", max_length=64)  # SHA-256 of the detached PKCS#7; nothing when unsealed
    signer: str = Field(default="", max_length=64)  # SHA-256 of the certificate
    made_at: datetime = _instant()


class PaperNumber(SQLModel, table=True):
    """A number of a paper: taken by a paper, set aside, or given up for good; none is ever given twice. 文号簿"""

    __tablename__ = "paper_number"
    __table_args__ = (sa.UniqueConstraint("organ_id", "series", "year", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    organ_id: int = _key("organ.id")
    series: str = Field(max_length=32)  # of the kind of paper, e.g. 免决
    year: int
    number: int
    state: str = Field(max_length=16)  # used, reserved, void
    document_id: int | None = _key("document.id", default=None, unique=True)
    case_id: str | None = _key(
        "case_file.id", default=None, index=True
    )  # for which it was taken or set aside
    taken_at: datetime = _instant()
    taken_by: int | None = _key("person.id", default=None)  # nobody when the office took it for a paper
    reason: str = Field(default="")  # why it was set aside
    voided_at: datetime | None = _instant(default=None)
    voided_by: int | None = _key("person.id", default=None)
    void_reason: str = Field(default="")


class Clock(SQLModel, table=True):
    """A period that runs, and how its end was computed. 期限"""

    __table_args__ = (
        sa.UniqueConstraint("case_id", "key"),
        sa.Index(
            "ix_clock_running",
            "due_on",
            "id",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    key: str = Field(max_length=100)
    deadline: str = Field(max_length=32)  # id in the handbook
    item_id: str | None = _key("work_item.id", default=None, index=True)
    started_at: datetime = _instant()
    due_on: date
    provisional: bool = False
    basis: str = Field(default="")
    exclusions: list[list[str]] = _json(default_factory=list)  # first and last day of each 中止
    changes: list[dict[str, Any]] = _json(default_factory=list)  # each 延长 and 中止, with the end before it
    suspended_from: date | None = None  # this clock alone stands still from this day on
    closed_at: datetime | None = _instant(default=None)


class Deposit(SQLModel, table=True):
    """What an officer put to a superior in writing before anything went wrong, and the answer. 在先留存

    The deposits of an organ are a chain: each hash rests on the one before, and that of a reply on its deposit.
    """

    __table_args__ = (sa.UniqueConstraint("organ_id", "seq"),)

    id: str = Field(primary_key=True, max_length=32)
    organ_id: int = _key("organ.id")
    seq: int
    kind: str = Field(max_length=16)  # inquiry, not-our-duty, emergency
    filed_by: int = _key("person.id", index=True)
    addressed_to: int = _key("person.id", index=True)
    title: str = Field(max_length=200)
    text: str
    paper_sha256: str = Field(default="", max_length=64)  # of the paper itself, where there is one
    file_name: str = Field(default="", max_length=200)  # empty: the paper itself is not kept
    media_type: str = Field(default="", max_length=100)
    size: int = 0
    filed_at: datetime = _instant()
    edition: str = Field(max_length=16)  # whose period of reply it is
    replied_at: datetime | None = _instant(default=None)
    reply: str = Field(default="")
    prev_hash: str = Field(default="", max_length=64)
    hash: str = Field(max_length=64)
    reply_hash: str = Field(default="", max_length=64)
    noticed_at: datetime | None = _instant(default=None)  # when the superior was told of it
    reminded_at: datetime | None = _instant(default=None)  # and again before the period of reply ended


class HolidayNotice(SQLModel, table=True):
    """A year's holidays and make-up workdays as an administrator loaded them; the latest version holds. 放假安排"""

    __tablename__ = "holiday_notice"
    __table_args__ = (sa.UniqueConstraint("year", "version"),)

    id: int | None = Field(default=None, primary_key=True)
    year: int
    version: int
    holidays: dict[str, str] = _json(default_factory=dict)  # day -> name of the holiday
    makeup_workdays: dict[str, str] = _json(default_factory=dict)
    source: str
    loaded_at: datetime = _instant()


class Effect(SQLModel, table=True):
    """Something the office still owes to the world; a row here is the outbox. 应办事务"""

    __table_args__ = (
        sa.UniqueConstraint("case_id", "key"),
        sa.Index("ix_effect_state_owed_at", "state", "owed_at"),
        sa.Index("ix_effect_case_id_state", "case_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    key: str = Field(max_length=100)
    kind: str = Field(max_length=24)  # document, notice, publication, hand-over, integrity, bundle
    stage: str = Field(max_length=16)
    round: int
    subject: str = Field(default="", max_length=64)  # document or message kind
    respondent_id: int | None = _key("respondent.id", default=None)
    person_id: int | None = _key("person.id", default=None)
    item_id: str | None = _key("work_item.id", default=None)
    matter_id: int | None = None  # the application or transcript a paper is about
    state: str = Field(default="owed", max_length=16)  # owed, claimed, done, failed
    owed_at: datetime = _instant()
    claimed_at: datetime | None = _instant(default=None)
    attempts: int = 0
    done_at: datetime | None = _instant(default=None)
    produced: str = Field(default="", max_length=200)
    error: str = Field(default="", max_length=500)


class Channel(SQLModel, table=True):
    """Where a person wants notices besides the in-app inbox, as an Apprise URL. 通知渠道"""

    __table_args__ = (sa.UniqueConstraint("person_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = _key("person.id", index=True)
    name: str = Field(max_length=32)  # mail, wecom, …
    url: str = Field(max_length=500)
    active: bool = True
    guarded: bool = False  # entered by the person on a page, so it leads out of the house only


class NoticePreference(SQLModel, table=True):
    """How somebody wants to be told outside the in-app inbox. 通知偏好"""

    __tablename__ = "notice_preference"

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    quiet_from: int | None = None  # hour of the evening
    kinds: dict[str, str] = _json(default_factory=dict)  # kind of notice -> now, digest, off


class Notification(SQLModel, table=True):
    """One message to one person over one channel. 通知"""

    __table_args__ = (
        sa.UniqueConstraint("key", "person_id", "channel"),
        sa.Index("ix_notification_person_id_created_at", "person_id", "created_at"),
        sa.Index("ix_notification_state_due_at", "state", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=160)
    person_id: int = _key("person.id")
    case_id: str | None = _key("case_file.id", default=None)
    item_id: str | None = _key("work_item.id", default=None)
    channel: str = Field(max_length=32)  # inbox, or the name of a channel
    subject: str = Field(max_length=200)
    body: str
    entry: str = ""  # a calendar entry that goes along
    state: str = Field(max_length=16)  # waiting, sending, delivered, failed, unsure, gathered
    due_at: datetime | None = _instant(default=None)  # when it goes out, or is tried again
    digest: bool = False  # goes out together with others
    carrier_id: int | None = _key("notification.id", default=None, index=True)  # the digest it is part of
    settled_by: int | None = _key("person.id", default=None)  # who said again, or that it counts as delivered
    attempts: int = 0
    error: str = Field(default="", max_length=500)
    created_at: datetime = _instant()
    claimed_at: datetime | None = _instant(default=None)  # of the last attempt
    delivered_at: datetime | None = _instant(default=None)
    read_at: datetime | None = _instant(default=None)


class Webhook(SQLModel, table=True):
    """An office system that is told how cases move. 外部系统回调"""

    __table_args__ = (sa.UniqueConstraint("organ_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    organ_id: int = _key("organ.id")
    name: str = Field(max_length=50)
    url: str = Field(max_length=500)
    sealed: str  # the secret it is signed with; without the key of the vault these are only letters
    active: bool = True
    registered_by: int = _key("person.id")
    registered_at: datetime = _instant()
    mark: int = 0  # events up to this one need not be looked at again


class WebhookCall(SQLModel, table=True):
    """One event told to one office system. 回调记录"""

    __tablename__ = "webhook_call"
    __table_args__ = (
        sa.UniqueConstraint("webhook_id", "event_id"),
        sa.Index("ix_webhook_call_state_due_at", "state", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    webhook_id: int = _key("webhook.id")
    event_id: int = _key("event.id")
    state: str = Field(max_length=16)  # waiting, sending, delivered, failed
    due_at: datetime = _instant()
    claimed_at: datetime | None = _instant(default=None)
    attempts: int = 0
    error: str = Field(default="", max_length=500)
    delivered_at: datetime | None = _instant(default=None)


class Publication(SQLModel, table=True):
    """What the portal shows, redacted. 公示"""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id", index=True)
    document_id: int = _key("document.id", unique=True)
    slug: str = Field(unique=True, max_length=32)
    title: str = Field(max_length=200)
    published_at: datetime = _instant(index=True)
    withdrawn_at: datetime | None = _instant(default=None)
    withdrawn_reason: str = Field(default="")


class Event(SQLModel, table=True):
    """One link of a case's chain: who did what, when, why. 留痕"""

    __table_args__ = (sa.UniqueConstraint("case_id", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    seq: int
    tag: str = Field(max_length=64)
    actor_id: int | None = _key("person.id", default=None)
    on_behalf_of: int | None = _key("person.id", default=None)
    at: datetime = _instant()
    reason: str = Field(default="")
    data: dict[str, Any] = _json(default_factory=dict)
    prev_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class Reading(SQLModel, table=True):
    """Who read what on which day, and how often; ids only. 查阅记录"""

    __table_args__ = (sa.UniqueConstraint("case_id", "person_id", "kind", "object_id", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    person_id: int = _key("person.id")
    kind: str = Field(max_length=16)  # case, evidence, document, identity
    object_id: int = 0  # of the piece or the paper; 0 for what a case has one of
    day: date
    capacity: str = Field(default="", max_length=24)  # the part or role by which the person could read it
    times: int = 1


class Reporter(SQLModel, table=True):
    """Who reported, sealed: without the key of the vault these are only letters. 举报人"""

    case_id: str = Field(primary_key=True, foreign_key="case_file.id")
    sealed: str
    kept_at: datetime = _instant()


class IdentityRequest(SQLModel, table=True):
    """A reasoned request to use a reporter's identity, the custodian's ruling, and the one look. 举报人信息申请"""

    __tablename__ = "identity_request"

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id", index=True)
    requested_by: int = _key("person.id")
    reason: str
    requested_at: datetime = _instant()
    ruling: str = Field(default="", max_length=16)  # granted, refused
    ruling_reason: str = Field(default="")
    ruled_by: int | None = _key("person.id", default=None)
    ruled_at: datetime | None = _instant(default=None)
    opened_at: datetime | None = _instant(default=None)


class Challenge(SQLModel, table=True):
    """An application that somebody step aside, and the ruling of a head who is not concerned. 回避申请"""

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id", index=True)
    made_by: int = _key("person.id")
    about: str = Field(max_length=50)  # the name as the applicant knows it: who sits is not told by asking
    ground: str
    made_at: datetime = _instant()
    ruling: str = Field(default="", max_length=16)  # granted, refused
    person_id: int | None = _key("person.id", default=None)  # who has to step aside
    ruled_by: int | None = _key("person.id", default=None)
    ruled_at: datetime | None = _instant(default=None)


class Transcript(SQLModel, table=True):
    """What was said in an interview, or what experts hold, as it was taken down in a case. 笔录和专业意见"""

    __table_args__ = (
        sa.UniqueConstraint("case_id", "number"),
        sa.UniqueConstraint("case_id", "sha256"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: str = _key("case_file.id")
    number: int
    round: int
    kind: str = Field(max_length=16)  # interview, expert-opinion
    content: dict[str, Any] = _json(default_factory=dict)
    sha256: str = Field(max_length=64)  # of kind and content: the same words are the same transcript
    taken_by: int = _key("person.id")
    taken_at: datetime = _instant()


class Replay(SQLModel, table=True):
    """The first answer to a POST, kept under its Idempotency-Key. 重复提交"""

    __table_args__ = (sa.UniqueConstraint("person_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = _key("person.id")
    key: str = Field(max_length=100)
    request: str = Field(max_length=64)  # hash of method, path and body
    status: int
    body: str
    created_at: datetime = _instant()


class Draft(SQLModel, table=True):
    """An answer somebody has begun to write. 草稿"""

    __table_args__ = (sa.UniqueConstraint("item_id", "person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    item_id: str = _key("work_item.id")
    person_id: int = _key("person.id")
    content: dict[str, Any] = _json(default_factory=dict)
    saved_at: datetime = _instant()
