"""Who may sign as what: pinned partners for system signatures, trust stores for declarants.

Two trust worlds, never mixed: public CAs and the Government's specialised CA. Here chains are checked to configured
anchors at a point in time; revocation and the certificate registry join at `Trust.judge` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import verification

from adapter.model.finding import Finding
from adapter.model.stages import Channel, Role, Signer
from adapter.pipeline.trust.holder import NumberPlace, signer
from adapter.pipeline.trust.stores import Partner, Store
from adapter.pipeline.trust.suitability import fitness
from adapter.pipeline.trust.verdict import Moments, Verdict

_CACHED_CHAINS = 4096


@dataclass(frozen=True, slots=True)
class _Chain:
    """A path that was found: the store it leads to and the interval (UTC) in which every link is valid."""

    store: str
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True)
class Trust:
    """The configured trust, with the chains already found (a path does not change; only its dates are compared)."""

    partners: tuple[Partner, ...]
    stores: Mapping[str, Store]
    places: tuple[NumberPlace, ...] = ()
    """Where certificates name their holders' numbers."""
    _chains: dict[tuple[bytes, str], _Chain] = field(default_factory=dict, repr=False)

    def partner_for(self, channel: Channel) -> Partner | None:
        """The partner whose system signature a channel's messages carry."""
        return next((partner for partner in self.partners if partner.channel is channel), None)

    def judge(
        self,
        certificates: Sequence[x509.Certificate],
        *,
        stores: Sequence[str],
        role: Role,
        moments: Moments,
        pointer: str,
    ) -> Verdict:
        """May the leaf (first of `certificates`, the others in any order) sign as `role` under one of `stores`?"""
        judged = self._judge(certificates, stores=stores, role=role, at=moments.received, pointer=pointer)
        return Verdict(judged) if isinstance(judged, Signer) else Verdict(None, (judged,))

    def _judge(
        self, certificates: Sequence[x509.Certificate], *, stores: Sequence[str], role: Role, at: datetime, pointer: str
    ) -> Signer | Finding:
        leaf = certificates[0]
        if finding := fitness(leaf, at=at, pointer=pointer):
            return finding
        permitted = [self.stores[name] for name in stores if name in self.stores]
        # Those that a path was found in before go first: a path that is not there is looked for in vain each time.
        permitted.sort(key=lambda store: (leaf.fingerprint(hashes.SHA256()), store.name) not in self._chains)
        for store in permitted:
            if chain := self._chain(leaf, certificates[1:], store, at):
                if not chain.valid_from <= at <= chain.valid_to:
                    return Finding(name="certificate_expired", pointer=pointer)
                return signer(leaf, role=role, store=store.name, places=self.places)
        for name, store in self.stores.items():
            if name not in stores and self._chain(leaf, certificates[1:], store, at):
                return Finding(name="store_forbidden", pointer=pointer, words={"store": name})
        return Finding(name="certificate_untrusted", pointer=pointer)

    def _chain(
        self, leaf: x509.Certificate, given: Sequence[x509.Certificate], store: Store, at: datetime
    ) -> _Chain | None:
        key = (leaf.fingerprint(hashes.SHA256()), store.name)
        known = self._chains.get(key)
        if known is not None:
            return known
        found = _build(leaf, [*given, *store.intermediates], store, at)
        if found is not None:
            if len(self._chains) >= _CACHED_CHAINS:
                self._chains.clear()
            self._chains[key] = found
        return found


def _build(leaf: x509.Certificate, intermediates: list[x509.Certificate], store: Store, at: datetime) -> _Chain | None:
    if not store.anchors:
        return None
    # The library's defaults are those of TLS on the web (extended key usage, subject alternative names); signing
    # certificates have neither, so key usage is judged by `fitness` and CA constraints by the policy below.
    builder = (
        verification.PolicyBuilder()
        .store(verification.Store(list(store.anchors)))
        .time(at)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=verification.ExtensionPolicy.permit_all(),
        )
    )
    try:
        path = builder.build_client_verifier().verify(leaf, intermediates).chain
    except (verification.VerificationError, ValueError, x509.UnsupportedGeneralNameType):
        return None
    return _Chain(
        store=store.name,
        valid_from=max(link.not_valid_before_utc for link in path),
        valid_to=min(link.not_valid_after_utc for link in path),
    )
