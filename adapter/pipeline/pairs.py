"""Two dossiers that declare the same, one by each door: which of them ends once an officer has said so. Pure.

A confirmation that was signed stands, whatever is found out afterwards, so the other dossier ends. Where none is
signed the dossier of the portal goes on: it came first, and what was decided on it is transferred
(NĐ 85/2019/NĐ-CP Article 17(5)).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from adapter.model.dossier import CONFIRMED, OVER, DossierState


class PairVerdict(StrEnum):
    """What an officer says of two dossiers."""

    SAME = "same"
    DIFFERENT = "different"


class Ends(StrEnum):
    """Which of the two ends."""

    WINDOW = "window"
    PORTAL = "portal"
    NEITHER = "neither"
    """Both are confirmed, or one is over already."""


class Standing(StrEnum):
    """What is left to be done on a dossier."""

    OPEN = "open"
    ASKED = "asked"
    """The declarant was asked to amend, or what he has amended waits for its confirmation."""
    CONFIRMED = "confirmed"
    OVER = "over"
    """Refused, withdrawn, ended as a part of another, or done on paper."""


_ASKED = (DossierState.AMENDMENT_REQUESTED, DossierState.AMENDED)
_S = Standing

TABLE: Mapping[tuple[Standing, Standing], Ends | None] = {
    (_S.OPEN, _S.OPEN): Ends.WINDOW,
    (_S.ASKED, _S.OPEN): Ends.WINDOW,
    (_S.CONFIRMED, _S.OPEN): Ends.WINDOW,
    (_S.OPEN, _S.CONFIRMED): Ends.PORTAL,
    (_S.CONFIRMED, _S.CONFIRMED): Ends.NEITHER,
    # The declarant holds a request for the dossier that would end: it is answered or withdrawn first.
    (_S.OPEN, _S.ASKED): None,
    (_S.ASKED, _S.ASKED): None,
    (_S.CONFIRMED, _S.ASKED): None,
    (_S.ASKED, _S.CONFIRMED): None,
    **{(_S.OVER, window): Ends.NEITHER for window in _S},
    **{(portal, _S.OVER): Ends.NEITHER for portal in _S},
}
"""By how the portal's and the window's dossier stand; None: not now."""


def standing(state: DossierState, *, confirmed: bool) -> Standing:
    """What is left to be done on a dossier. One that is amended after its confirmation stays confirmed."""
    if state in OVER:
        return Standing.OVER
    if confirmed or state in CONFIRMED:
        return Standing.CONFIRMED
    return Standing.ASKED if state in _ASKED else Standing.OPEN


def ends(portal: Standing, window: Standing) -> Ends | None:
    """Which of the two ends where they are the same; None: not before a request to amend is answered or withdrawn."""
    return TABLE[portal, window]
