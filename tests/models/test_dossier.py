"""The read model of a whole case: complete, sealed where it must be, and cheap to read. 案卷"""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from models.casework.record import link_hash
from models.database import Register
from models.dossier import Dossier, case_number, clause_label, day, load_dossier, shown
from models.rules.errors import NotFound
from models.rules.lifecycle import Kind, Stage
from models.rules.permissions import Part
from models.tables import Event, Evidence
from tests.builders import Told, a_bureau, a_case


def read(told: Told, round: int | None = None) -> Dossier:
    """The dossier of a story's case."""
    with told.bureau.register.reading() as session:
        return load_dossier(session, told.case_id, round)


def test_a_case_number_reads_as_people_write_it() -> None:
    assert case_number("赣市监", 2026, 3) == "赣市监责〔2026〕3号"


def test_moments_are_shown_in_china_and_days_in_arabic_figures() -> None:
    late = datetime(2026, 11, 24, 16, 4, tzinfo=UTC)
    assert shown(late) == "2026-11-25 00:04"
    assert day(late) == "2026年11月25日"
    assert (shown(None), day(None)) == ("", "")


@pytest.mark.parametrize(
    ("clause", "label"),
    [
        ("mitigate-3", "五（二）1第（3）项"),
        ("exempt-03", "五（二）2第（3）项"),
        ("exempt-19", "五（二）2第（19）项"),
        ("exempt-20", "五（二）3第（20）项"),
        ("exempt-41", "五（二）3第（41）项"),
    ],
)
def test_a_clause_is_cited_by_the_list_it_stands_in(clause: str, label: str) -> None:
    assert clause_label(clause) == label


def test_a_closed_case_is_read_whole_with_names_and_texts(register: Register) -> None:
    told = a_case(a_bureau(register)).to_the_end()
    found = read(told)
    case = told.case()
    assert found.number == case_number(found.organ_mark, case.year, case.number)
    assert [r.id for r in found.respondents] == list(told.respondents.values())
    assert all(r.name and r.unit for r in found.respondents)
    assert found.allegations
    assert [e.number for e in found.evidence] == list(range(1, len(told.story.evidence) + 1))
    assert all(f.requirement and f.basis for f in found.findings)
    assert all(f.question.endswith("？") for f in found.facts)
    assert len({f.zh for f in found.factors}) == 6
    assert all(m.text and m.reasons for m in found.matches)
    assert any(m.confirmed and m.confirmed_by for m in found.matches)
    assert all(d.outcome_zh and d.signed_by and d.signed_at for d in found.decisions)
    assert {d.respondent_id for d in found.decisions} == set(told.respondents.values())
    assert len(found.people[Part.INVESTIGATOR.value]) == 2
    assert sum(seat.chair for seat in found.seats) == 1
    assert len(found.ballots) == len(told.respondents) * sum(s.state == "sitting" for s in found.seats)
    assert all(b.name and b.reason for b in found.ballots)
    assert found.answer(Kind.INVESTIGATION) is not None
    assert found.periods["objection"].mark == "建议值"
    assert str(found.periods["objection"]) == "30日（建议值）"
    assert (len(found.timeline), found.timeline[-1].hash) == (case.events, case.head)


def test_the_chain_can_be_checked_from_the_timeline_alone(register: Register) -> None:
    told = a_case(a_bureau(register))
    previous = ""
    for link in read(told).timeline:
        event = Event(
            case_id=told.case_id,
            seq=link.seq,
            tag=link.tag,
            actor_id=link.actor_id,
            on_behalf_of=link.on_behalf_of,
            at=link.at,
            reason=link.reason,
            data=dict(link.data),
            prev_hash=link.prev_hash,
            hash=link.hash,
        )
        assert link_hash(previous, event) == link.hash
        previous = link.hash


def test_ballots_stay_sealed_until_the_chair_has_closed_the_session(register: Register) -> None:
    told = a_case(a_bureau(register))
    told.go_on(lambda t: any(kind == "ballot" for kind, _ in t.answered))
    assert read(told).ballots == ()
    told.to(Stage.DECISION)
    assert read(told).ballots


def test_a_new_round_keeps_what_was_found_and_starts_without_a_decision(register: Register) -> None:
    told = a_case(a_bureau(register)).to_the_end()
    with register.writing() as session:
        case = session.merge(told.case())
        case.round = 2
    now, before = read(told), read(told, 1)
    assert now.findings == before.findings
    assert now.findings
    assert now.answer(Kind.INVESTIGATION) == before.answer(Kind.INVESTIGATION)
    assert (now.decisions, now.ballots, now.seats) == ((), (), ())
    assert before.decisions


def test_a_large_case_costs_no_more_queries_than_a_small_one(register: Register) -> None:
    told = a_case(a_bureau(register))
    small = _queries(register, told.case_id)
    with register.writing() as session:
        _add_evidence(session, told, count=60)
    assert _queries(register, told.case_id) == small
    assert len(read(told).evidence) > 60


def test_a_case_nobody_registered_is_not_found(register: Register) -> None:
    with register.reading() as session, pytest.raises(NotFound, match="查无此案"):
        load_dossier(session, "0" * 32)


def _add_evidence(session: Session, told: Told, *, count: int) -> None:
    moment = told.bureau.now()
    session.add_all(
        Evidence(
            case_id=told.case_id,
            number=100 + n,
            sha256=f"{n:064}",
            size=1,
            media_type="text/plain",
            file_name=f"{n}.txt",
            kind="书证",
            collected_by="某",
            collected_at=moment,
            added_by=told.bureau.ids["luo.ying"],
            added_at=moment,
        )
        for n in range(count)
    )


def _queries(register: Register, case_id: str) -> int:
    seen: list[str] = []

    def count(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    sa.event.listen(register.engine, "before_cursor_execute", count)
    try:
        with register.reading() as session:
            load_dossier(session, case_id)
    finally:
        sa.event.remove(register.engine, "before_cursor_execute", count)
    return len([statement for statement in seen if statement.lstrip().startswith("SELECT")])
