"""Only what nobody refers to is removed, and only when it is old. 清理"""

import os
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from models.answers import NewEvidence
from models.casework import add_evidence
from models.database import Register
from models.files import store
from models.tables import Evidence, Replay
from tasks.office import office_work
from tasks.purge import Purged, purge
from tests.builders import Bureau, Told, a_bureau, a_case

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOTHING = Purged(replays=0, files=0)


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


@pytest.fixture
def told(bureau: Bureau) -> Told:
    """A case with evidence and a filed paper, all of it stored long ago."""
    told = a_case(bureau)
    office_work(told.case_id)
    for path in store().root.glob("??/*"):
        stored_at(path.name, NOW - timedelta(days=30))
    return told


def stored_at(sha256: str, moment: datetime) -> None:
    os.utime(store().path(sha256), (moment.timestamp(), moment.timestamp()))


def refused_upload(content: bytes, *, age: timedelta) -> str:
    sha256 = store().put(content).sha256
    stored_at(sha256, NOW - age)
    return sha256


def test_what_a_refused_upload_left_goes_after_a_day_and_what_a_case_holds_stays(told: Told) -> None:
    held = {path.name for path in store().root.glob("??/*")}
    old = refused_upload(b"nobody took it", age=timedelta(hours=25))
    young = refused_upload(b"somebody may still take it", age=timedelta(hours=23))
    part = store().root / "incoming" / "cut-off"
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    assert purge(NOW) == Purged(replays=0, files=2)
    assert {path.name for path in store().root.glob("??/*")} == held | {young}
    assert old not in held
    assert not part.exists()
    assert purge(NOW) == NOTHING
    assert len(held) == 5  # three pieces of evidence, the intake form as page and as Word file


def test_a_file_handed_in_again_is_kept_even_when_it_was_about_to_go(told: Told) -> None:
    sha256 = refused_upload(b"refused, then accepted", age=timedelta(days=3))
    again = store().put(b"refused, then accepted")
    assert not store().discard(sha256, before=NOW - timedelta(days=1))
    bureau = told.bureau
    with bureau.register.writing() as session:
        meta = NewEvidence(kind="书证", collected_by="罗颖")
        said = {"file_name": "a.txt", "media_type": "text/plain"}
        actor = bureau.actor("luo.ying")
        add_evidence(session, told.case_id, meta, again, actor=actor, now=bureau.now(), **said)
    stored_at(sha256, NOW - timedelta(days=3))
    assert purge(NOW) == NOTHING
    assert store().verify(sha256)


def test_an_empty_register_beside_a_full_store_removes_nothing(bureau: Bureau) -> None:
    sha256 = refused_upload(b"evidence of another register", age=timedelta(days=400))
    assert purge(NOW) == NOTHING
    assert store().verify(sha256)


def test_a_store_nobody_has_used_yet_has_nothing_to_remove(bureau: Bureau) -> None:
    assert purge(NOW) == NOTHING


def test_answers_kept_for_repeated_requests_go_after_a_week(bureau: Bureau) -> None:
    with bureau.register.writing() as session:
        for key, days in (("old", 8), ("young", 6)):
            made = NOW - timedelta(days=days)
            person = bureau.ids["luo.ying"]
            session.add(Replay(person_id=person, key=key, request="", status=201, body="", created_at=made))
    assert purge(NOW) == Purged(replays=1, files=0)
    assert purge(NOW) == NOTHING
    with bureau.register.reading() as session:
        assert session.exec(select(Replay.key)).all() == ["young"]
        assert session.exec(select(Evidence)).all() == []
