"""The only reader of the environment: every setting, its default and what it means. 系统设置"""

import os
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """With no environment at all the system starts on an embedded SQLite register in ./var."""

    model_config = SettingsConfigDict(env_prefix="ZHAODAN_", extra="forbid", frozen=True)

    data_dir: Path = Field(Path("var"), description="Where the register, evidence, documents and logs live")
    database_url: str = Field("", description="Register; empty means SQLite in the data directory")
    pool_size: int = Field(10, ge=1, le=100, description="Database connections held per process")
    handbook_dir: str = Field(
        "", description="Folder with the editions of the handbook; empty means the shipped ones"
    )
    host: str = Field("127.0.0.1", description="Address the API listens on")
    port: int = Field(8000, ge=0, le=65535, description="Port of the API and pages; 0 means any free port")
    prefect_port: int = Field(4200, ge=0, le=65535, description="Port of the Prefect server; 0: any free")
    prefect_api_url: str = Field(
        "", description="Prefect API to wake; empty means people act without the engine"
    )
    work_pool: str = Field("zhaodan", description="Prefect work pool of the deployments")
    public_url: str = Field(
        "", description="Address people use in links of notices; empty means none is printed"
    )
    environment: Literal["laptop", "production"] = Field(
        "laptop", description="production refuses demo people and insecure cookies"
    )
    secure_cookies: bool = Field(False, description="Send the session cookie over HTTPS only")
    session_hours: int = Field(12, ge=1, le=72, description="Hours until a signed-in session ends")
    sign_in_attempts: int = Field(10, ge=1, le=1000, description="Failed sign-ins per account and 15 minutes")
    evidence_max_mb: int = Field(200, ge=1, le=10_000, description="Largest evidence file accepted, in MiB")
    body_max_kb: int = Field(512, ge=16, le=65_536, description="Largest JSON or form body accepted, in KiB")
    evidence_types: str = Field(
        "application/pdf,image/jpeg,image/png,text/plain,video/mp4,audio/mpeg,"
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document,"
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        description="Media types accepted as evidence, comma separated",
    )
    effect_lease_s: float = Field(
        60, gt=0, description="Seconds after which an unfinished effect is taken over"
    )
    effect_attempts: int = Field(8, ge=1, description="Attempts before an effect is left to a person")
    vault_key_file: str = Field(
        "",
        description="Key of the reporters' identities, mode 0600, kept apart from backups of the register;"
        " empty means vault.key in the data directory, made at the first start",
    )
    seal_dir: str = Field(
        "",
        description="Seals of the organs: CODE.png is laid over signatures, CODE.pem (key and certificate) signs;"
        " empty means seals in the data directory. Outside production a specimen is made where there is none",
    )
    certificate_key_file: str = Field(
        "",
        description="Private key that signs certificates of dissent, mode 0600, kept apart from backups of the register;"
        " empty means certificate.key in the data directory, made when first needed",
    )
    smtp_from: str = Field("", description="Sender of e-mail notices when a channel names none")
    notice_limit_s: float = Field(
        20, gt=0, le=300, description="Seconds one notice may take with the server of its channel"
    )
    private_networks: str = Field(
        "",
        description="Networks of the house, e.g. 10.0.0.0/8, comma separated, that addresses entered on a page"
        " may lie in; public addresses always may",
    )

    @field_validator("private_networks")
    @classmethod
    def _readable_networks(cls, said: str) -> str:
        for part in filter(None, map(str.strip, said.split(","))):
            ip_network(part)
        return said

    @property
    def register_url(self) -> str:
        """The SQLAlchemy address of the register."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'register.db'}"


class SettingsError(Exception):
    """A setting is unknown or out of range; the message is one sentence for the person who starts us."""


@lru_cache
def settings() -> Settings:
    """Read the environment once. Raises SettingsError naming the setting and the fault."""
    return read_settings()


def read_settings() -> Settings:
    """Read the environment now, refusing names we do not know. Raises SettingsError."""
    known = {f"ZHAODAN_{name}".upper() for name in Settings.model_fields}
    unknown = sorted(k for k in os.environ if k.upper().startswith("ZHAODAN_") and k.upper() not in known)
    if unknown:
        raise SettingsError(f"Unknown setting {unknown[0]}: see the settings table in README.md.")
    try:
        chosen = Settings()  # type: ignore[call-arg]  # every field has a default
    except ValidationError as error:
        first = error.errors()[0]
        name = f"ZHAODAN_{first['loc'][0]}".upper() if first["loc"] else "settings"
        raise SettingsError(f"Setting {name} is not usable: {first['msg']}.") from None
    if chosen.environment == "production" and not chosen.secure_cookies:
        raise SettingsError(
            "In production the session cookie must travel over HTTPS only: set ZHAODAN_SECURE_COOKIES=true."
        )
    return chosen
