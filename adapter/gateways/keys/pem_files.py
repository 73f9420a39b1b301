"""Keys and certificates from PEM files: loaded once, named when something is wrong with them (phoss-ap #58)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapter.model.errors import Misconfigured
from adapter.model.stages import Channel, SignerRole
from adapter.pipeline.signature.seal import SigningKey, signing_key
from adapter.pipeline.trust import Partner


def load_key(name: str, *, key: Path, certificates: Path) -> SigningKey:
    """One of our keys with its chain, leaf first.

    Raises:
        Misconfigured: a file cannot be read, is no PEM, or key and certificate do not belong together.
    """
    chain = load_certificates(certificates)
    try:
        private = load_pem_private_key(_read(key), password=None)
    except TypeError:  # a pass phrase is needed, which nobody can type
        told = "is encrypted; store it without a pass phrase for the service's user alone, or in a hardware module"
        raise Misconfigured(f"key {name}: {key} {told}") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Misconfigured(f"key {name}: {key} holds no PEM key that can be read ({type(error).__name__})") from None
    if private.public_key() != chain[0].public_key():
        raise Misconfigured(f"key {name}: {key} does not belong to the first certificate of {certificates}")
    return signing_key(name, private, chain)


def load_certificates(file: Path) -> tuple[x509.Certificate, ...]:
    """All certificates of a PEM file.

    Raises:
        Misconfigured: it cannot be read or holds none.
    """
    try:
        return tuple(x509.load_pem_x509_certificates(_read(file)))
    except ValueError:
        raise Misconfigured(f"{file} holds no PEM certificate") from None


def load_holders(file: Path) -> tuple[x509.Certificate, ...]:
    """The holders' certificates of a PEM or DER file; those of authorities, as a chain brings them, are left out.

    Raises:
        Misconfigured: it cannot be read or holds none.
    """
    raw = _read(file)
    try:
        found = x509.load_pem_x509_certificates(raw) if b"-----BEGIN" in raw else [x509.load_der_x509_certificate(raw)]
    except ValueError:
        raise Misconfigured(f"{file} holds no certificate, neither PEM nor DER") from None
    holders = tuple(each for each in found if not is_authority(each))
    if not holders:
        raise Misconfigured(f"{file} holds the certificate of an authority only; give the holder's")
    return holders


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether it is a CA certificate, by its basicConstraints."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def load_folder(folder: Path | None, *, must_hold: bool) -> tuple[x509.Certificate, ...]:
    """The certificates of every .pem file of a folder.

    Raises:
        Misconfigured: it must hold some and holds none.
    """
    files = sorted(folder.glob("*.pem")) if folder is not None and folder.is_dir() else []
    if must_hold and not files:
        raise Misconfigured(f"the trust store {folder} holds no anchor (*.pem)")
    return tuple(certificate for file in files for certificate in load_certificates(file))


def load_partners(partners: Mapping[str, tuple[str, str, Iterable[Path], bool]]) -> tuple[Partner, ...]:
    """The configured partners, each stated as (role, channel, certificate files, whether SHA-1 is taken).

    Raises:
        Misconfigured: a file is missing, or a role or channel does not exist.
    """
    try:
        return tuple(
            Partner(
                name=name,
                role=SignerRole(role),
                channel=Channel(channel),
                certificates=tuple(certificate for file in files for certificate in load_certificates(file)[:1]),
                legacy_sha1=legacy,
            )
            for name, (role, channel, files, legacy) in partners.items()
        )
    except ValueError as error:
        raise Misconfigured(f"trust.partners: {error}") from None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"cannot read {file}: {error.strerror}") from None
