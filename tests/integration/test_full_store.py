"""A store that is full, or only reads: nothing is stored, nothing parked, and all passes once it is mended."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, select, text

from adapter.bootstrap import now
from adapter.entrypoints.consumer import Worker
from adapter.entrypoints.pulse import Pulse, new_cells
from adapter.gateways.broker import Delivery, Tag
from adapter.gateways.store.database import DatabaseUnavailable
from adapter.gateways.store.tables import attempt, inbox, outbox
from adapter.model.errors import Unavailable
from adapter.model.events import unobserved
from adapter.services.messages.tries import Tries
from tests.harness.declarations import Message, declaration, declarations
from tests.harness.scene import Scene, submission

ATTEMPTS = 3


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    """PostgreSQL alone: its driver is the one that COPY speaks to."""
    return postgresql_url


def administer(scene: Scene, *statements: str) -> None:
    """As the database's owner, past the adapter's own connections and whatever they are told."""
    with psycopg.connect(scene.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for statement in statements:
            connection.execute(statement)


@contextmanager
def raising(scene: Scene, state: str, *, table: str = "inbox", when: str = "true") -> Iterator[None]:
    """While inside, a row for `table` is answered with this SQLSTATE, as the server itself would."""
    administer(
        scene,
        "CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'denied' USING ERRCODE = '{state}'; END $$",
        f'CREATE TRIGGER denied BEFORE INSERT ON "{table}" FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION deny()',
    )
    yield
    administer(scene, f'DROP TRIGGER denied ON "{table}"', "DROP FUNCTION deny()")


@contextmanager
def full(scene: Scene) -> Iterator[None]:
    with raising(scene, "53100"):
        yield


@contextmanager
def read_only(scene: Scene) -> Iterator[None]:
    name = scene.database_url.rpartition("/")[2]
    administer(scene, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    scene.components.database.close()  # the setting counts for connections that begin afterwards
    yield
    administer(scene, f"ALTER DATABASE {name} RESET default_transaction_read_only")
    scene.components.database.close()


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("outage", [full, read_only])
def test_while_the_store_takes_nothing_a_batch_is_unavailable_and_passes_afterwards(
    scene: Scene, outage: Any, count: int
) -> None:
    messages = declarations(0, count)
    batch = [submission(message) for message in messages]
    with outage(scene):
        for _ in range(2):
            with pytest.raises(Unavailable):
                scene.components.intake.receive(batch)
        assert scene.store.rows(select(inbox.c.id)) == []
        assert scene.store.rows(select(outbox.c.id)) == []
    assert [settled.state for settled in scene.components.intake.receive(batch)] == ["settled"] * count
    assert scene.store.effects() == {message.reference: 1 for message in messages}


@pytest.mark.parametrize("outage", [full, read_only])
def test_whatever_writes_a_row_tells_that_time_must_pass(scene: Scene, outage: Any) -> None:
    """By COPY, which SQLAlchemy does not wrap, and by a statement of its own."""
    scene.take_in(declarations(0, 1))
    (row,) = scene.store.rows(select(inbox))
    another = {**row._mapping, "id": row.id + 1, "public_id": "another", "identity": "another"}
    database = scene.components.database
    with outage(scene):
        with pytest.raises(DatabaseUnavailable), database.transaction() as connection:
            database.insert(connection, inbox, [another])
        with pytest.raises(DatabaseUnavailable), database.transaction() as connection:
            connection.execute(insert(inbox).values(another))
    with database.transaction() as connection:
        database.insert(connection, inbox, [another])


def test_a_write_where_we_only_read_is_a_defect_and_nothing_to_wait_for(scene: Scene) -> None:
    with pytest.raises(Exception) as raised, scene.components.database.reading() as connection:  # noqa: PT011
        connection.execute(text("DELETE FROM attempt"))
    assert not isinstance(raised.value, Unavailable)


def test_what_is_too_large_for_the_server_is_parked_alone_and_not_tried_for_ever(scene: Scene) -> None:
    """An index entry over its limit (54000): the driver counts it among what passes, and it never would."""
    messages = declarations(0, 3)
    with raising(scene, "54000", table="dossier", when=f"NEW.number = '{messages[1].reference}'"):
        settled = scene.components.intake.receive([submission(message) for message in messages])
    assert [each.state for each in settled] == ["settled", "parked", "settled"]


# -- a message that comes again while the store is full --------------------------------------------


@dataclass
class Deliveries:
    """The worker's side of a broker that has delivered everything before."""

    acknowledged: list[Tag] = field(default_factory=list)
    connected: bool = True

    def pause(self) -> None:
        """It takes no more."""

    def resume(self) -> None:
        """It goes on."""

    def acknowledge(self, tags: Sequence[Tag]) -> None:
        self.acknowledged += tags


def taken_up(scene: Scene, message: Message) -> bool:
    """A worker takes a message up that comes again, and is told to stop meanwhile; whether it has settled it."""
    components, deliveries = scene.components, Deliveries()
    pulse = Pulse(new_cells(multiprocessing.get_context()))
    pulse.stop()
    worker = Worker(
        consumer=deliveries,  # type: ignore[arg-type]
        intake=components.intake,
        tries=Tries(components.database, now, ATTEMPTS),
        clock=now,
        observe=unobserved,
        pulse=pulse,
        batch=10,
        keys_ready=lambda: None,
        look_s=1.0,
    )
    worker._take([
        Delivery(
            tag=Tag(1, 1),
            queue="adapter.declarations",
            body=message.raw,
            exchange="nsw.inbound",
            routing_key=message.key,
            redelivered=True,
        )
    ])  # fmt: skip
    for held in worker._aside:  # a worker has ended in it before: it is taken once nobody waits behind it
        worker._alone(held.delivery, held.submission)
    return bool(deliveries.acknowledged)


def test_a_message_does_not_become_poison_because_the_store_is_full(scene: Scene) -> None:
    """The row of a try still fits where the message does not, and each restart meanwhile brings one more try."""
    message = declaration(0)
    with full(scene):
        for _ in range(ATTEMPTS + 1):
            assert not taken_up(scene, message)
        assert scene.store.rows(select(attempt)) == []
    assert taken_up(scene, message)
    assert scene.store.states() == {"settled": 1}


def test_tries_in_which_workers_ended_still_count_after_an_outage(scene: Scene) -> None:
    message = declaration(0)
    rows = [{"id": number, "digest": message.digest, "at": now(), "settled_at": None} for number in range(ATTEMPTS)]
    with scene.components.database.transaction() as connection:
        connection.execute(insert(attempt).values(rows[1:]))
    with full(scene):
        assert not taken_up(scene, message)
    assert len(scene.store.rows(select(attempt))) == ATTEMPTS - 1
    with scene.components.database.transaction() as connection:
        connection.execute(insert(attempt).values(rows[:1]))
    assert taken_up(scene, message)
    assert scene.store.states() == {"parked": 1}
