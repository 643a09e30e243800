"""Numbers of papers: without gap, without double, and the register knows what became of each. 文号簿"""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlmodel import Session, col, select

from models.casework import number_paper, reserve_number, void_number
from models.casework.record import Act
from models.database import Register
from models.queries import number_log, number_series
from models.rules.errors import AlreadyDone, Incomplete, NotFound, NotPermitted
from models.rules.lifecycle import Stage
from models.rules.numbering import SERIES_ZH
from models.tables import Case, Document, Organ, PaperNumber, Serial
from tasks.documents.registry import _SERIES, DOCUMENTS
from tasks.office import office_work
from tests.builders import Bureau, Told, a_bureau, a_case

NOW = datetime(2026, 3, 3, 2, tzinfo=UTC)
MANAGER = "cao.ran"
WRITERS = 16


def reserved(bureau: Bureau, session: Session, told: Told | None = None, **said: str) -> PaperNumber:
    organ = session.exec(select(Organ).where(Organ.code == "zj-yx")).one()
    return reserve_number(
        session,
        organ,
        said.get("series", "权告"),
        reason=said.get("reason", "印制模板先行占号"),
        actor=bureau.actor(said.get("by", MANAGER)),
        now=NOW,
        case=session.get_one(Case, told.case_id) if told else None,
    )


def in_a_row(register: Register, series: str) -> list[PaperNumber]:
    with register.reading() as session:
        wanted = select(PaperNumber).where(PaperNumber.series == series).order_by(col(PaperNumber.number))
        return list(session.exec(wanted))


def test_every_series_of_the_papers_has_its_name(database: str) -> None:
    marks = {paper.mark: paper.zh for paper in DOCUMENTS.values() if paper.mark}
    assert set(SERIES_ZH) == set(marks) | set(_SERIES.values())
    assert {mark: SERIES_ZH[mark] for mark in marks} == marks


@pytest.mark.parametrize("database", [pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_thousand_numbers_of_sixteen_writers_have_no_gap_and_no_double(register: Register) -> None:
    """Some transactions are undone, numbers are set aside and given up meanwhile: still none is missing."""
    bureau = a_bureau(register)
    cases = [a_case(bureau, title=f"并发案件{n}号") for n in range(WRITERS)]
    with register.reading() as session:
        before = session.exec(select(Serial).where(Serial.series == "追决")).first()
    assert before is None
    gate, left, turn = threading.Barrier(WRITERS), [1000], threading.Lock()

    def more() -> bool:
        with turn:
            left[0] -= 1
            return left[0] >= 0

    def undone(told: Told) -> None:
        with suppress(ZeroDivisionError), register.writing() as session:
            number_paper(_act(session, told), "追决")
            raise ZeroDivisionError

    def write(number: int) -> list[int]:
        taken: list[int] = []
        luck = random.Random(number)  # noqa: S311
        gate.wait(30)
        while more():
            while luck.random() < 0.1:  # a paper that could not be made gives its number back
                undone(cases[number])
            with register.writing() as session:
                if luck.random() < 0.1:
                    row = reserved(bureau, session, series="追决")
                    if luck.random() < 0.5:
                        void_number(
                            session, row.id or 0, reason="不再需要", actor=bureau.actor(MANAGER), now=NOW
                        )
                else:
                    row = number_paper(_act(session, cases[number]), "追决")
                taken.append(row.number)
        return taken

    with ThreadPoolExecutor(WRITERS) as threads:
        taken = [number for some in threads.map(write, range(WRITERS)) for number in some]
    assert sorted(taken) == list(range(1, 1001))
    rows = in_a_row(register, "追决")
    assert [row.number for row in rows] == list(range(1, 1001))
    assert {row.state for row in rows} == {"used", "reserved", "void"}
    with register.reading() as session:
        [series] = [s for s in number_series(session, bureau.actor(MANAGER)) if s.series == "追决"]
    assert (series.last, series.missing) == (1000, 0)


def _act(session: Session, told: Told) -> Act:
    return Act.on(session, session.get_one(Case, told.case_id), actor=None, now=NOW)


def test_a_paper_takes_its_number_once_and_the_register_says_which(register: Register) -> None:
    told = a_case(a_bureau(register)).to(Stage.VERIFICATION)
    office_work(told.case_id)
    office_work(told.case_id)
    with register.reading() as session:
        papers = {p.id: p for p in session.exec(select(Document).where(Document.number != ""))}
        rows = session.exec(select(PaperNumber)).all()
        log = number_log(session, told.bureau.actor(MANAGER))
    assert {row.document_id for row in rows} == set(papers)
    assert {row.text for row in log} == {paper.number for paper in papers.values()}
    assert {(row.state, row.case_id) for row in rows} == {("used", told.case_id)}


def test_a_reserved_number_goes_to_the_paper_it_was_kept_for(register: Register) -> None:
    bureau = a_bureau(register)
    told, other = a_case(bureau), a_case(bureau, title="另一件案件")
    with register.writing() as session:
        assert reserved(bureau, session, told).number == 1
        assert reserved(bureau, session, told).number == 2
    with register.writing() as session:
        assert number_paper(_act(session, other), "权告").number == 3
    for expected in (1, 2, 4):
        with register.writing() as session:
            assert number_paper(_act(session, told), "权告").number == expected


def test_a_void_number_stays_void_and_is_never_given_again(register: Register) -> None:
    bureau = a_bureau(register)
    told = a_case(bureau)
    with register.writing() as session:
        row = reserved(bureau, session, told)
        key = row.id or 0
        void_number(session, key, reason="案件不再制作此文书", actor=bureau.actor(MANAGER), now=NOW)
    with register.writing() as session, pytest.raises(AlreadyDone, match="已经作废"):
        void_number(session, key, reason="再作废一次", actor=bureau.actor(MANAGER), now=NOW)
    with register.writing() as session:
        used = number_paper(_act(session, told), "权告")
        assert used.number == 2
        with pytest.raises(AlreadyDone, match="不能作废"):
            void_number(session, used.id or 0, reason="用过的文号", actor=bureau.actor(MANAGER), now=NOW)
    [first, second] = in_a_row(register, "权告")
    assert (first.state, first.void_reason, second.state) == ("void", "案件不再制作此文书", "used")


def test_only_a_manager_of_the_organ_keeps_its_numbers_and_says_why(register: Register) -> None:
    bureau = a_bureau(register)
    for refused, said in (
        (NotPermitted, {"by": "tang.wei"}),
        (Incomplete, {"reason": "  占 "}),
        (Incomplete, {"series": "无此"}),
    ):
        with pytest.raises(refused), register.writing() as session:
            reserved(bureau, session, **said)
    with register.writing() as session:
        key = reserved(bureau, session).id or 0
        with pytest.raises(NotFound):
            void_number(session, key, reason="不是负责人", actor=bureau.actor("tang.wei"), now=NOW)
        with pytest.raises(NotPermitted):
            number_log(session, bureau.actor("tang.wei"))
    assert [row.number for row in in_a_row(register, "权告")] == [1]
