"""What an officer puts to a superior in writing while there is still time, and whether it was answered. 在先留存

实施意见五（二）2 frees from blame who had asked (7), had said that it is not our duty (13) or had reported (3): it must
be provable later. The moment is stamped, the words are chained, and the silence is computed by the calendar of all
other periods. Only a case makes it known to others, when it becomes evidence there.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from models import answers as a
from models.calendar import ChinaCalendar
from models.casework.clocks import Timed, timed
from models.casework.opening import add_evidence
from models.casework.record import Act, check, lock_case
from models.database import to_json
from models.declarations import DepositReply, NewDeposit
from models.files import FileStore, Stored
from models.handbook import edition_for, load_edition
from models.holidays import calendar_of
from models.rules.deadlines import BEIJING, beijing_day, rungs
from models.rules.deposits import DepositKind, standing_of
from models.rules.errors import AlreadyDone, Conflict, Incomplete, NotFound
from models.rules.permissions import Action, Actor, DepositFacts, Role, may
from models.tables import Deposit, Evidence, Organ, Person, RoleHolding

_SUPERIORS = (Role.MANAGER, Role.HEAD)


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper that comes with a deposit, as it lies in the store. 文件原件"""

    stored: Stored
    file_name: str
    media_type: str


def file_deposit(
    session: Session,
    organ_id: int,
    said: NewDeposit,
    *,
    actor: Actor,
    now: datetime,
    paper: Paper | None = None,
) -> Deposit:
    """Put something to a superior; the same words and paper to the same person are the same deposit. 提出

    Raises NotPermitted, Incomplete for somebody who is no superior and for a paper of another hash than the one named.
    """
    check(may(actor, Action.FILE_DEPOSIT, organ_id=organ_id))
    paper_sha256 = paper.stored.sha256 if paper else said.paper_sha256
    if said.paper_sha256 not in ("", paper_sha256):
        raise Incomplete("所填的 SHA-256 与上传的文件不符，没有留存；请核对文件，或者不填此项。")
    organ = session.exec(select(Organ).where(Organ.id == organ_id).with_for_update()).one()
    to = _superior(session, organ, said.to, actor, now)
    same = select(Deposit).where(
        Deposit.filed_by == actor.person_id, Deposit.addressed_to == to, Deposit.kind == said.kind,
        Deposit.title == said.title, Deposit.text == said.text, Deposit.paper_sha256 == paper_sha256,
        Deposit.file_name == (paper.file_name if paper else ""),
    )  # fmt: skip
    existing = session.exec(same).first()
    if existing is not None:
        return existing
    of_organ = select(Deposit).where(Deposit.organ_id == organ_id).order_by(col(Deposit.seq).desc()).limit(1)
    before = session.exec(of_organ).first()
    row = Deposit(
        id=uuid.uuid4().hex,
        organ_id=organ_id,
        seq=before.seq + 1 if before else 1,
        kind=said.kind,
        filed_by=actor.person_id,
        addressed_to=to,
        title=said.title,
        text=said.text,
        paper_sha256=paper_sha256,
        file_name=paper.file_name if paper else "",
        media_type=paper.media_type if paper else "",
        size=paper.stored.size if paper else 0,
        filed_at=now,
        edition=edition_for(beijing_day(now)).edition.id,
        prev_hash=before.hash if before else "",
        hash="",
    )
    row.hash = _hash(row)
    session.add(row)
    session.flush()
    return row


def reply_deposit(
    session: Session, deposit_id: str, said: DepositReply, *, actor: Actor, now: datetime
) -> Deposit:
    """Answer it, once; an answer that comes late is kept as late. 答复. Raises NotFound, NotPermitted, AlreadyDone."""
    row = _locked(session, deposit_id)
    check(may(actor, Action.REPLY_DEPOSIT, deposit=deposit_facts(row)))
    if row.replied_at is not None:
        if row.reply == said.text:
            return row
        raise AlreadyDone("此件已经答复，答复不能更改；需要补充的，请另行书面告知提出人。")
    row.reply, row.replied_at = said.text, now
    row.reply_hash = _reply_hash(row)
    session.flush()
    return row


def attach_deposit(
    session: Session,
    case_id: str,
    deposit_id: str,
    *,
    actor: Actor,
    now: datetime,
    files: FileStore,
) -> Evidence:
    """Make a deposit evidence in a case: a text of what was deposited and whether it was answered. 提交为证据

    The paper that came with it becomes a piece of its own. The same deposit in the same state is the same piece. Raises
    NotFound for a deposit of nobody concerned, Conflict when chain or paper do not hold, and what adding evidence raises.
    """
    act = Act.on(session, lock_case(session, case_id), actor=actor, now=now)
    check(may(actor, Action.SEE, act.facts))
    row = _locked(session, deposit_id)
    check(may(actor, Action.ATTACH_DEPOSIT, act.facts, deposit=deposit_facts(row)))
    if _fault(row) is not None:
        raise Conflict("此件留存的内容与其校验值不符，不能作为证据提交；请联系系统管理员核查。")
    kind = DepositKind(row.kind)
    names = {
        p.id: p.name
        for p in session.exec(select(Person).where(col(Person.id).in_((row.filed_by, row.addressed_to))))
    }
    end = reply_end(row, calendar_of(session))
    text = attested(row, names[row.filed_by], names[row.addressed_to], end, now=now)
    stored = files.put(text.encode())
    how = standing_of(end.due_on, row.replied_at, now)
    meta = a.NewEvidence(
        kind="书证",
        collected_by=names[row.filed_by],
        proves=f"{kind.zh}（{kind.clause}）于{beijing_day(row.filed_at).isoformat()}提出，{how.zh}",
        formed_on=beijing_day(row.filed_at),
    )
    name = f"{kind.zh}-{row.id[:8]}.txt"
    piece = add_evidence(
        session, case_id, meta, stored, file_name=name, media_type="text/plain", actor=actor, now=now
    )
    if row.file_name:
        _add_paper(session, case_id, row, meta, files, actor=actor, now=now)
    return piece


def _add_paper(
    session: Session,
    case_id: str,
    row: Deposit,
    meta: a.NewEvidence,
    files: FileStore,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """The paper itself, as it was handed in then."""
    if not files.verify(row.paper_sha256):
        raise Conflict("此件所附文件与留存时的校验值不符，不能作为证据提交；请联系系统管理员核查。")
    add_evidence(
        session,
        case_id,
        meta.model_copy(update={"proves": f"{DepositKind(row.kind).zh}所附文件，与提出时一致"}),
        Stored(row.paper_sha256, row.size, files.path(row.paper_sha256)),
        file_name=row.file_name,
        media_type=row.media_type,
        actor=actor,
        now=now,
    )


def deposit_number(mark: str, row: Deposit) -> str:
    """How a deposit is called where nothing may be said of it: by its place in the chain of its organ."""
    return f"{mark}在先留存第{row.seq}件"


def unannounced(session: Session, *, limit: int = 500) -> Sequence[Deposit]:
    """Deposits whose addressee has not been told of them yet, oldest first. 待告知"""
    wanted = select(Deposit).where(col(Deposit.noticed_at).is_(None))
    return session.exec(wanted.order_by(col(Deposit.filed_at), col(Deposit.id)).limit(limit)).all()


def running_out(session: Session, *, now: datetime) -> Sequence[Deposit]:
    """Unanswered deposits that have come to the first rung before the end of their period, each until told of. 待提醒"""
    calendar, today = calendar_of(session), beijing_day(now)
    waiting = select(Deposit).where(
        col(Deposit.replied_at).is_(None),
        col(Deposit.reminded_at).is_(None),
        col(Deposit.noticed_at).is_not(None),
    )
    return [
        row
        for row in session.exec(waiting.order_by(col(Deposit.filed_at), col(Deposit.id)))
        if rungs(reply_end(row, calendar).due_on, calendar)[0].on <= today
    ]


def note_told(session: Session, deposit_id: str, *, again: bool, now: datetime) -> None:
    """The addressee has been told of a deposit, or `again` of its end; the first time stands."""
    row = _locked(session, deposit_id)
    if again:
        row.reminded_at = row.reminded_at or now
    else:
        row.noticed_at = row.noticed_at or now
    session.flush()


def deposit_facts(row: Deposit) -> DepositFacts:
    """What a ruling on rights needs to know of a deposit."""
    return DepositFacts(row.filed_by, row.addressed_to)


def reply_end(row: Deposit, calendar: ChinaCalendar) -> Timed:
    """When the period of reply ends, by the edition it was filed under and the notices known today."""
    rule = load_edition(row.edition).deadlines[DepositKind(row.kind).deadline]
    return timed(rule, row.filed_at, calendar)


def attested(row: Deposit, filer: str, addressee: str, end: Timed, *, now: datetime) -> str:
    """The text that goes into a case: what was deposited, when, to whom, and whether it was answered."""
    kind = DepositKind(row.kind)
    how = standing_of(end.due_on, row.replied_at, now)
    lines = [
        f"在先留存证明：{kind.zh}（对应情形{kind.clause}）",
        f"编号：{row.id}（本机关第{row.seq}件）",
        f"提出人：{filer}　受文人：{addressee}",
        f"提出时间：{_moment(row.filed_at)}（由系统记录）",
        f"标题：{row.title}",
        *(["文件原件 SHA-256：" + row.paper_sha256] if row.paper_sha256 else []),
        *([f"所附文件：{row.file_name}（{row.size}字节，与提出时一并留存）"] if row.file_name else []),
        "",
        row.text,
        "",
        f"答复情况：{how.zh}。",
        *([f"答复时间：{_moment(row.replied_at)}", row.reply] if row.replied_at else []),
        "",
        "答复期的计算：",
        *end.basis.split("\n"),
        "",
        f"校验值：{row.hash}",
        f"上一件校验值：{row.prev_hash or '无'}",
        *([f"答复校验值：{row.reply_hash}"] if row.reply_hash else []),
    ]
    return "\n".join(lines) + "\n"


def verify_deposits(session: Session) -> Sequence[str]:
    """The ids of deposits that are not what they were, or that something before them is missing from. 核验"""
    broken: list[str] = []
    heads: dict[int, str] = {}
    for row in session.exec(select(Deposit).order_by(col(Deposit.organ_id), col(Deposit.seq))):
        if _fault(row) is not None or row.prev_hash != heads.get(row.organ_id, ""):
            broken.append(row.id)
        heads[row.organ_id] = row.hash
    return broken


def superiors(session: Session, organ: Organ, *, on: datetime, apart_from: int) -> Sequence[Person]:
    """To whom something can be put: managers and heads of the organ and of the one above it."""
    today = beijing_day(on)
    held = (
        select(Person)
        .join(RoleHolding, col(RoleHolding.person_id) == col(Person.id))
        .where(
            col(RoleHolding.organ_id).in_([organ.id, organ.parent_id]),
            col(RoleHolding.role).in_(_SUPERIORS),
            RoleHolding.valid_from <= today,
            sa.or_(col(RoleHolding.valid_to).is_(None), col(RoleHolding.valid_to) >= today),
            col(Person.active),
            Person.id != apart_from,
        )
        .distinct()
        .order_by(col(Person.id))
    )
    return session.exec(held).all()


def _superior(session: Session, organ: Organ, username: str, actor: Actor, now: datetime) -> int:
    known = superiors(session, organ, on=now, apart_from=actor.person_id)
    found = next((p.id for p in known if p.username == username), None)
    if found is None:
        raise Incomplete("受文人须为本机关或者上级机关的分管负责人、机关负责人；请从名单中选择。")
    return found


def _locked(session: Session, deposit_id: str) -> Deposit:
    row = session.exec(select(Deposit).where(Deposit.id == deposit_id).with_for_update()).first()
    if row is None:
        raise NotFound
    return row


def _hash(row: Deposit) -> str:
    content: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("id", "organ_id", "seq", "kind", "filed_by", "addressed_to", "title", "text", "paper_sha256", "edition")
    }  # fmt: skip
    content["filed_at"] = _utc(row.filed_at)
    if row.file_name:  # of those that came before papers were kept, the hash says nothing of one
        content |= {name: getattr(row, name) for name in ("file_name", "media_type", "size")}
    return hashlib.sha256((row.prev_hash + to_json(content)).encode()).hexdigest()


def _reply_hash(row: Deposit) -> str:
    content = {"reply": row.reply, "at": _utc(row.replied_at) if row.replied_at else ""}
    return hashlib.sha256((row.hash + to_json(content)).encode()).hexdigest()


def _fault(row: Deposit) -> str | None:
    if row.hash != _hash(row):
        return "deposit"
    return "reply" if row.replied_at is not None and row.reply_hash != _reply_hash(row) else None


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _moment(at: datetime) -> str:
    local = at.astimezone(BEIJING)
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute:02d}分"
