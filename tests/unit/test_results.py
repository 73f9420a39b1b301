"""What is said of a result: times as people write them; of paper, where the store and the data do not agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapter.model.dossier import DossierState
from adapter.services.dossiers.results import ConfirmationTimes, paper, result

AT = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
LEFT = ConfirmationTimes("XN1", 1, AT, sent_at=AT, left_window_at=AT, delivered_at=AT)


@pytest.mark.parametrize("confirmed", [LEFT, replace(LEFT, delivered_at=None)], ids=["delivered", "sent"])
def test_a_time_in_a_sentence_is_written_as_people_do(confirmed: ConfirmationTimes) -> None:
    told = result(DossierState.COMPLETED, None, [confirmed])
    assert " lúc 07:15, 02/03/2026" in told.vi
    assert " 07:15, 02/03/2026;" in told.en
    assert "2026-03-02" not in told.vi + told.en


def test_of_a_procedure_that_is_not_known_paper_is_not_spared() -> None:
    """The letter of 27/5/2022 names five: of one whose mapping is not installed nobody can say that it is one."""
    told = paper(DossierState.COMPLETED, None, [LEFT], transferred=False)
    assert told.value
    assert "it cannot be told" in told.ground.en
