"""A genuine message comes again, identical or spelled otherwise, at once or later, by one door or both: one dossier."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from adapter.bootstrap import Components, assemble
from adapter.gateways.store.tables import dossier, inbox, outbox
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.simulator.sign import sign_message
from tests.harness.attacks import ATTACKS
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.hostile import load_attacks
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.stores import ensure_tables

SPELLINGS = [
    case.attack
    for case in load_attacks()
    if case.id.startswith("spelling/") and case.expect.outcome == "accepted" and case.attack
    if ATTACKS[case.attack].sent
]


@pytest.fixture
def works(tmp_path: Path, database_url: str) -> Iterator[Components]:
    place = furnish(tmp_path, database_url=database_url)
    made = assemble(place.config)
    ensure_tables(made.database)
    yield made
    made.database.close()


@pytest.fixture
def genuine() -> Case:
    return next(case for case in load_cases() if case.id == "BQP0100002/accepted-citizen-signed")


def submission(raw: bytes, channel: Channel = Channel.WINDOW, bound_to: str | None = None) -> Submission:
    return Submission(raw, channel, CLOCK, Digest(hashlib.sha256(raw).hexdigest()), bound_to=bound_to)


def spellings(message: bytes) -> list[bytes]:
    made = []
    for name in SPELLINGS:
        change = ATTACKS[str(name)].sent
        assert change is not None
        made.append(change(message))
    return made


def dossiers(works: Components) -> int:
    with works.database.transaction() as connection:
        return len(connection.execute(select(dossier.c.number)).all())


def answers(works: Components) -> set[bytes]:
    with works.database.transaction() as connection:
        rows = connection.execute(select(outbox.c.body).where(outbox.c.route != "transfer")).all()
    return {bytes(row.body) for row in rows if row.body is not None}  # a repetition points to the first answer


def test_every_spelling_of_one_message_makes_one_dossier_and_brings_one_answer(
    works: Components, genuine: Case
) -> None:
    message = signed(genuine, shared_pki())
    for each in [message, *spellings(message), message]:
        works.intake.receive([submission(each)])
    assert (dossiers(works), len(answers(works))) == (1, 1)


def test_all_spellings_at_the_same_instant_make_one_dossier(works: Components, genuine: Case) -> None:
    message = signed(genuine, shared_pki())
    works.intake.receive([submission(each) for each in [message, *spellings(message), message]])
    assert (dossiers(works), len(answers(works))) == (1, 1)


def test_what_came_by_the_window_makes_no_second_dossier_by_the_portal(works: Components, genuine: Case) -> None:
    pki = shared_pki()
    works.intake.receive([submission(signed(genuine, pki))])
    declared = sign_message(genuine.message, system=None, declarant=pki.party("citizen"))
    by_portal = sign_message(declared, system=pki.party("portal"), declarant=None)
    works.intake.receive([submission(by_portal, Channel.PORTAL, "001085012345")])
    assert dossiers(works) == 1
    with works.database.transaction() as connection:
        assert len(connection.execute(select(inbox.c.id)).all()) == 2
