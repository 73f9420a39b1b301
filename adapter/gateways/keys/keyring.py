"""Our keys over time: overlapping pairs of key and certificate, rolled over without a restart.

The newest pair that is valid and whose day has come signs. Files that change are taken when they are whole; until then
the pair before stands. Where none is valid nothing is signed, and nobody is told anything false.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from adapter.gateways.keys.pem_files import load_certificates, load_key
from adapter.gateways.keys.pkcs11 import KeyUnavailable, Token, TokenKey
from adapter.model.errors import Misconfigured
from adapter.model.events import Event, Observe
from adapter.pipeline.envelope import VIETNAM, write_time
from adapter.pipeline.signature.probe import does_not_sign, unfit
from adapter.pipeline.signature.seal import SigningKey, signing_key

__all__ = ["InToken", "KeyUnavailable", "Keyring", "OnDisk", "Pair"]


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A private key in a PEM file."""

    file: Path


@dataclass(frozen=True, slots=True)
class InToken:
    """A private key in a hardware module, by its label."""

    token: Token
    label: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and the file of its certificates (leaf first). `since`: not used before that time, though valid."""

    source: OnDisk | InToken
    certificates: Path
    since: datetime | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read of it."""
        return (self.certificates, self.source.file) if isinstance(self.source, OnDisk) else (self.certificates,)


Proof = Callable[[Sequence[x509.Certificate]], str | None]
"""The reason against a pair's certificates (leaf first) in its place; None if there is none."""


def unproved(_: Sequence[x509.Certificate]) -> str | None:
    """No check: for a key outside the configuration."""
    return None


_Stamp = tuple[tuple[int, int, int], ...]


@dataclass
class _Held:
    """A pair as it was last read whole."""

    pair: Pair
    stamp: _Stamp
    key: SigningKey
    leaf: x509.Certificate
    told: _Stamp | None = None
    """The state of the files that was last found wanting, so that it is told once."""


@dataclass
class Keyring:
    """One of our keys. `clock` gives the legal time (aware); files and module are looked at every `look_s` seconds."""

    name: str
    pairs: Sequence[Pair]
    clock: Callable[[], datetime]
    observe: Observe
    look_s: float
    proof: Proof = unproved
    """Checks whether receivers would accept what this key signs; called before a pair is used."""
    section: str = "keys"
    """The section of the configuration: `keys`, or `units` for the key of one of several units."""
    is_needed: bool = True
    """Whether what the process does cannot be done without it; else what is not whole is told and waited for."""
    monotonic: Callable[[], float] = time.monotonic
    _held: list[_Held] = field(default_factory=list)
    _absent: dict[int, str] = field(default_factory=dict)
    """Pairs whose module could not be reached yet, by their place in `pairs`, with the reason."""
    _looked: float | None = None
    _signs: str = ""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    """The web process checks and signs in different threads."""

    @property
    def place(self) -> str:
        """Its key in the configuration."""
        return f"{self.section}.{self.name}"

    def load(self) -> None:
        """Read every pair. One whose module is away is read later; so is one that is not whole, where it is not needed.

        Raises:
            Misconfigured: a file is missing or wrong, key and certificate do not belong together, or what the key signs
                would not be accepted.
        """
        with self._lock:
            self._absent = dict.fromkeys(range(len(self.pairs)), "")
            self._held = []
            self._find_absent()
            self._looked = self.monotonic()

    def current(self) -> SigningKey:
        """The key that signs now.

        Raises:
            KeyUnavailable: none of the certificates is valid now.
        """
        with self._lock:
            if self._looked is None:
                self.load()
            elif self.monotonic() - self._looked >= self.look_s:
                self._look()
            held = self._chosen()
            serial = f"{held.leaf.serial_number:x}"
            changed, self._signs = serial != self._signs, serial
        if changed:
            until = held.leaf.not_valid_after_utc.astimezone(VIETNAM).isoformat()
            self.observe(Event.KEY, key=self.name, serial=serial, until=until)
        return held.key

    @property
    def refuses(self) -> bool:
        """Whether its files hold another pair that is not taken, so that the one before goes on."""
        return any(held.told is not None for held in self._held)

    def ready(self) -> None:
        """Ask whether the key can sign now; a module is asked to sign.

        Raises:
            KeyUnavailable: it cannot.
        """
        key = self.current().key
        if isinstance(key, TokenKey):
            key.prove()

    def _chosen(self) -> _Held:
        at = self.clock()
        begun = [held for held in self._held if held.pair.since is None or held.pair.since <= at]
        valid = [held for held in begun if held.leaf.not_valid_before_utc <= at <= held.leaf.not_valid_after_utc]
        if not valid:
            away = "; ".join(reason for reason in self._absent.values())
            invalid = f"no certificate is valid at {write_time(at)}; put a valid pair into its files"
            raise KeyUnavailable(away if away.startswith(self.place) else f"{self.place}: {away or invalid}")
        return max(valid, key=lambda held: held.pair.since or held.leaf.not_valid_before_utc)

    def _look(self) -> None:
        """Use what has changed; incomplete files are reported once and tried again at the next check."""
        self._looked = self.monotonic()
        self._find_absent()
        for number, held in enumerate(self._held):
            try:
                stamp = _stamp(held.pair.files)
                if stamp == held.stamp:
                    held.told = None  # the new pair was removed again
                    continue
                self._held[number] = self._read(held.pair)
            except (Misconfigured, KeyUnavailable) as error:
                stamp = _stamp(held.pair.files, missing=True)
                if stamp != held.told:
                    held.told = stamp
                    self.observe(Event.KEY_NOT_TAKEN, key=self.name, reason=str(error))

    def _read(self, pair: Pair) -> _Held:
        """Read a pair and test it: what it signs is verified like a message, and its certificate fits its place."""
        stamp = _stamp(pair.files)
        chain = load_certificates(pair.certificates)
        fault = unfit(chain)
        if fault is None:
            key = self._key(pair, chain)
            fault = self.proof(chain) or does_not_sign(key, chain[0])
        if fault is not None:
            raise Misconfigured(f"{self.place}: {pair.certificates}: {fault}")
        return _Held(pair, stamp, key, chain[0])

    def _key(self, pair: Pair, chain: Sequence[x509.Certificate]) -> SigningKey:
        if isinstance(pair.source, OnDisk):
            return load_key(self.name, key=pair.source.file, certificates=pair.certificates)
        inside = TokenKey(pair.source.token, pair.source.label, chain[0])
        inside.prove()
        return signing_key(self.name, inside, chain)

    def _find_absent(self) -> None:
        for number in list(self._absent):
            try:
                self._held.append(self._read(self.pairs[number]))
            except KeyUnavailable as error:
                self._absent[number] = str(error)
            except Misconfigured as error:
                if self.is_needed:
                    raise
                if self._absent[number] != str(error):
                    self.observe(Event.KEY_NOT_TAKEN, key=self.name, reason=str(error))
                self._absent[number] = str(error)
            else:
                del self._absent[number]


def _stamp(files: Iterable[Path], *, missing: bool = False) -> _Stamp:
    stamps = []
    for file in files:
        try:
            found = file.stat()
        except OSError as error:
            if not missing:
                raise Misconfigured(f"cannot read {file}: {error.strerror}") from None
            stamps.append((0, 0, 0))
            continue
        stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
    return tuple(stamps)
