"""config.yaml to settings. Folders are relative to the file; secrets come by file path and are never printed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, SettingsError

from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.gateways.addresses import broker_fault, database_fault
from adapter.model.errors import Misconfigured
from adapter.settings.faults import said
from adapter.settings.old_names import Environment, stated_variables, take_old_names
from adapter.settings.shape import Settings
from adapter.settings.variables import misspelt_variables
from adapter.settings.web import ListenerSettings

DEFAULT_FILE = "config.yaml"
_DEFAULTS = Path(__file__).with_name("defaults.yaml")
_PRODUCTION = Path(__file__).with_name("production.yaml")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_settings(file: Path | None = None) -> Settings:
    """Read the file given, else $NSW_CONFIG, else ./config.yaml, else the one that was installed.

    Raises:
        Misconfigured: no file, no YAML, values or variables that do not fit: every fault at once, one a line.
    """
    path = (file or _default_file()).resolve()
    try:
        document = read_yaml(path.read_bytes(), text_keys=True)
    except OSError as error:
        raise Misconfigured(f"cannot read {path}: {error.strerror}") from error
    except NoYaml as error:
        raise Misconfigured("\n".join(f"{path}: {fault}" for fault in error.faults)) from None
    if not isinstance(document, dict):
        raise Misconfigured(f"{path}: holds no settings; write sections, as config.yaml has them")
    misspelt = [f"environment: {fault}" for fault in misspelt_variables()]
    try:
        old_names = take_old_names(document)
        if stated_variables():
            old_names += take_old_names(EnvSettingsSource(Settings)())
        _urls_of_the_environment(document)
        settings = Settings(**_resolved(over(defaults(), document), path.parent))
    except ValidationError as error:
        faults = [said(fault, path) for fault in error.errors()]
        # A fault that is reported by its variable is not reported again as an unknown key.
        others = [each for each in faults if not any(_names_the_same(each, slip) for slip in misspelt)]
        raise Misconfigured("\n".join(dict.fromkeys([*others, *misspelt]))) from None
    except SettingsError as error:
        raise Misconfigured("\n".join([f"environment: {_unread(error)}", *misspelt])) from None
    except RecursionError:
        raise Misconfigured(
            f"{path}: values are nested too deep, or an alias is within what it names; write them out"
        ) from None
    if misspelt:
        raise Misconfigured("\n".join(misspelt))
    settings._old_names = tuple(dict.fromkeys(old_names))
    return settings


def defaults() -> dict[str, Any]:
    """What every key is that a configuration does not state (`defaults.yaml`)."""
    stated: dict[str, Any] = yaml.load(_DEFAULTS.read_bytes(), _LOADER)  # noqa: S506  a safe one, in C where there is one
    return stated


def production_sample() -> str:
    """A configuration for production, to be gone through (`nsw-adapter config init`)."""
    return _PRODUCTION.read_text(encoding="utf-8")


def over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """`above`, with what only `below` states. A section that is no section stays, for the model to refuse."""
    both = {**below, **above}
    for name, inner in below.items():
        if isinstance(inner, dict) and isinstance(above.get(name), dict):
            both[name] = over(inner, above[name])
    return both


def _names_the_same(fault: str, slip: str) -> bool:
    """Both begin with `environment: NSW_…`."""
    return fault.startswith("environment: ") and fault.partition(": ")[2].split(":")[0] == slip.split()[1]


def _unread(error: SettingsError) -> str:
    """A variable of a section must be a JSON object; pydantic names the section."""
    section = str(error).partition('"')[2].partition('"')[0]
    return f"NSW_{section.upper()} is no JSON object; give its keys one by one (NSW_{section.upper()}__…)"


def _default_file() -> Path:
    named = os.environ.get("NSW_CONFIG")
    if named:
        return Path(named)
    local = Path(DEFAULT_FILE)
    return local if local.is_file() else _PACKAGED / DEFAULT_FILE


def _urls_of_the_environment(document: dict[str, Any]) -> None:
    """The short names; and a url of the environment goes before the file's `url_file` too.

    Else a drill on a copy, started with the copy's url, would run on production.
    """
    given = Environment(Settings)()
    for name, part in (("NSW_AMQP_URL", "broker"), ("NSW_DATABASE_URL", "database")):
        short, long = os.environ.get(name), given.get(part, {})
        stated = document.setdefault(part, {})
        if not isinstance(stated, dict) or not isinstance(long, dict) or not (short or long.get("url")):
            continue
        if long.get("url_file"):
            raise Misconfigured(f"{part}: the environment gives a url and a url_file; take one of them away")
        stated.pop("url_file", None)
        stated.pop("urls", None)
        if short:
            stated["url"] = short


_PACKAGED = Path(__file__).parents[1] / "data"
_DATA = {"schemas", "mappings", "queues", "prints"}
_PATHS = {
    *_DATA,
    *("state", "folder", "pages", "carried", "anchors", "intermediates", "crls"),
    *("calendar", "ca", "certificate", "certificates", "key", "module"),
    *("url_file", "database_url_file", "pin_file", "client_secret_file", "password_file", "token_file"),
}


def _resolved(value: Any, folder: Path, name: str = "") -> Any:
    """Paths of the file made absolute; the embedded database too. What is no text is left for the model to refuse."""
    if isinstance(value, dict):
        return {key: _resolved(inner, folder, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, folder, name) for inner in value]
    if not isinstance(value, str):
        return value
    if name in _PATHS:
        path = folder / value
        # Beside an operator's own config.yaml there are no schemas; those that came with the program serve then.
        packaged = _PACKAGED / value
        return str(packaged if name in _DATA and not os.path.exists(path) and os.path.exists(packaged) else path)
    if name == "url" and value.startswith("sqlite:///") and value[10:11] not in ("/", ""):
        return f"sqlite:///{folder / value.removeprefix('sqlite:///')}"
    return value


def database_url(settings: Settings) -> str:
    """The database url, from its file where one is named.

    Raises:
        Misconfigured: the file cannot be read, or holds no address that can be used.
    """
    stated = settings.database
    if stated.url_file is None:
        return stated.url.get_secret_value()
    (url,) = _addresses("database", stated.url_file, database_fault, several=False)
    return url


def listener_database_url(settings: Settings, listener: str) -> str:
    """The database url of a listener: with its own role where one is stated, else the daemon's.

    Raises:
        Misconfigured: as `database_url`.
    """
    stated: ListenerSettings = getattr(settings.web, listener)
    if stated.database_url_file is not None:
        (url,) = _addresses(f"web.{listener}.database", stated.database_url_file, database_fault, several=False)
        return url
    return database_url(settings) if stated.database_url is None else stated.database_url.get_secret_value()


def broker_urls(settings: Settings) -> tuple[str, ...]:
    """The broker's addresses in the order in which they are tried; from their file, one a line, where one is named.

    Raises:
        Misconfigured: the file cannot be read, or holds no addresses that can be used.
    """
    stated = settings.broker
    further = tuple(url.get_secret_value() for url in stated.urls)
    if stated.url_file is None:
        return (stated.url.get_secret_value(), *further)
    return (*_addresses("broker", stated.url_file, broker_fault, several=True), *further)


def _addresses(part: str, file: Path, fault_of: Callable[[str], str | None], *, several: bool) -> tuple[str, ...]:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"{part}.url_file: cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise Misconfigured(f"{part}.url_file: {file} is no UTF-8 text; write the url alone into it") from None
    urls = tuple(text.split()) if several and text else (text,)
    for url in urls:
        if fault := fault_of(url):
            raise Misconfigured(f"{part}.url_file: {file}: {fault}")
    return urls
