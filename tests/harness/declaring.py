"""Declaring on the portal by hand, as a person without scripts does it: begin, fill in, import a list, press."""

from __future__ import annotations

import io
from urllib.parse import urlsplit

import httpx
from lxml import etree, html
from openpyxl import Workbook, load_workbook

from adapter.bootstrap import Components
from adapter.entrypoints.web.browser import PORTAL_COOKIE
from adapter.pipeline.forms.differences import answers_in
from adapter.pipeline.forms.entry import shown
from adapter.pipeline.forms.layout import FormField
from adapter.services.access.sessions import AccountHolder
from adapter.services.door.draft import Draft
from tests.harness.browsing import Person
from tests.harness.website import Website
from tests.servers.identity import PEOPLE

TRAVELLER = {
    **{"Giới tính": "Nữ", "Ngày sinh": "05/06/1985", "Quốc tịch": "Việt Nam", "Loại giấy tờ": "HC_PHO_THONG"},
    "Vai trò trong đoàn": "MEMBER",
}
"""A row of the template of a group's persons, by its headings; name and number of the paper are each one's own."""


def entered(site: Website, who: str, at: str = "/khai-bao") -> Person:
    """Somebody in a browser of his own, with the session that he has when he comes from the provider."""
    components, account = site.components, PEOPLE[who]
    assert components.identity_provider is not None
    issuer = components.identity_provider.trusted.issuer
    holder = AccountHolder(issuer, who, account.name, account.number, account.tax_code or None, None)
    person = Person.holding(site.url, PORTAL_COOKIE, components.sessions.start(holder))
    person.get(at)
    return person


def press(person: Person, button: str, *, follow: bool = True, **typed: str) -> httpx.Response:
    """Type into the form that has this button, and press it."""
    (pressed,) = person.document().xpath(f"//main//button[normalize-space()='{button}']")
    form = next(pressed.iterancestors("form"))
    fields = dict(form.form_values()) | {name.replace("__", "."): text for name, text in typed.items()}
    if pressed.get("name"):
        fields[pressed.get("name")] = pressed.get("value")
    return person.send(form.get("action"), follow, **fields)


def begun(person: Person, form: str, gate: str = "HUUNGHI") -> str:
    """The address of a new draft."""
    person.get("/khai-bao")
    (link,) = person.document().xpath(f"//a[strong='{form}']/@href")
    person.get(link)
    press(person, "Bắt đầu khai", gate=gate)
    return person.at


def unsent(components: Components, number: str) -> Draft:
    """The draft of whoever has that number and no other."""
    return components.drafts.unsent(number)[0]


def texts_of(components: Components, draft: Draft, message: bytes) -> dict[str, dict[str, str]]:
    """By address below the draft's: what to type so that the draft says what this message says."""
    sketch = components.drafts.forms.layout(draft)
    form = etree.fromstring(message).find(f"Body/Content/{draft.spec.root}")
    assert form is not None
    said = answers_in(sketch, form)

    known = draft.answers.values  # what a form is begun with stays

    def shown_of(fields: tuple[FormField, ...], texts: object, before: str = "") -> dict[str, str]:
        assert isinstance(texts, dict)
        return {
            f"{before}{f.name}": shown(f, texts[f.name]) for f in fields if texts.get(f.name) and f.name not in known
        }

    pages = {f"/muc/{s.name or 'chung'}": shown_of(s.asked, dict(said.values)) for s in sketch.sections if s.asked}
    for group in sketch.groups:
        for ordinal, row in enumerate(said.rows[group.name], start=1):
            before = f"{group.name}.{ordinal}."
            pages[f"/danh-sach/{group.name}/{ordinal}"] = shown_of(group.asked, dict(row), before)
    return {address: texts for address, texts in pages.items() if texts}


def fill(person: Person, address: str, pages: dict[str, dict[str, str]]) -> None:
    """Type these texts into the pages of a draft, one page after the other."""
    for page, texts in pages.items():
        person.get(f"{address}{page}")
        answer = press(person, "Lưu và tiếp tục", follow=False, **{n.replace(".", "__"): t for n, t in texts.items()})
        assert answer.status_code == 303, html.fromstring(answer.text).xpath("string(//*[@class='summary'])")


def filled(template: bytes, rows: list[dict[str, str]]) -> bytes:
    """The offered XLSX template with these rows; a column is found by the Vietnamese part of its heading."""
    book = load_workbook(io.BytesIO(template))
    sheet = book.worksheets[0]
    headings = [str(cell.value).partition(" / ")[0] for cell in sheet[1]]
    for row in rows:
        sheet.append([row.get(heading, "") for heading in headings])
    return saved(book)


def saved(book: Workbook) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def send_file(person: Person, address: str, name: str, raw: bytes, **more: str) -> None:
    """Upload a file from the page he is on; `more`: what else is in its form."""
    token = person.document().xpath("//input[@name='csrf']/@value")[0]
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(person.at))
    person.ask("POST", address, data={"csrf": token, **more}, files={"file": (name, raw)}, headers={"Origin": origin})
