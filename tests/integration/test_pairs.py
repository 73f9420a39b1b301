"""The same declared by both doors: an officer says whether it is one dossier, and may take that back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.cli.dossiers import dossier_reader
from adapter.gateways.store.tables import deadline, dossier, journal, notification
from adapter.model.actor import Actor, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.notification import filled
from adapter.model.stages import Channel, Submission
from adapter.model.units import BorderUnit, BorderUnits
from adapter.pipeline.pairs import Ends, PairVerdict
from adapter.services.dossiers.case_file import CaseFiles
from adapter.services.dossiers.lookup import LookupKind, Question
from adapter.services.dossiers.own_records import OneWith
from adapter.services.dossiers.pairs import Pairs
from adapter.services.messages.item import Settled
from adapter.services.watch.mode import Sight
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK
from tests.harness.history import ITEMS, OFFICER
from tests.harness.people import TESTER, declarant, person
from tests.harness.registers import gate
from tests.harness.stores import Original
from tests.harness.units import HUUNGHI, MONGCAI

DIRECT, OTHER = DossierKey("PROOF1", 2026), DossierKey("NSW777", 2026)


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, standing_url: str
) -> Iterator[tuple[Components, Path, Original]]:
    """An outage; the same declared on the portal and, when it is over, by the window."""
    folder = tmp_path_factory.mktemp("pairs")
    with gate(folder, standing_url) as made:
        made.window = replace(made.window, clock=lambda: CLOCK)
        made.window.override(Sight.DOWN, reason="mất kết nối", actor=TESTER)
        receive(made, 1, Channel.PORTAL)
        made.window.end_override(actor=TESTER)
        receive(made, "w", Channel.WINDOW, reference=OTHER.number)
        yield made, folder / "config.yaml", Original(made.database)


@pytest.fixture
def whole(standing: tuple[Components, Path, Original]) -> Components:
    made, _, original = standing
    original.put_back()
    return made


@pytest.fixture
def config(standing: tuple[Components, Path, Original]) -> Path:
    return standing[1]


def receive(whole: Components, name: int | str, channel: Channel, **changes: str) -> Settled:
    message = declaration(name, signer="portal" if channel is Channel.PORTAL else "nsw", **changes)
    (settled,) = whole.intake.receive([Submission(message.raw, channel, CLOCK, Digest(message.digest))])
    return settled


def same(whole: Components) -> DossierKey | None:
    return whole.pairs.settle(DIRECT, OTHER, PairVerdict.SAME, OFFICER, reason="cùng người, cùng chuyến")


def row(whole: Components, key: DossierKey) -> Any:
    with whole.database.reading() as connection:
        return connection.execute(select(dossier).where(dossier.c.number == key.number)).one()


def running(whole: Components, key: DossierKey) -> list[tuple[Any, ...]]:
    """Its time limits that run, with when they are due."""
    with whole.database.reading() as connection:
        query = select(deadline.c.kind, deadline.c.due_at).join(dossier, dossier.c.id == deadline.c.dossier_id)
        mine = query.where(dossier.c.number == key.number, deadline.c.ended_at.is_(None))
        return [tuple(each) for each in connection.execute(mine)]


def events(whole: Components, key: DossierKey) -> list[str]:
    with whole.database.reading() as connection:
        query = select(journal.c.event).join(dossier, dossier.c.id == journal.c.dossier_id)
        return list(connection.execute(query.where(dossier.c.number == key.number).order_by(journal.c.id)).scalars())


def test_of_one_dossier_the_window_s_ends_and_its_number_leads_to_the_portal_s(whole: Components) -> None:
    assert running(whole, OTHER) != []
    assert same(whole) == OTHER
    assert (row(whole, OTHER).state, running(whole, OTHER)) == ("merged", [])
    assert (row(whole, DIRECT).state, row(whole, DIRECT).alias_number) == ("accepted", OTHER.number)
    assert running(whole, DIRECT) != []
    newer = receive(whole, "n", Channel.WINDOW, reference=OTHER.number, function="02", sent="2026-03-02 07:14:59")
    assert newer.outcome.value == "accepted"
    assert (row(whole, DIRECT).version, row(whole, OTHER).version) == (2, 1)
    assert whole.completion.complete(OTHER, OFFICER).key == DIRECT
    found = whole.lookup.find(Question(LookupKind.NUMBER, OTHER.number, 2026), TESTER).dossiers
    assert {each.reference: each.state for each in found} == {
        DIRECT.number: "confirmation_sent",
        OTHER.number: "merged",
    }


def test_each_journal_has_who_said_what_and_why(whole: Components) -> None:
    same(whole)
    for key, other in ((DIRECT, OTHER), (OTHER, DIRECT)):
        entry = dossier_reader(whole).life(key, personal=False, actor=TESTER).journal[-1]
        assert (entry.event, entry.detail["other"], entry.detail["verdict"]) == ("pair.settle", str(other), "same")
        assert entry.detail["reason"] == "cùng người, cùng chuyến"


def test_two_dossiers_both_go_on_and_are_flagged_no_more(whole: Components) -> None:
    assert [each.window for each in whole.pairs.unsettled(9, actor=OFFICER)] == [OTHER]
    assert whole.pairs.settle(OTHER, DIRECT, PairVerdict.DIFFERENT, OFFICER, reason="hai người") is None
    assert {row(whole, key).state for key in (DIRECT, OTHER)} == {"accepted"}
    assert running(whole, OTHER) != []
    assert whole.pairs.unsettled(9, actor=OFFICER) == []
    assert "both_doors" not in {each.kind for each in whole.case_files.open(DIRECT, OFFICER).warnings}


def test_what_was_said_is_taken_back_and_the_time_limit_runs_as_if_it_never_had_ended(whole: Components) -> None:
    before = (running(whole, OTHER), row(whole, OTHER).state)
    same(whole)
    whole.pairs.reopen(OTHER, DIRECT, OFFICER, reason="nhầm")
    assert (running(whole, OTHER), row(whole, OTHER).state) == before
    assert row(whole, DIRECT).alias_number is None
    assert [each.window for each in whole.pairs.unsettled(9, actor=OFFICER)] == [OTHER]
    assert events(whole, OTHER)[-2:] == ["pair.settle", "pair.reopen"]
    assert whole.completion.complete(OTHER, OFFICER).key == OTHER
    assert same(whole) == DIRECT, "what is confirmed stands, and the other one ends"


def test_once_a_message_has_come_under_its_number_they_stay_one(whole: Components) -> None:
    same(whole)
    with whole.database.transaction() as connection:
        earlier = update(tables_of_links()).values(settled_at=CLOCK.replace(hour=0))
        connection.execute(earlier)
    receive(whole, "n", Channel.WINDOW, reference=OTHER.number, function="02", sent="2026-03-02 07:14:59")
    with pytest.raises(NotAllowed, match="has come to PROOF1/2026 since"):
        whole.pairs.reopen(OTHER, DIRECT, OFFICER, reason="nhầm")


def tables_of_links() -> Any:
    return dossier.metadata.tables["dossier_link"]


def test_the_number_by_which_the_window_has_receipted_its_transfer_stands(whole: Components) -> None:
    with whole.database.transaction() as connection:
        connection.execute(update(dossier).where(dossier.c.number == DIRECT.number).values(alias_number="NSW999"))
    assert same(whole) == OTHER
    assert row(whole, DIRECT).alias_number == "NSW999"
    later = receive(whole, "n", Channel.WINDOW, reference=OTHER.number, function="02", sent="2026-03-02 07:14:59")
    assert [finding.name for finding in later.findings] == ["wrong_state"]
    whole.pairs.reopen(OTHER, DIRECT, OFFICER, reason="nhầm")
    assert row(whole, DIRECT).alias_number == "NSW999"


def test_two_confirmations_both_stand(whole: Components) -> None:
    for key in (DIRECT, OTHER):
        whole.completion.complete(key, OFFICER)
    (pair,) = whole.pairs.of(DIRECT, OFFICER)
    assert pair.would_end is Ends.NEITHER
    assert same(whole) is None
    assert {row(whole, key).state for key in (DIRECT, OTHER)} == {"completed"}


def test_nothing_ends_while_its_declarant_is_asked_to_amend_it(whole: Components) -> None:
    whole.amendments.request(OTHER, OFFICER, reason="Sai", items=ITEMS)
    before = events(whole, DIRECT)
    with pytest.raises(NotAllowed, match="withdraw the request first"):
        same(whole)
    assert events(whole, DIRECT) == before
    assert whole.pairs.settle(DIRECT, OTHER, PairVerdict.DIFFERENT, OFFICER, reason="hai người") is None


def test_it_is_said_once_and_of_pairs_only(whole: Components) -> None:
    same(whole)
    with pytest.raises(NotAllowed, match="has said already that they are same"):
        whole.pairs.settle(DIRECT, OTHER, PairVerdict.DIFFERENT, OFFICER, reason="x")
    receive(whole, 3, Channel.WINDOW, paper="C7654321")
    with pytest.raises(NotAllowed, match="were not found to declare the same"):
        whole.pairs.settle(DIRECT, DossierKey("PROOF3", 2026), PairVerdict.SAME, OFFICER, reason="x")
    none = DossierKey("NONE", 2026)
    for two in ((DIRECT, none), (none, DIRECT)):
        with pytest.raises(NotAllowed, match=f"there is no dossier {none}"):
            whole.pairs.settle(*two, PairVerdict.SAME, OFFICER, reason="x")
    whole.pairs.reopen(DIRECT, OTHER, OFFICER, reason="x")
    with pytest.raises(NotAllowed, match=f"nobody has said yet whether {DIRECT} and {OTHER} are one"):
        whole.pairs.reopen(DIRECT, OTHER, OFFICER, reason="x")


def test_commands_list_settle_and_reopen_by_the_same_use_case(whole: Components, config: Path) -> None:
    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["reconcile", *words, "--config", str(config)])
        assert done.exit_code == code, done.output
        return done.stdout

    assert str(OTHER) in run("pairs", "--by", "test", "--json")
    said = ("--officer", "test", "--reason", "cùng chuyến")
    assert f"{OTHER} has ended" in run("settle", str(DIRECT), str(OTHER), "same", *said)
    assert str(OTHER) not in run("pairs", "--by", "test", "--json")
    run("reopen", str(DIRECT), str(OTHER), *said)
    assert str(OTHER) in run("pairs", "--by", "test", "--json")
    run("settle", "PROOF1", str(OTHER), "same", *said, code=1)


def test_a_pair_of_an_incident_stands_in_its_report_until_it_is_settled(whole: Components) -> None:
    incident = str(whole.window.incidents(1)[0].id)
    report = whole.reconciliation.report(incident, actor=TESTER)
    assert [(each.portal, each.window) for each in report.open_pairs] == [(DIRECT, OTHER)]
    assert not report.is_clean
    same(whole)
    report = whole.reconciliation.report(incident, actor=TESTER)
    assert (report.open_pairs, [each.ended for each in report.pairs]) == ((), [OTHER])


MOVED_TO = ((HUUNGHI, "HUUNGHI", "HN"), (MONGCAI, "MONGCAI", "MC"), ("CK-TANTHANH", "TANTHANH", "TT"))
UNITS = BorderUnits(tuple(BorderUnit(code, code, code, letters, frozenset({at})) for code, at, letters in MOVED_TO))


def of_two_units(whole: Components) -> tuple[Pairs, CaseFiles]:
    """One of the two has moved to another unit's gate since."""
    with whole.database.transaction() as connection:
        moved = {"gate": "MONGCAI", "unit": MONGCAI}
        connection.execute(update(dossier).where(dossier.c.number == OTHER.number).values(moved))
    return replace(whole.pairs, units=UNITS), replace(whole.case_files, units=UNITS)


def officer_of(unit: str) -> Actor:
    return person("cb-9", Role.OFFICER, unit=unit)


@pytest.mark.parametrize("verdict", PairVerdict)
@pytest.mark.parametrize(("unit", "own", "other"), [(HUUNGHI, DIRECT, OTHER), (MONGCAI, OTHER, DIRECT)])
def test_of_a_pair_of_two_units_either_settles_it_and_both_are_told(
    whole: Components, unit: str, own: DossierKey, other: DossierKey, verdict: PairVerdict
) -> None:
    pairs, files = of_two_units(whole)
    officer, colleague = officer_of(unit), officer_of(MONGCAI if unit == HUUNGHI else HUUNGHI)
    for each in (officer, colleague):
        assert [each.window for each in pairs.unsettled(9, actor=each)] == [OTHER]
    with pytest.raises(NoRight, match=f"dossier {other} is of unit"):
        files.open(other, officer)
    ended = pairs.settle(own, other, verdict, officer, reason="hai đơn vị đã trao đổi")
    assert ended == (OTHER if verdict is PairVerdict.SAME else None)
    for reader, mine, theirs in ((officer, own, other), (colleague, other, own)):
        case = files.open(mine, reader)
        (told,) = [each for each in case.warnings if each.kind == f"pair_{verdict}"]
        assert (told.number, told.at, told.is_own) == (theirs.number, CLOCK, False)
        assert case.events[0].event == "pair.settle"
    pairs.reopen(other, own, colleague, reason="nhầm")
    assert "both_doors" in {each.kind for each in files.open(own, officer).warnings}


def test_of_another_unit_s_dossier_only_number_gate_and_time_are_given(whole: Components) -> None:
    pairs, _ = of_two_units(whole)
    (pair,) = pairs.of(DIRECT, officer_of(HUUNGHI))
    assert (pair.portal_state, pair.window_state) == ("accepted", None)
    assert (pair.place(OTHER).gate, pair.place(OTHER).at) == ("MONGCAI", CLOCK)
    (pair,) = pairs.unsettled(9, actor=officer_of(MONGCAI))
    assert (pair.portal_state, pair.window_state) == (None, "accepted")
    (pair,) = pairs.of(DIRECT, OFFICER)
    assert (pair.portal_state, pair.window_state) == ("accepted", "accepted")


def test_a_third_unit_settles_nothing_and_lists_nothing(whole: Components) -> None:
    pairs, _ = of_two_units(whole)
    stranger = officer_of("CK-TANTHANH")
    assert pairs.unsettled(9, actor=stranger) == []
    for act in (
        lambda: pairs.settle(DIRECT, OTHER, PairVerdict.SAME, stranger, reason="cùng chuyến"),
        lambda: pairs.reopen(OTHER, DIRECT, stranger, reason="nhầm"),
    ):
        with pytest.raises(NoRight, match="is of unit"):
            act()


def told(whole: Components, reader: Actor) -> list[tuple[str, tuple[str, int] | None]]:
    """What his inbox tells of the pair, the newest first, and which dossier each leads to."""
    kinds = {whole.notification_kinds.kinds[each].title.vi.partition("{")[0] for each in ("merged", "parted")}
    found = [(each.title.vi, each.dossier) for each in whole.inbox.page(reader).notifications]
    return [each for each in found if any(each[0].startswith(kind) for kind in kinds) and "xác nhận" not in each[0]]


@pytest.mark.parametrize("ended", [OTHER, DIRECT])
def test_its_declarant_is_told_and_the_old_number_leads_him_to_the_dossier_that_goes_on(
    whole: Components, ended: DossierKey
) -> None:
    stays = DIRECT if ended == OTHER else OTHER
    if ended == DIRECT:
        whole.completion.complete(OTHER, OFFICER)
    reader = declarant(row(whole, OTHER).identities[0])
    assert told(whole, reader) == []
    assert same(whole) == ended
    (notice,) = told(whole, reader)
    assert notice == (f"Hồ sơ {ended} được gộp vào hồ sơ {stays}", (ended.number, ended.year))
    page = whole.own_dossiers.read(reader, ended.number, ended.year)
    assert page is not None
    assert (page.row.number, page.row.state) == (ended.number, "merged"), "its answers are found by its number"
    assert page.one_with == (OneWith(stays.number, stays.year, CLOCK, ended=True, is_his=True),)
    page = whole.own_dossiers.read(reader, stays.number, stays.year)
    assert page is not None
    assert (page.alias, page.one_with) == (
        ended.number,
        (OneWith(ended.number, ended.year, CLOCK, ended=False, is_his=True),),
    )
    whole.pairs.reopen(OTHER, DIRECT, OFFICER, reason="nhầm")
    assert f"Hồ sơ {ended} được giải quyết tiếp" in {title for title, _ in told(whole, reader)}


def test_nobody_is_told_where_no_dossier_ends_or_where_it_is_not_settled(whole: Components) -> None:
    reader = declarant(row(whole, OTHER).identities[0])
    whole.pairs.settle(OTHER, DIRECT, PairVerdict.DIFFERENT, OFFICER, reason="hai người")
    with pytest.raises(NotAllowed):
        same(whole)
    assert told(whole, reader) == []


def test_an_e_mail_about_it_says_dossiers_numbers_only(whole: Components) -> None:
    same(whole)
    with whole.database.reading() as connection:
        stored = connection.execute(select(notification.c.words).where(notification.c.kind == "merged")).scalars()
        assert all(each == {"other": str(DIRECT), "at": "07:15, 02/03/2026"} for each in stored)
    mail = whole.notification_kinds.kinds["merged"].mail
    assert mail is not None
    assert (
        f"Hồ sơ NSW777/2026 được gộp vào hồ sơ {DIRECT}"
        in filled(mail, {"number": OTHER.number, "year": "2026", "other": str(DIRECT)}).vi
    )
