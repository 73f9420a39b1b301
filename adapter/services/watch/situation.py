"""Public information (Articles 9(2), 10(4); NĐ 85/2019 Article 17): the window's state, and what the portal accepts.

Shown without log-in, so it holds no person's data, no operator's name, and of an incident only what its manager
has announced: reasons that the program or an operator wrote are for the operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.model.catalogue import Catalogue, Code
from adapter.model.errors import Unavailable
from adapter.model.procedure import Label, Meaning, Procedure
from adapter.model.units import BorderUnit, BorderUnits
from adapter.pipeline.envelope import VIETNAM
from adapter.services.watch.links import Links
from adapter.services.watch.mode import Mode
from adapter.services.watch.state import Incident
from adapter.services.watch.way import PortalTakes, WindowLink, is_linked, way
from adapter.services.watch.window import Window

SHOWN = 20
"""Incidents in the feed, the newest."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A procedure, and whether the portal accepts its declarations now; None: not known now."""

    code: str
    title: Label
    forms: tuple[str, ...]
    on_window: bool
    taken: bool | None
    unlinked: tuple[Label, ...] = ()
    """The gates where it is not linked to the window, so that the portal always accepts it."""


@dataclass(frozen=True, slots=True)
class Post:
    """A unit of the border guard for the public; no gates: it has every gate of the installation."""

    name: str
    gates: tuple[Label, ...]
    telephone: str


@dataclass(frozen=True, slots=True)
class Disturbance:
    """An incident of the window, for the public. The announcement is its manager's (91/01), if there is one."""

    started_at: datetime
    expected_end: datetime | None
    ended_at: datetime | None
    announcement: str | None
    number: str | None


@dataclass(frozen=True, slots=True)
class Situation:
    """The window and the portal at one moment."""

    mode: Mode
    since: datetime | None
    incident: Disturbance | None
    """The one that has not ended."""
    offered: tuple[Offered, ...]
    posts: tuple[Post, ...]
    window_address: str
    """Where to declare while the window works."""
    at: datetime


@dataclass(frozen=True)
class Situations:
    """Reads the situation. `clock` is the real time (aware)."""

    window: Window
    links: Links
    catalogue: Catalogue
    units: BorderUnits
    window_address: str
    clock: Callable[[], datetime]

    def now(self) -> Situation:
        """The situation; while the store cannot be reached the mode is unknown and the rest is shown as usual."""
        try:
            state, newest, links = self.window.state(), self.window.incidents(1), self.links.stated()
        except Unavailable:
            return self._of(Mode.UNKNOWN, None, None, [])
        open_now = next((_disturbance(each) for each in newest if each.ended_at is None), None)
        return self._of(state.mode, state.since, open_now, links)

    def disturbances(self) -> tuple[Disturbance, ...]:
        """The newest incidents, those that are over too.

        Raises:
            Unavailable: the store is away.
        """
        return tuple(_disturbance(each) for each in self.window.incidents(SHOWN))

    def _of(
        self, mode: Mode, since: datetime | None, incident: Disturbance | None, links: Sequence[WindowLink]
    ) -> Situation:
        now = self.clock()
        offered = tuple(self._offered(mode, now, links))
        return Situation(mode, since, incident, offered, tuple(self._posts()), self.window_address, now)

    def _offered(self, mode: Mode, now: datetime, links: Sequence[WindowLink]) -> Iterator[Offered]:
        day, names = now.astimezone(VIETNAM).date(), _gates(self.catalogue)
        named = sorted({each.gate for each in links if each.gate is not None})
        for code in self.catalogue.procedures:
            procedure = self.catalogue.find(code, day)
            if procedure is None or procedure.amends is not None:
                continue
            if forms := tuple(_forms(procedure)):
                linked = is_linked(procedure, None, now, links)
                apart = [gate for gate in named if linked and not is_linked(procedure, gate, now, links)]
                unlinked = tuple(_name(gate, names) for gate in apart)
                yield Offered(code, procedure.title, forms, linked, _taken(mode, linked=linked), unlinked)

    def _posts(self) -> Iterator[Post]:
        names = _gates(self.catalogue)
        for unit in self.units.every:
            yield Post(unit.division, tuple(_named(unit, names)), unit.telephone)


def _taken(mode: Mode, *, linked: bool) -> bool | None:
    """Article 9(2): while the window has an incident; what the window does not carry, always."""
    takes = way(mode, linked=linked).takes
    return None if takes is PortalTakes.SIGNED else takes is PortalTakes.ALL


def _forms(procedure: Procedure) -> Iterator[str]:
    for spec in procedure.messages.values():
        if spec.meaning is Meaning.DECLARATION and spec.form:
            yield spec.form


def _gates(catalogue: Catalogue) -> Mapping[str, Code]:
    """The names of gates, from the code list of the field that places a dossier."""
    for versions in catalogue.procedures.values():
        for procedure in versions:
            field = procedure.field(procedure.place.get("gate", ""))
            if field is not None and field.codes:
                return catalogue.codelists[field.codes]
    return {}


def _named(unit: BorderUnit, names: Mapping[str, Code]) -> Iterator[Label]:
    for gate in sorted(unit.gates or ()):
        yield _name(gate, names)


def _name(gate: str, names: Mapping[str, Code]) -> Label:
    found = names.get(gate)
    return Label(found.vi, found.en) if found else Label(gate, gate)


def _disturbance(incident: Incident) -> Disturbance:
    """Without actor and internal reason: only the reason of a notice was written for the public."""
    announced = incident.notice_number is not None
    return Disturbance(
        started_at=incident.started_at,
        expected_end=incident.expected_end,
        ended_at=incident.ended_at,
        announcement=incident.reason if announced else None,
        number=incident.notice_number,
    )
