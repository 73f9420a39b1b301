"""`window` and `token`: the window's mode, and tokens of the HTTP interface."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from adapter.bootstrap import now
from adapter.cli.acting import By, acting
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing, note, pairs, words
from adapter.cli.terminal import say
from adapter.gateways.store.window_records import StoredLink
from adapter.gateways.store.windows import Notice
from adapter.model.outcomes import Route
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Sight
from adapter.services.watch.state import Incident
from adapter.services.watch.transfers import OpenTransfer, Transfers
from adapter.services.watch.window import Window

window = typer.Typer(no_args_is_help=True, help="The single window: its mode, incidents, and what it carries.")
link = typer.Typer(no_args_is_help=True, help="Which procedure is linked to the window at which gate (Article 9(2)).")
window.add_typer(link, name="link")
token = typer.Typer(no_args_is_help=True, help="Bearer tokens of the HTTP interface.")


class Override(StrEnum):
    """The state of the window that an operator may state."""

    UP = "up"
    DOWN = "down"


@window.command("status")
def window_status(json: AsJson = False, config: Config = None) -> None:
    """The mode with its reason and beginning, and what waits for the window.

    `stage` is the mode in full. `mode` is the same in three words: up, down, unknown (suspected to be down, or nobody
    has looked).
    """
    _show(open_components(config).window, json)


def _show(stated: Window, json: bool) -> None:
    state, waiting = stated.state(), stated.waiting()
    if json:
        values = {each.name: getattr(state, each.name) for each in fields(state)}
        waits = {"waiting_replies": waiting[Route.WINDOW], "waiting_transfers": waiting[Route.TRANSFER]}
        as_json({**values, **waits, "mode": state.condition, "stage": state.mode})
        return
    begins, ends = state.maintenance or (None, None)
    pairs(
        "The single window",
        {
            "mode": state.condition.value,
            "stage": state.mode.value,
            "cause": state.cause,
            "reason": state.reason,
            "since": state.since,
            "looked at": state.refreshed_at,
            "last heartbeat": state.heartbeat_at,
            "override by": state.override_by,
            "override until": state.override_until,
            "seen without it": state.seen.value if state.override_by else None,
            "incident": state.incident,
            "expected end": state.expected_end,
            "maintenance from": begins,
            "maintenance until": ends,
            "replies that wait": waiting[Route.WINDOW],
            "transfers that wait": waiting[Route.TRANSFER],
        },
    )


@window.command("override")
def window_override(
    mode: Annotated[Override, typer.Argument(metavar="MODE", help="What the doors go by.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the journal and in the incident's record.")],
    expected_end: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it should work again, ISO 8601; without zone Vietnam's."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Until when this is in force; default: for window.override_hours."),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """State that the window is up or down, whatever is observed; in force until its end or `window end`.

    It decides whether the portal takes declarations. `down` begins an incident where none is open; `up` ends none
    that is observed or announced.
    """
    end = moment(expected_end, "--expected-end")
    components = open_components(config)
    stated = components.window
    if mode is Override.UP:
        _tell_of_transfers(components.transfers)
    stated.override(
        Sight(mode.value),
        reason=reason,
        actor=acting(components, by),
        until=moment(until, "--until"),
        expected_end=end,
    )
    _show(stated, json)


def _tell_of_transfers(transfers: Transfers) -> None:
    """Warn before transfers are sent to a window that may not read them."""
    count, stay = transfers.count()
    if count:
        leave = f"; {stay} of them have not left and leave now" if stay else ""
        note(f"{count} transfer(s) are not confirmed by the window{leave}: nsw-adapter window transfers")


@window.command("transfers")
def window_transfers(
    limit: Annotated[int, typer.Option(min=1, max=100000, help="List at most so many.")] = 50,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """The transfers (40/01) that the window has not confirmed by its 40/99, the oldest first.

    What stays here when the working day after an incident ends is reported to the window's manager by hand.
    """
    found = open_components(config).transfers.open(limit)
    names = [each.name for each in fields(OpenTransfer)]
    listing("transfer", found, names, heads=[name.replace("_", " ") for name in names], json=json)


@window.command("end")
def window_end(by: By = None, json: AsJson = False, config: Config = None) -> None:
    """End the override: back to what is seen."""
    components = open_components(config)
    stated = components.window
    stated.end_override(actor=acting(components, by))
    _show(stated, json)


@window.command("confirm")
def window_confirm(
    reason: Annotated[str, typer.Option(help="How you know; the notice's number, where there is one.")],
    expected_end: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it should work again, ISO 8601; without zone Vietnam's."),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Confirm a suspected outage: the portal opens now, and closes when the window is observed again."""
    components = open_components(config)
    end = moment(expected_end, "--expected-end")
    components.window.confirm_suspicion(reason=reason, actor=acting(components, by), expected_end=end)
    _show(components.window, json)


@window.command("maintenance")
def window_maintenance(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Of the manager's notice.")],
    begins: Annotated[str, typer.Option("--from", metavar="TIME", help="ISO 8601; without zone Vietnam's.")],
    reason: Annotated[str, typer.Option(help="What the manager has announced.")],
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Default: until `window notice-ended`, or a 91/02.")
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Record maintenance that the window's manager announced by letter or telephone; a 91/01 is recorded by itself."""
    components, starts = open_components(config), moment(begins, "--from")
    assert starts is not None, "the option is required"
    notice = Notice(number, starts, moment(until, "--until"), reason)
    components.window.plan(notice, actor=acting(components, by))
    _show(components.window, json)


@window.command("notice-ended")
def window_notice_ended(
    reason: Annotated[str, typer.Option(help="How the manager announced it; kept in the journal.")],
    number: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Of the notice of maintenance to come that is called off.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it was over, ISO 8601; without zone Vietnam's. Default: now."),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """End an announcement (91/01) that is over or was called off, where its end (91/02) does not come."""
    ended_at, components = moment(at, "--at"), open_components(config)
    stated = components.window
    stated.end_notice(reason=reason, actor=acting(components, by), at=ended_at, number=number)
    _show(stated, json)


@window.command("incidents")
def window_incidents(
    limit: Annotated[int, typer.Option(min=1, max=100000, help="List at most so many.")] = 50,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """The incidents, the newest first: beginning, end, expected end, cause, and who stated it."""
    found = open_components(config).window.incidents(limit)
    names = [each.name for each in fields(Incident)]
    listing("incident", found, names, heads=[name.replace("_", " ") for name in names], json=json)


@link.command("add")
def link_add(
    procedure: Annotated[str, typer.Argument(metavar="PROCEDURE", help="Its code.")],
    document: Annotated[str, typer.Option(help="The document by which that was decided.")],
    gate: Annotated[
        str | None, typer.Option(metavar="CODE", help="Default: every gate of which nothing else is stated.")
    ] = None,
    linked: Annotated[bool, typer.Option("--linked/--not-linked", help="Whether the window carries it there.")] = False,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="ISO 8601; default: now.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Default: until it is taken back.")] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """State that a procedure is (not) linked to the window at a gate: where it is not, the portal takes it always."""
    components = open_components(config)
    number = components.links.state(
        procedure,
        gate,
        linked=linked,
        document=document,
        since=moment(since, "--from"),
        until=moment(until, "--until"),
        actor=acting(components, by),
    )
    if json:
        as_json({"id": number})
    else:
        line(f"link {number}: {procedure} is {'' if linked else 'not '}linked at {gate or 'every gate'}")


@link.command("list")
def link_list(
    limit: Annotated[int, typer.Option(min=1, max=100000, help="List at most so many.")] = 50,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """The statements, the newest first; where there is none the mapping decides (`on_window`)."""
    found = open_components(config).links.list(limit)
    names = [each.name for each in fields(StoredLink)]
    listing("link", found, names, heads=[name.replace("_", " ") for name in names], json=json)


@link.command("end")
def link_end(
    id: Annotated[int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="As `window link list` tells it.")],
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Withdraw a statement from now on; what was received stays as it was received."""
    components = open_components(config)
    components.links.take_back(id, actor=acting(components, by))
    if json:
        as_json({"ended": id})
    else:
        line(f"link {id} is taken back")


@token.command("issue")
def token_issue(
    label: Annotated[str, typer.Option(help="Whose it is.")],
    role: Annotated[Machine | None, typer.Option(help="For a machine: what it may do.")] = None,
    person: Annotated[
        str | None, typer.Option(metavar="ID", help="For a person instead: his id in the register; he has its rights.")
    ] = None,
    bound_to: Annotated[str | None, typer.Option(help="A declarant's personal number or tax code.")] = None,
    office: Annotated[
        str | None, typer.Option(help="A customs machine's office, or one gate or border unit; * is all.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=36500, help="Valid for so long; default: until revoked.")
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Issue a token, of a machine (--role) or a person (--person). It is shown once, here; only its hash is kept."""
    if (role is None) == (person is None):
        raise typer.BadParameter("say whose it is: --role for a machine, or --person")
    if person is not None and (bound_to or office):
        raise typer.BadParameter("--bound-to and --office are a machine's; a person has what the register says")
    until = now() + timedelta(days=days) if days else None
    components = open_components(config)
    if person is not None:
        number, plain = components.tokens.issue_to_person(person, label, until, actor=acting(components, by))
    else:
        assert role is not None
        number, plain = components.tokens.issue(
            role.value, label, bound_to, office, until, actor=acting(components, by)
        )
    if json:
        as_json({"id": number, "token": plain, "expires_at": until})
        return
    line(plain)
    say(f"token {number}: shown only once; give it to its owner over a safe way", error=True)


@token.command("list")
def token_list(json: AsJson = False, config: Config = None) -> None:
    """All tokens, without their secrets."""
    found = open_components(config).tokens.list()
    names = ("id", "role", "label", "person", "bound_to", "office", "created_at", "expires_at", "revoked_at")
    listing("token", found, names, json=json)


@token.command("revoke")
def token_revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="Its id, or its label.")],
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Revoke a token; it is not valid from now on."""
    components = open_components(config)
    revoked = components.tokens.revoke(id, actor=acting(components, by))
    if json:
        as_json({"revoked": revoked})
    else:
        line(f"revoked: token {words(revoked)}")
