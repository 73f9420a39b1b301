"""Who a certificate names: the values that are kept of a signer and shown."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from adapter.model.stages import Role, Signer


def signer(certificate: x509.Certificate, *, role: Role, store: str, partner: str | None = None) -> Signer:
    """The values of a certificate that are kept and shown."""
    return Signer(
        role=role,
        subject=certificate.subject.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        store=store,
        identity=_identity(certificate),
        partner=partner,
    )


def _identity(certificate: x509.Certificate) -> str | None:
    """Tax code or personal number: Vietnamese CAs write UID=MST:… or UID=CCCD:… into the subject."""
    for attribute in certificate.subject.get_attributes_for_oid(NameOID.USER_ID):
        scheme, _, number = str(attribute.value).partition(":")
        if scheme in ("MST", "CCCD", "CMND") and number:
            return number
    return None
