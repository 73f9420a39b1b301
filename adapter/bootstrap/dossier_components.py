"""Components for messages and dossiers: judging, answering, showing, printing, and the acts of officers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cached_property

from adapter.bootstrap.clock_and_ids import new_message_id, now
from adapter.bootstrap.common_components import CommonComponents
from adapter.bootstrap.reach import Reach
from adapter.gateways.attachments.reading import look
from adapter.gateways.scanner import Clamd
from adapter.gateways.typesetting.layouts import Layouts
from adapter.model.actor import Actor
from adapter.model.attachment import FileLimits
from adapter.model.limits import Limits
from adapter.model.procedure import Label, Procedure
from adapter.services.attachments.giving import AttachmentsGiven
from adapter.services.attachments.keeping import Attachments
from adapter.services.attachments.scanning import Scanning
from adapter.services.decisions.remote import RemoteActs, RemotePaperActs, RemoteReplays, RemoteReports
from adapter.services.dossiers.acts import Acts, Desks, OfficerActs
from adapter.services.dossiers.amendment_requests import Asking
from adapter.services.dossiers.amendments import Amendments
from adapter.services.dossiers.answer_places import AnswerPlaces
from adapter.services.dossiers.answers import AnswersInWords
from adapter.services.dossiers.case_file import CaseFiles
from adapter.services.dossiers.completion import Completion
from adapter.services.dossiers.desk import Desk
from adapter.services.dossiers.original_papers import OriginalPapers
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.pairs import Pairs
from adapter.services.dossiers.paper_acts import PaperActs, SessionPaperActs
from adapter.services.dossiers.paper_forms import PaperForms
from adapter.services.dossiers.paper_records import PaperRecords
from adapter.services.dossiers.paper_scans import PaperScans
from adapter.services.dossiers.printing import AnswerPrints, CasePrints, Printing
from adapter.services.dossiers.suspended import SuspendedAccounts
from adapter.services.dossiers.worklist import WorkLists
from adapter.services.messages.admission import Admission, Unlisted
from adapter.services.messages.browser import MessageBrowser
from adapter.services.messages.intake import Intake
from adapter.services.messages.item import Patience
from adapter.services.messages.replays import ParkedMessages, Replays, SessionReplays
from adapter.services.messages.tries import Tries
from adapter.services.registers.entered_grants import EnteredGrants
from adapter.services.replies.correspondence import Correspondence
from adapter.services.replies.resend import Resend
from adapter.services.replies.settling import Settling
from adapter.services.replies.signing import Signing
from adapter.services.watch.incident_reports import IncidentReports, ReportsOnPages, SessionReports
from adapter.services.watch.report_print import ReportPrints


def _kinds(procedure: Procedure) -> str | None:
    """The code list of the kinds of its attached files."""
    group = procedure.group(procedure.attached.group) if procedure.attached else None
    return group.by_name[procedure.attached.kind].codes if group and procedure.attached else None


class DossierComponents(CommonComponents):
    """With what works on messages and dossiers."""

    @cached_property
    def admission(self) -> Admission:
        return Admission(Unlisted(self.settings.trust.registry.unknown_on_window), self.representation)

    @cached_property
    def correspondence(self) -> Correspondence:
        return Correspondence(self.catalogue, self.installation, self.keys, new_message_id)

    @cached_property
    def intake(self) -> Intake:
        waiting = self.settings.waiting
        representation = replace(self.representation, entitled=self.authorisations.entitled)
        return Intake(
            database=self.database,
            ground=replace(self.ground, representation=representation),
            asking=self.asking,
            admission=self.admission,
            clock=self.legal_clock,
            patience=Patience(waiting.overtaken_s, waiting.evidence_s, waiting.evidence_retry_s),
            dossier_bytes=self.settings.attachments.dossier_bytes,
            hold_sent_before=waiting.hold_sent_before,
            observe=self.observe,
            in_hand=self.in_hand,
        )

    @cached_property
    def tries(self) -> Tries:
        return Tries(self.database, self.legal_clock, self.settings.workers.attempts)

    @cached_property
    def asking(self) -> Asking:
        return Asking(self.correspondence, self.series)

    @cached_property
    def paper_records(self) -> PaperRecords:
        return PaperRecords(self.database, self.catalogue, self.installation.units, self.legal_clock, new_message_id)

    @cached_property
    def paper_acts(self) -> PaperActs:
        """Acts on paper records that come over the web."""
        if self.reach is not Reach.WHOLE:
            return RemotePaperActs(self.decisions.ask)
        return SessionPaperActs(lambda: self.paper_records, self._officer)

    @cached_property
    def paper_forms(self) -> PaperForms:
        return PaperForms(self.catalogue, self.installation.units, self.schema_by_name, self.legal_clock)

    @cached_property
    def paper_scans(self) -> PaperScans:
        return PaperScans(self.paper_records, self.attachments, self.attachments_given, self.catalogue)

    @cached_property
    def scanning(self) -> Scanning:
        stated = self.settings.attachments
        scanner = Clamd(stated.clamd, stated.clamd_s) if stated.clamd else None
        return Scanning(self.database, scanner, self.legal_clock, self.observe)

    @cached_property
    def attachments(self) -> Attachments:
        stated = self.settings.attachments
        limits = FileLimits(stated.file_bytes, stated.dossier_bytes, stated.unsent_bytes)
        keep = timedelta(hours=stated.keep_hours)
        return Attachments(self.database, look, self.scanning, limits, keep, self.legal_clock)

    @cached_property
    def entered_grants(self) -> EnteredGrants:
        return EnteredGrants(self.database, lambda: self.catalogue, self.legal_clock, self.authorisations)

    @cached_property
    def attachments_given(self) -> AttachmentsGiven:
        kinds = {
            code.code: Label(code.vi, code.en)
            for procedures in self.catalogue.procedures.values()
            for procedure in procedures
            if (listing := _kinds(procedure))
            for code in self.catalogue.codelists[listing].values()
        }
        return AttachmentsGiven(self.database, self.installation.units, self.scanning, self.legal_clock, kinds)

    @cached_property
    def completion(self) -> Completion:
        return Completion(self.desk, self.series)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.database, self.correspondence, self.legal_clock, self.observe, self.window.shows)

    @cached_property
    def signing(self) -> Signing:
        return Signing(self.desk, self.units_unready)

    @cached_property
    def settling(self) -> Settling:
        return Settling(self.desk)

    @cached_property
    def resend(self) -> Resend:
        return Resend(self.database, now)

    @cached_property
    def message_browser(self) -> MessageBrowser:
        limits = Limits(**self.settings.limits.model_dump())
        return MessageBrowser(self.database, lambda: self.catalogue, limits, self.legal_clock)

    @cached_property
    def amendments(self) -> Amendments:
        return Amendments(self.desk, self.completion, self.asking)

    @cached_property
    def acts(self) -> Acts:
        """Acts of officers that come over the web."""
        if self.reach is not Reach.WHOLE:
            return RemoteActs(self.decisions.ask)
        return OfficerActs(lambda: self.desks, self._officer)

    @cached_property
    def desks(self) -> Desks:
        return Desks(self.completion, self.amendments, self.handing_in, self.pairs)

    @cached_property
    def pairs(self) -> Pairs:
        units, clock = self.installation.units, self.legal_clock
        return Pairs(self.database, lambda: self.catalogue, units, clock, lambda: self.notification_kinds)

    @cached_property
    def report_prints(self) -> ReportPrints:
        return ReportPrints(Layouts(self.settings.folders.prints), self._label(self.settings.web.about.authority))

    @cached_property
    def incident_reports(self) -> IncidentReports:
        organization = self.settings.installation.organization
        return IncidentReports(
            self.reconciliation, lambda: self.report_prints, lambda: self.keys().system, organization
        )

    @cached_property
    def reports_on_pages(self) -> ReportsOnPages:
        """Signed reports of incidents that are asked for from a page."""
        if self.reach is not Reach.WHOLE:
            return RemoteReports(self.decisions.ask)
        return SessionReports(lambda: self.incident_reports, self._officer)

    @cached_property
    def parked_messages(self) -> ParkedMessages:
        return ParkedMessages(self.database)

    @cached_property
    def replays(self) -> Replays:
        """Replays of parked messages that are asked for from a page."""
        if self.reach is not Reach.WHOLE:
            return RemoteReplays(self.decisions.ask)
        return SessionReplays(self.parked_messages, lambda: self.intake, self._officer)

    def _officer(self, secret: str) -> Actor | None:
        """Who of the staff has logged in by that secret, with the roles that the register gives him now."""
        session = self.staff_sessions.find(secret)
        return session.actor if session else None

    @cached_property
    def work_lists(self) -> WorkLists:
        return WorkLists(self.database, self.catalogue, self.installation.units, self.legal_clock)

    @cached_property
    def case_files(self) -> CaseFiles:
        return CaseFiles(self.database, self.catalogue, self.installation.units, self.legal_clock, self.answers.places)

    @cached_property
    def own_dossiers(self) -> OwnDossiers:
        return OwnDossiers(self.database, self.answers, self.window, self.legal_clock)

    @cached_property
    def answers(self) -> AnswersInWords:
        places = AnswerPlaces(self.catalogue, self.schema_by_name)
        return AnswersInWords(self.catalogue, self.schema_by_name, places)

    @cached_property
    def suspended_accounts(self) -> SuspendedAccounts:
        return SuspendedAccounts(self.own_dossiers, lambda: self.installation.units, lambda: self.catalogue.hour_stands)

    @cached_property
    def answer_prints(self) -> AnswerPrints:
        web = self.settings.web
        layouts = Layouts(self.settings.folders.prints)
        return AnswerPrints(layouts, web.portal.public_url, self._label(web.about.authority))

    @cached_property
    def printing(self) -> Printing:
        return Printing(self.own_dossiers, self.answer_prints)

    @cached_property
    def case_prints(self) -> CasePrints:
        return CasePrints(self.database, self.installation.units, self.answers, self.answer_prints, self.legal_clock)

    @cached_property
    def handing_in(self) -> OriginalPapers:
        return OriginalPapers(self.database, self.catalogue, self.installation.units, self.legal_clock)
