"""`python -m tests.bench portal`: people on the portal's pages, alone and beside the queue; a group of 40 from XLSX.

The daemon as it is installed, on PostgreSQL with fsync, with two portal processes. Each person logs in once through the
test provider; then all click every five seconds, from a process of its own whose CPU is told. The queue gets `--rate`
messages a second, first without people and then beside them. Prints tables, writes var/bench/portal.json. Judges
nothing: a shared machine is no judge of the program.
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from adapter.bootstrap import Components, assemble
from adapter.gateways.broker import BrokerAddress
from adapter.gateways.broker.topology import declare, load_topology
from adapter.gateways.store.upgrade import upgrade
from adapter.services.watch.mode import Sight
from tests.bench.clicks import SAVE, Clicks, Crowd, Visitor
from tests.bench.group_import import GroupTimes, send_group
from tests.bench.load import Load
from tests.bench.machine import machine
from tests.bench.messages import FOLDER, Message, messages, reference, today, unsigned
from tests.bench.page_sizes import PageSize, size_of
from tests.bench.phases import IN_FLIGHT, Phase, drive, percentile
from tests.bench.processes import Adapter, database, spent, write_config
from tests.bench.report import table
from tests.bench.run import scratch, write
from tests.bench.visitors import (
    FIRM,
    PERSONS,
    Caller,
    Declarant,
    addressed,
    declarants,
    drafted,
    settle,
    visitor,
)
from tests.harness.people import TESTER
from tests.harness.pki import ROOT, shared_pki
from tests.harness.registered import register_declarants
from tests.servers.identity import IdentityProvider, TestAccount
from tests.servers.postgresql import Postgres
from tests.servers.process import free_ports
from tests.servers.rabbitmq import QUORUM_SETTLE_SECONDS, Rabbit

WARM_UP = 300
SENDER = Declarant("sender", TestAccount("Nguyễn Thị Gửi", "001185000001", FIRM))
"""Who sends the group; he clicks nothing else."""
_GROUP = 990_000
"""The number of the group's declaration among those that are made up."""
PAGE_MS, ANSWER_FACTOR, ANSWER_MS, GROUP_S, PAGE_KB = 150, 1.1, 10, 3, 200
"""What is wanted: p95 of a page; answers beside people against answers alone; a group; a page with everything."""


@dataclass(slots=True)
class Portal:
    """What the phases need: the daemon, its servers, and the people with their sessions."""

    asked: argparse.Namespace
    adapter: Adapter
    postgres: Postgres
    amqp_url: str
    components: Components
    supply: Iterator[Message]
    crowd: Crowd
    visitors: list[Visitor]

    def queue(self, seconds: float) -> Phase:
        """The queue at the asked rate for so long."""
        rate = self.asked.rate
        load = Load(int(rate * seconds), IN_FLIGHT, rate, 120 + 3 * seconds)
        return drive(self.adapter, self.amqp_url, self.supply, load, {})


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that one run has measured."""

    machine: dict[str, object]
    people: int
    rate: float
    alone: Clicks
    beside: Clicks
    queue: Phase
    queue_beside: Phase
    cpu: dict[str, float]
    """CPU seconds by kind of process while people and queue ran beside one another."""
    seconds: float
    group: GroupTimes
    sizes: dict[str, PageSize]

    def document(self) -> dict[str, Any]:
        """For machines."""
        return {
            "machine": self.machine,
            "people": self.people,
            "rate": self.rate,
            "pages_ms": {"alone": pages_ms(self.alone), "beside the queue": pages_ms(self.beside)},
            "answers_ms": {"alone": answers_ms(self.queue), "beside people": answers_ms(self.queue_beside)},
            "cores": {"alone": self.queue.shares, "beside people": self.queue_beside.shares},
            "cpu_s": self.cpu,
            "seconds": self.seconds,
            "generator_cpu_s": {"alone": self.alone.cpu, "beside the queue": self.beside.cpu},
            "ends": {"alone": dict(self.alone.ends), "beside the queue": dict(self.beside.ends)},
            "group_s": {**self.group.steps, "together": self.group.seconds},
            "group_told": self.group.told,
            "page_kb": {
                kind: {"page": size.page / 1000, "whole": size.whole / 1000} for kind, size in self.sizes.items()
            },
        }


def pages_ms(clicks: Clicks) -> dict[str, dict[str, float]]:
    """p50, p95 and count by kind of page, and of all together."""
    kinds = {**clicks.seconds, "all": [each for times in clicks.seconds.values() for each in times]}
    return {kind: _percentiles(times) for kind, times in kinds.items()}


def answers_ms(phase: Phase) -> dict[str, float]:
    """The same of the queue's answers."""
    return _percentiles([each / 1000 for each in phase.measured.latencies()])


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    ascending = sorted(seconds) if len(seconds) > 1 else [*seconds, *seconds]
    figures = {f"p{percent}": percentile(ascending, percent) * 1000 for percent in (50, 95)}
    return {**figures, "count": len(seconds)}


def main(arguments: Sequence[str]) -> int:
    asked = _arguments(arguments)
    console = Console()
    sent = WARM_UP + 2 * int(asked.rate * asked.seconds)
    console.print(f"making {sent} messages that are not there yet ...")
    supply = messages(0, sent)
    with scratch() as (folder, held):
        figures = _measure(_begin(asked, folder, held, supply, console), console)
    _show(figures, console)
    write(figures.document(), asked.output, console)
    return 0


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench portal", description=__doc__)
    parser.add_argument("--people", type=int, help="people who click (default: 100; quick: 20)")
    parser.add_argument("--dossiers", type=int, help="dossiers of each citizen (default: 8; quick: 2)")
    parser.add_argument("--seconds", type=float, help="of each phase (default: 120; quick: 15)")
    parser.add_argument("--rate", type=float, default=50, help="messages a second beside them (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="portal processes (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="small, to see that it works")
    parser.add_argument("--output", type=Path, default=FOLDER / "portal.json")
    asked = parser.parse_args(arguments)
    for name, quick, full in (("people", 20, 100), ("dossiers", 2, 8), ("seconds", 15.0, 120.0)):
        if getattr(asked, name) is None:
            setattr(asked, name, quick if asked.quick else full)
    return asked


def _begin(
    asked: argparse.Namespace, folder: Path, held: ExitStack, supply: Iterator[Message], console: Console
) -> Portal:
    """Everything runs, and everybody has logged in."""
    rabbit, postgres = Rabbit(folder / "rabbitmq"), Postgres(folder / "postgresql")
    held.callback(rabbit.remove)
    rabbit.start()
    held.callback(postgres.remove)
    postgres.start()
    declare(BrokerAddress(url=rabbit.url), load_topology(ROOT / "queues" / "topology.yaml"))
    time.sleep(QUORUM_SETTLE_SECONDS)
    people, (port,) = declarants(asked.people), free_ports(1)
    provider = IdentityProvider(folder / "identity", f"http://127.0.0.1:{port}")
    provider.people = {person.code: person.account for person in (*people, SENDER)}
    changes = {
        **provider.settings(),
        "web.portal.port": port,
        "web.portal.workers": asked.workers,
        "web.portal.trusted_proxies": ["127.0.0.1"],
    }
    console.print(f"a store with {asked.people} people's dossiers and drafts ...")
    url = postgres.create_database("adapter")
    with database(url):
        part = assemble(write_config(folder, changes))
    held.callback(part.database.close)
    addresses, drafts = _fill(part, people, asked.dossiers)
    held.callback(provider.stop)
    provider.start()
    adapter = held.enter_context(Adapter(folder, amqp_url=rabbit.url, database_url=url, workers=1, changes=changes))
    console.print("they log in ...")
    drive(adapter, rabbit.url, supply, Load(WARM_UP, IN_FLIGHT), {})
    visitors = [
        visitor(port, place, person, _cookie(provider.site, place, person), drafts[place], addresses[person.code])
        for place, person in enumerate(people)
    ]
    crowd = held.enter_context(Crowd())
    return Portal(asked, adapter, postgres, rabbit.url, part, supply, crowd, visitors)


def _cookie(site: str, place: int, person: Declarant) -> str:
    """The session of a person who logs in."""
    caller = Caller(site, addressed(place))
    if caller.log_in(person.code, organisation=person.is_guide).status_code != 200:
        raise RuntimeError(f"{person.code} was not logged in: {caller.told()}")
    return caller.cookie


def _fill(part: Components, people: Sequence[Declarant], dossiers: int) -> tuple[dict[str, list[str]], list[str]]:
    """Each one's dossiers by his code, and each one's draft. The firm's dossiers are those that the warm-up brings."""
    upgrade(part.database)
    register_declarants(part, shared_pki(), since=part.legal_clock().replace(month=1, day=1))
    keys = iter(settle(part, people, dossiers))
    of_firm = [f"/ho-so/{today().year}/{reference(number)}" for number in range(WARM_UP)]
    addresses = {
        person.code: of_firm
        if person.is_guide
        else [f"/ho-so/{key.year}/{key.number}" for key in itertools.islice(keys, dossiers)]
        for person in people
    }
    return addresses, [drafted(part, person, place) for place, person in enumerate(people)]


def _measure(portal: Portal, console: Console) -> Figures:
    seconds, visitors = portal.asked.seconds, portal.visitors
    portal.crowd.click(visitors, min(15.0, seconds))  # whatever is made once, is made now
    console.print(f"{len(visitors)} people, {seconds:.0f} s ...")
    alone = portal.crowd.click(visitors, seconds)
    console.print(f"{portal.asked.rate:.0f} messages a second, {seconds:.0f} s ...")
    queue = portal.queue(seconds)
    console.print(f"both, {seconds:.0f} s ...")
    before, begun = spent(portal.adapter, portal.postgres), time.monotonic()
    clicking = portal.crowd.begin(visitors, seconds)
    queue_beside = portal.queue(seconds)
    beside, took = clicking.result(), time.monotonic() - begun
    cpu = {kind: used - before.get(kind, 0.0) for kind, used in spent(portal.adapter, portal.postgres).items()}
    kept: dict[str, int] = {}
    guide = visitors[0]
    sizes = {kind: size_of(guide, pages[0], kept) for kind, pages in guide.pages.items() if kind != SAVE}
    console.print(f"a group of {PERSONS} from XLSX ...")
    return Figures(
        machine=machine() | {"load": os.getloadavg()[0]},
        people=len(visitors),
        rate=portal.asked.rate,
        alone=alone,
        beside=beside,
        queue=queue,
        queue_beside=queue_beside,
        cpu=cpu,
        seconds=took,
        group=_group(portal),
        sizes=sizes,
    )


def _group(portal: Portal) -> GroupTimes:
    """The window is down by the operator's word, so the portal takes all; nobody else clicks."""
    portal.components.window.override(Sight.DOWN, reason="a benchmark", actor=TESTER)
    caller = Caller(f"http://127.0.0.1:{portal.adapter.web_port}", addressed(len(portal.visitors)))
    caller.log_in(SENDER.code, organisation=True)
    return send_group(portal.components, caller, SENDER.account.number, unsigned(_GROUP, PERSONS, today()))


def _show(figures: Figures, console: Console) -> None:
    alone, beside = pages_ms(figures.alone), pages_ms(figures.beside)
    nothing = {"p50": 0.0, "p95": 0.0, "count": 0}
    pages = [(kind, *_row(alone[kind]), *_row(beside.get(kind, nothing))) for kind in alone]
    heads = ("", "p50 ms", "p95 ms", "clicks", "beside: p50", "p95", "clicks")
    console.print(table(f"Pages, {figures.people} people (p95 under {PAGE_MS} is wanted)", heads, pages))
    first, second = answers_ms(figures.queue), answers_ms(figures.queue_beside)
    wanted = first["p95"] * ANSWER_FACTOR + ANSWER_MS
    answers = [("without people", *_row(first)), ("beside people", *_row(second))]
    title = f"Answers at {figures.rate:.0f} a second (p95 of at most {wanted:.0f} is wanted)"
    console.print(table(title, ("", "p50 ms", "p95 ms", "answers"), answers))
    steps = [*figures.group.steps.items(), ("together", figures.group.seconds)]
    console.print(
        table(
            f"A group of {PERSONS} (under {GROUP_S} s is wanted)",
            ("", "s"),
            [(name, f"{took:.3f}") for name, took in steps],
        )
    )
    console.print(figures.group.told[:300])
    sizes = [
        (kind, *(f"{each / 1000:.1f}" for each in (size.page, size.whole))) for kind, size in figures.sizes.items()
    ]
    console.print(table(f"Pages, kB (at most {PAGE_KB})", ("", "page", "with everything"), sizes))
    cpu = [(kind, f"{used:.1f}", f"{used / figures.seconds:.0%}") for kind, used in figures.cpu.items()]
    cpu.append(("people who click (load)", f"{figures.beside.cpu:.1f}", f"{figures.beside.cpu / figures.seconds:.0%}"))
    console.print(table(f"CPU of {figures.seconds:.0f} s beside one another", ("", "s", "of a core"), cpu))
    for name, clicks in (("alone", figures.alone), ("beside the queue", figures.beside)):
        console.print(f"{name}: ends {dict(clicks.ends)}")
    for name, phase in (("alone", figures.queue), ("beside people", figures.queue_beside)):
        console.print(f"queue {name}: other programs took {phase.shares['others']:.0%} of the cores")


def _row(figures: Mapping[str, float]) -> tuple[str, str, str]:
    return f"{figures['p50']:.0f}", f"{figures['p95']:.0f}", f"{figures['count']:.0f}"
