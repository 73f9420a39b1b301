"""`certificate` and `authorisation`: who may sign, and who speaks for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from adapter.cli.acting import By, acting
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing, pairs, table, words
from adapter.gateways.keys.pem_files import load_holders
from adapter.gateways.store.certificates import Office, Registered
from adapter.model.errors import Misconfigured
from adapter.pipeline.envelope import VIETNAM
from adapter.services.registers.certificates import NotImported, Registration
from adapter.services.registers.expiry import Expiring

certificate = typer.Typer(no_args_is_help=True, help="Registered certificates of declarants (Article 6(3)).")
authorisation = typer.Typer(no_args_is_help=True, help="Who may speak for whom (Articles 3(4), 7(3)).")

Which = Annotated[str, typer.Argument(metavar="CERTIFICATE", help="Serial number, fingerprint (SHA-256) or id.")]
Issuer = Annotated[
    str | None, typer.Option(metavar="NAME", help="A part of the issuer's name, where two have the same serial number.")
]
Reason = Annotated[str, typer.Option(help="Why; the declarant gets it.")]
Kept = Annotated[str, typer.Option("--reason", help="Why; kept in the record.")]
Officer = Annotated[str, typer.Option(metavar="ID", help="The officer who decided, by his id in the register.")]
TypedBy = Annotated[str | None, typer.Option("--by", metavar="WHO", help="Who types it for him; kept in the journal.")]
Number = Annotated[
    str | None,
    typer.Option(metavar="NUMBER", help="Only of this personal number (12 digits) or tax code (10, or 13)."),
]
Person = Annotated[str, typer.Argument(metavar="NUMBER", help="Personal number (12 digits) or tax code (10, or 13).")]


@certificate.command("import")
def certificate_import(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="PEM or DER; chains may follow.")],
    registered_with: Annotated[Office, typer.Option(help="Where it was registered.")] = Office.PORTAL,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Registered since, ISO 8601; default: now.")] = None,
    holder: Annotated[str | None, typer.Option(help="The holder's name; default: the one in the certificate.")] = None,
    number: Annotated[
        str | None, typer.Option(help="The holder's tax code or personal number, where the certificate names none.")
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Register certificates: all of them, or none if one cannot be registered. Registered ones stay as they are."""
    registered = moment(since, "--since")
    if (holder or number) and len(files) > 1:
        raise typer.BadParameter("--holder and --number are one holder's: name one file")
    found: list[tuple[str, x509.Certificate]] = []
    faults: list[str] = []
    for file in files:
        try:
            found.extend((str(file), each) for each in load_holders(file))
        except Misconfigured as error:
            faults.append(str(error))
    if faults:
        raise NotImported(faults)
    how = Registration(registered_with, registered, holder, number)
    components = open_components(config)
    imported = components.registry.register(found, how, actor=acting(components, by))
    if json:
        as_json(imported)
        return
    new = sum(each.new for each in imported)
    line(f"{new} registered" + (f", {len(imported) - new} were registered already" if new < len(imported) else ""))
    for each in imported:
        state = "" if each.new else f" (since {each.certificate.since.astimezone(VIETNAM):%Y-%m-%d})"
        line(f"  {each.certificate.serial}  {each.certificate.holder}{state}")


@certificate.command("list")
def certificate_list(number: Number = None, by: By = None, json: AsJson = False, config: Config = None) -> None:
    """All registered certificates."""
    components = open_components(config)
    found = components.registry.list(number=number, actor=acting(components, by))
    names = ("serial", "holder", "number", "registered_with", "since", "valid_to", "state", "reason")
    listing("certificate", found, names, json=json)


@certificate.command("show")
def certificate_show(
    which: Which, issuer: Issuer = None, by: By = None, json: AsJson = False, config: Config = None
) -> None:
    """One certificate with all that is kept of it."""
    components = open_components(config)
    _show(components.registry.show(which, issuer=issuer, actor=acting(components, by)), json)


@certificate.command("suspend")
def certificate_suspend(
    which: Which,
    reason: Reason,
    officer: Officer,
    issuer: Issuer = None,
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Suspend a certificate: what it signs is rejected at both doors, from the next message on."""
    components = open_components(config)
    actor = acting(components, officer, typed_by=by)
    _show(components.registry.suspend(which, reason=reason, issuer=issuer, actor=actor), json)


@certificate.command("restore")
def certificate_restore(
    which: Which,
    reason: Kept,
    officer: Officer,
    issuer: Issuer = None,
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Let a suspended certificate be used again."""
    components = open_components(config)
    actor = acting(components, officer, typed_by=by)
    _show(components.registry.restore(which, reason=reason, issuer=issuer, actor=actor), json)


def _show(found: Registered, json: bool) -> None:
    if json:
        as_json(found)
        return
    pairs(
        "A registered certificate", {each.name.replace("_", " "): getattr(found, each.name) for each in fields(found)}
    )


@certificate.command("report")
def certificate_report(
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="The day asked for, ISO 8601, its first moment; default: now, and what ends soon."
        ),
    ] = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """What stops working at a future time because a certificate is not valid then: certificate, place, effect.

    Own keys, pinned partners, anchors and intermediates of the trust stores, registered certificates. Without a time
    also what ends within the days of `trust.alert_days`. Exit code 1 if something breaks at that time, or now; a
    certificate that another one stands in for is listed and breaks nothing.
    """
    components = open_components(config)
    when = moment(at, "--at") or components.legal_clock()
    found = components.expiry.report(when)
    ending = components.expiry.ending() if at is None else []
    breaks = sum(each.breaks for each in found)
    if json:
        as_json({"at": when, "breaks": breaks, "certificates": found, "ending": ending})
    else:
        days = max(components.settings.trust.alert_days, default=0)
        _show_certificates(f"Not valid at {words(when)}", found)
        _show_certificates(f"Ends within {days} days", ending)
        line(f"at {words(when)} {f'{breaks} thing(s) break' if breaks else 'nothing breaks'}")
        if at is None:
            line(f"within {days} days {len(ending) or 'no'} certificate(s) end that nothing goes on for")
    raise leave(Exit.NO if breaks else Exit.OK)


def _show_certificates(title: str, found: Sequence[Expiring]) -> None:
    rows = (
        (
            f"{each.certificate.use.value}.{each.certificate.name}".rstrip("."),
            each.certificate.serial,
            each.certificate.valid_from,
            each.certificate.valid_to,
            each.stops,
        )
        for each in found
    )
    if found:
        table(title, ("used as", "serial", "valid from", "valid to", "what stops"), rows)


@authorisation.command("grant")
def authorisation_grant(
    holder: Annotated[str, typer.Option(metavar="NUMBER", help="Who signs: personal number or tax code.")],
    principal: Annotated[str, typer.Option(metavar="NUMBER", help="For whom: personal number or tax code.")],
    document: Annotated[str, typer.Option(metavar="NUMBER", help="Number of the letter of authorisation.")],
    valid_from: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="In force from, ISO 8601; default: now.")
    ] = None,
    valid_to: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day (or time) in force; default: until revoked.")
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Register a letter of authorisation: its holder's certificate speaks for the principal."""
    begins, ends = moment(valid_from, "--from"), moment(valid_to, "--to")
    if ends is not None and valid_to is not None and len(valid_to) == len("yyyy-mm-dd"):
        ends += timedelta(days=1, microseconds=-1)  # a last day is in force to its end
    components = open_components(config)
    number = components.authorisations.grant(
        holder, principal, document, valid_from=begins, valid_to=ends, actor=acting(components, by)
    )
    if json:
        as_json({"id": number})
    else:
        line(f"authorisation {number} is registered")


@authorisation.command("revoke")
def authorisation_revoke(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `authorisation list` shows it.")],
    reason: Kept,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Revoke a letter of authorisation, from now on."""
    components = open_components(config)
    components.authorisations.revoke(id, reason=reason, actor=acting(components, by))
    if json:
        as_json({"revoked": id})
    else:
        line(f"authorisation {id} is revoked")


@authorisation.command("list")
def authorisation_list(
    number: Number = None,
    in_force: Annotated[bool, typer.Option("--in-force", help="Only those in force now.")] = False,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Letters of authorisation."""
    components = open_components(config)
    found = components.authorisations.list(number=number, in_force=in_force, actor=acting(components, by))
    names = ("id", "holder", "principal", "document", "valid_from", "valid_to", "revoked_at", "reason")
    listing("authorisation", found, names, json=json)
