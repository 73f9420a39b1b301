"""Where the broker is and how to reach it: addresses become pika parameters, and a short blocking connection.

Shows no password, and raises no exception of pika, ssl or the socket.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import pika
import pika.credentials
import pika.exceptions
from pika.adapters.blocking_connection import BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from adapter.gateways.broker.advice import advice
from adapter.gateways.broker.property_decoder import guard_decoder
from adapter.model.errors import Misconfigured, Unavailable

CONNECT_TIMEOUT_S = 5.0
"""Seconds for connecting to one address: TCP, TLS and AMQP together."""
_SHORT_HEARTBEAT_S = 5
_BLOCKED_S = 10
"""A broker in alarm does not answer requests that only look; they end after so many seconds."""
_SILENT_MS = 10_000

LIBRARY_ERRORS: tuple[type[BaseException], ...] = (
    pika.exceptions.AMQPError,
    pika.exceptions.ChannelError,
    pika.exceptions.ReentrancyError,
    AMQPConnectorException,
    OSError,
)
"""All exceptions of pika: its connection time-outs are no AMQPError."""


class BrokerUnavailable(Unavailable):
    """The broker cannot be reached, or the connection to it was lost."""


class BrokerRefused(Misconfigured):
    """The broker refused: no right, no such object, or an object with other arguments. `code` is AMQP's."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files: authorities of the broker's certificate, and our own certificate and key."""

    authorities: Path
    certificate: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """One broker, as one client sees it. Nodes of a cluster are tried in turn. Never printed: URLs hold passwords."""

    url: str = field(repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)
    tls: TlsFiles | None = None
    heartbeat_s: int = 30
    client_name: str = "nsw-adapter"

    @property
    def place(self) -> str:
        """Host, port and virtual host, of each address: what may be logged."""
        return ", ".join(map(_place, (self.url, *self.others)))

    @property
    def each(self) -> tuple[BrokerAddress, ...]:
        """Every address by itself, in the order in which they are tried."""
        return tuple(replace(self, url=url, others=()) for url in (self.url, *self.others))


def _place(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path


def parameters(address: BrokerAddress, *, timeout_s: float = CONNECT_TIMEOUT_S) -> pika.URLParameters:
    """One address as pika wants it, with the certificates that its files hold now.

    Raises: Misconfigured for a URL or a PEM file that cannot be used.
    """
    guard_decoder()
    scheme = urlsplit(address.url).scheme
    if scheme not in ("amqp", "amqps"):
        raise Misconfigured(f"broker address: scheme {scheme!r} is neither amqp nor amqps")
    if (address.tls is not None) != (scheme == "amqps"):
        raise Misconfigured(f"broker {address.place}: amqps and TLS files go together, one is missing")
    try:
        result = pika.URLParameters(address.url)
    except (ValueError, TypeError, AttributeError):  # the cause would quote the URL, password included
        raise Misconfigured(f"broker {address.place}: the address cannot be read") from None
    if address.tls is not None:
        result.ssl_options = pika.SSLOptions(_tls_context(address.tls), urlsplit(address.url).hostname)
        if address.tls.certificate is not None and urlsplit(address.url).username is None:
            result.credentials = pika.credentials.ExternalCredentials()  # the certificate is the log-in
    result.heartbeat = address.heartbeat_s
    result.client_properties = {"connection_name": address.client_name, "product": "nsw-adapter"}
    result.connection_attempts = 1  # the caller decides how often it is tried
    result.socket_timeout = result.stack_timeout = timeout_s
    # Written data that the peer does not acknowledge: the heartbeat would notice it later.
    result.tcp_options = {"TCP_USER_TIMEOUT": _SILENT_MS} if hasattr(socket, "TCP_USER_TIMEOUT") else {}
    return result


def _tls_context(files: TlsFiles) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(files.authorities))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if files.certificate is not None:
            context.load_cert_chain(str(files.certificate), str(files.key) if files.key else None)
    except (OSError, ValueError) as problem:  # ssl.SSLError is an OSError
        raise Misconfigured(f"TLS files of the broker: {problem}") from problem
    return context


def told(problem: object) -> str:
    """What went wrong when connecting, and what to do about it."""
    what = advice(problem)
    return f"{reason_of(problem)}; {what}" if what else reason_of(problem)


def reason_of(problem: object) -> str:
    """What went wrong, in one line: pika's own exceptions often have no text but a list of causes."""
    if isinstance(problem, pika.exceptions.AMQPConnectionError) and problem.args:
        problem = problem.args[0] if not isinstance(problem.args[0], (str, int)) else problem
    for name in ("exceptions", "exception"):
        inner = getattr(problem, name, None)
        if inner:
            return reason_of(inner[-1] if isinstance(inner, (list, tuple)) else inner)
    return (str(problem) or type(problem).__name__) if isinstance(problem, BaseException) else str(problem)


@contextmanager
def opened(address: BrokerAddress, *, timeout_s: float = CONNECT_TIMEOUT_S) -> Iterator[BlockingConnection]:
    """A short-lived blocking connection to the first address that answers, for declaring and looking.

    Never for the hot path. Raises: BrokerUnavailable, BrokerRefused.
    """
    place, connection = _connected(address, timeout_s)
    try:
        yield connection
    except pika.exceptions.ChannelClosedByBroker as problem:
        text = f"broker {place}: {problem.reply_code} {problem.reply_text}"
        raise BrokerRefused(text, problem.reply_code) from problem
    except LIBRARY_ERRORS as problem:
        raise BrokerUnavailable(f"broker {place}: {reason_of(problem)}") from problem
    finally:
        if connection.is_open:
            _close(connection)


def _connected(address: BrokerAddress, timeout_s: float) -> tuple[str, BlockingConnection]:
    """The first address that accepts the connection, and its place."""
    reasons = []
    for each in address.each:
        wanted = parameters(each, timeout_s=timeout_s)
        wanted.heartbeat = min(each.heartbeat_s, _SHORT_HEARTBEAT_S)
        wanted.blocked_connection_timeout = _BLOCKED_S
        try:
            return each.place, BlockingConnection(wanted)
        except Exception as problem:  # noqa: BLE001  # any answer of a peer that is no broker reaches pika's parser
            reasons.append(f"broker {each.place}: {told(problem)}")
            cause = problem
    raise BrokerUnavailable("; ".join(reasons)) from cause


def _close(connection: BlockingConnection) -> None:
    with suppress(*LIBRARY_ERRORS):  # the connection is lost already: the work was done or has raised
        connection.close()


def probe(address: BrokerAddress, *, timeout_s: float = 3.0) -> float | None:
    """Seconds to connect to the broker; None if no address answers now. Takes `timeout_s` for each at most."""
    began = time.monotonic()
    try:
        with opened(address, timeout_s=timeout_s):
            return time.monotonic() - began
    except Unavailable:
        return None
