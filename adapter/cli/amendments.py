"""`dossier`, continued: an officer's acts on amendments (forms 13 and 14), and versions side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from adapter.cli.acting import By, acting
from adapter.cli.dossiers import Number, OfficerId, OfficerName, Rank, Year, dossier, dossier_reader, stands, tell
from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line, listing, table, words
from adapter.model.identifiers import DossierKey
from adapter.pipeline.compose import AmendmentItem
from adapter.services.dossiers.versions import Comparison, Versions

_ASKED = "=>"
AmendmentNumber = Annotated[
    str, typer.Argument(metavar="AMENDMENT", help="Number of the amendment, as `dossier amendments` shows it.")
]


@dossier.command("request-amendment")
def request_amendment(
    number: Number,
    year: Year,
    officer: OfficerId,
    reason: Annotated[str, typer.Option(help="Stands in form 13.")],
    name: OfficerName = "",
    item: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="'WRONG => ASKED'", help="What is wrong and what is asked; as often as needed."),
    ] = None,
    rank: Rank = "",
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Ask the declarant to amend (Article 11(1)(b)): sends the signed 20/25 with form 13."""
    items = [_item(text) for text in item or ()]
    components = open_components(config)
    asked, due = components.amendments.request(
        DossierKey(number, year), acting(components, officer, name=name, rank=rank), reason=reason, items=items
    )
    tell(components, asked, json)
    if not json:
        line(f"the answer (form 14) is due an hour after the declarant has the request, not before {words(due)}")


@dossier.command("withdraw-request")
def withdraw_request(
    number: Number,
    year: Year,
    officer: OfficerId,
    reason: Annotated[str, typer.Option(help="Why; the declarant reads it at the portal.")],
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Withdraw a request to amend. If it has left already, the next confirmation names it in its remarks."""
    key = DossierKey(number, year)
    components = open_components(config)
    done = components.amendments.withdraw(key, acting(components, officer), reason=reason)
    now = dossier_reader(components).after_act(done.key)
    if json:
        as_json({"number": number, "year": year, "state": now.dossier.state})
    else:
        line(f"the request about dossier {key} is withdrawn; the dossier is {stands(now)}")


@dossier.command("amendments")
def list_amendments(
    everything: Annotated[bool, typer.Option("--all", help="Those decided on too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="At most so many.")] = 50,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Amendments that wait for an officer's approval, of the unit of whoever asks, the oldest first."""
    components = open_components(config)
    found = components.amendments.listed(everything=everything, limit=limit, actor=acting(components, by))
    columns = ("amendment", "dossier", "procedure", "on request", "reason", "received", "confirm until", "state")
    fields = ("number", "dossier", "procedure", "requested", "reason", "received_at", "confirm_before", "state")
    listing("amendment", found, fields, json=json, heads=columns)


@dossier.command("approve")
def approve(
    amendment: AmendmentNumber,
    officer: OfficerId,
    name: OfficerName = "",
    rank: Rank = "",
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Approve an amendment (Article 11(1)(a)): its version comes into force, the signed 20/21 is sent."""
    components = open_components(config)
    tell(components, components.amendments.approve(amendment, acting(components, officer, name=name, rank=rank)), json)


@dossier.command("decline")
def decline(
    amendment: AmendmentNumber,
    officer: OfficerId,
    reason: Annotated[str, typer.Option(help="Stands in the refusal.")],
    name: OfficerName = "",
    ground: Annotated[str, typer.Option(help="Legal ground; default: the configured one.")] = "",
    rank: Rank = "",
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Decline an amendment: the version before it stays in force, the signed 20/22 is sent."""
    components = open_components(config)
    done = components.amendments.decline(
        amendment, acting(components, officer, name=name, rank=rank), reason=reason, ground=ground
    )
    tell(components, done, json)


@dossier.command("versions")
def versions(
    number: Number,
    year: Year,
    changed: Annotated[bool, typer.Option("--changed", help="Only the lines that differ.")] = False,
    personal: Annotated[bool, typer.Option("--personal", help="Show personal values; the journal keeps it.")] = False,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """The versions of a dossier side by side, differences marked with ≠; personal values are masked."""
    components = open_components(config)
    reading = Versions(
        components.database, lambda: components.catalogue, components.installation.units, components.legal_clock
    )
    found = reading.of(DossierKey(number, year), personal=personal, actor=acting(components, by))
    if json:
        as_json(found)
    else:
        _show(found, only_changed=changed)


def _item(text: str) -> AmendmentItem:
    wrong, arrow, asked = (part.strip() for part in text.partition(_ASKED))
    if not (wrong and arrow and asked):
        raise typer.BadParameter(f"{text!r}: write 'what is wrong {_ASKED} what is asked'", param_hint="--item")
    return AmendmentItem(wrong=wrong, asked=asked)


def _show(found: Comparison, *, only_changed: bool) -> None:
    heads = ("version", "standing", "received", "amendment", "reason", "decided by", "decided")
    fields = ("version", "standing", "received_at", "amendment", "reason", "decided_by", "decided_at")
    table(
        f"Dossier {found.dossier}: {len(found.columns)} version(s)",
        heads,
        ([getattr(each, name) for name in fields] for each in found.columns),
    )
    names = [f"version {each.version}, {each.standing}" for each in found.columns]
    shown = [each for each in found.lines if each.changed or not only_changed]
    table(
        "What they say",
        ("", "field", "", *names),
        (("≠" if each.changed else " ", each.label.vi, each.place, *each.values) for each in shown),
    )
