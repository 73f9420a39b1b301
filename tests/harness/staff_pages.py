"""The staff's listener asked without a server: the paths that a role may open, and somebody of it who is logged in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from adapter.bootstrap import Components, now
from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.entrypoints.web.guard import right_of
from adapter.model.actor import Role
from adapter.services.access.rights import TABLE, Right
from adapter.services.access.staff_sessions import StaffAccount

_HERE = "http://walk.invalid"


def paths_of(app: FastAPI, role: Role) -> list[str]:
    """The paths of all that the role may open."""
    found = []
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        if (
            dependant is not None
            and "GET" in route.methods
            and any(role in TABLE[each] for each in rights_of(dependant))
        ):
            found.append(route.path)
    return found


def rights_of(dependant: Dependant) -> Iterator[Right]:
    """The rights that a route asks for, by itself or by what it depends on."""
    for each in dependant.dependencies:
        if (right := right_of(each.call)) is not None:
            yield right
        yield from rights_of(each)


@dataclass(frozen=True)
class Console:
    """Somebody of the staff at his pages, who has logged in just now."""

    client: httpx.AsyncClient
    csrf: str

    async def get(self, address: str, **query: str) -> httpx.Response:
        return await self.client.get(address, params=query or None)

    async def post(self, address: str, **form: str) -> httpx.Response:
        return await self.client.post(address, data={"csrf": self.csrf, **form})


@asynccontextmanager
async def at_console(components: Components, app: FastAPI, login: str) -> AsyncIterator[Console]:
    """As whom the register of people knows by this login."""
    account = StaffAccount("https://id.invalid", login, login, None, now())
    secret = components.staff_sessions.admit(account)
    session = components.staff_sessions.find(secret)
    assert session is not None
    headers = {"Cookie": f"{STAFF_COOKIE}={secret}", "Origin": _HERE}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=_HERE, headers=headers) as client:
        yield Console(client, session.csrf)
