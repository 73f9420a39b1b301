"""YAML as our files use it: maps whose keys are texts (or numbers, where a file says so) and are stated once each.

YAML itself lets a key be stated twice and takes the last one in silence; a second section would undo the first.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where there is one."""
_PLAIN = "tag:yaml.org,2002:merge"


class NoYaml(ValueError):
    """The text is not YAML, or states a key twice; `faults` has one line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class _Strict(_LOADER):  # type: ignore[misc, valid-type]  # chosen at run time
    """Collects the maps' faults while it reads."""

    text_keys = False

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.faults: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        times = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, _ in node.value:
            where = f"line {key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(f"{where}: a key is a list or a map; write a word")
                return {}
            if self.text_keys and key.tag not in ("tag:yaml.org,2002:str", _PLAIN):
                self.faults.append(f"{where}: the key {key.value} is no text; put it in quotes, or correct the line")
            times[key.value] -= 1
            if not times[key.value] and sum(1 for each, _ in node.value if each.value == key.value) > 1:
                self.faults.append(f"{where}: the key {key.value} is stated twice; keep one of the two")
        return super().construct_mapping(node, deep)


class _StrictTexts(_Strict):
    text_keys = True


def read_yaml(raw: bytes, *, text_keys: bool = False) -> Any:
    """The document of a file's bytes (UTF-8). With `text_keys` a key that YAML reads as a number is a fault.

    Raises:
        NoYaml: with every fault that could be found.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoYaml([f"is no UTF-8 text (byte {error.start}): save it as UTF-8"]) from None
    loader = None
    try:
        loader = (_StrictTexts if text_keys else _Strict)(text)
        document = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NoYaml([f"is no YAML: line {mark.line + 1 if mark else '?'}: {error.problem}"]) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise NoYaml([f"is no YAML: {' '.join(str(error).split())}"]) from None
    finally:
        if loader is not None:
            loader.dispose()
    if loader.faults:
        raise NoYaml(loader.faults)
    return document
