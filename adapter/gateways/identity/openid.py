"""Log-in by OpenID Connect Core 1.0: code flow, PKCE (RFC 7636), returned issuer (RFC 9207), back-channel logout.

Authlib makes and checks what the standards say. What is pinned here besides: issuer, algorithms, audience and assurance
are those of the configuration, never those that the provider announces.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from adapter.model.errors import NotAllowed, Unavailable

LEEWAY_S = 30
"""Seconds that the provider's clock may differ from ours."""
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_LOGOUT_AGE_S = 120
_AGAIN_S = 60
"""`max_age` of a log-in that must be new, in seconds: the provider then states `auth_time` (OpenID Core, 3.1.2.1)."""
_LOOK_S = 30.0
"""Seconds between two checks whether the provider answers."""


class ProviderDown(Unavailable):
    """The provider cannot be reached, or answers what no provider answers; nobody can log in now."""


class NotBelieved(NotAllowed):
    """What came back from the provider is not what was asked for: forged, replayed, mixed up, too old, or cancelled."""


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Which claims say what: names of an installation's provider."""

    number: str
    """By which a person is known: his personal number, or the login of one of the staff."""
    name: str
    tax_code: str
    account_kind: str
    organisation_kinds: tuple[str, ...]
    """Values of the account's kind that mean that it is an organisation's."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """The provider that is believed, and in whose name we ask it. `ca`: a file of authorities for its TLS, or None."""

    issuer: str
    client_id: str
    secret: str
    scope: str
    acr: tuple[str, ...]
    """Levels of assurance that are enough; empty: any."""
    algorithms: tuple[str, ...]
    claims: ClaimNames
    timeout_s: float
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """Who has logged in, as the provider states it: texts as they came. `tax_code`: of an organisation's account."""

    subject: str
    number: str
    name: str
    tax_code: str | None
    session: str | None
    proven_at: datetime | None = None
    """`auth_time`: when the person last proved his identity; None: the provider does not state it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The provider says that a session of its own is over, or all sessions of a subject."""

    subject: str | None
    session: str | None


class _Client(OAuth2Mixin, OpenIDMixin, BaseApp):  # type: ignore[misc]
    client_cls = OAuth2Client

    def _on_update_token(self, token: Any, refresh_token: Any = None, access_token: Any = None) -> None:
        """No token is kept."""


class Provider:
    """Asks the provider. `redirect_uri` is where it sends people back to; `clock` the real time (aware)."""

    def __init__(self, trusted: Trusted, redirect_uri: str, clock: Callable[[], datetime]) -> None:
        self.trusted, self.redirect_uri, self._clock = trusted, redirect_uri, clock
        self._made: _Client | None = None
        self._lock = threading.Lock()
        self._looked, self.is_down = -_LOOK_S, False
        self._renewed = -_LOOK_S

    def begin(self, *, again: bool = False) -> tuple[str, dict[str, str]]:
        """The provider's address for a log-in, and the values to compare with the return.

        `again`: the person must log in at the provider anew, although it has a session.

        Raises:
            ProviderDown: it does not answer.
        """
        with self._asking():
            wanted = {"acr_values": " ".join(self.trusted.acr)} if self.trusted.acr else {}
            if again:
                wanted |= {"prompt": "login", "max_age": str(_AGAIN_S)}
            made = self._client().create_authorization_url(self.redirect_uri, **wanted)
        return made["url"], {name: made[name] for name in ("state", "nonce", "code_verifier")}

    def finish(self, underway: Mapping[str, str], returned: Mapping[str, str]) -> Stated:
        """The person who has logged in. `underway` is the result of `begin`, `returned` the parameters of the return.

        Raises:
            NotBelieved: the return is not the answer to what was asked, or the ID token is not to be believed.
            ProviderDown: it does not answer.
        """
        if not hmac.compare_digest(returned.get("state", "").encode(), underway.get("state", "-").encode()):
            raise NotBelieved("the return belongs to no log-in that this browser has begun")
        with self._asking():
            client = self._client()
            self._is_the_issuer(client, returned.get("iss"))
            if error := returned.get("error"):
                raise NotBelieved(f"the provider has not logged him in: {error}")
            token = client.fetch_access_token(
                redirect_uri=self.redirect_uri,
                code=returned.get("code", ""),
                state=returned["state"],
                code_verifier=underway["code_verifier"],
            )
            if "id_token" not in token:
                raise NotBelieved("the provider has given no ID token")
            options: dict[str, Any] = {
                "iss": {"essential": True, "value": self.trusted.issuer},
                "aud": {"essential": True, "value": self.trusted.client_id},
            }
            if self.trusted.acr:
                options["acr"] = {"essential": True, "values": list(self.trusted.acr)}
            claims = client.parse_id_token(token, underway["nonce"], claims_options=options, leeway=LEEWAY_S)
        return self._stated(claims)

    def ended(self, logout_token: str) -> Ended:
        """The content of a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6).

        Raises:
            NotBelieved: it is not to be believed.
            ProviderDown: its keys cannot be read.
        """
        with self._asking():
            claims = self._verified(logout_token)
        now = self._clock().timestamp()
        audience = claims.get("aud")
        issued, ends = claims.get("iat"), claims.get("exp", now + 1)
        if (
            claims.get("iss") != self.trusted.issuer
            or self.trusted.client_id not in (audience if isinstance(audience, list) else [audience])
            or not isinstance(issued, int | float)
            or not isinstance(ends, int | float)
            or not now - _LOGOUT_AGE_S <= issued <= now + LEEWAY_S
            or ends + LEEWAY_S < now
            or _LOGOUT not in (claims.get("events") or {})
            or "nonce" in claims
            or not claims.get("jti")
            or not (claims.get("sid") or claims.get("sub"))
        ):
            raise NotBelieved("the logout token is not one for us, or is too old")
        return Ended(claims.get("sub"), claims.get("sid"))

    def farewell(self) -> str:
        """Where one ends the session at the provider itself (RP-Initiated Logout 1.0); empty where it states no place.

        The provider asks there whether that is wanted, so no token of his is kept for it.
        """
        try:
            with self._asking():
                stated = str(self._client().server_metadata.get("end_session_endpoint") or "")
        except (ProviderDown, NotBelieved):
            return ""
        if urlsplit(stated).scheme not in ("https", urlsplit(self.trusted.issuer).scheme):
            return ""
        return f"{stated}{'&' if '?' in stated else '?'}{urlencode({'client_id': self.trusted.client_id})}"

    def look(self) -> None:
        """Ask whether it answers, unless that was asked a moment ago; `is_down` says what was found."""
        if time.monotonic() - self._looked < _LOOK_S:
            return
        self._looked = time.monotonic()
        try:
            with self._asking():
                self._client(fresh=True)
        except (ProviderDown, NotBelieved):
            return

    def _verified(self, logout_token: str) -> dict[str, Any]:
        client = self._client()
        registry = JWSRegistry(algorithms=list(self.trusted.algorithms), strict_check_header=False)
        try:
            read = jwt.decode(logout_token, KeySet.import_key_set(client.fetch_jwk_set()), registry=registry)
        except JoseError:
            # The provider may have a new key since. Anybody can send what does not hold: it is not asked each time.
            if time.monotonic() - self._renewed < _LOOK_S:
                raise
            self._renewed = time.monotonic()
            read = jwt.decode(logout_token, KeySet.import_key_set(client.fetch_jwk_set(force=True)), registry=registry)
        if read.header.get("typ", "logout+jwt").lower() not in ("logout+jwt", "application/logout+jwt"):
            raise NotBelieved("this is no logout token")
        return dict(read.claims)

    def _client(self, *, fresh: bool = False) -> _Client:
        """A client with the provider's addresses and keys, checked against what is trusted."""
        with self._lock:
            if self._made is None or fresh:
                made = self._new_client()
                try:
                    metadata = made.load_server_metadata()
                except ValueError:
                    raise ProviderDown("the provider's configuration is no JSON") from None
                if metadata.get("issuer") != self.trusted.issuer:
                    raise ProviderDown(f"the provider calls itself {metadata.get('issuer')!r}, not as configured")
                # Authlib goes by what the provider announces; ours goes by what is configured.
                metadata["id_token_signing_alg_values_supported"] = list(self.trusted.algorithms)
                self._made = made
            return self._made

    def _new_client(self) -> _Client:
        stated = self.trusted
        return _Client(
            framework=None,
            name="provider",
            client_id=stated.client_id,
            client_secret=stated.secret,
            server_metadata_url=stated.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": stated.scope,
                "code_challenge_method": "S256",
                "timeout": stated.timeout_s,
                "verify": stated.ca or True,
                "trust_env": False,
            },
        )

    def _is_the_issuer(self, client: _Client, returned: str | None) -> None:
        """RFC 9207: a return from another provider is not taken to this one."""
        announced = client.server_metadata.get("authorization_response_iss_parameter_supported", False)
        if returned != self.trusted.issuer and (announced or returned is not None):
            raise NotBelieved("the return is not from the provider that was asked")

    def _stated(self, claims: Mapping[str, Any]) -> Stated:
        names = self.trusted.claims
        kind = str(claims.get(names.account_kind) or "")
        organisation = kind in names.organisation_kinds
        tax_code = str(claims.get(names.tax_code) or "") if organisation else ""
        number = str(claims.get(names.number) or "")
        if not number or (organisation and not tax_code):
            raise NotBelieved("the provider names no person, or no tax code of an organisation's account")
        session = claims.get("sid")
        name = str(claims.get(names.name) or "")
        proven = claims.get("auth_time")
        proven_at = datetime.fromtimestamp(proven, UTC) if isinstance(proven, int | float) else None
        named = None if session is None else str(session)
        return Stated(str(claims["sub"]), number, name, tax_code or None, named, proven_at)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Around each question: what libraries raise, sorted by who must act; notes whether the provider answers."""
        self.is_down, before = False, self.is_down
        try:
            yield
        except ProviderDown:
            self.is_down = True
            raise
        except (httpx2.HTTPError, RuntimeError) as error:
            self.is_down = True
            raise ProviderDown(f"the identity provider does not answer: {type(error).__name__}") from None
        except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
            self.is_down = before
            raise NotBelieved(f"the identity provider's answer is not believed: {type(error).__name__}") from None
