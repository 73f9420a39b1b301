"""What every way of signing here has in common: the URIs of XML-DSig, the raw signature, the certificates' text.

For the test window only.
"""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from adapter.simulator.issuing import PrivateKey
from adapter.simulator.pki import SigningParty

DS = "http://www.w3.org/2000/09/xmldsig#"
SHA_256 = "http://www.w3.org/2001/04/xmlenc#sha256"
ENVELOPED = f"{DS}enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


def raw_signature(key: PrivateKey, data: bytes) -> bytes:
    """The signature as XML wants it: for ECDSA r and s side by side, not DER."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(SHA256())))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def method_of(key: PrivateKey) -> str:
    """The URI of the signature algorithm that goes with a key."""
    return RSA_SHA256 if isinstance(key, rsa.RSAPrivateKey) else ECDSA_SHA256


def certificate_texts(party: SigningParty) -> list[str]:
    """A party's chain as KeyInfo carries it, leaf first."""
    return [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in party.chain]
