"""Every route of the portal, taken from the router: without log-in, from another site, by somebody else, and by caches.

A route that is new is asked here without a word more: what it takes in its address is a declarant's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from sqlalchemy import select

from adapter.entrypoints.web.app import create_portal
from adapter.entrypoints.web.guard import right_of
from adapter.entrypoints.web.page import given_out
from adapter.gateways.store import tables
from adapter.model.identifiers import DossierKey
from adapter.pipeline.forms.given import gates_of
from adapter.services.access.tokens import Machine
from tests.harness.fixtures import CLOCK
from tests.harness.history import OFFICER
from tests.harness.own_dossiers import declared, somebody
from tests.harness.people import TESTER
from tests.harness.website import CITIZEN, OTHER, Website, open_to_all

HOSTILE = "<script>alert(1)</script>"
PART = r"\{(\w+)\}"
UNTOLD = {"session", "rate"}
"""Tables that each request may write: when a session was seen, how often somebody asked."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with open_to_all(tmp_path_factory.mktemp("routes")) as served:
        yield served


@dataclass(frozen=True)
class Asked:
    """A route with an address of An's."""

    method: str
    path: str
    address: str
    by_token: bool
    is_his: bool
    """Whether the address names something of his."""


@pytest.fixture(scope="module")
def his(site: Website) -> dict[str, str]:
    """What stands in addresses: all of it An's. `name` is a list of his draft; the ids of others by their pages."""
    components, key = site.components, declared(site)
    components.completion.complete(key, OFFICER)
    procedure = next(each for each in components.drafts.offered() if each.code == "BQP0100001")
    draft = components.drafts.begin(CITIZEN, procedure, "HUUNGHI", {"name": "An", "number": CITIZEN})
    draft = components.drafts.save(draft, draft.answers.with_rows("persons", [{"fullName": "NGUYEN VAN AN"}]))
    person = somebody(site, CITIZEN)
    person.get(f"/ho-so/{key.year}/{key.number}")
    person.send("/uy-quyen", holder="001077000001", document="UQ-1")
    (message,) = (row.public_id for row in site.rows(tables.inbox))
    person.get(f"/ho-so/{key.year}/{key.number}")
    for opening in person.document().xpath("//form[contains(@action, '/tra-loi/')]/@action"):
        person.get(f"/ho-so/{key.year}/{key.number}")
        person.send(opening)
    return {
        **{"year": str(key.year), "number": key.number, "name": "persons", "ordinal": "1", "message": message},
        "digest": next(row.digest for row in site.rows(tables.outbox) if row.kind == "Completion"),
        "id": draft.public_id,
        "/api/v1/declarations/{id}": message,
        "/uy-quyen/{id}": str(site.rows(tables.authorisation)[-1].id),
        "/chung-thu-so/{id}": str(next(row.id for row in site.rows(tables.certificate) if row.number == CITIZEN)),
    }


def needs(of: Dependant) -> Iterator[object]:
    """The dependencies that ask for a right."""
    for each in of.dependencies:
        if right_of(each.call) is not None:
            yield each.call
        yield from needs(each)


def guarded(site: Website, his: dict[str, str]) -> list[Asked]:
    """Every route that needs a right."""
    found = []
    for route in iter_route_contexts(create_portal(site.components).routes):
        dependant, path = getattr(route, "dependant", None), str(getattr(route, "path", ""))
        if dependant is None or not list(needs(dependant)):
            continue
        own = {
            "id": next(
                (text for before, text in his.items() if before[0] == "/" and path.startswith(before)), his["id"]
            )
        }
        address = re.sub(PART, lambda part: (his | own)[part[1]], path)  # noqa: B023
        for method in route.methods:
            found.append(Asked(method, path, address, path.startswith("/api/"), "{" in path))
    assert len(found) > 50
    return found


def contents(site: Website) -> dict[str, list[Any]]:
    """Every table but those that each request writes."""
    kept = [table for name, table in tables.metadata.tables.items() if name not in UNTOLD]
    with site.components.database.transaction() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in kept}


def test_nobody_is_served_without_log_in(site: Website, his: dict[str, str]) -> None:
    before = contents(site)
    for each in guarded(site, his):
        answer = httpx.request(each.method, site.url + each.address, headers={"Origin": site.url}, data={"csrf": "x"})
        if each.by_token:
            assert (answer.status_code, "www-authenticate" in answer.headers) == (401, True), each
        elif each.method == "GET":
            assert (answer.status_code, answer.headers.get("location", "")[:12]) == (303, "/login?next="), each
        else:
            assert answer.status_code == 403, each
        assert "no-store" in answer.headers["cache-control"], each
    assert contents(site) == before


@pytest.mark.parametrize("from_here", [True, False], ids=["with the token of another session", "from another site"])
def test_no_form_of_another_site_or_session_does_anything(site: Website, his: dict[str, str], from_here: bool) -> None:
    an, binh = somebody(site, CITIZEN), somebody(site, OTHER)
    of_an, of_binh = (row.csrf for row in sorted(site.rows(tables.session), key=lambda row: row.created_at)[-2:])
    an.get("/ho-so")
    (shown,) = set(an.document().xpath("//input[@name='csrf']/@value"))
    assert shown in (of_an, of_binh)
    strange = of_binh if shown == of_an else of_an
    before, asked = contents(site), [each for each in guarded(site, his) if each.method == "POST" and not each.by_token]
    assert len(asked) > 25
    for each in asked:
        origin, token = (site.url, strange) if from_here else ("https://evil.invalid", shown)
        answer = an.ask("POST", each.address, follow=False, data={"csrf": token}, headers={"Origin": origin})
        assert answer.status_code == 403, each
    assert contents(site) == before
    binh.get("/ho-so")
    assert binh.page is not None
    assert binh.page.status_code == 200, "both are logged in still"


def test_what_is_somebodys_is_not_there_for_another(site: Website, his: dict[str, str]) -> None:
    """By whatever address: the answer is the same as for what does not exist."""
    person, before = somebody(site, OTHER), contents(site)
    asked = [each for each in guarded(site, his) if each.is_his]
    assert len(asked) > 35
    with site.declarant(OTHER) as client:
        before = contents(site)
        for each in asked:
            if each.by_token:
                answer = client.request(each.method, each.address)
            elif each.method == "GET":
                answer = person.get(each.address, follow=False)
            else:
                person.get("/ho-so")
                answer = person.send(each.address, False, what="replacement", version="1", reason="x", key="x")
            assert answer.status_code == 404, each
    assert contents(site) == before


def test_the_addresses_that_are_asked_are_an_s(site: Website, his: dict[str, str]) -> None:
    """Else nothing would be shown by their not being there for another."""
    person, asked = somebody(site, CITIZEN), [each for each in guarded(site, his) if each.method == "GET"]
    absent = {each.path for each in asked if not each.by_token and person.get(each.address).status_code == 404}
    elsewhere = {
        "/khai-bao/{id}/muc/{name}",  # a section's name, not a list's
        "/khai-bao/{id}/dinh-kem/{name}",  # of a list of files
        "/khai-bao/{id}/tep.xml",  # nothing is prepared yet
        "/khai-bao/moi",  # of a procedure that the address names
        "/ho-so/{year}/{number}/tep/{digest}",  # no file was attached
    }
    assert absent == elsewhere


def test_no_page_of_his_is_kept_in_a_cache(site: Website, his: dict[str, str]) -> None:
    person, public = somebody(site, CITIZEN), ("/static/", "/api/", "/healthz", "/readyz", "/feed.atom", "/thong-bao/")
    asked = [each for each in guarded(site, his) if each.method == "GET" and not each.by_token]
    for address in chain(
        (each.address for each in asked), ("/", "/xac-minh", "/tep-ky-so", "/login", "/logged-out", "/nothing")
    ):
        assert "no-store" in person.get(address, follow=False).headers["cache-control"], address
    assert not [each for each in asked if each.address.startswith(public)]
    with site.client(site.components.tokens.issue(Machine.DECLARANT, "caches", CITIZEN, actor=TESTER)[1]) as client:
        for each in guarded(site, his):
            if each.by_token:
                assert "no-store" in client.request(each.method, each.address).headers["cache-control"], each


def places_of(site: Website, code: str) -> list[str]:
    """Every page of a draft of that procedure in which each text is hostile."""
    drafts = site.components.drafts
    procedure = next(each for each in drafts.offered() if each.code == code)
    gate = min(each.code for each in gates_of(procedure, drafts.ground.catalogue.codelists, CLOCK.date()))
    draft = drafts.begin(CITIZEN, procedure, gate, {"name": "An", "number": CITIZEN})
    sketch = drafts.forms.layout(draft)
    values = {field.name: HOSTILE for part in sketch.sections for field in part.asked if field.name != "gate"}
    answers = draft.answers.with_values(values)
    for group in sketch.groups:
        answers = answers.with_rows(group.name, [{field.name: HOSTILE for field in group.fields}] * 2)
    drafts.save(draft, answers)
    here = f"/khai-bao/{draft.public_id}"
    sections = [f"/muc/{part.name or 'chung'}" for part in sketch.sections if part.asked]
    lists = [f"/danh-sach/{group.name}" for group in sketch.groups]
    rows = [f"{each}/1" for each in lists] + [f"{each}/2/xoa" for each in lists]
    return [here + each for each in ("", "/kiem-tra", "/bo", *sections, *lists, *rows)]


def test_a_script_in_every_field_of_every_form_is_text(site: Website) -> None:
    person, shown = somebody(site, CITIZEN), 0
    offered = [each.code for each in site.components.drafts.offered()]
    assert len(offered) >= 5
    for code in offered:
        for address in places_of(site, code):
            page = person.get(address)
            assert page.status_code in (200, 404), address
            assert HOSTILE not in page.text, address
            shown += page.text.count("&lt;script&gt;")
    assert shown > 500


LINES = "x\r\nSet-Cookie: planted=1\r\n\r\n<script>"


@pytest.mark.parametrize(
    "address",
    [
        "/login?next=/{0}",
        "/?lang={0}",
        "/?lang=en&x={0}",
        "/xac-minh?so={0}&ma={0}",
        "/{0}",
        "/ho-so/2026/{0}",
        "/khai-bao/{0}",
    ],
)
def test_what_is_asked_for_adds_no_header_to_the_answer(site: Website, address: str) -> None:
    person = somebody(site, CITIZEN)
    written = address.format("".join(f"%{byte:02X}" for byte in LINES.encode()))
    answer = person.get(written, follow=False)
    assert answer.status_code < 500
    assert "planted" not in str(answer.headers.get_list("set-cookie"))
    assert [name for name, value in answer.headers.items() if "\r" in value or "\n" in value] == []


def test_a_files_name_adds_no_header_to_the_answer(site: Website) -> None:
    stated = given_out(b"", "application/pdf", 'a"\r\nSet-Cookie: b=1;\\c%d/ế.pdf').headers["content-disposition"]
    assert re.fullmatch(r"attachment; filename=\"[^\"\\\r\n%]*\"; filename\*=UTF-8''[A-Za-z0-9%._~-]*", stated)


def test_no_name_of_another_host_comes_into_an_answer(site: Website) -> None:
    """A cache or a mail would lead others there."""
    person, key = somebody(site, CITIZEN), DossierKey("x", 2026)
    for address in ("/", "/ho-so", "/feed.atom", "/login", f"/ho-so/{key.year}/{key.number}"):
        answer = person.ask(
            "GET", address, follow=False, headers={"X-Forwarded-Host": "evil.invalid", "Forwarded": "host=evil.invalid"}
        )
        assert "evil.invalid" not in answer.text + str(answer.headers), address
