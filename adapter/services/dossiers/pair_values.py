"""What two dossiers of a pair say, side by side: where they differ, and how much they have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from adapter.model.procedure import Label
from adapter.services.dossiers.case_records import CaseFile
from adapter.services.dossiers.versions import IN_FORCE

_NOTHING = Label("", "")


@dataclass(frozen=True, slots=True)
class PairPlace:
    """A field. `group` None: outside the lists; else the list, and the row in it from 1 on."""

    label: Label
    group: Label | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class PairValue:
    """A value that the two do not have alike; an empty text where one of them says nothing."""

    place: PairPlace
    here: Label
    there: Label


@dataclass(frozen=True, slots=True)
class PairValues:
    """Values that differ, and how many are alike."""

    differ: tuple[PairValue, ...]
    alike: int


def side_by_side(here: CaseFile, there: CaseFile) -> PairValues:
    """Compare fields of the versions in force and lists of the newest, as they are shown: what is masked is alike."""
    ours, theirs = dict(_values(here)), dict(_values(there))
    places = dict.fromkeys((*ours, *theirs))
    every = [PairValue(place, ours.get(place, _NOTHING), theirs.get(place, _NOTHING)) for place in places]
    differ = tuple(each for each in every if each.here != each.there)
    return PairValues(differ, len(every) - len(differ))


def _values(case: CaseFile) -> Iterator[tuple[PairPlace, Label]]:
    at = next((n for n, each in enumerate(case.versions) if each.standing == IN_FORCE), -1)
    for value in case.values:
        yield PairPlace(value.label), value.values[at]
    for group in case.groups:
        for row in group.rows:
            for cell in (*row.cells, *row.rest, *group.same):
                if cell is not None:
                    yield PairPlace(cell.label, group.label, row.ordinal), cell.value
