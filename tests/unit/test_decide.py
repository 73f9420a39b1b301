"""The dossier's life is one table; whatever is not in it is a wrong state."""

from __future__ import annotations

from adapter.model.dossier import Act, DossierState, step

STATES: list[DossierState | None] = [None, *DossierState]


def test_nothing_follows_an_end() -> None:
    for end in (DossierState.COMPLETED, DossierState.REFUSED, DossierState.WITHDRAWN):
        assert all(step(end, act) is None for act in Act)


def test_refusal_is_possible_from_received_and_not_from_accepted() -> None:
    assert step(DossierState.RECEIVED, Act.REFUSE) is DossierState.REFUSED
    assert step(DossierState.ACCEPTED, Act.REFUSE) is None


def test_only_what_was_accepted_can_be_completed() -> None:
    assert [state for state in STATES if step(state, Act.COMPLETE)] == [DossierState.ACCEPTED]


def test_nothing_replaces_what_was_accepted() -> None:
    assert step(DossierState.ACCEPTED, Act.REPLACE) is None
    assert step(DossierState.RECEIVED, Act.REPLACE) is DossierState.RECEIVED
