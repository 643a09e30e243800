"""`zhaodan export` and `zhaodan import-check`: a dossier goes out, and is checked where it comes in. 案卷命令"""

import argparse
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from models.database import register
from models.dossier import find_case, load_dossier
from models.files import store
from models.settings import SettingsError
from tasks.bundle import write_bundle
from tasks.bundle_check import bundle_faults, read_manifest
from zhaodan.running import Command


def _add_export(command: argparse.ArgumentParser) -> None:
    """What `zhaodan export` may be told."""
    command.add_argument("case", help="the number or id of the case")
    command.add_argument("-o", "--out", type=Path, help="where the dossier goes; CASE.zip here without it")


def export(options: argparse.Namespace) -> int:
    """Write the dossier of a case into a file that can be checked without us. 导出案卷"""
    with register().reading() as session:
        case = find_case(session, options.case)
        number = load_dossier(session, case.id).number
        out: Path = options.out or Path(f"{number}.zip")
        part = out.with_name(f".{out.name}.{os.getpid()}")
        try:
            with part.open("w+b") as file, _progress("导出案卷") as seen:
                write_bundle(session, case.id, store(), file, now=datetime.now(UTC), seen=seen)
                file.flush()
                os.fsync(file.fileno())
            part.replace(out)
        except OSError as fault:
            raise SettingsError(f"{out} cannot be written: {fault.strerror}.") from None
        finally:
            part.unlink(missing_ok=True)
    with out.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    print(f"已导出 {number} 的案卷：{out}（{out.stat().st_size / 1e6:.1f} MB）")
    print(f"SHA-256　{sha256}")
    return 0


def _add_import_check(command: argparse.ArgumentParser) -> None:
    """What `zhaodan import-check` may be told."""
    command.add_argument("file", type=Path, help="a dossier as `zhaodan export` writes it")


def import_check(options: argparse.Namespace) -> int:
    """Check a dossier with nothing but the file; the first fault is named. 案卷校验"""
    with _progress("校验案卷") as seen:
        first = next(bundle_faults(options.file, seen=seen), None)
    if first is not None:
        print(f"有误　　{first}。")
        print("案卷不完整，请勿据以接收；请向移交机关重新索取。")
        return 1
    said = read_manifest(options.file)
    print(
        f"案卷完整：{said['case']}，{len(said['entries'])} 个文件、{said['events']} 条留痕逐一核对无误。\n"
        f"末条留痕　{said['head']}\n请将末条留痕的校验值与移交机关核对。"
    )
    return 0


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, and nothing anywhere else."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


COMMANDS = {
    "export": Command(export, _add_export),
    "import-check": Command(import_check, _add_import_check),
}
