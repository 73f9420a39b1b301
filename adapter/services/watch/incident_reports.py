"""The report of an incident, ready to be sent to the window's manager: signed XML, and the printed page beside it.

The XML counts. It names the SHA-256 of the page, so that the one signature holds for both.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from adapter.model.actor import Actor
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.signature.seal import SigningKey
from adapter.services.access.rights import Right, needs
from adapter.services.dossiers.acts import SessionOver
from adapter.services.watch.reconciliation import Reconciliation, Report
from adapter.services.watch.report_document import signed
from adapter.services.watch.report_print import ReportPrints


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """A report and its two files."""

    report: Report
    xml: bytes
    pdf: bytes

    def packed(self) -> bytes:
        """Both in one ZIP."""
        made, at = io.BytesIO(), self.report.made_at.astimezone(VIETNAM).timetuple()[:6]
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, body in (("bao-cao.xml", self.xml), ("bao-cao.pdf", self.pdf)):
                archive.writestr(zipfile.ZipInfo(name, at), body, zipfile.ZIP_DEFLATED)
        return made.getvalue()


class ReportsOnPages(Protocol):
    """Reports that are asked for from a page."""

    def packed(self, secret: str, incident: str) -> bytes:
        """The signed report of an incident with its printed page, as a ZIP; `secret` is what the browser holds.

        Raises:
            SessionOver: he has to log in again.
            NoRight: none of his roles grants it.
            NotAllowed: there is no such incident.
            Unavailable, Misconfigured: it cannot be made now.
        """


@dataclass(frozen=True)
class IncidentReports:
    """The operator's use case. `key` gives the system's key, `authority` is who reports."""

    reconciliation: Reconciliation
    prints: Callable[[], ReportPrints]
    key: Callable[[], SigningKey]
    authority: str

    def make(self, incident: str, *, actor: Actor) -> ReportFiles:
        """The files of the report as things stand now. Nothing counts as reported before `given`.

        Raises:
            NotAllowed: there is no such incident.
            NoRight: the actor may not report.
            Misconfigured: the layout is missing or cannot be typeset.
        """
        needs(actor, Right.REPORT_INCIDENT)
        report = self.reconciliation.report(incident, actor=actor)
        pdf = self.prints().pdf(report)
        return ReportFiles(report, signed(report, authority=self.authority, key=self.key(), printed=pdf), pdf)

    def given(self, files: ReportFiles, *, actor: Actor) -> Report:
        """The files were given out: what was done on paper and checked counts as reported, and the journal has both.

        Raises:
            NoRight: the actor may not report.
        """
        needs(actor, Right.REPORT_INCIDENT)
        digests = {"xml": hashlib.sha256(files.xml).hexdigest(), "pdf": hashlib.sha256(files.pdf).hexdigest()}
        return self.reconciliation.reported(files.report, digests, actor=actor)


@dataclass(frozen=True)
class SessionReports:
    """The same for who has logged in. `recognise` gives the person of a session, or None."""

    reports: Callable[[], IncidentReports]
    recognise: Callable[[str], Actor | None]

    def packed(self, secret: str, incident: str) -> bytes:
        """As `ReportsOnPages.packed`."""
        actor = self.recognise(secret)
        if actor is None:
            raise SessionOver
        reports = self.reports()
        files = reports.make(incident, actor=actor)
        reports.given(files, actor=actor)
        return files.packed()
