"""A plugin of pytest (`-p tests.one_database`): of what runs on both databases one alone, where SQL is one.

What goes over statements that differ by database runs on both in each `make test` (`ON_BOTH`), and of each area that
writes a file stays on PostgreSQL (`ON_POSTGRESQL`): what comes in at a door and is decided, what is amended and
drafted, registers, sessions, what is replayed, restored, reconciled, told or deleted by its age. All else is on SQLite,
where a test costs a quarter: no server copies a database for it. PostgreSQL is asked besides for the plan of every
statement of the whole story (tests/frozen/test_plans.py), works under kills, outages and load, and by each listener's
role; `make prove ARGS=databases` runs all of it on both.
"""

from __future__ import annotations

import pytest

FIXTURES = ("database_url", "standing_url", "empty_database_url")
_FOLDER = "tests/integration"
ON_BOTH = frozenset(
    f"{_FOLDER}/test_{name}.py"
    for name in (
        *("store", "outbox", "open_transfers", "views", "rates", "attachments", "journal_proof", "notifications"),
        *("asked_at_once", "full_store", "customs_searches", "looks", "statements", "shown_states", "case_warnings"),
        *("officer_pages", "operator_pages", "cli_store", "servers"),
    )
)
"""Files about what adapter/gateways/store writes in another way on each: locks, upserts, lists of ids, compression."""
ON_POSTGRESQL = frozenset(
    f"{_FOLDER}/test_{name}.py"
    for name in (
        *("web_door", "decisions", "corrections", "drafts", "registry", "web_login", "staff_login", "message_browser"),
        *("replay", "rehearsal", "held_after_restore", "reconciliation", "waiting_for_evidence", "window_notices"),
        *("mail", "draft_retention"),
    )
)
"""A file of each area that writes."""


def is_left_out(item: pytest.Item) -> bool:
    """Whether this is the run of a test on one database whose run on the other stays."""
    file = item.nodeid.partition("::")[0]
    callspec = getattr(item, "callspec", None)
    if callspec is None or file in ON_BOTH:
        return False
    other = "sqlite" if file in ON_POSTGRESQL else "postgresql"
    return any(callspec.params.get(name) == other for name in FIXTURES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left = [item for item in items if is_left_out(item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not is_left_out(item)]
