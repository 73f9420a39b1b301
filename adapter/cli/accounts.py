"""`account`: suspended accounts of declarants, and the deputies who decide on them by delegation (dự thảo)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from adapter.cli.acting import By, acting
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing, note, table
from adapter.cli.registers import Kept, Number, Officer, Person, Reason, TypedBy
from adapter.gateways.store.suspensions import SuspensionGround
from adapter.model.errors import NotAllowed
from adapter.pipeline.envelope import VIETNAM
from adapter.services.notifications.overdue import what_stands_in_the_way
from adapter.services.registers.accounts import SuspensionBasis
from adapter.services.registers.suspension_notices import SentNotice

account = typer.Typer(no_args_is_help=True, help="Suspended e-ID accounts (QĐ 15/2019/QĐ-TTg Article 8).")
Document = Annotated[str, typer.Option(metavar="NUMBER", help="Number of the written decision.")]


@account.command("suspend")
def account_suspend(
    number: Person,
    reason: Reason,
    officer: Officer,
    unit: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only at this border unit; default: everywhere.")
    ] = None,
    ground: Annotated[
        SuspensionGround, typer.Option(help="risk: as in force; principal: a body has asked for it (dự thảo).")
    ] = SuspensionGround.RISK,
    document: Document = "",
    principal: Annotated[
        str, typer.Option(metavar="NUMBER", help="The body that has asked for it, or is told of it too (dự thảo).")
    ] = "",
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Suspend an account: its next declaration is refused (20/22) at both channels, with the reason."""
    components = open_components(config)
    actor, basis = acting(components, officer, typed_by=by), SuspensionBasis(ground, document, principal)
    found = components.accounts.suspend(number, unit=unit, reason=reason, basis=basis, actor=actor)
    if json:
        as_json(found)
    else:
        line(f"suspended {_where(found.unit)} since {found.since.astimezone(VIETNAM):%Y-%m-%d}: {found.reason}")
        note("the declarant must get the reason: inbox and refusals state it; where he sees neither, write to him")


@account.command("restore")
def account_restore(
    number: Person,
    reason: Kept,
    officer: Officer,
    unit: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only at this border unit; default: wherever it is suspended.")
    ] = None,
    document: Document = "",
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """End a suspension."""
    components = open_components(config)
    actor = acting(components, officer, typed_by=by)
    lifted = components.accounts.restore(number, unit=unit, reason=reason, document=document, actor=actor)
    if json:
        as_json({"restored": [each.id for each in lifted]})
    else:
        line(f"restored {', '.join(_where(each.unit) for each in lifted)}")


@account.command("list")
def account_list(
    number: Number = None,
    all: Annotated[bool, typer.Option("--all", help="Those too that were restored.")] = False,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Suspended accounts."""
    components = open_components(config)
    found = components.accounts.list(number=number, lifted=all, actor=acting(components, by))
    if json:
        as_json(found)
        return
    names = ("number", "ground", "reason", "officer", "since", "lifted_at", "lifted_reason", "lifted_officer")
    rows = ([_where(each.unit), *(getattr(each, name) for name in names)] for each in found)
    table(f"{len(found)} suspension(s)", ("where", *names), rows)


@account.command("notices")
def account_notices(by: By = None, json: AsJson = False, config: Config = None) -> None:
    """Notices of suspension and restoration that have reached nobody: telephone, or write.

    An officer is shown the telephone that a dossier of his unit states, and the journal keeps that.
    """
    components = open_components(config)
    open_ones = components.accounts.told(missing=True, actor=acting(components, by))
    if json:
        as_json(
            [
                {
                    "number": each.number,
                    "occasion": each.occasion,
                    "arrival": each.arrival,
                    "telephones": _telephones(each),
                }
                for each in open_ones
            ]
        )
        return
    rows = (
        [
            each.number,
            each.occasion,
            ", ".join(_telephones(each)),
            each.arrival.created_at if each.arrival else None,
            each.arrival.due_at if each.arrival else None,
            what_stands_in_the_way(each.arrival) if each.arrival else "notifications.yaml has no words for it",
        ]
        for each in open_ones
    )
    table(
        f"{len(open_ones)} notice(s) that have not arrived",
        ("number", "kind", "telephone", "created_at", "due_at", "why"),
        rows,
    )


def _telephones(notice: SentNotice) -> Sequence[str]:
    return notice.reach.telephones if notice.reach else ()


@account.command("delegate")
def account_delegate(
    deputy: Annotated[str, typer.Argument(metavar="ID", help="The deputy, by his id in the register.")],
    until: Annotated[str, typer.Option(metavar="TIME", help="Until when, ISO 8601.")],
    document: Annotated[str, typer.Option(metavar="NUMBER", help="Number of the written delegation.")],
    officer: Officer,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From when, ISO 8601; default: now.")] = None,
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Let a deputy of the unit suspend and restore accounts (dự thảo; only with accounts.deputy)."""
    components = open_components(config)
    actor, ends = acting(components, officer, typed_by=by), moment(until, "--until")
    if ends is None:
        raise NotAllowed("--until is missing: a delegation has an end")
    made = components.delegations.grant(
        deputy, document, valid_from=moment(since, "--since"), valid_to=ends, actor=actor
    )
    if json:
        as_json({"delegation": made})
    else:
        line(f"delegation {made} is in force until {ends.astimezone(VIETNAM):%Y-%m-%d %H:%M}")


@account.command("end-delegation")
def account_end_delegation(
    id: Annotated[int, typer.Argument(metavar="DELEGATION", help="Its id.")],
    officer: Officer,
    by: TypedBy = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """End a delegation, from now on; what was decided under it stays."""
    components = open_components(config)
    components.delegations.end(id, actor=acting(components, officer, typed_by=by))
    if json:
        as_json({"ended": id})
    else:
        line(f"delegation {id} is ended")


@account.command("delegations")
def account_delegations(by: By = None, json: AsJson = False, config: Config = None) -> None:
    """Delegations of deputies, ended ones too."""
    components = open_components(config)
    found = components.delegations.list(actor=acting(components, by))
    names = ("id", "person", "unit", "document", "valid_from", "valid_to", "granted_by", "ended_at")
    listing("delegation", found, names, json=json)


def _where(unit: str | None) -> str:
    return f"at {unit}" if unit else "everywhere"
