"""What a judged message does to its dossier, without a store: replacement, withdrawal, amendment out of place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapter.bootstrap import Components, assemble
from adapter.model.dossier import Dossier, DossierState
from adapter.model.outcomes import Accepted, Outcome, Rejected
from adapter.model.procedure import Meaning, ReplyKind
from adapter.model.stages import Channel, Declaration, Submission
from adapter.pipeline.amendment.amend import Amended
from adapter.pipeline.decide import Decision, decide
from adapter.pipeline.judge import judge
from tests.harness.fixtures import CLOCK, load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish

CITIZEN = "BQP0100002/accepted-citizen-signed"
ANSWER = "BQP0100003/accepted-on-request"
NOW = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Components:
    place = furnish(tmp_path_factory.mktemp("components"))
    return assemble(place.config)


def accepted(whole: Components, case_id: str, meaning: Meaning | None = None) -> Accepted:
    """A fixture as judging leaves it, meant as something else if asked for."""
    case = next(case for case in load_cases() if case.id == case_id)
    body = signed(case, shared_pki())
    outcome: Outcome = judge(Submission(body, case.channel, CLOCK, digest_of(body)), whole.ground)
    assert isinstance(outcome, Accepted)
    if meaning is None:
        return outcome
    declaration = outcome.declaration
    envelope = declaration.verified.envelope
    meant = replace(envelope, spec=replace(envelope.spec, meaning=meaning))
    valid = replace(declaration.valid, verified=replace(declaration.verified, envelope=meant))
    return replace(outcome, declaration=replace(declaration, valid=valid))


def digest_of(body: bytes) -> Any:
    return str(len(body))


def standing(outcome: Accepted, state: DossierState, **values: Any) -> Dossier:
    verified = outcome.declaration.verified
    made = Dossier(verified.key, verified.envelope.procedure.code, state, Channel.WINDOW, 1, NOW, id=1)
    return replace(made, last_sent=verified.header.subject.send_date, **values)


def decided(outcome: Outcome, dossier: Dossier | None, *, may_wait: bool = False) -> Decision:
    def amend(form: Declaration, dossier: Dossier) -> Amended:
        raise AssertionError(f"nothing of {dossier.key} is amended by {form.verified.key}")

    return decide(outcome, dossier, now=NOW, may_wait=may_wait, amend=amend)


def test_a_withdrawal_before_acceptance_ends_the_dossier_and_brings_no_version(whole: Components) -> None:
    outcome = accepted(whole, CITIZEN, Meaning.WITHDRAWAL)
    decision = decided(outcome, standing(outcome, DossierState.RECEIVED))
    assert decision.dossier is not None
    assert (decision.dossier.state, decision.dossier.version, decision.version) == (DossierState.WITHDRAWN, 1, None)
    assert decision.answer is ReplyKind.RECEIPT


def test_a_withdrawal_after_the_confirmation_names_the_state_and_what_is_possible(whole: Components) -> None:
    outcome = accepted(whole, CITIZEN, Meaning.WITHDRAWAL)
    decision = decided(outcome, standing(outcome, DossierState.COMPLETED))
    assert isinstance(decision.outcome, Rejected)
    (finding,) = decision.outcome.findings
    stated = whole.catalogue.findings.state(finding)
    assert (stated.name, stated.line > 0) == ("wrong_state", True)
    assert "đã xác nhận hoàn thành" in stated.vi
    assert "amend on own discovery" in stated.en


def test_a_number_of_another_procedure_is_told_as_unknown_whatever_its_state(whole: Components) -> None:
    outcome = accepted(whole, CITIZEN, Meaning.WITHDRAWAL)
    decision = decided(outcome, replace(standing(outcome, DossierState.ACCEPTED), procedure="another"))
    assert isinstance(decision.outcome, Rejected)
    assert [finding.name for finding in decision.outcome.findings] == ["dossier_unknown"]


def test_a_replacement_before_acceptance_is_the_next_version(whole: Components) -> None:
    outcome = accepted(whole, CITIZEN, Meaning.REPLACEMENT)
    decision = decided(outcome, standing(outcome, DossierState.RECEIVED, versions=3))
    assert decision.dossier is not None
    assert (decision.dossier.version, decision.dossier.versions) == (4, 4)


def test_a_replacement_that_is_older_than_what_stands_is_rejected(whole: Components) -> None:
    outcome = accepted(whole, CITIZEN, Meaning.REPLACEMENT)
    before = standing(outcome, DossierState.RECEIVED)
    assert before.last_sent is not None
    decision = decided(outcome, replace(before, last_sent=before.last_sent + timedelta(seconds=1)))
    assert isinstance(decision.outcome, Rejected)
    assert [finding.name for finding in decision.outcome.findings] == ["older_version"]


@pytest.mark.parametrize("meaning", [Meaning.REPLACEMENT, Meaning.WITHDRAWAL])
def test_what_overtakes_its_declaration_waits_and_then_is_rejected(whole: Components, meaning: Meaning) -> None:
    outcome = accepted(whole, CITIZEN, meaning)
    early, late = decided(outcome, None, may_wait=True), decided(outcome, None)
    assert (early.answer, bool(early.waits), early.dossier) == (ReplyKind.RECEIPT, True, None)
    assert isinstance(late.outcome, Rejected)
    assert [finding.name for finding in late.outcome.findings] == ["dossier_unknown"]


def test_an_amendment_is_about_the_dossier_that_it_names_as_the_earlier_one(whole: Components) -> None:
    outcome = accepted(whole, "BQP0100003/accepted-with-a-number-of-its-own")
    verified = outcome.declaration.verified
    assert verified.key.number == verified.header.subject.pre_reference != verified.header.subject.reference


def test_an_amendment_of_a_procedure_that_it_does_not_amend_is_rejected(whole: Components) -> None:
    outcome = accepted(whole, ANSWER)
    dossier = replace(standing(outcome, DossierState.AMENDMENT_REQUESTED), procedure="another")
    decision = decided(outcome, dossier)
    assert isinstance(decision.outcome, Rejected)
    assert [finding.name for finding in decision.outcome.findings] == ["not_amended_by"]
