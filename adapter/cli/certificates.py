"""`certificate`: which certificates of declarants are registered, and what ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509

from adapter.cli.acting import By, acting
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing, pairs, table, words
from adapter.cli.registers import Kept, Number, Officer, Reason, TypedBy
from adapter.gateways.keys.pem_files import load_holders
from adapter.gateways.store.certificates import Office, Registered
from adapter.model.errors import Misconfigured
from adapter.pipeline.envelope import VIETNAM
from adapter.services.registers.certificates import NotImported, Registration
from adapter.services.registers.expiry import Expiring

certificate = typer.Typer(no_args_is_help=True, help="Registered certificates of declarants (Article 6(3)).")

Which = Annotated[str, typer.Argument(metavar="CERTIFICATE", help="Serial number, fingerprint (SHA-256) or id.")]
Issuer = Annotated[
    str | None, typer.Option(metavar="NAME", help="A part of the issuer's name, where two have the same serial number.")
]


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


@certificate.command("waiting")
def certificate_waiting(by: By = None, json: AsJson = False, config: Config = None) -> None:
    """Certificates that their holders have brought at the portal, and that wait for an answer."""
    components = open_components(config)
    found = components.registry.waiting(actor=acting(components, by))
    listing("certificate", found, ("id", "serial", "holder", "number", "valid_to", "changed_at"), json=json)


@certificate.command("approve")
def certificate_approve(
    which: Which,
    officer: Officer,
    issuer: Issuer = None,
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Register a certificate that waits; its holder is told."""
    components = open_components(config)
    actor = acting(components, officer, typed_by=by)
    _show(components.registry.approve(which, issuer=issuer, actor=actor), json)


@certificate.command("decline")
def certificate_decline(
    which: Which,
    reason: Reason,
    officer: Officer,
    issuer: Issuer = None,
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Do not register a certificate that waits; its holder gets the reason, and may apply again."""
    components = open_components(config)
    actor = acting(components, officer, typed_by=by)
    _show(components.registry.decline(which, reason=reason, issuer=issuer, actor=actor), json)


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
