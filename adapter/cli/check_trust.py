"""`check` of trust stores: do they fit keys and mappings, and can revocation be checked under them today?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from adapter.bootstrap import Components, now
from adapter.gateways.keys.pem_files import is_authority
from adapter.gateways.revocation.fetching import Bounds, Fetcher
from adapter.model.stages import SignerRole
from adapter.pipeline.envelope import write_time
from adapter.pipeline.signature.probe import kind_of
from adapter.pipeline.trust import TIMESTAMPING, Store
from adapter.pipeline.trust.suitability import is_strong


def mismatches(components: Components) -> Iterator[str]:
    """Faults: stores that mappings name and are not configured, partners under a store that is not for them."""
    for versions in components.catalogue.procedures.values():
        for procedure in versions:
            policy = procedure.signature
            named = {*policy.stores, *(name for _, stores in policy.stores_where for name in stores)}
            for name in sorted(named - set(components.stores)):
                yield f"{procedure.code}: declarant: stores: {name}: trust.stores has none of that name; add it"
    for partner in components.trust.partners:
        for certificate in partner.certificates:
            yield from _misplaced(components, f"trust.partners.{partner.name}", partner.role, (certificate,))


def _misplaced(
    components: Components, whose: str, role: SignerRole, chain: Sequence[x509.Certificate]
) -> Iterator[str]:
    """A certificate that chains to no store is no fault: keys are ours and partners are pinned."""
    finding = components.trust.may_sign_as(role, chain, at=now())
    if finding is not None and finding.name == "store_forbidden":
        yield (
            f"{whose}: its certificate belongs to the {finding.words['store']} store, which is not for the role "
            f"{role}; it needs one of the Government's specialised CA"
        )


def unfit_authorities(components: Components) -> Iterator[str]:
    """Faults of each anchor and intermediate: no CA, weaker than the store allows, no path."""
    for store in components.authorities.values():
        where = _place(store.name)
        for certificate in (*store.anchors, *store.intermediates):
            name = certificate.subject.rfc4514_string()
            if not is_authority(certificate):
                yield f"{where}: {name} is no certification authority; put the CA's certificate there"
            elif not is_strong(certificate, store.algorithms):
                yield f"{where}: {name} holds {kind_of(certificate)}, which algorithms does not take; correct one"
        for certificate in store.intermediates:
            name, digest = certificate.subject.rfc4514_string(), certificate.signature_hash_algorithm
            if digest is not None and not store.allows_digest(digest.name):
                yield f"{where}: {name} is signed over {digest.name}, which algorithms.digests leaves out; correct one"
            if not any(_issued(certificate, above) for above in (*store.anchors, *store.intermediates)):
                yield f"{where}: {name} was issued by none of the anchors and intermediates; put its issuer there"
        if not store.in_force(now()):
            yield f"{where}: valid_from and valid_to leave today out, so its signers are rejected; correct them"


def _issued(certificate: x509.Certificate, above: x509.Certificate) -> bool:
    if certificate == above:
        return False
    try:
        certificate.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def untold(components: Components, *, offline: bool) -> Iterator[str]:
    """Stores whose revocation cannot be checked now or soon. Fetches unless offline; keeps nothing."""
    for store in components.authorities.values():
        if store.revocation is None:
            yield f"{_place(store.name)}.revocation: not stated, so what is revoked passes; state it"
        else:
            yield from _authorities(components, store)
    if offline:
        return
    fetcher = Fetcher(Bounds(**components.settings.trust.fetching.model_dump()))
    for source in components.revocation.collection.always_asked():
        if reason := components.revocation.collection.try_out(source, fetcher):
            yield f"{_place(source.store)}: {reason}"


def _place(store: str) -> str:
    """Where the configuration states it."""
    return "trust.timestamping" if store == TIMESTAMPING else f"trust.stores.{store}"


def _authorities(components: Components, store: Store) -> Iterator[str]:
    rules = store.revocation
    assert rules is not None
    stated = components.settings.trust.authorities[store.name].revocation
    where = f"{_place(store.name)}.revocation"
    for authority in (*store.anchors, *store.intermediates):
        name = authority.subject.rfc4514_string()
        newest = components.revocation.newest(authority, store.name)
        if newest is None and not (stated and stated.ocsp_url):
            yield f"{where}: no CRL of {name} is here yet; put one into crls, or name crl_urls or ocsp_url"
        elif newest is not None and now() > newest.counts_until(rules.grace):
            yield f"{where}: the CRL of {name} ran out and its grace is over; get a new one"
        elif newest is not None and now() > newest.counts_until(timedelta()):
            until = write_time(newest.counts_until(rules.grace))
            yield f"{where}: the CRL of {name} has run out and counts until {until}; get a new one"
