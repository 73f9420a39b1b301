"""No statement goes through a table that grows: what the program asks in a whole story, asked of a large store.

Recorded are the intake, receipts, the dispatcher, the clock, officers' acts, every command that reads, every lookup,
every page of operators and administrators and what they do there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from adapter.cli import app, inspection, options, rehearsing
from adapter.gateways.store import departures, lookups, replies
from adapter.gateways.store.database import Database
from adapter.gateways.store.tables import dossier, inbox, outbox
from adapter.model.dossier import ShownState
from adapter.model.identifiers import DossierKey
from adapter.model.turns import WorkTurn
from adapter.services.access.administration import AdminAct
from adapter.services.access.offices import reach
from adapter.services.access.tokens import PREFIX
from adapter.services.customs.audit import Asked
from adapter.services.customs.search import Key, Search, cursor, read
from adapter.services.dossiers.life import DossierReader
from adapter.services.dossiers.lookup import COUNTED, LookupKind, Question
from adapter.services.dossiers.worklist import FLAGS, WorkFilter
from adapter.services.watch.mode import Sight
from tests.frozen.consoles import THE_TEST, administration, ask_consoles
from tests.frozen.post import Post
from tests.frozen.recording import CLOCK, Told
from tests.frozen.test_frozen_dossiers import PROGRAM, READS
from tests.harness.people import TESTER, declarant
from tests.harness.plans import Recorder, faults, nodes
from tests.harness.website import CITIZEN, ENTERPRISE, citizen_message

COMMANDS = READS | {
    "dossier list": ("dossier", "list", "--json"),
    "dossier amendments": ("dossier", "amendments", "--all", "--json"),
    "deadlines": ("deadlines", "--json"),
    "window transfers": ("window", "transfers", "--json"),
}
"""As they are without further options."""
TEST = THE_TEST
LISTS = {
    "dossiers in one state": ("dossier", "list", "--state", "received", "--json"),
    "dossiers whose confirmation was sent": ("dossier", "list", "--state", "confirmation_sent", "--json"),
    "deadlines overdue": ("deadlines", "--overdue", "--json"),
    "deadlines soon": ("deadlines", "--due-within", "3", "--json"),
    "deadlines of a gate": ("deadlines", "--gate", "HUUNGHI", "--json"),
    "amendments waiting": ("dossier", "amendments", "--json"),
    "certificates of one": ("certificate", "list", "--number", "001085012345", "--json"),
    "authorisations of one": ("authorisation", "list", "--number", "001085012345", "--json"),
    "account of one": ("account", "list", "--number", "001085012345", "--json"),
}
"""Commands as they are asked every day, besides those that ask for everything."""


EXEMPT = {
    "journal verify": "the proof of the whole journal reads all of it; with a range of seals it reads that range",
    "certificate list": "prints every certificate",
    "certificate report": "prints every certificate that is not valid on a day; the clock asks for those that end soon",
    "authorisation list": "prints every letter of authorisation",
    "account list": "prints every suspension, those that were lifted too",
    "rehearse": "judges stored messages again, and counts under which versions dossiers stand",
    "deadlines": "its figures count what began in the days that were asked for, by the index of their times",
    "deadlines of a gate": "its figures, as above",
    "deadlines overdue": "its figures, as above",
    "deadlines soon": "its figures, as above",
    CLOCK: "the same figures of thirty days, for operators' pages: in the background, never in a request",
}
"""Who may ask for all, and why."""
FIGURES = "sum(CASE WHEN"
"""What figures say and lists do not: of `deadlines` nothing else is exempt."""
OF_WHAT_WAITS = {
    "route = 'transfer' AND coalesce(answer, '') <> 'receipt'": "counts transfers that wait for a receipt now",
    "WHERE deadline.ended_at IS NULL GROUP BY deadline.party": "counts deadlines that run now",
    "outbox.sent_at IS NULL AND outbox.taken_back_at IS NULL GROUP BY outbox.route": "counts replies that wait now",
    "GROUP BY inbox.waits_for": "counts messages that wait now",
    "SELECT dossier.identities \nFROM dossier \nWHERE dossier.state IN": "whom a disturbance concerns: what is open",
}
"""Of what waits or is open now, by an index that has nothing else: operators' first page, the clock every ten seconds,
a notice. It does not grow with what is kept; a seeded store has a hundredth of all dossiers open."""
OF_A_FIRM = "search by party"
"""Of a seeded million one firm declares a twentieth: its keys are read, or the dossiers of the days that are asked for,
whichever the planner takes for fewer. Never a whole table, nor a whole index."""
OF_THE_STORY = ("ORDER BY outbox.created_at, outbox.id",)
"""Replies are what the story looks at."""


def record(story: Told) -> Recorder:
    """Ask every command and lookup about the story that was told."""
    made, recorder = story.made, story.recorder
    _commands(made, story.folder / "config.yaml", recorder)
    _lookups(made, recorder)
    _declares(made, recorder)
    answered = anyio.run(ask_consoles(made, recorder))
    assert {path: told for path, told in answered.items() if max(told) >= 400} == {}
    return recorder


def _commands(made: Post, config: Path, recorder: Recorder) -> None:
    runner = CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "build", lambda _: made.components)
        patch.setattr("typer.testing._get_command", lambda _: PROGRAM)
        for each in (inspection, rehearsing):
            patch.setattr(each, "check", lambda *_: [])  # asks no database, and compiles every schema
        for name, arguments in {**COMMANDS, **LISTS}.items():
            recorder.asked_by = name
            done = runner.invoke(app, [*arguments, "--config", str(config)])
            assert done.exit_code in (0, 1), (name, done.output, done.exception)


def _lookups(made: Post, recorder: Recorder) -> None:
    components = made.components
    recorder.asked_by = TEST
    with components.database.reading() as connection:
        rows = connection.execute(dossier.select()).all()
        messages = connection.execute(inbox.select().where(inbox.c.bound_to.is_not(None))).all()
        reply = connection.execute(outbox.select().where(outbox.c.answer.is_(None))).first()
    recorder.asked_by = "a receipt without correlation id"
    with components.database.reading() as connection:
        replies.answered(
            connection,
            message_id=None,
            document_type=reply.document_type,
            reply_type=reply.type,
            reference=reply.reference,
        )
    row = next(each for each in rows if each.versions > 1 and each.confirmation_number)
    for kind in LookupKind:
        recorder.asked_by = f"lookup by {kind}"
        for office in ("*", "HUUNGHI", "CHQ"):
            for value, after in ((row.number, None), (ENTERPRISE, None), (ENTERPRISE, "1")):
                page = None if kind is LookupKind.NUMBER else after
                components.lookup.find(Question(kind, value, row.year, page), TESTER)
                with components.database.reading() as connection:
                    places = reach(connection, office)
                    lookups.count_by_key(connection, kind=kind, value=value, places=places, most=COUNTED)
    _searches(made, recorder, row)
    recorder.asked_by = "dossier show"
    life = DossierReader(
        components.database, lambda: components.catalogue, components.installation.units, components.legal_clock
    ).life
    life(DossierKey(row.number, row.year), personal=False, actor=TESTER)
    _officers_pages(made, recorder, DossierKey(row.number, row.year))
    recorder.asked_by = "a declarant reads"
    for each in messages:
        components.declarations.read(each.public_id, declarant(each.bound_to))


def _officers_pages(made: Post, recorder: Recorder, key: DossierKey) -> None:
    """Every turn of the work list with every filter, its second page, its news, and one dossier."""
    components, at = made.components, made.components.legal_clock()
    states = ({"state": state} for state in (ShownState.ACCEPTED, ShownState.CONFIRMATION_SENT))
    filters = [{}, {"gate": "HUUNGHI"}, *states, {"mine": True}, *({"flag": flag} for flag in FLAGS)]
    for turn in WorkTurn:
        recorder.asked_by = f"work list: {turn}"
        for stated in filters:
            asked = WorkFilter(turn, **stated)  # type: ignore[arg-type]
            for after in (None, f"{round(at.timestamp() * 1_000_000)}-1", "-1"):
                components.work_lists.page(TESTER, asked, after)
            components.work_lists.news(TESTER, asked, at)
    recorder.asked_by = "a dossier's page"
    components.case_files.open(key, TESTER)


def _searches(made: Post, recorder: Recorder, row: Any) -> None:
    """Customs, by every key; twice, for the page behind; and the auditor after them."""
    components = made.components
    officer = components.people.acting("bay")
    days = {"first_day": row.received_at.date() - timedelta(days=10), "last_day": row.received_at.date()}
    asked = {Key.NUMBER: row.number, Key.PARTY: ENTERPRISE, Key.NAME: "An Nguyen Van", Key.PERIOD: ""}
    for key in Key:
        if key is Key.MRZ:  # by a paper's number, as PAPER
            continue
        recorder.asked_by = f"search by {key}"
        search = Search(key, asked.get(key, "C1234567"), row.year, **days)
        components.searches.search(search, officer)
        narrow = replace(search, procedure=row.procedure, gate=row.gate, unit=row.unit, state=row.state)
        made_of = read(narrow, components.catalogue.codelists["nationalities"])
        if key is not Key.NUMBER:
            times = (row.received_at.isoformat(),) if key is Key.PERIOD else ()
            narrow = replace(narrow, cursor=cursor(made_of, *times, str(row.id)))
        components.searches.search(narrow, officer)
    recorder.asked_by = "who looked what up"
    span = (made.now - timedelta(days=1), made.now + timedelta(days=1))
    for which in ({}, {"officer": "bay"}, {"paper": "C1234567"}, {"dossier": DossierKey(row.number, row.year)}):
        components.lookup_audit.looked(Asked(*span, **which), TESTER)


def _declares(made: Post, recorder: Recorder) -> None:
    """A citizen declares at the portal, and sends the same again."""
    components = made.components
    recorder.asked_by = TEST
    components.window.override(Sight.DOWN, reason="a test", actor=TESTER)
    recorder.asked_by = "the portal"
    assert components.tokens.authenticate(PREFIX + 43 * "a") is None
    caller = declarant(CITIZEN)
    first, again = (components.door.submit(citizen_message(), caller) for _ in range(2))
    assert first.outcome == "accepted"
    assert first == again


@pytest.fixture(scope="module")
def recorded(story: Told) -> Recorder:
    return record(story)


def test_no_statement_goes_through_a_table_that_grows(recorded: Recorder, seeded: Database) -> None:
    assert len(recorded.statements) > 150
    found = faults(seeded, recorded.statements)
    told = {statement: what for statement, what in found.items() if not _is_exempt(statement, recorded, what)}
    assert not told, "\n".join(f"{recorded.statements[each][1]}: {what}: {each}" for each, what in told.items())


def _is_exempt(statement: str, recorded: Recorder, what: list[str]) -> bool:
    _, by = recorded.statements[statement]
    of_the_story = by == "the story" and statement.endswith(OF_THE_STORY)
    many_at_most = not any("all of" in each for each in what)
    of_what_waits = many_at_most and any(each in statement for each in OF_WHAT_WAITS)
    of_a_firm = many_at_most and by == OF_A_FIRM
    only_figures = not by.startswith("deadlines") or FIGURES in statement
    return by == TEST or of_the_story or of_what_waits or of_a_firm or (by in EXEMPT and only_figures)


def test_every_act_of_administrators_is_among_them() -> None:
    assert {act for act, _, _ in administration()} == set(AdminAct)


def test_whether_there_is_one_is_asked_by_its_first_row(seeded: Database) -> None:
    """By an index in whose order they come; what must look at every row for it is told all the same."""
    whether = "SELECT id FROM incident WHERE EXISTS (SELECT FROM dossier WHERE dossier.{} <= incident.started_at)"
    asked = [whether.format(column) for column in ("received_at", "completed_at")]
    assert faults(seeded, dict.fromkeys(asked, (None, "test"))) == {asked[1]: ["reads all of dossier"]}


def test_a_statement_that_reads_a_whole_table_is_told(seeded: Database) -> None:
    asked = {"SELECT * FROM inbox WHERE note = 'a'": (None, "test"), "SELECT * FROM inbox WHERE id = 1": (None, "test")}
    assert faults(seeded, asked) == {"SELECT * FROM inbox WHERE note = 'a'": ["reads all of inbox"]}


def test_what_waits_is_not_looked_for_among_what_was_taken_back(seeded: Database) -> None:
    """Taken back replies are kept for ever, and each round of the dispatcher and each page asks for what waits."""
    asked = Recorder()
    asked.listen(seeded.engine)
    with seeded.reading() as connection:
        assert connection.execute(select(outbox.c.id).where(outbox.c.taken_back_at.is_not(None)).limit(1)).first()
        departures.unsent(connection)
        statement, (parameters, _) = asked.statements.popitem()
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters).scalar_one()
    assert [each for each in nodes(plan[0]["Plan"]) if each.get("Rows Removed by Filter")] == []


@pytest.mark.parametrize("kind", ["SELECT id FROM dossier WHERE late ORDER BY received_at LIMIT 5"])
def test_a_walk_along_a_whole_index_is_told(seeded: Database, kind: str) -> None:
    assert faults(seeded, {kind: (None, "test")}) == {kind: ["walks all of ix_dossier_received"]}
