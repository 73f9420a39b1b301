"""Requests of web processes to the part that holds the keys: take a declaration, give a number, do an officer's act.

It trusts only what it can verify: the caller by his session or token, the declaration by its seal.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapter.bootstrap import Components
from adapter.model.errors import AdapterError, NotAllowed, defect
from adapter.model.events import Event, Observe
from adapter.services.decisions import wire
from adapter.services.decisions.callers import Callers
from adapter.services.decisions.remote import CALLER, FIRST
from adapter.services.decisions.shown import SESSION
from adapter.services.door.reception import Caller, Reception
from adapter.services.dossiers.acts import Acts
from adapter.services.dossiers.paper_acts import PaperActs
from adapter.services.messages.replays import Replays
from adapter.services.watch.incident_reports import ReportsOnPages

_REFUSED, _FAILED, _LARGE = 409, 500, 413
_BESIDE = 65_536
"""Bytes around a message: the portal's seal, and the other fields of the request."""
Work = Callable[[bytes, Mapping[str, str]], bytes]
"""Takes body and headers of a request; gives the document of the answer."""


def create_decisions(components: Components) -> Starlette:
    """The application; keys, schemas and mappings are loaded before the first request, so a fault shows at start."""
    components.load_keys()
    components.ground  # noqa: B018
    most = components.settings.limits.message_bytes + _BESIDE
    callers = Callers(components.tokens.authenticate, components.sessions.find, components.proven_uploads.caller)
    asked: dict[str, Work] = {
        "/declarations": _declarations(components.reception, callers),
        "/dry-runs": _dry_runs(components.reception, callers),
        "/numbers": _numbers(components.reception, callers),
        "/acts": _acts(components.acts),
        "/replays": _replays(components.replays),
        "/reports": _reports(components.reports_on_pages),
        **_papers(components.paper_acts),
        **_statements(components),
        "/alive": lambda body, headers: b"{}",
    }
    routes = [Route(path, _answering(work, most, components.observe), methods=["POST"]) for path, work in asked.items()]
    return Starlette(routes=routes)


def _declarations(reception: Reception, callers: Callers) -> Work:
    def take(body: bytes, headers: Mapping[str, str]) -> bytes:
        return wire.ADMITTED.dump_json(reception.take(body, _declarant(callers, headers)))

    return take


def _dry_runs(reception: Reception, callers: Callers) -> Work:
    def foresee(body: bytes, headers: Mapping[str, str]) -> bytes:
        return wire.FORESEEN.dump_json(reception.foresee(body, _declarant(callers, headers)))

    return foresee


def _numbers(reception: Reception, callers: Callers) -> Work:
    def number(body: bytes, headers: Mapping[str, str]) -> bytes:
        caller, asked = _declarant(callers, headers), wire.NUMBER_ASKED.validate_json(body)
        return wire.NUMBER.dump_json(reception.number(asked.name, asked.unit_code, caller, asked.asks))

    return number


def _acts(acts: Acts) -> Work:
    def do(body: bytes, headers: Mapping[str, str]) -> bytes:
        secret, asked = _session(headers), wire.ACT_ASKED.validate_json(body)
        return wire.ACT_DONE.dump_json(acts.do(secret, asked.act, asked.dossier, asked.arguments))

    return do


def _replays(replays: Replays) -> Work:
    def replay(body: bytes, headers: Mapping[str, str]) -> bytes:
        secret, asked = _session(headers), wire.REPLAY_ASKED.validate_json(body)
        return wire.REPLAYED.dump_json(tuple(replays.replay(secret, asked.reason)))

    return replay


def _papers(acts: PaperActs) -> dict[str, Work]:
    def enter(body: bytes, headers: Mapping[str, str]) -> bytes:
        secret, form = _session(headers), wire.PAPER_FORM.validate_json(body)
        return wire.PAPER_ENTRY.dump_json(acts.enter(secret, form))

    def check(body: bytes, headers: Mapping[str, str]) -> bytes:
        secret, asked = _session(headers), wire.PAPER_CHECK_ASKED.validate_json(body)
        return wire.NUMBER.dump_json(acts.check(secret, asked.entry))

    def send_back(body: bytes, headers: Mapping[str, str]) -> bytes:
        secret, asked = _session(headers), wire.PAPER_RETURN_ASKED.validate_json(body)
        acts.send_back(secret, asked.entry, asked.reason)
        return wire.DONE.dump_json(None)

    return {"/papers": enter, "/papers/check": check, "/papers/return": send_back}


def _statements(components: Components) -> dict[str, Work]:
    """What people do with statements that they have signed, and with their certificates."""
    holders, signers, opening = components.certificate_holders, components.grant_signers, components.upload_opening

    def register(body: bytes, headers: Mapping[str, str]) -> bytes:
        return wire.CERTIFICATE_TAKEN.dump_json(holders.register(_session(headers), body))

    def suspend(body: bytes, headers: Mapping[str, str]) -> bytes:
        secret, asked = _session(headers), wire.SUSPENSION_ASKED.validate_json(body)
        holders.suspend(secret, asked.id, asked.reason)
        return wire.DONE.dump_json(None)

    def give(body: bytes, headers: Mapping[str, str]) -> bytes:
        return wire.GRANTED.dump_json(signers.give(_session(headers), body))

    def take(body: bytes, headers: Mapping[str, str]) -> bytes:
        first = headers.get(FIRST, "")
        if not first.isascii() or not first.isdigit():
            raise NotAllowed("the length of the statement is not said")
        return wire.OPENED_UPLOAD.dump_json(opening.open(body[: int(first)], body[int(first) :]))

    return {"/certificates": register, "/certificates/suspend": suspend, "/authorisations": give, "/uploads": take}


def _session(headers: Mapping[str, str]) -> str:
    """The secret of the session in whose name something is asked for."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme != SESSION:
        raise NotAllowed("an act is asked for by a session")
    return secret


def _reports(reports: ReportsOnPages) -> Work:
    def make(body: bytes, headers: Mapping[str, str]) -> bytes:
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        asked = wire.REPORT_ASKED.validate_json(body)
        if scheme != SESSION:
            raise NotAllowed("a report is asked for by a session")
        return wire.REPORT_MADE.dump_json(base64.b64encode(reports.packed(secret, asked.incident)))

    return make


def _declarant(callers: Callers, headers: Mapping[str, str]) -> Caller:
    caller = wire.CALLER.validate_json(headers.get(CALLER, ""))
    callers.declarant(headers.get("authorization", ""), caller)
    return caller


def _answering(work: Work, most: int, observe: Observe) -> Callable[[Request], Awaitable[Response]]:
    """Answer with the work's document, or with the document of its error."""

    async def answer(request: Request) -> Response:
        try:
            body = await _read(request, most)
        except ClientDisconnect:
            return Response(status_code=_REFUSED)
        if body is None:
            return _refused(NotAllowed("more than any message"), _LARGE)
        return await run_in_threadpool(_worked, work, body, request.headers, observe)

    return answer


async def _read(request: Request, most: int) -> bytes | None:
    """The body; None where it is longer than any message."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > most:
            return None
    return bytes(read)


def _worked(work: Work, body: bytes, headers: Mapping[str, str], observe: Observe) -> Response:
    try:
        return Response(work(body, headers), media_type="application/json")
    except AdapterError as error:
        return _refused(error, _REFUSED)
    except ValidationError:  # also for what is no JSON: the caller is none of our web processes
        return _refused(NotAllowed("this is no question that is answered here"), _REFUSED)
    except Exception as error:  # noqa: BLE001  told in the log; whoever asks is told no more than that
        observe(Event.REQUEST_FAILED, reason=defect(error))
        return _refused(error, _FAILED)


def _refused(error: Exception, status: int) -> Response:
    return Response(wire.ERROR.dump_json(wire.told(error)), status, media_type="application/json")
