"""Checks of database and broker addresses: what is wrong with one, without repeating it.

A url may hold a password, so that no part of it but the scheme is repeated.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_DATABASES = {"sqlite": "sqlite:///file", "postgresql+psycopg": "postgresql+psycopg://user@host/name"}
_BROKERS = ("amqp", "amqps")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,40}")
_PORTS = range(1, 65536)


def several_hosts(url: str) -> URL:
    """A database's url, also in libpq's own form for several hosts (`//user@one:5432,two/name`), not SQLAlchemy's.

    Raises:
        ValueError: a host or port cannot be read (SQLAlchemy's ArgumentError where it is no url at all).
    """
    scheme, separator, rest = url.partition("://")
    place, slash, end = rest.partition("/")
    user, at, hosts = place.rpartition("@")
    if "," not in hosts:
        return make_url(url)
    pairs = [re.fullmatch(r"(\[[^]]*\]|[^:]*)(?::(\d+))?", each) for each in hosts.split(",")]
    if not all(pairs):
        raise ValueError("hosts")
    named = {
        "host": ",".join(pair[1].strip("[]") for pair in pairs if pair),
        "port": ",".join(pair[2] or "5432" for pair in pairs if pair),
    }
    return make_url(f"{scheme}{separator}{user}{at}{slash}{end}").update_query_dict(named)


def database_fault(url: str) -> str | None:
    """What is wrong with a database's url; None if nothing is."""
    known = f"write {' or '.join(_DATABASES.values())}"
    try:
        parts = several_hosts(url)
    except ArgumentError:
        return f"it is no database url; {known}"
    except ValueError:
        return "its port is no number from 1 to 65535"
    if parts.drivername not in _DATABASES:
        return f"there is no driver {_shown(parts.drivername)!r} here; {known}"
    ports = [port for port in str(parts.query.get("port", parts.port or "")).split(",") if port]
    if any(int(port) not in _PORTS for port in ports):
        return "its port is no number from 1 to 65535"
    return None


def broker_fault(url: str) -> str | None:
    """What is wrong with a broker's url; None if nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "its host or port cannot be read; a port is a number from 1 to 65535"
    if parts.scheme not in _BROKERS:
        return f"scheme {_shown(parts.scheme)!r} is neither amqp nor amqps; write amqp://host:port/vhost"
    if not parts.hostname:
        return "it names no host; write amqp://host:port/vhost"
    if port is not None and port not in _PORTS:
        return "its port is no number from 1 to 65535"
    return None


def _shown(scheme: str) -> str:
    """Only what looks like a scheme is repeated: a password in the wrong place is not."""
    return scheme if _SCHEME.fullmatch(scheme) else "?"
