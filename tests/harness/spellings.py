"""The ways in which XML can spell one and the same value: comments, CDATA sections and character references in a text.

Works on the bytes, since a tree would already have chosen a spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_LEAF = re.compile(r"<(\w+)>([^<>&]+)</\1>")
"""An element of the envelope that holds a text and nothing else. References that stand there already are left alone."""
Spelling = Callable[[str], str]


def _half(text: str) -> int:
    return (len(text) + 1) // 2


def _references(text: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in text)


SPELLINGS: Mapping[str, Spelling] = {
    "comment_first": lambda text: f"<!-- -->{text}",
    "comment_after_the_first_letter": lambda text: f"{text[0]}<!-- {text[::-1].replace('-', '')} -->{text[1:]}",
    "comment_in_the_middle": lambda text: f"{text[: _half(text)]}<!-- -->{text[_half(text) :]}",
    "comment_last": lambda text: f"{text}<!-- -->",
    "comments_between_all_letters": "<!-- -->".join,
    "cdata": lambda text: f"<![CDATA[{text}]]>",
    "cdata_of_the_second_half": lambda text: f"{text[: _half(text)]}<![CDATA[{text[_half(text) :]}]]>",
    "references": _references,
    "all_of_them": lambda text: f"<!-- -->{_references(text[:1])}<!-- --><![CDATA[{text[1:]}]]><!-- -->",
}
"""Each takes a plain text and gives markup that means exactly that text."""


def leaves(message: bytes) -> list[str]:
    """Names of the elements that hold a text, in their order; a name comes as often as it stands there."""
    return [found[1] for found in _LEAF.finditer(message.decode())]


def header_leaves(message: bytes) -> list[int]:
    """Which of `leaves` stand in the header."""
    end = message.decode().index("</Header>")
    return [number for number, found in enumerate(_LEAF.finditer(message.decode())) if found.start() < end]


def respelled(message: bytes, spell: Spelling, only: int | None = None) -> bytes:
    """The message with all its texts spelled otherwise, or only the one with that number."""
    number = -1

    def one(found: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return f"<{found[1]}>{spell(found[2]) if only in (None, number) else found[2]}</{found[1]}>"

    return _LEAF.sub(one, message.decode()).encode()
