"""At the portal a message is parsed once: the tree that was sealed is judged as its bytes would be."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import etree

from adapter.bootstrap import Components, assemble
from adapter.model.outcomes import Outcome, Parked, Word, verified_of, word
from adapter.pipeline import xml
from adapter.pipeline.signature.coverage import Coverage
from adapter.services.door import sealing
from adapter.services.door.precheck import TurnedAway, submitted
from adapter.services.door.sealing import Sealed
from adapter.services.messages.judging import judged
from adapter.simulator.sign import sign_message
from tests.harness import configuration
from tests.harness.attacks import ATTACKS, Attack
from tests.harness.fixtures import CLOCK, Case, load_cases
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified
from tests.harness.shares import share, words_of

CASES = load_cases()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Components:
    return assemble(configuration.write(tmp_path_factory.mktemp("door")))


def unsealed(case: Case) -> bytes:
    """A fixture as its declarant hands it in: with his signature and without a system's."""
    pki = shared_pki()
    attack = ATTACKS[case.attack] if case.attack else Attack()
    message = attack.written(case.message) if attack.written else case.message
    if attack.declared:
        return attack.declared(message, pki)
    declarant = pki.party(case.signers.declarant) if case.signers.declarant else None
    return sign_message(message, system=None, declarant=declarant, form=case.form, qualified=qualified(pki))


def at_the_door(whole: Components, message: bytes) -> Sealed | None:
    """Sealed as the door does it; None where it is turned away before."""
    try:
        presented = whole.threshold.present(message, "portal:0100109106", CLOCK)
    except TurnedAway:
        return None
    if presented.numberless:
        sealing.write_number(presented.tree, whole.series.placeholder(CLOCK))
    return sealing.sealed(presented.tree, whole.portal_key())


def told(outcome: Outcome) -> dict[str, Any]:
    """All that is said of a message, and all that is kept of it."""
    assert not isinstance(outcome, Parked), outcome.reason
    verified = verified_of(outcome)
    declaration = getattr(outcome, "declaration", None)
    return {
        "outcome": word(outcome),
        "stage": getattr(outcome, "stage", None),
        "findings": getattr(outcome, "findings", ()),
        "header": verified and verified.header,
        "digest": verified and verified.content_digest,
        "signers": verified and verified.signers,
        "values": declaration and declaration.values,
        "rows": declaration and declaration.rows,
    }


def lines(tree: etree._Element) -> list[tuple[str, int | None]]:
    """Where each element stands, but those of the door's own signature."""
    seal = tree.find("SystemSignature/*")
    assert seal is not None
    own = set(seal.iter())
    return [(str(each.tag), each.sourceline) for each in tree.iter() if each not in own]


def both_ways(whole: Components, message: bytes) -> bool:
    """Whether the door takes it as far as judging; then the tree and the bytes must be one."""
    sealed = at_the_door(whole, message)
    if sealed is None:
        return False
    submission = submitted(sealed.body, CLOCK, "0100109106")
    read = xml.reparsed(sealed.body)
    assert xml.canonical(sealed.tree) == xml.canonical(read)
    assert lines(sealed.tree) == lines(read)
    by_tree = judged(submission, whole.ground, tree=sealed.tree)
    assert told(by_tree) == told(judged(submission, whole.ground))
    return True


SHARE = share(CASES, 10, words_of)
"""In `make test` one that ends in each way, each finding once and every tenth."""


@pytest.mark.parametrize("case", SHARE, ids=[case.id for case in SHARE])
def test_the_tree_that_was_sealed_is_judged_as_its_bytes_are(whole: Components, case: Case) -> None:
    if not both_ways(whole, unsealed(case)):
        assert case.expect.outcome is not Word.ACCEPTED or case.attack or _is_no_declaration(whole, case)


def _is_no_declaration(whole: Components, case: Case) -> bool:
    """Heartbeats, receipts and messages that are escaped are not for the door."""
    return case.procedure == "BQP0100000" or "escaped" in case.id or b"<type>10<" not in case.message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"<(From|To)>.*?</\1>", b""),
        (rb"<messageId>.*?</messageId>\s*", b""),
        (rb"<Reference>.*?</Reference>", b"<Reference/>"),
        (rb"<(pre)?[rR]eference>[^<]*</(pre)?[rR]eference>\s*", b""),
        (rb"<SystemSignature */>", b""),
        (rb"<SystemSignature */>", b"<SystemSignature>\n\n</SystemSignature>"),
        (rb"<\?xml[^>]*\?>\s*", b""),
        (rb"\n", b"\r\n"),
        (rb">\s+<", b"><"),
        (rb"\?>\s*<Envelope>", b"?>\n<!-- a -->\n<Envelope\n>"),
        (rb"<Purpose>", b"<Purpose>a&#13;&#x9;b<!-- c --><![CDATA[<d>]]> "),
        (rb"<(Purpose|FullName)>", rb"<\1 >&amp;&quot;&#x110;"),
    ],
)
def test_however_it_is_written_the_tree_is_judged_as_its_bytes_are(whole: Components, old: bytes, new: bytes) -> None:
    case = next(case for case in CASES if case.id == "BQP0100002/accepted-entered-directly-by-the-portal")
    message, count = re.subn(old, new, case.message, flags=re.DOTALL)
    assert count
    assert both_ways(whole, message)


def test_the_bytes_of_a_declaration_are_parsed_once_and_what_was_signed_once(
    whole: Components, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was signed is read from its canonical form alone; nothing else becomes a tree again."""
    case = next(case for case in CASES if case.id == "BQP0100001/accepted-entered-directly-by-the-portal")
    parsed: list[bytes] = []

    def fromstring(content: bytes, parser: etree.XMLParser) -> etree._Element:
        parsed.append(content)
        return etree.fromstring(content, parser)

    whole.ground, whole.keyrings  # noqa: B018  loaded before, as the door does
    whole.load_keys()
    message = unsealed(case)
    monkeypatch.setattr(xml, "etree", _Counting(fromstring))
    sealed = at_the_door(whole, message)
    assert sealed is not None
    outcome = judged(submitted(sealed.body, CLOCK, "0100109106"), whole.ground, tree=sealed.tree)
    assert word(outcome) is Word.ACCEPTED
    signed = Coverage(sealed.tree).said()
    assert parsed == [message, signed]


class _Counting:
    """lxml's etree with another `fromstring`."""

    def __init__(self, fromstring: Any) -> None:
        self.fromstring = fromstring

    def __getattr__(self, name: str) -> Any:
        return getattr(etree, name)
