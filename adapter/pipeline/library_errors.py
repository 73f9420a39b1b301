"""Guards for libraries that read an untrusted document: any exception is about the document, not a defect of ours.

Which exceptions a document can bring out of lxml, cryptography, asn1crypto, signxml or certvalidator is their affair
and changes with them. So they are not listed: each leaves such a place as `Unprocessable`, which is the sender's fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.exceptions import SignXMLException
from xmlschema import XMLSchemaException

OF_LIBRARIES = (etree.LxmlError, SignXMLException, XMLSchemaException, UnsupportedAlgorithm)
"""Exceptions of a library that are about the document wherever they are raised."""
_OURS = __name__.partition(".")[0]


class Unprocessable(Exception):
    """What stands there cannot be processed; `what` is the kind of the exception, which quotes nothing of the text."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@contextmanager
def strange_text() -> Iterator[None]:
    """The block reads an untrusted document.

    Raises:
        Unprocessable: something was raised that neither this program raised on purpose nor the machine it runs on.
    """
    try:
        yield
    except (OSError, MemoryError):
        raise
    except Exception as error:
        if type(error).__module__.partition(".")[0] == _OURS:
            raise
        raise Unprocessable(type(error).__name__) from error
    except BaseException as error:
        # A panic in the Rust of cryptography is no Exception: it would end the process, and the next one with it.
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise Unprocessable(type(error).__name__) from error
