"""Pages of a declarant's dossiers in each of their states, with one text in every field that others have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from adapter.entrypoints.web import login
from adapter.entrypoints.web.form_page import Choice
from adapter.entrypoints.web.marks import MARKS
from adapter.entrypoints.web.page import Page
from adapter.entrypoints.web.portal import certifying, checking, follow, granting, inbox, signed_files
from adapter.gateways.store.authorisations import Authorisation, GrantedBy
from adapter.gateways.store.certificates import CertificateState, Office, Registered
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Word
from adapter.model.procedure import Label, Meaning, Procedure, ReplyKind
from adapter.pipeline.readable import ReadableLine
from adapter.pipeline.terms import RUNNING_KINDS
from adapter.services.door.corrections import OpenRequest, Ways
from adapter.services.door.signed_uploads import Acknowledgement
from adapter.services.dossiers.check_code import CheckedConfirmation
from adapter.services.dossiers.own import SHOWN
from adapter.services.dossiers.own_records import (
    OneWith,
    OpenedAnswer,
    OwnAnswer,
    OwnDossier,
    OwnFinding,
    OwnMessage,
    OwnPage,
    OwnRow,
    RunningLimit,
)
from adapter.services.dossiers.suspended import StandingAnswer, SuspensionNotice
from adapter.services.notifications.addresses import AddressAct, OwnAddress
from adapter.services.notifications.inbox import InboxNotification, InboxPage
from adapter.services.registers.grants import OwnGrant, OwnGrants
from adapter.services.watch.way import PortalTakes
from tests.harness.attached import attached_files

MEANINGS = (
    *(Meaning.DECLARATION, Meaning.REPLACEMENT, Meaning.WITHDRAWAL),
    *(Meaning.AMENDMENT_OWN, Meaning.AMENDMENT_REQUESTED),
)


def certificates_of(text: str, at: datetime) -> tuple[Registered, ...]:
    """A certificate in each state that there is."""
    return tuple(
        Registered(
            *(1, text, "f" * 40, "0" * 64, text, text, "001085012345", at, at, Office.PORTAL, at, state),
            *(text if state is not CertificateState.ACTIVE else None, None, at),
        )
        for state in CertificateState
    )


def own_samples(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Each kind of these pages with its samples."""
    said = Label(text, text)
    times = [at + timedelta(minutes=by) for by in (-5, 42, 600)]
    limits = tuple(
        RunningLimit(text, kind, party, due)
        for (kind, party), due in zip(RUNNING_KINDS.items(), [*times, None], strict=True)
    )
    hours = tuple(RunningLimit(text, "amend_within", "declarant", times[1], stands) for stands in (True, False, None))
    rows = tuple(
        OwnRow(f"N{place}", 2026, said, text, state, said, at, at, limits[place % 4], place % 2)
        for place, state in enumerate(MARKS)
    )
    bare = OwnRow("N", 2026, said, None, "received", None, None, at, None, 0)
    messages = tuple(
        OwnMessage(
            meaning.value,
            "window",
            "accepted",
            at,
            (OwnFinding("BQP1", severity, said), OwnFinding("BQP2", severity, said, said)),
        )
        for meaning, severity in zip(MEANINGS, ("warn", "refuse", "reject", "warn", "warn"), strict=True)
    )
    answers = tuple(
        OwnAnswer(kind, "0" * 63 + str(n), at, at if n % 2 else None, None, None) for n, kind in enumerate(SHOWN)
    )
    whole = [OwnDossier(row, text, said, text, text, text, limits, messages, answers, at) for row in rows]
    lines = (ReadableLine(said, None, 0), ReadableLine(said, said, 1), ReadableLine(said, said, 1, text))
    opened = [
        OpenedAnswer(
            OwnAnswer(kind, "a" * 64, at, at, withdrawn, text if withdrawn else None),
            number="N",
            year=2026,
            title=said,
            lines=lines,
            body=b"",
            procedure=text,
            confirmation=text if withdrawn is None else None,
        )
        for kind in ReplyKind
        for withdrawn in (None, at)
    ]
    standing = tuple(
        StandingAnswer("N1", 2026, is_request, at, opened_at, limit, text if opened_at else None, lines)
        for is_request, opened_at, limit in (
            *((True, at, each) for each in (limits[0], *hours)),
            (True, None, None),
            (False, at, None),
            (False, None, None),
        )
    )
    nothing = Ways((), None, pending=False, begun={}, takes=PortalTakes.ALL)
    request = OpenRequest(text, text, cast(Procedure, None), ())
    all_of_it = dict.fromkeys(MEANINGS[1:], "d1")
    every_way = [
        Ways(MEANINGS[1:], request, pending=False, begun={}, takes=PortalTakes.ALL),
        Ways(MEANINGS[1:], request, pending=True, begun=all_of_it, takes=PortalTakes.DRAFTS),
        Ways((), None, pending=True, begun={}, takes=PortalTakes.SIGNED),
    ]
    lines_asked = tuple(
        follow.AskedLine(label, place, said, text, text) for label, place in ((None, None), (said, None), (said, said))
    )
    letters = tuple(
        OwnGrant(
            Authorisation(1, *[text] * 3, at, ends, at, revoked, text if revoked else None, None, GrantedBy.PRINCIPAL),
            given, named, revoked is None,
        )
        for ends, revoked, given, named in ((None, None, True, None), (at, None, False, said), (at, at, True, said))
    )  # fmt: skip
    typed = {"holder": text, "procedure.P": "1"}
    grants = {
        granting.GrantsPage: [
            granting.GrantsPage(OwnGrants(text, ()), (Choice("P", said),), {}, None),
            granting.GrantsPage(OwnGrants(text, letters), (Choice("P", said),), typed, said),
            granting.GrantsPage(OwnGrants(None, letters), (), {}, None, (said, said)),
            *(granting.GrantsPage(OwnGrants(text, letters), (), {}, None, done=done) for done in ("cho", "rut")),
        ],
        granting.EndGrantPage: [
            granting.EndGrantPage(1, text, text, told, told is None, told) for told in (None, said)
        ],
    }
    certificates = certificates_of(text, at)
    statements = {
        certifying.CertificatesPage: [
            certifying.CertificatesPage(()),
            certifying.CertificatesPage(certificates, (said,)),
            certifying.CertificatesPage(certificates, (said, said)),
            *(certifying.CertificatesPage(certificates, (), done) for done in ("registered", "waiting", "suspended")),
        ],
        certifying.StopCertificatePage: [
            certifying.StopCertificatePage(certificates[0], told) for told in (None, said)
        ],
        signed_files.SignedFilePage: [signed_files.SignedFilePage(), signed_files.SignedFilePage((said,))],
        signed_files.AcknowledgedPage: [
            *(signed_files.AcknowledgedPage(Acknowledgement(now, None, None, None)) for now in (True, False)),
            *(
                signed_files.AcknowledgedPage(Acknowledgement(False, DossierKey("N", 2026), at, word.value))
                for word in Word
            ),
            signed_files.AcknowledgedPage(Acknowledgement(False, None, at, None)),
        ],
    }
    return {
        **grants,
        **statements,
        follow.DossiersPage: [
            follow.DossiersPage(OwnPage(rows, "7", at), first=False),
            follow.DossiersPage(OwnPage((), None, at), first=True),
        ],
        follow.DossierPage: [
            *(follow.DossierPage(each, ways, lines_asked) for each in whole for ways in every_way),
            follow.DossierPage(OwnDossier(bare, None, said, None, None, None, (), (), (), at), nothing, ()),
            follow.DossierPage(whole[0], nothing, (), attached_files(text, at), {"K": said}),
            *(
                follow.DossierPage(replace(whole[0], one_with=(OneWith("N2", 2026, at, ended, is_his),)), nothing, ())
                for ended, is_his in ((True, True), (True, False), (False, True))
            ),
        ],
        checking.GenuinePage: [
            checking.GenuinePage("", "", None),
            checking.GenuinePage(text, text, None),
            *(checking.GenuinePage("XN1", "6BD7", CheckedConfirmation(text, at, newest)) for newest in (True, False)),
            checking.GenuinePage("XN1", "6BD7", CheckedConfirmation(text, at, True, is_withdrawn=True)),
        ],
        follow.AnswerPage: [follow.AnswerPage(each) for each in opened],
        login.SuspendedPage: [
            login.SuspendedPage(
                SuspensionNotice(text, at, text, document, document, OwnPage(each, None, at), stands, answers)
            )
            for each, document, stands, answers in (
                (rows, text, False, standing),
                (rows, text, True, standing),
                ((), "", False, ()),
            )
        ],
        inbox.NotificationsPage: [
            inbox.NotificationsPage(InboxPage((), None), first=True, mails=False),
            inbox.NotificationsPage(
                InboxPage(
                    tuple(
                        InboxNotification(place, said, said, at, bool(place % 2), ("N1", 2026) if place else None)
                        for place in range(4)
                    ),
                    (at, 7),
                ),
                first=False,
                mails=True,
            ),
        ],
        inbox.AddressPage: [inbox.AddressPage(OwnAddress(text, text, at), text, act) for act in (None, *AddressAct)]
        + [inbox.AddressPage(OwnAddress(None, None, None), "", None)],
    }
