"""After an incident each answer reaches the window's books in exactly one way, and the report tells of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import select, update
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.gateways.broker import Confirmed, Outgoing, Unconfirmed, Verdict
from adapter.gateways.store import departures, reconciliation, replies
from adapter.gateways.store.tables import dossier, outbox
from adapter.model.errors import Unavailable
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.pairs import PairVerdict
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.cases import Settlement, case_of, settlement
from adapter.services.watch.mode import Sight
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import OFFICER
from tests.harness.people import TESTER, declarant
from tests.harness.registers import gate
from tests.harness.stores import Original

ACCEPTED, CONFIRMED, TRANSFER = "20/21", "30/23", "40/01"


@dataclass
class Broker:
    """Takes everything; with `dies` it does, and its answer never comes; with `doubts` it never confirms."""

    dies: bool = False
    doubts: bool = False
    got: list[Outgoing] = field(default_factory=list)

    def publish(self, batch: Sequence[Outgoing], *, written: Callable[[], None]) -> Sequence[Verdict]:
        written()
        self.got += batch
        if self.dies:
            raise Unavailable("the connection is gone")
        return [Unconfirmed("no confirm") if self.doubts else Confirmed() for _ in batch]

    @property
    def kinds(self) -> list[str]:
        return ["/".join(message.routing_key.split(".")[1:]) for message in self.got]


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, standing_url: str
) -> Iterator[tuple[Components, Path, Original]]:
    folder = tmp_path_factory.mktemp("gate")
    with gate(folder, standing_url) as made:
        made.window = replace(made.window, clock=lambda: CLOCK)
        yield made, folder / "config.yaml", Original(made.database)


@pytest.fixture
def whole(standing: tuple[Components, Path, Original]) -> Components:
    """Incidents begin and end by the fixtures' clock too, so that what is answered then is within them."""
    made, _, original = standing
    original.put_back()
    return made


@pytest.fixture
def config(standing: tuple[Components, Path, Original]) -> Path:
    return standing[1]


def dispatch(whole: Components, broker: Broker) -> None:
    """Until nothing may leave any more."""
    rounds = Dispatch(whole.database, broker, lambda: CLOCK, whole.observe, most_unconfirmed=100)
    while rounds.round(transfers=True, returned=not broker.doubts).sent:
        pass


def declared(whole: Components, number: int, channel: Channel = Channel.WINDOW) -> DossierKey:
    message = declaration(number, signer="nsw" if channel is Channel.WINDOW else "portal")
    whole.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])
    return DossierKey(message.reference, 2026)


def replaced(whole: Components, number: int, key: DossierKey) -> None:
    message = declaration(number, reference=key.number, function="02", sent="2026-03-02 07:14:59")
    whole.intake.receive([Submission(message.raw, Channel.WINDOW, CLOCK, Digest(message.digest))])


def rows(whole: Components, key: DossierKey) -> list[Any]:
    mine = select(outbox).join(dossier, dossier.c.id == outbox.c.dossier_id).where(dossier.c.number == key.number)
    with whole.database.reading() as connection:
        return list(connection.execute(mine.order_by(outbox.c.ordinal)))


def opens(whole: Components, key: DossierKey) -> int:
    """Its declarant opens every answer that he is shown; gives how many."""
    with whole.database.reading() as connection:
        query = select(dossier.c.identities).where(dossier.c.number == key.number)
        (number, *_) = connection.execute(query).scalar_one()
    person, found = declarant(number), whole.own_dossiers.read(declarant(number), key.number, key.year)
    assert found is not None
    return sum(whole.own_dossiers.open(person, key.number, key.year, each.digest) for each in found.answers)


def down(whole: Components) -> None:
    whole.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)


def up(whole: Components) -> None:
    whole.window.end_override(actor=TESTER)


def incident(whole: Components) -> str:
    return str(whole.window.incidents(1)[0].id)


def reported(config: Path, name: str, *more: str, code: int = 0) -> dict[str, Any]:
    arguments = ["reconcile", "report", name, *more, "--by", "test", "--json", "--config", str(config)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_an_answer_that_nobody_opened_leaves_as_it_is(whole: Components) -> None:
    down(whole)
    key = declared(whole, 1)
    up(whole)
    assert whole.settling.settle() == 0
    broker = Broker()
    dispatch(whole, broker)
    assert broker.kinds == [ACCEPTED]
    assert [row.route for row in rows(whole, key)] == ["window"]


def test_an_answer_that_was_opened_first_leaves_in_a_transfer_and_never_as_itself(whole: Components) -> None:
    down(whole)
    key = declared(whole, 1)
    whole.completion.complete(key, OFFICER)
    assert opens(whole, key) == 2
    broker = Broker()
    dispatch(whole, broker)
    assert broker.kinds == [], "between the opening and the transfer neither leaves"
    assert whole.settling.settle() == 2
    assert whole.settling.settle() == 0
    up(whole)
    dispatch(whole, broker)
    assert broker.kinds == [TRANSFER, TRANSFER]
    original, transfer = rows(whole, key)[0], rows(whole, key)[2]
    assert original.route == "portal"
    assert original.sent_at == original.delivered_at
    content = etree.fromstring(bytes(transfer.body))
    assert original.digest in etree.tostring(content).decode()


def test_no_copy_of_an_answer_that_was_opened_first_leaves_either(whole: Components) -> None:
    """The window sends a declaration again of which it has no answer: before the opening, after it, and later."""
    down(whole)
    key = declared(whole, 1)
    declared(whole, 1)
    assert opens(whole, key) == 1
    declared(whole, 1)
    broker = Broker()
    dispatch(whole, broker)
    assert broker.kinds == [], "between the opening and the transfer neither leaves"
    assert whole.settling.settle() == 1
    declared(whole, 1)
    up(whole)
    dispatch(whole, broker)
    assert broker.kinds == [TRANSFER]
    with whole.database.reading() as connection:
        assert departures.unsent(connection) == {}, "nothing waits that never leaves"


def test_a_copy_never_leaves_before_its_original(whole: Components) -> None:
    """An earlier answer of the dossier holds up both: the broker never confirms that one."""
    key = declared(whole, 1)
    replaced(whole, 2, key)
    replaced(whole, 2, key)
    doubting = Broker(doubts=True)
    dispatch(whole, doubting)
    assert doubting.kinds == [ACCEPTED]
    down(whole)
    assert opens(whole, key) == 2
    assert whole.settling.settle() == 1
    up(whole)
    broker = Broker()
    dispatch(whole, broker)
    assert broker.kinds == [ACCEPTED, TRANSFER]


def test_what_was_opened_after_it_had_left_is_not_transferred(whole: Components) -> None:
    key = declared(whole, 1)
    dispatch(whole, Broker())
    down(whole)
    assert opens(whole, key) == 1
    assert whole.settling.settle() == 0
    assert [row.route for row in rows(whole, key)] == ["window"]


@pytest.mark.parametrize("broker", [Broker(dies=True), Broker(doubts=True)], ids=["dies", "doubts"])
@pytest.mark.parametrize("is_opened", [True, False])
def test_what_may_have_been_published_leaves_again_and_is_never_transferred(
    whole: Components, broker: Broker, *, is_opened: bool
) -> None:
    """The acceptance too, which nobody takes back: the dispatcher says of it as well that it has it in its hands."""
    key = declared(whole, 1)
    try:
        dispatch(whole, Broker(dies=broker.dies, doubts=broker.doubts))
    except Unavailable:
        assert broker.dies
    (before,) = rows(whole, key)
    down(whole)
    if is_opened:
        assert opens(whole, key) == 1
    assert whole.settling.settle() == 0
    up(whole)
    again = Broker()
    dispatch(whole, again)
    assert [(each.routing_key.split(".", 1)[1], each.message_id) for each in again.got] == [
        ("20.21", before.message_id)
    ]


def test_what_came_by_the_portal_is_transferred_and_reading_it_changes_nothing(whole: Components) -> None:
    down(whole)
    key = declared(whole, 1, Channel.PORTAL)
    assert opens(whole, key) == 1
    assert whole.settling.settle() == 0
    assert [row.route for row in rows(whole, key)] == ["portal", "transfer"]


def test_a_later_answer_waits_until_the_one_that_was_opened_is_transferred(whole: Components) -> None:
    down(whole)
    key = declared(whole, 1)
    assert opens(whole, key) == 1
    whole.completion.complete(key, OFFICER)
    broker = Broker()
    up(whole)
    dispatch(whole, broker)
    assert broker.kinds == []
    whole.settling.settle()
    dispatch(whole, broker)
    assert sorted(broker.kinds) == sorted([CONFIRMED, TRANSFER])


@pytest.mark.parametrize("channel", [Channel.WINDOW, Channel.PORTAL])
def test_what_leaves_and_what_is_transferred_instead_is_what_the_table_says(
    whole: Components, channel: Channel
) -> None:
    """The store finds by statements what the table decides: the same, whatever is known of an answer."""
    key = declared(whole, 1, channel)
    (row, *_) = rows(whole, key)
    facts = ("sent_at", "delivered_at", "in_hand_at", "returns", "answer")
    for each in product((None, CLOCK), (None, CLOCK), (None, CLOCK), (0, 1), (None, "error")):
        values = {**dict(zip(facts, each, strict=True)), "route": "window"}
        with whole.database.transaction() as connection:
            connection.execute(update(outbox).where(outbox.c.id == row.id).values(values))
            (now,) = connection.execute(select(outbox).where(outbox.c.id == row.id))
            wanted = settlement(case_of(now, declared=channel))
            instead = {found.id for found in reconciliation.opened_first(connection, 9)}
            leaves = {found.id for found in departures.claim(connection, limit=9, transfers=False, returned=True)}
        assert (row.id in instead) is (wanted is Settlement.INSTEAD), each
        assert (row.id in leaves) is (wanted in (Settlement.ORIGINAL, Settlement.AGAIN)), each


def test_the_report_names_each_answer_how_it_goes_and_why_it_is_open(whole: Components, config: Path) -> None:
    down(whole)
    untouched, opened, direct = declared(whole, 1), declared(whole, 2), declared(whole, 3, Channel.PORTAL)
    opens(whole, opened)
    told = {each["dossier"]: each for each in reported(config, incident(whole), code=1)["lines"]}
    assert (told[str(untouched)]["settlement"], told[str(untouched)]["open_for"]) == ("original", "waits")
    assert (told[str(opened)]["settlement"], told[str(opened)]["open_for"]) == ("instead", "to_transfer")
    assert (told[str(direct)]["settlement"], told[str(direct)]["open_for"]) == ("transfer", "waits")

    whole.settling.settle()
    up(whole)
    whole.deadlines.watch()
    dispatch(whole, Broker())
    after = reported(config, incident(whole), code=1)
    told = {each["dossier"]: each for each in after["lines"]}
    assert told[str(untouched)]["open_for"] is None
    assert {told[str(each)]["open_for"] for each in (opened, direct)} == {"unanswered"}
    assert told[str(opened)]["settlement"] == "instead"
    assert after["working_day"]["standing"] == "running"

    receive(whole, "error", "receipt")
    assert [each["open_for"] for each in reported(config, incident(whole), code=1)["lines"]].count("refused") == 1
    receive(whole, "receipt")
    whole.deadlines.watch()
    assert reported(config, incident(whole), code=1)["open_pairs"] == 2, "both doors have brought the same"
    for each in (untouched, opened):
        whole.pairs.settle(direct, each, PairVerdict.DIFFERENT, TESTER, reason="hai chuyến")
    done = reported(config, incident(whole))
    assert (done["open"], done["open_pairs"]) == (0, 0)
    assert done["working_day"]["standing"] == "met"
    assert done["settled"] == {"transfer": 1, "original": 1, "instead": 1, "again": 0, "nothing": 0}


def receive(whole: Components, *answers: str) -> None:
    """What the window says to the transfers that it has not confirmed, in their order."""
    query = select(outbox.c.id).where(outbox.c.route == "transfer", outbox.c.answer.is_distinct_from("receipt"))
    with whole.database.transaction() as connection:
        for row_id, answer in zip(
            connection.execute(query.order_by(outbox.c.id)).scalars().all(), answers, strict=False
        ):
            replies.mark_answered(connection, row_id, answer, CLOCK)


def test_the_report_is_signed_by_the_system_and_holds_no_value_of_a_person(
    whole: Components, config: Path, tmp_path: Path
) -> None:
    down(whole)
    key = declared(whole, 1)
    file = tmp_path / "report.xml"
    reported(config, incident(whole), "--out", str(file), code=1)
    body = file.read_bytes()
    root = etree.fromstring(body)
    assert root.tag == "ReconciliationReport"
    assert root.findtext("Answer/Dossier") == str(key)
    for value in ("NGUYỄN", "PROOF1C", "C1234567"):
        assert value not in body.decode()
    signature = root.find("SystemSignature/{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert signature is not None


def test_a_report_of_no_incident_says_where_incidents_are_told(whole: Components, config: Path) -> None:
    del whole
    done = CliRunner().invoke(app, ["reconcile", "report", "77", "--by", "test", "--config", str(config)])
    assert done.exit_code == 1, done.output
    assert "window incidents" in done.output
