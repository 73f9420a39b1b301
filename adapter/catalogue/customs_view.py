"""`customs.yaml`: which values of persons and vehicles customs see; proved against the procedures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapter.catalogue.make import make_label
from adapter.model.customs_view import OUTSIDE, CustomsView, Show, ShownColumn, ShownList
from adapter.model.procedure import Procedure

CUSTOMS_FILE = "customs.yaml"


def read_customs_view(stated: Mapping[str, Any], procedures: Sequence[Procedure]) -> CustomsView:
    """The view of a file's content.

    Raises:
        ValueError: it names a group or field that no procedure has, or a way to show that there is not.
    """
    fields = {spec.name for each in procedures for spec in each.fields}
    fields |= {spec.name for each in procedures for group in each.groups for spec in group.fields}
    groups = {OUTSIDE, *(group.name for each in procedures for group in each.groups)}
    made = {name: _list(stated[name], name, fields, groups) for name in ("persons", "vehicles") if name in stated}
    return CustomsView(**made)


def _list(stated: Mapping[str, Any], name: str, fields: set[str], groups: set[str]) -> ShownList:
    columns = tuple(_column(each, name) for each in stated["columns"])
    for column in columns:
        if unknown := [field for field in column.fields if field not in fields]:
            raise ValueError(f"{name}: no procedure has a field {unknown[0]!r}; name one that a mapping states")
    if unknown := [group for group in stated["groups"] if group not in groups]:
        raise ValueError(f"{name}: no procedure has a group {unknown[0]!r}; name one that a mapping states")
    return ShownList(tuple(stated["groups"]), columns)


def _column(stated: Mapping[str, Any], name: str) -> ShownColumn:
    show = stated.get("show", Show.WHOLE.value)
    if show not in set(Show):
        raise ValueError(f"{name}: {stated['name']}: show is one of {', '.join(Show)}, not {show!r}")
    return ShownColumn(stated["name"], make_label(stated["label"]), tuple(stated["fields"]), Show(show))
