"""A new knowledge file from the template of its kind (kb/templates), in a folder that is laid over the built-in one."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from time import strftime
from typing import NamedTuple

from kb.where import BUILT_IN

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_FOLDERS = {"cause": "causes", "incident": "incidents"}  # with a folder per family


class Refused(ValueError):
    """Why nothing was written."""


class Created(NamedTuple):
    paths: list[str]
    add: str  # what belongs into a vocabulary file that exists already, or ""


def create(kind: str, name: str, folder: str, family: str, known: Mapping[str, Collection[str]]) -> Created:
    """Write the file, and for a new cause or event its word of the vocabulary.  `known`: kind -> ids that exist.

    Raises Refused (what is wrong) or OSError.
    """
    if not _ID.match(name):
        raise Refused(f"{name!r} is no id; lower-case words joined by - belong here")
    if name in known.get(kind, ()):
        raise Refused(
            f"{name} is there already; see kadvisor kb {'list derivations' if kind == 'derivation' else f'show {name}'}"
        )
    if kind in _FOLDERS and not _ID.match(family):
        raise Refused(f"a new {kind} needs --family, such as storage or hardware")
    ending = "md" if kind == "cause" else "yaml"
    inside = os.path.join(_FOLDERS[kind], family) if kind in _FOLDERS else f"{kind}s"
    path = os.path.join(folder, inside, f"{name}.{ending}")
    with open(os.path.join(BUILT_IN, "templates", f"{kind}.{ending}"), encoding="utf-8") as stream:
        text = re.sub(r"\bID\b", name, stream.read()).replace("TODAY", strftime("%Y-%m-%d"))
    _write(path, text)
    if kind == "event":
        words = os.path.join(folder, "vocabulary", "events.yaml")
        _write(words, f"{name}: TODO what such a line tells, in one sentence\n", "a")
        return Created([path, words], "")
    if kind == "cause":
        words = os.path.join(folder, "vocabulary", "causes.yaml")
        word = f"families:\n  {family}:\n    {name}: TODO what went wrong, in one sentence\n"
        if os.path.exists(words):
            return Created([path], f"{words}:\n{word}")
        _write(words, word)
        return Created([path, words], "")
    return Created([path], "")


def _write(path: str, text: str, mode: str = "x") -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode, encoding="utf-8") as stream:
        stream.write(text)
