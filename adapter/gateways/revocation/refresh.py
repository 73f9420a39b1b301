"""Keeps evidence fresh: CRLs and OCSP answers are fetched, checked, stored if newer, and refreshed in time.

Asks only hosts named by the configuration or a CA certificate of a configured store. Nothing here fails a
message, and no wait is longer than its bound.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from adapter.gateways.revocation.cache import EvidenceCache, EvidenceSource
from adapter.gateways.revocation.crl_files import Stamp, stamp
from adapter.gateways.revocation.fetching import Fetcher, is_allowed
from adapter.model.errors import Unavailable
from adapter.model.events import Event, Observe, unobserved
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.trust.crl import check_crl, read_crl
from adapter.pipeline.trust.ocsp import ocsp_answer, ocsp_request
from adapter.pipeline.trust.revocation import RevocationAnswer, Unusable
from adapter.pipeline.trust.sources import crl_urls, ocsp_urls
from adapter.pipeline.trust.stores import Store

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


@dataclass
class EvidenceRefresh:
    """The evidence of one process. Without a fetcher nothing is fetched and nothing is written."""

    stores: Mapping[str, Store]
    places: Mapping[str, Places]
    shelf: EvidenceCache
    fetcher: Fetcher | None = None
    observe: Observe = unobserved
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _told: set[object] = field(default_factory=set)
    _dates: dict[EvidenceSource, tuple[Stamp | None, RevocationAnswer | None]] = field(default_factory=dict)

    def refresh(self) -> bool:
        """Ask again what runs out before long: what the configuration and CA certificates name, and what was used.

        Gives whether every answer is still within its time.
        """
        if self.fetcher is None:
            return True
        in_time = True
        for source in dict.fromkeys((*self.always_asked(), *self.shelf.sources())):
            if source.store in self.places and self.may_ask(source):
                in_time = self._is_in_time(source) and in_time
                if self._is_due(source) and not self.fetcher.is_paused(source.url):
                    self.fetcher.start(source.name, lambda source=source: self._fetch(source))  # type: ignore[misc]
        return in_time

    def collect(
        self, sources: Sequence[EvidenceSource], *, monotonic: Callable[[], float], enough: Callable[[], bool]
    ) -> None:
        """Ask these now and wait for a bounded time, until there is enough."""
        if self.fetcher is None:
            return
        end = monotonic() + self.fetcher.bounds.wait_s
        for source in sources:
            if self.fetcher.is_paused(source.url):
                continue
            with contextlib.suppress(OSError):  # a full disk: it is asked all the same, and told when it is kept
                self.shelf.remember(source)
            done = self.fetcher.start(source.name, lambda source=source: self._fetch(source))  # type: ignore[misc]
            if not done.wait(max(0.0, end - monotonic())):
                self.fetcher.failed(source.url)  # the next message need not wait for it too
            elif enough():
                return

    def try_out(self, source: EvidenceSource, fetcher: Fetcher) -> str | None:
        """What is wrong with a source, asked now and not kept; None if it answers as it should."""
        try:
            self._checked(source, fetcher.fetch(source.url))
        except Unavailable as error:
            return str(error)
        except Unusable as error:
            return f"{source.url}: {error}"
        return None

    def may_ask(self, source: EvidenceSource) -> bool:
        """Whether a source may be asked; a host that nobody has named is reported once."""
        if is_allowed(source.url, self.places[source.store].hosts):
            return True
        if source.url.startswith(("http://", "https://")):
            fields = {"source": source.url, "store": source.store, "reason": "its host is in no list of hosts"}
            self.tell_once((source.store, urlsplit(source.url).netloc), Event.REVOCATION_UNUSABLE, **fields)
        return False

    def always_asked(self) -> Iterator[EvidenceSource]:
        """Sources that are refreshed even if no message needs them."""
        for name, places in self.places.items():
            authorities = (*self.stores[name].anchors, *self.stores[name].intermediates)
            named = (url for authority in authorities for url in crl_urls(authority))
            yield from (EvidenceSource("crl", url, name) for url in dict.fromkeys((*places.crl_urls, *named)))

    def _fetch(self, source: EvidenceSource) -> None:
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
                self._fetch_lists_of(fresh.responder, source.store)
            else:
                raise Unusable("older than what is known already")
        except (Unavailable, OSError) as error:
            self.observe(Event.REVOCATION_UNREACHABLE, source=source.url, store=source.store, reason=str(error))
        except Unusable as error:
            self.fetcher.failed(source.url)
            self.observe(Event.REVOCATION_UNUSABLE, source=source.url, store=source.store, reason=str(error))

    def _fetch_lists_of(self, responder: x509.Certificate | None, store: str) -> None:
        """Where a responder's certificate names lists, its answer counts only by them: they are fetched with it."""
        assert self.fetcher is not None
        for url in crl_urls(responder) if responder else ():
            source = EvidenceSource("crl", url, store)
            if self.may_ask(source) and self._is_due(source) and not self.fetcher.is_paused(url):
                self._fetch(source)

    def _checked(self, source: EvidenceSource, data: bytes) -> RevocationAnswer:
        """When an answer was made and runs out, once it is known to be its authority's and of this time.

        Raises:
            Unusable: it is not.
        """
        answer = _answer(source, data)
        if source.kind == "crl":
            self._check_by_any(read_crl(data), source.store)
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

    def _there(self, source: EvidenceSource) -> RevocationAnswer | None:
        """The dates of what the shelf holds for a source; read again when the file changes."""
        file = self.shelf.file(source)
        there = stamp(file)
        if there is None:
            return None
        if source not in self._dates or self._dates[source][0] != there:
            try:
                answer = _answer(source, file.read_bytes())
            except (Unusable, OSError):
                answer = None
            if len(self._dates) >= _REMEMBERED:
                self._dates.clear()
            self._dates[source] = there, answer
        return self._dates[source][1]

    def _is_due(self, source: EvidenceSource) -> bool:
        """Half-way between thisUpdate and nextUpdate, or after `refresh_s`, whichever comes first."""
        assert self.fetcher is not None
        there = self._there(source)
        if there is None:
            return True
        fetched = there.this_update
        if (kept := stamp(self.shelf.file(source))) is not None:
            fetched = datetime.fromtimestamp(kept[0] / 1e9, UTC)
        if fetched > self.now():
            return True  # fetched by a clock that ran ahead: asked again, it gets a time of now
        soon = fetched + timedelta(seconds=self.fetcher.bounds.refresh_s)
        if there.next_update is not None:
            soon = min(soon, there.this_update + (there.next_update - there.this_update) / 2)
            soon = max(soon, fetched + timedelta(seconds=60))
        return self.now() >= soon

    def _is_in_time(self, source: EvidenceSource) -> bool:
        """Whether its answer has not run out; the operator is told once if it has."""
        there = self._there(source)
        over = there is not None and self.now() > (there.next_update or there.this_update + timedelta(days=1))
        if there is not None and over:
            self.tell_once(
                (source, there.this_update),
                Event.REVOCATION_STALE,
                source=source.url,
                store=source.store,
                since=(there.next_update or there.this_update).astimezone(VIETNAM).isoformat(),
            )
        return there is not None and not over

    def tell_once(self, key: object, event: Event, **fields: str) -> None:
        """Tell the operator, but not again and again."""
        if key not in self._told:
            if len(self._told) >= _REMEMBERED:
                self._told.clear()
            self._told.add(key)
            self.observe(event, **fields)


def _answer(source: EvidenceSource, data: bytes) -> RevocationAnswer:
    """What an answer says: of an OCSP question all, of a CRL its dates.

    Raises:
        Unusable: it is none.
    """
    certificate, issuer = _asked(source)
    if certificate is not None and issuer is not None:
        return ocsp_answer(data, certificate, issuer)
    crl = read_crl(data)
    return RevocationAnswer(crl.last_update_utc, crl.next_update_utc)


def _asked(source: EvidenceSource) -> tuple[x509.Certificate | None, x509.Certificate | None]:
    if source.kind != "ocsp":
        return None, None
    certificate, issuer = (x509.load_pem_x509_certificate(pem.encode()) for pem in (source.certificate, source.issuer))
    return certificate, issuer
