"""`python -m tests.frozen VERSION`: fill a store by this code on both databases and keep it below tests/frozen/."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from adapter.gateways.store.upgrade import upgrade
from adapter.simulator.pki import Pki, make_pki
from tests.frozen.contents import missing
from tests.frozen.keeping import Frozen, digests, keep_certificates, keep_postgresql, keep_sqlite
from tests.frozen.post import post
from tests.frozen.story import tell
from tests.harness.pki import ROOT
from tests.servers.postgresql import Postgres


def main(version: str) -> int:
    frozen = Frozen(version)
    if frozen.folder.exists():
        print(f"{frozen.folder} is there already: what is frozen is never made anew", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="nsw-frozen-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # PostgreSQL's own user must reach its part
        pki = make_pki(folder / "pki")
        cluster = Postgres(folder / "postgresql", fsync=False)
        cluster.start()
        try:
            file = folder / "adapter.db"
            url = cluster.create_database("frozen")
            replies = _filled(folder / "1", f"sqlite:///{file}", pki) | _filled(folder / "2", url, pki)
            frozen.folder.mkdir()
            keep_sqlite(frozen, file)
            keep_postgresql(frozen, url)
        finally:
            cluster.stop()
        keep_certificates(frozen, pki)
    shutil.copy(ROOT / "config.yaml", frozen.config)
    frozen.replies.write_text("".join(f"{line}\n" for line in sorted(replies)), encoding="utf-8")
    print(f"{frozen.folder}: {len(replies)} replies")
    return 0


def _filled(folder: Path, url: str, pki: Pki) -> set[str]:
    """Tell the story into a fresh database; gives the lines of `replies.txt`."""
    folder.mkdir()
    made = post(folder, database_url=url, pki=pki)
    database = made.components.database
    upgrade(database)
    tell(made)
    with database.reading() as connection:
        lacking = missing(made.components, connection)
    if lacking:
        raise SystemExit("\n".join(["the story does not fill the store:", *lacking]))
    found = {f"{database.engine.dialect.name} {name} {digest}" for name, digest in digests(database).items()}
    database.close()
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.frozen VERSION")
    sys.exit(main(sys.argv[1]))
