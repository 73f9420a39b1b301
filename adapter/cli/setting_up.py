"""`check`, `declare` and `database upgrade`: set an installation up, and check it."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from adapter.cli.exits import Exit, leave
from adapter.cli.inspection import inspect
from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line, table
from adapter.cli.remarks import Remark, Weight
from adapter.cli.steps import Steps
from adapter.cli.terminal import block
from adapter.gateways.broker import topology
from adapter.model.errors import Misconfigured

database = typer.Typer(no_args_is_help=True, help="The database's tables.")


def check(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the broker and the database.")] = False,
    costs: Annotated[bool, typer.Option("--costs", help="Also tell the CPU seconds of each step.")] = False,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Check configuration, data, keys, trust, revocation, topology, broker and database: all faults at once.

    Exit code 0 if there is no fault, 1 if there is one, 2 if the configuration cannot be read or a value does not fit;
    a warning is told and changes nothing. A broker or database
    that cannot be reached is a fault too ("cannot tell" is not "is well"), unless --offline.
    """
    try:
        components = open_components(config)
    except Misconfigured as error:  # the configuration itself: the rest cannot be checked without it
        if json:
            unread = [Remark("configuration", Weight.FAULT, line) for line in str(error).splitlines()]
            as_json({"faults": len(unread), "remarks": unread})
        raise
    progress = Steps()
    try:
        remarks = inspect(components, offline=offline, tell=progress)
    finally:
        progress.done()
    faults = sum(remark.counts for remark in remarks)
    spent = progress.costs.seconds if costs else {}
    if json:
        as_json({"faults": faults, "remarks": remarks} | ({"cpu_seconds": spent} if costs else {}))
    else:
        if remarks:
            rows = [(remark.part, remark.weight.value, remark.text) for remark in remarks]
            table("What to look at", ("part", "weight", "what is wrong, and what to do"), rows)
        if costs:
            together = ("together", f"{sum(spent.values()):.2f}")
            table("CPU seconds", ("step", "s"), [*((step, f"{each:.2f}") for step, each in spent.items()), together])
        asked = "configuration, data, keys, trust, topology" + ("" if offline else ", broker and database")
        line(f"{asked}: {'no fault' if faults == 0 else f'{faults} fault(s)'}")
    raise leave(Exit.NO if faults else Exit.OK)


def declare(
    export: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write RabbitMQ definitions (JSON) there instead; - is stdout."),
    ] = None,
    vhost: Annotated[str, typer.Option(help="The virtual host that exported definitions name.")] = "/",
    json: AsJson = False,
    config: Config = None,
) -> None:
    """Declare exchanges, queues and bindings on the broker; what is there already stays as it is."""
    components = open_components(config)
    if export is None:
        topology.declare(components.broker, components.topology)
        _tell(components.topology, json, f"declared on {components.broker.place}: {_counts(components.topology)}")
        return
    text = json_format.dumps(topology.export_definitions(components.topology, vhost=vhost), indent=2)
    if str(export) == "-":
        block(text)
        return
    try:
        export.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"cannot write {export}: {error.strerror}") from None
    text = f"written to {export}: {_counts(components.topology)}; load it with rabbitmqctl import_definitions"
    _tell(components.topology, json, text)


def _tell(told: topology.Topology, json: bool, text: str) -> None:
    if json:
        as_json({"exchanges": len(told.exchanges), "queues": len(told.queues), "bindings": len(told.bindings)})
    else:
        line(text)


def _counts(told: topology.Topology) -> str:
    return f"{len(told.exchanges)} exchanges, {len(told.queues)} queues, {len(told.bindings)} bindings"


@database.command("grants")
def database_grants(
    portal: Annotated[str | None, typer.Option(metavar="ROLE", help="Role of the portal's listener.")] = None,
    staff: Annotated[str | None, typer.Option(metavar="ROLE", help="Role of the staff's listener.")] = None,
) -> None:
    """Print the SQL that lets the listeners' roles of PostgreSQL do what they need and nothing else."""
    from adapter.gateways.store.grants import statements

    roles = {name: role for name, role in (("portal", portal), ("staff", staff)) if role}
    if not roles:
        raise typer.BadParameter("name at least one role: --portal ROLE, --staff ROLE")
    block("\n".join(f"{each};" for each in statements(roles)))


@database.command("upgrade")
def database_upgrade(json: AsJson = False, config: Config = None) -> None:
    """Bring the tables to this version of the program. Doing it again changes nothing."""
    from adapter.gateways.store.upgrade import current, upgrade  # alembic, which no other command of this module needs

    components = open_components(config)
    upgrade(components.database)
    revision, _ = current(components.database)
    if json:
        as_json({"revision": revision})
    else:
        line(f"the tables stand at revision {revision}")
