"""The certificates in use, read from their files: own keys, pinned partners, trust stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from adapter.gateways.keys.pem_files import load_certificates, load_folder


class Use(StrEnum):
    """What a certificate is used for; the value is where the configuration names it."""

    OWN_KEY = "keys"
    PARTNER = "trust.partners"
    ANCHOR = "trust.stores.anchors"
    INTERMEDIATE = "trust.stores.intermediates"
    BROKER = "broker.tls.certificate"
    BROKER_AUTHORITY = "broker.tls.ca"
    REGISTERED = "certificate"


@dataclass(frozen=True, slots=True)
class InUse:
    """A certificate in use. `name` is the key, partner or store; times are aware."""

    use: Use
    name: str
    serial: str
    fingerprint: str
    subject: str
    valid_from: datetime
    valid_to: datetime
    group: str = ""
    """Certificates of one use, name and group replace one another: one valid one is enough."""

    @property
    def place(self) -> tuple[Use, str, str]:
        """The use, name and group that it belongs to."""
        return self.use, self.name, self.group

    def valid(self, at: datetime) -> bool:
        """Whether it may be used at that time."""
        return self.valid_from <= at <= self.valid_to


def installed(
    keys: Mapping[str, Iterable[Path]],
    partners: Mapping[str, Iterable[Path]],
    stores: Mapping[str, tuple[Path, Path | None]],
    broker: tuple[Path, Path] | None = None,
) -> Iterator[InUse]:
    """All certificates in the files now: they change during a roll-over.

    `broker`: what this side shows of itself over TLS, and the authorities that vouch for the other.

    Raises:
        Misconfigured: a file cannot be read.
    """
    for name, files in keys.items():
        for file in files:
            yield from (_in_use(Use.OWN_KEY, name, each) for each in load_certificates(file)[:1])
    for name, files in partners.items():
        for file in files:
            yield from (_in_use(Use.PARTNER, name, each) for each in load_certificates(file)[:1])
    for name, (anchors, intermediates) in stores.items():
        for use, folder in ((Use.ANCHOR, anchors), (Use.INTERMEDIATE, intermediates)):
            for each in load_folder(folder, must_hold=False):
                # A renewed authority keeps its name: the new certificate replaces the old one.
                yield _in_use(use, name, each, group=each.subject.rfc4514_string())

    if broker is not None:
        yield from (_in_use(Use.BROKER, "", each) for each in load_certificates(broker[0])[:1])
        for each in load_certificates(broker[1]):
            yield _in_use(Use.BROKER_AUTHORITY, "", each, group=each.subject.rfc4514_string())


def _in_use(use: Use, name: str, certificate: x509.Certificate, group: str = "") -> InUse:
    return InUse(
        use=use,
        name=name,
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(SHA256()).hex(),
        subject=certificate.subject.rfc4514_string(),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        group=group,
    )
