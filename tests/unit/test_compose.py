"""What leaves in our name agrees with its own XSD, or is not signed at all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from lxml import etree

from adapter.catalogue.load import Source, load
from adapter.model.errors import Misconfigured
from adapter.model.header import Party
from adapter.model.identifiers import DossierKey
from adapter.model.installation import Installation
from adapter.model.procedure import ReplyKind
from adapter.pipeline.compose import Address, InReplyTo, receipt
from adapter.services.correspondence import Correspondence, Keys

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
    catalogue = load(Source(schemas=ROOT / "schemas", mappings=ROOT / "mappings"))
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
