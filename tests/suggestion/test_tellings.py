"""叙述与说法: a fault in them names file, entry and itself, and loads nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.handbook import Edition, HandbookError, load_edition
from models.handbook.loader import SHIPPED


def spoilt(folder: Path, name: str, change: Callable[[str], str]) -> str:
    shutil.copytree(SHIPPED / "2019", folder / "2019")
    file = folder / "2019" / name
    before = file.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    file.write_text(after, encoding="utf-8")
    with pytest.raises(HandbookError) as refused:
        load_edition("2019", folder)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "before", "after", "says"),
    [
        (
            "narratives.yaml",
            "id: exempt-24",
            "id: exempt-99",
            "2019/narratives.yaml：exempt-99：没有这一条款",
        ),
        ("narratives.yaml", "id: gate-premise", "id: premise", "2019/narratives.yaml：premise：没有这一闸门"),
        (
            "narratives.yaml",
            "    tells:",
            "    tell:",
            "2019/narratives.yaml：mitigate-1：tells 应为文字列表",
        ),
        ("narratives.yaml", "harmless:", "harmful:", "harmless"),
        ("signs.yaml", "id: records-forged", "id: forged", "2019/signs.yaml：forged：没有这一事实"),
        ("signs.yaml", "id: gate-transfer", "id: gate-x", "2019/signs.yaml：gate-x：没有这一闸门"),
        (
            "signs.yaml",
            "says: ['容缺'",
            "says: ['容缺.*'",
            "2019/signs.yaml：deficient-acceptance-used：says 的“容缺.*”用了不限次数的重复",
        ),
        ("signs.yaml", "says: ['容缺'", "says: ['(容缺'", "不是有效的写法"),
        ("signs.yaml", "says: ['容缺'", "says: ['容?'", "连空白也能对上"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, name: str, before: str, after: str, says: str) -> None:
    assert says in spoilt(tmp_path, name, lambda text: text.replace(before, after, 1))


def test_every_clause_is_told_at_least_twelve_times_and_nothing_twice(edition: Edition) -> None:
    told = edition.tellings
    assert set(told.clauses) == set(edition.clauses)
    assert min(map(len, told.clauses.values())) >= 12
    everything = [text for texts in (*told.clauses.values(), *told.gates.values()) for text in texts]
    assert len(set(everything)) == len(everything)
    assert not set(everything) & set(told.harmless)


def test_every_gate_that_stops_or_warns_is_told_and_has_its_phrases(edition: Edition) -> None:
    asked = {
        gate.id for gate in edition.gates.values() if gate.kind in ("negative", "caution", "premise", "lock")
    }
    assert set(edition.tellings.gates) == asked
    assert set(edition.tellings.gate_signs) == asked
    assert min(map(len, edition.tellings.gates.values())) >= 25
