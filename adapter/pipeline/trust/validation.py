"""May this certificate sign in this role? The only place that combines paths, dates, revocation and roles.

The certificate registry joins beside it (who registered, who speaks for whom); here only what the certificates and
their authorities say is judged. Found paths are kept: a path does not change, only its dates are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from adapter.model.finding import Finding, Severity
from adapter.model.stages import Channel, Signer, SignerRole
from adapter.pipeline.trust import paths
from adapter.pipeline.trust.holder import NumberPlace, signer
from adapter.pipeline.trust.paths import Path, Reason
from adapter.pipeline.trust.revocation import (
    Evidence,
    RevocationAnswer,
    RevocationState,
    no_evidence,
    of_timestamper,
    state_of,
)
from adapter.pipeline.trust.stores import Partner, RevocationRules, Store, Unknown
from adapter.pipeline.trust.suitability import fitness, is_strong, is_valid, suitability
from adapter.pipeline.trust.verdict import Moments, Verdict

_CACHED_PATHS = 4096
_SEVERITIES = {Unknown.WAIT: Severity.WAIT, Unknown.FLAG: Severity.WARN, Unknown.REFUSE: Severity.REJECT}
_STOPPED = {RevocationState.REVOKED: "certificate_revoked", RevocationState.SUSPENDED: "certificate_suspended"}
_STAMPER_STOPPED = {RevocationState.REVOKED: "timestamper_revoked", RevocationState.SUSPENDED: "timestamper_suspended"}
_WHY: Mapping[Reason, tuple[str, str]] = {
    Reason.EXPIRED: ("không còn hoặc chưa có hiệu lực", "a certificate on the path was not valid at that time"),
    Reason.LENGTH: ("đường dẫn dài hơn mức cho phép", "the path is longer than an authority allows"),
    Reason.NAMES: ("tên nằm ngoài phạm vi được cấp", "a name lies outside what an authority may certify"),
    Reason.POLICIES: ("chính sách chứng thư không phù hợp", "no certificate policy that is required here"),
    Reason.AUTHORITY: ("bên cấp không phải là tổ chức chứng thực", "an issuer is no certification authority"),
    Reason.STRENGTH: ("khóa hoặc thuật toán băm quá yếu", "a key or digest on the path is too weak"),
    Reason.OTHER: ("không đúng RFC 5280", "it does not conform to RFC 5280"),
}


@dataclass(frozen=True)
class Trust:
    """The configured trust. `evidence` gives what is at hand about revocation."""

    partners: tuple[Partner, ...]
    stores: Mapping[str, Store]
    evidence: Evidence = no_evidence
    places: tuple[NumberPlace, ...] = ()
    """Where certificates name their holders' numbers."""
    timestamping: Store | None = None
    """The authorities whose time stamps prove a signature's age; nobody signs under it."""
    _paths: dict[tuple[x509.Certificate, str], Path] = field(default_factory=dict, repr=False)
    _signers: dict[tuple[x509.Certificate, str, SignerRole], Signer | Finding] = field(default_factory=dict, repr=False)
    _pins: dict[x509.Certificate, tuple[Path, ...]] = field(default_factory=dict, repr=False)

    @property
    def takes_sha1(self) -> bool:
        """Whether some partner or store takes SHA-1; then it is judged once it is known who signs."""
        partners = any(each.legacy_sha1 for each in self.partners)
        return partners or any(each.legacy_sha1 for each in self.stores.values())

    def partner_for(self, channel: Channel) -> Partner | None:
        """The partner whose system signature a channel's messages carry."""
        return next((partner for partner in self.partners if partner.channel is channel), None)

    def not_pinned(self, certificate: x509.Certificate, *, channel: Channel, pointer: str) -> Finding:
        """Why a certificate that is none of the channel's pinned ones may not seal there."""
        for partner in self.partners:
            if partner.channel is not channel and certificate in partner.certificates:
                words = {"partner": partner.name, "channel": partner.channel.value}
                return Finding("seal_of_other_channel", pointer, words=words)
        return Finding("certificate_unknown", pointer)

    def validate_pinned(self, certificate: x509.Certificate, *, at: datetime, pointer: str) -> Finding | None:
        """May a partner's pinned certificate sign at that time? None if it may.

        If the revocation status is unknown, a pinned certificate is still taken; a revoked one is not.
        """
        if finding := fitness(certificate, at=at, pointer=pointer):
            return finding
        for path in self._paths_of_pin(certificate, at):
            rules = self.stores[path.store].revocation
            for state, _ in self._states(path, rules, Moments(at)) if rules else ():
                if state in _STOPPED:
                    return Finding(_STOPPED[state], pointer)
        return None

    def _paths_of_pin(self, certificate: x509.Certificate, at: datetime) -> tuple[Path, ...]:
        """Its paths, searched once; a pinned certificate may have none."""
        if certificate not in self._pins:
            found = (paths.find(certificate, (), store, at) for store in self.stores.values())
            self._pins[certificate] = tuple(path for path in found if isinstance(path, Path))
        return self._pins[certificate]

    def validate(
        self,
        certificates: Sequence[x509.Certificate],
        *,
        stores: Sequence[str],
        role: SignerRole,
        moments: Moments,
        pointer: str,
    ) -> Verdict:
        """May the leaf (first of `certificates`, the others in any order) sign as `role` under one of `stores`?

        Dates are judged at the time that a time stamp proves, else at reception, and at the time that the signer
        claims; revocation as `state_of` says. A signer may come with a finding: flagged, or not known yet.
        """
        leaf, given = certificates[0], certificates[1:]
        at = moments.proven or moments.received
        if not all(is_valid(leaf, moment) for moment in (at, moments.claimed) if moment):
            return _no("certificate_expired", pointer)
        permitted = [self.stores[name] for name in stores if name in self.stores]
        # Those that a path was found in before go first: a path that is not there is looked for in vain each time.
        permitted.sort(key=lambda store: (leaf, store.name) not in self._paths)
        nearest: Verdict | None = None
        for store in permitted:
            path = self._path(leaf, given, store, at)
            if isinstance(path, Path):
                return self._under(path, store, role, moments, pointer)
            if path is not None:
                nearest = nearest or _broken(path, pointer)
        return nearest or self._elsewhere(leaf, given, stores, at, pointer)

    def validate_timestamper(
        self, certificates: Sequence[x509.Certificate], *, stamped: datetime, received: datetime, pointer: str
    ) -> Finding | None:
        """What stands against the authority (first of `certificates`) of a time stamp that holds; None if nothing does.

        Its path is judged at the time that it stamped; revocation as RFC 3161 section 4 says, for the authorities
        above it too.
        """
        store = self.timestamping
        assert store is not None, "without a store no time stamp holds"
        path = self._path(certificates[0], certificates[1:], store, stamped)
        if not isinstance(path, Path):
            return _no_stamper(path or Reason.OTHER, pointer)
        if not is_strong(certificates[0], store.algorithms):
            return _no_stamper(Reason.STRENGTH, pointer)
        if not store.in_force(received):
            return Finding("store_not_in_force", pointer, words={"store": store.name})
        return self._stamper_stopped(path, store, Moments(received, proven=stamped), pointer)

    def _stamper_stopped(self, path: Path, store: Store, moments: Moments, pointer: str) -> Finding | None:
        rules, finding = store.revocation, None
        if rules is None:
            return None
        for state, _ in self._states(path, rules, moments, of_timestamper):
            if state in _STAMPER_STOPPED:
                return Finding(_STAMPER_STOPPED[state], pointer)
            if state is RevocationState.UNKNOWN:
                finding = _cannot_tell(rules, store, pointer)
        return finding

    def may_sign_as(
        self, role: SignerRole, certificates: Sequence[x509.Certificate], *, at: datetime, pointer: str = ""
    ) -> Finding | None:
        """Why a certificate of ours or of a partner may not sign as `role`; None if it may.

        The first is the leaf. Revocation is not asked.
        """
        stores = [store for store in self.stores.values() if role in store.roles]
        for store in stores:
            if isinstance(self._path(certificates[0], certificates[1:], store, at), Path):
                return fitness(certificates[0], at=at, pointer=pointer, algorithms=store.algorithms)
        names = [store.name for store in stores]
        return self._elsewhere(certificates[0], certificates[1:], names, at, pointer).findings[0]

    def _under(self, path: Path, store: Store, role: SignerRole, moments: Moments, pointer: str) -> Verdict:
        """The verdict once a path to a permitted store stands."""
        leaf = path.links[0]
        if role not in store.roles:
            return _no("store_forbidden", pointer, store=store.name)
        if not store.in_force(moments.received):
            return _no("store_not_in_force", pointer, store=store.name)
        if moments.claimed and not path.covers(moments.claimed):
            return _no("certificate_expired", pointer)
        who = self._signer(leaf, store, role, pointer)
        if isinstance(who, Finding):
            return Verdict(None, (who,))
        if store.revocation is None:
            return Verdict(who)
        finding = None
        for state, link in self._states(path, store.revocation, moments):
            if state is RevocationState.UNKNOWN:
                finding = _cannot_tell(store.revocation, store, pointer)
            elif state is not RevocationState.GOOD and link is leaf:
                return _no(_STOPPED[state], pointer)
            elif state is not RevocationState.GOOD:
                return _no("authority_revoked", pointer, store=store.name)
        if finding is None:
            return Verdict(who)
        return Verdict(None if finding.severity is Severity.REJECT else who, (finding,))

    def _states(
        self,
        path: Path,
        rules: RevocationRules,
        moments: Moments,
        meaning: Callable[[RevocationAnswer], RevocationAnswer] = lambda answer: answer,
    ) -> Iterator[tuple[RevocationState, x509.Certificate]]:
        """What is known of each link below the anchor; `meaning` is what an answer says of this kind of signer."""
        for link, issuer in zip(path.links, path.links[1:], strict=False):
            answers = map(meaning, self.evidence(link, issuer, store=path.store))
            state = state_of(link, answers, received=moments.received, proven=moments.proven, grace=rules.grace)
            yield state, link

    def _path(
        self, leaf: x509.Certificate, given: Sequence[x509.Certificate], store: Store, at: datetime
    ) -> Path | Reason | None:
        known = self._paths.get((leaf, store.name))
        if known is not None and known.covers(at):
            return known
        found = paths.find(leaf, given, store, at)
        if isinstance(found, Path):
            if len(self._paths) >= _CACHED_PATHS:
                self._paths.clear()
                self._signers.clear()
            self._paths[leaf, store.name] = found
        return found

    def _signer(self, leaf: x509.Certificate, store: Store, role: SignerRole, pointer: str) -> Signer | Finding:
        """Who it names, or why it is not fit to sign; remembered like its path."""
        key = (leaf, store.name, role)
        if key not in self._signers:
            unfit = suitability(leaf, pointer=pointer, algorithms=store.algorithms)
            self._signers[key] = unfit or signer(leaf, role=role, store=store.name, places=self.places)
        return self._signers[key]

    def _elsewhere(
        self,
        leaf: x509.Certificate,
        given: Sequence[x509.Certificate],
        stores: Sequence[str],
        at: datetime,
        pointer: str,
    ) -> Verdict:
        """No permitted store: does the certificate belong to one that is not permitted, or to none at all?"""
        for name, store in self.stores.items():
            if name not in stores and isinstance(self._path(leaf, given, store, at), Path):
                return _no("store_forbidden", pointer, store=name)
        return _no("certificate_untrusted", pointer)


def _no(name: str, pointer: str, **words: str) -> Verdict:
    return Verdict(None, (Finding(name, pointer, words=words),))


def _no_stamper(reason: Reason, pointer: str) -> Finding:
    vietnamese, english = _WHY[reason]
    return Finding("timestamp_invalid", pointer, words={"what": vietnamese, "what_en": english})


def _broken(reason: Reason, pointer: str) -> Verdict:
    if reason is Reason.EXPIRED:
        return _no("certificate_expired", pointer)
    vietnamese, english = _WHY[reason]
    return _no("path_broken", pointer, why=vietnamese, why_en=english)


def _cannot_tell(rules: RevocationRules, store: Store, pointer: str) -> Finding:
    return Finding("revocation_unknown", pointer, _SEVERITIES[rules.unknown], words={"store": store.name})
