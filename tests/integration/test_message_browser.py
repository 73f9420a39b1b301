"""The message browser: each message is found by what is known of it, nothing of a person is shown, and an answer is
sent again only where it may be."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Hashable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import Column, select
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.entrypoints.web.operator.messages import AnswerShownPage, MessageShownPage, MessagesPage
from adapter.entrypoints.web.operator.quarantine import QuarantinePage
from adapter.entrypoints.web.page import About, Around, Page, Pages
from adapter.entrypoints.web.words import Language
from adapter.gateways.store import browse
from adapter.gateways.store.browse import WantedMessages
from adapter.gateways.store.tables import amendment_request, confirmation, journal, outbox
from adapter.model.actor import Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.procedure import Label
from adapter.model.stages import Channel, Submission
from adapter.pipeline.masked import MaskedXml
from adapter.services.messages.browser import AnswerBeside, MessageView
from adapter.services.replies.dispatch import Dispatch
from adapter.services.watch.mode import Sight
from tests.harness.declarations import Message, declaration, heartbeat
from tests.harness.fixtures import CLOCK, Case, load_cases, signed
from tests.harness.history import ITEMS, OFFICER, REASON, Desk, told_again
from tests.harness.outbound import Confirming
from tests.harness.people import TESTER, person
from tests.harness.personal_values import EXAMPLE, personal
from tests.harness.pki import shared_pki
from tests.harness.registers import gate
from tests.harness.shares import share
from tests.harness.stores import Original

OPERATOR, AUDITOR = person("van-hanh", Role.OPERATOR), person("kiem-tra", Role.AUDITOR)


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, standing_url: str
) -> Iterator[tuple[Components, Original, Path]]:
    """A gate, a copy of its store from before the first message, and its configuration."""
    folder = tmp_path_factory.mktemp("standing")
    with gate(folder, standing_url) as made:
        yield made, Original(made.database), folder / "config.yaml"


@pytest.fixture
def whole(standing: tuple[Components, Original, Path]) -> Components:
    made, original, _ = standing
    original.put_back()
    return made


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Components, Original]]:
    """A gate on SQLite, and a copy of its store from before the first message."""
    folder = tmp_path_factory.mktemp("one")
    with gate(folder) as made:
        yield made, Original(made.database)


@pytest.fixture
def small(one: tuple[Components, Original]) -> Components:
    """The gate with no message yet: one installation works on copies of one file, so that nothing is compiled twice."""
    made, original = one
    original.put_back()
    return made


def take(whole: Components, message: Message, channel: Channel = Channel.WINDOW) -> str:
    (settled,) = whole.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])
    return settled.public_id


def dispatch(whole: Components) -> Confirming:
    broker = Confirming()
    rounds = Dispatch(whole.database, broker, lambda: CLOCK, whole.observe, most_unconfirmed=100)
    while rounds.round(transfers=True).sent:
        pass
    return broker


def found(whole: Components, key: str) -> list[str]:
    return [each.id for each in whole.message_browser.called(key, actor=AUDITOR).messages]


def listed(whole: Components, **wanted: Any) -> list[str]:
    page = whole.message_browser.newest(WantedMessages(**wanted), behind=None, actor=AUDITOR)
    return [each.id for each in page.messages]


def said(whole: Components) -> list[Any]:
    with whole.database.reading() as connection:
        return list(connection.execute(select(outbox).order_by(outbox.c.ordinal, outbox.c.created_at, outbox.c.id)))


def only(components: Components, number: Column[str]) -> str:
    """The number that was given."""
    with components.database.reading() as connection:
        return connection.execute(select(number)).scalar_one()


def test_a_message_is_found_by_each_of_its_names(whole: Components) -> None:
    message = declaration(1)
    ours, other = take(whole, message), take(whole, declaration(2))
    (answer,) = [row for row in said(whole) if row.reference == message.reference]
    for key in (ours, message.message_id, message.digest, message.digest.upper(), message.reference, answer.message_id):
        assert found(whole, key) == [ours], key
    assert found(whole, f"{message.reference}/2026") == [ours]
    assert found(whole, f" {ours} ") == [ours]
    assert found(whole, f"{message.reference}/2025") == []
    assert found(whole, "nothing") == []
    assert other not in found(whole, ours)
    whole.completion.complete(DossierKey(message.reference, 2026), OFFICER)
    whole.amendments.request(DossierKey("PROOF2", 2026), OFFICER, reason=REASON, items=ITEMS)
    assert found(whole, only(whole, confirmation.c.number)) == [ours]
    assert found(whole, only(whole, amendment_request.c.number)) == [other]


def test_messages_are_listed_by_what_became_of_them(whole: Components) -> None:
    good, late = take(whole, declaration(1)), take(whole, declaration(2, gate="NOWHERE"))
    assert set(listed(whole)) == {good, late}
    (code, *_) = whole.message_browser.show(late, actor=AUDITOR).listed.codes
    assert listed(whole, code=code) == [late]
    assert listed(whole, code="BQP_%") == []
    assert listed(whole, outcome="accepted") == [good]
    assert listed(whole, channel="portal") == []
    assert listed(whole, since=CLOCK, until=CLOCK) == []
    assert set(listed(whole, since=CLOCK)) == {good, late}


def test_a_list_goes_on_where_it_ended_and_shows_each_message_once(
    whole: Components, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a stretch holds nothing that fits: it is empty and still goes on."""
    monkeypatch.setattr(browse, "STRETCH", 2)
    monkeypatch.setattr("adapter.services.messages.browser.PAGE", 1)
    every = {take(whole, declaration(number)) for number in range(5)}
    seen, behind, pages = [], None, 0
    while True:
        page = whole.message_browser.newest(WantedMessages(), behind=behind, actor=AUDITOR)
        seen += [each.id for each in page.messages]
        behind, pages = page.behind, pages + 1
        if behind is None:
            break
        assert pages < 20
    assert sorted(seen) == sorted(every)
    nothing = whole.message_browser.newest(WantedMessages(outcome="rejected"), behind=None, actor=AUDITOR)
    assert nothing.messages == ()
    assert nothing.behind is not None


def test_one_message_shows_its_answers_its_tries_and_its_neighbours(whole: Components) -> None:
    first = take(whole, declaration(1))
    second = take(whole, declaration("newer", reference="PROOF1", function="02", sent="2026-03-02 07:14:59"))
    view = whole.message_browser.show(first, actor=AUDITOR)
    assert (view.previous, view.following) == (None, second)
    assert whole.message_browser.show(second, actor=AUDITOR).previous == first
    assert [(each.pair, each.is_copy) for each in view.answers] == [("20/21", False)]
    answer = whole.message_browser.reply(view.answers[0].message_id, actor=AUDITOR)
    assert answer.answers == first
    assert answer.correlation_id == declaration(1).message_id
    assert view.answer == AnswerBeside(view.answers[0], answer.xml), "beside the request"
    assert answer.request == view.xml, "and beside the answer, its request"
    assert "<function>21" in lines(answer.xml).replace(" ", "")
    assert len(answer.xml.lines) > 20, "an element a line"
    (stored,) = [row.body for row in said(whole) if row.message_id == view.answers[0].message_id]
    assert b"<Envelope><Header>" in stored, "and what was signed stays as it is"


def lines(xml: MaskedXml) -> str:
    return "\n".join("".join(token.shown for token in line) for line in xml.lines)


def everything(view: MessageView) -> str:
    facts = [str(getattr(view, each.name)) for each in fields(view) if each.name not in {"xml", "answer"}]
    return "\n".join([lines(view.xml), *([lines(view.answer.xml)] if view.answer else []), *facts])


_NOTHING = Label("", "")
AROUND = Around(About(_NOTHING, _NOTHING, _NOTHING, "", "", "", _NOTHING), Language.VI, "/van-hanh", None, log_in=True)
PAGES = Pages(AROUND.about, lambda _: None, log_in=True, layout="staff.html")


def drawn(page: Page) -> str:
    """What stands on a page, its addresses too."""
    return html.unescape(PAGES.draw(page, AROUND))


CASES = {case.id: case for case in load_cases()}


def sent(whole: Components, case: Case) -> tuple[str, bytes]:
    """A fixture's message after its history; gives our id of it, and its bytes."""
    desk = Desk(whole)
    for given in case.register.authorisations:
        whole.authorisations.grant(given.holder, given.principal, given.document, actor=TESTER)
    for step, before in enumerate(case.before):
        if before.act is not None:
            desk.act(case, before.act)
        else:
            sent(whole, replace(told_again(case, step, CASES), before=()))
    raw = signed(desk.filled(case), shared_pki())
    digest = Digest(hashlib.sha256(raw).hexdigest())
    (settled,) = whole.intake.receive([Submission(raw, case.channel, CLOCK, digest)])
    return settled.public_id, raw


def shown_of(case: Case) -> set[Hashable]:
    """How its procedure's messages end, and each finding."""
    return {(case.procedure, case.expect.outcome), *(each.name for each in case.expect.findings)}


@pytest.mark.parametrize("case", share(list(CASES.values()), 40, shown_of), ids=lambda case: case.id)
def test_no_value_of_a_person_of_any_fixture_is_shown(small: Components, case: Case) -> None:
    """In `make test` of each procedure one of each outcome, each finding once and every fortieth."""
    ours, raw = sent(small, case)
    try:
        values = personal(small.catalogue, raw)
    except etree.XMLSyntaxError:  # nobody knows what is a person's there; such a message is masked from its fault on
        values = set()
    view = small.message_browser.show(ours, actor=AUDITOR)
    found = small.message_browser.newest(WantedMessages(), behind=None, actor=AUDITOR)
    shown = everything(view) + drawn(MessageShownPage(view, may_unmask=True))
    shown += drawn(MessagesPage(found, "", WantedMessages(), "", "", first=True))
    shown += drawn(QuarantinePage(small.parked_messages.listed(actor=AUDITOR), may_replay=True))
    for reply in said(small):
        answer = small.message_browser.reply(reply.message_id, actor=AUDITOR)
        shown += lines(answer.xml)
        if answer.answers == ours:  # beside others stands an earlier message, in which a field of no person may say it
            shown += drawn(AnswerShownPage(answer, may_resend=True))
    shown = EXAMPLE.sub("", shown)
    leaks = {
        value: shown[max(0, shown.find(value) - 80) : shown.find(value) + 40] for value in values if value in shown
    }
    assert leaks == {}


def test_unmasking_needs_the_right_and_a_reason_and_is_journalled(whole: Components) -> None:
    ours = take(whole, declaration(1))
    with pytest.raises(NoRight):
        whole.message_browser.unmask(ours, reason="x", actor=AUDITOR)
    with pytest.raises(NotAllowed, match="the reason"):
        whole.message_browser.unmask(ours, reason=" ", actor=OPERATOR)
    view = whole.message_browser.unmask(ours, reason="Cổng hỏi", actor=OPERATOR)
    assert "C1234567" in everything(view)
    with whole.database.reading() as connection:
        rows = connection.execute(select(journal).where(journal.c.event == "message.unmasked")).all()
    assert [(row.actor, row.detail["message"], row.detail["reason"]) for row in rows] == [
        ("person:van-hanh", ours, "Cổng hỏi")
    ]


def again(whole: Components, message_id: str) -> None:
    whole.resend.again(message_id, reason="Cổng báo chưa nhận", actor=OPERATOR)


def test_an_answer_is_sent_again_with_the_same_bytes_under_the_same_id(whole: Components) -> None:
    take(whole, declaration(1))
    (first,) = dispatch(whole).got
    again(whole, first.message_id)
    with pytest.raises(NotAllowed, match="waits to leave already"):
        again(whole, first.message_id)
    (second,) = dispatch(whole).got
    assert (second.message_id, second.body, second.correlation_id) == (
        first.message_id,
        first.body,
        first.correlation_id,
    )
    again(whole, first.message_id)
    assert len(dispatch(whole).got) == 1


def test_an_answer_never_overtakes_one_of_its_dossier_that_has_not_left(whole: Components) -> None:
    take(whole, declaration(1))
    (first,) = dispatch(whole).got
    whole.completion.complete(DossierKey("PROOF1", 2026), OFFICER)
    with pytest.raises(NotAllowed, match="1 of its dossier's answers have not left"):
        again(whole, first.message_id)
    assert [message.message_id for message in dispatch(whole).got] != [first.message_id]


def test_what_has_not_left_was_taken_back_or_was_given_on_the_portal_is_not_sent_again(whole: Components) -> None:
    take(whole, declaration(1))
    with pytest.raises(NotAllowed, match="has not left yet"):
        again(whole, said(whole)[0].message_id)
    whole.completion.complete(DossierKey("PROOF1", 2026), OFFICER)
    take(whole, declaration("newer", reference="PROOF1", function="02", sent="2026-03-02 07:14:59"))
    (taken_back,) = [row for row in said(whole) if row.taken_back_at is not None]
    with pytest.raises(NotAllowed, match="taken back"):
        again(whole, taken_back.message_id)
    take(whole, declaration(5, signer="portal"), Channel.PORTAL)
    (given,) = [row for row in said(whole) if row.route == "portal"]
    with pytest.raises(NotAllowed, match="on the portal"):
        again(whole, given.message_id)
    with pytest.raises(NotAllowed, match="there is no answer"):
        again(whole, "none")


def test_a_transfer_that_the_window_has_not_confirmed_is_sent_again_and_counts_once(whole: Components) -> None:
    whole.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
    take(whole, declaration(5, signer="portal"), Channel.PORTAL)
    (transfer,) = [row for row in said(whole) if row.route == "transfer"]
    dispatch(whole)
    again(whole, transfer.message_id)
    assert [message.body for message in dispatch(whole).got] == [bytes(transfer.body)]
    assert whole.transfers.count() == (1, 0)


def test_the_commands_find_show_and_resend(whole: Components, standing: tuple[Components, Original, Path]) -> None:
    ours = take(whole, declaration(1))
    take(whole, heartbeat(1))
    config = str(standing[2])

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*arguments, "--by", "test", "--config", config])
        assert done.exit_code == code, done.output
        return done.stdout

    assert len(json.loads(run("message", "list", "--json"))["messages"]) == 2
    assert json.loads(run("message", "find", "PROOF1", "--json"))["messages"][0]["id"] == ours
    shown = run("message", "show", ours)
    assert "C1234567" not in shown
    assert "<Envelope>" in shown
    assert "C1234567" in run("message", "show", ours, "--unmask", "--reason", "Cổng hỏi")
    dispatch(whole)
    run("message", "resend", said(whole)[0].message_id, "--reason", "Cổng báo chưa nhận")
    run("message", "list", "--behind", "soon", code=1)
