"""The pages on which a declarant fills in a draft, and what each shows. Where their links lead to is here too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from adapter.entrypoints.web.form_page import Box, Choice, Trouble
from adapter.entrypoints.web.page import Page
from adapter.model.procedure import Label, Meaning
from adapter.services.watch.way import PortalTakes

ROOT = "/khai-bao"
UPLOAD = f"{ROOT}/tep"
"""Where a whole file is sent."""
GENERAL = "chung"
"""In an address: the section of the fields that stand in none."""
ROWS_ON_PAGE = 100
"""Rows of a list that one page shows: a group of 500 would be 230 kB, and nobody reads so far down."""
FROM = "tu"
"""Stands in the address of a list's page: its first row."""


class TaskState(StrEnum):
    """The progress of a part of a draft."""

    DONE = "done"
    TO_DO = "to_do"
    """Something is missing or cannot be read."""
    OPTIONAL = "optional"
    """It is empty, and may be."""


@dataclass(frozen=True, slots=True)
class DraftHead:
    """Which draft a page is of."""

    id: str
    title: Label
    form: str
    """Number of the form."""
    gate: Label
    number: str
    """Its dossier number; empty while none is drawn."""
    meaning: str = Meaning.DECLARATION.value
    """What is sent asks for: to declare, replace, withdraw, amend."""
    principal: str = ""
    """The number of the party for which it is filled in; empty: for himself."""

    @property
    def address(self) -> str:
        """Where the draft is."""
        return f"{ROOT}/{self.id}"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft in the list."""

    head: DraftHead
    changed_at: datetime
    waits_since: datetime | None = None
    """When it was pressed to be sent as soon as the portal opens."""
    held_back: Label | None = None
    """Why it was not taken then."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A procedure for which a declaration can be begun."""

    code: str
    title: Label
    form: str


@dataclass(frozen=True, slots=True)
class DeclarePage(Page):
    """One's drafts, and what one may declare."""

    template: ClassVar[str] = "declare.html"
    drafts: tuple[DraftLine, ...]
    offers: tuple[Offer, ...]
    full: bool
    """There are as many drafts as one may have."""


@dataclass(frozen=True, slots=True)
class BeginPage(Page):
    """Where one chooses the gate."""

    template: ClassVar[str] = "begin.html"
    offer: Offer
    gates: tuple[Choice, ...]
    missing: bool
    shut: frozenset[str] = frozenset()
    """Gates at which it is declared at the window just now: here it can be prepared only."""
    is_back: bool = False
    """The window works again after an incident, and what was begun here before that is still taken."""


@dataclass(frozen=True, slots=True)
class Task:
    """A part of a draft in its list of tasks."""

    address: str
    label: Label | None
    """None: the fields that stand in no section."""
    progress: TaskState
    rows: int | None = None
    """Of a list how many rows it has."""


@dataclass(frozen=True, slots=True)
class TasksPage(Page):
    """The parts of a draft and how far each is."""

    template: ClassVar[str] = "tasks.html"
    head: DraftHead
    tasks: tuple[Task, ...]
    held_back: Label | None = None
    """Why it was not taken when the portal opened."""
    shut: Label | None = None
    """Why its form is shut for him; the draft is kept."""
    grant_ended: bool = False
    """Whether its principal does not authorise him any more; the draft is kept."""
    takes: PortalTakes = PortalTakes.ALL
    """What the portal takes of it just now."""

    @property
    def done(self) -> int:
        """How many are finished."""
        return sum(task.progress is not TaskState.TO_DO for task in self.tasks)


@dataclass(frozen=True, slots=True)
class FieldsPage(Page):
    """The fields of a section, or of a row of a list."""

    template: ClassVar[str] = "fields.html"
    head: DraftHead
    label: Label | None
    ordinal: int | None
    """Of a row; None of a section."""
    optional: bool
    action: str
    back: str
    boxes: tuple[Box, ...]
    troubles: tuple[Trouble, ...]
    version: int
    cleaned: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that another window of the browser has changed meanwhile."""

    name: str
    label: Label
    theirs: Label
    mine: Label
    text: str
    """What was typed here, to be sent again."""


@dataclass(frozen=True, slots=True)
class ConflictPage(Page):
    """Two windows of one browser have changed the same fields: both values, to choose from."""

    template: ClassVar[str] = "conflict.html"
    head: DraftHead
    action: str
    version: int
    clashes: tuple[Clash, ...]
    others: tuple[tuple[str, str], ...]
    """Name and text of what else was sent."""


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row of a list; `cells` are the first of its fields."""

    ordinal: int
    cells: tuple[Label, ...]
    wrong: bool


@dataclass(frozen=True, slots=True)
class RowRange:
    """A page of a list: its first and last row."""

    first: int
    last: int
    address: str


@dataclass(frozen=True, slots=True)
class RowsPage(Page):
    """A list of a draft: its rows, one line each."""

    template: ClassVar[str] = "rows.html"
    head: DraftHead
    label: Label
    address: str
    columns: tuple[Label, ...]
    rows: tuple[RowLine, ...]
    ranges: tuple[RowRange, ...]
    """Where all rows are, in pages; of a short list none."""
    count: int
    new: str | None
    """Where one more row is filled in; None where none can stand."""
    from_file: str
    """Where the list is read in from a file."""


@dataclass(frozen=True, slots=True)
class RemovePage(Page):
    """Whether a row, or the whole draft, is really to go."""

    template: ClassVar[str] = "remove.html"
    head: DraftHead
    what: Label
    is_draft: bool
    action: str
    back: str
    version: int
    """Of the draft whose row it is: pressed twice, it would be the next one."""


@dataclass(frozen=True, slots=True)
class UploadPage(Page):
    """A whole file that was signed elsewhere, to be sent as it is."""

    template: ClassVar[str] = "upload.html"
    told: Label | None
    waits: bool = False
    """The window is suspected to be down: it is sent when the portal opens."""
    is_back: bool = False
    """The window works again after an incident: new ones go there."""


@dataclass(frozen=True, slots=True)
class ImportFault:
    """A fault of a file. `place` is a cell (`C7`), a column or empty; `what` names its words, or there is `message`."""

    place: str
    label: Label | None
    what: str
    message: Label | None


@dataclass(frozen=True, slots=True)
class ImportPage(Page):
    """A list from a file: the template, the file, its faults; or its first rows, to be taken."""

    template: ClassVar[str] = "import.html"
    head: DraftHead
    label: Label
    back: str
    action: str
    version: int
    stands: int
    """How many rows the list has now."""
    faults: tuple[ImportFault, ...] = ()
    columns: tuple[Label, ...] = ()
    first: tuple[RowLine, ...] = ()
    count: int = 0
    """Rows that were read; 0: none yet."""
    names: str = ""
    data: str = ""
    """All of them, to be sent back: the names of their fields, and the cells of one row after the other."""
    more: int = 0
    """Faults beside those that are told."""


@dataclass(frozen=True, slots=True)
class AttachedLine:
    """A file in the list of a draft. `size` in bytes; `scan` is empty where the file is not kept any more."""

    ordinal: int
    what: Label
    name: str
    size: int
    scan: str


@dataclass(frozen=True, slots=True)
class AttachPage(Page):
    """The attached files of a draft, and the form for one more. `one`, `all`: megabytes of a file, of all of them."""

    template: ClassVar[str] = "attach.html"
    head: DraftHead
    label: Label
    address: str
    action: str
    kind_label: Label
    kinds: tuple[Choice, ...]
    kind: str
    lines: tuple[AttachedLine, ...]
    fault: Label | None
    one: int
    all: int


def attach_address(head: DraftHead, group: str) -> str:
    """Where files are attached."""
    return f"{head.address}/dinh-kem/{group}"


def import_address(head: DraftHead, group: str) -> str:
    """Where a list is read in from a file."""
    return f"{head.address}/nhap/{group}"


def section_address(head: DraftHead, name: str) -> str:
    """Where a section is filled in."""
    return f"{head.address}/muc/{name or GENERAL}"


def list_address(head: DraftHead, group: str, ordinal: int = 1) -> str:
    """Where the rows of a list are, on the page with that row."""
    first = ordinal - (ordinal - 1) % ROWS_ON_PAGE
    return f"{head.address}/danh-sach/{group}" + (f"?{FROM}={first}" if first > 1 else "")


def row_address(head: DraftHead, group: str, ordinal: int) -> str:
    """Where a row is filled in."""
    return f"{list_address(head, group)}/{ordinal}"


def place_of(label: Label, ordinal: int) -> Label:
    """What a row is called: the list's label and its ordinal."""
    return Label(f"{label.vi}, dòng {ordinal}", f"{label.en}, row {ordinal}")
