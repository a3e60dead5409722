"""The worker's side: one world, driven by the commands of the environment that started the process."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from landward.errors import LandwardError, SimulationError
from sims.remote.block import FINAL, OBS, STATE, Block
from sims.remote.world import Outcome, World

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that this process gets when its parent dies."""
LOST, FATAL = "lost", "fatal"
"""Kinds of failure: the simulator is gone, which a new process mends; anything else, which it does not."""


def die_with(parent: int) -> None:
    """End this process when its parent ends, however that ends (Linux).

    Args:
        parent: process id of the parent; if it has ended already, so does this process, at once.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent:
        os._exit(1)


def serve(connection: Connection, block: Block, row: int, make: Callable[[], World]) -> None:
    """Make a world and do what is asked until it is closed.

    Commands are tuples: ("reset", seed), ("step", control, last, seed or None), ("picture", size),
    ("close",). Each is answered by one tuple, whose first element says what it is:

    - ("ready",) once the world is made;
    - ("begun",): the first observation of an episode is in the block;
    - ("step", ended, info): what the step brought is in the block. Where the episode ended, its last
      observation is in the final terms, and, where the step named a seed, a "begun" follows;
    - ("picture", (H, W, 3) array);
    - ("lost" or "fatal", message): the last word of this worker.

    Args:
        connection: to the environment.
        block: shared with it.
        row: this worker's.
        make: makes the world; called once.
    """
    world: World | None = None
    try:
        world = make()
        connection.send(("ready",))
        while True:
            command = connection.recv()
            if command[0] == "close":
                break
            _obey(command, world, connection, block, row)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the environment has gone
    except BaseException as error:
        # Once the simulator is lost, its client's threads may never end: leave without asking them.
        connection.send(_failure(error))
        sys.stderr.flush()
        os._exit(1)
    if world is not None:
        world.close()


def _obey(command: tuple[Any, ...], world: World, connection: Connection, block: Block, row: int) -> None:
    if command[0] == "reset":
        _begin(world, command[1], connection, block, row)
    elif command[0] == "picture":
        connection.send(("picture", world.picture(command[1])))
    else:
        _, control, last, seed = command
        outcome = world.step(np.asarray(control, np.float32))
        ended = outcome.terminated or outcome.truncated or last
        info = outcome.info
        if last and not (outcome.terminated or outcome.truncated):
            outcome.truncated, info = True, world.summary()
        write(outcome, FINAL if ended else OBS, block, row)
        connection.send(("step", ended, info))
        if ended and seed is not None:
            _begin(world, seed, connection, block, row)


def _begin(world: World, seed: int, connection: Connection, block: Block, row: int) -> None:
    _write_all(OBS, world.reset(seed).terms, block, row)
    connection.send(("begun",))


def write(outcome: Outcome, prefix: str, block: Block, row: int) -> None:
    """Put a step into the block.

    Args:
        outcome: of the step.
        prefix: OBS or FINAL, where its terms go.
        block: to write to.
        row: whose.

    Raises:
        LandwardError: something is missing, not finite or of the wrong shape.
    """
    _write_all(prefix, outcome.terms, block, row)
    _write_all(STATE, outcome.state, block, row)
    ends = {"reward": outcome.reward, "terminated": outcome.terminated, "truncated": outcome.truncated}
    _write_all("", ends, block, row)


def _write_all(prefix: str, values: Mapping[str, Any], block: Block, row: int) -> None:
    """Everything that the block has under a prefix; what it does not have is left out."""
    for key, name, target in block.named(prefix):
        value = values.get(name)
        if value is None or np.shape(value) != target.shape[1:]:
            given = "nothing" if value is None else f"the shape {np.shape(value)}"
            raise LandwardError(f"the world gave {given} for {key!r}, the spec says {target.shape[1:]}")
        target[row] = value
        if target.dtype.kind == "f" and not np.isfinite(target[row]).all():
            raise LandwardError(f"the world gave a number that is not finite for {key!r}: {value}")


def _failure(error: BaseException) -> tuple[str, str]:
    if isinstance(error, SimulationError):
        return (LOST, str(error))
    if isinstance(error, LandwardError):
        return (FATAL, str(error))
    traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}"
    is_simulator = isinstance(error, RuntimeError) and not isinstance(
        error, NotImplementedError | RecursionError
    )
    return (LOST if is_simulator else FATAL, message)
