"""The word for a dossier's state as people see it: in commands, lookups, pages, the log and the journal.

A dossier is stored as completed once its confirmation is signed. In law it is complete when the declarant has
received it (Article 10), so the word follows the way of the confirmation.
"""

from __future__ import annotations

from adapter.gateways.store.dossier_records import ConfirmationWithReply
from adapter.model.dossier import DossierState, shown_state


def shown(state: str, newest: ConfirmationWithReply | None) -> str:
    """`newest`: the confirmation that was signed last and not taken back (`lookups.confirmations`)."""
    return shown_state(
        DossierState(state),
        is_sent=newest is not None and newest.sent_in_law is not None,
        is_delivered=newest is not None and newest.delivered_at is not None,
    )
