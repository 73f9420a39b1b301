"""E-mail over a real SMTP server that is down, slow, refuses or hangs up: each letter once as far as SMTP allows."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from adapter.gateways.mail import smtp
from adapter.gateways.mail.smtp import OutgoingLetter, Posted, SmtpServer, letter_bytes, post_office
from adapter.gateways.store import mails, notifications, tables
from adapter.model.errors import Unavailable
from adapter.model.events import Event
from adapter.services.access.sessions import AccountHolder
from adapter.services.notifications.mailing import Mailing
from adapter.services.watch.mode import Sight
from tests.harness.browsing import Person
from tests.harness.fixtures import CLOCK
from tests.harness.history import ITEMS, OFFICER, REASON
from tests.harness.own_dossiers import declared, somebody
from tests.harness.website import CITIZEN, Website, configure, website
from tests.servers.smtp import TAKES, MailBox, mail_box, mail_server, mail_settings

AN = "an@congty.example"


@pytest.fixture
def new_box() -> MailBox:
    """For a site of the test's own."""
    return mail_box()


@pytest.fixture
def site(tmp_path: Path, database_url: str, new_box: MailBox) -> Iterator[Website]:
    with website(configure(tmp_path, database_url, mail_settings(new_box)), new_box.site) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture(scope="module")
def standing_box() -> MailBox:
    return mail_box()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, standing_box: MailBox) -> Iterator[Website]:
    folder = tmp_path_factory.mktemp("mail")
    config = configure(folder, f"sqlite:///{folder / 'adapter.db'}", mail_settings(standing_box))
    with website(config, standing_box.site) as served:
        served.window(Sight.DOWN)
        yield served


@pytest.fixture
def box(standing_box: MailBox) -> MailBox:
    """The box of `small`, as it is when it is made."""
    vars(standing_box).update(vars(MailBox(standing_box.port, standing_box.site)))
    return standing_box


@pytest.fixture
def small(standing: Website) -> Website:
    return standing.as_it_was()


def mailing(site: Website) -> Mailing:
    made = site.components.mailing
    assert made is not None
    return made


def subscribe(site: Website, box: MailBox, number: str = CITIZEN, address: str = AN) -> Person:
    """He states his address and types the code that comes."""
    person = somebody(site, number)
    person.get("/hop-thu/thu-dien-tu")
    person.send("/hop-thu/thu-dien-tu", address=address)
    assert "Mã đã được gửi" in person.told()
    mailing(site).round()
    code = code_in(box, address)
    person.send("/hop-thu/thu-dien-tu/ma", code=f"{code[:4]} {code[4:]}")
    assert "Địa chỉ đã được xác nhận" in person.told()
    return person


def code_in(box: MailBox, address: str) -> str:
    return re.findall(r"\b\d{8}\b", box.to(address)[-1].get_content())[0]


def later(site: Website) -> None:
    """What waits is due again."""
    with site.components.database.transaction() as connection:
        connection.execute(update(tables.mail).values(next_at=CLOCK - timedelta(seconds=1)))


def confirmed(site: Website) -> str:
    key = declared(site)
    site.components.completion.complete(key, OFFICER)
    return f"{key.number}/{key.year}"


def letters(site: Website) -> list[tuple[str, int, str | None]]:
    rows = sorted(site.rows(tables.mail), key=lambda row: row.created_at)
    return [(row.state, row.tries, row.answer) for row in rows if row.kind != "address"]


def test_who_has_confirmed_an_address_is_told_and_the_servers_answer_is_kept(site: Website, new_box: MailBox) -> None:
    with mail_server(new_box):
        subscribe(site, new_box)
        dossier = confirmed(site)
        assert mailing(site).round() == 1
        assert mailing(site).round() == 0
    (letter,) = [each for each in new_box.to(AN) if "xác nhận của Biên phòng" in each.get_content()]
    assert letter["Subject"] == f"Hồ sơ {dossier}: có xác nhận"
    assert letter["From"] == "portal@bienphong.example"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert site.url in letter.get_content()
    assert "confirmation for dossier" in letter.get_content(), "English below"
    assert letters(site) == [("sent", 1, TAKES)]


def test_a_letter_holds_no_name_and_no_number_of_a_paper_and_its_link_does_nothing(
    small: Website, box: MailBox
) -> None:
    with mail_server(box):
        person = subscribe(small, box)
        key = declared(small)
        small.components.amendments.request(key, OFFICER, reason=REASON, items=ITEMS)
        mailing(small).round()
    text = "\n".join(each.as_string() + each.get_content() for each in box.letters)
    secret = {CITIZEN, OFFICER.name, REASON, *(text for item in ITEMS for text in astuple(item) if text)}
    for row in small.rows(tables.declaration_row):
        secret |= {str(value) for name, value in row.values.items() if re.search("name|number|birth", name, re.I)}
    for row in small.rows(tables.declaration):
        secret |= {
            str(value) for name, value in row.values.items() if re.search("declarant|phone|email|paper", name, re.I)
        }
    assert len(secret) > 5
    assert [each for each in sorted(secret) if len(each) > 3 and each in text] == []
    links = re.findall(r"https?://\S+", "\n".join(each.get_content() for each in box.letters))
    assert {link.rstrip(",.;") for link in links} == {small.url}
    for method in ("GET", "HEAD"):
        person.ask(method, "/")
    assert [row.delivered_at for row in small.rows(tables.outbox) if row.kind == "AmendmentRequest"] == [None]


def test_a_server_that_is_down_costs_no_try_and_nothing_is_lost(small: Website, box: MailBox) -> None:
    with mail_server(box):
        subscribe(small, box)
    confirmed(small)
    for _ in range(3):
        with pytest.raises(Unavailable):
            mailing(small).round()
    assert letters(small) == [("waiting", 0, None)]
    with mail_server(box):
        mailing(small).round()
    assert letters(small) == [("sent", 1, TAKES)]


@pytest.mark.parametrize("what", ["recipients", "answers"])
def test_a_server_that_says_later_is_asked_later(small: Website, box: MailBox, what: str) -> None:
    with mail_server(box):
        subscribe(small, box)
        confirmed(small)
        setattr(box, what, ["451 4.3.0 try again", "250 OK"])
        assert mailing(small).round() == 1
        assert letters(small) == [("waiting", 1, "451 4.3.0 try again")]
        assert mailing(small).round() == 0, "not at once"
        later(small)
        assert mailing(small).round() == 1
    assert [told[:2] for told in letters(small)] == [("sent", 2)]
    assert len(box.to(AN)) == 2


@pytest.mark.parametrize("what", ["recipients", "answers"])
def test_a_server_that_refuses_is_not_asked_again(small: Website, box: MailBox, what: str) -> None:
    with mail_server(box):
        subscribe(small, box)
        confirmed(small)
        setattr(box, what, ["550 5.1.1 no such mailbox"])
        mailing(small).round()
        later(small)
        assert mailing(small).round() == 0
    assert letters(small) == [("failed", 1, "550 5.1.1 no such mailbox")]


def test_one_that_is_refused_does_not_hold_up_the_next(small: Website, box: MailBox) -> None:
    with mail_server(box):
        subscribe(small, box)
        subscribe(small, box, "001190004567", "binh@congty.example")
        for number in (CITIZEN, "001190004567"):
            small.suspend(number, reason="Nghi bị chiếm đoạt")
        box.recipients = ["550 no", "250 OK"]
        assert mailing(small).round() == 2
    assert sorted(state for state, _, _ in letters(small)) == ["failed", "sent"]


def test_a_lost_answer_is_followed_by_the_same_letter(small: Website, box: MailBox) -> None:
    """Nobody can know whether the server has it; by the Message-ID a receiver sees that they are one."""
    with mail_server(box):
        subscribe(small, box)
        confirmed(small)
        box.hangs_up = 1
        mailing(small).round()
        ((state, tries, answer),) = letters(small)
        assert (state, tries) == ("waiting", 1)
        assert answer
        later(small)
        mailing(small).round()
    first, second = box.to(AN)[-2:]
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]
    assert [posted["posted"] for event, posted in small.events if event is Event.MAIL][-2:] == ["unsure", "taken"]


def test_a_slow_server_is_given_up_and_asked_again(tmp_path: Path, sqlite_url: str, new_box: MailBox) -> None:
    stated = mail_settings(new_box)
    stated["mail"]["timeout_s"] = 1
    with website(configure(tmp_path, sqlite_url, stated), new_box.site) as site, mail_server(new_box):
        site.window(Sight.DOWN)
        subscribe(site, new_box)
        confirmed(site)
        new_box.slow_s = 3
        mailing(site).round()
        assert [state for state, _, _ in letters(site)] == ["waiting"]
        new_box.slow_s = 0
        later(site)
        mailing(site).round()
        assert [state for state, _, _ in letters(site)] == ["sent"]


def test_after_so_many_tries_a_letter_is_given_up(tmp_path: Path, sqlite_url: str, new_box: MailBox) -> None:
    stated = mail_settings(new_box)
    stated["mail"]["tries"] = 2
    with website(configure(tmp_path, sqlite_url, stated), new_box.site) as site, mail_server(new_box):
        site.window(Sight.DOWN)
        subscribe(site, new_box)
        confirmed(site)
        new_box.answers = ["450 busy"]
        for _ in range(3):
            mailing(site).round()
            later(site)
        assert letters(site) == [("failed", 2, "450 busy")]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["spread", "taken", "tried", "answered"])
def test_a_kill_between_any_two_steps_loses_nothing_and_doubles_only_what_smtp_leaves_open(
    small: Website, box: MailBox, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(box):
        subscribe(small, box)
        confirmed(small)
        work = mailing(small)
        with monkeypatch.context() as patched:
            _kill(patched, step)
            with pytest.raises(Killed):
                work.round()
        for _ in range(3):
            later(small)
            work.round()
    told = [each for each in box.to(AN) if "xác nhận của Biên phòng" in each.get_content()]
    assert {each["Message-ID"] for each in told} == {told[0]["Message-ID"]}
    assert len(told) == (2 if step == "answered" else 1)
    assert [state for state, _, _ in letters(small)] == ["sent"]


def _kill(patched: pytest.MonkeyPatch, step: str) -> None:
    def dies(*_: Any, **__: Any) -> Any:
        raise Killed

    if step == "spread":
        patched.setattr(notifications, "mark_spread", dies)
    elif step == "taken":
        patched.setattr(mails, "take", dies)
    elif step == "tried":
        patched.setattr(smtp.PostOffice, "send", dies)
    else:
        patched.setattr(mails, "settle", dies)


def test_two_mailers_send_a_letter_once(site: Website, new_box: MailBox) -> None:
    """Another clock took over while this one was still at it."""
    with mail_server(new_box):
        subscribe(site, new_box)
        confirmed(site)
        with site.components.database.transaction() as connection:
            rows = connection.execute(tables.mail.select()).all()
        assert rows
        mailing(site)._spread(shows=True)
        with site.components.database.reading() as connection:
            due = connection.execute(tables.mail.select().where(tables.mail.c.state == "waiting")).all()
        with post_office(server_of(new_box)) as office:
            assert [mailing(site)._try(office, row) for row in (*due, *due)] == [1, 0]
    assert [state for state, _, _ in letters(site)] == ["sent"]


def server_of(new_box: MailBox, **changes: Any) -> SmtpServer:
    stated = {"security": "none", "ca": None, "user": None, "password_file": None, "timeout_s": 5.0, **changes}
    return SmtpServer(host="127.0.0.1", port=new_box.port, sender="portal@bienphong.example", **stated)


def letter(**changes: Any) -> OutgoingLetter:
    stated = {
        "address": AN,
        "subject": "x",
        "text": "y",
        "message_id": "<1@x>",
        "at": datetime(2026, 1, 1).astimezone(),
    }
    return OutgoingLetter(**{**stated, **changes})


@pytest.mark.parametrize(
    "hostile",
    [
        {"subject": "x\r\nBcc: all@example.com"},
        {"subject": "x\nBcc: all@example.com"},
        {"address": "an@congty.example\r\nRCPT TO:<all@example.com>"},
        {"address": "an@congty.example, all@example.com"},
        {"address": "An <an@congty.example>"},
        {"message_id": "<1@x>\r\nBcc: all@example.com"},
    ],
)
def test_nothing_can_be_slipped_into_a_header(box: MailBox, hostile: dict[str, str]) -> None:
    with mail_server(box), post_office(server_of(box)) as office:
        assert office.send(letter(**hostile)).posted is Posted.REFUSED
        assert office.send(letter()).posted is Posted.TAKEN, "the next one goes"
    assert [each["To"] for each in box.letters] == [AN]


def test_a_dot_alone_in_a_line_ends_no_letter(box: MailBox) -> None:
    with mail_server(box), post_office(server_of(box)) as office:
        assert office.send(letter(text="trước\r\n.\r\nMAIL FROM:<x@y>\r\nsau")).posted is Posted.TAKEN
    (got,) = box.letters
    assert got.get_content().splitlines() == ["trước", ".", "MAIL FROM:<x@y>", "sau"]
    assert b"\r\n" in letter_bytes(letter(), "portal@bienphong.example")


def test_a_letter_goes_in_seven_bits_for_not_every_server_takes_eight() -> None:
    assert letter_bytes(letter(subject="Hồ sơ", text="trước"), "portal@bienphong.example").isascii()


def test_a_server_that_drips_is_left_after_its_time() -> None:
    """Each byte comes in time, and in the end it would say that all is well."""

    class Drips(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                for _ in range(400):
                    self.request.sendall(b"220-x\r\n")
                    if over.wait(0.05):
                        return
                self.request.sendall(b"220 x\r\n")
                while self.request.recv(1000):
                    self.request.sendall(b"250 x\r\n")

    over = threading.Event()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Drips) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            box = MailBox(server.server_address[1], site=0)
            with pytest.raises(Unavailable), post_office(server_of(box, timeout_s=0.5)):
                pass
        finally:
            over.set()
            server.shutdown()


def test_log_in_and_tls_are_asked_for_before_any_letter(box: MailBox, tmp_path: Path) -> None:
    """A server that offers neither gets nothing: no password, no letter."""
    secret = tmp_path / "password"
    secret.write_text("geheim\n")
    with mail_server(box):
        for changes in ({"security": "starttls"}, {"security": "tls"}, {"user": "portal", "password_file": secret}):
            with pytest.raises(Unavailable) as told, post_office(server_of(box, **changes)):
                pass
            assert "geheim" not in str(told.value)
    assert box.letters == []


def test_an_address_counts_once_its_code_was_typed(small: Website, box: MailBox) -> None:
    with mail_server(box):
        person = somebody(small, CITIZEN)
        person.get("/hop-thu/thu-dien-tu")
        person.send("/hop-thu/thu-dien-tu", address=AN)
        confirmed(small)
        mailing(small).round()
        assert len(box.letters) == 1, "the code, and nothing to an address that nobody has confirmed"
        code = code_in(box, AN)
        assert [row.words for row in small.rows(tables.mail)] == [{}], "it is not kept"
        assert code not in str(small.rows(tables.mail_address))


def test_a_code_cannot_be_guessed(small: Website, box: MailBox) -> None:
    with mail_server(box):
        person = somebody(small, CITIZEN)
        person.get("/hop-thu/thu-dien-tu")
        person.send("/hop-thu/thu-dien-tu", address=AN)
        mailing(small).round()
        code = code_in(box, AN)
        wrong = f"{(int(code) + 1) % 10**8:08d}"
        for _ in range(5):
            assert person.send("/hop-thu/thu-dien-tu/ma", code=wrong).status_code == 422
        person.send("/hop-thu/thu-dien-tu/ma", code=code)
        assert "sai quá nhiều lần" in person.told()
    assert [row.address for row in small.rows(tables.mail_address)] == [None]


def test_a_code_of_yesterday_is_over(small: Website, box: MailBox) -> None:
    with mail_server(box):
        person = somebody(small, CITIZEN)
        person.get("/hop-thu/thu-dien-tu")
        person.send("/hop-thu/thu-dien-tu", address=AN)
        mailing(small).round()
        with small.components.database.transaction() as connection:
            connection.execute(update(tables.mail_address).values(code_until=CLOCK - timedelta(seconds=1)))
        person.send("/hop-thu/thu-dien-tu/ma", code=code_in(box, AN))
    assert "Mã đã hết hạn" in person.told()


def test_an_older_address_goes_on_until_the_new_one_is_confirmed(small: Website, box: MailBox) -> None:
    with mail_server(box):
        person = subscribe(small, box)
        person.send("/hop-thu/thu-dien-tu", address="moi@congty.example")
        assert "đợi một phút" in person.told(), "nobody fills a stranger's mailbox"
        with small.components.database.transaction() as connection:
            connection.execute(update(tables.mail_address).values(stated_at=CLOCK - timedelta(minutes=2)))
        person.send("/hop-thu/thu-dien-tu", address="moi@congty.example")
        confirmed(small)
        mailing(small).round()
        assert len(box.to(AN)) == 2
        person.send("/hop-thu/thu-dien-tu/ma", code=code_in(box, "moi@congty.example"))
        assert [row.address for row in small.rows(tables.mail_address)] == ["moi@congty.example"]
        person.send("/hop-thu/thu-dien-tu/bo")
        assert small.rows(tables.mail_address) == []


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "a@b",
        "a b@c.vn",
        "a@b.vn\r\nBcc: x@y.vn",
        "<a@b.vn>",
        "a@b.vn,c@d.vn",
        '"a"@b.vn',
        "a@[127.0.0.1]",
        "à@b.vn",
    ],
)
def test_what_is_no_plain_address_is_told(small: Website, typed: str) -> None:
    person = somebody(small, CITIZEN)
    person.get("/hop-thu/thu-dien-tu")
    assert person.send("/hop-thu/thu-dien-tu", address=typed).status_code == 422
    assert "Địa chỉ chưa đúng" in person.told()
    assert small.rows(tables.mail) == []


def test_an_address_is_of_the_person_and_of_whom_he_acts_for(small: Website, box: MailBox) -> None:
    """One who acts for himself too is told of that by no e-mail that he has not asked for."""
    with mail_server(box):
        subscribe(small, box)
        holder = AccountHolder("https://id.invalid", f"{CITIZEN}0100109106", "An", CITIZEN, "0100109106", None)
        assert small.components.sessions.start(holder)
        assert [(row.number, row.address) for row in small.rows(tables.mail_address)] == [(CITIZEN, AN)]


def test_what_could_not_be_sent_for_a_day_is_not_sent_any_more(small: Website, box: MailBox) -> None:
    with mail_server(box):
        subscribe(small, box)
        confirmed(small)
        with small.components.database.transaction() as connection:
            connection.execute(update(tables.notification).values(created_at=CLOCK - timedelta(hours=25)))
        mailing(small).round()
    assert letters(small) == []
    assert [row.spread_at is not None for row in small.rows(tables.notification)] == [True]


def test_where_no_server_is_stated_nobody_is_asked_for_an_address(tmp_path: Path, sqlite_url: str) -> None:
    with website(configure(tmp_path, sqlite_url)) as site:
        person = somebody(site, CITIZEN)
        assert person.get("/hop-thu/thu-dien-tu").status_code == 404
        person.get("/hop-thu")
        assert "thu-dien-tu" not in person.page.text
