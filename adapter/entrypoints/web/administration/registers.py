"""The registers as administrators see them: people, offices, units, tokens, programs."""

# Annotations are not postponed here: FastAPI reads them.
from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
from adapter.entrypoints.web.page import Pages
from adapter.gateways.identity.assertions import thumbprint
from adapter.gateways.store.api_parties import CLIENT, ISSUER, ApiParty
from adapter.gateways.store.people import Person
from adapter.model.actor import OFFICE_ROLES, ROLE_NAMES, Actor
from adapter.model.errors import NotAllowed
from adapter.model.units import BorderUnits
from adapter.services.access.administration import AdminAct, Administration
from adapter.services.access.rights import Right
from adapter.services.access.tokens import Issued

MOST = 300
"""So many people stand on a page; a search finds the others."""
_Id = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,60}$")]


@dataclass(frozen=True)
class Registers:
    """The data of these pages."""

    administration: Administration
    units: Callable[[], BorderUnits]


def routes(pages: Pages, of: Registers, guard: Guard) -> APIRouter:
    """/quan-tri/nguoi, /co-quan, /don-vi, /ma-truy-cap, /chuong-trinh."""
    router = APIRouter(include_in_schema=False)
    see = guard.by_session(Right.MANAGE_PEOPLE)

    @router.get(f"{HOME}/nguoi")
    def people(
        request: Request,
        actor: Annotated[Actor, Depends(see)],
        tim: Annotated[str, Query(max_length=100)] = "",
    ) -> Response:
        del actor
        return pages.respond(request, _people(of.administration.people.list(), tim.strip()))

    @router.get(f"{HOME}/nguoi/{{id}}")
    def person(request: Request, id: _Id, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        try:
            entries = of.administration.people.show(id)
        except NotAllowed:
            raise HTTPException(404) from None
        return pages.respond(request, _person(of.administration, entries))

    @router.get(f"{HOME}/co-quan")
    def offices(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        return pages.respond(request, _offices(of.administration))

    @router.get(f"{HOME}/don-vi")
    def units(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        return pages.respond(request, _units(of.units(), of.administration.people.list()))

    @router.get(f"{HOME}/ma-truy-cap")
    def tokens(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        return pages.respond(request, _tokens(of.administration.tokens.list()))

    @router.get(f"{HOME}/chuong-trinh")
    def programs(request: Request, actor: Annotated[Actor, Depends(see)]) -> Response:
        del actor
        return pages.respond(request, _programs(of.administration))

    return router


def _link(act: AdminAct, subject: str = "") -> RegisterLink:
    return RegisterLink(f"admin.act.{act.value}", act_address(act, subject), act.ends)


def _roles(person: Person) -> ShownCell:
    return ShownCell(labels=tuple(ROLE_NAMES[role] for role in person.roles))


def _people(every: list[Person], find: str) -> RegisterPage:
    wanted = find.casefold()
    found = [each for each in every if wanted in f"{each.id} {each.name} {each.unit} {each.office}".casefold()]
    rows = tuple(
        (
            ShownCell(each.id, f"{HOME}/nguoi/{each.id}"),
            ShownCell(each.name),
            _roles(each),
            ShownCell(each.unit or each.office or "–"),
            ShownCell(at=each.since),
        )
        for each in found[:MOST]
    )
    heads = ("admin.id", "admin.field.name", "admin.field.roles", "admin.place", "admin.since")
    note = "admin.people.narrow" if len(found) > MOST else ""
    return RegisterPage(
        "people", (RegisterTable("admin.tab.people", heads, rows, note=note),), (_link(AdminAct.PERSON_ADD),), find=find
    )


def _person(administration: Administration, entries: Iterable[Person]) -> RegisterPage:
    every = list(entries)
    last = every[-1]
    rows = tuple(
        (
            ShownCell(at=each.since),
            ShownCell(each.granted_by),
            ShownCell(f"{each.rank} {each.name}".strip()),
            _roles(each),
            ShownCell(each.unit or each.office or "–"),
            ShownCell(each.login or "–"),
            ShownCell(at=each.ended_at) if each.ended_at else ShownCell(words="admin.stands"),
            ShownCell(" · ".join(part for part in (each.ended_by, each.reason) if part) or "–"),
        )
        for each in reversed(every)
    )
    heads = ("admin.since", "admin.by", "admin.field.name", "admin.field.roles", "admin.place", "admin.field.login")
    tables = [RegisterTable("admin.person.entries", (*heads, "admin.until", "admin.ended_by"), rows)]
    stands = last.ended_at is None
    of_customs = stands and bool(OFFICE_ROLES.intersection(last.roles))
    if of_customs:
        looks_up = tuple((ShownCell(code),) for code in sorted(administration.lookups.of(last.id)))
        tables.append(RegisterTable("admin.person.lookups", ("admin.field.procedures",), looks_up))
    acts = [AdminAct.PERSON_CHANGE, AdminAct.PERSON_REMOVE] if stands else [AdminAct.PERSON_RESTORE]
    acts += [AdminAct.LOOKUP_GIVE, AdminAct.LOOKUP_WITHDRAW] if of_customs else []
    return RegisterPage("people", tuple(tables), tuple(_link(act, last.id) for act in acts), named=last.id)


def _offices(administration: Administration) -> RegisterPage:
    staffed = [each.office for each in administration.people.list()]
    rows = tuple(
        (
            ShownCell(each.code, act_address(AdminAct.OFFICE_CHANGE, each.code)),
            ShownCell(each.name),
            ShownCell(each.parent or "–"),
            ShownCell(", ".join(each.places) or "–"),
            ShownCell(str(staffed.count(each.code))),
            ShownCell(words="admin.act.office_remove", address=act_address(AdminAct.OFFICE_REMOVE, each.code)),
        )
        for each in administration.offices.list()
    )
    heads = ("admin.code", "admin.field.name", "admin.field.parent", "admin.field.places", "admin.persons", "admin.do")
    table = RegisterTable("admin.tab.offices", heads, rows)
    return RegisterPage("offices", (table,), (_link(AdminAct.OFFICE_ADD),))


def _units(units: BorderUnits, people: list[Person]) -> RegisterPage:
    rows = tuple(
        (
            ShownCell(unit.code or "–", f"{HOME}/nguoi?tim={unit.code}" if unit.code else ""),
            ShownCell(unit.name),
            ShownCell(", ".join(sorted(unit.gates)) if unit.gates is not None else "*"),
            ShownCell(unit.number_code),
            ShownCell(str(sum(each.unit == unit.code for each in people))),
        )
        for unit in units.every
    )
    heads = ("admin.code", "admin.field.name", "admin.gates", "admin.number_code", "admin.persons")
    return RegisterPage("units", (RegisterTable("admin.tab.units", heads, rows, note="admin.units.note"),))


def _tokens(every: list[Issued]) -> RegisterPage:
    """The tokens. Of the number that a declarant's program is bound to, only the last three digits are shown."""

    def row(each: Issued) -> tuple[ShownCell, ...]:
        bound = f"***{each.bound_to[-3:]}" if each.bound_to else ""
        revoke = ShownCell(words="admin.act.token_revoke", address=act_address(AdminAct.TOKEN_REVOKE, each.label))
        return (
            ShownCell(each.label),
            ShownCell(each.role),
            ShownCell(each.person or each.office or bound or "–"),
            ShownCell(at=each.created_at),
            ShownCell(at=each.expires_at) if each.expires_at else ShownCell("–"),
            ShownCell(at=each.revoked_at) if each.revoked_at else revoke,
        )

    rows = tuple(row(each) for each in sorted(every, key=lambda each: each.revoked_at is not None))
    heads = ("admin.label", "admin.field.role", "admin.of", "admin.since", "admin.field.expires", "admin.revoked")
    return RegisterPage("tokens", (RegisterTable("admin.tab.tokens", heads, rows),), (_link(AdminAct.TOKEN_ISSUE),))


def _programs(administration: Administration) -> RegisterPage:
    def row(each: ApiParty, change: AdminAct, end: AdminAct) -> tuple[ShownCell, ...]:
        return (
            ShownCell(each.code, act_address(change, each.code)),
            ShownCell(each.name),
            ShownCell(", ".join((*each.offices, *each.issuers)) or "–"),
            ShownCell(" ".join(thumbprint(key) for key in each.keys), is_code=True),
            ShownCell(at=each.since),
            ShownCell(words=f"admin.act.{end.value}", address=act_address(end, each.code)),
        )

    of = administration.clients.list
    clients = tuple(row(each, AdminAct.CLIENT_CHANGE, AdminAct.CLIENT_END) for each in of(CLIENT))
    issuers = tuple(row(each, AdminAct.ISSUER_CHANGE, AdminAct.ISSUER_END) for each in of(ISSUER))
    heads = ("admin.code", "admin.field.name", "admin.of", "admin.thumbprints", "admin.since", "admin.do")
    tables = (RegisterTable("admin.clients", heads, clients), RegisterTable("admin.issuers", heads, issuers))
    return RegisterPage("programs", tables, (_link(AdminAct.CLIENT_ADD), _link(AdminAct.ISSUER_ADD)))
