"""The test PKI that one working copy shares: made once under `var/`, never committed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from adapter.simulator.pki import IssuedTlsFiles, Pki, make_pki, make_tls

ROOT = Path(__file__).resolve().parents[2]
SHARED_FOLDER = ROOT / "var" / "test-pki"


@cache
def shared_pki() -> Pki:
    """All parties; keys take seconds to make, so every run uses the same ones."""
    return make_pki(SHARED_FOLDER)


@cache
def shared_tls() -> IssuedTlsFiles:
    """TLS files for a private broker and its client."""
    return make_tls(SHARED_FOLDER / "tls")
