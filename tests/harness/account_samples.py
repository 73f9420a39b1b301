"""Pages about accounts of declarants in each of their states, with one text in every field that others have written."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapter.entrypoints.web.form_page import Choice
from adapter.entrypoints.web.officer import accounts, deputies, letters
from adapter.entrypoints.web.page import Page
from adapter.gateways.store.authorisations import Authorisation, GrantedBy
from adapter.gateways.store.delegations import Delegation
from adapter.gateways.store.notification_records import NoticeArrival
from adapter.gateways.store.people import Person
from adapter.gateways.store.suspensions import Suspension, SuspensionGround
from adapter.model.actor import Role
from adapter.model.procedure import Label
from adapter.model.units import BorderUnit
from adapter.services.registers.entered_grants import MOST, GrantLetter
from adapter.services.registers.suspension_notices import OCCASIONS, SentNotice
from adapter.services.registers.telephones import CallNumbers


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
    unit = BorderUnit(text, text, text, text, None, text)
    told += [
        SentNotice(standing, OCCASIONS[0], text, None, each)
        for each in (CallNumbers((text, text)), CallNumbers((), (unit,)), CallNumbers())
    ]
    notices = {each.id: [one for one in told if one.suspension is each] for each in (standing, lifted)}
    faults = dict.fromkeys(("number", "where", "ground", "principal", "document", "reason"), "fault.number")
    given = dict.fromkeys(faults, text)
    return {
        accounts.AccountsPage: [
            accounts.AccountsPage([], [], {}, [], at, False, frozenset()),
            *(
                accounts.AccountsPage(
                    [standing, lifted], [lifted], notices, told, at, True, frozenset({1}), True, {text: text}, said
                )
                for said in ("tam-dung", "khoi-phuc")
            ),
        ],
        deputies.DeputiesPage: _delegations(text, at),
        **_letters(text, at),
        accounts.SuspendPage: [
            accounts.SuspendPage("", by_request=False, names_principal=False),
            accounts.SuspendPage(text, True, True, given, faults, "accounts.told.suspend"),
        ],
        accounts.RestorePage: [
            accounts.RestorePage(standing),
            accounts.RestorePage(
                lifted, {}, given, {"reason": "fault.empty", "document": "fault.text"}, "accounts.told.restore"
            ),
        ],
    }


def _delegations(text: str, at: datetime) -> list[Page]:
    """None; those in force, to come, over and ended, where it is on and where it is off."""
    hour = timedelta(hours=1)
    every = [
        Delegation(number, text, text, text, first, last, text, at, ended, text if ended else None)
        for number, (first, last, ended) in enumerate(
            ((at, at + hour, None), (at + hour, at + 2 * hour, None), (at - hour, at, None), (at, at + hour, at))
        )
    ]
    deputy = Person(text, text, text, (Role.DEPUTY,), text, None, at, text, None, None, None)
    names = ("person", "document", "since", "until")
    given, faults = dict.fromkeys(names, text), dict.fromkeys(names, "accounts.fault.time")
    return [
        deputies.DeputiesPage([], [], at, is_on=False, may_decide=False),
        deputies.DeputiesPage(every, [], at, is_on=False, may_decide=True, said="het"),
        deputies.DeputiesPage(every, [deputy], at, True, True, "giao", given, faults, "deputies.told.grant"),
        deputies.DeputiesPage(every, [], at, True, True, told="deputies.told.end"),
    ]


def _letters(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Letters of authorisation in every state and of every origin; as many as a page holds; forms that were wrong."""
    hour, title, texts = timedelta(hours=1), Label(text, text), (text, text, text)
    every = [
        GrantLetter(Authorisation(n, *texts, first, last, at, ended, text, None, by, file, text, *where), (n,), titles)
        for n, (first, last, ended, by, file, where, titles) in enumerate((
            (at, at + hour, None, GrantedBy.OFFICER, "5f" * 32, (text, text), (title, title)),
            (at + hour, None, None, GrantedBy.OFFICER, None, (None, text), ()),
            (at - hour, at - hour, None, GrantedBy.PRINCIPAL, None, (None, None), ()),
            (at, None, at, GrantedBy.SIGNED, None, (None, None), (title,)),
        ))
    ]  # fmt: skip
    names = ("principal", "holder", "document", "since", "until")
    given, faults = dict.fromkeys((*names, "procedure.P"), text), dict.fromkeys(names, "letters.fault.over")
    choices = [Choice("P", title), Choice("Q", title)]
    wrong = {"reason": text}, {"reason": "fault.empty"}
    return {
        letters.LettersPage: [
            letters.LettersPage([], at, of_unit=True, may_enter=False, may_end=False),
            letters.LettersPage(every, at, False, True, True, said="ghi"),
            letters.LettersPage(every[:1] * MOST, at, True, True, True, number=text),
            letters.LettersPage([], at, True, True, True, number=text),
            letters.LettersPage([], at, True, True, True, number=text, fault="fault.number"),
        ],
        letters.NewLetterPage: [
            letters.NewLetterPage(choices, 5),
            letters.NewLetterPage(choices, 5, given, faults, title, "letters.known"),
        ],
        letters.EndLetterPage: [
            letters.EndLetterPage(every[0]),
            letters.EndLetterPage(every[1], *wrong),
        ],
    }
