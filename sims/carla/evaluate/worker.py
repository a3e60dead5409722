"""The evaluation's end of a driving process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from landward import errors
from landward.errors import LandwardError, SimulationError
from sims.carla.evaluate.course import Job, Order, work
from sims.carla.evaluate.drivers import Candidate
from sims.carla.evaluate.scores import RouteResult
from sims.carla.evaluate.settings import Settings

SILENCE = 120.0
"""[s] Without a sign of life a worker counts as hanging: longer than every time-out inside it."""
START = 300.0
"""[s] The same while it starts a server and loads a town."""
FAREWELL = 15.0
"""[s] For a worker to tidy up."""


class Worker:
    """A child process that drives."""

    def __init__(self, candidate: Candidate, settings: Settings, again: bool) -> None:
        """Start it."""
        # Not forked: the carla client has threads, and so may we.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._connection: Connection = ours
        job = Job(candidate, settings, again, os.getpid())
        self._process = context.Process(target=work, args=(theirs, job), daemon=False)
        self._process.start()
        theirs.close()

    def ready(self) -> tuple[str, dict[str, Any], list[tuple[str, float]]]:
        """Digest and provenance of the policy, and the routes' names and lengths [m], once it can drive."""
        _, digest, origin, routes = self._receive(START)
        return digest, origin, routes

    def drive(self, order: Order, tell: Callable[[float], None]) -> RouteResult:
        """Let it drive one route."""
        self._connection.send(order)
        while True:
            kind, *rest = self._receive(SILENCE)
            if kind == "done":
                return rest[0]
            tell(rest[0])

    def end(self) -> None:
        """Let it tidy up: actors of a server that goes on must not stay."""
        self._connection.send(None)
        self._process.join(FAREWELL)

    def kill(self) -> None:
        """End it for certain. Safe to call twice."""
        self._connection.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join(FAREWELL)

    def _receive(self, patience: float) -> tuple[Any, ...]:
        """The next message.

        Raises:
            SimulationError: it lost its simulator, hangs, or died.
            LandwardError: what it raised, of the class that it raised.
        """
        try:
            if not self._connection.poll(patience):
                raise SimulationError(f"the driving process gave no sign of life for {patience:g} s")
            message = self._connection.recv()
        except (EOFError, OSError) as error:
            self._process.join(FAREWELL)
            raise SimulationError(
                f"the driving process ended with status {self._process.exitcode}"
            ) from error
        if message[0] == "lost":
            raise SimulationError(message[1])
        if message[0] == "error":
            kind = getattr(errors, message[1], LandwardError)
            # A missing package's error makes its own text from its parts.
            raise (LandwardError if kind is errors.MissingDependencyError else kind)(message[2])
        return message
