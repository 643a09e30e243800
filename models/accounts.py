"""People, their roles for a period, and the credentials they sign in with. 账户与凭证

Only the SHA-256 of a token is kept; a password is kept as argon2. Limits on guessing lie with the door (api).
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from pwdlib import PasswordHash
from sqlmodel import Session, col, select

from models.rules.deadlines import beijing_day
from models.rules.errors import CaseworkError, Incomplete, NotFound
from models.rules.permissions import Actor, Role
from models.settings import settings
from models.standing_in import held_on, stand_ins
from models.tables import Credential, Organ, Person, RoleHolding

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
TOKEN, SESSION = "token", "session"  # kinds of credential

_passwords = PasswordHash.recommended()
# One check takes 64 MiB and a core: a crowd at the door must not take the machine from those at work.
_checking = threading.BoundedSemaphore(2)


class SignInRefused(CaseworkError):
    """用户名或者密码不正确，请核对后重试；忘记密码请联系本机关系统管理员。"""

    code = "sign-in-refused"


@dataclass(frozen=True)
class SignedIn:
    """A session just opened: what goes into the cookie and what forms must send back."""

    token: str
    csrf: str
    expires_at: datetime


@dataclass(frozen=True)
class Signed:
    """Who stands behind a request."""

    actor: Actor
    username: str
    kind: str
    csrf: str
    credential_id: int


def add_organ(
    session: Session, code: str, *, name: str, mark: str, level: str, parent: str | None = None
) -> Organ:
    """Enter an organ under its parent. Raises NotFound for an unknown parent, Incomplete for a code in use."""
    if session.exec(select(Organ.id).where(Organ.code == code)).first() is not None:
        raise Incomplete(f"机关代码“{code}”已经使用，请另选代码。")
    above = organ_by_code(session, parent).id if parent else None
    organ = Organ(code=code, name=name, mark=mark, level=level, parent_id=above)
    session.add(organ)
    session.flush()
    return organ


def organ_by_code(session: Session, code: str) -> Organ:
    """The organ of a code. Raises NotFound."""
    organ = session.exec(select(Organ).where(Organ.code == code)).first()
    if organ is None:
        raise NotFound(f"没有代码为“{code}”的机关，请核对机关代码。")
    return organ


def add_person(session: Session, username: str, *, name: str, password: str | None = None) -> Person:
    """Enter somebody; without a password only tokens sign in. Raises Incomplete for a name in use."""
    if session.exec(select(Person.id).where(Person.username == username)).first() is not None:
        raise Incomplete(f"用户名“{username}”已经使用，请另选用户名。")
    person = Person(username=username, name=name, password_hash=_hash(password) if password else "")
    session.add(person)
    session.flush()
    return person


def set_password(session: Session, person_id: int, password: str) -> None:
    """Give somebody a new password and end every session opened with the old one."""
    person = session.get_one(Person, person_id)
    person.password_hash = _hash(password)
    session.exec(
        sa.delete(Credential).where(col(Credential.person_id) == person_id, col(Credential.kind) == SESSION)
    )


def grant_role(
    session: Session,
    person_id: int,
    organ_id: int,
    role: Role,
    *,
    valid_from: date,
    valid_to: date | None = None,
) -> RoleHolding:
    """Let a person hold a role from a day on; granting it again from that day changes only its end."""
    if valid_to is not None and valid_to < valid_from:
        raise Incomplete("任职的结束日期早于开始日期，请核对。")
    same = select(RoleHolding).where(
        RoleHolding.person_id == person_id,
        RoleHolding.organ_id == organ_id,
        RoleHolding.role == role,
        RoleHolding.valid_from == valid_from,
    )
    holding = session.exec(same).first() or RoleHolding(
        person_id=person_id, organ_id=organ_id, role=role, valid_from=valid_from
    )
    holding.valid_to = valid_to
    session.add(holding)
    session.flush()
    return holding


def issue_token(
    session: Session, person_id: int, label: str, *, now: datetime, expires_at: datetime | None = None
) -> str:
    """A bearer token for a program. It is shown this once; the register keeps only its hash."""
    token = secrets.token_urlsafe(32)
    session.add(
        Credential(
            digest=_digest(token),
            kind=TOKEN,
            person_id=person_id,
            label=label,
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return token


def check_password(session: Session, username: str, password: str) -> int:
    """The person behind a username and password. Raises SignInRefused, the same and as slowly for an unknown name.

    It takes a tenth of a second by design, so it belongs in a reading transaction: no lock waits for it.
    """
    person = session.exec(select(Person).where(Person.username == username)).first()
    kept = person.password_hash if person and person.password_hash else _nobodys_hash()
    with _checking:
        fits = len(password) <= LONGEST_PASSWORD and _passwords.verify(password, kept)
    if not fits or person is None or person.id is None or not person.active or not person.password_hash:
        raise SignInRefused
    return person.id


def open_session(
    session: Session, person_id: int, *, now: datetime, replacing: str | None = None
) -> SignedIn:
    """Open a session with a new token; the one it replaces and those that have ended go."""
    ended = (col(Credential.expires_at) < now) & (col(Credential.person_id) == person_id)
    old = ended | (col(Credential.digest) == _digest(replacing)) if replacing else ended
    session.exec(sa.delete(Credential).where(col(Credential.kind) == SESSION, old))
    opened = SignedIn(
        secrets.token_urlsafe(32), secrets.token_urlsafe(24), now + timedelta(hours=settings().session_hours)
    )
    session.add(
        Credential(
            digest=_digest(opened.token),
            kind=SESSION,
            person_id=person_id,
            csrf=opened.csrf,
            created_at=now,
            expires_at=opened.expires_at,
        )
    )
    session.flush()
    return opened


def sign_out(session: Session, token: str) -> None:
    """End a session; ending it twice changes nothing."""
    session.exec(sa.delete(Credential).where(col(Credential.digest) == _digest(token)))


def authenticate(session: Session, token: str, *, now: datetime, kind: str | None = None) -> Signed | None:
    """Who holds this token, with the roles valid today and for whom the person stands in; None for nobody.

    `kind` refuses a session's token sent as a bearer token, and the other way round.
    """
    today = beijing_day(now)
    wanted = (
        sa.select(
            Credential.id,
            Credential.kind,
            Credential.csrf,
            Credential.expires_at,
            Person.id,
            Person.username,
            Person.name,
            RoleHolding.role,
            RoleHolding.organ_id,
        )
        .select_from(Credential)
        .join(Person, col(Person.id) == col(Credential.person_id))
        .outerjoin(RoleHolding, (col(RoleHolding.person_id) == col(Person.id)) & held_on(today))
        .where(col(Credential.digest) == _digest(token), col(Person.active))
    )
    rows = session.execute(wanted).all()
    if not rows:
        return None
    credential_id, found, csrf, expires_at, person_id, username, name = rows[0][:7]
    if (kind is not None and found != kind) or (expires_at is not None and expires_at <= now):
        return None
    roles = frozenset((Role(role), organ) for *_, role, organ in rows if role is not None)
    actor = Actor(person_id, name, roles, stand_ins(session, person_id, roles, on=today))
    return Signed(actor, username, found, csrf, credential_id)


def load_actor(session: Session, person_id: int, *, on: date) -> Actor:
    """A person with the roles valid on a day. Raises NotFound for nobody, or one who may not sign in any more."""
    person = session.get(Person, person_id)
    if person is None or not person.active:
        raise NotFound("查无此人，或者该账户已停用。")
    held = session.exec(select(RoleHolding).where(RoleHolding.person_id == person_id, held_on(on)))
    roles = frozenset((Role(h.role), h.organ_id) for h in held)
    return Actor(person_id, person.name, roles, stand_ins(session, person_id, roles, on=on))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _hash(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Incomplete(f"密码应为 {SHORTEST_PASSWORD} 至 {LONGEST_PASSWORD} 个字符，请重新设置。")
    with _checking:
        return _passwords.hash(password)


_nobody: list[str] = []


def _nobodys_hash() -> str:
    """A hash nobody's password fits, made once: an unknown name takes as long as a wrong password."""
    if not _nobody:
        _nobody.append(_hash(secrets.token_urlsafe(16)))
    return _nobody[0]
