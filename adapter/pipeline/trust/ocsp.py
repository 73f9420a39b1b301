"""OCSP (RFC 6960): the question about one certificate, and what an answer to it says.

Only answers signed by the certificate's issuer, or by a responder certified by it, count.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.trust.revocation import RevocationAnswer, Unusable

DIGESTS = ("sha256", "sha384", "sha512")


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The question, DER. Without a nonce: most responders answer from a store; age is judged by thisUpdate."""
    # SHA-1 only names the certificate here; few responders support SHA-256 (RFC 5019).
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, SHA1())  # noqa: S303
    return builder.build().public_bytes(Encoding.DER)


def ocsp_answer(data: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> RevocationAnswer:
    """What an OCSP answer says of a certificate.

    Raises:
        Unusable: it says nothing, is about another one, or nobody who may has signed it.
    """
    try:
        with strange_text():
            response = ocsp.load_der_ocsp_response(data)
            if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
                raise Unusable(f"the responder says {response.response_status.name.lower()}")
            responder = _ocsp_signer(response, issuer)
            return replace(_single(response, certificate, issuer), responder=responder)
    except Unprocessable:
        raise Unusable("that is no OCSP answer") from None


def _single(response: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate) -> RevocationAnswer:
    for single in response.responses:
        if single.serial_number != certificate.serial_number or not _names(single, issuer):
            continue
        if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            raise Unusable("the responder does not know the certificate")
        return RevocationAnswer(
            single.this_update_utc, single.next_update_utc, single.revocation_time_utc, single.revocation_reason
        )
    raise Unusable("the answer is about another certificate")


def _names(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    """Whether an answer means a certificate of this issuer: by the hashes of its name and key."""
    name, key = Hash(single.hash_algorithm), Hash(single.hash_algorithm)
    name.update(issuer.subject.public_bytes())
    key.update(_key_bits(issuer))
    return (single.issuer_name_hash, single.issuer_key_hash) == (name.finalize(), key.finalize())


@lru_cache(maxsize=64)
def _key_bits(issuer: x509.Certificate) -> bytes:
    """The bits of the public key as OCSP hashes them: without the algorithm in front."""
    key = issuer.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    raise UnsupportedAlgorithm("the issuer's key")


def _ocsp_signer(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> x509.Certificate | None:
    """A responder that the issuer certified for that and whose certificate was valid then. None where it need not be
    asked for: the issuer itself, or one that may be trusted as long as it lives (RFC 6960, 4.2.2.2.1)."""
    if _signed(response, issuer):
        return None
    produced = response.produced_at_utc
    for delegate in response.certificates:
        if not _signed(response, delegate):
            continue
        try:
            delegate.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError):
            raise Unusable("the responder's certificate is not the authority's") from None
        if not _is_responder(delegate):
            raise Unusable("the responder's certificate is not for signing OCSP answers")
        if not delegate.not_valid_before_utc <= produced <= delegate.not_valid_after_utc:
            raise Unusable("the responder's certificate was not valid")
        return None if _is_nocheck(delegate) else delegate
    raise Unusable("no known party has signed the OCSP answer")


def _signed(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    digest = response.signature_hash_algorithm
    if digest is None or digest.name not in DIGESTS:
        return False
    key, signature, signed = certificate.public_key(), response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(digest))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _is_responder(certificate: x509.Certificate) -> bool:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usages


def _is_nocheck(certificate: x509.Certificate) -> bool:
    try:
        certificate.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except x509.ExtensionNotFound:
        return False
    return True
