"""A panel asks for more facts about one officer: about the other it has decided, and that stays. 补充核实"""

from typing import Any

import pytest

from models.casework import replay, verify_all
from models.database import Register
from models.rules.errors import Incomplete
from models.rules.lifecycle import Stage
from models.rules.verbs import CaseVerb, Verb
from models.tables import Ballot, Decision, Effect, Seat, WorkItem
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.models.test_verbs import do, do_case, rows


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def votes(told: Told, settled: str = "exempt", *, about: tuple[str, ...] = ("zhou.kai", "xu.jing")) -> Any:
    said = {"zhou.kai": settled, "xu.jing": "supplement"}
    return {
        "votes": [
            {"respondent": told.respondents[who], "outcome": said[who], "reason": "按证据判断。"}
            for who in about
        ]
    }


def sent_back(bureau: Bureau) -> Told:
    """A case whose panel has settled one officer and wants more facts about the other."""
    told = a_case(bureau).go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))
    for item in told.ballots():
        told.answer(item, votes(told))
    told.answer(told.item("close-session"), {"summary": "对许静的事实尚不清楚。"})
    assert (told.case().stage, told.case().round) == ("verification", 2)
    return told


def asked(told: Told, kind: str, round: int) -> list[str]:
    found = [i for i in rows(told, WorkItem) if (i.kind, i.round) == (kind, round)]
    names = {rid: who for who, rid in told.respondents.items()}
    return sorted(names[i.respondent_id] for i in found)


def again_to_the_vote(told: Told) -> Told:
    return told.go_on(lambda t: any(i.kind == "ballot" for i in t.open_items()))


def final(told: Told) -> Told:
    for item in told.ballots():
        told.answer(
            item,
            {
                "votes": [
                    {"respondent": told.respondents["xu.jing"], "outcome": "exempt", "reason": "补充后清楚。"}
                ]
            },
        )
    told.answer(told.item("close-session"), {"summary": "补充核实后已经查清。"})
    assert told.case().stage == Stage.DECISION
    return told


def test_only_the_officer_whose_facts_were_wanting_is_heard_and_voted_on_again(bureau: Bureau) -> None:
    told = again_to_the_vote(sent_back(bureau))
    assert asked(told, "statement", 1) == asked(told, "notice-of-intent", 1) == ["xu.jing", "zhou.kai"]
    assert asked(told, "statement", 2) == asked(told, "notice-of-intent", 2) == ["xu.jing"]
    notices = [p for p in rows(told, Effect) if p.kind == "document" and p.subject == "intent-notice"]
    assert len(notices) == 3
    ballot = told.item("ballot")
    with pytest.raises(Incomplete, match="共 1 名"):
        told.answer(ballot, votes(told))
    final(told)
    decisions = {(d.round, d.respondent_id): d for d in rows(told, Decision)}
    kept = decisions[(2, told.respondents["zhou.kai"])]
    assert kept.proposed == "exempt"
    assert kept.tally["reasons"][-1].startswith("第1轮审议已经形成结论")
    assert kept.tally["counts"] == {"exempt": 5}
    cast = [b for b in rows(told, Ballot) if b.round == 2]
    assert len(cast) == 10
    assert {b.sealed for b in cast} == {""}


def test_the_same_panel_goes_on_without_whoever_may_not_sit_any_more(bureau: Bureau) -> None:
    told = sent_back(bureau)
    before = {s.person_id: s.position for s in rows(told, Seat) if s.state == "sitting"}
    leaving = next(iter(before))
    do_case(told, CaseVerb.CHALLENGE, "zhou.kai", to=bureau_name(told, leaving))
    ruling = told.item("recusal-ruling")
    granted = {"granted": True, "person": bureau.username(leaving), "reason": "有利害关系。"}
    told.answer(ruling, granted, by=told.who(ruling))
    again_to_the_vote(told)
    now = {s.person_id for s in rows(told, Seat) if s.round == 2 and s.state == "sitting"}
    assert len(now) == 5
    assert before.keys() - {leaving} < now
    assert leaving not in now
    final(told)


def bureau_name(told: Told, person: int) -> str:
    return told.bureau.actor(told.bureau.username(person)).name


def test_new_facts_about_the_settled_officer_open_the_matter_again(bureau: Bureau) -> None:
    told = sent_back(bureau)
    item = told.item("investigation")
    said = told.content(item)
    own = told.respondents["zhou.kai"]
    changed = [
        fact | {"evidence": sorted({*fact["evidence"], 1, 2})} if fact["respondent"] == own else fact
        for fact in said["facts"]
    ]
    assert changed != said["facts"]
    told.answer(item, said | {"facts": changed})
    again_to_the_vote(told)
    assert asked(told, "statement", 2) == ["xu.jing", "zhou.kai"]
    for ballot in told.ballots():
        told.answer(ballot, votes(told))
    assert [d for d in rows(told, Decision) if d.round == 2] == []


def test_another_supplement_keeps_what_was_settled_and_the_whole_can_be_replayed(bureau: Bureau) -> None:
    told = again_to_the_vote(sent_back(bureau))
    for item in told.ballots():
        told.answer(item, votes(told, about=("xu.jing",)))
    told.answer(told.item("close-session"), {"summary": "仍不清楚。"})
    assert told.case().round == 3
    final(again_to_the_vote(told)).to_the_end()
    assert told.case().state == "archived"
    kept = next(
        d for d in rows(told, Decision) if (d.round, d.respondent_id) == (3, told.respondents["zhou.kai"])
    )
    assert [r for r in kept.tally["reasons"] if "未重新表决" in r] == [kept.tally["reasons"][-1]]
    with bureau.register.reading() as session:
        assert all(one.same for one in replay(session, told.case()))
        assert all(link is None for _, link in verify_all(session))


def test_a_vote_of_the_new_round_can_be_taken_back_and_the_old_one_cannot(bureau: Bureau) -> None:
    told = again_to_the_vote(sent_back(bureau))
    item = told.item("ballot")
    who = told.who(item)
    told.answer(item, votes(told, about=("xu.jing",)))
    before = len(rows(told, Ballot))
    do(told, item, Verb.WITHDRAW, who)
    assert len(rows(told, Ballot)) == before - 1
