"""Nothing that a stranger sends is parked: whatever it brings out of a library becomes his own finding.

Two ways to look for what is not foreseen: every class of exception of the libraries, and of Python, is raised in every
line of ours that runs before a signature holds; and certificates, tokens and evidence are changed in single bytes.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import pkgutil
import random
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest

import adapter
from adapter.bootstrap import Components, assemble
from adapter.model.outcomes import Accepted, Outcome, Parked, Rejected
from adapter.model.stages import Stage, Submission
from adapter.pipeline.judge import Ground
from adapter.pipeline.signature import keyinfo, verify
from adapter.pipeline.trust.crl import check_crl, crl_answer, read_crl
from adapter.pipeline.trust.ocsp import ocsp_answer
from adapter.pipeline.trust.revocation import Unusable
from adapter.services.messages.judging import judged
from adapter.simulator.sign import SignatureForm, sign_message
from adapter.simulator.xades import XADES
from adapter.simulator.xmldsig import DS
from tests.harness import authority, configuration
from tests.harness.attacks.trees import parse, write
from tests.harness.fixtures import CLOCK, load_cases, submission
from tests.harness.pki import shared_pki
from tests.harness.qualified import qualified
from tests.harness.shares import FULL, share

EACH_LINE = 10 if FULL else 1
"""Classes of exceptions that are raised in each line; in every twelfth line, if not in full."""
MUTATIONS = 3_000 if FULL else 80
STAMPED = "BQP0100001/accepted-signed-as-xades-t"
PIPELINE = Path(adapter.__file__).parent / "pipeline"
LIBRARIES = (
    "lxml.etree",
    "cryptography",
    "asn1crypto",
    "signxml",
    "pyhanko_certvalidator",
    "rfc3161_client",
    "xmlschema",
)
OF_PYTHON: tuple[type[BaseException], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    RuntimeError,
    StopIteration,
    SyntaxError,
    TypeError,
    UnicodeDecodeError,
    ValueError,
    ZeroDivisionError,
)
Panic = type("PanicException", (BaseException,), {"__module__": "pyo3_runtime"})
"""What a panic in Rust arrives as; it cannot be imported."""


def modules(name: str) -> Iterator[ModuleType]:
    try:
        found = importlib.import_module(name)
    except ImportError:
        return  # an optional part of it, or not installed at all
    yield found
    for each in pkgutil.iter_modules(getattr(found, "__path__", ()), f"{name}."):
        if "hazmat" not in each.name and not each.name.endswith("__main__"):
            yield from modules(each.name)


@cache
def classes() -> tuple[type[BaseException], ...]:
    """Every class of exception that those packages have, and those of Python that a parser raises."""
    found = {
        each
        for library in LIBRARIES
        for module in modules(library)
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, Exception) and each.__module__.partition(".")[0] == library.partition(".")[0]
        if not issubclass(each, OSError | MemoryError | Warning | asyncio.CancelledError)
    }
    return (*sorted(found, key=lambda each: (each.__module__, each.__name__)), *OF_PYTHON, Panic)


def test_the_libraries_have_their_exceptions() -> None:
    names = {each.__name__ for each in classes()}
    assert {"C14NError", "InvalidVersion", "PathError", "InvalidDigest", "VerificationError", "InternalError"} <= names
    assert len(names) > 60


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Components:
    return assemble(configuration.write(tmp_path_factory.mktemp("components")))


@cache
def genuine() -> Submission:
    (case,) = (case for case in load_cases() if case.id == STAMPED)
    return submission(case, shared_pki())


def fresh(ground: Ground) -> Ground:
    """Nothing remembered of earlier messages, so that all of it is done again."""
    for cached in (keyinfo._remembered, verify._pinned):
        cached.cache_clear()
    return replace(ground, trust=replace(ground.trust, _paths={}, _signers={}, _pins={}))


@cache
def is_watched(file: str) -> bool:
    return Path(file).is_relative_to(PIPELINE) and Path(file).name not in ("judge.py", "strange.py")


class Injection:
    """Watches the lines of the pipeline until the message is verified, and raises an exception at one of them."""

    def __init__(self, at: tuple[str, int] | None = None, raising: type[BaseException] | None = None) -> None:
        self.at, self.raising = at, raising
        self.seen: dict[tuple[str, int], None] = {}
        self.raised = False

    def judge(self, ground: Ground) -> Outcome:
        def mark(stage: str) -> None:
            if stage == Stage.VERIFY:
                sys.settrace(None)

        fresh_ground = fresh(ground)
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return judged(genuine(), fresh_ground, mark)
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, _: Any) -> Any:
        del event
        return self._line if is_watched(frame.f_code.co_filename) else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            place = (frame.f_code.co_filename, frame.f_lineno)
            self.seen[place] = None
            if place == self.at and self.raising is not None:
                self.raised = True
                raise self.raising.__new__(self.raising)
        return self._line


@cache
def calling(file: str) -> frozenset[int]:
    """The lines of a module in which something is called."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Subscript | ast.Attribute))
    return frozenset(line for node in calls for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))


@pytest.mark.filterwarnings("ignore:coroutine")
def test_whatever_is_raised_before_a_signature_holds_is_the_senders_fault(whole: Components) -> None:
    ground = whole.ground
    watch = Injection()
    assert isinstance(watch.judge(ground), Accepted)
    lines = [place for place in watch.seen if place[1] in calling(place[0])]
    assert len(lines) > 300, "opening and verifying were watched"
    raising = cycle(classes())
    parked = []
    for place in share(lines, 12, lambda each: (each[0],)):
        for each in islice(raising, EACH_LINE):
            injected = Injection(place, each)
            outcome = injected.judge(ground)
            if isinstance(outcome, Parked):
                parked.append(f"{Path(place[0]).name}:{place[1]} {each.__name__}: {outcome.reason}")
    assert parked == []


def test_every_class_of_exception_becomes_a_finding(whole: Components) -> None:
    """Each of them once, where all of a message is made canonical."""
    watch = Injection()
    watch.judge(whole.ground)
    place = next(place for place in watch.seen if place[0].endswith("coverage.py"))
    for each in classes():
        outcome = Injection(place, each).judge(whole.ground)
        assert isinstance(outcome, Rejected), each
        assert outcome.findings, each


def changed(data: bytes, chance: random.Random) -> bytes:
    """Single bytes changed, taken out or put in."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(made))
        match chance.randrange(4):
            case 0:
                made[at] = chance.randrange(256)
            case 1:
                made[at] ^= 1 << chance.randrange(8)
            case 2:
                del made[at]
            case _:
                made.insert(at, chance.randrange(256))
    return bytes(made)


def _with(part: str, change: Callable[[bytes], bytes], number: int) -> Submission:
    """The genuine message with one of its binary parts changed before the window seals it."""
    pki = shared_pki()
    (case,) = (case for case in load_cases() if case.id == STAMPED)
    message = sign_message(
        case.message,
        system=None,
        declarant=pki.party("enterprise"),
        form=SignatureForm.XADES_T,
        qualified=qualified(pki),
    )
    tree = parse(message)
    elements = list(tree.iter(part))
    element = elements[number % len(elements)]
    element.text = b64encode(change(b64decode(element.text or ""))).decode()
    raw = sign_message(write(tree), system=pki.party("nsw"), declarant=None)
    return replace(genuine(), raw=raw)


@pytest.mark.parametrize("part", [f"{{{DS}}}X509Certificate", f"{{{XADES}}}EncapsulatedTimeStamp"])
def test_no_changed_certificate_or_token_is_parked(part: str, whole: Components) -> None:
    chance = random.Random(part)
    told = {}
    for number in range(MUTATIONS):
        outcome = judged(_with(part, lambda data: changed(data, chance), number), whole.ground)
        told[number] = type(outcome).__name__ if not isinstance(outcome, Parked) else outcome.reason
    assert set(told.values()) <= {"Rejected", "Accepted"}
    assert "Rejected" in told.values()


def test_changed_evidence_is_unusable_and_nothing_else() -> None:
    root = authority.authority("Root")
    leaf = authority.authority("Leaf", root)
    listed = authority.crl(root, {root.certificate: authority.Listed(since=CLOCK)}, this_update=CLOCK)
    answer = authority.ocsp_reply(leaf.certificate, root, authority.Says(this_update=CLOCK))
    chance = random.Random(1)

    def ask(data: bytes) -> None:
        crl = read_crl(data)
        check_crl(crl, root.certificate)
        crl_answer(crl, leaf.certificate, root.certificate)

    usable = 0
    for read, data in ((ask, listed), (lambda each: ocsp_answer(each, leaf.certificate, root.certificate), answer)):
        read(data)
        for _ in range(MUTATIONS):
            try:
                read(changed(data, chance))
            except Unusable:
                continue
            usable += 1
    assert usable < MUTATIONS / 4, "its signature is looked at"
