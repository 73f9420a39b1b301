"""All faults that can be found before the first message, in one run, each with what to do about it.

It only reads: nothing is declared, migrated, created or repaired here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from adapter.bootstrap import Components, now
from adapter.bootstrap.keyrings import of_another
from adapter.bootstrap.trusted import store as load_store
from adapter.catalogue.check import check
from adapter.catalogue.load import Loader
from adapter.catalogue.portal_failure import failure_words
from adapter.cli.check_trust import mismatches, unfit_authorities, untold
from adapter.cli.machine import health_port_fault, is_running, listener_faults, state_faults
from adapter.cli.remarks import Remark, Weight, fault_at, unsaid, warning_at
from adapter.gateways.broker import BrokerUnavailable
from adapter.gateways.broker.topology import compare
from adapter.gateways.keys.pem_files import load_certificates, load_partners
from adapter.gateways.store import messages
from adapter.gateways.store.pooling import refuse_transaction_pooling
from adapter.model.calendar import Calendar
from adapter.model.errors import Misconfigured, Unavailable
from adapter.model.stages import MESSAGE_CHANNELS
from adapter.pipeline.envelope import VIETNAM, write_time
from adapter.pipeline.trust import fitness, is_valid
from adapter.settings import RENAMED, KeySettings, Settings, broker_urls, database_url

SOON = timedelta(days=30)


CALENDAR_SOON = timedelta(days=31)


def inspect(components: Components, *, offline: bool, tell: Callable[[str], None] = unsaid) -> list[Remark]:
    """All remarks on configuration, data, keys, trust, topology, broker and database.

    `tell` is told what is looked at next, in words.
    """
    parts: list[tuple[str, str, Callable[[Components], Iterable[Remark]]]] = [
        ("configuration", "the configuration", _configuration),
        ("configuration", "the state folder and the ports", _machine),
        ("catalogue", "schemas and mappings", _catalogue),
        ("configuration", "our answers", _answers),
        ("keys", "our keys", _keys),
        ("trust", "certificates of partners and authorities", _trust),
        ("trust", "how they fit keys and mappings", _trust_faults),
        ("messages", "genuine messages, judged as configured", _messages),
        ("revocation", "revocation", lambda components: _revocation(components, offline=offline)),
        ("topology", "the definition of the queues", _topology),
    ]
    if not offline:
        parts += [
            ("broker", f"the broker at {_place(components)}", _broker),
            ("database", "the database", _database),
        ]
    remarks: list[Remark] = []
    for part, what, look in parts:
        tell(what)
        remarks += _looked(part, look, components)
    return remarks


def _place(components: Components) -> str:
    try:
        return components.broker.place
    except Misconfigured:
        return "its address"  # which is reported as a fault


def _looked(part: str, look: Callable[[Components], Iterable[Remark]], components: Components) -> Iterator[Remark]:
    try:
        yield from look(components)
    except Misconfigured as error:
        yield from (Remark(part, Weight.FAULT, each) for each in str(error).splitlines())
    except Unavailable as error:
        # The broker's gateway states the advice itself.
        advice = "" if isinstance(error, BrokerUnavailable) else ": is it running, and is its url right?"
        yield Remark(part, Weight.CANNOT_TELL, f"{error}{advice}")


def _configuration(components: Components) -> Iterator[Remark]:
    settings = components.settings
    yield from _told("configuration", lambda: broker_urls(settings))
    for secret in (settings.broker.url_file, settings.database.url_file):
        if secret is not None:
            yield from _private("configuration", secret)
    unread = list(_told("configuration", lambda: database_url(settings)))
    yield from unread
    if settings.workers.count > 1 and not unread and database_url(settings).startswith("sqlite"):
        yield fault_at("configuration", "workers.count: more than one worker needs PostgreSQL, SQLite has one writer")
    if settings.clock.unsafe_frozen is not None:
        yield warning_at("configuration", "clock.unsafe_frozen: the legal clock is frozen; only tests need that")
    for old in settings.old_names:
        yield warning_at(
            "configuration", f"{old}: it is called {RENAMED[old]} now; the old name goes with a later version"
        )


def _machine(components: Components) -> Iterator[Remark]:
    yield from (fault_at("configuration", text) for text in state_faults(components))
    yield from _told("configuration", lambda: components.portal_failure)
    yield from _told("configuration", lambda: failure_words(components.settings.folders.mappings))
    if not is_running(components):
        if fault := health_port_fault(components):
            yield fault_at("configuration", fault)
        yield from (warning_at("configuration", text) for text in listener_faults(components))


def _answers(components: Components) -> Iterator[Remark]:
    """An answer must always be possible: the placeholder for what cannot be repeated must fit each answer's XSD."""
    for fault in components.correspondence.faults(now=now(), findings=components.settings.limits.findings):
        yield fault_at("configuration", fault)


def _catalogue(components: Components) -> Iterator[Remark]:
    try:
        catalogue, faults = components.catalogue, []
    except Misconfigured:  # what could be read of it is looked at too
        loader = Loader(components.source)
        catalogue, faults = loader.catalogue(), loader.faults
    for fault in (*faults, *check(catalogue, components.source, components.schema_by_name)):
        yield fault_at("catalogue", fault)
    yield from _calendar(catalogue.calendar, components.source.calendar_file)


def _calendar(calendar: Calendar, file: Path) -> Iterator[Remark]:
    """Warn of a missing year before its first day: limits in working days cannot be calculated without it.

    It stays a warning afterwards: those limits are shown as unknown, and everything else works (also after a restart).
    """
    today = now().astimezone(VIETNAM).date()
    soon = (today + CALENDAR_SOON).year
    for year in sorted({today.year, soon}):
        if year not in calendar.years:
            text = f"{file}: the year {year} is missing, so its working days are unknown; add it"
            yield warning_at("calendar", text)
        elif year in calendar.undecided:
            yield warning_at("calendar", f"{file}: {year}: decided: false; add the yearly decision")


def _keys(components: Components) -> Iterator[Remark]:
    stated = components.settings.keys
    for name, pairs in (("system", stated.system), ("portal", stated.portal)):
        yield from _told("keys", components.keyrings.own[name].ready)
        yield from _certificates_of(pairs)
        yield from _secrets(pairs)
    yield from _unit_keys(components)


def _unit_keys(components: Components) -> Iterator[Remark]:
    """A unit without a usable key stops no start while another unit has one: its decisions wait for the key.

    A key that is another unit's is always a fault: keys were exchanged.
    """
    units, alone = components.settings.units, components.settings.keys.unit
    unready = components.units_unready()
    nobody = len(unready) == len(components.keyrings.units)
    for reason in unready.values():
        waits = f"{reason}; until then its confirmations and requests to amend wait"
        yield Remark("keys", Weight.FAULT if nobody else Weight.WARNING, waits)
    rings = {code: unit.key for code, unit in units.items()}
    if alone is not None:
        rings = dict.fromkeys(components.keyrings.units, alone)
    for code, pairs in rings.items():
        if code not in unready:
            yield from _certificates_of(pairs)
        yield from _secrets(pairs)
        for stated in pairs if units else ():
            for certificate in _certificates(stated.certificates)[:1]:
                if told := of_another(code, units, certificate):
                    yield fault_at("keys", f"units.{code}: {stated.certificates}: {told}")


def _certificates_of(pairs: Sequence[KeySettings]) -> Iterator[Remark]:
    for stated in pairs:
        yield from _told("keys", lambda stated=stated: load_certificates(stated.certificates))  # type: ignore[misc]
        # An expired pair is no fault while another one signs: `ready` has checked that.
        yield from (remark for remark in _dates("keys", stated.certificates) if not (len(pairs) > 1 and remark.counts))


def _secrets(pairs: Sequence[KeySettings]) -> Iterator[Remark]:
    for stated in pairs:
        for secret in (stated.key, stated.pkcs11.pin_file if stated.pkcs11 else None):
            if secret is not None:
                yield from _private("keys", secret)


def _trust(components: Components) -> Iterator[Remark]:
    stated = components.settings.trust
    channels = {partner.channel for partner in stated.partners.values()}
    for channel in MESSAGE_CHANNELS:
        if channel.value not in channels:
            yield fault_at(
                "trust", f"trust.partners: no partner for the channel {channel}; its messages would be parked"
            )
    if components.settings.web.portal.enabled:
        yield from _told("trust", lambda: components.portal)
    for name, partner in stated.partners.items():
        told = {name: (partner.role, partner.channel, partner.certificates, partner.legacy_sha1)}
        yield from _told("trust", lambda told=told: load_partners(told))  # type: ignore[misc]
        yield from _usable(name, partner.certificates)
    for name, store in stated.authorities.items():
        yield from _told("trust", lambda name=name, store=store: load_store(name, store))  # type: ignore[misc]
        yield from _anchors(store.anchors)


def _anchors(folder: Path) -> Iterator[Remark]:
    """An expired anchor is no fault beside a valid one: the running daemon accepts it, so a restart must too."""
    files = sorted(folder.glob("*.pem"))
    counts = any(is_valid(each, now()) for file in files for each in _certificates(file))
    for remark in (remark for file in files for remark in _dates("trust", file)):
        yield replace(remark, weight=Weight.WARNING) if counts else remark


def _trust_faults(components: Components) -> Iterator[Remark]:
    for text in (*mismatches(components), *unfit_authorities(components)):
        yield fault_at("trust", text)


def _messages(components: Components) -> Iterator[Remark]:
    """Judge and answer example messages with the configuration. What cannot be loaded was reported before."""
    from adapter.cli import check_messages  # only `check` judges messages, and only then keys are made

    try:
        for text in check_messages.missing(components):
            yield warning_at("messages", text)
        for text in check_messages.faults(components):
            yield fault_at("messages", text)
    except (Misconfigured, Unavailable):
        return


def _revocation(components: Components, *, offline: bool) -> Iterator[Remark]:
    """A warning only: the store's policy decides what becomes of messages, and the daemon goes on fetching."""
    for text in untold(components, offline=offline):
        yield warning_at("revocation", text)


def _topology(components: Components) -> Iterator[Remark]:
    _ = components.topology
    yield from ()


def _broker(components: Components) -> Iterator[Remark]:
    for difference in compare(components.broker, components.topology):
        yield fault_at("broker", f"{difference}; run nsw-adapter declare where it is missing, else correct it by hand")


def _database(components: Components) -> Iterator[Remark]:
    if _embedded_is_missing(components.settings):
        yield fault_at("database", "the embedded database is not made yet; run nsw-adapter database upgrade")
        return
    from adapter.gateways.store.upgrade import current  # alembic: a tenth of the start, and for this alone

    refuse_transaction_pooling(components.database)
    there, needed = current(components.database)
    if there != needed:
        stands = f"is at revision {there}" if there else "has no tables"
        yield fault_at("database", f"it {stands}, this program needs {needed}; run nsw-adapter database upgrade")
        return
    with components.database.reading() as connection:
        count, since = messages.waiting(connection).get("evidence", (0, None))
    if count and since:
        what = f"{count} message(s) wait for the revocation status, the oldest since {write_time(since)}"
        yield warning_at("database", f"{what}; look at the remarks on revocation")
    for person in components.people.without_a_unit():
        text = f"{person.id} is of unit {person.unit}, which this installation does not state, and can decide nothing"
        yield warning_at("people", f"{text}: people change {person.id} --unit CODE")


def _embedded_is_missing(settings: Settings) -> bool:
    """Connecting to SQLite would create the file, and a check creates nothing."""
    _, embedded, file = database_url(settings).partition("sqlite:///")
    return bool(embedded and file) and not Path(file).exists()


def _told(part: str, load: Callable[[], object]) -> Iterator[Remark]:
    """Load one thing and report its faults, so that the next is loaded too."""
    try:
        load()
    except Misconfigured as error:
        yield fault_at(part, str(error))
    except Unavailable as error:
        yield Remark(part, Weight.CANNOT_TELL, str(error))


def _dates(part: str, file: Path) -> Iterator[Remark]:
    for certificate in _certificates(file):
        yield from _dated(part, file, certificate, now())


def _dated(part: str, file: Path, certificate: x509.Certificate, at: datetime) -> Iterator[Remark]:
    name = certificate.subject.rfc4514_string()
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < begin:
        yield fault_at(part, f"{file}: {name} is not valid before {begin.astimezone(VIETNAM):%Y-%m-%d}")
    elif at > end:
        yield fault_at(part, f"{file}: {name} expired on {end.astimezone(VIETNAM):%Y-%m-%d}; put the new one there")
    elif at > end - SOON:
        yield warning_at(part, f"{file}: {name} expires on {end.astimezone(VIETNAM):%Y-%m-%d}; have the new one ready")


def _usable(name: str, files: Iterable[Path]) -> Iterator[Remark]:
    """A partner needs one certificate that may sign today; others may be expired or for a later roll-over."""
    pinned = [certificate for file in files for certificate in _certificates(file)[:1]]
    if pinned and all(fitness(each, at=now(), pointer="") is not None for each in pinned):
        yield fault_at("trust", f"trust.partners.{name}: none of its certificates may sign today; ask for a new one")


def _certificates(file: Path) -> tuple[x509.Certificate, ...]:
    try:
        return load_certificates(file)
    except Misconfigured:
        return ()  # reported where it is loaded


def _private(part: str, file: Path) -> Iterator[Remark]:
    """Whoever may replace a secret file can choose the secret, so write access counts as read access."""
    mode = file.stat().st_mode if file.is_file() else 0
    if mode & 0o022:
        whom = "everybody on this machine" if mode & 0o002 else "its group"
        yield fault_at(part, f"{file}: {whom} may write this, and so exchange it; chmod 600")
    elif mode & 0o004:
        yield warning_at(part, f"{file}: everybody on this machine may read this; chmod 600")
