"""What the JDK's own XML-DSig writes for a declarant is taken: RSA-PSS in each spelling, enveloped, a signed time."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from adapter.pipeline.signature.coverage import Coverage
from adapter.pipeline.signature.engine import holds
from adapter.pipeline.signature.references import Place
from adapter.pipeline.signature.shape import shapes
from tests.harness.fixtures import load_cases
from tests.harness.pki import ROOT, shared_pki

PROGRAM = ROOT / "tests" / "harness" / "jdk" / "Sign.java"
METHODS = {
    "rsa-pss": "sha256-rsa-MGF1",
    "rsa-pss-256": "sha256-rsa-MGF1",
    "rsa-pss-384": "sha384-rsa-MGF1",
    "rsa-pss-512": "sha512-rsa-MGF1",
    "short-name": "sha256-rsa-MGF1",
    "enveloped": "rsa-sha256",
    "enveloped-exclusive": "rsa-sha256",
    "signing-time": "rsa-sha256",
    "plain": "rsa-sha256",
}
"""Each form that the program writes, with the method that the gate must read in it."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """One envelope signed in each form, by one run of the program: starting a JDK costs two seconds."""
    folder, party = tmp_path_factory.mktemp("jdk"), shared_pki().party("enterprise")
    key, certificate, envelope = (folder / name for name in ("key.der", "certificate.der", "envelope.xml"))
    key.write_bytes(party.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(party.certificate.public_bytes(Encoding.DER))
    genuine = next(case for case in load_cases() if case.id == "BQP0100001/accepted-single-foreigner")
    envelope.write_bytes(genuine.message)
    signed = {form: folder / f"{form}.xml" for form in METHODS}
    jobs = "".join(f"{form}\t{envelope}\t{file}\n" for form, file in signed.items())
    command = ["java", "-Xshare:auto", str(PROGRAM), str(key), str(certificate)]
    run = subprocess.run(command, input=jobs, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    return signed


@pytest.mark.parametrize("form", METHODS)
def test_what_the_jdk_signs_holds_over_content_and_over_nothing_else(written: Mapping[str, Path], form: str) -> None:
    tree = etree.fromstring(written[form].read_bytes())
    found, findings = shapes(tree)
    assert findings == []
    shape, certificate = found[Place.DECLARANT], shared_pki().party("enterprise").certificate
    assert shape.method.endswith(f"#{METHODS[form]}")
    coverage = Coverage(tree)
    covered = {reference.uri: coverage.of(reference, Place.DECLARANT) for reference in shape.references}
    assert holds(shape, certificate, covered=covered)
    for uri, must in covered.items():
        assert not holds(shape, certificate, covered=covered | {uri: must + b" "})
    assert (shape.claimed is not None) == (form == "signing-time")
