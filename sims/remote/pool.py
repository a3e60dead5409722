"""The environment's side: N worker processes, watched; one that dies, hangs or gives up can be replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from landward.spec import PolicySpec
from sims.remote.block import Block
from sims.remote.serve import FATAL, LOST
from sims.remote.worker import Job
from sims.remote.world import World

SHOWN = 3
"""Last lines of a worker's log that a failure quotes."""
POLL = 0.005
"""[s] Between two looks at a worker that ends."""
FAREWELL = 1.0
"""[s] From a worker's closed pipe to its end."""


@dataclass(frozen=True)
class Patience:
    """[s] After which a worker counts as hanging."""

    start: float = 120.0
    """Until its world is made."""
    reset: float = 60.0
    """Until an episode has begun."""
    step: float = 30.0
    """For a control period."""
    close: float = 5.0
    """For tidying up, before it is ended by force."""


@dataclass(frozen=True)
class Failure:
    """The last word of a worker, or what is said of one that is silent."""

    message: str
    fatal: bool = False
    """A new worker would fail in the same way."""


class Worker:
    """One process, the leader of a process group that ends with it."""

    def __init__(
        self, row: int, make: Callable[[], World], spec: PolicySpec, block: Block, log: Path
    ) -> None:
        """Start it; it answers ("ready",) once its world is made.

        Args:
            row: which environment.
            make: makes its world there.
            spec: the contract of the environment.
            block: where it writes.
            log: file for what it prints.
        """
        self.row, self._log = row, log
        ours, theirs = socket.socketpair()
        with theirs, log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sims.remote.worker", str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(theirs.fileno(), block.descriptor),
                start_new_session=True,
                env=_variables(),
            )
        self.connection = Connection(ours.detach())
        num_envs = len(block.arrays["reward"])
        self.send(Job(make, spec, num_envs, row, block.descriptor))

    @property
    def pid(self) -> int:
        """Of the process, and of its process group."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Send a message; to a worker that is gone none is sent, which `receive` then says."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(message)

    def receive(self) -> tuple[Any, ...] | Failure:
        """The message that has come, or what became of the worker."""
        try:
            message = self.connection.recv()
        except (EOFError, ConnectionResetError):
            return Failure(self._obituary())
        if message[0] in (LOST, FATAL):
            return Failure(message[1], message[0] == FATAL)
        return message

    def end(self, patience: float) -> None:
        """End the process and whatever it started: wait for it, then by force."""
        self._wait(patience)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # before it is reaped, while the number is its own
        self._process.wait()
        self.connection.close()

    def _wait(self, patience: float) -> Any:
        """How it ended (os.waitid_result), without reaping it; None where it goes on."""
        end = time.monotonic() + patience
        while self._process.returncode is None:
            found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
            if found is not None or time.monotonic() >= end:
                return found
            time.sleep(POLL)
        return None

    def _obituary(self) -> str:
        found, how = self._wait(FAREWELL), "closed its pipe"
        if found is not None and found.si_code == os.CLD_EXITED:
            how = f"ended with exit status {found.si_status}"
        elif found is not None:
            how = f"was killed by {signal.Signals(found.si_status).name}"
        text = self._log.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return f"its process {how}; its last lines: {' | '.join(lines[-SHOWN:]) or 'none'}"


class Pool:
    """The workers of a batch of environments."""

    def __init__(
        self, makes: Iterable[Callable[[bool], Callable[[], World]]], spec: PolicySpec, block: Block
    ) -> None:
        """Start all workers.

        Args:
            makes: one an environment: (whether this worker replaces one) -> what makes its world.
            spec: the contract of the environment.
            block: where they write.
        """
        self._makes, self._spec, self._block = tuple(makes), spec, block
        self._folder = tempfile.TemporaryDirectory(prefix="landward-workers-")
        self.workers = [self._start(row, False) for row in range(len(self._makes))]

    def _start(self, row: int, again: bool) -> Worker:
        log = Path(self._folder.name) / f"worker_{row}.log"
        return Worker(row, self._makes[row](again), self._spec, self._block, log)

    def replace(self, row: int, patience: float = 0.0) -> None:
        """End a worker, asking it first where there is patience [s], and start another."""
        if patience > 0.0:
            self.workers[row].send(("close",))
        self.workers[row].end(patience)
        self.workers[row] = self._start(row, True)

    def send(self, commands: Mapping[int, tuple[Any, ...]]) -> None:
        """Send a command to each of some workers."""
        for row, command in commands.items():
            self.workers[row].send(command)

    def gather(self, rows: Iterable[int], patience: float) -> dict[int, tuple[Any, ...] | Failure]:
        """One message of each of some workers.

        Args:
            rows: which.
            patience: [s] for all of them; the silent ones count as hanging.
        """
        end = time.monotonic() + patience
        waiting = {self.workers[row].connection: row for row in rows}
        answers: dict[int, tuple[Any, ...] | Failure] = {}
        while waiting:
            ready: list[Any] = wait(list(waiting), max(0.0, end - time.monotonic()))
            if not ready:
                silent = Failure(f"it hangs: no answer within {patience:g} s")
                return answers | dict.fromkeys(waiting.values(), silent)
            for connection in ready:
                row = waiting.pop(connection)
                answers[row] = self.workers[row].receive()
        return answers

    def close(self, patience: float) -> None:
        """Ask all workers to end, wait, and end by force who is left. Safe to call twice."""
        self.send({row: ("close",) for row in range(len(self.workers))})
        end = time.monotonic() + patience
        for worker in self.workers:
            worker.end(max(0.0, end - time.monotonic()))
        self.workers = []
        self._folder.cleanup()


def _variables() -> dict[str, str]:
    """Ours, with the modules that we can import, and one thread for numerics: workers run side by side."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    paths = os.pathsep.join(dict.fromkeys(path or os.getcwd() for path in sys.path))
    return {**os.environ, **one, "PYTHONUNBUFFERED": "1", "PYTHONPATH": paths}
