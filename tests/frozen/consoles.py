"""Every page of operators and administrators is opened and their acts are done, in a store that the story filled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import Table, select

from adapter.entrypoints.web.app import create_staff
from adapter.gateways.store import tables
from adapter.model.actor import Role
from adapter.services.access.administration import AdminAct
from adapter.services.access.people import Facts
from adapter.services.watch.mode import Sight
from tests.frozen.post import Post
from tests.harness.assertions import client, issuer
from tests.harness.people import TESTER
from tests.harness.pki import ROOT
from tests.harness.plans import Recorder
from tests.harness.staff_pages import Console, at_console, paths_of

AREAS = ("/van-hanh", "/quan-tri")
THE_TEST = "the test itself"
WAY = "the way to a page"
"""Who somebody is, and what he may: asked before each page."""
_OPERATOR, _ADMINISTRATOR, _OTHER = "nguoi-truc", "quan-tri-a", "quan-tri-b"
_PEOPLE = {
    _OPERATOR: Role.OPERATOR,
    _ADMINISTRATOR: Role.ADMINISTRATOR,
    _OTHER: Role.ADMINISTRATOR,
}
QUERIES: dict[str, tuple[dict[str, str], ...]] = {
    "/van-hanh/thong-diep": (
        {"ket-qua": "accepted"},
        {"ket-qua": "rejected", "ma": "E001"},
        {"tinh-trang": "parked"},
        {"tinh-trang": "waiting"},
        {"kenh": "portal"},
        {"ben-gui": "nsw"},
        {"thu-tuc": "BQP0100001"},
        {"tu": "2026-01-01T00:00", "den": "2026-12-31T00:00"},
        {"sau": "2026-03-02T08:00:00+07:00,1"},
    ),
    "/van-hanh/cach-ly": ({"vi-sao": "a defect"},),
    "/van-hanh/hang-doi": ({"vi-sao": "returned"}, {"vi-sao": "refused"}),
    "/van-hanh/so-lieu": ({"khoang": "7"}, {"khoang": "30"}),
    "/quan-tri/nguoi": ({"tim": "an"},),
    "/quan-tri/danh-muc": ({"ngay": "2025-06-30", "so-voi": "2025-07-01"},),
}
"""By path in what other ways it is asked, beside without anything."""


def ask_consoles(made: Post, recorder: Recorder) -> Callable[[], Awaitable[dict[str, set[int]]]]:
    """What opens them all; gives the statuses by path."""

    async def asking() -> dict[str, set[int]]:
        components = made.components
        recorder.asked_by = WAY
        for login, role in _PEOPLE.items():
            components.people.add(login, Facts(login, (role,), login=login), actor=TESTER)
        components.window.override(Sight.DOWN, reason="a test", actor=TESTER)
        app, answered = create_staff(components), dict[str, set[int]]()

        def keep(path: str, answer: httpx.Response) -> None:
            answered.setdefault(path, set()).add(answer.status_code)
            recorder.asked_by = WAY

        async with at_console(components, app, _ADMINISTRATOR) as mai, at_console(components, app, _OTHER) as duc:
            await _administers(made, mai, duc, recorder, keep)
        for login in (_OPERATOR, _ADMINISTRATOR):
            async with at_console(components, app, login) as console:
                await console.get("/")
                named = _named(made, recorder)
                for path in (each for each in paths_of(app, _PEOPLE[login]) if each.startswith(AREAS)):
                    for address, query in _addresses(named, path):
                        recorder.asked_by = f"GET {path}"
                        keep(path, await console.get(address, **query))
        async with at_console(components, app, _OPERATOR) as console:
            await _operates(made, console, recorder, keep)
        return answered

    return asking


def _rows(made: Post, recorder: Recorder, table: Table) -> list[Any]:
    """What addresses are made of; asked by the test itself."""
    before, recorder.asked_by = recorder.asked_by, THE_TEST
    found = _read(made, table)
    recorder.asked_by = before
    return found


def _read(made: Post, table: Table) -> list[Any]:
    with made.components.database.reading() as connection:
        return list(connection.execute(select(table).order_by(table.c.id)))


def _named(made: Post, recorder: Recorder) -> tuple[dict[str, str], list[str]]:
    """What the parts of a path may be, and by what a message is looked for."""
    dossier = _rows(made, recorder, tables.dossier)[0]
    message = next(each for each in _rows(made, recorder, tables.inbox) if each.message_id)
    reply = _rows(made, recorder, tables.outbox)[0]
    parts = {
        "thong-diep/{id}": message.public_id,
        "tra-loi/{id}": reply.message_id,
        "su-co/{number}": str(_rows(made, recorder, tables.incident)[-1].id),
        "tep/{name}": "thong-bao.txt",
        "nguoi/{id}": "an",
        "danh-muc/{name}": "gates",
        "lam/{act}": "person_add",
        "de-nghi/{number}": str(_rows(made, recorder, tables.proposal)[-1].id),
    }
    keys = (message.public_id, message.message_id, reply.message_id, message.digest, "C1234567")
    numbers = (_rows(made, recorder, each)[0].number for each in (tables.confirmation, tables.amendment_request))
    return parts, [*map(str, (*keys, *numbers)), f"{dossier.number}/{dossier.year}"]


def _addresses(named: tuple[dict[str, str], list[str]], path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """A path with what its parts may be."""
    parts, keys = named
    here = path.replace("{code}/{version}", "BQP0100001/1")
    for mark, value in parts.items():
        name = mark.rpartition("/")[2]
        here = here.replace(mark, mark.replace(name, value))
    yield here, {}
    for query in QUERIES.get(path, ()):
        yield here, query
    if path == "/van-hanh/thong-diep":
        for key in keys:
            yield here, {"khoa": key}


Keep = Callable[[str, httpx.Response], None]


async def _operates(made: Post, console: Console, recorder: Recorder, keep: Keep) -> None:
    """What an operator does on pages; what decides is in the same process."""
    message, reply = (
        _rows(made, recorder, tables.inbox)[0].public_id,
        _rows(made, recorder, tables.outbox)[0].message_id,
    )
    for address, form in (
        ("/van-hanh/cong/down", {"ly-do": "x"}),
        ("/van-hanh/cong/end", {}),
        (f"/van-hanh/thong-diep/{message}/hien", {"ly-do": "x"}),
        (f"/van-hanh/tra-loi/{reply}/gui-lai", {"ly-do": "x"}),
        ("/van-hanh/cong-hong", {"ly-do": "x", "tu": f"{made.now - timedelta(hours=1):%Y-%m-%dT%H:%M}"}),
        ("/van-hanh/cong-hong/goi", {"ho-so": "1/2026", "ket-qua": "reached"}),
        ("/van-hanh/cong-hong/het", {}),
        ("/van-hanh/cach-ly", {"vi-sao": "its bytes are none of XML"}),
        ("/van-hanh/cach-ly", {"tat-ca": "1"}),
        (f"/van-hanh/su-co/{_rows(made, recorder, tables.incident)[0].id}/bao-cao", {}),
    ):
        recorder.asked_by = f"POST {address}"
        keep(address, await console.post(address, **form))


_OTHER_PERSON = {"ve": "khac", "name": "KHAC", "roles": "auditor"}


async def _administers(made: Post, mai: Console, duc: Console, recorder: Recorder, keep: Keep) -> None:
    """One proposes, the other one confirms."""
    for act, subject, form in administration():
        recorder.asked_by = f"POST /quan-tri/lam/{act}"
        made.name_next_token(subject)
        proposed = await mai.post(f"/quan-tri/lam/{act}", **{"ve": subject, "ly-do": "x"}, **form)
        keep(act, proposed)
        here = proposed.headers.get("location", "/")
        for who, what in ((mai, "trinh"), (duc, "xac-nhan")):
            recorder.asked_by = f"POST {what}"
            keep(f"{act} {what}", await who.post(f"{here}/{what}"))
    for what in ("tu-choi", "rut"):
        recorder.asked_by = f"POST {what}"
        proposed = await mai.post("/quan-tri/lam/person_add", **{**_OTHER_PERSON, "ly-do": "x"})
        here = proposed.headers.get("location", "/")
        await mai.post(f"{here}/trinh")
        keep(what, await (mai if what == "rut" else duc).post(f"{here}/{what}", **{"ly-do": "x"}))


def administration() -> Iterator[tuple[AdminAct, str, dict[str, str]]]:
    """Every act once, each about what the ones before it have left: act, subject, values."""
    sso = "https://sso.new.invalid"
    officer = {"name": "MOI", "roles": "customs_officer", "office": "moi"}
    program = {"name": "MOI", "keys": client().public, "offices": "moi", "issuers": sso}
    sexes = (ROOT / "mappings" / "codelists" / "sexes.yaml").read_text(encoding="utf-8")
    yield AdminAct.OFFICE_ADD, "moi", {"name": "MOI"}
    yield AdminAct.OFFICE_CHANGE, "moi", {"name": "MOI HON"}
    yield AdminAct.PERSON_ADD, "moi", officer
    yield AdminAct.PERSON_CHANGE, "moi", {**officer, "name": "MOI HON"}
    yield AdminAct.LOOKUP_GIVE, "moi", {"procedures": "BQP0100002"}
    yield AdminAct.LOOKUP_WITHDRAW, "moi", {"procedures": "BQP0100002"}
    yield AdminAct.PERSON_REMOVE, "moi", {}
    yield AdminAct.PERSON_RESTORE, "moi", {}
    yield AdminAct.TOKEN_ISSUE, "may-moi", {"role": "customs", "office": "moi"}
    yield AdminAct.TOKEN_REVOKE, "may-moi", {}
    yield AdminAct.TOKEN_ISSUE, "nguoi-moi", {"role": "person", "person": "moi"}
    yield AdminAct.ISSUER_ADD, sso, {"name": "SSO", "keys": issuer().public}
    yield AdminAct.ISSUER_CHANGE, sso, {"name": "SSO", "keys": issuer().public}
    yield AdminAct.CLIENT_ADD, "moi", program
    yield AdminAct.CLIENT_CHANGE, "moi", {**program, "procedures": "BQP0100002"}
    yield AdminAct.CLIENT_END, "moi", {}
    yield AdminAct.ISSUER_END, sso, {}
    yield AdminAct.PERSON_REMOVE, "moi", {}
    yield AdminAct.OFFICE_REMOVE, "moi", {}
    yield AdminAct.LIST_CHANGE, "sexes", {"text": f"{sexes}\n  - {{code: Y, vi: Thử, en: test, from: 2099-01-01}}\n"}
