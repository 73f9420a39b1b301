"""What a statement reads of a large store, as the server's planner says: whether it goes through a table that grows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from adapter.gateways.store.database import Connection, Database

GROWS = 2000
"""A table of more rows than that in the seeded store is one that grows."""
MANY = 5000
"""A statement that reads more rows than that of such a table takes longer with each dossier."""
_READS = ("SELECT", "UPDATE", "DELETE", "WITH", "INSERT")


@dataclass
class Recorder:
    """Every statement that an engine has run, once each, with the parameters of its first run and who asked."""

    asked_by: str = ""
    statements: dict[str, tuple[Any, str]] = field(default_factory=dict)

    def listen(self, engine: Engine) -> None:
        """Hear what runs from now on."""
        event.listen(engine, "before_cursor_execute", self._heard)

    def _heard(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(_READS):
            first = parameters[0] if many else parameters
            self.statements.setdefault(statement, (first, self.asked_by))


def swell(database: Database, times: int, *, once: Collection[str]) -> None:
    """From now on the planner takes a store for so many times as large; `once`: tables that do not grow.

    Rows decide then, since pages are as few as they are: one of an index costs what one of a table costs.
    """
    of_a_table = "coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = pg_class.oid), pg_class.oid)"
    with database.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE pg_class SET reltuples = reltuples * %s WHERE reltuples > 0 AND relkind IN ('r', 'i') "
            f"AND relnamespace = current_schema()::regnamespace AND {of_a_table}::regclass::text <> ALL(%s)",
            (times, sorted(once)),
        )
        name = connection.exec_driver_sql("SELECT quote_ident(current_database())").scalar_one()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET random_page_cost = 1")
    database.engine.dispose()


def sizes(connection: Connection) -> dict[str, int]:
    """Rows of each table, as the server counted them last."""
    query = (
        "SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    return {name: int(rows) for name, rows in connection.exec_driver_sql(query)}


def partial(connection: Connection) -> set[str]:
    """Indexes that hold a part of their table: what runs and waits, never all."""
    query = "SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL"
    return {row[0] for row in connection.exec_driver_sql(query)}


def faults(database: Database, statements: Mapping[str, tuple[Any, str]]) -> dict[str, list[str]]:
    """Of each statement that goes through a table that grows, by what node of its plan."""
    found = {}
    with database.reading() as connection:
        grow = {name for name, rows in sizes(connection).items() if rows > GROWS}
        small = partial(connection)
        for statement, (parameters, _) in statements.items():
            plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters or ()).scalar_one()
            told = [fault for node in nodes(plan[0]["Plan"]) if (fault := _fault(node, grow, small))]
            if told:
                found[statement] = told
    return found


def nodes(plan: dict[str, Any], limited: bool = False) -> Iterator[dict[str, Any]]:
    """Every node; `limited`: somebody above takes a few rows and stops."""
    limited = (limited or plan["Node Type"] == "Limit") and plan["Node Type"] not in ("Sort", "Aggregate", "Hash")
    yield {**plan, "limited": limited}
    asks_whether = plan["Node Type"] == "Nested Loop" and plan.get("Join Type") in ("Semi", "Anti")
    for each in plan.get("Plans", ()):
        # Whether there is one: the first row that is found ends the search.
        yield from nodes(each, limited or (asks_whether and each.get("Parent Relationship") == "Inner"))


def _fault(node: dict[str, Any], grow: set[str], small: set[str]) -> str | None:
    name = node.get("Relation Name")
    if name not in grow:
        return None
    kind, index = node["Node Type"], node.get("Index Name")
    if kind == "Seq Scan":
        return f"reads all of {name}"
    walks = index is not None and index not in small and "Index Cond" not in node
    if walks and (not node["limited"] or "Filter" in node):
        return f"walks all of {index}"
    if node["Plan Rows"] > MANY and not node["limited"]:
        return f"reads {node['Plan Rows']} rows of {name}"
    return None
