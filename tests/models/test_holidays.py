"""放假安排: a notice is read strictly, kept in versions, and laid over what the package carries."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from models.calendar import YearNotice, china_calendar
from models.database import Register
from models.holidays import Notice, calendar_of, load_notice, read_notice, versions_in_force
from models.rules.errors import Incomplete
from models.tables import HolidayNotice

NOW = datetime(2026, 11, 5, 1, tzinfo=UTC)
GOOD = """
year: 2027
source: 国务院办公厅关于2027年部分节假日安排的通知
holidays:
  - {name: 元旦, from: 2026-12-31, to: 2027-01-02}
  - {name: 劳动节, from: 2027-05-01}
  - 2027-10-01
  - '2027-10-02'
makeup_workdays:
  - {name: 劳动节, from: 2027-05-08}
"""


def written(path: Path, text: str) -> Path:
    file = path / "2027.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_notice_says_days_and_spans_with_or_without_a_name(tmp_path):
    notice = read_notice(written(tmp_path, GOOD))
    assert notice.source == "国务院办公厅关于2027年部分节假日安排的通知"
    assert sorted(notice.days.holidays) == [
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 2),
        date(2027, 5, 1),
        date(2027, 10, 1),
        date(2027, 10, 2),
    ]
    assert notice.days.makeup_workdays == {date(2027, 5, 8)}
    assert notice.days.names[date(2027, 1, 1)] == "元旦"
    assert notice.days.names[date(2027, 10, 1)] == ""
    assert notice.doubts == ("2027-10-03是法定节假日，文件中没有列为放假，请核对。",)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("year: 2027", "year: '2027'", "year 应为四位数的年份"),
        ("year: 2027", "year: 20270", "year 应为四位数的年份"),
        ("year: 2027", "year: 2026", "2027-01-01不在2026年内"),
        ("year: 2027\n", "year: 2027\nyear: 2028\n", "键 year 重复"),
        ("source: 国务院办公厅关于2027年部分节假日安排的通知", "source: ''", "缺少 source"),
        ("makeup_workdays:", "workdays:", "不认识的键 workdays"),
        ("  - 2027-10-01\n", "  - 2027-10-32\n", "有历法上不存在的日期"),
        ("  - 2027-10-01\n", "  - '2027-10-32'\n", "holidays 中“2027-10-32”不是日期，应写作 2027-01-01"),
        ("  - 2027-10-01\n", "  - 2027-10-02\n", "holidays 中2027-10-02出现两次"),
        ("  - 2027-10-01\n", "  - 2026-12-24\n", "2026-12-24不在2027年内"),
        ("  - 2027-10-01\n", "  - 2027-10-01T00:00:00\n", "不是日期"),
        ("  - 2027-10-01\n", "  - {name: 国庆节, to: 2027-10-07}\n", "holidays 的每一项应为日期"),
        ("  - 2027-10-01\n", "  - {name: 1, from: 2027-10-01}\n", "holidays 的每一项应为日期"),
        ("  - 2027-10-01\n", "  - {from: 2027-10-07, to: 2027-10-01}\n", "起止日不对"),
        ("  - 2027-10-01\n", "  - {from: 2027-10-01, to: 2027-12-01}\n", "一段不超过20天"),
        ("2027-05-08", "2027-05-10", "2027-05-10是星期一，调休上班日只能是星期六或者星期日"),
        ("2027-05-08", "2027-01-02", "2027-01-02既是放假日又是上班日"),
        (GOOD, "year: 2027\nsource: 通知\nholidays: []\n", "holidays 不能为空"),
        (GOOD, "year: 2027\nsource: 通知\nholidays: 2027-01-01\n", "holidays 应为列表"),
        (GOOD, "- 2027-01-01\n", "应为“键: 值”"),
        (GOOD, "", "应为“键: 值”"),
        (GOOD, "year: [", "不是有效的 YAML"),
    ],
)
def test_a_notice_that_cannot_be_right_is_refused_in_one_sentence(tmp_path, old, new, says):
    with pytest.raises(Incomplete) as refused:
        read_notice(written(tmp_path, GOOD.replace(old, new, 1)))
    assert says in str(refused.value)
    assert "没有载入任何内容" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(Incomplete, match="无法读取"):
        read_notice(tmp_path / "none.yaml")
    odd = tmp_path / "odd.yaml"
    odd.write_bytes(b"year: \xff")
    with pytest.raises(Incomplete, match="不是有效的 YAML"):
        read_notice(odd)


def test_the_latest_version_holds_and_the_same_again_changes_nothing(register: Register, tmp_path):
    first = read_notice(written(tmp_path, GOOD))
    second = Notice(YearNotice(2027, first.days.holidays, frozenset(), first.days.names), first.source)
    for notice, version in ((first, 1), (first, None), (second, 2), (first, 3)):
        with register.writing() as session:
            row = load_notice(session, notice, now=NOW)
            assert (row.version if row else None) == version
    with register.reading() as session:
        assert len(session.exec(select(HolidayNotice)).all()) == 3
        assert versions_in_force(session) == {"2027": 3}
        calendar = calendar_of(session)
        assert calendar_of(session) is calendar
    assert calendar.is_workday(date(2027, 5, 8))
    assert calendar.name_of(date(2027, 5, 8)) == "劳动节"
    assert calendar.is_holiday(date(2026, 12, 31))
    assert calendar.known(date(2026, 12, 31))
    assert not china_calendar().known(date(2026, 12, 31))


def test_a_register_without_notices_reckons_by_the_package(register: Register):
    with register.reading() as session:
        assert calendar_of(session) is china_calendar()
        assert versions_in_force(session) == {}
