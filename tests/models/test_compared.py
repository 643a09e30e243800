"""Legal reviewers beside the machine, and decided cases under a changed edition. 比较"""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

import zhaodan
from models.database import Register
from models.handbook import read_edition
from models.queries import additions, differences, shadow, to_shadow
from models.rules.decision import Outcome
from models.rules.lifecycle import Stage
from tests.builders import Bureau, Told, a_bureau, a_case
from tests.editions import HARDER, an_edition


@pytest.fixture
def bureau(register: Register) -> Bureau:
    return a_bureau(register)


def reviewed(told: Told, *, add: str = "", reason: str = "") -> Told:
    """The case past its legal review, with a clause added for the first officer."""
    told.to(Stage.MATCHING)
    item = told.item("legal-review")
    said = told.content(item)
    if add:
        first = next(iter(told.respondents.values()))
        said["clauses"].append({"respondent": first, "clause": add, "confirmed": True, "reason": reason})
    told.answer(item, said)
    return told


def test_what_reviewers_made_of_the_proposals_is_counted_by_clause(bureau: Bureau) -> None:
    with bureau.register.reading() as session:
        assert (differences(session), additions(session)) == ([], [])
    a_case(bureau).to(Stage.MATCHING)  # nobody has spoken yet
    with bureau.register.reading() as session:
        assert differences(session) == []
    reviewed(a_case(bureau))
    told = reviewed(a_case(bureau), add="exempt-19", reason="依据《登记管理条例》第十条，可以免责。")
    with bureau.register.reading() as session:
        counted = {row.clause: (row.agreed, row.rejected, row.added) for row in differences(session)}
        added = additions(session)
        assert differences(session) == differences(session)
    assert counted["exempt-41"] == (4, 0, 0)
    assert counted["exempt-42"] == (2, 2, 0)
    assert counted["exempt-19"] == (0, 0, 1)
    assert {row for clause, row in counted.items() if clause not in ("exempt-41", "exempt-42", "exempt-19")} <= {(0, 4, 0)}  # fmt: skip
    assert [(a.number, a.clause, a.reason) for a in added] == [
        (f"章云市监责〔2026〕{told.case().number}号", "exempt-19", "依据《登记管理条例》第十条，可以免责。")
    ]


def dump(register: Register) -> dict[str, list[str]]:
    with register.reading() as session:
        return {
            table.name: sorted(map(repr, session.execute(sa.select(table))))
            for table in SQLModel.metadata.sorted_tables
        }


def test_decided_cases_are_tried_under_a_changed_edition_and_nothing_is_written(
    bureau: Bureau, tmp_path: Path
) -> None:
    a_case(bureau, "r2").to_the_end()
    a_case(bureau, "r1").to_the_end()
    a_case(bureau, "r2").to(Stage.DECISION)  # voted on, not signed
    harder = read_edition(an_edition(tmp_path, "draft", *HARDER))
    before = dump(bureau.register)
    with bureau.register.reading() as session:
        assert to_shadow(session) == 3
        assert to_shadow(session, edition="1999") == 0
        assert list(shadow(session, harder, edition="1999")) == []
        found = list(shadow(session, harder, edition="2019"))
        again = list(shadow(session, harder))
        same = list(shadow(session, read_edition(an_edition(tmp_path, "same"))))
    assert found == again
    assert not any(one.comparison.changed for one in same)
    flipped = [one for one in found if one.comparison.changed]
    assert [one.decided.post for one in flipped] == ["reviewer", "approver"]
    for one in flipped:
        assert set(one.comparison.lost) == {"exempt-41", "exempt-42"}
        assert one.comparison.closed == (Outcome.EXEMPT, Outcome.MITIGATE)
        assert one.undone
    assert dump(bureau.register) == before


def test_what_another_authority_decides_is_not_tried(bureau: Bureau, tmp_path: Path) -> None:
    told = a_case(bureau, "r5").to_the_end()
    reply = {"result": "returned", "authority": "章江市云溪区监察委员会", "summary": "退回本机关处理。"}
    told.answer(told.item("authority-reply"), reply, by="cao.ran")
    assert told.case().round == 2
    with bureau.register.reading() as session:
        found = list(shadow(session, read_edition(an_edition(tmp_path, "same"))))
        assert to_shadow(session) == 0
    assert found == []


@pytest.mark.parametrize("database", ["sqlite"])
def test_the_command_line_prints_both_tables(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert zhaodan.main(["differences"]) == 0
    assert "还没有法制审核意见" in capsys.readouterr().out
    told = reviewed(a_case(bureau), add="exempt-19", reason="依据《登记管理条例》第十条。").to_the_end()
    assert zhaodan.main(["differences"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"2019 +exempt-41 +五（二）3第（41）项 +2 +0 +0", said)
    assert "依据《登记管理条例》第十条。" in said
    folder = an_edition(tmp_path, "draft", *HARDER)
    assert zhaodan.main(["shadow", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"〔2026〕{told.case().number}号" in said
    assert "已试算 2 名已决人员：2 名结果有变" in said
    assert zhaodan.main(["shadow", str(folder), "--edition", "1999"]) == 0
    assert "已试算 0 名已决人员：0 名结果有变" in capsys.readouterr().out


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_broken_or_missing_folder_is_one_sentence_and_code_2(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = an_edition(tmp_path, "draft", ("effect: mitigate", "effect: forgive"))
    for path, says in ((folder, "effect 写作“forgive”"), (tmp_path / "none", "edition.yaml 不存在")):
        assert zhaodan.main(["shadow", str(path)]) == 2
        said = capsys.readouterr().err
        assert says in said
        assert len(said.strip().splitlines()) == 1
