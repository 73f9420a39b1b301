"""What is asked of the consoles of a large store: pages and searches for a paced load, officers' acts, and metrics."""

from __future__ import annotations

import argparse
import json
import random
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import quote

from adapter.bootstrap import Components
from tests.bench.clicks import Clicks
from tests.bench.messages import Message, reference, today
from tests.bench.paced import Asked
from tests.bench.processes import Adapter, spent
from tests.bench.samples import Samples
from tests.bench.visitors import Caller
from tests.servers.postgresql import Postgres

ACTS, SCRAPES = 40, 40
SEARCH, MESSAGES = "/api/v1/lookup/searches", "/van-hanh/thong-diep"
PAGES_A_SECOND = 10.0
ADMINISTRATION = {
    "proposals": "/quan-tri",
    "people": "/quan-tri/nguoi",
    "a person": "/quan-tri/nguoi/can-bo",
    "form of a person": "/quan-tri/lam/person_change?ve=can-bo",
    "customs offices": "/quan-tri/co-quan",
    "border units": "/quan-tri/don-vi",
    "tokens": "/quan-tri/ma-truy-cap",
    "programs": "/quan-tri/chuong-trinh",
    "code lists": "/quan-tri/danh-muc",
    "code lists of two days": "/quan-tri/danh-muc?ngay=2025-06-30&so-voi=2025-07-01",
    "a code list": "/quan-tri/danh-muc/gates",
    "form of a code list": "/quan-tri/lam/list_change?ve=gates",
    "working days": "/quan-tri/lich",
    "trust and rules": "/quan-tri/tin-cay",
}
"""Administrators' pages by the kind under which they are told."""


@dataclass(slots=True)
class Consoles:
    """The daemon over the store, and everybody's way in."""

    asked: argparse.Namespace
    adapter: Adapter
    postgres: Postgres
    amqp_url: str
    samples: Samples
    supply: Iterator[Message]
    officer: Caller
    operator: Caller
    administrator: Caller
    guide: Caller
    staff_port: int
    portal_port: int
    token: str
    """Of a customs officer."""
    part: Components
    first: int
    """The number of the first message that the warm-up brings."""


def searches(consoles: Consoles) -> list[Asked]:
    """Customs, by each key in turn."""
    samples, asked = consoles.samples, consoles.asked
    bodies: dict[str, list[dict[str, Any]]] = {
        "number": [{"number": key.number, "year": key.year} for key in samples.dossiers],
        "confirmation": [{"confirmation": each} for each in samples.confirmations],
        "paper": [{"paper": {"number": each}} for each in samples.papers],
        "party": [{"party": each} for each in samples.parties],
        "plate": [{"plate": each} for each in samples.plates],
    }
    kinds = [kind for kind, found in bodies.items() if found]
    draw = random.Random(1)
    count = int(asked.rate * asked.seconds)
    return [
        _search(consoles, kind, draw.choice(bodies[kind])) for kind, _ in zip(cycle(kinds), range(count), strict=False)
    ]


def _search(consoles: Consoles, kind: str, body: Mapping[str, Any]) -> Asked:
    headers = {"Authorization": f"Bearer {consoles.token}"}
    return Asked(kind, consoles.staff_port, SEARCH, json.dumps(body), headers)


def pages(consoles: Consoles) -> list[Asked]:
    """Pages of officers, operators and a firm, and searches by name between them, each kind in turn."""
    samples, asked, draw = consoles.samples, consoles.asked, random.Random(2)
    officer, operator, guide = consoles.officer, consoles.operator, consoles.guide
    firm = {"party": samples.firm}
    cursor = _answered(consoles, firm)["next"]
    paths: dict[str, tuple[Caller, Callable[[], str]]] = {
        "work list": (officer, lambda: "/can-bo"),
        "work list, next page": (officer, _always(_next(officer, "/can-bo", "after="))),
        "work list of a procedure": (officer, lambda: "/can-bo?thu-tuc=BQP0100001"),
        "dossier": (officer, lambda: "/can-bo/ho-so/{0.year}/{0.number}".format(draw.choice(samples.dossiers))),
        "messages": (operator, lambda: MESSAGES),
        "messages, next page": (operator, _always(_next(operator, MESSAGES, "sau="))),
        "messages refused": (operator, lambda: f"{MESSAGES}?ket-qua=refused"),
        "message": (operator, lambda: f"{MESSAGES}/{draw.choice(samples.messages)}"),
        "message by id": (operator, lambda: f"{MESSAGES}?khoa={draw.choice(samples.messages)}"),
        "message by digest": (operator, lambda: f"{MESSAGES}?khoa={draw.choice(samples.digests)}"),
        "message by its sender's id": (operator, lambda: f"{MESSAGES}?khoa={draw.choice(samples.sent_ids)}"),
        "message by an answer's id": (operator, lambda: f"{MESSAGES}?khoa={draw.choice(samples.answers)}"),
        "messages of an hour": (operator, lambda: f"{MESSAGES}?tu={draw.choice(samples.moments)}"),
        "messages of a sender": (operator, lambda: f"{MESSAGES}?ben-gui={quote(draw.choice(samples.senders))}"),
        "messages with a code": (operator, lambda: f"{MESSAGES}?ma={draw.choice(samples.codes)}"),
        "incidents": (operator, lambda: "/van-hanh/su-co"),
        "quarantine": (operator, lambda: "/van-hanh/cach-ly"),
        "figures": (operator, lambda: "/van-hanh/so-lieu"),
        "queues": (operator, lambda: "/van-hanh/hang-doi"),
        "parts of the daemon": (operator, lambda: "/van-hanh/tien-trinh"),
        "certificates": (operator, lambda: "/van-hanh/chung-thu"),
        "message by dossier": (operator, lambda: f"{MESSAGES}?khoa={draw.choice(samples.dossiers).number}"),
        "overview": (operator, lambda: "/van-hanh"),
        "answer": (operator, lambda: f"/van-hanh/tra-loi/{draw.choice(samples.answers)}"),
        "report of an incident": (operator, _always(_next(operator, "/van-hanh/su-co", "/van-hanh/su-co/"))),
        "our portal is down": (operator, lambda: "/van-hanh/cong-hong"),
        **{kind: (consoles.administrator, _always(path)) for kind, path in ADMINISTRATION.items()},
        "a firm's dossiers (portal)": (guide, lambda: "/ho-so"),
        "a firm's, next page (portal)": (guide, _always(_next(guide, "/ho-so", "after="))),
    }
    made = []
    for turn in range(int(PAGES_A_SECOND * asked.seconds) // (len(paths) + 3) + 1):
        for kind, (caller, path) in paths.items():
            port = consoles.portal_port if caller is guide else consoles.staff_port
            made.append(Asked(kind, port, path(), headers={"Cookie": caller.cookie}))
        made.append(_search(consoles, "firm", firm))
        made.append(_search(consoles, "firm, next page", {**firm, "cursor": cursor}))
        made.append(_search(consoles, "name", {"name": samples.names[turn % len(samples.names)]}))
    return made


def _always(path: str) -> Callable[[], str]:
    return lambda: path


def _next(caller: Caller, path: str, mark: str) -> str:
    """The address of the page behind that one, or its own where there is none."""
    caller.get(path)
    found = caller.document().xpath(f"//a[contains(@href, '{mark}')]/@href")
    return str(found[-1]) if found else path


def _answered(consoles: Consoles, body: Mapping[str, Any]) -> dict[str, Any]:
    given = {"Authorization": f"Bearer {consoles.token}"}
    answer = consoles.operator.ask("POST", f"http://127.0.0.1:{consoles.staff_port}{SEARCH}", json=body, headers=given)
    if answer.status_code != 200:
        raise RuntimeError(f"customs were answered with {answer.status_code}: {answer.text[:300]}")
    said: dict[str, Any] = answer.json()
    return said


def act(consoles: Consoles, clicks: Clicks) -> None:
    """An officer confirms dossiers that the warm-up brought, one after the other; timed is the press of the button."""
    officer = consoles.officer
    for number in range(consoles.first, consoles.first + ACTS):
        officer.get(f"/can-bo/ho-so/{today().year}/{reference(number)}")
        forms = officer.document().xpath("//form[contains(@action, '/complete')]")
        if not forms:
            clicks.ends["no act: confirm"] += 1
            continue
        fields = {name: value or "" for name, value in forms[0].form_values()}
        before = officer.waited
        answer = officer.send(forms[0].get("action"), False, **fields)
        clicks.note("act: confirm", officer.waited - before, answer.status_code)


def scrape(consoles: Consoles, clicks: Clicks) -> float:
    """Prometheus asks; gives CPU seconds of the process that answers, for one time."""
    address = f"http://127.0.0.1:{consoles.adapter.health_port}/metrics"
    before = spent(consoles.adapter, consoles.postgres)["supervisor"]
    for _ in range(SCRAPES):
        begun = time.perf_counter()
        with urllib.request.urlopen(address, timeout=60) as answer:
            answer.read()
        clicks.note("/metrics", time.perf_counter() - begun, answer.status)
    return (spent(consoles.adapter, consoles.postgres)["supervisor"] - before) / SCRAPES
