"""Reads a foreign map in a process of its own first.

The reader inside the `carla` client takes files on trust: a road without lanes or a signal without a
controller is a segmentation fault, which would end a server together with all its clients.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from landward.errors import LandwardError
from sims.environments import checkout

LONGEST = 20
"""[s] Of computing; in real time twice that."""
CHILD = "import sys; from sims.carla.maps.trial import main; sys.exit(main())"
MEMORY = 8 << 30
"""[B] Of address space; lengths in a file may be as large as its author likes."""


class UnknownMapError(LandwardError):
    """A map that is neither one of ours nor OpenDRIVE."""


def try_out(name: str, text: str) -> None:
    """Build the town of a text in another process.

    Raises:
        UnknownMapError: It cannot be built.
    """
    paths = (str(checkout() or ""), os.environ.get("PYTHONPATH", ""))
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, name]
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=2 * LONGEST, env=variables
        )
    except subprocess.TimeoutExpired:
        raise UnknownMapError(f"{name} takes more than {2 * LONGEST} s to read: give a smaller map") from None
    if done.returncode < 0:
        raise UnknownMapError(
            f"{name} is malformed OpenDRIVE: the carla client crashes on it (signal {-done.returncode}); "
            "see that every road has a planView and lanes, and every control its signal"
        )
    if done.returncode > 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise UnknownMapError(lines[-1] if lines else f"{name} cannot be read")


def main() -> int:
    """Build the town whose text comes from stdin; the last line of stderr tells what is wrong."""
    from sims.carla.maps.town import build_town

    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    name = sys.argv[1]
    try:
        build_town(name, sys.stdin.buffer.read().decode())
    except UnknownMapError as error:
        print(error, file=sys.stderr)
        return 1
    except (ArithmeticError, IndexError, KeyError, MemoryError, RuntimeError, ValueError) as error:
        print(f"{name} is malformed OpenDRIVE: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0
