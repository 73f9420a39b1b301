"""The fixtures, played once for all that look at them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapter.bootstrap import Components
from tests.harness.fixtures import Case, load_cases
from tests.harness.hostile import load_attacks
from tests.procedures.settling import Settling


@pytest.fixture(scope="session")
def settling(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settling]:
    """Each fixture played once, when it is first asked for, together with those that this session asks for next."""
    made = Settling(tmp_path_factory.mktemp("settling"), load_cases(), _order(request.session))
    yield made
    made.close()


@pytest.fixture
def whole(settling: Settling) -> Components:
    """An installation on a migrated SQLite file, at the fixtures' clock."""
    return settling.whole


def _order(session: pytest.Session) -> list[Case]:
    """What is played ahead: the cases that are asked for one by one, or all where a test looks at all of them."""
    users = [item for item in session.items if isinstance(item, pytest.Function) and "settling" in item.fixturenames]
    asked = [item.callspec.params.get("case") if hasattr(item, "callspec") else None for item in users]
    named = [case for case in asked if isinstance(case, Case)]
    return named if len(named) == len(users) else [*load_cases(), *load_attacks()]
