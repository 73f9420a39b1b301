"""A pair of ours is proved by what it signs: a key that is not the certificate's is told before a message leaves."""

from __future__ import annotations

from adapter.pipeline.signature.probe import does_not_sign
from adapter.pipeline.signature.seal import signing_key
from tests.harness.pki import shared_pki


def test_a_key_and_its_certificate_sign() -> None:
    system = shared_pki().party("system")
    assert does_not_sign(signing_key("system", system.key, system.chain), system.chain[0]) is None


def test_what_another_key_signs_does_not_hold_by_the_certificate() -> None:
    pki = shared_pki()
    system, other = pki.party("system"), pki.party("portal")
    told = does_not_sign(signing_key("system", other.key, system.chain), system.chain[0])
    assert told == "what it signs does not hold by its certificate"
