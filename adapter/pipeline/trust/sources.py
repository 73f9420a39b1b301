"""Sources of revocation data that an authority names: read from certificates, asked by the gateway."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID


def crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Where its CRL is published, as the certificate says; full names of the complete CRL only."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    plain = (point for point in points if point.reasons is None and point.crl_issuer is None)
    return tuple(str(name.value) for point in plain for name in point.full_name or () if _is_url(name))


def ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Who answers for it by OCSP, as the certificate says."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(
        str(place.access_location.value)
        for place in access
        if place.access_method == AuthorityInformationAccessOID.OCSP and _is_url(place.access_location)
    )


def _is_url(name: x509.GeneralName) -> bool:
    return isinstance(name, x509.UniformResourceIdentifier)
