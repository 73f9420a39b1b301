"""Components that take declarations of people and programs at the portal."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from urllib.parse import urlsplit

from adapter.bootstrap.clock_and_ids import new_message_id, new_secret
from adapter.bootstrap.dossier_components import DossierComponents
from adapter.bootstrap.reach import Reach
from adapter.gateways.store.own_numbers import NumberRequest
from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.pipeline.signature.statement import StatementGround
from adapter.services.decisions.remote import RemoteCertificates, RemoteGrants, RemoteReception, RemoteUploads
from adapter.services.door.corrections import Corrections
from adapter.services.door.declarations import Declarations
from adapter.services.door.doorkeeper import Doorkeeper
from adapter.services.door.drafts import Drafts
from adapter.services.door.opening import Opening
from adapter.services.door.precheck import Threshold
from adapter.services.door.presses import Presses
from adapter.services.door.reception import Reception
from adapter.services.door.retention import DraftRetention
from adapter.services.door.shut import ShutForms
from adapter.services.door.signed_uploads import ProvenUploads, SignedUploads, UploadOpening, UploadReception
from adapter.services.door.submission import Door
from adapter.services.door.taking import Judging
from adapter.services.registers.grants import Grants
from adapter.services.registers.own_certificates import CertificateHolders, OwnCertificates, ProvenCertificates
from adapter.services.registers.signed_grants import GrantSigners, GrantStatements, SignedGrants
from adapter.services.statements.issuing import Statements
from adapter.services.statements.proving import StatementProofs


class DoorComponents(DossierComponents):
    """With what takes declarations at the portal."""

    @cached_property
    def reception(self) -> Reception:
        """Where the portal hands over what it has sealed."""
        if self.reach is not Reach.WHOLE:
            return RemoteReception(self.decisions.ask)
        return UploadReception(self._judging, self.proven_uploads)

    @cached_property
    def _judging(self) -> Judging:
        return Judging(
            database=self.database,
            threshold=self.threshold,
            intake=self.intake,
            series=self.series,
            window=self.window,
            doorkeeper=Doorkeeper(self.threshold, self.series, self.settings.window.answer_portal, self.legal_clock),
            sender=self.portal,
            clock=self.legal_clock,
        )

    @cached_property
    def threshold(self) -> Threshold:
        return Threshold(self.ground, self.installation)

    @cached_property
    def door(self) -> Door:
        return Door(
            threshold=self.threshold,
            reception=self.reception,
            key=self.portal_key,
            sender=self.portal,
            clock=self.legal_clock,
            foreseen_number=self._foreseen_number,
        )

    def _foreseen_number(self, asked: NumberRequest) -> DossierKey:
        with self.database.reading() as connection:
            given = self.series.given(connection, asked)
        return given or self.series.of(asked.unit).placeholder(asked.at)

    @cached_property
    def drafts(self) -> Drafts:
        return Drafts(
            database=self.database,
            ground=self.ground,
            threshold=self.threshold,
            reception=self.reception,
            submit=self.door.declare,
            sender=self.portal,
            clock=self.legal_clock,
            new_id=new_message_id,
            shut=self.shut_forms,
        )

    @cached_property
    def shut_forms(self) -> ShutForms:
        return ShutForms(self.ground, self.legal_clock, self.database, self.grants.is_granted)

    @cached_property
    def grants(self) -> Grants:
        return Grants(self.database, self.catalogue, self.legal_clock, lambda: self.notification_kinds)

    @cached_property
    def statements(self) -> Statements:
        return Statements(self.database, lambda: self.catalogue.statements, self._host, new_secret, self.legal_clock)

    @cached_property
    def statement_proofs(self) -> StatementProofs:
        findings = lambda: self.catalogue.findings  # noqa: E731
        return StatementProofs(self.database, self._statement_ground, findings, self._host, self.legal_clock)

    @property
    def _host(self) -> str:
        """The portal's own, as statements name it."""
        stated = self.settings.web.portal.public_url
        return urlsplit(stated).netloc if stated else self.portal

    def _statement_ground(self) -> StatementGround | None:
        form = self.catalogue.statements
        if form is None:
            return None
        return StatementGround(self.ground.limits, self.trust, self.timing, form, self.schema_by_name)

    @cached_property
    def own_certificates(self) -> OwnCertificates:
        return OwnCertificates(self.database, self.statements)

    @cached_property
    def certificate_holders(self) -> CertificateHolders:
        if self.reach is not Reach.WHOLE:
            return RemoteCertificates(self.decisions.ask)
        approval = self.settings.trust.registry.approval
        return ProvenCertificates(self.registry, self.statement_proofs, self._declarant, approval)

    @cached_property
    def grant_statements(self) -> GrantStatements:
        return GrantStatements(self.statements)

    @cached_property
    def grant_signers(self) -> GrantSigners:
        if self.reach is not Reach.WHOLE:
            return RemoteGrants(self.decisions.ask)
        return SignedGrants(self.grants, self.statement_proofs, self._declarant, self.representation)

    def _declarant(self, secret: str) -> Actor | None:
        """Who has logged in at the portal by that secret."""
        session = self.sessions.find(secret)
        return session.actor if session else None

    @cached_property
    def signed_uploads(self) -> SignedUploads:
        return SignedUploads(self.database, self.statements, self.upload_opening, self.door)

    @cached_property
    def upload_opening(self) -> UploadOpening:
        return RemoteUploads(self.decisions.ask) if self.reach is not Reach.WHOLE else self.proven_uploads

    @cached_property
    def proven_uploads(self) -> ProvenUploads:
        return ProvenUploads(self.database, self.threshold, self.statement_proofs, self.legal_clock)

    @cached_property
    def corrections(self) -> Corrections:
        return Corrections(self.database, self.ground, self.opening, self.drafts, self.legal_clock)

    @cached_property
    def opening(self) -> Opening:
        return Opening(self.database, self.catalogue, self.window, self.legal_clock)

    @cached_property
    def presses(self) -> Presses:
        return Presses(self.database, self.drafts, self.window, self.legal_clock, self.observe)

    @cached_property
    def draft_retention(self) -> DraftRetention:
        stated = self.settings.web.drafts
        keep = None if stated.keep_days is None else timedelta(days=stated.keep_days)
        kinds, notice = (lambda: self.notification_kinds), timedelta(days=stated.notice_days)
        return DraftRetention(self.database, kinds, self.legal_clock, keep, notice)

    @cached_property
    def declarations(self) -> Declarations:
        return Declarations(self.database, self.legal_clock)
