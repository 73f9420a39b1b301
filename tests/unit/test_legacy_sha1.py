"""SHA-1 passes only where the configuration names it for these signers, with a warning and a security event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapter.bootstrap import Components, assemble
from adapter.model.events import Event
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Word, word
from adapter.model.stages import Channel, Submission
from adapter.pipeline.judge import Ground, judge
from adapter.simulator.sign import sign_message
from tests.harness.attacks import ATTACKS
from tests.harness.attacks.forge import DS, Forgery, forge
from tests.harness.fixtures import CLOCK, load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.stores import ensure_tables

GENUINE = next(case for case in load_cases() if case.id == "BQP0100001/accepted-single-foreigner")
AT_THE_DECLARANT = ["signature_rsa_sha1", "digest_sha1"]
Events = list[tuple[Event, dict[str, Any]]]


@pytest.fixture(scope="module")
def told() -> Events:
    return []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, told: Events) -> Iterator[Components]:
    premises = furnish(tmp_path_factory.mktemp("components"))
    made = assemble(premises.config, observe=lambda event, /, **fields: told.append((event, fields)))
    ensure_tables(made.database)
    yield made
    made.database.close()


def _submission(attack: str) -> Submission:
    assert attack in ATTACKS
    raw = signed(replace(GENUINE, attack=attack), shared_pki())
    return Submission(raw, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(raw).hexdigest()))


def _legacy(ground: Ground, *stores: str) -> Ground:
    changed = {name: replace(store, legacy_sha1=name in stores) for name, store in ground.trust.stores.items()}
    return replace(ground, trust=replace(ground.trust, stores=changed))


@pytest.mark.parametrize("attack", AT_THE_DECLARANT)
@pytest.mark.parametrize("stores", [(), ("government",)], ids=["no store", "another store"])
def test_sha1_is_refused_where_the_signers_store_does_not_name_it(
    whole: Components, attack: str, stores: tuple[str, ...]
) -> None:
    outcome = judge(_submission(attack), _legacy(whole.ground, *stores))
    assert word(outcome) is Word.REJECTED
    assert {finding.name for finding in outcome.findings} == {"algorithm_forbidden"}  # type: ignore[union-attr]


@pytest.mark.parametrize("attack", AT_THE_DECLARANT)
def test_sha1_is_taken_with_a_warning_where_the_signers_store_names_it(whole: Components, attack: str) -> None:
    outcome = judge(_submission(attack), _legacy(whole.ground, "public"))
    assert word(outcome) is Word.ACCEPTED
    assert [finding.name for finding in outcome.findings] == ["algorithm_legacy"]  # type: ignore[union-attr]


def _sealed_by_sha1() -> Submission:
    pki = shared_pki()
    assert GENUINE.signers.declarant
    declared = sign_message(GENUINE.message, system=None, declarant=pki.party(GENUINE.signers.declarant))
    raw = forge(declared, Forgery(place="SystemSignature", signer="nsw", method=f"{DS}rsa-sha1", hash="sha1"), pki)
    return Submission(raw, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(raw).hexdigest()))


@pytest.mark.parametrize("named", [False, True])
def test_a_seal_by_sha1_passes_only_where_the_partner_is_named(whole: Components, named: bool) -> None:
    ground = _legacy(whole.ground, "public", "government")
    partners = tuple(replace(each, legacy_sha1=named) for each in ground.trust.partners)
    outcome = judge(_sealed_by_sha1(), replace(ground, trust=replace(ground.trust, partners=partners)))
    assert word(outcome) is (Word.ACCEPTED if named else Word.REJECTED)
    said = [(finding.name, finding.pointer) for finding in outcome.findings]  # type: ignore[union-attr]
    assert said == [("algorithm_legacy" if named else "algorithm_forbidden", "/Envelope/SystemSignature")]


def test_a_seal_by_a_certificate_that_has_run_out_is_told_at_the_seal(whole: Components) -> None:
    raw = signed(GENUINE, shared_pki())
    at = shared_pki().party("nsw").certificate.not_valid_after_utc + timedelta(days=1)
    outcome = judge(Submission(raw, Channel.WINDOW, at, Digest(hashlib.sha256(raw).hexdigest())), whole.ground)
    assert word(outcome) is Word.REJECTED
    said = [(finding.name, finding.pointer) for finding in outcome.findings]  # type: ignore[union-attr]
    assert ("certificate_expired", "/Envelope/SystemSignature") in said


def test_each_use_of_sha1_is_a_security_event(whole: Components, told: Events) -> None:
    taking = replace(whole.intake, ground=_legacy(whole.ground, "public"))
    taking.receive([_submission("signature_rsa_sha1")])
    assert [fields["codes"] for event, fields in told if event is Event.SECURITY] == [["BQP455"]]
