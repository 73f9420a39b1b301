"""A statement as XML: written for its signer, and read from what he has signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lxml import etree

from adapter.model.procedure import Label
from adapter.model.statement import AuthorisationTerms, Purpose, Statement
from adapter.pipeline.envelope import read_time, write_time
from adapter.pipeline.text import value, value_at

ROOT, CONTENT, PLACE = "SignedStatement", "Content", "Signature"
_ID = "statement"
"""Content/@Id, which the signature's Reference names."""


def document(statement: Statement, says: Label) -> bytes:
    """The XML that its signer downloads. He signs Content (`#statement`) and puts his ds:Signature into Signature."""
    root = etree.Element(ROOT)
    content = etree.SubElement(root, CONTENT, Id=_ID)

    def say(parent: etree._Element, name: str, text: str) -> None:
        etree.SubElement(parent, name).text = text

    say(content, "Purpose", statement.purpose.value)
    in_words = etree.SubElement(content, "Says")
    say(in_words, "Vi", says.vi)
    say(in_words, "En", says.en)
    say(content, "Host", statement.host)
    if statement.account:
        say(content, "Account", statement.account)
    say(content, "Value", statement.value)
    say(content, "IssuedAt", write_time(statement.issued_at))
    say(content, "ValidUntil", write_time(statement.ends_at))
    if statement.terms is not None:
        _write_terms(etree.SubElement(content, "Authorisation"), statement.terms)
    if statement.digest:
        say(etree.SubElement(content, "File"), "Digest", statement.digest)
    etree.SubElement(root, PLACE)
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _write_terms(place: etree._Element, terms: AuthorisationTerms) -> None:
    pairs = [("Principal", terms.principal), ("Representative", terms.representative), ("Document", terms.document)]
    pairs += [("LastDay", terms.until.isoformat())] if terms.until else []
    for name, text in [*pairs, *(("Procedure", code) for code in terms.procedures)]:
        etree.SubElement(place, name).text = text


def is_in_our_words(root: etree._Element, says: Mapping[Purpose, Label]) -> bool:
    """Whether it says what a statement for its purpose says: somebody else's words would tell its signer another.

    White space counts nothing: a tool may have broken lines.
    """
    content = root.find(CONTENT)
    assert content is not None, "its XSD demands one"
    ours = says[Purpose(value_at(content, "Purpose"))]
    pairs = ((value_at(content, "Says/Vi"), ours.vi), (value_at(content, "Says/En"), ours.en))
    return all(theirs.split() == own.split() for theirs, own in pairs)


def read(root: etree._Element) -> Statement:
    """The values of a signed statement that its XSD has taken.

    Raises:
        ValueError: a day or time in it does not exist.
    """
    content = root.find(CONTENT)
    assert content is not None, "its XSD demands one"
    issued, ends = read_time(value_at(content, "IssuedAt")), read_time(value_at(content, "ValidUntil"))
    if issued is None or ends is None:
        raise ValueError("a time that does not exist")
    terms = content.find("Authorisation")
    return Statement(
        purpose=Purpose(value_at(content, "Purpose")),
        host=value_at(content, "Host"),
        account=value_at(content, "Account"),
        value=value_at(content, "Value"),
        issued_at=issued,
        ends_at=ends,
        terms=None if terms is None else _terms(terms),
        digest=value_at(content, "File/Digest"),
    )


def _terms(place: etree._Element) -> AuthorisationTerms:
    last = value_at(place, "LastDay")
    return AuthorisationTerms(
        principal=value_at(place, "Principal"),
        representative=value_at(place, "Representative"),
        document=value_at(place, "Document"),
        until=date.fromisoformat(last) if last else None,
        procedures=tuple(value(each) for each in place.iterfind("Procedure")),
    )
