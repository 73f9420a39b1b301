"""However a value is spelled, it is one value: what was signed, what routes the message and what is read agree.

Comments are not in canonical XML, so they may be put in and taken out by anybody without breaking a signature. CDATA
and character references are other spellings of the same letters. Processing instructions are signed and say nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from adapter.bootstrap import Components, assemble
from adapter.model.errors import Fault
from adapter.model.identifiers import Digest, MessageId, ProcedureCode
from adapter.model.outcomes import Accepted, Outcome, Parked, Refused, Rejected, verified_of, word
from adapter.model.stages import Envelope, Submission
from adapter.pipeline import text
from adapter.pipeline.envelope import open_envelope
from adapter.pipeline.judge import judge
from adapter.pipeline.signature import verify
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import CLOCK, Case, load_cases
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.spellings import SPELLINGS, Spelling, header_leaves, leaves, respelled

CASES = {case.id: case for case in load_cases()}
ONE_OF_EACH = (
    "BQP0100000/accepted-heartbeat",
    "BQP0100001/accepted-tour-group-entering",
    "BQP0100002/accepted-enterprise-acting-for-citizen",
    "BQP0100002/accepted-citizen-unsigned",
)
"""Genuine messages: control, signed by an enterprise, with rows, and without a declarant's signature."""
INSTRUCTION = "<?half?>"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Components:
    folder = tmp_path_factory.mktemp("spellings")
    return assemble(furnish(folder).config)


def submitted(message: bytes, case: Case) -> Submission:
    return Submission(message, case.channel, CLOCK, Digest(hashlib.sha256(message).hexdigest()))


def honestly_signed(message: bytes, case: Case, **without: None) -> bytes:
    """Signed by the case's parties exactly as it is spelled."""
    pki, signers = shared_pki(), {"system": case.signers.system, "declarant": case.signers.declarant} | without
    return sign_message(message, **{place: name and pki.party(name) for place, name in signers.items()})


def verdict(outcome: Outcome) -> dict[str, Any]:
    """All that judging says, but for the digest of the bytes and the lines of findings."""
    verified = verified_of(outcome)
    findings = getattr(outcome, "findings", ())
    told: dict[str, Any] = {
        "word": word(outcome),
        "stage": getattr(outcome, "stage", None),
        "findings": [(each.name, each.pointer, dict(each.words)) for each in findings],
        "header": verified.header if verified else getattr(outcome, "claims", None),
        "digest": verified.content_digest if verified else None,
    }
    if isinstance(outcome, Accepted | Refused):
        told["values"] = dict(outcome.declaration.values)
        told["rows"] = {name: list(rows) for name, rows in outcome.declaration.rows.items()}
    if isinstance(outcome, Parked):
        told["reason"] = outcome.reason
    return told


_PLAIN: dict[tuple[bytes, str], dict[str, Any]] = {}


def plain_verdict(whole: Components, message: bytes, case_id: str) -> dict[str, Any]:
    """The same of the message spelled plainly, worked out once."""
    if (message, case_id) not in _PLAIN:
        case = CASES[case_id]
        judged = judge(submitted(honestly_signed(message, case), case), whole.ground)
        _PLAIN[message, case_id] = verdict(judged)
    return _PLAIN[message, case_id]


# a value that its sender spelled otherwise, and one that was spelled otherwise on its way ---------------------------


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("case_id", ONE_OF_EACH)
def test_all_values_spelled_otherwise_say_the_same(whole: Components, case_id: str, spelling: str) -> None:
    case = CASES[case_id]
    message = respelled(case.message, SPELLINGS[spelling])
    assert message != case.message
    outcome = judge(submitted(honestly_signed(message, case), case), whole.ground)
    assert word(outcome) == "accepted"
    assert verdict(outcome) == plain_verdict(whole, case.message, case_id)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("case_id", ONE_OF_EACH)
def test_all_values_spelled_otherwise_on_the_way_say_the_same(whole: Components, case_id: str, spelling: str) -> None:
    case = CASES[case_id]
    signed = honestly_signed(case.message, case)
    sent = respelled(signed, SPELLINGS[spelling])  # the signatures' own values too
    assert sent != signed
    assert verdict(judge(submitted(sent, case), whole.ground)) == plain_verdict(whole, case.message, case_id)


@pytest.mark.parametrize("spelling", [name for name in SPELLINGS if "comment" in name])
def test_one_header_value_spelled_otherwise_says_the_same(whole: Components, spelling: str) -> None:
    case = CASES["BQP0100002/accepted-enterprise-acting-for-citizen"]
    for number in header_leaves(case.message):
        message = respelled(case.message, SPELLINGS[spelling], only=number)
        outcome = judge(submitted(honestly_signed(message, case), case), whole.ground)
        assert verdict(outcome) == plain_verdict(whole, case.message, case.id), leaves(case.message)[number]


# a value that is another one up to a comment ------------------------------------------------------------------------


def _longer(spell: Spelling, more: str) -> Spelling:
    return lambda text: f"{text}{spell(more)}"


@pytest.mark.parametrize("more", ["9", ";", "ZZ", " "])
@pytest.mark.parametrize("case_id", ["BQP0100000/accepted-heartbeat", "BQP0100002/accepted-citizen-unsigned"])
def test_a_header_value_cut_at_a_comment_is_judged_as_the_whole_that_was_signed(
    whole: Components, case_id: str, more: str
) -> None:
    """`10<!-- -->9` is 109 for whoever signed it, so it is 109 for whoever routes it."""
    case = CASES[case_id]
    for number in header_leaves(case.message):
        plainly = respelled(case.message, _longer(str, more), only=number)
        cut = respelled(case.message, _longer(SPELLINGS["comment_first"], more), only=number)
        outcome = judge(submitted(honestly_signed(cut, case), case), whole.ground)
        assert verdict(outcome) == plain_verdict(whole, plainly, case_id), leaves(case.message)[number]
        assert word(outcome) != "parked"


def test_a_tax_code_behind_a_comment_still_demands_the_enterprises_signature(whole: Components) -> None:
    case = CASES["BQP0100002/accepted-enterprise-acting-for-citizen"]
    hidden = case.message.replace(b"<TaxCode>", b"<TaxCode><!-- -->")
    outcome = judge(submitted(honestly_signed(hidden, case, declarant=None), case), whole.ground)
    assert isinstance(outcome, Rejected)
    assert [finding.name for finding in outcome.findings] == ["declarant_signature_missing"]


@pytest.mark.parametrize("place", ["SystemSignature", "Signature"])
@pytest.mark.parametrize("comment", ["before", "behind", "inside"])
def test_a_comment_around_or_inside_a_signature_turns_nobody_away(whole: Components, place: str, comment: str) -> None:
    case = CASES["BQP0100002/accepted-enterprise-acting-for-citizen"]
    signed = honestly_signed(case.message, case).decode()
    start, end = f"<{place}>", f"</{place}>"
    assert start in signed
    inside = re.compile(rf"({start}.*?)(<ds:SignedInfo>)", re.DOTALL)
    sent = {
        "before": signed.replace(start, f"{start}<!-- put in by a gateway -->"),
        "behind": signed.replace(end, f"<!-- put in by a gateway -->{end}"),
        "inside": inside.sub(r"\1<!-- put in by a gateway -->\2", signed, count=1),
    }[comment]
    assert sent != signed
    assert word(judge(submitted(sent.encode(), case), whole.ground)) == "accepted"


# processing instructions --------------------------------------------------------------------------------------------


def test_an_instruction_in_any_value_is_refused_by_its_own_name(whole: Components) -> None:
    case = CASES["BQP0100001/accepted-tour-group-entering"]
    for number, name in enumerate(leaves(case.message)):
        message = respelled(case.message, lambda text: f"{text[:1]}{INSTRUCTION}{text[1:]}", only=number)
        outcome = judge(submitted(honestly_signed(message, case), case), whole.ground)
        assert isinstance(outcome, Rejected), name
        assert [finding.name for finding in outcome.findings] == ["processing_instruction"], name


@pytest.mark.parametrize(
    "put",
    [
        lambda text: text.replace("<Envelope>", f"{INSTRUCTION}<Envelope>", 1),
        lambda text: text.replace("</Envelope>", f"</Envelope>{INSTRUCTION}", 1),
        lambda text: text.replace("<Header>", f"{INSTRUCTION}<Header>", 1),
        lambda text: text.replace("<SystemSignature>", f"<SystemSignature>{INSTRUCTION}", 1),
        lambda text: text.replace("<ds:SignedInfo>", f"<ds:SignedInfo>{INSTRUCTION}", 1),
        lambda text: text.replace("</Content>", f"<!-- c -->{INSTRUCTION}<!-- c --></Content>", 1),
    ],
)
def test_an_instruction_between_elements_or_outside_is_refused_too(
    whole: Components, put: Callable[[str], str]
) -> None:
    case = CASES["BQP0100001/accepted-tour-group-entering"]
    sent = put(honestly_signed(case.message, case).decode())
    assert INSTRUCTION in sent
    outcome = judge(submitted(sent.encode(), case), whole.ground)
    assert isinstance(outcome, Rejected)
    assert [finding.name for finding in outcome.findings] == ["processing_instruction"]


# what routed the message is what was signed -------------------------------------------------------------------------


def _opened(whole: Components, case: Case) -> Envelope:
    message = submitted(honestly_signed(case.message, case), case)
    return open_envelope(message, catalogue=whole.catalogue, limits=whole.ground.limits)


@pytest.mark.parametrize(
    "field",
    [
        {"type": "11"},
        {"function": "02"},
        {"document_type": ProcedureCode("BQP0100001")},
        {"reference": "ANOTHER"},
        {"document_year": 2025},
    ],
)
def test_a_message_that_was_routed_by_another_subject_than_the_signed_one_is_rejected(
    whole: Components, field: dict[str, Any]
) -> None:
    envelope = _opened(whole, CASES["BQP0100002/accepted-citizen-unsigned"])
    subject = replace(envelope.header.subject, **field)
    routed = replace(envelope, header=replace(envelope.header, subject=subject))
    with pytest.raises(Fault) as caught:
        verify.verify(routed, trust=whole.ground.trust, timing=whole.ground.timing)
    assert [finding.name for finding in caught.value.findings] == ["routed_otherwise"]


def test_a_message_that_was_routed_under_another_id_or_party_is_rejected(whole: Components) -> None:
    envelope = _opened(whole, CASES["BQP0100002/accepted-citizen-unsigned"])
    header = envelope.header
    for other in (
        replace(header, message_id=MessageId("another")),
        replace(header, sender=replace(header.sender, identity="another")),
        replace(header, recipient=replace(header.recipient, unit_code="another")),
    ):
        with pytest.raises(Fault) as caught:
            verify.verify(replace(envelope, header=other), trust=whole.ground.trust, timing=whole.ground.timing)
        assert [finding.name for finding in caught.value.findings] == ["routed_otherwise"]


def test_a_message_whose_needed_signature_is_read_otherwise_before_verification_is_rejected(
    whole: Components, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the value that demands a signature hidden in the received tree and there in the signed one."""
    case = CASES["BQP0100002/accepted-enterprise-acting-for-citizen"]
    message = submitted(honestly_signed(case.message, case, declarant=None), case)
    envelope = open_envelope(message, catalogue=whole.catalogue, limits=whole.ground.limits)

    def hidden(parent: etree._Element, path: str) -> str:
        return "" if parent.getroottree().getroot() is envelope.tree else text.value_at(parent, path)

    monkeypatch.setattr(verify, "value_at", hidden)
    with pytest.raises(Fault) as caught:
        verify.verify(envelope, trust=whole.ground.trust, timing=whole.ground.timing)
    assert [finding.name for finding in caught.value.findings] == ["routed_otherwise"]
