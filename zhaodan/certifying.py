"""`zhaodan seal-key` and `verify-certificate`: who signed a certificate of dissent, and what. 证明核验"""

import argparse
from pathlib import Path

from models import certificates
from models.settings import SettingsError
from zhaodan.running import Command


def seal_key(_: argparse.Namespace) -> int:
    """The public key, to be made known to whoever checks certificates. 公钥"""
    key = certificates.public_key()
    print(f"{key}\n指纹 {certificates.fingerprint(key)}")
    return 0


def verify_certificate(options: argparse.Namespace) -> int:
    """Hold a certificate against a key that did not come with it; exit code 1 when it does not hold. 核验证明"""
    key = (
        certificates.read_key(_text_of(Path(options.key), options.key))
        if options.key
        else certificates.own_key()
    )
    if not key:
        raise SettingsError(
            "No public key: ask the organ that signed for the output of `zhaodan seal-key` and give it with --key."
        )
    found = certificates.check(_text_of(options.file), key=key)
    if found.statement is not None:
        said = found.statement
        print(f"签发机关　{said.organ}\n签发时间　{said.at}\n案件留痕　{said.head}\n{said.text}\n")
    print(f"公钥指纹　{certificates.fingerprint(key)}")
    print(found.fault if found.fault else "签名有效：以上内容自签发之后没有改动。")
    return 0 if found.holds else 1


def _text_of(path: Path, otherwise: str | None = None) -> str:
    """What a file says, as text; `otherwise` where there is no such file."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as fault:
        if otherwise is not None:
            return otherwise
        raise SettingsError(f"{path} cannot be read: {fault.strerror}") from None


def _add_verify(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="the certificate, or any text that holds it")
    command.add_argument(
        "--key", help="the public key, or a file with it; without it, this installation's own"
    )


COMMANDS = {
    "seal-key": Command(seal_key),
    "verify-certificate": Command(verify_certificate, _add_verify),
}
