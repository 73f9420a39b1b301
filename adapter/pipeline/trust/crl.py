"""CRLs (RFC 5280 section 5): bytes in, what they say of one certificate out.

Only CRLs signed by the certificate's own issuer count. Delta, indirect and partial CRLs are not read:
where an authority publishes such, its complete CRL or its OCSP responder is asked.
"""

from __future__ import annotations

from cryptography import x509

from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.trust.revocation import RevocationAnswer, Unusable
from adapter.pipeline.trust.sources import crl_urls

DIGESTS = ("sha256", "sha384", "sha512")


def read_crl(data: bytes) -> x509.CertificateRevocationList:
    """A CRL from DER or PEM.

    Raises:
        Unusable: it is none.
    """
    try:
        with strange_text():
            if data.lstrip()[:5] == b"-----":
                return x509.load_pem_x509_crl(data)
            return x509.load_der_x509_crl(data)
    except Unprocessable:
        raise Unusable("that is no CRL") from None


def check_crl(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    """Whether a CRL is the issuer's own and complete.

    Raises:
        Unusable: another's, not signed by it, or of a kind that is not read.
    """
    try:
        with strange_text():
            _check(crl, issuer)
    except Unprocessable:
        raise Unusable("the CRL has a part that cannot be read") from None


def _check(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    if crl.issuer != issuer.subject:
        raise Unusable("the CRL is another authority's")
    if not _may_sign_crls(issuer):
        raise Unusable("the authority's certificate may not sign CRLs")
    digest = crl.signature_hash_algorithm
    if digest is None or digest.name not in DIGESTS:
        raise Unusable("the CRL is signed over a digest that is too weak")
    key = issuer.public_key()
    try:
        with strange_text():
            # The stubs of the library name the kinds of keys; another kind is refused below it.
            signed = crl.is_signature_valid(key)  # type: ignore[arg-type]
    except Unprocessable:
        signed = False
    if not signed:
        raise Unusable("the CRL's signature does not hold")
    for extension in crl.extensions:
        _check_scope(extension)


def _check_scope(extension: x509.Extension[x509.ExtensionType]) -> None:
    match extension.value:
        case x509.DeltaCRLIndicator():
            raise Unusable("a delta CRL is not read")
        case x509.IssuingDistributionPoint() as point:
            if point.indirect_crl or point.only_some_reasons or point.only_contains_attribute_certs:
                raise Unusable("an indirect or partial CRL is not read")
        case _ if extension.critical:
            raise Unusable(f"the CRL has a critical extension that is not read ({extension.oid.dotted_string})")


def crl_answer(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate
) -> RevocationAnswer:
    """What a checked CRL says of a certificate.

    Raises:
        Unusable: the certificate is outside its scope.
    """
    try:
        with strange_text():
            return _answer(crl, certificate, issuer)
    except Unprocessable:
        raise Unusable("the CRL's entry cannot be read") from None


def _answer(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate
) -> RevocationAnswer:
    if certificate.issuer != issuer.subject:
        raise Unusable("the certificate is another authority's")
    _check_within(crl, certificate)
    this_update, next_update = crl.last_update_utc, crl.next_update_utc
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return RevocationAnswer(this_update, next_update)
    reason, since = None, entry.revocation_date_utc
    for extension in entry.extensions:
        match extension.value:
            case x509.CRLReason() as told:
                if told.reason is x509.ReasonFlags.remove_from_crl:
                    return RevocationAnswer(this_update, next_update)
                reason = told.reason
            case x509.InvalidityDate() as invalid:
                since = min(since, invalid.invalidity_date_utc)
            case _ if extension.critical:
                raise Unusable("the CRL's entry has a critical extension that is not read")
    return RevocationAnswer(this_update, next_update, since, reason)


def _check_within(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> None:
    try:
        point = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return
    authority = _is_authority(certificate)
    if (point.only_contains_user_certs and authority) or (point.only_contains_ca_certs and not authority):
        raise Unusable("the CRL is for certificates of another kind")
    # A CRL for one of several distribution points says nothing about certificates of the others.
    if point.full_name and not {str(name.value) for name in point.full_name} & set(crl_urls(certificate)):
        raise Unusable("the CRL is for another distribution point")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _may_sign_crls(issuer: x509.Certificate) -> bool:
    try:
        return issuer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True
