"""Keys in a hardware module, on a real one in software (SoftHSM2): signs, loses its session, comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from adapter.gateways.keys.keyring import InToken, Keyring, KeyUnavailable, Pair
from adapter.gateways.keys.pkcs11 import Token, TokenKey
from adapter.model.errors import Misconfigured
from adapter.pipeline.signature.seal import seal_envelope, written
from tests.conftest import demand
from tests.harness.fixtures import CLOCK
from tests.harness.pki import shared_pki
from tests.harness.second_opinion import verify_with_xmlsec1
from tests.servers.softhsm import PIN, SoftHsm, furnish
from tests.unit.test_keyring import Told

EC, RSA = "system", "nsw"
ENVELOPE = b"<Envelope><Header/><Body><Content><a>1</a></Content></Body></Envelope>"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """A module with an elliptic key and an RSA key in one token."""
    demand("softhsm2")
    with pytest.MonkeyPatch.context() as patch:
        made = furnish(tmp_path_factory.mktemp("softhsm") / "module")
        for name, value in made.environment.items():
            patch.setenv(name, value)
        made.put("border", {name: shared_pki().key_file(name) for name in (EC, RSA)})
        yield made


@pytest.fixture
def token(module: SoftHsm) -> Iterator[Token]:
    opened = module.token("border")
    yield opened
    opened.close()


def key(token: Token, name: str) -> TokenKey:
    return TokenKey(token, name, shared_pki().party(name).certificate)


def keyring(token: Token, name: str) -> Keyring:
    chain = shared_pki().folder / f"{name}.chain.pem"
    return Keyring(name, [Pair(InToken(token, name), chain)], lambda: CLOCK, Told(), look_s=0)


@pytest.mark.parametrize("name", [EC, RSA])
def test_what_a_token_signs_another_engine_verifies(token: Token, name: str) -> None:
    sealed = written(seal_envelope(etree.fromstring(ENVELOPE), system=keyring(token, name).current()))
    assert verify_with_xmlsec1(sealed, place="system", certificate_pem=shared_pki().certificate_file(name))
    assert etree.fromstring(sealed).findtext("Body/Content/a") == "1"


def test_a_lost_session_heals_itself(token: Token) -> None:
    signer = key(token, RSA)
    signer.prove()
    lost = token._session
    lost.close()
    signer.prove()
    assert token._session is not lost


def test_a_module_that_is_away_cannot_sign_and_signs_again_when_it_is_back(module: SoftHsm, token: Token) -> None:
    ring = keyring(token, EC)
    ring.ready()
    module.away()
    try:
        for _ in range(2):
            with pytest.raises(KeyUnavailable, match="token border"):
                ring.ready()
            with pytest.raises(KeyUnavailable):
                seal_envelope(etree.fromstring(ENVELOPE), system=ring.current())
    finally:
        module.back()
    ring.ready()


def test_a_module_that_is_away_at_the_start_is_found_later(module: SoftHsm, token: Token) -> None:
    ring = keyring(token, EC)
    module.away()
    try:
        ring.load()
        with pytest.raises(KeyUnavailable, match="is the module connected"):
            ring.current()
    finally:
        module.back()
    ring.ready()


def test_a_key_that_is_not_the_certificates_is_told_at_the_start(token: Token) -> None:
    wrong = Pair(InToken(token, RSA), shared_pki().folder / "body.chain.pem")
    with pytest.raises(Misconfigured, match="does not belong to its certificate"):
        Keyring("system", [wrong], lambda: CLOCK, Told(), look_s=0).load()


def test_a_key_that_the_token_does_not_hold_is_named(token: Token) -> None:
    nowhere = TokenKey(token, "no-such-key", shared_pki().party(EC).certificate)
    with pytest.raises(
        KeyUnavailable, match=r"token border of .*: no private key of that label; it holds: nsw, system"
    ):
        nowhere.prove()


def test_a_refused_pin_is_not_tried_again_until_its_file_changes(
    module: SoftHsm, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.pin_file.write_text("000000")
    try:
        with pytest.raises(KeyUnavailable, match="refused its PIN"):
            key(token, EC).prove()
        monkeypatch.setattr(Token, "_pin", lambda _: pytest.fail("a token locks after a few wrong PINs"))
        with pytest.raises(KeyUnavailable, match="refused its PIN; correct"):
            key(token, EC).prove()
        monkeypatch.undo()
    finally:
        module.pin_file.write_text(PIN + "\n")
    key(token, EC).prove()


def test_a_module_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text(PIN)
    nothing = Token(tmp_path / "no-module.so", "border", pin)
    with pytest.raises(KeyUnavailable, match=r"no-module\.so"):
        TokenKey(nothing, EC, shared_pki().party(EC).certificate).prove()
