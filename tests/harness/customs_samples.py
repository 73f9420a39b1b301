"""Pages of customs in each of their states, with one text in every field that others have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from adapter.entrypoints.web.customs import auditing, granting, lookup
from adapter.entrypoints.web.marks import MARKS
from adapter.entrypoints.web.page import Page
from adapter.gateways.store.lookup_rights import LookupRight
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.people import Person
from adapter.model.actor import OFFICE_ROLES
from adapter.model.procedure import Label
from adapter.services.customs.answer import CustomsAnswer, SignatureShown
from adapter.services.customs.audit import Looked
from adapter.services.customs.box import BoxAsked, Told
from adapter.services.customs.granted import LookupOfficer, Opened
from adapter.services.customs.people_shown import ShownRow, ShownValue
from adapter.services.customs.search import Key
from adapter.services.customs.understood import Understood
from adapter.services.dossiers.lookup import Found, SignedDecision
from adapter.services.dossiers.results import Paper


def customs_samples(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Each kind of these pages with its samples."""
    said = Label(text, text)
    support = lookup.Support(said, "1900 9299", text)
    plain = lookup.LookupSurroundings(support, (), lambda: False)
    asking = lookup.LookupSurroundings(lookup.Support(said, "", ""), (("A", said),), lambda: True)
    one, bare = answer(text, at), bare_answer(text)
    states = [replace(one, dossier=replace(one.dossier, state=state)) for state in MARKS]
    found = Told(Understood(Key.PAPER, text, nationality="VNM"), states, "cursor", (said,))
    pages = [
        lookup.LookupPage(plain, False, BoxAsked()),
        lookup.LookupPage(plain, False, BoxAsked(text, None, None, None, "accepted", at.date(), at.date()), found),
        lookup.LookupPage(asking, True, BoxAsked(text, Key.NAME, "A"), found),
        lookup.LookupPage(plain, False, BoxAsked(text), Told(Understood(Key.NAME, text), [one])),
        lookup.LookupPage(plain, False, BoxAsked(text), Told(Understood(Key.NAME, text), [bare, bare])),
        lookup.LookupPage(plain, False, BoxAsked(text), Told(Understood(None, text), fault=said)),
        *(lookup.LookupPage(plain, False, BoxAsked(text, key), Told(Understood(key, text))) for key in lookup.READINGS),
    ]
    looked = Looked(at, text, text, "lookup.dossiers", text, "paper", "0" * 64, 1, [text], 3, text, said, said)
    return {
        lookup.LookupPage: list[Page](pages),
        lookup.LookedUpPage: [lookup.LookedUpPage(asking, True, each, why) for each, why in ((one, "A"), (bare, None))],
        **_rights(text, at),
        auditing.LookedPage: [
            auditing.LookedPage(),
            auditing.LookedPage(text, text, text, 30, fault=True),
            auditing.LookedPage(text, rows=[looked, replace(looked, client=None, purpose=None, dossiers=[])]),
            auditing.LookedPage(text, rows=[looked] * auditing.MOST),
            auditing.LookedPage(rows=[]),
        ],
    }


def _rights(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    opened = [Opened("A", Label(text, text), True), Opened("B", Label(text, text), False)]
    person = Person("hq-1", text, text, tuple(OFFICE_ROLES), None, "HN", at, text, None, None, None)
    officers = [LookupOfficer(person, frozenset(each)) for each in ("", "A", "B", "AB")]
    given = LookupRight("hq-1", "B", True, at, text, None, None)
    ended = LookupRight("hq-1", "A", False, at, text, at, text)
    offices = [CustomsOffice("HN", text, None, ())]
    return {
        granting.GrantingPage: [
            granting.GrantingPage(offices, "HN", opened, officers),
            granting.GrantingPage(offices, "HN", opened, ()),
            granting.GrantingPage((), "", (), ()),
        ],
        granting.OfficerRightsPage: [
            *(
                granting.OfficerRightsPage(each, opened, (given, ended), done)
                for each in officers
                for done in granting.ACTS
            ),
            granting.OfficerRightsPage(officers[0], opened, ()),
        ],
    }


def answer(text: str, at: datetime) -> CustomsAnswer:
    """A dossier that has everything."""
    said = Label(text, text)
    person = ShownRow((ShownValue("name", said, text, None), ShownValue("sex", said, "M", said)))
    found = Found(
        reference="BP1",
        alias=text,
        year=2026,
        procedure=text,
        title=said,
        form="07",
        state="completed",
        result=said,
        confirmation=text,
        channel="window",
        gate=text,
        unit=text,
        version=2,
        replaced_by=2,
        versions=(),
        changes=(),
        late=True,
        crossing_at=at,
        received_at=at,
        accepted_at=at,
        confirmed_at=at,
        sent_at=at,
        completed_at=at,
        issued_through_window=True,
        transferred=False,
        paper_may_be_asked=Paper(False, said),
        decision=SignedDecision("Completion", "0" * 64, at, at, at),
    )
    signed = SignatureShown(True, said, text, text, at, at)
    return CustomsAnswer(1, found, text, text, said, said, signed, (person, ShownRow(person.values[:1])), 2, (person,))


def bare_answer(text: str) -> CustomsAnswer:
    """A dossier that has next to nothing, decided outside the window."""
    whole = answer(text, datetime.now().astimezone())
    none = dict.fromkeys(
        ("alias", "title", "form", "confirmation", "gate", "unit", "replaced_by", "crossing_at", "decision", "sent_at")
    )
    none |= dict.fromkeys(("received_at", "accepted_at", "confirmed_at", "completed_at"))
    found = replace(
        whole.dossier,
        **none,  # type: ignore[arg-type]
        state="received",
        channel="portal",
        late=False,
        issued_through_window=False,
        transferred=True,
        paper_may_be_asked=Paper(True, Label(text, text)),
    )
    unsigned = SignatureShown(False, Label(text, text), None, None, None, None)
    return CustomsAnswer(2, found, None, None, None, None, unsigned, (), None, ())
