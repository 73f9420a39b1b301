"""Components that several areas use: the mode of the window, alerts, mail, and log-in."""

from __future__ import annotations

import socket
from datetime import timedelta
from functools import cached_property, partial

from adapter.bootstrap.alerting import alert_ways
from adapter.bootstrap.clock_and_ids import new_code, new_message_id, new_secret, now
from adapter.bootstrap.foundation import Foundation
from adapter.bootstrap.identity import identity_provider
from adapter.bootstrap.portal_failure import (
    failure_folder,
    keeps_contacts,
    notice_authority,
    notice_pages_folder,
)
from adapter.bootstrap.reach import Reach
from adapter.catalogue.portal_failure import failure_words
from adapter.gateways.alert_file import AlertFile
from adapter.gateways.broker.management import Management
from adapter.gateways.daemon_parts import DaemonParts
from adapter.gateways.identity import Provider
from adapter.gateways.keys.certificates_in_use import installed
from adapter.gateways.mail.smtp import OpenOffice, SmtpServer, post_office
from adapter.gateways.portal_failure import FailureFolder
from adapter.gateways.typesetting.layouts import Layouts
from adapter.pipeline.units import codes_stated
from adapter.services.access.emergency import EmergencyAccess
from adapter.services.access.offices import Offices
from adapter.services.access.people import People
from adapter.services.access.rates import RateRule, Rates
from adapter.services.access.sessions import Sessions
from adapter.services.access.staff_sessions import StaffSessions
from adapter.services.access.tokens import Tokens
from adapter.services.notifications.addresses import MailAddresses
from adapter.services.notifications.inbox import NotificationInbox
from adapter.services.notifications.mailing import Mailing
from adapter.services.notifications.overdue import OverdueNotifications
from adapter.services.portal_failure.announcing import FailureJournal, PortalFailureActs, posting
from adapter.services.portal_failure.contacts import CallList, CallListKeeper
from adapter.services.portal_failure.failure import PortalFailure
from adapter.services.registers.accounts import Accounts
from adapter.services.registers.delegations import Delegations
from adapter.services.registers.expiry import Expiry
from adapter.services.registers.suspension_notices import SuspensionNotices
from adapter.services.registers.telephones import Telephones
from adapter.services.watch.alert_ways import Tell
from adapter.services.watch.console import Console
from adapter.services.watch.deadlines import Deadlines
from adapter.services.watch.links import Links
from adapter.services.watch.looks import Looks
from adapter.services.watch.mode import WindowPatience
from adapter.services.watch.mode_notices import ModeNotices
from adapter.services.watch.readings import Reading
from adapter.services.watch.reconciliation import Reconciliation
from adapter.services.watch.situation import Situations
from adapter.services.watch.transfers import Transfers
from adapter.services.watch.window import Window
from adapter.settings import LoginSettings


class CommonComponents(Foundation):
    """On the foundation: what watches, tells and knows people."""

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(
            database=self.database,
            catalogue=lambda: self.catalogue,
            units=lambda: self.installation.units,
            clock=self.legal_clock,
            notices=self.suspension_notices,
            delegations=self.delegations,
            telephones=self.telephones,
            by_request=self.settings.accounts.principal_request,
        )

    @cached_property
    def telephones(self) -> Telephones:
        fields = lambda: failure_words(self.settings.folders.mappings).contacts  # noqa: E731
        return Telephones(self.database, lambda: self.catalogue, lambda: self.installation.units, fields)

    @cached_property
    def suspension_notices(self) -> SuspensionNotices:
        stated = self.settings.accounts
        return SuspensionNotices(
            self.database,
            lambda: self.notification_kinds,
            lambda: self.installation.units,
            stated.notice_hours,
            stated.notify_principal,
        )

    @cached_property
    def delegations(self) -> Delegations:
        return Delegations(self.database, self.legal_clock, self.settings.accounts.deputy)

    @cached_property
    def reading(self) -> Reading:
        return Reading(self.database, self.window, now)

    @cached_property
    def console(self) -> Console:
        return Console(self.database, self.legal_clock)

    @cached_property
    def looks(self) -> Looks:
        """What the clock looks at for operators."""
        return Looks(
            database=self.database,
            clock=now,
            legal_clock=self.legal_clock,
            machine=socket.gethostname()[:100],
            queues=self.management.queues if self.management else None,
            named=lambda: [each.name for each in self.topology.queues],
            parts=DaemonParts(*self.settings.web.health).seen,
            expiry=self.expiry,
        )

    @property
    def management(self) -> Management | None:
        """The broker's management interface; None: it is not asked."""
        stated = self.settings.broker.management
        if stated is None:
            return None
        vhost = Management.vhost_of(self.broker.url)
        return Management(stated.url, stated.user, stated.password_file, vhost, stated.ca, stated.timeout_s)

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
            folder=FailureFolder(failure_folder(self.settings)),
            pages=notice_pages_folder(self.settings),
            keep_hours=self.settings.portal_failure.keep_hours,
            clock=self.legal_clock,
            layouts=Layouts(self.settings.folders.prints),
        )

    @cached_property
    def failure_journal(self) -> FailureJournal:
        return FailureJournal(self.database, self.portal_failure)

    @cached_property
    def failure_acts(self) -> PortalFailureActs:
        """The operators' button."""
        domain = self.settings.mail.domain if self.settings.mail else ""
        post = posting(self.portal_failure, self.open_post_office, domain, new_message_id)
        return PortalFailureActs(self.portal_failure, self.failure_journal, post)

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
            self.failure_journal.write()

        every_s = self.settings.portal_failure.write_minutes * 60
        return CallListKeeper(self.call_list.write, pages, self.observe, every_s)

    @cached_property
    def rates(self) -> Rates:
        stated = self.settings.web.rates
        return Rates(self.database, {rule: getattr(stated, rule.value) for rule in RateRule}, now)

    @cached_property
    def overdue(self) -> OverdueNotifications:
        return OverdueNotifications(self.database, self.legal_clock, self.observe)

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
    def deadlines(self) -> Deadlines:
        units = self.installation.units
        return Deadlines(self.database, lambda: self.catalogue, self.legal_clock, self.observe, units)


def _lengths(stated: LoginSettings | None) -> tuple[timedelta, timedelta]:
    """After how long a session is over that is not used, and after how long every session is."""
    idle, whole = (stated.idle_minutes, stated.whole_hours) if stated else (30.0, 8.0)
    return timedelta(minutes=idle), timedelta(hours=whole)
