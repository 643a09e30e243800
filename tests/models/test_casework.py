"""Many hands on one case: one act, one transaction, one event, whoever comes first. 并发办理"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from models.answers import ItemVerb, NewCase
from models.casework import answer_work_item, handle_item, open_case, save_draft, verify_all
from models.database import Register
from models.rules.errors import AlreadyDone, CaseworkError, Incomplete, NotFound, NotPermitted
from models.rules.lifecycle import Stage
from models.rules.verbs import Verb
from models.tables import Ballot, Case, Event, WorkItem
from tests.builders import Bureau, Told, a_bureau, a_case


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do these at the same moment; what each returned or was refused with."""
    gate = threading.Barrier(len(acts))

    def act(do: Callable[[], Any]) -> Any:
        gate.wait(10)
        try:
            return do()
        except CaseworkError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))


def answering(told: Told, item: WorkItem, content: Mapping[str, Any], by: str) -> Callable[[], WorkItem]:
    actor, now = told.bureau.actor(by), told.bureau.now()

    def do() -> WorkItem:
        with told.bureau.register.writing() as session:
            return answer_work_item(session, item.id, content, actor=actor, now=now)

    return do


def events(told: Told) -> Sequence[Event]:
    with told.bureau.register.reading() as session:
        return session.exec(select(Event).where(Event.case_id == told.case_id).order_by(Event.seq)).all()


def holds(bureau: Bureau) -> bool:
    with bureau.register.reading() as session:
        return all(link is None for _, link in verify_all(session))


def test_of_two_different_answers_at_once_one_wins(bureau: Bureau) -> None:
    told = a_case(bureau)
    item, before = told.item("screening"), len(events(told))
    accept = told.content(item)
    decline = {"verdict": "decline", "reason": "不属于本机关职责范围。"}
    results = at_once(answering(told, item, accept, "he.jun"), answering(told, item, decline, "he.jun"))
    (lost,) = [r for r in results if isinstance(r, CaseworkError)]
    assert isinstance(lost, AlreadyDone)
    assert len(events(told)) == before + 1
    assert told.case().stage in (Stage.VERIFICATION, Stage.ARCHIVE)
    assert holds(bureau)


def test_the_same_answer_twice_at_once_is_one_act(bureau: Bureau) -> None:
    told = a_case(bureau)
    item, before = told.item("screening"), len(events(told))
    results = at_once(*[answering(told, item, told.content(item), "he.jun")] * 3)
    assert {r.id for r in results} == {item.id}
    assert len(events(told)) == before + 1
    assert holds(bureau)


def test_four_members_vote_at_once_and_the_chair_after_them_and_every_vote_counts_once(
    bureau: Bureau,
) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    ballots = [i for i in told.open_items() if i.kind == "ballot"]
    before = len(events(told))
    results = at_once(*(answering(told, i, told.content(i), told.who(i)) for i in ballots))
    assert [r for r in results if isinstance(r, CaseworkError)] == []
    for last in told.ballots():
        ballots.append(last)
        told.answer(last)
    assert told.who(ballots[-1]) == told.who(told.item("close-session"))
    with bureau.register.reading() as session:
        cast = session.exec(select(Ballot).where(Ballot.case_id == told.case_id)).all()
    assert len(cast) == len(ballots) * len(told.respondents)
    assert [e.seq for e in events(told)] == list(range(1, before + len(ballots) + 1))
    assert holds(bureau)


def test_the_chair_closing_while_a_member_takes_a_vote_back_never_loses_a_vote(bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    first = told.item("ballot")
    for item in told.ballots():
        told.answer(item)
    closing = told.item("close-session")

    def take_back() -> object:
        with bureau.register.writing() as session:
            who = bureau.actor(told.who(first))
            return handle_item(session, first.id, Verb.WITHDRAW, ItemVerb(), actor=who, now=bureau.now())

    close = answering(told, closing, told.content(closing), told.who(closing))
    taken_back, closed = at_once(take_back, close)
    assert not isinstance(closed, CaseworkError)  # four votes are a quorum of five
    assert told.case().stage == Stage.DECISION
    with bureau.register.reading() as session:
        cast = session.exec(select(Ballot).where(Ballot.case_id == told.case_id)).all()
    # A vote that is taken back too late is told so; it still counts.
    late = isinstance(taken_back, CaseworkError)
    assert len(cast) == (5 if late else 4) * len(told.respondents)
    assert holds(bureau)


def test_the_chair_votes_last_and_closes_after_voting(bureau: Bureau) -> None:
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    closing, seen = told.item("close-session"), []
    chair = told.who(closing)
    for item in told.ballots():
        seen.append(told.who(item))
        if len(seen) == 5:
            with pytest.raises(Incomplete, match="主持人本人还没有表决"):
                told.answer(closing)
        told.answer(item)
    assert seen[-1] == chair
    assert chair not in seen[:-1]
    told.answer(closing)
    assert told.case().stage == Stage.DECISION


def test_cases_registered_at_once_are_numbered_without_gap(bureau: Bureau) -> None:
    new = NewCase.model_validate(dict(a_case(bureau, "r1").story.case))
    actor, now = bureau.actor("luo.ying"), bureau.now()

    def register_one() -> int:
        with bureau.register.writing() as session:
            return open_case(session, new, actor=actor, now=now).number

    assert sorted(at_once(*[register_one] * 6)) == [2, 3, 4, 5, 6, 7]


def test_a_number_goes_back_when_its_registration_fails(bureau: Bureau) -> None:
    first = a_case(bureau, "r1")
    new = NewCase.model_validate(dict(first.story.case))

    def fail() -> None:
        with bureau.register.writing() as session:
            open_case(session, new, actor=bureau.actor("luo.ying"), now=bureau.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert a_case(bureau, "r1").case().number == 2
    with bureau.register.reading() as session:
        assert len(session.exec(select(Case)).all()) == 2


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"organ": "nowhere"}, NotFound),
        ({"organ": "zj"}, NotPermitted),
        ({"conduct_on": "2199-01-01"}, Incomplete),
        ({"respondents": [{"username": "nobody", "post": "handler", "unit": "分局"}]}, NotFound),
        ({"respondents": [{"username": "luo.ying", "post": "handler", "unit": "分局"}]}, Incomplete),
        ({"allegations": [{"text": "不作为", "username": "xu.jing"}]}, Incomplete),
        (
            {
                "respondents": [
                    {"username": "lou.ming", "post": p, "unit": "分局"} for p in ("handler", "reviewer")
                ]
            },
            Incomplete,
        ),
    ],
)
def test_a_registration_that_cannot_be_leaves_nothing(
    bureau: Bureau, change: dict[str, Any], refusal: type[CaseworkError]
) -> None:
    with pytest.raises(refusal) as refused:
        a_case(bureau, "r1", **change)
    assert str(refused.value)
    with bureau.register.reading() as session:
        assert session.exec(select(Case)).all() == []
    if refusal is not NotPermitted:
        assert a_case(bureau, "r1").case().number == 1


def test_findings_must_carry_evidence_and_the_conclusion(bureau: Bureau) -> None:
    told = a_case(bureau, "r1").to(Stage.VERIFICATION)
    item = told.item("investigation")
    said = told.content(item)
    finding = said["findings"][0]
    wrong: list[tuple[dict[str, Any], type[CaseworkError]]] = [
        ({"facts": []}, Incomplete),  # unfounded, and nobody says that it is untrue
        ({"findings": [finding | {"evidence": []}]}, Incomplete),
        ({"findings": [finding | {"evidence": [99]}]}, NotFound),
        ({"findings": [finding | {"duty": "PEN-999"}]}, NotFound),
        ({"findings": [finding | {"respondent": 10**6}]}, NotFound),
        ({"findings": [finding, finding]}, Incomplete),
        ({"conclusion": "complete", "findings": []}, Incomplete),
        ({"conclusion": "transfer"}, Incomplete),
    ]
    before = told.case().model_dump()
    for change, refusal in wrong:
        with pytest.raises(refusal):
            told.answer(item, said | change)
    assert told.case().model_dump() == before
    told.answer(item, said)


def test_a_clause_the_reviewer_passes_over_or_invents_is_refused(bureau: Bureau) -> None:
    told = a_case(bureau).to(Stage.MATCHING)
    item = told.item("legal-review")
    said = told.content(item)
    first = said["clauses"][0]
    before = told.case().model_dump()
    for clauses, refusal in (
        (said["clauses"][1:], Incomplete),
        ([*said["clauses"], first], Incomplete),
        ([*said["clauses"], first | {"clause": "exempt-99"}], NotFound),
    ):
        with pytest.raises(refusal):
            told.answer(item, said | {"clauses": clauses})
    none_confirmed = [c | {"confirmed": False} for c in said["clauses"]]
    with pytest.raises(Incomplete, match="免于追究"):
        told.answer(item, said | {"clauses": none_confirmed})
    assert told.case().model_dump() == before


def test_a_draft_binds_nobody_and_belongs_to_who_may_answer(bureau: Bureau) -> None:
    told = a_case(bureau)
    item, before = told.item("screening"), told.case().model_dump()
    for text in ("先写一半", "再写一半"):
        with bureau.register.writing() as session:
            draft = save_draft(
                session, item.id, {"reason": text}, actor=bureau.actor("he.jun"), now=bureau.now()
            )
    assert draft.content == {"reason": "再写一半"}
    with pytest.raises(CaseworkError), bureau.register.writing() as session:
        save_draft(session, item.id, {}, actor=bureau.actor("zhou.kai"), now=bureau.now())
    assert told.case().model_dump() == before


def test_conduct_that_no_edition_governs_is_refused_in_words_and_leaves_nothing(bureau: Bureau) -> None:
    early = datetime(2018, 6, 1, tzinfo=UTC)
    case = dict(a_case(bureau).story.case) | {"conduct_on": "2018-01-01"}
    before = len(cases(bureau))
    with pytest.raises(Incomplete, match="没有施行中的手册版次"), bureau.register.writing() as session:
        open_case(session, NewCase.model_validate(case), actor=bureau.actor("luo.ying"), now=early)
    assert len(cases(bureau)) == before


def cases(bureau: Bureau) -> Sequence[Case]:
    with bureau.register.reading() as session:
        return session.exec(select(Case)).all()
