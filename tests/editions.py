"""Editions of the handbook made for a test from the shipped one. 试验版次"""

import shutil
from pathlib import Path

from models.handbook.loader import SHIPPED

STARTS = "2019-11-21"
# What the story of r2 rests on, with one more element that nobody has met: neither clause holds any more.
HARDER = (
    ("decision-inaccurate, materials-formally-complete]}", "decision-inaccurate, materials-formally-complete, gross-negligence]}"),
    ("formal-review-only-by-law, formal-review-done]}", "formal-review-only-by-law, formal-review-done, gross-negligence]}"),
)  # fmt: skip


def an_edition(
    root: Path, name: str, *changes: tuple[str, str], starts: str = STARTS, until: str = ""
) -> Path:
    """A copy of the shipped edition under another id, its clauses changed as told."""
    folder = root / name
    shutil.copytree(SHIPPED / "2019", folder)
    top = folder / "edition.yaml"
    text = (
        top.read_text(encoding="utf-8")
        .replace("id: '2019'", f"id: '{name}'")
        .replace("2019年版", f"{name}年版")
    )
    text = text.replace(STARTS, starts)
    if until:
        text = text.replace("in_force_until: null", f"in_force_until: {until}")
    top.write_text(text, encoding="utf-8")
    listed = folder / "clauses.yaml"
    text = listed.read_text(encoding="utf-8").replace(STARTS, starts)
    for old, new in changes:
        assert old in text, f"clauses.yaml no longer has: {old}"
        text = text.replace(old, new)
    listed.write_text(text, encoding="utf-8")
    return folder
