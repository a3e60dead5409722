"""Where a result came from: code, package versions, machine, renderer, seed and command line."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import landward

PACKAGES = (
    "landward",
    "numpy",
    "onnxruntime",
    "mujoco",
    "example-robot-data",
    "gymnasium",
    "carla",
    "torch",
    "rsl-rl-lib",
    "tensordict",
    "onnx",
)
"""Distributions whose versions change numbers."""


def collect(seed: int, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Everything needed to make a result again, as a JSON-able dictionary.

    Args:
        seed: the seed of the run.
        extra: further entries; they may not replace one of ours.

    Raises:
        ValueError: `extra` has a key of ours.
    """
    record: dict[str, Any] = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": int(seed),
        "argv": list(sys.argv),
        "git": git_state(Path(landward.__file__).parent),
        "packages": package_versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": cpu_name(),
        "cpu_count": cpu_count(),
        "renderer": os.environ.get("MUJOCO_GL") or "default",
    }
    clash = sorted(set(record) & set(extra or {}))
    if clash:
        raise ValueError(f"provenance entries {clash} are reserved; name the extra ones otherwise")
    return {**record, **(extra or {})}


def git_state(folder: Path) -> dict[str, Any]:
    """The commit and whether tracked files differ from it; an empty commit outside a repository."""
    # An installed copy may lie inside somebody else's repository: only a tracked file proves that it is ours.
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit or not _git(folder, "ls-files", "__init__.py"):
        return {"commit": "", "dirty": False}
    return {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))}


def package_versions(packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Versions of those packages that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def cpu_name() -> str:
    """The processor's model name, or its architecture where the system does not say."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cpu_count() -> int:
    """Cores this process may use: fewer than the machine has under taskset or in a container."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """One line about the machine, for benchmarks and reports."""
    return f"{cpu_name()}, {cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
