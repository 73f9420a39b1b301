"""`client` and `issuer`: programs that look up for customs officers, and the issuers that log these officers in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from adapter.bootstrap import Components
from adapter.cli.acting import By, acting
from adapter.cli.options import AsJson, Config, is_readable, open_components, read_input
from adapter.cli.printing import as_json, line, listing
from adapter.gateways.identity.assertions import thumbprint
from adapter.gateways.store.api_parties import CLIENT, ISSUER, ApiParty
from adapter.model.errors import NotAllowed
from adapter.services.customs.clients import PartyFacts

client = typer.Typer(no_args_is_help=True, help="Programs that look up for customs officers.")
issuer = typer.Typer(no_args_is_help=True, help="Who logs customs officers in and signs for whom a program asks.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="How its assertions name the client (iss and sub).")]
Issuer = Annotated[str, typer.Argument(metavar="ISS", help="How assertions name the issuer (iss), such as its URL.")]
Name = Annotated[str, typer.Option(help="Its name, for people.")]
Keys = Annotated[
    Path, typer.Option("--key", metavar="FILE", help="Its public keys: a JWK, a JWK set, or PEM; - reads stdin.")
]
OfOffices = Annotated[
    list[str], typer.Option("--office", metavar="CODE", help="It speaks for this office and those below; repeatable.")
]
ByIssuers = Annotated[
    list[str], typer.Option("--issuer", metavar="ISS", help="It brings assertions of this issuer; repeatable.")
]
Procedures = Annotated[
    list[str] | None,
    typer.Option("--procedure", metavar="CODE", help="It looks up these at most; default: what its officers may."),
]
Reason = Annotated[str, typer.Option(help="Why; kept in the register and the journal.")]
All = Annotated[bool, typer.Option("--all", help="Those too that ended.")]


@client.command("add")
def client_add(
    code: Code,
    name: Name,
    key: Keys,
    office: OfOffices,
    issuer: ByIssuers,
    procedure: Procedures = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Register a program that looks up for officers."""
    facts = _facts(name, key, tuple(office), tuple(issuer), procedure)
    components = open_components(config)
    _told(components.clients.add(CLIENT, code, facts, actor=acting(components, by)), json)


@client.command("change")
def client_change(
    code: Code,
    name: Name,
    key: Keys,
    office: OfOffices,
    issuer: ByIssuers,
    procedure: Procedures = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Replace a program's entry: its keys, offices and issuers are then exactly those named here."""
    facts = _facts(name, key, tuple(office), tuple(issuer), procedure)
    components = open_components(config)
    _told(components.clients.change(CLIENT, code, facts, actor=acting(components, by)), json)


@client.command("list")
def client_list(all: All = False, json: AsJson = False, config: Config = None) -> None:
    """The programs that look up for officers."""
    _list(open_components(config), CLIENT, all=all, json=json)


@client.command("end")
def client_end(code: Code, reason: Reason, by: By = None, json: AsJson = False, config: Config = None) -> None:
    """End a program's access from this moment: its key was stolen, or it is not used any more."""
    components = open_components(config)
    _told(components.clients.end(CLIENT, code, reason=reason, actor=acting(components, by)), json)


@issuer.command("add")
def issuer_add(iss: Issuer, name: Name, key: Keys, by: By = None, json: AsJson = False, config: Config = None) -> None:
    """Register an issuer, which logs officers in. Its keys must not be a client's."""
    facts, components = _facts(name, key), open_components(config)
    _told(components.clients.add(ISSUER, iss, facts, actor=acting(components, by)), json)


@issuer.command("change")
def issuer_change(
    iss: Issuer, name: Name, key: Keys, by: By = None, json: AsJson = False, config: Config = None
) -> None:
    """Replace an issuer's keys by those in the file. During a roll-over the file holds both."""
    facts, components = _facts(name, key), open_components(config)
    _told(components.clients.change(ISSUER, iss, facts, actor=acting(components, by)), json)


@issuer.command("list")
def issuer_list(all: All = False, json: AsJson = False, config: Config = None) -> None:
    """The issuers that log officers in."""
    _list(open_components(config), ISSUER, all=all, json=json)


@issuer.command("end")
def issuer_end(iss: Issuer, reason: Reason, by: By = None, json: AsJson = False, config: Config = None) -> None:
    """End the trust in an issuer from this moment."""
    components = open_components(config)
    _told(components.clients.end(ISSUER, iss, reason=reason, actor=acting(components, by)), json)


@dataclass(frozen=True, slots=True)
class _Shown:
    code: str
    name: str
    keys: tuple[str, ...]
    """Thumbprints."""
    offices: tuple[str, ...]
    issuers: tuple[str, ...]
    procedures: tuple[str, ...] | None
    since: Any
    by: str
    ended_at: Any
    ended_by: str | None
    reason: str | None


_OF_ISSUERS = ("code", "name", "keys", "since", "by")
_OF_CLIENTS = ("code", "name", "keys", "offices", "issuers", "procedures", "since", "by")
_ENDED = ("ended_at", "ended_by", "reason")


def _facts(
    name: str,
    file: Path,
    offices: tuple[str, ...] = (),
    issuers: tuple[str, ...] = (),
    procedures: list[str] | None = None,
) -> PartyFacts:
    is_readable(file)
    try:
        keys = read_input(file).decode()
    except UnicodeDecodeError:
        raise NotAllowed(f"{file} holds no text: give a JWK, a JWK set, or PEM") from None
    return PartyFacts(name, keys, offices, issuers, None if procedures is None else tuple(procedures))


def _shown(party: ApiParty) -> _Shown:
    return _Shown(
        party.code,
        party.name,
        tuple(thumbprint(key) for key in party.keys),
        tuple(party.offices),
        tuple(party.issuers),
        None if party.procedures is None else tuple(party.procedures),
        party.since,
        party.by,
        party.ended_at,
        party.ended_by,
        party.reason,
    )


def _list(components: Components, kind: str, *, all: bool, json: bool) -> None:
    fields = _OF_CLIENTS if kind == CLIENT else _OF_ISSUERS
    found = [_shown(each) for each in components.clients.list(kind, ended=all)]
    listing(kind, found, (*fields, *_ENDED) if all else fields, json=json)


def _told(party: ApiParty, json: bool) -> None:
    if json:
        as_json(_shown(party))
    elif party.ended_at is not None:
        line(f"{party.kind} {party.code} is believed no more")
    else:
        line(f"{party.kind} {party.code} is registered, with {len(party.keys)} key(s)")
