"""`zhaodan settings`, and where what a command has worked out is put. 设置表"""

import argparse
import sys
from pathlib import Path

from models.settings import SettingsError
from models.settings_table import settings_table
from zhaodan.running import Command


def show_settings(options: argparse.Namespace) -> int:
    """The settings table, on the screen or between the markers of a file."""
    table = settings_table()
    if options.write is None:
        print(table)
        return 0
    text = options.write.read_text(encoding="utf-8")
    start, end = "<!-- settings -->", "<!-- /settings -->"
    head, rest = text.split(start, 1)
    options.write.write_text(
        f"{head}{start}\n{table.strip()}\n{end}{rest.split(end, 1)[1]}", encoding="utf-8"
    )
    return 0


def written(lines: bytes, out: Path | None) -> bool:
    """Put the lines into a file, or on the screen without one. Whether it was a file."""
    if out is None:
        sys.stdout.buffer.write(lines)
        return False
    try:
        out.write_bytes(lines)
    except OSError as fault:
        raise SettingsError(f"{out} cannot be written: {fault.strerror}") from None
    return True


COMMANDS = {
    "settings": Command(show_settings, lambda p: p.add_argument("--write", type=Path)),
}
