"""After an outage: the transfers (40/01) of what was decided directly arrive in order, and the window receipts each."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from adapter.simulator.window import CarriedMessage
from tests.demo.door import Door
from tests.demo.outage import LOOKUP, Callers, Decided
from tests.demo.table import Narrator
from tests.harness.expectations import Answer, read
from tests.harness.play import Line, Play
from tests.harness.premises import Premises
from tests.harness.second_opinion import verify_with_xmlsec1
from tests.harness.single_window import Received
from tests.servers.process import wait_until

ARRIVAL_SECONDS = 180.0
RECEIPT_SECONDS = 180.0
WANTED = Answer("40", "01", "Transfer")


@dataclass(frozen=True, slots=True)
class Side:
    """Request or reply as a transfer carries it."""

    digest: str
    body: bytes

    @property
    def holds(self) -> bool:
        return hashlib.sha256(self.body).hexdigest() == self.digest


def arrive(play: Play, decided: Sequence[Decided], narrator: Narrator) -> list[Received]:
    """Take the transfers and hold each against the decision that it must be about."""
    came = play.window.collect(len(decided), seconds=ARRIVAL_SECONDS)
    verified = play.verified(came)
    portal = play.pki.certificate_file("portal")
    lines: list[Line] = []
    for place, wanted in enumerate(decided):
        label = f"{place + 1}. {wanted.number}"
        if place >= len(came):
            lines.append(Line(label, WANTED, None, b"", None, ("no transfer came",)))
            continue
        body = came[place].body
        problems = [*verified[place], *_faults(body, wanted, portal)]
        found = read(body).answer
        lines.append(Line(f"{label} ({_carried(body)})", WANTED, found, body, None, tuple(problems)))
    narrator.table("Transfers (chuyển hồ sơ), in the order of the decisions, with both sides' exact bytes:", lines)
    return came


def _carried(body: bytes) -> str:
    return read(_side(body, "Reply").body).answer.pair


def _side(body: bytes, name: str) -> Side:
    side = etree.fromstring(body).find(f"Body/Content/Transfer/{name}")
    assert side is not None
    return Side(side.findtext("Digest") or "", b64decode(side.findtext("Bytes") or ""))


def _faults(body: bytes, wanted: Decided, portal: Path) -> list[str]:
    found, request, reply = read(body), _side(body, "Request"), _side(body, "Reply")
    told = []
    if (found.answer.pair, found.answer.content) != (WANTED.pair, WANTED.content):
        told.append(f"expected 40/01 Transfer, got {found.answer.pair} {found.answer.content}")
    if (found.number, found.year) != (wanted.number, wanted.year):
        told.append(f"it is about {found.number}/{found.year}: out of order")
    if not (request.holds and reply.holds):
        told.append("a digest is not that of the bytes beside it")
    if reply.body != wanted.reply:
        told.append("the reply inside is not the one that the declarant was given")
    if not verify_with_xmlsec1(request.body, place="system", certificate_pem=portal):
        told.append("xmlsec1: the portal's seal on the request inside does not verify")
    return told


def receipt(play: Play, came: Sequence[Received]) -> None:
    """40/99 for each, signed by the window."""
    for each in came:
        reply = play.author.read(CarriedMessage(each.body, None, each.correlation_id))
        play.window.publish(play.author.receipt(reply))


def reconciled(premises: Premises, who: Callers, decided: Sequence[Decided], narrator: Narrator) -> None:
    """Wait until every dossier of the incident is transferred to the window."""
    with Door(premises.staff_url, who.customs) as door:

        def through(number: str, year: int) -> bool:
            found = door.get(LOOKUP, reference=number, year=year)[1]["dossiers"]
            return bool(found) and bool(found[0]["transferred"])

        keys = sorted({(each.number, each.year) for each in decided})
        wait_until(lambda: all(through(*key) for key in keys), seconds=RECEIPT_SECONDS, step=0.2)
        missing = [f"{number}/{year} is not with the window" for number, year in keys if not through(number, year)]
    narrator.check("the window's receipts (40/99) are kept: every dossier of the incident is with the window", missing)
