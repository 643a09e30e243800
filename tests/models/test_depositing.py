"""What officers put to a superior in advance, and the proof of it. 在先留存"""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

import zhaodan
from models.casework import Paper, attach_deposit, file_deposit, reply_deposit
from models.casework.depositing import reply_end, verify_deposits
from models.database import Register
from models.declarations import DepositReply, NewDeposit
from models.files import store
from models.holidays import calendar_of
from models.rules.deadlines import shift_workdays
from models.rules.errors import AlreadyDone, Conflict, Incomplete, NotFound, NotPermitted
from models.rules.permissions import Action, Actor, DepositFacts, may
from models.tables import Deposit, Evidence, Organ, Respondent
from tasks.purge import purge
from tests.builders import Bureau, a_bureau, a_case
from tests.models.test_verbs import rows, sound, waiting

OFFICER, SUPERIOR = "zhou.kai", "cao.ran"
SAID = {
    "kind": "inquiry",
    "to": SUPERIOR,
    "title": "关于临期食品处置的请示",
    "text": "能否先行封存？请予明确。",
}


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def station(bureau: Bureau) -> int:
    with bureau.register.reading() as session:
        return session.exec(select(Organ.id).where(Organ.code == "zj-yx-cn")).one() or 0


def filed(bureau: Bureau, by: str = OFFICER, *, paper: Paper | None = None, **said: str) -> Deposit:
    with bureau.register.writing() as session:
        new = NewDeposit.model_validate(SAID | said)
        actor, now = bureau.actor(by), bureau.now()
        return file_deposit(session, station(bureau), new, actor=actor, now=now, paper=paper)


def a_paper(content: bytes = b"%PDF-1.7 the paper itself", name: str = "请示原件.pdf") -> Paper:
    return Paper(store().put(content), name, "application/pdf")


def replied(bureau: Bureau, row: Deposit, by: str = SUPERIOR, text: str = "可以先行封存。") -> Deposit:
    with bureau.register.writing() as session:
        return reply_deposit(
            session, row.id, DepositReply(text=text), actor=bureau.actor(by), now=bureau.now()
        )


def attached(bureau: Bureau, row: Deposit, case_id: str, by: str) -> Evidence:
    with bureau.register.writing() as session:
        return attach_deposit(
            session, case_id, row.id, actor=bureau.actor(by), now=bureau.now(), files=store()
        )


def test_a_deposit_is_stamped_and_chained_and_the_same_words_are_the_same_one(bureau: Bureau) -> None:
    first = filed(bureau)
    assert filed(bureau).id == first.id
    second = filed(bureau, title="再请示")
    assert (first.seq, second.seq, second.prev_hash) == (1, 2, first.hash)
    with bureau.register.reading() as session:
        assert verify_deposits(session) == []
        due = reply_end(first, calendar_of(session))
        assert due.due_on == shift_workdays(first.filed_at.date(), 15, calendar_of(session))
        assert "建议值" in due.basis
    with bureau.register.writing() as session:
        session.get_one(Deposit, first.id).text = "改过的话。"
    with bureau.register.reading() as session:
        assert verify_deposits(session) == [first.id]


def test_only_an_officer_files_and_only_to_a_superior(bureau: Bureau) -> None:
    with pytest.raises(NotPermitted):
        filed(bureau, by="luo.ying")
    with pytest.raises(Incomplete, match="分管负责人"):
        filed(bureau, to="xu.jing")


def test_only_filer_and_addressee_see_it_and_the_addressee_answers_once(bureau: Bureau) -> None:
    row = filed(bureau)
    facts = DepositFacts(row.filed_by, row.addressed_to)
    seeing = {name for name in bureau.ids if may(bureau.actor(name), Action.SEE_DEPOSIT, deposit=facts).ok}
    assert seeing == {OFFICER, SUPERIOR}
    assert may(Actor(0, "", frozenset()), Action.SEE_DEPOSIT).hidden
    with pytest.raises(NotPermitted):
        replied(bureau, row, by=OFFICER)
    with pytest.raises(NotFound):
        replied(bureau, row, by="xu.jing")
    answered = replied(bureau, row)
    assert answered.reply_hash
    assert replied(bureau, row).replied_at == answered.replied_at
    with pytest.raises(AlreadyDone):
        replied(bureau, row, text="不可以。")


@pytest.mark.parametrize(
    ("days", "answer", "how"),
    [(1, False, "尚在答复期内"), (40, False, "答复期届满未答复"), (3, True, "已在答复期内答复"), (40, True, "答复期届满后才答复")],
)  # fmt: skip
def test_in_a_case_it_is_evidence_of_what_was_asked_and_whether_it_was_answered(
    bureau: Bureau, days: int, answer: bool, how: str
) -> None:
    told = a_case(bureau)
    waiting(told, "statement")
    officer = bureau.username(rows(told, Respondent)[0].person_id)
    row = filed(bureau, by=officer, paper_sha256="a" * 64)
    bureau.clock += timedelta(days=days)
    if answer:
        replied(bureau, row)
    piece = attached(bureau, row, told.case_id, officer)
    assert attached(bureau, row, told.case_id, officer).id == piece.id
    assert how in piece.proves
    text = store().path(piece.sha256).read_text(encoding="utf-8")
    assert hashlib.sha256(text.encode()).hexdigest() == piece.sha256
    for said in (how, SAID["text"], row.hash, "a" * 64, "建议值"):
        assert said in text
    sound(told)


def test_the_investigator_brings_in_what_an_officer_concerned_deposited_and_nobody_anything_else(
    bureau: Bureau,
) -> None:
    told = a_case(bureau)
    waiting(told, "statement")
    officer = bureau.username(rows(told, Respondent)[0].person_id)
    own, others = filed(bureau, by=officer), filed(bureau, by="hou.yi")
    investigator = "tang.wei"
    with pytest.raises(NotFound):
        attached(bureau, others, told.case_id, investigator)
    with pytest.raises(NotFound):
        attached(bureau, own, told.case_id, SUPERIOR)
    with pytest.raises(NotFound):
        attached(bureau, others, told.case_id, "hou.yi")
    before = len(rows(told, Evidence))
    attached(bureau, own, told.case_id, investigator)
    assert len(rows(told, Evidence)) == before + 1
    with bureau.register.writing() as session:
        session.get_one(Deposit, own.id).title = "改过的标题"
    with pytest.raises(Conflict, match="校验值"):
        attached(bureau, own, told.case_id, officer)
    sound(told)


def test_verifying_the_register_names_a_deposit_that_was_changed(
    bureau: Bureau, capsys: pytest.CaptureFixture[str]
) -> None:
    row = filed(bureau)
    assert zhaodan.main(["verify"]) == 0
    with bureau.register.writing() as session:
        session.get_one(Deposit, row.id).text = "改过的话。"
    assert zhaodan.main(["verify"]) == 1
    assert row.id in capsys.readouterr().out


def test_the_paper_is_part_of_the_chain_and_of_what_makes_a_deposit_the_same(bureau: Bureau) -> None:
    paper = a_paper()
    first = filed(bureau, paper=paper)
    assert (first.paper_sha256, first.size) == (paper.stored.sha256, paper.stored.size)
    assert filed(bureau, paper=paper).id == first.id
    assert filed(bureau).id != first.id  # without the paper it is another deposit
    assert filed(bureau, paper=a_paper(b"%PDF-1.7 another")).id != first.id
    with bureau.register.reading() as session:
        assert verify_deposits(session) == []
    with bureau.register.writing() as session:
        session.get_one(Deposit, first.id).file_name = "别的文件.pdf"
    with bureau.register.reading() as session:
        assert verify_deposits(session) == [first.id]


def test_a_paper_of_another_hash_than_the_one_named_is_refused(bureau: Bureau) -> None:
    with pytest.raises(Incomplete, match="与上传的文件不符"):
        filed(bureau, paper=a_paper(), paper_sha256="a" * 64)
    paper = a_paper()
    assert filed(bureau, paper=paper, paper_sha256=paper.stored.sha256).file_name == "请示原件.pdf"


def test_in_a_case_the_paper_is_a_piece_of_its_own_and_a_changed_one_is_refused(bureau: Bureau) -> None:
    told = a_case(bureau)
    waiting(told, "statement")
    officer = bureau.username(rows(told, Respondent)[0].person_id)
    paper = a_paper()
    row = filed(bureau, by=officer, paper=paper)
    before = len(rows(told, Evidence))
    piece = attached(bureau, row, told.case_id, officer)
    attached(bureau, row, told.case_id, officer)
    pieces = rows(told, Evidence)[before:]
    assert [e.sha256 for e in pieces] == [piece.sha256, paper.stored.sha256]
    assert (pieces[1].file_name, pieces[1].media_type) == ("请示原件.pdf", "application/pdf")
    assert "所附文件：请示原件.pdf" in store().path(piece.sha256).read_text(encoding="utf-8")
    sound(told)
    other = filed(bureau, by=officer, title="再请示", paper=a_paper(b"%PDF-1.7 another"))
    store().path(other.paper_sha256).write_bytes(b"changed")
    with pytest.raises(Conflict, match="所附文件"):
        attached(bureau, other, told.case_id, officer)
    assert len(rows(told, Evidence)) == before + 2


def test_the_paper_of_a_deposit_is_never_purged(bureau: Bureau) -> None:
    kept, left = a_paper(), store().put(b"of an upload that was refused")
    filed(bureau, paper=kept)
    purge(datetime.now(UTC) + timedelta(days=2))
    assert store().verify(kept.stored.sha256)
    assert not store().path(left.sha256).exists()
