"""Statements that people sign: taken once, for their purpose, host and account, by a certificate that may sign."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store import certificates, statement_values, tables
from adapter.gateways.store.certificates import CertificateState
from adapter.model.errors import NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.model.statement import Purpose, SignedStatement
from adapter.pipeline import statement as document
from adapter.services.door.precheck import TurnedAway
from adapter.services.door.reception import Caller
from adapter.services.dossiers.acts import SessionOver
from adapter.services.statements.proving import StatementProofs
from adapter.simulator.sign import SignatureForm, sign_message
from tests.harness.people import TESTER
from tests.harness.pki import ROOT, shared_pki
from tests.harness.qualified import qualified
from tests.harness.statements import (
    MANAGER,
    PURPOSES,
    XMLSEC1,
    brought,
    granting,
    later,
    logged_in,
    signed,
    who,
)
from tests.harness.website import CITIZEN, ENTERPRISE, OTHER, Website, changed, group_message

DS = "{http://www.w3.org/2000/09/xmldsig#}"
REGISTER, GRANT = PURPOSES[Purpose.CERTIFICATE], PURPOSES[Purpose.AUTHORISATION]


@pytest.fixture
def components(site: Website) -> Components:
    return site.components


@pytest.fixture
def secret(components: Components) -> str:
    """A session of the enterprise's account."""
    return logged_in(components)


def refusals(bring: Callable[[], object]) -> list[str]:
    with pytest.raises(TurnedAway) as told:
        bring()
    return [finding.name for finding in told.value.findings]


def registered(site: Website, serial: str) -> list[str]:
    return [row.state for row in site.rows(tables.certificate) if row.serial == serial]


def serial_of(party: str) -> str:
    return f"{shared_pki().party(party).certificate.serial_number:x}"


@pytest.mark.parametrize("form", [SignatureForm.DEFAULT, XMLSEC1, SignatureForm.JAVA, SignatureForm.XADES_BES])
def test_who_signs_the_statement_has_registered_his_certificate(
    site: Website, components: Components, secret: str, form: SignatureForm
) -> None:
    raw = components.own_certificates.statement(who(components, secret))
    party = shared_pki().party("unregistered")
    body = sign_message(raw, system=None, declarant=party, form=form, qualified=qualified(shared_pki()))
    taken = components.certificate_holders.register(secret, body)
    assert not taken.waits
    assert registered(site, serial_of("unregistered")) == ["active"]
    (entry,) = [
        row
        for row in site.rows(tables.journal)
        if row.event == JournalEvent.CERTIFICATE_REGISTER and row.detail["certificate"] == taken.id
    ]
    assert entry.actor == who(components, secret).journal_name
    assert ENTERPRISE not in str(entry.detail)
    (told,) = [row for row in site.rows(tables.notification) if row.kind == "certificate_registered"]
    assert told.number == ENTERPRISE
    declared = sign_message(group_message(), system=None, declarant=party)
    assert components.door.declare(declared, Caller(ENTERPRISE)).outcome == "accepted", "it signs declarations now"


@pytest.mark.parametrize("bring", [REGISTER, GRANT])
def test_a_statement_counts_once(components: Components, secret: str, bring: Callable[..., object]) -> None:
    raw = brought(components, secret) if bring is REGISTER else granting(components, secret)
    bring(components, secret, raw)
    assert refusals(lambda: bring(components, secret, raw)) == ["statement_used"]


def test_of_two_at_once_one_counts(components: Components, secret: str) -> None:
    raw = granting(components, secret)
    outcomes: list[str] = []

    def bring() -> None:
        try:
            GRANT(components, secret, raw)
            outcomes.append("taken")
        except TurnedAway as turned:
            outcomes.append(turned.findings[0].name)

    both = [threading.Thread(target=bring) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(outcomes) == ["statement_used", "taken"]


def test_a_statement_that_was_refused_may_be_brought_again(components: Components, secret: str) -> None:
    raw = granting(components, secret)
    components.registry.suspend(serial_of("enterprise"), reason="Mất khóa", actor=TESTER)
    assert refusals(lambda: GRANT(components, secret, raw)) == ["registration_suspended"]
    components.registry.restore(serial_of("enterprise"), reason="Tìm thấy", actor=TESTER)
    assert GRANT(components, secret, raw)


def test_a_statement_ends_after_ten_minutes(components: Components, secret: str) -> None:
    for bring, raw in ((REGISTER, brought(components, secret)), (GRANT, granting(components, secret))):
        with later(components, 600):
            assert refusals(lambda b=bring, r=raw: b(components, secret, r)) == ["statement_expired"]  # type: ignore[misc]
        with later(components, 599):
            bring(components, secret, raw)


def test_a_statement_of_another_account_is_none(components: Components, secret: str) -> None:
    other = logged_in(components, OTHER, ENTERPRISE)
    assert refusals(lambda: REGISTER(components, other, brought(components, secret))) == ["statement_account"]
    assert refusals(lambda: GRANT(components, other, granting(components, secret))) == ["statement_account"]


def test_a_statement_of_another_host_is_none(components: Components, secret: str) -> None:
    with changed(components.statements, host="cong-khac.example"):
        raw = brought(components, secret)
    assert refusals(lambda: REGISTER(components, secret, raw)) == ["statement_host"]


def test_a_statement_for_another_purpose_is_none(components: Components, secret: str) -> None:
    file = signed(components.signed_uploads.statement("0" * 64) or b"", "enterprise")
    for bring, raw in (
        (REGISTER, granting(components, secret)),
        (GRANT, brought(components, secret, "enterprise")),
        (REGISTER, file),
        (GRANT, file),
    ):
        assert refusals(lambda b=bring, r=raw: b(components, secret, r)) == ["statement_purpose"]  # type: ignore[misc]


def test_a_value_that_was_given_for_another_purpose_is_none(components: Components, secret: str) -> None:
    """Its holder has rewritten the purpose before he signed."""
    raw = components.own_certificates.statement(who(components, secret)).replace(b">certificate<", b">authorisation<")
    parties = b"<Principal>0100109106</Principal><Representative>001085012345</Representative>"
    terms = b"<Authorisation>" + parties + b"<Document>1</Document></Authorisation>"
    raw = raw.replace(b"</ValidUntil>", b"</ValidUntil>" + terms)
    says = re.compile(rb"<Says>.*</Says>", re.DOTALL)
    (its_own,) = says.findall(granting(components, secret))
    raw = says.sub(its_own, raw)
    assert refusals(lambda: GRANT(components, secret, signed(raw, "enterprise"))) == ["statement_purpose"]


def test_a_value_that_was_never_issued_is_none(components: Components, secret: str) -> None:
    raw = components.own_certificates.statement(who(components, secret))
    root = etree.fromstring(raw)
    value = root.find("Content/Value")
    assert value is not None
    value.text = "A" * 43
    assert refusals(lambda: REGISTER(components, secret, signed(etree.tostring(root), "unregistered"))) == [
        "statement_unknown"
    ]


def test_an_envelope_is_no_answer_and_no_door_takes_a_statement(components: Components, secret: str) -> None:
    envelope = sign_message(group_message(), system=None, declarant=shared_pki().party("unregistered"))
    for bring in (REGISTER, GRANT):
        assert refusals(lambda b=bring: b(components, secret, envelope)) == ["not_a_statement"]  # type: ignore[misc]
    with pytest.raises(TurnedAway) as told:
        components.door.declare(brought(components, secret), Caller(CITIZEN))
    assert [each.name for each in told.value.findings] == ["not_an_envelope"]


CERTIFICATES = {
    "stranger": ["certificate_untrusted"],
    "self-signed": ["certificate_untrusted"],
    "expired": ["certificate_expired"],
    "not-yet": ["certificate_expired"],
    "revoked": ["certificate_revoked"],
    "suspended": ["certificate_suspended"],
    "weak": ["key_weak"],
    "wrong-usage": ["certificate_usage"],
}


@pytest.mark.parametrize("party", CERTIFICATES)
def test_a_certificate_that_may_not_sign_is_not_registered(
    site: Website, components: Components, secret: str, party: str
) -> None:
    before = len(site.rows(tables.certificate))
    assert refusals(lambda: REGISTER(components, secret, brought(components, secret, party))) == CERTIFICATES[party]
    assert len(site.rows(tables.certificate)) == before


def test_somebody_else_s_certificate_is_not_registered(components: Components, secret: str) -> None:
    for party in ("other-enterprise", "citizen"):
        raw = brought(components, secret, party)
        assert refusals(lambda r=raw: REGISTER(components, secret, r)) == ["certificate_of_another"]  # type: ignore[misc]


def test_a_certificate_that_names_no_number_always_waits_for_an_officer(components: Components, secret: str) -> None:
    assert components.certificate_holders.register(secret, brought(components, secret, "body")).waits


def parsed(raw: bytes) -> etree._Element:
    return etree.fromstring(raw)


def two_signatures(raw: bytes) -> bytes:
    root = parsed(raw)
    place = root.find("Signature")
    assert place is not None
    place.append(parsed(etree.tostring(place[0])))
    return etree.tostring(root)


def second_place(raw: bytes) -> bytes:
    root = parsed(raw)
    place = root.find("Signature")
    assert place is not None
    root.append(parsed(etree.tostring(place)))
    return etree.tostring(root)


def wrapped(raw: bytes) -> bytes:
    """The signed Content is hidden in the signature's own Object; another one stands where it is read."""
    root = parsed(raw)
    content, signature = root.find("Content"), root.find(f"Signature/{DS}Signature")
    assert content is not None
    assert signature is not None
    hidden = etree.SubElement(signature, f"{DS}Object")
    hidden.append(parsed(etree.tostring(content)))
    content.set("Id", "other")
    return etree.tostring(root)


def wrapped_beside(raw: bytes) -> bytes:
    root = parsed(raw)
    content = root.find("Content")
    assert content is not None
    root.insert(0, parsed(etree.tostring(content)))
    return etree.tostring(root)


def wrapped_in_an_envelope(raw: bytes) -> bytes:
    return b"<Envelope><Header/><Body>" + raw.partition(b"?>")[2] + b"</Body></Envelope>"


def altered(raw: bytes) -> bytes:
    return raw.replace(b">certificate<", b">file<").replace(b"</ValidUntil>", b"</ValidUntil><File/>")


def unsigned(raw: bytes) -> bytes:
    root = parsed(raw)
    place = root.find("Signature")
    assert place is not None
    place.clear()
    return etree.tostring(root)


TAMPERED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "two signatures": (two_signatures, "signature_structure"),
    "a second place": (second_place, "not_a_statement"),
    "wrapped in an Object": (wrapped, "object_forbidden"),
    "wrapped beside": (wrapped_beside, "not_a_statement"),
    "wrapped in an Envelope": (wrapped_in_an_envelope, "not_a_statement"),
    "altered": (altered, "signature_invalid"),
    "unsigned": (unsigned, "statement_unsigned"),
    "a DOCTYPE": (lambda raw: raw.replace(b"?>", b"?><!DOCTYPE SignedStatement>", 1), "doctype_forbidden"),
    "a processing instruction": (
        lambda raw: raw.replace(b"<Content", b"<?go on?><Content", 1),
        "processing_instruction",
    ),
    "UTF-16": (lambda raw: raw.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "encoding_not_utf8"),
    "a bomb": (lambda raw: raw + b" " * 70_000, "too_large"),
    "a namespace": (lambda raw: raw.replace(b"Statement>", b'Statement xmlns="urn:x">', 1), "not_a_statement"),
    "nothing": (lambda raw: b"", "not_xml"),
    "SHA-1": (lambda raw: raw.replace(b"xmlenc#sha256", b"xmldsig#sha1"), "algorithm_forbidden"),
}


@pytest.mark.parametrize("attack", TAMPERED)
def test_a_statement_that_was_tampered_with_is_none(components: Components, secret: str, attack: str) -> None:
    tamper, finding = TAMPERED[attack]
    raw = brought(components, secret)
    assert finding in refusals(lambda: REGISTER(components, secret, tamper(raw)))
    REGISTER(components, secret, raw)  # and its twin


def test_a_comment_changes_nothing_of_what_is_read(site: Website, components: Components, secret: str) -> None:
    raw = brought(components, secret)
    commented = raw.replace(b"<Purpose>certificate", b"<Purpose>certi<!-- x -->ficate")
    assert commented != raw
    REGISTER(components, secret, commented)
    assert registered(site, serial_of("unregistered")) == ["active"]


@pytest.mark.parametrize("language", ["Vi", "En"])
def test_a_statement_in_somebody_else_s_words_is_none_though_it_is_signed(
    site: Website, components: Components, language: str
) -> None:
    """A principal who is shown "I confirm the delivery" must not have authorised somebody by it."""
    secret = logged_in(components, CITIZEN, None)
    genuine = etree.fromstring(granting(components, secret))
    said, place = genuine.find(f"Content/Says/{language}"), genuine.find("Signature")
    assert said is not None
    assert said.text is not None
    assert place is not None
    place.clear()
    ours, said.text = said.text, "Tôi xác nhận đã nhận hàng"
    assert refusals(lambda: GRANT(components, secret, signed(etree.tostring(genuine), "enterprise"))) == [
        "not_a_statement"
    ]
    assert site.rows(tables.authorisation) == []
    said.text = ours.replace(" ", "\n  ", 1)
    assert GRANT(components, secret, signed(etree.tostring(genuine), "enterprise"))


def test_what_its_xsd_does_not_have_is_refused_though_it_is_signed(components: Components, secret: str) -> None:
    raw = components.own_certificates.statement(who(components, secret)).replace(b"</Value>", b"</Value><Extra/>")
    assert "schema_unexpected" in refusals(lambda: REGISTER(components, secret, signed(raw, "unregistered")))


def test_nobody_registers_without_a_session(components: Components, secret: str) -> None:
    raw = brought(components, secret)
    components.accounts.suspend(MANAGER, unit=None, reason="Nguy cơ", actor=TESTER)
    for bring in PURPOSES.values():
        with pytest.raises(SessionOver):
            bring(components, secret, raw)


@pytest.fixture
def approving(components: Components) -> Iterator[None]:
    with changed(components.certificate_holders, approval=True):
        yield


@pytest.mark.usefixtures("approving")
def test_one_that_waits_signs_nothing_until_an_officer_registers_it(
    site: Website, components: Components, secret: str
) -> None:
    party = shared_pki().party("unregistered")
    taken = components.certificate_holders.register(secret, brought(components, secret))
    assert taken.waits
    assert refusals(lambda: REGISTER(components, secret, brought(components, secret))) == ["certificate_waits"]
    assert [each.id for each in components.registry.waiting(actor=TESTER)] == [taken.id]
    first = sign_message(group_message(), system=None, declarant=party)
    assert components.door.declare(first, Caller(ENTERPRISE)).outcome == "rejected"
    with pytest.raises(NotAllowed):
        components.registry.suspend(taken.serial, reason="x", actor=TESTER)
    components.registry.approve(taken.serial, actor=TESTER)
    with pytest.raises(NotAllowed):
        components.registry.decline(taken.serial, reason="x", actor=TESTER)
    fresh = re.sub(rb"<messageId>.", b"<messageId>c", group_message())
    again = sign_message(fresh, system=None, declarant=party)
    assert components.door.declare(again, Caller(ENTERPRISE)).outcome == "accepted"
    kinds = [row.kind for row in site.rows(tables.notification) if row.number == ENTERPRISE]
    told = [each.removeprefix("certificate_") for each in kinds if each.startswith("certificate")]
    assert told == ["waiting", "registered"]


def test_one_that_names_no_number_waits_though_others_need_no_approval(
    components: Components, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in it says whose it is: an officer does."""
    read = StatementProofs.read

    def numberless(*stated: Any) -> SignedStatement:
        found = read(*stated)
        return replace(found, signer=replace(found.signer, numbers=()))

    monkeypatch.setattr(StatementProofs, "read", numberless)
    taken = components.certificate_holders.register(secret, brought(components, secret))
    assert taken.waits
    assert [each.id for each in components.registry.waiting(actor=TESTER)] == [taken.id]


@pytest.mark.usefixtures("approving")
def test_one_that_was_declined_has_its_reason_and_may_be_brought_again(components: Components, secret: str) -> None:
    taken = components.certificate_holders.register(secret, brought(components, secret))
    components.registry.decline(taken.serial, reason="Thiếu giấy đăng ký doanh nghiệp", actor=TESTER)
    (own,) = [each for each in components.own_certificates.of(who(components, secret)) if each.id == taken.id]
    assert (own.state, own.reason) == (CertificateState.DECLINED, "Thiếu giấy đăng ký doanh nghiệp")
    again = components.certificate_holders.register(secret, brought(components, secret))
    assert (again.id, again.waits) == (taken.id, True)


def test_one_that_waits_speaks_for_nobody_at_the_window(components: Components, secret: str) -> None:
    """The window's own registration counts there; a number that nobody has approved is not read."""
    with changed(components.certificate_holders, approval=True):
        components.certificate_holders.register(secret, brought(components, secret))
    name = next(n for n in _names(components) if n[1] == serial_of("unregistered"))
    with components.database.reading() as connection:
        assert certificates.find(connection, [name]) == {}
        assert len(certificates.known(connection, [name])) == 1


def _names(components: Components) -> list[tuple[str, str]]:
    return [(each.issuer, each.serial) for each in components.registry.list(actor=TESTER)]


def test_its_holder_suspends_it_at_once_and_only_a_head_restores_it(
    site: Website, components: Components, secret: str
) -> None:
    taken = components.certificate_holders.register(secret, brought(components, secret))
    with pytest.raises(NotAllowed):
        components.certificate_holders.suspend(logged_in(components, OTHER, None), taken.id, "x")
    with pytest.raises(NotAllowed):
        components.certificate_holders.suspend(secret, taken.id, " ")
    components.certificate_holders.suspend(secret, taken.id, "Mất token")
    assert registered(site, serial_of("unregistered")) == ["suspended"]
    assert refusals(lambda: REGISTER(components, secret, brought(components, secret))) == ["registration_suspended"]
    with pytest.raises(NotAllowed):
        components.certificate_holders.suspend(secret, taken.id, "Mất token")
    components.registry.restore(taken.serial, reason="Tìm thấy", actor=TESTER)
    assert registered(site, serial_of("unregistered")) == ["active"]


def test_a_renewed_certificate_stands_beside_the_one_before(site: Website, components: Components, secret: str) -> None:
    components.certificate_holders.register(secret, brought(components, secret))
    mine = [each.serial for each in components.own_certificates.of(who(components, secret))]
    assert {serial_of("unregistered"), serial_of("enterprise")} <= set(mine)
    assert serial_of("citizen") not in mine


def test_a_grant_that_the_principal_s_certificate_signs_acts_until_it_is_withdrawn(
    site: Website, components: Components
) -> None:
    """Brought by the representative, who has no account of the enterprise."""
    secret = logged_in(components, CITIZEN, None)
    (row_id,) = components.grant_signers.give(secret, granting(components, secret))
    (row,) = site.rows(tables.authorisation)
    assert (row.holder, row.principal, row.granted_by) == (CITIZEN, ENTERPRISE, "signed")
    assert who(components, secret).principals == (ENTERPRISE,)
    told = {row.number for row in site.rows(tables.notification) if row.kind == "granted"}
    assert told == {CITIZEN, ENTERPRISE}, "both sides are notified"
    assert components.grants.is_granted(CITIZEN, ENTERPRISE, "BQP0100001")
    components.grants.withdraw(who(components, logged_in(components)), row_id, reason="Hết hợp đồng")
    assert who(components, secret).principals == ()
    assert not components.grants.is_granted(CITIZEN, ENTERPRISE, "BQP0100001"), "withdrawn, it has no effect at once"
    told = {row.number for row in site.rows(tables.notification) if row.kind == "grant_ended"}
    assert told == {CITIZEN, ENTERPRISE}


def test_a_grant_is_as_it_was_signed(site: Website, components: Components) -> None:
    secret = logged_in(components, CITIZEN, None)
    until = components.legal_clock().date()
    raw = granting(components, secret, until=until, procedures=("BQP0100001",))
    components.grant_signers.give(secret, raw)
    rows = site.rows(tables.authorisation)
    assert {row.procedure for row in rows} >= {"BQP0100001"}
    assert {row.document for row in rows} == {"UQ-1"}
    assert all(row.valid_to is not None for row in rows)


def test_a_grant_signed_by_anybody_else_is_none(site: Website, components: Components) -> None:
    secret = logged_in(components, CITIZEN, None)
    cases = {
        "citizen": "statement_principal",
        "other-enterprise": "statement_principal",
        "branch": "statement_principal",
        "unregistered": "certificate_unregistered",
        "stranger": "certificate_untrusted",
        "revoked": "certificate_revoked",
    }
    for party, finding in cases.items():
        assert refusals(lambda p=party: GRANT(components, secret, granting(components, secret, p))) == [finding]  # type: ignore[misc]
    assert site.rows(tables.authorisation) == []


def test_an_enterprise_s_certificate_grants_for_its_branch(components: Components) -> None:
    secret = logged_in(components, CITIZEN, None)
    assert GRANT(components, secret, granting(components, secret, principal=f"{ENTERPRISE}-001"))


def test_a_suspended_principal_grants_nothing(components: Components) -> None:
    secret = logged_in(components, CITIZEN, None)
    raw = granting(components, secret)
    components.accounts.suspend(ENTERPRISE, unit=None, reason="Nguy cơ", actor=TESTER)
    assert refusals(lambda: GRANT(components, secret, raw)) == ["account_suspended"]


def test_values_that_ended_a_day_ago_are_forgotten(site: Website, components: Components, secret: str) -> None:
    brought(components, secret)
    assert components.statements.sweep() == 0
    (row,) = site.rows(tables.statement_value)
    with changed(components.statements, clock=lambda: row.ends_at.replace(year=2027)):
        assert components.statements.sweep() == 1
    assert site.rows(tables.statement_value) == []


def test_the_store_has_neither_value_nor_number_of_who_asked(
    site: Website, components: Components, secret: str
) -> None:
    raw = components.own_certificates.statement(who(components, secret))
    value = document.read(etree.fromstring(raw)).value
    (row,) = site.rows(tables.statement_value)
    assert value not in str(row)
    assert MANAGER not in str(row)


def test_the_template_and_command_of_the_guide_sign_a_statement(
    components: Components, secret: str, tmp_path: Path
) -> None:
    guide = (ROOT / "docs" / "huong-dan-khai-bao.md").read_text(encoding="utf-8")
    (template,) = re.findall(r"```xml\n(.*?)```", guide, re.S)
    (command,) = re.findall(r"^xmlsec1 .*$", guide, re.M)
    raw = components.own_certificates.statement(who(components, secret)).decode()
    assert "<Signature/>" in raw
    party, names = shared_pki().party("unregistered"), ("khoa.pem", "chung-thu.pem", "van-ban-can-ky.xml")
    key, certificate, statement = (tmp_path / name for name in names)
    key.write_bytes(party.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(party.certificate.public_bytes(Encoding.PEM))
    statement.write_text(raw.replace("<Signature/>", f"<Signature>{template.strip()}</Signature>"), encoding="utf-8")
    subprocess.run(shlex.split(command), cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert components.certificate_holders.register(secret, (tmp_path / "da-ky.xml").read_bytes()).serial


def test_of_two_processes_that_read_a_value_unused_one_uses_it(whole: Components) -> None:
    """On either database: the second waits for the first to commit, and finds it used."""
    whole.signed_uploads.statement("0" * 64)
    (digest,) = _values(whole)
    results: list[bool] = []

    def second() -> None:
        with whole.database.transaction() as connection:
            results.append(statement_values.use(connection, digest, at=whole.legal_clock(), number=None, body=None))

    other = threading.Thread(target=second)
    with whole.database.transaction() as connection:
        assert statement_values.use(connection, digest, at=whole.legal_clock(), number=None, body=None)
        other.start()
    other.join()
    assert results == [False]


def _values(components: Components) -> list[str]:
    with components.database.reading() as connection:
        return list(connection.execute(select(tables.statement_value.c.hash)).scalars())
