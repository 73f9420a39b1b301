"""SHA-1 passes only where the configuration names it for these signers, with a warning and a security event."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from adapter.bootstrap import House, house
from adapter.model.events import Event
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Word, word
from adapter.model.stages import Channel, Submission
from adapter.pipeline.judge import Ground, judge
from tests.harness.attacks import ATTACKS
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
def whole(tmp_path_factory: pytest.TempPathFactory, told: Events) -> Iterator[House]:
    premises = furnish(tmp_path_factory.mktemp("house"))
    made = house(premises.config, observe=lambda event, /, **fields: told.append((event, fields)))
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
    whole: House, attack: str, stores: tuple[str, ...]
) -> None:
    outcome = judge(_submission(attack), _legacy(whole.ground, *stores))
    assert word(outcome) is Word.REJECTED
    assert {finding.name for finding in outcome.findings} == {"algorithm_forbidden"}  # type: ignore[union-attr]


@pytest.mark.parametrize("attack", AT_THE_DECLARANT)
def test_sha1_is_taken_with_a_warning_where_the_signers_store_names_it(whole: House, attack: str) -> None:
    outcome = judge(_submission(attack), _legacy(whole.ground, "public"))
    assert word(outcome) is Word.ACCEPTED
    assert [finding.name for finding in outcome.findings] == ["algorithm_legacy"]  # type: ignore[union-attr]


def test_each_use_of_sha1_is_a_security_event(whole: House, told: Events) -> None:
    taking = replace(whole.intake, ground=_legacy(whole.ground, "public"))
    taking.receive([_submission("signature_rsa_sha1")])
    assert [fields["codes"] for event, fields in told if event is Event.SECURITY] == [["BQP455"]]
