"""A program of customs and its issuer, who sign as they are told: rightly, or as an attacker would."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwk, jws

AUDIENCE = "urn:test:lookup"
ISSUER = "https://sso.customs.invalid"
CLIENT = "ecustoms"


@dataclass(frozen=True)
class Signer:
    """One who signs assertions with a key of his own."""

    name: str
    kind: str
    key: Any = field(default_factory=lambda: jwk.ECKey.generate_key("P-256"))

    @property
    def public(self) -> str:
        """The file that is registered."""
        return json.dumps(self.key.as_dict(private=False))

    def sign(self, subject: str, **changes: Any) -> str:
        """An assertion about the subject; `changes` are claims, None leaves one out; `typ` is the header's."""
        now = int(time.time())
        header = {"alg": "ES256", "typ": changes.pop("typ", self.kind)}
        claims = {
            "iss": self.name,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid.uuid4()),
        }
        stated = {name: value for name, value in (claims | changes).items() if value is not None}
        return str(jws.serialize_compact(header, json.dumps(stated), self.key))  # half a character too, as \ud800


def client(name: str = CLIENT) -> Signer:
    """A program."""
    return Signer(name, "client-authentication+jwt")


def issuer(name: str = ISSUER) -> Signer:
    """Who logs officers in."""
    return Signer(name, "officer-assertion+jwt")
