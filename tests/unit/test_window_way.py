"""By which way a declaration comes and its answers leave: each mode, linked and not (Articles 9, 12, 15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapter.model.procedure import Procedure
from adapter.services.watch.mode import Mode
from adapter.services.watch.way import Leaves, PortalTakes, Way, WindowLink, is_linked, way
from tests.harness.drawn_forms import catalogue

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CARRIED = "BQP0100002"
UNLINKED = Way(PortalTakes.ALL, Leaves.NEVER, shows=True)
TABLE = {
    Mode.NEVER_HEARD: Way(PortalTakes.DRAFTS, Leaves.AT_ONCE, shows=False),
    Mode.NORMAL: Way(PortalTakes.DRAFTS, Leaves.AT_ONCE, shows=False),
    Mode.SUSPECT: Way(PortalTakes.SIGNED, Leaves.WAIT, shows=False),
    Mode.DIRECT: Way(PortalTakes.ALL, Leaves.WAIT, shows=True),
    Mode.MAINTENANCE: Way(PortalTakes.ALL, Leaves.WAIT, shows=True),
    Mode.RECONCILING: Way(PortalTakes.BEGUN, Leaves.IN_ORDER, shows=True),
    Mode.UNKNOWN: Way(PortalTakes.SIGNED, Leaves.NO_TRANSFERS, shows=False),
}


@pytest.mark.parametrize("mode", Mode)
def test_door_and_dispatcher_of_each_mode(mode: Mode) -> None:
    assert way(mode, linked=True) == TABLE[mode]
    assert way(mode, linked=False) == UNLINKED, "nothing of the window touches what it does not carry"


def procedure(code: str) -> Procedure:
    found = catalogue().find(code, AT.date())
    assert found is not None
    return found


def link(gate: str | None, *, linked: bool, since: datetime = AT - HOUR, until: datetime | None = None) -> WindowLink:
    return WindowLink(CARRIED, gate, linked, since, until)


@pytest.mark.parametrize(
    ("stated", "linked"),
    [
        ((), True),
        ((link("A", linked=False),), False),
        ((link("B", linked=False),), True),
        ((link(None, linked=False),), False),
        ((link(None, linked=False), link("A", linked=True)), True),
        ((link(None, linked=True), link("A", linked=False, since=AT - 2 * HOUR)), False),
        ((link("A", linked=False, since=AT - 2 * HOUR), link("A", linked=True)), True),
        ((link("A", linked=False, until=AT),), True),
        ((link("A", linked=False, since=AT),), False),
        ((link("A", linked=False, since=AT + HOUR),), True),
        ((replace(link("A", linked=False), procedure="BQP0100001"),), True),
    ],
)
def test_what_is_stated_of_the_gate_goes_first_and_the_newest_of_that(
    stated: tuple[WindowLink, ...], linked: bool
) -> None:
    assert is_linked(procedure(CARRIED), "A", AT, stated) is linked


def test_ships_are_linked_whatever_is_stated() -> None:
    """Article 12: by the portal only while the window has an incident. The mapping says it, no code in Python."""
    ships = [each for versions in catalogue().procedures.values() for each in versions if each.always_linked]
    assert ships
    for ship in ships:
        assert is_linked(ship, "A", AT, [replace(link(None, linked=False), procedure=ship.code)])


def test_the_portals_own_procedure_is_linked_nowhere() -> None:
    own = replace(procedure(CARRIED), on_window=False)
    assert not is_linked(own, "A", AT, [link("A", linked=True)])
