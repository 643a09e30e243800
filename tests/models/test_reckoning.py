"""期限逐行计算: each line gets its end and every step; what cannot be computed is named by its line."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models.calendar import china_calendar
from models.jsonl import BadLines
from models.reckoning import reckon

GOOD: dict[str, Any] = {
    "id": "v",
    "start": "2024-09-09",
    "amount": 90,
    "unit": "day",
    "roll": "none",
    "exclusions": [],
}
HOURS = GOOD | {"unit": "hour", "amount": 24, "start": "2025-01-03T16:20"}


def asked(path: Path, *lines: object) -> list[dict[str, Any]]:
    """The answers to these lines."""
    file = path / "asked.jsonl"
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(written), encoding="utf-8")
    count, answers = reckon(file, china_calendar())
    read = [json.loads(line) for line in answers.decode("utf-8").splitlines()]
    assert len(read) == count == len([line for line in written if line.strip()])
    return read


@pytest.mark.parametrize(
    ("changed", "due"),
    [
        ({}, "2024-12-08"),
        ({"roll": "non_workday"}, "2024-12-09"),
        ({"roll": "statutory_holiday"}, "2024-12-08"),
        ({"exclusions": [["2024-10-08", "2024-10-14"]]}, "2024-12-15"),
        # Exclusions that overlap give no day back twice.
        ({"exclusions": [["2024-10-08", "2024-10-12"], ["2024-10-10", "2024-10-14"]]}, "2024-12-15"),
        ({"unit": "workday", "amount": 15, "start": "2024-09-27"}, "2024-10-23"),
        # 29 February as a start and as an end.
        ({"unit": "month", "amount": 12, "start": "2024-02-29"}, "2025-02-28"),
        ({"unit": "month", "amount": 48, "start": "2024-02-29"}, "2028-02-29"),
        ({"unit": "month", "amount": 1, "start": "2024-01-31"}, "2024-02-29"),
        # A moment is only its day where days are counted, in Beijing.
        ({"start": "2024-09-09T23:59:59"}, "2024-12-08"),
        ({"start": "2024-09-08T16:30:00Z"}, "2024-12-08"),
        ({"start": "2024-12-31T23:59:59", "amount": 1}, "2025-01-01"),
    ],
)
def test_days_are_answered_with_a_day(tmp_path, changed, due):
    (answer,) = asked(tmp_path, GOOD | changed)
    assert (answer["id"], answer["due"]) == ("v", due)
    assert set(answer) == {"id", "due", "provisional", "why"}
    assert answer["why"]


@pytest.mark.parametrize(
    ("start", "due", "says"),
    [
        ("2025-01-03T16:20", "2025-01-04T16:20", ""),
        ("2025-01-03 16:20", "2025-01-04T16:20", ""),
        ("2025-01-03T16:20:00+08:00", "2025-01-04T16:20", ""),
        ("2025-01-03T08:20Z", "2025-01-04T16:20", "不是北京时间；折合北京时间2025-01-03 16:20计算"),
        ("2025-01-03T03:20:00-05:00", "2025-01-04T16:20", "不是北京时间"),
        ("2024-12-31T23:59:59", "2025-01-01T23:59", "秒不计入，按2024-12-31 23:59计算"),
        ("2024-12-31T23:59:59.999", "2025-01-01T23:59", "秒不计入"),
        ("2024-02-28T10:00", "2024-02-29T10:00", ""),
    ],
)
def test_hours_are_answered_with_a_minute_in_beijing(tmp_path, start, due, says):
    (answer,) = asked(tmp_path, HOURS | {"start": start, "roll": "non_workday"})
    assert (answer["due"], answer["provisional"]) == (due, False)
    assert says in answer["why"][0]
    assert bool(says) is answer["why"][0].startswith("起算时间写作")


def test_a_year_nobody_has_published_is_provisional_and_no_error(tmp_path):
    late = GOOD | {"start": "2060-01-04", "unit": "workday", "amount": 300}
    old = GOOD | {"id": "old", "start": "1987-03-02", "unit": "workday"}
    for answer in asked(tmp_path, late, old):
        assert answer["provisional"] is True
        assert answer["why"][-1].startswith("暂定结果")


def test_roll_and_exclusions_may_be_left_out_and_unread_keys_are_named(tmp_path):
    bare = {key: GOOD[key] for key in ("id", "start", "amount", "unit")}
    plain, odd = asked(tmp_path, bare, bare | {"id": 2, "exclusion": [], "note": "x"})
    assert plain["due"] == odd["due"] == "2024-12-09"
    assert odd["why"] == ["以下各项没有参与计算：exclusion、note。", *plain["why"]]


def test_the_longest_periods_are_answered_with_all_their_days(tmp_path):
    (answer,) = asked(tmp_path, GOOD | {"start": "2005-01-04", "unit": "workday", "amount": 5000})
    assert answer["due"] == "2025-01-08"
    runs = [re.search(r"共(\d+)日", why) for why in answer["why"] if why.endswith("，不计入。")]
    skipped = sum(int(run[1]) if run else 1 for run in runs)
    assert skipped == (date(2025, 1, 8) - date(2005, 1, 4)).days - 5000


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "不是有效的 JSON"),
        ('["a"]', "应为一个 JSON 对象"),
        ({k: v for k, v in GOOD.items() if k != "amount"}, "缺少 amount"),
        ({k: v for k, v in GOOD.items() if k != "start"}, "缺少 start"),
        (GOOD | {"id": None}, "id 应为文字或者整数"),
        (GOOD | {"unit": "week"}, "unit 写作“week”，只能是：hour、workday、day、month"),
        (GOOD | {"unit": ["day"]}, 'unit 写作“["day"]”'),
        (GOOD | {"amount": 0}, "期限须为正整数，不能是“0”"),
        (GOOD | {"amount": -3}, "期限须为正整数，不能是“-3”"),
        (GOOD | {"amount": 1.5}, "期限须为正整数"),
        (GOOD | {"amount": True}, "期限须为正整数"),
        (GOOD | {"amount": "90"}, "期限须为正整数"),
        (json.dumps(GOOD | {"amount": float("nan")}), "期限须为正整数"),
        (GOOD | {"amount": 10**12}, "期限1000000000000日过长（上限7320日）"),
        (GOOD | {"amount": 10**3000}, "期限100000000000…（共3001位）日过长"),
        (GOOD | {"amount": 5001, "unit": "workday"}, "上限5000个工作日"),
        (GOOD | {"amount": 7000, "start": "2190-01-01"}, "不在可以计算的范围内"),
        (GOOD | {"start": "2025-02-29"}, "start 写作“2025-02-29”，历法上没有这一天"),
        (GOOD | {"start": "2025-13-01"}, "历法上没有这一天"),
        (GOOD | {"start": "2025/01/03"}, "start 写作“2025/01/03”，应写作 2024-09-09 或 2025-01-03T16:20"),
        (GOOD | {"start": "２０２５-01-03"}, "应写作 2024-09-09"),
        (GOOD | {"start": 20250103}, "start 写作“20250103”"),
        (GOOD | {"start": "2025-01-03T24:00"}, "应写作"),
        (GOOD | {"start": "2025-01-03T16:20[Europe/Berlin]"}, "应写作"),
        (GOOD | {"start": "0001-01-01T00:00Z"}, "不在可以计算的范围内"),
        (HOURS | {"start": "2025-01-03"}, "起算时间须写明几时几分"),
        (GOOD | {"roll": "weekend"}, "roll 写作“weekend”，只能是：non_workday、statutory_holiday、none"),
        (GOOD | {"roll": None}, "roll 写作“null”"),
        (GOOD | {"exclusions": [["2024-10-14", "2024-10-08"]]}, "止日（2024-10-08）早于起日（2024-10-14）"),
        (GOOD | {"exclusions": [["2024-10-14"]]}, "exclusions 应为起止日的列表"),
        (GOOD | {"exclusions": {"from": "2024-10-14"}}, "exclusions 应为起止日的列表"),
        (GOOD | {"exclusions": [["2024-10-14", 7]]}, "exclusions 写作“7”，应写作 2024-10-08"),
        (GOOD | {"exclusions": [["2024-10-14", "2024-10-14"]] * 201}, "最多200段"),
        (GOOD, "已在前面用过"),
    ],
)
def test_a_line_that_cannot_be_computed_is_named_with_its_fault(tmp_path, line, says):
    with pytest.raises(BadLines) as refused:
        asked(tmp_path, GOOD, "", line)
    first, *others = str(refused.value).splitlines()
    assert "未处理任何一件" in first
    assert len(others) == 1
    assert others[0].startswith("第3行：")
    assert says in others[0]
    assert len(others[0]) < 160
