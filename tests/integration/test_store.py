"""The store on both databases: migrations, locks, duplicates, the contingency series, the journal, the outbox."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from lxml import etree
from sqlalchemy import Column, Table, Text, create_engine, delete, insert, inspect, select, text, update
from sqlalchemy.exc import SAWarning

import adapter.gateways
from adapter.bootstrap import now
from adapter.gateways.store import departures, expiry_alerts, tables
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.engine import Waits, engine
from adapter.gateways.store.own_numbers import NumberRequest, Series
from adapter.gateways.store.tables import contingency, counter, inbox, journal, metadata, outbox
from adapter.gateways.store.upgrade import current, upgrade
from adapter.model.errors import Misconfigured, Unavailable
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Word
from tests.harness.declarations import Message, declaration, declarations
from tests.harness.people import anybody
from tests.harness.pki import shared_pki
from tests.harness.scene import Scene, submission
from tests.harness.second_opinion import verify_with_xmlsec1


class Interrupted(Exception):
    """Whatever ends a transaction from within."""


WRITTEN = (
    tables.dossier,
    tables.inbox,
    tables.declaration,
    tables.search_key,
    tables.journal,
    tables.outbox,
    tables.deadline,
)
"""Where a citizen's declaration that is accepted leaves its rows."""
OFFICER = anybody("o-1", name="Trần Văn Bình", rank="Thiếu tá")


@pytest.fixture
def others(database_url: str) -> Iterator[Callable[[], Database]]:
    """More connections to the same database, each with an engine of its own as another process has it."""
    made: list[Database] = []

    def another() -> Database:
        made.append(Database(database_url))
        return made[-1]

    yield another
    for database in made:
        database.close()


# -- what is not made yet -------------------------------------------------------------------------


def test_tables_that_are_not_made_are_no_outage(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    for entered in (database.transaction, database.reading):
        with pytest.raises(Misconfigured, match="database upgrade"), entered() as connection:
            connection.execute(select(inbox.c.id))
    assert database.reachable()
    database.close()


def test_a_folder_that_is_not_there_is_no_outage_and_is_named(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/nowhere/adapter.db")
    with pytest.raises(Misconfigured, match=f"the folder {tmp_path}/nowhere is not there"):
        upgrade(database)
    assert not database.reachable()


def test_a_database_that_the_user_may_not_open_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{tmp_path}")  # nothing opens a folder, and nobody is barred from it as root is not
    monkeypatch.setattr("adapter.gateways.store.engine.os.access", lambda _, mode, **__: mode == os.F_OK)
    with pytest.raises(Misconfigured, match=f"this user may not read and write {tmp_path.parent}"):
        upgrade(database)


def test_one_that_cannot_be_opened_though_everything_is_there_is_an_outage(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        upgrade(Database(f"sqlite:///{tmp_path}"))


def test_what_sqlite_commits_is_flushed(tmp_path: Path) -> None:
    """Tests work on stores that are not: nobody cuts the power of their machine."""
    made = engine(f"sqlite:///{tmp_path}/adapter.db", pool=1, waits=Waits(), as_text=str)
    with made.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2, "FULL"
    made.dispose()


# -- migrations ---------------------------------------------------------------------------------


def migrations(connection: Any) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(adapter.gateways.__path__[0]) / "store" / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def tables_of(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def test_the_tables_go_up_and_down_and_up_again(scene: Scene) -> None:
    database = scene.components.database
    assert tables_of(database) == {*metadata.tables, "alembic_version"}
    at, wanted = current(database)
    assert at == wanted is not None
    with database.transaction() as connection:
        command.downgrade(migrations(connection), "base")
    assert tables_of(database) == {"alembic_version"}
    upgrade(database)
    scene.take_in([declaration(0)])
    assert scene.store.settled() == 1


def test_the_migrations_make_exactly_the_tables_that_the_program_uses(scene: Scene) -> None:
    with scene.components.database.transaction() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def indexes(connection: Connection) -> dict[str, str]:
    """How each index is defined, as the database itself says it: over what, and of which rows."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    else:
        query = (
            "SELECT indexname, replace(indexdef, schemaname || '.', '') FROM pg_indexes "
            "WHERE schemaname = current_schema() AND tablename <> 'alembic_version'"
        )
    return {row[0]: row[1] for row in connection.exec_driver_sql(query)}


def declared_indexes(database: Database) -> dict[str, str]:
    """The same of tables made from what the program declares, without a migration."""
    if database.is_embedded:
        with create_engine("sqlite://").begin() as connection:
            metadata.create_all(connection)
            return indexes(connection)
    with database.engine.connect() as connection:  # never committed
        connection.exec_driver_sql("CREATE SCHEMA declared")
        connection.exec_driver_sql("SET LOCAL search_path = declared")
        metadata.create_all(connection)
        return indexes(connection)


def test_the_migrations_make_every_index_as_it_is_declared(scene: Scene) -> None:
    """Of an index over an expression, and of a condition, a comparison of tables says nothing on SQLite."""
    database = scene.components.database
    declared = declared_indexes(database)
    assert {index.name for table in metadata.sorted_tables for index in table.indexes} <= declared.keys()
    with database.reading() as connection:
        assert indexes(connection) == declared


def test_messages_and_answers_are_compressed_the_quick_way(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    how = "SELECT attcompression FROM pg_attribute WHERE attrelid = 'inbox'::regclass AND attname = 'raw'"
    with database.reading() as connection:
        assert connection.execute(text(how)).scalar_one() == "l", "by LZ4, which Debian's server has"
    database.close()


def test_a_batch_that_makes_deadline_anew_loses_its_indexes_over_an_expression(sqlite_url: str) -> None:
    """Why CONTRIBUTING asks for them to be made again; should Alembic learn to keep them, that sentence can go."""
    database = Database(sqlite_url)
    declared = declared_indexes(database)
    with database.altering() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with (
            pytest.warns(SAWarning, match="Skipped unsupported reflection of expression-based index ix_deadline_"),
            operations.batch_alter_table("deadline", recreate="always") as batch,
        ):
            batch.add_column(Column("note", Text))
        assert declared.keys() - indexes(connection).keys() == {"ix_deadline_ends", "ix_deadline_party"}
    database.close()


def test_processes_that_upgrade_at_once_find_one_another(empty_database_url: str) -> None:
    databases = [Database(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, databases))
    assert tables_of(databases[0]) == {*metadata.tables, "alembic_version"}
    for database in databases:
        database.close()


# -- one transaction ----------------------------------------------------------------------------


@pytest.mark.parametrize("table", WRITTEN, ids=str)
def test_where_one_row_cannot_be_written_none_is(scene: Scene, monkeypatch: pytest.MonkeyPatch, table: Table) -> None:
    original = Database.insert

    def fail(self: Database, connection: Connection, into: Table, rows: Any) -> None:
        if into is table and rows:
            raise Unavailable("the disk is full")
        original(self, connection, into, rows)

    monkeypatch.setattr(Database, "insert", fail)
    with pytest.raises(Unavailable):
        scene.take_in([declaration(0)])
    assert {each.name: scene.store.rows(select(each)) for each in WRITTEN} == {each.name: [] for each in WRITTEN}


# -- locks --------------------------------------------------------------------------------------


def test_an_update_that_rests_on_a_read_is_never_lost(scene: Scene, others: Callable[[], Database]) -> None:
    """SQLite drops FOR UPDATE without a word; there the transaction itself must take the lock before it reads."""
    rounds, hands = 25, 4
    with scene.components.database.transaction() as connection:
        connection.execute(insert(counter).values(name="proof", value=0))
    together = threading.Barrier(hands)

    def count_up(database: Database) -> None:
        together.wait()
        for _ in range(rounds):
            with database.transaction() as connection:
                database.lock(connection, ["proof"])
                value = connection.execute(select(counter.c.value).where(counter.c.name == "proof")).scalar_one()
                connection.execute(update(counter).where(counter.c.name == "proof").values(value=value + 1))

    with ThreadPoolExecutor(hands) as pool:
        list(pool.map(count_up, [others() for _ in range(hands)]))
    (row,) = scene.store.rows(select(counter.c.value).where(counter.c.name == "proof"))
    assert row.value == rounds * hands


def test_ids_drawn_by_many_processes_are_never_given_twice(scene: Scene, others: Callable[[], Database]) -> None:
    def draw(database: Database) -> list[int]:
        drawn = []
        for _ in range(3):
            with database.transaction() as connection:
                drawn += [database.new_id(connection) for _ in range(700)]
        return drawn

    with ThreadPoolExecutor(4) as pool:
        ids = [each for drawn in pool.map(draw, [others() for _ in range(4)]) for each in drawn]
    assert len(set(ids)) == len(ids)


def test_ids_of_a_transaction_that_rolled_back_are_not_used_beside_another_process(
    scene: Scene, others: Callable[[], Database]
) -> None:
    """On SQLite the block goes back with the transaction, and another process may be given the same one."""
    mine, other = scene.components.database, others()
    with contextlib.suppress(Interrupted), mine.transaction() as connection:
        mine.new_id(connection)
        raise Interrupted
    with other.transaction() as connection:
        theirs = {other.new_id(connection) for _ in range(50)}
    with mine.transaction() as connection:
        ours = {mine.new_id(connection) for _ in range(50)}
    assert not ours & theirs


# -- duplicates ---------------------------------------------------------------------------------


def due(scene: Scene) -> list[departures.DueReply]:
    with scene.components.database.transaction() as connection:
        return departures.claim(connection, limit=100, transfers=True, returned=True)


def send(scene: Scene, replies: list[departures.DueReply]) -> None:
    with scene.components.database.transaction() as connection:
        departures.mark_sent(connection, [reply.id for reply in replies], now())


def leaving(scene: Scene) -> list[departures.DueReply]:
    """All that leave, in their order: a copy only once its original has left."""
    found: list[departures.DueReply] = []
    while replies := due(scene):
        send(scene, replies)
        found += replies
    return found


def test_a_duplicate_gets_the_identical_reply_and_has_no_effect(scene: Scene) -> None:
    message = declaration(0)
    for _ in range(3):
        scene.take_in([message])
    replies = leaving(scene)
    assert len(replies) == 3
    assert len({reply.body for reply in replies}) == 1
    assert scene.store.effects() == {message.reference: 1}
    assert scene.store.states() == {"settled": 1}
    kept = scene.store.rows(select(outbox.c.id).where(outbox.c.body.is_not(None)))
    assert len(kept) == 1, "the bytes are kept once"


@pytest.mark.parametrize("order", [[0, 1], [1, 0]], ids=["before", "behind"])
def test_a_duplicate_and_a_new_message_are_kept_in_one_transaction(scene: Scene, order: list[int]) -> None:
    scene.take_in([declaration(0)])
    send(scene, due(scene))
    intake = scene.components.intake
    settled = intake.keep_together([intake.judge(submission(declaration(number))) for number in order])
    assert settled is not None, "what breaks the batch is tried one by one"
    assert sorted(each.duplicate for each in settled) == [False, True]
    assert len(due(scene)) == 2


def test_duplicates_that_arrive_at_once_by_several_processes_have_one_effect(
    scene: Scene, others: Callable[[], Database]
) -> None:
    message = declaration(0)
    intakes = [Scene(scene.folder, scene.amqp_url, scene.database_url).components.intake for _ in range(4)]
    together = threading.Barrier(4)

    def take(intake: Any) -> None:
        together.wait()
        intake.receive([submission(message)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(take, intakes))
    for intake in intakes:
        intake.database.close()
    assert scene.store.effects() == {message.reference: 1}
    replies = leaving(scene)
    assert len(replies) == 4
    assert len({reply.digest for reply in replies}) == 1
    assert scene.store.faults() == []


def test_an_id_used_again_for_other_content_is_rejected_once_and_always_in_the_same_bytes(scene: Scene) -> None:
    first = declaration(0)
    other = declaration(0, reference="PROOFOTHER", purpose="Du lịch")
    assert first.message_id == other.message_id
    scene.take_in([first])
    send(scene, due(scene))

    for _ in range(3):
        scene.take_in([other])

    replies = leaving(scene)
    assert [(reply.type, reply.function) for reply in replies] == [("10", "00")] * 3
    assert len({reply.body for reply in replies}) == 1
    assert etree.fromstring(replies[0].body).findtext(".//ErrorList/Error/ErrorCode") == "BQP204"
    certificate = shared_pki().certificate_file("system")
    assert verify_with_xmlsec1(replies[0].body, place="system", certificate_pem=certificate)
    stored = scene.store.rows(select(inbox.c.outcome).order_by(inbox.c.received_at))
    assert sorted(row.outcome for row in stored) == ["accepted", "rejected"], "stored once"
    assert scene.store.dossiers() == {first.reference: 1}

    (settled,) = scene.components.intake.receive([submission(other)])
    assert (settled.duplicate, settled.outcome) == (True, Word.REJECTED)
    scene.take_in([first])
    assert due(scene)[-1].function == "21", "the first content still gets its own answer"


def test_the_same_content_in_other_bytes_is_the_same_message(scene: Scene) -> None:
    message = declaration(0)
    respelled = Message(
        message.message_id, message.reference, message.key, message.raw.replace(b"?>", b"?>\n<!-- x -->", 1)
    )
    scene.take_in([message, respelled])
    assert scene.store.states() == {"settled": 1}
    assert len({reply.digest for reply in due(scene)}) == 1


# -- the contingency series ---------------------------------------------------------------------


def test_a_contingency_number_is_drawn_once_for_a_sender_and_message(
    scene: Scene, others: Callable[[], Database]
) -> None:
    series = Series("BPTT", "HN", "XN", "SD")
    wanted = [("portal:a", "m1"), ("portal:a", "m2"), ("portal:b", "m1")]
    together = threading.Barrier(4)

    def draw(database: Database) -> list[DossierKey]:
        together.wait()
        found = []
        for sender, key in wanted * 5:
            with database.transaction() as connection:
                found += series.issue(connection, database, [NumberRequest(sender, key, "HN", now())])
        return found

    with ThreadPoolExecutor(4) as pool:
        drawn = list(pool.map(draw, [others() for _ in range(4)]))
    assert all(each == drawn[0] for each in drawn)
    assert drawn[0][:3] * 5 == drawn[0]
    assert len(set(drawn[0])) == len(wanted)
    assert len(scene.store.rows(select(contingency))) == len(wanted)


# -- the journal --------------------------------------------------------------------------------


def with_history(scene: Scene) -> list[Any]:
    """Two dossiers with more than one entry each, and the entries of the first."""
    messages = declarations(0, 2)
    scene.take_in(messages)
    for message in messages:
        scene.components.completion.complete(DossierKey(message.reference, 2026), OFFICER)
    assert scene.store.faults() == []
    entries = scene.store.rows(select(journal).order_by(journal.c.dossier_id, journal.c.ordinal))
    first = entries[0].dossier_id
    chain = [entry for entry in entries if entry.dossier_id == first]
    assert len(chain) >= 2
    return chain


TAMPERINGS: dict[str, Callable[[Any], Any]] = {
    "an entry altered": lambda chain: update(journal).where(journal.c.id == chain[0].id).values(actor="somebody"),
    "a detail altered": lambda chain: update(journal).where(journal.c.id == chain[0].id).values(detail={"codes": []}),
    "an entry removed": lambda chain: delete(journal).where(journal.c.id == chain[0].id),
    "the last entry removed": lambda chain: delete(journal).where(journal.c.id == chain[-1].id),
    "an entry added": lambda chain: insert(journal).values({
        **chain[-1]._mapping, "id": 10**9, "ordinal": chain[-1].ordinal + 1, "previous": chain[-1].hash,
    }),
    "the order changed": lambda chain: text(
        f"UPDATE journal SET ordinal = {chain[0].ordinal + chain[1].ordinal} - ordinal "
        f"WHERE id IN ({chain[0].id}, {chain[1].id})"
    ),
}  # fmt: skip


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_tampering_with_the_journal_is_found(scene: Scene, tampering: Callable[[Any], Any]) -> None:
    chain = with_history(scene)
    with scene.components.database.transaction() as connection:
        connection.execute(tampering(chain))
    faults = scene.store.faults()
    assert faults
    assert all(str(chain[0].dossier_id) in fault for fault in faults), "the other chain holds"


# -- the outbox ---------------------------------------------------------------------------------


def test_a_later_reply_of_a_dossier_never_leaves_before_an_earlier_one(scene: Scene) -> None:
    messages = declarations(0, 3)
    scene.take_in(messages)
    for message in messages:
        scene.components.completion.complete(DossierKey(message.reference, 2026), OFFICER)
    first = due(scene)
    assert {(reply.type, reply.function) for reply in first} == {("20", "21")}
    assert len(first) == 3

    send(scene, first[:1])

    second = due(scene)
    assert [(r.type, r.function) for r in second if r.dossier_id == first[0].dossier_id] == [("30", "23")]
    assert {(r.type, r.function) for r in second if r.dossier_id != first[0].dossier_id} == {("20", "21")}


def test_two_dispatchers_never_have_one_reply_nor_overtake_each_other(tmp_path: Path, postgresql_url: str) -> None:
    scene = Scene(tmp_path, "amqp://127.0.0.1:1/%2F", postgresql_url)
    database = scene.components.database
    try:
        messages = declarations(0, 4)
        scene.take_in(messages)
        scene.components.completion.complete(DossierKey(messages[0].reference, 2026), OFFICER)
        with database.transaction() as one, database.transaction() as two:
            mine = departures.claim(one, limit=2, transfers=True, returned=True)
            yours = departures.claim(two, limit=10, transfers=True, returned=True)
        assert len(mine) == 2
        assert not {reply.id for reply in mine} & {reply.id for reply in yours}
        assert [(reply.type, reply.function) for reply in yours] == [("20", "21")] * 2, (
            "no completion before its acceptance"
        )
    finally:
        scene.close()


def test_a_reply_that_commits_late_with_a_low_id_still_leaves(scene: Scene) -> None:
    """Ids order nothing: "everything above the last one sent" would lose what a slow transaction commits later."""
    scene.take_in(declarations(0, 3))
    everything = due(scene)
    send(scene, everything)
    lowest = min(reply.id for reply in everything)
    (row,) = scene.store.rows(select(outbox).where(outbox.c.id == lowest))
    late = {**row._mapping, "id": lowest - 1, "message_id": "late", "dossier_id": None, "sent_at": None}
    with scene.components.database.transaction() as connection:
        connection.execute(insert(outbox).values(late))
    assert [reply.message_id for reply in due(scene)] == ["late"]


def test_a_register_of_more_certificates_than_a_statement_has_parameters_is_asked_about(postgresql_url: str) -> None:
    """65,535 are what PostgreSQL takes; the clock asks about every certificate of the register at once."""
    database = Database(postgresql_url)
    with database.reading() as connection:
        assert expiry_alerts.sent(connection, [f"{number:064x}" for number in range(70_000)]) == set()
    database.close()
