"""Every key of a configuration: its type from adapter/settings, value and comment from the files that state it."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import AwareDatetime, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from adapter.settings import Settings
from docs.generate.page import ROOT, code, document, head, join, plain, sentence, table

FILE = ROOT / "config.yaml"
DEFAULTS = ROOT / "adapter" / "settings" / "defaults.yaml"
_TYPES = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "text, never printed",
    datetime: "time",
    AwareDatetime: "time with its zone",
}
_COMMENT = re.compile(r"""^(?:"[^"]*"|'[^']*'|[^"'#])*?(?:^|\s)#\s?(.*)$""")


@dataclass(frozen=True, slots=True)
class Key:
    """One key by its dotted path; `<name>` stands for a name that the installation chooses."""

    path: str
    type: str
    optional: bool
    told: str = ""
    """What the model says of a key that the shipped file does not state."""

    @property
    def variable(self) -> str:
        """The environment variable that goes before the file, where there is one."""
        return "" if "<" in self.path else "NSW_" + self.path.upper().replace(".", "__")


def all_keys() -> list[Key]:
    """Every key that the program reads."""
    return list(_keys(Settings, ""))


def _keys(model: type[BaseModel], prefix: str, told: str = "") -> Iterator[Key]:
    """`told`: what is said of the key that holds this section, for those of its keys that say nothing themselves."""
    for name, field in model.model_fields.items():
        path, said = f"{prefix}{field.alias or name}", field.description or told
        inner, many = _part(field.annotation)
        if inner is not None:
            yield from _keys(inner, f"{path}.<name>." if many else f"{path}.", said)
        else:
            yield Key(path, _type(field), not field.is_required() or path in defaulted(), said)


def _part(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The section that a key holds, and whether it holds many by name."""
    if typing.get_origin(annotation) is dict:
        return typing.get_args(annotation)[1], True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    inner = (_part(option)[0] for option in typing.get_args(annotation))
    return next((part for part in inner if part is not None), None), False


def _type(field: FieldInfo) -> str:
    return _of(field.annotation, tuple(field.metadata))


def _of(annotation: Any, metadata: tuple[Any, ...]) -> str:
    """What may stand there: kind and bounds."""
    if typing.get_origin(annotation) is typing.Annotated:
        inner, *more = typing.get_args(annotation)
        return _of(inner, (*metadata, *_flat(more)))
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        options = [option for option in typing.get_args(annotation) if option is not types.NoneType]
        return f"{_of(options[0], metadata)} or null"
    if typing.get_origin(annotation) is tuple:
        some = ", not empty" if any(getattr(each, "min_length", 0) for each in metadata) else ""
        return f"list: {_of(typing.get_args(annotation)[0], ())}{some}"
    if typing.get_origin(annotation) is typing.Literal:
        return " or ".join(code(each) for each in typing.get_args(annotation))
    signs = {"Ge": ("ge", "≥ "), "Gt": ("gt", "> "), "Le": ("le", "≤ ")}
    bounds = [
        f"{sign}{getattr(each, attribute):g}"
        for each in metadata
        for attribute, sign in [signs.get(type(each).__name__, (None, ""))]
        if attribute
    ]
    patterns = [code(each.pattern) for each in metadata if getattr(each, "pattern", None)]
    return " ".join([_TYPES[annotation], *bounds, *patterns])


def _flat(metadata: Sequence[Any]) -> Iterator[Any]:
    """The bounds of `Field` stand in its own list."""
    for each in metadata:
        yield from each.metadata if isinstance(each, FieldInfo) else (each,)


def comments() -> dict[str, str]:
    """The comment of each key of the files: behind it, else in the lines directly above it."""
    found: dict[str, str] = {}
    for file in (DEFAULTS, FILE):
        text = file.read_text(encoding="utf-8")
        told = {path: plain(said) for path, said in _comments(yaml.compose(text), text.splitlines(), "", -1)}
        found |= {path: said for path, said in told.items() if said or path not in found}
    return found


def words() -> dict[str, str]:
    """What the files say of each key."""
    return {path: text for path, text in comments().items() if text}


def _comments(node: Any, lines: list[str], prefix: str, line_above: int) -> Iterator[tuple[str, str]]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        path, line = f"{prefix}{key.value}", key.start_mark.line
        if line != line_above:  # what shares its parent's line shares its comment, which is told there
            yield path, _behind(lines[line]) or _above(lines, line)
        yield from _comments(value, lines, f"{path}.", line)


def _behind(line: str) -> str:
    found = _COMMENT.match(line)
    return found.group(1).strip() if found else ""


def _above(lines: list[str], line: int) -> str:
    told: list[str] = []
    while line and lines[line - 1].strip().startswith("#"):
        line -= 1
        told.insert(0, lines[line].strip().lstrip("# "))
    return " ".join(told)


def shipped() -> Mapping[str, Any]:
    """Every value of the demonstration's file over the defaults, by its dotted path."""
    return dict(_values(_over(document(DEFAULTS), document(FILE)), ""))


@cache
def defaulted() -> frozenset[str]:
    """The keys that have a default."""
    return frozenset(dict(_values(document(DEFAULTS), "")))


def stated() -> set[str]:
    """The keys that the demonstration's file states itself."""
    return set(dict(_values(document(FILE), "")))


def _over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{name: _over(below.get(name), inner) for name, inner in above.items()}}


def _values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _values(inner, f"{path}.{key}".lstrip("."))


def page() -> str:
    """docs/reference/configuration.md."""
    told, values = words(), shipped()
    blocks = head(
        "Configuration",
        "`config.yaml`, `adapter/settings/defaults.yaml` and `adapter/settings/shape.py`",
        "`config.yaml` states what an installation must say; every other key is as `adapter/settings/defaults.yaml` "
        "has it until the file states it too (**bold**: stated by the demonstration's file). "
        "`nsw-adapter config init` writes a file for production. The file is the one after `--config`, else "
        "`$NSW_CONFIG`, else `./config.yaml`, else the one that was "
        "installed with the program. Folders and files in it are relative to it. An environment variable goes before "
        "the file; a path given there is relative to the working directory. `NSW_AMQP_URL` and `NSW_DATABASE_URL` are "
        "short names of `broker.url` and `database.url`; a url of the environment goes before the file's `url_file` "
        "too. A key that nobody knows, or a value that does not fit, stops the start (`nsw-adapter check` tells all "
        "faults at once).",
    )
    sections: dict[str, list[Key]] = {}
    for key in all_keys():
        sections.setdefault(key.path.partition(".")[0], []).append(key)
    for section, members in sections.items():
        blocks += [f"## {section}", sentence(told.get(section, ""))]
        rows = [_row(key, told, values) for key in members]
        blocks.append(table(("Key", "Type", "As shipped", "Meaning", "Environment"), rows))
    return join(blocks)


def _row(key: Key, told: Mapping[str, str], values: Mapping[str, Any]) -> tuple[str, ...]:
    kind = f"{key.type}; may be left out" if key.optional else key.type
    said = meaning(key.path, told) or key.told
    name = f"**{code(key.path)}**" if key.path in stated() else code(key.path)
    return name, kind, _shown(key, values), said, code(key.variable)


def meaning(path: str, told: Mapping[str, str]) -> str:
    """The key's own comment, else that of the nearest key around it that is no section."""
    while "." in path:
        pattern = re.compile(re.escape(path).replace("<name>", r"[^.]+") + "$")
        said = [text for name, text in told.items() if text and pattern.match(name)]
        if said:
            return said[0]
        path = path.rpartition(".")[0].removesuffix(".<name>")
    return ""


def _shown(key: Key, values: Mapping[str, Any]) -> str:
    if "<name>" in key.path:
        before, _, after = key.path.partition(".<name>.")
        return "; ".join(f"{name}: {_value(each[after])}" for name, each in values[before].items() if after in each)
    return _value(values.get(key.path))


def _value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return ", ".join(code(each) for each in value)
    return code(str(value).lower() if isinstance(value, bool) else value)
