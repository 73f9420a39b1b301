"""PDF files: whole, open, for reading only. What acts by itself, carries other files or inflates is not taken.

ISO 32000-1: 7.6 encryption, 7.11.4 embedded files, 12.6 actions. Every object is looked at, also those that no page
uses: a program that repairs a file may find them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

MOST_OBJECTS = 100_000
INFLATED = 300_000_000
"""Bytes of all streams together; ten pages of A4 in colour at 300 dots an inch have 260 million."""
MOST_PIXELS = 100_000_000
"""Of one picture."""
_DEPTH = 60
_FREE = 65535
"""Generation of a place in the table that no object has."""
_PIECE = 1 << 16
_ACTIVE = frozenset({"/AA", "/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/XFA", "/RichMediaContent"})
"""Keys of what acts or carries something."""
_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/GoToR", "/Thread", "/Rendition"}
)
_ANNOTATIONS = frozenset({"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"})
_PACKED = frozenset({"/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"})
_HIDDEN = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|GoToE|SubmitForm)\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_END = b"%%EOF"


def fault(raw: bytes) -> str:
    """The name of what is wrong with it; empty where nothing is."""
    if not raw.startswith(b"%PDF-"):
        return "file_other_kind"
    _, end, behind = raw.rpartition(_END)
    if not end:
        return "file_unreadable"
    if behind.strip(b"\0\t\n\f\r "):
        return "file_other_kind"
    if _acts_unseen(raw):
        return "file_active"
    reader = PdfReader(BytesIO(raw), strict=False)
    if reader.is_encrypted:
        return "file_encrypted"
    if not reader.pages[0]:
        return "file_unreadable"
    return _of_objects(reader)


def _of_objects(reader: PdfReader) -> str:
    left = INFLATED
    for number, value in enumerate(_objects(reader)):
        if number > MOST_OBJECTS:
            return "file_inflates"
        if _is_active(value, _DEPTH):
            return "file_active"
        if isinstance(value, StreamObject):
            left -= _inflated(value, left)
            if left < 0:
                return "file_inflates"
            if value.get("/Type") == "/ObjStm" and _acts_unseen(value.get_data()):
                return "file_active"
    return ""


def _objects(reader: PdfReader) -> Iterator[Any]:
    """The trailer, and every object that the tables of the file name."""
    yield reader.trailer
    places = {(number, generation) for generation, of in reader.xref.items() for number in of}
    places |= {(number, 0) for number in reader.xref_objStm}
    for number, generation in sorted(places):
        if number and generation < _FREE:
            yield reader.get_object(IndirectObject(number, generation, reader))


def _is_active(value: Any, depth: int) -> bool:
    """Whether it, or what stands in it, acts or carries something; what it points to is looked at by itself."""
    if depth == 0:
        return True
    if isinstance(value, DictionaryObject):
        if not _ACTIVE.isdisjoint(value) or _named(value, "/S") in _ACTIONS:
            return True
        if _named(value, "/Subtype") in _ANNOTATIONS or _acts_when_opened(value) or _is_elsewhere(value):
            return True
        return any(_is_active(value.raw_get(each), depth - 1) for each in value)
    if isinstance(value, ArrayObject):
        return any(_is_active(each, depth - 1) for each in list.__iter__(value))
    return False


def _acts_when_opened(value: DictionaryObject) -> bool:
    """Whether more is done when it is opened than to show a page of it (12.3.2, 12.6.4.2)."""
    action = value.get("/OpenAction")
    action = action.get_object() if isinstance(action, IndirectObject) else action
    return isinstance(action, DictionaryObject) and (_named(action, "/S") != "/GoTo" or "/Next" in action)


def _is_elsewhere(value: DictionaryObject) -> bool:
    """Whether its bytes or its page stand in another file, which the reader would fetch (7.3.8.2, 8.10.4)."""
    return isinstance(value, StreamObject) and ("/F" in value or "/Ref" in value)


def _inflated(stream: StreamObject, most: int) -> int:
    """Bytes that it has when it is unpacked, or more than `most`."""
    packed = [each for each in _filters(stream) if each in _PACKED]
    pixels = _number(stream, "/Width") * _number(stream, "/Height")
    if len(packed) > 1 or pixels > MOST_PIXELS:
        return most + 1
    raw = stream._data
    if not packed:
        return len(raw)
    if packed[0] in ("/FlateDecode", "/Fl") and _filters(stream)[0] == packed[0]:
        return _of_flate(raw, most)
    return len(stream.get_data())  # the library bounds these itself, and the process is bounded too


def _of_flate(raw: bytes, most: int) -> int:
    unpacking, count, rest = zlib.decompressobj(), 0, raw
    try:
        while rest and not unpacking.eof and count <= most:
            count += len(unpacking.decompress(rest, _PIECE))
            rest = unpacking.unconsumed_tail
    except zlib.error:
        return count  # readers show what came before
    return count


def _filters(stream: StreamObject) -> list[str]:
    stated = stream.get("/Filter", ArrayObject())
    stated = stated.get_object() if isinstance(stated, IndirectObject) else stated
    if isinstance(stated, ArrayObject):
        return [str(each.get_object()) for each in stated]
    return [str(stated)] if isinstance(stated, NameObject) else []


def _named(value: DictionaryObject, key: str) -> str:
    stated = value.get(key)
    stated = stated.get_object() if isinstance(stated, IndirectObject) else stated
    return str(stated) if isinstance(stated, NameObject) else ""


def _number(stream: StreamObject, name: str) -> int:
    stated = stream.get(name, 0)
    stated = stated.get_object() if isinstance(stated, IndirectObject) else stated
    return max(int(stated), 0) if isinstance(stated, int) else 0


def _acts_unseen(raw: bytes) -> bool:
    """Whether it names an action anywhere, also where no table leads; `#4a` in a name stands for `J` (7.3.5)."""
    if b"#" not in raw:
        return bool(_HIDDEN.search(raw))
    return bool(_HIDDEN.search(_ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), raw)))
