"""A frozen store on disk: what is kept of it, how it is written, and how it comes back on either database.

tests/frozen/<version>/config.yaml          the configuration as it was shipped that day
                       adapter.db.xz        the store on SQLite
                       postgresql.sql.xz    the store on PostgreSQL, as pg_dump wrote it
                       replies.txt          SHA-256 of each reply, by database and message id
                       pki/                 that day's certificates and CRLs; a private key is never kept
"""

from __future__ import annotations

import hashlib
import lzma
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import outbox
from adapter.simulator.pki import Pki
from tests.servers.postgresql import binaries

FOLDER = Path(__file__).parent
DATABASES = ("sqlite", "postgresql")
PARTNERS = ("nsw", "portal", "system", "unit")
"""Whose certificates old messages and replies are verified with."""
_OF_ONE_RUN = re.compile(r"^(-- Dumped (from|by) .*|\\(un)?restrict .*)\n", re.MULTILINE)
"""What pg_dump writes differently each time, or by each of its versions."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """The store of one release."""

    version: str

    @property
    def folder(self) -> Path:
        return FOLDER / self.version

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def sqlite(self) -> Path:
        return self.folder / "adapter.db.xz"

    @property
    def dump(self) -> Path:
        return self.folder / "postgresql.sql.xz"

    @property
    def replies(self) -> Path:
        return self.folder / "replies.txt"

    def digests(self, database: str) -> dict[str, str]:
        """SHA-256 (hexadecimal) of each reply that was in the outbox, by message id."""
        lines = (line.split() for line in self.replies.read_text(encoding="utf-8").splitlines())
        return {name: digest for kind, name, digest in lines if kind == database}

    def to_sqlite(self, file: Path) -> None:
        """Bring the SQLite file back."""
        file.write_bytes(lzma.decompress(self.sqlite.read_bytes()))

    def to_postgresql(self, url: str) -> None:
        """Bring the dump back into an empty database.

        Raises:
            subprocess.CalledProcessError: a statement failed.
        """
        command = [str(binaries() / "psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", _plain(url)]
        subprocess.run(command, input=lzma.decompress(self.dump.read_bytes()), check=True, stdout=subprocess.DEVNULL)


def every() -> list[Frozen]:
    """All stores that are kept, the oldest first."""
    kept = [each.parent.name for each in FOLDER.glob("*/adapter.db.xz")]
    return [Frozen(name) for name in sorted(kept, key=lambda name: [int(part) for part in name.split(".")])]


def keep_sqlite(frozen: Frozen, file: Path) -> None:
    """Write the SQLite file as it is to be kept: one file, no log beside it, no free pages."""
    packed = file.with_name("packed.db")
    packed.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (str(packed),))
    frozen.sqlite.write_bytes(lzma.compress(packed.read_bytes(), preset=9))


def keep_postgresql(frozen: Frozen, url: str) -> None:
    """Write the dump: tables, rows, indexes and the sequence; no owners, no rights, nothing of this server."""
    command = [str(binaries() / "pg_dump"), "--format=plain", "--no-owner", "--no-privileges", _plain(url)]
    dump = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    frozen.dump.write_bytes(lzma.compress(_OF_ONE_RUN.sub("", dump).encode(), preset=9))


def keep_certificates(frozen: Frozen, pki: Pki) -> None:
    """Copy what is public: partners' certificates, anchors, intermediates, CRLs."""
    for name in PARTNERS:
        frozen.pki.mkdir(exist_ok=True)
        shutil.copy(pki.certificate_file(name), frozen.pki)
    for kind in ("anchors", "intermediates", "crls"):
        shutil.copytree(pki.folder / kind, frozen.pki / kind, dirs_exist_ok=True)


def digests(database: Database) -> dict[str, str]:
    """SHA-256 of each reply in a store's outbox, of the bytes themselves, by message id."""
    query = select(outbox.c.message_id, outbox.c.body).where(outbox.c.body.is_not(None))
    with database.reading() as connection:
        rows = connection.execute(query).all()
    return {row.message_id: hashlib.sha256(row.body).hexdigest() for row in rows}


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")
