"""A plugin of pytest (`-p tests.one_database`): of what runs on both databases PostgreSQL's alone, where SQL is one.

What goes over statements that differ by database runs on both in each `make test` (`ON_BOTH`). SQLite carries besides
all fixtures and attacks, the commands, and the sites whose tests ask for no database; `make prove ARGS=databases` runs
all of it on both.
"""

from __future__ import annotations

import pytest

FIXTURES = ("database_url", "standing_url", "empty_database_url")
ON_BOTH = frozenset(
    f"tests/integration/test_{name}.py"
    for name in (
        *("store", "outbox", "open_transfers", "views", "rates", "attachments", "journal_proof", "notifications"),
        *("asked_at_once", "full_store", "customs_searches", "looks", "statements", "shown_states", "case_warnings"),
        *("officer_pages", "operator_pages", "cli_store"),
    )
)
"""Files about what adapter/gateways/store writes in another way on each: locks, upserts, lists of ids, compression."""


def is_left_out(item: pytest.Item) -> bool:
    """Whether this is the SQLite run of a test whose PostgreSQL run stays."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or item.nodeid.partition("::")[0] in ON_BOTH:
        return False
    return any(callspec.params.get(name) == "sqlite" for name in FIXTURES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if is_left_out(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not is_left_out(item)]
