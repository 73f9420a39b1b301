"""Where the two urls come from: the environment goes before the file, whichever way the file names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapter.model.errors import Misconfigured
from adapter.settings import broker_urls, database_url, load_settings
from tests.harness import configuration

PRODUCTION, COPY = "postgresql+psycopg://adapter@production/nsw", "sqlite:////srv/drill/copy.db"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As an installation has it: both urls in files of their own."""
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)
    files = {}
    for part, url in (("database", PRODUCTION), ("broker", "amqps://production/nsw")):
        (tmp_path / f"{part}-url").write_text(url + "\n", encoding="utf-8")
        files[f"{part}.url_file"] = f"{part}-url"
    return configuration.write(tmp_path, files)


def test_a_file_that_holds_the_url_goes_before_the_url_of_the_configuration(config: Path) -> None:
    settings = load_settings(config)
    assert (database_url(settings), broker_urls(settings)) == (PRODUCTION, ("amqps://production/nsw",))


@pytest.mark.parametrize("name", ["NSW_DATABASE_URL", "NSW_DATABASE__URL", "nsw_database__url"])
def test_a_drill_on_a_copy_never_touches_production(config: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, COPY)
    settings = load_settings(config)
    assert database_url(settings) == COPY
    assert broker_urls(settings) == ("amqps://production/nsw",)


@pytest.mark.parametrize("name", ["NSW_AMQP_URL", "NSW_BROKER__URL"])
def test_a_broker_of_the_environment_goes_before_the_files(
    config: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "amqp://copy/nsw")
    configuration.edit(config, lambda stated: stated["broker"].update(urls=["amqps://production-2/nsw"]))
    settings = load_settings(config)
    assert broker_urls(settings) == ("amqp://copy/nsw",), "nothing of production's is left"
    assert database_url(settings) == PRODUCTION


def test_the_nodes_of_a_broker_stand_in_the_file_one_a_line_or_in_a_list(config: Path) -> None:
    config.with_name("broker-url").write_text("amqps://one/nsw\namqps://two/nsw\n", encoding="utf-8")
    configuration.edit(config, lambda stated: stated["broker"].update(urls=["amqps://three/nsw"]))
    settings = load_settings(config)
    assert broker_urls(settings) == ("amqps://one/nsw", "amqps://two/nsw", "amqps://three/nsw")
    assert "three" not in repr(settings)


def test_a_url_file_of_the_environment_is_read(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = config.with_name("other-url")
    other.write_text(COPY, encoding="utf-8")
    monkeypatch.setenv("NSW_DATABASE__URL_FILE", str(other))
    assert database_url(load_settings(config)) == COPY


@pytest.mark.parametrize("name", ["NSW_DATABASE_URL", "NSW_DATABASE__URL"])
def test_an_environment_that_names_two_databases_is_asked_which(
    config: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, COPY)
    monkeypatch.setenv("NSW_DATABASE__URL_FILE", str(config.with_name("database-url")))
    with pytest.raises(Misconfigured, match="database: the environment gives a url and a url_file"):
        load_settings(config)
