"""`quarantine`: what an operator has to look at, and giving it another try."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from adapter.bootstrap import House
from adapter.cli.dossiers import operator
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, open_house
from adapter.cli.printing import as_json, line, note, pairs, table
from adapter.gateways.broker import BrokerAddress, Delivery, Outgoing, Publisher, Verdict, browse, take
from adapter.model.errors import Misconfigured
from adapter.services.quarantine import QUEUE, Held, Quarantine, Replayed

quarantine = typer.Typer(no_args_is_help=True, help="Messages that wait for an operator.")

Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of it (8 characters or more).")]


@dataclass(frozen=True, slots=True)
class BrokerDeadLetters:
    """The quarantine's queue on the broker."""

    address: BrokerAddress

    def browse(self, limit: int) -> Sequence[Delivery]:
        """What lies in the queue."""
        return browse(self.address, queue=QUEUE, limit=limit)

    def take(self, digest: str, republish: Callable[[Delivery], None]) -> bool:
        """Republish one, then remove it."""
        return take(self.address, queue=QUEUE, digest=digest, republish=republish)

    def publish(self, batch: Sequence[Outgoing]) -> Sequence[Verdict]:
        """Publish with confirms."""
        with Publisher(self.address) as publisher:
            return publisher.publish(batch)


def _quarantine(house: House) -> Quarantine:
    return Quarantine(house.database, lambda: house.intake, BrokerDeadLetters(house.broker), house.legal_clock)


@quarantine.command("list")
def quarantine_list(
    limit: Annotated[int, typer.Option(min=1, max=10000, help="From each of the two places.")] = 100,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """What is parked in the store, and what lies in the broker's quarantine queue."""
    listing = _quarantine(open_house(config)).list(limit)
    if json:
        as_json(listing)
        return
    columns = ("id", "from", "received", "what", "bytes", "reason")
    rows = ((each.id, each.source, each.at, _what(each), each.size, each.reason) for each in listing.held)
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
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Metadata and reason of one message; its payload only into a file."""
    place = _quarantine(open_house(config))
    held = place.find(id)
    if payload is not None:
        _write(payload, place.payload(held))
    if json:
        as_json(held)
    else:
        pairs(held.id, {each.name: getattr(held, each.name) for each in fields(held)})


@quarantine.command("replay")
def quarantine_replay(
    id: Id,
    by: Annotated[str | None, typer.Option(metavar="WHO", help="Who asks; default: the system's user.")] = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Judge a parked message again, or give one of the broker's back to its queue.

    Exit code 1 if it is parked again.
    """
    place = _quarantine(open_house(config))
    done = place.replay(place.find(id), actor=operator(by))
    parked = done.settled is not None and done.settled.state == "parked"
    if json:
        as_json(done)
    else:
        line(_words(done))
    raise leave(Exit.NO if parked else Exit.OK)


def _what(held: Held) -> str | None:
    return f"{held.procedure} {held.pair}" if held.pair else held.routing_key


def _words(done: Replayed) -> str:
    if done.settled is None:
        return f"{done.held.id} is in {done.queue} again; a worker takes it from there"
    if done.settled.state == "parked":
        return f"{done.held.id} is parked again; nothing that parked it has changed: quarantine show tells the reason"
    codes = ", ".join(finding.code for finding in done.settled.findings)
    return f"{done.held.id} is {done.settled.outcome.value} ({done.settled.state}){': ' + codes if codes else ''}"


def _write(file: Path, body: bytes) -> None:
    """For its owner alone, also where the file was there before and others could read it."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            if stat.S_ISREG(os.fstat(opened.fileno()).st_mode):  # /dev/null stays everybody's
                os.fchmod(opened.fileno(), 0o600)
            opened.write(body)
    except OSError as error:
        raise Misconfigured(f"cannot write {file}: {error.strerror}") from None
