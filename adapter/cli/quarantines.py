"""`quarantine`: messages that an operator has to look at, and judging them again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from adapter.bootstrap import Components
from adapter.cli.acting import By, acting
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line, note, pairs, table
from adapter.gateways.broker import BrokerAddress, Delivery, Outgoing, Publisher, Verdict, browse, drain, take
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.services.messages.quarantine import PARKED, QUEUE, Held, Quarantine, Replayed

quarantine = typer.Typer(no_args_is_help=True, help="Messages that wait for an operator.")

Reason = Annotated[
    str | None,
    typer.Option(metavar="WHY", help="parked, unroutable, unreadable, or the broker's own word: delivery_limit."),
]
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it (8 characters or more).")]


@dataclass(frozen=True, slots=True)
class BrokerDeadLetters:
    """The quarantine's queue on the broker."""

    address: BrokerAddress

    def browse(self, limit: int, wanted: Callable[[Delivery], bool]) -> Sequence[Delivery]:
        """What is wanted of what lies in the queue."""
        return browse(self.address, queue=QUEUE, limit=limit, wanted=wanted)

    def take(self, digest: str, republish: Callable[[Delivery], None]) -> bool:
        """Republish one, then remove it."""
        return take(self.address, queue=QUEUE, digest=digest, republish=republish)

    def drain(
        self, wanted: Callable[[Delivery], bool], republish: Callable[[Sequence[Delivery]], Sequence[bool]]
    ) -> None:
        """Republish the wanted messages, and remove each that the broker took."""
        drain(self.address, queue=QUEUE, wanted=wanted, republish=republish)

    def publish(self, batch: Sequence[Outgoing]) -> Sequence[Verdict]:
        """Publish with confirms."""
        with Publisher(self.address) as publisher:
            return publisher.publish(batch)


def _quarantine(components: Components) -> Quarantine:
    return Quarantine(
        components.database, lambda: components.intake, BrokerDeadLetters(components.broker), components.legal_clock
    )


@quarantine.command("list")
def quarantine_list(
    limit: Annotated[int, typer.Option(min=1, max=10000, help="From each of the two places.")] = 100,
    reason: Reason = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """What is parked in the store, and what lies in the broker's quarantine queue."""
    listing = _quarantine(open_components(config)).list(limit, reason)
    if json:
        as_json(listing)
        return
    columns = ("id", "kind", "received", "what", "dossier", "sender's message id", "sent", "bytes", "reason")
    rows = (
        (
            *(each.id, each.kind, each.at, _what(each)),
            *(each.dossier, each.message_id, each.sent_at, each.size, each.reason),
        )
        for each in listing.held
    )
    table(f"{len(listing.held)} message(s)", columns, rows)
    for text in listing.notes:
        note(text)


@quarantine.command("show")
def quarantine_show(
    id: Id,
    payload: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the message's bytes there. They hold personal data."),
    ] = None,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Metadata and reason of one message; its payload only into a file, and the journal keeps who took it."""
    components = open_components(config)
    place = _quarantine(components)
    held = place.find(id)
    if payload is not None:
        _write(payload, place.payload(held, actor=acting(components, by)))
    if json:
        as_json(held)
    else:
        pairs(held.id, {each.name: getattr(held, each.name) for each in fields(held)})


@quarantine.command("replay")
def quarantine_replay(
    id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Its id, or 8 or more of its first letters.")] = None,
    reason: Reason = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    by: By = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Judge a parked message again, or return one of the broker's to its queue; `--reason` or `--all`: many at once.

    Exit code 1 if one is parked again, or is not taken by the broker.
    """
    if [id is not None, reason is not None, every].count(True) != 1:
        raise NotAllowed("say which: an id, --reason WHY or --all")
    components = open_components(config)
    place, who = _quarantine(components), acting(components, by)
    if id is not None:
        done: Sequence[Replayed] = [place.replay(place.find(id), actor=who)]
    else:
        done = place.replay_all(actor=who, kind=reason)
    if json:
        as_json(done[0] if id is not None else done)
    else:
        for each in done:
            line(_words(each))
        if id is None:
            line(f"{sum(map(_taken, done))} of {len(done)} message(s) replayed")
    raise leave(Exit.OK if all(map(_taken, done)) else Exit.NO)


def _taken(done: Replayed) -> bool:
    return done.settled.state != PARKED if done.settled is not None else done.queue is not None


def _what(held: Held) -> str | None:
    return f"{held.procedure} {held.pair}" if held.pair else held.routing_key


def _words(done: Replayed) -> str:
    if done.settled is None and done.queue is None:
        return f"{done.held.id} was not taken by the broker; it stays in quarantine"
    if done.settled is None:
        return f"{done.held.id} is in {done.queue} again; a worker takes it from there"
    if done.settled.state == PARKED:
        return f"{done.held.id} is parked again; nothing that parked it has changed: quarantine show tells the reason"
    codes = ", ".join(finding.code for finding in done.settled.findings)
    return f"{done.held.id} is {done.settled.outcome.value} ({done.settled.state}){': ' + codes if codes else ''}"


def _write(file: Path, body: bytes) -> None:
    """Readable by its owner only, also where the file existed before and others could read it."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):  # /dev/null keeps its permissions
                os.fchmod(opened.fileno(), 0o600)
            opened.write(body)
    except OSError as error:
        raise Misconfigured(f"cannot write {file}: {error.strerror}") from None
