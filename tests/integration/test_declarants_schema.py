"""All that a declarant can ask of the portal, by token and in a session: whatever he sends, nothing is our fault.

The interface is asked as its OpenAPI document says (schemathesis); the pages, of which no such document tells, are
asked by their routes, with fields that they know and texts that they do not.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapter.entrypoints.web.app import create_portal
from adapter.gateways.store import tables
from adapter.model.events import Event
from adapter.model.identifiers import DossierKey
from adapter.services.access.tokens import Machine
from tests.harness.own_dossiers import declared, somebody
from tests.harness.people import TESTER
from tests.harness.website import CITIZEN, Website, citizen_message, open_to_all

API = (
    ("/api/v1/declarations", "POST"),
    ("/api/v1/declarations/dry-run", "POST"),
    ("/api/v1/declarations/{id}", "GET"),
    ("/api/v1/declarations/{id}/replies/{digest}", "GET"),
    ("/api/v1/files", "POST"),
    ("/api/v1/dossiers/{year}/{number}/files/{digest}", "GET"),
    ("/api/v1/window", "GET"),
)
HOSTILE = st.sampled_from(["", "\x00", "<script>", "../..", "%00", "🜲", "9" * 400, "-1", "1", "2026", "0x10", "\u202e"])
PART = r"\{(\w+)(?::\w+)?\}"
"""A parameter in the path of a route."""
FULL = os.environ.get("NSW_PROVE") == "full"
PAGES, REQUESTS = (1000, 200) if FULL else (60, 15)


def often(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Website]:
    with open_to_all(tmp_path_factory.mktemp("declarants")) as served:
        yield served


def failed(site: Website) -> list[dict[str, Any]]:
    return [fields for event, fields in site.events if event is Event.REQUEST_FAILED]


@pytest.mark.parametrize(("path", "method"), API)
def test_no_request_of_a_program_is_answered_by_a_fault_of_ours(site: Website, path: str, method: str) -> None:
    operation = schemathesis.openapi.from_url(f"{site.url}/api/openapi.json")[path][method]
    _, token = site.components.tokens.issue(Machine.DECLARANT, f"{method} {path}", CITIZEN, actor=TESTER)

    @often(REQUESTS)
    @given(case=operation.as_strategy(), body=bodies())
    def every(case: schemathesis.Case, body: bytes) -> None:
        sent = {"data": body} if method == "POST" else {}
        kind = {"Content-Type": "application/xml"} if method == "POST" else {}
        answer = case.call(headers={**kind, "Authorization": f"Bearer {token}"}, **sent)
        assert answer.status_code < 500, answer.text

    every()


def bodies() -> st.SearchStrategy[bytes]:
    """A declaration with a text changed, one that is cut somewhere, and what is none."""
    whole = citizen_message()
    names = sorted(set(re.findall(rb"<(\w+)>[^<]+</", whole)))

    def changed(name: bytes, text: str) -> bytes:
        said = text.encode("utf-8", "replace").replace(b"<", b"&lt;").replace(b"&l", b"&amp;")
        return re.sub(rb"<%s>[^<]*<" % name, lambda _: b"<%s>%s<" % (name, said), whole, count=1)

    return st.one_of(
        st.builds(changed, st.sampled_from(names), HOSTILE | st.text(max_size=50)),
        st.integers(0, len(whole)).map(lambda at: whole[:at]),
        st.binary(max_size=100),
    )


def routes(site: Website) -> dict[str, list[str]]:
    """The portal's pages by method."""
    found: dict[str, list[str]] = {"GET": [], "POST": []}
    for each in iter_route_contexts(create_portal(site.components).routes):
        path, methods = getattr(each, "path", ""), getattr(each, "methods", None) or ()
        if not path.startswith(("/api", "/static", "/logout")):
            for method in methods & found.keys():
                found[method].append(path)
    return found


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_page_of_somebody_who_has_logged_in_fails(site: Website, method: str) -> None:
    known, answered = places(site), Counter[int]()
    paths, person = sorted(routes(site)[method]), somebody(site, CITIZEN)
    assert len(paths) > 15
    values = st.sampled_from(sorted({*known["value"], "on", "later", "another", "amendment_requested"})) | HOSTILE

    def ask(address: str, fields: Mapping[str, str]) -> None:
        if method == "GET":
            answer = person.get(address, follow=False)
        else:
            csrf = site.rows(tables.session)[-1].csrf
            own = {"data": {**fields, "csrf": csrf}, "headers": {"Origin": site.url}}
            answer = person.ask("POST", address, follow=False, **own)
        answered[answer.status_code] += 1
        assert answer.status_code < 500, (address, answer.text[:500])

    @often(PAGES // 2)
    @given(data=st.data())
    def every(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(paths))
        address = re.sub(PART, lambda part: quoted(data.draw(of(known, part[1]))), path)
        ask(address, data.draw(st.dictionaries(st.sampled_from(known["field"]), values, max_size=6)))

    every()
    ordered = sorted(paths, key=lambda path: path.endswith("/bo"))  # whoever gives a draft up does so last
    for turn in range(max(1, PAGES // 2 // len(paths))):
        mine = places(site)
        for path in ordered:  # each as a person asks it
            ask(re.sub(PART, lambda part: quoted(chosen(mine, part[1], turn)), path), stated(mine))  # noqa: B023
    assert answered[200] + answered[303] > PAGES // 10, "some of them are what a person sends"
    assert answered[403] == 0
    assert failed(site) == []


def chosen(known: Mapping[str, list[str]], part: str, turn: int) -> str:
    return known[part][turn % len(known[part])] if part in known else "1"


def stated(known: Mapping[str, list[str]]) -> dict[str, str]:
    """What stands in the fields of a form that a person sends unchanged, whichever form it is."""
    _, key, version, procedure, gate, _ = known["value"]
    return {"key": key, "version": version, "procedure": procedure, "gate": gate, "wait": "on"}


def of(known: Mapping[str, list[str]], part: str) -> st.SearchStrategy[str]:
    return st.sampled_from(known[part]) | HOSTILE if part in known else HOSTILE


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode()) or "-"


def places(site: Website) -> dict[str, list[str]]:
    """What stands in addresses and forms: a dossier of his, a draft, its parts; by the names that the routes give."""
    key = declared(site) if not site.rows(tables.dossier) else DossierKey(site.rows(tables.dossier)[0].number, 2026)
    components = site.components
    procedure = next(each for each in components.drafts.offered() if each.code == "BQP0100002")
    draft = components.drafts.begin(CITIZEN, procedure, "HUUNGHI", {"name": "An", "number": CITIZEN, "tax_code": ""})
    sketch = components.drafts.forms.layout(draft)
    names = [field.name for part in sketch.sections for field in part.asked]
    digests, messages = (
        [row.digest for row in site.rows(tables.outbox)],
        [row.public_id for row in site.rows(tables.inbox)],
    )
    return {
        "id": [draft.public_id],
        "number": [key.number],
        "year": [str(key.year)],
        "digest": digests,
        "message": messages,
        "name": [part.name or "chung" for part in sketch.sections] + [group.name for group in sketch.groups],
        "ordinal": ["1", "2", "0"],
        "field": [
            *names,
            "key",
            "version",
            "gate",
            "procedure",
            "then",
            "what",
            "names",
            "rows",
            "how",
            "wait",
            "address",
            "code",
        ],
        "value": [key.number, draft.message_key, str(draft.version), procedure.code, "HUUNGHI", CITIZEN],
    }
