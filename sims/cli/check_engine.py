"""`landward check-engine`."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import tyro

from robots import get_robot
from sims.check_engine import compare, number_of_rows
from sims.engines import make_engine
from sims.offscreen import choose_renderer
from sims.physics import PhysicsCfg
from sims.probe.respond import Response
from sims.probe.worker import RESPONSE
from sims.workers import Watch, interpreter, run_worker

REFERENCE = "mujoco"


@dataclass
class CheckEngine:
    """Check that an engine reads and writes a robot as declared: order, units, frames, gains, delays.

    Every joint gets a step, bases are tilted, thrown and dropped; what the state shows is held against
    MuJoCo's. A fault is named with its remedy, such as "joints FR_* and FL_* are swapped". The engine runs in
    a process of its own, in the environment that has it. Exit status 1 where there is a fault.

    Examples:
        landward check-engine warp
        landward check-engine isaaclab-newton --robot solo12
    """

    engine: tyro.conf.Positional[str]
    """Its name."""
    robot: str = "go1"
    """Robot to try it with."""
    timestep: float = 0.005
    """Physics step [s]; the reference has the same."""
    substeps: int = 4
    """Physics steps in a control step."""
    device: str = "cpu"
    """Where the engine computes: cpu, cuda or cuda:N."""
    timeout: float = 900.0
    """An engine that says nothing for so long is ended [s]."""
    json: bool = False
    """Print the faults as JSON."""

    def run(self) -> int:
        """Run the experiments on both engines, print what is wrong."""
        choose_renderer()
        robot, physics = get_robot(self.robot), PhysicsCfg(timestep=self.timestep, substeps=self.substeps)
        physics.validate()
        with tempfile.TemporaryDirectory(prefix="landward-check-") as folder:
            words = [folder, self.engine, self.robot, str(self.timestep), str(self.substeps), self.device]
            command = [str(interpreter(self.engine)), "-m", "sims.probe.worker", *words]
            run_worker(self.engine, command, Path(folder), watch=Watch(self.timeout))
            measured = Response.load(Path(folder) / RESPONSE)
        faults = compare(make_engine(REFERENCE, robot, physics, number_of_rows(robot)), measured)
        if self.json:
            print(json.dumps({"engine": self.engine, "sound": not faults, "faults": faults}, indent=2))
            return 1 if faults else 0
        for fault in faults:
            print(f"fault: {fault}")
        if not faults:
            print(f"{self.engine} reads and writes {self.robot} as {REFERENCE} does")
        return 1 if faults else 0
