"""More people on the lists of a seeded store, each with a name and a paper of his own: made by the server of those who
are there.
"""

from __future__ import annotations

from sqlalchemy import text

from adapter.gateways.store.database import Connection
from adapter.gateways.store.tables import declaration_row, search_key

TABLES = (declaration_row, search_key)
"""What grows."""
_PEOPLE = text(
    'INSERT INTO declaration_row (declaration_id, "group", ordinal, "values") '
    'SELECT declaration_id, "group", ordinal + 1000 * further, CAST(regexp_replace(CAST("values" AS text), '
    """'"(documentNumber|fullName)" *: *"([^"]*)"', '"\\1":"\\2' || chr(64 + further) || '"', 'g') AS json) """
    "FROM declaration_row, generate_series(1, :further) AS further WHERE \"values\" ->> 'documentNumber' IS NOT NULL"
)
_KEYS = text(
    "INSERT INTO search_key (kind, value, dossier_id, version) SELECT kind, value || chr(64 + further), dossier_id, "
    "version FROM search_key, generate_series(1, :further) AS further WHERE kind IN ('name', 'paper')"
)


def crowd(connection: Connection, further: int) -> None:
    """Add so many for each one who has a paper, at most 26; who is found by a name or a paper is on the list too."""
    connection.execute(_PEOPLE, {"further": further})
    connection.execute(_KEYS, {"further": further})
