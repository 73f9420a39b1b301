"""What is true of one dossier by the Decision, worked out from what was sent, said and delivered: a model of its own.

Written from the articles (QĐ 15/2019/QĐ-TTg 10, 11, 13, 14; letter of customs of 27/5/2022). It knows nothing of the
program and imports nothing of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
OLDEST, AHEAD = timedelta(hours=72), timedelta(minutes=10)
"""A sendDate counts so long before reception and so long after it."""
OPEN = frozenset({"running", "near"})
OVER = frozenset({"overdue"})
ANSWERED = frozenset({"met", "late"})


@dataclass(eq=False)
class Version:
    """A version that was taken in. `sent`: when it was sent, as far as that counts; `declared`: 10/01 or 10/02."""

    name: str
    sent: datetime | None
    received: datetime
    declared: bool


@dataclass(eq=False)
class Confirmation:
    """Form 08, 12, 15, 17 or the ship's. `in_hand`: it may have left; `sent`: it has."""

    number: str
    version: Version
    in_hand: bool = False
    sent: datetime | None = None
    delivered: datetime | None = None
    taken_back: bool = False


@dataclass(eq=False)
class Request:
    """Form 13. `stands`: its answer is still wanted; `hour`: how the declarant's hour ended."""

    number: str
    asked: datetime
    in_hand: bool = False
    sent: datetime | None = None
    delivered: datetime | None = None
    taken_back: bool = False
    stands: bool = True
    hour: str | None = None
    answered: datetime | None = None


@dataclass(eq=False)
class Amendment:
    """Form 14. `standing`: waiting, in force, declined or void (what it amends was declared anew)."""

    version: Version
    requested: bool
    standing: str


@dataclass(frozen=True)
class Duty:
    """A time limit as it must be told; any of `standings` is true."""

    kind: str
    began: datetime | None
    due: datetime | None
    standings: frozenset[str]


@dataclass
class Law:
    """One dossier's life. `limit`: how long the border guard has; `accepts`: an officer accepts (ships)."""

    limit: timedelta
    accepts: bool
    standing: str = "unknown"
    """unknown, received, accepted, refused, withdrawn."""
    versions: list[Version] = field(default_factory=list)
    """Those that came into force, in their order."""
    amendments: list[Amendment] = field(default_factory=list)
    confirmations: list[Confirmation] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    newest: datetime | None = None
    """The latest sendDate of what was taken in."""
    kept: list[Duty] = field(default_factory=list)
    """Duties of the border guard that were met, or missed and then done, before the dossier was withdrawn."""
    missed: list[Duty] = field(default_factory=list)
    """Time limits that were over before nothing was left to be done."""

    # What must become of a message

    def counts(self, sent: datetime, received: datetime) -> datetime | None:
        """A sendDate outside the bounds orders nothing and locks nothing."""
        return sent if received - OLDEST <= sent <= received + AHEAD else None

    def age(self, sent: datetime, received: datetime) -> datetime | None:
        """By which a message may be older than another: what lay for days is, and takes no newer one's place."""
        return sent if sent <= received + AHEAD else None

    def may_declare(self, sent: datetime | None) -> bool:
        """10/01 opens a dossier, or declares anew what was refused; after a withdrawal it does not."""
        return self.standing in ("unknown", "refused") and not self._is_older(sent)

    def may_correct(self, sent: datetime | None) -> bool:
        """10/02 is possible until the confirmation has left."""
        left = any(each.in_hand for each in self.confirmations if not each.taken_back)
        return self.standing in ("received", "accepted") and not left and not self._is_older(sent)

    def may_withdraw(self, sent: datetime | None) -> bool:
        """12/05 (ships) is possible after the confirmation too: the voyage changes (TT 49/2017/TT-BQP Article 16)."""
        return self.standing in ("received", "accepted") and not self._is_older(sent)

    def _is_older(self, sent: datetime | None) -> bool:
        return sent is not None and self.newest is not None and sent < self.newest

    # What was taken in

    def declared(self, version: Version) -> None:
        self._overtake()
        self.versions.append(version)
        self.standing = "received" if self.accepts else "accepted"
        self._order(version.sent)

    def withdrew(self, sent: datetime | None, now: datetime) -> None:
        """What was answered before that was answered; nothing else is due any more."""
        self.kept = [each for each in self._of_border_guard(now) if each.standings & ANSWERED]
        self._overtake()
        self.standing = "withdrawn"
        self._order(sent)

    def _order(self, sent: datetime | None) -> None:
        self.newest = max(filter(None, (self.newest, sent)), default=None)

    def _overtake(self) -> None:
        """What was said of the version before and has not left is never sent; what was asked is asked no more."""
        for confirmation in self.confirmations:
            if not confirmation.in_hand:
                confirmation.taken_back = True
        for amendment in self.amendments:
            amendment.standing = "declined" if amendment.standing == "declined" else "void"
        self._close_request("lapsed", take_back=True)

    def amended(self, amendment: Amendment) -> None:
        self.amendments.append(amendment)
        self._order(amendment.version.sent)
        if amendment.requested and (asked := self.asked) is not None and asked.hour is None:
            asked.hour, asked.answered = "answered", amendment.version.sent or amendment.version.received
        if amendment.standing == "in force":
            self.approved(amendment)

    def approved(self, amendment: Amendment) -> None:
        amendment.standing = "in force"
        self.versions.append(amendment.version)
        if amendment.requested:
            self._close_request("lapsed")

    # What officers did

    def accepted(self) -> None:
        self.standing = "accepted"

    def refused(self) -> None:
        self.standing = "refused"
        self._close_request("lapsed")

    def confirmed(self, number: str) -> None:
        self.confirmations.append(Confirmation(number, self.in_force))
        self._close_request("lapsed")

    def requested(self, number: str, at: datetime) -> None:
        self._close_request("lapsed")
        self.requests.append(Request(number, at))

    def withdrew_request(self) -> None:
        self._close_request("withdrawn", take_back=True)

    def _close_request(self, hour: str, *, take_back: bool = False) -> None:
        if (asked := self.asked) is not None:
            asked.stands = False
            asked.hour = asked.hour or hour
            asked.taken_back = take_back and not asked.in_hand

    @contextmanager
    def at(self, now: datetime) -> Iterator[None]:
        """What is done now takes no breach away: a time limit that was over and runs no longer was missed."""
        before = list(self._told(now))
        yield
        gone = Counter((each.kind, each.began) for each in before)
        gone -= Counter((each.kind, each.began) for each in self._told(now))
        for each in before:
            if each.standings == OVER and gone[each.kind, each.began] > 0:
                gone[each.kind, each.began] -= 1
                self.missed.append(replace(each, standings=frozenset({"late"})))

    # How it stands

    @property
    def in_force(self) -> Version:
        return self.versions[-1]

    @property
    def asked(self) -> Request | None:
        return next((each for each in reversed(self.requests) if each.stands), None)

    @property
    def pending(self) -> Amendment | None:
        return next((each for each in self.amendments if each.standing == "waiting"), None)

    @property
    def live(self) -> list[Confirmation]:
        return [each for each in self.confirmations if not each.taken_back]

    @property
    def confirmation(self) -> Confirmation | None:
        """That of the version in force."""
        return next((each for each in self.live if self.versions and each.version is self.in_force), None)

    @property
    def is_completed(self) -> bool:
        """Signed for what is in force, and nothing else is asked: whether it was sent is another question."""
        return self.standing == "accepted" and self.confirmation is not None and self.asked is None

    def paper_may_be_asked(self, *, by_window: bool) -> bool:
        """Not of a confirmation that has left through the window, of what is in force and is not being amended."""
        sent = self.confirmation is not None and self.confirmation.sent is not None
        return not (by_window and self.is_completed and sent)

    @property
    def relied_on(self) -> Confirmation | None:
        """The confirmation that the declarant may rely on: the newest that was sent."""
        return next((each for each in reversed(self.live) if each.sent is not None), None)

    # The duties (Articles 10, 11, 13, 14)

    def duties(self, now: datetime) -> Iterator[Duty]:
        """Every time limit that runs, or was met or missed; what lapsed before its end is not told."""
        yield from self.missed
        yield from self._told(now)

    def _told(self, now: datetime) -> Iterator[Duty]:
        yield from self.kept if self.standing == "withdrawn" else self._of_border_guard(now)
        for request in self.requests:
            yield from self._answer(request, now)

    def _of_border_guard(self, now: datetime) -> Iterator[Duty]:
        yield from self._declaration(now)
        for amendment in self.amendments:
            yield from self._amendment(amendment, now)

    def _declaration(self, now: datetime) -> Iterator[Duty]:
        """From the reception of what was declared last to the sending of the first confirmation."""
        declared = next((each for each in reversed(self.versions) if each.declared), None)
        if declared is not None and self.standing in ("received", "accepted"):
            chain = self.versions[self.versions.index(declared) :]
            first = next((each for each in self.live if each.version in chain), None)
            yield self._duty("confirm_within", declared.received, self.limit, first, now)

    def _amendment(self, amendment: Amendment, now: datetime) -> Iterator[Duty]:
        """From the reception of form 14 to the sending of form 15 for it, unless another version has replaced it."""
        mine = next((each for each in self.live if each.version is amendment.version), None)
        waits = amendment.standing == "waiting" or (self.versions and self.in_force is amendment.version)
        if mine is not None or (waits and self.standing == "accepted" and amendment.standing != "declined"):
            yield self._duty("confirm_amendment_within", amendment.version.received, HOUR, mine, now)

    def _duty(self, kind: str, began: datetime, limit: timedelta, answer: Confirmation | None, now: datetime) -> Duty:
        due = began + limit
        if answer is not None and answer.sent is not None:
            return Duty(kind, began, due, frozenset({"met" if answer.sent <= due else "late"}))
        if now > due:
            return Duty(kind, began, due, OVER)
        return Duty(kind, began, due, frozenset({"signed"}) if answer is not None else OPEN)

    def _answer(self, request: Request, now: datetime) -> Iterator[Duty]:
        """The declarant's hour runs from when he has form 13, so nobody is late with what he does not have."""
        if request.hour in ("lapsed", "withdrawn"):
            return
        began = request.delivered
        due = began + HOUR if began is not None else None
        if request.hour == "answered":
            assert request.answered is not None
            on_time = request.answered <= (due or request.asked + HOUR)
            # Before he was asked he cannot have had it; after that nobody knows.
            late = "unknown" if due is None else "late"
            yield Duty("amend_within", began, due, frozenset({"met" if on_time else late}))
        elif due is None:
            yield Duty("amend_within", None, None, OPEN | {"waiting"})
        else:
            yield Duty("amend_within", began, due, OVER if now > due else OPEN)
