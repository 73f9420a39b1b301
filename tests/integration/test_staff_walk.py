"""Every route of the staff's listener, asked by each role with lawful, absent and hostile values: no fault of ours."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from adapter.entrypoints.web.app import create_staff
from adapter.entrypoints.web.browser import STAFF_COOKIE
from adapter.entrypoints.web.guard import right_of
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import OFFICE_ROLES, STAFF_ROLES, UNIT_ROLES, Role
from adapter.services.access.people import Facts
from adapter.services.access.rights import TABLE
from adapter.services.access.staff_sessions import StaffAccount
from tests.harness.fixtures import load_cases, submission
from tests.harness.history import dossier_of
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.website import Website, configure, website

CASE = "BQP0100001/accepted-tour-group-entering"
ISSUER = "https://id.invalid"
HOSTILE = (
    "",
    "0",
    "-1",
    "9" * 40,
    "%00",
    "'\"><script>",
    "../..",
    "ữ" * 300,
    "2026-13-45T99:99",
    "[]",
    "*",
    "\u202e\ud7ff",
)
FULL = os.environ.get("NSW_PROVE") == "full"
"""In the long proof each role asks, and many more forms are sent."""
FIELDS = (
    *("seen", "reason", "ground", "remarks", "amendment", "name", "other", "verdict", "gate", "o", "d", "q", "key"),
    *("number", "where", "document", "principal", "person", "since", "until", "procedure", "act", "purpose", "cursor"),
    *("officer", "paper", "dossier", "days", "what", "ve", "ly-do", "role", "unit", "office", "login", "so", "nam"),
)
"""Names of fields of forms."""
LAWFUL = ("1", "2026", "same", "x", "BQP0100001", "HUUNGHI", "CK-HUUNGHI", "give", "withdraw", "unit", "risk", "HN")
"""What some of them take."""
LIKE_A_COMMANDER = UNIT_ROLES - {Role.COMMANDER}
"""A commander has each of their rights on this listener, as the table of rights holds."""
TRIES = 15 if FULL else 6
"""So many hostile values stand in each part of a path, and in each parameter, where it is asked several times."""
WALKING = sorted(STAFF_ROLES if FULL else STAFF_ROLES - LIKE_A_COMMANDER)
UNSAFE = frozenset({"/logout", "/login/logout"})
"""They would end the session of the walk."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("walk")
    url = f"sqlite:///{folder / 'adapter.db'}"
    with website(configure(folder, url)) as served:
        whole = served.components
        (case,) = (case for case in load_cases() if case.id == CASE)
        whole.intake.receive([submission(case, shared_pki())])
        whole.offices.add(CustomsOffice("HN", "Hữu Nghị", None, ("HUUNGHI",)), actor=TESTER)
        (unit,) = (each.code for each in whole.installation.units.every)
        for role in sorted(STAFF_ROLES, key=lambda each: each is not Role.ADMINISTRATOR):
            place = {"unit": unit} if role in UNIT_ROLES else {"office": "HN"} if role in OFFICE_ROLES else {}
            whole.people.add(role.value, Facts(role.value, (role,), login=role.value, **place), actor=TESTER)
        yield served


def asked(app: FastAPI, known: dict[str, str], role: Role) -> Iterator[tuple[str, str, list[str]]]:
    """Method, address and query of every route; where the role may ask, several times and with hostile paths.

    Outside the long proof one role alone asks a route several times, and one what it may not ask for: what is wrong
    with a value does not depend on who gives it, and the right is looked at before anything else.
    """
    hostile = itertools.cycle(text.replace("/", "%2F") or "%20" for text in HOSTILE)
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        if dependant is None or context.path in UNSAFE:
            continue
        allowed = [each for each in WALKING if _may(dependant, each)]
        if not (FULL or role in allowed or role is WALKING[0]):
            continue
        names = [each.alias for each in dependant.path_params]
        query = sorted({param.alias for each in (dependant, *dependant.dependencies) for param in each.query_params})
        fillings = [known]
        if role in (allowed if FULL else allowed[:1]):
            fillings += [known, {}, *([known] * TRIES if query or FULL else [])]
            fillings += [dict.fromkeys(names, next(hostile)) for _ in range(TRIES if names else 0)]
        for method, filling in itertools.product(sorted(context.methods - {"HEAD"}), fillings):
            path = context.path
            for name in names:
                path = path.replace(f"{{{name}}}", filling.get(name, "1"))
            yield method, path, query


def _may(dependant: Dependant, role: Role) -> bool:
    """Whether the role has the right that a route asks for."""
    rights = [right for each in dependant.dependencies if (right := right_of(each.call)) is not None]
    return any(role in TABLE[right] for right in rights) or any(_may(each, role) for each in dependant.dependencies)


@pytest.mark.parametrize("role", WALKING)
def test_no_route_answers_any_role_with_a_fault_of_ours(site: Website, role: Role) -> None:
    secret = site.components.staff_sessions.admit(StaffAccount(ISSUER, role.value, role.value, None))
    found = site.components.staff_sessions.find(secret)
    assert found is not None
    (case,) = (case for case in load_cases() if case.id == CASE)
    key = dossier_of(case.message)
    known = {"year": str(key.year), "number": key.number, "digest": "0" * 64}
    answers = anyio.run(_walk, create_staff(site.components), secret, found.csrf, known, role)
    assert [told for told in answers if told[2] >= 500] == []
    served = {status for _, _, status in answers}
    assert served & {200, 303}, "somebody was served"


async def _walk(app: FastAPI, secret: str, csrf: str, known: dict[str, str], role: Role) -> list[tuple[str, str, int]]:
    told = []
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Cookie": f"{STAFF_COOKIE}={secret}", "Origin": "http://walk.invalid"}
    async with httpx.AsyncClient(transport=transport, base_url="http://walk.invalid", headers=headers) as client:
        drawn = random.Random(role.value)
        turn, seen = itertools.cycle(HOSTILE), itertools.cycle(("1", *HOSTILE[:2], "2"))
        for number, (method, path, names) in enumerate(asked(app, known, role)):
            query = {name: HOSTILE[(number + at) % len(HOSTILE)] for at, name in enumerate(names)}
            form: dict[str, Any] = {
                "csrf": csrf,
                "seen": next(seen),
                "reason": next(turn),
                "d": next(turn),
                "q": next(turn),
            }
            if FULL:
                form |= {drawn.choice(FIELDS): drawn.choice((*LAWFUL, *HOSTILE)) for _ in range(drawn.randrange(12))}
            answer = await client.request(method, path, params=query or None, data=form if method == "POST" else None)
            told.append((method, path, answer.status_code))
    return told
