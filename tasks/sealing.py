"""Seals: an image laid over the signature of a paper, and a detached PKCS#7 signature over its bytes. 用印

A seal is two files named by the code of the organ: CODE.png and CODE.pem. Another kind of seal — a signing
machine, the province's seal platform — is another function that returns a Seal.
"""

import hashlib
import io
import math
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from PIL import Image, ImageDraw, ImageFont

from models.settings import SettingsError, settings

SPECIMEN = "样章"
_RED = (204, 0, 0, 255)


@dataclass(frozen=True)
class Seal:
    """What an organ seals with; either part may be missing. 印章"""

    image: bytes | None  # PNG
    sign: Callable[[bytes], bytes] | None  # bytes -> detached PKCS#7, DER
    signer: str = ""  # SHA-256 of the certificate


def seal_of(code: str, name: str, *, now: datetime) -> Seal:
    """The seal of an organ from the folder of seals. Outside production a missing one is replaced by a specimen.

    Raises SettingsError for files that are there and cannot be used.
    """
    folder, specimen = _folder(), settings().environment != "production"
    picture, key = folder / f"{code}.png", folder / f"{code}.pem"
    image = picture.read_bytes() if picture.exists() else _drawn(name) if specimen else None
    if not key.exists() and specimen:
        _make_test_key(key, name, now=now)
    if not key.exists():
        return Seal(image, None)
    private, certificate = _read_key(key)

    def sign(data: bytes) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(data)
        signed = builder.add_signer(certificate, private, hashes.SHA256())
        return signed.sign(
            serialization.Encoding.DER,
            [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary],
        )

    return Seal(image, sign, certificate.fingerprint(hashes.SHA256()).hex())


def _folder() -> Path:
    chosen = settings()
    return Path(chosen.seal_dir) if chosen.seal_dir else chosen.data_dir / "seals"


def _read_key(path: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    pem = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as fault:
        raise SettingsError(f"The seal {path} must hold a private key and its certificate: {fault}") from None
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"The seal {path} can be read by others: chmod 600 it, and renew it if in doubt.")
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SettingsError(f"The seal {path} must hold a key on an elliptic curve, e.g. P-256.")
    return key, certificate


def _make_test_key(path: Path, name: str, *, now: datetime) -> None:
    """A self-signed certificate that says it is for tests; it proves integrity here, and identity to nobody."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name[:50]}（测试证书）")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}")
    part.touch(mode=0o600)
    part.write_bytes(pem)
    try:
        os.link(part, path)  # whoever comes second uses the key of the first
    except FileExistsError:
        pass
    finally:
        part.unlink()


# --- checking ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checked:
    """What became of checking a signature; `fault` is empty when it holds. 验签结果"""

    signer: str
    subject: str
    signed_at: datetime | None
    fault: str = ""


# What the two libraries raise for bytes that are no signature.
_UNREADABLE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
)


def check_signature(data: bytes, signature: bytes) -> Checked:
    """Hold a file against its detached signature. Never raises for bad input: a fault is the answer."""
    try:
        signed = cms.ContentInfo.load(signature, strict=True)["content"]
        info = signed["signer_infos"][0]
        certificate = x509.load_der_x509_certificate(signed["certificates"][0].chosen.dump())
        attributes = {a["type"].native: a["values"][0].native for a in info["signed_attrs"]}
        said = Checked(
            certificate.fingerprint(hashes.SHA256()).hex(),
            certificate.subject.rfc4514_string(),
            attributes.get("signing_time"),
        )
        key = certificate.public_key()
        if attributes["message_digest"] != hashlib.sha256(data).digest():
            return Checked(said.signer, said.subject, said.signed_at, "文件在签名之后被改动过")
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return Checked(said.signer, said.subject, said.signed_at, "签名使用的算法不受支持")
        # What is signed is the SET of the attributes, not the field of the message that holds it. RFC 5652 5.4
        key.verify(info["signature"].native, info["signed_attrs"].untag().dump(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return Checked(said.signer, said.subject, said.signed_at, "签名本身被改动过")
    except _UNREADABLE:
        return Checked("", "", None, "签名文件无法读取")
    return said


def known_signers() -> Iterator[str]:
    """Fingerprints of the certificates in the folder of seals."""
    for path in sorted(_folder().glob("*.pem")):
        yield _read_key(path)[1].fingerprint(hashes.SHA256()).hex()


# --- drawing ----------------------------------------------------------------------------------------

_SIDE = 840


@lru_cache
def _drawn(name: str) -> bytes | None:
    """A round specimen seal: ring, star, name along the arc. None where no Chinese font is installed."""
    font = _song()
    if font is None:
        return None
    image = Image.new("RGBA", (_SIDE, _SIDE), (0, 0, 0, 0))
    pen, middle = ImageDraw.Draw(image), _SIDE / 2
    pen.ellipse((12, 12, _SIDE - 12, _SIDE - 12), outline=_RED, width=22)
    pen.polygon(
        [
            (
                middle + radius * math.sin(math.pi * point / 5),
                middle - radius * math.cos(math.pi * point / 5),
            )
            for point in range(10)
            for radius in ((130, 50)[point % 2],)
        ],
        fill=_RED,
    )
    size = min(104, 1700 // max(len(name), 1))
    step = min(math.radians(30), math.radians(250) / max(len(name) - 1, 1))
    for place, letter in enumerate(name):
        angle = (place - (len(name) - 1) / 2) * step
        _letter(image, font, letter, size=size, angle=angle, radius=306)
    written = ImageFont.truetype(font, 84)
    pen.text((middle, middle + 236), SPECIMEN, font=written, fill=_RED, anchor="mm")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _letter(image: Image.Image, font: str, letter: str, *, size: int, angle: float, radius: float) -> None:
    box = Image.new("RGBA", (size * 2, size * 2), (0, 0, 0, 0))
    ImageDraw.Draw(box).text(
        (size, size), letter, font=ImageFont.truetype(font, size), fill=_RED, anchor="mm"
    )
    turned = box.rotate(-math.degrees(angle), resample=Image.Resampling.BICUBIC)
    x = _SIDE / 2 + radius * math.sin(angle) - size
    y = _SIDE / 2 - radius * math.cos(angle) - size
    image.alpha_composite(turned, (round(x), round(y)))


@lru_cache
def _song() -> str | None:
    """A Chinese font of this machine, by fontconfig."""
    try:
        found = subprocess.run(
            ["fc-match", "-f", "%{file}\n%{lang}", "SimSun,Noto Serif CJK SC:lang=zh-cn:bold"],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    path, _, languages = found.partition("\n")
    return path if "zh-cn" in languages else None
