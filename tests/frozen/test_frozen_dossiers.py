"""What older versions have stored opens: in every command that reads, and in every lookup over HTTP."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from typer.main import get_command
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app, options
from adapter.gateways.store.tables import certificate, dossier, inbox, outbox, search_key
from adapter.model.dossier import CONFIRMED
from adapter.services.dossiers.lookup import LookupKind
from tests.frozen.post import token_of
from tests.frozen.standing import Standing
from tests.harness.people import TESTER
from tests.harness.shares import FULL, share
from tests.harness.website import serving

SELDOM = 20
"""Of dossiers of one procedure, state and number of versions the first, and every twentieth; in a long proof all."""
Run = Callable[..., Any]
API = "/api/v1"
PROGRAM = get_command(app)
SILENT = {
    *("run", "web", "config init", "declare", "database upgrade", "judge"),
    *("dossier accept", "dossier complete", "dossier brought", "dossier refuse"),
    *(
        "dossier request-amendment",
        "dossier withdraw-request",
        "dossier approve",
        "dossier decline",
        "quarantine replay",
    ),
    *("certificate import", "certificate suspend", "certificate restore"),
    *("certificate waiting", "certificate approve", "certificate decline"),
    *("authorisation grant", "authorisation revoke", "account suspend", "account restore"),
    "authorisation file",  # no released store has a scanned letter yet
    *("window override", "window end", "window notice-ended", "window confirm", "token issue", "token revoke"),
    *("people add", "people change", "people remove", "people restore"),
    *("office add", "office change", "office remove"),
    *("window maintenance", "window link add", "window link end", "alerts test", "alerts list"),
    *("message resend", "message find", "portal fail", "portal works-again", "portal call"),
    *("paper enter", "paper list", "paper show", "paper check", "paper send-back"),  # no released store has them yet
    *("reconcile pairs", "reconcile settle", "reconcile reopen"),  # no released store has them yet
    *("people list", "people show", "office list", "window link list"),  # no released store has them yet
    *("people lookups", "client list", "issuer list", "account notices", "database grants"),  # nor these
    *("account delegate", "account delegations", "account end-delegation"),
    *("people link", "people unlink", "people give-lookup", "people withdraw-lookup"),
    *("client add", "client change", "client end", "issuer add", "issuer change", "issuer end"),
    *("simulate pki", "simulate sign", "simulate send", "simulate window", "config init"),
}
"""Commands that show nothing of what is stored."""
BY_DOSSIER = {"dossier show", "dossier versions", "dossier find"}
"""Commands that are asked about each dossier."""
READS: dict[str, tuple[str, ...]] = {
    "check": ("check", "--json"),
    "dossier list": ("dossier", "list", "--limit", "10000", "--json"),
    "dossier amendments": ("dossier", "amendments", "--all", "--limit", "10000", "--json"),
    "deadlines": ("deadlines", "--limit", "100000", "--days", "3650", "--json"),
    "journal verify": ("journal", "verify", "--by", "frozen", "--json"),
    "journal lookups": ("journal", "lookups", "--since", "2000-01-01", "--by", "frozen", "--json"),
    "quarantine list": ("quarantine", "list", "--json"),
    "message list": ("message", "list", "--json"),
    "certificate list": ("certificate", "list", "--json"),
    "certificate report": ("certificate", "report", "--json"),
    "authorisation list": ("authorisation", "list", "--json"),
    "account list": ("account", "list", "--all", "--json"),
    "window status": ("window", "status", "--json"),
    "window transfers": ("window", "transfers", "--limit", "100000", "--json"),
    "window incidents": ("window", "incidents", "--json"),
    "token list": ("token", "list", "--json"),
    "rehearse": ("rehearse", "--since", "2026-01-01", "--procedure", "BQP0100005", "--json"),
    "views": ("views", "--print"),
    "portal prepare": ("portal", "prepare", "--json"),
}
"""Commands that are asked once; `quarantine show` and `certificate show` follow what the lists show."""
FOLLOWED = {
    "quarantine show": ("quarantine list", "held"),
    "certificate show": ("certificate list", None),
    "reconcile report": ("window incidents", None),
    "message show": ("message list", "messages"),
}
LAWFUL = {"check": 1, "rehearse": 1, "certificate report": 1, "reconcile report": 1}
"""Commands that may end with 1: no broker listens, old messages may be judged otherwise, a certificate has run out, a
transfer is not confirmed."""
_ELSEWHERE = re.compile(r"[0-9]:[0-9]{2}(\.[0-9]+)?(Z|[+-](?!07:00)[0-9]{2}:[0-9]{2})")
"""A time with an offset that is not Vietnam's."""


@pytest.fixture
def run(store: Standing, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command on the store; all share one installation and one tree of commands, since each would make them anew."""
    monkeypatch.setattr(options, "build", lambda _: store.components)
    monkeypatch.setattr("typer.testing._get_command", lambda _: PROGRAM)
    runner = CliRunner()

    def run(*arguments: str, codes: tuple[int, ...] = (0,)) -> Any:
        done = runner.invoke(app, [*arguments, "--config", str(store.config)])
        assert done.exit_code in codes, (arguments, done.output, done.exception)
        assert not _ELSEWHERE.search(done.output), "times stand in one zone"
        return json.loads(done.stdout) if "--json" in arguments and arguments[0] != "rehearse" else done.stdout

    return run


@pytest.fixture(scope="module")
def door(store: Standing) -> Iterator[str]:
    """The portal over the store, as callers reach it."""
    with serving(store.components) as url:
        yield url


@pytest.fixture(scope="module")
def staff(store: Standing) -> Iterator[str]:
    """The listener of the inner network over the store, as customs reach it."""
    with serving(store.components, listener="staff") as url:
        yield url


def test_every_command_is_asked_or_shows_nothing_of_the_store() -> None:
    known = [SILENT, BY_DOSSIER, set(READS), set(FOLLOWED)]
    assert set(commands("", PROGRAM)) == set().union(*known)
    assert sum(map(len, known)) == len(set().union(*known))


def commands(name: str, command: Any) -> Iterator[str]:
    for each, inner in getattr(command, "commands", {}).items():
        full = f"{name} {each}".strip()
        yield from commands(full, inner) if hasattr(inner, "commands") else [full]


@pytest.mark.parametrize("command", READS)
def test_a_command_that_reads_shows_the_old_store(run: Run, command: str) -> None:
    told = run(*READS[command], codes=(0, LAWFUL.get(command, 0)))
    assert told
    if command == "rehearse":
        tally = json.loads(told.splitlines()[-1])["tally"]
        assert tally["messages"] >= 5
        assert (tally["unknown"], tally["lost_versions"]) == ({}, {})


@pytest.mark.parametrize("command", FOLLOWED)
def test_what_a_list_shows_is_shown_by_itself(run: Run, command: str) -> None:
    listing, part = FOLLOWED[command]
    told = run(*READS[listing])
    shown = told[part] if part else told
    assert shown
    for each in shown:
        assert run(*command.split(), str(each["id"]), "--json", codes=(0, LAWFUL.get(command, 0)))


def test_every_old_dossier_opens_at_the_desk(run: Run, store: Standing) -> None:
    """Each with its life and its versions side by side."""
    rows = _dossiers(store.components)
    assert len(rows) > 50
    for row in share(rows, SELDOM, _kind):
        key = (row.number, str(row.year))
        life = run("dossier", "show", *key, "--by", "frozen", "--json")
        assert (life["dossier"]["number"], len(life["versions"])) == (row.number, row.versions)
        assert len(life["replies"]) >= 1
        assert len(life["journal"]) == row.journal
        compared = run("dossier", "versions", *key, "--by", "frozen", "--json")
        assert [each["version"] for each in compared["columns"]] == list(range(1, row.versions + 1))


def test_an_old_dossier_of_each_procedure_opens_as_people_read_it(run: Run, store: Standing) -> None:
    """As a table, with personal values and without."""
    one = {row.procedure: row for row in _dossiers(store.components)}
    assert len(one) >= 5
    for row in one.values():
        key = (row.number, str(row.year))
        assert "***" in run("dossier", "show", *key, "--by", "frozen")
        assert "***" not in run("dossier", "show", *key, "--personal", "--by", "frozen")
        run("dossier", "versions", *key, "--personal", "--by", "frozen")


def test_old_dossiers_are_found_at_the_desk_by_their_keys(run: Run, store: Standing) -> None:
    keys = list(_keys(store.components))
    assert len({kind for _, kind, _ in keys}) > 3
    for row, kind, value in keys:
        found = run("dossier", "find", f"--{kind.replace('_', '-')}", value, "--by", "frozen", "--json")
        assert row.number in [each["reference"] for each in found] or len(found) >= 50, (kind, value)


def test_every_old_dossier_is_found_over_http_with_a_token_of_its_day(store: Standing, staff: str) -> None:
    with _client(staff, "everywhere") as client:
        for row in share(_dossiers(store.components), SELDOM, _kind):
            if row.procedure not in store.components.lookup_rights.opened:  # the letter does not name it
                assert _asked(client, reference=row.number, year=row.year)["dossiers"] == []
                continue
            (found,) = _asked(client, reference=row.number, year=row.year)["dossiers"]
            assert found["reference"] == row.number
            assert found["state"] in CONFIRMED.get(row.state, (row.state,))
            assert len(found["versions"]) == (row.versions if row.versions > 1 else 0)
            if row.confirmation_number:
                (same,) = _asked(client, confirmation=row.confirmation_number)["dossiers"]
                assert same == found
            answer = client.get(f"{API}/lookup/dossiers/{row.number}/{row.year}/reply")
            assert answer.status_code == (200 if found["reply"] else 404)
        for row, kind, value in _keys(store.components):
            told = _asked(client, kind=kind, value=value)
            if row.procedure not in store.components.lookup_rights.opened:
                continue
            assert row.number in [each["reference"] for each in told["dossiers"]] or told["next"], (kind, value)


def test_an_office_of_old_sees_its_own_dossiers_only(store: Standing, staff: str) -> None:
    with _client(staff, "customs") as client:
        for row in share(_dossiers(store.components), SELDOM, _of_an_office):
            seen = _asked(client, reference=row.number, year=row.year)["dossiers"]
            opened = row.procedure in store.components.lookup_rights.opened
            assert bool(seen) == (opened and "HUUNGHI" in (row.gate, row.unit))


def test_every_old_direct_declaration_is_read_by_its_declarant(store: Standing, door: str) -> None:
    """Its replies come as the very bytes that were signed."""
    with store.components.database.reading() as connection:
        rows = connection.execute(select(inbox).where(inbox.c.bound_to.is_not(None))).all()
        bodies = {row.digest: bytes(row.body) for row in connection.execute(select(outbox)) if row.body is not None}
    clients = {"001085012345": "citizen", "0100109106": "enterprise"}
    assert {row.bound_to for row in rows} == set(clients)
    for row in rows:
        with _client(door, clients[row.bound_to]) as client:
            told = client.get(f"{API}/declarations/{row.public_id}")
            assert told.status_code == 200, told.text
            assert not _ELSEWHERE.search(told.text), "times stand in one zone"
            assert told.json()["replies"]
            for reply in told.json()["replies"]:
                got = client.get(f"{API}/declarations/{row.public_id}/replies/{reply['digest']}")
                assert got.content == bodies[reply["digest"]]


def test_a_revoked_token_of_old_opens_nothing(staff: str) -> None:
    with _client(staff, "lost") as client:
        assert client.post(f"{API}/lookup/searches", json={"plate": "29B-1"}).status_code == 401


def test_an_old_payload_leaves_the_quarantine_as_it_came(run: Run, store: Standing, tmp_path: Path) -> None:
    held = run(*READS["quarantine list"])["held"]
    assert held
    for each in held:
        file = tmp_path / each["id"]
        run("quarantine", "show", each["id"], "--payload", str(file))
        assert file.stat().st_size == each["size"]


def test_old_certificates_are_read(store: Standing) -> None:
    with store.components.database.reading() as connection:
        kept = connection.execute(select(certificate.c.fingerprint)).scalars().all()
    listed = store.components.registry.list(actor=TESTER)
    assert sorted(each.fingerprint for each in listed) == sorted(kept)


def _kind(row: Any) -> list[tuple[Any, ...]]:
    return [(row.procedure, row.state, row.versions)]


def _of_an_office(row: Any) -> list[tuple[Any, ...]]:
    return [(row.procedure, row.gate, row.unit)]


def _dossiers(components: Components) -> list[Any]:
    with components.database.reading() as connection:
        return list(connection.execute(select(dossier).order_by(dossier.c.id)).all())


def _keys(components: Components) -> Iterator[tuple[Any, str, str]]:
    """Keys that versions in force state: of each procedure one of each kind in a first version and in a later one; in
    a long proof of each of its states."""
    query = select(search_key).order_by(search_key.c.dossier_id, search_key.c.kind, search_key.c.value)
    keys: defaultdict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    with components.database.reading() as connection:
        for each in connection.execute(query):
            keys[each.dossier_id, each.version].setdefault(each.kind, each.value)
    told = set()
    for row in _dossiers(components):
        for kind, value in keys[row.id, row.version].items():
            asked = (row.procedure, row.state if FULL else row.version > 1, kind)
            if kind in set(LookupKind) and asked not in told:
                told.add(asked)
                yield row, kind, value


def _client(door: str, label: str) -> httpx.Client:
    return httpx.Client(base_url=door, headers={"Authorization": f"Bearer {token_of(label)}"}, timeout=60)


def _asked(client: httpx.Client, **question: Any) -> Any:
    if "kind" in question:
        answer = client.post(f"{API}/lookup/searches", json=_search(**question))
    else:
        answer = client.get(f"{API}/lookup/dossiers", params=question)
    assert answer.status_code == 200, answer.text
    assert not _ELSEWHERE.search(answer.text), "times stand in one zone"
    return answer.json()


def _search(kind: str, value: str) -> dict[str, Any]:
    if kind == LookupKind.PAPER:
        return {"paper": {"number": value}}
    return {"party" if kind == LookupKind.TAX_CODE else kind: value}
