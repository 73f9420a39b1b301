"""What older versions have signed stays as it was signed, and what they chained stays chained."""

from __future__ import annotations

import hashlib
import json
import lzma

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from adapter.bootstrap import Components, now
from adapter.cli import app
from adapter.entrypoints.log import silence
from adapter.gateways.store.journal_proof import prove
from adapter.gateways.store.tables import dossier, inbox, journal_seal, outbox
from adapter.gateways.store.tables import journal as entries
from adapter.gateways.store.upgrade import current, upgrade
from adapter.model.events import unobserved
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.outcomes import Word
from adapter.model.stages import Channel, Submission
from adapter.services.messages.waiting import Waiting
from tests.frozen.keeping import FOLDER, digests
from tests.frozen.post import retold
from tests.frozen.standing import Standing
from tests.frozen.story import declared
from tests.harness.fixtures import load_cases, submission
from tests.harness.history import OFFICER
from tests.harness.pki import shared_pki
from tests.harness.registered import register_declarants
from tests.harness.second_opinion import Question, verify_many


def test_an_old_store_comes_to_the_newest_tables(store: Standing) -> None:
    at, needed = current(store.components.database)
    assert at == needed is not None


def test_old_replies_keep_their_bytes(store: Standing) -> None:
    found, kept = digests(store.components.database), store.old_replies
    assert len(kept) > 100
    assert {name: found.get(name) for name in kept} == kept


def test_an_old_reply_still_verifies_with_the_certificate_of_its_day(store: Standing) -> None:
    """One of each kind, by another engine: the system's seal, and the unit's signature where a unit confirms."""
    with store.components.database.reading() as connection:
        rows = connection.execute(select(outbox).where(outbox.c.message_id.in_(store.old_replies))).all()
    one = {row.kind: bytes(row.body) for row in rows if row.body is not None}
    system, unit = store.frozen.pki / "system.cert.pem", store.frozen.pki / "unit.cert.pem"
    questions = [Question(body, "system", system) for body in one.values()]
    questions += [Question(one[kind], "declarant", unit) for kind in ("Completion", "AmendmentCompletion")]
    assert len(questions) >= 10
    assert verify_many(questions) == [True] * len(questions)


def test_an_old_message_that_comes_again_gets_the_reply_it_got(store: Standing) -> None:
    """One of each outcome that was answered, by the window: the bytes stand in the outbox once more, to be sent."""
    components = store.components
    query = select(inbox).join(outbox, outbox.c.inbox_id == inbox.c.id)
    with components.database.reading() as connection:
        answered = query.where(inbox.c.channel == "window", outbox.c.message_id.in_(store.old_replies))
        old = {row.outcome: row for row in connection.execute(answered.where(inbox.c.message_id.is_not(None)))}
    assert set(old) == {"accepted", "refused", "rejected"}
    before = digests(components.database)
    for row in old.values():
        raw = bytes(row.raw)
        again = Submission(raw, Channel.WINDOW, row.received_at, Digest(hashlib.sha256(raw).hexdigest()))
        (settled,) = components.intake.receive([again])
        assert settled.duplicate, row.outcome
        with components.database.reading() as connection:
            mine = outbox.c.inbox_id == row.id
            copies = connection.execute(select(outbox).where(mine, outbox.c.copy_of.is_not(None))).all()
            originals = {each.id: each for each in connection.execute(select(outbox).where(mine))}
        assert copies
        for copy in copies:
            assert copy.digest == originals[copy.copy_of].digest
            assert copy.message_id == originals[copy.copy_of].message_id
    assert digests(components.database) == before


def test_the_journal_holds_over_old_and_new_entries(store: Standing) -> None:
    """New dossiers, an officer's act on an old one, a lookup, a seal on top of the old seals."""
    components = store.components
    chains = _verified(store)
    fresh = _declared_now(components)
    key = _an_old_one(components)
    with components.database.reading() as connection:
        count = connection.execute(select(dossier.c.journal).where(*_is(key))).scalar_one()
        kept = connection.execute(select(journal_seal.c.digest)).scalars().all()
    components.completion.complete(key, OFFICER)
    Waiting(components.database, components.intake, components.legal_clock, unobserved).seal()
    with components.database.reading() as connection:
        after = connection.execute(select(dossier.c.journal).where(*_is(key))).scalar_one()
        seals = connection.execute(select(journal_seal)).all()
    assert after == count + 1
    assert len(seals) == len(kept) + 1
    assert {each.previous for each in seals if each.digest not in kept} <= set(kept)
    assert _verified(store) == chains + fresh


def test_an_old_entry_that_was_altered_shows(untouched: Standing) -> None:
    upgrade(untouched.components.database)
    with untouched.components.database.transaction() as connection:
        row = connection.execute(select(entries).where(entries.c.dossier_id.is_not(None))).first()
        assert row is not None
        connection.execute(entries.update().where(entries.c.id == row.id).values(actor="somebody else"))
    with untouched.components.database.reading() as connection:
        assert len(prove(connection, now=now()).faults) == 1


def test_no_private_key_is_kept() -> None:
    kept = [file for file in FOLDER.glob("[0-9]*/**/*") if file.is_file()]
    assert len(kept) > 10
    for file in kept:
        content = lzma.decompress(file.read_bytes()) if file.suffix == ".xz" else file.read_bytes()
        assert b"PRIVATE KEY" not in content, file


def _verified(store: Standing) -> int:
    """`journal verify` finds no fault; gives how many chains there are."""
    done = CliRunner().invoke(app, ["journal", "verify", "--json", "--config", str(store.config)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["faults"] == []
    return int(told["chains"])


def _declared_now(components: Components) -> int:
    """Declarations of today's declarants; gives how many dossiers they make."""
    register_declarants(components, shared_pki())
    cases = [retold(case, "NEW") for case in declared(load_cases())]
    settled = [components.intake.receive([submission(case, shared_pki())])[0] for case in cases]
    assert {each.outcome for each in settled} == {Word.ACCEPTED}
    return len(cases)


def _an_old_one(components: Components) -> DossierKey:
    """A dossier that was accepted before and waits for its confirmation."""
    query = select(dossier.c.number, dossier.c.year).where(dossier.c.state == "accepted").order_by(dossier.c.id)
    with components.database.reading() as connection:
        row = connection.execute(query).first()
    assert row is not None
    return DossierKey(row.number, row.year)


def _is(key: DossierKey) -> tuple[object, object]:
    return dossier.c.number == key.number, dossier.c.year == key.year


@pytest.fixture(autouse=True)
def _quiet() -> None:
    silence()
