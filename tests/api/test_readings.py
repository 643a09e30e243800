"""Who has read a file, and who is told. 查阅记录"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlmodel import col, select

import models.database
import models.settings
from api.deps import clock
from api.read_log import PAUSE_S, ReadLog
from models.database import Register
from models.readings import Look, ReadKind, enter_readings
from models.rules.deadlines import beijing_day
from models.rules.lifecycle import Stage
from models.tables import Evidence, Reading
from tests.api.door import Door, refused
from tests.builders import a_bureau, a_case


def rows(register: Register) -> list[tuple[str, int, int, str, int]]:
    with register.reading() as session:
        found = session.exec(select(Reading).order_by(col(Reading.id)))
        return [(r.kind, r.object_id, r.person_id, r.capacity, r.times) for r in found]


def test_a_reading_is_on_record_before_it_is_shown_and_repeats_are_counted(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    with door.register.reading() as session:
        piece = session.exec(select(Evidence.id).where(Evidence.case_id == told.case_id)).first()
    reader = door.bureau.ids["tang.wei"]
    assert door.get(f"/api/cases/{told.case_id}", "tang.wei").status_code == 200
    assert rows(door.register) == [("case", 0, reader, "investigator", 1)]
    assert door.get(f"/api/evidence/{piece}", "tang.wei").status_code == 200
    for path in ("timeline", "weighing"):
        assert door.get(f"/api/cases/{told.case_id}/{path}", "tang.wei").status_code == 200
    assert door.get(f"/cases/{told.case_id}", "tang.wei").status_code == 200
    door.app.state.read_log.flush()
    door.app.state.read_log.flush()
    assert rows(door.register) == [
        ("case", 0, reader, "investigator", 4),
        ("evidence", piece, reader, "investigator", 1),
    ]
    listed = door.get(f"/api/cases/{told.case_id}/readings", "cao.ran").json()
    today = beijing_day(clock()).isoformat()
    assert [(r["day"], r["name"], r["capacity_zh"], r["read"], r["times"]) for r in listed] == [
        (today, "唐蔚", "调查人员", ["案卷", "证据1"], 5)
    ]


def test_what_is_refused_leaves_no_reading_and_one_s_own_matters_are_no_file(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.VERIFICATION)
    for stranger in ("lou.ming", "gu.ping"):
        refused(door.get(f"/api/cases/{told.case_id}", stranger), 404, "not-found")
        refused(door.get(f"/api/cases/{told.case_id}/readings", stranger), 404, "not-found")
    refused(door.get(f"/api/cases/{told.case_id}/weighing", "zhou.kai"), 403, "not-permitted")
    assert door.get(f"/api/cases/{told.case_id}", "zhou.kai").json()["may_see_readers"] is False
    assert rows(door.register) == []
    refused(door.get(f"/api/cases/{told.case_id}/readings", "tang.wei"), 403, "not-permitted")


def test_the_officer_is_told_who_has_read_the_file_once_the_decision_is_served(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.DECISION)
    for reader in ("tang.wei", "cao.ran", "cao.ran"):
        assert door.get(f"/cases/{told.case_id}", reader).status_code == 200
    problem = refused(door.get(f"/api/cases/{told.case_id}/readings", "zhou.kai"), 403, "not-permitted")
    assert "送达" in problem["detail"]
    assert "决定送达您之后" in door.get(f"/cases/{told.case_id}", "zhou.kai").text
    told.go_on(lambda t: any(i.kind == "service-receipt" for i in t.open_items()))
    told.answer(told.item("service-receipt", str(told.respondents["zhou.kai"])))
    with door.register.writing() as session:
        look = Look(told.case_id, door.bureau.ids["he.jun"], ReadKind.IDENTITY, 0, beijing_day(clock()))
        enter_readings(session, {look: (1, "screener")})
    listed = door.get(f"/api/cases/{told.case_id}/readings", "zhou.kai").json()
    assert {(r["name"], r["capacity_zh"]) for r in listed} == {("唐蔚", "调查人员"), ("曹然", "分管负责人")}
    assert {(tuple(r["read"]), r["times"]) for r in listed} == {((), 0)}
    page = door.get(f"/cases/{told.case_id}", "zhou.kai").text
    assert "唐蔚" in page
    refused(door.get(f"/api/cases/{told.case_id}/readings", "xu.jing"), 403, "not-permitted")


def test_looks_of_other_days_and_other_things_are_rows_of_their_own(register: Register) -> None:
    bureau = a_bureau(register)
    case_id, reader = a_case(bureau).case_id, bureau.ids["cao.ran"]
    looks = {
        Look(case_id, reader, kind, number, day): (2, "manager")
        for kind, number in ((ReadKind.CASE, 0), (ReadKind.DOCUMENT, 7))
        for day in (date(2026, 3, 2), date(2026, 3, 3))
    }
    for _ in range(2):
        with register.writing() as session:
            enter_readings(session, looks)
    assert [row[-1] for row in rows(register)] == [4, 4, 4, 4]


def test_a_first_look_that_cannot_be_written_is_not_taken_for_written(register: Register) -> None:
    bureau = a_bureau(register)
    log, day = ReadLog(), date(2026, 3, 2)
    look = Look(a_case(bureau).case_id, bureau.ids["cao.ran"], ReadKind.CASE, 0, day)

    def broken() -> str:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        log.note(look, broken)
    log.note(look, lambda: "manager")
    assert [row[-1] for row in rows(register)] == [1]


def test_repeats_are_written_by_the_next_reader_after_a_while(register: Register) -> None:
    bureau, now = a_bureau(register), [0.0]
    log = ReadLog(tick=lambda: now[0])
    look = Look(a_case(bureau).case_id, bureau.ids["cao.ran"], ReadKind.CASE, 0, date(2026, 3, 2))
    for _ in range(3):
        log.note(look, lambda: "manager")
    assert [row[-1] for row in rows(register)] == [1]
    now[0] = PAUSE_S + 1
    log.note(look, lambda: "manager")
    assert [row[-1] for row in rows(register)] == [4]


def test_more_readers_than_connections_look_for_the_first_time_at_once(
    register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The request still holds the connection it reads on when its look is written.
    monkeypatch.setenv("ZHAODAN_POOL_SIZE", "1")
    models.settings.settings.cache_clear()
    models.database.register.cache_clear()
    narrow = models.database.register()
    door = Door(narrow)
    cases = [a_case(door.bureau).case_id for _ in range(12)]
    with door.client, ThreadPoolExecutor(len(cases)) as many:
        answers = list(many.map(lambda case_id: door.get(f"/api/cases/{case_id}", "cao.ran"), cases))
    narrow.close()
    assert {answer.status_code for answer in answers} == {200}
    assert [(kind, times) for kind, _, _, _, times in rows(register)] == [("case", 1)] * len(cases)


def test_a_reading_keeps_ids_and_no_words() -> None:
    assert set(Reading.model_fields) == {
        "id",
        "case_id",
        "person_id",
        "kind",
        "object_id",
        "day",
        "capacity",
        "times",
    }
