"""Time stamps: tokens of a real `openssl ts` and of the test window's authority hold; nothing else proves a time."""

from __future__ import annotations

import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms

from adapter.gateways.keys.pem_files import load_folder
from adapter.pipeline.signature.timestamp import Unproven, stamp_of
from adapter.pipeline.trust import TIMESTAMPING, Store
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
def authorities(pki: Pki) -> Store:
    return Store(TIMESTAMPING, load_folder(pki.anchors("timestamping"), must_hold=True), ())


@pytest.fixture(scope="module")
def token(pki: Pki) -> bytes:
    return stamp(OVER, authority=pki.party("timestamper"), at=AT)


def test_a_stamp_proves_its_time_and_its_accuracy(token: bytes, authorities: Store) -> None:
    assert stamp_of(token, OVER, authorities).at == AT + timedelta(seconds=1)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_stamp_of_openssl_holds_too(pki: Pki, authorities: Store, tmp_path: Path, digest: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    files = {"certificate": pki.certificate_file("timestamper"), "key": pki.key_file("timestamper")}
    token = stamp_with_openssl(OVER, **files, folder=tmp_path, digest=digest)
    assert before <= stamp_of(token, OVER, authorities).at <= datetime.now(UTC) + timedelta(seconds=2)


def test_openssl_accepts_the_test_windows_stamp(pki: Pki, token: bytes, tmp_path: Path) -> None:
    """So that what fixtures prove does not rest on one implementation's habits."""
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "data").write_bytes(OVER)
    anchor = next(pki.anchors("timestamping").glob("*.pem"))
    command = ["openssl", "ts", "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", str(anchor)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    assert run.returncode == 0, run.stderr


def _why(token: bytes, authorities: Store | None, over: bytes = OVER) -> str:
    with pytest.raises(Unproven) as refused:
        stamp_of(token, over, authorities)
    return refused.value.en


def test_without_a_configured_authority_nothing_is_proven(token: bytes) -> None:
    assert _why(token, None) == "no time-stamping authority is trusted here"


def test_a_stamp_of_something_else_proves_nothing(token: bytes, authorities: Store) -> None:
    assert _why(token, authorities, OVER + b" ") == "it is not of this signature"


@pytest.mark.parametrize(
    ("party", "why"),
    [
        ("stranger-timestamper", "it is not of a trusted authority"),
        ("enterprise", "its certificate is not for time stamps"),
    ],
)
def test_not_everybody_stamps(pki: Pki, authorities: Store, party: str, why: str) -> None:
    assert _why(stamp(OVER, authority=pki.party(party), at=AT), authorities) == why


@pytest.mark.parametrize("at", [datetime(2019, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)])
def test_a_stamp_outside_its_authoritys_validity_proves_nothing(pki: Pki, authorities: Store, at: datetime) -> None:
    why = _why(stamp(OVER, authority=pki.party("timestamper"), at=at), authorities)
    assert why == "its authority's certificate was not valid at that time"


def test_another_certificate_beside_the_token_does_not_pass_for_the_signers(
    pki: Pki, token: bytes, authorities: Store
) -> None:
    """The signer names his certificate in what he signed (RFC 5816)."""
    content = cms.ContentInfo.load(token)
    other = cms.ContentInfo.load(stamp(OVER, authority=pki.party("stranger-timestamper"), at=AT))
    content["content"]["certificates"] = other["content"]["certificates"]
    assert _why(content.dump(force=True), authorities) == "its authority's certificate is missing"


def test_no_damaged_token_proves_another_time_and_none_escapes(token: bytes, authorities: Store) -> None:
    """Bytes of the CMS wrapping that nobody signs may change; the time never does, and only one exception comes out."""
    chance = random.Random(3161)
    proven = set()
    for _ in range(600):
        damaged = bytearray(token)
        for _ in range(chance.choice((1, 1, 2, 5))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            proven.add(stamp_of(bytes(damaged[: chance.choice((len(token), len(token), 700))]), OVER, authorities).at)
        except Unproven:
            continue
    assert proven <= {AT + timedelta(seconds=1)}
