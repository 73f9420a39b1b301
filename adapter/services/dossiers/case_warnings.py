"""Warnings about one dossier from other dossiers and the registers, for the officer who decides on it.

Of another dossier, of whichever unit, only number, gate and time are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from adapter.gateways.store import customs_lookups, key_holders, listings, suspensions
from adapter.gateways.store.database import Connection
from adapter.gateways.store.dossier_records import KeyHolder, StoredDossier
from adapter.gateways.store.pairs import ListedPair
from adapter.model.catalogue import Catalogue
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Procedure
from adapter.model.stages import StoredRecord
from adapter.model.units import BorderUnit
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.leading import leaders_papers
from adapter.pipeline.search_keys import PAPER, search_value
from adapter.services.dossiers.case_records import CaseWarning
from adapter.services.dossiers.case_values import VersionValues
from adapter.services.dossiers.naming import MASK, gate_name
from adapter.services.dossiers.pairs import pair_of

_Placed = tuple[CaseWarning, tuple[str | None, str | None]]
"""A warning with the codes of the other dossier's gate and unit."""
_UnitOf = Callable[[str | None, str | None], BorderUnit | None]
_MOST = 3
"""Papers that are named; of the others the number is given."""
AROUND = timedelta(hours=24)
"""A person with the same paper expected elsewhere within this time, before or after, is reported [INF]."""


def warnings(
    connection: Connection,
    catalogue: Catalogue,
    row: StoredDossier,
    procedure: Procedure | None,
    declared: VersionValues | None,
    *,
    in_pairs: Sequence[ListedPair],
    personal: bool,
    has: _UnitOf,
) -> tuple[CaseWarning, ...]:
    """The warnings about a dossier, whose version in force says `declared`; `has`: the unit of a gate, or of a code."""
    found = [*_suspended(connection, row), *_both_doors(in_pairs, catalogue, row, has)]
    if procedure is not None and declared is not None:
        leaders = leaders_papers(procedure, declared.values, declared.groups)
        if len(leaders) > 1:
            found.append((CaseWarning("several_leaders", _told(leaders.values(), personal)), (None, None)))
        papers = _Papers(_papers(procedure, declared), leaders, personal)
        found += _same_papers(connection, catalogue, row, papers)
    own = has(row.gate, row.unit)
    return tuple(replace(each, is_own=own is not None and has(*place) == own) for each, place in found)


def _suspended(connection: Connection, row: StoredDossier) -> Iterator[_Placed]:
    found = suspensions.current(connection, row.identities)
    for each in suspensions.stopping(found, row.identities, row.unit):
        yield CaseWarning("suspended", each.reason, at=each.since), (None, None)


def _both_doors(
    in_pairs: Sequence[ListedPair], catalogue: Catalogue, row: StoredDossier, has: _UnitOf
) -> Iterator[_Placed]:
    """Pairs that wait for an officer's word; and, where another unit has the other dossier, what was said: either unit
    says it, and both are told."""
    key, own = DossierKey(row.number, row.year), has(row.gate, row.unit)
    for pair in map(pair_of, in_pairs):
        other = pair.other(key)
        place = pair.place(other)
        if pair.verdict is not None and has(place.gate, place.unit) == own:
            continue
        gate = gate_name(catalogue, catalogue.find(pair.procedure, place.at.astimezone(VIETNAM).date()), place.gate)
        kind = f"pair_{pair.verdict.value}" if pair.verdict else "both_doors"
        at = pair.settled_at or place.crossing_at or place.at
        yield CaseWarning(kind, "", other.number, other.year, gate, at), (place.gate, place.unit)


@dataclass(frozen=True, slots=True)
class _Papers:
    """Numbers of papers that a version states, by their spelling as a search key; `leaders`: those of who leads."""

    stated: Mapping[str, str]
    leaders: Mapping[str, str]
    personal: bool


def _same_papers(
    connection: Connection, catalogue: Catalogue, row: StoredDossier, papers: _Papers
) -> Iterator[_Placed]:
    """Dossiers in which a person with one of these papers is expected about the same time.

    Who leads here and leads there too is told apart from those who only stand in both: one of the two groups is
    without its leader.
    """
    if row.crossing_at is None or not papers.stated:
        return
    around = (row.crossing_at - AROUND, row.crossing_at + AROUND)
    found: dict[int, tuple[KeyHolder, set[str]]] = {}
    for other in key_holders.holding(connection, [(PAPER, value) for value in papers.stated], around):
        if other.id != row.id:
            found.setdefault(other.id, (other, set()))[1].add(other.value)
    led = [number for number, (_, shared) in found.items() if shared & papers.leaders.keys()]
    leaders = _leaders_of(connection, catalogue, led)
    for other, shared in found.values():
        gate = gate_name(
            catalogue, catalogue.find(other.procedure, row.received_at.astimezone(VIETNAM).date()), other.gate
        )
        leading = shared & papers.leaders.keys() & leaders.get(other.id, set())
        for kind, keys in (("second_leader", leading), ("same_paper", shared - leading)):
            if keys:
                told = _told((papers.stated[key] for key in keys), papers.personal)
                warning = CaseWarning(kind, told, other.number, other.year, gate, other.crossing_at)
                yield warning, (other.gate, None)


def _leaders_of(connection: Connection, catalogue: Catalogue, dossier_ids: Sequence[int]) -> dict[int, set[str]]:
    """The papers of who leads in the version in force of each of these dossiers, spelled as search keys."""
    if not dossier_ids:
        return {}
    versions = customs_lookups.in_force_of(connection, dossier_ids)
    rows = listings.rows_of(connection, [each.id for each in versions.values()])
    found = {}
    for number, version in versions.items():
        procedure = catalogue.version(version.mapping)
        if procedure is not None:
            found[number] = set(leaders_papers(procedure, version.values, rows.get(version.id, {})))
    return found


def _told(papers: Iterable[str], personal: bool) -> str:
    """The first of these numbers, and how many there are besides."""
    if not personal:
        return MASK
    numbers = sorted(papers)
    return ", ".join(numbers[:_MOST]) + (f" +{len(numbers) - _MOST}" if len(numbers) > _MOST else "")


def _papers(procedure: Procedure, said: VersionValues) -> dict[str, str]:
    """The numbers of identity papers that a version states, by their spelling as a search key."""
    stated = [value for kind, path in procedure.search if kind == PAPER for value in _at(said, path)]
    return {search_value(PAPER, text): text for value in stated if (text := write(value))}


def _at(said: VersionValues, path: str) -> Iterator[str | int | bool]:
    group, _, name = path.rpartition(".")
    records: Sequence[StoredRecord] = said.groups.get(group, ()) if group else (said.values,)
    return (record[name] for record in records if record.get(name) not in (None, ""))
