"""`people` and `office`: who is registered with which roles, and the tree of customs offices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from adapter.cli.acting import By, acting
from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line, listing, words
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.people import Person
from adapter.model.actor import STAFF_ROLES, Role
from adapter.services.access.people import Facts, facts_of

people = typer.Typer(no_args_is_help=True, help="The register of people: who acts, in which roles, where.")
office = typer.Typer(no_args_is_help=True, help="Customs offices, a tree; each looks up the dossiers of its places.")

_STAFF = ", ".join(role.value for role in Role if role in STAFF_ROLES)
Id = Annotated[str, typer.Argument(metavar="ID", help="By which commands and the journal name the person.")]
Roles = Annotated[list[str] | None, typer.Option("--role", metavar="ROLE", help=f"As often as needed: {_STAFF}.")]
Unit = Annotated[str | None, typer.Option(metavar="CODE", help="Border unit of an officer, a commander or a deputy.")]
OfficeOption = Annotated[
    str | None, typer.Option("--office", metavar="CODE", help="Office of a customs officer or administrator.")
]
Code = Annotated[str, typer.Argument(metavar="CODE", help="The office's code.")]
Under = Annotated[str | None, typer.Option(metavar="CODE", help="The office above it.")]
Places = Annotated[
    list[str] | None,
    typer.Option("--at", metavar="CODE", help="A gate or border unit whose dossiers it looks up; as often as needed."),
]
Procedures = Annotated[
    list[str], typer.Option("--procedure", metavar="CODE", help="The procedure's code; as often as needed.")
]
Login = Annotated[
    str | None, typer.Option(metavar="LOGIN", help="What the identity provider of staff calls him: he logs in by it.")
]
_FIELDS = ("id", "name", "rank", "roles", "unit", "office", "login", "since", "granted_by")
_ENDED = ("ended_at", "ended_by", "reason")


@people.command("add")
def people_add(
    id: Id,
    name: Annotated[str, typer.Option(help="His name, as signed forms state it.")],
    role: Roles = None,
    rank: Annotated[str, typer.Option(help="Rank, as signed forms state it.")] = "",
    unit: Unit = None,
    office: OfficeOption = None,
    login: Login = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Register a person. The first one is an administrator; from then on only registered people act."""
    components = open_components(config)
    _told(
        components.people.add(
            id, Facts(name, tuple(role or ()), rank, unit, office, login), actor=acting(components, by)
        ),
        json,
    )


@people.command("list")
def people_list(
    all: Annotated[bool, typer.Option("--all", help="Earlier entries too, and people who were removed.")] = False,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Everybody who is registered."""
    _listing(open_components(config).people.list(removed=all), all=all, json=json)


@people.command("show")
def people_show(id: Id, json: AsJson = False, config: Config = None) -> None:
    """A person's entries, the oldest first: which roles, where, from when to when, by whom."""
    _listing(open_components(config).people.show(id), all=True, json=json)


@people.command("change")
def people_change(
    id: Id,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    role: Roles = None,
    rank: Annotated[str | None, typer.Option(help="Another rank.")] = None,
    unit: Unit = None,
    office: OfficeOption = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Change a person's name, rank, unit or office, or replace the roles by those named here."""
    if role is None and name is None and rank is None and unit is None and office is None:
        raise typer.BadParameter("say what changes: --name, --rank, --role, --unit or --office")

    def facts(before: Person) -> Facts:
        kept = facts_of(before) if role is None else facts_of(before).in_roles(tuple(role))
        return replace(
            kept,
            name=kept.name if name is None else name,
            rank=kept.rank if rank is None else rank,
            unit=kept.unit if unit is None else unit,
            office=kept.office if office is None else office,
        )

    components = open_components(config)
    _told(components.people.change(id, facts, actor=acting(components, by)), json)


@people.command("link")
def people_link(
    id: Id,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="What the identity provider of staff calls him.")],
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Link a person with a login at the identity provider of staff: whoever logs in by it is that person."""
    components = open_components(config)
    linked = components.people.change(
        id, lambda each: replace(facts_of(each), login=login), actor=acting(components, by)
    )
    _told(linked, json)


@people.command("unlink")
def people_unlink(id: Id, by: By = None, json: AsJson = False, config: Config = None) -> None:
    """End the link of a person with a login: the person stays in the register and cannot log in any more."""
    components = open_components(config)
    linked = components.people.change(
        id, lambda each: replace(facts_of(each), login=None), actor=acting(components, by)
    )
    _told(linked, json)


@people.command("remove")
def people_remove(
    id: Id,
    reason: Annotated[str, typer.Option(help="Why; kept in the register and the journal.")],
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Remove a person: no more acts, and the tokens are not valid any more. The record of past acts stays."""
    components = open_components(config)
    _told(components.people.remove(id, reason=reason, actor=acting(components, by)), json)


@people.command("restore")
def people_restore(id: Id, by: By = None, json: AsJson = False, config: Config = None) -> None:
    """Register a removed person again, with the last name, roles, unit and office."""
    components = open_components(config)
    _told(components.people.restore(id, actor=acting(components, by)), json)


@people.command("lookups")
def people_lookups(id: Id, json: AsJson = False, config: Config = None) -> None:
    """Which procedures a customs officer may look up, and the individual grants and withdrawals."""
    rights = open_components(config).lookup_rights
    now, history = sorted(rights.of(id)), rights.history(id)
    if json:
        as_json({"person": id, "procedures": now, "history": history})
        return
    line(f"{id} looks up: {', '.join(now) or 'nothing'}")
    fields = ("procedure", "allowed", "since", "by", "ended_at", "ended_by")
    listing("entry", history, fields, json=False, heads=[name.replace("_", " ") for name in fields])


@people.command("give-lookup")
def people_give_lookup(
    id: Id, procedure: Procedures, by: By = None, json: AsJson = False, config: Config = None
) -> None:
    """Let a customs officer look procedures up: withdrawn ones again, or further ones that the installation allows."""
    components = open_components(config)
    actor = acting(components, by)
    for code in procedure:
        now = components.lookup_rights.give(id, code, actor=actor)
    _looks_up(id, now, json)


@people.command("withdraw-lookup")
def people_withdraw_lookup(
    id: Id, procedure: Procedures, by: By = None, json: AsJson = False, config: Config = None
) -> None:
    """Withdraw procedures from a customs officer's lookups."""
    components = open_components(config)
    actor = acting(components, by)
    for code in procedure:
        now = components.lookup_rights.withdraw(id, code, actor=actor)
    _looks_up(id, now, json)


def _looks_up(person: str, now: frozenset[str], json: bool) -> None:
    if json:
        as_json({"person": person, "procedures": sorted(now)})
    else:
        line(f"{person} looks up: {', '.join(sorted(now)) or 'nothing'}")


@office.command("add")
def office_add(
    code: Code,
    name: Annotated[str, typer.Option(help="Its name.")],
    under: Under = None,
    at: Places = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Register a customs office."""
    components = open_components(config)
    made = components.offices.add(CustomsOffice(code, name, under, tuple(at or ())), actor=acting(components, by))
    _office_told(made, json)


@office.command("list")
def office_list(json: AsJson = False, config: Config = None) -> None:
    """All customs offices."""
    listing("office", open_components(config).offices.list(), ("code", "name", "parent", "places"), json=json)


@office.command("change")
def office_change(
    code: Code,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    under: Under = None,
    top: Annotated[bool, typer.Option("--top", help="No office is above it any more.")] = False,
    at: Places = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Change an office's name or the office above it, or replace its places by those named here."""
    if top and under is not None:
        raise typer.BadParameter("either --top or --under")
    if not top and name is None and under is None and at is None:
        raise typer.BadParameter("say what changes: --name, --under, --top or --at")

    def facts(before: CustomsOffice) -> CustomsOffice:
        parent = None if top else under or before.parent
        return replace(
            before, name=name or before.name, parent=parent, places=before.places if at is None else tuple(at)
        )

    components = open_components(config)
    _office_told(components.offices.change(code, facts, actor=acting(components, by)), json)


@office.command("remove")
def office_remove(code: Code, by: By = None, json: AsJson = False, config: Config = None) -> None:
    """Remove an office that has no office below it, no person and no valid token."""
    components = open_components(config)
    components.offices.remove(code, actor=acting(components, by))
    if json:
        as_json({"removed": code})
    else:
        line(f"office {code} is removed")


def _told(person: Person, json: bool) -> None:
    if json:
        as_json(person)
    elif person.ended_at is not None:
        line(f"{person.id} is removed since {words(person.ended_at)}")
    else:
        where = "".join(f", {what} {code}" for what, code in (("unit", person.unit), ("office", person.office)) if code)
        logs_in = f", logs in as {person.login}" if person.login else ""
        line(f"{person.id} is registered as {', '.join(person.roles)}{where}{logs_in}")


def _office_told(made: CustomsOffice, json: bool) -> None:
    if json:
        as_json(made)
    else:
        under = f", under {made.parent}" if made.parent else ""
        line(f"office {made.code}{under}; looks up: {', '.join(made.places) or 'what its sub-offices do'}")


def _listing(found: Sequence[Person], *, all: bool, json: bool) -> None:
    fields = (*_FIELDS, *_ENDED) if all else _FIELDS
    listing("person", found, fields, json=json, heads=[name.replace("_", " ") for name in fields])
