"""The register of people: who gets in, who stays in history, and who may change whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from adapter.gateways.store import tables
from adapter.gateways.store.database import Database
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import EVERYWHERE, STAFF_ROLES, Actor, Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.units import BorderUnit, BorderUnits
from adapter.services.access.offices import Offices, reach
from adapter.services.access.people import Facts, People, facts_of
from tests.harness.people import person
from tests.harness.stores import ensure_tables

START = datetime(2026, 3, 2, tzinfo=UTC)
UNITS = BorderUnits(
    tuple(BorderUnit(code, code, code, code, frozenset({f"{code}-gate"})) for code in ("CK-HUUNGHI", "CK-MONGCAI"))
)
PLACES = frozenset({"HUUNGHI", "MONGCAI", "LAOCAI", "CK-HUUNGHI"})
CHIEF = Facts("LE THI HOA", ("administrator",))
OFFICER = Facts("NGUYEN VAN AN", ("officer",), "Đại úy", unit="CK-HUUNGHI")


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def empty(sqlite_url: str) -> Iterator[People]:
    database = Database(sqlite_url)
    ensure_tables(database)
    yield People(database, lambda: UNITS, Clock())
    database.close()


@pytest.fixture
def people(empty: People) -> People:
    """With an administrator, `hoa`, and an officer, `an`."""
    empty.add("hoa", CHIEF, actor=empty.acting("root", account="root"))
    empty.add("an", OFFICER, actor=empty.acting("hoa"))
    return empty


@pytest.fixture
def offices(people: People) -> Offices:
    """A department (CHQ) with two offices below it, HN and LC, and one below HN."""
    made = Offices(people.database, lambda: PLACES, Clock())
    for office in (
        CustomsOffice("CHQ", "Cục Hải quan", None, ()),
        CustomsOffice("HN", "Chi cục Hữu Nghị", "CHQ", ("HUUNGHI",)),
        CustomsOffice("HN-2", "Đội 2", "HN", ("CK-HUUNGHI",)),
        CustomsOffice("LC", "Chi cục Lào Cai", "CHQ", ("LAOCAI", "LAOCAI")),
    ):
        made.add(office, actor=hoa(people))
    return made


def hoa(people: People) -> Actor:
    return people.acting("hoa")


def journalled(people: People, event: str) -> list[tuple[str, Any]]:
    query = select(tables.journal.c.actor, tables.journal.c.detail).where(tables.journal.c.event == event)
    with people.database.reading() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(tables.journal.c.at))]


def test_while_nobody_is_registered_any_name_acts_with_every_right_of_the_staff(empty: People) -> None:
    actor = empty.acting("an", account="root", name="NGUYEN VAN AN", rank="Đại úy")
    assert (actor.roles, actor.unit, actor.office) == (STAFF_ROLES, EVERYWHERE, EVERYWHERE)
    assert (actor.journal_name, actor.name, actor.account) == ("unregistered:an", "NGUYEN VAN AN", "root")


def test_the_first_person_is_an_administrator(empty: People) -> None:
    with pytest.raises(NotAllowed, match="the first person in it has the role administrator"):
        empty.add("an", OFFICER, actor=empty.acting("root"))
    made = empty.add("hoa", CHIEF, actor=empty.acting("root", account="root"))
    assert (made.id, made.roles, made.granted_by) == ("hoa", (Role.ADMINISTRATOR,), "unregistered:root")
    detail = {"person": "hoa", "roles": ["administrator"], "unit": None, "office": None, "account": "root"}
    assert journalled(empty, "person.add") == [("unregistered:root", detail)]


def test_once_somebody_is_registered_nobody_else_acts(people: People) -> None:
    with pytest.raises(NotAllowed, match="nobody is registered as 'root': see `people list`"):
        people.acting("root")


def test_a_registered_person_acts_as_he_stands_in_the_register(people: People) -> None:
    actor = people.acting("an", account="gate-1", typed_by="binh")
    assert actor == replace(
        person("an", Role.OFFICER, name="NGUYEN VAN AN", rank="Đại úy", unit="CK-HUUNGHI"),
        account="gate-1", typed_by="binh",
    )  # fmt: skip
    assert actor.came_by == {"account": "gate-1", "typed_by": "binh"}
    assert people.acting("an", name="NGUYEN  VAN AN", rank="Đại úy").name == "NGUYEN VAN AN"
    with pytest.raises(NotAllowed, match="an is registered with another name"):
        people.acting("an", name="TRAN VAN BINH")
    with pytest.raises(NotAllowed, match="an is registered with another rank"):
        people.acting("an", rank="Đại tá")


@pytest.mark.parametrize("code", ["", " an", "Nguyễn", "a/b", "a" * 61, "-an", "an\n"])
def test_an_id_is_short_and_plain(people: People, code: str) -> None:
    with pytest.raises(NotAllowed, match="is no id"):
        people.add(code, OFFICER, actor=hoa(people))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            replace(OFFICER, roles=("chief",)),
            "there is no role 'chief' in the register; there are: officer, commander, ",
        ),
        (replace(OFFICER, roles=("declarant",)), "there is no role 'declarant' in the register; there are: officer"),
        (replace(OFFICER, roles=()), "a person has at least one role; there are: officer"),
        (replace(OFFICER, unit="CK-LAOCAI"), "there is no unit 'CK-LAOCAI'; there are: CK-HUUNGHI, CK-MONGCAI"),
        (replace(OFFICER, unit=None), "the role officer is of one unit; there are: CK-HUUNGHI, CK-MONGCAI"),
        (replace(CHIEF, unit="CK-HUUNGHI"), "a unit goes with one of the roles officer, commander, deputy"),
        (replace(CHIEF, office="HN"), "an office goes with one of the roles customs_officer, customs_administrator"),
        (Facts("A", ("customs_officer",), office="XX"), "there is no office 'XX'; there are: CHQ, HN, HN-2, LC"),
        (Facts("A", ("customs_officer",)), "the role customs_officer is of one office; there are: CHQ, HN, HN-2, LC"),
        (replace(OFFICER, name=" "), "the name: it is empty"),
        (replace(OFFICER, name="A\x07"), "the name: character 2 is U+0007"),
        (replace(OFFICER, rank="A" * 51), "the rank: it has 51 characters"),
    ],
)
def test_what_does_not_fit_is_told_with_what_there_is(
    people: People, offices: Offices, facts: Facts, told: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        people.add("binh", facts, actor=hoa(people))
    assert str(refused.value).startswith(told)
    assert "\n" not in str(refused.value)
    assert [each.id for each in people.list()] == ["an", "hoa"]


def test_the_only_unit_of_an_installation_need_not_be_named(people: People) -> None:
    alone = replace(people, units=lambda: BorderUnits(UNITS.every[:1]))
    assert alone.add("binh", replace(OFFICER, unit=None), actor=hoa(people)).unit == "CK-HUUNGHI"


def test_whoever_is_of_a_unit_that_is_not_stated_any_more_is_found(people: People) -> None:
    assert people.without_a_unit() == []
    elsewhere = replace(people, units=lambda: BorderUnits(UNITS.every[1:]))
    assert [each.id for each in elsewhere.without_a_unit()] == ["an"]


def test_nobody_grants_himself_anything(people: People) -> None:
    with pytest.raises(NoRight, match="hoa grants himself nothing"):
        people.change(
            "hoa", lambda each: replace(facts_of(each), roles=("administrator", "operator")), actor=hoa(people)
        )
    people.add("minh", CHIEF, actor=hoa(people))
    people.remove("minh", reason="Chuyển công tác", actor=hoa(people))
    left = person("minh", Role.ADMINISTRATOR)
    with pytest.raises(NoRight, match="minh grants himself nothing"):
        people.restore("minh", actor=left)


@pytest.mark.parametrize("act", ["add", "change", "remove", "restore"])
def test_only_administrators_change_the_register(people: People, act: str) -> None:
    people.add("binh", OFFICER, actor=hoa(people))
    if act == "restore":
        people.remove("binh", reason="x", actor=hoa(people))
    before = people.list(removed=True)
    acts = {
        "add": lambda: people.add("chi", OFFICER, actor=people.acting("an")),
        "change": lambda: people.change("binh", facts_of, actor=people.acting("an")),
        "remove": lambda: people.remove("binh", reason="x", actor=people.acting("an")),
        "restore": lambda: people.restore("binh", actor=people.acting("an")),
    }
    with pytest.raises(NoRight, match="an has no right to manage"):
        acts[act]()
    assert people.list(removed=True) == before


def test_a_change_is_in_force_at_once_and_what_was_before_stays_told(people: People) -> None:
    people.change("an", lambda each: replace(facts_of(each), roles=("commander",)), actor=hoa(people))
    assert people.acting("an").roles == {Role.COMMANDER}
    first, second = people.show("an")
    assert (first.roles, first.ended_by, second.roles, second.ended_at) == (
        (Role.OFFICER,), "person:hoa", (Role.COMMANDER,), None,
    )  # fmt: skip
    assert first.ended_at is not None
    assert first.ended_at <= second.since
    assert [detail["roles"] for _, detail in journalled(people, "person.change")] == [["commander"]]


def test_who_was_removed_acts_no_more_and_stays_in_history(people: People) -> None:
    gone = people.remove("an", reason="Nghỉ hưu", actor=hoa(people))
    assert (gone.reason, gone.ended_by) == ("Nghỉ hưu", "person:hoa")
    with pytest.raises(NotAllowed, match="an was removed from the register: see `people show an`"):
        people.acting("an")
    assert [each.id for each in people.list()] == ["hoa"]
    assert [each.id for each in people.list(removed=True)] == ["an", "hoa"]
    with pytest.raises(
        NotAllowed, match="an was removed from the register: see `people restore`, or choose another id"
    ):
        people.add("an", OFFICER, actor=hoa(people))
    people.restore("an", actor=hoa(people))
    assert people.acting("an").unit == "CK-HUUNGHI"
    assert len(people.show("an")) == 2
    with pytest.raises(NotAllowed, match="nobody of the id 'an' was removed"):
        people.restore("an", actor=hoa(people))


def test_an_id_in_use_names_nobody_else(people: People) -> None:
    with pytest.raises(NotAllowed, match="an is registered already"):
        people.add("an", CHIEF, actor=hoa(people))


def test_there_is_always_an_administrator(people: People) -> None:
    with pytest.raises(NotAllowed, match="last administrator"):
        people.remove("hoa", reason="x", actor=hoa(people))
    people.add("minh", CHIEF, actor=hoa(people))
    people.change("hoa", lambda each: replace(facts_of(each), roles=("auditor",)), actor=people.acting("minh"))
    with pytest.raises(NotAllowed, match="last administrator"):
        people.remove("minh", reason="x", actor=people.acting("minh"))
    assert people.acting("minh").roles == {Role.ADMINISTRATOR}


def test_an_administrator_of_customs_manages_customs_officers_of_his_office_and_below(
    people: People, offices: Offices
) -> None:
    people.add("tam", Facts("TAM", ("customs_administrator",), office="HN"), actor=hoa(people))
    tam = people.acting("tam")
    officer, head = Facts("BAY", ("customs_officer",), office="HN-2"), Facts("CHIN", ("customs_administrator",))
    people.add("bay", officer, actor=tam)
    people.add("muoi", replace(officer, office="HN"), actor=tam)
    people.add("chin", replace(head, office="HN-2"), actor=tam)
    for facts, told in (
        (replace(officer, office="LC"), "tam manages people of these offices only: HN, HN-2"),
        (replace(officer, office="CHQ"), "tam manages people of these offices only: HN, HN-2"),
        (replace(head, office="HN"), "tam manages people of these offices only: HN-2"),
        (OFFICER, "tam manages people in the roles customs_officer, customs_administrator only"),
        (CHIEF, "tam manages people in the roles"),
    ):
        with pytest.raises(NoRight) as refused:
            people.add("hai", facts, actor=tam)
        assert str(refused.value).startswith(told)
    with pytest.raises(NoRight, match="offices only: HN, HN-2"):
        people.change("bay", lambda each: replace(facts_of(each), office="LC"), actor=tam)
    with pytest.raises(NoRight, match="in the roles"):
        people.remove("an", reason="x", actor=tam)
    people.remove("bay", reason="x", actor=tam)


def test_an_office_reaches_its_own_places_and_those_below_it(people: People, offices: Offices) -> None:
    with people.database.reading() as connection:
        assert reach(connection, "CHQ") == ["CK-HUUNGHI", "HUUNGHI", "LAOCAI"]
        assert reach(connection, "HN") == ["CK-HUUNGHI", "HUUNGHI"]
        assert reach(connection, "LC") == ["LAOCAI"]
        assert reach(connection, EVERYWHERE) is None
        assert reach(connection, "MONGCAI") == ["MONGCAI"]


@pytest.mark.parametrize(
    ("office", "told"),
    [
        (CustomsOffice("HN", "x", None, ()), "there is an office HN already"),
        (CustomsOffice("A B", "x", None, ()), "'A B' is no code of an office"),
        (CustomsOffice("HUUNGHI", "x", None, ()), "HUUNGHI is the code of a gate or border unit"),
        (CustomsOffice("QN", "x", "XX", ()), "there is no office 'XX'; there are: CHQ, HN, HN-2, LC"),
        (CustomsOffice("QN", "x", None, ("XX",)), "there is no gate or unit 'XX'; there are: CK-HUUNGHI, HUUNGHI, "),
        (CustomsOffice("QN", "\x07", None, ()), "the name: character 1 is U+0007"),
    ],
)
def test_an_office_that_does_not_fit_is_told_with_what_there_is(
    people: People, offices: Offices, office: CustomsOffice, told: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        offices.add(office, actor=hoa(people))
    assert str(refused.value).startswith(told)


def test_offices_stay_a_tree(people: People, offices: Offices) -> None:
    for parent in ("HN", "HN-2"):
        with pytest.raises(NotAllowed, match=f"office {parent} is HN or is below it"):
            offices.change("HN", lambda each, parent=parent: replace(each, parent=parent), actor=hoa(people))  # type: ignore[misc]
    offices.change("HN", lambda each: replace(each, parent="LC"), actor=hoa(people))
    with people.database.reading() as connection:
        assert reach(connection, "LC") == ["CK-HUUNGHI", "HUUNGHI", "LAOCAI"]


def test_an_office_goes_only_when_nothing_is_of_it(people: People, offices: Offices) -> None:
    people.add("bay", Facts("BAY", ("customs_officer",), office="LC"), actor=hoa(people))
    with pytest.raises(NotAllowed, match="of office HN are still: office HN-2"):
        offices.remove("HN", actor=hoa(people))
    with pytest.raises(NotAllowed, match="of office LC are still: bay"):
        offices.remove("LC", actor=hoa(people))
    people.remove("bay", reason="x", actor=hoa(people))
    offices.remove("LC", actor=hoa(people))
    with pytest.raises(NotAllowed, match="there is no office 'LC'; there are: CHQ, HN, HN-2"):
        offices.remove("LC", actor=hoa(people))


def test_only_administrators_change_offices(people: People, offices: Offices) -> None:
    people.add("tam", Facts("TAM", ("customs_administrator",), office="CHQ"), actor=hoa(people))
    with pytest.raises(NoRight):
        offices.add(CustomsOffice("QN", "x", "CHQ", ()), actor=people.acting("tam"))
    with pytest.raises(NoRight):
        offices.change("HN", lambda each: replace(each, places=("MONGCAI",)), actor=people.acting("an"))
    with pytest.raises(NoRight):
        offices.remove("HN-2", actor=people.acting("tam"))
