"""Signing in, staying signed in, and writes that come from elsewhere. 登录与防伪"""

from datetime import UTC, date, datetime, timedelta

import pytest
from httpx import Response

from api.deps import COOKIE
from api.limits import SignInLimits
from models import accounts
from models.accounts import (
    SESSION,
    TOKEN,
    add_organ,
    add_person,
    authenticate,
    grant_role,
    issue_token,
    load_actor,
    open_session,
    set_password,
)
from models.database import Register
from models.rules.errors import Incomplete, NotFound
from models.rules.permissions import Role
from models.settings import settings
from models.tables import Person
from tests.api.door import Door, on_sqlite, refused
from tests.api.test_cases import CASE

PASSWORD = "照单-2026-登录"


@pytest.fixture
def clerk(door: Door) -> Door:
    """The registrar has a password."""
    with door.register.writing() as session:
        set_password(session, door.bureau.ids["luo.ying"], PASSWORD)
    return door


def _sign_in(door: Door, password: str = PASSWORD, username: str = "luo.ying", **headers: str) -> Response:
    said = {"username": username, "password": password}
    return door.post("/api/session", json=said, headers=headers)


@on_sqlite
def test_a_session_signs_in_writes_with_its_mark_and_ends(clerk: Door) -> None:
    opened = _sign_in(clerk)
    assert opened.status_code == 201
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    me = clerk.get("/api/session").json()
    assert (me["username"], me["csrf"]) == ("luo.ying", opened.json()["csrf"])
    assert [r["zh"] for r in me["roles"]] == ["登记员"]
    mark = {"X-CSRF-Token": me["csrf"]}
    assert clerk.post("/api/cases", json=CASE, headers=mark).status_code == 201
    assert clerk.ask("DELETE", "/api/session", headers=mark).status_code == 204
    refused(clerk.get("/api/session"), 401, "sign-in-required")


@on_sqlite
def test_an_ended_session_stays_ended_for_a_copied_cookie(clerk: Door) -> None:
    mark = {"X-CSRF-Token": _sign_in(clerk).json()["csrf"]}
    stolen = clerk.client.cookies[COOKIE]
    clerk.ask("DELETE", "/api/session", headers=mark)
    clerk.client.cookies.set(COOKIE, stolen)
    refused(clerk.get("/api/cases"), 401, "sign-in-required")


@on_sqlite
def test_signing_in_again_replaces_the_session(clerk: Door) -> None:
    _sign_in(clerk)
    first = clerk.client.cookies[COOKIE]
    _sign_in(clerk)
    assert clerk.client.cookies[COOKIE] != first
    with clerk.register.reading() as session:
        assert authenticate(session, first, now=datetime.now(UTC)) is None


@on_sqlite
def test_a_write_without_the_mark_or_from_elsewhere_is_refused(clerk: Door) -> None:
    mark = {"X-CSRF-Token": _sign_in(clerk).json()["csrf"]}
    before = clerk.dump()
    for headers in (
        {},
        {"X-CSRF-Token": "wrong"},
        mark | {"Origin": "https://elsewhere.example"},
        mark | {"Origin": "null"},
        mark | {"Sec-Fetch-Site": "cross-site"},
        mark | {"Sec-Fetch-Site": "same-site"},
    ):
        refused(clerk.post("/api/cases", json=CASE, headers=headers), 403, "csrf")
    assert clerk.dump() == before
    own = mark | {"Origin": "http://zhaodan.test", "Sec-Fetch-Site": "same-origin"}
    assert clerk.post("/api/cases", json=CASE, headers=own).status_code == 201


@on_sqlite
def test_a_program_needs_no_mark(door: Door) -> None:
    assert door.post("/api/cases", "luo.ying", json=CASE).status_code == 201


@on_sqlite
def test_a_cookie_is_no_token_and_a_token_no_cookie(clerk: Door) -> None:
    _sign_in(clerk)
    cookie = clerk.client.cookies[COOKIE]
    clerk.client.cookies.clear()
    refused(clerk.get("/api/cases", headers={"Authorization": f"Bearer {cookie}"}), 401, "sign-in-required")
    clerk.client.cookies.set(COOKIE, clerk.tokens["luo.ying"])
    refused(clerk.get("/api/cases"), 401, "sign-in-required")


@on_sqlite
def test_nobody_gets_in_with_a_made_up_token(door: Door) -> None:
    for header in ("Bearer x", "Bearer ", "Basic eDp5", "nonsense"):
        problem = refused(door.get("/api/cases", headers={"Authorization": header}), 401, "sign-in-required")
        assert problem["next"]


@on_sqlite
def test_sign_in_from_another_site_is_refused(clerk: Door) -> None:
    refused(_sign_in(clerk, **{"Sec-Fetch-Site": "cross-site"}), 403, "csrf")


@on_sqlite
def test_guessing_is_stopped_even_with_the_right_password(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHAODAN_SIGN_IN_ATTEMPTS", "3")
    settings.cache_clear()
    door = Door(register)
    with door.register.writing() as session:
        set_password(session, door.bureau.ids["luo.ying"], PASSWORD)
    for _ in range(3):
        refused(_sign_in(door, "wrong-password"), 401, "sign-in-refused")
    stopped = _sign_in(door)
    refused(stopped, 429, "too-many-attempts")
    assert stopped.headers["Retry-After"] == "900"
    refused(_sign_in(door, "x", username="he.jun"), 401, "sign-in-refused")


def test_limits_forget_after_a_window_and_forgive_a_success() -> None:
    now = [0.0]
    limits = SignInLimits(2, clock=lambda: now[0])
    limits.enter("a", "1")
    limits.forgive("a", "1")
    limits.enter("a", "1")
    limits.enter("a", "1")
    with pytest.raises(Exception, match="十五分钟"):
        limits.enter("a", "1")
    limits.enter("a", "2")
    now[0] += 15 * 60 + 1
    limits.enter("a", "1")


def test_one_address_cannot_try_every_account() -> None:
    limits = SignInLimits(2)
    for number in range(20):
        limits.enter(f"user{number}", "1")
    with pytest.raises(Exception, match="十五分钟"):
        limits.enter("another", "1")
    limits.enter("another", "2")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.limits.KEYS", 100)
    limits = SignInLimits(1000)
    for number in range(1000):
        limits.enter(f"user{number}", f"address{number}")
    assert len(limits._failed) <= 100


@on_sqlite
def test_an_unknown_name_says_the_same_and_costs_the_same_hash(clerk: Door) -> None:
    known = _sign_in(clerk, "wrong-password", username="luo.ying").json()
    assert _sign_in(clerk, "wrong-password", username="nobody.here").json() == known
    with clerk.bureau.register.reading() as session:
        kept = session.get_one(Person, clerk.bureau.ids["luo.ying"]).password_hash

    def cost(hashed: str) -> str:
        return hashed.rsplit("$", 2)[0]

    assert cost(accounts._nobodys_hash()) == cost(kept or accounts._hash("any-password"))


def test_accounts_are_entered_once_and_within_reason(register: Register) -> None:
    now = datetime.now(UTC)
    with register.writing() as session:
        organ = add_organ(session, "x", name="某局", mark="某", level="county")
        below = add_organ(session, "x-1", name="某分局", mark="某分", level="station", parent="x")
        assert below.parent_id == organ.id
        person = add_person(session, "someone", name="某人", password=PASSWORD)
        assert person.id
        assert organ.id
        day = date(2026, 1, 1)
        first = grant_role(session, person.id, organ.id, Role.HEAD, valid_from=day)
        again = grant_role(
            session, person.id, organ.id, Role.HEAD, valid_from=day, valid_to=date(2026, 6, 30)
        )
        assert first.id == again.id
        for bad in (
            lambda: add_organ(session, "x", name="某局", mark="某", level="county"),
            lambda: add_person(session, "someone", name="又一人"),
            lambda: add_person(session, "weak", name="弱", password="short"),
            lambda: grant_role(
                session, person.id, organ.id, Role.HEAD, valid_from=day, valid_to=date(2025, 1, 1)
            ),
        ):
            with pytest.raises(Incomplete):
                bad()
        with pytest.raises(NotFound):
            add_organ(session, "y", name="某局", mark="某", level="county", parent="none")
        assert load_actor(session, person.id, on=date(2026, 6, 30)).holds(Role.HEAD, organ.id)
        assert not load_actor(session, person.id, on=date(2026, 7, 1)).roles
        assert PASSWORD not in person.password_hash
        token = issue_token(session, person.id, "program", now=now, expires_at=now + timedelta(hours=1))
        opened = open_session(session, person.id, now=now)
        assert authenticate(session, token, now=now, kind=TOKEN)
        assert authenticate(session, token, now=now, kind=SESSION) is None
        assert authenticate(session, token, now=now + timedelta(hours=2)) is None
        assert authenticate(session, opened.token, now=now + timedelta(hours=73)) is None
        session.get_one(Person, person.id).active = False
        session.flush()
        assert authenticate(session, token, now=now) is None
        with pytest.raises(NotFound):
            load_actor(session, person.id, on=day)
