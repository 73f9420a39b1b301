"""A key in a hardware module (PKCS #11): signs inside the module, and reopens a lost session.

A session belongs to the process; a module that was away is opened again at the next signature. A PIN that
was refused is not tried again until its file has changed: modules lock a token after a few wrong ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from adapter.model.errors import Misconfigured, Unavailable

T = TypeVar("T")


class KeyUnavailable(Unavailable):
    """A key of ours cannot sign now; nothing is answered until it can."""


@dataclass
class Token:
    """One token of one module. `pin_file` holds the user's PIN alone. Threads take turns."""

    module: Path
    label: str
    pin_file: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _session: Any = None
    _refused: tuple[int, int] | None = None
    """The PIN file, as it was when its PIN was refused."""

    @property
    def place(self) -> str:
        """The token, for messages."""
        return f"token {self.label} of {self.module}"

    def sign(self, key_label: str, data: bytes, mechanism: str) -> bytes:
        """Sign with the private key of that label; once more in a new session where the first try fails.

        Raises:
            KeyUnavailable: the module, the token or the key is not there now.
        """
        with self._lock:
            return self._do(lambda session: self._signed(session, key_label, data, mechanism))

    def close(self) -> None:
        """End the session; the next signature opens another."""
        with self._lock:
            self._drop()

    def _do(self, act: Callable[[Any], T]) -> T:
        from pkcs11.exceptions import (  # loaded where a module is configured, not at every start
            NoSuchKey,
            NoSuchToken,
            PKCS11Error,
        )

        try:
            return act(self._open())
        except PKCS11Error:
            self._drop()
        try:
            return act(self._open(afresh=True))
        except NoSuchKey:
            held = ", ".join(self._labels()) or "none"
            raise KeyUnavailable(f"{self.place}: no private key of that label; it holds: {held}") from None
        except NoSuchToken:
            raise KeyUnavailable(f"{self.place}: the module has no token of that label; correct token") from None
        except PKCS11Error as error:
            self._drop()
            raise KeyUnavailable(f"{self.place}: {type(error).__name__}; is the module connected?") from None

    def _labels(self) -> list[str]:
        """The private keys that the token holds: what the configuration may name."""
        from pkcs11 import Attribute, ObjectClass
        from pkcs11.exceptions import PKCS11Error

        with suppress(PKCS11Error):
            found = self._session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})
            return sorted(str(key.label) for key in found)
        return []

    def _signed(self, session: Any, key_label: str, data: bytes, mechanism: str) -> bytes:
        from pkcs11 import Mechanism, ObjectClass

        key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=key_label)
        signed: bytes = key.sign(data, mechanism=Mechanism[mechanism])
        return signed

    def _open(self, *, afresh: bool = False) -> Any:
        if self._session is not None:
            return self._session
        import pkcs11

        stamp = self._stamp()
        if stamp == self._refused:
            raise KeyUnavailable(f"{self.place} refused its PIN; correct {self.pin_file}, then it is tried again")
        try:
            library = pkcs11.lib(str(self.module))
            if afresh:
                library.reinitialize()  # a module that was away has none of its old handles
            token = library.get_token(token_label=self.label)
        except pkcs11.PKCS11Error:
            raise
        except RuntimeError as error:  # the module itself cannot be loaded
            raise KeyUnavailable(f"{self.place}: {error}") from None
        try:
            self._session = _logged_in(token, self._pin())
        except (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
            self._refused = stamp
            raise KeyUnavailable(
                f"{self.place} refused its PIN ({type(error).__name__}); correct {self.pin_file}"
            ) from None
        return self._session

    def _drop(self) -> None:
        from pkcs11.exceptions import PKCS11Error

        session, self._session = self._session, None
        if session is not None:
            with suppress(PKCS11Error):  # the session may be lost already
                session.close()

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self.pin_file.stat()
        except OSError as error:
            raise KeyUnavailable(f"{self.place}: cannot read {self.pin_file}: {error.strerror}") from None
        return found.st_mtime_ns, found.st_size

    def _pin(self) -> str:
        try:
            return self.pin_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise KeyUnavailable(f"{self.place}: cannot read {self.pin_file}: {error.strerror}") from None


def _logged_in(token: Any, pin: str) -> Any:
    import pkcs11

    try:
        return token.open(user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:  # by another session of this process
        return token.open()


class TokenKey:
    """A private key in a token, with what signxml calls of a cryptography key: `sign`, `key_size`, for EC `curve`."""

    def __init__(self, token: Token, label: str, certificate: x509.Certificate) -> None:
        public = certificate.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            self.curve = public.curve
        elif not isinstance(public, rsa.RSAPublicKey):
            raise Misconfigured(f"{token.place}: key {label}: neither RSA nor elliptic")
        self.key_size = public.key_size
        self._public = public
        self._sign = partial(token.sign, label)
        self._name = f"{token.place}: key {label}"

    def sign(self, data: bytes, padding: Any = None, algorithm: Any = None, signature_algorithm: Any = None) -> bytes:
        """The signature as `cryptography` gives it: PKCS #1 v1.5 for RSA, DER for ECDSA.

        Raises:
            KeyUnavailable: the token cannot sign now.
        """
        if signature_algorithm is None:
            return self._sign(data, f"{_mechanism(algorithm)}_RSA_PKCS")
        digest = hashes.Hash(signature_algorithm.algorithm)
        digest.update(data)
        raw = self._sign(digest.finalize(), "ECDSA")
        half = len(raw) // 2
        return utils.encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))

    def prove(self) -> None:
        """Sign something and verify it by the certificate.

        Raises:
            Misconfigured: it is another key than the certificate's.
            KeyUnavailable: it cannot sign now.
        """
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

        said, sha256 = b"nsw-adapter asks whether this key signs", hashes.SHA256()
        try:
            if isinstance(self._public, rsa.RSAPublicKey):
                self._public.verify(self.sign(said, PKCS1v15(), sha256), said, PKCS1v15(), sha256)
            else:
                self._public.verify(self.sign(said, signature_algorithm=ec.ECDSA(sha256)), said, ec.ECDSA(sha256))
        except InvalidSignature:
            raise Misconfigured(f"{self._name} does not belong to its certificate") from None


def _mechanism(algorithm: hashes.HashAlgorithm) -> str:
    return algorithm.name.upper()
