"""The edition the suggestions are tested on, and files of lines to read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from models.handbook import Edition, load_edition

Lines = Callable[..., Path]


@pytest.fixture(scope="session")
def edition() -> Edition:
    return load_edition("2019")


@pytest.fixture
def a_file(tmp_path: Path) -> Lines:
    def write(*lines: object) -> Path:
        path = tmp_path / "cases.jsonl"
        text = "".join(
            f"{line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)}\n" for line in lines
        )
        path.write_text(text, encoding="utf-8")
        return path

    return write
