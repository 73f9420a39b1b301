"""Urls of databases and brokers: what is told before anything connects."""

from __future__ import annotations

import pytest

from adapter.gateways.addresses import database_fault

SEVERAL = "postgresql+psycopg://nsw:secret@one:5432,two:5433/name"


@pytest.mark.parametrize("url", [SEVERAL, SEVERAL.replace(":5433", ""), "postgresql+psycopg://u@host/name"])
def test_a_url_with_several_hosts_is_one(url: str) -> None:
    assert database_fault(url) is None


@pytest.mark.parametrize("url", [SEVERAL.replace("5433", "70000"), SEVERAL.replace("5433", "port")])
def test_a_port_of_any_host_that_cannot_be_is_told_without_the_url(url: str) -> None:
    told = database_fault(url)
    assert told is not None
    assert "secret" not in told
