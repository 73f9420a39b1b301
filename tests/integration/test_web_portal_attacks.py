"""Hostile HTTP against the pages for people, from outside and from somebody who has logged in."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import httpx
import pytest
from lxml import html
from openpyxl import Workbook

from adapter.gateways import bounded_child
from adapter.gateways.spreadsheets.reading import CHILD, cells_of_xlsx
from adapter.gateways.store import sessions as session_rows
from adapter.gateways.store import tables
from adapter.model.events import Event
from adapter.pipeline.forms.sheet import Unreadable
from adapter.services.access.sessions import AccountHolder
from adapter.services.door.draft import DraftTooLarge
from tests.harness.browsing import Person
from tests.harness.website import BODY_BYTES, CITIZEN, Website, configure, website
from tests.servers.identity import IdentityProvider
from tests.servers.process import free_ports

COOKIE = "__Host-sid"
AN = AccountHolder("https://provider.invalid", "an", "Nguyễn Văn An", CITIZEN, None, None)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, standing_url: str) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("both")
    (port,) = free_ports(1)
    away = IdentityProvider(folder / "away", f"http://127.0.0.1:{port}")
    with website(configure(folder, standing_url, away.settings()), port) as served:
        yield served


@pytest.fixture
def site(both: Website) -> Website:
    """A site whose provider does not answer: who is logged in here has a session already."""
    return both.as_it_was()


def logged_in(site: Website) -> Person:
    person = Person(site.url)
    person.cookies[httpx.URL(site.url).netloc.decode()] = {COOKIE: site.components.sessions.start(AN)}
    return person


def failures(site: Website) -> list[object]:
    return [fields for event, fields in site.events if event is Event.REQUEST_FAILED]


def begun(person: Person, form: str) -> str:
    person.get("/khai-bao")
    (link,) = person.document().xpath(f"//a[strong='{form}']/@href")
    person.get(link)
    (choice,) = person.document().xpath("//main//form")
    person.send(choice.get("action"), **(dict(choice.form_values()) | {"gate": "HUUNGHI"}))
    return person.at


@pytest.mark.parametrize("before", [b"\xa0", b"\x85", b"\x1c"])
def test_a_cookie_of_another_name_is_no_session(site: Website, before: bytes) -> None:
    """A neighbour host may plant a cookie that a browser does not take for `__Host-` and a careless reader does."""
    planted = site.components.sessions.start(AN).encode()
    told = httpx.get(site.url, headers=[(b"Cookie", before + COOKIE.encode() + b"=" + planted)])
    assert AN.name not in told.text


@pytest.mark.parametrize("path", ["//evil.invalid/", "///evil.invalid", "//evil.invalid/%2e%2e"])
def test_no_link_of_an_error_page_leads_to_another_site(site: Website, path: str) -> None:
    url = httpx.URL(site.url)
    with socket.create_connection((url.host, url.port or 80), timeout=60) as link:
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: link.recv(65_536), b"")).decode()
    links = html.fromstring(answer.partition("\r\n\r\n")[2]).xpath("//a/@href")
    assert links
    assert [each for each in links if each.startswith("//") or "\\" in each] == []


def test_who_has_not_logged_in_uploads_nothing_large(site: Website) -> None:
    """The provider's log-out is open to all: a file in it would be kept on our disk while it comes."""
    files = {"logout_token": ("x", b"x" * (BODY_BYTES * 20))}
    told = httpx.post(f"{site.url}/login/backchannel", files=files, timeout=60)
    assert told.status_code == 413

    def endless() -> Iterator[bytes]:
        yield b"logout_token="
        for _ in range(20):
            yield b"x" * 10_000

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    told = httpx.post(f"{site.url}/login/backchannel", content=endless(), headers=form, timeout=60)
    assert told.status_code == 411


@pytest.mark.parametrize("text", ["%00", "a%01b", "%EF%BF%BE", "%ED%B2%80", "x" * 5000])
def test_no_address_of_a_page_fails_by_its_letters(site: Website, text: str) -> None:
    person = logged_in(site)
    for address in (
        f"/khai-bao/{text}",
        f"/khai-bao/{text}/kiem-tra",
        f"/khai-bao/tep/{text}",
        f"/khai-bao/x/da-gui/{text}",
        f"/khai-bao/moi?procedure={text}",
        f"/xac-minh?so={text}&ma={text}",
        f"/ho-so/2026/{text}",
        f"/login?next=/{text}",
    ):
        assert person.get(address, follow=False).status_code in (200, 303, 400, 404, 422), address
    assert failures(site) == []


def test_rows_that_hold_what_no_form_can_are_not_taken(site: Website) -> None:
    person = logged_in(site)
    draft = begun(person, "Mẫu 07")
    (name,) = {link.split("/")[4] for link in person.document().xpath("//a/@href") if "/danh-sach/" in link}
    for hostile in ("\u0001", "\u0000", "\ufffe", "\u202e"):
        person.get(f"{draft}/nhap/{name}")
        (kept,) = site.rows(tables.draft)
        rows = {"names": "fullName", "rows": f"A{hostile}B"}
        told = person.send(f"{draft}/nhap/{name}/nhan", False, **rows, how="replace", version=str(kept.version))
        assert told.status_code == 303
        person.get(f"{draft}/danh-sach/{name}")
        assert person.get(f"{draft}/kiem-tra").status_code == 200
        (kept,) = site.rows(tables.draft)
        assert [row["fullName"] for row in kept.answers["rows"][name]] == ["AB"]
    assert failures(site) == []


def test_a_row_that_is_removed_twice_takes_no_other_along(site: Website) -> None:
    person = logged_in(site)
    draft = begun(person, "Mẫu 07")
    (name,) = {link.split("/")[4] for link in person.document().xpath("//a/@href") if "/danh-sach/" in link}
    person.get(f"{draft}/nhap/{name}")
    rows = {"names": "fullName", "rows": "A\tB\tC"}
    (kept,) = site.rows(tables.draft)
    person.send(f"{draft}/nhap/{name}/nhan", False, **rows, how="replace", version=str(kept.version))
    person.get(f"{draft}/danh-sach/{name}/1/xoa")
    (form,) = person.document().xpath("//main//form")
    fields = dict(form.form_values())
    for _ in range(2):  # pressed twice before the answer is there
        person.get(f"{draft}/danh-sach/{name}")
        person.send(form.get("action"), **{**fields, "csrf": fields["csrf"]})
    (kept,) = site.rows(tables.draft)
    assert [row["fullName"] for row in kept.answers["rows"][name]] == ["B", "C"]


def test_one_long_text_in_many_cells_is_too_large() -> None:
    """A file of some kilobytes whose cells all show one shared text of a megabyte."""
    book, short, made = Workbook(), io.BytesIO(), io.BytesIO()
    for _ in range(100):
        book.active.append(["x"] * 60)  # type: ignore[union-attr]
    book.save(short)
    with ZipFile(short) as before, ZipFile(made, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b"<t>x</t>", b"<t>" + b"x" * 30_000 + b"</t>"))
    assert len(made.getvalue()) < 2_000_000
    assert len(cells_of_xlsx(short.getvalue())) == 100
    with pytest.raises(Unreadable) as told:
        cells_of_xlsx(made.getvalue())
    assert told.value.why == "too_large"


def test_a_suspension_while_somebody_logs_in_ends_that_session_too(
    site: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between the look whether he is suspended and the session."""
    genuine, done = session_rows.add, threading.Event()

    def suspend() -> None:
        site.suspend(CITIZEN, reason="Khai báo sai nhiều lần")
        done.set()

    def slow(*args: object, **values: object) -> None:
        threading.Thread(target=suspend).start()
        done.wait(3)
        genuine(*args, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(session_rows, "add", slow)
    site.components.sessions.start(AN)
    assert done.wait(60)
    assert site.rows(tables.session) == []


def test_a_draft_does_not_grow_without_end(site: Website) -> None:
    """Row by row one could fill the store, and each page of the draft would load all of it."""
    person = logged_in(site)
    draft_id = begun(person, "Mẫu 07").rpartition("/")[2]
    drafts = site.components.drafts
    draft = drafts.find(CITIZEN, draft_id)
    (group,) = drafts.forms.layout(draft).groups
    draft = drafts.save(draft, draft.answers.with_rows(group.name, [{"fullName": "x" * 999_000}] * 5))
    with pytest.raises(DraftTooLarge):
        drafts.save(draft, draft.answers.with_row(group.name, 6, {"fullName": "x" * 100_000}))
    typed = {f"{group.name}.6.fullName": "x" * 100_000, "version": str(draft.version), "then": "later"}
    person.get("/khai-bao")
    assert person.send(f"/khai-bao/{draft_id}/danh-sach/{group.name}/6", **typed).status_code == 413
    (kept,) = site.rows(tables.draft)
    assert len(kept.answers["rows"][group.name]) == 5


def test_few_spreadsheets_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may take some hundred megabytes: many that come together would take the machine's memory."""
    genuine, running, most = bounded_child.subprocess.run, [0], [0]
    counting = threading.Lock()

    def counted(*args: Any, **given: Any) -> Any:
        with counting:
            running[0] += 1
            most[0] = max(most[0], running[0])
        try:
            return genuine(*args, **given)
        finally:
            with counting:
                running[0] -= 1

    monkeypatch.setattr(bounded_child.subprocess, "run", counted)
    book, made = Workbook(), io.BytesIO()
    book.active.append(["a", "b"])  # type: ignore[union-attr]
    book.save(made)
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(cells_of_xlsx, [made.getvalue()] * 6))
    assert len(told) == 6
    assert most[0] <= CHILD.at_once
