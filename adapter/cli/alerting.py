"""`alerts`: alerts by webhook and e-mail, and whether they arrived."""

from __future__ import annotations

import typer

from adapter.bootstrap import now
from adapter.cli.exits import Exit, leave
from adapter.cli.options import AsJson, Config, open_components
from adapter.cli.printing import as_json, line, table
from adapter.model.errors import Misconfigured, Unavailable
from adapter.services.watch.alert_ways import from_rows
from adapter.services.watch.alerts import Alert, AlertName

alerts = typer.Typer(no_args_is_help=True, help="Alerts for those without Prometheus: by webhook and by e-mail.")


@alerts.command("test")
def alerts_test(json: AsJson = False, config: Config = None) -> None:
    """Send a test alert by each configured channel. Exit code 1 if one fails."""
    ways, at, became = open_components(config).alert_ways, now(), dict[str, str]()
    if not ways:
        raise Misconfigured("alerts: neither webhook nor mail is stated, so no alert is sent")
    for name, tell in ways.items():
        try:
            tell([Alert(AlertName.TEST, "", 1, seen_at=at, began_at=at)], at)
            became[name] = "told"
        except (Unavailable, Misconfigured) as error:
            became[name] = str(error)
    if json:
        as_json(became)
    else:
        for name, said in became.items():
            line(f"{name}: {said}")
    raise leave(Exit.OK if set(became.values()) == {"told"} else Exit.NO)


@alerts.command("list")
def alerts_list(json: AsJson = False, config: Config = None) -> None:
    """Current alerts, and ended ones that were not sent to everybody yet, as stored by the daemon of this machine."""
    kept = from_rows(open_components(config).alert_file.load())
    rows = [
        {
            "alert": each.name.value,
            "about": each.about,
            "summary": each.rule.summary.en,
            "value": each.value,
            "since": each.began_at,
            "ended": each.ended_at,
            "told": sorted(each.told),
            "action": each.rule.action,
        }
        for each in kept
        if each.began_at is not None
    ]
    if json:
        as_json(rows)
        return
    heads = ("alert", "about", "summary", "value", "since", "ended", "told", "action")
    table(f"{len(rows)} alert(s)", heads, ([row[head] for head in heads] for row in rows))
