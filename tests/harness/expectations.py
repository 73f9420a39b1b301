"""What must be answered, derived from a fixture's expectation alone, and in what a real answer differs from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from adapter.model.finding import FindingText
from tests.harness.fixtures import Case, ExpectedFinding, ExpectedReply

Stated = frozenset[tuple[str, str]]
"""Findings as a reply states them: number and XPath."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply says: its pair, its content element, its findings."""

    type: str
    function: str
    content: str
    findings: Stated = frozenset()

    @property
    def pair(self) -> str:
        return f"{self.type}/{self.function}"

    @property
    def codes(self) -> str:
        """The numbers of its findings, in order, for people."""
        return " ".join(sorted(code for code, _ in self.findings))


@dataclass(frozen=True, slots=True)
class Read:
    """A reply as it was read: what it says, what it says it answers, and its own identity."""

    answer: Answer
    message_id: str
    answered_id: str | None
    answered_digest: str | None
    procedure: str
    number: str
    year: int


def expected(case: Case, texts: Mapping[str, FindingText]) -> Answer:
    """The answer that a fixture asks for.

    Raises:
        ValueError: the fixture expects none.
    """
    if case.expect.reply is None:
        raise ValueError(f"{case.id} expects no answer")
    return stated(case.expect.reply, case.expect.findings, texts)


def stated(reply: ExpectedReply, findings: Sequence[ExpectedFinding], texts: Mapping[str, FindingText]) -> Answer:
    """An expectation with the public numbers of its findings; a receipt says received, and nothing more."""
    told = () if reply.content == "Receipt" else findings
    numbers = frozenset((texts[each.name].code, each.pointer) for each in told)
    return Answer(reply.type, reply.function, reply.content, numbers)


def read(body: bytes) -> Read:
    """Read a reply as a partner does: by its elements."""
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    content = root.find("Body/Content")
    if content is None or len(content) != 1:
        raise ValueError("a reply has exactly one element in its Content")
    said = content[0]
    subject = {str(child.tag): child.text or "" for child in root.iterfind("Header/Subject/*")}
    listed = [*said.iterfind("ErrorList/Error"), *said.iterfind("Warnings/Warning")]
    findings = frozenset((each.findtext("ErrorCode") or "", each.findtext("Pointer") or "") for each in listed)
    return Read(
        answer=Answer(subject["type"], subject["function"], str(said.tag), findings),
        message_id=root.findtext("Header/Reference/messageId") or "",
        answered_id=said.findtext("InReplyTo/MessageId"),
        answered_digest=said.findtext("InReplyTo/Digest"),
        procedure=subject["documentType"],
        number=subject["reference"],
        year=int(subject["documentYear"]),
    )


def differences(wanted: Answer, found: Answer) -> list[str]:
    """In what an answer is another than the one wanted, in words; empty if in nothing."""
    told = []
    if (wanted.pair, wanted.content) != (found.pair, found.content):
        told.append(f"expected {wanted.pair} {wanted.content}, got {found.pair} {found.content}")
    told += [f"finding missing: {code} {pointer}" for code, pointer in sorted(wanted.findings - found.findings)]
    told += [f"finding not expected: {code} {pointer}" for code, pointer in sorted(found.findings - wanted.findings)]
    return told
