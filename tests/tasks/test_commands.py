"""A dossier taken out and checked elsewhere, from the command line. 导出和校验案卷"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import zhaodan
from models.database import Register
from models.dossier import load_dossier
from models.files import store
from models.rules.lifecycle import Stage
from models.settings import settings
from models.tables import Evidence
from processes import PROJECT
from tasks.office import office_work
from tests.builders import START, Told, a_bureau, a_case

MB = 1 << 20
# The peak of this process alone: getrusage begins, on Linux, with that of the process that started it.
MEASURED = """
import pathlib, sys, zhaodan
code = zhaodan.main(sys.argv[1:])
print(next(line for line in pathlib.Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
sys.exit(code)
"""


@pytest.fixture
def told(register: Register) -> Told:
    """A case with papers and evidence."""
    case = a_case(a_bureau(register)).to(Stage.VERIFICATION)
    office_work(case.case_id)
    return case


def test_a_dossier_goes_out_and_is_whole_wherever_it_is_checked(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.zip"
    with told.bureau.register.reading() as session:
        number = load_dossier(session, told.case_id).number
    for named in (number, told.case_id):  # twice: the second replaces the first
        assert zhaodan.main(["export", named, "-o", str(out)]) == 0
        assert f"已导出 {number} 的案卷" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []
    assert zhaodan.main(["verify", str(out)]) == 0
    assert "与登记库前" in capsys.readouterr().out
    # Elsewhere there is no register.
    monkeypatch.setenv("ZHAODAN_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    settings.cache_clear()
    assert zhaodan.main(["import-check", str(out)]) == 0
    assert "案卷完整" in capsys.readouterr().out
    whole = out.read_bytes()
    for place in (40, len(whole) // 3, len(whole) // 2, 2 * len(whole) // 3):
        out.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert zhaodan.main(["import-check", str(out)]) == 1
        said = capsys.readouterr().out
        assert said.count("有误") == 1  # the first fault is named
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_cannot_be_written_or_found_is_one_sentence(
    told: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert zhaodan.main(["export", "无此案号", "-o", str(tmp_path / "out.zip")]) == 2
    assert "查无案件" in capsys.readouterr().err
    assert zhaodan.main(["export", told.case_id, "-o", str(tmp_path / "no" / "out.zip")]) == 2
    assert "cannot be written" in capsys.readouterr().err
    with told.bureau.register.reading() as session:
        sha256 = load_dossier(session, told.case_id).evidence[0].sha256
    store().path(sha256).write_bytes(b"changed")
    assert zhaodan.main(["export", told.case_id, "-o", str(tmp_path / "out.zip")]) == 2
    assert "证据1与登记的校验值不符" in capsys.readouterr().err
    assert not (tmp_path / "out.zip").exists()
    assert zhaodan.main(["import-check", str(tmp_path / "out.zip")]) == 1


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.parametrize("database", ["sqlite"])
def test_big_evidence_passes_through_and_is_never_held(told: Told, tmp_path: Path) -> None:
    """The memory of the command hardly depends on how much evidence there is."""
    grown = []
    for pieces in (0, 8):
        with told.bureau.register.writing() as session:
            for number in range(pieces):
                kept = store().receive((os.urandom(MB) for _ in range(16)), limit=16 * MB)
                session.add(
                    Evidence(
                        case_id=told.case_id, number=100 + number, kind="视听资料", file_name="现场录像.mp4",
                        media_type="video/mp4", sha256=kept.sha256, size=kept.size, proves="经过",
                        collected_by="唐蔚", collected_at=START, added_at=START,
                        added_by=told.bureau.ids["tang.wei"],
                    )
                )  # fmt: skip
        said = subprocess.run(
            [
                sys.executable,
                "-c",
                MEASURED,
                *("export", told.case_id, "-o", str(tmp_path / "out.zip")),
            ],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        grown.append(int(said.stdout.split()[-2]) // 1024)
    assert (tmp_path / "out.zip").stat().st_size > 128 * MB
    assert grown[1] - grown[0] < 24, grown
