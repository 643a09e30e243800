"""手册: the shipped edition is exact and complete; a broken one names the fault and loads nothing."""

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from models.handbook import Edition, HandbookError, edition_for, editions, load_edition
from models.handbook.loader import SHIPPED
from models.rules.deadlines import RollOver
from models.rules.lifecycle import KINDS
from models.rules.permissions import Role

EDITION = load_edition("2019")
GROUPS = {"mitigation": 6, "general": 19, "inspection": 8, "penalty": 12, "licensing": 8, "coercion": 8}
# SHA-256 over the sixty-one texts in their order, one a line: the policy's words, which nobody edits in place.
TEXTS = "8e2c0731a5d9782c274b21fc9794d341bfefd7ddea5f9276f1c42a944c3f85a9"
POLICY = Path(__file__).parents[2].parent / "shared" / "policy" / "2019-implementation-opinion.txt"


def policy_items() -> list[str]:
    """The sixty-one items of 五（二） as the policy file has them, line and page breaks joined."""
    joined = re.sub(r"\s+", "", POLICY.read_text(encoding="utf-8"))
    section = joined[joined.index("1.从轻或者减轻责任的情形：") : joined.index("六、保障措施")]
    headings = r"2\.免于追究责任的一般情形：|3\.分类免于追究责任的情形：|[一二三四]是行政(?:监督检查|处罚|许可|强制)类[：:]"
    return [item for item in re.split(r"\(\d+\)", re.sub(headings, "", section))[1:] if item]


def test_the_list_has_sixty_one_clauses_in_their_groups_and_order() -> None:
    clauses = list(EDITION.clauses.values())
    assert Counter(clause.category for clause in clauses) == GROUPS
    expected = [f"mitigate-{n}" for n in range(1, 7)] + [f"exempt-{n:02}" for n in range(1, 56)]
    assert [clause.id for clause in clauses] == expected
    for clause in clauses:
        number = int(clause.id.split("-")[1])
        assert clause.ref.endswith(f"({number})"), clause.id
        assert clause.effect == clause.id.split("-")[0], clause.id


def test_the_texts_are_the_policys_own_words_and_stay_so() -> None:
    texts = "\n".join(clause.text for clause in EDITION.clauses.values())
    assert hashlib.sha256(texts.encode()).hexdigest() == TEXTS
    # The slips of the original are kept: a quotation is not corrected.
    assert EDITION.clauses["exempt-08"].text.startswith("因市场管部门及执法人员以外的因素，")
    assert "资料,按规定的检查项目" in EDITION.clauses["exempt-43"].text


@pytest.mark.skipif(not POLICY.exists(), reason="the policy text lies beside the checkout, not in it")
def test_the_texts_equal_the_policy_file_word_for_word() -> None:
    assert [clause.text for clause in EDITION.clauses.values()] == policy_items()


def test_catch_alls_premise_clauses_and_conflicts_are_marked() -> None:
    def marked(mark: str) -> set[str]:
        return {clause.id for clause in EDITION.clauses.values() if getattr(clause, mark)}

    assert marked("catch_all") == {"mitigate-6", "exempt-19"}
    assert marked("premise_clause") == {"exempt-12", "exempt-28", "exempt-40", "exempt-48"}
    assert marked("premise_like") == {"exempt-20", "exempt-21", "exempt-24", "exempt-42"}
    reviews = {c.id: c.legal_review for c in EDITION.clauses.values() if c.legal_review}
    assert {clause for clause, review in reviews.items() if review.level == "mandatory"} == {
        "exempt-35",
        "exempt-54",
    }
    assert all(review.why and review.basis for review in reviews.values())


def test_every_clause_gate_deadline_and_role_says_where_it_comes_from() -> None:
    assert all(clause.source.startswith("实施意见（试行）五（二）") for clause in EDITION.clauses.values())
    assert all(gate.sources for gate in EDITION.gates.values())
    assert all(deadline.basis for deadline in EDITION.deadlines.values())
    assert all(role.source for role in EDITION.roles.values())


def test_the_duty_list_holds_every_core_item_with_its_articles() -> None:
    assert Counter(duty.category for duty in EDITION.duties.values()) == {
        "inspection": 25,
        "penalty": 45,
        "licensing": 24,
        "coercion": 20,
    }
    duty = EDITION.duties["PEN-030"]
    assert str(duty.legal_basis[0]) == "市场监督管理行政处罚程序规定(总局令第2号，2022修正)第55条"
    assert duty.time_limit is not None
    assert duty.time_limit.period.zh == "10个工作日"
    assert duty.evidence


def test_a_duty_whose_cited_text_is_younger_than_the_conduct_says_so() -> None:
    duty = EDITION.duties["PEN-030"]
    assert duty.predates_basis(date(2020, 5, 1))
    assert not duty.predates_basis(date(2023, 5, 1))
    assert "核对行为时的条文" in EDITION.duties_note


def test_a_period_without_law_is_marked_as_our_suggestion() -> None:
    assert EDITION.deadlines["intake"].suggested
    assert (EDITION.deadlines["intake"].amount, EDITION.deadlines["intake"].unit) == (5, "workday")
    statutory = [deadline for deadline in EDITION.deadlines.values() if deadline.mark == "法定"]
    assert statutory
    assert all(re.search(r"《.+》.*第\d+条", deadline.basis) for deadline in statutory)
    cap = EDITION.deadlines["disciplinary-case"]
    (longer,) = cap.extensions
    assert longer.source.verified
    assert cap.period.amount + longer.period.amount == 12


def test_every_period_says_how_it_is_counted_and_what_is_only_proposed_says_so() -> None:
    rules = EDITION.deadlines.values()
    assert {rule.id for rule in rules if rule.direction == "not_before"} == {"published-service"}
    assert {rule.direction for rule in rules} == {"within", "not_before"}
    assert all(not rule.verified for rule in rules if rule.mark != "法定")
    lines = [s for rule in rules for s in (*rule.extensions, *rule.suspensions)]
    assert lines
    assert all(one.source.basis for one in lines)
    assert all(("建议值" in one.source.shown) is not one.source.verified for one in lines)
    objection = EDITION.deadlines["objection"]
    assert objection.counting.id == "days"
    assert objection.counting.roll_over is RollOver.BOTH
    assert not EDITION.deadlines["appeal"].extensions


def test_every_period_a_work_item_runs_on_and_every_role_is_in_the_edition() -> None:
    assert {rule.deadline for rule in KINDS.values() if rule.deadline} <= set(EDITION.deadlines)
    assert {role.value for role in Role} <= set(EDITION.roles)


def test_six_factors_are_weighed_and_every_clause_has_hint_words() -> None:
    names = [factor.zh for factor in EDITION.weighing_factors]
    assert names == ["动机态度", "客观条件", "程序方法", "性质程度", "后果影响", "挽回损失"]
    assert set(EDITION.cues) == set(EDITION.clauses)


def test_the_shipped_edition_is_read_once() -> None:
    assert load_edition("2019") is EDITION
    assert editions() == (EDITION,)


# --- which edition governs -------------------------------------------------------------------------


def test_the_edition_of_the_day_of_the_conduct_governs() -> None:
    choice = edition_for(date(2019, 11, 21))
    assert (choice.edition, choice.by) == (EDITION, "conduct-date")
    assert "2019年11月21日" in choice.reason


def test_conduct_before_the_first_edition_gets_the_later_one_flagged_for_people() -> None:
    choice = edition_for(date(2017, 8, 15))
    assert (choice.edition, choice.by) == (EDITION, "later-more-lenient")
    assert "由人决定" in choice.reason


def test_a_later_edition_not_yet_in_force_when_the_case_is_handled_does_not_count() -> None:
    with pytest.raises(HandbookError, match="2018年1月1日也没有.*请核对行为日期"):
        edition_for(date(2017, 8, 15), fallback_on=date(2018, 1, 1))
    assert edition_for(date(2017, 8, 15), fallback_on=date(2019, 11, 21)).edition is EDITION


def test_conduct_after_the_last_edition_has_ended_is_refused(tmp_path: Path) -> None:
    ended = rewritten(tmp_path, "edition.yaml", "in_force_until: null", "in_force_until: 2020-12-31")
    edition = load_edition("2019", ended)
    assert edition_for(date(2020, 12, 31), among=[edition]).by == "conduct-date"
    with pytest.raises(HandbookError, match="2021年1月1日.*此后也没有施行的版次"):
        edition_for(date(2021, 1, 1), among=[edition])


def test_two_editions_in_force_on_one_day_are_refused(tmp_path: Path) -> None:
    root = second_edition(tmp_path)
    with pytest.raises(HandbookError, match="2019/edition.yaml：in_force_until：与 2024 版的施行期间重叠"):
        editions(root)


def test_the_older_of_two_editions_goes_on_governing_its_own_time(tmp_path: Path) -> None:
    root = second_edition(tmp_path)
    rewrite(root / "2019" / "edition.yaml", "in_force_until: null", "in_force_until: 2023-12-31")
    both = editions(root)
    assert [edition.id for edition in both] == ["2019", "2024"]
    assert edition_for(date(2023, 12, 31), among=both).edition.id == "2019"
    assert edition_for(date(2024, 1, 1), among=both).edition.id == "2024"
    assert edition_for(date(2018, 1, 1), among=both).edition.id == "2019"


def test_an_amended_item_is_judged_in_the_words_of_the_day_of_the_conduct() -> None:
    old, last = EDITION.clauses["exempt-26"], date(2022, 12, 31)
    clauses = (
        *(replace(c, in_force_until=last) if c == old else c for c in EDITION.rulebook.clauses),
        replace(old, id="exempt-26-2023", in_force_from=date(2023, 1, 1)),
    )
    amended = replace(EDITION, rulebook=replace(EDITION.rulebook, clauses=clauses))

    def standing(day: date) -> list[str]:
        return [c.id for c in amended.rules_on(day).clauses if c.ref == old.ref]

    assert standing(last) == ["exempt-26"]
    assert standing(date(2023, 1, 1)) == ["exempt-26-2023"]
    # Conduct before the edition is tried by the edition as it first stood.
    assert standing(date(2018, 1, 1)) == ["exempt-26"]


# --- a broken edition ------------------------------------------------------------------------------


def copied(tmp_path: Path) -> Path:
    root = tmp_path / "handbook"
    shutil.copytree(SHIPPED / "2019", root / "2019")
    return root


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} no longer has: {old}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def rewritten(tmp_path: Path, name: str, old: str, new: str) -> Path:
    root = copied(tmp_path)
    rewrite(root / "2019" / name, old, new)
    return root


def second_edition(tmp_path: Path) -> Path:
    root = copied(tmp_path)
    shutil.copytree(root / "2019", root / "2024")
    for name in ("edition.yaml", "clauses.yaml"):
        path = root / "2024" / name
        path.write_text(
            path.read_text(encoding="utf-8").replace("2019-11-21", "2024-01-01"), encoding="utf-8"
        )
    rewrite(root / "2024" / "edition.yaml", "'2019'", "'2024'")
    return root


FAULTS = [
    ("clauses.yaml", "id: exempt-02\n", "id: exempt-01\n", "clauses.yaml：exempt-01：编号重复"),
    ("clauses.yaml", "category: general", "category: penalty", "clauses.yaml：免于追究责任·一般情形应为19项，实有18项"),
    ("clauses.yaml", "[self-reported-own-fault, ", "[self-reported, ", "clauses.yaml：mitigate-1：requires 引用了未定义的事实 self-reported"),
    ("clauses.yaml", "requires: {all: [", "requires: {both: [", "clauses.yaml：mitigate-1：requires 条件只能用 all、any"),
    ("clauses.yaml", "    requires: null\n", "    requires: secondary-role\n", "clauses.yaml：mitigate-6：只有兜底条款"),
    ("clauses.yaml", "yields_to: [exempt-15]", "yields_to: [exempt-99]", "clauses.yaml：mitigate-5：yields_to 引用了未定义的条款或者自身 exempt-99"),
    ("clauses.yaml", "yields_to: [exempt-43]", "yields_to: [exempt-09]", "clauses.yaml：exempt-09：yields_to 引用了未定义的条款或者自身"),
    ("clauses.yaml", "in_force_from: 2019-11-21", "in_force_from: 2018-11-21", "clauses.yaml：mitigate-1：in_force_from 不在本版次的施行期间内"),
    ("clauses.yaml", "ref: 五(二)1(2)", "ref: 五(二)1(1)", "clauses.yaml：mitigate-2：五(二)1(1)自2019-11-21起另有 mitigate-1 施行"),
    ("clauses.yaml", "in_force_from: 2019-11-21", "in_force_from: soon", "clauses.yaml：mitigate-1：in_force_from 应为日期"),
    ("clauses.yaml", "in_force_from: 2019-11-21", "in_force_from: 2019-11-21\n    in_force_until: 2019-11-20", "clauses.yaml：mitigate-1：in_force_until 早于 in_force_from"),
    ("clauses.yaml", "    source: 实施意见（试行）五（二）1(1)\n", "", "clauses.yaml：mitigate-1：缺少 source"),
    ("clauses.yaml", "premise: strict", "premise: lenient", "clauses.yaml：exempt-07：premise 写作“lenient”，只能是："),
    ("clauses.yaml", "effect: mitigate", "effect: forgive", "clauses.yaml：mitigate-1：effect 写作“forgive”"),
    ("clauses.yaml", "catch_all: true", "catch_all: maybe", "clauses.yaml：mitigate-6：catch_all 应为 true 或 false"),
    ("clauses.yaml", "    ref: 五(二)1(1)\n", "    ref: 五(二)1(1)\n    colour: red\n", "clauses.yaml：mitigate-1：不认识的键 colour"),
    ("clauses.yaml", "    ref: 五(二)1(1)\n", "    ref: 五(二)1(1)\n    ref: 五(二)1(2)\n", "clauses.yaml 不是有效的 YAML：第.*键 ref 重复"),
    ("clauses.yaml", "      - fact: obstructed-inquiry", "      - fact: obstructed", "clauses.yaml：mitigate-2 excludes 第1项：fact 写作“obstructed”"),
    ("clauses.yaml", "level: conditional\n", "level: advice\n", "clauses.yaml：mitigate-4 legal_review：level 为 conditional 时必须写 when"),
    ("clauses.yaml", "clauses:\n", "clauses: [\n", "clauses.yaml 不是有效的 YAML"),
    ("facts.yaml", "group: scope", "group: weather", "facts.yaml：conduct-in-enforcement：group 写作“weather”"),
    ("facts.yaml", "facts:\n", "facts:\n  - {id: idle, zh: 是否多余？, group: scope, judged_at: conduct, asked_when: [gate], evidence: [无], settled_by: 无}\n", "facts.yaml：idle：没有任何条款、闸门或推定用到这一事实"),
    ("gates.yaml", "id: gate-transfer", "id: gate-hand-over", "gates.yaml：缺少闸门 gate-transfer"),
    ("gates.yaml", "order: 2", "order: 1", "gates.yaml：闸门的 order 有重复"),
    ("gates.yaml", "effect: bar", "effect: caution", "gates.yaml：gate-knowing-breach：负面清单闸门（negative）的 effect 必须是 bar"),
    ("gates.yaml", "tree: knowing-breach", "tree: unknowing-breach", "gates.yaml：gate-knowing-breach：tree 引用了未定义的事实 unknowing-breach"),
    ("gates.yaml", "    tree: knowing-breach\n", "", "gates.yaml：gate-knowing-breach：适用范围、管辖、负面清单"),
    ("logic.yaml", "tree: {any: [goods-lost", "tree: {any: [goods-found, goods-lost", "logic.yaml：loss-of-goods：tree 引用了未定义的事实 goods-found"),
    ("logic.yaml", "then: duties-performed-except-flagged", "then: nothing", "logic.yaml：implications 第1项：then 写作“nothing”"),
    ("logic.yaml", "implications:\n", "implications:\n  - {if: duties-all-performed, is: established, then: dereliction-found, as: established, why: 无}\n", "logic.yaml：implications：由 duties-all-performed 推出 dereliction-found、duties-all-performed 既成立又不成立"),
    ("logic.yaml", "- clauses: [mitigate-1,", "- clauses: [mitigate-9,", "logic.yaml：premise_collisions 第1项：clauses 引用了未定义的条款 mitigate-9"),
    ("duties.yaml", "  - id: INS-003", "  - id: INS-004", "duties.yaml：INS-004：编号重复"),
    ("duties.yaml", "{law: 食品生产经营监督检查管理办法(总局令第49号), article: 5}", "{law: 没有的法, article: 5}", "duties.yaml：INS-003 legal_basis 第1项：引用了 laws 中没有的 没有的法"),
    ("duties.yaml", "{value: 24, unit: month", "{value: 24, unit: fortnight", "duties.yaml：INS-004 time_limit：unit 写作“fortnight”"),
    ("deadlines.yaml", "amount: 5\n", "amount: 0\n", "deadlines.yaml：intake：amount 应为正整数"),
    ("deadlines.yaml", "mark: 建议值", "mark: 大概", "deadlines.yaml：intake：mark 写作“大概”"),
    ("deadlines.yaml", "    basis: 《行政机关公务员处分条例》第44条\n", "", "deadlines.yaml：disciplinary-case：缺少 basis"),
    ("deadlines.yaml", "    counting: workdays\n", "    counting: hours\n", "deadlines.yaml：intake：counting hours 与单位个工作日不符"),
    ("deadlines.yaml", "    counting: workdays\n", "    counting: weeks\n", "deadlines.yaml：intake：counting 写作“weeks”"),
    ("deadlines.yaml", "    direction: within\n", "    direction: beside\n", "deadlines.yaml：intake：direction 写作“beside”"),
    ("deadlines.yaml", "    mark: 建议值\n    standing: proposed\n", "    mark: 建议值\n    standing: verified\n", "deadlines.yaml：intake：mark 为“建议值”的"),
    ("deadlines.yaml", "        unit: workday\n        approver", "        unit: day\n        approver", "deadlines.yaml：screening extensions 第1项：延长的单位应与期限一致"),
    ("deadlines.yaml", "        approver: manager\n", "        approver: officer\n", "deadlines.yaml：screening extensions 第1项：approver 写作“officer”"),
    ("deadlines.yaml", "        times: 1\n", "        times: 0\n", "deadlines.yaml：screening extensions 第1项：times 应为正整数"),
    ("deadlines.yaml", "        times: 1\n", "        times: 999\n", "deadlines.yaml：screening：连同延长共"),
    ("deadlines.yaml", "suspensions: [unavoidable]", "suspensions: [holiday]", "deadlines.yaml：screening：suspensions 引用了未定义的中止情形 holiday"),
    ("deadlines.yaml", "    roll_over: none\n    standing: verified\n    basis: 《民法典》第201条第2款", "    roll_over: non_workday\n    standing: verified\n    basis: 《民法典》第201条第2款", "deadlines.yaml：hours：按小时计算的期限不顺延"),
    ("roles.yaml", "    zh: 登记员\n", "", "roles.yaml：intake-clerk：缺少 zh"),
    ("cues.yaml", "  - id: mitigate-1", "  - id: mitigate-9", "cues.yaml：mitigate-9：没有这一条款"),
    ("clauses.yaml", "    requires: {all: [self-reported-own-fault, reported-before-inquiry]}\n", "", "clauses.yaml：mitigate-1：只有兜底条款"),
    ("clauses.yaml", "        tree: secondary-role\n", "", "clauses.yaml：mitigate-6 named_bases 第1项：缺少 tree"),
    ("clauses.yaml", "      reported-before-inquiry: 两个", "      reported-late: 两个", "clauses.yaml：mitigate-1：to_settle 引用了未定义的事实 reported-late"),
    ("clauses.yaml", "stage_hint: [问责调查, 事后纠正]", "stage_hint: [问责调查, 问责调查]", "clauses.yaml：mitigate-1：stage_hint 中有重复项"),
    ("clauses.yaml", "stage_hint: [问责调查, 事后纠正]", "stage_hint: 问责调查", "clauses.yaml：mitigate-1：stage_hint 应为文字列表"),
    ("clauses.yaml", "    interpretation:\n", "    7: x\n    interpretation:\n", "clauses.yaml 不是有效的 YAML：第.*键须为文字"),
    ("cues.yaml", "    cues: [", "    cues: []\n    anti: [", "cues.yaml：mitigate-1：cues 不能为空"),
    ("gates.yaml", "gates:\n", "gates: 3\nrest:\n", "gates.yaml：gates 应为非空列表"),
    ("gates.yaml", "    by_category:", "    tree: during-penalty\n    by_category:", "gates.yaml：gate-category：适用范围"),
    ("gates.yaml", "    effect: aggravate\n", "    effect: aggravate\n    by_category: {penalty: during-penalty}\n", "gates.yaml：gate-obstruction：只有环节闸门"),
    ("logic.yaml", "id: outside-cause", "id: force-majeure", "logic.yaml：force-majeure：与事实编号重名"),
    ("facts.yaml", "groups:\n", "groups: []\nrest:\n", "facts.yaml：groups 应为非空的“键: 值”"),
    ("duties.yaml", "laws:\n", "laws:\n  - {law: 行政强制法(2011), text_in_force_from: 2012-01-01}\n", "duties.yaml：行政强制法(2011)：法律名称重复"),
    ("deadlines.yaml", "amount: 5\n", "amount: 99999\n", "deadlines.yaml：intake："),
    ("edition.yaml", "clauses: 61", "clauses: 60", "edition.yaml：counts：clauses 应为60项，clauses.yaml 实有61项"),
    ("edition.yaml", "duties: 114", "duties: 115", "edition.yaml：counts：duties 应为115项，duties.yaml 实有114项"),
    ("edition.yaml", "in_force_until: null", "in_force_until: 2019-11-20", "edition.yaml：in_force_until 早于 in_force_from"),
    ("edition.yaml", "issued: 2019-11-21", "issued: 2019-11-22", "edition.yaml：in_force_from 早于 issued"),
    ("edition.yaml", "id: '2019'", "id: '2020'", "edition.yaml：id 写作“2020”，与所在目录 2019 不一致"),
    ("edition.yaml", "source: 江西省", "sauce: 江西省", "edition.yaml：缺少 source"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "fault"),
    [pytest.param(*case, id=f"{case[0].split('.')[0]}-{n}") for n, case in enumerate(FAULTS)],
)
def test_a_broken_file_names_file_entry_and_fault_and_loads_nothing(
    tmp_path: Path, name: str, old: str, new: str, fault: str
) -> None:
    root = rewritten(tmp_path, name, old, new)
    with pytest.raises(HandbookError) as refused:
        load_edition("2019", root)
    assert re.search(re.escape(fault).replace(re.escape(".*"), ".*"), str(refused.value)), str(refused.value)
    assert "未载入任何内容" in str(refused.value)


def test_clauses_that_yield_to_each_other_in_a_circle_are_refused(tmp_path: Path) -> None:
    # exempt-08 already yields to exempt-10.
    root = rewritten(
        tmp_path, "clauses.yaml", "yields_to: [exempt-24, ", "yields_to: [exempt-08, exempt-24, "
    )
    with pytest.raises(HandbookError, match="yields_to 首尾相接：exempt-08 → exempt-10 → exempt-08"):
        load_edition("2019", root)


def spoil(change: Callable[[Path], object], tmp_path: Path) -> str:
    root = copied(tmp_path)
    change(root / "2019")
    with pytest.raises(HandbookError) as refused:
        load_edition("2019", root)
    return str(refused.value)


def test_a_missing_or_unreadable_file_is_named(tmp_path: Path) -> None:
    assert "2019/gates.yaml 不存在" in spoil(lambda f: (f / "gates.yaml").unlink(), tmp_path / "a")
    binary = spoil(lambda f: (f / "gates.yaml").write_bytes(b"\xff\xfe\x00"), tmp_path / "b")
    assert "2019/gates.yaml 无法读取" in binary
    assert "2019/gates.yaml：应为“键: 值”" in spoil(
        lambda f: (f / "gates.yaml").write_text("- 1\n"), tmp_path / "c"
    )


@pytest.mark.parametrize("edition_id", ["1999", "", "..", "../handbook/2019", "2019/../2019"])
def test_an_unknown_edition_is_refused_and_no_other_folder_is_read(edition_id: str) -> None:
    with pytest.raises(HandbookError, match="没有编号为"):
        load_edition(edition_id)


def test_a_folder_without_editions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HandbookError, match="没有找到任何手册版次"):
        editions(tmp_path)


def test_a_good_copy_loads_the_same_content(tmp_path: Path) -> None:
    again: Edition = load_edition("2019", copied(tmp_path))
    assert again is not EDITION
    assert again == EDITION


# --- who answers for what --------------------------------------------------------------------------


def test_only_what_can_be_quoted_is_stated_as_law_and_the_rest_says_that_it_is_a_suggestion() -> None:
    for found in EDITION.responsibilities.values():
        assert found.suggested != bool(found.quote), found.id
        assert not (found.suggested and "法》" in found.source), found.id
    marks = [found.mark for found in EDITION.responsibilities.values()]
    assert marks == sorted(marks, key=["法定", "文件", "建议"].index)
    assert EDITION.responsibilities["dissent-recorded"].quote == EDITION.clauses["exempt-11"].text


def test_every_post_has_its_share_and_penalty_law_concerns_penalty_cases_only() -> None:
    for post in ("handler", "reviewer", "approver"):
        assert {r.mark for r in EDITION.responsibilities_of(post, "licensing")} == {"法定", "文件", "建议"}
    licensing = {r.id for r in EDITION.responsibilities_of("approver", "licensing")}
    penalty = {r.id for r in EDITION.responsibilities_of("approver", "penalty")}
    assert penalty - licensing == {"penalty-decided", "penalty-reviewed", "penalty-unlawful"}
    assert penalty == {r.id for r in EDITION.responsibilities_of("approver", "general")}
    assert EDITION.responsibilities["penalty-decided"].predates_basis(date(2020, 5, 1))
    assert not EDITION.responsibilities["order-executed"].predates_basis(date(2020, 5, 1))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("mark: 建议", "mark: 法定", "须有 quote"),
        ("mark: 文件", "mark: 法定", "须写 text_in_force_from"),
        ("mark: 文件", "mark: 建议", "不得有 quote"),
        ("handler: 直接责任。", "boss: 直接责任。", "boss"),
    ],
)
def test_a_share_of_responsibility_with_the_wrong_standing_is_refused(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    with pytest.raises(HandbookError, match=fault):
        load_edition("2019", rewritten(tmp_path, "responsibilities.yaml", old, new))
