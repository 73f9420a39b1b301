"""`python -m tests.bench pages`: officers, customs and operators over a large store, with the queue beside them.

The store is `make seed`'s: that of var/seed, or of `--seed FOLDER`; where there is none, one of `--count` dossiers is
made first. It is brought to this version of the program, and what the run writes (messages of the queue,
confirmations, lines of the journal) stays in it. Each person logs in once through the test provider. Prints tables,
writes var/bench/pages.json. Judges nothing: a shared machine is no judge of the program.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from threading import Thread
from typing import Any

from rich.console import Console
from sqlalchemy import text

from adapter.bootstrap import Components, assemble
from adapter.gateways.broker import BrokerAddress
from adapter.gateways.broker.topology import declare, load_topology
from adapter.gateways.store import dossiers
from adapter.gateways.store.offices import CustomsOffice
from adapter.gateways.store.upgrade import upgrade
from adapter.model.identifiers import DossierKey
from adapter.services.access.people import Facts
from tests.bench.clicks import Clicks
from tests.bench.console_loads import ACTS, ADMINISTRATION, PAGES_A_SECOND, Consoles, act, pages, scrape, searches
from tests.bench.load import Load
from tests.bench.machine import cores_spent, machine
from tests.bench.messages import FOLDER, messages, reference, today
from tests.bench.paced import Asked, paced
from tests.bench.phases import IN_FLIGHT, Phase, drive
from tests.bench.portal import answers_ms, pages_ms
from tests.bench.processes import Adapter, database, spent, write_config
from tests.bench.report import table
from tests.bench.run import scratch, write
from tests.bench.samples import drawn
from tests.bench.visitors import Caller
from tests.harness.people import TESTER
from tests.harness.pki import ROOT
from tests.harness.staff import OFFICE, REGISTERED
from tests.servers.identity import STAFF, IdentityProvider, TestAccount
from tests.servers.postgresql import Postgres
from tests.servers.process import free_ports
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

UNIT = "CK-HUUNGHI"
WARM_UP = 100
FIRST_TIME = "any page, first time"
WANTED = {
    "work list": 100, "work list, next page": 100, "work list of a procedure": 100, "dossier": 100,
    "message by its sender's id": 100, "message by an answer's id": 100, "messages of an hour": 100,
    "messages of a sender": 100, "messages with a code": 100, "incidents": 150, "quarantine": 150, "figures": 150,
    "messages": 150, "messages, next page": 150, "messages refused": 150, "message": 150, "overview": 150,
    "answer": 150, "report of an incident": 150, "our portal is down": 150, **dict.fromkeys(ADMINISTRATION, 150),
    "message by dossier": 100, "message by id": 100, "message by digest": 100,
    "a firm's dossiers (portal)": 100, "a firm's, next page (portal)": 100,
    "number": 50, "confirmation": 50, "paper": 50, "party": 50, "plate": 50,
    "firm": 100, "firm, next page": 100, "name": 200, "act: confirm": 200, "/metrics": 50,
}  # fmt: skip
"""p95 in milliseconds that is wanted, by kind."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that one run has measured."""

    machine: dict[str, object]
    dossiers: int
    clicks: Clicks
    queue: Phase
    seconds: float
    cpu: dict[str, float]
    metrics_cpu: float
    """CPU seconds of the daemon for one scrape."""
    others: float

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "machine": self.machine,
            "dossiers": self.dossiers,
            "pages_ms": pages_ms(self.clicks),
            "wanted_p95_ms": WANTED,
            "ends": dict(self.clicks.ends),
            "answers_ms": answers_ms(self.queue),
            "seconds": self.seconds,
            "cpu_s": self.cpu,
            "generator_cpu_s": self.clicks.cpu,
            "metrics_cpu_s": self.metrics_cpu,
            "others": self.others,
        }


def main(arguments: Sequence[str]) -> int:
    asked = _arguments(arguments)
    console = Console()
    with scratch() as (folder, held):
        figures = _measure(_begin(asked, folder, held, console), console)
    _show(figures, console)
    write(figures.document(), asked.output, console)
    return 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench pages", description=__doc__)
    parser.add_argument("--seed", type=Path, default=ROOT / "var" / "seed", help="folder of the seeded store")
    parser.add_argument(
        "--count", type=int, default=50_000, help="dossiers, where there is none (default: %(default)s)"
    )
    parser.add_argument("--seconds", type=float, default=60, help="of each phase (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=50, help="messages a second beside them, and searches by a key")
    parser.add_argument(
        "--workers", type=int, default=2, help="processes of the staff's listener (default: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="phases of 10 seconds, to see that it works")
    parser.add_argument("--output", type=Path, default=FOLDER / "pages.json")
    asked = parser.parse_args(arguments)
    asked.seconds = 10.0 if asked.quick else asked.seconds
    return asked


def _store(asked: argparse.Namespace, held: ExitStack, console: Console) -> tuple[Postgres, str]:
    """The cluster of the seeded store, which is left as it was found: running or not."""
    postgres = Postgres(asked.seed / "postgresql")
    if not (asked.seed / "postgresql").exists():
        console.print(f"a store of {asked.count} dossiers is made in var/seed ...")
        command = [sys.executable, "-m", "tests.frozen.seed", "--count", str(asked.count)]
        subprocess.run(command, cwd=ROOT, check=True)
        postgres = Postgres(ROOT / "var" / "seed" / "postgresql")
    if not postgres.processes():
        postgres.start()
        held.callback(postgres.stop)
    return postgres, postgres.database_url("seeded")


def _begin(asked: argparse.Namespace, folder: Path, held: ExitStack, console: Console) -> Consoles:
    """Everything runs, and everybody has logged in."""
    rabbit = Rabbit(folder / "rabbitmq")
    held.callback(rabbit.remove)
    rabbit.start()
    postgres, url = _store(asked, held, console)
    declare(BrokerAddress(url=rabbit.url), load_topology(ROOT / "queues" / "topology.yaml"))
    time.sleep(QUORUM_SETTLE_SECONDS)
    portal_port, staff_port = free_ports(2)
    provider = IdentityProvider(
        folder / "identity", f"http://127.0.0.1:{portal_port}", f"http://127.0.0.1:{staff_port}"
    )
    changes = _changes(asked, provider, portal_port, staff_port)
    with database(url):
        part = assemble(write_config(folder, changes))
    held.callback(part.database.close)
    console.print("the store is brought to this version ...")
    upgrade(part.database)
    _set_aside(part)
    samples = drawn(part.database, UNIT, 300)
    token = _people(part)
    provider.people = {"guide": TestAccount("Lê Mạnh Cường", "001088007890", samples.firm)}
    held.callback(provider.stop)
    provider.start()
    adapter = held.enter_context(Adapter(folder, amqp_url=rabbit.url, database_url=url, workers=1, changes=changes))
    console.print("they log in ...")
    # The queue's messages must be new to the store: each run begins behind what the one before has sent.
    first = _unsent(part)
    supply = messages(first, WARM_UP + int(asked.rate * asked.seconds * 3))
    drive(adapter, rabbit.url, supply, Load(WARM_UP, IN_FLIGHT), {})
    codes = ("can-bo", "van-hanh", "quan-tri")
    officer, operator, administrator = (_logged_in(provider.staff_site, code) for code in codes)
    guide = _logged_in(provider.site, "guide", organisation=True)
    return Consoles(
        asked=asked,
        adapter=adapter,
        postgres=postgres,
        amqp_url=rabbit.url,
        samples=samples,
        supply=supply,
        officer=officer,
        operator=operator,
        administrator=administrator,
        guide=guide,
        staff_port=staff_port,
        portal_port=portal_port,
        token=token,
        part=part,
        first=first,
    )


def _changes(
    asked: argparse.Namespace, provider: IdentityProvider, portal_port: int, staff_port: int
) -> dict[str, Any]:
    return {
        **provider.settings(),
        "web.portal.port": portal_port,
        "web.staff.enabled": True,
        "web.staff.port": staff_port,
        "web.staff.workers": asked.workers,
        "customs.names_an_hour": 10_000,
        # The timers read the register of certificates as a whole, and a seeded store has 400,000.
        "workers.memory_mib": 2048,
        "web.rates.api": 1_000_000,
    }


def _logged_in(site: str, who: str, *, organisation: bool = False) -> Caller:
    caller = Caller(site, "127.0.0.1")
    if caller.log_in(who, organisation=organisation).status_code != 200:
        raise RuntimeError(f"{who} was not logged in: {caller.told()}")
    return caller


def _people(part: Components) -> str:
    """The staff in the register, unless a run before has entered them; gives a token of the customs officer."""
    if all(each.code != OFFICE for each in part.offices.list()):
        part.offices.add(CustomsOffice(OFFICE, "Chi cục Hải quan Hữu Nghị", None, ("HUUNGHI",)), actor=TESTER)
    known = {each.id for each in part.people.list()}
    for code in ("quan-tri", "can-bo", "van-hanh", "hai-quan"):
        if code not in known:
            facts = REGISTERED[code]
            named = Facts(facts.name, facts.roles, facts.rank, facts.unit, facts.office, STAFF[code].login)
            part.people.add(code, named, actor=TESTER)
    return part.tokens.issue_to_person("hai-quan", f"bench {time.time():.0f}", actor=TESTER)[1]


def _set_aside(part: Components) -> None:
    """A seeded store keeps the bytes of a share of its messages: what waits without any can be neither signed nor sent,
    and the timers would end at it again and again."""
    empty = "UPDATE outbox SET taken_back_at = now() WHERE sent_at IS NULL AND taken_back_at IS NULL AND body = ''"
    with part.database.transaction() as connection:
        connection.execute(text(empty))


def _unsent(part: Components) -> int:
    """The number of the first message of the queue that no run has sent to this store; in steps of a hundred."""
    number, year = 0, today().year
    with part.database.reading() as connection:
        while dossiers.find(connection, [DossierKey(reference(number), year)]):
            number += 100
    return number


def _measure(consoles: Consoles, console: Console) -> Figures:
    asked, clicks, metrics = consoles.asked, Clicks(), 0.0
    by_key, of_people = searches(consoles), pages(consoles)
    before, begun, cores = spent(consoles.adapter, consoles.postgres), time.monotonic(), cores_spent()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:

        def phases() -> None:
            nonlocal metrics
            first = _first_times(of_people, asked.workers)
            for given, rate in ((first, PAGES_A_SECOND), (by_key, asked.rate), (of_people, PAGES_A_SECOND)):
                _add(clicks, pool.submit(paced, given, rate).result())
            act(consoles, clicks)
            metrics = scrape(consoles, clicks)

        console.print(
            f"{len(by_key)} searches, {len(of_people)} pages, {ACTS} acts beside {asked.rate:.0f} messages a second ..."
        )
        running = Thread(target=phases)
        running.start()
        load = Load(int(asked.rate * asked.seconds * 3), IN_FLIGHT, asked.rate, 300 + 10 * asked.seconds)
        queue = drive(consoles.adapter, consoles.amqp_url, consoles.supply, load, {})
        running.join()
    took = time.monotonic() - begun
    cpu = {kind: used - before.get(kind, 0.0) for kind, used in spent(consoles.adapter, consoles.postgres).items()}
    after = cores_spent()
    whole = sum(after.values()) - sum(cores.values())
    others = max(0.0, after["busy"] - cores["busy"] - sum(cpu.values()) - clicks.cpu) / whole
    with consoles.part.database.reading() as connection:
        count = connection.execute(
            text("SELECT reltuples::bigint FROM pg_class WHERE relname = 'dossier'")
        ).scalar_one()
    where = machine() | {"load": os.getloadavg()[0]}
    return Figures(where, count, clicks, queue, took, cpu, metrics, others)


def _first_times(given: Sequence[Asked], workers: int) -> list[Asked]:
    """One of each kind for each process of the listener, told as a kind of their own: a process puts a page's template
    together when it is first asked for, and with seven of a kind that one time would be its p95."""
    one_each = {each.kind: each for each in reversed(given)}
    return [replace(each, kind=FIRST_TIME) for each in one_each.values() for _ in range(workers)]


def _add(clicks: Clicks, more: Clicks) -> None:
    for kind, seconds in more.seconds.items():
        clicks.seconds[kind].extend(seconds)
    clicks.ends.update(more.ends)
    clicks.cpu += more.cpu


def _show(figures: Figures, console: Console) -> None:
    rows = []
    for kind, told in pages_ms(figures.clicks).items():
        wanted = WANTED.get(kind)
        met = "" if wanted is None else "met" if told["p95"] < wanted else "MISSED"
        rows.append((kind, f"{told['p50']:.0f}", f"{told['p95']:.0f}", str(wanted or ""), met, f"{told['count']:.0f}"))
    title = f"Among {figures.dossiers:,} dossiers, ms"
    console.print(table(title, ("", "p50", "p95", "wanted", "", "asked"), rows))
    answers = answers_ms(figures.queue)
    console.print(f"the queue's answers: p50 {answers['p50']:.0f} ms, p95 {answers['p95']:.0f} ms")
    cpu = [(kind, f"{used:.1f}", f"{used / figures.seconds:.0%}") for kind, used in figures.cpu.items()]
    cpu.append(("who asks (load)", f"{figures.clicks.cpu:.1f}", f"{figures.clicks.cpu / figures.seconds:.0%}"))
    console.print(table(f"CPU in {figures.seconds:.0f} s", ("", "s", "of a core"), cpu))
    share = figures.metrics_cpu / 15
    console.print(f"/metrics: {figures.metrics_cpu * 1000:.1f} ms of CPU, {share:.2%} of a core when asked every 15 s")
    console.print(f"ends: {dict(figures.clicks.ends)}; other programs took {figures.others:.0%} of the cores")
