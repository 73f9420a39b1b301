"""A store full of what strangers could have written: no command that reads lets it reach the terminal as it is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, String, Text, select, update
from typer.main import get_command
from typer.testing import CliRunner

from adapter.cli import app, options
from adapter.gateways.store.tables import certificate, dossier, inbox, incident, metadata, search_key
from adapter.gateways.store.upgrade import upgrade
from adapter.services.dossiers.lookup import LookupKind
from tests.frozen.keeping import every
from tests.frozen.standing import Standing, restored
from tests.frozen.test_frozen_dossiers import BY_DOSSIER, FOLLOWED, READS
from tests.harness.shares import FULL

PROGRAM = get_command(app)
HOSTILE = (
    "clear\x1b[2J\x1b]0;title\x07 csi\x9b31m nul\x00 back\x08\r\n\tline bidi\u202e\u2066\u200f\ufeff end\u2028\u2029 "
    "non\ufffe\U0001ffff tag\U000e0041 \u05e9\u05dc\u05d5\u05dd \u0e01\u0e33 " + "very long " * (300 if FULL else 30)
)
STRUCTURE = {"mapping", "schema", "procedure", "document_type", "message_key", "sender", "name", "identity"}
"""Columns that are ours alone and never a stranger's words; without them nothing is found or read any more."""
UNSEEN = ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")


def _is_words(column: Any) -> bool:
    if column.primary_key or column.name in STRUCTURE or column.foreign_keys:
        return False
    kind = column.type
    return isinstance(kind, Text) or (isinstance(kind, String) and (kind.length or 0) >= 80)


def _soiled(value: Any) -> Any:
    """A JSON value in which each text of words is hostile: with a space, and no time."""
    match value:
        case dict():
            return {key: _soiled(inner) for key, inner in value.items()}
        case list():
            return [_soiled(inner) for inner in value]
        case str() if " " in value and not re.match(r"\d{4}-", value):
            return HOSTILE
        case _:
            return value


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    made = restored(every()[-1], "sqlite", tmp_path_factory.mktemp("hostile"), None)
    database = made.components.database
    upgrade(database)
    with database.transaction() as connection:
        for table in metadata.sorted_tables:
            words = {column.name: HOSTILE for column in table.c if _is_words(column)}
            if words:
                for name in words:
                    connection.execute(update(table).where(table.c[name].is_not(None)).values({name: HOSTILE}))
            documents = [column for column in table.c if isinstance(column.type, JSON)]
            if documents:
                keys = list(table.primary_key.columns)
                for row in connection.execute(select(*keys, *documents)).mappings().all():
                    changed = {column.name: _soiled(row[column.name]) for column in documents}
                    where = [key == row[key.name] for key in keys]
                    connection.execute(update(table).where(*where).values(changed))
    yield made
    database.close()


@pytest.fixture
def run(store: Standing, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setattr(options, "build", lambda _: store.components)
    monkeypatch.setattr("typer.testing._get_command", lambda _: PROGRAM)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, "--config", str(store.config)])
        assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exception)
        assert done.exit_code in (0, 1), (arguments, done.output)
        return done.output

    return run


def raw(output: str) -> set[str]:
    """Characters that would reach the terminal as they are."""
    return {ascii(each) for each in output if each != "\n" and unicodedata.category(each) in UNSEEN}


def share(ids: Sequence[Any]) -> Sequence[Any]:
    """Of rows of one kind the first, the last and some between; all in a long proof."""
    return ids if FULL else sorted({*ids[:: max(1, len(ids) // 4)], ids[-1]})


def calls(store: Standing) -> Iterator[tuple[str, list[str]]]:
    """Every command that reads, and those that follow what it lists."""
    for name, words in READS.items():
        yield name, list(words)
    with store.components.database.reading() as connection:
        held = connection.execute(select(inbox.c.public_id).where(inbox.c.state == "parked")).scalars().all()
        arrived = connection.execute(select(inbox.c.public_id)).scalars().all()
        incidents = connection.execute(select(incident.c.id)).scalars().all()
        serials = connection.execute(select(certificate.c.serial)).scalars().all()
        rows = connection.execute(select(dossier)).all()
        kinds = {row.kind: row.value for row in connection.execute(select(search_key))}
    followed = {"quarantine show": held, "certificate show": serials}
    followed |= {"message show": arrived, "reconcile report": incidents}
    assert followed.keys() == FOLLOWED.keys()
    for name, ids in followed.items():
        assert ids, name
        yield from ((name, [*name.split(), str(each), "--json"]) for each in share(ids))
    shows = BY_DOSSIER - {"dossier find"}
    for row in {(row.procedure, row.state if FULL else ""): row for row in rows}.values():
        for name in sorted(shows):
            yield name, [*name.split(), row.number, str(row.year), "--by", "frozen", "--json"]
            yield name, [*name.split(), row.number, str(row.year), "--personal", "--by", "frozen", "--json"]
    for kind in LookupKind:
        if kind in kinds:
            yield (
                "dossier find",
                ["dossier", "find", f"--{kind.replace('_', '-')}", kinds[kind], "--by", "frozen", "--json"],
            )


@pytest.mark.parametrize("form", ["table", "json"])
def test_no_command_shows_a_stranger_s_words_as_they_are(form: str, store: Standing, run: Callable[..., str]) -> None:
    shown = set()
    for name, words in calls(store):
        output = run(*(word for word in words if form == "json" or word != "--json"))
        assert raw(output) == set(), (words, raw(output))
        if re.search(r"\\(x|u00)9b31m", output):
            shown.add(name)
    assert len(shown) >= 9, f"what was written must be seen, or this proved nothing: {sorted(shown)}"


def test_a_file_s_hostile_name_and_words_are_shown_as_escapes(tmp_path: Path, run: Callable[..., str]) -> None:
    file = tmp_path / "a\x1b[2J\x9b31m\u202e.xml"
    file.write_text(f"<Envelope><x>{'&#x9b;31m'}</x></Envelope>", encoding="utf-8")
    for options_given in ([], ["--json"]):
        output = run("judge", str(file), *options_given)
        assert raw(output) == set()
        assert re.search(r"\\(x|u00)9b31m", output)
