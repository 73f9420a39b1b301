"""What leaves in our name agrees with its own XSD, or is not signed at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from lxml import etree

from adapter.catalogue.load import DataFiles, load
from adapter.model.errors import Misconfigured
from adapter.model.finding import Finding
from adapter.model.header import Party
from adapter.model.identifiers import DossierKey, ProcedureCode
from adapter.model.installation import Installation
from adapter.model.outcomes import Reply
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Channel
from adapter.pipeline.addressing import Address, placeholder
from adapter.pipeline.compose import InReplyTo, compose, errors, receipt
from adapter.services.dossiers.completion import completion_of
from adapter.services.replies.correspondence import Correspondence, Keys

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
OURS = Party("BQP", "BQP", "VN", "BQP", "BDBP")
TO = Address(OURS, OURS, "X", "10", DossierKey("1", 2026))
PRIVATE = "NGUYEN VAN AN"


class Reached(Exception):
    """The keys were asked for: what was written is about to be signed."""


def keys() -> Keys:
    raise Reached


@pytest.fixture(scope="module")
def correspondence() -> Correspondence:
    catalogue = load(DataFiles(schemas=ROOT / "schemas", mappings=ROOT / "mappings"))
    nobody = cast(Installation, None)  # the address is given
    return Correspondence(catalogue, nobody, keys, lambda: "11111111-1111-4111-8111-111111111111")


@pytest.fixture
def content() -> etree._Element:
    return receipt(InReplyTo("1", "0" * 64, None, None, "window"), NOW)


def test_a_reply_that_agrees_with_its_schema_is_signed(correspondence: Correspondence, content: etree._Element) -> None:
    with pytest.raises(Reached):
        correspondence.sign(ReplyKind.RECEIPT, content, to=TO, now=NOW)


def test_a_reply_that_disagrees_with_its_schema_is_never_signed_and_its_values_are_not_told(
    correspondence: Correspondence, content: etree._Element
) -> None:
    etree.SubElement(content, "FullName").text = PRIVATE
    with pytest.raises(Misconfigured, match=r"our Receipt .* schema: .*/FullName") as told:
        correspondence.sign(ReplyKind.RECEIPT, content, to=TO, now=NOW)
    assert PRIVATE not in str(told.value)


# what cannot be repeated of the message that is answered ------------------------------------------------------------

WINDOW, PORTAL = Party("NSW", "NSW", "VN", "BTC", "TCHQ"), Party("CONG", "BQP", "VN", "BQP", "BDBP", "PORTAL")
US = Installation(OURS, WINDOW, PORTAL, "o", "d", "a", "BQP0100000", "00", "0", "g")
INSTEAD = placeholder(US, Channel.WINDOW, NOW)


def answered(correspondence: Correspondence, content: etree._Element, to: Address) -> Reply:
    spec = correspondence.catalogue.replies[ReplyKind.RECEIPT]
    schema = correspondence.catalogue.schemas[spec.schema_name or ""]
    return compose(
        ReplyKind.RECEIPT, content, to=to, spec=spec, message_id="1", now=NOW, schema=schema, instead=INSTEAD
    )


def test_a_party_that_cannot_be_repeated_is_exchanged_whole(
    correspondence: Correspondence, content: etree._Element
) -> None:
    told = answered(correspondence, content, replace(TO, recipient=replace(PORTAL, country_code="VNM")))
    header = etree.fromstring(told.xml).find("Header")
    assert header is not None
    assert [child.text for child in header.iterfind("To/*")] == ["NSW", "NSW", "VN", "BTC", "TCHQ"]
    assert [child.text for child in header.iterfind("From/*")] == ["BQP", "BQP", "VN", "BQP", "BDBP"]


@pytest.mark.parametrize("key", [DossierKey("A", 999), DossierKey("A/B", 2025), DossierKey("", 0)])
def test_a_dossier_that_cannot_be_named_is_not_named_by_half(
    correspondence: Correspondence, content: etree._Element, key: DossierKey
) -> None:
    """A number with another year would be somebody else's dossier."""
    assert answered(correspondence, content, replace(TO, key=key)).key == DossierKey("0", 2026)


def test_what_can_be_repeated_is_repeated(correspondence: Correspondence, content: etree._Element) -> None:
    to = replace(TO, key=DossierKey("A", 1000), correlation_id="c")
    told = answered(correspondence, content, to)
    assert (told.key, told.type, told.document_type, told.correlation_id) == (DossierKey("A", 1000), "10", "X", "c")


@pytest.mark.parametrize(
    ("faulty", "wanted"), [({"type": "1234"}, ("X", "00")), ({"document_type": ""}, ("BQP0100000", "10"))]
)
def test_a_type_that_cannot_be_repeated_is_the_configured_one(
    correspondence: Correspondence, content: etree._Element, faulty: dict[str, str], wanted: tuple[str, str]
) -> None:
    told = answered(correspondence, content, replace(TO, **faulty))
    assert (told.document_type, told.type) == wanted


def test_a_fault_of_our_own_words_is_not_hidden_by_an_exchange(
    correspondence: Correspondence, content: etree._Element
) -> None:
    etree.SubElement(content, "FullName").text = PRIVATE
    with pytest.raises(Misconfigured, match="our Receipt"):
        answered(correspondence, content, replace(TO, type="1234"))


def test_an_answer_that_nobody_asked_for_by_name_goes_to_whom_the_channel_belongs() -> None:
    assert [placeholder(US, channel, NOW).recipient for channel in (Channel.WINDOW, Channel.PORTAL)] == [WINDOW, PORTAL]


@pytest.mark.parametrize("odd", ["\x00", "\x01", "\x1b[2J", "\x0b", "\ufffe", "\ud800"])
def test_a_word_that_xml_cannot_hold_does_not_keep_an_answer_from_leaving(
    correspondence: Correspondence, odd: str
) -> None:
    """A reason that somebody typed, a name in a certificate."""
    finding = Finding("account_suspended", "/Envelope", words={"reason": f"a{odd}b", "since": "1"})
    (stated,) = correspondence.state([finding])
    assert "a\ufffd" in stated.vi
    etree.tostring(errors(InReplyTo("1", "0" * 64, None, None, "window"), [stated]))


@pytest.mark.parametrize(
    ("changes", "findings", "told"),
    [
        ({}, 100, []),
        ({"window": replace(WINDOW, country_code="VNM")}, 100, ["Receipt", "Errors", "Acceptance", "Refusal"]),
        ({"portal": replace(PORTAL, name=" ")}, 100, ["Receipt", "Errors", "Acceptance", "Refusal"]),
        ({"accepter": ""}, 100, ["Acceptance", "Refusal"] * 2),
        ({"refusal_ground": "g" * 5000}, 100, ["Refusal"] * 2),
        ({}, 5000, ["Errors", "Acceptance", "Refusal"] * 2),
    ],
)
def test_a_configured_value_that_fits_no_answer_is_told_at_start(
    correspondence: Correspondence, changes: dict[str, Any], findings: int, told: list[str]
) -> None:
    """It would keep a rejection from leaving on the night when it is needed."""
    ours = replace(correspondence, installation=replace(US, **changes))
    faults = list(ours.faults(now=NOW, findings=findings))
    assert [fault.partition("our ")[2].partition(" ")[0] for fault in faults] == told


def test_a_procedure_that_is_completed_by_no_form_says_so() -> None:
    catalogue = load(DataFiles(ROOT / "schemas", ROOT / "mappings"))
    control = catalogue.procedures[ProcedureCode("BQP0100000")][-1]
    with pytest.raises(Misconfigured, match="BQP0100000 has no completion in its mapping"):
        completion_of(control)
