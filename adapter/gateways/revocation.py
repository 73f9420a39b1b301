"""Evidence of revocation: what lies in folders and on the shelf, and what can be fetched while a message waits.

It never decides: it gives `Answer`s. It asks only hosts that the configuration or a CA certificate of a configured
store names, and only for certificates whose path to that store was found. Nothing here raises into a message.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from adapter.gateways.fetching import Fetcher, is_allowed
from adapter.gateways.shelf import Shelf, Source
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe, unobserved
from adapter.pipeline.trust.crl import check_crl, crl_answer, read_crl
from adapter.pipeline.trust.ocsp import ocsp_answer, ocsp_request
from adapter.pipeline.trust.revocation import Answer, Unusable
from adapter.pipeline.trust.sources import crl_urls, ocsp_urls
from adapter.pipeline.trust.stores import Store

_LOOK_AGAIN_S = 1.0
_REMEMBERED = 4096
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a store's evidence is: a folder of CRLs, URLs that are fetched anyway, a responder, allowed hosts."""

    crls: Path | None = None
    crl_urls: tuple[str, ...] = ()
    ocsp_url: str | None = None
    hosts: frozenset[str] = frozenset()


def places(store: Store, stated: Places) -> Places:
    """The same, with the hosts that the store's own CA certificates and the stated URLs name."""
    named = [*stated.crl_urls, *filter(None, [stated.ocsp_url])]
    for authority in (*store.anchors, *store.intermediates):
        named += [*crl_urls(authority), *ocsp_urls(authority)]
    hosts = {urlsplit(url).hostname for url in named}
    return Places(stated.crls, stated.crl_urls, stated.ocsp_url, stated.hosts | frozenset(filter(None, hosts)))


@dataclass(slots=True)
class _Remembered:
    answers: tuple[Answer, ...]
    stamp: tuple[object, ...]
    looked_at: float


@dataclass
class Revocation:
    """The evidence of one process. Without a fetcher only what lies there is used, and nothing is written."""

    stores: Mapping[str, Store]
    places: Mapping[str, Places]
    shelf: Shelf
    fetcher: Fetcher | None = None
    observe: Observe = unobserved
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    _known: dict[tuple[x509.Certificate, str], _Remembered] = field(default_factory=dict)
    _lists: dict[Path, tuple[object, x509.CertificateRevocationList | None, dict[x509.Certificate, str]]] = field(
        default_factory=dict
    )
    _told: set[object] = field(default_factory=set)

    def __call__(self, certificate: x509.Certificate, issuer: x509.Certificate, *, store: str) -> Sequence[Answer]:
        """What is at hand; fetched within the bounded wait where nothing that counts is."""
        if store not in self.places:
            return ()
        known = self._known.get((certificate, store))
        if known is not None and self.monotonic() - known.looked_at < _LOOK_AGAIN_S:
            return known.answers
        answers = self._looked(certificate, issuer, store)
        if self.fetcher is not None and not self._counts(answers, store):
            self._fetch_now(certificate, issuer, store)
            answers = self._looked(certificate, issuer, store)
        return answers

    def sources(self, certificate: x509.Certificate, issuer: x509.Certificate, store: str) -> list[Source]:
        """Whom one may ask about a certificate, OCSP first: its answer is small and new."""
        places = self.places[store]
        responders = (places.ocsp_url,) if places.ocsp_url else ocsp_urls(certificate)
        asked = [Source("ocsp", url, store, _pem(certificate), _pem(issuer)) for url in responders]
        published = dict.fromkeys((*crl_urls(certificate), *places.crl_urls))
        asked += [Source("crl", url, store) for url in published]
        return [source for source in asked if self._is_allowed(source)]

    def _is_allowed(self, source: Source) -> bool:
        """Whether a source may be asked; the operator is told once of a host that nobody has named."""
        if is_allowed(source.url, self.places[source.store].hosts):
            return True
        if source.url.startswith(("http://", "https://")):
            told = {"source": source.url, "store": source.store, "reason": "its host is in nobody's list of hosts"}
            self._tell_once((source.store, urlsplit(source.url).netloc), Event.REVOCATION_UNUSABLE, **told)
        return False

    def refresh(self) -> bool:
        """Ask again what runs out before long: what the configuration and CA certificates name, and what was used.

        Gives whether every answer is still within its time.
        """
        if self.fetcher is None:
            return True
        in_time = True
        for source in dict.fromkeys((*self.standing(), *self.shelf.sources())):
            if source.store in self.places and is_allowed(source.url, self.places[source.store].hosts):
                in_time = self._is_in_time(source) and in_time
                if self._is_due(source) and not self.fetcher.is_paused(source.url):
                    self.fetcher.start(source.name, lambda source=source: self._fetch(source))  # type: ignore[misc]
        return in_time

    def try_out(self, source: Source, fetcher: Fetcher) -> str | None:
        """What is wrong with a source, asked now and not kept; None if it answers as it should."""
        try:
            self._checked(source, fetcher.fetch(source.url))
        except Unavailable as error:
            return str(error)
        except Unusable as error:
            return f"{source.url}: {error}"
        return None

    def newest(self, authority: x509.Certificate, store: str) -> Answer | None:
        """When the newest CRL of an authority was made and runs out; None where none lies there."""
        places = self.places[store]
        files = sorted(places.crls.glob("*.*")) if places.crls else []
        files += [self.shelf.file(source) for source in self.standing() if source.store == store]
        found = []
        for file in files:
            try:
                if (crl := self._crl(file, authority)) is not None:
                    found.append(Answer(crl.last_update_utc, crl.next_update_utc))
            except (Unusable, OSError):
                continue
        return max(found, key=lambda answer: answer.this_update, default=None)

    # What lies there ---------------------------------------------------------------------------------------------

    def _looked(self, certificate: x509.Certificate, issuer: x509.Certificate, store: str) -> tuple[Answer, ...]:
        files = self._files(certificate, issuer, store)
        stamp = tuple(_stamp(file) for file, _ in files)
        known = self._known.get((certificate, store))
        if known is None or known.stamp != stamp:
            answers = tuple(self._answers(files, certificate, issuer))
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[certificate, store] = _Remembered(answers, stamp, 0.0)
        known.looked_at = self.monotonic()
        return known.answers

    def _files(
        self, certificate: x509.Certificate, issuer: x509.Certificate, store: str
    ) -> list[tuple[Path, Source | None]]:
        folder = self.places[store].crls
        laid = sorted(file for file in folder.glob("*.*") if file.suffix in (".crl", ".pem")) if folder else []
        asked = [(self.shelf.file(source), source) for source in self.sources(certificate, issuer, store)]
        return [*((file, None) for file in laid), *asked]

    def _answers(
        self, files: Iterable[tuple[Path, Source | None]], certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Iterator[Answer]:
        for file, source in files:
            try:
                if source is not None and source.kind == "ocsp":
                    yield ocsp_answer(file.read_bytes(), certificate, issuer)
                elif (crl := self._crl(file, issuer)) is not None:
                    yield crl_answer(crl, certificate, issuer)
            except FileNotFoundError:
                continue
            except (Unusable, OSError) as error:
                self._tell_once((file, str(error)), Event.REVOCATION_UNUSABLE, source=str(file), reason=str(error))

    def _crl(self, file: Path, issuer: x509.Certificate) -> x509.CertificateRevocationList | None:
        """The CRL of a file, checked once for its issuer; None if it is another authority's."""
        stamp = _stamp(file)
        if file not in self._lists or self._lists[file][0] != stamp:
            self._lists[file] = (stamp, None, {})  # what cannot be read is not read again until it changes
            self._lists[file] = (stamp, read_crl(file.read_bytes()), {})
        _, crl, verdicts = self._lists[file]
        if crl is None or crl.issuer != issuer.subject:
            return None
        if issuer not in verdicts:
            try:
                check_crl(crl, issuer)
                verdicts[issuer] = ""
            except Unusable as error:
                verdicts[issuer] = str(error)
        if verdicts[issuer]:
            raise Unusable(verdicts[issuer])
        return crl

    def _counts(self, answers: Iterable[Answer], store: str) -> bool:
        rules = self.stores[store].revocation
        grace = rules.grace if rules else timedelta()
        return any(self.now() <= answer.counts_until(grace) for answer in answers)

    # What is fetched ---------------------------------------------------------------------------------------------

    def _fetch_now(self, certificate: x509.Certificate, issuer: x509.Certificate, store: str) -> None:
        """Ask everybody at once and wait a bounded moment for the first."""
        assert self.fetcher is not None
        end = self.monotonic() + self.fetcher.bounds.wait_s
        for source in self.sources(certificate, issuer, store):
            if self.fetcher.is_paused(source.url):
                continue
            self.shelf.remember(source)
            done = self.fetcher.start(source.name, lambda source=source: self._fetch(source))  # type: ignore[misc]
            if not done.wait(max(0.0, end - self.monotonic())):
                self.fetcher.failed(source.url)  # the next message need not wait for it too
            elif self._counts(self._looked(certificate, issuer, store), store):
                return

    def _fetch(self, source: Source) -> None:
        """Fetch one answer; keep it if it is usable and newer than what is there."""
        assert self.fetcher is not None
        try:
            certificate, issuer = _asked(source)
            question = ocsp_request(certificate, issuer) if certificate and issuer else None
            data = self.fetcher.fetch(source.url, question=question)
            fresh = self._checked(source, data)
            there = self._there(source)
            if there is None or there.this_update <= fresh.this_update:
                self.shelf.put(source, data)
                self.observe(Event.REVOCATION_FETCHED, source=source.url, kind=source.kind, store=source.store)
            else:
                raise Unusable("older than what is known already")
        except (Unavailable, OSError) as error:
            self.observe(Event.REVOCATION_UNREACHABLE, source=source.url, store=source.store, reason=str(error))
        except Unusable as error:
            self.fetcher.failed(source.url)
            self.observe(Event.REVOCATION_UNUSABLE, source=source.url, store=source.store, reason=str(error))

    def _checked(self, source: Source, data: bytes) -> Answer:
        """When an answer was made and runs out, once it is known to be its authority's and of this time.

        Raises:
            Unusable: it is not.
        """
        certificate, issuer = _asked(source)
        if certificate is not None and issuer is not None:
            answer = ocsp_answer(data, certificate, issuer)
        else:
            crl = read_crl(data)
            self._check_by_any(crl, source.store)
            answer = Answer(crl.last_update_utc, crl.next_update_utc)
        if answer.this_update > self.now() + _SKEW:
            raise Unusable("it is dated in the future; is our clock right?")
        if answer.next_update is not None and answer.next_update < self.now():
            raise Unusable("it had run out already when it came")
        return answer

    def _check_by_any(self, crl: x509.CertificateRevocationList, store: str) -> None:
        """A CRL is of an authority of the store; what an authority sent along issues is checked when it is used."""
        held = self.stores[store]
        issuers = [each for each in (*held.anchors, *held.intermediates) if each.subject == crl.issuer]
        reason = None
        for issuer in issuers:
            try:
                check_crl(crl, issuer)
            except Unusable as error:
                reason = error
            else:
                return
        if reason is not None:
            raise reason

    def _there(self, source: Source) -> Answer | None:
        """The dates of what the shelf holds for a source."""
        file = self.shelf.file(source)
        try:
            certificate, issuer = _asked(source)
            if certificate is not None and issuer is not None:
                return ocsp_answer(file.read_bytes(), certificate, issuer)
            crl = read_crl(file.read_bytes())
        except (Unusable, OSError):
            return None
        return Answer(crl.last_update_utc, crl.next_update_utc)

    def standing(self) -> Iterator[Source]:
        """What is asked whether a message needs it or not."""
        for name, places in self.places.items():
            authorities = (*self.stores[name].anchors, *self.stores[name].intermediates)
            named = (url for authority in authorities for url in crl_urls(authority))
            yield from (Source("crl", url, name) for url in dict.fromkeys((*places.crl_urls, *named)))

    def _is_due(self, source: Source) -> bool:
        """Half-way between thisUpdate and nextUpdate, or after `refresh_s`, whichever comes first."""
        assert self.fetcher is not None
        there = self._there(source)
        if there is None:
            return True
        fetched = datetime.fromtimestamp(self.shelf.file(source).stat().st_mtime, UTC)
        soon = fetched + timedelta(seconds=self.fetcher.bounds.refresh_s)
        if there.next_update is not None:
            soon = min(soon, there.this_update + (there.next_update - there.this_update) / 2)
            soon = max(soon, fetched + timedelta(seconds=60))
        return self.now() >= soon

    def _is_in_time(self, source: Source) -> bool:
        """Whether its answer has not run out; the operator is told once if it has."""
        there = self._there(source)
        over = there is not None and self.now() > (there.next_update or there.this_update + timedelta(days=1))
        if there is not None and over:
            self._tell_once(
                (source, there.this_update),
                Event.REVOCATION_STALE,
                source=source.url,
                store=source.store,
                since=(there.next_update or there.this_update).isoformat(),
            )
        return there is not None and not over

    def _tell_once(self, key: object, event: Event, **fields: str) -> None:
        if key not in self._told:
            self._told.add(key)
            self.observe(event, **fields)


def _asked(source: Source) -> tuple[x509.Certificate | None, x509.Certificate | None]:
    if source.kind != "ocsp":
        return None, None
    certificate, issuer = (x509.load_pem_x509_certificate(pem.encode()) for pem in (source.certificate, source.issuer))
    return certificate, issuer


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_ino, told.st_size
