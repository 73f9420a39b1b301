"""What `make fuzz` runs for a bounded time, and where it keeps what it makes and finds."""

from tests.harness.pki import ROOT

FOLDER = ROOT / "var" / "fuzz"
SEEDS, CORPUS, FOUND, WORDS = FOLDER / "seeds", FOLDER / "corpus", FOLDER / "found", FOLDER / "words.dict"
LONGEST = 65_536
"""Bytes of an input: attacks on the limits themselves are fixtures."""
