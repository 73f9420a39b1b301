"""`paper`: what was done by hand while nothing else worked, entered by an officer and checked by a second one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.cli.acting import acting
from adapter.cli.dossiers import OfficerId
from adapter.cli.options import AsJson, Config, moment, open_components, read_input
from adapter.cli.printing import as_json, line, listing, note, pairs
from adapter.gateways.store.paper_records import StoredPaperRecord
from adapter.model.errors import Misconfigured
from adapter.services.dossiers.paper_values import PaperForm

paper = typer.Typer(no_args_is_help=True, help="What was done by hand, on paper (QĐ 15/2019/QĐ-TTg Article 10(4)).")
Entry = Annotated[int, typer.Argument(metavar="ENTRY", help="Its id, as `paper list` shows it.")]
_LISTED = ("id", "number", "year", "procedure", "gate", "received_at", "entered_by", "entered_at")


@paper.command("enter")
def paper_enter(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="YAML: procedure, number, year, received_at, confirmed_at, confirmation, values, rows; - is stdin.",
        ),
    ],
    officer: OfficerId,
    config: Config = None,
) -> None:
    """Enter a form that was handed in on paper. A second officer checks it with `paper check`."""
    form, components = _form(read_input(file)), open_components(config)
    row_id = components.paper_records.enter(form, actor=acting(components, officer))
    line(f"entry {row_id}")
    note("it is no dossier yet: a second officer compares it with the paper: nsw-adapter paper check")


@paper.command("list")
def paper_list(
    officer: OfficerId,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="List at most so many.")] = 50,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """What waits for a second officer, the oldest first."""
    components = open_components(config)
    found = components.paper_records.unchecked(limit, actor=acting(components, officer))
    listing("entry", [_without_values(each) for each in found], (), json=True) if json else listing(
        "entry", found, _LISTED, heads=[name.replace("_", " ") for name in _LISTED], json=False
    )


@paper.command("show")
def paper_show(entry: Entry, officer: OfficerId, json: AsJson = False, config: Config = None) -> None:
    """An entry with all that was typed, to be compared with the paper."""
    components = open_components(config)
    row = components.paper_records.show(entry, actor=acting(components, officer))
    if json:
        as_json(row)
        return
    pairs(f"Entry {row.id}", {**_without_values(row), **row.values})
    for group, records in row.rows.items():
        for place, each in enumerate(records, start=1):
            pairs(f"{group} {place}", each)


@paper.command("check")
def paper_check(entry: Entry, officer: OfficerId, config: Config = None) -> None:
    """It agrees with the paper: from now on it is a dossier of channel MANUAL, found in every lookup."""
    components = open_components(config)
    line(f"dossier {components.paper_records.check(entry, actor=acting(components, officer))}")


@paper.command("send-back")
def paper_send_back(
    entry: Entry,
    officer: OfficerId,
    reason: Annotated[str, typer.Option(help="What does not agree with the paper. No name of a person.")],
    config: Config = None,
) -> None:
    """It was entered wrongly: it has no effect, and is entered anew."""
    components = open_components(config)
    components.paper_records.send_back(entry, reason=reason, actor=acting(components, officer))
    line("sent back")


def _without_values(row: StoredPaperRecord) -> dict[str, object]:
    return {each.name: getattr(row, each.name) for each in fields(row) if each.name not in ("values", "rows")}


def _form(body: bytes) -> PaperForm:
    """The form of a file.

    Raises:
        Misconfigured: it is no YAML, or a part is missing or is none.
    """
    try:
        stated = read_yaml(body)
        rows = stated.get("rows") or {}
        return PaperForm(
            procedure=str(stated["procedure"]),
            number=str(stated["number"]),
            year=int(stated["year"]),
            received_at=_time(stated["received_at"]),
            confirmed_at=_time(stated["confirmed_at"]) if stated.get("confirmed_at") else None,
            confirmation=str(stated["confirmation"]) if stated.get("confirmation") else None,
            values=_texts(stated["values"]),
            rows={str(name): [_texts(each) for each in records] for name, records in rows.items()},
        )
    except NoYaml as error:
        raise Misconfigured("; ".join(error.faults)) from None
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Misconfigured(f"the file is no form: {type(error).__name__} at {error}; see docs/operations.md") from None


def _time(stated: Any) -> datetime:
    at = moment(str(stated), "received_at")
    if at is None:
        raise ValueError("a time")
    return at


def _texts(stated: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(text) for name, text in stated.items() if text is not None}
