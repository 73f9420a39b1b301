"""Who leads those of a declaration: the rows that a rule of the mapping allows once (`at_most`, `most: 1`). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from adapter.model.procedure import Procedure
from adapter.model.stages import StoredRecord
from adapter.pipeline.converters import write
from adapter.pipeline.rules.view import conditions, matches
from adapter.pipeline.search_keys import PAPER, search_value

Rows = Mapping[str, Sequence[StoredRecord]]


def leaders_papers(procedure: Procedure, values: StoredRecord, rows: Rows) -> dict[str, str]:
    """The numbers of the papers of those who lead, by their spelling as a search key, in the order of the rows.

    Empty where the procedure has no such rule: a single traveller leads nobody. More than one: the rule is broken.
    """
    found: dict[str, str] = {}
    for group, record in _leading(procedure, values, rows):
        for kind, path in procedure.search:
            where, _, name = path.rpartition(".")
            stated = record.get(name) if (kind, where) == (PAPER, group) else None
            if stated not in (None, "") and (key := search_value(PAPER, text := write(stated))):
                found.setdefault(key, text)
    return found


def _leading(procedure: Procedure, values: StoredRecord, rows: Rows) -> Iterator[tuple[str, StoredRecord]]:
    for rule in procedure.rules:
        if rule.rule != "at_most" or rule.arguments["most"] != 1:
            continue
        group = procedure.group(str(rule.arguments["group"]))
        wanted = conditions(rule.arguments["where"])
        if group is None:
            continue
        within = {name: texts for name, texts in wanted.items() if name in group.by_name}
        outside = {name: texts for name, texts in wanted.items() if name not in within}
        if matches(values, outside):
            yield from ((group.name, record) for record in rows.get(group.name, ()) if matches(record, within))
