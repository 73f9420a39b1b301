"""Why a broker refused the connection, and what to do about it. Pure."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import pika.exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorStackTimeout

_UNVERIFIED = {
    10: "its certificate has run out: the broker's operator renews it",
    62: "its certificate names another host: write the address as the certificate does",
    64: "its certificate names another address: write the address as the certificate does",
}
"""What OpenSSL's X509_V_ERR codes mean here."""
_STRANGER = "its certificate is not of an authority in broker.tls.ca: compare the two"
_ALERTS = {
    "EXPIRED": "our certificate has run out: put a renewed one into broker.tls.certificate",
    "UNKNOWN_CA": "our certificate is of an authority that the broker does not know: compare with its cacertfile",
    "REVOKED": "our certificate is revoked: put a new one into broker.tls.certificate",
    "CERTIFICATE": "the broker does not take our certificate: see broker.tls.certificate and the broker's log",
    "HANDSHAKE_FAILURE": "the broker does not take our certificate or our versions of TLS: see its log",
    "WRONG_VERSION_NUMBER": "there is no TLS behind this port: amqp:// instead of amqps://, or the other port",
}
_NO_TLS = "TLS was not agreed on: see the broker's log"
_REFUSED, _NOT_ALLOWED = 403, 530
_BY_KIND: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "nothing listens there: is RabbitMQ running, and is the port right?"),
    (socket.gaierror, "this name is not known: is the host spelt right?"),
    (pika.exceptions.AuthenticationError, "user or password is wrong"),
    (pika.exceptions.ProbableAuthenticationError, "user or password is wrong"),
    (pika.exceptions.ProbableAccessDeniedError, "this user may not enter this virtual host, or there is none"),
    (AMQPConnectorStackTimeout, "it takes the connection and does not answer: it is frozen, or speaks something else"),
    (TimeoutError, "it does not answer: is the line up, and is the address right?"),
    (pika.exceptions.IncompatibleProtocolError, "it does not speak AMQP: is the port right?"),
)


def advice(problem: object) -> str:
    """What to do, in one line; empty where nothing is known."""
    for each in _causes(problem):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _UNVERIFIED.get(each.verify_code, _STRANGER)
        if isinstance(each, ssl.SSLError):
            return _alert(each.reason or "")
        if isinstance(each, pika.exceptions.ConnectionClosed):
            if each.reply_code == _REFUSED:
                return "user or password is wrong"
            if each.reply_code == _NOT_ALLOWED:
                return "this user may not enter this virtual host, or there is none"
    for kind, text in _BY_KIND:
        if any(isinstance(each, kind) for each in _causes(problem)):
            return text
    return ""


def _alert(reason: str) -> str:
    return next(
        (text for name, text in _ALERTS.items() if name in reason), "TLS was not agreed on: see the broker's log"
    )


def _causes(problem: object) -> Iterator[BaseException]:
    """The problem and what it was made of: pika keeps causes in fields and arguments."""
    if not isinstance(problem, BaseException):
        return
    yield problem
    inner: list[object] = [problem.__cause__, getattr(problem, "exception", None), *problem.args]
    inner += getattr(problem, "exceptions", None) or []
    for each in inner:
        yield from _causes(each)
