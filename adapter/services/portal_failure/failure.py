"""The failure of the portal, from its beginning to its end: notice pages, e-mails, letters, and the call list.

Nothing here uses the database or the broker, which may be away too (QĐ 15/2019/QĐ-TTg Article 10(4)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from adapter.gateways.mail.smtp import OpenOffice, OutgoingLetter, Posted, message_id_of
from adapter.gateways.portal_failure import (
    FailureFolder,
    KeptAct,
    KeptContacts,
    KeptFailure,
    KeptLetter,
    write_page,
)
from adapter.model.ages import age
from adapter.model.errors import Misconfigured, NotAllowed
from adapter.model.journal_events import JournalEvent
from adapter.model.portal_failure import FailureStage, FailureWords, TitledWords
from adapter.model.procedure import Label
from adapter.model.stages import Channel
from adapter.model.text import text_fault
from adapter.pipeline.envelope import hour_and_day
from adapter.services.dossiers.printing import TypesetsPdf
from adapter.services.portal_failure.contacts import PAGE, TABLE, is_old
from adapter.services.portal_failure.documents import (
    EN,
    FEED,
    FILES,
    VI,
    FeedEntry,
    NoticeAuthority,
    call_line,
    call_lines,
    call_list_csv,
    call_list_page,
    feed,
    in_language,
    letter_data,
    notice_page,
    plain_text,
)

LETTER, MINISTRY, CALLS, MAILS = "thong-bao", "cong-bo-quoc-phong", "nhat-ky-goi.csv", "thu.json"
TEXT, PDF = ".txt", ".pdf"
"""Letters are written as both."""
_LAYOUT = ("portal_failure",)
_ANNOUNCING, _POSTING = "bao", "thu"
"""What one process does at a time."""
_ON_THE_FEED = 10
_WAITING, _UNDERWAY = "waiting", "underway"


class CallResult(StrEnum):
    """The result of a call."""

    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


_CALL_WORDS = {
    CallResult.REACHED: "đã thông báo",
    CallResult.NO_ANSWER: "không nghe máy",
    CallResult.WRONG_NUMBER: "sai số",
}


@dataclass(frozen=True, slots=True)
class FailureReport:
    """What an operator states about a failure; the reason is published. Times are aware."""

    since: datetime
    reason: Label
    expected_end: datetime | None


@dataclass(frozen=True, slots=True)
class FailureKit:
    """What was written for a failure. `list_made_at`: when its call list was made; None: there is no list."""

    number: int
    pages: Path
    folder: Path
    contacts: int
    without_telephone: int
    list_made_at: datetime | None
    list_age_minutes: int | None
    unprinted: str | None = None
    """Why the letters are there as texts alone, and not as PDF; None: they are."""


@dataclass(frozen=True)
class PortalFailure:
    """The use cases of the command `portal` and of the operators' button. `clock` is the real time (aware)."""

    words: Callable[[], FailureWords]
    about: NoticeAuthority
    folder: FailureFolder
    pages: Path
    keep_hours: float
    clock: Callable[[], datetime]
    layouts: TypesetsPdf

    def begin(self, told: FailureReport, account: str) -> FailureKit:
        """Record that the portal has failed, and write everything. With an open failure: continue it with the new text.

        Raises:
            NotAllowed: its beginning is in the future, or its expected end before its beginning.
            Misconfigured: a folder cannot be written.
        """
        now = self.clock()
        if told.since > now or (told.expected_end is not None and told.expected_end <= told.since):
            raise NotAllowed("a failure begins before now and ends after it began; state --since and --expected-end so")
        with self.folder.alone(_ANNOUNCING):
            failure = self._told(told, account, now)
            self.write_pages()
            listed, unprinted = self._take_out(failure, now)
        return FailureKit(
            number=failure.number,
            pages=self.pages,
            folder=self.folder.folder / folder_of(failure),
            contacts=len(listed.contacts) if listed else 0,
            without_telephone=sum(not each.telephones for each in listed.contacts) if listed else 0,
            list_made_at=listed.made_at if listed else None,
            list_age_minutes=round(age(now, listed.made_at) / 60) if listed else None,
            unprinted=unprinted,
        )

    def _told(self, told: FailureReport, account: str, now: datetime) -> KeptFailure:
        """Write the failure down, a new one or the open one with its new text, and the act for the journal."""
        kept = self.folder.failures()
        stands = kept[-1] if kept and kept[-1].over_at is None else None
        failure = KeptFailure(
            number=stands.number if stands else len(kept) + 1,
            since=told.since,
            told_at=stands.told_at if stands else now,
            expected_end=told.expected_end,
            over_at=None,
            reason_vi=told.reason.vi,
            reason_en=told.reason.en,
            account=account,
        )
        self.folder.keep_failures([*(kept[:-1] if stands else kept), failure])
        self._note(JournalEvent.PORTAL_FAILED, failure, account, now)
        return failure

    def _note(self, event: JournalEvent, failure: KeptFailure, account: str, now: datetime) -> None:
        """The journal is in the store, which may be away: `FailureJournal` takes it there."""
        self.folder.add_act(KeptAct(event=event.value, at=now, number=failure.number, actor=account))

    def end(self, at: datetime | None, account: str) -> KeptFailure:
        """Record that the portal works again.

        Raises:
            NotAllowed: no failure is open, or the given end is not between its beginning and now.
            Misconfigured: a folder cannot be written.
        """
        now = self.clock()
        with self.folder.alone(_ANNOUNCING):
            kept = self.folder.failures()
            stands = self._open(kept)
            over = at or now
            if not stands.since < over <= now:
                raise NotAllowed(f"it began at {hour_and_day(stands.since)} and is over after that, not in the future")
            ended = stands.model_copy(update={"over_at": over})
            self.folder.keep_failures([*kept[:-1], ended])
            self._note(JournalEvent.PORTAL_WORKS, ended, account, now)
            self.write_pages()
        return ended

    @staticmethod
    def _open(kept: Sequence[KeptFailure]) -> KeptFailure:
        if not kept or kept[-1].over_at is not None:
            raise NotAllowed("no failure of the portal is open; begin one with `portal fail`")
        return kept[-1]

    def write_pages(self) -> None:
        """Write the pages and the feed for a web server, by the present state.

        Raises:
            Misconfigured: a folder cannot be written.
        """
        kept = self.folder.failures()
        last = kept[-1] if kept and kept[-1].over_at is None else None
        for language, file in FILES.items():
            stage = FailureStage.FAILED if last else FailureStage.UNANNOUNCED
            write_page(self.pages, file, notice_page(self._words(stage, last, language), self.about, language))
        entries = [entry for each in reversed(kept[-_ON_THE_FEED:]) for entry in self._entries(each)]
        write_page(self.pages, FEED, feed(entries, self.about))

    def call(self, dossier: str, result: CallResult, note: str, account: str, named: str = "") -> Path:
        """Write a call into the log of calls; gives the path of the log. `named`: who called, as the journal names him.

        Raises:
            NotAllowed: no failure is open, or its files are removed already.
            Misconfigured: the log cannot be written.
        """
        kept, now = self.folder.failures(), self.clock()
        if text_fault(note) or text_fault(dossier, most=60, least=1):
            raise NotAllowed("the dossier or the note has a character that cannot stand there, or is too long")
        if not kept or self._is_over_for_good(kept[-1], now):
            raise NotAllowed("no failure of the portal is open; begin one with `portal fail`")
        line, head = call_line(now, dossier, account, _CALL_WORDS[result], note)
        written = self.folder.add_line(f"{folder_of(kept[-1])}/{CALLS}", line, head)
        self._note(JournalEvent.CALL_NOTED, kept[-1], named or account, now)
        return written

    def calls(self, failure: KeptFailure) -> tuple[tuple[str, ...], ...]:
        """The log of calls of a failure, the first one first."""
        return call_lines(self.folder.read(f"{folder_of(failure)}/{CALLS}") or b"")

    def letters(self, failure: KeptFailure) -> tuple[KeptLetter, ...]:
        """The e-mails of a failure, with what became of each."""
        return self.folder.letters(f"{folder_of(failure)}/{MAILS}")

    def post(self, office: OpenOffice, domain: str, new_id: Callable[[], str]) -> dict[str, int]:
        """Send the e-mails of the open failure, one to each address; gives the number of each outcome so far.

        While another process sends them, this one sends none.

        Each e-mail is written down before it is tried. After an interruption only the one whose outcome is unknown is
        sent again, under the same Message-ID.

        Raises:
            NotAllowed: no failure is open.
            Unavailable: the mail server cannot be reached; what was sent stays written down.
            Misconfigured: the folder cannot be written.
        """
        failure = self._open(self.folder.failures())
        name = f"{folder_of(failure)}/{MAILS}"
        with self.folder.alone(_POSTING, wait=False) as is_alone:
            if is_alone:
                self._post(failure, name, office, domain, new_id)
        outcomes = [each.posted for each in self.folder.letters(name)]
        return {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}

    def _post(
        self, failure: KeptFailure, name: str, office: OpenOffice, domain: str, new_id: Callable[[], str]
    ) -> None:
        letters = {each.address: each for each in self.folder.letters(name)}
        for address in self._addresses():
            made = KeptLetter(address=address, message_id=message_id_of(new_id(), domain), posted=_WAITING)
            letters.setdefault(address, made)
        due = [each for each in letters.values() if each.posted not in (Posted.TAKEN.value, Posted.REFUSED.value)]
        if not due:
            return
        with office() as opened:
            for each in due:
                self._keep(name, letters, each, _UNDERWAY)
                receipt = opened.send(self._letter(each, failure))
                self._keep(name, letters, each, receipt.posted.value)

    def _keep(self, name: str, letters: dict[str, KeptLetter], each: KeptLetter, posted: str) -> None:
        letters[each.address] = each.model_copy(update={"posted": posted})
        self.folder.keep_letters(name, tuple(letters.values()))

    def tidy(self) -> tuple[int, ...]:
        """Remove files with names and telephone numbers after `keep_hours`; gives the numbers of the failures.

        Raises:
            Misconfigured: the file of failures cannot be read.
        """
        now, listed = self.clock(), self.folder.contacts()
        if listed is not None and is_old(now, listed.made_at, self.keep_hours):
            self.folder.forget_contacts()
        old = [each for each in self.folder.failures() if self._is_over_for_good(each, now)]
        return tuple(each.number for each in old if self.folder.remove(folder_of(each)))

    def _is_over_for_good(self, each: KeptFailure, now: datetime) -> bool:
        return each.over_at is not None and is_old(now, each.over_at, self.keep_hours)

    def _take_out(self, failure: KeptFailure, now: datetime) -> tuple[KeptContacts | None, str | None]:
        """Write letters and present call list into the folder of the failure; why no PDF was made, else None."""
        place, words = folder_of(failure), self.words()
        unprinted = None
        for name, told in ((LETTER, words.letter), (MINISTRY, words.ministry)):
            filled = self._both(told, failure)
            self.folder.write(f"{place}/{name}{TEXT}", plain_text(filled))
            try:
                made = self.layouts.pdf(_LAYOUT, letter_data(filled, self.about, signed=name == LETTER), now)
                self.folder.write(f"{place}/{name}{PDF}", made)
            except Misconfigured as error:  # the texts stand, and nothing else waits for a layout
                unprinted = str(error)
        listed = self.folder.contacts()
        if listed is not None:
            self.folder.write(f"{place}/{PAGE}", call_list_page(listed, now))
            self.folder.write(f"{place}/{TABLE}", call_list_csv(listed, now))
        return listed, unprinted

    def _addresses(self) -> Iterable[str]:
        """E-mail addresses of those concerned: who declared on the portal; everybody, if the window is down too."""
        listed = self.folder.contacts()
        if listed is None:
            return ()
        concerned = (each for each in listed.contacts if listed.window_down or each.channel == Channel.PORTAL.value)
        return sorted({address for each in concerned for address in each.emails})

    def _letter(self, kept: KeptLetter, failure: KeptFailure) -> OutgoingLetter:
        words = self._both(self.words().mail, failure)
        text = "\n\n---\n\n".join(in_language(words.paragraphs[0], language) for language in (VI, EN))
        title = f"{words.title.vi} / {words.title.en}"
        return OutgoingLetter(kept.address, title, text, kept.message_id, self.clock())

    def _entries(self, failure: KeptFailure) -> Iterable[FeedEntry]:
        stages = [(FailureStage.OVER, failure.over_at)] if failure.over_at else []
        for stage, at in (*stages, (FailureStage.FAILED, failure.told_at)):
            words = self._words(stage, failure, VI)
            place = f"urn:nsw-adapter:portal-failure:{failure.number}:{stage.value}"
            yield FeedEntry(place, at, words.title.vi, " ".join(each.vi for each in words.paragraphs))

    def _words(self, stage: FailureStage, failure: KeptFailure | None, language: str) -> TitledWords:
        return self.words().pages[stage].filled(self._filling(failure, language))

    def _both(self, words: TitledWords, failure: KeptFailure) -> TitledWords:
        """The words in both languages, each filled with the values of its language."""
        vi, en = (words.filled(self._filling(failure, language)) for language in (VI, EN))
        paragraphs = tuple(Label(one.vi, other.en) for one, other in zip(vi.paragraphs, en.paragraphs, strict=True))
        return TitledWords(Label(vi.title.vi, en.title.en), paragraphs)

    def _filling(self, failure: KeptFailure | None, language: str) -> dict[str, str]:
        values = self.about.filling(language)
        if failure is None:
            return values
        reason = failure.reason_vi if language == VI else failure.reason_en
        times = {"since": failure.since, "end": failure.expected_end, "over": failure.over_at}
        values |= {name: hour_and_day(at) for name, at in times.items()}
        values["end"] = values["end"] or in_language(self.words().unknown_end, language)
        return values | {"reason": reason, "number": str(failure.number)}


def folder_of(failure: KeptFailure) -> str:
    """The folder of a failure's letters and lists, relative to `FailureFolder.folder`."""
    return f"su-co-{failure.number}"
