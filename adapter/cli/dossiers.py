"""`dossier`: an officer's acts, and the commands that show dossiers."""

from __future__ import annotations

from typing import Annotated

import typer

from adapter.bootstrap import Components
from adapter.cli.acting import By, acting
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing, note, pairs, table, words
from adapter.model.dossier import SHOWN_NAMES, Dossier, ShownState
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Route
from adapter.model.procedure import ReplyKind
from adapter.services.dossiers.life import DossierReader, Life
from adapter.services.dossiers.lookup import COUNTED, MOST, LookupKind, Question

dossier = typer.Typer(no_args_is_help=True, help="Dossiers (hồ sơ): look, accept, complete, refuse, amend.")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The dossier's number.")]
Year = Annotated[int, typer.Argument(metavar="YEAR", min=1000, max=9999, help="The dossier's year.")]
OfficerId = Annotated[
    str, typer.Option("--officer", metavar="ID", help="The officer, by his id in the register; the journal keeps it.")
]
OfficerName = Annotated[
    str, typer.Option("--name", help="The officer's name in the signed form, of one whom the register has not.")
]
Rank = Annotated[str, typer.Option("--rank", help="His rank there, likewise.")]


def dossier_reader(components: Components) -> DossierReader:
    """The reading use cases."""
    return DossierReader(
        components.database, lambda: components.catalogue, components.installation.units, components.legal_clock
    )


@dossier.command("list")
def dossier_list(
    state: Annotated[ShownState | None, typer.Option(help="Only these, by the state that the list shows.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="At most so many.")] = 50,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """The dossiers received last, of the unit of whoever asks. No personal value is shown."""
    components = open_components(config)
    found = dossier_reader(components).dossiers(state=state, limit=limit, actor=acting(components, by))
    columns = ("number", "year", "procedure", "state", "channel", "received", "confirm until", "late", "overdue")
    fields = ("number", "year", "procedure", "state", "channel", "received_at", "confirm_due_at", "late", "overdue")
    listing("dossier", found, fields, json=json, heads=columns)


@dossier.command("find")
def dossier_find(
    ship: Annotated[str | None, typer.Option(help="A ship's IMO number, name, registration or call sign.")] = None,
    plate: Annotated[str | None, typer.Option(help="Plate of a vehicle or its trailer.")] = None,
    paper: Annotated[str | None, typer.Option(help="Number of an identity paper.")] = None,
    confirmation: Annotated[str | None, typer.Option(help="Number of a confirmation.")] = None,
    tax_code: Annotated[str | None, typer.Option(help="Tax code of the enterprise.")] = None,
    after: Annotated[
        int | None, typer.Option(metavar="PLACE", min=0, max=2**62, help="The next ones, behind this place.")
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Dossiers with a version that states a key, in whatever spelling; the journal keeps who asked.

    Where only an older version states it, `replaced by` is the version that has replaced that one.
    """
    given = {
        LookupKind.SHIP: ship,
        LookupKind.PLATE: plate,
        LookupKind.PAPER: paper,
        LookupKind.CONFIRMATION: confirmation,
        LookupKind.TAX_CODE: tax_code,
    }
    place = None if after is None else str(after)
    asked = [Question(kind, value, after=place) for kind, value in given.items() if value is not None]
    if len(asked) != 1:
        raise typer.BadParameter("ask by exactly one key")
    components = open_components(config)
    found = components.lookup.find(asked[0], acting(components, by))
    fields = (
        "reference",
        "year",
        "procedure",
        "state",
        "gate",
        "unit",
        "crossing_at",
        "confirmation",
        "replaced_by",
        "late",
    )
    heads = ("number", *fields[1:8], "replaced by", "late")
    listing("dossier", found.dossiers, fields, json=json, heads=heads)
    if found.more:
        many = f"{COUNTED} or more" if found.count >= COUNTED else f"{found.count}"
        note(f"{MOST} of {many} are listed; the next ones: --after {found.last}")
    raise leave(Exit.OK if found.dossiers else Exit.NO)


@dossier.command("show")
def dossier_show(
    number: Number,
    year: Year,
    personal: Annotated[bool, typer.Option("--personal", help="Show personal values; the journal keeps it.")] = False,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """The life of a dossier: times, deadline, versions, replies, journal. Personal values are masked."""
    components = open_components(config)
    actor = acting(components, by)
    life = dossier_reader(components).life(DossierKey(number, year), personal=personal, actor=actor)
    if json:
        as_json(life)
    else:
        _show(life)


@dossier.command("accept")
def dossier_accept(
    number: Number,
    year: Year,
    officer: OfficerId,
    name: OfficerName = "",
    rank: Rank = "",
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Accept (tiếp nhận): sends the signed 20/21, for procedures whose acceptance is an officer's."""
    components = open_components(config)
    tell(
        components,
        components.completion.accept(DossierKey(number, year), acting(components, officer, name=name, rank=rank)),
        json,
    )


@dossier.command("complete")
def dossier_complete(
    number: Number,
    year: Year,
    officer: OfficerId,
    name: OfficerName = "",
    rank: Rank = "",
    remarks: Annotated[str, typer.Option(help="Stands in the form.")] = "",
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Confirm that the declaration is complete: sends the signed 30/23 (forms 08, 12, 17), or 30/28 (15) if amended."""
    components = open_components(config)
    done = components.completion.complete(
        DossierKey(number, year), acting(components, officer, name=name, rank=rank), remarks=remarks
    )
    tell(components, done, json)


@dossier.command("brought")
def dossier_brought(
    number: Number,
    year: Year,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="Name of its deadline, as `deadlines` lists it.")],
    officer: OfficerId,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When he brought it, ISO 8601; without zone Vietnam's. Default: now."),
    ] = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Record that the declarant has brought what he had to bring later: its deadline ends. Nothing is sent."""
    key, brought_at, components = DossierKey(number, year), moment(at, "--at"), open_components(config)
    since = components.handing_in.brought(key, what, acting(components, officer), at=brought_at)
    if json:
        as_json({"number": number, "year": year, "deadline": what, "brought_at": since})
    else:
        line(f"{what} of dossier {key} was brought {words(since)}")


@dossier.command("refuse")
def dossier_refuse(
    number: Number,
    year: Year,
    officer: OfficerId,
    reason: Annotated[str, typer.Option(help="Stands in the refusal.")],
    name: OfficerName = "",
    ground: Annotated[str, typer.Option(help="Legal ground: its code where the law names them, else words.")] = "",
    rank: Rank = "",
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Refuse: sends the signed 20/22 with ground and reason. Not possible once the declaration was confirmed."""
    components = open_components(config)
    key = DossierKey(number, year)
    tell(
        components,
        components.completion.refuse(
            key, acting(components, officer, name=name, rank=rank), reason=reason, ground=ground
        ),
        json,
    )


def tell(components: Components, done: Dossier, json: bool) -> None:
    """The dossier after an officer's act, and the signed reply."""
    now = dossier_reader(components).after_act(done.key)
    said = next(reply for reply in reversed(now.replies) if reply.kind != ReplyKind.TRANSFER.value)
    if json:
        as_json({**_facts(now), "reply": said})
        return
    standing = stands(now)
    number = f", confirmation {now.confirmation_number}" if now.confirmation_number else ""
    if said.awaits_unit is not None:
        waits = "is not signed yet: it waits for the key of its unit and then leaves by itself"
        line(f"dossier {done.key} is {standing}{number}; the {said.pair} {waits} {said.awaits_unit}".rstrip())
        return
    way = "can be read at the portal" if said.route == Route.PORTAL.value else "waits to be sent"
    line(f"dossier {done.key} is {standing}{number}; the signed {said.pair} {way}")


def stands(life: Life) -> str:
    """A dossier's state in a sentence."""
    state = life.dossier.state
    return SHOWN_NAMES[state].en if state in SHOWN_NAMES else state


def _facts(life: Life) -> dict[str, object]:
    seen = life.dossier
    return {
        "number": seen.number,
        "year": seen.year,
        "procedure": seen.procedure,
        "state": seen.state,
        "channel": seen.channel,
        "received_at": seen.received_at,
        "accepted_at": seen.accepted_at,
        "confirm_due_at": seen.confirm_due_at,
        "confirmed_at": seen.confirmed_at,
        "sent_at": seen.sent_at,
        "completed_at": seen.completed_at,
        "late": seen.late,
        "overdue": seen.overdue,
        "gate": life.gate,
        "unit": life.unit,
        "crossing_at": life.crossing_at,
        "principal": life.principal,
        "declarant": life.declarant,
        "confirmation_number": life.confirmation_number,
        "alias_number": life.alias_number,
        "transferred": life.transferred,
        "linked": ", ".join(life.linked) or None,
    }


def _show(life: Life) -> None:
    pairs(f"Dossier {life.dossier.number}/{life.dossier.year}", _facts(life))
    for version in life.versions:
        signer = version.signer or {}
        title = f"Version {version.version}, received {words(version.received_at)}"
        signed = {
            "signed by": signer.get("subject"),
            "serial": signer.get("serial"),
            "signed at, by his own word": signer.get("claimed_at"),
            "signed at, proven by a time stamp": signer.get("proven_at"),
            "digest": version.digest,
        }
        pairs(title, {"message": version.message_id, "mapping": version.mapping, **signed, **version.values})
        for group, rows in version.rows.items():
            names = list(dict.fromkeys(name for row in rows for name in row))
            table(group, names, ([row.get(name) for name in names] for row in rows))
    columns = ("no.", "reply", "pair", "route", "made", "sent", "delivered", "answer")
    rows_of = (
        (
            each.ordinal,
            each.kind,
            each.pair,
            each.route if each.awaits_unit is None else f"waits for the key of {each.awaits_unit or 'the unit'}",
            each.created_at,
            each.sent_at,
            each.delivered_at,
            each.answer,
        )
        for each in life.replies
    )
    table("Replies", columns, rows_of)
    clocks = ("noticed_at", "started_at", "due_at", "answered_at", "ended_at", "delivered_at")
    parts = ("name", "party", "standing", *clocks)
    heads = [name.removesuffix("_at").replace("_", " ") for name in parts]
    table("Deadlines", heads, ([getattr(each, name) for name in parts] for each in life.deadlines))
    table(
        "Journal",
        ("no.", "at", "event", "actor", "detail"),
        ((each.ordinal, each.at, each.event, each.actor, each.detail) for each in life.journal),
    )
