"""What `check` and readyz say of trust: stores that do not fit, revocation that cannot be told."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import Components, assemble
from adapter.cli.check_trust import mismatches, untold
from adapter.entrypoints.health import Health
from adapter.entrypoints.pulse import Pulse, new_cells
from adapter.model.errors import Misconfigured
from tests.harness import configuration
from tests.harness.authority import authority, crl
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.servers.authorities import Page, WebServer

NOW = datetime.now(UTC).replace(microsecond=0)
Furnished = Callable[[Callable[[dict[str, Any]], object]], Components]


@pytest.fixture
def furnished(tmp_path: Path) -> Furnished:
    """An installation whose configuration the test has changed."""

    def make(change: Callable[[dict[str, Any]], object]) -> Components:
        return assemble(configuration.edit(furnish(tmp_path).config, change))

    return make


def _nothing(stated: dict[str, Any]) -> None:
    del stated


def test_the_shipped_configuration_has_nothing_to_look_at(furnished: Furnished) -> None:
    made = furnished(_nothing)
    assert (list(mismatches(made)), list(untold(made, offline=True))) == ([], [])


def test_a_border_key_under_a_public_authority_is_a_fault(furnished: Furnished) -> None:
    folder = shared_pki().folder
    wrong = {"key": str(folder / "enterprise.key.pem"), "certificates": str(folder / "enterprise.chain.pem")}
    made = furnished(lambda stated: stated["keys"].update(system=[wrong]))
    with pytest.raises(Misconfigured, match=r"keys\.system: .* the public store, which is not for the role border"):
        made.load_keys()


def test_a_window_certificate_under_a_public_authority_is_a_fault(furnished: Furnished) -> None:
    pinned = [str(shared_pki().certificate_file("enterprise"))]
    (told,) = mismatches(furnished(lambda stated: stated["trust"]["partners"]["nsw"].update(certificates=pinned)))
    assert told.startswith("trust.partners.nsw: its certificate belongs to the public store")


def test_a_store_that_a_mapping_names_and_nobody_configured_is_a_fault(furnished: Furnished) -> None:
    def renamed(stated: dict[str, Any]) -> None:
        stated["trust"]["stores"]["commercial"] = stated["trust"]["stores"].pop("public")

    told = list(mismatches(furnished(renamed)))
    assert told
    assert all("declarant: stores: public: trust.stores has none of that name" in each for each in told)


def test_a_role_that_there_is_not_is_named_with_those_there_are(furnished: Furnished) -> None:
    with pytest.raises(Misconfigured, match=r"trust\.stores\.public\.roles\.0: .*'declarant'"):
        furnished(lambda stated: stated["trust"]["stores"]["public"].update(roles=["everybody"]))


def test_a_store_without_revocation_is_told(furnished: Furnished) -> None:
    made = furnished(lambda stated: stated["trust"]["stores"]["government"].pop("revocation"))
    assert list(untold(made, offline=True)) == [
        "trust.stores.government.revocation: not stated, so what is revoked passes; state it"
    ]


def test_each_authority_without_a_list_is_told(furnished: Furnished, tmp_path: Path) -> None:
    crls = tmp_path / "crls"
    shutil.copytree(shared_pki().crls("public"), crls)
    (crls / "public-ca.crl").unlink()
    made = furnished(lambda stated: stated["trust"]["stores"]["public"]["revocation"].update(crls=str(crls)))
    (told,) = untold(made, offline=True)
    assert "no CRL of CN=Test Public CA" in told


@pytest.mark.parametrize(("grace_h", "says"), [(48, "has run out and counts until"), (1, "its grace is over")])
def test_a_list_that_ran_out_is_told(furnished: Furnished, tmp_path: Path, grace_h: float, says: str) -> None:
    root = authority("Checked root")
    for name, data in (("root.pem", root.pem()), ("root.crl", crl(root, this_update=NOW - timedelta(days=2)))):
        (tmp_path / name).write_bytes(data)

    def only(stated: dict[str, Any]) -> None:
        store = stated["trust"]["stores"]["government"]
        store["anchors"], store["intermediates"] = str(tmp_path), None
        store["revocation"] |= {"crls": str(tmp_path), "grace_h": grace_h}

    (told,) = untold(furnished(only), offline=True)
    assert says in told


def test_a_list_that_cannot_be_had_is_told_and_nothing_is_kept(furnished: Furnished, tmp_path: Path) -> None:
    with WebServer().running() as web:
        web.pages["/bad.crl"] = Page(b"<html>")
        urls = [web.url("/gone.crl"), web.url("/bad.crl")]
        made = furnished(lambda stated: stated["trust"]["stores"]["public"]["revocation"].update(crl_urls=urls))
        told = list(untold(made, offline=False))
        assert len(told) == 2
        assert "/gone.crl: HTTP 404" in told[0]
        assert "/bad.crl: that is no CRL" in told[1]
        assert list(untold(made, offline=True)) == []
    assert not (tmp_path / "revocation").exists()


def test_readyz_notes_that_revocation_cannot_be_told_and_is_ready_all_the_same() -> None:
    health = Health("127.0.0.1", 0)
    try:
        has = {"alive": True, "database": True, "broker": True, "keys": True, "units": True}
        health.parts = {"clock-0": {**has, "evidence": False}, "worker-0": {**has, "evidence": True}}
        assert health.missing() == []
        (note,) = health.notes()
        assert note.startswith("clock-0: the revocation status is unknown")
        health.parts["clock-0"]["evidence"] = True
        assert health.notes() == []
    finally:
        health._server.server_close()


def test_nothing_is_noted_of_what_a_part_has_not_looked_at_yet() -> None:
    pulse = Pulse(new_cells(multiprocessing))
    pulse.busy()
    health = Health("127.0.0.1", 0)
    try:
        health.parts = {"clock-0": pulse.ready}
        assert (health.missing(), health.notes()) == (["clock-0: database"], [])
        pulse.idle(certificates=False)
        health.parts = {"clock-0": pulse.ready}
        assert [note.split(":")[1] for note in health.notes()] == [" a certificate of ours runs out"]
    finally:
        health._server.server_close()
