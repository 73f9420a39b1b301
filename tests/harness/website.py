"""The HTTP door of a real installation on a real port: its own configuration, its own database, no broker anywhere."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import Table, select, update

from adapter.bootstrap import Components, Reach, assemble
from adapter.entrypoints.web import serve
from adapter.gateways.store import tables, windows
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Mode, Sight
from tests.harness import configuration
from tests.harness.browsing import PLAIN
from tests.harness.deciding import deciding
from tests.harness.fixtures import CLOCK, load_cases
from tests.harness.people import TESTER
from tests.harness.pki import ROOT, shared_pki
from tests.harness.registered import register_declarants
from tests.harness.stores import Original, ensure_tables, sqlite_store
from tests.servers.identity import IdentityProvider
from tests.servers.process import free_ports

CITIZEN, ENTERPRISE, OTHER = "001085012345", "0100109106", "001190004567"
BODY_BYTES = 200_000


@dataclass
class Website:
    """The door as its callers see it, and the store behind it as only a test may.

    A listener serves from the first time that somebody asks where it is: most tests need one of the two, or neither.
    """

    components: Components
    serve: Callable[[str], str]
    """Begin to serve as the listener of that name; gives its address."""
    events: list[tuple[Event, dict[str, Any]]] = field(default_factory=list)

    @cached_property
    def url(self) -> str:
        return self.serve("portal")

    @cached_property
    def staff_url(self) -> str:
        return self.serve("staff")

    def as_it_was(self) -> Website:
        """The same site with the store that it had when this was asked first, and nothing observed: each test of a
        module gets it so, since neither components nor listener keeps anything of a caller."""
        self._original.put_back()
        self.events.clear()
        return self

    @cached_property
    def _original(self) -> Original:
        return Original(self.components.database)

    def client(self, token: str | None = None) -> httpx.Client:
        return caller(self.url, token)

    def declarant(self, bound_to: str = CITIZEN) -> httpx.Client:
        return self.client(self.components.tokens.issue(Machine.DECLARANT, f"of {bound_to}", bound_to, actor=TESTER)[1])

    def customs(self, office: str = "HUUNGHI") -> httpx.Client:
        token = self.components.tokens.issue(Machine.CUSTOMS, f"customs {office}", office=office, actor=TESTER)[1]
        return self.staff(token)

    def staff(self, token: str | None = None) -> httpx.Client:
        """A caller on the inner network."""
        return caller(self.staff_url, token)

    def window(self, said: Sight) -> None:
        """It is up, and what waited has left; or it is down."""
        self.components.window.override(said, reason="a test", actor=TESTER)
        if said is Sight.UP:
            with self.components.database.transaction() as connection:
                windows.write(connection, stage=Mode.NORMAL.value, mode=said.value, opened_at=None)

    def suspect(self) -> None:
        """It seems to be down, and nobody has confirmed that."""
        window = self.components.window
        window.end_override(actor=TESTER)
        gone = replace(window, patience=replace(window.patience, broker_down_s=0))
        gone.refresh(broker_up=False, started_at=gone.clock())
        with self.components.database.transaction() as connection:
            windows.write(connection, stage=Mode.SUSPECT.value, mode=Sight.UNKNOWN.value, opened_at=None)

    def suspend(self, number: str, *, reason: str) -> None:
        """At every unit, by the head of one."""
        self.components.accounts.suspend(number, unit=None, reason=reason, actor=TESTER)

    def rows(self, table: Table) -> list[Any]:
        with self.components.database.transaction() as connection:
            return list(connection.execute(select(table)).all())

    def mark_sent(self) -> None:
        with self.components.database.transaction() as connection:
            connection.execute(update(tables.outbox).values(sent_at=CLOCK))

    def mark_transferred(self) -> None:
        with self.components.database.transaction() as connection:
            connection.execute(update(tables.dossier).values(transferred=True))


def configure(folder: Path, database_url: str, changes: Mapping[str, Any] | None = None) -> Path:
    """A config.yaml like the installed one, for this test alone."""
    own = {"clock.unsafe_frozen": CLOCK.isoformat(), "web.body_bytes": BODY_BYTES}
    return configuration.write(folder, own | dict(changes or {}), database_url=database_url)


def portal_only(folder: Path) -> dict[str, str]:
    """The change of configuration that takes the citizens' procedure off the window."""
    copy = folder / "mappings"
    shutil.copytree(ROOT / "mappings", copy)
    file = copy / "BQP0100002" / "2" / "procedure.yaml"
    stated = file.read_text(encoding="utf-8")
    assert "on_window: true" in stated
    file.write_text(stated.replace("on_window: true", "on_window: false"), encoding="utf-8")
    return {"folders.mappings": str(copy)}


@contextmanager
def website(config: Path, port: int = 0, staff_port: int = 0, *, apart: bool = False) -> Iterator[Website]:
    """Serve until left, each listener on this port of the loopback interface (0: any).

    `apart`: the staff's listener has no key; the part that decides, on its socket, does what officers decide there.
    """
    events: list[tuple[Event, dict[str, Any]]] = []

    def observe(event: Event, /, **fields: Any) -> None:
        events.append((event, fields))

    built = assemble(config, observe=observe)
    ensure_tables(built.database)
    register_declarants(built, shared_pki())
    ports = {"portal": port, "staff": staff_port}
    with ExitStack() as served:
        served.callback(built.database.close)
        staff = built
        if apart:
            served.enter_context(deciding(built))
            staff = assemble(config, observe=observe, reach=Reach.STAFF)
            served.callback(staff.database.close)
        of = {"portal": built, "staff": staff}
        yield Website(built, lambda name: served.enter_context(serving(of[name], ports[name], name)), events)


@contextmanager
def open_to_all(folder: Path) -> Iterator[Website]:
    """A portal that is open, bounds no rate, and whose provider is away: who is asked for has a session already."""
    rates = {f"web.rates.{name}": None for name in ("login", "upload", "draft", "check", "address", "api")}
    (port,) = free_ports(1)
    away = IdentityProvider(folder / "away", f"http://127.0.0.1:{port}")
    url = sqlite_store(folder / "adapter.sqlite3")
    with website(configure(folder, url, {**away.settings(), **rates}), port) as served:
        served.window(Sight.DOWN)
        yield served


@contextmanager
def changed(part: object, **instead: object) -> Iterator[None]:
    """A component with these attributes until left: the tests after it have the one that was."""
    before = {name: getattr(part, name) for name in instead}
    try:
        for name, value in instead.items():
            object.__setattr__(part, name, value)
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(part, name, value)


def at_the_time(part: object, at: datetime) -> AbstractContextManager[None]:
    """What this component takes for now, until left."""
    return changed(part, clock=lambda: at)


def caller(url: str, token: str | None = None) -> httpx.Client:
    """A program that calls a listener, with its token or without."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, timeout=120, verify=PLAIN)


@contextmanager
def serving(built: Components, port: int = 0, listener: str = "portal") -> Iterator[str]:
    """The address of a listener of this installation, on a port of the loopback interface (0: any), until left."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        port = listening.getsockname()[1]
        server = uvicorn.Server(serve.configuration(built, listener, "127.0.0.1", port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until = time.monotonic() + 120
            while not server.started and time.monotonic() < until:
                time.sleep(0.02)
            assert server.started
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(120)
            built.database.close()


def citizen_message(**changes: str) -> bytes:
    """A citizen's declaration without number, as a declarant writes it; `changes` replace texts of elements."""
    message = _message("BQP0100002/accepted-entered-directly-by-the-portal")
    return _changed(message, {"reference": "", "preReference": "", **changes})


def amendment_message(key: DossierKey, request: str) -> bytes:
    """Form 14 of a citizen who need not sign, as an answer to a request about his dossier."""
    message = _message("BQP0100003/accepted-on-request-citizen-unsigned")
    about = {"reference": key.number, "preReference": key.number, "DossierNumber": key.number}
    return _changed(message, {**about, "RequestNumber": request})


def group_message() -> bytes:
    """A tour group's declaration without number, in header and content."""
    message = _message("BQP0100001/accepted-tour-group-entering")
    for name in ("DossierNumber", "DossierYear"):
        before, _, rest = message.partition(f"<{name}>".encode())
        message = before + rest.partition(f"</{name}>".encode())[2]
    return _changed(message, {"reference": "", "preReference": ""})


def _message(case_id: str) -> bytes:
    return next(case.message for case in load_cases() if case.id == case_id)


def _changed(message: bytes, changes: dict[str, str]) -> bytes:
    for name, value in changes.items():
        before, opening, rest = message.partition(f"<{name}>".encode())
        assert opening, name
        _, closing, after = rest.partition(f"</{name}>".encode())
        message = before + opening + value.encode() + closing + after
    return message
