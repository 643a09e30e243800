"""Votes lie sealed in the ballot box: no row, draft, event or paper tells one before the chair closes. 票箱"""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, select

from models.casework import save_draft
from models.database import Register
from models.queries import draft_of
from models.rules.lifecycle import Stage
from models.tables import Ballot, WorkItem
from models.vault import VaultClosed, ballot_key_path
from tests.builders import Bureau, Told, a_bureau, a_case

SECRET = "此人一向马虎，我主张追究。"


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def at_the_ballot(bureau: Bureau) -> tuple[Told, WorkItem]:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    return told, next(i for i in told.open_items() if i.kind == "ballot")


def against(told: Told) -> dict[str, object]:
    """A vote whose words stand nowhere else."""
    return {
        "votes": [
            {"respondent": r, "outcome": "accountable", "reason": SECRET} for r in told.respondents.values()
        ]
    }


def everything(bureau: Bureau) -> Iterator[str]:
    """Every row of every table, as somebody sees it who reads the register."""
    with bureau.register.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                yield f"{table.name} {tuple(row)}"


def test_whoever_reads_the_whole_register_learns_no_vote_until_the_box_is_opened(bureau: Bureau) -> None:
    told, item = at_the_ballot(bureau)
    actor = bureau.actor(told.who(item))
    with bureau.register.writing() as session:
        save_draft(session, item.id, against(told), actor=actor, now=bureau.now())
    assert not [row for row in everything(bureau) if SECRET in row or "马虎" in row], "a draft of it"
    with bureau.register.reading() as session:
        assert draft_of(session, actor, item.id) == against(told), "its writer reads it"
        assert draft_of(session, bureau.actor("cao.ran"), item.id) is None
    told.answer(item, against(told))
    assert not [row for row in everything(bureau) if SECRET in row or "马虎" in row]
    with bureau.register.reading() as session:
        cast = session.exec(select(Ballot).where(Ballot.case_id == told.case_id)).all()
    assert len(cast) == len(told.respondents)
    assert {(b.outcome, b.reason, b.salt) for b in cast} == {("", "", "")}
    assert all(b.sealed for b in cast)
    assert told.answer(told.item("ballot", item.slot), against(told), by=told.who(item)).state == "done", (
        "twice"
    )
    told.to(Stage.DECISION)
    with bureau.register.reading() as session:
        opened = session.exec(select(Ballot).where(Ballot.case_id == told.case_id)).all()
    assert {b.reason for b in opened if b.person_id == actor.person_id} == {SECRET}
    assert {b.sealed for b in opened} == {""}


def test_without_its_key_no_box_is_opened_and_nothing_else_is_lost(bureau: Bureau) -> None:
    told, item = at_the_ballot(bureau)
    told.answer(item, against(told))
    told.go_on(lambda t: [i.kind for i in t.open_items()] == ["close-session"])
    key = ballot_key_path().read_bytes()
    ballot_key_path().unlink()
    closing = told.item("close-session")
    with pytest.raises(VaultClosed, match="表决票"):
        told.answer(closing)
    assert told.case().stage == Stage.REVIEW
    ballot_key_path().write_bytes(key)
    ballot_key_path().chmod(0o600)
    told.answer(told.item("close-session"))
    assert told.case().stage == Stage.DECISION


def test_a_key_that_others_can_read_seals_nothing(bureau: Bureau) -> None:
    told, item = at_the_ballot(bureau)
    told.answer(item, against(told))
    other = next(i for i in told.open_items() if i.kind == "ballot")
    ballot_key_path().chmod(0o644)
    with pytest.raises(VaultClosed, match="其他账户"):
        told.answer(other, against(told))
    ballot_key_path().chmod(0o600)
    assert told.answer(other, against(told)).state == "done"
