"""Alerts reach a real webhook and a real mail server; one that fails, is slow or is down costs a bounded time."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from typer.testing import CliRunner

from adapter.cli import app
from adapter.gateways.mail.smtp import SmtpServer, post_office
from adapter.gateways.webhook import Webhook
from adapter.model.errors import Unavailable
from adapter.services.watch.alert_ways import ByMail, letter
from adapter.services.watch.alerts import Alert, AlertName
from tests.harness import configuration

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DOWN = [Alert(AlertName.WINDOW_DOWN, "", 1, AT, began_at=AT)]
TRUC, GONE = "truc@example.vn", "gone@example.vn"


@dataclass
class Receiver:
    """What a webhook got. It answers `status`; with `hangs` after a long time, with `drips` byte by byte for ever."""

    status: int = 204
    hangs: bool = False
    drips: bool = False
    location: str = ""
    got: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=s3cret"


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, dict(self.headers), json.loads(body)))
            if receiver.hangs:  # then it answers that all is well: who has waited for that is told nothing
                receiver.over.wait(20)
            if receiver.drips:
                while not receiver.over.wait(0.05):
                    try:
                        self.wfile.write(b"H")
                        self.wfile.flush()
                    except OSError:
                        return
                return
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """What a mail server got. `says`: its answer to a letter; `refuses`: to a recipient of these."""

    says: str = "250 OK"
    refuses: tuple[str, ...] = ()
    hangs_s: float = 0
    got: list[Any] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refuses:
            return f"550 {address} is unknown here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.hangs_s)
        self.got.append(envelope)
        return self.says


@contextmanager
def mailbox(handler: Mailbox) -> Iterator[int]:
    """Serve; gives the port."""
    controller = Controller(handler, hostname="127.0.0.1", port=0)
    controller.port = _free_port()
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def by_mail(port: int, *recipients: str, **stated: Any) -> ByMail:
    """How alerts are told over the mail server at that port."""
    usual = {"security": "none", "ca": None, "user": None, "password_file": None, "timeout_s": 30.0}
    server = SmtpServer(host="127.0.0.1", port=port, sender="adapter@example.vn", **{**usual, **stated})
    return ByMail(partial(post_office, server), recipients or (TRUC,), "gate-1", "example.vn")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_webhook_gets_the_document_and_the_token() -> None:
    with receiving(Receiver()) as receiver:
        Webhook(receiver.url, token="t0ken", timeout_s=30).post({"version": "4", "ậ": 1})
    ((path, headers, document),) = receiver.got
    assert path == "/hook?key=s3cret"
    assert headers["Authorization"] == "Bearer t0ken"
    assert document == {"version": "4", "ậ": 1}


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_a_webhook_that_fails_is_told_by_its_host_alone(status: int) -> None:
    with receiving(Receiver(status=status)) as receiver, pytest.raises(Unavailable) as told:
        Webhook(receiver.url, timeout_s=30).post({})
    assert str(told.value) == f"the webhook at 127.0.0.1 answers {status}"
    assert "s3cret" not in repr(Webhook(receiver.url))


def test_a_webhook_is_not_followed_elsewhere() -> None:
    with receiving(Receiver()) as other, receiving(Receiver(status=307, location=other.url)) as receiver:
        hook = Webhook(receiver.url, timeout_s=30)
        with pytest.raises(Unavailable, match="307"):
            hook.post({})
    assert other.got == []


@pytest.mark.parametrize("slow", ["hangs", "drips"])
def test_a_slow_webhook_is_left_after_its_time(slow: str) -> None:
    with receiving(Receiver(**{slow: True})) as receiver, pytest.raises(Unavailable):
        Webhook(receiver.url, timeout_s=0.5).post({})


def test_a_webhook_that_is_down_is_told() -> None:
    with pytest.raises(Unavailable, match="ConnectionRefused"):
        Webhook(f"http://127.0.0.1:{_free_port()}/", timeout_s=30).post({})


def test_a_token_that_no_header_holds_is_told() -> None:
    with receiving(Receiver()) as receiver, pytest.raises(Unavailable, match="Error") as told:
        Webhook(receiver.url, token="mật khẩu", timeout_s=30).post({})
    assert "khẩu" not in str(told.value)


def test_a_letter_arrives_as_it_was_written() -> None:
    box = Mailbox()
    with mailbox(box) as port:
        by_mail(port)(DOWN, AT)
    (envelope,) = box.got
    message = message_from_bytes(envelope.content, policy=policy.default)
    written = letter(DOWN, AT, TRUC, "gate-1", "example.vn")
    assert (message["Subject"], message["To"], message["From"]) == (written.subject, TRUC, "adapter@example.vn")
    assert message["Message-ID"] == written.message_id
    assert message["Date"] == "Mon, 02 Mar 2026 08:00:00 +0700"
    assert message.get_content().replace("\r\n", "\n") == written.text
    assert "Cổng một cửa gặp sự cố" in written.text


@pytest.mark.parametrize("says", ["451 later", "554 never"])
def test_a_mail_server_that_does_not_take_it_is_told_by_its_code(says: str) -> None:
    with mailbox(Mailbox(says=f"{says}, {TRUC}")) as port, pytest.raises(Unavailable) as told:
        by_mail(port)(DOWN, AT)
    assert str(told.value) == f"mail: accepted for no recipient: {says[:3]}", "what it says may quote a recipient"


def test_a_recipient_who_is_unknown_keeps_the_letter_from_no_other() -> None:
    box = Mailbox(refuses=(GONE,))
    with mailbox(box) as port:
        by_mail(port, GONE, TRUC)(DOWN, AT)
        with pytest.raises(Unavailable, match="550"):
            by_mail(port, GONE)(DOWN, AT)
    assert [each.rcpt_tos for each in box.got] == [[TRUC]]


def test_a_slow_mail_server_is_left_after_its_time() -> None:
    """It would say in the end that all is well."""
    with mailbox(Mailbox(hangs_s=20)) as port, pytest.raises(Unavailable):
        by_mail(port, timeout_s=0.5)(DOWN, AT)


def test_a_mail_server_that_is_down_is_told() -> None:
    port = _free_port()
    with pytest.raises(Unavailable, match=rf"127\.0\.0\.1:{port}: ConnectionRefused"):
        by_mail(port)(DOWN, AT)


def test_a_password_never_goes_over_an_open_line(tmp_path: Path) -> None:
    """A server that offers no STARTTLS gets neither name nor letter."""
    box, secret = Mailbox(), tmp_path / "password"
    secret.write_text("s3cret\n", encoding="utf-8")
    with mailbox(box) as port, pytest.raises(Unavailable, match="SMTPNotSupported"):
        by_mail(port, security="starttls", user="user", password_file=secret)(DOWN, AT)
    assert box.got == []


@pytest.fixture
def told(tmp_path: Path) -> Iterator[tuple[Path, Receiver, Mailbox]]:
    """An installation whose alerts go both ways."""
    box = Mailbox()
    with receiving(Receiver()) as receiver, mailbox(box) as port:
        (tmp_path / "hook").write_text(receiver.url + "\n", encoding="utf-8")
        stated = {
            "mail": {"host": "127.0.0.1", "port": port, "security": "none", "sender": "adapter@example.vn"},
            "alerts.webhook": {"url_file": str(tmp_path / "hook"), "timeout_s": 30},
            "alerts.mail": {"recipients": ["truc@example.vn"]},
        }
        yield configuration.write(tmp_path, stated), receiver, box


def test_a_test_alert_goes_by_each_way(told: tuple[Path, Receiver, Mailbox]) -> None:
    config, receiver, box = told
    done = CliRunner().invoke(app, ["alerts", "test", "--json", "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"webhook": "told", "mail": "told"}
    assert receiver.got[0][2]["alerts"][0]["labels"]["alertname"] == "NswTestAlert"
    assert len(box.got) == 1
    receiver.status = 500
    failed = CliRunner().invoke(app, ["alerts", "test", "--config", str(config)])
    assert failed.exit_code == 1
    assert "answers 500" in failed.output
    assert "s3cret" not in failed.output


def test_an_alert_by_mail_needs_a_mail_server(tmp_path: Path) -> None:
    config = configuration.write(tmp_path, {"alerts.mail": {"recipients": ["truc@example.vn"]}})
    done = CliRunner().invoke(app, ["alerts", "test", "--config", str(config)])
    assert done.exit_code != 0
    assert "state `mail`" in done.output


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "https://", "https://127.0.0.1:70000/", "https://[::1/"])
def test_what_is_no_address_of_a_webhook_is_told(tmp_path: Path, url: str) -> None:
    config = configuration.write(tmp_path, {"alerts.webhook": {"url": url}})
    done = CliRunner().invoke(app, ["alerts", "test", "--config", str(config)])
    assert done.exit_code != 0
    assert "no http or https URL" in done.output
