"""The XSDs in the slow engine, which can say what is wrong and what its elements are called: each compiled once.

Whether a file is an XSD at all, by the schema of schemas, is asked of libxml2 first: its verdict is the same
(`tests/unit/test_slow_schemas.py`), and costs a fiftieth of the slow engine's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname
from xml.etree.ElementTree import Element

import xmlschema
from lxml import etree
from xmlschema.validators.schemas import XMLSchemaBase

from adapter.catalogue.load import DataFiles
from adapter.pipeline.forms.places import XSD_NAMESPACE

SHARED_FOLDER = "common"
"""Folder below the schemas: types for other files to include."""


class SlowSchema(xmlschema.XMLSchema10):
    """An XSD whose own form libxml2 looks at first; the slow engine says what is wrong with it, and builds it."""

    # Stated, so that the library makes a schema of schemas that has the method below.
    META_SCHEMA = xmlschema.XMLSchema10.META_SCHEMA
    BASE_SCHEMAS = xmlschema.XMLSchema10.BASE_SCHEMAS

    def iter_errors(self, source: Any, *stated: Any, **further: Any) -> Iterator[Any]:
        """The faults of a document; of an XSD none, where libxml2 has none."""
        if self.is_meta() and isinstance(source, Element) and _is_schema(source, further.get("namespaces") or {}):
            return iter(())
        return XMLSchemaBase.iter_errors(self, source, *stated, **further)


def _is_schema(root: Element, namespaces: dict[str, str]) -> bool:
    """Whether it conforms to the schema of schemas. Its prefixes are those of its root: values of attributes use them.

    A prefix that an inner element declares is unknown then, so such an XSD is left to the slow engine.
    """
    copy = etree.Element(
        root.tag, dict(root.attrib), {prefix or None: uri for prefix, uri in namespaces.items() if uri}
    )
    _copy_children(root, copy)
    return _schema_of_schemas().validate(copy)


def _copy_children(of: Element, to: etree._Element) -> None:
    to.text = of.text
    for child in of:
        if isinstance(child.tag, str):
            copy = etree.SubElement(to, child.tag, dict(child.attrib))
            _copy_children(child, copy)
            copy.tail = child.tail


@lru_cache(maxsize=1)
def _schema_of_schemas() -> etree.XMLSchema:
    """The one that the slow engine brings, with what it imports beside it and not in the network."""
    tree = etree.parse(_path(SlowSchema.META_SCHEMA), etree.XMLParser(resolve_entities=False, no_network=True))
    for each in tree.iterfind(f"{{{XSD_NAMESPACE}}}import"):
        each.set("schemaLocation", _path(SlowSchema.BASE_SCHEMAS[each.get("namespace", "")]))
    return etree.XMLSchema(tree)


def _path(url: str) -> str:
    return url2pathname(urlsplit(url).path)


def reporter(source: DataFiles) -> Callable[[str], xmlschema.XMLSchema10]:
    """The slow validator of an XSD by name, compiled on first use: most processes never need it."""
    root = (source.schemas / SHARED_FOLDER).resolve()

    @lru_cache(maxsize=16)
    def shared(folder: Path) -> xmlschema.XMLSchema10 | None:
        return _together(folder)

    @lru_cache(maxsize=256)
    def compiled(name: str) -> xmlschema.XMLSchema10:
        file = source.schemas / name
        folder = _included(file, root)
        if folder is not None and file.parent.resolve() != folder and (parent := shared(folder)) is not None:
            with suppress(OSError, xmlschema.XMLSchemaException, xmlschema.XMLResourceError):
                return _slow(file, parent=parent)
        # Alone, so that the fault of a broken XSD is its own.
        return _slow(file)

    return compiled


def _included(file: Path, root: Path) -> Path | None:
    """The folder of the shared types that an XSD includes (a newer version of them has one of its own), or None."""
    with suppress(OSError, etree.LxmlError):
        tree = etree.parse(str(file), etree.XMLParser(resolve_entities=False, no_network=True))
        for include in tree.iterfind(f"{{{XSD_NAMESPACE}}}include"):
            folder = (file.parent / include.get("schemaLocation", "")).resolve().parent
            if folder.is_relative_to(root):
                return folder
    return None


def _together(folder: Path) -> xmlschema.XMLSchema10 | None:
    """What XSDs include, compiled once for all of them, else each would read, prove and build it anew; None where the
    files of the folder do not stand together."""
    files = sorted(folder.glob("*.xsd"))
    with suppress(OSError, xmlschema.XMLSchemaException, xmlschema.XMLResourceError):
        return _slow(*files) if files else None
    return None


def _slow(*files: Path, parent: xmlschema.XMLSchema10 | None = None) -> xmlschema.XMLSchema10:
    return SlowSchema([str(file) for file in files], parent=parent, allow="local")
