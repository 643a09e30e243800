"""The commands about papers: is this the filed one, take a dossier out, check one that came in. 文书命令"""

import argparse
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.engine import make_url

from models.casework import verify_all
from models.database import register
from models.dossier import find_case, load_dossier
from models.files import store
from models.rules.errors import Incomplete
from models.settings import SettingsError, settings
from tasks.bundle import write_bundle
from tasks.bundle_check import bundle_faults, read_manifest
from tasks.verifying import check_alone, check_file, signature_beside


def add_verify(command: argparse.ArgumentParser) -> None:
    """What `zhaodan verify` may be told."""
    command.add_argument("file", nargs="?", type=Path, help="a paper (.pdf, .docx, .html) or a dossier")
    command.add_argument("--signature", type=Path, help="check against this .p7s alone, without a register")
    command.add_argument("--signer", default="", help="with --signature: the fingerprint it must bear")


def verify(options: argparse.Namespace) -> int:
    """A file against the register and its signature; without a file, every chain. 核验"""
    return _verify_chains() if options.file is None else _verify_file(options)


def _verify_chains() -> int:
    cases = faults = 0
    with register().reading() as session:
        for case, broken in verify_all(session):
            cases += 1
            if broken:
                faults += 1
                print(f"案件 {case.id} 第 {broken.seq} 条留痕：{broken.fault}")
    print(f"已校验 {cases} 件案件的留痕，{faults} 件不完整。")
    return 1 if faults else 0


def _verify_file(options: argparse.Namespace) -> int:
    file, given = options.file, options.signature
    beside = given or signature_beside(file)
    try:
        if given is not None or (beside is not None and not _has_register()):
            verdict = check_alone(file, beside, signer=options.signer.replace(":", "").lower())
        elif not _has_register():
            raise Incomplete(
                "本机没有登记库，不能核对归卷的校验值；请把签名文件（.p7s）放在文书旁边，或者用 --signature 指明。"
            )
        else:
            with register().reading() as session:
                verdict = check_file(session, file, beside)
    except OSError as fault:
        raise SettingsError(f"{fault.filename} cannot be read: {fault.strerror}.") from None
    for line in verdict.said:
        print(line)
    for line in verdict.faults:
        print(f"有误　　{line}。")
    print("核验通过。" if verdict.holds else "核验不通过。")
    return 0 if verdict.holds else 1


def _has_register() -> bool:
    """Whether there is a register to ask; a look must not make an empty one."""
    address = make_url(settings().register_url)
    return address.get_backend_name() != "sqlite" or Path(address.database or "").exists()


def add_export(command: argparse.ArgumentParser) -> None:
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


def add_import_check(command: argparse.ArgumentParser) -> None:
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
