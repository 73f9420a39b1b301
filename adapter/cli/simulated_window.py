"""`simulate send` and `simulate window`: the test window at work on a real broker."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from cryptography.x509 import Certificate

from adapter.bootstrap import Components, new_message_id, now
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, is_readable, open_components, read_input
from adapter.cli.printing import as_json, line
from adapter.cli.simulated_transport import BrokerCarrier
from adapter.cli.simulation import PkiFolder, parties_of, simulate
from adapter.gateways.keys.pem_files import load_certificates
from adapter.model.errors import NotAllowed, Unavailable
from adapter.simulator.pki import Pki
from adapter.simulator.window import ANY_UNIT, Carrier, Letter, TestWindow, VerifiedReply, WindowIdentity


@simulate.command("send")
def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Signed messages; - is stdin.")],
    wait: Annotated[
        float | None,
        typer.Option(min=0.1, max=86400, metavar="SECONDS", help="Wait so long for an answer to each, and show it."),
    ] = None,
    json: AsJson = False,
    pki: PkiFolder = None,
    config: Config = None,
) -> None:
    """Publish messages to nsw.inbound as the window does: persistent, mandatory, confirmed.

    With --wait what comes to nsw.replies meanwhile is taken and shown; exit code 1 if an answer is missing or its
    signature does not hold.
    """
    components = open_components(config)
    for file in files:
        is_readable(file)
    bodies = [read_input(file) for file in files]
    with BrokerCarrier(components.broker) as carrier:
        window = window_for(components, carrier, pki)
        sent = _posted(window, [window.letter(body) for body in bodies])
        for file, letter in zip(files, sent, strict=True):
            values = {"sent": str(file), "message_id": letter.message_id, "pair": "/".join(letter.address[1:])}
            _tell(values, f"{file}: sent as {letter.message_id} ({'.'.join(letter.address)})", json)
        if wait is None:
            return
        wanted = {letter.message_id for letter in sent}
        replies = window.collect(wanted, wait)
        for reply in replies:
            _show(reply, json)
    answered = {reply.correlation_id for reply in replies if reply.holds}
    if missing := wanted - answered:
        raise NotAllowed(f"no answer that holds within {wait:g} s to: {', '.join(sorted(missing))}")


@simulate.command("window")
def play(
    seconds: Annotated[
        float | None, typer.Option(min=0.1, max=31536000, help="Stop after that; default: when interrupted.")
    ] = None,
    heartbeat: Annotated[
        float, typer.Option(min=0, max=86400, help="Seconds between heartbeats (90/01); 0 sends none.")
    ] = 30.0,
    receipts: Annotated[bool, typer.Option(help="Answer 20/*, 30/* and 40/* with 99.")] = True,
    json: AsJson = False,
    pki: PkiFolder = None,
    config: Config = None,
) -> None:
    """Act as the single window: send heartbeats, take nsw.replies, verify each reply and answer it with a receipt.

    One line a reply. Exit code 1 if a signature did not hold.
    """
    components = open_components(config)
    until = None if seconds is None else time.monotonic() + seconds
    with BrokerCarrier(components.broker) as carrier, suppress(KeyboardInterrupt):
        bad = _played(window_for(components, carrier, pki), until, heartbeat, receipts, json)
    raise leave(Exit.NO if bad else Exit.OK)


def _played(window: TestWindow, until: float | None, heartbeat: float, receipts: bool, json: bool) -> int:
    bad, beat = 0, float("-inf")
    while until is None or time.monotonic() < until:
        if heartbeat and time.monotonic() - beat >= heartbeat:
            _posted(window, [window.heartbeat()])
            beat = time.monotonic()
        left = 1.0 if until is None else min(1.0, until - time.monotonic())
        replies = window.replies(max(left, 0.0))
        for reply in replies:
            _show(reply, json)
            bad += not reply.holds
        wanted = [reply for reply in replies if receipts and reply.holds and reply.wants_receipt]
        _posted(window, [window.receipt(reply) for reply in wanted])
    return bad


def window_for(components: Components, carrier: Carrier, pki: Path | None) -> TestWindow:
    """The window of this configuration: its names, its pinned parties."""
    parties = parties_of(pki or components.settings.folders.state / "pki", None)
    installation = components.installation
    identity = WindowIdentity(
        own=installation.window,
        adapter=installation.own,
        key=parties.party("nsw"),
        system=parties.party("system").certificate,
        units=_units(components, parties),
        control=installation.placeholder_document_type,
    )
    return TestWindow(identity, carrier, now, new_message_id)


def _units(components: Components, parties: Pki) -> dict[str, Certificate]:
    """Whose signature is expected of which unit: where units are stated, what each shows as its own."""
    stated = components.settings.units
    if not stated:
        return {ANY_UNIT: parties.party("unit").certificate}
    return {code: load_certificates(unit.key[-1].certificates)[0] for code, unit in stated.items()}


def _posted(window: TestWindow, letters: list[Letter]) -> list[Letter]:
    try:
        window.post(letters)
    except ConnectionError as error:
        raise Unavailable(str(error)) from error
    return letters


def _show(reply: VerifiedReply, json: bool) -> None:
    claims = reply.claims
    values = {
        "correlation_id": reply.correlation_id,
        "message_id": claims.message_id if claims else None,
        "document_type": claims.document_type if claims else None,
        "pair": reply.pair,
        "content": reply.content,
        "reference": claims.reference if claims else None,
        "year": claims.year if claims else None,
        "codes": reply.codes,
        "system_signature": reply.system,
        "unit_signature": reply.unit,
        "digest": reply.digest,
    }
    verdict = "signature holds" if reply.holds else "SIGNATURE DOES NOT HOLD"
    dossier = f"{claims.reference}/{claims.year}" if claims else "–"
    codes = f" [{', '.join(reply.codes)}]" if reply.codes else ""
    _tell(values, f"{reply.pair} {reply.content} {dossier}{codes} to {reply.correlation_id or '–'}: {verdict}", json)


def _tell(told: Mapping[str, object], text: str, json: bool) -> None:
    if json:
        as_json(told)
    else:
        line(text)
