"""Starts processes in order, watches them, and stops all of them when one ends: plain Python, no ROS.

Each process has its own process group, so that Ctrl-C in the terminal reaches the supervisor alone, which
then stops them in a safe order: the reverse of the order in which they started. A process that does not heed
SIGTERM is killed. No process outlives the supervisor, whatever happens to it (see `guard`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from landward.atomic import describe_os_error
from landward.errors import RunError
from landward_ros import guard

GRACE = 5.0
"""[s] From SIGTERM to SIGKILL: a recorder has a file to finish."""
START_TIMEOUT = 60.0
"""[s] In which a process must be ready: imports on a slow robot computer, and discovery."""
KEPT_LINES = 12
"""Last lines of a process that are shown when it fails."""
_GUARD = Path(guard.__file__)
_POLL = 0.05
"""[s] Between two looks at who is ready."""
_DRAIN = 2.0
"""[s] For the last lines of a process that is gone to arrive; only a descendant that fled keeps them open."""


@dataclass(frozen=True)
class Job:
    """A process to start."""

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """Names of the jobs that must be ready before it starts."""
    ends: bool = False
    """Whether everything ends, and well, once it exits with status 0."""
    terminal: bool = False
    """Whether it reads the keyboard: it keeps the terminal and the supervisor's process group."""


@dataclass(frozen=True)
class Ending:
    """Why it is over."""

    name: str
    """Of the process that ended it; empty where a signal to the supervisor did."""
    reason: str
    """In words."""
    status: int
    """Exit status for the supervisor: that of the process, or 128 + signal; 0 = all is well."""
    lines: tuple[str, ...] = ()
    """The last lines that the process printed."""

    def __str__(self) -> str:
        last = "".join(f"\n  {line}" for line in self.lines)
        return f"{self.reason}{'; its last lines:' if last else ''}{last}"


class Supervisor:
    """Runs jobs until one ends or a signal comes. Use it as a context manager; leaving it stops them all.

    Args:
        jobs: in the order in which they start, as far as their needs allow.
        logs: folder of one log file a job.
        say: gets each line that a job prints, with its name in front.
        environment: of the jobs; this process's where it is left out.
        grace: from SIGTERM to SIGKILL [s].
        start_timeout: in which each job must be ready [s].
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        logs: Path,
        say: Callable[[str], None] = print,
        environment: Mapping[str, str] | None = None,
        grace: float = GRACE,
        start_timeout: float = START_TIMEOUT,
    ) -> None:
        self.jobs, self.logs, self.grace, self.start_timeout = tuple(jobs), logs, grace, start_timeout
        self._say = say
        self._environment = dict(os.environ if environment is None else environment)
        self._width = max((len(job.name) for job in jobs), default=0)
        self._running: dict[str, _Running] = {}
        self._changed = threading.Event()
        self._signals: list[int] = []
        self._restore: dict[int, object] = {}

    def __enter__(self) -> Supervisor:
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(describe_os_error("make", self.logs, error)) from error
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._restore[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            for number, handler in self._restore.items():
                signal.signal(number, handler)  # type: ignore[arg-type]

    def start(self, ready: Callable[[], Collection[str]]) -> Ending | None:
        """Start every job once the jobs it needs are ready, and wait until all are.

        Args:
            ready: names of the jobs that are ready now.

        Returns:
            None where all are ready, otherwise what went wrong first.
        """
        up: Collection[str] = ()
        while True:
            for job in self.jobs:
                if job.name not in self._running and set(job.needs) <= set(up):
                    self._running[job.name] = self._spawn(job)
            ending = self.wait(_POLL)
            if ending or all(job.name in up for job in self.jobs):
                return ending
            up = ready()
            overdue = [
                name
                for name, running in self._running.items()
                if name not in up and time.monotonic() - running.began > self.start_timeout
            ]
            if overdue:
                late = self._running[overdue[0]]
                reason = f"{overdue[0]} was not ready within {self.start_timeout:g} s"
                return Ending(overdue[0], reason, 1, tuple(late.lines))

    def wait(self, timeout: float) -> Ending | None:
        """Wait for at most so many seconds; returns why it is over, or None while all jobs run."""
        ending = self._ending()
        if ending is None and self._changed.wait(timeout):
            self._changed.clear()
            ending = self._ending()
        return ending

    def stop(self) -> None:
        """Stop every job, the last one first; a second signal while it stops kills what is left."""
        before = len(self._signals)
        for running in reversed(self._running.values()):
            running.terminate()
            deadline = time.monotonic() + self.grace
            while not running.gone.wait(_POLL):
                if time.monotonic() > deadline or len(self._signals) > before:
                    self._say(self._line(running.job, f"does not stop within {self.grace:g} s: killed"))
                    running.kill()
                    running.gone.wait()
        self._running.clear()

    def _ending(self) -> Ending | None:
        if self._signals:
            name = signal.Signals(self._signals[0]).name
            return Ending("", f"stopped by {name}", 128 + self._signals[0])
        over = [running for running in self._running.values() if running.gone.is_set()]
        return min(over, key=lambda running: running.ended).ending() if over else None

    def _spawn(self, job: Job) -> _Running:
        path = self.logs / f"{job.name}.log"
        try:
            log = path.open("w", encoding="utf-8")
        except OSError as error:
            raise RunError(describe_os_error("write", path, error)) from error
        # -I -S: the guard takes some 20 ms and none of Python's start-up hooks.
        guarded = (sys.executable, "-I", "-S", str(_GUARD), str(os.getpid()), *job.command)
        child = subprocess.Popen(
            guarded,
            stdin=None if job.terminal else subprocess.DEVNULL,
            stdout=None if job.terminal else subprocess.PIPE,
            stderr=subprocess.PIPE if job.terminal else subprocess.STDOUT,
            env=self._environment,
            process_group=None if job.terminal else 0,
        )
        return _Running(job, child, log, self._changed, lambda line: self._say(self._line(job, line)))

    def _line(self, job: Job, text: str) -> str:
        return f"{job.name:<{self._width}} | {text}"

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals.append(number)
        self._changed.set()


class _Running:
    """A started job, with a thread that reads its lines and one that waits for its end."""

    def __init__(
        self,
        job: Job,
        child: subprocess.Popen[bytes],
        log: IO[str],
        changed: threading.Event,
        say: Callable[[str], None],
    ) -> None:
        self.job, self.child = job, child
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.began, self.ended = time.monotonic(), 0.0
        self.gone = threading.Event()
        """Set once it is gone with all of its group, its last lines are read and its status is known."""
        self._changed, self._log, self._say = changed, log, say
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        threading.Thread(target=self._watch, daemon=True).start()

    def terminate(self) -> None:
        """Ask it to stop."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def ending(self) -> Ending:
        """What its exit means for all."""
        status, name = self.child.returncode, self.job.name
        if status == 0:
            good = self.job.ends
            return Ending(
                name,
                f"{name} is done" if good else f"{name} ended by itself",
                0 if good else 1,
                () if good else tuple(self.lines),
            )
        if status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
            return Ending(name, f"{name} {how}", 128 - status, tuple(self.lines))
        return Ending(name, f"{name} failed with status {status}", status, tuple(self.lines))

    def _send(self, number: int) -> None:
        if self.gone.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            if self.job.terminal:
                os.kill(self.child.pid, number)
            else:
                os.killpg(self.child.pid, number)

    def _read(self) -> None:
        for line in _decoded(self.child.stderr if self.job.terminal else self.child.stdout):
            self.lines.append(line)
            with contextlib.suppress(OSError):  # a full disk must not stop a robot that walks
                self._log.write(line + "\n")
                self._log.flush()
            self._say(line)

    def _watch(self) -> None:
        # Not reaped yet, so that its number is still its own: descendants in its group go with it.
        os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        if not self.job.terminal:
            self._send(signal.SIGKILL)
        self.child.wait()
        self._reader.join(_DRAIN)
        with contextlib.suppress(OSError):
            self._log.close()
        self.ended = time.monotonic()
        self.gone.set()
        self._changed.set()


def _decoded(stream: IO[bytes] | None) -> Iterator[str]:
    for line in stream or ():
        yield line.decode("utf-8", "replace").rstrip()
