"""The nodes of a campaign as processes that can be killed, frozen and started again."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from landward_faults.kinds import FaultError
from landward_ros import guard

_GRACE = 3.0
"""From SIGTERM to SIGKILL [s]."""
_LINES = 8
"""Last lines of a node's log that an error shows."""


@dataclasses.dataclass(frozen=True)
class NodeCommand:
    """How to start a node."""

    name: str
    module: str
    parameters: Mapping[str, bool | int | float | str]
    remappings: tuple[tuple[str, str], ...] = ()

    def words(self) -> list[str]:
        """The command line; JSON is YAML, as ROS reads parameters."""
        words = [sys.executable, "-P", "-m", self.module, "--ros-args", "--disable-external-lib-logs"]
        for old, new in self.remappings:
            words += ["-r", f"{old}:={new}"]
        for key, value in self.parameters.items():
            words += ["-p", f"{key}:={json.dumps(value)}"]
        return words


class Nodes:
    """Running nodes by name; use it as a context manager, which leaves none behind.

    Args:
        commands: the nodes.
        folder: of one log file a node.
    """

    def __init__(self, commands: Sequence[NodeCommand], folder: Path) -> None:
        self._commands = {command.name: command for command in commands}
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._expected: set[str] = set()
        """Names of nodes that we ended ourselves."""

    def __enter__(self) -> Nodes:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str) -> None:
        """Start a node; it dies with this process, even if that is killed."""
        log = (self._folder / f"{name}.log").open("ab")
        words = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), *self._commands[name].words()]
        # The nodes find our packages where this process did.
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with log:
            self._running[name] = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                process_group=0,
            )
        self._expected.discard(name)

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash does it."""
        self._expected.add(name)
        self._signal(name, signal.SIGKILL)

    def freeze(self, name: str) -> None:
        """SIGSTOP."""
        self._signal(name, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to every node; it has no effect on one that runs."""
        for name in self._running:
            self._signal(name, signal.SIGCONT)

    def restart_killed(self) -> list[str]:
        """Start the nodes again that were killed; their names."""
        killed = sorted(self._expected)
        for name in killed:
            self._running[name].wait()
            self.start(name)
        return killed

    def starved(self, *names: str) -> float:
        """How long nodes and this process were ready to run and no processor was free for them [s].

        Since their start, over all their threads; the kernel counts it. 0 where it does not (not Linux).
        """
        running = [self._running[name].pid for name in names if self._running[name].poll() is None]
        return sum(starved(pid) for pid in (os.getpid(), *running))

    def check(self) -> None:
        """Every node runs that was not killed.

        Raises:
            FaultError: one ended by itself; the message has its last lines.
        """
        for name, process in self._running.items():
            if name not in self._expected and process.poll() is not None:
                raise FaultError(f"node {name} ended with status {process.returncode}: {self._tail(name)}")

    def stop(self) -> None:
        """TERM, then KILL; every node is gone afterwards."""
        self.thaw()
        for name in self._running:
            self._signal(name, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        for name, process in self._running.items():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(name, signal.SIGKILL)
                process.wait()
        self._running.clear()

    def _signal(self, name: str, number: int) -> None:
        process = self._running[name]
        if process.poll() is None:
            os.killpg(process.pid, number)

    def _tail(self, name: str) -> str:
        text = (self._folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return " | ".join(text.splitlines()[-_LINES:])


def starved(pid: int) -> float:
    """Seconds that the threads of a process waited for a processor (proc(5), schedstat, second number)."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            total += int(path.read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):  # the thread has ended
            continue
    return total * 1e-9
