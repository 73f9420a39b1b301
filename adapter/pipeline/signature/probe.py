"""The proof of a key by doing: it seals a small envelope, and that is verified by the code that verifies messages."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapter.pipeline.signature.coverage import Coverage
from adapter.pipeline.signature.engine import holds
from adapter.pipeline.signature.references import Place
from adapter.pipeline.signature.seal import SigningKey, seal_envelope, written
from adapter.pipeline.signature.shape import shapes
from adapter.pipeline.trust import Algorithms
from adapter.pipeline.trust.suitability import suitability
from adapter.pipeline.xml import reparsed

_ENVELOPE = b"<Envelope><Header/><Body><Content><Probe>1</Probe></Content></Body></Envelope>"
_WANTED = "messages are signed with RSA of 2048 bits or more, or with EC of 256 bits or more"


def unfit(chain: Sequence[x509.Certificate]) -> str | None:
    """Why a pair with these certificates (leaf first) can sign no message, whatever its key; None if it can."""
    fault = suitability(chain[0], pointer="", algorithms=Algorithms())
    if fault is None:
        return None
    if fault.name == "key_weak":
        return f"the certificate holds {kind_of(chain[0])}; {_WANTED}"
    return "the certificate is not for signatures (keyUsage, extendedKeyUsage, basicConstraints); ask for another one"


def does_not_sign(key: SigningKey, leaf: x509.Certificate) -> str | None:
    """Why what the key signs is rejected; None if it is accepted.

    Raises:
        KeyUnavailable: a key in a hardware module cannot sign now.
    """
    tree = reparsed(written(seal_envelope(reparsed(_ENVELOPE), system=key)))
    found, faults = shapes(tree, legacy=False)
    shape = found.get(Place.SYSTEM)
    if shape is None or faults:
        return f"what it signs has not the form of a signature: {', '.join(each.name for each in faults)}"
    if not shape.certificates or shape.certificates[0] != leaf:
        return "what it signs does not name its certificate first"
    coverage = Coverage(tree)
    covered = {reference.uri: coverage.of(reference, shape.place) for reference in shape.references}
    return None if holds(shape, leaf, covered=covered) else "what it signs does not hold by its certificate"


def kind_of(certificate: x509.Certificate) -> str:
    """What key a certificate holds, in words: RSA of 1024 bits, EC of 192 bits (secp192r1), Ed25519, DSA."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "a key of an unknown kind"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA of {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC of {key.key_size} bits ({key.curve.name})"
    return type(key).__name__.removeprefix("_").removesuffix("PublicKey")
