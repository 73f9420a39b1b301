"""Trust as configured: the stores with their certificates, and the evidence of revocation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from adapter.gateways.keys.pem_files import load_folder
from adapter.gateways.revocation.cache import EvidenceCache
from adapter.gateways.revocation.evidence import Revocation
from adapter.gateways.revocation.fetching import Bounds, Fetcher
from adapter.gateways.revocation.refresh import EvidenceRefresh, Places, places
from adapter.model.errors import Misconfigured
from adapter.model.events import Observe
from adapter.model.stages import SignerRole
from adapter.pipeline.trust import Algorithms, RevocationRules, Store, Unknown
from adapter.settings import AuthoritySettings, StoreSettings, TrustSettings


def authorities(stated: TrustSettings) -> dict[str, Store]:
    """Every store by its name, that of time-stamping authorities too.

    Raises:
        Misconfigured: one of them is not whole.
    """
    return {name: store(name, each) for name, each in stated.authorities.items()}


def store(name: str, stated: AuthoritySettings) -> Store:
    """A trust store as the configuration states it, its certificates loaded; nobody signs under time stamps' own.

    Raises:
        Misconfigured: it has no anchor, or names a role that there is not.
    """
    signers = stated if isinstance(stated, StoreSettings) else None
    try:
        roles = frozenset(SignerRole(role) for role in signers.roles) if signers else frozenset()
    except ValueError as error:
        raise Misconfigured(f"trust.stores.{name}.roles: {error}; there are {', '.join(SignerRole)}") from None
    algorithms = stated.algorithms.model_dump() | {"digests": frozenset(stated.algorithms.digests)}
    asked = stated.revocation
    return Store(
        name=name,
        anchors=load_folder(stated.anchors, must_hold=True),
        intermediates=load_folder(stated.intermediates, must_hold=False),
        roles=roles,
        algorithms=Algorithms(**algorithms),
        valid_from=stated.valid_from,
        valid_to=stated.valid_to,
        policies=frozenset(stated.policies),
        legacy_sha1=signers is not None and signers.legacy_sha1,
        revocation=RevocationRules(Unknown(asked.unknown), timedelta(hours=asked.grace_h)) if asked else None,
    )


def revocation(
    stated: TrustSettings, authorities: Mapping[str, Store], shelf: EvidenceCache, observe: Observe, *, fetches: bool
) -> Revocation:
    """Evidence of revocation: kept files, and fetched ones if this process may fetch."""
    asked = {name: s.revocation for name, s in stated.authorities.items() if s.revocation is not None}
    collection = EvidenceRefresh(
        stores=dict(authorities),
        places={
            name: places(authorities[name], Places(s.crls, s.crl_urls, s.ocsp_url, frozenset(s.hosts)))
            for name, s in asked.items()
        },
        shelf=shelf,
        fetcher=Fetcher(Bounds(**stated.fetching.model_dump())) if fetches else None,
        observe=observe,
    )
    return Revocation(collection)
