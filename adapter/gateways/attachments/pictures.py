"""Pictures: whole, of the kind that they are called, one of them in a file, and not larger than a scanned page."""

from __future__ import annotations

import warnings
from io import BytesIO

from PIL import Image, UnidentifiedImageError

MOST_PIXELS = 40_000_000
"""A page of A4 at 600 dots an inch has 35 million."""
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"


def fault(kind: str, raw: bytes) -> str:
    """The name of what is wrong with it; empty where nothing is."""
    begins, ends = (_PNG, _PNG_END) if kind == "png" else (_JPEG, _JPEG_END)
    if not raw.startswith(begins):
        return "file_other_kind"
    if kind == "png" and not raw.endswith(ends):  # cameras write of their own behind the end of a JPEG
        return "file_other_kind" if ends in raw else "file_unreadable"
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2  # twice as many are refused by the library itself
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(raw), formats=[kind.upper()]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return "file_inflates"
                if getattr(picture, "n_frames", 1) > 1:
                    return "file_unreadable"
                picture.load()
    except Image.DecompressionBombError:
        return "file_inflates"
    except UnidentifiedImageError:
        return "file_unreadable"
    except (OSError, SyntaxError, ValueError) as error:
        # Text of a picture that inflates beyond the library's own bound (PngImagePlugin.MAX_TEXT_CHUNK).
        return "file_inflates" if "too large" in str(error) else "file_unreadable"
    return ""
