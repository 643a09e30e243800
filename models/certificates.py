"""Certificates that stand without the register: signed with Ed25519, checked with the public key alone. 留存证明

A certificate travels as an armoured block inside any text: the paper itself, a mail, a file that only holds the block.
The private key lies beside the register like the key of the vault and never in it.
"""

import base64
import binascii
import hashlib
import json
import os
import re
import stat
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.rules.errors import Conflict, Incomplete
from models.settings import settings

FORMAT = "zhaodan-certificate-1"
_BEGIN, _END = "-----BEGIN ZHAODAN CERTIFICATE-----", "-----END ZHAODAN CERTIFICATE-----"
_BLOCK = re.compile(rf"{_BEGIN}([A-Za-z0-9+/=\s]{{1,200000}}?){_END}")
_KEY = re.compile(r"ed25519:([A-Za-z0-9+/]{43}=)")
_WIDTH = 64


class SealClosed(Conflict):
    """签发留存证明的密钥不可用，没有签发；请联系系统管理员。"""

    code = "seal-closed"


@dataclass(frozen=True)
class Statement:
    """What a certificate says. `at` is the moment it was signed, `head` the last link of the case's chain then."""

    kind: str  # dissent
    organ: str
    case: str  # case number
    round: int
    member: str
    text: str  # what is printed, word for word
    at: str  # ISO 8601, UTC
    head: str


@dataclass(frozen=True)
class Checked:
    """A certificate held against a key; `fault` says why it does not hold. 核验结果"""

    statement: Statement | None
    key: str
    fault: str = ""

    @property
    def holds(self) -> bool:
        """Whether the key named has signed exactly this."""
        return not self.fault


def issue(statement: Statement) -> str:
    """The armoured certificate; the same statement gives the same bytes. Raises SealClosed."""
    private = _private_key()
    signed = _canonical(asdict(statement))
    content = {
        "format": FORMAT,
        "statement": asdict(statement),
        "key": _named(private.public_key()),
        "signature": base64.b64encode(private.sign(signed)).decode(),
    }
    text = base64.b64encode(_canonical(content)).decode()
    lines = (text[i : i + _WIDTH] for i in range(0, len(text), _WIDTH))
    return "\n".join((_BEGIN, *lines, _END))


def find(text: str) -> str | None:
    """The armoured block in a text, if there is one."""
    found = _BLOCK.search(text)
    return found.group(0) if found else None


def check(text: str, *, key: str = "") -> Checked:
    """Hold the certificate in a text against a public key; without one, against the key it names itself.

    Never raises for what it is given: a fault is the answer. Against its own key it proves only that nothing was
    changed since; who signed it, only a key that came from the organ tells.
    """
    block = _BLOCK.search(text)
    if block is None:
        return Checked(None, "", "没有找到留存证明；请提供完整的证明文件，包括首尾两行标记。")
    try:
        content = json.loads(base64.b64decode("".join(block.group(1).split()), validate=True))
        statement = Statement(**content["statement"])
        named, signature = str(content["key"]), base64.b64decode(content["signature"], validate=True)
        if content["format"] != FORMAT or not all(map(_fits, asdict(statement).items())):
            raise ValueError
        public = _public_key(named)
    except (ValueError, TypeError, KeyError, binascii.Error, Incomplete, RecursionError):
        return Checked(None, "", "证明内容残缺或者格式不符，无法核验；请取得原件后再核验。")
    if key and key != named:
        return Checked(
            statement, named, "证明不是用所给的公钥对应的密钥签发的；请核对公钥是否为签发机关公布的公钥。"
        )
    try:
        public.verify(signature, _canonical(content["statement"]))
    except InvalidSignature:
        return Checked(statement, named, "签名不符：证明内容在签发之后被改动过，或者不是该密钥签发的。")
    return Checked(statement, named)


def _fits(part: tuple[str, object]) -> bool:
    name, value = part
    return isinstance(value, int if name == "round" else str) and not isinstance(value, bool)


# --- keys -----------------------------------------------------------------------------------------


def key_path() -> Path:
    """Where the private key lies."""
    chosen = settings()
    return (
        Path(chosen.certificate_key_file)
        if chosen.certificate_key_file
        else chosen.data_dir / "certificate.key"
    )


def public_key() -> str:
    """The public key as it is handed to others: ed25519: and 44 letters. Raises SealClosed."""
    return _named(_private_key().public_key())


def own_key() -> str:
    """The same, or nothing where this installation has never signed."""
    return public_key() if key_path().exists() else ""


def read_key(text: str) -> str:
    """A public key as somebody hands it in, alone or inside a longer text. Raises Incomplete."""
    found = _KEY.search(text)
    if found is None:
        raise Incomplete(
            "公钥应写作 ed25519: 加 44 个字符，由签发机关用 zhaodan seal-key 取得；请核对后再核验。"
        )
    _public_key(found.group(0))
    return found.group(0)


def fingerprint(key: str) -> str:
    """A short name of a public key, to be compared by voice or on paper."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def _canonical(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _named(public: Ed25519PublicKey) -> str:
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return f"ed25519:{base64.b64encode(raw).decode()}"


def _public_key(named: str) -> Ed25519PublicKey:
    found = _KEY.fullmatch(named)
    if found is None:
        raise Incomplete
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(found.group(1), validate=True))


def _private_key() -> Ed25519PrivateKey:
    path = key_path()
    if not path.exists():
        _make_key(path)
    try:
        mode, pem = stat.S_IMODE(path.stat().st_mode), path.read_bytes()
    except OSError:
        raise SealClosed("签发留存证明的密钥文件无法读取，没有签发；请系统管理员核对文件的归属。") from None
    if mode & 0o077:
        raise SealClosed("签发留存证明的密钥文件可以被其他账户读取，没有签发；请系统管理员将权限改为 0600。")
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise SealClosed("签发留存证明的密钥文件已经损坏，没有签发；请系统管理员从备份恢复。")
    return key


def _make_key(path: Path) -> None:
    """A key readable by our own account only; of two who start at once, the first one's is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink()
