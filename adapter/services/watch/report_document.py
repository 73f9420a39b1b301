"""The report of an incident for the window's manager: XML signed by our system.

Its root is no Envelope, so no door takes it for a message. Times are written as in messages, in Vietnam's zone.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from lxml import etree

from adapter.pipeline.envelope import write_time
from adapter.pipeline.signature.seal import SigningKey, seal_envelope, written
from adapter.services.dossiers.pairs import DossierPair
from adapter.services.watch.reconciliation import PaperLine, Report

ROOT = "ReconciliationReport"


def signed(report: Report, *, authority: str, key: SigningKey, printed: bytes) -> bytes:
    """The document. `authority`: who reports; `printed`: the page beside it, whose digest the document names."""
    root = document(report, authority=authority)
    _texts(etree.SubElement(root, "PrintedPage"), Digest=hashlib.sha256(printed).hexdigest())
    return written(seal_envelope(root, system=key))


def document(report: Report, *, authority: str) -> etree._Element:
    """The same without a signature."""
    root = etree.Element(ROOT)
    day = report.working_day
    checked = [each for each in report.papers if each.checked_at is not None]
    _texts(
        root,
        Authority=authority,
        MadeAt=_time(report.made_at),
        Incident=report.name,
        Cause=report.cause,
        StartedAt=_time(report.started_at),
        EndedAt=_time(report.ended_at),
        WorkingDayEndsAt=_time(day.due_at) if day else None,
        ReconciledAt=_time(day.ended_at) if day else None,
        WorkingDayIs=day.standing.value if day else None,
        Answers=str(len(report.lines)),
        Open=str(len(report.open)),
        OnPaper=str(len(checked)) if checked else None,
        ByBothDoors=str(len(report.pairs)) if report.pairs else None,
    )
    for line in report.lines:
        _texts(
            etree.SubElement(root, "Answer"),
            Dossier=line.dossier,
            Procedure=line.procedure,
            Gate=line.gate,
            Message=line.pair,
            Settlement=line.settlement.value,
            MessageId=line.message_id,
            Digest=line.digest,
            MadeAt=_time(line.made_at),
            LeftAt=_time(line.left_at),
            ReceivedAt=_time(line.received_at),
            Hours=f"{line.hours:.2f}",
            OpenFor=line.open_for.value if line.open_for else None,
        )
    for paper in checked:
        _paper(etree.SubElement(root, "PaperRecord"), paper)
    for pair in report.pairs:
        _pair(etree.SubElement(root, "Pair"), pair)
    return root


def _paper(element: etree._Element, paper: PaperLine) -> None:
    """What was done by hand, with the numbers and times of the form."""
    _texts(
        element,
        Dossier=paper.dossier,
        Procedure=paper.procedure,
        Gate=paper.gate,
        ReceivedAt=_time(paper.received_at),
        ConfirmedAt=_time(paper.confirmed_at),
        Confirmation=paper.confirmation,
    )


def _pair(element: etree._Element, pair: DossierPair) -> None:
    """What was declared by both doors, and what an officer has said of it."""
    _texts(
        element,
        Dossier=str(pair.portal),
        OfTheWindow=str(pair.window),
        FoundAt=_time(pair.found_at),
        Verdict=pair.verdict.value if pair.verdict else None,
        SettledAt=_time(pair.settled_at),
        Ended=str(pair.ended) if pair.ended else None,
    )


def _texts(element: etree._Element, **texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None:
            etree.SubElement(element, name).text = text


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else write_time(moment)
