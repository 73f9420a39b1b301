"""The search keys of a version: by which values of a declaration its dossier is found, and who may read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from adapter.gateways.store.key_holders import SAME
from adapter.model.dossier import Dossier
from adapter.model.procedure import Procedure
from adapter.model.stages import Declaration, Record, Value
from adapter.pipeline.converters import write
from adapter.pipeline.sameness import same_key
from adapter.pipeline.search_keys import PAPER, search_value
from adapter.pipeline.trust.holder import plain

PARTY = "party"
"""The kind of search key that says who may read a dossier: a personal number or tax code in its one spelling."""


def identities(procedure: Procedure, values: Record, rows: Mapping[str, Sequence[Record]]) -> set[str]:
    """The personal numbers and tax codes, each in one spelling, that may read the dossier: declarant's, principal's."""
    return {plain(write(value)) for name in procedure.identities for value in _values(values, rows, name)}


def _values(values: Record, rows: Mapping[str, Sequence[Record]], name: str) -> Iterator[Value]:
    group, _, field = name.rpartition(".")
    records: Sequence[Record] = rows.get(group, ()) if group else (values,)
    return (record[field] for record in records if field in record)


def stated_keys(procedure: Procedure, values: Record, rows: Mapping[str, Sequence[Record]]) -> list[tuple[str, str]]:
    """Kind and value of each search key that these values state, in the order of the mapping."""
    stated = {
        (kind, search_value(kind, value if isinstance(value, str) else write(value))): None  # kept in their order
        for kind, name in procedure.search
        for value in _values(values, rows, name)
    }
    return [key for key in stated if key[1]]


def search_rows(declaration: Declaration, dossier: Dossier, same: str | None = None) -> list[dict[str, object]]:
    """The search keys of a version, each once. `same`: its `same_key`, of whoever has it already."""
    procedure = declaration.verified.envelope.procedure
    keys = stated_keys(procedure, declaration.values, declaration.rows)
    if same is None:
        same = same_key(declaration, {value for kind, value in keys if kind == PAPER})
    keys += [(PARTY, party) for party in sorted(identities(procedure, declaration.values, declaration.rows))]
    if same is not None:
        keys.append((SAME, same))
    dossier_id, version = dossier.id, dossier.versions
    return [{"kind": kind, "value": value, "dossier_id": dossier_id, "version": version} for kind, value in keys]
