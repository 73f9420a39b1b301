"""`python -m tests.frozen.seed`: a PostgreSQL store of N dossiers, which the story of `story` has told many times.

Where NSW_DATABASE_URL names an empty database that is filled; else one of a private cluster in var/seed/.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from adapter.gateways.store.database import Database
from adapter.gateways.store.upgrade import upgrade
from tests.frozen.post import post
from tests.frozen.story import tell
from tests.harness.pki import shared_pki
from tests.harness.seed.store import NoRoom, Seed
from tests.harness.seed.template import Template, template
from tests.harness.stores import sqlite_store
from tests.servers.postgresql import Postgres

FOLDER = Path("var/seed")


def told(folder: Path) -> Template:
    """What the story leaves in a store: rows as the program itself makes them."""
    made = post(folder, database_url=sqlite_store(folder / "story.db"), pki=shared_pki())
    try:
        tell(made)
        return template(made.components.database)
    finally:
        made.components.database.close()


def fill(database: Database, seed: Seed) -> None:
    """Make the tables in an empty database and fill them."""
    upgrade(database)
    seed.write(database)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.frozen.seed", description=__doc__)
    parser.add_argument("--count", type=int, default=50_000, help="dossiers (default: %(default)s)")
    parser.add_argument("--raw", type=float, default=0.02, help="share of messages whose bytes are kept, 0 to 1")
    parser.add_argument(
        "--further", type=int, default=0, help="people more for each one on a list, 0 to 26 (default: %(default)s)"
    )
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="nsw-seed-") as place:
        seed = Seed(told(Path(place)), count=asked.count, raw=asked.raw, further=asked.further)
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"{seed.dossiers} dossiers: about {seed.bytes_needed() / 1e9:.2f} GB", flush=True)
    try:
        seed.refuse_without_room(shutil.disk_usage(FOLDER).free)
    except NoRoom as error:
        print(error, file=sys.stderr)
        return 1
    began, used = time.monotonic(), time.process_time()
    url = os.environ.get("NSW_DATABASE_URL") or _own_database()
    database = Database(url)
    fill(database, seed)
    database.close()
    spent = time.process_time() - used
    print(f"filled in {time.monotonic() - began:.0f} s, {spent:.0f} s of CPU besides the server's")
    print("NSW_DATABASE_URL is taken" if "NSW_DATABASE_URL" in os.environ else f"url: {url}")
    return 0


def _own_database() -> str:
    """A fresh database of the cluster in var/seed/, which goes on running: `… tests.servers.postgresql stop`."""
    cluster = Postgres(FOLDER / "postgresql")
    if not cluster.processes():
        cluster.start()
    cluster.drop_database("seeded")
    return cluster.create_database("seeded")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
