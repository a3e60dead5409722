"""The worker of an evaluation: a server, a connected world, and somebody who drives its routes one by one.

It is a process of its own: the carla client is C++, and takes the process with it where its TrafficManager
loses the server.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from landward.errors import LandwardError, SimulationError
from sims.carla.cfg import DrivingCfg
from sims.carla.client import connect
from sims.carla.drive.episode import DrivingEpisode
from sims.carla.drive.route import Route
from sims.carla.evaluate.drivers import Candidate, Driver, make_driver
from sims.carla.evaluate.film import Film
from sims.carla.evaluate.scores import RouteResult
from sims.carla.evaluate.settings import Settings, driving_cfg
from sims.carla.handshake import parse_address
from sims.carla.process import start_server
from sims.carla.spec import driving_spec
from sims.remote.serve import die_with

TRACE_EVERY = 5
"""Control steps between two points of a trace."""
TELL_EVERY = 10
"""Control steps between two signs of life."""


@dataclass(frozen=True)
class Job:
    """What a worker is for."""

    candidate: Candidate
    settings: Settings
    again: bool
    """Whether it takes the place of one that was lost: a server that was named may have to come back."""
    parent: int
    """Process id of the evaluation."""


@dataclass(frozen=True)
class Order:
    """One route to be driven."""

    route: int
    repetition: int
    seed: int
    film: Path | None = None
    """Where its film goes."""


def work(connection: Connection, job: Job) -> None:
    """Drive what is ordered until the connection brings None or ends; runs in the child.

    Sends ("ready", digest of the policy, provenance, names and lengths of the routes), then for each order
    ("progress", share) now and then and ("done", RouteResult), or ("lost", why) where the simulator is, or
    ("error", class, text) where going on makes no sense; the last two end it.
    """
    die_with(job.parent)
    # Ctrl-C goes to the whole group; the parent ends us in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.ExitStack() as stack:
        try:
            _work(connection, job, stack)
        except (SimulationError, RuntimeError) as error:  # RuntimeError is what the carla client raises
            _send(connection, ("lost", str(error)))
            # The threads of a client that lost its server may never end: leave without asking them.
            os._exit(1)
        except LandwardError as error:
            _send(connection, ("error", type(error).__name__, str(error)))


def _work(connection: Connection, job: Job, stack: contextlib.ExitStack) -> None:
    candidate, settings = job.candidate, job.settings
    # Opened first: a policy that does not fit is known before a server is started.
    spec = policy = candidate.open()
    spec = None if policy is None else policy.spec
    cfg = driving_cfg(settings, spec)
    if policy is not None:
        _close(policy)
        policy = candidate.open(driving_spec(settings.task, cfg))
        stack.callback(_close, policy)
    episode = _open_world(cfg, settings.seed, job.again, stack)
    driver = make_driver(candidate, policy)
    routes = episode.routes
    names = [(route.name, route.length) for route in routes]
    digest, origin = getattr(policy, "graph_hash", ""), getattr(policy, "provenance", {})
    _send(connection, ("ready", digest, origin, names))
    while (order := connection.recv()) is not None:
        result = drive(
            episode, driver, routes[order.route], order, lambda share: _send(connection, ("progress", share))
        )
        _send(connection, ("done", result))


def drive(
    episode: DrivingEpisode, driver: Driver, route: Route, order: Order, tell: Callable[[float], None]
) -> RouteResult:
    """Drive one route to its end.

    Args:
        episode: of a connected world, with the leaderboard's endings.
        driver: whoever drives.
        route: to be driven.
        order: repetition, seed and film.
        tell: called with the share of the route that is done, now and then.
    """
    outcome = episode.reset(order.seed, route)
    driver.begin(episode)
    trace, steps = [_trace_point(episode)], 0
    with Film(episode, order.film) as film:
        while not episode.ended:
            outcome = episode.step(driver(episode, outcome))
            film.add()
            steps += 1
            if steps % TRACE_EVERY == 0 or episode.ended:
                trace.append(_trace_point(episode))
            if steps % TELL_EVERY == 0:
                tell(episode.completion)
    return RouteResult(
        route=route.name,
        repetition=order.repetition,
        seed=order.seed,
        length=route.length,
        completion=episode.completion,
        driven=episode.driven,
        outside=episode.outside,
        seconds=episode.time,
        ended=episode.ended,
        infractions=tuple(episode.infractions),
        trace=tuple(trace),
    )


def _trace_point(episode: DrivingEpisode) -> tuple[float, float, float, float]:
    scene = episode.scene
    return scene.time, episode.completion, float(scene.ego.speed), float(scene.speed_limit)


def _open_world(cfg: DrivingCfg, seed: int, again: bool, stack: contextlib.ExitStack) -> DrivingEpisode:
    address = cfg.server
    if not address:
        server = stack.enter_context(start_server(cfg.town, seed, patience=cfg.timeouts.start))
        address = f"{server.host}:{server.port}"
    simulator = stack.enter_context(
        connect(
            *parse_address(address),
            town=cfg.town if cfg.server else "",
            delta=cfg.delta,
            patience=cfg.timeouts.answer,
            rendering=cfg.rendering,
            wait=cfg.timeouts.reconnect if again and cfg.server else 0.0,
            fresh=again and bool(cfg.server),
        )
    )
    return DrivingEpisode(simulator, cfg.drive)


def _close(policy: Any) -> None:
    close = getattr(policy, "close", None)
    if close is not None:
        close()


def _send(connection: Connection, message: tuple[Any, ...]) -> None:
    try:
        connection.send(message)
    except OSError:  # the evaluation has gone: nobody is left to drive for
        os._exit(1)
