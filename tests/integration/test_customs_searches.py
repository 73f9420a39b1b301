"""What a customs officer finds, sees of persons, and may look up; and what the journal and the auditor know of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from adapter.gateways.store import tables
from adapter.gateways.store.offices import CustomsOffice
from adapter.model.actor import Role
from adapter.model.errors import NoRight, NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.mrz import check_digit
from adapter.services.access.people import Facts
from adapter.services.customs.audit import Asked
from adapter.services.customs.search import Key, Search, cursor, read
from tests.harness.declarations import declaration
from tests.harness.fixtures import CLOCK, load_cases, submission
from tests.harness.history import OFFICER
from tests.harness.people import TESTER, person
from tests.harness.pki import shared_pki
from tests.harness.website import Website, at_the_time, configure, website

SEARCH = "/api/v1/lookup/searches"
GROUP, SHIP = "BQP0100001/accepted-tour-group-entering", "BQP0100007/accepted-arrival-with-passengers"
SEEN = {"name", "sex", "birth_year", "nationality", "paper_type", "paper_number"}
PASSPORT = "C1234567"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    changes = {"customs.procedures": ["BQP0100007"], "customs.names_an_hour": 4}
    with website(configure(tmp_path_factory.mktemp("both"), standing_url, changes)) as served:
        components = served.components
        for office in (
            CustomsOffice("CHQ", "Cục Hải quan", None, ()),
            CustomsOffice("HN", "Hữu Nghị", "CHQ", ("HUUNGHI", "CANGHAIPHONG")),
            CustomsOffice("MC", "Móng Cái", "CHQ", ("MONGCAI",)),
        ):
            components.offices.add(office, actor=TESTER)
        for code, role, of in (
            ("qt", "administrator", None),
            ("truong", "customs_administrator", "CHQ"),
            ("hoa", "customs_officer", "HN"),
            ("mai", "customs_officer", "MC"),
        ):
            components.people.add(code, Facts(code.upper(), (role,), office=of), actor=TESTER)
        come(served, GROUP)
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    """Offices of two gates under one; officers of each; a citizen's declaration and a tour group's at the first."""
    return both.as_it_was()


def come(site: Website, case_id: str) -> None:
    case = next(case for case in load_cases() if case.id == case_id)
    site.components.intake.receive([submission(case, shared_pki())])


def citizen(site: Website, **changes: Any) -> DossierKey:
    made = declaration("citizen", **changes)
    received = site.components.legal_clock()
    site.components.intake.receive([Submission(made.raw, Channel.WINDOW, received, made.digest)])  # type: ignore[arg-type]
    return DossierKey(made.reference, 2026)


def officer(site: Website, code: str = "hoa") -> httpx.Client:
    return site.staff(site.components.tokens.issue_to_person(code, f"of {code}", actor=TESTER)[1])


def found(client: httpx.Client, **asked: Any) -> list[dict[str, Any]]:
    answer = client.post(SEARCH, json=asked)
    assert answer.status_code == 200, answer.text
    dossiers: list[dict[str, Any]] = answer.json()["dossiers"]
    return dossiers


def test_an_officer_sees_of_persons_what_the_list_says_and_nothing_else(site: Website) -> None:
    (row,) = site.rows(tables.dossier)
    with officer(site) as client:
        (answer,) = found(client, number=row.number, year=row.year)
    assert answer["person_count"] == len(answer["persons"]) > 1
    assert set().union(*answer["persons"]) == SEEN
    assert all(len(each["birth_year"]) == 4 for each in answer["persons"])
    assert answer["declarant"]
    assert answer["principal"]
    assert answer["direction"]["vi"]
    assert answer["signature"]["signed"]
    assert answer["vehicles"] == [] or set(answer["vehicles"][0]) <= {"plate"}
    stored = [record.values for record in site.rows(tables.declaration_row)]
    hidden = {value for each in stored for name, value in each.items() if name in ("dateOfBirth", "placeOfBirth")}
    assert not [value for value in hidden if value and str(value) in str(answer)]


def test_a_token_of_a_whole_office_names_nobody_and_sees_no_person(site: Website) -> None:
    (row,) = site.rows(tables.dossier)
    with site.customs("HN") as client:
        (answer,) = found(client, number=row.number, year=row.year)
        refused = client.post(SEARCH, json={"name": "Nguyen An"})
    assert (answer["persons"], answer["person_count"], answer["declarant"]) == ([], None, None)
    assert answer["signature"]["subject"] is None
    assert refused.status_code == 403
    assert "names" in refused.json()["detail"] or "named" in refused.json()["detail"]


def test_tokens_of_a_whole_office_can_be_shut_out(tmp_path: Path, sqlite_url: str) -> None:
    with website(configure(tmp_path, sqlite_url, {"customs.office_tokens": False})) as site, site.customs() as client:
        refused = client.post(SEARCH, json={"plate": "29B"})
    assert refused.status_code == 403
    assert "name no officer" in refused.json()["detail"]


def test_another_office_finds_nothing_by_any_key_and_gets_no_decision(site: Website) -> None:
    (row,) = site.rows(tables.dossier)
    (paper, *_) = [each.value for each in site.rows(tables.search_key) if each.kind == "paper"]
    with officer(site, "mai") as client:
        for asked in (
            {"number": row.number, "year": row.year},
            {"paper": {"number": paper}},
            {"first_day": "2026-03-01", "last_day": "2026-03-31"},
            {"first_day": "2026-03-01", "last_day": "2026-03-31", "gate": "HUUNGHI"},
        ):
            assert found(client, **asked) == []
        assert client.get(f"/api/v1/lookup/dossiers/{row.number}/{row.year}/reply").status_code == 404


@pytest.mark.parametrize("asked", ["{0}", "{1}", "{2}"])
def test_a_person_is_found_by_his_name_in_any_order_with_accents_or_by_its_ends(site: Website, asked: str) -> None:
    citizen(site)
    (name,) = [each.values["fullName"] for each in site.rows(tables.declaration) if "fullName" in each.values]
    assert len(name.split()) > 2
    words = name.split()
    typed = asked.format(" ".join(reversed(words)), f"{words[0]} {words[-1]}", name.lower().replace("d", "đ"))
    with officer(site) as client:
        (answer,) = found(client, name=typed)
        assert name in [each["name"] for each in answer["persons"]]
        assert found(client, name=f"{words[0]} QWERTY") == []


def test_names_are_searched_so_often_an_hour_and_the_next_hour_again(site: Website) -> None:
    with officer(site) as client, officer(site, "mai") as other:
        for _ in range(4):
            assert client.post(SEARCH, json={"name": "Le Hoa"}).status_code == 200
        refused = client.post(SEARCH, json={"name": "Le Hoa"})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert "họ tên" in refused.json()["vi"]
        assert other.post(SEARCH, json={"name": "Le Hoa"}).status_code == 200, "each officer has his own"
        assert client.post(SEARCH, json={"paper": {"number": PASSPORT}}).status_code == 200
    later = CLOCK + timedelta(hours=1)
    token = site.components.tokens.issue_to_person("hoa", "later", actor=TESTER)[1]
    with at_the_time(site.components.searches, later), site.staff(token) as client:
        assert client.post(SEARCH, json={"name": "Le Hoa"}).status_code == 200


def test_a_scanned_passport_finds_its_holder_s_dossier_and_a_slip_of_o_is_told(site: Website) -> None:
    key = citizen(site, paper=PASSPORT)
    zone = "P<VNMNGUYEN<<VAN<AN<<<<<<<<<<<<<<<<<<<<<<<<<\n"
    body = f"{PASSPORT}<"
    second = _line(body)
    with officer(site) as client:
        answer = client.post(SEARCH, json={"mrz": zone + second})
        assert [each["reference"] for each in answer.json()["dossiers"]] == [key.number]
        assert answer.json()["notes"] == []
        wrong = client.post(SEARCH, json={"mrz": zone + second[:-1] + str((int(second[-1]) + 1) % 10)})
        assert wrong.status_code == 422
        assert "check digits" in wrong.json()["detail"]
        slip = client.post(SEARCH, json={"mrz": zone + second[:13] + second[13:].replace("0", "O")})
        assert [each["reference"] for each in slip.json()["dossiers"]] == [key.number]
        assert "số 0" in slip.json()["notes"][0]["vi"]


def _line(number: str) -> str:
    birth, expiry = "850101", "300101"
    first = number + check_digit(number) + "VNM" + birth + check_digit(birth) + "M" + expiry + check_digit(expiry)
    optional = "<" * 14
    whole = number + check_digit(number) + birth + check_digit(birth) + expiry + check_digit(expiry) + optional + "0"
    return first + optional + "0" + check_digit(whole)


def test_a_paper_of_another_nationality_is_another_paper(site: Website) -> None:
    records = [each.values for each in site.rows(tables.declaration_row) if each.values.get("documentNumber")]
    one = next(each for each in records if each.get("nationality"))
    other = "LAO" if one["nationality"] != "LAO" else "KHM"
    with officer(site) as client:
        asked = {"number": one["documentNumber"]}
        assert len(found(client, paper={**asked, "nationality": one["nationality"]})) == 1
        assert found(client, paper={**asked, "nationality": other}) == []


def test_a_period_is_paged_by_an_opaque_cursor_that_belongs_to_its_search(site: Website) -> None:
    for number in range(50):
        citizen_of = declaration(f"p{number}", reference=f"PG{number:03}", paper=f"P{number:07}")
        site.components.intake.receive(
            [Submission(citizen_of.raw, Channel.WINDOW, site.components.legal_clock(), citizen_of.digest)]  # type: ignore[arg-type]
        )
    period = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
    with officer(site) as client:
        first = client.post(SEARCH, json=period).json()
        second = client.post(SEARCH, json={**period, "cursor": first["next"]}).json()
        stranger = client.post(SEARCH, json={**period, "gate": "HUUNGHI", "cursor": first["next"]})
        made = read(Search(Key.PERIOD, first_day=date(2026, 3, 1), last_day=date(2026, 3, 31)), {})
        forged = cursor(made, "0001-01-01T00:00:00+23:59", "5")
        assert client.post(SEARCH, json={**period, "cursor": forged}).status_code == 422
    numbers = [each["reference"] for page in (first, second) for each in page["dossiers"]]
    assert len(numbers) == len(set(numbers)) == 51
    assert len(second["dossiers"]) == 1, "one of many, though it stands alone on its page"
    assert second["next"] is None
    assert stranger.status_code == 422
    persons = [each["persons"] for page in (first, second) for each in page["dossiers"]]
    assert persons == [[]] * 51, "nobody was searched for"


def test_each_narrowing_keeps_what_fits_and_hides_what_does_not(site: Website) -> None:
    (row,) = site.rows(tables.dossier)
    period = {"first_day": "2026-03-01", "last_day": "2026-03-31"}
    with officer(site) as client:
        for name, other in (
            ("procedure", "BQP0100002"),
            ("gate", "CANGHAIPHONG"),
            ("unit", "XX"),
            ("state", "refused"),
        ):
            own = getattr(row, name)
            assert own
            assert len(found(client, **period, **{name: own})) == 1, name
            assert found(client, **period, **{name: other}) == [], name


def test_a_table_for_a_spreadsheet_runs_no_formula(site: Website) -> None:
    with site.components.database.transaction() as connection:
        connection.execute(tables.dossier.update().values(principal="=cmd|'/c calc'!A1"))
    with officer(site) as client:
        answer = client.post(
            SEARCH, json={"first_day": "2026-03-01", "last_day": "2026-03-31"}, headers={"Accept": "text/csv"}
        )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    heads, line = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";")
    assert heads[0] == "Mã số hồ sơ"
    assert "'=cmd|'/c calc'!A1" in line


def test_a_ship_is_looked_up_where_it_is_opened_and_by_whom_it_is_given(site: Website) -> None:
    come(site, SHIP)
    rights = site.components.lookup_rights
    chief = site.components.people.acting("truong")
    asked = {"ship": "9074729"}
    with officer(site) as client:
        assert found(client, **asked) == [], "the letter does not name ships"
        assert "BQP0100007" in rights.give("hoa", "BQP0100007", actor=chief)
        assert len(found(client, **asked)) == 1
        rights.withdraw("hoa", "BQP0100007", actor=chief)
        assert found(client, **asked) == []
        rights.withdraw("hoa", "BQP0100001", actor=chief)
        assert found(client, first_day="2026-03-01", last_day="2026-03-31") == []
        rights.give("hoa", "BQP0100001", actor=chief)
        assert len(found(client, first_day="2026-03-01", last_day="2026-03-31")) == 1
    with pytest.raises(NotAllowed, match="is not looked up here"):
        rights.give("hoa", "BQP0100006", actor=chief)
    given = [(row.event, row.actor) for row in site.rows(tables.journal) if row.event.startswith("lookup.right")]
    assert given == [
        ("lookup.right_give", "person:truong"),
        ("lookup.right_withdraw", "person:truong"),
        ("lookup.right_withdraw", "person:truong"),
        ("lookup.right_give", "person:truong"),
    ]
    assert [(each.procedure, each.allowed) for each in rights.history("hoa")] == [
        ("BQP0100007", True),
        ("BQP0100001", False),
    ]


def test_nobody_gives_rights_to_himself_to_another_office_s_people_or_to_strangers(site: Website) -> None:
    rights, components = site.components.lookup_rights, site.components
    components.people.add("truong-mc", Facts("T", ("customs_administrator",), office="MC"), actor=TESTER)
    local = components.people.acting("truong-mc")
    with pytest.raises(NoRight, match="of these offices only: MC"):
        rights.give("hoa", "BQP0100001", actor=local)
    with pytest.raises(NoRight, match="grants himself nothing"):
        rights.give("truong-mc", "BQP0100001", actor=local)
    with pytest.raises(NotAllowed, match="nobody of customs is registered"):
        rights.give("qt", "BQP0100001", actor=local)
    with pytest.raises(NoRight, match="no right to say what customs officers look up"):
        rights.give("mai", "BQP0100001", actor=components.people.acting("hoa"))


def test_the_lookups_of_one_officer_are_not_hidden_by_those_of_many_others(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapter.services.customs.audit.MOST", 2)
    (row,) = site.rows(tables.dossier)
    for code, times in (("hoa", 1), ("truong", 3)):
        with officer(site, code) as client:
            for _ in range(times):
                found(client, number=row.number, year=row.year)
    span = (CLOCK - timedelta(days=1), CLOCK + timedelta(days=1))
    asked = Asked(*span, officer="hoa", dossier=DossierKey(row.number, row.year))
    looked = site.components.lookup_audit.looked(asked, person("kiem", Role.AUDITOR))
    assert [each.actor for each in looked] == ["person:hoa"]


def test_every_read_of_a_person_is_journalled_and_the_auditor_finds_it_by_officer_person_and_dossier(
    site: Website,
) -> None:
    (row,) = site.rows(tables.dossier)
    (paper, *_) = [each.value for each in site.rows(tables.search_key) if each.kind == "paper"]
    with officer(site) as client:
        found(client, number=row.number, year=row.year)
        found(client, paper={"number": paper})
        client.get(f"/api/v1/lookup/dossiers/{row.number}/{row.year}/reply")
        client.get("/api/v1/lookup/dossiers", params={"reference": row.number, "year": row.year})
    with officer(site, "mai") as client:
        found(client, paper={"number": paper})
        found(client, paper={"number": "Z9999999"})
    looked = [each for each in site.rows(tables.journal) if each.event in ("lookup.dossiers", "lookup.reply")]
    assert len(looked) == 6
    of_hoa = [each.detail for each in looked if each.actor == "person:hoa"]
    assert all(each["dossiers"] == [f"{row.number}/{row.year}"] for each in of_hoa)
    assert sum(each["persons"] > 0 for each in of_hoa) == 3
    assert of_hoa[1]["value"] == sha256(paper.encode()).hexdigest()
    assert paper not in str([each.detail for each in looked])

    audit, auditor = site.components.lookup_audit, person("kiem", Role.AUDITOR)
    span = (CLOCK - timedelta(days=1), CLOCK + timedelta(days=1))
    assert len(audit.looked(Asked(*span), auditor)) == 6
    by_hoa = audit.looked(Asked(*span, officer="hoa"), auditor)
    assert len(by_hoa) == 4
    assert {each.in_words for each in by_hoa} == {
        "Tra cứu: mã số hồ sơ và năm / Looked up: number and year of a dossier",
        "Tra cứu: số giấy tờ / Looked up: number of an identity paper",
        "Tải kết quả đã ký: mã số hồ sơ và năm / Took the signed result along: number and year of a dossier",
    }
    of_the_person = audit.looked(Asked(*span, paper=paper.lower()), auditor)
    assert sorted(each.actor for each in of_the_person) == ["person:hoa"] * 4 + ["person:mai"]
    assert [each.actor for each in audit.looked(Asked(*span, paper="Z9999999"), auditor)] == ["person:mai"]
    assert len(audit.looked(Asked(*span, officer="mai", paper=paper), auditor)) == 1
    assert len(audit.looked(Asked(*span, dossier=DossierKey(row.number, row.year)), auditor)) == 4
    audited = [each.detail for each in site.rows(tables.journal) if each.event == "lookup.audit"]
    assert [each["hits"] for each in audited] == [6, 4, 5, 1, 1, 4]
    assert [each.get("officer") for each in audited] == [None, "hoa", None, None, "mai", None]
    assert [each.get("dossier") for each in audited] == [None] * 5 + [f"{row.number}/{row.year}"]
    assert audited[2]["paper"] == of_hoa[1]["value"]
    with pytest.raises(NoRight):
        audit.looked(Asked(*span), site.components.people.acting("hoa"))


def test_the_signed_confirmation_is_given_as_its_bytes_and_as_a_page_to_print(site: Website) -> None:
    key = citizen(site)
    site.components.completion.complete(key, OFFICER)
    site.mark_sent()
    (signed,) = [row for row in site.rows(tables.outbox) if row.kind == "Completion"]
    reply = f"/api/v1/lookup/dossiers/{key.number}/{key.year}/reply"
    with officer(site) as client:
        xml, pdf = client.get(reply), client.get(f"{reply}.pdf")
    assert xml.content == bytes(signed.body)
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-")
    with officer(site, "mai") as other:
        assert [other.get(each).status_code for each in (reply, f"{reply}.pdf")] == [404, 404]
    looked = [each for each in site.rows(tables.journal) if each.event == "lookup.reply"]
    assert [(each.actor, each.detail["hits"]) for each in looked] == [
        *[("person:hoa", 1)] * 2,
        *[("person:mai", 0)] * 2,
    ]


def test_what_is_printed_for_customs_is_the_confirmation_with_its_number_and_is_no_receipt(site: Website) -> None:
    key = citizen(site)
    site.components.completion.complete(key, OFFICER)
    site.mark_sent()
    shown: list[Any] = []
    printed = replace(site.components.printed_decisions, prints=SimpleNamespace(pdf=shown.append))
    printed.pdf(key.number, key.year, None, site.components.people.acting("hoa"))
    (opened,) = shown
    assert opened.confirmation == site.rows(tables.confirmation)[0].number
    assert opened.title.vi == "Xác nhận hoàn thành khai báo"
    assert opened.lines
    assert [row.delivered_at for row in site.rows(tables.outbox) if row.kind == "Completion"] == [None]


def test_a_purpose_is_asked_where_the_installation_asks_for_one(tmp_path: Path, sqlite_url: str) -> None:
    purposes = [{"code": "CONTROL", "vi": "Kiểm tra", "en": "Control"}]
    with website(configure(tmp_path, sqlite_url, {"customs.purposes": purposes})) as site:
        components = site.components
        components.offices.add(CustomsOffice("HN", "Hữu Nghị", None, ("HUUNGHI",)), actor=TESTER)
        who = person("hoa", Role.CUSTOMS_OFFICER, office="HN")
        with site.customs("HN") as client:
            reply = "/api/v1/lookup/dossiers/A1/2026/reply"
            for refused in (client.post(SEARCH, json={"plate": "29B"}), client.get(reply), client.get(f"{reply}.pdf")):
                assert refused.status_code == 422
                assert "CONTROL" in refused.json()["vi"]
            assert client.get(reply, params={"purpose": "CONTROL"}).status_code == 404
        components.searches.search(Search(Key.PLATE, "29B", purpose="CONTROL"), who)
        entries = [each for each in site.rows(tables.journal) if each.event.startswith("lookup.")]
        assert [each.detail["purpose"] for each in entries] == ["CONTROL"] * 2
