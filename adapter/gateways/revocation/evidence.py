"""Evidence of revocation: from folders and the cache, and fetched while a message waits.

It never decides: it gives `RevocationAnswer`s. It is asked only for certificates whose path to a store was found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from adapter.gateways.revocation.cache import EvidenceSource
from adapter.gateways.revocation.crl_files import CrlFiles, stamp
from adapter.gateways.revocation.refresh import EvidenceRefresh
from adapter.model.events import Event
from adapter.pipeline.trust.crl import crl_answer
from adapter.pipeline.trust.ocsp import ocsp_answer
from adapter.pipeline.trust.revocation import RevocationAnswer, RevocationState, Unusable, state_of
from adapter.pipeline.trust.sources import crl_urls, ocsp_urls

_LOOK_AGAIN_S = 1.0
_REMEMBERED = 4096


@dataclass(slots=True)
class _Remembered:
    answers: tuple[RevocationAnswer, ...]
    stamps: tuple[object, ...]
    looked_at: float


@dataclass
class Revocation:
    """The evidence of one process."""

    collection: EvidenceRefresh
    monotonic: Callable[[], float] = time.monotonic
    _lists: CrlFiles = field(default_factory=CrlFiles)
    _known: dict[tuple[x509.Certificate, str], _Remembered] = field(default_factory=dict)

    def __call__(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, store: str
    ) -> Sequence[RevocationAnswer]:
        """The stored evidence; fetched within the bounded wait where none of it counts."""
        if store not in self.collection.places:
            return ()
        known = self._known.get((certificate, store))
        if known is not None and self.monotonic() - known.looked_at < _LOOK_AGAIN_S:
            return self._believed(known.answers, issuer, store)
        answers = self._looked(certificate, issuer, store)
        if not self._counts(answers, store):
            self.collection.collect(
                self.sources(certificate, issuer, store),
                monotonic=self.monotonic,
                enough=lambda: self._counts(self._looked(certificate, issuer, store), store),
            )
            answers = self._looked(certificate, issuer, store)
        return answers

    def sources(self, certificate: x509.Certificate, issuer: x509.Certificate, store: str) -> list[EvidenceSource]:
        """The sources for a certificate, OCSP first: its answer is small and recent."""
        places = self.collection.places[store]
        responders = (places.ocsp_url,) if places.ocsp_url else ocsp_urls(certificate)
        asked = [EvidenceSource("ocsp", url, store, _pem(certificate), _pem(issuer)) for url in responders]
        return [*filter(self.collection.may_ask, asked), *self._lists_of(certificate, store)]

    def _lists_of(self, certificate: x509.Certificate, store: str) -> list[EvidenceSource]:
        published = dict.fromkeys((*crl_urls(certificate), *self.collection.places[store].crl_urls))
        return [source for url in published if self.collection.may_ask(source := EvidenceSource("crl", url, store))]

    def newest(self, authority: x509.Certificate, store: str) -> RevocationAnswer | None:
        """When the newest CRL of an authority was made and runs out; None where none lies there."""
        places = self.collection.places[store]
        files = sorted(places.crls.glob("*.*")) if places.crls else []
        files += [
            self.collection.shelf.file(source) for source in self.collection.always_asked() if source.store == store
        ]
        found = []
        for file in files:
            try:
                if (crl := self._lists.of(file, authority)) is not None:
                    found.append(RevocationAnswer(crl.last_update_utc, crl.next_update_utc))
            except (Unusable, OSError):
                continue
        return max(found, key=lambda answer: answer.this_update, default=None)

    def _looked(
        self, certificate: x509.Certificate, issuer: x509.Certificate, store: str
    ) -> tuple[RevocationAnswer, ...]:
        found = self._at_hand(certificate, issuer, store, self.sources(certificate, issuer, store))
        return self._believed(found, issuer, store)

    def _believed(
        self, answers: Iterable[RevocationAnswer], issuer: x509.Certificate, store: str
    ) -> tuple[RevocationAnswer, ...]:
        return tuple(a for a in answers if a.responder is None or self._may_answer(a.responder, issuer, store))

    def _may_answer(self, responder: x509.Certificate, issuer: x509.Certificate, store: str) -> bool:
        """Whether a responder's own certificate stands (RFC 6960, 4.2.2.2.1): by the issuer's lists alone, or one
        responder would vouch for the next. Where it names no list and none is here, its authority wants none asked."""
        told = self._at_hand(responder, issuer, store, self._lists_of(responder, store))
        state = state_of(responder, told, received=self.collection.now(), proven=None, grace=self._grace(store))
        if state is RevocationState.GOOD or (state is RevocationState.UNKNOWN and not crl_urls(responder)):
            return True
        name, reason = responder.subject.rfc4514_string(), f"the OCSP responder's own certificate: {state}"
        self.collection.tell_once((responder, state), Event.REVOCATION_UNUSABLE, source=name, reason=reason)
        return False

    def _at_hand(
        self, certificate: x509.Certificate, issuer: x509.Certificate, store: str, sources: Iterable[EvidenceSource]
    ) -> tuple[RevocationAnswer, ...]:
        """What lies in the store's folder and what these sources have answered; read again when a file changes."""
        files = self._files(store, sources)
        stamps = tuple(stamp(file) for file, _ in files)
        known = self._known.get((certificate, store))
        if known is None or known.stamps != stamps:
            answers = tuple(self._answers(files, certificate, issuer))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[certificate, store] = _Remembered(answers, stamps, 0.0)
        known.looked_at = self.monotonic()
        return known.answers

    def _files(self, store: str, sources: Iterable[EvidenceSource]) -> list[tuple[Path, EvidenceSource | None]]:
        folder = self.collection.places[store].crls
        laid = sorted(file for file in folder.glob("*.*") if file.suffix in (".crl", ".pem")) if folder else []
        asked = [(self.collection.shelf.file(source), source) for source in sources]
        return [*((file, None) for file in laid), *asked]

    def _answers(
        self,
        files: Iterable[tuple[Path, EvidenceSource | None]],
        certificate: x509.Certificate,
        issuer: x509.Certificate,
    ) -> Iterator[RevocationAnswer]:
        for file, source in files:
            try:
                if source is not None and source.kind == "ocsp":
                    yield ocsp_answer(file.read_bytes(), certificate, issuer)
                elif (crl := self._lists.of(file, issuer)) is not None:
                    yield crl_answer(crl, certificate, issuer)
            except FileNotFoundError:
                continue
            except (Unusable, OSError) as error:
                self.collection.tell_once(
                    (file, str(error)), Event.REVOCATION_UNUSABLE, source=str(file), reason=str(error)
                )

    def _counts(self, answers: Iterable[RevocationAnswer], store: str) -> bool:
        return any(self.collection.now() <= answer.counts_until(self._grace(store)) for answer in answers)

    def _grace(self, store: str) -> timedelta:
        rules = self.collection.stores[store].revocation
        return rules.grace if rules else timedelta()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
