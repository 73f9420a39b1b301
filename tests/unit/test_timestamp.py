"""Time stamps: tokens of a real `openssl ts` and of the test window's authority hold; nothing else proves a time."""

from __future__ import annotations

import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms

from adapter.gateways.keystore import load_folder
from adapter.pipeline.timestamp import Authorities, Unproven, stamped_at
from adapter.simulator.pki import Pki
from adapter.simulator.timestamping import stamp
from tests.harness.pki import shared_pki
from tests.servers.timestamping import stamp_with_openssl

AT = datetime(2026, 3, 2, tzinfo=UTC)
OVER = b"<ds:SignatureValue>...</ds:SignatureValue>"


@pytest.fixture(scope="module")
def pki() -> Pki:
    return shared_pki()


@pytest.fixture(scope="module")
def authorities(pki: Pki) -> Authorities:
    return Authorities(load_folder(pki.anchors("timestamping"), must_hold=True))


@pytest.fixture(scope="module")
def token(pki: Pki) -> bytes:
    return stamp(OVER, authority=pki.party("timestamper"), at=AT)


def test_a_stamp_proves_its_time_and_its_accuracy(token: bytes, authorities: Authorities) -> None:
    assert stamped_at(token, OVER, authorities) == AT + timedelta(seconds=1)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_stamp_of_openssl_holds_too(pki: Pki, authorities: Authorities, tmp_path: Path, digest: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    token = stamp_with_openssl(OVER, pki=pki, folder=tmp_path, digest=digest)
    assert before <= stamped_at(token, OVER, authorities) <= datetime.now(UTC) + timedelta(seconds=2)


def test_openssl_accepts_the_test_windows_stamp(pki: Pki, token: bytes, tmp_path: Path) -> None:
    """So that what fixtures prove does not rest on one implementation's habits."""
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "data").write_bytes(OVER)
    anchor = next(pki.anchors("timestamping").glob("*.pem"))
    command = ["openssl", "ts", "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", str(anchor)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=30)
    assert run.returncode == 0, run.stderr


def _why(token: bytes, authorities: Authorities, over: bytes = OVER) -> str:
    with pytest.raises(Unproven) as refused:
        stamped_at(token, over, authorities)
    return refused.value.en


def test_without_a_configured_authority_nothing_is_proven(token: bytes) -> None:
    assert _why(token, Authorities()) == "no time-stamping authority is trusted here"


def test_a_stamp_of_something_else_proves_nothing(token: bytes, authorities: Authorities) -> None:
    assert _why(token, authorities, OVER + b" ") == "it is not of this signature"


@pytest.mark.parametrize(
    ("party", "why"),
    [
        ("stranger-timestamper", "it is not of a trusted authority"),
        ("enterprise", "its certificate is not for time stamps"),
    ],
)
def test_not_everybody_stamps(pki: Pki, authorities: Authorities, party: str, why: str) -> None:
    assert _why(stamp(OVER, authority=pki.party(party), at=AT), authorities) == why


@pytest.mark.parametrize("at", [datetime(2019, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)])
def test_a_stamp_outside_its_authoritys_validity_proves_nothing(
    pki: Pki, authorities: Authorities, at: datetime
) -> None:
    assert _why(stamp(OVER, authority=pki.party("timestamper"), at=at), authorities)


def test_another_certificate_beside_the_token_does_not_pass_for_the_signers(
    pki: Pki, token: bytes, authorities: Authorities
) -> None:
    """The signer names his certificate in what he signed (RFC 5816)."""
    content = cms.ContentInfo.load(token)
    other = cms.ContentInfo.load(stamp(OVER, authority=pki.party("stranger-timestamper"), at=AT))
    content["content"]["certificates"] = other["content"]["certificates"]
    assert _why(content.dump(force=True), authorities) == "its authority's certificate is missing"


def test_no_damaged_token_proves_another_time_and_none_escapes(token: bytes, authorities: Authorities) -> None:
    """Bytes of the CMS wrapping that nobody signs may change; the time never does, and only one exception comes out."""
    chance = random.Random(3161)
    proven = set()
    for _ in range(600):
        damaged = bytearray(token)
        for _ in range(chance.choice((1, 1, 2, 5))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            proven.add(stamped_at(bytes(damaged[: chance.choice((len(token), len(token), 700))]), OVER, authorities))
        except Unproven:
            continue
    assert proven <= {AT + timedelta(seconds=1)}
