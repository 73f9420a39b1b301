"""A message whose signer's revocation cannot be told: receipted, kept, judged again, and never settled in silence."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components, assemble
from adapter.gateways.store.tables import declaration, dossier, inbox, outbox
from adapter.model.events import unobserved
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Word
from adapter.model.stages import Submission
from adapter.services.messages.intake import Intake
from adapter.services.messages.item import Settled
from adapter.services.messages.waiting import Waiting
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.stores import ensure_tables

CASES = {case.id: case for case in load_cases()}
GENUINE = CASES["BQP0100002/accepted-citizen-signed"]
STAMPED = CASES["BQP0100001/accepted-signed-as-xades-t"]
REVOKED = CASES["BQP0100001/rejected-revoked-certificate"]


@dataclass
class Post:
    """A border post with a clock that the test sets and a folder of CRLs that begins empty."""

    components: Components
    lists: Path
    world: str = "public"
    at: datetime = CLOCK

    def receive(self, case: Case) -> Settled:
        body = signed(case, shared_pki())
        submission = Submission(body, case.channel, CLOCK, Digest(hashlib.sha256(body).hexdigest()))
        return self._intake().receive([submission])[0]

    def wake(self, after: timedelta) -> int:
        """The timers' round, that long after reception; gives how many were judged."""
        self.at = CLOCK + after
        return Waiting(self.components.database, self._intake(), lambda: self.at, unobserved).wake()

    def lists_come(self) -> None:
        """Somebody brings the CRLs."""
        for file in shared_pki().crls(self.world).glob("*.crl"):
            shutil.copy(file, self.lists)

    def replies(self) -> list[str]:
        """The pairs of all replies, in order."""
        with self.components.database.transaction() as connection:
            return [
                f"{row.type}/{row.function}" for row in connection.execute(select(outbox).order_by(outbox.c.ordinal))
            ]

    def codes(self) -> list[str]:
        with self.components.database.transaction() as connection:
            return [finding["code"] for row in connection.execute(select(inbox)) for finding in row.findings]

    def signer(self) -> dict[str, Any]:
        """What is kept of who signed the only version."""
        with self.components.database.transaction() as connection:
            kept: dict[str, Any] = connection.execute(select(declaration.c.signer)).scalar_one()
        return kept

    def states(self) -> list[str]:
        with self.components.database.transaction() as connection:
            return [row.state for row in connection.execute(select(dossier))]

    def _intake(self) -> Intake:
        return replace(self.components.intake, clock=lambda: self.at)


Furnished = Callable[..., Post]


@pytest.fixture
def furnished(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Furnished]:
    monkeypatch.setattr("adapter.gateways.revocation.evidence._LOOK_AGAIN_S", 0.0)
    made: list[Components] = []

    def post(unknown: str, *, world: str = "public") -> Post:
        lists = tmp_path / "lists"
        lists.mkdir()
        asked = "trust.timestamping" if world == "timestamping" else f"trust.stores.{world}"
        changes = {
            f"{asked}.revocation.unknown": unknown,
            f"{asked}.revocation.crls": str(lists),
            "waiting.evidence_s": 3600.0,
            "waiting.evidence_retry_s": 60.0,
        }
        premises = furnish(tmp_path, changes, database_url=database_url)
        opened = assemble(premises.config)
        ensure_tables(opened.database)
        made.append(opened)
        return Post(opened, lists, world)

    yield post
    for each in made:
        each.database.close()


def test_it_is_receipted_once_and_accepted_when_the_list_comes(furnished: Furnished) -> None:
    post = furnished("wait")
    settled = post.receive(GENUINE)
    assert (settled.state, settled.outcome) == ("waiting", Word.ACCEPTED)
    assert (post.replies(), post.states()) == (["10/99"], [])
    assert post.wake(timedelta(seconds=59)) == 0
    assert post.wake(timedelta(seconds=61)) == 1
    assert (post.replies(), post.states()) == (["10/99"], []), "still nobody can tell"
    post.lists_come()
    assert post.wake(timedelta(seconds=180)) == 1
    assert (post.replies(), post.states()) == (["10/99", "20/21"], ["accepted"])
    assert post.codes() == []
    assert post.wake(timedelta(hours=2)) == 0


def test_what_turns_out_to_be_revoked_is_rejected_for_that(furnished: Furnished) -> None:
    post = furnished("wait")
    assert post.receive(REVOKED).state == "waiting"
    post.lists_come()
    post.wake(timedelta(seconds=61))
    assert (post.replies(), post.states(), post.codes()) == (["10/99", "10/00"], [], ["BQP442"])


def test_the_wait_is_bounded_and_ends_in_a_refusal_that_says_why(furnished: Furnished) -> None:
    post = furnished("wait")
    post.receive(GENUINE)
    looks = 0
    for minute in range(1, 60):
        looks += post.wake(timedelta(minutes=minute, seconds=1))
    assert post.replies() == ["10/99"]
    assert 10 <= looks <= 40, "looked at again and again, ever more seldom"
    assert post.wake(timedelta(hours=1, seconds=1)) == 1
    assert (post.replies(), post.states(), post.codes()) == (["10/99", "10/00"], [], ["BQP444"])


def test_a_copy_that_comes_while_it_waits_is_answered_like_the_first(furnished: Furnished) -> None:
    post = furnished("wait")
    post.receive(GENUINE)
    again = post.receive(GENUINE)
    assert (again.duplicate, again.state) == (True, "waiting")
    with post.components.database.transaction() as connection:
        assert len({row.digest for row in connection.execute(select(outbox))}) == 1


def test_a_store_may_flag_it_instead_and_the_acceptance_says_so(furnished: Furnished) -> None:
    post = furnished("flag")
    assert post.receive(GENUINE).state == "settled"
    assert (post.replies(), post.states(), post.codes()) == (["20/21"], ["accepted"], ["BQP444"])
    with post.components.database.transaction() as connection:
        reply = etree.fromstring(connection.execute(select(outbox.c.body)).scalar_one())
    assert [each.text for each in reply.iter("WarningCode", "ErrorCode")] == ["BQP444"]


def test_a_store_may_refuse_it_at_once(furnished: Furnished) -> None:
    post = furnished("refuse")
    post.receive(GENUINE)
    assert (post.replies(), post.states(), post.codes()) == (["10/00"], [], ["BQP444"])


def test_another_fault_is_told_at_once_and_nothing_is_waited_for(furnished: Furnished) -> None:
    post = furnished("wait")
    post.receive(CASES["BQP0100002/rejected-citizen-signature-broken"])
    assert (post.replies(), set(post.codes())) == (["10/00"], {"BQP408"})


# Who stamped the time -------------------------------------------------------------------------------------------------


def test_a_stamp_whose_authority_cannot_be_told_of_waits_and_its_time_is_kept(furnished: Furnished) -> None:
    post = furnished("wait", world="timestamping")
    assert post.receive(STAMPED).state == "waiting"
    post.lists_come()
    post.wake(timedelta(seconds=61))
    assert (post.replies(), post.states(), post.codes()) == (["10/99", "20/21"], ["accepted"], [])
    when = {name: value for name, value in post.signer().items() if name.endswith("_at")}
    assert when == {"claimed_at": "2026-03-02T07:10:00+07:00", "proven_at": "2026-03-02T07:10:01+07:00"}


def test_a_stamp_whose_authority_never_can_be_told_of_is_rejected_for_that(furnished: Furnished) -> None:
    post = furnished("wait", world="timestamping")
    post.receive(STAMPED)
    post.wake(timedelta(hours=1, seconds=1))
    assert (post.replies(), post.states(), post.codes()) == (["10/99", "10/00"], [], ["BQP444"])


@pytest.mark.parametrize(("unknown", "reply"), [("flag", "20/21"), ("refuse", "10/00")])
def test_its_policy_may_flag_or_refuse_it_instead(furnished: Furnished, unknown: str, reply: str) -> None:
    post = furnished(unknown, world="timestamping")
    post.receive(STAMPED)
    assert (post.replies(), post.codes()) == ([reply], ["BQP444"])
