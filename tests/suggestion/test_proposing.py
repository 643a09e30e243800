"""提示: clauses, facts and gates in the narrative's own words; an empty answer rather than a wrong one."""

import pytest

from models.handbook import Edition, load_edition
from models.suggestion import CATEGORIES, EXAMINED, suggest
from models.suggestion.learning import learn
from models.suggestion.reading import read

STORY = (
    "问：电梯那份检验报告你看过没有？\n答：看过。章、编号、有效期我都核对了，也扫了码，是特检所出的。"
    "后来才知道检验的人没上去，数字是编的，我当时不知道。"
)


def test_a_story_leads_to_the_clause_it_is_about(edition: Edition) -> None:
    found = suggest(edition, STORY, "inspection")
    assert found.candidates[0].clause == "exempt-24"
    assert "formal-review-done" in {hit.fact for hit in found.candidates[0].why}
    assert found.gates == ()
    assert found.notes == ()


@pytest.mark.parametrize(
    ("category", "first"),
    [
        ("inspection", "exempt-24"),
        ("penalty", "exempt-34"),
        ("licensing", "exempt-41"),
        ("coercion", "exempt-51"),
    ],
)
def test_the_kind_of_act_decides_between_clauses_of_the_same_idea(
    edition: Edition, category: str, first: str
) -> None:
    story = "检测机构出的报告是假的，章和编号都对，形式上没有毛病，我们据此作出的处理后来发现错了。"
    top = [c.clause for c in suggest(edition, story, category).candidates[:3]]
    assert first in top


@pytest.mark.parametrize("category", CATEGORIES)
def test_clauses_of_another_kind_of_act_come_last(edition: Edition, category: str) -> None:
    found = suggest(edition, "检查时他把货倒进河里，没有东西可查了，也没有罚成。", category)
    assert len(found.candidates) <= 10
    allowed = {category, "general", "mitigation"}
    assert edition.clauses[found.candidates[0].clause].category in allowed


def test_candidates_are_ordered_unique_known_and_never_a_catch_all(edition: Edition) -> None:
    for category in (None, *CATEGORIES):
        candidates = suggest(edition, STORY, category).candidates
        assert len({c.clause for c in candidates}) == len(candidates) == 10
        scores = [c.score for c in candidates]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert not any(edition.clauses[c.clause].catch_all for c in candidates)


@pytest.mark.parametrize(
    "narrative",
    [
        STORY,
        "他收了老板两万块钱现金\x07，检查记录是事后在办公室编的，\u3000人根本没去。ＡＢＣ１２３",
        "一段\t没有\r\n标点的叙述老板半夜把封条撕了货全卖了我们扣押手续都齐全" * 3,
    ],
)
def test_every_quotation_stands_in_the_narrative_at_its_place(edition: Edition, narrative: str) -> None:
    found = suggest(edition, narrative, "coercion")
    hits = [*found.facts, *found.gates, *(hit for c in found.candidates for hit in c.why)]
    assert hits
    for hit in hits:
        assert narrative[hit.start : hit.end] == hit.quote != ""
    assert {hit.fact for c in found.candidates for hit in c.why} <= set(edition.facts)
    assert {hit.gate for hit in found.gates} <= set(edition.gates)


@pytest.mark.parametrize(
    ("narrative", "gate"),
    [
        ("他收了老板两万块钱现金，事后就没再去查过那家店。", "gate-private-gain"),
        ("审批表上的日期往前倒签了两个月，签字也是别人代签的，人根本没有去。", "gate-records-forged"),
        ("死了人，他让人压着不报，对外说是设备检修，瞒报了整整两天。", "gate-concealment"),
        ("省局已经明令禁止收费，他们仍然我行我素，换个名目继续收。", "gate-continued-after-prohibition"),
        ("他明知那份证明是假的，还是给盖了章。", "gate-knowing-breach"),
        ("办案人是当事人的堂哥，应当回避没有回避，还把案子从轻了。", "gate-unrecused"),
        ("举报信在抽屉里压了大半年，一次也没有去看过。", "gate-premise"),
    ],
)
def test_a_disqualifying_fact_touches_its_gate(edition: Edition, narrative: str, gate: str) -> None:
    assert gate in {hit.gate for hit in suggest(edition, narrative, "inspection").gates}


@pytest.mark.parametrize(
    "narrative",
    [
        "有人举报他收受红包，纪检组查了账户和监控，没有这回事，他未收受任何财物。",
        "事故发生半小时就报了市局，没有隐瞒，也没有迟报。",
        "当时不知道是假的，章和编号都核对过，看不出来。",
        "检查记录、录像都是当天形成的，没有补签，也不存在倒签。",
        "上级没有禁止过，也没有叫停过这种做法。",
        "老板伪造了进货单，还隐瞒了另一处仓库，执法人员查不出来。",
        "承办人主动申请了回避，换了别人来办。",
    ],
)
def test_what_is_denied_or_done_by_the_party_touches_no_gate(edition: Edition, narrative: str) -> None:
    assert suggest(edition, narrative, "penalty").gates == ()


def test_a_question_states_nothing(edition: Edition) -> None:
    asked = suggest(
        edition, "问：你是不是收了老板的红包？答：没有，我不认识他，按规定检查过的。", "inspection"
    )
    assert asked.gates == ()


@pytest.mark.parametrize(
    "narrative",
    ["", "。", "假", " \n\t", "\x00\x01\x02", "The officer checked the papers and went home.", "？！" * 50],
)
def test_too_little_chinese_gives_an_empty_answer_that_says_so(edition: Edition, narrative: str) -> None:
    found = suggest(edition, narrative, "penalty")
    assert (found.candidates, found.gates, found.facts) == ((), (), ())
    assert found.notes


def test_text_about_nothing_of_the_kind_gives_an_empty_answer(edition: Edition) -> None:
    assert suggest(edition, "啊" * 30, "penalty").candidates == ()


@pytest.mark.parametrize("filler", ["他把货卖了。", "很长很长没有标点", "！", "a", "\x00"])
def test_a_megabyte_is_cut_and_says_so(edition: Edition, filler: str) -> None:
    narrative = STORY + filler * (1_000_000 // len(filler))
    assert len(read(narrative).text) == EXAMINED
    found = suggest(edition, narrative, "inspection")
    assert any(str(EXAMINED) in note for note in found.notes)
    assert all(hit.end <= EXAMINED for hit in found.facts)


def test_reading_keeps_every_character_in_its_place() -> None:
    told = "ＡＢ　第一句。\x07第二句！\u200b结束”"
    reading = read(told)
    assert len(reading.text) == len(told)
    assert [s.text for s in reading.sentences][:2] == ["AB 第一句。", "第二句！"]
    for sentence in reading.sentences:
        assert reading.text[sentence.start :].startswith(sentence.text)


def test_an_unknown_category_is_refused(edition: Edition) -> None:
    with pytest.raises(ValueError, match="没有“mitigation”这一类别"):
        suggest(edition, STORY, "mitigation")


def test_the_same_narrative_always_gives_the_same_proposal(edition: Edition) -> None:
    first = suggest(edition, STORY, "inspection")
    anew = learn(edition, edition.tellings)
    rows = anew.clauses([STORY])
    assert suggest(edition, STORY, "inspection") == first
    assert suggest(load_edition("2019"), STORY, "inspection") == first
    assert rows.tolist() == learn(edition, edition.tellings).clauses([STORY]).tolist()
