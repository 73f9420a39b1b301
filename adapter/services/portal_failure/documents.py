"""Documents that are shown without a program: notice pages, a feed, the call list. Pure.

Each page is complete in one file, so that any web server can serve it while everything else is away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree, html
from lxml.html.builder import E

from adapter.gateways.portal_failure import KeptContact, KeptContacts
from adapter.gateways.spreadsheets.templates import harmless
from adapter.model.ages import age
from adapter.model.portal_failure import TitledWords
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM, hour_and_day

VI, EN = "vi", "en"
_ATOM = "http://www.w3.org/2005/Atom"
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)
_STYLE = """
:root{color-scheme:light dark;--ink:#17211b;--paper:#fff;--ground:#f4f6f4;--muted:#4c5850;--line:#c9d0ca;--bar:#073f2b;
--link:#0a4f9e;--ask:#7a4a00;--ask-bg:#fdf0d5}
@media(prefers-color-scheme:dark){:root{--ink:#e8eee9;--paper:#151b17;--ground:#0e1310;--muted:#b3beb5;--line:#38423b;
--bar:#0b5c3f;--link:#8fbcf5;--ask:#f5c977;--ask-bg:#443008}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:1.0625rem/1.5 "Source Sans 3","Noto Sans",system-ui,sans-serif}
header{background:var(--bar);color:#fff;padding:1rem}
header p{margin:0}header .portal{font-weight:600;font-size:1.25rem}header a{color:#fff}
header>div,main,footer{max-width:46rem;margin:0 auto}
main{background:var(--paper);padding:1.5rem 1rem;border:1px solid var(--line);border-top:0}
h1{font-size:1.5rem;line-height:1.35;margin:0 0 1rem}h2{font-size:1.25rem;margin:1.5rem 0 .5rem}
.notice{background:var(--ask-bg);color:var(--ask);border-left:4px solid var(--ask);padding:.75rem 1rem;margin:0 0 1rem}
a{color:var(--link)}ul{padding-left:1.25rem}li{margin:.5rem 0}
footer{padding:1rem;color:var(--muted)}
"""
_LIST_STYLE = """
body{font:14px/1.4 "Source Sans 3","Noto Sans",system-ui,sans-serif;color:#000;background:#fff;margin:1rem}
h1{font-size:1.25rem;margin:0 0 .25rem}.age{font-weight:600;border:2px solid #000;padding:.5rem;margin:.5rem 0}
table{border-collapse:collapse;width:100%}
th,td{border:1px solid #555;padding:.25rem .4rem;text-align:left;vertical-align:top}
thead{display:table-header-group}tr{break-inside:avoid}th:nth-child(2){min-width:11rem}
.log{min-width:6rem}
@page{size:A4 landscape;margin:10mm}
"""


@dataclass(frozen=True, slots=True)
class NoticeAuthority:
    """Who publishes the notice, how to go on by paper, and the telephone number of each unit."""

    authority: Label
    portal: Label
    manager: Label
    address: str
    telephone: str
    email: str
    by_paper: Label
    units: tuple[tuple[str, str], ...]

    def filling(self, language: str) -> dict[str, str]:
        """The values that are put into the words of that language."""
        return {
            "portal": in_language(self.portal, language),
            "authority": in_language(self.authority, language),
            "manager": in_language(self.manager, language),
            "telephone": self.telephone or next((number for _, number in self.units if number), ""),
            "email": self.email,
        }


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of the feed."""

    id: str
    at: datetime
    title: str
    text: str


_WORDS = {
    VI: {
        "other": "English",
        "other_file": "en.html",
        "by_paper": "Làm thủ tục bằng giấy",
        "call": "Điện thoại của đơn vị Biên phòng",
        "feed": "Theo dõi thông báo (Atom)",
        "managed": "Cơ quan quản lý: {}",
    },
    EN: {
        "other": "Tiếng Việt",
        "other_file": "index.html",
        "by_paper": "Going on by paper",
        "call": "Telephone numbers of the border-guard units",
        "feed": "Follow notices (Atom)",
        "managed": "Managed by: {}",
    },
}
FILES = {VI: "index.html", EN: "en.html"}
FEED = "feed.atom"


def in_language(label: Label, language: str) -> str:
    """The label in that language."""
    return label.vi if language == VI else label.en


def notice_page(words: TitledWords, about: NoticeAuthority, language: str) -> bytes:
    """A notice as a page of its own, in one language."""
    own, title = _WORDS[language], in_language(words.title, language)
    portal = in_language(about.portal, language)
    told = [E.p(in_language(each, language), {"class": "notice"}) for each in words.paragraphs]
    foot = [own["managed"].format(in_language(about.manager, language)), about.address, about.telephone, about.email]
    body = E.body(
        E.header(
            E.div(
                E.p(in_language(about.authority, language)),
                E.p(portal, {"class": "portal"}),
                E.p(E.a(own["other"], href=own["other_file"], hreflang=EN if language == VI else VI)),
            )
        ),
        E.main(
            E.h1(title),
            *told,
            E.h2(own["by_paper"]),
            E.p(in_language(about.by_paper, language)),
            *_whom_to_call(about, own["call"]),
        ),
        E.footer(E.p(" · ".join(each for each in foot if each)), E.p(E.a(own["feed"], href=FEED))),
    )
    return _page(f"{title} – {portal}", _STYLE, body, language)


def feed(entries: Sequence[FeedEntry], about: NoticeAuthority) -> bytes:
    """The notices as an Atom feed (RFC 4287), the newest first."""
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})

    def say(parent: etree._Element, name: str, text: str) -> None:
        etree.SubElement(parent, f"{{{_ATOM}}}{name}").text = text

    say(root, "id", "urn:nsw-adapter:portal-failures")
    say(root, "title", about.portal.vi)
    say(root, "updated", max((each.at for each in entries), default=_NEVER).astimezone(VIETNAM).isoformat())
    say(etree.SubElement(root, f"{{{_ATOM}}}author"), "name", about.manager.vi)
    for each in entries:
        entry = etree.SubElement(root, f"{{{_ATOM}}}entry")
        say(entry, "id", each.id)
        say(entry, "title", each.title)
        say(entry, "updated", each.at.astimezone(VIETNAM).isoformat())
        say(entry, "summary", each.text)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def plain_text(words: TitledWords) -> bytes:
    """Words as a text file in both languages, to be copied into a letter or another portal."""
    parts = [[words.title, *words.paragraphs]]
    vi, en = ("\n\n".join(in_language(label, language) for label in parts[0]) for language in (VI, EN))
    return f"{vi}\n\n---\n\n{en}\n".encode()


def letter_data(words: TitledWords, about: NoticeAuthority, *, signed: bool) -> dict[str, object]:
    """What the layout `portal_failure` gets (docs/prints.md). `signed`: it is numbered, signed and sealed by hand."""
    return {
        "authority": {VI: about.authority.vi, EN: about.authority.en},
        "title": {VI: words.title.vi, EN: words.title.en},
        "paragraphs": [{VI: each.vi, EN: each.en} for each in words.paragraphs],
        "signed": signed,
    }


_HEADS = ("Hồ sơ", "Họ tên người làm thủ tục", "Điện thoại", "Thư điện tử", "Cửa khẩu", "Đơn vị", "Dự kiến đến")
_MORE_HEADS = ("Hạn xác nhận", "Thủ tục", "Kênh", "Trạng thái")
_LOG_HEADS = ("Gọi lúc", "Người gọi", "Kết quả")


def call_list_csv(kept: KeptContacts, read_at: datetime | None) -> bytes:
    """The list for a spreadsheet, with empty columns in which calls are noted."""
    made = io.StringIO(newline="")
    rows = csv.writer(made, delimiter=";")
    rows.writerow([age_of_list(kept, read_at)])
    rows.writerow([*_HEADS, *_MORE_HEADS, *_LOG_HEADS])
    rows.writerows([*map(harmless, (*_cells(each), *_more_cells(each))), "", "", ""] for each in kept.contacts)
    return b"\xef\xbb\xbf" + made.getvalue().encode()


def call_list_page(kept: KeptContacts, read_at: datetime | None) -> bytes:
    """The list to be printed, with empty columns in which calls are noted by hand."""
    title = "Danh sách liên hệ khi Cổng gặp sự cố"
    rows = [E.tr(*map(E.td, _cells(each)), *(E.td({"class": "log"}) for _ in _LOG_HEADS)) for each in kept.contacts]
    table = E.table(E.thead(E.tr(*map(E.th, (*_HEADS, *_LOG_HEADS)))), E.tbody(*rows))
    private = "Có dữ liệu cá nhân: chỉ để thông báo theo khoản 4 Điều 10 Quyết định 15/2019/QĐ-TTg; hủy sau khi dùng."
    body = E.body(E.h1(title), E.p(age_of_list(kept, read_at), {"class": "age"}), E.p(private), table)
    return _page(title, _LIST_STYLE, body, VI)


def age_of_list(kept: KeptContacts, read_at: datetime | None) -> str:
    """When the list was made, how old it was when it was copied out, and how many entries it has."""
    made = f"Lập lúc {hour_and_day(kept.made_at)}; {len(kept.contacts)} hồ sơ chưa xong."
    if read_at is None:
        return f"{made} Hồ sơ nhận sau lúc đó không có trong danh sách."
    minutes = round(age(read_at, kept.made_at) / 60)
    return (
        f"{made} Danh sách đã cũ {minutes} phút khi lấy ra ({hour_and_day(read_at)}): hồ sơ nhận sau lúc lập không có."
    )


def call_line(at: datetime, dossier: str, account: str, result: str, note: str) -> tuple[bytes, bytes]:
    """A line of the log of calls, and the head line of that log."""
    head, line = io.StringIO(newline=""), io.StringIO(newline="")
    csv.writer(head, delimiter=";").writerow(["Gọi lúc", "Hồ sơ", "Người gọi", "Kết quả", "Ghi chú"])
    said = [hour_and_day(at), dossier, account, result, note]
    csv.writer(line, delimiter=";").writerow([harmless(each) for each in said])
    return line.getvalue().encode(), b"\xef\xbb\xbf" + head.getvalue().encode()


def call_lines(log: bytes) -> tuple[tuple[str, ...], ...]:
    """The lines of a log of calls, without its head."""
    rows = csv.reader(io.StringIO(log.decode("utf-8-sig", "replace"), newline=""), delimiter=";")
    return tuple(tuple(row) for row in rows)[1:]


def _cells(each: KeptContact) -> tuple[str, ...]:
    reached = ("\n".join(each.telephones), "\n".join(each.emails))
    return (each.dossier, each.name, *reached, each.gate, each.unit, hour_and_day(each.crossing_at))


def _more_cells(each: KeptContact) -> tuple[str, ...]:
    return (hour_and_day(each.due_at), each.procedure, each.channel, each.state)


def _whom_to_call(about: NoticeAuthority, title: str) -> list[etree._Element]:
    lines = [E.li(f"{name}: ", E.a(number, href=_tel(number))) for name, number in about.units if number]
    if not lines and about.telephone:
        lines = [E.li(E.a(about.telephone, href=_tel(about.telephone)))]
    return [E.h2(title), E.ul(*lines)] if lines else []


def _tel(number: str) -> str:
    return "tel:" + "".join(letter for letter in number if letter.isdigit() or letter == "+")


def _page(title: str, style: str, body: etree._Element, language: str) -> bytes:
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta(name="viewport", content="width=device-width, initial-scale=1"),
        E.meta(name="robots", content="noindex"),
        E.title(title),
        E.style(style),
    )
    made: bytes = html.tostring(E.html(head, body, lang=language), doctype="<!doctype html>", encoding="utf-8")
    return made
