"""What README says is true. 说明文件"""

from pathlib import Path

from models.settings_table import settings_table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_settings_table_is_the_one_of_the_code() -> None:
    written = README.split("<!-- settings -->")[1].split("<!-- /settings -->")[0]
    assert written.strip() == settings_table().strip(), "run: make readme"


def test_every_picture_and_link_of_the_repository_exists() -> None:
    named = [part.split(")")[0] for part in README.split("](")[1:]]
    missing = [path for path in named if "://" not in path and not (ROOT / path).exists()]
    assert named
    assert missing == []


def test_every_make_target_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {word.split("`")[0].split()[0] for word in README.split("`make ")[1:]}
    assert {"demo", "test", "run"} & named
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def test_the_lock_names_no_address_and_hashes_everything() -> None:
    lock = (ROOT / "requirements" / "lock.txt").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    pinned = [block for block in lock.split("\n") if "==" in block and not block.startswith(" ")]
    assert len(pinned) > 100
    assert all(line.rstrip().endswith("\\") for line in pinned)
