"""What the JDK's own XML-DSig writes for a declarant is taken: RSA-PSS in each spelling, enveloped, a signed time."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from lxml import etree

from adapter.pipeline.signature.coverage import Coverage
from adapter.pipeline.signature.engine import holds
from adapter.pipeline.signature.references import Place
from adapter.pipeline.signature.shape import shapes
from tests.harness.fixtures import load_cases
from tests.harness.jdk_signing import signed_by_jdk
from tests.harness.pki import shared_pki

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
def written(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """One envelope signed in each form."""
    genuine = next(case for case in load_cases() if case.id == "BQP0100001/accepted-single-foreigner")
    folder, party = tmp_path_factory.mktemp("jdk"), shared_pki().party("enterprise")
    return signed_by_jdk(folder, party, dict.fromkeys(METHODS, genuine.message))


@pytest.mark.parametrize("form", METHODS)
def test_what_the_jdk_signs_holds_over_content_and_over_nothing_else(written: Mapping[str, bytes], form: str) -> None:
    tree = etree.fromstring(written[form])
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
