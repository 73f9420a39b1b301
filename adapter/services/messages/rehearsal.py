"""Rehearsal: stored messages judged again under another set of schemas and mappings, before it is switched on.

Every message is judged twice, by the set in force and by the new one, with everything else the same (trust, limits,
time of reception): each difference comes from the new set. Reads only, a few messages at a time; nothing is kept,
nothing is answered. What the store alone decides (is there such a dossier, was it here before) is not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from adapter.gateways.store import message_archive
from adapter.gateways.store.database import Database
from adapter.gateways.store.message_archive import Span
from adapter.gateways.store.records import StoredMessage
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Unavailable
from adapter.model.outcomes import Accepted, Outcome, Refused, Rejected, verified_of, word
from adapter.model.stages import Declaration, VerifiedDocument
from adapter.pipeline.judge import Ground
from adapter.services.messages.incoming import stage_of
from adapter.services.messages.judging import judged, stored

_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class RehearsalVerdict:
    """How one set judges a message. `findings`: code and pointer of each, sorted."""

    outcome: str
    stage: str | None
    mapping: str | None
    findings: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What the new set would change for one message. `fields`: values that read otherwise, by name, never by value."""

    message: str
    received_at: datetime
    procedure: str | None
    before: RehearsalVerdict
    after: RehearsalVerdict
    fields: tuple[str, ...]


@dataclass
class Tally:
    """What was counted; filled while the differences are read."""

    messages: int = 0
    changed: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """`accepted -> refused` and so on, by how many."""
    untold: int = 0
    """Could not be judged now (a revocation source cannot be reached)."""
    unknown: Counter[str] = field(default_factory=Counter)
    """Messages of procedures that the new set does not have, by procedure."""
    lost_versions: dict[str, int] = field(default_factory=dict)
    """Versions under which dossiers are still open and that the new set does not have: those could not be completed."""

    @property
    def content(self) -> bool:
        """Whether nothing would change, no version is missing, and every message could be judged."""
        return not (self.changed or self.untold or self.unknown or self.lost_versions)


@dataclass(frozen=True)
class Rehearsal:
    """The set in force and the new one, over one store."""

    database: Database
    present: Ground
    new: Ground
    installed: Catalogue
    """The new set with all its versions; `new` may judge by the newest alone."""

    def differences(self, span: Span, tally: Tally) -> Iterator[Difference]:
        """Each message that the new set judges otherwise, in the order they came.

        Raises:
            Unavailable: the database cannot be reached.
        """
        tally.lost_versions.update(self._lost())
        after = None
        while rows := self._some(span, after):
            for row in rows:
                tally.messages += 1
                difference = self._compared(row, tally)
                if difference is not None:
                    tally.changed += 1
                    tally.outcomes[f"{difference.before.outcome} -> {difference.after.outcome}"] += 1
                    yield difference
            after = (rows[-1].received_at, rows[-1].id)

    def _some(self, span: Span, after: tuple[datetime, int] | None) -> list[StoredMessage]:
        with self.database.reading() as connection:
            return message_archive.messages(connection, span, after=after, limit=_AT_ONCE)

    def _lost(self) -> dict[str, int]:
        there = {
            f"{procedure.code}/{procedure.version}"
            for versions in self.installed.procedures.values()
            for procedure in versions
        }
        with self.database.reading() as connection:
            still_open = message_archive.open_versions(connection)
        return {mapping: count for mapping, count in still_open.items() if mapping not in there}

    def _compared(self, row: StoredMessage, tally: Tally) -> Difference | None:
        if row.procedure and row.procedure not in self.new.catalogue.procedures:
            tally.unknown[row.procedure] += 1
        submission = stored(row)
        try:
            before, after = judged(submission, self.present), judged(submission, self.new)
        except Unavailable:
            tally.untold += 1
            return None
        old, new = _verdict(before, self.present.catalogue), _verdict(after, self.new.catalogue)
        fields = tuple(_changed_fields(before, after))
        if replace(old, mapping=new.mapping) == new and not fields:
            return None
        return Difference(row.public_id, row.received_at, row.procedure, old, new, fields)


def newest(catalogue: Catalogue) -> Catalogue:
    """The same set with only the newest version of each procedure, in force on every day.

    A version that comes into force next month would otherwise judge no message of last month.
    """
    return replace(
        catalogue,
        procedures={
            code: (
                replace(
                    max(versions, key=lambda procedure: procedure.effective_from),
                    effective_from=date.min,
                    effective_to=None,
                ),
            )
            for code, versions in catalogue.procedures.items()
        },
    )


def _verdict(outcome: Outcome, catalogue: Catalogue) -> RehearsalVerdict:
    verified = verified_of(outcome)
    findings = outcome.findings if isinstance(outcome, Accepted | Refused | Rejected) else ()
    stated = ((catalogue.findings.state(finding).code, finding.pointer) for finding in findings)
    return RehearsalVerdict(
        outcome=word(outcome).value,
        stage=stage_of(outcome),
        mapping=_mapping(verified),
        findings=tuple(sorted(stated)),
    )


def _mapping(verified: VerifiedDocument | None) -> str | None:
    return None if verified is None else verified.envelope.procedure.name


def _changed_fields(before: Outcome, after: Outcome) -> Iterator[str]:
    """Names of values that are read differently: `field`, `group.field`, or `group` if the number of rows differs."""
    old, new = _declaration(before), _declaration(after)
    if old is None or new is None:
        return
    names = sorted({*old.values, *new.values})
    yield from (name for name in names if old.values.get(name) != new.values.get(name))
    for group in sorted({*old.rows, *new.rows}):
        ours, theirs = old.rows.get(group, ()), new.rows.get(group, ())
        if len(ours) != len(theirs):
            yield group
            continue
        pairs = list(zip(ours, theirs, strict=True))
        inside = sorted({name for one, other in pairs for name in {*one, *other} if one.get(name) != other.get(name)})
        yield from (f"{group}.{name}" for name in inside)


def _declaration(outcome: Outcome) -> Declaration | None:
    return outcome.declaration if isinstance(outcome, Accepted | Refused) else None
