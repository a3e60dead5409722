"""The environment variables of the processes of a deployment."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from landward_bringup.process import Process

BOOTSTRAPPED = "_ROS_WHEELS_BOOTSTRAP_COMPLETE"
"""By which Python's ROS wheels know that LD_LIBRARY_PATH is set already. It is not handed on: a child whose
LD_LIBRARY_PATH got lost on the way would not find ROS's libraries, and would not look for them either."""
_INSTALLED = ("site-packages", "dist-packages")


def environment(processes: Iterable[Process], base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of all processes: they import our packages from where this process does.

    Args:
        processes: that are started.
        base: to begin with.
    """
    made = {key: value for key, value in base.items() if key != BOOTSTRAPPED}
    packages = dict.fromkeys(
        ["landward", "robots", "landward_ros", *(process.package for process in processes)]
    )
    roots = dict.fromkeys(root for package in packages if (root := _root(package)))
    given = [base["PYTHONPATH"]] if base.get("PYTHONPATH") else []
    made["PYTHONPATH"] = os.pathsep.join([*roots, *given])
    # What a node says is shown at once, not when a pipe's buffer is full.
    made["PYTHONUNBUFFERED"] = "1"
    made["RCUTILS_LOGGING_BUFFERED_STREAM"] = "1"
    return made


def _root(package: str) -> str | None:
    """The folder on sys.path that has a package; None where it is installed and so found anyway."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent.parent
    return None if root.name in _INSTALLED else str(root)
