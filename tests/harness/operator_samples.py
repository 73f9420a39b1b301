"""Pages of operators in each of their states, with one text in every field that others have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from adapter.entrypoints.health import NEEDS
from adapter.entrypoints.web.operator import (
    certificates_in_use,
    failing,
    figures,
    incidents,
    machines,
    messages,
    overview,
    quarantine,
    queues,
)
from adapter.entrypoints.web.page import Page
from adapter.gateways.mail.smtp import Posted
from adapter.gateways.portal_failure import KeptContact, KeptContacts, KeptFailure, KeptListMade
from adapter.gateways.store.browse import ListPlace, WantedMessages
from adapter.gateways.store.dossier_records import ParkedMessage
from adapter.gateways.store.snapshots import (
    CertificateSeen,
    CertificatesSeen,
    DeadlinesSeen,
    KeptFigures,
    MachineSeen,
    PartSeen,
    QueueSeen,
    QueuesSeen,
    S,
    Snapshot,
)
from adapter.gateways.store.staying import StayingReason, StayingReply, Stays
from adapter.gateways.store.throughput import ProcedureCounted, SpanCounted
from adapter.gateways.store.window_records import StoredLink
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import MessageState, PublishFault, Route, Word
from adapter.model.procedure import Label, ReplyKind
from adapter.pipeline.masked import masked
from adapter.pipeline.pairs import PairVerdict
from adapter.pipeline.terms import RUNNING_KINDS
from adapter.services.dossiers.pairs import DossierPair, PlaceAndTime
from adapter.services.messages.browser import (
    AnswerBeside,
    FoundAt,
    ListedMessage,
    MessagePage,
    MessageView,
    ReplyView,
    ShownReply,
    TimedStep,
    Try,
)
from adapter.services.messages.quarantine import QUEUE
from adapter.services.messages.replays import ParkedList, ParkedReason, ReplayedMessage
from adapter.services.portal_failure.announcing import FailureState
from adapter.services.registers.expiry import STOPS
from adapter.services.watch.alerts import Alert, AlertName
from adapter.services.watch.cases import Settlement
from adapter.services.watch.console import Staying, Traffic, TrafficPart, TrafficSpan
from adapter.services.watch.deadlines import DeadlineState
from adapter.services.watch.mode import Mode, Sight
from adapter.services.watch.readings import PARTIES, Readings
from adapter.services.watch.reconciliation import OpenFor, PaperLine, Report, ReportLine, WorkingDay
from adapter.services.watch.state import Incident, WindowState
from adapter.services.watch.transfers import OpenTransfer

FAULTS = ("operator.fault.empty", "operator.fault.text")


def operator_samples(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Each kind of these pages with its samples."""
    return {
        overview.OperatorPage: _overviews(text, at),
        messages.MessagesPage: _lists(text, at),
        messages.MessageShownPage: _messages(text, at),
        messages.AnswerShownPage: _answers(text, at),
        incidents.IncidentsPage: [
            incidents.IncidentsPage((), ()),
            incidents.IncidentsPage(
                (
                    Incident(1, at, at, None, "notice", text, text, text),
                    Incident(2, at, None, at, "broker", text, None, "clock"),
                ),
                (StoredLink(1, text, None, True, at, None, text, text, at, None, None),),
                (
                    OpenTransfer(text, text, at, None, None, "id-3"),
                    OpenTransfer(text, text, at, at, "error", "id-4"),
                    OpenTransfer(text, text, at, at, None, "id-5"),
                ),
            ),
        ],
        incidents.ReportPage: [incidents.ReportPage(each, may) for each in _reports(text, at) for may in (True, False)],
        **_failing(text, at),
        quarantine.QuarantinePage: _quarantines(text, at),
        figures.FiguresPage: _figures(text, at),
        queues.QueuesPage: _queues(text, at),
        machines.MachinesPage: _machines(text, at),
        certificates_in_use.CertificatesInUsePage: _certificates(text, at),
    }


def _failing(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    failure = KeptFailure(
        number=1, since=at, told_at=at, expected_end=None, over_at=None, reason_vi=text, reason_en=text, account=text
    )
    whom = KeptContact(
        dossier=text, procedure=text, gate=text, unit=text, channel="portal", state="received", name=text,
        telephones=(text, "1"), emails=(), crossing_at=at, due_at=None,
    )  # fmt: skip
    bare = whom.model_copy(update={"name": "", "telephones": (), "crossing_at": None, "dossier": "2/2026"})
    listed = KeptContacts(made_at=at, window_down=False, contacts=(bare, whom))
    letters = dict.fromkeys((*Posted, "waiting", "underway"), 2)
    quiet = FailureState(None, None, None, {}, (), at)
    made = KeptListMade(made_at=at, many=250)
    open_now = FailureState(failure, made, 42, letters, ((text, text, text, text, text),), at, listed)
    given = dict.fromkeys(("ly-do", "ly-do-en", "tu", "den", "thu"), text)
    faults = dict.fromkeys(("ly-do", "ly-do-en"), FAULTS[1]) | {"tu": "failing.fault.time", "den": "failing.fault.time"}
    return {
        failing.FailingPage: [
            failing.FailingPage(quiet, has_mail=False, pages_folder=text),
            *(failing.FailingPage(open_now, has_mail=True, pages_folder=text, done=each) for each in failing.DONE),
            failing.FailingPage(quiet, has_mail=True, pages_folder=text, told=text, given=given, faults=faults),
        ],
        failing.CallListPage: [
            failing.CallListPage(quiet),
            failing.CallListPage(open_now, done="goi"),
            failing.CallListPage(open_now, told=text),
            failing.CallListPage(open_now, before=100),
        ],
    }


def _overviews(text: str, at: datetime) -> list[Page]:
    quiet = WindowState(Mode.NORMAL, "none", "", None, None, None, None, None, Sight.UP, None, None, None)
    read = Readings(
        at=at,
        waiting={route.value: 3 for route in Route},
        oldest_s={"window": 700.0},
        returned=1,
        transfers_stay=1,
        held={"waiting": 1, "parked": 2},
        deadlines={(party, how): 1 for party in PARTIES for how in ("near", "broken")},
        certificate_days={},
        modes={mode.value: mode is Mode.NORMAL for mode in Mode},
        sessions={"portal": 1, "staff": 2},
        emergencies=1,
        assertions_refused=1,
    )
    alerts = tuple(Alert(name, text, 1, at, began_at=at) for name in AlertName)
    said = replace(quiet, reason=text, since=at, heartbeat_at=at, override_by=text, override_until=at)
    said = replace(said, incident=text, incident_called=Label(text, text))
    return [
        overview.OperatorPage(at, quiet, read, (), may_say=False),
        *(overview.OperatorPage(at, replace(said, mode=mode), read, alerts, may_say=True) for mode in Mode),
        *(overview.OperatorPage(at, said, read, (), may_say=True, said=act) for act in overview.ACTS),
        *(overview.OperatorPage(at, said, read, (), may_say=True, asked="down", fault=fault) for fault in FAULTS),
        overview.OperatorPage(at, replace(said, expected_end=at), read, (), may_say=True, asked="up", told=text),
    ]


def _listed(text: str, at: datetime, outcome: Word | None = Word.ACCEPTED) -> ListedMessage:
    word = outcome.value if outcome else None
    return ListedMessage("id-1", at, text, "window", text, text, "10/01", text, word, "settled", (text,))


def _lists(text: str, at: datetime) -> list[Page]:
    rows = [_listed(text, at, word) for word in Word]
    rows += [replace(rows[0], state=state.value, outcome=None, channel="portal") for state in MessageState]
    rows += [replace(rows[0], message_id=None, procedure=None, pair=None, dossier=None, codes=())]
    behind = ListPlace(at, 7)
    wanted = WantedMessages(outcome="refused", state="parked", channel="portal", code=text, sender=text, procedure="P")
    return [
        messages.MessagesPage(MessagePage(tuple(rows), behind), "", wanted, "2026-03-02T07:00", "", first=False),
        messages.MessagesPage(MessagePage((), behind), "", wanted, "", "", first=False),
        messages.MessagesPage(MessagePage(()), text, WantedMessages(), "", "", first=True),
    ]


def _said(text: str, at: datetime) -> ShownReply:
    return ShownReply(
        "id-2", "Acceptance", "20/21", "window", "0" * 64, at, at, None, at, "receipt", 2, None, text, is_copy=True
    )


def _messages(text: str, at: datetime) -> list[Page]:
    xml = masked(f"<Envelope>\n<Body>{text}\n</Body></Envelope>", lambda _: True)
    spots = tuple(
        FoundAt("BQP", severity, text, text, "/Envelope", line) for severity, line in (("warn", 1), ("no", None))
    )
    replies = [replace(_said(text, at), kind=kind.value, is_copy=False) for kind in ReplyKind]
    replies += [replace(_said(text, at), route=route.value, sent_at=None, answer="error") for route in Route]
    replies += [replace(_said(text, at), taken_back_at=at, answer=None)]
    replies += [replace(_said(text, at), sent_at=None, fault=fault.value) for fault in PublishFault]
    whole = MessageView(
        listed=_listed(text, at),
        digest="0" * 64,
        size=7,
        stage=None,
        mapping=text,
        schema=text,
        note=text,
        waits_for="evidence",
        waits_until=at,
        xml=xml,
        findings=spots,
        tries=(Try(at, at), Try(at, None)),
        steps=tuple(TimedStep(name, 1.5) for name in (*messages.MessageShownPage.known, text)),
        answers=tuple(replies),
        answer=AnswerBeside(replies[0], xml),
        previous="a",
        following="b",
        is_unmasked=False,
    )
    bare = replace(
        whole,
        listed=_listed(text, at, None),
        findings=(),
        tries=(),
        steps=(),
        answers=(),
        answer=None,
        previous=None,
        following=None,
        note=None,
    )
    long = replace(whole, xml=masked("<a>\n" * 50 + "\n" * messages.SHOWN_LINES, lambda _: True), is_unmasked=True)
    return [
        messages.MessageShownPage(whole, may_unmask=True),
        messages.MessageShownPage(bare, may_unmask=False),
        messages.MessageShownPage(long, may_unmask=True),
        *(messages.MessageShownPage(whole, may_unmask=True, fault=fault) for fault in FAULTS),
    ]


def _answers(text: str, at: datetime) -> list[Page]:
    xml = masked("<Envelope/>", lambda _: True)
    view = ReplyView(_said(text, at), text, "id-1", xml, xml)
    bare = ReplyView(replace(_said(text, at), taken_back_at=at, answer=None, returns=0), None, None, xml, None)
    return [
        messages.AnswerShownPage(view, may_resend=True),
        messages.AnswerShownPage(bare, may_resend=False),
        messages.AnswerShownPage(view, may_resend=True, is_done=True),
        messages.AnswerShownPage(view, may_resend=True, told=text),
        *(messages.AnswerShownPage(view, may_resend=True, fault=fault) for fault in FAULTS),
    ]


def _quarantines(text: str, at: datetime) -> list[Page]:
    row = ParkedMessage("id-1", None, None, 7, b"", "0" * 64, at, "window", None, None)
    bare, told = ParkedList((), (), more=False), replace(row, note=text, procedure=text, pair=text)
    listed = ParkedList((ParkedReason(text, 2), ParkedReason("", 1)), (row, told), more=True)
    done = [ReplayedMessage("id-1", text, text, "settled", word.value) for word in Word]
    gone = ReplayedMessage("id-2", None, None, "", "")
    return [
        quarantine.QuarantinePage(bare, may_replay=True),
        quarantine.QuarantinePage(listed, may_replay=False),
        quarantine.QuarantinePage(listed, may_replay=False, reason=text),
        quarantine.QuarantinePage(listed, may_replay=True, told=text),
        quarantine.QuarantinePage(listed, may_replay=True, replayed=(*done, gone)),
    ]


def _reports(text: str, at: datetime) -> list[Report]:
    line = ReportLine(text, text, None, "20/21", Settlement.ORIGINAL, "id-2", "0" * 64, at, at, at, 1.5, None)
    lines = [replace(line, settlement=each) for each in Settlement]
    lines += [replace(line, open_for=each, left_at=None, received_at=None, gate=text) for each in OpenFor]
    days = [WorkingDay(at, at, at + timedelta(hours=1), state) for state in DeadlineState]
    paper = PaperLine(1, text, text, text, at, at, text, at, None)
    portal, window = DossierKey("A1", 2026), DossierKey("N2", 2026)
    pair = DossierPair(
        *(portal, window, "accepted", "merged", PlaceAndTime(text, text, at), PlaceAndTime(None, None, at)),
        *(text, text, at, PairVerdict.SAME, at, text, text, window, None),
    )
    pairs = (pair, replace(pair, verdict=PairVerdict.DIFFERENT, ended=None), replace(pair, verdict=None, gate=None))
    clean = Report(1, text, "notice", at, at, days[0], (line,), at)
    return [
        replace(clean, working_day=None, ended_at=None, lines=()),
        clean,
        *(replace(clean, working_day=day, lines=tuple(lines)) for day in days),
        replace(clean, lines=(line,) * (incidents.MOST + 1)),
        replace(clean, pairs=pairs),
        replace(clean, papers=(paper, replace(paper, checked_at=None), replace(paper, reported_at=at, gate=None))),
    ]


def _looked(at: datetime, seen: S) -> list[Snapshot[S]]:
    """Seen now, seen and then not, seen long ago, never."""
    now: Snapshot[S] = Snapshot(machine="gate-1", tried_at=at, taken_at=at, seen=seen, fault=None)
    old = now.model_copy(update={"taken_at": at - timedelta(days=1)})
    away = old.model_copy(update={"fault": "away"})
    return [now, old, away, away.model_copy(update={"taken_at": None, "seen": None})]


def _figures(text: str, at: datetime) -> list[Page]:
    counted = SpanCounted(9, 4, 2, 2, 1, 7, 2, 3, 5, 6, 6, 400.0, 1)
    parts = (TrafficPart(at, counted), TrafficPart(at, None))
    procedures = (
        ProcedureCounted(9, 4, 2, 2, 1, 7, 2, 3, 5, 6, 6, 400.0, text),
        ProcedureCounted(1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0.5, ""),
        ProcedureCounted(1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0.0, text),
        *(
            ProcedureCounted(1, 1, 0, 0, 0, 1, 0, 0, *([0] * (2 - each)), *([1] * (each + 1)), 20.0, text)
            for each in range(3)
        ),
    )
    kinds = (*RUNNING_KINDS, "reconcile_within", text)
    seen = [
        KeptFigures(procedure=text, gate=text, kind=kind, met=3, late=1, unknown=0, overdue=2, open=2) for kind in kinds
    ]
    seen += [seen[0].model_copy(update={"procedure": None, "gate": None})]
    looks = _looked(at, DeadlinesSeen(figures=tuple(seen)))
    return [
        *(figures.FiguresPage(at, Traffic(span, parts, procedures), looks[0]) for span in TrafficSpan),
        *(figures.FiguresPage(at, Traffic(TrafficSpan.DAY, parts[1:], ()), look) for look in (None, *looks)),
    ]


def _queues(text: str, at: datetime) -> list[Page]:
    queue = QueueSeen(
        name=text,
        messages=3,
        ready=2,
        unacknowledged=1,
        consumers=0,
        in_rate=0.25,
        out_rate=12.0,
        redelivered=4,
        redelivery_rate=0.5,
        oldest_at=at,
        at_latest=True,
        is_missing=False,
        arrived=(),
    )
    unknown = {"messages": None, "unacknowledged": None, "consumers": None, "oldest_at": None, "redelivery_rate": 0.0}
    rows = (
        queue,
        queue.model_copy(update={"name": QUEUE, "at_latest": False}),
        queue.model_copy(update={**unknown, "is_missing": True}),
    )
    reasons = tuple(StayingReason(each.value, 2, at, 3) for each in Stays)
    replies = tuple(
        StayingReply("id-2", kind.value, "20", "21", text, text, 2026, at, 3, each.value, text, None)
        for kind, each in zip(ReplyKind, Stays, strict=False)
    )
    replies += (replace(replies[0], number=None, year=None, answers="id-1", awaits_unit=None),)
    replies += (replace(replies[-1], answers=None),)
    staying = Staying(reasons, replies, more=True)
    return [
        *(queues.QueuesPage(at, look, staying, "") for look in _looked(at, QueuesSeen(queues=rows))),
        *(queues.QueuesPage(at, None, staying, each.value) for each in Stays),
        queues.QueuesPage(at, None, replace(staying, replies=(), more=False), "due"),
        queues.QueuesPage(at, None, Staying((), (), more=False), ""),
    ]


def _machines(text: str, at: datetime) -> list[Page]:
    names = (*(f"{name}-0" for name in NEEDS if name != "supervisor"), f"{text}-1")
    parts = [
        PartSeen(name=name, ready=bool(number % 2), resident_bytes=150 * 2**20, started_at=at)
        for number, name in enumerate(names)
    ]
    seen = MachineSeen(parts=tuple(parts), missing=(text,), notes=(text,))
    quiet = MachineSeen(parts=(), missing=(), notes=())
    return [
        machines.MachinesPage(at, (), 512),
        machines.MachinesPage(at, tuple(_looked(at, seen)), 512),
        machines.MachinesPage(at, tuple(_looked(at, quiet)), 512),
    ]


def _certificates(text: str, at: datetime) -> list[Page]:
    rows = [
        CertificateSeen(
            use=use.value, name=name or text, serial=text, valid_from=at, valid_to=at + timedelta(days=days), stops=text
        )
        for days, (use, name) in zip((-1, 3, 30, *[400] * 20), STOPS, strict=False)
    ]
    rows += [rows[0].model_copy(update={"stops": "", "name": ""})]
    looks = _looked(at, CertificatesSeen(certificates=tuple(rows)))
    far = _looked(at, CertificatesSeen(certificates=tuple(rows[4:-1])))
    return [certificates_in_use.CertificatesInUsePage(at, look, 60) for look in (None, *looks, far[0])]
