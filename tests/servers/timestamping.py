"""A real RFC 3161 authority: `openssl ts`. It stamps the time of day; fixtures need another."""

from __future__ import annotations

import subprocess
from pathlib import Path

_CONFIGURATION = """
[tsa]
default_tsa = tsa_here
[tsa_here]
serial = {folder}/serial
signer_cert = {certificate}
signer_key = {key}
certs = {certificate}
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.2
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
"""


def stamp_with_openssl(data: bytes, *, certificate: Path, key: Path, folder: Path, digest: str = "sha256") -> bytes:
    """A token (DER) over the data, at the present time, by whoever these PEM files are.

    Raises:
        subprocess.CalledProcessError: openssl refused.
    """
    (folder / "data").write_bytes(data)
    (folder / "serial").write_text("01\n", encoding="ascii")
    configuration = folder / "ts.cnf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, certificate=certificate, key=key), encoding="utf-8")
    query = ["-query", "-data", "data", f"-{digest}", "-cert", "-out", "query"]
    reply = ["-reply", "-config", str(configuration), "-queryfile", "query", "-token_out", "-out", "token"]
    for arguments in (query, reply):
        subprocess.run(["openssl", "ts", *arguments], cwd=folder, capture_output=True, check=True, timeout=120)
    return (folder / "token").read_bytes()
