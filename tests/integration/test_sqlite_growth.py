"""What a batch costs an embedded store does not grow with what it holds: counted in steps of SQLite's machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, select

from adapter.gateways.store.tables import dossier, search_key
from tests.harness.registers import gate
from tests.integration.test_two_groups import group

_STEPS = 50
"""Of SQLite's virtual machine between two counts."""


@contextmanager
def counted(engine: Engine) -> Iterator[Counter[str]]:
    """Steps by statement, in units of `_STEPS`."""
    steps: Counter[str] = Counter()
    running = [""]

    def begun(_c: Any, cursor: Any, statement: str, *_: Any) -> None:
        running[0] = statement
        cursor.connection.set_progress_handler(counting, _STEPS)

    def counting() -> int:
        steps[running[0]] += 1
        return 0

    event.listen(engine, "before_cursor_execute", begun)
    try:
        yield steps
    finally:
        event.remove(engine, "before_cursor_execute", begun)


def test_a_batch_costs_the_same_with_thousands_of_keys_stored(tmp_path: Path) -> None:
    with gate(tmp_path) as made:
        made.intake.receive([group("HS1")])
        with counted(made.database.engine) as before:
            made.intake.receive([group("HS2", at="17:30:00")])
        with made.database.transaction() as connection:
            (first, _) = connection.execute(select(dossier.c.id)).scalars()
            for kind in ("paper", "same", "party"):
                strangers = [{"kind": kind, "value": f"X{n}", "dossier_id": first, "version": 1} for n in range(4000)]
                made.database.insert(connection, search_key, strangers)
        with counted(made.database.engine) as after:
            made.intake.receive([group("HS3", at="20:30:00")])
    assert sum(before.values()) > 0, "nothing was counted"
    grew = {text: (before[text], many) for text, many in after.items() if many > 2 * before[text] + 10}
    assert grew == {}
