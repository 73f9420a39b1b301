"""What is wrong with a configuration: one line each, all at once, exit code 2, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from adapter.bootstrap import Components
from adapter.cli import app
from adapter.cli.inspection import _configuration
from adapter.model.errors import Misconfigured
from adapter.settings import load_settings
from tests.harness import configuration
from tests.harness.pki import ROOT


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("NSW_")]:
        monkeypatch.delenv(name)


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "config.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def changed(folder: Path, **values: Any) -> Path:
    """The shipped file with some keys (dots as two underscores) changed."""
    return configuration.write(folder, {path.replace("__", "."): value for path, value in values.items()})


def told(file: Path, *arguments: str) -> list[str]:
    """The lines that a command says of it: every one of its own, with exit code 2."""
    done = CliRunner().invoke(app, [*(arguments or ("window", "status")), "--config", str(file)])
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code == 2, done.output
    lines = done.stderr.splitlines()
    assert lines
    assert all(line.startswith("nsw-adapter: ") for line in lines), lines
    return lines


FILES: dict[str, tuple[str | bytes, str]] = {
    "not-utf-8": ("folders: {state: Đồn}".encode("utf-16"), "is no UTF-8 text"),
    "latin-1": ("installation: {organization: Đ\xf4n}".replace("Đ", "D").encode("latin-1"), "is no UTF-8 text"),
    "no-yaml": ("folders: [", "is no YAML: line "),
    "control-character": ("folders: \x01", "is no YAML"),
    "a-list": ("- folders", "holds no settings"),
    "empty": ("", "holds no settings"),
    "key-that-is-a-number": ("1: folders", "line 1: the key 1 is no text"),
    "key-that-is-a-list": ("? [a]\n: b", "line 1: "),
    "key-stated-twice": ("web: {port: 1}\nlog: {}\nweb: {port: 2}", "line 3: the key web is stated twice"),
    "key-below-stated-twice": ("web: {port: 1, port: 2}", "line 1: the key port is stated twice"),
    "day-that-is-none": ("clock: {unsafe_frozen: 2026-02-30}", "is no YAML"),
    "nested-too-deep": ("a: " + "[" * 3000 + "]" * 3000, "too deep"),
    "alias-of-itself": ("a: &a [*a]", "an alias is within"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    text, says = FILES[name]
    lines = told(written(tmp_path, text))
    assert any(says in line for line in lines), lines
    assert all(str(tmp_path) in line for line in lines), lines


@pytest.mark.parametrize("arguments", [("check", "--offline"), ("run",), ("judge", "config.yaml")], ids="-".join)
def test_every_fault_is_a_line_of_its_own_and_all_are_told_at_once(arguments: tuple[str, ...], tmp_path: Path) -> None:
    file = changed(
        tmp_path, workers__batch=0, web__portal__port=70000, log__level="loud", installation__organization="x" * 300
    )
    lines = told(file, *arguments)
    said = {line.removeprefix(f"nsw-adapter: {file}: ").partition(":")[0] for line in lines}
    assert said == {"workers.batch", "web.portal.port", "log.level", "installation.organization"}


def test_check_tells_them_as_json_too(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--json", "--config", str(changed(tmp_path, workers__batch=0))])
    assert done.exit_code == 2
    remarks = yaml.safe_load(done.stdout)["remarks"]
    assert [(each["part"], each["weight"]) for each in remarks] == [("configuration", "fault")]


@pytest.mark.parametrize("key", ["folders__schemas", "folders__state", "keys__system", "trust__stores"])
@pytest.mark.parametrize("value", [5, ["a"], {"a": "b"}, None, 2.5, True], ids=repr)
def test_what_is_no_path_where_a_file_is_meant_is_told(key: str, value: object, tmp_path: Path) -> None:
    assert told(changed(tmp_path, **{key: value}))


@pytest.mark.parametrize("value", [5, ["a", 5], [["a"]], {"a": "b"}, None, []], ids=repr)
def test_certificates_that_are_no_list_of_files_are_told(value: object, tmp_path: Path) -> None:
    lines = told(changed(tmp_path, trust__partners__nsw__certificates=value))
    assert all("trust.partners.nsw.certificates" in line for line in lines), lines


URLS = {
    "unknown-driver": ("database__url", "oracle://host/name", "postgresql+psycopg"),
    "driver-that-is-not-here": ("database__url", "postgresql+asyncpg://host/name", "postgresql+psycopg"),
    "bare-postgresql": ("database__url", "postgresql://host/name", "postgresql+psycopg"),
    "no-url": ("database__url", "adapter.db", "postgresql+psycopg"),
    "no-such-port": ("database__url", "postgresql+psycopg://host:99999/name", "port"),
    "port-of-letters": ("database__url", "postgresql+psycopg://host:abc/name", "port"),
    "broker-port": ("broker__url", "amqp://host:99999/%2F", "port"),
    "broker-port-0": ("broker__url", "amqp://host:0/%2F", "port"),
    "broker-scheme": ("broker__url", "http://host/", "amqp"),
    "broker-without-host": ("broker__url", "amqp:///", "host"),
    "broker-that-is-none": ("broker__url", "x", "amqp"),
}


@pytest.mark.parametrize("name", URLS)
def test_an_address_that_cannot_be_is_told_and_its_password_is_not(name: str, tmp_path: Path) -> None:
    key, url, says = URLS[name]
    url = url.replace("host", "user:secret-word@host")
    lines = told(changed(tmp_path, **{key: url}), "check", "--offline")
    assert any(key.replace("__", ".") in line and says in line for line in lines), lines
    assert "secret-word" not in "".join(lines)


SECRETS: dict[str, Callable[[Path], None]] = {
    "absent": lambda file: file.unlink(missing_ok=True),
    "a-folder": lambda file: file.mkdir(),
    "not-utf-8": lambda file: file.write_bytes(b"\xff\xfe") and None,
    "empty": lambda file: file.write_bytes(b"\n") and None,
    "another-driver": lambda file: file.write_bytes(b"mysql://host/name") and None,
}


@pytest.mark.parametrize("part", ["database", "broker"])
@pytest.mark.parametrize("name", SECRETS)
def test_a_url_file_is_read_at_check_offline(name: str, part: str, tmp_path: Path) -> None:
    SECRETS[name](tmp_path / "url")
    settings = load_settings(changed(tmp_path, **{f"{part}__url_file": "url"}))
    said = [remark.text for remark in _configuration(Components(settings)) if remark.counts]
    assert len(said) == 1
    assert said[0].startswith(f"{part}.url_file: ")
    assert str(tmp_path / "url") in said[0]


PREFIX = "NSW_"
VARIABLES = {
    "no-json": ("NSW_BROKER", "not json", "NSW_BROKER"),
    "a-list-for-a-section": ("NSW_BROKER", "[1]", "environment: NSW_BROKER: "),
    "letters-for-a-number": ("NSW_BROKER__PREFETCH", "many", "environment: NSW_BROKER__PREFETCH: "),
    "misspelt-short-name": (PREFIX + "DATABSE_URL", "sqlite:///x.db", "NSW_DATABASE_URL"),
    "misspelt-key": (PREFIX + "BROKER__PREFECH", "5", "NSW_BROKER__PREFETCH"),
    "one-underscore": (PREFIX + "BROKER_PREFETCH", "5", "NSW_BROKER__PREFETCH"),
    "misspelt-config": (PREFIX + "CONFGI", "x.yaml", "NSW_CONFIG"),
    "small-letters": ("nsw_workers__cuont", "5", "NSW_WORKERS__COUNT"),
}


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_does_not_fit_is_told_with_the_one_that_was_meant(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable, value, says = VARIABLES[name]
    monkeypatch.setenv(variable, value)
    lines = told(changed(tmp_path))
    assert any(says in line for line in lines), lines


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("NSW_WORKERS__BATCH", "0", "environment: NSW_WORKERS__BATCH: "),
        ("nsw_workers__batch", "0", "environment: nsw_workers__batch: "),
        ("NSW_WORKERS", '{"batch": 0}', "environment: NSW_WORKERS: batch: "),
        ("NSW_LOG__JSON", "perhaps", "environment: NSW_LOG__JSON: "),
        ("NSW_TRUST__PARTNERS__NSW__LEGACY_SHA1", "perhaps", "environment: NSW_TRUST__PARTNERS__NSW__LEGACY_SHA1: "),
        ("NSW_WEB__HEALTH_PORT", "8080", "environment: NSW_WEB__HEALTH_PORT: 8080 is web.portal.port too"),
        ("NSW_AMQP_URL", "http://host/", "environment: NSW_AMQP_URL: "),
        ("NSW_BROKER__URL", "http://host/", "environment: NSW_BROKER__URL: "),
        ("NSW_DATABASE_URL", "mysql://host/", "environment: NSW_DATABASE_URL: "),
    ],
)
def test_a_wrong_value_of_the_environment_is_told_as_the_variable_s_and_not_the_file_s(
    variable: str, value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    file = changed(tmp_path, web__portal__port=8080)
    (line,) = told(file)
    assert line.startswith(f"nsw-adapter: {says}")
    assert str(file) not in line


def test_of_two_wrong_values_each_is_told_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSW_WORKERS__BATCH", "0")
    file = changed(tmp_path, workers__attempts=0)
    first, second = sorted(told(file), key=lambda line: "environment" in line)
    assert first.startswith(f"nsw-adapter: {file}: workers.attempts: ")
    assert second.startswith("nsw-adapter: environment: NSW_WORKERS__BATCH: ")


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("broker__hartbeat_s", "broker.heartbeat_s"),
        ("wokers", "workers"),
        ("trust__partners__nsw__certificate", "trust.partners.nsw.certificates"),
        ("trust__stores__public__ancors", "trust.stores.public.anchors"),
        ("window__unconfirmed_publishes", "broker.unconfirmed_publishes"),
    ],
)
def test_a_misspelt_key_of_the_file_is_told_with_the_one_that_was_meant(key: str, meant: str, tmp_path: Path) -> None:
    file = changed(tmp_path, **{key: 5})
    (line,) = told(file)
    assert line == f"nsw-adapter: {file}: {key.replace('__', '.')}: there is no such key; did you mean {meant}?"


def test_a_key_like_no_other_is_told_with_where_to_look(tmp_path: Path) -> None:
    (line,) = told(changed(tmp_path, broker__zzzz=5))
    assert line.endswith("broker.zzzz: there is no such key: see docs/reference/configuration.md")


def test_a_misspelt_variable_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSW_BROKER__HEARTBEAT", "5")
    (line,) = told(changed(tmp_path))
    assert (
        line == "nsw-adapter: environment: NSW_BROKER__HEARTBEAT is no setting; did you mean NSW_BROKER__HEARTBEAT_S?"
    )


def test_variables_of_names_that_the_installation_chose_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NSW_TRUST__PARTNERS__NSW__LEGACY_SHA1", "true")
    monkeypatch.setenv("NSW_WINDOW__ANSWER_PORTAL", "https://example.vn")
    settings = load_settings(changed(tmp_path))
    assert settings.trust.partners["nsw"].legacy_sha1
    assert settings.window.answer_portal == "https://example.vn"


RELATIONS = {
    "ports": ({"web__portal__port": 8080, "web__health_port": 8080}, "web.health_port"),
    "same-prefixes": ({"installation__confirmation_prefix": "SD"}, "prefix"),
    "one-prefix-begins-another": ({"installation__confirmation_prefix": "BPTTX"}, "prefix"),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_what_must_differ_is_told_when_it_does_not(name: str, tmp_path: Path) -> None:
    values, says = RELATIONS[name]
    lines = told(changed(tmp_path, **values))
    assert any(says in line for line in lines), lines


def test_the_shipped_configuration_has_no_fault_and_two_free_ports_are_no_clash(tmp_path: Path) -> None:
    """A fault would be raised."""
    load_settings(ROOT / "config.yaml")
    load_settings(changed(tmp_path, web__portal__port=0, web__health_port=0))


@pytest.mark.parametrize("name", ["schemas", "mappings"])
def test_a_folder_of_data_that_is_not_there_is_one_line_and_not_one_for_each_file(name: str, tmp_path: Path) -> None:
    made = Components(load_settings(changed(tmp_path, **{f"folders__{name}": "nowhere"})))
    with pytest.raises(Misconfigured) as told_of:
        _ = made.catalogue
    assert str(told_of.value) == f"folders.{name}: there is no folder {tmp_path / 'nowhere'}"
