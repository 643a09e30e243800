"""Interviews and expert opinions are taken down once, by those who may, with what they cannot lack. 笔录和论证"""

import re
from datetime import timedelta
from typing import Any

import pytest

from models.casework import take_interview, take_opinion
from models.database import Register
from models.files import store
from models.rules.errors import Incomplete, NotFound, NotPermitted, WrongStage
from models.rules.lifecycle import Stage
from models.tables import Document, Transcript
from models.transcripts import NewExpertOpinion, NewInterview
from tasks.office import office_work
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.models.test_verbs import last, rows, sound, waiting

LEAD, SECOND = "tang.wei", "shen.lan"


@pytest.fixture
def told(register: Register) -> Told:
    return a_case(a_bureau(register)).to(Stage.VERIFICATION)


def an_interview(bureau: Bureau, **changes: Any) -> NewInterview:
    own = {
        "person": "周凯",
        "capacity": "respondent",
        "place": "第一谈话室",
        "began_at": bureau.clock - timedelta(hours=2),
        "ended_at": bureau.clock - timedelta(hours=1),
        "second": SECOND,
        "rights_told": True,
        "exchanges": [{"question": "当时怎样审查？", "answer": "逐项勾对。"}],
        "signed": True,
    }
    return NewInterview.model_validate(own | changes)


def an_opinion(bureau: Bureau, **changes: Any) -> NewExpertOpinion:
    own = {
        "question": "签名能否辨别真伪？",
        "experts": [{"name": "专家甲", "unit": "某司法鉴定中心"}],
        "no_ties": True,
        "reasoning": "笔画特征接近。",
        "opinion": "以通常注意不能辨别。",
        "dissent": "专家乙认为可以辨别。",
        "formed_on": bureau.clock.date(),
    }
    return NewExpertOpinion.model_validate(own | changes)


def taken(told: Told, said: NewInterview | NewExpertOpinion, by: str = LEAD) -> Transcript:
    bureau = told.bureau
    with bureau.register.writing() as session:
        actor, now = bureau.actor(by), bureau.now()
        if isinstance(said, NewInterview):
            return take_interview(session, told.case_id, said, actor=actor, now=now)
        return take_opinion(session, told.case_id, said, actor=actor, now=now)


def paper(told: Told, kind: str) -> str:
    office_work(told.case_id)
    (found,) = [row for row in rows(told, Document) if row.kind == kind]
    assert found.audience == "internal"
    text = store().path(found.sha256).read_text(encoding="utf-8").split("<body>")[1]
    return re.sub(r"\s+|<[^>]+>", "", text)


def test_an_interview_is_one_record_one_event_and_one_paper(told: Told) -> None:
    said = an_interview(told.bureau)
    first = taken(told, said)
    events = told.case().events
    assert last(told).tag == "transcript:interview-taken"
    assert (last(told).data["number"], last(told).data["sha256"]) == (1, first.sha256)
    assert taken(told, said).id == first.id
    assert told.case().events == events
    text = paper(told, "interview-record")
    for part in ("唐蔚、沈岚", "被谈话人周凯", "有权申请其回避", "问：当时怎样审查？", "答：逐项勾对。"):
        assert part in text, part
    another = taken(told, an_interview(told.bureau, person="知情人甲", capacity="witness"))
    assert another.number == 2
    sound(told)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"second": LEAD}, "两名调查人员"),
        ({"second": "he.jun"}, "两名调查人员"),
        ({"second": "nobody"}, "两名调查人员"),
        ({"rights_told": False}, "告知权利义务"),
        ({"signed": False}, "注明情况"),
    ],
)
def test_what_an_interview_cannot_lack(told: Told, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Incomplete, match=says):
        taken(told, an_interview(told.bureau, **changes))
    assert rows(told, Transcript) == []


def test_an_interview_ends_after_it_began_and_not_later_than_now(told: Told) -> None:
    at = told.bureau.clock
    for began, ended in ((at, at), (at, at - timedelta(minutes=1)), (at, at + timedelta(days=1))):
        with pytest.raises(Incomplete, match="起止时间"):
            taken(told, an_interview(told.bureau, began_at=began, ended_at=ended))


def test_only_the_investigators_question_and_only_while_they_verify(told: Told) -> None:
    for by, refusal in (("he.jun", NotPermitted), ("zhou.kai", NotPermitted), ("hou.yi", NotFound)):
        with pytest.raises(refusal):
            taken(told, an_interview(told.bureau), by)
    told.to(Stage.MATCHING)
    with pytest.raises(WrongStage, match="事实核查"):
        taken(told, an_interview(told.bureau))
    assert rows(told, Transcript) == []


def test_an_expert_opinion_keeps_who_held_otherwise(told: Told) -> None:
    said = an_opinion(told.bureau)
    first = taken(told, said)
    assert taken(told, said).id == first.id
    assert last(told).tag == "transcript:opinion-taken"
    text = paper(told, "expert-opinion")
    for part in (
        "签名能否辨别真伪？",
        "专家甲",
        "以通常注意不能辨别",
        "专家乙认为可以辨别",
        "不代替对事实的认定",
    ):
        assert part in text, part
    sound(told)


def test_the_legal_reviewer_may_ask_experts_too_but_not_question_anybody(told: Told) -> None:
    item = waiting(told, "notice-of-intent")  # the legal review has been answered
    assert item.stage == Stage.MATCHING
    reviewer = next(by for kind, by in told.answered if kind == "legal-review")
    assert taken(told, an_opinion(told.bureau), reviewer).number == 1
    with pytest.raises(NotPermitted):
        taken(told, an_interview(told.bureau), reviewer)
    told.to(Stage.REVIEW)
    with pytest.raises(WrongStage):
        taken(told, an_opinion(told.bureau, opinion="另一意见。"), reviewer)


def test_experts_are_named_once_untied_and_not_of_tomorrow(told: Told) -> None:
    twice = [{"name": "专家甲", "unit": "某中心"}] * 2
    tomorrow = told.bureau.clock.date() + timedelta(days=2)
    for changes, says in (
        ({"no_ties": False}, "没有应当回避的关系"),
        ({"experts": [{"name": "周凯", "unit": "某分局"}]}, "周凯参与本案"),
        ({"experts": twice}, "列了两次"),
        ({"formed_on": tomorrow}, "晚于今天"),
    ):
        with pytest.raises(Incomplete, match=says):
            taken(told, an_opinion(told.bureau, **changes))
    assert rows(told, Transcript) == []
