"""Signed assertions (RFC 7519, RFC 7523): who a program is, and for which officer it asks. The only user of joserfc
beside the log-in.

A key is identified by its thumbprint (RFC 7638), so that the same key is recognised under any name. The content of
an assertion counts only when a key that is registered for its stated issuer verifies its signature.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jwk, jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from joserfc.jwt import Token

from adapter.model.errors import NotAllowed

ALGORITHMS = ("ES256", "ES384", "ES512", "PS256", "PS384", "RS256", "Ed25519", "EdDSA")
LONGEST = 4096
"""Letters of an assertion."""
_LEAST_RSA_BITS = 2048
_KINDS = ("EC", "RSA", "OKP")


class NotAnAssertion(NotAllowed):
    """Not an assertion, or no key verifies its signature; with the reason."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The unverified claims of an assertion."""

    issuer: str
    kind: str
    """`typ` of its header, in small letters."""


def public_keys(text: str) -> list[dict[str, Any]]:
    """The keys of a file: one JWK, a JWK set, or a public key or certificate in PEM.

    Raises:
        NotAllowed: there is none in it, one is private or symmetric, or one is too short.
    """
    try:
        if text.lstrip().startswith("{"):
            stated = json.loads(text)
            each = [jwk.import_key(key) for key in stated.get("keys", [stated])]
        else:
            each = [_of_pem(text)]
    except (JoseError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise NotAllowed(f"no public key can be read: give a JWK, a JWK set, or PEM ({type(error).__name__})") from None
    for key in each:
        if key.key_type not in _KINDS:
            raise NotAllowed("a key is EC, RSA or Ed25519: a shared secret would be no proof of who signed")
        if key.is_private:
            raise NotAllowed("the file contains a private key; give the public one, and remove the private one")
        if isinstance(key, jwk.RSAKey) and key.public_key.key_size < _LEAST_RSA_BITS:
            raise NotAllowed(f"an RSA key has at least {_LEAST_RSA_BITS} bits")
    return [key.as_dict(private=False) for key in each]


def _of_pem(text: str) -> Any:
    for kind in _KINDS:
        try:
            return jwk.import_key(text, kind)  # type: ignore[call-overload]
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError("none of the kinds")


def thumbprint(key: Mapping[str, Any]) -> str:
    """The thumbprint of a key (RFC 7638)."""
    return str(jwk.import_key(dict(key)).thumbprint())


def claimed(assertion: str) -> Claimed:
    """The issuer that an assertion claims.

    Raises:
        NotAnAssertion: it has not the form of one.
    """
    try:
        header, payload, _ = assertion.split(".")
        read = [json.loads(_bytes(part)) for part in (header, payload)]
        stated = Claimed(str(read[1]["iss"]), str(read[0].get("typ", "")).lower())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotAnAssertion("it is no JSON Web Token that names its issuer") from None
    if not stated.issuer.isprintable():
        raise NotAnAssertion("its issuer has an impossible name")
    return stated


def verified(assertion: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """What an assertion says, whose signature holds by one of these keys.

    Raises:
        NotAnAssertion: it holds by none of them, or by an algorithm that is not taken.
    """
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    for key in keys:
        try:
            token: Token = jwt.decode(assertion, jwk.import_key(dict(key)), registry=registry)
        except (JoseError, ValueError, TypeError, RecursionError):
            continue
        return dict(token.claims)
    raise NotAnAssertion("its signature holds by none of the keys that are registered for its issuer")


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
