"""The process that atheris drives over open_envelope and verify, by way of judge.

Every input must end in exactly one verdict, and what is accepted must say what a genuine message says: a fuzzer has no
key. Imports come late: atheris instruments what is imported under its eyes.
"""

from __future__ import annotations

import hashlib
import sys
from typing import TYPE_CHECKING

import atheris

from tests.fuzz import FOLDER, SEEDS

with atheris.instrument_imports(include=["adapter.pipeline", "signxml"], enable_loader_override=False):
    from adapter.bootstrap import assemble
    from adapter.model.identifiers import Digest
    from adapter.model.outcomes import Accepted, Noted, Refused, Rejected, verified_of
    from adapter.model.stages import Channel, Submission
    from adapter.pipeline.judge import Ground, judge

from tests.harness.fixtures import CLOCK
from tests.harness.premises import furnish

if TYPE_CHECKING:
    from adapter.model.outcomes import Outcome


class Escaped(Exception):
    """An input that no verdict was recorded for, or that was believed without a genuine signature."""


def judged(data: bytes, ground: Ground) -> Outcome:
    """The outcome of judging these bytes."""
    return judge(Submission(data, Channel.WINDOW, CLOCK, Digest(hashlib.sha256(data).hexdigest())), ground)


def said(outcome: Outcome) -> str | None:
    """The digest of what a taken message says; None for one that was not taken."""
    verified = verified_of(outcome)
    return str(verified.content_digest) if verified and isinstance(outcome, Accepted | Refused | Noted) else None


def main() -> None:
    """Set atheris going; it does not return."""
    ground = assemble(furnish(FOLDER / "components").config).ground
    known = {said(judged(file.read_bytes(), ground)) for file in sorted(SEEDS.iterdir())}

    def one(data: bytes) -> None:
        outcome = judged(data, ground)
        if not isinstance(outcome, Accepted | Refused | Noted | Rejected):
            raise Escaped(f"no verdict but {type(outcome).__name__}")
        if said(outcome) not in known:
            raise Escaped("believed without a genuine signature")

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
