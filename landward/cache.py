"""The user's cache folder: files that can be made again at any time."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(*parts: str) -> Path:
    """A folder below `$XDG_CACHE_HOME/landward`, below `~/.cache/landward` without it; it need not exist.

    A relative path in the variable is ignored, as the XDG Base Directory Specification 0.8 wants it.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return base.joinpath("landward", *parts)
