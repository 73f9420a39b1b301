"""A person at the portal without a browser's engine: keeps cookies as one does, follows links, presses buttons.

`http.cookiejar` sends no Secure cookie over plain HTTP, not even to this machine as browsers do: cookies are kept here.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import httpx
from lxml import html

from tests.servers.identity import PEOPLE

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that meet plain HTTP only: each would read the machine's authorities, which takes 20 ms of CPU."""


@cache
def _line() -> httpx.Client:
    """For every person of this process: a client of its own, and a connection, would cost each request a quarter more.
    It keeps no cookie, and no connection for so long that a server ends it at the moment of the next request."""
    nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
    return httpx.Client(cookies=nobodys, limits=limits, timeout=120, verify=PLAIN, trust_env=False)


@dataclass
class Person:
    """Somebody with an empty browser. `at` is where he is."""

    site: str
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    at: str = ""
    page: httpx.Response | None = None

    def ask(self, method: str, address: str, *, follow: bool = True, **given: object) -> httpx.Response:
        """One request and, unless told otherwise, the redirects it leads to."""
        url = urljoin(self.at or self.site, address)
        headers = dict(given.pop("headers", {}))  # type: ignore[call-overload]
        own = self.cookies.setdefault(urlsplit(url).netloc, {})
        if own:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in own.items())
        response = _line().request(method, url, headers=headers, **given)  # type: ignore[arg-type]
        for stated in response.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(stated).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    own.pop(name, None)
                else:
                    own[name] = morsel.value
        if follow and response.is_redirect:
            return self.ask("GET", urljoin(url, response.headers["location"]))
        self.at, self.page = url, response
        return response

    def get(self, address: str, *, follow: bool = True) -> httpx.Response:
        return self.ask("GET", address, follow=follow)

    def send(self, address: str, /, follow: bool = True, **fields: str) -> httpx.Response:
        """Send a form from the page he is on, with the token that stands there."""
        tokens = self.document().xpath("//input[@name='csrf']/@value")
        given = {**({"csrf": tokens[0]} if tokens else {}), **fields}
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.at))
        headers = {"Origin": origin, "Referer": self.at}
        return self.ask("POST", address, follow=follow, data=given, headers=headers)

    def document(self) -> html.HtmlElement:
        assert self.page is not None
        return html.document_fromstring(self.page.content)

    def told(self) -> str:
        return " ".join(self.document().xpath("//main")[0].text_content().split())

    @classmethod
    def holding(cls, site: str, cookie: str, secret: str) -> Person:
        """With a session that was begun for him: the way to the provider and back is proved where log-in is."""
        return cls(site, {urlsplit(site).netloc: {cookie: secret}})

    def log_in(self, who: str, address: str = "/login", *, organisation: bool | None = None) -> httpx.Response:
        """By the portal's choice of the kind of account (None: his own), and the provider's page of people."""
        self.get(address)
        if organisation is None:
            organisation = who in PEOPLE and bool(PEOPLE[who].tax_code)
        kind = "organisation" if organisation else "person"
        for link in self.document().xpath(f"//a[contains(@href, 'account={kind}')]/@href"):
            self.get(link)
        return self.ask("POST", self.at, data={"who": who})
