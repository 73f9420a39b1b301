"""Every fixture played once, in a store of its own: signed, handed in, judged, settled, and its reply verified.

The stores are copies of one SQLite file with its tables and registers; one installation works on them all, one after
another, so that nothing is compiled twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

from adapter.bootstrap import Components, assemble
from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import declaration as declarations
from adapter.gateways.store.tables import declaration_row as rows_of
from adapter.gateways.store.tables import dossier as dossiers
from adapter.gateways.store.tables import inbox, outbox
from adapter.model.outcomes import Outcome
from adapter.model.stages import Stage, Submission
from adapter.services.messages import intake
from adapter.services.messages.judging import judged
from tests.harness.fixtures import Case, ExpectedDossier, submission
from tests.harness.history import Desk, told_again
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.registers import furnish_register
from tests.harness.second_opinion import Question, verify_many
from tests.harness.stores import Original, copy_file

_AT_ONCE = 40
"""Fixtures that are settled before their replies are verified: each start of xmlsec1 costs as much as a judging."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the store keeps of a message once it has settled: where it stopped, what was found, what was answered."""

    stage: Stage | None
    word: str
    findings: tuple[dict[str, Any], ...]
    replies: tuple[bytes, ...]
    dossier: ExpectedDossier | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """A fixture with what became of it."""

    case: Case
    sent: bytes
    """The message as it travelled."""
    outcome: Outcome
    """Of judging, as the intake had it; what only the store could bring about stands in `told`."""
    told: Told
    verified: tuple[bool, ...] = ()
    """Of each reply, whether xmlsec1 takes the system's signature."""


class Settling:
    """The fixtures `order`, played when they are asked for."""

    def __init__(
        self, folder: Path, cases: Sequence[Case], order: Sequence[Case], changes: Mapping[str, Any] | None = None
    ) -> None:
        """`cases` are all that a history may name, and whose registers are furnished; `changes` those of a key."""
        self._by_id = {case.id: case for case in cases}
        self._order = list(order)
        self._done: dict[str, Judged | Exception] = {}
        premises = furnish(folder / "components", changes)
        self.whole = assemble(premises.config)
        furnish_register(premises, cases)
        self._file = folder / "one.db"
        copy_file(premises.folder / "adapter.db", self._file)

    def close(self) -> None:
        self.whole.database.close()
        self._own.database.close()

    def of(self, case: Case) -> Judged:
        """What became of a fixture.

        Raises:
            Exception: whatever went wrong while it was played.
        """
        if case.id not in self._done:
            waiting = [each for each in self._order if each.id not in self._done and each.id != case.id]
            self._play([case, *waiting[: _AT_ONCE - 1]])
        found = self._done[case.id]
        if isinstance(found, Exception):
            raise found
        return found

    def _play(self, cases: Sequence[Case]) -> None:
        for case in cases:
            try:
                self._done[case.id] = self._settled(case)
            except Exception as error:  # noqa: BLE001  told when this fixture is asked for, not its neighbour
                self._done[case.id] = error
        played = [found for case in cases if isinstance(found := self._done[case.id], Judged)]
        questions = [Question(reply, "system", self._certificate) for each in played for reply in each.told.replies]
        answers = iter(verify_many(questions))
        for each in played:
            verified = tuple(next(answers) for _ in each.told.replies)
            self._done[each.case.id] = replace(each, verified=verified)

    @cached_property
    def _certificate(self) -> Path:
        return shared_pki().certificate_file("system")

    @cached_property
    def _own(self) -> Components:
        own = Components(self.whole.settings)
        shared = {"ground": self.whole.ground, "catalogue": self.whole.catalogue}
        own.__dict__ |= shared | {"database": Database(f"sqlite:///{self._file}")}
        return own

    @cached_property
    def _original(self) -> Original:
        return Original(self._own.database)

    def _settled(self, case: Case) -> Judged:
        """Play the case's history in a fresh store, then its message."""
        own, desk = self._own, Desk(self._own)
        self._original.put_back()
        for number, step in enumerate(case.before):
            if step.act is not None:
                desk.act(case, step.act)
            else:
                own.intake.receive([submission(told_again(case, number, self._by_id), shared_pki())])
        sent = submission(desk.filled(case), shared_pki())
        heard: list[Outcome] = []

        def listening(*arguments: Any) -> Outcome:
            heard.append(judged(*arguments))
            return heard[-1]

        with mock.patch.object(intake, "judged", listening):
            own.intake.receive([sent])
        (outcome,) = heard
        return Judged(case, sent.raw, outcome, _told(own, sent))


def _told(own: Components, sent: Submission) -> Told:
    with own.database.transaction() as connection:
        row = connection.execute(inbox.select().where(inbox.c.digest == sent.digest)).one()
        mine = (outbox.c.inbox_id == row.id, outbox.c.route != "transfer")
        replies = connection.execute(outbox.select().where(*mine)).all()
        key = (dossiers.c.number == row.reference, dossiers.c.year == row.year)
        dossier = connection.execute(dossiers.select().where(*key)).first()
        values: dict[str, Any] = {}
        if dossier is not None:
            in_force = (declarations.c.dossier_id == dossier.id, declarations.c.version == dossier.version)
            version = connection.execute(declarations.select().where(*in_force)).one()
            values = dict(version.values)
            for each in connection.execute(rows_of.select().where(rows_of.c.declaration_id == version.id)):
                values.setdefault(each.group, []).append(each.values)
    return Told(
        stage=Stage(row.stage) if row.stage else None,
        word=row.outcome,
        findings=tuple(row.findings),
        replies=tuple(reply.body for reply in replies),
        dossier=dossier and ExpectedDossier(state=dossier.state, version=dossier.version, versions=dossier.versions),
        values=values,
    )
