"""Keys and certificates in memory that replace those of partners and anchors while `check` judges its own messages.

They live in one process and for one run: nothing is written, nothing is known to the daemon, no store trusts them. All
else of the trust that they stand in (roles, channels, algorithms, periods, policies) is the configured one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from adapter.model.stages import Channel
from adapter.pipeline.trust import Store, Trust
from adapter.pipeline.trust.revocation import RevocationAnswer
from adapter.simulator.pki import SigningParty

_DAYS = timedelta(days=2)
_PLACES = {
    "uid": NameOID.USER_ID,
    "organization_identifier": NameOID.ORGANIZATION_IDENTIFIER,
    "serial_number": NameOID.SERIAL_NUMBER,
}
_CURVES: tuple[ec.EllipticCurve, ...] = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())


@dataclass(frozen=True)
class StandIn:
    """The configured trust with other certificates in it, and who can sign under it."""

    trust: Trust
    systems: dict[Channel, SigningParty]
    _anchors: dict[str, SigningParty]
    _at: datetime

    def declarant(self, store: str, number: str | None) -> SigningParty:
        """A declarant under that store; his certificate names the number where the configuration looks for it."""
        place = next((each for each in self.trust.places if each.prefixes), None)
        named = []
        if number is not None and place is not None:
            named = [x509.NameAttribute(_PLACES[place.attribute], f"{place.prefixes[0]}{number}")]
        return _party("declarant", named, self._at, self._anchors[store], self.trust.stores[store])


def stand_in(real: Trust, at: datetime) -> StandIn:
    """Trust like the configured one, judged at `at` (aware), with keys made here."""
    anchors = {name: _party(f"{name} anchor", [], at, None, store) for name, store in real.stores.items()}
    stores = {
        name: replace(store, anchors=(anchors[name].certificate,), intermediates=())
        for name, store in real.stores.items()
    }
    systems: dict[Channel, SigningParty] = {}
    partners = []
    for partner in real.partners:
        party = _party(partner.name, [], at)
        systems.setdefault(partner.channel, party)
        partners.append(replace(partner, certificates=(party.certificate,)))
    trust = Trust(tuple(partners), stores, _all_good, real.places)
    return StandIn(trust, systems, anchors, at)


def _all_good(certificate: x509.Certificate, issuer: x509.Certificate, *, store: str) -> Sequence[RevocationAnswer]:
    """Whether revocation can be told is asked of the real stores, each by itself."""
    del certificate, issuer, store
    now = datetime.now(UTC)
    return (RevocationAnswer(this_update=now - _DAYS, next_update=now + _DAYS),)


def _party(
    title: str,
    named: Sequence[x509.NameAttribute[str]],
    at: datetime,
    issuer: SigningParty | None = None,
    store: Store | None = None,
) -> SigningParty:
    """A key and its certificate, good for some days around `at`; signed by itself, or by an anchor of the store."""
    authority = issuer is None and store is not None
    least = store.algorithms.ec_bits if store else 0
    curve = next((each for each in _CURVES if each.key_size >= least), _CURVES[-1])
    key = ec.generate_private_key(curve)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"stand-in: {title}"[:64]), *named])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _DAYS)
        .not_valid_after(at + _DAYS)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(_usage(authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is not None:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(above, critical=False)
        if store and store.policies:
            told = [x509.PolicyInformation(x509.ObjectIdentifier(each), None) for each in sorted(store.policies)]
            builder = builder.add_extension(x509.CertificatePolicies(told), critical=False)
    certificate = builder.sign(issuer.key if issuer else key, SHA256())
    return SigningParty(title, key, certificate, (certificate,))


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
