"""`message`: find a message, show what became of it, send an answer again."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Annotated

import typer

from adapter.cli.acting import By, acting
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, listing, note, pairs, table
from adapter.gateways.store.browse import ListPlace, WantedMessages
from adapter.model.errors import NotAllowed
from adapter.model.outcomes import MessageState, Word
from adapter.model.stages import Channel
from adapter.pipeline.envelope import VIETNAM
from adapter.services.messages.browser import FoundAt, ListedMessage, MessagePage, MessageView, ShownReply, Try

message = typer.Typer(no_args_is_help=True, help="Messages: find one, see what became of it, send an answer again.")
_COLUMNS = [each.name for each in fields(ListedMessage)]


@message.command("list")
def message_list(
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Received then or later, ISO 8601.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Received before then.")] = None,
    sender: Annotated[str | None, typer.Option(help="As the list shows it.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="By which door.")] = None,
    outcome: Annotated[Word | None, typer.Option(help="How judging ended.")] = None,
    state: Annotated[MessageState | None, typer.Option(help="Whether something is still to be done.")] = None,
    procedure: Annotated[str | None, typer.Option(metavar="CODE", help="As its signature covers it.")] = None,
    code: Annotated[str | None, typer.Option(metavar="CODE", help="A finding's.")] = None,
    behind: Annotated[
        str | None, typer.Option(metavar="PLACE", help="Go on behind this place, as the end of a list tells it.")
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Messages by time, the newest first.

    What no index holds (sender, outcome, code …) is searched among 5,000 messages at a time.
    """
    components = open_components(config)
    wanted = WantedMessages(
        since=moment(since, "--since"),
        until=moment(until, "--until"),
        sender=sender,
        channel=channel.value if channel else None,
        outcome=outcome.value if outcome else None,
        state=state.value if state else None,
        procedure=procedure,
        code=code,
    )
    _show(components.message_browser.newest(wanted, behind=_place(behind), actor=acting(components, by)), json)


@message.command("find")
def message_find(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY",
            help="Our id, the sender's, a SHA-256, a dossier (number or number/year), the number of a confirmation or "
            "of a request to amend, an answer's id.",
        ),
    ],
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Messages by one key of any kind."""
    components = open_components(config)
    _show(components.message_browser.called(key, actor=acting(components, by)), json)


def _show(page: MessagePage, json: bool) -> None:
    behind = f"{page.behind.received_at.astimezone(VIETNAM).isoformat()},{page.behind.id}" if page.behind else None
    if json:
        as_json({"messages": page.messages, "behind": behind})
        return
    listing("message", page.messages, _COLUMNS, json=False)
    if behind:
        note(f"older ones: --behind {behind}")


def _place(behind: str | None) -> ListPlace | None:
    if behind is None:
        return None
    at, _, number = behind.rpartition(",")
    try:
        return ListPlace(datetime.fromisoformat(at), int(number))
    except ValueError:
        raise NotAllowed(f"{behind!r} is no place in a list; take it from the end of one") from None


@message.command("show")
def message_show(
    id: Annotated[str, typer.Argument(metavar="ID", help="Our id, as the list tells it.")],
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Show the values of persons; the journal keeps who, and why.")
    ] = False,
    reason: Annotated[str, typer.Option(help="With --unmask: why.")] = "",
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """One message: outcome, findings with their lines, tries, answers, and its XML with persons masked."""
    components = open_components(config)
    browser, who = components.message_browser, acting(components, by)
    found = browser.unmask(id, reason=reason, actor=who) if unmask else browser.show(id, actor=who)
    if json:
        told = {each.name: getattr(found, each.name) for each in fields(found) if each.name != "xml"}
        as_json({**told, "lines": ["".join(token.shown for token in each) for each in found.xml.lines]})
    else:
        _tell(found)


def _tell(found: MessageView) -> None:
    facts = (
        "digest",
        "size",
        "stage",
        "mapping",
        "schema",
        "note",
        "waits_for",
        "waits_until",
        "previous",
        "following",
    )
    values = {name: getattr(found.listed, name) for name in _COLUMNS} | {name: getattr(found, name) for name in facts}
    pairs(found.listed.id, values)
    for title, each, rows in (("Findings", FoundAt, found.findings), ("Answers", ShownReply, found.answers)):
        names = [one.name for one in fields(each)]
        table(title, names, ([getattr(row, name) for name in names] for row in rows))
    table(
        "Tries",
        (*(each.name for each in fields(Try)), "ms"),
        ((each.at, each.settled_at, each.ms) for each in found.tries),
    )
    for number, tokens in enumerate(found.xml.lines, 1):
        line(f"{number:5} {''.join(token.shown for token in tokens)}")


@message.command("resend")
def message_resend(
    id: Annotated[str, typer.Argument(metavar="ID", help="An answer's or a transfer's own id.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the journal.")],
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Send an answer or a transfer again: the same bytes under the same id, after all other replies of its dossier."""
    components = open_components(config)
    components.resend.again(id, reason=reason, actor=acting(components, by))
    if json:
        as_json({"resent": id})
    else:
        line(f"{id} waits to leave again")
