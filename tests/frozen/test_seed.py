"""The large store is of rows such as the program makes: its journal proves itself, its keys are those of its values."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from adapter.gateways.store import lookups
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal_proof import prove
from adapter.gateways.store.tables import declaration, declaration_row, dossier, metadata, search_key
from adapter.pipeline.search_keys import search_value
from adapter.services.dossiers.lookup import LookupKind, Question
from tests.frozen.recording import Told
from tests.harness.fixtures import CLOCK
from tests.harness.seed.store import NoRoom, Seed
from tests.harness.seed.template import ONCE


def test_every_table_and_kind_of_row_is_there(seed: Seed, seeded: Database) -> None:
    with seeded.reading() as connection:
        counted = {
            t.name: connection.execute(select(func.count()).select_from(t)).scalar_one() for t in metadata.sorted_tables
        }
        states = set(connection.execute(select(dossier.c.procedure, dossier.c.state).distinct()).all())
    assert [name for name, rows in counted.items() if not rows] == ["counter"]
    assert counted["dossier"] == seed.dossiers
    assert states == {(row["procedure"], row["state"]) for row in seed.template.whole["dossier"]}


def test_the_journal_of_a_seeded_store_proves_itself(seed: Seed, seeded: Database) -> None:
    with seeded.reading() as connection:
        proof = prove(connection, now=CLOCK)
    assert (proof.faults, proof.untold) == ([], 0)
    assert proof.chains > 0.8 * seed.dossiers


def test_the_keys_of_seeded_dossiers_are_those_of_their_values(seeded: Database) -> None:
    with seeded.reading() as connection:
        some = connection.execute(select(dossier.c.id).order_by(dossier.c.id).limit(300)).scalars().all()
        said: defaultdict[int, set[str]] = defaultdict(set)
        forms = select(declaration.c.dossier_id, declaration.c["values"]).where(declaration.c.dossier_id.in_(some))
        lists = (
            select(declaration.c.dossier_id, declaration_row.c["values"])
            .join(declaration_row, declaration_row.c.declaration_id == declaration.c.id)
            .where(declaration.c.dossier_id.in_(some))
        )
        for key, values in [*connection.execute(forms), *connection.execute(lists)]:
            said[key].update(text for text in values.values() if isinstance(text, str))
        keys = connection.execute(search_key.select().where(search_key.c.dossier_id.in_(some))).all()
    looked_up = [key for key in keys if key.kind in set(LookupKind) - {"confirmation"}]
    assert len(looked_up) > 300
    lost = [
        key for key in looked_up if key.value not in {search_value(key.kind, each) for each in said[key.dossier_id]}
    ]
    assert lost == []


def test_a_seeded_row_has_the_shape_of_the_row_that_it_repeats(seed: Seed, seeded: Database) -> None:
    """Each combination of empty and filled columns is one that the program itself has made."""
    with seeded.reading() as connection:
        for table in metadata.sorted_tables:
            if table.name in ONCE:
                continue
            made = {_shape(row) for row in seed.template.whole[table.name]}
            rows = connection.execute(select(table).limit(5000)).all()
            assert {_shape(row._mapping) for row in rows} <= made, table.name


def _shape(row: Any) -> tuple[Any, ...]:
    documents = {
        name: tuple(sorted(value)) for name, value in row.items() if isinstance(value, dict) and name != "detail"
    }
    return tuple((name, value is None, documents.get(name)) for name, value in row.items())


def test_a_firm_with_many_dossiers_is_paged_to_its_end(seed: Seed, seeded: Database) -> None:
    firm = next(iter(sorted(word for word in seed.template.firms if re.fullmatch(r"\d{10}", word))))
    with seeded.reading() as connection:
        total = lookups.count_by_key(connection, kind="tax_code", value=firm, places=None, most=10**6)
        seen: list[int] = []
        before = None
        while page := lookups.by_key(connection, kind="tax_code", value=firm, places=None, limit=51, before=before):
            seen += [row.id for row in page[:50]]
            before = page[:50][-1].id
    assert len(seen) == len(set(seen)) == total > 4 * 50
    assert Question(LookupKind.TAX_CODE, firm).after is None


def test_what_is_needed_is_told_about_right(seed: Seed, seeded: Database) -> None:
    with seeded.reading() as connection:
        used = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
    assert 0.6 * used < seed.bytes_needed() < 1.6 * used


def test_a_disk_without_room_is_refused_before_anything_is_written(seed: Seed) -> None:
    seed.refuse_without_room(int(1.6 * seed.bytes_needed()))
    with pytest.raises(NoRoom, match="must be free"):
        seed.refuse_without_room(int(1.4 * seed.bytes_needed()))


def test_further_people_have_names_and_papers_of_their_own_and_are_found_by_them(
    story: Told, new_store: Callable[[str], str]
) -> None:
    database, papers = Database(new_store("crowd")), ("A", "B")
    Seed(story.rows, count=50, raw=0, further=2).write(database)
    with database.reading() as connection:
        people = connection.execute(select(declaration_row.c.ordinal, declaration_row.c["values"])).all()
        keys = set(connection.execute(select(search_key.c.value).where(search_key.c.kind == "paper")).scalars())
    stated = [(ordinal, values["documentNumber"]) for ordinal, values in people if values.get("documentNumber")]
    first = [paper for ordinal, paper in stated if ordinal < 1000]
    assert first
    assert len(stated) == 3 * len(first)
    assert {search_value("paper", f"{paper}{letter}") for paper in first for letter in papers} <= keys
    database.close()
