"""Our keys over time: which of overlapping pairs signs, what a changed file does, what happens when none is valid."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from adapter.gateways.keys.keyring import Keyring, KeyUnavailable, OnDisk, Pair
from adapter.model.errors import Misconfigured
from adapter.model.events import Event
from adapter.pipeline.signature.seal import SigningKey
from adapter.simulator.parties import FIRST_DAY, LAST_DAY
from tests.harness.pki import shared_pki

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Told(list[tuple[Event, dict[str, Any]]]):
    """What was observed."""

    def __call__(self, event: Event, /, **fields: Any) -> None:
        self.append((event, fields))

    @property
    def events(self) -> list[Event]:
        return [event for event, _ in self]


def pair(folder: Path, party: str, *, since: datetime | None = None) -> Pair:
    """A pair of the test PKI, copied, so that a test may change its files."""
    pki = shared_pki()
    copied = Pair(OnDisk(folder / f"{party}.key"), folder / f"{party}.chain", since)
    put(pki.key_file(party), copied.files[1])
    put(pki.folder / f"{party}.chain.pem", copied.files[0])
    return copied


def put(source: Path, file: Path) -> None:
    """As an operator's tools do it: whole, under another name, then moved."""
    shutil.copy(source, file.with_suffix(".part"))
    file.with_suffix(".part").replace(file)


def ring(*pairs: Pair, at: datetime = NOON, told: Told | None = None) -> Keyring:
    return Keyring("system", pairs, lambda: at, told if told is not None else Told(), look_s=0)


def serial(key: SigningKey) -> int:
    text = key.key_info.findtext(".//{*}X509Certificate")
    assert text is not None
    pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


def serial_of(party: str) -> int:
    return shared_pki().party(party).certificate.serial_number


def test_of_two_valid_pairs_the_one_whose_day_has_come_last_signs(tmp_path: Path) -> None:
    first, second = pair(tmp_path, "system"), pair(tmp_path, "unit", since=NOON)
    assert serial(ring(first, second, at=NOON - timedelta(seconds=1)).current()) == serial_of("system")
    assert serial(ring(first, second, at=NOON).current()) == serial_of("unit")
    assert serial(ring(second, first, at=NOON).current()) == serial_of("unit")


def test_a_pair_that_has_expired_or_is_not_valid_yet_does_not_sign(tmp_path: Path) -> None:
    pairs = [pair(tmp_path, name) for name in ("expired", "system", "not-yet")]
    assert serial(ring(*pairs).current()) == serial_of("system")


def test_where_no_certificate_is_valid_nothing_is_signed_and_it_is_said_what_to_do(tmp_path: Path) -> None:
    only = pair(tmp_path, "expired")
    with pytest.raises(KeyUnavailable, match=r"keys\.system: no certificate is valid at .*; put a valid pair"):
        ring(only).current()
    for at in (FIRST_DAY - timedelta(seconds=1), LAST_DAY + timedelta(seconds=1)):
        with pytest.raises(KeyUnavailable):
            ring(pair(tmp_path, "system"), at=at).current()


def test_a_changed_pair_is_taken_without_a_restart_and_told(tmp_path: Path) -> None:
    told = Told()
    stated = pair(tmp_path, "system")
    keys = ring(stated, told=told)
    assert serial(keys.current()) == serial_of("system")
    put(shared_pki().key_file("unit"), stated.files[1])
    put(shared_pki().folder / "unit.chain.pem", stated.files[0])
    assert serial(keys.current()) == serial_of("unit")
    assert told.events == [Event.KEY, Event.KEY]
    assert told[1][1]["serial"] == f"{serial_of('unit'):x}"


def test_while_a_change_is_half_done_the_pair_before_signs_and_it_is_told_once(tmp_path: Path) -> None:
    told = Told()
    stated = pair(tmp_path, "system")
    keys = ring(stated, told=told)
    before = keys.current()
    put(shared_pki().key_file("unit"), stated.files[1])
    assert [keys.current() for _ in range(3)] == [before] * 3
    assert told.events == [Event.KEY, Event.KEY_NOT_TAKEN]
    assert "does not belong" in told[1][1]["reason"]
    assert keys.refuses
    stated.files[0].unlink()
    assert keys.current() is before
    put(shared_pki().folder / "unit.chain.pem", stated.files[0])
    assert serial(keys.current()) == serial_of("unit")
    assert not keys.refuses


def test_a_change_that_is_taken_back_is_refused_no_more(tmp_path: Path) -> None:
    stated = pair(tmp_path, "system")
    keys = ring(stated)
    keys.current()
    kept = stated.files[1].rename(tmp_path / "kept")
    put(shared_pki().key_file("unit"), stated.files[1])
    keys.current()
    assert keys.refuses
    kept.replace(stated.files[1])
    keys.current()
    assert not keys.refuses


def test_files_are_looked_at_only_now_and_then(tmp_path: Path) -> None:
    now = 0.0
    stated = pair(tmp_path, "system")
    keys = replace(ring(stated), look_s=10, monotonic=lambda: now)
    before = keys.current()
    put(shared_pki().key_file("unit"), stated.files[1])
    put(shared_pki().folder / "unit.chain.pem", stated.files[0])
    now = 9.9
    assert keys.current() is before
    now = 10.0
    assert serial(keys.current()) == serial_of("unit")


def test_a_key_that_is_not_the_certificates_stops_the_start(tmp_path: Path) -> None:
    stated = pair(tmp_path, "system")
    put(shared_pki().key_file("unit"), stated.files[1])
    with pytest.raises(Misconfigured, match="does not belong to the first certificate"):
        ring(stated).load()
