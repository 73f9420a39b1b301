"""A state folder that may only be read: each command says so in one line, and none calls it an outage."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from adapter.cli import app, options
from adapter.gateways.store.upgrade import upgrade
from tests.frozen.keeping import every
from tests.frozen.standing import Standing, restored
from tests.frozen.test_frozen_dossiers import BY_DOSSIER, FOLLOWED, READS, commands

PROGRAM = get_command(app)
DOSSIER, OFFICER = ("1", "2026"), ("--officer", "77", "--name", "Lê Văn An")
WHY = ("--reason", "Lý do")
WRITES: dict[str, tuple[str, ...]] = {
    "database upgrade": (),
    "dossier accept": (*DOSSIER, *OFFICER),
    "dossier complete": (*DOSSIER, *OFFICER),
    "dossier brought": (*DOSSIER, "visa", "--officer", "77"),
    "dossier refuse": (*DOSSIER, *OFFICER, *WHY),
    "dossier request-amendment": (*DOSSIER, *OFFICER, *WHY, "--item", "Sai => Đúng"),
    "dossier withdraw-request": (*DOSSIER, "--officer", "77", *WHY),
    "dossier approve": ("1", *OFFICER),
    "dossier decline": ("1", *OFFICER, *WHY),
    "quarantine replay": ("--reason", "parked"),
    "certificate import": (),
    "certificate approve": ("1", "--officer", "77"),
    "certificate decline": ("1", "--officer", "77", *WHY),
    "certificate suspend": ("1", "--officer", "77", *WHY),
    "certificate restore": ("1", "--officer", "77", *WHY),
    "authorisation grant": ("--holder", "001085012345", "--principal", "001085012346", "--document", "12/UQ"),
    "authorisation revoke": ("1", *WHY),
    "account suspend": ("001085012345", "--officer", "77", *WHY),
    "account restore": ("001085012345", "--officer", "77", *WHY),
    "window override": ("down", *WHY),
    "window end": (),
    "window notice-ended": WHY,
    "window confirm": WHY,
    "window maintenance": ("12/TB", "--from", "2044-01-01T00:00", *WHY),
    "window link add": ("BQP0100002", "--document", "12/CV"),
    "window link end": ("1",),
    "message resend": ("1", *WHY),
    "token issue": ("--role", "customs", "--office", "*", "--label", "Thanh tra"),
    "token revoke": ("1",),
    "people add": ("an", "--name", "Lê Văn An", "--role", "administrator"),
    "people change": ("an", "--role", "auditor"),
    "people remove": ("an", *WHY),
    "people restore": ("an",),
    "office add": ("HN", "--name", "Hữu Nghị"),
    "office change": ("HN", "--top"),
    "office remove": ("HN",),
    "people link": ("an", "an@donvi"),
    "people unlink": ("an",),
    "people give-lookup": ("an", "--procedure", "BQP0100001"),
    "people withdraw-lookup": ("an", "--procedure", "BQP0100001"),
    "account delegate": ("pho-don", "--until", "2099-01-01", "--document", "QD-1", "--officer", "77"),
    "account end-delegation": ("1", "--officer", "77"),
    "paper enter": ("-", "--officer", "77"),
    "paper check": ("1", "--officer", "77"),
    "paper send-back": ("1", "--officer", "77", *WHY),
    "reconcile settle": ("1/2026", "2/2026", "same", "--officer", "77", *WHY),
    "reconcile reopen": ("1/2026", "2/2026", "--officer", "77", *WHY),
    "client end": ("ecustoms", *WHY),
    "issuer end": ("https://sso.customs.example", *WHY),
}
ON_PAPER = "{procedure: BQP0100001, number: 12GIAY, year: 2026, received_at: 2026-03-02 06:45, values: {}}"
"""What `paper enter -` reads."""
ASKS = {
    **{name: words[len(name.split()) :] for name, words in READS.items()},
    **dict.fromkeys(BY_DOSSIER - {"dossier find"}, DOSSIER),
    "dossier find": ("--paper", "B1234567"),
    "people list": (),
    "certificate waiting": (),
    "authorisation file": ("1", "--out", "never-written.pdf"),
    "message find": ("PROOF1",),
    "account notices": (),
    "account delegations": (),
    "client list": (),
    "issuer list": (),
    "reconcile pairs": (),
    "paper list": ("--officer", "77"),
    "paper show": ("1", "--officer", "77"),
    "people lookups": ("an",),
    "people show": ("an",),
    "office list": (),
    "window link list": (),
    **dict.fromkeys(FOLLOWED, ("12345678",)),
}
WITHOUT_A_STORE = {
    "config init",
    "declare",
    "judge",
    "views",
    "database grants",
    "alerts test",
    "alerts list",
    "portal fail",
    "portal works-again",
    "portal call",
    "simulate pki",
    "simulate sign",
    "simulate send",
    "simulate window",
}
OF_A_KEY = {"client add", "client change", "issuer add", "issuer change"}
"""They read a file of keys first; those that end what they register are asked in their place."""
STAYS = {"run", "web"}
"""The daemon and its portal; what they do with their store is shown by their own tests."""
_OVERRIDE = 0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Set(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def as_any_user() -> Iterator[None]:
    """This thread without root's right to pass permissions by; of another user nothing changes."""
    libc, header, sets = ctypes.CDLL(None), _Header(0x20080522, 0), (_Set * 2)()
    assert libc.capget(ctypes.byref(header), sets) == 0
    held = sets[0].effective
    sets[0].effective &= ~_OVERRIDE
    assert libc.capset(ctypes.byref(header), sets) == 0
    try:
        yield
    finally:
        sets[0].effective = held
        assert libc.capset(ctypes.byref(header), sets) == 0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    state = tmp_path_factory.mktemp("readonly")
    made = restored(every()[-1], "sqlite", state, None)
    upgrade(made.components.database)
    made.components.database.close()
    files = list(state.glob("adapter.db*"))
    for each in files:
        each.chmod(0o444)
    state.chmod(0o555)
    with as_any_user():
        yield made
    state.chmod(0o755)


def test_every_command_is_asked() -> None:
    known = [set(WRITES), set(ASKS) - {"views"}, WITHOUT_A_STORE, OF_A_KEY, STAYS]
    assert set(commands("", PROGRAM)) == set().union(*known)
    assert sum(map(len, known)) == len(set().union(*known))


@pytest.mark.parametrize("name", sorted((WRITES.keys() | ASKS.keys()) - WITHOUT_A_STORE))
def test_a_state_folder_that_is_read_only_is_told_as_that(
    name: str, store: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "build", lambda _: store.components)
    monkeypatch.setattr("typer.testing._get_command", lambda _: PROGRAM)
    arguments = WRITES.get(name, ASKS.get(name, ()))
    if name == "certificate import":
        arguments = (str(next((store.frozen.pki).glob("*.cert.pem"))),)
    done = CliRunner().invoke(app, [*name.split(), *arguments, "--config", str(store.config)], input=ON_PAPER)
    place = Path(store.components.database.engine.url.database or "").parent
    assert f"database: this user may not read and write {place}" in " ".join(done.output.split())
    assert done.exit_code == (1 if name == "check" else 2), done.output
    assert "Traceback" not in done.output
    assert not os.access(place, os.W_OK, effective_ids=True), "else this proved nothing"
