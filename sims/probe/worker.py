"""The experiments on one engine, in a process of its own.

    python -m sims.probe.worker FOLDER ENGINE ROBOT TIMESTEP SUBSTEPS DEVICE

What the engine answers goes to FOLDER/response.npz.
"""

from __future__ import annotations

import sys
from pathlib import Path

from landward.errors import LandwardError
from robots import get_robot
from sims.check_engine import number_of_rows, probe
from sims.engines import make_engine
from sims.offscreen import choose_renderer
from sims.physics import PhysicsCfg
from sims.workers import Progress

RESPONSE = "response.npz"


def main(arguments: list[str]) -> int:
    """Make the engine, run the experiments, write what came back; 1 after one line where it cannot be."""
    folder, name, robot_name, timestep, substeps, device = arguments
    progress = Progress(Path(folder))
    physics = PhysicsCfg(timestep=float(timestep), substeps=int(substeps))
    try:
        choose_renderer()
        robot = get_robot(robot_name)
        engine = make_engine(name, robot, physics, number_of_rows(robot), device=device)
        progress(0, 1)
        probe(engine).save(Path(folder) / RESPONSE)
        progress.finished()
        engine.close()
    except LandwardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
