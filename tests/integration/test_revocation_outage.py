"""An outage of an authority, seen from the window: 99 while nobody can tell, decided when it is back; then no line."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from tests.harness.daemon import Daemon
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.pki import shared_pki
from tests.harness.premises import Premises, furnish
from tests.harness.single_window import SingleWindow, letter
from tests.servers.authorities import Page, WebServer
from tests.servers.process import wait_until

CASES = {case.id: case for case in load_cases()}
FIRST, SECOND = CASES["BQP0100002/accepted-citizen-signed"], CASES["BQP0100001/accepted-tour-group-entering"]
DOWN = Page(status=503)


@dataclass
class Scene:
    place: Premises
    window: SingleWindow
    web: WebServer

    def exchange(self, case: Case) -> None:
        self.window.publish(letter(case.message, signed(case, shared_pki())))

    def replies(self, count: int) -> list[str]:
        """The pairs of the next replies."""
        found = self.window.collect(count, seconds=180)
        subjects = [etree.fromstring(each.body).find("Header/Subject") for each in found]
        return [f"{s.findtext('type')}/{s.findtext('function')}" for s in subjects if s is not None]

    def notes(self) -> list[str]:
        with urllib.request.urlopen(f"{self.place.health_url}/readyz", timeout=30) as answer:
            return list(json.load(answer)["notes"])

    def up(self) -> None:
        for name in ("public-root", "public-ca"):
            self.web.pages[f"/{name}.crl"] = Page((shared_pki().crls("public") / f"{name}.crl").read_bytes())


@pytest.fixture
def scene(tmp_path: Path, vhost_url: str) -> Iterator[Scene]:
    with WebServer().running() as web:
        web.pages |= {"/public-root.crl": DOWN, "/public-ca.crl": DOWN}
        evidence = "trust.stores.public.revocation"
        changes = {
            f"{evidence}.unknown": "wait",
            f"{evidence}.crls": None,
            f"{evidence}.crl_urls": [web.url(path) for path in web.pages],
            "waiting.evidence_retry_s": 1.0,
            "clock.unsafe_frozen": None,
        }
        place = furnish(tmp_path, changes, broker_url=vhost_url)
        daemon = Daemon(place, forked=True)
        try:
            daemon.start()
            window = SingleWindow(vhost_url)
            try:
                yield Scene(place, window, web)
            finally:
                window.close()
        finally:
            daemon.stop()


def test_an_outage_of_an_authority_delays_and_loses_nothing(scene: Scene) -> None:
    assert wait_until(lambda: scene.notes() != [], seconds=180), "readyz notes it"
    scene.exchange(FIRST)
    assert scene.replies(1) == ["10/99"]
    scene.up()
    assert scene.replies(1)[0] in ("20/21", "20/22"), "decided by its content, once its certificate could be told"
    assert wait_until(lambda: scene.notes() == [], seconds=180)
    scene.web.pages |= {"/public-root.crl": DOWN, "/public-ca.crl": DOWN}
    scene.exchange(SECOND)
    assert scene.replies(1)[0] in ("20/21", "20/22"), "the shelf answers while the authority is away"
