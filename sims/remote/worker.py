"""`python -m sims.remote.worker DESCRIPTOR PARENT`: the process in which one world lives."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from landward.spec import PolicySpec
from sims.remote.block import Block, fields_of
from sims.remote.serve import die_with, serve
from sims.remote.world import World


@dataclass(frozen=True)
class Job:
    """What a worker is told first; it travels by pickle."""

    make: Callable[[], World]
    """Makes the world; a function of a module, or a functools.partial of one."""
    spec: PolicySpec
    num_envs: int
    row: int
    """Which of the environments this is."""
    descriptor: int
    """Of the shared memory, as this process inherits it."""


def main() -> None:
    """Serve one world until the environment closes it or is gone."""
    descriptor, parent = (int(argument) for argument in sys.argv[1:])
    die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the environment, which then closes us
    connection = Connection(descriptor)
    job: Job = connection.recv()
    block = Block(fields_of(job.spec), job.num_envs, job.descriptor)
    serve(connection, block, job.row, job.make)


if __name__ == "__main__":
    main()
