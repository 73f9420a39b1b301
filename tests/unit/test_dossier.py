"""The dossier's life is one table; whatever is not in it is a wrong state."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapter.model.dossier import (
    ACT_NAMES,
    ACTS,
    STATE_NAMES,
    TRANSITIONS,
    Act,
    Dossier,
    DossierState,
    in_words,
    step,
)
from adapter.model.identifiers import DossierKey
from adapter.model.stages import Channel

NOW = datetime(2026, 3, 2, tzinfo=UTC)
STATES: list[DossierState | None] = [None, *DossierState]
ENDS = (DossierState.REFUSED, DossierState.WITHDRAWN)


def dossier(state: DossierState, *, confirmed: bool = False) -> Dossier:
    key = DossierKey("D1", 2026)
    return Dossier(key, "P", state, Channel.WINDOW, 1, NOW, confirmed_at=NOW if confirmed else None)


def states_with(act: Act) -> set[DossierState | None]:
    return {state for state in STATES if step(state, act)}


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ("BP261002/2026", DossierKey("BP261002", 2026)),
        ("A/B/2026", DossierKey("A/B", 2026)),
        ("BP261002", None),
        ("/2026", None),
        ("BP261002/26", None),
        ("BP261002/" + 20 * "9", None),
        ("BP261002/２０２６", None),
    ],
)
def test_a_dossier_is_named_by_its_number_and_a_year_of_four_digits(stated: str, key: DossierKey | None) -> None:
    assert DossierKey.read(stated) == key


def test_nothing_follows_a_withdrawal_and_a_refusal_is_followed_by_a_new_declaration_only() -> None:
    assert dossier(DossierState.WITHDRAWN).possible == ()
    assert dossier(DossierState.REFUSED).possible == (Act.DECLARE,)


ENDS = {DossierState.WITHDRAWN, DossierState.RECORDED, DossierState.MERGED}


def test_every_state_but_an_end_leads_on_and_every_state_can_be_reached() -> None:
    assert {state for state, _ in TRANSITIONS} == set(STATES) - ENDS
    by_no_act = {DossierState.RECORDED, DossierState.MERGED}
    assert set(TRANSITIONS.values()) == set(DossierState) - by_no_act


def test_refusal_is_possible_from_received_and_not_from_accepted_alone() -> None:
    assert dossier(DossierState.RECEIVED).after(Act.REFUSE) is DossierState.REFUSED
    assert dossier(DossierState.ACCEPTED).after(Act.REFUSE) is DossierState.REFUSED


@pytest.mark.parametrize("state", DossierState)
def test_what_was_confirmed_is_never_refused_and_never_confirmed_as_new(state: DossierState) -> None:
    confirmed = dossier(state, confirmed=True)
    assert confirmed.after(Act.REFUSE) is None
    assert confirmed.after(Act.COMPLETE) is None


UNCONFIRMED = {
    DossierState.RECEIVED,
    DossierState.ACCEPTED,
    DossierState.AMENDMENT_REQUESTED,
    DossierState.AMENDED,
}


def test_a_declaration_is_replaced_or_withdrawn_until_it_is_confirmed() -> None:
    assert states_with(Act.REPLACE) == UNCONFIRMED
    assert {state for state in DossierState if dossier(state).after(Act.WITHDRAW)} == UNCONFIRMED
    for state in UNCONFIRMED:
        assert dossier(state, confirmed=True).after(Act.REPLACE) is None
        assert dossier(state, confirmed=True).after(Act.WITHDRAW) is None


@pytest.mark.parametrize("state", [DossierState.COMPLETED, DossierState.COMPLETED_AMENDED, DossierState.AMENDED])
def test_a_withdrawal_after_the_confirmation_is_of_a_procedure_that_allows_it(state: DossierState) -> None:
    confirmed = dossier(state, confirmed=True)
    assert confirmed.after(Act.WITHDRAW) is None
    assert confirmed.after(Act.WITHDRAW, though_confirmed=True) is DossierState.WITHDRAWN


def test_own_discovery_comes_after_the_confirmation_and_changes_nothing_before_approval() -> None:
    """Article 11(1)(a); where an amendment was asked for or made, there is one to go on with."""
    amending = {DossierState.AMENDMENT_REQUESTED, DossierState.AMENDED}
    assert states_with(Act.AMEND) == {DossierState.COMPLETED, DossierState.COMPLETED_AMENDED, *amending}
    for state in amending:
        assert step(state, Act.AMEND) is state
        assert step(state, Act.DECLINE) is state
    for state in (DossierState.COMPLETED, DossierState.COMPLETED_AMENDED):
        assert step(state, Act.AMEND) is state
        assert step(state, Act.APPROVE) is DossierState.AMENDED
        assert step(state, Act.DECLINE) is state


def test_an_answer_needs_a_request_and_a_request_an_acceptance() -> None:
    """Article 11(1)(b) and (c)."""
    assert states_with(Act.ANSWER) == {DossierState.AMENDMENT_REQUESTED}
    assert not states_with(Act.REQUEST_AMENDMENT) & {None, DossierState.RECEIVED, *ENDS}
    assert {DossierState.ACCEPTED, DossierState.COMPLETED} <= states_with(Act.REQUEST_AMENDMENT)


def test_only_what_was_amended_is_completed_after_amendment() -> None:
    assert states_with(Act.COMPLETE_AMENDMENT) == {DossierState.AMENDED}
    assert step(DossierState.AMENDED, Act.COMPLETE_AMENDMENT) is DossierState.COMPLETED_AMENDED


def test_states_and_acts_have_names_in_two_languages() -> None:
    assert set(STATE_NAMES) == set(DossierState)
    assert set(ACT_NAMES) == set(Act)
    assert set(ACTS.values()) < set(Act)


def test_what_is_possible_is_told_in_words() -> None:
    assert in_words(dossier(DossierState.AMENDED, confirmed=True).possible).en == (
        "request an amendment; amend on own discovery; approve an amendment; decline an amendment; "
        "complete an amendment"
    )
    assert in_words(()).en == "nothing"
