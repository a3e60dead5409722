"""Processes that work for us in the interpreter of another environment: watched, and ended for certain."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from landward.errors import LandwardError, SimulationError
from sims.engines import get_engine
from sims.environments import checkout, python_of

LOG, PROGRESS = "log.txt", "progress.json"
"""In a worker's folder: what it printed, and how far it is."""
INTERVAL = 0.5
"""[s] Shortest time between two notes of a worker's progress."""
SHOWN = 3
"""Last lines of the log that an error quotes."""


@dataclass(frozen=True)
class Watch:
    """How long a worker may take."""

    patience: float = 900.0
    """[s] Without progress, after which it counts as hanging. First starts compile kernels for minutes."""
    grace: float = 10.0
    """[s] From the request to end (TERM) to the end by force (KILL), and for ending after the work."""
    poll: float = 0.2
    """[s] Between two looks at it."""


class Progress:
    """The worker's side: notes how far it is, in a file that is replaced at once."""

    def __init__(self, folder: Path) -> None:
        self._path, self._last = folder / PROGRESS, 0.0

    def __call__(self, done: int, total: int) -> None:
        """Note that `done` of `total` steps are done."""
        now = time.monotonic()
        if done < total and now - self._last < INTERVAL:
            return
        self._last = now
        self._write({"done": done, "total": total})

    def finished(self) -> None:
        """Note that every result is written: what is left is ending."""
        self._write({"finished": True})

    def _write(self, content: dict[str, object]) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(content), encoding="utf-8")
        os.replace(part, self._path)


def interpreter(engine: str) -> Path:
    """The Python that has an engine.

    Raises:
        RegistryError: there is no such engine.
        LandwardError: it is not installed; the message says what installs it.
    """
    entry = get_engine(engine)
    python = python_of(entry.environment)
    if python == Path(sys.executable) and importlib.util.find_spec(entry.package) is None:
        raise LandwardError(
            f"the engine {entry.name} needs {entry.package!r}, which is not installed; {entry.install}"
        )
    return python


def run_worker(
    name: str,
    command: Sequence[str],
    folder: Path,
    show: Callable[[int, int], None] = lambda done, total: None,
    watch: Watch | None = None,
) -> None:
    """Run a worker to its end. It is a process group of its own, none of which is left behind.

    Args:
        name: for messages.
        command: program and arguments.
        folder: exists; its log and its progress go there.
        show: called with (steps done, steps in all) while it works.
        watch: how long it may take.

    Raises:
        SimulationError: it failed, died or hung; the message says which and quotes it.
    """
    watch = watch or Watch()
    for old in (LOG, PROGRESS):
        (folder / old).unlink(missing_ok=True)
    with (folder / LOG).open("wb") as log:
        process = _start(command, log)
        try:
            hung = _follow(process, folder, show, watch)
        finally:
            if process.poll() is None:
                end(process, watch.grace)
    if hung:
        raise SimulationError(
            f"{name} hangs: no progress for {watch.patience:g} s, so its process was ended; {_quote(folder)}"
        )
    if process.returncode and not _read(folder).get("finished"):
        raise SimulationError(f"{name} {_cause(process.returncode, folder)}")


def _start(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=_variables(),
    )


def _variables() -> dict[str, str]:
    """Ours, with the checkout on the path: an interpreter of the user's own may have no Landward."""
    root = checkout()
    paths = [str(root) if root else "", os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _follow(
    process: subprocess.Popen[bytes], folder: Path, show: Callable[[int, int], None], watch: Watch
) -> bool:
    """Wait for the end; whether it hung. Simulators may hang while ending: that is no failure."""
    seen, since = {}, time.monotonic()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(watch.poll)
            return False
        now, progress = time.monotonic(), _read(folder)
        if progress != seen:
            seen, since = progress, now
            if "total" in progress:
                show(progress["done"], progress["total"])
        if seen.get("finished") and now - since > watch.grace:
            return False
        if now - since > watch.patience:
            return True


def end(process: subprocess.Popen[bytes], grace: float) -> None:
    """End a process group: ask (TERM), wait, then by force (KILL)."""
    for number, wait in ((signal.SIGTERM, grace), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)
            return


def _read(folder: Path) -> dict[str, int]:
    try:
        return json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _lines(folder: Path) -> list[str]:
    text = (folder / LOG).read_text(encoding="utf-8", errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _quote(folder: Path) -> str:
    lines = " | ".join(_lines(folder)[-SHOWN:])
    return f"its last lines: {lines or 'none'}; all of them: {folder / LOG}"


def _cause(status: int, folder: Path) -> str:
    errors = [line for line in _lines(folder) if line.startswith("error: ")]
    if status > 0 and errors:
        return f"failed: {errors[-1].removeprefix('error: ')}"
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"died with exit status {status}"
    return f"{how}; {_quote(folder)}"
