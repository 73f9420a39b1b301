"""RFC 3161 time stamps: whether a token is over these bytes, by an authority we trust, and from when.

rfc3161-client decides signature, path and purpose; what it leaves open is checked here first: one signer, a strong
digest, the imprint, the certificate that the signer names in what he signed. Without a configured authority no token
proves anything, and a token that proves nothing rejects its message.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import cms, tsp
from cryptography import x509
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

_STRONG = {"sha256", "sha384", "sha512"}
_MALFORMED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
"""What parsers of ASN.1 raise on hostile input."""


@dataclass(frozen=True, slots=True)
class Authorities:
    """Time-stamping authorities: anchors, and intermediates that tokens leave out."""

    anchors: tuple[x509.Certificate, ...] = ()
    intermediates: tuple[x509.Certificate, ...] = ()


class Unproven(Exception):
    """The token proves nothing. Internal to verification, which lists it as a finding: in Vietnamese and English."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


def stamped_at(token: bytes, over: bytes, authorities: Authorities) -> datetime:
    """The latest time at which `over` existed, by a token (DER of a TimeStampToken): its time and its accuracy.

    Raises:
        Unproven: it is malformed, over something else, or not of a trusted authority.
    """
    try:
        signed = _signed_data(token)
        stamp = signed["encap_content_info"]["content"].parsed
        _check_imprint(stamp["message_imprint"], over)
        _check_signer(signed)
        moment, accuracy = stamp["gen_time"].native, stamp["accuracy"].native or {}
    except _MALFORMED:
        raise Unproven("không đọc được", "it cannot be read") from None
    _verify(token, over, authorities)
    margin = timedelta(
        seconds=accuracy.get("seconds") or 0,
        milliseconds=accuracy.get("millis") or 0,
        microseconds=accuracy.get("micros") or 0,
    )
    latest: datetime = moment.astimezone(UTC) + min(margin, timedelta(hours=1))
    return latest


def _signed_data(token: bytes) -> cms.SignedData:
    content = cms.ContentInfo.load(token, strict=True)
    if content["content_type"].native != "signed_data":
        raise ValueError("no SignedData")
    signed = content["content"]
    if signed["encap_content_info"]["content_type"].native != "tst_info" or len(signed["signer_infos"]) != 1:
        raise ValueError("no TSTInfo by one signer")
    return signed


def _check_imprint(imprint: tsp.MessageImprint, over: bytes) -> None:
    """RFC 3161, 2.4.2: the hash of the very bytes, by a strong algorithm."""
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if algorithm not in _STRONG:
        raise Unproven("thuật toán băm yếu", "a weak digest")
    if not hmac.compare_digest(hashlib.new(algorithm, over).digest(), imprint["hashed_message"].native):
        raise Unproven("không phải của chữ ký này", "it is not of this signature")


def _check_signer(signed: cms.SignedData) -> None:
    """The signed attributes name the certificate (RFC 5816), or another one for the same key could be put beside it."""
    signer = signed["signer_infos"][0]
    if signer["digest_algorithm"]["algorithm"].native not in _STRONG:
        raise Unproven("thuật toán băm yếu", "a weak digest")
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer["signed_attrs"]}
    name = "signing_certificate_v2" if "signing_certificate_v2" in attributes else "signing_certificate"
    named = attributes[name][0]["certs"][0]
    algorithm = named["hash_algorithm"]["algorithm"].native if name.endswith("v2") else "sha1"  # RFC 2634's only one
    digests = {hashlib.new(algorithm, each.chosen.dump()).digest() for each in signed["certificates"]}
    if named["cert_hash"].native not in digests:
        raise Unproven("không kèm chứng thư số của tổ chức cấp dấu thời gian", "its authority's certificate is missing")


def _verify(token: bytes, over: bytes, authorities: Authorities) -> None:
    if not authorities.anchors:
        raise Unproven("chưa cấu hình tổ chức cấp dấu thời gian tin cậy", "no time-stamping authority is trusted here")
    # XAdES carries the token alone; the library reads the response around it.
    response = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token)})
    verifier = VerifierBuilder(roots=list(authorities.anchors), intermediates=list(authorities.intermediates)).build()
    try:
        verifier.verify_message(decode_timestamp_response(response.dump()), over)
    except VerificationError:
        raise Unproven("không do tổ chức tin cậy cấp", "it is not of a trusted authority") from None
    except _MALFORMED:
        raise Unproven("không đọc được", "it cannot be read") from None
