"""A message's XML as an operator may see it: line by line as it came, without what may be a person's value.

It reads no tree and decides nothing: a message may be broken or hostile, and its lines must stay where findings point.
What is not known to be open is masked. Every step goes forward only, so the time grows with the length alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

MASK = "***"
_NAME = re.compile(r"[^\s/>=<\"']+")
_SPACE = re.compile(r"\s+")
_OPEN_VALUE = re.compile(r"#?[A-Za-z0-9_.-]{0,64}|https?://[a-z0-9.]+/[A-Za-z0-9_./#:+-]{0,120}|urn:[a-z0-9:.-]{1,80}")
"""What an attribute may show: an id, a reference to one, an algorithm or a name space."""
_OPEN_ATTRIBUTES = {"Id", "URI", "Algorithm", "version", "encoding", "standalone", "Target"}
_HEADER = {
    *("version", "messageId", "documentType", "type", "function", "reference", "documentYear", "preReference"),
    *("preDocumentYear", "sendDate", "countryCode", "ministryCode", "organizationCode", "unitCode"),
}
_HEADER_VALUE = re.compile(r"[A-Za-z0-9_./: -]{0,64}")
_DEEPEST = 100
"""Deeper than anything that is judged. A place is as long as it is deep: the time would grow with its square."""
Path = tuple[str, ...]
"""Local names from the root to an element."""


class TokenKind(StrEnum):
    """What a piece of a line is, for its colour."""

    TAG = "tag"
    NAME = "name"
    VALUE = "value"
    TEXT = "text"
    ASIDE = "aside"
    """A comment or a processing instruction."""
    MASKED = "masked"


@dataclass(frozen=True, slots=True)
class XmlToken:
    """A piece of a line."""

    kind: TokenKind
    shown: str


@dataclass(frozen=True, slots=True)
class MaskedXml:
    """`lines`: tokens of each; `places`: the line (from 1) of each element by its pointer, every step with its number.
    `whole`: whether everything could be told apart; else the rest is masked."""

    lines: tuple[tuple[XmlToken, ...], ...]
    places: Mapping[str, int]
    whole: bool

    def line_of(self, pointer: str) -> int | None:
        """The line at which a finding points; of an element that is missing, that of the one it is missing in."""
        steps = [
            step if step.endswith("]") else f"{step}[1]" for step in pointer.strip("/").split("/") if step[:1] != "@"
        ]
        while steps:
            line = self.places.get("/" + "/".join(steps))
            if line is not None:
                return line
            steps.pop()
        return None


def masked(text: str, is_open: Callable[[Path], bool], *, show_all: bool = False) -> MaskedXml:
    """`is_open`: whether the text of the element at a path below Content may be seen; `show_all`: nothing is masked."""
    scan = _Scan(text, is_open, show_all)
    tokens = list(scan.tokens())
    return MaskedXml(tuple(_lines(tokens)), scan.places, scan.whole)


def _lines(tokens: list[XmlToken]) -> Iterator[tuple[XmlToken, ...]]:
    line: list[XmlToken] = []
    for token in tokens:
        first, *others = token.shown.split("\n")
        if first:
            line.append(XmlToken(token.kind, first))
        for other in others:
            yield tuple(line)
            line = [XmlToken(token.kind, other)] if other else []
    yield tuple(line)


class _Scan:
    """One way through a text; it keeps where it is, so it is used once."""

    def __init__(self, source: str, is_open: Callable[[Path], bool], show_all: bool) -> None:
        self.source, self.is_open, self.show_all = source, is_open, show_all
        self.whole = True
        self.places: dict[str, int] = {}
        self._line = 1
        self._path: list[str] = []
        self._steps: list[str] = []
        self._counts: list[dict[str, int]] = [{}]

    def tokens(self) -> Iterator[XmlToken]:
        at = 0
        while at < len(self.source):
            end, found = self._next(at)
            if end <= at:  # it is not well-formed from here on: nothing can be told apart
                self.whole = False
                yield self._hidden(self.source[at:], TokenKind.TEXT)
                return
            yield from found
            self._line += self.source.count("\n", at, end)
            at = end

    def _next(self, at: int) -> tuple[int, list[XmlToken]]:
        text = self.source
        if text[at] != "<":
            end = text.find("<", at)
            end = len(text) if end < 0 else end
            return end, [self._value(text[at:end])]
        if text.startswith("<!--", at):
            return self._aside(at, "<!--", "-->")
        if text.startswith("<?", at):
            return self._aside(at, "<?", "?>")
        if text.startswith("<![CDATA[", at):
            end = text.find("]]>", at)
            return (-1, []) if end < 0 else (end + 3, [self._value(text[at : end + 3])])
        if text.startswith("</", at):
            return self._closing(at)
        return (-1, []) if text.startswith("<!", at) else self._opening(at)

    def _aside(self, at: int, opening: str, closing: str) -> tuple[int, list[XmlToken]]:
        end = self.source.find(closing, at + len(opening))
        if end < 0:
            return -1, []
        inner, declares = self.source[at + len(opening) : end], at == 0 and opening == "<?"
        shown = XmlToken(TokenKind.ASIDE, inner) if declares else self._hidden(inner, TokenKind.ASIDE)
        ends = XmlToken(TokenKind.ASIDE, opening), XmlToken(TokenKind.ASIDE, closing)
        return end + len(closing), [ends[0], shown, ends[1]]

    def _closing(self, at: int) -> tuple[int, list[XmlToken]]:
        end = self.source.find(">", at)
        if end < 0 or not self._path:
            return -1, []
        self._leave()
        return end + 1, [XmlToken(TokenKind.TAG, self.source[at : end + 1])]

    def _opening(self, at: int) -> tuple[int, list[XmlToken]]:
        name = _NAME.match(self.source, at + 1)
        if name is None or len(self._path) >= _DEEPEST:
            return -1, []
        self._enter(name[0].rpartition(":")[2])
        found, place = [XmlToken(TokenKind.TAG, f"<{name[0]}")], name.end()
        while place < len(self.source):
            space = _SPACE.match(self.source, place)
            if space is not None:
                found.append(XmlToken(TokenKind.TAG, space[0]))
                place = space.end()
            for closing in ("/>", ">"):
                if self.source.startswith(closing, place):
                    if closing == "/>":
                        self._leave()
                    return place + len(closing), [*found, XmlToken(TokenKind.TAG, closing)]
            end, attribute = self._attribute(place)
            if end < 0:
                return -1, []
            found += attribute
            place = end
        return -1, []

    def _attribute(self, at: int) -> tuple[int, list[XmlToken]]:
        name = _NAME.match(self.source, at)
        if name is None or self.source[name.end() : name.end() + 1] != "=":
            return -1, []
        quote = self.source[name.end() + 1 : name.end() + 2]
        end = self.source.find(quote, name.end() + 2) if quote in ('"', "'") and quote else -1
        if end < 0:
            return -1, []
        value = self.source[name.end() + 2 : end]
        local = name[0].rpartition(":")[2]
        is_open = local in _OPEN_ATTRIBUTES or name[0].startswith("xmlns")
        if is_open and _OPEN_VALUE.fullmatch(value):
            shown = XmlToken(TokenKind.VALUE, value)
        else:
            shown = self._hidden(value, TokenKind.VALUE)
        return end + 1, [XmlToken(TokenKind.NAME, f"{name[0]}="), XmlToken(TokenKind.VALUE, quote), shown,
                         XmlToken(TokenKind.VALUE, quote)]  # fmt: skip

    def _enter(self, name: str) -> None:
        counted = self._counts[-1]
        counted[name] = counted.get(name, 0) + 1
        self._path.append(name)
        self._steps.append(f"{name}[{counted[name]}]")
        self._counts.append({})
        self.places.setdefault("/" + "/".join(self._steps), self._line)

    def _leave(self) -> None:
        self._path.pop()
        self._steps.pop()
        self._counts.pop()

    def _value(self, value: str) -> XmlToken:
        if not value.strip() or self._may_be_seen(value):
            return XmlToken(TokenKind.TEXT, value)
        return self._hidden(value, TokenKind.TEXT)

    def _may_be_seen(self, value: str) -> bool:
        path = self._path
        if "Signature" in path:
            return False
        if path[:2] == ["Envelope", "Header"]:
            return path[-1] in _HEADER and _HEADER_VALUE.fullmatch(value.strip()) is not None
        return path[:3] == ["Envelope", "Body", "Content"] and self.is_open(tuple(path[3:]))

    def _hidden(self, value: str, kind: TokenKind) -> XmlToken:
        """As many lines as it has, so that nothing after it moves."""
        if self.show_all:
            return XmlToken(kind, value)
        return XmlToken(TokenKind.MASKED, MASK + "\n" * value.count("\n")) if value.strip() else XmlToken(kind, value)
