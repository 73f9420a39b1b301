"""Messages made up from our own XSDs, for every procedure: read as written, accepted if lawful, pointed at if broken.

A seeded hundred of each; NSW_PROVE=full takes two thousand.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from lxml import etree
from xmlschema.validators import XsdElement

from adapter.bootstrap import House, house
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Accepted, Rejected
from adapter.model.procedure import Meaning, MessageSpec, Procedure
from adapter.model.stages import Declaration, Stage, Submission, ValidDocument
from adapter.pipeline.judge import judge
from adapter.pipeline.mapping import read
from tests.demo.premises import furnish
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.generator import Broken, broken, forms, free_values, hints_of, lawful, root_of, written
from tests.harness.pki import shared_pki

COUNT = 2_000 if os.environ.get("NSW_PROVE") == "full" else 100
_SETTINGS = settings(
    max_examples=COUNT,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a form of a hundred values shrinks for minutes, and its fault is told as it is
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True, slots=True)
class Ground:
    """One message of a procedure with an accepted case of it."""

    house: House
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
        outcome = judge(Submission(raw, self.case.channel, self.case.clock, digest), self.house.ground)
        assert isinstance(outcome, Accepted | Rejected), outcome
        return outcome


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that judges; it needs no store."""
    place = furnish(tmp_path_factory.mktemp("house"), pki=shared_pki(), broker_url="amqp://nobody@127.0.0.1:1/")
    made = house(place.config)
    yield made
    made.database.close()


@cache
def _cases() -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {}
    for case in load_cases():
        declares = b"<type>10</type>" in case.message and b"<function>01</function>" in case.message
        if declares and case.expect.outcome == "accepted" and case.attack is None and case.form.value == "default":
            found.setdefault(case.procedure, []).append(case)
    return found


@pytest.fixture(params=sorted(_cases()))
def ground(request: pytest.FixtureRequest, whole: House) -> Ground:
    """The plainest accepted case of a procedure: the one with the most values and nothing flagged."""
    best: tuple[int, Ground] | None = None
    for case in _cases()[request.param]:
        raw = signed(case, shared_pki())
        digest = Digest(hashlib.sha256(raw).hexdigest())
        outcome = judge(Submission(raw, case.channel, case.clock, digest), whole.ground)
        if not isinstance(outcome, Accepted) or outcome.findings:
            continue
        envelope = outcome.declaration.verified.envelope
        form = etree.fromstring(case.message).find(f"Body/Content/{envelope.spec.root}")
        if form is None or envelope.spec.meaning is not Meaning.DECLARATION:
            continue
        declared = root_of(whole.ground.reporter(envelope.spec.schema_name), envelope.spec.root)
        made = Ground(whole, envelope.procedure, envelope.spec, declared, case, outcome.declaration, form)
        if best is None or len(outcome.declaration.values) > best[0]:
            best = len(outcome.declaration.values), made
    assert best is not None, "no accepted case without a warning"
    return best[1]


def _header(ground: Ground) -> dict[str, str]:
    header = ground.base.verified.header
    subject = header.subject
    return {
        "reference": subject.reference,
        "documentYear": str(subject.document_year),
        "documentType": subject.document_type,
        "toUnit": header.recipient.unit_code or "",
        "type": subject.type,
        "function": subject.function,
    }


def test_any_form_that_the_xsd_describes_is_valid_and_read_back_as_it_is_written(ground: Ground) -> None:
    catalogue = ground.house.catalogue
    hints = hints_of(ground.procedure, catalogue, _header(ground), ground.declared)

    @seed(1)
    @_SETTINGS
    @given(forms(ground.declared, hints))
    def prove(form: etree._Element) -> None:
        valid = _in_place(ground, form)
        assert ground.spec.schema.validate(valid.verified.element), ground.spec.schema.error_log
        first = read(valid, codelists=catalogue.codelists)
        again = read(_in_place(ground, written(first)), codelists=catalogue.codelists)
        assert (again.values, again.rows) == (first.values, first.rows)

    prove()


def test_a_form_built_to_keep_the_rules_is_accepted(ground: Ground) -> None:
    hints = hints_of(ground.procedure, ground.house.catalogue, _header(ground), ground.declared)
    kinds = free_values(ground.procedure, ground.declared, hints)

    @seed(2)
    @_SETTINGS
    @given(lawful(ground.spec, ground.base, ground.form, kinds))
    def prove(form: etree._Element) -> None:
        outcome = ground.judged(form)
        assert isinstance(outcome, Accepted), outcome.findings

    prove()


def test_a_form_broken_before_it_is_signed_is_rejected_at_the_place(ground: Ground) -> None:
    @seed(3)
    @_SETTINGS
    @given(broken(ground.declared, ground.form))
    def prove(case: Broken) -> None:
        outcome = ground.judged(case.form)
        assert isinstance(outcome, Rejected)
        assert outcome.stage is Stage.VALIDATE
        place = f"/Envelope/Body/Content/{ground.spec.root}/{case.at}".rstrip("/")
        assert place in {finding.pointer for finding in outcome.findings}, (case.how, place, outcome.findings)

    prove()


def _in_place(ground: Ground, form: etree._Element) -> ValidDocument:
    """The accepted case with another form in it, as verification would return it."""
    verified = ground.base.verified
    element = etree.fromstring(etree.tostring(verified.element))
    content = element.find("Body/Content")
    assert content is not None
    content[:] = [form]
    return ValidDocument(replace(verified, element=element))
