"""`zhaodan verify`: every chain, or one file against the register and its signature. 核验命令"""

import argparse
from pathlib import Path

from sqlalchemy.engine import make_url

from models.casework import verify_all, verify_deposits
from models.database import register
from models.rules.errors import Incomplete
from models.settings import SettingsError, settings
from tasks.verifying import check_alone, check_file, signature_beside
from zhaodan.running import Command


def _add_verify(command: argparse.ArgumentParser) -> None:
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
        changed = verify_deposits(session)
    for number in changed:
        print(f"在先留存 {number}：内容与校验值不符，或者前一件缺失。")
    print(f"已校验 {cases} 件案件的留痕，{faults} 件不完整。")
    return 1 if faults or changed else 0


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


COMMANDS = {
    "verify": Command(verify, _add_verify),
}
