"""`portal`: the portal itself has failed (QĐ 15/2019/QĐ-TTg Article 10(4)). Works without database and broker."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated

import typer

from adapter.bootstrap import Components, new_message_id
from adapter.cli.acting import system_account
from adapter.cli.options import AsJson, Config, moment, open_components
from adapter.cli.printing import as_json, line, note, pairs
from adapter.model.errors import Unavailable
from adapter.model.procedure import Label
from adapter.services.portal_failure.documents import FEED, FILES
from adapter.services.portal_failure.failure import CALLS, CallResult, FailureKit, FailureReport

portal = typer.Typer(no_args_is_help=True, help="When the portal itself fails (QĐ 15/2019/QĐ-TTg Article 10(4)).")
_Note = Annotated[str, typer.Option("--note", help="What was said; kept in the log of calls only.")]


@portal.command("prepare")
def portal_prepare(json: AsJson = False, config: Config = None) -> None:
    """Write the call list and the notice pages again; the clock does so every few minutes."""
    components = open_components(config)
    kept = components.call_list.write()
    components.portal_failure.tidy()
    components.portal_failure.write_pages()
    told = {"dossiers": len(kept.contacts), "folder": str(components.portal_failure.folder.folder)}
    told |= {"pages": str(components.portal_failure.pages)}
    as_json(told) if json else pairs("Ready for a failure of the portal", told)


@portal.command("fail")
def portal_fail(
    reason: Annotated[str, typer.Option(help="Why, in Vietnamese: it is published. No name of a person.")],
    reason_en: Annotated[str, typer.Option(help="The same in English; default: the Vietnamese words.")] = "",
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="ISO 8601; without zone Vietnam's. Default: now.")
    ] = None,
    expected_end: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it should work again, as far as is known.")
    ] = None,
    mail: Annotated[bool, typer.Option(help="Write e-mails to declarants with dossiers that are not finished.")] = True,
    json: AsJson = False,
    config: Config = None,
) -> None:
    """The portal has failed: notice pages, e-mails, letters, and the list of whom to call.

    Typed again it goes on with the same failure: what is new replaces what was told, and e-mails that have not left
    leave.
    """
    begins, ends, components = moment(since, "--since"), moment(expected_end, "--expected-end"), open_components(config)
    told = FailureReport(begins or components.legal_clock(), Label(reason, reason_en or reason), ends)
    kit = components.portal_failure.begin(told, _who())
    sent = _mailed(components) if mail else None
    if json:
        as_json({**{each.name: getattr(kit, each.name) for each in fields(kit)}, "mails": sent} | _places(kit))
        return
    _show(kit, sent)


@portal.command("works-again")
def portal_works_again(
    at: Annotated[str | None, typer.Option(metavar="TIME", help="ISO 8601; without zone Vietnam's.")] = None,
    config: Config = None,
) -> None:
    """The portal works again: the notice pages and the feed say so."""
    over, components = moment(at, "--at"), open_components(config)
    ended = components.portal_failure.end(over, _who())
    line(f"the failure {ended.number} of the portal is over")
    note(f"its lists and letters are removed {components.settings.portal_failure.keep_hours:g} hours after its end")


@portal.command("call")
def portal_call(
    dossier: Annotated[str, typer.Argument(metavar="DOSSIER", help="As the list names it: NUMBER/YEAR.")],
    result: Annotated[CallResult, typer.Argument(metavar="RESULT", help="reached, no_answer or wrong_number.")],
    said: _Note = "",
    config: Config = None,
) -> None:
    """Note a call to a declarant in the log of calls."""
    open_components(config).portal_failure.call(dossier, result, said, system_account())
    line("noted")


def _who() -> str:
    """As the journal will name whoever has typed the command: the register of people may be away."""
    return f"account:{system_account()}"


def _mailed(components: Components) -> dict[str, int] | None:
    """How many e-mails there are of each outcome; None where none can be sent."""
    office, stated = components.open_post_office, components.settings.mail
    if office is None or stated is None:
        note("no mail server is stated (`mail`): no e-mail is sent; call those on the list")
        return None
    try:
        return components.portal_failure.post(office, stated.domain, new_message_id)
    except Unavailable as error:
        note(f"{error}: no e-mail is sent now; type the command again, or call those on the list")
        return None


def _places(kit: FailureKit) -> dict[str, object]:
    return {"pages": str(kit.pages), "folder": str(kit.folder)}


def _show(kit: FailureKit, sent: dict[str, int] | None) -> None:
    listed = f"{kit.contacts} dossiers, {kit.without_telephone} of them without telephone" if kit.contacts else "none"
    told = {
        "notice pages": kit.pages,
        "files of the pages": ", ".join([*FILES.values(), FEED]),
        "letters and lists": kit.folder,
        "on the list": listed,
        "list made at": kit.list_made_at,
        "list was old (minutes)": kit.list_age_minutes,
        **{f"e-mails: {outcome}": many for outcome, many in (sent or {}).items()},
    }
    pairs(f"Failure {kit.number} of the portal", told)
    if kit.unprinted is not None:
        note(f"the letters are there as texts alone: {kit.unprinted}")
    if kit.list_made_at is None:
        note("there is no list: the clock has not written one; if the database answers, `nsw-adapter portal prepare`")
    note(f"note calls with `nsw-adapter portal call` or in {CALLS}; what is on the list is personal")
