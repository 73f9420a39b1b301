"""Pages that only show what is changed in files: calendar, code lists, trust, policy and rules."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from adapter.entrypoints.web.administration.table_pages import (
    HOME,
    RegisterLink,
    RegisterPage,
    RegisterTable,
    ShownCell,
    act_address,
)
from adapter.entrypoints.web.guard import Guard
from adapter.entrypoints.web.moments import day_as_typed
from adapter.entrypoints.web.page import Pages
from adapter.gateways.keys.certificates_in_use import InUse
from adapter.model.actor import Actor
from adapter.model.calendar import Calendar
from adapter.model.catalogue import Catalogue, Code
from adapter.model.errors import Misconfigured
from adapter.model.procedure import Label, Procedure
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.entry import day_of
from adapter.pipeline.signature.algorithms import C14N, DIGESTS, SIGNATURE_METHODS
from adapter.services.access.administration import AdminAct
from adapter.services.access.rights import Right
from adapter.services.registers.list_editions import CALENDAR as CALENDAR_LIST

_Day = Annotated[str, Query(max_length=20)]
_Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9_]{1,60}$")]
LISTS, CALENDAR, TRUST, RULES = (f"{HOME}/{each}" for each in ("danh-muc", "lich", "tin-cay", "quy-tac"))


@dataclass(frozen=True)
class FromFiles:
    """The data of these pages: the data in force, certificates in use, and the policy of each trust store in words."""

    catalogue: Callable[[], Catalogue]
    certificates: Callable[[], Iterable[InUse]]
    policy: Callable[[], Iterable[tuple[str, str]]]
    clock: Callable[[], datetime]


def routes(pages: Pages, of: FromFiles, guard: Guard) -> APIRouter:
    """/quan-tri/danh-muc, /lich, /tin-cay and /quy-tac."""
    router = APIRouter(include_in_schema=False)
    see = guard.by_session(Right.MANAGE_PEOPLE)

    @router.get(LISTS)
    def lists(
        request: Request,
        actor: Annotated[Actor, Depends(see)],
        ngay: _Day = "",
        other: Annotated[_Day, Query(alias="so-voi")] = "",
    ) -> Response:
        del actor
        day = day_of(ngay) or of.clock().astimezone(VIETNAM).date()
        return pages.respond(request, _lists(of.catalogue(), day, day_of(other)))

    @router.get(f"{LISTS}/{{name}}")
    def one_list(request: Request, name: _Name, actor: Annotated[Actor, Depends(see)], ngay: _Day = "") -> Response:
        del actor
        found = of.catalogue().codelists.get(name)
        if found is None:
            raise HTTPException(404)
        day = day_of(ngay) or of.clock().astimezone(VIETNAM).date()
        return pages.respond(request, _one(name, list(found.values()), day))

    @router.get(CALENDAR)
    def calendar(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        return pages.respond(request, _calendar(of.catalogue().calendar))

    @router.get(TRUST)
    def trust(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        return pages.respond(request, _trust(of))

    @router.get(f"{RULES}/{{code}}/{{version}}")
    def rules(request: Request, code: _Name, version: _Name, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        found = of.catalogue().version(f"{code}/{version}")
        if found is None:
            raise HTTPException(404)
        return pages.respond(request, _rules(found))

    return router


def _span(code: Code) -> str:
    first, last = code.valid_from, code.valid_to
    begin, end = (day_as_typed(each) if each else "" for each in (first, last))
    return f"{begin} → {end}" if first or last else "–"


def _facts(code: Code, day: date, names: Iterable[str] | None = None) -> str:
    stated = ((name, code.fact(name, day)) for name in (code.facts if names is None else names))
    return ", ".join(f"{name}: {_plain(value)}" for name, value in stated if value is not None) or "–"


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple | frozenset | set) else str(value)


def _lists(catalogue: Catalogue, day: date, other: date | None) -> RegisterPage:
    rows = tuple(
        (
            ShownCell(name, f"{LISTS}/{name}?ngay={day}"),
            ShownCell(str(sum(each.valid(day) for each in codes.values()))),
            ShownCell(str(sum(not each.valid(day) for each in codes.values()))),
        )
        for name, codes in sorted(catalogue.codelists.items())
    )
    tables = [RegisterTable("admin.tab.lists", ("admin.list", "admin.valid", "admin.not_valid"), rows)]
    if other is not None:
        first, last = sorted((day, other))
        changed = tuple(
            row
            for name, codes in sorted(catalogue.codelists.items())
            for code in codes.values()
            for row in _changed(name, code, first, last)
        )
        heads = ("admin.list", "admin.code", "admin.change", "admin.day_before", "admin.day_after")
        span = f"{day_as_typed(first)} → {day_as_typed(last)}"
        tables.insert(0, RegisterTable("admin.compared", heads, changed, named=span))
    return RegisterPage("lists", tuple(tables), day=day_as_typed(day), other_day=day_as_typed(other) if other else "")


def _changed(name: str, code: Code, first: date, last: date) -> Iterable[tuple[ShownCell, ...]]:
    """The differences between the two days."""
    was, will = code.valid(first), code.valid(last)
    where = (ShownCell(name, f"{LISTS}/{name}?ngay={last}"), ShownCell(f"{code.code} · {code.vi}"))
    if was != will:
        words, span, nothing = "begins" if will else "ends", ShownCell(_span(code)), ShownCell("–")
        yield (*where, ShownCell(words=f"admin.change.{words}"), *((nothing, span) if will else (span, nothing)))
    elif will and (names := [name for name in code.facts if code.fact(name, first) != code.fact(name, last)]):
        before, after = (ShownCell(_facts(code, day, names)) for day in (first, last))
        yield (*where, ShownCell(words="admin.change.facts"), before, after)


def _one(name: str, codes: list[Code], day: date) -> RegisterPage:
    rows = tuple(
        (
            ShownCell(each.code),
            ShownCell(labels=(Label(each.vi, each.en),)),
            ShownCell(_span(each)),
            ShownCell(words="admin.yes" if each.valid(day) else "admin.no"),
            ShownCell(_facts(each, day)),
        )
        for each in codes
    )
    heads = ("admin.code", "admin.field.name", "admin.validity", "admin.valid", "admin.facts")
    links = (RegisterLink("admin.lists.back", f"{LISTS}?ngay={day}"), _change(name))
    return RegisterPage("lists", (RegisterTable("admin.list", heads, rows, named=name),), links, day=day_as_typed(day))


def _change(name: str) -> RegisterLink:
    return RegisterLink(f"admin.act.{AdminAct.LIST_CHANGE}", act_address(AdminAct.LIST_CHANGE, name))


def _calendar(calendar: Calendar) -> RegisterPage:
    def days(of: Iterable[date], year: int) -> str:
        return ", ".join(f"{each.day:02}/{each.month:02}" for each in sorted(of) if each.year == year) or "–"

    rows = tuple(
        (
            ShownCell(str(year)),
            ShownCell(words="admin.undecided" if year in calendar.undecided else "admin.decided"),
            ShownCell(days(calendar.holidays, year)),
            ShownCell(days(calendar.exchanged, year)),
        )
        for year in sorted(calendar.years, reverse=True)
    )
    heads = ("admin.year", "admin.decision", "admin.holidays", "admin.exchanged")
    table = RegisterTable("admin.tab.calendar", heads, rows, note="admin.calendar.note")
    return RegisterPage("calendar", (table,), (_change(CALENDAR_LIST),))


def _trust(of: FromFiles) -> RegisterPage:
    try:
        certificates = tuple(
            (
                ShownCell(each.use.value, is_code=True),
                ShownCell(each.name or "–"),
                ShownCell(each.subject),
                ShownCell(each.serial, is_code=True),
                ShownCell(at=each.valid_from),
                ShownCell(at=each.valid_to),
            )
            for each in sorted(of.certificates(), key=lambda each: (each.use.value, each.name, each.valid_to))
        )
        note = "admin.trust.note"
    except Misconfigured:
        certificates, note = (), "admin.trust.unread"
    heads = ("admin.use", "admin.field.name", "admin.subject", "admin.serial", "admin.from", "admin.until")
    allowed = [("SignatureMethod", each) for each in sorted(SIGNATURE_METHODS)]
    allowed += [("DigestMethod", each) for each in sorted(DIGESTS)]
    allowed += [("CanonicalizationMethod", each) for each in sorted(C14N)]
    policy = tuple((ShownCell(name), ShownCell(value, is_code=True)) for name, value in (*of.policy(), *allowed))
    procedures = tuple(
        (
            ShownCell(each.name, f"{RULES}/{each.code}/{each.version}"),
            ShownCell(labels=(each.title,)),
            ShownCell(day_as_typed(each.effective_from)),
            ShownCell(day_as_typed(each.effective_to) if each.effective_to else "–"),
            ShownCell(str(len(each.rules))),
        )
        for versions in of.catalogue().procedures.values()
        for each in versions
    )
    of_procedures = ("admin.procedure", "admin.field.name", "admin.from", "admin.until", "admin.rules")
    tables = (
        RegisterTable("admin.certificates", heads, certificates, note=note),
        RegisterTable("admin.policy", ("admin.setting", "admin.value"), policy),
        RegisterTable("admin.procedures", of_procedures, procedures),
    )
    return RegisterPage("trust", tables)


def _rules(procedure: Procedure) -> RegisterPage:
    rows = tuple(
        (
            ShownCell(each.rule, is_code=True),
            ShownCell(", ".join(f"{name}: {_plain(value)}" for name, value in each.arguments.items()) or "–"),
            ShownCell(each.severity.value, is_code=True),
            ShownCell(each.basis or "–"),
        )
        for each in procedure.rules
    )
    heads = ("admin.rule", "admin.arguments", "admin.severity", "admin.basis")
    table = RegisterTable("admin.procedures", heads, rows, named=procedure.name)
    return RegisterPage("trust", (table,), (RegisterLink("admin.trust.back", TRUST),))
