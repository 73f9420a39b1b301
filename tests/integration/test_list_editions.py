"""A code list is compared and rehearsed, and counts from the confirmation of a second administrator on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapter.bootstrap import Components, assemble, now
from adapter.gateways.store.tables import inbox
from adapter.model.actor import Actor
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.services.access.administration import AdminAct
from adapter.services.access.people import Facts
from tests.harness.data import few
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.people import TESTER
from tests.harness.pki import ROOT
from tests.harness.registers import gate

GATES = (ROOT / "mappings" / "codelists" / "gates.yaml").read_text(encoding="utf-8")
FACTS = "class: international, kind: DAT_LIEN, neighbour: CHN, province: LANGSON, unit: CK-HUUNGHI"
NEW = f"  - {{code: NEWGATE, vi: Cửa khẩu mới, en: New gate, {FACTS}}}"
WITH_NEW = f"{GATES.rstrip()}\n{NEW}"
CLOSED = GATES.replace("{code: HUUNGHI,", "{code: HUUNGHI, to: 2026-01-31,")


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The data of the procedure that is declared here: each list that is proposed is proved with all of it."""
    data = few(tmp_path_factory.mktemp("data"), "BQP0100000", "BQP0100002", states=True)
    return {"folders.schemas": str(data.schemas), "folders.mappings": str(data.mappings)}


@pytest.fixture
def components(tmp_path: Path, sqlite_url: str, shipped: dict[str, str]) -> Iterator[Components]:
    with gate(tmp_path, sqlite_url, shipped) as made:
        for code in ("mai", "son"):
            made.people.add(code, Facts(code.upper(), ("administrator",)), actor=TESTER)
        yield made


def who(components: Components, code: str) -> Actor:
    return replace(components.people.acting(code), proven_at=now())


def asked(components: Components, text: str, name: str = "gates") -> int:
    number = components.proposals.draft(
        AdminAct.LIST_CHANGE, name, {"text": text}, "QĐ 20", actor=who(components, "mai")
    )
    components.proposals.ask(number, actor=who(components, "mai"))
    return number


def outcome(components: Components, number: int, at: str) -> str:
    made = declaration(number, gate=at)
    components.intake.receive([Submission(made.raw, Channel.WINDOW, CLOCK, Digest(made.digest))])
    with components.database.reading() as connection:
        return str(connection.execute(inbox.select().where(inbox.c.digest == made.digest)).one().outcome)


def test_a_gate_is_closed_in_every_process_once_a_second_administrator_has_confirmed_it(
    components: Components, tmp_path: Path
) -> None:
    number = asked(components, CLOSED)
    assert not components.list_editions.put_in_place()
    components.proposals.confirm(number, actor=who(components, "son"))
    assert components.list_editions.put_in_place()
    assert not components.list_editions.put_in_place(), "a reload is asked for once"
    anew = assemble(tmp_path / "config.yaml")
    assert outcome(components, 1, "HUUNGHI") == "accepted", "a process goes on with what it began with"
    assert outcome(anew, 2, "HUUNGHI") == "refused"
    assert anew.list_editions.text("gates") == CLOSED
    anew.database.close()


def test_a_text_with_other_line_ends_asks_for_a_reload_once_too(components: Components) -> None:
    components.proposals.confirm(asked(components, CLOSED + "\r"), actor=who(components, "son"))
    assert components.list_editions.put_in_place()
    assert not components.list_editions.put_in_place()


def test_of_two_editions_the_one_that_was_confirmed_last_counts(components: Components) -> None:
    for text in (CLOSED, WITH_NEW):
        components.proposals.confirm(asked(components, text), actor=who(components, "son"))
    assert components.list_editions.text("gates") == WITH_NEW
    assert components.list_editions.put_in_place()


def test_a_folder_that_cannot_be_written_is_told_with_its_name(components: Components) -> None:
    components.proposals.confirm(asked(components, CLOSED), actor=who(components, "son"))
    folder = components.source.switched
    assert folder is not None
    folder.write_text("in its place", encoding="utf-8")
    with pytest.raises(Misconfigured, match=str(folder)):
        components.list_editions.put_in_place()


def test_it_is_told_before_anybody_is_asked_what_a_list_changes_for_messages_that_came(components: Components) -> None:
    assert outcome(components, 1, "HUUNGHI") == "accepted"
    tried = components.list_editions.rehearse("gates", CLOSED)
    assert [(each.before and each.before.code, str(each.after and each.after.valid_to)) for each in tried.codes] == [
        ("HUUNGHI", "2026-01-31")
    ]
    assert (tried.tally.messages, tried.tally.changed) == (1, 1)
    assert [each.before.outcome for each in tried.differences] == ["accepted"]
    assert components.list_editions.rehearse("gates", WITH_NEW).tally.changed == 0


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("gates", f"{WITH_NEW}\n{NEW}", "NEWGATE is there twice"),
        ("gates", GATES.replace("name: gates", "name: gates_2"), "gates"),
        ("gates", "codes: [", "gates.yaml"),
        ("findings", "x", "no list 'findings'"),
        ("calendar", "years: {2026: 5}", "calendar.yaml"),
    ],
)
def test_a_list_with_a_fault_is_refused_with_the_fault(components: Components, name: str, text: str, told: str) -> None:
    with pytest.raises(NotAllowed, match=told):
        asked(components, text, name)
