"""Pages of drafts in each of their states, with hostile texts wherever somebody's text stands."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapter.entrypoints.web.form_page import Box, Choice, Trouble
from adapter.entrypoints.web.page import Page
from adapter.entrypoints.web.portal import draft_pages as pages
from adapter.entrypoints.web.portal import sending_pages, shutting
from adapter.entrypoints.web.portal.importing import IMPORT_FAULTS
from adapter.model.procedure import Label, Meaning
from adapter.services.watch.way import PortalTakes


def draft_samples(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Each kind of page that is filled in."""
    label = Label(text, text)
    head = pages.DraftHead("d1", label, "07", label, "BP26/2026")
    about = [
        pages.DraftHead("d1", label, "07", label, "BP26/2026", meaning.value)
        for meaning in Meaning
        if meaning is Meaning.REPLACEMENT or meaning is Meaning.WITHDRAWAL or meaning.is_amendment
    ]
    unlike = tuple(sending_pages.Unlike(label, place, label, label) for place in (None, label))
    fresh = pages.DraftHead("d1", label, "07", label, "")
    choices = (Choice("a", label), Choice(text, label))
    boxes = tuple(
        Box(f"persons.1.{kind}{n}", label, hint, text, kind, choices, required, longest, digits=n == 1, error=error)
        for kind in ("text", "lines", "buttons", "list")
        for n, (hint, required, longest, error) in enumerate([(None, True, None, None), (label, False, 20, label)])
    )
    troubles = (
        Trouble("a", label, label),
        Trouble("", None, label),
        Trouble("/khai-bao/d1/muc/chung#gate", None, label),
    )
    tasks = tuple(pages.Task("/a", label, state, rows) for state in pages.TaskState for rows in (None, 3))
    rows = (pages.RowLine(1, (label, label), wrong=True), pages.RowLine(2, (label, label), wrong=False))
    answered = (sending_pages.Answer(label, label),)
    parts = (sending_pages.AnswersPart(None, "/a", answered), sending_pages.AnswersPart(label, "/a", ()))
    lists = (sending_pages.AnswersList(label, "/a", (label, label), rows),)
    return {
        pages.DeclarePage: [
            pages.DeclarePage((), (pages.Offer("P", label, "07"),), full=False),
            pages.DeclarePage(
                tuple(pages.DraftLine(head, at, *more) for more in ((), (at,), (None, label))), (), full=True
            ),
        ],
        pages.BeginPage: [
            pages.BeginPage(pages.Offer("P", label, "07"), choices, missing, shut, back)
            for missing, shut, back in (
                (True, frozenset[str](), False), (False, frozenset({"a"}), False), (False, frozenset({"a"}), True)
            )
        ],
        pages.TasksPage: [
            pages.TasksPage(fresh, (pages.Task("/a", None, pages.TaskState.DONE), *tasks), label),
            pages.TasksPage(fresh, tasks, None, label),
            pages.TasksPage(pages.DraftHead("d1", label, "07", label, "", principal=text), tasks, grant_ended=True),
        ] + [pages.TasksPage(fresh, tasks, takes=takes) for takes in PortalTakes],
        shutting.GrantEndedPage: [shutting.GrantEndedPage(text)],
        shutting.ShutPage: [shutting.ShutPage(text, at, unit, unit) for unit in (text, "")],
        sending_pages.WaitingPage: [sending_pages.WaitingPage(head, at, leaves) for leaves in (True, False)],
        pages.FieldsPage: [
            pages.FieldsPage(head, None, None, False, "/a", "/b", boxes, (), 1),
            pages.FieldsPage(head, label, 2, True, "/a", "/b", boxes, troubles, 1, (label, label)),
        ],
        pages.ConflictPage: [
            pages.ConflictPage(head, "/a", 2, (pages.Clash("a", label, label, label, text),), (("b", text),))
        ],
        pages.RowsPage: [
            pages.RowsPage(head, label, "/a", (label, label), rows, ranges, 2, new, "/f")
            for new, ranges in ((None, ()), ("/a/3#n", (pages.RowRange(1, 1, "/a"), pages.RowRange(2, 2, "/a?tu=2"))))
        ] + [pages.RowsPage(head, label, "/a", (label,), (), (), 0, "/a/1#n", "/f")],
        pages.RemovePage: [pages.RemovePage(head, label, is_draft, "/a", "/b", 3) for is_draft in (True, False)],
        sending_pages.CheckPage: [
            sending_pages.CheckPage(of, parts, lists, (), troubles, changes, signs, "k", None, takes, late)
            for signs in (True, False)
            for of in (head, *about)
            for changes, takes, late in (
                ((), PortalTakes.SIGNED, None), (unlike, PortalTakes.BEGUN, timedelta(minutes=40))
            )
        ] + [sending_pages.CheckPage(fresh, parts, (), troubles, (), (), must_be_signed=False, key="k", told=label)]
        + [
            sending_pages.CheckPage(fresh, parts, (), (), troubles, (), False, "k", None, foreseen=leads)
            for leads in ("asked", "refused")
        ] + [sending_pages.CheckPage(fresh, parts, (), (), (), (), False, "k", None, PortalTakes.DRAFTS)],
        sending_pages.SignPage: [
            sending_pages.SignPage(head, uploaded=False, unlike=(), key="k", told=label),
            sending_pages.SignPage(head, uploaded=True, unlike=(), key="k", told=None),
        ] + [sending_pages.SignPage(head, True, unlike, "k", None, takes) for takes in PortalTakes],
        pages.ImportPage: [
            pages.ImportPage(head, label, "/b", "/a", 1, 0),
            pages.ImportPage(
                head, label, "/b", "/a", 1, 3,
                faults=tuple(
                    pages.ImportFault(place, told, what, None if what else label)
                    for what in ("", *IMPORT_FAULTS)
                    for place, told in (("C7", label), ("", None))
                ),
            ),
            pages.ImportPage(
                head, label, "/b", "/a", 1, 3, columns=(label, label), first=rows, count=40, names=text, data=text
            ),
            pages.ImportPage(head, label, "/b", "/a", 1, 3, (pages.ImportFault("C7", label, "", label),), more=3),
        ],
        pages.AttachPage: [
            pages.AttachPage(
                head, label, "/a", "/b", label, (Choice("K", label),), kind, lines, told, 5, 20
            )
            for kind, told in (("", None), ("K", label))
            for lines in (
                (),
                tuple(
                    pages.AttachedLine(1, label, text, size, scan)
                    for size, scan in ((0, ""), (182_044, "clean"), (5_242_880, "not_scanned"))
                ),
            )
        ],
        pages.UploadPage: [
            pages.UploadPage(told, *more) for told in (None, label) for more in ((), (True,), (False, True))
        ],
        sending_pages.SentPage: [
            sending_pages.SentPage(of, outcome, reference, at, troubles)
            for outcome, reference in (
                ("accepted", "BP26/2026"),
                ("asked", "BP26/2026"),
                ("taken", "BP26/2026"),
                *((each, "") for each in ("rejected", "refused", "waiting", "parked")),
            )
            for of in (head, *about, None)
        ],
    }  # fmt: skip
