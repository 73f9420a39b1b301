"""Every page of the portal that has a picture, in both languages: axe-core finds no serious fault, nothing is wider
than the window, and all that can be pressed is reached by keyboard.

Run by `make prove` alone (tests/parts.py).
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.conftest import assert_accessible
from tests.browser.pictures import LANGUAGES, PICTURES, STRANGE, in_language, places
from tests.browser.pressed import PRESSED
from tests.browser.scenes import Portal, visit

OUT_OF_REACH = """[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea")]
    .filter(each => each.tabIndex < 0 || each.disabled).map(each => each.outerHTML)"""
"""What can be pressed or typed into, and Tab does not come to."""
BY_SUSPENSION = {"dong", "tam-dung"}
"""Shown to a suspended account only: tests of their own look at them."""


def look(page: Page, packages: Path, address: str) -> None:
    assert_accessible(page, packages, lambda page: page.goto(address))
    assert page.evaluate(OUT_OF_REACH) == [], address


def test_every_page_has_no_serious_fault_in_either_language(
    browser: Browser, components: Portal, an: str, node_packages: Path
) -> None:
    addresses = places(browser, components, an)
    assert addresses.keys() | PRESSED.keys() | BY_SUSPENSION == PICTURES.keys()
    with visit(browser, state=an) as his, visit(browser) as strangers:
        own, other = his.new_page(), strangers.new_page()
        for name, address in addresses.items():
            for language in LANGUAGES:
                look(other if name in STRANGE else own, node_packages, in_language(components, address, language))


def test_what_one_sees_after_a_press_has_none_either(
    browser: Browser, components: Portal, an: str, node_packages: Path
) -> None:
    for language in LANGUAGES:
        for go in PRESSED.values():
            with visit(browser, state=an) as context:
                page = context.new_page()
                page.goto(f"{components.url}/ho-so?lang={language}")
                go(page, components)
                assert_accessible(page, node_packages, lambda _: None)
                assert page.evaluate(OUT_OF_REACH) == []
