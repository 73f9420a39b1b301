"""A time-stamping authority of the test window (RFC 3161): it stamps at the time it is told, as fixtures need it.

Real authorities stamp real time; tests compare this one with `openssl ts`. No production store trusts its certificate.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from adapter.simulator.pki import SigningParty

_POLICY = "1.3.6.1.4.1.99999.1"
_SHA_256 = algos.DigestAlgorithm({"algorithm": "sha256"})


def stamp(data: bytes, *, authority: SigningParty, at: datetime) -> bytes:
    """A token (DER of a TimeStampToken) that `data` existed at `at`, with the authority's chain in it."""
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": {"hash_algorithm": _SHA_256, "hashed_message": hashlib.sha256(data).digest()},
            "serial_number": int.from_bytes(hashlib.sha256(data).digest()[:8], "big"),
            "gen_time": at.astimezone(UTC),
            "accuracy": {"seconds": 1},
        }
    )
    content = cms.EncapsulatedContentInfo(
        {"content_type": "tst_info", "content": core.ParsableOctetString(info.dump()).retag({"explicit": 0})}
    )
    certificates = [asn1_x509.Certificate.load(each.public_bytes(Encoding.DER)) for each in authority.chain]
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [_SHA_256],
            "encap_content_info": content,
            "certificates": certificates,
            "signer_infos": [_signer_info(info.dump(), certificates[0], authority)],
        }
    )
    token: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return token


def _signer_info(info: bytes, leaf: asn1_x509.Certificate, authority: SigningParty) -> cms.SignerInfo:
    named = tsp.SigningCertificateV2(
        {"certs": [{"hash_algorithm": _SHA_256, "cert_hash": hashlib.sha256(leaf.dump()).digest()}]}
    )
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [named]}),
        ]
    )
    key, over = authority.key, attributes.dump()
    if isinstance(key, rsa.RSAPrivateKey):
        algorithm, value = "sha256_rsa", key.sign(over, padding.PKCS1v15(), SHA256())
    else:
        algorithm, value = "sha256_ecdsa", key.sign(over, ec.ECDSA(SHA256()))
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}}
            ),
            "digest_algorithm": _SHA_256,
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": algorithm},
            "signature": value,
        }
    )
