"""Pages about accounts of declarants in each of their states, with one text in every field that others have written."""

from __future__ import annotations

from datetime import datetime

from adapter.entrypoints.web.officer import accounts
from adapter.entrypoints.web.page import Page
from adapter.gateways.store.notification_records import NoticeArrival
from adapter.gateways.store.suspensions import Suspension, SuspensionGround
from adapter.services.registers.suspension_notices import OCCASIONS, SentNotice


def account_samples(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Each kind of these pages with its samples."""
    standing = Suspension(1, text, None, text, text, at, None, None, None)
    asked = SuspensionGround.PRINCIPAL
    lifted = Suspension(2, text, text, text, text, at, at, text, text, asked, text, text, text, text, (text, "n"))
    arrivals = [
        NoticeArrival(text, "c", at, due, read, mails, sent, failed)
        for due, read, mails, sent, failed in (
            (at, None, 0, 0, 0), (None, at, 0, 0, 0), (at, None, 2, 1, 0), (at, None, 1, 0, 1), (at, None, 1, 0, 0)
        )
    ]  # fmt: skip
    told = [
        SentNotice(each, occasion, number, arrival)
        for each in (standing, lifted)
        for occasion in OCCASIONS
        for number in (text, "n")
        for arrival in (None, *arrivals)
    ]
    notices = {each.id: [one for one in told if one.suspension is each] for each in (standing, lifted)}
    faults = dict.fromkeys(("number", "where", "ground", "principal", "document", "reason"), "fault.number")
    given = dict.fromkeys(faults, text)
    return {
        accounts.AccountsPage: [
            accounts.AccountsPage([], [], {}, [], at, False, frozenset()),
            accounts.AccountsPage([standing, lifted], [lifted], notices, told, at, True, frozenset({1})),
        ],
        accounts.SuspendPage: [
            accounts.SuspendPage("", by_request=False, names_principal=False),
            accounts.SuspendPage(text, True, True, given, faults, text),
        ],
        accounts.RestorePage: [
            accounts.RestorePage(standing),
            accounts.RestorePage(lifted, given, {"reason": "fault.empty", "document": "fault.text"}, text),
        ],
    }
