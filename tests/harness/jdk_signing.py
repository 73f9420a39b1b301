"""Signing as the JDK does: a second engine beside xmlsec1, and what many declarants' own tools are made with."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapter.simulator.pki import SigningParty
from tests.harness.pki import ROOT

PROGRAM = ROOT / "tests" / "harness" / "jdk" / "Sign.java"


def signed_by_jdk(folder: Path, party: SigningParty, jobs: Mapping[str, bytes]) -> dict[str, bytes]:
    """An envelope for each form of signature, signed by one run of the program: starting a JDK costs two seconds."""
    key, certificate = folder / "key.der", folder / "certificate.der"
    key.write_bytes(party.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(party.certificate.public_bytes(Encoding.DER))
    lines = []
    for form, envelope in jobs.items():
        (folder / f"{form}.in.xml").write_bytes(envelope)
        lines.append(f"{form}\t{folder / form}.in.xml\t{folder / form}.xml\n")
    command = ["java", "-Xshare:auto", str(PROGRAM), str(key), str(certificate)]
    run = subprocess.run(command, input="".join(lines), capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    return {form: (folder / f"{form}.xml").read_bytes() for form in jobs}
