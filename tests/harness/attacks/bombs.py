"""Class 11: small to send, dear to read. Made when needed, and refused before it costs anything.

Those that are `written` are signed honestly: a declarant may be hostile under his own name.
"""

from __future__ import annotations

from dataclasses import replace

from adapter.simulator.sign import DS, EXCLUSIVE
from tests.harness.attacks.attack import Attack, register, sent, written
from tests.harness.attacks.forge import DECLARED, Forgery, forging
from tests.harness.attacks.spelling import escape_once

_DEEPER_THAN_ALLOWED = 150
_NAMESPACES_ALLOWED = 30


def _in_content(message: bytes, text: bytes) -> bytes:
    return message.replace(b"</Content>", text + b"</Content>", 1)


def _in_value(message: bytes, text: bytes) -> bytes:
    return message.replace(b"<Itinerary>", b"<Itinerary>" + text, 1)


def _on_root(message: bytes, text: bytes) -> bytes:
    return message.replace(b"<Envelope>", b"<Envelope " + text + b">", 1)


@sent
def nest_deeply(message: bytes) -> bytes:
    """Elements inside Content deeper than any form goes."""
    return _in_content(message, b"<x>" * _DEEPER_THAN_ALLOWED + b"</x>" * _DEEPER_THAN_ALLOWED)


@sent
def nest_twenty_thousand_deep(message: bytes) -> bytes:
    """Deeper than the parser itself goes."""
    return _in_content(message, b"<x>" * 20_000 + b"</x>" * 20_000)


@sent
def three_hundred_thousand_elements(message: bytes) -> bytes:
    """As many as fit under the limit of bytes."""
    return _in_content(message, b"<x/>" * 300_000)


@sent
def a_million_elements(message: bytes) -> bytes:
    """More than fit."""
    return _in_content(message, b"<x/>" * 1_000_000)


@sent
def elements_in_an_escaped_message(message: bytes) -> bytes:
    """What hides in an escaped payload meets the same limits."""
    return escape_once(_in_content(message, b"<x/>" * 150_000))


@sent
def two_hundred_thousand_comments(message: bytes) -> bytes:
    """Comments are no elements, and cost as much."""
    return _in_content(message, b"<!---->" * 200_000)


@sent
def a_hundred_thousand_attributes(message: bytes) -> bytes:
    """On one element: canonicalising compares each with each."""
    return message.replace(b"<Header>", b"<Header " + b" ".join(b'a%d=""' % at for at in range(100_000)) + b">", 1)


@sent
def a_thousand_attributes_on_one_element(message: bytes) -> bytes:
    """Fewer than a message may have, more than an element may."""
    return message.replace(b"<Header>", b"<Header " + b" ".join(b'a%d=""' % at for at in range(1_000)) + b">", 1)


@sent
def a_thousand_namespaces_over_a_thousand_elements(message: bytes) -> bytes:
    """Inclusive canonical XML looks each of them up for each element."""
    declarations = b" ".join(b'xmlns:n%d="urn:n"' % at for at in range(1_000))
    return _in_content(_on_root(message, declarations), b"<x/>" * 1_000)


@sent
def as_many_namespaces_and_elements_as_are_allowed(message: bytes) -> bytes:
    """Just under every limit: what is left must be cheap enough."""
    declarations = b" ".join(b'xmlns:n%d="urn:n"' % at for at in range(_NAMESPACES_ALLOWED))
    return _in_content(_on_root(message, declarations), b"<x/>" * 28_000)


@sent
def a_relative_namespace_below_all_that_are_allowed(message: bytes) -> bytes:
    """Which namespace has no canonical form is looked for, behind as many elements and declarations as may be."""
    declarations = b" ".join(b'xmlns:n%d="urn:n:%d"' % (at, at) for at in range(_NAMESPACES_ALLOWED))
    return _in_content(message, b"<x " + declarations + b">" + b"<y/>" * 28_000 + b'<z xmlns="relative"/></x>')


@sent
def fifty_thousand_processing_instructions(message: bytes) -> bytes:
    """They are no elements, so only their bytes are counted."""
    return _in_content(message, b"<?x?>" * 50_000)


@sent
def fifty_thousand_processing_instructions_before_the_root(message: bytes) -> bytes:
    """The same where no element is near."""
    return message.replace(b"<Envelope", b"<?x?>" * 50_000 + b"<Envelope", 1)


@sent
def a_text_of_a_megabyte(message: bytes) -> bytes:
    """One value."""
    return _in_value(message, b"x" * 1_000_000)


@sent
def a_text_of_character_references(message: bytes) -> bytes:
    """The same, each letter spelled out."""
    return _in_value(message, b"&#120;" * 250_000)


@sent
def an_attribute_of_a_megabyte(message: bytes) -> bytes:
    """The same in an attribute."""
    return message.replace(b"<Header>", b'<Header a="' + b"x" * 1_000_000 + b'">', 1)


@sent
def a_comment_of_a_megabyte(message: bytes) -> bytes:
    """Nobody signs it and nobody reads it."""
    return _in_content(message, b"<!--" + b"x" * 1_000_000 + b"-->")


@sent
def twenty_thousand_signatures(message: bytes) -> bytes:
    """Signatures where none may stand: each would be a finding with a path of its own."""
    return _in_content(message, f'<x xmlns="{DS}">'.encode() + b"<Signature/>" * 20_000 + b"</x>")


@written
def twenty_thousand_elements_nobody_knows(message: bytes) -> bytes:
    """Honestly signed, each one a fault for the schema."""
    return message.replace(b"</Persons>", b"<Nobody/>" * 20_000 + b"</Persons>", 1)


@written
def twenty_five_thousand_rows_without_anything(message: bytes) -> bytes:
    """Honestly signed, a dozen faults a row."""
    return message.replace(b"</Persons>", b"<Person/>" * 25_000 + b"</Persons>", 1)


@written
def a_slow_text_for_a_pattern(message: bytes) -> bytes:
    """Honestly signed: an address of mail as long as a text may be, which almost is one."""
    return message.replace(b"<Email>", b"<Email>" + b"a." * 90_000 + b"@", 1)


def _declared(name: str, forgery: Forgery) -> None:
    register(name, Attack(declared=forging(forgery)))


_HONEST = Forgery(place="Body/Signature", signer="enterprise")


def _prefixes(count: int) -> str:
    names = " ".join(f"p{at}" for at in range(count))
    return (
        f'<ds:Transform Algorithm="{EXCLUSIVE}">'
        f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{names}"/></ds:Transform>'
    )


_declared(
    "a_prefix_list_of_two_thousand_names",
    replace(_HONEST, references=(replace(DECLARED, transforms=(_prefixes(2_000),)),)),
)
_declared(
    "a_prefix_list_of_fifty_thousand_names",
    replace(_HONEST, references=(replace(DECLARED, transforms=(_prefixes(50_000),)),)),
)
_declared("two_hundred_references", replace(_HONEST, references=(DECLARED,) * 200))
_declared("five_hundred_transforms", replace(_HONEST, references=(replace(DECLARED, transforms=(EXCLUSIVE,) * 500),)))
_declared(
    "a_certificate_of_a_hundred_thousand_letters",
    replace(_HONEST, key_info=f"<ds:X509Data><ds:X509Certificate>{'A' * 100_000}</ds:X509Certificate></ds:X509Data>"),
)
