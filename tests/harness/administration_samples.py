"""Pages of administrators in each of their states, with one text in every field that others have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from adapter.entrypoints.web.administration.fields import AdminChoices
from adapter.entrypoints.web.administration.proposing import (
    STATES,
    AdminActPage,
    AdministrationPage,
    ProposalPage,
)
from adapter.entrypoints.web.administration.table_pages import RegisterLink, RegisterPage, RegisterTable, ShownCell
from adapter.entrypoints.web.page import Page
from adapter.model.catalogue import Code
from adapter.model.procedure import Label
from adapter.services.access.administration import AdminAct
from adapter.services.access.proposals import Proposal
from adapter.services.messages.rehearsal import Difference, RehearsalVerdict, Tally
from adapter.services.registers.list_editions import TEXT, ChangedCode, RehearsedEdition

TABS = ("people", "offices", "units", "tokens", "programs", "lists", "calendar", "trust")


def administration_samples(text: str, at: datetime) -> dict[type[Page], list[Page]]:
    """Each kind of these pages with its samples."""
    proposals = [_proposal(text, at, AdminAct.PERSON_CHANGE, state) for state in STATES]
    proposals += [_proposal(text, at, act, "waiting") for act in AdminAct]
    return {
        AdministrationPage: [AdministrationPage((), ()), AdministrationPage(proposals, proposals)],
        RegisterPage: [*(RegisterPage(tab, ()) for tab in TABS), *_registers(text, at)],
        AdminActPage: [page for act in AdminAct for page in _forms(text, act)],
        ProposalPage: [
            *(ProposalPage(each, is_recent=True) for each in proposals),
            *(ProposalPage(each, is_recent=False) for each in proposals[:2]),
            ProposalPage(proposals[0], is_recent=True, told=text),
            ProposalPage(proposals[3], is_recent=True, token=text),
            ProposalPage(replace(proposals[0], before=None, stated={}), is_recent=True),
            *(
                ProposalPage(_of_list(text, at), is_recent=True, rehearsed=RehearsedEdition(codes, tally, differences))
                for codes, tally, differences in _rehearsals(text, at)
            ),
        ],
    }


def _of_list(text: str, at: datetime) -> Proposal:
    """`text` is a line of its own before, after, and in both."""
    kept = _proposal(text, at, AdminAct.LIST_CHANGE, "waiting")
    return replace(kept, before={TEXT: f"{text}\na\n{text}"}, stated={TEXT: f"b\n{text}\n{text}\nc"})


def _rehearsals(text: str, at: datetime) -> list[tuple[tuple[ChangedCode, ...], Tally, tuple[Difference, ...]]]:
    code, verdict = Code(text, text, text, at.date(), None), RehearsalVerdict("accepted", None, text, ())
    codes = (ChangedCode(None, code), ChangedCode(code, None), ChangedCode(code, replace(code, valid_from=None)))
    refused = replace(verdict, outcome="refused", findings=((text, text),))
    differences = (Difference(text, at, text, verdict, refused, ()), Difference(text, at, None, refused, verdict, ()))
    return [((), Tally(), ()), (codes, Tally(messages=100, changed=2), differences)]


def _registers(text: str, at: datetime) -> list[Page]:
    cells = (
        ShownCell(text),
        ShownCell(text, "/quan-tri"),
        ShownCell(at=at),
        ShownCell(labels=(Label(text, text),) * 2),
    )
    rows = ((*cells, ShownCell(words="admin.yes"), ShownCell(text, is_code=True)),)
    table = RegisterTable("admin.list", ("admin.code",) * 6, rows, named=text, note="admin.units.note")
    return [
        RegisterPage("people", (table,), (RegisterLink("admin.lists.back", "/"),), named=text, find=text),
        RegisterPage("lists", (table,), day="2026-03-02", other_day="2026-03-03"),
    ]


def _forms(text: str, act: AdminAct) -> list[Page]:
    pairs = [(text, text)]
    choices = AdminChoices(lambda: pairs, lambda: pairs, lambda: [text], lambda: [text], lambda: [text])
    fields = choices.fields(act)
    given = {each.name: [text] if each.kind == "several" else text for each in fields}
    return [AdminActPage(act, text, act.value.endswith("_add"), fields, given, told=text)]


def _proposal(text: str, at: datetime, act: AdminAct, state: str) -> Proposal:
    names = ("name", "rank", "roles", "unit", "office", "login", "parent", "places", "role", "bound_to", "person")
    names = (*names, "expires", "keys", "offices", "issuers", "procedures")
    stated = {name: [text] if name in ("roles", "procedures") else text for name in names}
    before = dict.fromkeys(names)
    own, waits = state == "drafted", state == "waiting"
    return Proposal(
        1, act, text, stated, before, text, state, text, at, at, at, text, at, text, may_confirm=waits, may_withdraw=own
    )
