"""The house: every part of one process, made when it is first asked for.

Longer than 350 lines: one assembly, so that each part is made in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

from adapter import settings as configuration
from adapter.bootstrap.alerting import alert_ways
from adapter.bootstrap.clock_and_ids import new_code, new_message_id, new_secret, now
from adapter.bootstrap.identity import identity_provider
from adapter.bootstrap.keyrings import Rings, keyrings
from adapter.bootstrap.parties import installation
from adapter.bootstrap.reach import OutOfReach, Reach
from adapter.bootstrap.standing_by import (
    keeps_contacts,
    notice_authority,
    notice_pages_folder,
    standby_folder,
)
from adapter.bootstrap.trusted import authorities, revocation
from adapter.catalogue.load import DataFiles, load, reporter
from adapter.catalogue.notifications import notification_kinds
from adapter.catalogue.portal_failure import failure_words
from adapter.gateways.alert_file import AlertFile
from adapter.gateways.broker import BrokerAddress, TlsFiles
from adapter.gateways.broker.topology import Topology, load_topology
from adapter.gateways.decisions import DecisionsLine
from adapter.gateways.identity import Provider
from adapter.gateways.keys.certificates_in_use import installed
from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.keys.pem_files import load_partners
from adapter.gateways.mail.smtp import OpenOffice, SmtpServer, post_office
from adapter.gateways.revocation.cache import EvidenceCache
from adapter.gateways.revocation.evidence import Revocation
from adapter.gateways.standby import StandbyFolder
from adapter.gateways.store.database import Database
from adapter.gateways.store.own_numbers import NumberRequest, Series
from adapter.gateways.typesetting.layouts import Layouts
from adapter.model.actor import Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Misconfigured
from adapter.model.events import Observe, unobserved
from adapter.model.identifiers import DossierKey
from adapter.model.installation import Installation
from adapter.model.limits import Limits
from adapter.model.notification import NotificationKinds
from adapter.model.procedure import Label
from adapter.model.units import BorderUnit
from adapter.pipeline.judge import Ground
from adapter.pipeline.principal import Representation
from adapter.pipeline.signature.seal import SigningKey
from adapter.pipeline.signature.signing_time import Timing
from adapter.pipeline.trust import TIMESTAMPING, Store, Trust
from adapter.pipeline.trust.holder import NumberPlace
from adapter.pipeline.units import codes_stated
from adapter.services.access.emergency import EmergencyAccess
from adapter.services.access.offices import Offices
from adapter.services.access.people import People
from adapter.services.access.rates import RateRule, Rates
from adapter.services.access.sessions import Sessions
from adapter.services.access.staff_sessions import StaffSessions
from adapter.services.access.tokens import Tokens
from adapter.services.customs.assertions import Assertions
from adapter.services.customs.audit import LookupAudit
from adapter.services.customs.box import SearchBox
from adapter.services.customs.clients import Clients
from adapter.services.customs.granted import LookupRights
from adapter.services.customs.searches import Searches
from adapter.services.decisions.remote import RemoteActs, RemoteReception
from adapter.services.door.corrections import Corrections
from adapter.services.door.declarations import Declarations
from adapter.services.door.drafts import Drafts
from adapter.services.door.opening import Opening
from adapter.services.door.precheck import Threshold
from adapter.services.door.presses import Presses
from adapter.services.door.reception import Judging, Reception
from adapter.services.door.sealing import repeatable
from adapter.services.door.submission import Door
from adapter.services.dossiers.acts import Acts, Desks, OfficerActs
from adapter.services.dossiers.amendment_requests import Asking
from adapter.services.dossiers.amendments import Amendments
from adapter.services.dossiers.case_file import CaseFiles
from adapter.services.dossiers.completion import Completion
from adapter.services.dossiers.desk import Desk
from adapter.services.dossiers.lookup import Lookup
from adapter.services.dossiers.original_papers import OriginalPapers
from adapter.services.dossiers.own import OwnDossiers
from adapter.services.dossiers.printing import Printing
from adapter.services.dossiers.suspended import SuspendedAccounts
from adapter.services.dossiers.worklist import WorkLists
from adapter.services.messages.admission import Admission, Unlisted
from adapter.services.messages.browser import MessageBrowser
from adapter.services.messages.intake import InHand, Intake, unheld
from adapter.services.messages.item import Patience
from adapter.services.notifications.addresses import MailAddresses
from adapter.services.notifications.inbox import NotificationInbox
from adapter.services.notifications.mailing import Mailing
from adapter.services.notifications.overdue import OverdueNotifications
from adapter.services.registers.accounts import Accounts
from adapter.services.registers.authorisations import Authorisations
from adapter.services.registers.certificates import Registry
from adapter.services.registers.expiry import Expiry
from adapter.services.registers.grants import Grants
from adapter.services.replies.correspondence import Correspondence, Keys
from adapter.services.replies.resend import Resend
from adapter.services.replies.settling import Settling
from adapter.services.replies.signing import Signing
from adapter.services.standby.contacts import CallList, CallListKeeper
from adapter.services.standby.failure import PortalFailure
from adapter.services.watch.alert_ways import Tell
from adapter.services.watch.deadlines import Deadlines
from adapter.services.watch.links import Links
from adapter.services.watch.mode import WindowPatience
from adapter.services.watch.mode_notices import ModeNotices
from adapter.services.watch.readings import Reading
from adapter.services.watch.reconciliation import Reconciliation
from adapter.services.watch.situation import Situations
from adapter.services.watch.transfers import Transfers
from adapter.services.watch.window import Window
from adapter.settings import LoginSettings, Settings, WordsSettings


@dataclass
class House:
    """All that one process needs, each part made when it is first asked for."""

    settings: Settings
    observe: Observe = unobserved
    fetches: bool = False
    """Whether CRLs and OCSP answers may be fetched: the daemon's processes do, commands only read."""
    in_hand: InHand = unheld
    """Told which message is judged now."""
    reach: Reach = Reach.WHOLE
    """Which process it is for."""

    @cached_property
    def source(self) -> DataFiles:
        folders = self.settings.folders
        for name, folder in (("schemas", folders.schemas), ("mappings", folders.mappings)):
            if not folder.is_dir():  # else each file of it would be told of by itself
                raise Misconfigured(f"folders.{name}: there is no folder {folder}")
        return DataFiles(folders.schemas, folders.mappings, folders.calendar)

    @cached_property
    def catalogue(self) -> Catalogue:
        return replace(load(self.source), warn_share=self.settings.deadlines.warn_share)

    @cached_property
    def trust(self) -> Trust:
        stated = self.settings.trust
        partners = {name: (p.role, p.channel, p.certificates, p.legacy_sha1) for name, p in stated.partners.items()}
        return Trust(
            load_partners(partners),
            self.stores,
            self.revocation,
            self.number_places,
            self.authorities.get(TIMESTAMPING),
        )

    @cached_property
    def stores(self) -> dict[str, Store]:
        """The stores of signers."""
        return {name: store for name, store in self.authorities.items() if name != TIMESTAMPING}

    @cached_property
    def authorities(self) -> dict[str, Store]:
        """Every store, that of time-stamping authorities too."""
        return authorities(self.settings.trust)

    @cached_property
    def revocation(self) -> Revocation:
        """Evidence of revocation: what lies there, and what is fetched if this process may."""
        shelf = EvidenceCache(self.settings.folders.state / "revocation")
        return revocation(self.settings.trust, self.authorities, shelf, self.observe, fetches=self.fetches)

    @cached_property
    def number_places(self) -> tuple[NumberPlace, ...]:
        return tuple(NumberPlace(name, prefixes) for name, prefixes in self.settings.trust.identity)

    @cached_property
    def representation(self) -> Representation:
        """Of those who have no register; the daemon's `intake` asks the store."""
        return Representation(head_for_branches=self.settings.trust.registry.head_for_branches)

    @cached_property
    def authorisations(self) -> Authorisations:
        return Authorisations(self.database, self.legal_clock, self.representation)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.database, self.number_places, self.legal_clock)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(
            database=self.database,
            catalogue=lambda: self.catalogue,
            units=lambda: self.installation.units,
            clock=self.legal_clock,
            told=lambda: self.notification_kinds,
            notice_hours=self.settings.accounts.notice_hours,
        )

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.database, self.window, now)

    @cached_property
    def alert_ways(self) -> dict[str, Tell]:
        """How alerts are told, by name; none where nobody is.

        Raises:
            Misconfigured: a file cannot be read.
        """
        return alert_ways(self.settings, self.open_post_office)

    @property
    def alert_file(self) -> AlertFile:
        return AlertFile(self.settings.folders.state / "alerts.json")

    @cached_property
    def expiry(self) -> Expiry:
        stated = self.settings
        rings = [*self.keyrings.own.values(), *self.keyrings.units.values()]
        keys = {ring.name: [pair.certificates for pair in ring.pairs] for ring in rings}
        partners = {name: partner.certificates for name, partner in stated.trust.partners.items()}
        stores = {name: (part.anchors, part.intermediates) for name, part in stated.trust.authorities.items()}
        tls = stated.broker.tls
        broker = (tls.certificate, tls.ca) if tls else None
        days = sorted(stated.trust.alert_days, reverse=True)
        in_use = partial(installed, keys, partners, stores, broker)
        return Expiry(self.database, in_use, self.legal_clock, self.observe, days)

    @cached_property
    def admission(self) -> Admission:
        return Admission(Unlisted(self.settings.trust.registry.unknown_on_window), self.representation)

    @cached_property
    def ground(self) -> Ground:
        limits = Limits(**self.settings.limits.model_dump())
        units = self.installation.units
        return Ground(
            self.catalogue, limits, self.trust, reporter(self.source), self.representation, self.timing, units
        )

    @cached_property
    def timing(self) -> Timing:
        """How claimed times are judged."""
        stated = self.settings.trust.signing_time
        return Timing(
            past=timedelta(hours=stated.past_hours),
            future=timedelta(minutes=stated.future_minutes),
            underway=timedelta(minutes=self.settings.window.underway_minutes),
        )

    @cached_property
    def installation(self) -> Installation:
        return installation(self.settings)

    @cached_property
    def keyrings(self) -> Rings:
        """Our keys, as far as they are this process's to hold."""
        return keyrings(self.settings, self.legal_clock, self.observe, lambda: self.trust, self.reach)

    def keys(self) -> Keys:
        """The keys that sign our replies now: the system's, and each unit's when it is asked for.

        Raises:
            KeyUnavailable: the system's cannot.
            OutOfReach: this process holds none of them.
        """
        if self.reach is not Reach.WHOLE:
            raise OutOfReach(self.reach, "holds no key of the system or of a unit: the part that decides signs")
        return Keys(self.keyrings.own["system"].current(), self._unit_key)

    def _unit_key(self, unit: BorderUnit) -> SigningKey:
        return self.keyrings.units[unit.code].current()

    def load_keys(self) -> None:
        """Read our keys; a module that is away is no fault here, and no key of a unit is.

        Raises:
            Misconfigured: the key of the system or of the portal, where it is this process's, is not whole.
        """
        for keyring in (*self.keyrings.own.values(), *self.keyrings.units.values()):
            keyring.load()

    def keys_ready(self) -> None:
        """Ask whether those of system and portal that this process holds can sign now: else nothing can be taken.

        Raises:
            KeyUnavailable: one cannot.
        """
        for keyring in self.keyrings.own.values():
            keyring.ready()

    def units_unready(self) -> dict[str, str]:
        """The units whose key cannot sign now, by their codes, each with the reason."""
        found = {}
        for code, keyring in self.keyrings.units.items():
            try:
                keyring.ready()
            except KeyUnavailable as error:
                found[code] = str(error)
        return found

    def new_keys_taken(self) -> bool:
        """Whether no key file holds another pair than the one that is in use, as it was looked at last."""
        rings = self.keyrings
        return not any(ring.refuses for ring in (*rings.own.values(), *rings.units.values()))

    @cached_property
    def database(self) -> Database:
        stated = self.settings.database
        # A command may take its time over a migration or a report; the daemon's processes serve.
        answer_s = stated.answer_s if self.fetches else None
        if self.reach is Reach.WHOLE:
            url = configuration.database_url(self.settings)
        else:
            url = configuration.listener_database_url(self.settings, self.reach.value)
        return Database(url, pool=stated.pool, answer_s=answer_s)

    def close(self) -> None:
        """Give all connections back, to the database and to the part that decides."""
        self.database.close()
        self.decisions.close()

    @cached_property
    def topology(self) -> Topology:
        return load_topology(self.settings.folders.queues / "topology.yaml")

    @property
    def broker(self) -> BrokerAddress:
        stated = self.settings.broker
        tls = None
        if stated.tls is not None:
            tls = TlsFiles(authorities=stated.tls.ca, certificate=stated.tls.certificate, key=stated.tls.key)
        first, *others = configuration.broker_urls(self.settings)
        return BrokerAddress(url=first, others=tuple(others), tls=tls, heartbeat_s=stated.heartbeat_s)

    @cached_property
    def series(self) -> Series:
        stated = self.settings.installation
        return Series(
            stated.contingency_prefix, stated.contingency_unit, stated.confirmation_prefix, stated.amendment_prefix
        )

    @cached_property
    def legal_clock(self) -> Callable[[], datetime]:
        """The time that is stamped on messages and decisions. Tests may freeze it; it is warned of at start."""
        frozen = self.settings.clock.unsafe_frozen
        return now if frozen is None else lambda: frozen

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
            hold_sent_before=waiting.hold_sent_before,
            observe=self.observe,
            in_hand=self.in_hand,
        )

    @cached_property
    def asking(self) -> Asking:
        return Asking(self.correspondence, self.series)

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
    def decisions(self) -> DecisionsLine:
        """The line to the part that decides, of a process that does not do so itself."""
        return DecisionsLine(self.decisions_folder, _DECIDED_S)

    @property
    def decisions_folder(self) -> Path:
        """Where the part that decides listens."""
        return self.settings.decisions.folder or self.settings.folders.state / "decisions"

    def decides(self) -> bool:
        """Whether what decides is at hand: in this process, or at the other end of the line."""
        return self.reach is Reach.WHOLE or self.decisions.answers()

    @cached_property
    def reception(self) -> Reception:
        """Where the portal hands over what it has sealed."""
        if self.reach is not Reach.WHOLE:
            return RemoteReception(self.decisions.ask)
        return Judging(
            database=self.database,
            threshold=self.threshold,
            intake=self.intake,
            series=self.series,
            window=self.window,
            sender=self.portal,
            answer_portal=self.settings.window.answer_portal,
            clock=self.legal_clock,
        )

    @cached_property
    def acts(self) -> Acts:
        """Acts of officers that come over the web."""
        if self.reach is not Reach.WHOLE:
            return RemoteActs(self.decisions.ask)
        return OfficerActs(lambda: Desks(self.completion, self.amendments, self.handing_in), self._officer)

    def _officer(self, secret: str) -> Actor | None:
        """Who of the staff has logged in by that secret, with the roles that the register gives him now."""
        session = self.staff_sessions.find(secret)
        return session.actor if session else None

    @cached_property
    def work_lists(self) -> WorkLists:
        return WorkLists(self.database, self.catalogue, self.installation.units, self.legal_clock)

    @cached_property
    def case_files(self) -> CaseFiles:
        return CaseFiles(self.database, self.catalogue, self.installation.units, self.legal_clock)

    @cached_property
    def window(self) -> Window:
        stated = self.settings.window
        patience = WindowPatience(
            broker_down_s=stated.broker_down_s,
            heartbeat_max_age_s=stated.heartbeat_max_age_s,
            stale_s=stated.stale_s,
            back_s=stated.back_s,
            suspect_s=stated.suspect_s,
            confirm_only=stated.confirm_only,
            begun_s=stated.begun_minutes * 60,
            override_s=stated.override_hours * 3600,
            remind_s=stated.remind_minutes * 60,
        )
        readable = self.legal_clock if self.settings.web.portal.login is not None else None
        writes = self.reach is not Reach.PORTAL
        return Window(self.database, now, patience, self.observe, lambda: self.notification_kinds, readable, writes)

    @cached_property
    def notification_kinds(self) -> NotificationKinds:
        """What declarants are told; read alone, for who needs nothing else of the catalogue."""
        return notification_kinds(self.settings.folders.mappings)

    @cached_property
    def mode_notices(self) -> ModeNotices:
        return ModeNotices(self.database, self.portal_key, self._label(self.settings.web.about.manager), now)

    @cached_property
    def inbox(self) -> NotificationInbox:
        return NotificationInbox(self.database, self.notification_kinds, self.window, self.legal_clock)

    @cached_property
    def mail_addresses(self) -> MailAddresses | None:
        """Where declarants want e-mail; None where none is sent."""
        if self.settings.mail is None:
            return None
        domain = self.settings.mail.domain
        return MailAddresses(self.database, self.notification_kinds, self.legal_clock, new_code, new_message_id, domain)

    @cached_property
    def open_post_office(self) -> OpenOffice | None:
        """Opens a connection to the mail server; None where there is none."""
        stated = self.settings.mail
        if stated is None:
            return None
        return partial(post_office, SmtpServer(**stated.model_dump(exclude={"tries", "fresh_hours"})))

    @cached_property
    def mailing(self) -> Mailing | None:
        """E-mail to declarants; None where none is sent."""
        stated, office = self.settings.mail, self.open_post_office
        if stated is None or office is None:
            return None
        return Mailing(
            database=self.database,
            kinds=self.notification_kinds,
            window=self.window,
            office=office,
            clock=self.legal_clock,
            new_id=new_message_id,
            observe=self.observe,
            portal=self._label(self.settings.web.about.portal),
            site=self.settings.web.portal.public_url or "",
            domain=stated.domain,
            tries=stated.tries,
            fresh_hours=stated.fresh_hours,
        )

    @cached_property
    def portal_failure(self) -> PortalFailure:
        """What is done when the portal itself fails; it asks neither database nor broker.

        Raises:
            Misconfigured: a web server carries its folder.
        """
        return PortalFailure(
            words=lambda: failure_words(self.settings.folders.mappings),
            about=notice_authority(self.settings),
            folder=StandbyFolder(standby_folder(self.settings)),
            pages=notice_pages_folder(self.settings),
            keep_hours=self.settings.portal_failure.keep_hours,
            clock=self.legal_clock,
        )

    @cached_property
    def call_list(self) -> CallList:
        return CallList(
            database=self.database,
            catalogue=lambda: self.catalogue,
            window=self.window,
            fields=lambda: failure_words(self.settings.folders.mappings).contacts,
            folder=self.portal_failure.folder,
            clock=self.legal_clock,
        )

    def call_list_keeper(self) -> CallListKeeper | None:
        """Keeps the list of whom to call; None where none is kept."""
        if not keeps_contacts(self.settings):
            return None

        def pages() -> None:
            self.portal_failure.tidy()
            self.portal_failure.write_pages()

        every_s = self.settings.portal_failure.write_minutes * 60
        return CallListKeeper(self.call_list.write, pages, self.observe, every_s)

    @cached_property
    def rates(self) -> Rates:
        stated = self.settings.web.rates
        return Rates(self.database, {rule: getattr(stated, rule.value) for rule in RateRule}, now)

    @cached_property
    def overdue(self) -> OverdueNotifications:
        return OverdueNotifications(self.database, self.legal_clock, self.observe)

    @staticmethod
    def _label(words: WordsSettings) -> Label:
        return Label(words.vi, words.en)

    @cached_property
    def links(self) -> Links:
        return Links(self.database, lambda: self.catalogue, self.legal_clock)

    @cached_property
    def transfers(self) -> Transfers:
        return Transfers(self.database)

    @cached_property
    def reconciliation(self) -> Reconciliation:
        return Reconciliation(self.database, self.legal_clock)

    @cached_property
    def people(self) -> People:
        return People(self.database, lambda: self.installation.units, now)

    @cached_property
    def offices(self) -> Offices:
        def places() -> frozenset[str]:
            return codes_stated(self.catalogue, "gate") | codes_stated(self.catalogue, "unit")

        return Offices(self.database, places, now)

    @cached_property
    def situations(self) -> Situations:
        declare_at = self.settings.window.answer_portal
        return Situations(self.window, self.links, self.catalogue, self.installation.units, declare_at, now)

    @cached_property
    def own_dossiers(self) -> OwnDossiers:
        return OwnDossiers(self.database, self.catalogue, self.window, self.ground.reporter, self.legal_clock)

    @cached_property
    def suspended_accounts(self) -> SuspendedAccounts:
        return SuspendedAccounts(self.own_dossiers)

    @cached_property
    def printing(self) -> Printing:
        web = self.settings.web
        layouts = Layouts(self.settings.folders.prints)
        return Printing(self.own_dossiers, layouts, web.portal.public_url, self._label(web.about.authority))

    @cached_property
    def sessions(self) -> Sessions:
        idle, whole = _lengths(self.settings.web.portal.login)
        return Sessions(self.database, now, new_secret, idle, whole)

    @cached_property
    def staff_sessions(self) -> StaffSessions:
        idle, whole = _lengths(self.settings.web.staff.login)
        return StaffSessions(self.database, now, new_secret, idle, whole)

    @cached_property
    def emergency(self) -> EmergencyAccess:
        return EmergencyAccess(self.database, now, self.staff_sessions, self.observe)

    @cached_property
    def identity_provider(self) -> Provider | None:
        """Where people log in at the portal; None where nobody can."""
        return identity_provider("portal", self.settings.web.portal, now)

    @cached_property
    def staff_identity_provider(self) -> Provider | None:
        """Where staff log in; None where nobody can."""
        return identity_provider("staff", self.settings.web.staff, now)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.database, now, new_secret)

    @cached_property
    def portal(self) -> str:
        """In whose name the portal seals: its name among the partners.

        Raises:
            Misconfigured: there is none, or more than one.
        """
        names = [name for name, partner in self.settings.trust.partners.items() if partner.role == "portal"]
        if len(names) != 1:
            told = ", ".join(names) or "none"
            raise Misconfigured(f"trust.partners: exactly one partner must have role portal, not {told}")
        return names[0]

    def portal_key(self) -> SigningKey:
        """The key that seals what enters by the portal now.

        Raises:
            KeyUnavailable: it cannot.
        """
        return repeatable(self.keyrings.own["portal"].current())

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
            granted=self.grants.is_granted,
        )

    @cached_property
    def grants(self) -> Grants:
        return Grants(self.database, self.catalogue, self.legal_clock)

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
    def declarations(self) -> Declarations:
        return Declarations(self.database, self.legal_clock)

    @cached_property
    def deadlines(self) -> Deadlines:
        units = self.installation.units
        return Deadlines(self.database, lambda: self.catalogue, self.legal_clock, self.observe, units)

    @cached_property
    def handing_in(self) -> OriginalPapers:
        return OriginalPapers(self.database, self.catalogue, self.installation.units, self.legal_clock)

    @cached_property
    def lookup(self) -> Lookup:
        if self.reach is Reach.PORTAL:
            raise OutOfReach(self.reach, "looks nothing up: the listener of staff does")
        return Lookup(self.database, self.catalogue, self.installation.units, self.legal_clock)

    @cached_property
    def lookup_rights(self) -> LookupRights:
        stated = self.settings.customs
        further = frozenset(stated.procedures)
        return LookupRights(self.database, lambda: self.catalogue, further, stated.office_tokens, now)

    @cached_property
    def searches(self) -> Searches:
        stated = self.settings.customs
        return Searches(
            database=self.database,
            catalogue=lambda: self.catalogue,
            lookup=self.lookup,
            rights=self.lookup_rights,
            purposes=frozenset(each.code for each in stated.purposes),
            names_an_hour=stated.names_an_hour,
            clock=self.legal_clock,
            observe=self.observe,
        )

    @cached_property
    def search_box(self) -> SearchBox:
        return SearchBox(self.searches, lambda: self.catalogue, self.settings.installation.confirmation_prefix)

    @cached_property
    def client_assertions(self) -> Assertions:
        audience = self.settings.customs.audience or self.settings.web.staff.public_url
        return Assertions(self.database, audience, now, self.observe)

    @cached_property
    def clients(self) -> Clients:
        return Clients(self.database, lambda: self.lookup_rights.opened, now)

    @cached_property
    def lookup_audit(self) -> LookupAudit:
        return LookupAudit(self.database, now)


def _lengths(stated: LoginSettings | None) -> tuple[timedelta, timedelta]:
    """After how long a session is over that is not used, and after how long every session is."""
    idle, whole = (stated.idle_minutes, stated.whole_hours) if stated else (30.0, 8.0)
    return timedelta(minutes=idle), timedelta(hours=whole)


_DECIDED_S = 60.0
"""So long the part that decides may take for an answer, in seconds: it may wait for a lock or a statement."""


def house(
    config: Path | None = None,
    *,
    observe: Observe = unobserved,
    fetches: bool = False,
    in_hand: InHand = unheld,
    reach: Reach = Reach.WHOLE,
) -> House:
    """A house for this process.

    Raises:
        Misconfigured: the configuration cannot be read.
    """
    return House(configuration.load_settings(config), observe, fetches, in_hand, reach)
