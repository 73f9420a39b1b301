"""What the demonstration hands in at the portal is answered there as its fixtures say, without a broker."""

from __future__ import annotations

from pathlib import Path

from adapter.bootstrap import Components
from adapter.services.access.tokens import Machine
from adapter.services.watch.mode import Sight
from tests.demo.direct import Direct, directs
from tests.demo.door import Door
from tests.demo.outage import declared
from tests.harness.fixtures import Case, load_cases
from tests.harness.people import TESTER
from tests.harness.pki import shared_pki
from tests.harness.shares import share
from tests.harness.website import configure, website

SELDOM = 100
"""Of what is answered as another of its procedure every hundredth, in `make test`."""


def _kind(declared_there: Direct) -> list[tuple[object, ...]]:
    procedure, _, _ = declared_there.label.partition("/")
    return [(procedure, declared_there.wanted.content, declared_there.file is None)]


def furnished(components: Components, case: Case) -> None:
    """What the demonstration puts into the registers by commands."""
    for given in case.register.authorisations:
        components.authorisations.grant(given.holder, given.principal, given.document, actor=TESTER)
    for account in case.register.suspended_accounts:
        components.accounts.suspend(account.number, unit=account.unit, reason=account.reason, actor=TESTER)


def test_each_declaration_of_the_demonstration_is_answered_at_the_portal_as_its_fixture_says(
    tmp_path: Path, sqlite_url: str
) -> None:
    cases = load_cases()
    with website(configure(tmp_path, sqlite_url)) as site:
        site.window(Sight.DOWN)
        for case in cases:
            furnished(site.components, case)
        found = directs(cases, catalogue=site.components.catalogue, pki=shared_pki())
        assert any(each.file is not None for each in found), "one of them names a letter"
        problems = {}
        for place, each in enumerate(share(found, SELDOM, _kind)):
            token = site.components.tokens.issue(Machine.DECLARANT, str(place), each.declarant, actor=TESTER)[1]
            with Door(site.url, token) as door:
                line, _ = declared(door, each)
            problems[each.label] = line.problems
    assert {label: told for label, told in problems.items() if told} == {}
