"""A connection to a mail server (RFC 5321), bounded in time, and what it says of each letter.

After the last byte of a letter only the server's answer tells whether it has it. Where that answer is lost nobody can
know: the outcome is UNSURE, and the same letter with the same Message-ID may be sent again, by which a receiver sees
that it is one.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

from adapter.gateways.time_bound import within
from adapter.model.errors import Misconfigured, Unavailable
from adapter.pipeline.envelope import VIETNAM

_LONGEST = 300
"""Characters of a server's answer that are kept."""
_READY, _REFUSED = 220, 500


class MailServerUnavailable(Unavailable):
    """The mail server cannot be reached, or does not take our log-in now; no letter was begun."""


class Posted(StrEnum):
    """What became of a letter."""

    TAKEN = "taken"
    """The server has answered for it: it is his to deliver."""
    LATER = "later"
    """He does not take it now (4xx, or the connection was lost before the letter's end)."""
    REFUSED = "refused"
    """He never will (5xx)."""
    UNSURE = "unsure"
    """The connection was lost after the letter's end and before his answer."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters are handed in. `security`: starttls, tls (from the first byte) or none.

    `timeout_s`: how long opening a connection may take, and handing in one letter.
    """

    host: str
    port: int
    security: str
    ca: Path | None
    user: str | None
    password_file: Path | None
    sender: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class OutgoingLetter:
    """One letter, in plain text. `message_id` is the same at each try: `<…@…>`."""

    address: str
    subject: str
    text: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PostReceipt:
    """What became of it, and the server's words: the proof that is kept."""

    posted: Posted
    answer: str

    @property
    def code(self) -> str:
        """What may be logged of it: the code alone, for the server's words may quote a letter or a recipient."""
        code = self.answer.partition(" ")[0]
        return code if code.isdigit() else self.answer


class OpenPostOffice(Protocol):
    """An open connection to a mail server."""

    def send(self, letter: OutgoingLetter) -> PostReceipt: ...


OpenOffice: TypeAlias = Callable[[], AbstractContextManager[OpenPostOffice]]
"""Opens a connection, or raises Unavailable or Misconfigured."""


class PostOffice:
    """An open connection to the server. `timeout_s`: how long handing in one letter may take."""

    def __init__(self, connection: smtplib.SMTP, sender: str, timeout_s: float) -> None:
        self._connection, self._sender, self._timeout_s = connection, sender, timeout_s

    def send(self, letter: OutgoingLetter) -> PostReceipt:
        """Hand one letter in. Never raises: whatever happens is an outcome of this letter."""
        try:
            body = letter_bytes(letter, self._sender)
        except ValueError as error:  # a line break in a header, an address that is none
            return PostReceipt(Posted.REFUSED, f"not sent: {type(error).__name__}")
        with within(self._timeout_s, self._connection):
            return self._handed_in(letter, body)

    def _handed_in(self, letter: OutgoingLetter, body: bytes) -> PostReceipt:
        try:
            for code, said in self._envelope(letter):
                if not 200 <= code < 300:
                    self._forget()
                    return _receipt(code, said)
        except (smtplib.SMTPException, OSError) as error:
            return PostReceipt(Posted.LATER, _words(error))
        try:
            return _receipt(*self._connection.data(body))
        except smtplib.SMTPDataError as error:  # he did not want the letter's bytes: none was sent
            self._forget()
            return _receipt(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return PostReceipt(Posted.UNSURE, _words(error))

    def _envelope(self, letter: OutgoingLetter) -> Iterator[tuple[int, bytes]]:
        yield self._connection.mail(self._sender)
        yield self._connection.rcpt(letter.address)

    def _forget(self) -> None:
        with suppress(smtplib.SMTPException, OSError):
            self._connection.rset()


@contextmanager
def post_office(server: SmtpServer) -> Iterator[PostOffice]:
    """A connection, over TLS and logged in as configured.

    Raises:
        MailServerUnavailable: he cannot be reached, or does not let us in now.
        Misconfigured: the password or the authorities of his TLS cannot be read.
    """
    password, connection = _password(server), _connection(server)
    try:
        try:
            with within(server.timeout_s, connection):
                _open(connection, server, password)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise MailServerUnavailable(f"mail: {server.host}:{server.port}: {_words(error)}") from None
        yield PostOffice(connection, server.sender, server.timeout_s)
    finally:
        with suppress(smtplib.SMTPException, OSError), within(server.timeout_s, connection):
            connection.quit()
        connection.close()


def message_id_of(drawn: str, domain: str) -> str:
    """A Message-ID (RFC 5322, 3.6.4)."""
    return f"<{drawn}@{domain}>"


def letter_bytes(letter: OutgoingLetter, sender: str) -> bytes:
    """The letter as it goes over the wire. The policy refuses a line break in a header, so nothing can be slipped in.

    Raises:
        ValueError: an address or the subject cannot stand in a header.
    """
    made = EmailMessage(SMTP)
    made["From"] = sender
    made["To"] = letter.address
    made["Subject"] = letter.subject
    made["date"] = format_datetime(letter.at.astimezone(VIETNAM))
    made["Message-ID"] = letter.message_id
    made["Auto-Submitted"] = "auto-generated"
    if len(made["To"].addresses) != 1 or made["To"].addresses[0].addr_spec != letter.address:
        raise ValueError("not one plain address")
    made.set_content(letter.text, cte="quoted-printable")  # a server need not take eight bits (RFC 6152)
    return made.as_bytes()


def _connection(server: SmtpServer) -> smtplib.SMTP:
    """Not connected yet, so that its bound begins before that."""
    name = socket.gethostname()  # smtplib would ask the name service for a longer one, for as long as that takes
    if server.security == "tls":
        made: smtplib.SMTP = smtplib.SMTP_SSL(
            timeout=server.timeout_s, local_hostname=name, context=_authorities(server)
        )
    else:
        made = smtplib.SMTP(timeout=server.timeout_s, local_hostname=name)
    # What TLS compares the certificate with; smtplib keeps it only where it connects as it is made.
    made._host = server.host  # type: ignore[attr-defined]
    return made


def _open(connection: smtplib.SMTP, server: SmtpServer, password: str) -> None:
    code, said = connection.connect(server.host, server.port)
    if code != _READY:
        raise smtplib.SMTPConnectError(code, said)
    if server.security == "starttls":
        connection.starttls(context=_authorities(server))
    connection.ehlo_or_helo_if_needed()
    if server.user is not None:
        connection.login(server.user, password)


def _authorities(server: SmtpServer) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca)
    except OSError as error:
        raise Misconfigured(f"mail.ca: cannot read {server.ca}: {error.strerror}") from None


def _password(server: SmtpServer) -> str:
    if server.password_file is None:
        return ""
    try:
        return server.password_file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        raise Misconfigured(f"mail.password_file: cannot read {server.password_file}") from None


def _receipt(code: int, said: bytes | str) -> PostReceipt:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    posted = Posted.TAKEN if 200 <= code < 300 else Posted.REFUSED if code >= _REFUSED else Posted.LATER
    return PostReceipt(posted, _cut(f"{code} {text}"))


def _words(error: Exception) -> str:
    """What went wrong, without addresses: a server repeats them."""
    code = getattr(error, "smtp_code", None)
    return _cut(f"{type(error).__name__}{f' {code}' if code else ''}")


def _cut(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_LONGEST]
