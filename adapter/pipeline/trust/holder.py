"""Who a certificate names: the values that are kept of a signer, and his tax code or personal number.

Where authorities write it is configuration (`trust.identity`): the law asks for an identifier (NĐ 23/2025 Article 5),
not for a place. Must never guess: a value without one of the configured prefixes names nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

from adapter.model.stages import Signer, SignerRole
from adapter.pipeline.names import folded

_BRANCH = re.compile(r"([0-9]{10})-?([0-9]{3})")
_OIDS = {
    "uid": NameOID.USER_ID,
    "organization_identifier": NameOID.ORGANIZATION_IDENTIFIER,
    "serial_number": NameOID.SERIAL_NUMBER,
}


@dataclass(frozen=True, slots=True)
class NumberPlace:
    """An attribute of the subject, by its key in the configuration, and what stands before the number in it."""

    attribute: str
    prefixes: tuple[str, ...]


def signer(
    certificate: x509.Certificate,
    *,
    role: SignerRole,
    store: str,
    partner: str | None = None,
    places: tuple[NumberPlace, ...] = (),
) -> Signer:
    """The values of a certificate that are kept and shown."""
    named = _named(certificate, places)
    return Signer(
        role=role,
        subject=named.subject,
        issuer=named.issuer,
        serial=named.serial,
        store=store,
        numbers=named.numbers,
        partner=partner,
    )


@dataclass(frozen=True, slots=True)
class _Named:
    subject: str
    issuer: str
    serial: str
    numbers: tuple[str, ...]


@lru_cache(maxsize=1024)
def _named(certificate: x509.Certificate, places: tuple[NumberPlace, ...]) -> _Named:
    """The same few hundred certificates sign all day, and writing a name costs as much as checking a signature."""
    return _Named(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        numbers=numbers(certificate, places),
    )


def numbers(certificate: x509.Certificate, places: tuple[NumberPlace, ...]) -> tuple[str, ...]:
    """Every number of the subject, in the order of the places, each once and as `plain` writes it."""
    found = []
    for place in places:
        for attribute in certificate.subject.get_attributes_for_oid(_OIDS[place.attribute]):
            text = str(attribute.value).strip()
            prefix = next((each for each in place.prefixes if text.upper().startswith(each.upper())), None)
            if prefix is not None and (number := plain(text[len(prefix) :])):
                found.append(number)
    return tuple(dict.fromkeys(found))


_NAMING = (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME, NameOID.USER_ID, NameOID.SERIAL_NUMBER)


def names_of(certificate: x509.Certificate) -> frozenset[str]:
    """What a certificate's subject says of its holder's name or code, each as `spelled` writes it."""
    found = (each for oid in _NAMING for each in certificate.subject.get_attributes_for_oid(oid))
    return frozenset(spelled(str(each.value)) for each in found)


def spelled(name: str) -> str:
    """One spelling of a name: authorities may write it in capitals or without accents."""
    return " ".join(folded(name).split())


def plain(number: str) -> str:
    """One spelling of a number: a branch's tax code with its hyphen, letters in capitals, nothing around it."""
    text = number.strip().upper()
    branch = _BRANCH.fullmatch(text)
    return f"{branch[1]}-{branch[2]}" if branch else text


def head_of(number: str) -> str | None:
    """The ten digits of the enterprise that a branch (đơn vị phụ thuộc, thirteen digits) belongs to, or None."""
    branch = _BRANCH.fullmatch(number)
    return branch[1] if branch else None
