"""A key that cannot do its work is not taken: at the start, in a live roll-over, and it is named as what it is."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from adapter.bootstrap import Components
from adapter.cli.inspection import _keys
from adapter.gateways.keys.keyring import Keyring, OnDisk, Pair
from adapter.model.errors import Misconfigured
from adapter.model.events import Event
from adapter.settings import load_settings
from tests.harness import configuration
from tests.harness.pki import shared_pki
from tests.unit.test_keyring import NOON, Told, pair, put

KINDS: dict[str, tuple[Callable[[], Any], str]] = {
    "ed25519": (ed25519.Ed25519PrivateKey.generate, "Ed25519"),
    "dsa": (lambda: dsa.generate_private_key(2048), "DSA"),
    "p-192": (lambda: ec.generate_private_key(ec.SECP192R1()), r"EC of 192 bits \(secp192r1\)"),
    "p-224": (lambda: ec.generate_private_key(ec.SECP224R1()), r"EC of 224 bits \(secp224r1\)"),
    "rsa-1024": (lambda: rsa.generate_private_key(65537, 1024), "RSA of 1024 bits"),
}


def certificate(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256())
    )


def written(folder: Path, key: Any, *, secret: bytes | None = None) -> Pair:
    lock = BestAvailableEncryption(secret) if secret else NoEncryption()
    made = Pair(OnDisk(folder / "made.key"), folder / "made.pem")
    made.files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    made.files[0].write_bytes(certificate(key).public_bytes(Encoding.PEM))
    return made


def ring(*pairs: Pair, told: Told | None = None) -> Keyring:
    return Keyring("system", pairs, lambda: NOON, told if told is not None else Told(), look_s=0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_signs_no_message_is_named_at_the_start(kind: str, tmp_path: Path) -> None:
    make, says = KINDS[kind]
    with pytest.raises(Misconfigured, match=rf"keys\.system: .*the certificate holds {says}; messages are signed with"):
        ring(written(tmp_path, make())).load()


@pytest.mark.parametrize("kind", KINDS)
def test_a_roll_over_to_it_is_not_taken_and_told(kind: str, tmp_path: Path) -> None:
    told = Told()
    stated = pair(tmp_path, "system")
    keys = ring(stated, told=told)
    before = keys.current()
    new = written(tmp_path, KINDS[kind][0]())
    put(new.files[1], stated.files[1])
    put(new.files[0], stated.files[0])
    assert [keys.current() for _ in range(2)] == [before] * 2
    assert told.events == [Event.KEY, Event.KEY_NOT_TAKEN]


def test_an_encrypted_key_is_named_as_that(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"made\.key is encrypted; store it without a pass phrase"):
        ring(written(tmp_path, ec.generate_private_key(ec.SECP256R1()), secret=b"word")).load()


def test_a_certificate_that_is_not_for_signatures_is_named_as_that(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not for signatures"):
        ring(pair(tmp_path, "wrong-usage")).load()


def components(tmp_path: Path, **keys: str) -> Components:
    """The shipped configuration on the test PKI; `keys` are parties by the names of our keys."""
    pki = shared_pki()
    pairs = {
        f"keys.{name}": {"key": str(pki.key_file(party)), "certificates": str(pki.folder / f"{party}.chain.pem")}
        for name, party in keys.items()
    }
    return Components(load_settings(configuration.write(tmp_path, pairs)))


def test_the_portals_key_that_no_partner_pins_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"keys\.portal: .*trust\.partners\.portal\.certificates does not hold it"):
        components(tmp_path, portal="unit").load_keys()


def test_a_pair_of_the_wrong_trust_world_is_not_taken(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"keys\.system: .*belongs to the public store"):
        components(tmp_path, system="enterprise").load_keys()


def test_a_units_pair_of_the_wrong_trust_world_is_not_taken_and_keeps_nobody_from_starting(tmp_path: Path) -> None:
    made = components(tmp_path, unit="enterprise")
    made.load_keys()
    (told,) = made.units_unready().values()
    assert told.startswith("keys.unit: ")
    assert "belongs to the public store" in told


def test_the_shipped_pairs_are_taken(tmp_path: Path) -> None:
    made = components(tmp_path)
    made.load_keys()
    made.keys_ready()
    assert made.units_unready() == {}


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_key_that_others_may_exchange_is_a_fault_of_check(mode: int, tmp_path: Path) -> None:
    own = components(tmp_path)
    copied = tmp_path / "system.key.pem"
    copied.write_bytes(shared_pki().key_file("system").read_bytes())
    copied.chmod(mode)
    stated = own.settings.keys
    pairs = tuple(each.model_copy(update={"key": copied}) for each in stated.system)
    own.settings = own.settings.model_copy(update={"keys": stated.model_copy(update={"system": pairs})})
    said = [remark for remark in _keys(own) if remark.counts and str(copied) in remark.text]
    assert len(said) == 1
    assert "may write" in said[0].text
    assert stat.S_IMODE(copied.stat().st_mode) == mode
