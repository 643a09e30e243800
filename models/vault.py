"""The vault of reporters' identities: sealed with a key that lies beside the register, never in it. 举报人信息保管

Whoever reads the register alone, or a copy of it, learns no name. The key must be kept apart from backups of the register.
"""

import json
import os
import stat
import uuid
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from models.rules.errors import Conflict
from models.settings import settings

_WEBHOOKS = "外部系统回调"
_VOTES = "表决票"


class VaultClosed(Conflict):
    """举报人信息的密钥不可用，没有办理；请联系系统管理员。"""

    code = "vault-closed"


def key_path() -> Path:
    """Where the key lies."""
    chosen = settings()
    return Path(chosen.vault_key_file) if chosen.vault_key_file else chosen.data_dir / "vault.key"


def webhook_key_path() -> Path:
    """Where the key of webhook secrets lies: whoever sends needs it, and must not be able to read who reported."""
    return settings().data_dir / "webhook.key"


def ballot_key_path() -> Path:
    """Where the key of the ballot boxes lies: none of the other keys opens a vote, and this one opens nothing else."""
    return settings().data_dir / "ballot.key"


def prepare_key(path: Path | None = None) -> None:
    """Make a key where there is none, readable by our own account only; two who start at once make one."""
    path = path or key_path()
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # somebody else was first, and theirs is the key
            os.link(part, path)
    finally:
        part.unlink()


def seal(name: str, contact: str) -> str:
    """An identity that only the key opens. Raises VaultClosed."""
    said = json.dumps({"name": name, "contact": contact}, ensure_ascii=False)
    return _fernet().encrypt(said.encode()).decode()


def unseal(sealed: str) -> tuple[str, str]:
    """Name and contact. Raises VaultClosed when the key is not the one that sealed it."""
    try:
        said = json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken:
        raise VaultClosed(
            "举报人信息不是用现在的密钥封存的，无法打开；请系统管理员从备份恢复原来的密钥文件。"
        ) from None
    return said["name"], said["contact"]


def seal_secret(secret: str) -> str:
    """A secret that only the key of webhooks opens. Raises VaultClosed."""
    return _fernet(webhook_key_path(), _WEBHOOKS).encrypt(secret.encode()).decode()


def unseal_secret(sealed: str) -> str:
    """The secret again. Raises VaultClosed when the key is not the one that sealed it."""
    try:
        return _fernet(webhook_key_path(), _WEBHOOKS).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise VaultClosed(
            "回调密钥不是用现在的密钥文件封存的，无法使用；请系统管理员恢复原来的密钥文件，或者重新登记回调。"
        ) from None


def seal_vote(said: str) -> str:
    """A vote, or what somebody has written of one, that only the key of the ballot boxes opens. Raises VaultClosed."""
    prepare_key(ballot_key_path())
    return _fernet(ballot_key_path(), _VOTES).encrypt(said.encode()).decode()


def unseal_vote(sealed: str) -> str:
    """The vote again. Raises VaultClosed when the key is not the one that sealed it."""
    try:
        return _fernet(ballot_key_path(), _VOTES).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise VaultClosed(
            "表决票不是用现在的密钥封存的，无法打开；请系统管理员从备份恢复原来的密钥文件（ballot.key）。"
        ) from None


def _fernet(path: Path | None = None, what: str = "举报人信息") -> Fernet:
    path = path or key_path()
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        key = path.read_bytes().strip()
    except OSError:
        raise VaultClosed(f"没有找到{what}的密钥文件，没有办理；请系统管理员恢复密钥文件。") from None
    if mode & 0o077:
        raise VaultClosed(f"{what}的密钥文件可以被其他账户读取，没有办理；请系统管理员将权限改为 0600。")
    try:
        return Fernet(key)
    except ValueError:
        raise VaultClosed(f"{what}的密钥文件已经损坏，没有办理；请系统管理员从备份恢复。") from None
