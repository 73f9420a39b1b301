"""What customs are told of paper, where the store and the installed data do not agree."""

from __future__ import annotations

from datetime import UTC, datetime

from adapter.model.dossier import DossierState
from adapter.services.dossiers.results import ConfirmationTimes, paper

AT = datetime(2026, 3, 2, tzinfo=UTC)
LEFT = ConfirmationTimes("XN1", 1, AT, sent_at=AT, left_window_at=AT, delivered_at=AT)


def test_of_a_procedure_that_is_not_known_paper_is_not_spared() -> None:
    """The letter of 27/5/2022 names five: of one whose mapping is not installed nobody can say that it is one."""
    told = paper(DossierState.COMPLETED, None, [LEFT], transferred=False)
    assert told.value
    assert "it cannot be told" in told.ground.en
