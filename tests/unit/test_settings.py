"""Where values come from: the environment goes before the file, whichever way the file names them, by old names too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapter.bootstrap import assemble
from adapter.cli.app import app
from adapter.cli.inspection import inspect
from adapter.entrypoints.daemon import warn
from adapter.model.errors import Misconfigured
from adapter.model.events import Event
from adapter.settings import RENAMED, Settings, broker_urls, database_url, load_settings, production_sample
from tests.harness import configuration
from tests.harness.pki import ROOT

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


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two keys that had other names, made up for the proof."""
    made_up = {"web.door": "web.portal.port", "waiting.patience.late_s": "waiting.overtaken_s"}
    monkeypatch.setattr("adapter.settings.old_names.RENAMED", made_up)
    monkeypatch.setattr("adapter.entrypoints.daemon.RENAMED", made_up)
    monkeypatch.setattr("adapter.cli.inspection.RENAMED", made_up)


def with_old_names(config: Path) -> Path:
    """As it was before the two keys got their names."""

    def back(stated: dict[str, Any]) -> None:
        stated["web"]["door"] = stated["web"]["portal"].pop("port")
        stated["waiting"] = {"patience": {"late_s": 900}}

    return configuration.edit(config, back)


@pytest.mark.usefixtures("renamed")
def test_a_key_counts_under_its_old_name_and_is_warned_of_once(config: Path) -> None:
    new = load_settings(config)
    told: list[tuple[Event, dict[str, Any]]] = []
    assert new.old_names == ()
    old = assemble(with_old_names(config), observe=lambda event, /, **fields: told.append((event, fields)))
    assert old.settings.model_dump() == new.model_dump()
    assert old.settings.old_names == ("web.door", "waiting.patience.late_s")
    warn(old)
    assert told == [
        (Event.OLD_NAME, {"option": "web.door", "now": "web.portal.port"}),
        (Event.OLD_NAME, {"option": "waiting.patience.late_s", "now": "waiting.overtaken_s"}),
    ]


@pytest.mark.usefixtures("renamed")
def test_check_warns_of_an_old_name(config: Path) -> None:
    told = [remark.text for remark in inspect(assemble(with_old_names(config)), offline=True)]
    assert sum(text.startswith("web.door: it is called web.portal.port now") for text in told) == 1


@pytest.mark.usefixtures("renamed")
def test_an_old_name_in_the_environment_goes_before_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("nsw_web__door", "8999")
    settings = load_settings(config)
    assert (settings.web.portal.port, settings.old_names) == (8999, ("web.door",))
    monkeypatch.setenv("NSW_WEB__PORTAL__PORT", "9000")
    with pytest.raises(Misconfigured, match="both are stated"):
        load_settings(config)


@pytest.mark.usefixtures("renamed")
def test_who_states_both_names_is_asked_to_take_the_old_one_away(config: Path) -> None:
    configuration.edit(config, lambda stated: stated["web"].update(door=8080))
    with pytest.raises(Misconfigured, match=r"web.door is called web.portal.port now, and both are stated"):
        load_settings(config)


def test_the_keys_of_the_one_listener_that_there_was_are_those_of_the_portal(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def back(stated: dict[str, Any]) -> None:
        stated["web"] = {"host": "0.0.0.0", "port": 8443, "health_port": 8081, "enabled": False}

    configuration.edit(config, back)
    monkeypatch.setenv("nsw_web__public_url", "https://portal.example")
    web = load_settings(config).web
    assert (web.portal.host, web.portal.port, web.portal.public_url) == ("0.0.0.0", 8443, "https://portal.example")
    assert load_settings(config).old_names == ("web.host", "web.port", "web.enabled", "web.public_url")
    assert web.listeners == {}, "who had no web process gets none"
    assert web.health == ("0.0.0.0", 8081)


def test_an_old_key_beside_a_new_section_that_is_none_is_told(config: Path) -> None:
    configuration.edit(config, lambda stated: stated.update(web={"port": 8080, "portal": 5}))
    with pytest.raises(Misconfigured, match=r"web.port is called web.portal.port now, and portal holds another"):
        load_settings(config)


@pytest.mark.parametrize(
    ("web", "told"),
    [
        ({"portal": {"port": 8081}, "health_port": 8081}, "health_port: 8081 is web.portal.port too"),
        ({"staff": {"port": 8081}, "health_port": 8081}, "health_port: 8081 is web.staff.port too"),
        ({"portal": {"port": 8082}, "staff": {"port": 8082}}, "staff.port: 8082 is web.portal.port too"),
        ({"staff": {"workers": 2, "port": 0}}, "more than one serve on one port"),
        ({"staff": {"login": {"issuer": "https://id", "client_id": "a", "client_secret_file": "b"}}}, "public_url"),
    ],
)
def test_listeners_that_cannot_be_are_told(config: Path, web: dict[str, Any], told: str) -> None:
    configuration.edit(config, lambda stated: stated.update(web=web))
    with pytest.raises(Misconfigured, match=told):
        load_settings(config)


def test_a_renamed_key_leads_to_one_that_there_is() -> None:
    for old, new in RENAMED.items():
        part: Any = Settings
        for name in new.split("."):
            part = part.model_fields[name].annotation
        assert old != new


def unit(gate: str, **others: Any) -> dict[str, Any]:
    name = f"Đồn Biên phòng cửa khẩu {gate}"
    stated = {"name": name, "division": name, "gates": [gate], "key": {"key": "a", "certificates": "b"}}
    return {**stated, **others}


TWO = {"CK-MONGCAI": unit("MONGCAI"), "CK-HUUNGHI": unit("HUUNGHI")}


def with_units(stated: dict[str, Any], units: dict[str, Any], *, alone: bool = False) -> None:
    stated["units"] = units
    if not alone:
        del stated["keys"]["unit"]


def test_a_units_code_stands_in_numbers_without_its_other_signs(config: Path) -> None:
    configuration.edit(config, lambda stated: with_units(stated, {"CK-HUUNGHI": unit("HUUNGHI")}))
    assert load_settings(config).units["CK-HUUNGHI"].in_numbers("CK-HUUNGHI") == "CKHUUNGHI"


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ({"CK-huunghi": unit("MONGCAI")}, r"units: CK-huunghi: code CK-HUUNGHI is that of CK-HUUNGHI too"),
        ({"X": unit("MONGCAI", number_code="CKHUUNGHI")}, r"units: X: number_code CKHUUNGHI is that of CK-HUUNGHI"),
        ({"X": unit("MONGCAI", gates=["MONGCAI", "HUUNGHI"])}, r"units: X: gate HUUNGHI is that of CK-HUUNGHI too"),
        ({"X": unit("MONGCAI", certificate_names=["ck-huunghi"])}, r"units: X: certificate_names CK-HUUNGHI is that"),
        ({"CK-CANGHAIPHONG": unit("CANGHAIPHONG")}, r"units: CK-CANGHAIPHONG: state number_code, at most 10"),
    ],
)
def test_nothing_names_two_units(config: Path, second: dict[str, Any], told: str) -> None:
    configuration.edit(config, lambda stated: with_units(stated, {"CK-HUUNGHI": unit("HUUNGHI"), **second}))
    with pytest.raises(Misconfigured, match=told):
        load_settings(config)


def test_a_unit_that_is_stated_twice_does_not_start(config: Path) -> None:
    configuration.edit(config, lambda stated: with_units(stated, {"CK-HUUNGHI": unit("HUUNGHI")}))
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("units:\n", "units:\n  CK-HUUNGHI: {}\n", 1), encoding="utf-8")
    with pytest.raises(Misconfigured, match="the key CK-HUUNGHI is stated twice"):
        load_settings(config)


def test_a_key_is_a_units_own_or_that_of_the_installation_and_never_both_or_none(config: Path) -> None:
    configuration.edit(config, lambda stated: with_units(stated, TWO, alone=True))
    with pytest.raises(Misconfigured, match=r"keys\.unit: each of units states its own key; take keys\.unit away"):
        load_settings(config)
    configuration.edit(config, lambda stated: with_units(stated, {}))
    with pytest.raises(Misconfigured, match=r"keys\.unit: missing; state it, or state units with a key each"):
        load_settings(config)


def test_the_demonstrations_file_states_no_more_than_what_an_installation_must_say() -> None:
    stated = [
        line for line in (ROOT / "config.yaml").read_text(encoding="utf-8").splitlines() if line.split("#")[0].strip()
    ]
    assert len(stated) <= 45, "give a key its default in adapter/settings/defaults.yaml"


def test_a_configuration_for_production_is_one_that_fits_and_is_never_written_over_another(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    assert CliRunner().invoke(app, ["config", "init", str(file)]).exit_code == 0
    made = load_settings(file)
    assert made.database.url_file == tmp_path / "secrets" / "database-url"
    assert made.limits == load_settings(ROOT / "config.yaml").limits, "what it does not state has its default"
    again = CliRunner().invoke(app, ["config", "init", str(file)])
    assert (again.exit_code, file.read_text(encoding="utf-8")) == (1, production_sample())


@pytest.mark.parametrize("part", ["database", "broker"])
def test_a_server_without_any_url_is_told(config: Path, part: str) -> None:
    configuration.edit(config, lambda stated: (stated[part].pop("url"), stated[part].pop("url_file")))
    with pytest.raises(Misconfigured, match=rf"{part}.*url: missing; state it, or url_file"):
        load_settings(config)
