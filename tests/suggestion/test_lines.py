"""逐行读写: a bad line is refused by its number and nothing is done; good ones come out in the same order."""

import json
from pathlib import Path

import pytest

from models.handbook import Edition
from models.jsonl import BadLines
from models.suggestion.lines import Labelled, Told, read_labelled, read_told
from models.suggestion.report import propose, score
from models.suggestion.scoring import gate_figures, recall_at, recalls
from tests.suggestion.conftest import Lines

GOOD = {"id": "a", "category": "inspection", "narrative": "检验报告的章和编号都核对过，后来才知道是假的。"}
LABELS = {"gold": ["E24"], "acceptable": ["exempt-20"], "outcome": "exempt"}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "不是有效的 JSON"),
        ("[" * 100_000, "不是有效的 JSON"),
        ('{"id": ' + "9" * 5000 + "}", "不是有效的 JSON"),
        ("[1]", "应为一个 JSON 对象"),
        ('"text"', "应为一个 JSON 对象"),
        ({"id": "b", "category": "penalty"}, "缺少 narrative"),
        ({"category": "penalty", "narrative": "x"}, "缺少 id"),
        ({"id": "b", "narrative": "x"}, "缺少 category"),
        (GOOD | {"id": "b", "narrative": 7}, "narrative 应为文字"),
        (GOOD | {"id": None}, "id 应为文字或者整数"),
        (GOOD | {"id": "b", "category": "mitigation"}, "category 只能是"),
        (GOOD | {"id": "b", "category": ["penalty"]}, "category 只能是"),
        (GOOD, "已在前面用过"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_read(a_file: Lines, line: object, says: str) -> None:
    with pytest.raises(BadLines) as refused:
        read_told(a_file(GOOD, "", line))
    assert "第3行：" in str(refused.value)
    assert says in str(refused.value)


def test_many_bad_lines_are_counted_not_all_printed(a_file: Lines) -> None:
    with pytest.raises(BadLines) as refused:
        read_told(a_file(*["{"] * 30))
    assert "另有20行有误" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 12


def test_what_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    odd = tmp_path / "odd.jsonl"
    odd.write_bytes(b'{"id": "\xff"}\n')
    with pytest.raises(BadLines, match="第1行：不是 UTF-8 文字"):
        read_told(odd)
    with pytest.raises(BadLines, match="无法读取"):
        read_told(tmp_path / "none.jsonl")
    with pytest.raises(BadLines, match="无法读取"):
        read_told(tmp_path)


def test_a_byte_order_mark_raw_control_characters_and_line_separators_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n\n"
        b'{"id": 2, "category": "general", "narrative": "\x01\xe2\x80\xa8\t"}'
    )
    assert [told.id for told in read_told(path)] == ["a", 2]


def test_proposals_have_the_form_that_was_promised(edition: Edition, a_file: Lines) -> None:
    bad = GOOD | {"id": 2, "narrative": "他收了老板两万块钱现金，检查记录是倒签的\ud800。" + "货。" * 4000}
    count, lines = propose(edition, a_file(GOOD, json.dumps(bad), GOOD | {"id": "c", "narrative": "x"}))
    first, second, third = map(json.loads, lines.decode("utf-8").splitlines())
    assert count == 3
    assert set(first) == {"id", "candidates", "gates"}
    assert first["id"] == "a"
    assert set(first["candidates"][0]) == {"clause", "score", "why"}
    assert first["candidates"][0]["clause"] == "exempt-24"
    assert set(first["candidates"][0]["why"][0]) == {"fact", "quote"}
    assert len(first["candidates"]) == 10
    assert {"private-gain", "records-forged"} <= {hit["gate"] for hit in second["gates"]}
    assert all(hit["quote"] in bad["narrative"] for hit in second["gates"])
    assert "只看了前" in second["notes"][0]
    assert third == {
        "id": "c",
        "candidates": [],
        "gates": [],
        "notes": ["中文叙述太少，提不出条款，请补充经过。"],
    }


def test_an_empty_file_gives_an_empty_answer(edition: Edition, a_file: Lines) -> None:
    assert propose(edition, a_file()) == (0, b"")
    assert "—" in score(edition, a_file())


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({"outcome": "exempt"}, "缺少 gold"),
        ({"gold": []}, "缺少 outcome"),
        (LABELS | {"outcome": "guilty"}, "outcome 只能是"),
        (LABELS | {"gold": ["E99"]}, "gold 中没有 E99 这一条款"),
        (LABELS | {"gold": [["E1"]]}, "这一条款"),
        (LABELS | {"acceptable": "E1"}, "acceptable 应为列表"),
    ],
)
def test_a_bad_label_is_named(edition: Edition, a_file: Lines, labels: dict[str, object], says: str) -> None:
    with pytest.raises(BadLines, match="第1行") as refused:
        read_labelled(a_file(GOOD | labels), edition.clauses)
    assert says in str(refused.value)


def test_short_and_full_labels_mean_the_same(edition: Edition, a_file: Lines) -> None:
    (case,) = read_labelled(a_file(GOOD | LABELS | {"gold": ["E1", "M3", "exempt-24"]}), edition.clauses)
    assert case.gold == ("exempt-01", "mitigate-3", "exempt-24")
    assert case.acceptable == ("exempt-20",)


def labelled(gold: str, outcome: str = "exempt", acceptable: str = "") -> Labelled:
    return Labelled(Told("x", "penalty", ""), tuple(gold.split()), tuple(acceptable.split()), outcome)


def test_recall_leaves_acceptable_clauses_out_of_the_count() -> None:
    case = labelled("a b", acceptable="x y")
    assert recall_at(["x", "y", "a", "z", "b"], case, 1) == 0.5
    assert recall_at(["x", "y", "a", "z", "b"], case, 3) == 1.0
    assert recalls([case, labelled("")], lambda _: ["b"]) == {1: 0.5, 3: 0.5, 5: 0.5, 10: 0.5}
    assert recalls([labelled("")], lambda _: []) == {}


def test_gates_count_where_a_disqualifying_fact_is_and_undecided_cases_do_not() -> None:
    outcomes = ["accountable", "mitigate", "transfer", "exempt", "exempt", "insufficient_facts"]
    cases = [labelled("", outcome) for outcome in outcomes]
    pointed = {id(cases[0]), id(cases[1]), id(cases[3]), id(cases[5])}
    figures = gate_figures(cases, lambda case: id(case) in pointed)
    assert figures.precision == pytest.approx(2 / 3)
    assert figures.recall == pytest.approx(2 / 3)
    assert gate_figures([], lambda _: True).recall is None


def test_the_score_stands_beside_the_baselines(edition: Edition, a_file: Lines) -> None:
    told = score(
        edition, a_file(GOOD | LABELS, GOOD | LABELS | {"id": "b", "gold": [], "outcome": "accountable"})
    )
    lines = told.splitlines()
    assert lines[0] == "共2件，其中有应适用条款的1件。"
    assert lines[1].startswith("recall@1\trecall@3\trecall@5\trecall@10")
    assert [line.split("\t")[-1] for line in lines[2:6]] == [
        "本系统",
        "TF-IDF，条款原文",
        "BM25（jieba），条款原文",
        "TF-IDF，条款原文加线索词",
    ]
    assert lines[2].split("\t")[:4] == ["1.000"] * 4
    assert lines[6].startswith("闸门：精确率")
