"""Where knowledge folders are."""

from __future__ import annotations

import os
from collections.abc import Sequence

BUILT_IN = os.path.dirname(os.path.abspath(__file__))


def user_folder() -> str:
    """Folder of the user's own knowledge; it need not exist."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, "kadvisor", "kb")


def folders(extra: Sequence[str] = ()) -> list[str]:
    """The knowledge folders in order: built-in, the user's, those given.  Later ones override by id."""
    found = [BUILT_IN]
    if os.path.isdir(user_folder()):
        found.append(user_folder())
    return found + list(extra)
