"""The catalogue compiled once a process: from the same files the same frozen value is made, from the same bytes of a
data file the same document, from the same field of a route the same validator, from the same statement the same SQL,
and the machine's authorities once. Embedded stores are not flushed to the disk.

The program compiles them at each start, which takes a quarter of a second each; tests open hundreds of houses. A file
that was changed, added or removed is a difference, so tests that edit the data get what they wrote.
"""

from __future__ import annotations

import pickle
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import fields, replace
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar, cast
from unittest import mock
from weakref import WeakKeyDictionary

from alembic import util as alembic_util
from fastapi._compat.v2 import ModelField, asdict
from httpx._transports import default
from httpx2._transports import default as newer_default
from lxml import etree
from sqlalchemy import Engine, event
from sqlalchemy.util import LRUCache

from adapter.bootstrap import foundation
from adapter.catalogue import check, lists, slow_schemas
from adapter.catalogue import load as loading
from adapter.catalogue.load import DataFiles, Loader
from adapter.catalogue.strict_yaml import read_yaml
from adapter.cli import inspection, rehearsing
from adapter.gateways.store import database
from adapter.model.catalogue import Catalogue
from adapter.pipeline.trust import paths
from adapter.pipeline.trust.stores import Store
from adapter.settings import reading
from tests.harness.pki import ROOT

_Made = TypeVar("_Made")
_SHIPPED = (ROOT / "schemas", ROOT / "mappings")
_made: dict[Any, Any] = {}
_for_good = ExitStack()
_words = import_module("adapter.cli.app")  # its package has a function of that name


def for_good(source: DataFiles) -> None:
    """In a process that others are forked from: compile this now, and let houses share it from here on."""
    _for_good.enter_context(once())
    foundation.load(source)


@contextmanager
def once() -> Iterator[None]:
    """While it lasts, houses share what is compiled from the same files."""
    read = lru_cache(maxsize=512)(read_yaml)  # the catalogue changes no document
    with (
        mock.patch.object(loading, "read_yaml", read),
        mock.patch.object(lists, "read_yaml", read),
        mock.patch.object(check, "read_yaml", read),
        mock.patch.object(foundation, "load", _remembered(loading.load, _data)),
        mock.patch.object(loading.Loader, "_schema", _fast(loading.Loader._schema)),
        mock.patch.object(foundation, "reporter", _remembered(slow_schemas.reporter, _schemas)),
        mock.patch.object(check, "reporter", _remembered(slow_schemas.reporter, _schemas)),
        mock.patch.object(rehearsing, "reporter", _remembered(slow_schemas.reporter, _schemas)),
        mock.patch.object(_words, "_command", lru_cache(None)(_words._command)),
        mock.patch.object(alembic_util, "load_python_file", _migrations(alembic_util.load_python_file)),
        mock.patch.object(inspection, "check", _proved_once(check.check)),
        mock.patch.object(reading, "defaults", _copied(reading.defaults)),
        mock.patch.object(paths, "_validated", _looked_at_once(paths._validated)),
        mock.patch.object(database, "engine", _hurried(database.engine)),
        mock.patch.object(default, "create_ssl_context", _authorities(default.create_ssl_context)),
        mock.patch.object(newer_default, "create_ssl_context", _authorities(newer_default.create_ssl_context)),
        mock.patch.object(ModelField, "__post_init__", _validators(ModelField.__post_init__)),
    ):
        yield


def _data(source: DataFiles) -> list[Path]:
    return [source.mappings, source.schemas, source.calendar_file, *source.list_files]


def _schemas(source: DataFiles) -> list[Path]:
    return [source.schemas]


def _remembered(
    make: Callable[[DataFiles], _Made], made_from: Callable[[DataFiles], list[Path]]
) -> Callable[[DataFiles], _Made]:
    def remembered(source: DataFiles) -> _Made:
        # Each installation has a folder of its own for lists that were switched on; almost always there are none.
        of = source.schemas if made_from is _schemas else replace(source, switched=None)
        key = (make, of, _state(made_from(source)))
        if key not in _made:
            _made[key] = make(source)
        found: _Made = _made[key]
        return found

    return remembered


def _migrations(load: Callable[..., Any]) -> Callable[..., Any]:
    """Each migration is read once; what runs them (env.py) is run each time."""
    read = lru_cache(None)(load)
    return lambda folder, file: (load if file == "env.py" else read)(folder, file)


def _proved_once(prove: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """Of the same catalogue, read from the same files, the same faults are told."""
    kept: dict[Any, tuple[object, list[str]]] = {}

    def remembered(catalogue: Catalogue, source: DataFiles, compiled: object = None) -> list[str]:
        parts = [getattr(catalogue, each.name) for each in fields(catalogue)]
        key = *(each if isinstance(each, float | int) else id(each) for each in parts), _state(_data(source))
        if key not in kept:
            kept[key] = catalogue, prove(catalogue, source, compiled)  # kept whole: nobody else is given an address
        return [*kept[key][1]]

    return remembered


def _fast(make: Callable[[Loader, str], etree.XMLSchema]) -> Callable[[Loader, str], etree.XMLSchema]:
    """An XSD in the fast engine, for as long as no XSD beside it changes: each may include any."""
    kept: dict[Any, etree.XMLSchema] = {}
    states: WeakKeyDictionary[Loader, Any] = WeakKeyDictionary()

    def remembered(loader: Loader, name: str) -> etree.XMLSchema:
        if loader not in states:
            states[loader] = _state(_schemas(loader._source))
        key = (states[loader], name)
        if key not in kept:
            kept[key] = make(loader, name)
        return loader._schemas.setdefault(name, kept[key])

    return remembered


def _looked_at_once(validated: Callable[..., Any]) -> Callable[..., Any]:
    """Of what is asked about a path it depends on the store's policies and the time alone."""
    kept: dict[Any, Any] = {}

    def remembered(path: Any, store: Store, at: datetime) -> Any:
        key = path, store.policies, at
        if key not in kept:
            kept[key] = validated(path, store, at)
        return kept[key]

    return remembered


def _copied(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    written = lru_cache(lambda: pickle.dumps(make()))
    return lambda: cast(dict[str, Any], pickle.loads(written()))


class _Sql(LRUCache[Any, Any]):
    """What engines of one kind of database have compiled, each for all: it does not depend on the engine."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(_of_any_engine(key), default)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_of_any_engine(key))

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(_of_any_engine(key), value)


def _of_any_engine(key: Any) -> Any:
    dialect, *rest = key
    return (type(dialect), *rest)


def _hurried(make: Callable[..., Engine]) -> Callable[..., Engine]:
    """Engines that share what they have compiled, and flush no embedded store."""
    shared = _Sql(5000)

    def made(*given: Any, **more: Any) -> Engine:
        engine = make(*given, **more)
        engine._compiled_cache = shared
        if engine.dialect.name == "sqlite":  # nobody cuts the power: what a killed process has written stays
            event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        return engine

    return made


def _authorities(make: Callable[..., ssl.SSLContext]) -> Callable[..., ssl.SSLContext]:
    """httpx, and that of authlib, read them for each client, also for one that meets plain HTTP only: 20 ms of CPU."""
    made = lru_cache(make)

    def remembered(verify: ssl.SSLContext | str | bool = True, **given: Any) -> ssl.SSLContext:
        return made(verify=True, **given) if verify is True else make(verify=verify, **given)

    return remembered


def _validators(make: Callable[[ModelField], None]) -> Callable[[ModelField], None]:
    """FastAPI makes one for each field of each route twice, two thirds of what an application costs."""
    kept: dict[Any, ModelField] = {}  # whole, so that no address in a key is given to somebody else

    def remembered(field: ModelField) -> None:
        told = asdict(field.field_info)
        key = (told["annotation"], *map(repr, (told["metadata"], told["attributes"], field.config)))
        if key not in kept:
            make(field)
            kept[key] = field
        field._type_adapter = kept[key]._type_adapter

    return remembered


def _state(places: list[Path]) -> tuple[object, ...]:
    """Which files are there or below, and which bytes they hold as far as their inode tells. Nobody changes the shipped
    ones while tests run."""
    return tuple(str(each) if any(each.is_relative_to(of) for of in _SHIPPED) else _below(each) for each in places)


def _below(place: Path) -> tuple[tuple[str, int, int, int], ...]:
    files = sorted(place.rglob("*")) if place.is_dir() else [place]
    stats = [(file, file.stat()) for file in files if file.is_file()]
    return tuple((str(file), stat.st_ino, stat.st_size, stat.st_mtime_ns) for file, stat in stats)
