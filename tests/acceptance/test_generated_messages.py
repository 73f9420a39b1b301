"""Messages made up from our own XSDs, for every procedure: read as written, accepted if lawful, pointed at if broken.

A seeded four of each; NSW_PROVE=full takes two thousand. Fewer fail: Hypothesis ends early, and says nothing, where
it has tried all that there is to draw.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy
from lxml import etree
from xmlschema.validators import XsdElement

from adapter.bootstrap import Components, assemble
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Accepted, Rejected
from adapter.model.procedure import Meaning, MessageSpec, Procedure
from adapter.model.stages import Declaration, Stage, Submission, ValidDocument
from adapter.pipeline.judge import judge
from adapter.pipeline.mapping import read
from adapter.pipeline.schema import faults_of, report
from adapter.simulator.sign import SignatureForm
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.generator import Broken, Hints, broken, forms, free_values, hints_of, lawful, root_of, written
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish

COUNT = 2_000 if os.environ.get("NSW_PROVE") == "full" else 4
_SETTINGS = settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a form of a hundred values shrinks for minutes, and its fault is told as it is
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
_FIRST = (Meaning.DECLARATION, Meaning.AMENDMENT_OWN, Meaning.AMENDMENT_REQUESTED)
"""What brings a form without standing for one that was sent before."""
_Made = TypeVar("_Made")


def _hold(number: int, made: SearchStrategy[_Made], proof: Callable[[_Made], None]) -> None:
    """The proof of COUNT that were made; `number` is the seed."""
    held = 0

    @seed(number)
    @_SETTINGS
    @given(made)
    def prove(one: _Made) -> None:
        nonlocal held
        proof(one)
        held += 1

    prove()
    assert held >= COUNT


@dataclass(frozen=True, slots=True)
class Ground:
    """One message of a procedure with an accepted case of it."""

    components: Components
    procedure: Procedure
    spec: MessageSpec
    declared: XsdElement
    case: Case
    base: Declaration
    form: etree._Element
    """The accepted case's form."""

    def judged(self, form: etree._Element) -> Accepted | Rejected:
        """What becomes of the case with another form in it, signed by the same parties."""
        tree = etree.fromstring(self.case.message)
        content = tree.find("Body/Content")
        assert content is not None
        content[:] = [form]
        raw = signed(replace(self.case, message=etree.tostring(tree, encoding="UTF-8")), shared_pki())
        digest = Digest(hashlib.sha256(raw).hexdigest())
        outcome = judge(Submission(raw, self.case.channel, self.case.clock, digest), self.components.ground)
        assert isinstance(outcome, Accepted | Rejected), outcome
        return outcome


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Components]:
    """An installation that judges; it needs no store."""
    place = furnish(tmp_path_factory.mktemp("components"))
    made = assemble(place.config)
    # The slow report's bound is of the wall clock: on a busy machine it would end before it has told anything.
    made.__dict__["ground"] = replace(made.ground, limits=replace(made.ground.limits, report_seconds=600.0))
    yield made
    made.database.close()


@cache
def _cases() -> dict[str, list[Case]]:
    """Accepted cases by procedure, in the plain form of signature."""
    found: dict[str, list[Case]] = {}
    for case in load_cases():
        if case.expect.outcome == "accepted" and case.attack is None and case.form is SignatureForm.DEFAULT:
            found.setdefault(case.procedure, []).append(case)
    return found


PROCEDURES = sorted(_cases().keys() - {"BQP0100000"})
"""Those of declarants: what the window says of itself (control) has no form."""


@pytest.fixture(scope="module", params=PROCEDURES)
def ground(request: pytest.FixtureRequest, whole: Components) -> Ground:
    """The plainest accepted case of a procedure: the one with the most values and nothing flagged."""
    grounds = [made for case in _cases()[request.param] if (made := _ground(case, whole))]
    return max(grounds, key=lambda made: len(made.base.values))


def _ground(case: Case, whole: Components) -> Ground | None:
    raw = signed(case, shared_pki())
    digest = Digest(hashlib.sha256(raw).hexdigest())
    outcome = judge(Submission(raw, case.channel, case.clock, digest), whole.ground)
    if not isinstance(outcome, Accepted) or outcome.findings:
        return None
    envelope = outcome.declaration.verified.envelope
    form = etree.fromstring(case.message).find(f"Body/Content/{envelope.spec.root}")
    if form is None or envelope.spec.meaning not in _FIRST:
        return None
    declared = root_of(whole.ground.reporter(envelope.spec.schema_name), envelope.spec.root)
    return Ground(whole, envelope.procedure, envelope.spec, declared, case, outcome.declaration, form)


def test_every_procedure_with_a_form_has_messages_made_up(whole: Components) -> None:
    with_form = {code for code, versions in whole.catalogue.procedures.items() if any(each.fields for each in versions)}
    assert set(PROCEDURES) == with_form


def test_any_form_that_the_xsd_describes_is_valid_and_read_back_as_it_is_written(ground: Ground) -> None:
    codelists = ground.components.catalogue.codelists

    def proof(form: etree._Element) -> None:
        valid = _in_place(ground, form)
        assert ground.spec.schema.validate(valid.verified.element), ground.spec.schema.error_log
        first = read(valid, codelists=codelists)
        again = read(_in_place(ground, written(first)), codelists=codelists)
        assert (again.values, again.rows) == (first.values, first.rows)

    _hold(1, forms(ground.declared, _hints(ground)), proof)


def test_a_form_built_to_keep_the_rules_is_accepted(ground: Ground) -> None:
    def proof(form: etree._Element) -> None:
        outcome = ground.judged(form)
        assert isinstance(outcome, Accepted), outcome.findings

    _hold(2, _lawful(ground), proof)


def test_a_form_broken_before_it_is_signed_is_rejected_at_the_place(ground: Ground) -> None:
    def proof(case: Broken) -> None:
        outcome = ground.judged(case.form)
        assert isinstance(outcome, Rejected)
        assert outcome.stage is Stage.VALIDATE
        place = f"/Envelope/Body/Content/{ground.spec.root}/{case.at}".rstrip("/")
        assert place in {finding.pointer for finding in outcome.findings}, (case.how, place, outcome.findings)

    _hold(3, broken(ground.declared, _lawful(ground)), proof)


def test_what_is_missing_in_a_large_message_is_named_too(ground: Ground) -> None:
    """Such a one has the fast validator's report alone."""
    spec, judging = ground.spec, ground.components.ground
    limits = replace(judging.limits, report_bytes=0)

    def proof(case: Broken) -> None:
        element = _in_place(ground, case.form).verified.element
        faults = faults_of(element, spec.schema)
        assert faults is not None
        found = report(element, faults, spec.schema_name, limits=limits, reporter=judging.reporter)
        assert f"/Envelope/Body/Content/{spec.root}/{case.at}" in {finding.pointer for finding in found}, found

    _hold(4, broken(ground.declared, _lawful(ground), only="missing"), proof)


def _hints(ground: Ground) -> Hints:
    return hints_of(ground.base, ground.components.catalogue, ground.declared)


def _lawful(ground: Ground) -> SearchStrategy[etree._Element]:
    kinds = free_values(ground.procedure, ground.declared, _hints(ground))
    return lawful(ground.spec, ground.base, ground.form, kinds)


def _in_place(ground: Ground, form: etree._Element) -> ValidDocument:
    """The accepted case with another form in it, as verification would return it."""
    verified = ground.base.verified
    element = etree.fromstring(etree.tostring(verified.element))
    content = element.find("Body/Content")
    assert content is not None
    content[:] = [form]
    return ValidDocument(replace(verified, element=element))
