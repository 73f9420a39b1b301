"""The components that all others use: files and settings, trust, keys, clock, store and broker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from xmlschema import XMLSchema10

from adapter import settings as configuration
from adapter.bootstrap.clock_and_ids import now
from adapter.bootstrap.keyrings import Rings, keyrings
from adapter.bootstrap.parties import installation
from adapter.bootstrap.reach import OutOfReach, Reach
from adapter.bootstrap.trusted import authorities, revocation
from adapter.catalogue.load import DataFiles, load
from adapter.catalogue.notifications import notification_kinds
from adapter.catalogue.slow_schemas import reporter
from adapter.gateways.broker import BrokerAddress, TlsFiles
from adapter.gateways.broker.topology import Topology, load_topology
from adapter.gateways.decisions import DecisionsLine
from adapter.gateways.keys.keyring import KeyUnavailable
from adapter.gateways.keys.pem_files import load_partners
from adapter.gateways.revocation.cache import EvidenceCache
from adapter.gateways.revocation.evidence import Revocation
from adapter.gateways.store.database import Database
from adapter.gateways.store.own_numbers import Series
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Misconfigured
from adapter.model.events import Observe, unobserved
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
from adapter.services.door.sealing import repeatable
from adapter.services.messages.intake import InHand, unheld
from adapter.services.registers.authorisations import Authorisations
from adapter.services.registers.certificates import Registry
from adapter.services.replies.correspondence import Keys
from adapter.settings import Settings, WordsSettings


@dataclass
class Foundation:
    """All that one process needs, each part made when it is first asked for: here what all parts need."""

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
        return DataFiles(folders.schemas, folders.mappings, folders.calendar, folders.state / "lists")

    @cached_property
    def catalogue(self) -> Catalogue:
        stands = self.settings.accounts.running_hour == "stands_still"
        return replace(load(self.source), warn_share=self.settings.deadlines.warn_share, hour_stands=stands)

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
        kinds, catalogue = lambda: self.notification_kinds, lambda: self.catalogue
        return Authorisations(self.database, self.legal_clock, self.representation, catalogue, kinds)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.database, self.number_places, self.legal_clock, lambda: self.notification_kinds)

    @cached_property
    def ground(self) -> Ground:
        limits = Limits(**self.settings.limits.model_dump())
        units = self.installation.units
        return Ground(self.catalogue, limits, self.trust, self.schema_by_name, self.representation, self.timing, units)

    @cached_property
    def schema_by_name(self) -> Callable[[str], XMLSchema10]:
        """The XSD of that name, which can say what is wrong and what its elements are called."""
        return reporter(self.source)

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
    def notification_kinds(self) -> NotificationKinds:
        """What declarants are told; read alone, for who needs nothing else of the catalogue."""
        return notification_kinds(self.settings.folders.mappings)

    @staticmethod
    def _label(words: WordsSettings) -> Label:
        return Label(words.vi, words.en)

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


_DECIDED_S = 60.0
"""So long the part that decides may take for an answer, in seconds: it may wait for a lock or a statement."""
