"""Pages of officers in each of their states, with one text in every field that others have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from adapter.entrypoints.web.form_page import Box, Choice, Trouble
from adapter.entrypoints.web.marks import MARKS
from adapter.entrypoints.web.officer import (
    acting,
    confirming,
    dossier,
    moving,
    pairs,
    paper_pages,
    papers,
    requesting,
    worklist,
)
from adapter.entrypoints.web.officer import certificates as officer_certificates
from adapter.entrypoints.web.page import Page
from adapter.gateways.store.attachments import AttachedFile
from adapter.gateways.store.paper_records import StoredPaperRecord
from adapter.model.attachment import Scan
from adapter.model.identifiers import DossierKey
from adapter.model.journal_events import JournalEvent
from adapter.model.procedure import Label, ReplyKind
from adapter.model.turns import WorkTurn
from adapter.pipeline.pairs import Ends, PairVerdict
from adapter.pipeline.terms import RUNNING_KINDS
from adapter.services.dossiers.acts import ACTS
from adapter.services.dossiers.case_paper import CasePaper
from adapter.services.dossiers.case_records import (
    CaseCell,
    CaseEvent,
    CaseFile,
    CaseGroup,
    CaseItem,
    CaseMessage,
    CaseReply,
    CaseRequest,
    CaseRow,
    CaseValue,
    CaseVersion,
    CaseWarning,
)
from adapter.services.dossiers.destinations import Destination, DossierMoved, PlaceField
from adapter.services.dossiers.own_records import OwnFinding, RunningLimit
from adapter.services.dossiers.pair_values import side_by_side
from adapter.services.dossiers.pairs import DossierPair, PlaceAndTime
from adapter.services.dossiers.paper_values import PaperWhy
from adapter.services.dossiers.request_places import RequestPlace
from adapter.services.dossiers.worklist import WorkFilter, WorkNews, WorkPage, WorkRow
from tests.harness.account_samples import account_samples
from tests.harness.attached import attached_files
from tests.harness.drawn_forms import catalogue
from tests.harness.own_samples import MEANINGS, certificates_of

WARNINGS = (
    *(("same_paper", "N2"), ("second_leader", "N2"), ("both_doors", "N3")),
    *(("pair_same", "N4"), ("pair_different", "N5")),
    *(("several_leaders", ""), ("suspended", "")),
)

"""Each kind, with the number of the dossier that it is about."""


def officer_samples(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Each kind of these pages with its samples."""
    whole, bare = case(text, at), bare_case(text, at)
    said = (Label(text, text),)
    faulty = {"reason": "fault.empty", "ground": "fault.text"}
    places = (RequestPlace("persons[1].name", *said, *said), RequestPlace("gate", *said, Label("", "")))
    results = tuple(
        confirming.BatchResult(f"N{n}", 2026, outcome, text if n else None)
        for n, outcome in enumerate(("done", "not_possible", "unavailable"))
    )
    return {
        **account_samples(text, at),
        worklist.WorkListPage: _lists(text, at),
        worklist.WorkNewsPage: [worklist.WorkNewsPage(WorkNews(count, "m"), "/can-bo") for count in (0, 3, 100)],
        dossier.CasePage: [
            *(dossier.CasePage(replace(whole, state=state), None, said) for state in MARKS),
            *(dossier.CasePage(whole, done, said) for done in ACTS),
            dossier.CasePage(bare, None, ()),
            dossier.CasePage(replace(bare, files=attached_files(text, at)), None, (), {"K": said[0]}),
            *(dossier.CasePage(replace(bare, paper=each), None, ()) for each in _done_by_hand(text, at)),
        ],
        dossier.MovedPage: [
            dossier.MovedPage(DossierMoved("N1", 2026, at, *said, text, text)),
            dossier.MovedPage(DossierMoved("N1", 2026, at, None, "", "")),
        ],
        moving.MovePage: [
            moving.MovePage(whole, said),
            moving.MovePage(bare, (), {"gate": "G0", "reason": text}, {"gate": "fault.empty", "reason": "fault.text"}),
        ],
        pairs.PairsPage: _pairs(whole, bare, text, at),
        acting.ActPage: [
            *(acting.ActPage(whole, act, said) for act in acting.ASKED),
            *(acting.ActPage(bare, act, (), {"reason": text, "ground": text}, faulty) for act in ("refuse", "decline")),
        ],
        acting.OvertakenPage: [
            acting.OvertakenPage(whole, "refuse", whole.events, text, (text, text)),
            acting.OvertakenPage(bare, "complete", (), text, ()),
        ],
        requesting.RequestPickPage: [
            requesting.RequestPickPage(whole, places, too_many=False),
            requesting.RequestPickPage(whole, places, too_many=True),
        ],
        requesting.RequestPage: [
            requesting.RequestPage(whole, places, said, said, said),
            requesting.RequestPage(whole, places, (), (), (), {"gate.wrong": text}, {"gate.wrong": "fault.text"}),
        ],
        **_papers(text, at),
        officer_certificates.WaitingCertificatesPage: [
            officer_certificates.WaitingCertificatesPage(certificates_of(text, at)),
            officer_certificates.WaitingCertificatesPage((), "approved"),
            officer_certificates.WaitingCertificatesPage((), "declined", is_refused=True),
        ],
        confirming.BatchPage: [confirming.BatchPage((whole, bare)), confirming.BatchPage(())],
        confirming.BatchResultPage: [confirming.BatchResultPage(results)],
    }


def _papers(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    said = Label(text, text)
    waits = StoredPaperRecord(
        *(1, text, 2026, "BQP0100002", "BQP0100002/2", "G", "U", {"a": text}, {}, at, at, text, text, at),
        *(None, None, None, None, None, None, None),
    )
    checked = replace(waits, checked_by=text, checked_at=at, confirmed_at=None, confirmation=None)
    returned = replace(waits, returned_by=text, returned_at=at, reason=text)
    waiting, sent_back = (
        tuple(paper_pages.ListedPaper(each, said, own) for own in (True, False)) for each in (waits, returned)
    )
    offered = tuple(catalogue().procedures["BQP0100002"])  # type: ignore[index]
    boxes = tuple(
        Box(f"x.{n}", said, said, text, kind, (Choice("A", said),), bool(n), 20, False, said if n else None)
        for n, kind in enumerate(("text", "lines", "buttons", "list"))
    )
    parts = (paper_pages.EntryPart(None, 0, (paper_pages.EntryLine(said, said),)), paper_pages.EntryPart(said, 1, ()))
    head = dict.fromkeys(paper_pages.HEAD, text)
    faults = {"nam": "paper.fault.year", "nhan-luc": "paper.fault.time", "so": "fault.empty"}
    lists = tuple(paper_pages.PaperList("x", said, (boxes,), may_add=may) for may in (True, False))
    sections = (paper_pages.PaperSection(None, boxes), paper_pages.PaperSection(said, ()))
    troubles = (Trouble("so", said, said), Trouble("", None, said))
    scans = [
        AttachedFile(n, "0" * 64, text, "K", None, text, at, "pdf", 7, each, None, at) for n, each in enumerate(Scan)
    ]
    refused = [f"paper.refused.{each}" for each in (*PaperWhy, "unit", "text")]
    return {
        paper_pages.PaperListPage: [
            paper_pages.PaperListPage((), (), offered, ""),
            *(paper_pages.PaperListPage(waiting, sent_back, offered, each) for each in papers.DONE),
        ],
        paper_pages.PaperFormPage: [
            paper_pages.PaperFormPage(offered[0], head, {}, sections, lists, ()),
            paper_pages.PaperFormPage(offered[0], head, faults, (), (), troubles),
        ],
        paper_pages.PaperEntryPage: [
            *(
                paper_pages.PaperEntryPage(row, said, parts, own, "", "")
                for row in (waits, checked, returned)
                for own in (True, False)
            ),
            paper_pages.PaperEntryPage(waits, said, parts, False, "fault.empty", ""),
            paper_pages.PaperEntryPage(waits, said, parts, True, "", "", scans, {"K": said}, 5, said),
            *(paper_pages.PaperEntryPage(waits, said, (), False, "", each) for each in refused),
        ],
    }


def _pairs(whole: CaseFile, bare: CaseFile, text: str, at: datetime) -> list[Page]:
    other = replace(bare, number="N2")
    ours, theirs = DossierKey(whole.number, whole.year), DossierKey(other.number, other.year)
    places = (PlaceAndTime(text, text, at), PlaceAndTime(None, None, at))
    nothing = (None, None, None, None, None, None)
    open_one = DossierPair(theirs, ours, "accepted", "accepted", *places, text, text, at, *nothing)
    ones = [replace(open_one, would_end=each) for each in (None, *Ends)]
    settled = replace(open_one, settled_at=at, settled_by=text, reason=text)
    ones += [replace(settled, verdict=PairVerdict.SAME, ended=ours), replace(settled, verdict=PairVerdict.DIFFERENT)]
    gate, values = Label(text, text), side_by_side(whole, other)
    compared = tuple(pairs.ComparedPair(each, theirs, gate, at, other, values) for each in ones)
    compared += tuple(pairs.ComparedPair(each, theirs, None, at, None, None) for each in ones[-3:])
    given, faults = {"verdict": "same", "reason": text}, {"verdict": "fault.empty", "reason": "fault.text"}
    return [pairs.PairsPage(whole, compared), pairs.PairsPage(whole, compared, str(theirs), given, faults)]


def _lists(text: str, at: datetime) -> list[Page]:
    said = Label(text, text)
    limits = [RunningLimit(text, kind, party, at + timedelta(minutes=42)) for kind, party in RUNNING_KINDS.items()]
    flags = ("late", "linked", "undecided", "suspended", "findings")
    rows = tuple(
        WorkRow(f"N{n}", 2026, said, text, state, said, text, at, at, limits[n % 4], flags[: n % 6], n % 2 == 0)
        for n, state in enumerate(MARKS)
    )
    bare = WorkRow("N", 2026, said, None, "received", None, "", None, at, None, (), can_confirm=False)
    names = {"P1": said, "P2": said}
    full = WorkPage((*rows, bare), "5-7", at, "m", names, names)
    empty = WorkPage((), None, at, "m", {}, {})
    part, nothing_yet = (replace(each, last="5-7", looked_to=at) for each in (full, empty))
    asked = WorkFilter(WorkTurn.NEWEST, "P1", "P2", "received", "khai-muon", mine=True)
    return [
        *(worklist.WorkListPage(full, WorkFilter(turn), first=True) for turn in WorkTurn),
        *(worklist.WorkListPage(empty, WorkFilter(turn), first=True) for turn in WorkTurn),
        worklist.WorkListPage(full, asked, first=False),
        worklist.WorkListPage(empty, asked, first=False),
        worklist.WorkListPage(part, asked, first=True),
        worklist.WorkListPage(nothing_yet, asked, first=True),
        *(worklist.WorkListPage(empty, asked, first=True, papers=many) for many in (0, 2)),
    ]


def _done_by_hand(text: str, at: datetime) -> tuple[CasePaper, CasePaper]:
    whole = CasePaper(text, at, at, text, 1, text, at, text, at)
    return whole, replace(whole, confirmed_at=None, confirmation=None)


def case(text: str, at: datetime) -> CaseFile:
    """A dossier of which everything is there."""
    said = Label(text, text)
    standings = ("earlier", "in force", "waiting", "declined", "approved")
    versions = tuple(
        CaseVersion(n, standing, at, text, text, text, at, text, text, store, at, at, "0" * 64)
        for n, (standing, store) in enumerate(
            zip(standings, ("public", "government", text, "public", "public"), strict=True), start=1
        )
    )
    cell, changed = CaseCell("persons[1].a", said, said, None), CaseCell("persons[1].b", said, said, said)
    gone = CaseCell("persons[1].c", said, Label("", ""), said)
    rows = (CaseRow(1, (cell, changed, gone, None), (changed, cell)), CaseRow(2, (cell, cell, cell, cell), ()))
    events = tuple(CaseEvent(at, event.value, "person:an", text, text, n) for n, event in enumerate(JournalEvent))
    times = (at, at, at)
    destinations = tuple(
        Destination(f"G{n}", said, unit, (PlaceField("gate", said, text, text),)) for n, unit in enumerate((text, ""))
    )
    return CaseFile(
        number="N1",
        year=2026,
        alias=text,
        title=said,
        form=text,
        mapping=text,
        state="accepted",
        channel="window",
        unit=text,
        gate=said,
        principal=text,
        declarant=text,
        crossing_at=at,
        received_at=at,
        accepted_at=at,
        late=True,
        confirmation=text,
        limits=tuple(RunningLimit(text, kind, party, at) for kind, party in RUNNING_KINDS.items()),
        versions=versions,
        values=(
            CaseValue("a", said, (said,) * len(versions), changed=True),
            CaseValue("b", said, (said,) * len(versions), changed=False),
        ),
        groups=(CaseGroup("persons", said, (said,) * 4, (cell,), rows),),
        messages=tuple(
            CaseMessage(meaning.value, at, (OwnFinding(text, severity, said), OwnFinding(text, severity, said, said)))
            for meaning, severity in zip(MEANINGS, ("warn", "request", "refuse", "reject", "warn"), strict=True)
        ),
        warnings=tuple(
            CaseWarning(kind, text, number, 2026, said, at, kind == "same_paper") for kind, number in WARNINGS
        ),
        requests=tuple(
            CaseRequest(text, standing, text, (CaseItem(text, text),), text, at, at)
            for standing in ("open", "closed", "withdrawn")
        ),
        amendment=text,
        replies=(
            *(CaseReply(kind.value, "20/21", "window", "0" * 64, *times, "error", None) for kind in ReplyKind),
            CaseReply("Completion", "30/23", "window", "0" * 64, None, None, None, None, text),
        ),
        events=events,
        acts=tuple(ACTS),
        grounds={"a": said},
        to_bring=(text,),
        destinations=destinations,
        moves_to=destinations[0],
        personal=True,
        seen=3,
        at=at,
    )


def bare_case(text: str, at: datetime) -> CaseFile:
    """A dossier of which only that is there which must be."""
    nothing: dict[str, object] = dict.fromkeys(
        ("limits", "versions", "values", "groups", "messages", "warnings", "requests", "replies", "events", "acts"), ()
    )
    absent = dict.fromkeys(("alias", "form", "gate", "principal", "declarant", "crossing_at", "confirmation"))
    return replace(
        case(text, at),
        **nothing,  # type: ignore[arg-type]
        **absent,  # type: ignore[arg-type]
        amendment=None,
        late=False,
        grounds={},
        to_bring=(),
        destinations=(),
        moves_to=None,
        personal=False,
    )
