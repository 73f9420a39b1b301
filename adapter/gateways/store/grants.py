"""Rights of the listeners' roles in PostgreSQL: the statements that grant exactly these.

The role of `database.url` owns the tables and may do everything. A listener's role reads what its pages show and writes
what its people do there; whatever is signed, judged or counted is written by the owner's processes alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from adapter.gateways.store.tables import metadata
from adapter.gateways.store.version_keys import PARTY
from adapter.model.errors import NotAllowed

_ROLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
READ, ADD, CHANGE, REMOVE = "SELECT", "INSERT", "UPDATE", "DELETE"
_ALL = (READ, ADD, CHANGE, REMOVE)


@dataclass(frozen=True, slots=True)
class TableGrant:
    """Rights on a table. `columns` may be changed, `rows` (SQL) are visible; empty: all."""

    does: tuple[str, ...] = (READ,)
    columns: tuple[str, ...] = ()
    rows: str = ""


_DOSSIERS = ("inbox", "dossier", "dossier_link", "declaration", "declaration_row", "confirmation", "amendment_request")
_WINDOW = ("window", "incident", "maintenance", "window_link")
NOBODY: frozenset[str] = frozenset({"counter"})
"""Tables that no listener needs."""

_SCANNED = ("kept_at", "scan", "threat", "scanned_at")
"""What changes of a kept file: its bytes never do."""

PORTAL: Mapping[str, TableGrant] = {
    **dict.fromkeys((*_DOSSIERS, "amendment", *_WINDOW, "suspension", "certificate"), TableGrant()),
    "authorisation": TableGrant((READ, ADD, CHANGE), ("revoked_at", "reason")),
    "outbox": TableGrant((READ, CHANGE), ("delivered_at", "readable_at")),
    "deadline": TableGrant((READ, CHANGE), ("ended_at", "why", "started_at", "due_at")),
    "draft": TableGrant(_ALL),
    "stored_file": TableGrant((READ, ADD, CHANGE), _SCANNED),
    "attachment": TableGrant((READ, ADD, CHANGE), ("added_at", "removed_at")),
    "mail_address": TableGrant(_ALL),
    "rate": TableGrant(_ALL),
    "statement_value": TableGrant((READ, ADD)),
    "mail": TableGrant((READ, ADD)),
    "mode_notice": TableGrant(),
    "notification": TableGrant((READ, ADD, CHANGE), ("read_at",)),
    "session": TableGrant(_ALL, rows="area = 'portal'"),
    "token": TableGrant(rows="role = 'declarant'"),
    "search_key": TableGrant(rows=f"kind = '{PARTY}'"),
    "journal": TableGrant((ADD,)),
}
"""The portal's rights. It reads no staff, no token of theirs, and no journal."""

_MANAGED = TableGrant((READ, ADD, CHANGE))
STAFF: Mapping[str, TableGrant] = {
    **dict.fromkeys((*_DOSSIERS, "amendment", "outbox", "deadline", "search_key", "contingency"), TableGrant()),
    **dict.fromkeys(("attempt", "snapshot", "throughput"), TableGrant()),
    "paper_record": TableGrant(),
    "stored_file": TableGrant((READ, ADD, CHANGE), _SCANNED),
    "attachment": TableGrant((READ, ADD)),
    **dict.fromkeys(("journal_seal", "expiry_alert"), TableGrant()),
    **dict.fromkeys(
        (
            *_WINDOW,
            "suspension",
            "delegation",
            "authorisation",
            "certificate",
            "person",
            "token",
            "emergency_secret",
            "lookup_right",
            "api_party",
        ),
        _MANAGED,
    ),
    **dict.fromkeys(("rate", "lookup_count", "assertion_seen", "customs_office", "proposal"), TableGrant(_ALL)),
    **dict.fromkeys(("mail", "mode_notice"), TableGrant()),
    **dict.fromkeys(("lookup_trace", "notification"), TableGrant((READ, ADD))),
    "session": TableGrant(_ALL, rows="area = 'staff'"),
    "journal": TableGrant((READ, ADD)),
}
"""The rights of the staff listener. It writes no message, dossier, version, reply or time limit: another part does."""

GRANTS: Mapping[str, Mapping[str, TableGrant]] = {"portal": PORTAL, "staff": STAFF}


def statements(roles: Mapping[str, str]) -> Iterator[str]:
    """The statements for the roles of `portal` and `staff`, by those names. Doing them again changes nothing.

    They are the owner's to do, after each `database upgrade`.

    Raises:
        NotAllowed: a role's name is none that PostgreSQL takes without quotes and more.
    """
    for role in roles.values():
        if not _ROLE.fullmatch(role):
            raise NotAllowed(f"{role!r} is no name of a role: letters, digits, _ and -, at most 63")
    for listener, role in roles.items():
        yield f'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "{role}"'
        yield f'GRANT USAGE ON SCHEMA public TO "{role}"'
        yield f'GRANT USAGE ON SEQUENCE ids TO "{role}"'
        yield f'GRANT SELECT ON alembic_version TO "{role}"'
        for table, grant in sorted(GRANTS[listener].items()):
            yield from _granted(table, grant, role)
    yield from _rows(roles)


def _granted(table: str, grant: TableGrant, role: str) -> Iterator[str]:
    columns = ", ".join(f'"{name}"' for name in grant.columns)
    for each in grant.does:
        only = f" ({columns})" if each == CHANGE and columns else ""
        yield f'GRANT {each}{only} ON "{table}" TO "{role}"'


def _rows(roles: Mapping[str, str]) -> Iterator[str]:
    """Row security for the tables of which a listener sees a part; the owner is not bound by it."""
    bounded = {table for listener in roles for table, grant in GRANTS[listener].items() if grant.rows}
    for table in sorted(bounded):
        yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
        for listener, role in roles.items():
            grant = GRANTS[listener].get(table)
            if grant is None:
                continue
            policy, rows = f"of_{listener}", grant.rows or "true"
            yield f'DROP POLICY IF EXISTS "{policy}" ON "{table}"'
            yield f'CREATE POLICY "{policy}" ON "{table}" TO "{role}" USING ({rows}) WITH CHECK ({rows})'


def unnamed() -> Collection[str]:
    """Tables without a statement of the listeners' rights."""
    return set(metadata.tables) - NOBODY - set(PORTAL) - set(STAFF)
