"""The command line as the person who starts the system meets it. 命令行"""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from alembic.command import downgrade
from sqlmodel import select

import zhaodan
from models.database import Register
from models.migrate import _config
from models.tables import Event, Person, RoleHolding
from tests.builders import a_bureau, a_case
from tests.editions import an_edition

ROOT = Path(__file__).parent.parent


def command(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    bare = {k: v for k, v in os.environ.items() if not k.startswith("ZHAODAN_")}
    return subprocess.run(
        [sys.executable, "-m", "zhaodan", *words],
        cwd=ROOT,
        env=bare | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


WEIGHT = (
    "alembic",
    "api",
    "apprise",
    "docx",
    "fastapi",
    "flows",
    "jinja2",
    "notifications",
    "numpy",
    "prefect",
)
LOADED = """
import contextlib, io, json, sys, zhaodan
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    zhaodan.main(sys.argv[1:])
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def loaded_by(*words: str, **settings: str) -> set[str]:
    """The packages a process of its own has loaded after a command."""
    bare = {k: v for k, v in os.environ.items() if not k.startswith("ZHAODAN_")}
    ended = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        cwd=ROOT,
        env=bare | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("words", [("export", "无此案号"), ("import-check", "none.zip"), ("verify",)])
def test_a_command_about_papers_loads_neither_the_pages_nor_the_engine(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    address = f"sqlite:///{tmp_path / 'none.db'}"
    loaded = loaded_by(*words, ZHAODAN_DATA_DIR=str(tmp_path), ZHAODAN_DATABASE_URL=address)
    assert "sqlalchemy" in loaded  # the command has really been there
    assert loaded & set(WEIGHT) == set()


def test_the_list_of_commands_loads_nothing_but_python() -> None:
    assert loaded_by("--help") & {*WEIGHT, "models", "pydantic", "rich", "sqlalchemy", "yaml"} == set()


def test_every_command_of_the_list_is_one_and_no_command_is_left_out() -> None:
    found: dict[str, str] = {}
    for path in (ROOT / "zhaodan").glob("[!_]*.py"):
        for name in getattr(import_module(f"zhaodan.{path.stem}"), "COMMANDS", {}):
            found[name] = path.stem
    assert found == {name: entry.module for name, entry in zhaodan.INDEX.items()}
    for name in zhaodan.INDEX:
        assert f"\nzhaodan {name}" in (zhaodan.__doc__ or "")


def test_a_command_that_is_none_or_lacks_its_words_is_refused() -> None:
    for words in ((), ("exprot",), ("export",), ("-x", "export")):
        refused = command(*words)
        assert (refused.returncode, "usage: zhaodan" in refused.stderr) == (2, True), words
    assert "--out" in command("export", "--help").stdout


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ZHAODAN_PROT": "1"}, "ZHAODAN_PROT"),
        ({"ZHAODAN_PORT": "99999"}, "ZHAODAN_PORT"),
        ({"ZHAODAN_DATA_DIR": str(ROOT / "README.md" / "data")}, "data directory"),
        ({"ZHAODAN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "register cannot be opened"),
    ],
)
def test_a_start_that_cannot_be_is_one_sentence_and_code_2(
    settings: dict[str, str], says: str, tmp_path: Path
) -> None:
    ended = command("migrate", **({"ZHAODAN_DATA_DIR": str(tmp_path)} | settings))
    assert ended.returncode == 2
    assert says in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_handbook_that_cannot_be_used_is_named_before_anything_starts(tmp_path: Path) -> None:
    an_edition(tmp_path / "handbook", "2019")
    an_edition(tmp_path / "handbook", "2024", starts="2024-01-01")
    for folder, says in (
        (tmp_path / "handbook", "与 2024 版的施行期间重叠"),
        (tmp_path, "没有找到任何手册版次"),
    ):
        ended = command("up", ZHAODAN_DATA_DIR=str(tmp_path / "var"), ZHAODAN_HANDBOOK_DIR=str(folder))
        assert ended.returncode == 2
        assert says in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1


def test_demonstration_people_are_refused_in_production(tmp_path: Path) -> None:
    ended = command(
        "up",
        "--demo",
        ZHAODAN_DATA_DIR=str(tmp_path),
        ZHAODAN_ENVIRONMENT="production",
        ZHAODAN_SECURE_COOKIES="true",
    )
    assert ended.returncode == 2
    assert "production" in ended.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=False)
def test_a_list_of_people_is_loaded_once(register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    assert zhaodan.main(["people", str(ROOT / "demo" / "people.yaml")]) == 0
    first = capsys.readouterr().out
    assert "zhou.kai" in first
    assert zhaodan.main(["people", str(ROOT / "demo" / "people.yaml")]) == 0
    assert "密码不变" in capsys.readouterr().out
    with register.reading() as session:
        people = session.exec(select(Person)).all()
        assert len(people) == len({p.username for p in people}) == 25
        assert len(session.exec(select(RoleHolding)).all()) == 25


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("people: [{username: a, name: 甲, organ: nowhere, roles: [head]}]", "nowhere"),
        ("people: [{username: a, organ: jx, roles: [head]}]", "name"),
        (
            "{organs: [{code: jx, name: 省局, mark: 省, level: province}], people: [{username: a, name: 甲, "
            "organ: jx, roles: [head], channels: {inbox: 'json://127.0.0.1/hook'}}]}",
            "站内通知",
        ),
        ("- a list", "organs"),
        ("people: [", "cannot be read"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=False)
def test_a_broken_list_of_people_loads_nothing(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    broken = tmp_path / "people.yaml"
    broken.write_text(text, encoding="utf-8")
    assert zhaodan.main(["people", str(broken)]) == 2
    assert says in capsys.readouterr().err
    with register.reading() as session:
        assert session.exec(select(Person)).all() == []


def test_verify_names_the_broken_case(register: Register, capsys: pytest.CaptureFixture[str]) -> None:
    told = a_case(a_bureau(register), "r1")
    assert zhaodan.main(["verify"]) == 0
    with register.writing() as session:
        first = session.exec(select(Event).where(Event.case_id == told.case_id, Event.seq == 1)).one()
        first.tag = "case:altered"
    assert zhaodan.main(["verify"]) == 1
    assert f"{told.case_id} 第 1 条" in capsys.readouterr().out


def test_match_proposes_line_by_line_and_opens_no_register(tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "out.jsonl"
    cases.write_text('{"id": "a", "category": "penalty", "narrative": "当事人躲着不签收，没能按期办结。"}\n')
    ended = command("match", str(cases), "--out", str(out), ZHAODAN_DATA_DIR=str(tmp_path / "none"))
    assert ended.returncode == 0
    assert "已写出 1 件提示" in ended.stdout
    assert '"clause": "exempt-33"' in out.read_text(encoding="utf-8")
    assert command("match", str(cases)).stdout == out.read_text(encoding="utf-8")
    assert not (tmp_path / "none").exists()


def test_match_refuses_a_bad_line_and_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text("{\n")
    ended = command("match", str(cases), "--out", str(tmp_path / "out.jsonl"))
    assert ended.returncode == 2
    assert "第1行：不是有效的 JSON" in ended.stderr
    assert not (tmp_path / "out.jsonl").exists()
    cases.write_text("")
    assert command("match", str(cases), "--out", str(tmp_path / "no" / "out")).returncode == 2
    assert command("match").returncode == 2
    assert command("match", "--score", str(cases)).returncode == 0


def test_clock_answers_line_by_line_and_refuses_a_bad_line(tmp_path: Path) -> None:
    asked, out = tmp_path / "asked.jsonl", tmp_path / "out.jsonl"
    asked.write_text('{"id": "a", "start": "2024-09-09", "amount": 90, "unit": "day"}\n')
    ended = command("clock", str(asked), "--out", str(out), ZHAODAN_DATA_DIR=str(tmp_path / "none"))
    assert (ended.returncode, ended.stdout) == (0, f"已算出 1 项期限：{out}。\n")
    assert '"due": "2024-12-09", "provisional": false' in out.read_text(encoding="utf-8")
    assert command("clock", str(asked)).stdout == out.read_text(encoding="utf-8")
    asked.write_text("{\n")
    refused = command("clock", str(asked))
    assert refused.returncode == 2
    assert "第1行：不是有效的 JSON" in refused.stderr


NOTICE = """
year: 2027
source: 测试用放假安排
holidays:
  - {name: 元旦, from: 2027-01-01, to: 2027-01-03}
  - {name: 劳动节, from: 2027-05-01, to: 2027-05-05}
makeup_workdays: [2027-01-10]
"""


def test_a_holiday_notice_is_loaded_once_and_used_by_the_clock(tmp_path: Path) -> None:
    notice, asked = tmp_path / "2027.yaml", tmp_path / "asked.jsonl"
    notice.write_text(NOTICE, encoding="utf-8")
    asked.write_text('{"id": "a", "start": "2027-01-07", "amount": 2, "unit": "workday"}\n')
    home = {"ZHAODAN_DATA_DIR": str(tmp_path / "var")}
    assert '"due": "2027-01-11", "provisional": true' in command("clock", str(asked), **home).stdout
    first = command("holidays", str(notice), **home)
    assert first.returncode == 0
    assert "已载入2027年放假安排（第 1 次载入）：放假 8 天，调休上班 1 天。" in first.stdout
    assert "注意：2027-10-01是法定节假日，文件中没有列为放假，请核对。" in first.stdout
    assert "已重新计算 0 件案件的期限" in first.stdout
    assert "2027年放假安排与已载入的相同" in command("holidays", str(notice), **home).stdout
    answered = command("clock", str(asked), **home).stdout
    assert '"due": "2027-01-10", "provisional": false' in answered
    assert "2027年1月10日（星期日）：调休上班日，照常计算。" in answered


def test_the_clock_asks_for_the_migration_of_an_older_register(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = tmp_path / "asked.jsonl"
    asked.write_text('{"id": "a", "start": "2024-01-05", "amount": 2, "unit": "workday"}\n')
    with register.engine.begin() as connection:
        downgrade(_config(connection), "0007")
    assert zhaodan.main(["clock", str(asked)]) == 2
    assert "run `zhaodan migrate` first" in capsys.readouterr().err
    assert zhaodan.main(["migrate"]) == 0
    assert zhaodan.main(["clock", str(asked), "--out", str(tmp_path / "out")]) == 0


def test_a_broken_holiday_notice_loads_nothing(tmp_path: Path) -> None:
    notice = tmp_path / "2027.yaml"
    notice.write_text(NOTICE.replace("2027-01-10", "2027-01-11"), encoding="utf-8")
    refused = command("holidays", str(notice), ZHAODAN_DATA_DIR=str(tmp_path / "var"))
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "2027-01-11是星期一，调休上班日只能是星期六或者星期日" in refused.stderr
    assert not (tmp_path / "var").exists()


def test_holidays_names_the_case_whose_period_has_moved(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = a_case(a_bureau(register), "r1")
    notice = tmp_path / "2026.yaml"
    notice.write_text(
        "year: 2026\nsource: 测试\nholidays:\n  - {name: 测试节, from: 2026-03-03, to: 2026-03-05}\n",
        encoding="utf-8",
    )
    assert zhaodan.main(["holidays", str(notice)]) == 0
    said = capsys.readouterr().out
    assert f"案件 {told.case_id} 受理决定：2026-03-09 → 2026-03-12" in said
    assert "已重新计算 1 件案件的期限，原届满日保留在留痕中。" in said
    assert zhaodan.main(["holidays"]) == 0
    assert "已重新计算 0 件案件的期限" in capsys.readouterr().out
