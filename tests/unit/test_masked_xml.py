"""Masked XML: what is open is shown, everything else is hidden, and every line stays where it was."""

from __future__ import annotations

import pytest

from adapter.pipeline.masked import MASK, MaskedXml, TokenKind, masked

OPEN = {("Form", "Gate"), ("Form", "Persons", "Person", "Purpose")}
MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope>
  <Header>
    <Reference><messageId>4984f35e</messageId></Reference>
    <From><name>NGUYEN VAN AN</name><identity>001085012345</identity><unitCode>NSW</unitCode></From>
  </Header>
  <!-- NGUYEN VAN AN -->
  <Body>
    <Content Id="content" note="NGUYEN VAN AN">
      <Form>
        <Gate>HUUNGHI</Gate>
        <Persons>
          <Person><FullName>NGUYEN
VAN AN</FullName><Purpose>Thăm thân</Purpose></Person>
          <Person><FullName><![CDATA[TRAN THI BINH]]></FullName><Expiry/></Person>
        </Persons>
      </Form>
    </Content>
  </Body>
  <SystemSignature><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Certificate>MIIB</ds:X509Certificate></ds:Signature></SystemSignature>
</Envelope>
"""
PERSONS = ("NGUYEN", "VAN AN", "001085012345", "BINH", "MIIB")


def read(text: str, *, show_all: bool = False) -> MaskedXml:
    return masked(text, lambda path: path in OPEN, show_all=show_all)


def told(found: MaskedXml) -> str:
    return "\n".join("".join(token.shown for token in line) for line in found.lines)


def test_what_is_open_is_shown_and_persons_are_not() -> None:
    shown = told(read(MESSAGE))
    for value in ("4984f35e", "NSW", "HUUNGHI", "Thăm thân", 'Id="content"', "http://www.w3.org/2000/09/xmldsig#"):
        assert value in shown
    for value in PERSONS:
        assert value not in shown


def test_every_line_stays_where_it_was() -> None:
    shown = told(read(MESSAGE)).split("\n")
    assert len(shown) == len(MESSAGE.split("\n"))
    for number, line in enumerate(MESSAGE.split("\n")):
        assert shown[number].split("<", 1)[0].strip() in ("", "VAN AN", MASK) or line == shown[number]


def test_unmasked_it_is_what_came() -> None:
    found = read(MESSAGE, show_all=True)
    assert told(found) == MESSAGE
    assert TokenKind.MASKED not in {token.kind for line in found.lines for token in line}


def test_a_finding_is_shown_at_its_line() -> None:
    found = read(MESSAGE)
    base = "/Envelope/Body/Content/Form/Persons"
    assert found.line_of(f"{base}/Person[2]/Expiry") == 15
    assert found.line_of(f"{base}/Person[1]/FullName") == 13
    assert found.line_of(f"{base}/Person[2]/Nationality") == 15, "what is missing: where it is missing in"
    assert found.line_of(f"{base}/Person[2]/@note") == 15
    assert found.line_of("/Other") is None


BROKEN = {
    "a type declaration": '<!DOCTYPE a [<!ENTITY b "NGUYEN">]><Envelope>&b;</Envelope>',
    "a tag without end": "<Envelope><Body NGUYEN",
    "a quote without end": '<Envelope a="NGUYEN>',
    "a comment without end": "<Envelope><!-- NGUYEN",
    "a section without end": "<Envelope><![CDATA[NGUYEN",
    "an end too many": "<Envelope></Envelope></Envelope>NGUYEN",
    "an attribute without value": "<Envelope NGUYEN></Envelope>",
    "no XML at all": "NGUYEN VAN AN",
    "an open path outside Content": "<Form><Gate>NGUYEN</Gate></Form>",
    "a header that is long": "<Envelope><Header><messageId>" + "NGUYEN " * 20 + "</messageId></Header></Envelope>",
    "letters in a header": "<Envelope><Header><reference>NGUYỄN</reference></Header></Envelope>",
    "an instruction": "<Envelope><?NGUYEN ?></Envelope>",
    "a signature in open content": "<Envelope><Body><Content><Form><Signature><Gate>NGUYEN</Gate></Signature></Form>",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_told_apart_is_hidden(name: str) -> None:
    assert "NGUY" not in told(read(BROKEN[name]))


HOSTILE = {
    "signs": "<" * 200_000,
    "values without an end": '<a b="' * 50_000,
    "depth": "<a>" * 100_000,
    "references": "&" * 200_000,
    "comments": "<!--" * 50_000,
    "attributes": "<a" + ' b=""' * 80_000 + "/>",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_gone_through_once(text: str) -> None:
    """In squares of its length this would take an hour."""
    assert told(read(text)) is not None
