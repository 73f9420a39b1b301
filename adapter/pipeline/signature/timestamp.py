"""RFC 3161 time stamps: whether a token is over these bytes, by an authority we trust, and from when.

rfc3161-client decides signature, path and purpose; what it leaves open is checked here first: one signer, a strong
digest, the imprint, the certificate that the signer names in what he signed. Whether that certificate was revoked is
asked afterwards, by `trust`. Without a configured authority no token proves anything, and a token that proves nothing
rejects its message.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from rfc3161_client import TimeStampTokenInfo, VerificationError, VerifierBuilder, decode_timestamp_response

from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.signature.keyinfo import read_whole
from adapter.pipeline.trust.stores import Store
from adapter.pipeline.trust.suitability import is_valid

_STRONG = {"sha256", "sha384", "sha512"}


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token that holds says: the latest time (UTC) at which what it is over existed, its time and its accuracy;
    and who says so: his certificate, then the others of the token."""

    at: datetime
    certificates: tuple[x509.Certificate, ...]


class Unproven(Exception):
    """The token proves nothing. Internal to verification, which lists it as a finding: in Vietnamese and English."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


def stamp_of(token: bytes, over: bytes, authorities: Store | None) -> Stamp:
    """What a token (DER of a TimeStampToken) proves of `over`.

    Raises:
        Unproven: it is malformed, over something else, or not of a trusted authority.
    """
    if authorities is None:
        raise Unproven("chưa cấu hình tổ chức cấp dấu thời gian tin cậy", "no time-stamping authority is trusted here")
    try:
        with strange_text():
            return _stamp(token, over, authorities)
    except Unprocessable:
        raise Unproven("không đọc được", "it cannot be read") from None


def _stamp(token: bytes, over: bytes, authorities: Store) -> Stamp:
    try:
        signed = _signed_data(cms.ContentInfo.load(token, strict=True))
        said = signed["encap_content_info"]["content"].parsed
        _check_imprint(said["message_imprint"], over)
        certificates = _certificates(signed)
        if not is_valid(certificates[0], said["gen_time"].native):
            raise Unproven(
                "chứng thư số của tổ chức cấp dấu thời gian không còn hoặc chưa có hiệu lực vào lúc đó",
                "its authority's certificate was not valid at that time",
            )
        return Stamp(_latest(_verified(token, over, authorities)), certificates)
    except VerificationError:
        raise Unproven("không do tổ chức tin cậy cấp", "it is not of a trusted authority") from None


def _signed_data(content: cms.ContentInfo) -> cms.SignedData:
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
    if not hmac.compare_digest(_hash(algorithm, over), imprint["hashed_message"].native):
        raise Unproven("không phải của chữ ký này", "it is not of this signature")


def _certificates(signed: cms.SignedData) -> tuple[x509.Certificate, ...]:
    """The signer's, then the others. The signed attributes name it (RFC 5816), or another one for the same key could be
    put beside it; and it is for time stamps alone (RFC 3161, 2.3)."""
    signer = signed["signer_infos"][0]
    if signer["digest_algorithm"]["algorithm"].native not in _STRONG:
        raise Unproven("thuật toán băm yếu", "a weak digest")
    attributes = {attribute["type"].native: attribute["values"] for attribute in signer["signed_attrs"]}
    second = "signing_certificate_v2" in attributes
    named = attributes["signing_certificate_v2" if second else "signing_certificate"][0]["certs"][0]
    algorithm = named["hash_algorithm"]["algorithm"].native if second else "sha1"  # RFC 2634 knows no other
    certificates = [each.chosen for each in signed["certificates"]]
    leaf = next((each for each in certificates if _hash(algorithm, each.dump()) == named["cert_hash"].native), None)
    if leaf is None or not _is(signer["sid"].chosen, leaf):
        raise Unproven("không kèm chứng thư số của tổ chức cấp dấu thời gian", "its authority's certificate is missing")
    purposes = leaf.extended_key_usage_value
    if purposes is None or purposes.native != ["time_stamping"]:
        raise Unproven("chứng thư số không dành cho dấu thời gian", "its certificate is not for time stamps")
    ordered = (leaf, *(each for each in certificates if each is not leaf))
    return tuple(read_whole(x509.load_der_x509_certificate(each.dump())) for each in ordered)


def _is(stated: cms.IssuerAndSerialNumber, leaf: asn1_x509.Certificate) -> bool:
    meant = cms.IssuerAndSerialNumber({"issuer": leaf.issuer, "serial_number": leaf.serial_number})
    return bool(stated.dump() == meant.dump())


def _hash(algorithm: str, data: bytes) -> bytes:
    return hashlib.new(algorithm, data).digest()


def _verified(token: bytes, over: bytes, authorities: Store) -> TimeStampTokenInfo:
    """XAdES carries the token alone; the library reads the response around it."""
    # Loaded anew: what was looked into would be encoded again, part by part, at a hundred times the cost.
    content = cms.ContentInfo.load(token)
    wrapped = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": content})
    response = decode_timestamp_response(wrapped.dump())
    # The builder keeps the lists it is given, and adds to them.
    roots, intermediates = list(authorities.anchors), list(authorities.intermediates)
    VerifierBuilder(roots=roots, intermediates=intermediates).build().verify_message(response, over)
    return response.tst_info


def _latest(info: TimeStampTokenInfo) -> datetime:
    accuracy = info.accuracy
    margin = timedelta()
    if accuracy is not None:
        margin = timedelta(
            seconds=accuracy.seconds or 0, milliseconds=accuracy.millis or 0, microseconds=accuracy.micros or 0
        )
    return info.gen_time.astimezone(UTC) + min(margin, timedelta(hours=1))
