"""What a page weighs with everything that a browser loads for it: style, scripts, pictures, fonts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from lxml import html

from tests.bench.clicks import Visitor, request

_LOADED = "//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src | //img/@src"
_URL = re.compile(r"url\(\s*[\"']?([^\"')]+)")


@dataclass(frozen=True, slots=True)
class PageSize:
    """Bytes as they are sent: the page alone, and everything together."""

    page: int
    whole: int


def size_of(visitor: Visitor, path: str, kept: dict[str, int]) -> PageSize:
    """`kept` has the bytes of what was loaded for another page before. Every font that a style names is counted."""
    status, body, _ = request(visitor, "GET", path)
    if status != 200:
        raise RuntimeError(f"{path} was answered with {status}")
    loaded = {urljoin(path, address) for address in html.document_fromstring(body).xpath(_LOADED)}
    for address in sorted(loaded):
        if address.endswith(".css") or ".css?" in address:
            style = request(visitor, "GET", address)[1].decode()
            loaded |= {urljoin(address, each) for each in _URL.findall(style) if not each.startswith("data:")}
    for address in loaded - kept.keys():
        kept[address] = len(request(visitor, "GET", address)[1])
    return PageSize(len(body), len(body) + sum(kept[address] for address in loaded))
