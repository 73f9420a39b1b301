"""Machines mutate genuine signed messages: no change of a signed value is ever taken, no re-spelling turned away.

10,000 different messages are made with NSW_PROVE=full, 200 seeded ones otherwise, and a tenth of that by spelling
alone. Whatever is made is judged; nothing may escape judge, and what is accepted must be read into exactly the record
of a genuine message.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from copy import deepcopy
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from lxml import etree

from adapter.bootstrap import Components, assemble
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Accepted, Outcome, Refused, Rejected
from adapter.model.stages import Channel, Submission
from adapter.pipeline.judge import judge
from adapter.simulator.sign import sign_message
from tests.harness.attacks import ATTACKS
from tests.harness.fixtures import CLOCK, load_cases, signed
from tests.harness.hostile import load_attacks
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish

FULL = os.environ.get("NSW_PROVE") == "full"
MUTATIONS = 10_000 if FULL else 200
"""Different messages that must have been made and judged."""
STEPS = 10
GENUINE = (
    "BQP0100001/accepted-single-foreigner",
    "BQP0100001/accepted-signed-by-dotnet-form",
    "BQP0100001/accepted-signed-by-java-form",
    "BQP0100001/accepted-signed-with-elliptic-curve-key",
    "BQP0100001/accepted-signed-as-xades-bes",
    "BQP0100001/accepted-signed-as-xades-t",
    "BQP0100002/accepted-citizen-signed",
    "BQP0100002/accepted-citizen-unsigned",
)
SPELLINGS = sorted(
    case.attack
    for case in load_attacks()
    if case.id.startswith("spelling/") and case.expect.outcome == "accepted"
    if case.attack and ATTACKS[case.attack].sent and not case.attack.startswith("escape")
)  # fmt: skip
CHANGES_INCLUSIVE_C14N = {"declare_a_namespace_nobody_uses"}
"""A spelling for exclusive C14N, a change for inclusive."""
UNDER_INCLUSIVE_C14N = ("dotnet", "java", "xades-t")
"""Genuine messages with something made by it: a signature, or the imprint of a time stamp."""
_TEXTS = st.sampled_from(
    ["", " ", "0", "X", "2026", "../x", "<", "&amp;", "\u0661", "NGUYEN VAN B", "\u00a0", "A" * 300]
)
_PLACES = st.integers(0, 400)


@cache
def _house() -> Components:
    folder = Path(tempfile.mkdtemp(prefix="mutations-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return assemble(furnish(folder).config)


@cache
def genuine() -> dict[str, bytes]:
    """The messages that everything is made from, signed."""
    return {case.id: signed(case, shared_pki()) for case in load_cases() if case.id in GENUINE}


@lru_cache(maxsize=64)
def judged(message: bytes) -> Outcome:
    """What becomes of a message. Whatever escapes from here fails the test."""
    digest = Digest(hashlib.sha256(message).hexdigest())
    return judge(Submission(message, Channel.WINDOW, CLOCK, digest), _house().ground)


def record(outcome: Outcome) -> Any:
    """All that was read: header, values, rows; None where nothing was taken."""
    if not isinstance(outcome, Accepted | Refused):
        return None
    declaration = outcome.declaration
    return declaration.verified.header, dict(declaration.values), {k: list(v) for k, v in declaration.rows.items()}


@cache
def records() -> list[Any]:
    """What the genuine messages say."""
    return [record(judged(message)) for message in genuine().values()]


class Spellings(RuleBasedStateMachine):
    """A genuine message on its way through machines that spell it as they like."""

    made: ClassVar[set[str]]
    """Digests of all that was made and judged, the genuine ones left out."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.made = set()

    def __init__(self) -> None:
        super().__init__()
        self.tree: etree._Element
        self.message = b""
        self.only_spelled = True
        self.sealed_again = False

    @initialize(name=st.sampled_from(GENUINE))
    def take(self, name: str) -> None:
        self.name = name
        self.message = genuine()[name]
        self.tree = etree.fromstring(self.message)
        self.only_spelled, self.sealed_again = True, False

    @rule(spelling=st.sampled_from(SPELLINGS))
    def respell(self, spelling: str) -> None:
        if spelling in CHANGES_INCLUSIVE_C14N and any(name in self.name for name in UNDER_INCLUSIVE_C14N):
            return
        change = ATTACKS[spelling].sent
        assert change is not None
        try:
            self._bytes(change(self.message))
        except (ValueError, IndexError):
            return

    @invariant()
    def nothing_false_is_taken_and_nothing_genuine_is_lost(self) -> None:
        outcome = judged(self.message)
        if self.message != genuine()[self.name]:
            self.made.add(hashlib.sha256(self.message).hexdigest())
        assert isinstance(outcome, Accepted | Refused | Rejected)
        if self.only_spelled:
            assert record(outcome) == record(judged(genuine()[self.name])) is not None, getattr(outcome, "findings", "")
        elif self.sealed_again:
            read = record(outcome)
            assert read is None or read[1:] in [known[1:] for known in records()]
        else:
            assert record(outcome) in (None, *records())

    def _bytes(self, message: bytes, *, spelled: bool = True) -> None:
        try:
            tree = etree.fromstring(message)
        except (etree.XMLSyntaxError, ValueError):
            return
        self.message, self.tree = message, tree
        self.only_spelled = self.only_spelled and spelled


class Mutations(Spellings):
    """The same in the hands of somebody who has every message but not one genuine key."""

    @rule(at=_PLACES, text=_TEXTS)
    def change_text(self, at: int, text: str) -> None:
        self._element(at).text = text
        self._changed()

    @rule(at=_PLACES, text=_TEXTS)
    def change_tail(self, at: int, text: str) -> None:
        element = self._element(at)
        if element.getparent() is not None:
            element.tail = text
        self._changed()

    @rule(at=_PLACES, name=st.sampled_from(["Envelope", "Content", "Signature", "Header", "Person", "x"]))
    def rename(self, at: int, name: str) -> None:
        self._element(at).tag = name
        self._changed()

    @rule(at=_PLACES, name=st.sampled_from(["Id", "id", "ID", "URI", "Algorithm", "x"]), text=_TEXTS)
    def set_attribute(self, at: int, name: str, text: str) -> None:
        self._element(at).set(name, text)
        self._changed()

    @rule(at=_PLACES)
    def drop_attributes(self, at: int) -> None:
        self._element(at).attrib.clear()
        self._changed()

    @rule(at=_PLACES)
    def delete(self, at: int) -> None:
        element = self._element(at)
        parent = element.getparent()
        if parent is not None:
            parent.remove(element)
        self._changed()

    @rule(at=_PLACES, to=_PLACES, copied=st.booleans(), place=st.sampled_from(["inside", "before", "behind"]))
    def move(self, at: int, to: int, copied: bool, place: str) -> None:
        element, target = self._element(at), self._element(to)
        if element.getparent() is None or element in (target, *target.iterancestors()):
            return
        moved = deepcopy(element) if copied else element
        self._put(moved, target, place)
        self._changed()

    @rule(
        other=st.sampled_from(GENUINE), at=_PLACES, to=_PLACES, place=st.sampled_from(["inside", "before", "replace"])
    )
    def swap_in(self, other: str, at: int, to: int, place: str) -> None:
        """A part of another genuine message, which has good signatures of its own."""
        parts = list(etree.fromstring(genuine()[other]).iter("*"))
        target = self._element(to)
        if target.getparent() is not None:
            self._put(deepcopy(parts[at % len(parts)]), target, place)
        self._changed()

    @rule(
        other=st.sampled_from(GENUINE),
        path=st.sampled_from(["Body/Content", "Body/Signature", "SystemSignature", "Header"]),
    )
    def swap_whole_parts(self, other: str, path: str) -> None:
        mine, theirs = self.tree.find(path), etree.fromstring(genuine()[other]).find(path)
        if mine is not None and theirs is not None:
            self._put(theirs, mine, "replace")
        self._changed()

    @rule(at=_PLACES, spelled=st.sampled_from(["<!--x-->", "<?x y?>", " ", "\n", "<![CDATA[x]]>"]))
    def insert_into_text(self, at: int, spelled: str) -> None:
        ends = [match.end() for match in re.finditer(rb"<[A-Za-z][^<>]*[^/<>]>", self.message)]
        if ends:
            end = ends[at % len(ends)]
            # Comments change nothing in what was signed; between letters or in a signature they may be refused.
            self._bytes(self.message[:end] + spelled.encode() + self.message[end:], spelled=False)

    @rule(at=_PLACES, declaration=st.sampled_from(['xmlns=""', 'xmlns="urn:x"', 'xmlns:ds="urn:x"', 'xml:lang="vi"']))
    def declare(self, at: int, declaration: str) -> None:
        starts = [match.end() for match in re.finditer(rb"<[A-Za-z][\w:]*(?=[\s>])", self.message)]
        if starts:
            start = starts[at % len(starts)]
            self._bytes(self.message[:start] + b" " + declaration.encode() + self.message[start:], spelled=False)

    @rule(signer=st.sampled_from(["stranger", "self-signed", "other-enterprise"]), seal=st.booleans())
    def sign_again(self, signer: str, seal: bool) -> None:
        """With a key that is not the one: a stranger's, or another enterprise's under a declaration that is not his."""
        wrapper = self.tree.find("SystemSignature" if seal else "Body/Signature")
        if wrapper is None:
            return
        for child in list(wrapper):
            wrapper.remove(child)
        party = shared_pki().party(signer)
        try:
            made = sign_message(
                etree.tostring(self.tree), system=party if seal else None, declarant=None if seal else party
            )
        except (ValueError, etree.XMLSyntaxError):
            return
        self._bytes(made, spelled=False)

    @rule()
    def seal_honestly(self) -> None:
        """The window seals what it was given: from here only the enterprise's signature stands."""
        wrapper = self.tree.find("SystemSignature")
        if wrapper is None or not self.name.startswith("BQP0100001"):
            return
        for child in list(wrapper):
            wrapper.remove(child)
        try:
            made = sign_message(etree.tostring(self.tree), system=shared_pki().party("nsw"), declarant=None)
        except (ValueError, etree.XMLSyntaxError):
            return
        self.sealed_again = True
        self._bytes(made, spelled=False)

    def _element(self, at: int) -> etree._Element:
        elements = list(self.tree.iter("*"))
        return elements[at % len(elements)]

    def _put(self, moved: etree._Element, target: etree._Element, place: str) -> None:
        parent = target.getparent()
        if place == "inside" or parent is None:
            target.append(moved)
        elif place == "before":
            target.addprevious(moved)
        elif place == "behind":
            target.addnext(moved)
        else:
            moved.tail = target.tail
            parent.replace(target, moved)

    def _changed(self) -> None:
        self.only_spelled = False
        self.message = etree.tostring(self.tree, encoding="UTF-8", xml_declaration=True)


class OnlySpelled(Spellings):
    """Nothing but `respell`."""


@pytest.mark.parametrize(("machine", "least"), [(Mutations, MUTATIONS), (OnlySpelled, MUTATIONS // 10)])
def test_no_mutation_of_a_signed_value_is_taken_and_no_spelling_is_turned_away(
    machine: type[Spellings], least: int
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=least // 2,
            stateful_step_count=STEPS,
            derandomize=not FULL,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert len(machine.made) >= least


def test_the_machine_sees_a_pipeline_that_believes_what_it_receives(monkeypatch: Any) -> None:
    """The proof can fail: with an engine that says yes to everything it finds a forgery."""
    for asking in ("verify", "signed_by"):
        monkeypatch.setattr(f"adapter.pipeline.signature.{asking}.holds", lambda *_, **__: True)
    judged.cache_clear()
    try:
        machine = Mutations()
        machine.take(GENUINE[0])
        content = machine.tree.find("Body/Content")
        assert content is not None
        names = [element.tag for element in machine.tree.iter("*")]
        machine.change_text(names.index("GroupName"), "Another group")
        taken = record(judged(machine.message))
        assert taken is not None
        assert taken not in records()
    finally:
        judged.cache_clear()
        records.cache_clear()


def test_a_good_signature_over_something_else_is_told_from_one_that_is_not_good(monkeypatch: Any) -> None:
    """The gate lets none of that kind through; were it to fail, the proof of coverage stops it, and says so."""
    monkeypatch.setattr("adapter.pipeline.signature.verify.Coverage.of", lambda *_: b"something else")
    judged.cache_clear()
    try:
        outcome = judged(genuine()[GENUINE[0]])
        assert isinstance(outcome, Rejected)
        assert [finding.name for finding in outcome.findings] == ["not_covered", "not_covered"]
    finally:
        judged.cache_clear()
