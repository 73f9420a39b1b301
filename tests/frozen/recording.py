"""The story told once: every statement that it asked, and the rows that it left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from adapter.gateways.store.database import Database
from adapter.services.access.emergency import _COST
from adapter.services.watch.looks import Looks
from tests.frozen.contents import missing
from tests.frozen.post import Post, post
from tests.frozen.story import tell
from tests.harness.pki import shared_pki
from tests.harness.plans import Recorder
from tests.harness.seed.template import Template, template

CLOCK = "deadlines, as the clock looks at them"


@dataclass(frozen=True)
class Told:
    """The installation in which it was told, who heard its statements, and its rows as they were at its end."""

    folder: Path
    made: Post
    recorder: Recorder
    rows: Template
    lacking: list[str]
    """What the store lacks at its end of all that one must hold."""


def tell_and_record(folder: Path, url: str) -> Told:
    """Tell it into an empty store with its tables."""
    recorder = Recorder()
    made = post(folder, database_url=url, pki=shared_pki())
    recorder.listen(made.components.database.engine)
    recorder.asked_by = "the story"
    asking = patch.object(Looks, "look_at_deadlines", _asking(recorder, Looks.look_at_deadlines))
    with asking, patch.dict(_COST, n=2):
        tell(made)
    unheard = Database(url)
    rows = template(unheard)
    with unheard.reading() as connection:
        lacking = missing(made.components, connection)
    unheard.close()
    return Told(folder, made, recorder, rows, lacking)


def _asking(recorder: Recorder, look: Callable[[Looks], None]) -> Callable[[Looks], None]:
    """The clock's look, which is told as its own among what the story asks."""

    def looking(looks: Looks) -> None:
        before, recorder.asked_by = recorder.asked_by, CLOCK
        look(looks)
        recorder.asked_by = before

    return looking
