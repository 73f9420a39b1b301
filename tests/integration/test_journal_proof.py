"""Seals of the journal are one chain whoever makes them; the proof sees what was altered, taken away or forked."""

from __future__ import annotations

import multiprocessing
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from adapter.entrypoints.alert_sender import AlertSender
from adapter.entrypoints.clock import Clock
from adapter.entrypoints.mailer import Mailer
from adapter.entrypoints.pulse import Pulse, new_cells
from adapter.gateways.alert_file import AlertFile
from adapter.gateways.store import journal, seals
from adapter.gateways.store.database import Database, DatabaseUnavailable
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.journal_proof import Part, Proof, prove
from adapter.gateways.store.tables import journal as entries
from adapter.gateways.store.tables import journal_seal
from adapter.model.events import unobserved

WHOLE = Part()
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def write(database: Database, count: int, at: datetime = AT) -> None:
    with database.transaction() as connection:
        for number in range(count):
            journal.append(connection, database, Entry("lookup.dossiers", "officer:1", at, {"number": number}))


def seal(database: Database, at: datetime = AT, most: int = 1000) -> seals.Seal:
    with database.transaction() as connection:
        return seals.seal(connection, database, at=at, most=most)


def proved(database: Database, part: Part = WHOLE, now: datetime = AT) -> Proof:
    with database.reading() as connection:
        return prove(connection, now=now, part=part)


def change(database: Database, statement: Any) -> None:
    with database.transaction() as connection:
        connection.execute(statement)


def test_a_seal_covers_what_is_new_and_no_more_than_was_asked(database: Database) -> None:
    write(database, 5)
    assert [(s.number, s.entries) for s in (seal(database, most=3), seal(database, most=3))] == [(1, 3), (2, 2)]
    write(database, 1)
    assert seal(database).entries == 1
    proof = proved(database)
    assert (proof.seals, proof.entries, proof.unsealed, proof.faults, proof.remarks) == (3, 6, 0, [], [])


def test_seals_of_two_clocks_at_once_are_one_chain(database: Database) -> None:
    """Each clock draws its ids from a block of its own, and one has a clock that runs behind."""
    others = [database, Database(database.engine.url.render_as_string(hide_password=False))]
    ended: list[Database] = []

    def clock(mine: Database, behind: timedelta) -> None:
        for _ in range(10):
            write(mine, 3)
            seal(mine, AT - behind)
        ended.append(mine)

    threads = [threading.Thread(target=clock, args=(mine, timedelta(hours=n))) for n, mine in enumerate(others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    others[1].close()
    assert len(ended) == 2
    proof = proved(database)
    assert (proof.seals, proof.entries, proof.faults) == (20, 60, [])


def test_a_second_chain_of_seals_is_seen(database: Database) -> None:
    write(database, 2)
    seal(database)
    write(database, 2)
    seal(database)
    # A clock that knew only the first seal, as two of them did that sealed beside each other.
    with database.transaction() as connection:
        first = connection.execute(select(journal_seal).where(journal_seal.c.number == 1)).one()
        digest = seals.sealed_digest(first.digest, 3, AT, 0, seals.content(()))
        values = {"id": database.new_id(connection), "at": AT, "heads": 0, "digest": digest, "previous": first.digest}
        connection.execute(insert(journal_seal).values(**values, number=3, entries=0))
    (fault,) = proved(database).faults
    assert fault.startswith("seal 3 does not follow the one before it")
    assert "two clocks" in fault


def test_seals_of_the_version_before_are_taken_into_the_chain_and_a_fork_of_theirs_is_told(database: Database) -> None:
    with database.transaction() as connection:
        for number, previous in ((3, ""), (1, "a3"), (2, "a3")):
            at = AT + timedelta(hours={3: 0, 1: 1, 2: 2}[number])
            values = {"id": number, "at": at, "heads": 1, "digest": f"a{number}", "previous": previous}
            connection.execute(insert(journal_seal).values(values))
    write(database, 1)
    assert seal(database, AT + timedelta(hours=3)).number == 4
    proof = proved(database)
    assert proof.faults == []
    assert [remark for remark in proof.remarks if "two clocks" in remark] == proof.remarks[:1] != []


ALTERED: dict[str, tuple[Any, str]] = {
    "an entry without a dossier is altered": (update(entries).values(actor="somebody"), "entry "),
    "an entry is taken away": (delete(entries), "seal 2: it covers 3 entries, and 2 are there"),
    "an entry's hash is written anew": (
        update(entries).values(hash="0" * 64), "seal 2: what it covers is not what was sealed"),
    "an entry is moved to another seal": (
        update(entries).values(seal=1), "seal 1: it covers 3 entries, and 4 are there"),
    "an entry names a seal that is not there": (
        update(entries).values(seal=9), "1 entries are of seal 9, which is not there"),
}  # fmt: skip


@pytest.mark.parametrize("case", ALTERED)
@pytest.mark.parametrize("part", [Part(), Part(1, 9)])
def test_what_was_altered_is_told(database: Database, case: str, part: Part) -> None:
    for _ in range(3):
        write(database, 3)
        seal(database)
    assert proved(database, part).faults == []
    with database.reading() as connection:
        victim = connection.execute(select(func.min(entries.c.id)).where(entries.c.seal == 2)).scalar_one()
    statement, told = ALTERED[case]
    change(database, statement.where(entries.c.id == victim))
    assert any(fault.startswith(told) for fault in proved(database, part).faults)


def test_a_seal_that_is_taken_away_is_told_wherever_it_stood(database: Database) -> None:
    for _ in range(3):
        write(database, 3)
        seal(database)
    for number in (2, 1):
        change(database, delete(journal_seal).where(journal_seal.c.number == number))
        assert any(f"are of seal {number}, which is not there" in fault for fault in proved(database).faults)


def test_a_part_is_proved_by_its_seals(database: Database) -> None:
    for _ in range(4):
        write(database, 2)
        seal(database)
    change(database, update(entries).where(entries.c.seal == 4).values(actor="somebody"))
    part = proved(database, Part(2, 3))
    assert (part.seals, part.entries, part.faults) == (2, 4, [])
    assert len(proved(database, Part(4, None)).faults) == 2


def test_entries_of_the_future_are_told_and_stay(database: Database) -> None:
    write(database, 2, AT + timedelta(days=90))
    proof = proved(database)
    assert (proof.ahead, proof.faults) == (2, [])
    assert proof.remarks == ["2 entries are dated later than now: the clock was wrong then, or is now"]


class Step:
    """A piece of a clock's work: counts, and lets the test do something in the middle."""

    def __init__(self) -> None:
        self.done = 0
        self.then: Any = None

    def __call__(self, *_: Any, **__: Any) -> int:
        self.done += 1
        if self.then is not None:
            self.then()
        return 0


class Quiet:
    """A broker that nobody asks: it answers."""

    up, whole, held, fault = True, True, 0, ""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def hear(self, *_: object, **__: object) -> None:
        pass

    tell = away = stand_by = hear


def _clock(database: Database, step: Step, told: list[Any]) -> Clock:
    return Clock(
        database=database,
        window=SimpleNamespace(refresh=step, clock=lambda: AT, note=str),  # type: ignore[arg-type]
        waiting=SimpleNamespace(
            wake=step, seal=step, seconds_since_seal=lambda: 0.0, dated_ahead=dict, unanswered=lambda: 0
        ),  # type: ignore[arg-type]
        signing=SimpleNamespace(sign=step, unready=dict, units=1),  # type: ignore[arg-type]
        settling=SimpleNamespace(settle=lambda: 0),  # type: ignore[arg-type]
        send_pressed=lambda: None,
        deadlines=SimpleNamespace(watch=step),  # type: ignore[arg-type]
        expiry=SimpleNamespace(alert=lambda: 0, days_left=dict),  # type: ignore[arg-type]
        probe=Quiet(),  # type: ignore[arg-type]
        observe=lambda event, /, **fields: told.append((event, fields)),
        pulse=Pulse(new_cells(multiprocessing)),
        tick_s=0.01,
        seal_s=1e9,
        expiry_s=1e9,
        evidence=SimpleNamespace(refresh=lambda: True),  # type: ignore[arg-type]
        tell=lambda _: None,  # type: ignore[arg-type,return-value]
        alert_sender=Quiet(),  # type: ignore[arg-type]
    )


def test_a_clock_that_loses_its_locks_session_does_nothing_more(postgresql_url: str) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)
    step, told = Step(), list[Any]()
    clock = _clock(database, step, told)

    def end_the_session() -> None:
        if step.done == 5:
            with other.transaction() as connection:
                holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
                assert connection.execute(text(holders)).all()
            # Another machine's clock is active from this moment on.
            clock.pulse.stop()
        assert step.done <= 5, "it went on without its lock"

    step.then = end_the_session
    with database.alone("clock") as held, other.alone("clock") as second:
        assert held is not None
        assert second is None
    clock.run()
    assert step.done == 5
    assert told, "it is told"
    with other.alone("clock") as held:
        assert held is not None
    database.close()
    other.close()


def test_a_webhook_and_a_mail_server_that_hang_hold_up_no_timer(database: Database, tmp_path: Path) -> None:
    step, over, in_hand, left = Step(), threading.Event(), set[str](), set[str]()

    def hangs(name: str) -> None:
        in_hand.add(name)
        over.wait(120)
        left.add(name)

    amiss = SimpleNamespace(
        at=AT,
        modes=defaultdict(bool),
        oldest_s={},
        returned=0,
        transfers_stay=0,
        held=defaultdict(int),
        deadlines=defaultdict(int),
        certificate_days={"partner": 3.0},
        emergencies=0,
        assertions_refused=0,
    )
    ways = {"webhook": lambda *_: hangs("webhook")}
    alert_sender = AlertSender(
        ways, AlertFile(tmp_path / "alerts.json"), lambda: AT, unobserved, repeat_s=3600, every_s=0.01
    )
    mailer = Mailer(SimpleNamespace(round=lambda: hangs("mail")), unobserved)  # type: ignore[arg-type]
    told = {"tell": lambda _: amiss, "alert_sender": alert_sender, "mailer": mailer, "look_s": 0.0, "seal_s": 0.0}
    clock, counted = replace(_clock(database, step, []), **told), list[int]()  # type: ignore[arg-type]

    def looks_on() -> None:
        if in_hand == {"webhook", "mail"}:
            counted.append(step.done)
        if len(counted) == 100 or left:
            clock.pulse.stop()

    step.then = looks_on
    clock.run()
    assert len(counted) >= 100, "deadlines, seals, the window: they go on while both hang"
    assert left == set()
    over.set()


def test_the_lock_is_one_clocks_on_both_databases_and_free_after_it(database: Database) -> None:
    other = Database(database.engine.url.render_as_string(hide_password=False))
    with database.alone("clock") as held:
        assert held is not None
        held()
        with other.alone("clock") as second:
            assert second is None
    with other.alone("clock") as second:
        assert second is not None
    other.close()


def test_whoever_asks_after_the_session_is_gone_is_told(postgresql_url: str) -> None:
    database, other = Database(postgresql_url), Database(postgresql_url)

    def ask() -> None:
        with database.alone("clock") as held:
            assert held is not None
            with other.transaction() as connection:
                connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
            held()

    with pytest.raises(DatabaseUnavailable):
        ask()
    database.close()
    other.close()
