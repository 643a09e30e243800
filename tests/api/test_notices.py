"""Who I am, what I was told, what everybody may read. 本人、通知与公示"""

from datetime import UTC, datetime, timedelta

from models.database import Register
from models.files import store
from models.tables import Document, Notification, Publication
from tests.api.door import Door, on_sqlite, refused
from tests.builders import a_case

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def _notice(register: Register, case_id: str, slug: str, *, at: datetime, withdrawn: bool = False) -> str:
    kept = store().put(f"<h1>公示 {slug}</h1>".encode())
    with register.writing() as session:
        paper = Document(
            case_id=case_id,
            key=slug,
            kind="public-notice",
            round=1,
            title="公示",
            sha256=kept.sha256,
            size=kept.size,
            audience="public",
            filed_at=at,
        )
        session.add(paper)
        session.flush()
        session.add(
            Publication(
                case_id=case_id,
                document_id=paper.id,
                slug=slug,
                title="公示",
                published_at=at,
                withdrawn_at=at if withdrawn else None,
            )
        )
    return kept.sha256


@on_sqlite
def test_a_person_learns_own_roles_and_what_waits(door: Door) -> None:
    a_case(door.bureau)
    me = door.get("/api/me", "he.jun").json()
    assert (me["username"], me["name"], me["waiting"]) == ("he.jun", "何骏", 1)
    assert [r["zh"] for r in me["roles"]] == ["受理审查员"]
    refused(door.get("/api/me"), 401, "sign-in-required")


def test_notifications_are_those_of_the_inbox_and_nobody_elses(door: Door) -> None:
    told = a_case(door.bureau)
    with door.register.writing() as session:
        for n, (who, channel) in enumerate((("he.jun", "inbox"), ("he.jun", "mail"), ("gu.ping", "inbox"))):
            session.add(
                Notification(
                    key=f"k{n}",
                    person_id=door.bureau.ids[who],
                    case_id=told.case_id,
                    channel=channel,
                    subject=f"新待办 {n}",
                    body="受理审查",
                    state="delivered",
                    created_at=NOW + timedelta(minutes=n),
                )
            )
    mine = door.get("/api/notifications", "he.jun").json()["notifications"]
    assert [n["subject"] for n in mine] == ["新待办 0"]
    assert door.get("/api/notifications", "luo.ying").json() == {"notifications": []}


def test_anybody_reads_published_notices_page_by_page(door: Door) -> None:
    told = a_case(door.bureau)
    sha = _notice(door.register, told.case_id, "a1", at=NOW)
    _notice(door.register, told.case_id, "b2", at=NOW + timedelta(days=1))
    _notice(door.register, told.case_id, "c3", at=NOW + timedelta(days=2), withdrawn=True)
    first = door.get("/api/portal/notices?limit=1").json()
    rest = door.get(f"/api/portal/notices?limit=1&cursor={first['next']}").json()
    assert [n["slug"] for n in first["notices"] + rest["notices"]] == ["b2", "a1"]
    assert rest["next"] is None
    read = door.get("/api/portal/notices/a1").json()
    assert (read["sha256"], read["content"]) == (sha, "<h1>公示 a1</h1>")


@on_sqlite
def test_a_notice_that_is_none_withdrawn_or_changed_is_not_shown(door: Door) -> None:
    told = a_case(door.bureau)
    _notice(door.register, told.case_id, "c3", at=NOW, withdrawn=True)
    sha = _notice(door.register, told.case_id, "d4", at=NOW)
    refused(door.get("/api/portal/notices/c3"), 404, "not-found")
    refused(door.get("/api/portal/notices/zz"), 404, "not-found")
    refused(door.get("/api/portal/notices/..%5C"), 422, "validation")
    store().path(sha).write_bytes(b"changed")
    refused(door.get("/api/portal/notices/d4"), 409, "file-damaged")
