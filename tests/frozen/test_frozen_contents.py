"""What is frozen holds everything, and the story that fills the next store does so too."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import MetaData, func, select

from adapter.gateways.store.upgrade import upgrade
from adapter.model.dossier import Act
from tests.frozen.contents import CLOSED, JOURNAL, missing
from tests.frozen.keeping import every
from tests.frozen.post import post
from tests.frozen.recording import Told
from tests.frozen.standing import Standing
from tests.frozen.story import tell
from tests.harness.pki import ROOT, shared_pki

_EVENT = re.compile(r'Entry(?:\.by)?\(\s*(?:event=)?f?"([^"]+)"')


def test_the_story_fills_every_table_and_every_state_of_today(story: Told) -> None:
    assert story.lacking == []


def test_on_sqlite_too_the_story_fills_every_table_and_every_state(tmp_path: Path) -> None:
    made = post(tmp_path, database_url=f"sqlite:///{tmp_path / 'adapter.db'}", pki=shared_pki())
    upgrade(made.components.database)
    tell(made)
    with made.components.database.reading() as connection:
        assert missing(made.components, connection) == []
    made.components.database.close()


def test_an_empty_store_lacks_everything(tmp_path: Path) -> None:
    made = post(tmp_path, database_url=f"sqlite:///{tmp_path / 'adapter.db'}", pki=shared_pki())
    upgrade(made.components.database)
    with made.components.database.reading() as connection:
        lacking = missing(made.components, connection)
    made.components.database.close()
    assert {"dossier: no row", "inbox.state: no parked", "journal.event: no window.mode"} <= set(lacking)
    assert {"dossier: none of BQP0100007 is withdrawn", "outbox.copy_of: always empty"} <= set(lacking)


def test_every_event_that_the_program_journals_is_among_those_that_a_store_must_hold() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "adapter" / "services").glob("**/*.py")]
    written = {name for source in sources for name in _EVENT.findall(source)}
    assert len(written) > 15
    for name in written:
        form = re.sub(r"\\\{[^}]*\\\}", "[a-z_]+", re.escape(name))
        assert any(re.fullmatch(form, event) for event in JOURNAL), name
    acts = {Act.ACCEPT, Act.COMPLETE, Act.COMPLETE_AMENDMENT, Act.REFUSE, Act.APPROVE, Act.DECLINE}
    assert {f"dossier.{act}" for act in {*acts, Act.REQUEST_AMENDMENT}} <= set(JOURNAL)


def test_every_released_version_has_its_frozen_store() -> None:
    released = re.findall(r"^## \[([\d.]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert {each.version for each in every()} == set(released)


def test_a_frozen_store_holds_each_value_that_a_column_had_in_its_day(untouched: Standing) -> None:
    """A table of its day is not empty, but for the one that only SQLite uses; the states of its day are there."""
    reflected = MetaData()
    with untouched.components.database.reading() as connection:
        reflected.reflect(connection)
        for table in reflected.sorted_tables:
            if (table.name, untouched.database) != ("counter", "postgresql"):
                assert connection.execute(select(func.count()).select_from(table)).scalar_one(), table.name
        dossiers = reflected.tables["dossier"]
        states = set(connection.execute(select(dossiers.c.state).distinct()).scalars())
    assert states >= {"received", "accepted", "completed", "completed_amended", "amended", "refused", "withdrawn"}
    assert states <= set(map(str, CLOSED["dossier.state"]))
