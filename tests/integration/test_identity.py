"""What comes back from an identity provider, forged in every way: nobody is logged in by it, but by its twin."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from adapter.bootstrap import now
from adapter.gateways.identity import ClaimNames, NotBelieved, Provider, ProviderDown, Trusted

LEVEL = "urn:vneid:loa:2"
NAMES = ClaimNames("person_number", "name", "tax_code", "account_type", ("organization",))
Forge = Callable[["Forger", dict[str, Any]], str | None]


class Forger:
    """A provider that answers as a test tells it."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "own", "use": "sig", "alg": "ES256"})
        self.strange = ECKey.generate_key("P-256", {"kid": "own"})
        self.nonce, self.forge = "", genuine
        self.metadata: dict[str, Any] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.server.server_address[1]}"

    def claims(self, **changes: Any) -> dict[str, Any]:
        at = int(now().timestamp())
        person = {"sub": "an", "person_number": "001085012345", "name": "Nguyễn Văn An", "account_type": "individual"}
        said = {"iss": self.issuer, "aud": "portal", "iat": at, "exp": at + 300, "nonce": self.nonce, "acr": LEVEL}
        return {name: value for name, value in {**person, **said, **changes}.items() if value is not None}

    def signed(self, claims: Mapping[str, Any], key: Any = None, header: Mapping[str, Any] | None = None) -> str:
        return jwt.encode({"alg": "ES256", "kid": "own", **(header or {})}, dict(claims), key or self.key)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        forger = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                forger.asked.append(self.path)
                at = forger.issuer
                told = {"issuer": at, "authorization_endpoint": f"{at}/auth", "token_endpoint": f"{at}/token"}
                told |= {"jwks_uri": f"{at}/jwks", "authorization_response_iss_parameter_supported": True}
                told |= {"id_token_signing_alg_values_supported": ["ES256", "HS256", "none"], **forger.metadata}
                self._answer({"keys": [forger.key.as_dict(private=False)]} if self.path == "/jwks" else told)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                given = {"access_token": "a", "token_type": "Bearer"}
                token = forger.forge(forger, forger.claims())
                self._answer(given | ({} if token is None else {"id_token": token}))

            def _answer(self, told: object) -> None:
                body = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Not into the test's output."""

        return Handler


def genuine(forger: Forger, claims: dict[str, Any]) -> str:
    return forger.signed(claims)


@pytest.fixture
def forger() -> Iterator[Forger]:
    made = Forger()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def provider(forger: Forger) -> Provider:
    return made(forger)


def made(forger: Forger, issuer: str | None = None) -> Provider:
    secret = "loopback-only"
    trusted = Trusted(issuer or forger.issuer, "portal", secret, "openid person", (LEVEL,), ("ES256",), NAMES, 10)
    return Provider(trusted, "http://127.0.0.1:1/login/return", now)


def returned(forger: Forger, provider: Provider, **changes: str) -> Any:
    _, underway = provider.begin()
    forger.nonce = underway["nonce"]
    return provider.finish(underway, {"state": underway["state"], "code": "c", "iss": forger.issuer, **changes})


def test_the_genuine_one_is_believed(forger: Forger, provider: Provider) -> None:
    stated = returned(forger, provider)
    assert (stated.subject, stated.number, stated.tax_code) == ("an", "001085012345", None)


def _unsigned(forger: Forger, claims: dict[str, Any]) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{head}.{forger.signed(claims).split('.')[1]}."


def _by_public_key(forger: Forger, claims: dict[str, Any]) -> str:
    """The public key taken for a shared secret."""
    secret = OctKey.import_key(json.dumps(forger.key.as_dict(private=False)))
    return jwt.encode({"alg": "HS256", "kid": "own"}, claims, secret)


def _altered(forger: Forger, claims: dict[str, Any]) -> str:
    head, _, signature = forger.signed(claims).split(".")
    body = forger.signed(claims | {"person_number": "001190004567"}).split(".")[1]
    return f"{head}.{body}.{signature}"


FORGED: dict[str, Forge] = {
    "by a key of its own": lambda forger, claims: forger.signed(claims, forger.strange),
    "altered after signing": _altered,
    "unsigned": _unsigned,
    "signed with the public key": _by_public_key,
    "of another issuer": lambda forger, claims: forger.signed(claims | {"iss": "https://other.invalid"}),
    "for another portal": lambda forger, claims: forger.signed(claims | {"aud": "another"}),
    "of another log-in": lambda forger, claims: forger.signed(claims | {"nonce": "another"}),
    "without a nonce": lambda forger, claims: forger.signed({k: v for k, v in claims.items() if k != "nonce"}),
    "expired": lambda forger, claims: forger.signed(claims | {"exp": claims["iat"] - 60, "iat": claims["iat"] - 600}),
    "of the future": lambda forger, claims: forger.signed(claims | {"iat": claims["iat"] + 90}),
    "of a lower level": lambda forger, claims: forger.signed(claims | {"acr": "urn:vneid:loa:1"}),
    "of no level": lambda forger, claims: forger.signed({k: v for k, v in claims.items() if k != "acr"}),
    "without a person's number": lambda forger, claims: forger.signed(claims | {"person_number": ""}),
    "of an organisation without tax code": lambda forger, claims: forger.signed(
        claims | {"account_type": "organization"}
    ),
    "no token at all": lambda forger, claims: None,
    "not a token": lambda forger, claims: "x.y.z",
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_a_forged_one_is_not_believed(forger: Forger, provider: Provider, forge: Forge) -> None:
    forger.forge = forge
    with pytest.raises(NotBelieved):
        returned(forger, provider)


def test_a_clock_that_runs_half_a_minute_ahead_keeps_nobody_out(forger: Forger, provider: Provider) -> None:
    forger.forge = lambda forger, claims: forger.signed(claims | {"iat": claims["iat"] + 20})
    assert returned(forger, provider).subject == "an"


def test_a_key_that_the_provider_has_changed_is_taken(forger: Forger, provider: Provider) -> None:
    returned(forger, provider)
    forger.key = ECKey.generate_key("P-256", {"kid": "new", "use": "sig", "alg": "ES256"})
    forger.forge = lambda forger, claims: forger.signed(claims, header={"kid": "new"})
    assert returned(forger, provider).subject == "an"


def test_a_return_to_another_provider_is_not_taken_to_this_one(forger: Forger, provider: Provider) -> None:
    """Mix-up (RFC 9207): the code is not even shown to this one."""
    forger.forge = lambda forger, claims: pytest.fail("the code was sent")
    with pytest.raises(NotBelieved):
        returned(forger, provider, iss="https://other.invalid")


def test_a_provider_that_calls_itself_otherwise_is_none(forger: Forger) -> None:
    forger.metadata = {"issuer": "https://other.invalid"}
    with pytest.raises(ProviderDown):
        made(forger).begin()


def test_a_provider_that_is_away_is_down_and_up_again_when_it_answers(forger: Forger) -> None:
    provider, port = made(forger, "http://localhost:1"), forger.issuer
    with pytest.raises(ProviderDown):
        provider.begin()
    assert provider.is_down
    provider.trusted = made(forger, port).trusted
    provider.begin()
    assert not provider.is_down


def test_what_anybody_sends_makes_nobody_ask_the_provider_each_time(forger: Forger, provider: Provider) -> None:
    """The door for the provider's log-outs is open to all: each forged token would be a request to the provider."""
    for _ in range(10):
        with pytest.raises(NotBelieved):
            provider.ended("x.y.z")
    assert forger.asked.count("/jwks") <= 2
