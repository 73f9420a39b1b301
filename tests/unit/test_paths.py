"""Paths to an anchor at a point in time: RFC 5280 section 6, whatever order and mesh the certificates come in."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA224

from adapter.model.stages import SignerRole
from adapter.pipeline.trust import Moments, RevocationRules, Store, Trust, Unknown
from adapter.pipeline.trust.paths import MAX_SIGNATURES, Path, Reason, find
from adapter.pipeline.trust.sources import crl_urls, ocsp_urls
from tests.harness.authority import Authority, Wish, authority, certify, key, name

AT = datetime(2026, 3, 2, tzinfo=UTC)
PLACE = "/Envelope/Body/Signature"
ROOT = authority("Root")
FIRST_CA = authority("First CA", ROOT)
SECOND_CA = authority("Second CA", FIRST_CA)
LEAF = certify("Leaf", SECOND_CA)


def _store(*anchors: Authority, held: Sequence[Authority] = (), **rules: object) -> Store:
    return Store(
        "public",
        tuple(each.certificate for each in anchors or (ROOT,)),
        tuple(each.certificate for each in held),
        **rules,  # type: ignore[arg-type]
    )


def _found(leaf: x509.Certificate, *given: Authority, store: Store | None = None) -> Path | Reason | None:
    return find(leaf, [each.certificate for each in given], store or _store(), AT)


def test_a_path_through_two_authorities_is_found_in_whatever_order_they_come() -> None:
    for given in itertools.permutations((ROOT, FIRST_CA, SECOND_CA)):
        path = _found(LEAF, *given)
        assert isinstance(path, Path)
        assert path.links == (LEAF, SECOND_CA.certificate, FIRST_CA.certificate, ROOT.certificate)


def test_a_root_that_came_with_the_message_is_no_anchor() -> None:
    stranger = authority("Stranger root")
    assert _found(certify("His leaf", stranger), stranger) is None


def test_an_authority_of_the_same_name_with_another_key_vouches_for_nobody() -> None:
    forged = Authority("Forged key", certify("First CA", None, Wish(ca=True), keyed="Forged key"))
    assert _found(certify("Forged leaf", forged), forged, FIRST_CA) is None


def test_a_path_longer_than_an_authority_allows_does_not_stand() -> None:
    short = authority("Short CA", ROOT, Wish(ca=True, path_length=0))
    below = authority("Below the short CA", short)
    assert isinstance(_found(certify("Direct leaf", short), short), Path)
    assert _found(certify("Too deep leaf", below), below, short) is Reason.LENGTH


def test_a_root_that_limits_its_path_is_obeyed_too() -> None:
    root = authority("Short root", None, Wish(ca=True, path_length=0))
    below, leafless = authority("Below the short root", root), authority("Below that", None)
    assert leafless.certificate.subject == name("Below that")
    deeper = authority("Deeper", below)
    assert _found(certify("Deep leaf", deeper), deeper, below, store=_store(root)) is Reason.LENGTH


def test_a_name_outside_what_an_authority_may_certify_does_not_stand() -> None:
    abroad = authority("Laotian CA", ROOT, Wish(ca=True, permitted="LA"))
    home = authority("Vietnamese CA", ROOT, Wish(ca=True, permitted="VN"))
    assert _found(certify("Leaf from VN", abroad), abroad) is Reason.NAMES
    assert isinstance(_found(certify("Leaf at home", home), home), Path)


def test_a_certificate_that_is_signed_over_a_digest_that_is_not_allowed_does_not_stand() -> None:
    """SHA-224 for SHA-1, which the library signs no certificate with any more."""
    assert _found(certify("Old leaf", FIRST_CA, Wish(digest=SHA224)), FIRST_CA) is Reason.STRENGTH


def test_a_subscriber_is_no_authority() -> None:
    subscriber = Authority("Subscriber", certify("Subscriber", ROOT))
    assert _found(certify("His protege", subscriber), subscriber) is Reason.AUTHORITY


def test_an_authority_that_may_not_sign_certificates_signs_none() -> None:
    silent = authority("CRL-only CA", ROOT, Wish(ca=True, cert_sign=False))
    assert _found(certify("Silent leaf", silent), silent) is Reason.AUTHORITY


@pytest.mark.parametrize(("policies", "stands"), [(("1.2.3.4",), True), (("1.2.3.5",), False), ((), False)])
def test_a_store_may_require_a_certificate_policy(policies: tuple[str, ...], stands: bool) -> None:
    ca = authority("Policy CA", ROOT, Wish(ca=True, policies=("1.2.3.4", "1.2.3.5")))
    store = _store(policies=frozenset({"1.2.3.4"}))
    found = _found(certify("Policy leaf", ca, Wish(policies=policies)), ca, store=store)
    assert isinstance(found, Path) if stands else found is Reason.POLICIES


def test_an_expired_authority_ends_the_path_and_a_renewed_one_opens_it_again() -> None:
    old = authority("Renewed CA", ROOT, Wish(ca=True, last=AT - timedelta(days=1)))
    new = Authority("Renewed CA", certify("Renewed CA", ROOT, Wish(ca=True)))
    leaf = certify("Leaf of both", old)
    assert _found(leaf, old) is Reason.EXPIRED
    path = _found(leaf, old, new)
    assert isinstance(path, Path)
    assert new.certificate in path.links


def test_a_critical_extension_that_nobody_knows_is_not_passed_over() -> None:
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    ca = authority("Odd CA", ROOT)
    plain = certify("Plain leaf", ca, Wish(extra=(odd,)))
    assert isinstance(_found(plain, ca), Path), "not critical"
    builder = x509.CertificateBuilder().subject_name(name("Odd leaf")).issuer_name(ca.certificate.subject)
    builder = builder.public_key(key("Odd leaf").public_key()).serial_number(7).add_extension(odd, critical=True)
    builder = builder.not_valid_before(AT - timedelta(days=1)).not_valid_after(AT + timedelta(days=1))
    assert _found(builder.sign(ca.key, plain.signature_hash_algorithm), ca) is Reason.OTHER  # type: ignore[arg-type]


def test_cross_signed_authorities_are_followed_to_the_anchor_we_have() -> None:
    other_root = authority("Other root")
    crossed = Authority("First CA", certify("First CA", other_root, Wish(ca=True)))
    path = _found(LEAF, SECOND_CA, crossed, store=_store(other_root))
    assert isinstance(path, Path)
    assert path.links[-1] == other_root.certificate


def test_a_mesh_of_authorities_costs_a_bounded_number_of_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    tops = [authority(f"Mesh {number}") for number in range(10)]
    mesh = [Authority(a.title, certify(a.title, b, Wish(ca=True))) for a in tops for b in tops if a is not b]
    checked = []
    genuine = x509.Certificate.verify_directly_issued_by

    def counted(path: x509.Certificate, issuer: x509.Certificate) -> bool:
        checked.append(path)
        genuine(path, issuer)
        return True

    monkeypatch.setattr("adapter.pipeline.trust.paths._is_signed_by", counted)
    assert _found(certify("Mesh leaf", tops[0]), *mesh) is None
    assert 10 < len(checked) <= MAX_SIGNATURES


def test_an_elliptic_key_below_the_stores_size_is_too_weak() -> None:
    from adapter.pipeline.trust import Algorithms

    store = _store(algorithms=Algorithms(ec_bits=384))
    assert _found(LEAF, SECOND_CA, FIRST_CA, store=store) is Reason.STRENGTH


# Trust.judge, with paths ----------------------------------------------------------------------------------------------


def _judge(
    store: Store, *chain: x509.Certificate, role: SignerRole = SignerRole.DECLARANT, moments: Moments | None = None
) -> str:
    verdict = Trust((), {"public": store}).validate(
        chain, stores=["public"], role=role, moments=moments or Moments(AT), pointer=PLACE
    )
    assert (verdict.signer is None) == any(each.severity == "reject" for each in verdict.findings)
    return ", ".join(each.name for each in verdict.findings) or "trusted"


DIRECT = certify("Direct", ROOT)


def test_a_broken_path_is_told_from_none_at_all() -> None:
    short = authority("Judged short CA", ROOT, Wish(ca=True, path_length=0))
    below = authority("Judged below", short)
    leaf = certify("Judged leaf", below)
    assert _judge(_store(), leaf, below.certificate, short.certificate) == "path_broken"
    assert _judge(_store(), leaf) == "certificate_untrusted"


def test_a_store_counts_only_while_it_is_in_force() -> None:
    assert _judge(_store(valid_from=AT - timedelta(days=1)), DIRECT) == "trusted"
    assert _judge(_store(valid_from=AT), DIRECT) == "trusted"
    assert _judge(_store(valid_from=AT + timedelta(seconds=1)), DIRECT) == "store_not_in_force"
    assert _judge(_store(valid_to=AT), DIRECT) == "store_not_in_force"


def test_a_store_speaks_for_its_roles_only() -> None:
    assert _judge(_store(roles=frozenset({SignerRole.BORDER})), DIRECT) == "store_forbidden"


def test_an_authority_and_a_web_server_are_no_declarants() -> None:
    may_sign_documents_too = authority("Busy CA", ROOT, Wish(ca=True, cert_sign=False))
    assert _judge(_store(), may_sign_documents_too.certificate) == "certificate_usage"
    server = certify("Web server", ROOT, Wish(eku=(x509.oid.ExtendedKeyUsageOID.SERVER_AUTH,)))
    assert _judge(_store(), server) == "certificate_usage"
    both = (x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH, x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION)
    assert _judge(_store(), certify("Person", ROOT, Wish(eku=both))) == "trusted"


def test_a_certificate_must_be_valid_when_it_claims_to_have_signed_and_when_it_came() -> None:
    young = certify("Young", ROOT, Wish(first=AT - timedelta(hours=1)))
    assert _judge(_store(), young) == "trusted"
    assert _judge(_store(), young, moments=Moments(AT, claimed=AT - timedelta(hours=2))) == "certificate_expired"


def test_a_proven_time_stands_in_for_reception() -> None:
    ended = certify("Ended", ROOT, Wish(last=AT - timedelta(hours=1)))
    assert _judge(_store(), ended) == "certificate_expired"
    assert _judge(_store(), ended, moments=Moments(AT, proven=AT - timedelta(hours=2))) == "trusted"


def test_where_nobody_can_tell_the_store_says_what_becomes_of_it() -> None:
    told = {
        unknown: Trust((), {"public": _store(revocation=RevocationRules(unknown))}).validate(
            [DIRECT], stores=["public"], role=SignerRole.DECLARANT, moments=Moments(AT), pointer=PLACE
        )
        for unknown in Unknown
    }
    assert {verdict.findings[0].name for verdict in told.values()} == {"revocation_unknown"}
    assert {unknown: verdict.findings[0].severity.value for unknown, verdict in told.items()} == {
        Unknown.WAIT: "wait",
        Unknown.FLAG: "warn",
        Unknown.REFUSE: "reject",
    }
    assert {unknown for unknown, verdict in told.items() if verdict.signer} == {Unknown.WAIT, Unknown.FLAG}


def test_a_border_key_under_a_public_authority_may_not_sign_as_border() -> None:
    government = authority("Government root")
    stores = {
        "public": _store(roles=frozenset({SignerRole.DECLARANT})),
        "government": Store("government", (government.certificate,), (), roles=frozenset(SignerRole)),
    }
    trust = Trust((), stores)
    ours = certify("Our key", government)
    assert trust.may_sign_as(SignerRole.BORDER, [ours], at=AT) is None
    wrong = trust.may_sign_as(SignerRole.BORDER, [DIRECT], at=AT)
    assert wrong is not None
    assert (wrong.name, wrong.words) == ("store_forbidden", {"store": "public"})


def test_a_certificate_says_where_its_authority_publishes() -> None:
    wish = Wish(crl_url="http://crl.example/ca.crl", ocsp_url="http://ocsp.example/")
    leaf = certify("Published", ROOT, wish)
    assert crl_urls(leaf) == ("http://crl.example/ca.crl",)
    assert ocsp_urls(leaf) == ("http://ocsp.example/",)
    assert (crl_urls(DIRECT), ocsp_urls(DIRECT)) == ((), ())
