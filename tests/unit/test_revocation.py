"""What CRLs and OCSP answers say, who may say it, and what that makes of a certificate at a point in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from adapter.pipeline.trust.crl import check_crl, crl_answer, read_crl
from adapter.pipeline.trust.ocsp import ocsp_answer, ocsp_request
from adapter.pipeline.trust.revocation import RevocationAnswer, RevocationState, Unusable, of_timestamper, state_of
from tests.harness.authority import KEYS, Listed, Says, Wish, authority, certify, crl, key, ocsp_reply

AT = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CA = authority("Revocation CA")
LEAF = certify("Revocation leaf", CA)
STRANGER = authority("Revocation stranger")


def _crl(data: bytes, certificate: x509.Certificate = LEAF) -> RevocationAnswer:
    read = read_crl(data)
    check_crl(read, CA.certificate)
    return crl_answer(read, certificate, CA.certificate)


def _state(
    *answers: RevocationAnswer, received: datetime = AT, proven: datetime | None = None, grace: timedelta = DAY
) -> RevocationState:
    return state_of(LEAF, answers, received=received, proven=proven, grace=grace)


# State at a point in time ---------------------------------------------------------------------------------------------

GOOD = RevocationAnswer(AT - HOUR, AT + HOUR)
HOLD = x509.ReasonFlags.certificate_hold


def test_without_an_answer_nobody_can_tell() -> None:
    assert _state() is RevocationState.UNKNOWN


def test_an_answer_counts_until_its_grace_is_over() -> None:
    old = RevocationAnswer(AT - 3 * DAY, AT - DAY)
    assert _state(old, grace=DAY) is RevocationState.GOOD
    assert _state(old, grace=DAY - timedelta(seconds=1)) is RevocationState.UNKNOWN


def test_an_answer_that_names_no_next_one_ages_from_when_it_was_made() -> None:
    assert _state(RevocationAnswer(AT - 2 * HOUR), grace=HOUR) is RevocationState.UNKNOWN
    assert _state(RevocationAnswer(AT - HOUR), grace=HOUR) is RevocationState.GOOD


def test_what_was_revoked_before_it_signed_is_revoked_however_old_the_answer() -> None:
    assert (
        _state(RevocationAnswer(AT - 90 * DAY, AT - 89 * DAY, revoked_at=AT - 91 * DAY), grace=timedelta())
        is RevocationState.REVOKED
    )


def test_a_newer_good_answer_does_not_undo_a_revocation() -> None:
    assert _state(RevocationAnswer(AT - 2 * HOUR, AT + HOUR, revoked_at=AT - DAY), GOOD) is RevocationState.REVOKED


def test_what_was_revoked_later_than_it_signed_stands_if_a_time_stamp_proves_it() -> None:
    answer = RevocationAnswer(AT - HOUR, AT + HOUR, revoked_at=AT - 2 * HOUR)
    assert _state(answer) is RevocationState.REVOKED, "reception decides where nothing is proven"
    assert _state(answer, proven=AT - 3 * HOUR) is RevocationState.GOOD
    assert _state(answer, proven=AT - HOUR) is RevocationState.REVOKED


def test_a_suspension_counts_while_it_lasts() -> None:
    held = RevocationAnswer(AT - 2 * HOUR, AT + HOUR, revoked_at=AT - DAY, reason=HOLD)
    assert _state(held) is RevocationState.SUSPENDED
    assert _state(held, GOOD) is RevocationState.GOOD, "lifted since"
    assert _state(held, proven=AT - 2 * DAY) is RevocationState.GOOD
    assert _state(held, received=AT + 2 * DAY, grace=HOUR) is RevocationState.UNKNOWN, "it may have been lifted since"


def test_silence_about_a_certificate_that_has_run_out_says_nothing() -> None:
    ended = certify("Ended leaf", CA, Wish(last=AT - 2 * DAY))
    answers = [RevocationAnswer(AT - HOUR, AT + HOUR)]
    assert state_of(ended, answers, received=AT, proven=AT - 3 * DAY, grace=DAY) is RevocationState.UNKNOWN


@pytest.mark.parametrize("reason", [*x509.ReasonFlags, None], ids=str)
def test_a_time_stamp_outlives_its_authority_only_where_the_reason_says_that_the_key_is_safe(
    reason: x509.ReasonFlags | None,
) -> None:
    """RFC 3161 section 4 names four reasons (0, 3, 4, 5); without one every token of that key is invalid."""
    safe = {"unspecified", "affiliationChanged", "superseded", "cessationOfOperation"}
    answer = of_timestamper(RevocationAnswer(AT - HOUR, AT + HOUR, revoked_at=AT - DAY, reason=reason))
    before = (
        RevocationState.GOOD
        if reason and reason.value in safe
        else RevocationState.SUSPENDED
        if reason is HOLD
        else RevocationState.REVOKED
    )
    assert _state(answer, proven=AT - 2 * DAY) is before
    assert _state(answer, proven=AT - HOUR) is (
        RevocationState.SUSPENDED if reason is HOLD else RevocationState.REVOKED
    )


# CRL ------------------------------------------------------------------------------------------------------------------


def test_a_crl_says_good_revoked_and_suspended() -> None:
    assert _crl(crl(CA, this_update=AT)) == RevocationAnswer(AT, AT + DAY)
    compromised = Listed(since=AT - DAY, reason=x509.ReasonFlags.key_compromise)
    assert _crl(crl(CA, {LEAF: compromised}, this_update=AT)) == RevocationAnswer(
        AT, AT + DAY, AT - DAY, x509.ReasonFlags.key_compromise
    )
    assert _crl(crl(CA, {LEAF: Listed(since=AT - DAY)}, this_update=AT)) == RevocationAnswer(AT, AT + DAY, AT - DAY)
    held = Listed(since=AT - DAY, reason=HOLD)
    assert _crl(crl(CA, {LEAF: held}, this_update=AT)) == RevocationAnswer(AT, AT + DAY, AT - DAY, HOLD)


def test_a_key_that_was_lost_before_it_was_revoked_is_revoked_from_then_on() -> None:
    lost = Listed(since=AT, reason=x509.ReasonFlags.key_compromise, invalid_from=AT - 5 * DAY)
    assert _crl(crl(CA, {LEAF: lost}, this_update=AT)).revoked_at == AT - 5 * DAY


def test_a_crl_in_pem_is_read_too() -> None:
    pem = read_crl(crl(CA, this_update=AT)).public_bytes(Encoding.PEM)
    assert _crl(pem) == RevocationAnswer(AT, AT + DAY)


_ODD = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (crl(STRANGER, this_update=AT), "another authority's"),
        (crl(CA, this_update=AT, signed_with=key("Somebody")), "signature does not hold"),
        (b"<html>not found</html>", "no CRL"),
        (b"", "no CRL"),
        (crl(CA, this_update=AT, extra=[(x509.DeltaCRLIndicator(1), True)]), "delta"),
        (crl(CA, this_update=AT, extra=[(_ODD, True)]), "critical extension"),
    ],
)  # fmt: skip
def test_a_crl_that_is_not_the_authoritys_own_says_nothing(data: bytes, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        _crl(data)


def _point(**told: object) -> tuple[x509.ExtensionType, bool]:
    stated: dict[str, object] = dict.fromkeys(("full_name", "relative_name", "only_some_reasons"))
    stated |= dict.fromkeys(
        ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs"), False
    )
    return x509.IssuingDistributionPoint(**(stated | told)), True  # type: ignore[arg-type]


def test_a_crl_for_other_certificates_says_nothing_of_this_one() -> None:
    with pytest.raises(Unusable, match="another kind"):
        _crl(crl(CA, this_update=AT, extra=[_point(only_contains_ca_certs=True)]))
    assert _crl(crl(CA, this_update=AT, extra=[_point(only_contains_user_certs=True)])) == RevocationAnswer(
        AT, AT + DAY
    )
    with pytest.raises(Unusable, match="indirect"):
        _crl(crl(CA, this_update=AT, extra=[_point(indirect_crl=True)]))
    elsewhere = [x509.UniformResourceIdentifier("http://crl.example/part-2.crl")]
    with pytest.raises(Unusable, match="another distribution point"):
        _crl(crl(CA, this_update=AT, extra=[_point(full_name=elsewhere)]))


def test_an_authority_that_may_not_sign_crls_signs_none() -> None:
    muted = authority("Muted CA", None, Wish(ca=True, cert_sign=False))
    with pytest.raises(Unusable, match="may not sign CRLs"):
        check_crl(read_crl(crl(muted, this_update=AT)), muted.certificate)


# OCSP -----------------------------------------------------------------------------------------------------------------

NOW_GOOD = Says(this_update=AT, next_update=AT + HOUR)
RESPONDER = certify("Responder", CA, Wish(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,)))


def _ocsp(data: bytes) -> RevocationAnswer:
    return ocsp_answer(data, LEAF, CA.certificate)


def test_a_responder_says_good_revoked_and_suspended() -> None:
    assert _ocsp(ocsp_reply(LEAF, CA, NOW_GOOD)) == RevocationAnswer(AT, AT + HOUR)
    status = ocsp.OCSPCertStatus.REVOKED
    revoked = Says(this_update=AT, next_update=AT + HOUR, status=status, since=AT - DAY)
    assert _ocsp(ocsp_reply(LEAF, CA, revoked)) == RevocationAnswer(AT, AT + HOUR, AT - DAY)
    held = Says(this_update=AT, next_update=AT + HOUR, status=status, since=AT - DAY, reason=HOLD)
    assert _ocsp(ocsp_reply(LEAF, CA, held)) == RevocationAnswer(AT, AT + HOUR, AT - DAY, HOLD)


def test_a_responder_may_name_certificates_by_any_digest() -> None:
    assert _ocsp(ocsp_reply(LEAF, CA, Says(this_update=AT, algorithm=SHA256()))) == RevocationAnswer(AT)


def test_a_responder_that_does_not_know_the_certificate_tells_nothing() -> None:
    with pytest.raises(Unusable, match="does not know"):
        _ocsp(ocsp_reply(LEAF, CA, Says(this_update=AT, status=ocsp.OCSPCertStatus.UNKNOWN)))


def test_a_responder_certified_by_the_authority_speaks_for_it() -> None:
    told = ocsp_reply(LEAF, CA, NOW_GOOD, responder=RESPONDER, signed_with=key("Responder"))
    assert _ocsp(told) == RevocationAnswer(AT, AT + HOUR, responder=RESPONDER), "and is itself to be asked for"


def test_a_responder_that_its_authority_exempts_is_not_asked_for() -> None:
    """id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1)."""
    exempt = Wish(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,), extra=(x509.OCSPNoCheck(),))
    certificate = certify("Exempt responder", CA, exempt)
    told = ocsp_reply(LEAF, CA, NOW_GOOD, responder=certificate, signed_with=key("Exempt responder"))
    assert _ocsp(told) == RevocationAnswer(AT, AT + HOUR)


def test_an_answer_of_a_responder_whose_method_states_no_digest_says_nothing() -> None:
    """Ed25519 (RFC 8410) has its own inside."""
    own = KEYS["Edwards responder"] = Ed25519PrivateKey.generate()
    responder = certify("Edwards responder", CA, Wish(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,)))
    with pytest.raises(Unusable, match="no known party"):
        _ocsp(ocsp_reply(LEAF, CA, NOW_GOOD, responder=responder, signed_with=own))


_STRANGERS = certify("Strange responder", STRANGER, Wish(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,)))
_FORGED = certify("Revocation CA", None, Wish(ca=True), keyed="Somebody")
_PLAIN = certify("Plain responder", CA)
_EXPIRED = certify("Expired responder", CA, Wish(eku=(ExtendedKeyUsageOID.OCSP_SIGNING,), last=AT - 1000 * DAY))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ocsp_reply(LEAF, CA, NOW_GOOD, silent=_FORGED, signed_with=key("Somebody")), "no known party"),
        (ocsp_reply(LEAF, CA, NOW_GOOD, responder=_STRANGERS, signed_with=key("Strange responder")), "not the auth"),
        (ocsp_reply(LEAF, CA, NOW_GOOD, responder=_PLAIN, signed_with=key("Plain responder")), "not for signing OCSP"),
        (ocsp_reply(LEAF, CA, NOW_GOOD, responder=_EXPIRED, signed_with=key("Expired responder")), "was not valid"),
        (ocsp_reply(certify("Another leaf", CA), CA, NOW_GOOD), "another certificate"),
        (ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            Encoding.DER), "try_later"),
        (b"<html>", "no OCSP answer"),
    ],
)  # fmt: skip
def test_an_ocsp_answer_that_nobody_entitled_has_signed_says_nothing(data: bytes, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        _ocsp(data)


def test_an_answer_about_the_same_number_of_another_authority_is_not_taken() -> None:
    same_key = authority("Other name, same serial")
    told = ocsp_reply(LEAF, same_key, NOW_GOOD, silent=CA.certificate, signed_with=CA.key)
    with pytest.raises(Unusable, match="another certificate"):
        _ocsp(told)


def test_the_question_names_the_certificate_and_its_authority() -> None:
    request = ocsp.load_der_ocsp_request(ocsp_request(LEAF, CA.certificate))
    assert request.serial_number == LEAF.serial_number
