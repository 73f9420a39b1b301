"""The people of the portal's benchmark, each with dossiers and a draft, and how they log in: half of them citizens, the
others guides of one firm, whose dossiers are those that the window sends for it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

import httpx
from lxml import etree

from adapter.bootstrap import Components
from adapter.cli.check_messages import move_times
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import answers_in
from adapter.pipeline.xml import reparsed
from adapter.simulator.sign import sign_message
from tests.bench.clicks import SAVE, Visitor
from tests.bench.messages import today, unsigned
from tests.harness.browsing import Person
from tests.harness.fixtures import load_cases
from tests.harness.history import OFFICER, dossier_of
from tests.harness.pki import shared_pki
from tests.servers.identity import TestAccount

FIRM, PERSONS = "0100109106", 40
CITIZENS_FORM, GROUPS_FORM = "BQP0100002", "BQP0100001"
_CASE = "BQP0100002/accepted-citizen-unsigned"
_STATED = "001085012345"
"""The number of the declarant in that fixture."""
_FIRST_DRAFT = 900_000
"""Numbers of declarations that nobody sends: drafts say what they say."""
WEIGHTS = {
    "public page": 2,
    "list of dossiers": 4,
    "dossier": 4,
    "tasks of a draft": 2,
    "page of a form": 3,
    SAVE: 2,
    "check before sending": 1,
}
LISTS = {"list of 40 persons": 3, "page of a person": 2}
"""What guides click besides."""


@dataclass(frozen=True, slots=True)
class Declarant:
    """Somebody who logs in at the test provider under `code`."""

    code: str
    account: TestAccount

    @property
    def is_guide(self) -> bool:
        return bool(self.account.tax_code)


def declarants(count: int) -> list[Declarant]:
    """So many, a citizen and a guide in turn."""
    return [
        Declarant(f"p{place}", TestAccount(f"Nguyễn Văn {place}", f"001085{place:06}", FIRM if place % 2 else ""))
        for place in range(1, count + 1)
    ]


class Caller(Person):
    """A person whose connection a proxy in front states to be from `address`; counts the seconds that he waits."""

    def __init__(self, site: str, address: str) -> None:
        super().__init__(site)
        self.address, self.waited = address, 0.0

    def ask(self, method: str, address: str, *, follow: bool = True, **given: object) -> httpx.Response:
        headers = {"X-Forwarded-For": self.address, **dict(given.pop("headers", {}))}  # type: ignore[call-overload]
        response = super().ask(method, address, follow=False, headers=headers, **given)
        self.waited += response.elapsed.total_seconds()
        if follow and response.is_redirect:
            return self.ask("GET", urljoin(self.at, response.headers["location"]))
        return response

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies[urlsplit(self.site).netloc].items())


def addressed(place: int) -> str:
    """The address that the person of that place comes from."""
    return f"203.0.{113 + place // 250}.{1 + place % 250}"


def settle(components: Components, people: Sequence[Declarant], dossiers: int, confirmed: int = 1) -> list[DossierKey]:
    """Give each citizen that many dossiers by the window, `confirmed` of them confirmed; in the order of the people."""
    found = []
    for person in (each for each in people if not each.is_guide):
        for place in range(dossiers):
            given = _declaration(person.account.number, place, components.legal_clock())
            components.intake.receive([given])
            found.append(dossier_of(given.raw))
            if place < confirmed:
                components.completion.complete(found[-1], OFFICER)
    return found


def _declaration(number: str, place: int, at: datetime) -> Submission:
    case = next(each for each in load_cases() if each.id == _CASE)
    tree = reparsed(case.message)
    move_times(tree, at)
    name = f"{number[-6:]}{place:03}"
    changes = {
        "Header/Reference/messageId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"portal:{name}")),
        **{f"Header/Subject/{each}": f"CD{name}" for each in ("reference", "preReference")},
        "Body/Content//DossierNumber": f"CD{name}",
        "Body/Content//Citizen/DocumentNumber": f"C{name[2:]}",
    }
    for path, text in changes.items():
        for element in tree.iterfind(path):
            element.text = text
    raw = etree.tostring(tree, encoding="UTF-8").replace(_STATED.encode(), number.encode())
    signed = sign_message(raw, system=shared_pki().party("nsw"), declarant=None)
    return Submission(signed, Channel.WINDOW, at, Digest(hashlib.sha256(signed).hexdigest()))


def drafted(components: Components, person: Declarant, place: int, gate: str = "HUUNGHI") -> str:
    """A draft of his that is filled in to its end; gives its address."""
    code = GROUPS_FORM if person.is_guide else CITIZENS_FORM
    procedure = next(each for each in components.drafts.offered() if each.code == code)
    account = person.account
    known = {"name": account.name, "number": account.number, "tax_code": account.tax_code}
    draft = components.drafts.begin(account.number, procedure, gate, known, acts_for=account.tax_code or None)
    sketch = components.drafts.forms.layout(draft)
    form = etree.fromstring(said_in_draft(components, person, place)).find(f"Body/Content/{draft.spec.root}")
    assert form is not None
    said = answers_in(sketch, form)
    asked = {field.name for section in sketch.sections for field in section.asked}
    values = {name: text for name, text in said.values.items() if name in asked and name not in draft.answers.values}
    components.drafts.save(draft, Answers({**draft.answers.values, **values}, said.rows))
    return f"/khai-bao/{draft.public_id}"


def said_in_draft(components: Components, person: Declarant, place: int) -> bytes:
    """The declaration that a person's draft says."""
    if person.is_guide:
        return unsigned(_FIRST_DRAFT + place, PERSONS, today())
    return _declaration(person.account.number, 900, components.legal_clock()).raw


def visitor(port: int, place: int, person: Declarant, cookie: str, draft: str, dossiers: Sequence[str]) -> Visitor:
    """What he clicks."""
    forms = [f"{draft}/muc/chung"]
    pages = {
        "public page": ["/"],
        "list of dossiers": ["/ho-so"],
        "dossier": dossiers,
        "tasks of a draft": [draft],
        "page of a form": forms,
        SAVE: forms,
        "check before sending": [f"{draft}/kiem-tra"],
    }
    if person.is_guide:
        pages["list of 40 persons"] = [f"{draft}/danh-sach/persons"]
        pages["page of a person"] = [f"{draft}/danh-sach/persons/{ordinal}" for ordinal in (1, 20, PERSONS)]
    return Visitor(port, addressed(place), cookie, pages, WEIGHTS | (LISTS if person.is_guide else {}))
