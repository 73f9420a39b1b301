"""The test window signs as partners do, and a verifier that shares no code with it agrees."""

from __future__ import annotations

import shutil
import stat
import time
from pathlib import Path
from xml.sax.saxutils import unescape

import pytest
from cryptography import x509
from lxml import etree

from adapter.model.outcomes import Word
from adapter.model.stages import Channel
from adapter.simulator.parties import SIGNERS
from adapter.simulator.pki import load_pki, make_pki, make_tls
from adapter.simulator.sign import DS, PLAIN_FORMS, SignatureForm, sign_message
from tests.harness.attacks import AFTER_SIGNING
from tests.harness.fixtures import CLOCK, Case, Expectation, Signers, load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified
from tests.harness.second_opinion import Place, Question, verify_many, verify_with_xmlsec1

PEOPLE = "".join(
    f"<Person><Seq>{number}</Seq><FullName>NGUYEN VAN A</FullName><Note>Lữ khách &amp; bạn</Note></Person>\n"
    for number in range(20)
)
ENVELOPE = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- before -->
<Envelope>
  <Header><Reference><messageId>0f1e</messageId></Reference><Subject><type>10</type></Subject></Header>
  <Body>
    <Content><Group><Leader>TRAN THI B</Leader><!-- inside --><Persons>{PEOPLE}</Persons></Group></Content>
  </Body>
</Envelope>
""".encode()


def _verifies(message: bytes, place: Place, signer: str) -> bool:
    return verify_with_xmlsec1(message, place=place, certificate_pem=shared_pki().certificate_file(signer))


def _signed(system: str | None, declarant: str | None, form: SignatureForm = SignatureForm.DEFAULT) -> bytes:
    pki = shared_pki()
    return sign_message(
        ENVELOPE,
        system=None if system is None else pki.party(system),
        declarant=None if declarant is None else pki.party(declarant),
        form=form,
        qualified=qualified(pki),
    )


def _case(attack: str | None, form: SignatureForm = SignatureForm.DEFAULT) -> Case:
    expect = Expectation(stage=None, outcome=Word.PARKED, reply=None)
    return Case(
        id="p/c", message=ENVELOPE, title="t", article="a", clock=CLOCK, channel=Channel.WINDOW,
        signers=Signers("nsw", "enterprise"), expect=expect, form=form, attack=attack,
    )  # fmt: skip


@pytest.mark.parametrize("form", SignatureForm)
@pytest.mark.parametrize(("system", "declarant"), [("nsw", "enterprise-ec"), ("portal", "enterprise")])
def test_both_signatures_of_each_form_and_key_satisfy_xmlsec1(form: SignatureForm, system: str, declarant: str) -> None:
    message = _signed(system, declarant, form)
    assert _verifies(message, "system", system)
    assert _verifies(message, "declarant", declarant)


@pytest.mark.parametrize("form", SignatureForm)
def test_a_changed_letter_breaks_both_signatures(form: SignatureForm) -> None:
    changed = AFTER_SIGNING["change_signed_content"](_signed("nsw", "enterprise", form))
    assert not _verifies(changed, "system", "nsw")
    assert not _verifies(changed, "declarant", "enterprise")


def test_a_changed_header_breaks_the_system_signature_only() -> None:
    changed = _signed("nsw", "enterprise").replace(b"0f1e", b"0f1f")
    assert not _verifies(changed, "system", "nsw")
    assert _verifies(changed, "declarant", "enterprise")


def test_another_party_s_certificate_does_not_verify_even_with_a_key_value_in_the_message() -> None:
    message = _signed("nsw", "enterprise", SignatureForm.JAVA)
    assert not _verifies(message, "system", "nsw-next")
    assert not _verifies(message, "declarant", "other-enterprise")


def test_the_forms_are_written_as_their_tools_write_them() -> None:
    default, dotnet, java = (_signed("nsw", "enterprise", form) for form in PLAIN_FORMS)
    assert default.count(b"<ds:Signature ") == 2
    assert dotnet.count(f'<Signature xmlns="{DS}">'.encode()) == 2
    assert b"KeyValue" not in dotnet
    assert b"&#13;" not in dotnet
    assert java.count(b"<RSAKeyValue>") == 2
    assert b"&#13;" in java


def test_signatures_stand_at_the_two_fixed_places_and_carry_leaf_and_intermediate() -> None:
    root = etree.fromstring(_signed("nsw", "enterprise"))
    assert [child.tag for child in root] == ["Header", "Body", "SystemSignature"]
    assert [child.tag for child in root.findall("Body/*")] == ["Content", "Signature"]
    for place in ("SystemSignature", "Body/Signature"):
        assert len(root.findall(f"{place}/{{{DS}}}Signature//{{{DS}}}X509Certificate")) == 2


def test_empty_wrappers_are_used_and_full_ones_are_left_alone() -> None:
    empty = ENVELOPE.replace(b"</Content>", b"</Content><Signature/>").replace(
        b"</Envelope>", b"<SystemSignature/></Envelope>"
    )
    pki = shared_pki()
    message = sign_message(empty, system=pki.party("nsw"), declarant=pki.party("enterprise"))
    assert message.count(b"SystemSignature>") == 2
    assert _verifies(message, "system", "nsw")
    with pytest.raises(ValueError, match="signed already"):
        sign_message(message, system=pki.party("nsw"), declarant=None)


@pytest.mark.parametrize(("name", "times"), [("escape_once", 1), ("escape_twice", 2)])
def test_an_escaped_message_unwraps_to_the_signed_bytes(name: str, times: int) -> None:
    body = signed(_case(name), shared_pki()).decode()
    for _ in range(times):
        body = unescape(body)
    assert body.startswith("<?xml")
    assert _verifies(body.encode(), "system", "nsw")


def test_an_unsigned_case_keeps_its_bytes() -> None:
    assert sign_message(b"not XML", system=None, declarant=None) == b"not XML"


def test_many_answers_come_in_the_order_of_the_questions() -> None:
    pki = shared_pki()
    good = _signed("nsw", "enterprise")
    bad = AFTER_SIGNING["break_signature_value"](good)
    nsw, enterprise = pki.certificate_file("nsw"), pki.certificate_file("enterprise")
    messages = [good, bad, good, bad, bad, good, b"junk"]
    questions = [Question(message, "system", nsw) for message in messages]
    questions.insert(3, Question(bad, "declarant", enterprise))
    # The declarant did not sign the system's value, so his signature stays good.
    assert verify_many(questions) == [True, False, True, True, False, False, True, False]


def test_a_second_call_makes_nothing_anew_and_keys_are_private(tmp_path: Path) -> None:
    shutil.copytree(shared_pki().folder, tmp_path, dirs_exist_ok=True)
    for lost in tmp_path.glob("nsw.*.pem"):  # to make all would cost seconds
        lost.unlink()
    first = make_pki(tmp_path)
    assert first.party("nsw").certificate != shared_pki().party("nsw").certificate
    written = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.pem")}
    started = time.perf_counter()
    make_pki(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.pem")} == written
    print(f"second make_pki: {1000 * (time.perf_counter() - started):.0f} ms")
    assert load_pki(tmp_path).party("nsw").certificate == first.party("nsw").certificate
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.rglob("*.key.pem")} == {0o600}
    assert sorted(file.name for file in (tmp_path / "anchors").rglob("*.pem")) == [
        "government-root.pem", "public-root.pem", "timestamping-root.pem",
    ]  # fmt: skip


def test_a_lost_authority_is_made_anew_with_all_that_hangs_on_it(tmp_path: Path) -> None:
    shutil.copytree(shared_pki().folder, tmp_path, dirs_exist_ok=True)
    before = load_pki(tmp_path)
    (tmp_path / "government-ca.key.pem").unlink()
    after = make_pki(tmp_path)
    leaf, issuer = after.party("nsw").chain
    leaf.verify_directly_issued_by(issuer)
    assert after.party("nsw").certificate != before.party("nsw").certificate
    assert after.party("enterprise").certificate == before.party("enterprise").certificate


def test_every_leaf_is_issued_by_its_authority_and_names_its_identity() -> None:
    pki = shared_pki()
    for name, spec in SIGNERS.items():
        party = pki.party(name)
        uid = party.certificate.subject.get_attributes_for_oid(x509.NameOID.USER_ID)
        assert [str(each.value) for each in uid] == ([spec.identity] if spec.identity else []), name
        if spec.issuer:
            issuer = x509.load_pem_x509_certificate(pki.certificate_file(spec.issuer).read_bytes())
            party.certificate.verify_directly_issued_by(issuer)


def test_tls_material_is_for_this_machine_only(tmp_path: Path) -> None:
    files = make_tls(tmp_path)
    server = x509.load_pem_x509_certificate(files.server.read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert stat.S_IMODE(files.server_key.stat().st_mode) == 0o600


GOOD_CASE = """
title: t
article: a
clock: "2026-03-02T07:15:00+07:00"
channel: window
signers: {system: nsw, declarant: null}
expect:
  stage: verify
  outcome: rejected
  findings: [{name: signature_invalid, pointer: /Envelope/SystemSignature}]
  reply: {type: "10", function: "00", content: Errors}
"""


def _written(root: Path, text: str) -> Path:
    folder = root / "BQP0100001" / "case-a"
    folder.mkdir(parents=True)
    (folder / "message.xml").write_bytes(ENVELOPE)
    (folder / "expected.yaml").write_text(text)
    return root


def test_a_case_is_read_with_its_message(tmp_path: Path) -> None:
    (case,) = load_cases(_written(tmp_path, GOOD_CASE))
    assert (case.id, case.procedure, case.message) == ("BQP0100001/case-a", "BQP0100001", ENVELOPE)
    assert case.expect.findings[0].name == "signature_invalid"
    assert _verifies(signed(case, shared_pki()), "system", "nsw")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: t", "title: t\nexpcted: x"),
        ("stage: verify", "stage: verify\n  finding: []"),
        ("stage: verify", "stage: verified"),
        ("system: nsw", "system: nws"),
        ("title: t", "title: t\nattack: no_such_attack"),
        ('type: "10"', "type: 10"),
        ("07:15:00", "07:16:00"),
        ("outcome: rejected", "outcome: accepted"),
        ("article: a\n", ""),
    ],
)
def test_a_case_that_says_what_is_not_known_is_an_error(tmp_path: Path, old: str, new: str) -> None:
    assert old in GOOD_CASE
    with pytest.raises(ValueError, match=r"case-a/expected\.yaml"):
        load_cases(_written(tmp_path, GOOD_CASE.replace(old, new)))
