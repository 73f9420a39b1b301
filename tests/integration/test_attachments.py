"""Attached files are looked at, scanned, kept once, bounded, and given only to whom they belong."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from adapter.bootstrap import Components
from adapter.gateways.scanner import Clamd
from adapter.gateways.store import attachments as store
from adapter.gateways.store import tables
from adapter.model.actor import Role
from adapter.model.attachment import BadFile, FileLimits, Scan
from adapter.model.errors import NoRight, Unavailable
from adapter.services.attachments.scanning import Scanning
from tests.conftest import demand
from tests.harness import attached
from tests.harness.attached import Says
from tests.harness.fixtures import CLOCK
from tests.harness.people import declarant, person
from tests.harness.registers import gate
from tests.servers.clamd import SIGNATURE, clamd

ME, OTHER = declarant("001085012345"), declarant("001085099999")
OFFICER = person("an-01", Role.OFFICER, unit="*", name="TRAN VAN BINH", rank="Thiếu tá")
MB = 1 << 20


@pytest.fixture
def components(tmp_path: Path, sqlite_url: str) -> Iterator[Components]:
    with gate(tmp_path, sqlite_url) as made:
        yield made


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Iterator[Components]:
    """On SQLite and on PostgreSQL."""
    with gate(tmp_path, database_url) as made:
        yield made


def rows(components: Components, table: Any) -> list[Any]:
    with components.database.reading() as connection:
        return list(connection.execute(table.select()))


def padded(size: int, seed: int = 0) -> bytes:
    """A genuine picture with as many bytes: a camera's own data behind the end."""
    genuine = attached.picture("JPEG", (10 + seed, 10))
    return genuine + b"S" * (size - len(genuine))


def refusal(of: Any, *given: Any) -> str:
    with pytest.raises(BadFile) as bad:
        of(*given)
    return bad.value.finding.name


def test_a_file_is_kept_once_with_its_digest(components: Components) -> None:
    raw = attached.letter()
    one = components.attachments.to_nothing_yet(ME, "C:\\x\\công văn.PDF", raw)
    two = components.attachments.to_nothing_yet(OTHER, "b.pdf", raw)
    components.attachments.to_nothing_yet(ME, "again.pdf", raw)
    assert one.digest == two.digest
    (kept,) = rows(components, tables.stored_file)
    assert (kept.body, kept.size, kept.kind, kept.scan) == (raw, len(raw), "pdf", "not_scanned")
    assert sorted((each.owner, each.name) for each in rows(components, tables.attachment)) == [
        (ME.number, "công văn.pdf"),
        (OTHER.number, "b.pdf"),
    ]


@pytest.mark.parametrize(
    "attack", ["polyglot of jpeg and pdf", "launch action", "png bomb", "wrong extension: picture"]
)
def test_what_is_refused_leaves_nothing_in_the_store(components: Components, attack: str) -> None:
    name, made, finding = attached.HOSTILE[attack]
    assert refusal(components.attachments.to_nothing_yet, ME, name, made()) == finding
    assert rows(components, tables.stored_file) == rows(components, tables.attachment) == []


def test_five_megabytes_and_one_byte_are_one_byte_too_many(components: Components) -> None:
    components.attachments.to_nothing_yet(ME, "a.jpg", padded(5 * MB))
    assert refusal(components.attachments.to_nothing_yet, ME, "a.jpg", padded(5 * MB + 1)) == "file_too_large"


def test_twenty_one_megabytes_in_sum_are_too_many_for_one_entry(components: Components) -> None:
    """Of small files, by a lower bound with the same shares: four fit, the fifth does not."""
    few = replace(
        components.attachments, limits=FileLimits(file=5 * MB, dossier=20_000, unsent=10 * MB), look=lambda *_: None
    )
    with components.database.transaction() as connection:
        connection.execute(tables.paper_record.insert().values(**_entry()))
    for number in range(4):
        few.to_paper(OFFICER, 7, "KHAC", "a.jpg", padded(5000, number))
    assert refusal(few.to_paper, OFFICER, 7, "KHAC", "a.jpg", padded(5000, 9)) == "files_too_large"
    assert len(few.of_paper(7)) == 4


def _entry() -> dict[str, Any]:
    moment = CLOCK
    return {
        **{"id": 7, "number": "12GIAY", "year": 2026, "procedure": "x", "mapping": "x/1", "values": {}, "rows": {}},
        **{"received_at": moment, "entered_by": "an-01", "entered_at": moment},
    }


def test_what_one_person_has_not_sent_is_bounded(components: Components) -> None:
    few = replace(components.attachments, limits=FileLimits(5 * MB, 5 * MB, 9000), look=lambda *_: None)
    few.to_nothing_yet(ME, "a.jpg", padded(5000, 1))
    assert refusal(few.to_nothing_yet, ME, "b.jpg", padded(5000, 2)) == "files_unsent"
    few.to_nothing_yet(OTHER, "b.jpg", padded(5000, 2))


def test_only_a_declarant_uploads_and_only_an_officer_scans_paper(components: Components) -> None:
    with pytest.raises(NoRight):
        components.attachments.to_nothing_yet(OFFICER, "a.pdf", attached.letter())
    with pytest.raises(NoRight):
        components.attachments.to_paper(ME, 7, "KHAC", "a.pdf", attached.letter())


def scanned_by(components: Components, scanner: Says) -> Scanning:
    return replace(components.scanning, scanner=scanner)


def test_an_infected_file_is_not_taken(components: Components) -> None:
    files = replace(components.attachments, scanning=scanned_by(components, Says("Eicar")))
    assert refusal(files.to_nothing_yet, ME, "a.pdf", attached.letter()) == "file_infected"
    assert rows(components, tables.stored_file) == []


def test_clamd_finds_what_its_signature_names(components: Components, tmp_path: Path) -> None:
    """A real clamd with the test string of scanners as its one signature; then it is gone."""
    demand("clamav-daemon")
    with clamd(tmp_path / "clamd", attached.EICAR) as path:
        scanner = Clamd(str(path), 60)
        files = replace(components.attachments, scanning=replace(components.scanning, scanner=scanner))
        clean = files.to_nothing_yet(ME, "a.pdf", attached.letter())
        assert (clean.verdict.scan, clean.verdict.threat) == (Scan.CLEAN, None)
        assert clean.verdict.at is not None
        with pytest.raises(BadFile) as bad:
            files.to_nothing_yet(ME, "b.jpg", attached.picture("JPEG") + attached.EICAR)
        assert bad.value.finding.name == "file_infected"
        assert SIGNATURE in bad.value.finding.words["threat"]
    away = files.to_nothing_yet(ME, "c.png", attached.picture())
    assert away.verdict.scan is Scan.NOT_SCANNED
    assert [each.kind for each in rows(components, tables.stored_file)] == ["pdf", "png"]


@pytest.mark.parametrize("answer", [b"", b"garbage\0", b"INSTREAM size limit exceeded. ERROR\0"])
def test_a_scanner_that_says_something_else_has_not_scanned(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                while not line.recv(1 << 16).endswith(bytes(4)):
                    pass
                line.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(Unavailable):
            Clamd(f"127.0.0.1:{server.getsockname()[1]}", 30).threat(b"abc")


def test_while_the_scanner_is_away_a_file_is_kept_and_asked_about_later(components: Components) -> None:
    away = scanned_by(components, Says(away=True))
    file = replace(components.attachments, scanning=away).to_nothing_yet(ME, "a.pdf", attached.letter())
    assert file.verdict.scan is Scan.NOT_SCANNED
    assert away.catch_up() == 0
    assert away.catch_up() == 0
    assert away.scanner is not None
    assert away.scanner.asked == 2  # type: ignore[attr-defined]  # once at the upload, once by the clock, which waits then
    back = scanned_by(components, Says("Trojan.X"))
    assert back.catch_up() == 1
    (kept,) = rows(components, tables.stored_file)
    assert (kept.scan, kept.threat) == ("infected", "Trojan.X")
    with components.database.reading() as connection:
        assert store.body(connection, file.digest) is None


def test_a_file_that_is_uploaded_again_is_kept_from_then_on(components: Components) -> None:
    raw, keep, now = attached.letter(), components.attachments.keep, components.legal_clock()
    components.attachments.to_nothing_yet(ME, "a.pdf", raw)
    replace(components.attachments, clock=lambda: now + keep / 2).to_nothing_yet(ME, "b.pdf", raw)
    assert replace(components.attachments, clock=lambda: now + keep).sweep() == 0
    (kept,) = rows(components, tables.attachment)
    assert (kept.name, kept.added_at) == ("a.pdf", now + keep / 2)
    assert replace(components.attachments, clock=lambda: now + keep * 3 / 2).sweep() == 1


def test_a_file_that_is_named_while_the_clock_removes_it_stays(tmp_path: Path, postgresql_url: str) -> None:
    """Its time ends in the moment in which its declaration is judged."""
    with gate(tmp_path, postgresql_url) as components:
        file = components.attachments.to_nothing_yet(ME, "a.pdf", attached.letter())
        late = replace(components.attachments, clock=lambda: components.legal_clock() + components.attachments.keep)
        values: store.NewAttachment = {"digest": file.digest, "name": "a.pdf", "added_by": "x"}
        with ThreadPoolExecutor(1) as clock:
            with components.database.transaction() as connection:
                assert store.known(connection, ME.number, None, [file.digest])
                swept, until = clock.submit(late.sweep), time.monotonic() + 60
                while not swept.done() and not _waits(components) and time.monotonic() < until:
                    time.sleep(0.02)
                store.attach(connection, components.database, {**values, "added_at": late.clock()})
            assert swept.result(60) == 0
        with components.database.reading() as connection:
            assert store.body(connection, file.digest)


def _waits(components: Components) -> bool:
    """Whether some transaction waits for another."""
    with components.database.reading() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())


def test_what_nobody_declares_is_removed_after_its_time(either: Components) -> None:
    components = either
    file = components.attachments.to_nothing_yet(ME, "a.pdf", attached.letter())
    assert components.attachments.sweep() == 0
    later = replace(components.attachments, clock=lambda: components.legal_clock() + components.attachments.keep)
    assert later.sweep() == 1
    assert file.digest
    assert rows(components, tables.attachment) == rows(components, tables.stored_file) == []


def test_the_scanned_letter_of_an_authorisation_is_not_swept(components: Components) -> None:
    """Its bytes are a declarant's too, who has not sent them in time."""
    raw = attached.letter()
    components.attachments.to_nothing_yet(ME, "a.pdf", raw)
    letter = components.attachments.looked_at("b.pdf", raw)
    row_id = components.authorisations.grant("0100112437", "0100109106", "UQ-1", scanned=letter, actor=OFFICER)
    later = replace(components.attachments, clock=lambda: components.legal_clock() + 2 * components.attachments.keep)
    assert later.sweep() == 0
    given = components.attachments_given.letter(row_id, OFFICER)
    assert given is not None
    assert (given.name, given.body) == ("b.pdf", raw)
    assert rows(components, tables.attachment) == []
