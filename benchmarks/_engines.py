"""What the engines benchmark steps: an engine, and the simulator under it, bare. Not a benchmark.

Run as a script it measures one engine in this interpreter's environment and prints JSON as its last line.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import numpy as np

from benchmarks import _common
from benchmarks._steppers import BareBatch, Speed, Stopwatch
from landward.provenance import cpu_count
from robots import get_robot
from sims.engine import Engine
from sims.engines import make_engine
from sims.physics import PhysicsCfg

ROBOT = "go1"
PHYSICS = PhysicsCfg(timestep=0.02 / 3, substeps=3, contact_bodies="feet")
"""That of go1-flat."""
TARGET_NOISE = 0.15
"""Standard deviation of the random joint targets about the default pose [rad]: the robots stumble."""
OURS, BARE = "ours", "bare"


class Bare(Protocol):
    """The simulator alone: what a program without Landward would run in a control step."""

    def load(self) -> None:
        """Begin in the engine's present physics state, so that both step through the same contacts."""
        ...

    def run(self, targets: Sequence[Any]) -> None:
        """Control steps with joint targets (T, N, J) [rad] of the engine's kind."""
        ...


class BareMujoco:
    """`mujoco.batch.Batch.step` with the control written before: MuJoCo's fastest loop."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._batch = BareBatch(engine.model, engine.num_envs, PHYSICS.substeps, cpu_count())

    def load(self) -> None:
        """See Bare."""
        self._batch.load(self._engine.state_dict()["rows"])

    def run(self, targets: Sequence[Any]) -> None:
        """See Bare."""
        self._batch.run(cast(Any, targets))


class BareWarp:
    """MuJoCo Warp's steps in one captured graph, the control copied in before; nothing else."""

    def __init__(self, engine: Any) -> None:
        from sims.warp.batch import WarpBatch, warp_modules

        _, mjw = warp_modules()
        self._engine = engine
        self._batch = WarpBatch(engine.model, engine.num_envs, engine.device, ())
        self._control = self._batch.view("ctrl")

        def steps() -> None:
            for _ in range(PHYSICS.substeps):
                mjw.step(self._batch.model, self._batch.data)

        self._replay = self._batch.capture(steps)

    def load(self) -> None:
        """See Bare."""
        rows = self._engine.state_dict()["rows"]
        for name, field in (("qpos", "qpos"), ("qvel", "qvel"), ("warmstart", "qacc_warmstart")):
            self._batch.view(field).copy_(rows[name])

    def run(self, targets: Sequence[Any]) -> None:
        """See Bare."""
        for target in targets:
            self._control.copy_(target)
            self._replay()


class BareIsaacLab:
    """Isaac Lab's own loop on the engine's simulation: write torques, step, update; torques stay constant."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def load(self) -> None:
        """See Bare. It is the same simulation, so there is nothing to copy."""

    def run(self, targets: Sequence[Any]) -> None:
        """See Bare."""
        torque = self._engine.state.joint_torque.clone()
        for _ in targets:
            for _ in range(PHYSICS.substeps):
                self._engine._simulation.step(torque)


BARES: dict[str, Callable[[Any], Bare]] = {
    "mujoco": BareMujoco,
    "warp": BareWarp,
    "isaaclab-newton": BareIsaacLab,
    "isaaclab-physx": BareIsaacLab,
}


def best_device(engine: str) -> str:
    """A GPU where there is one that the engine runs on, else the CPU."""
    if engine == "mujoco":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def stand(engine: Engine) -> None:
    """Put all robots into their default pose on the ground."""
    robot, n = engine.robot, engine.num_envs
    place = np.tile([0.0, 0.0, robot.standing_height, 1.0, 0.0, 0.0, 0.0], (n, 1)).astype(np.float32)
    joints = np.tile(np.array(robot.default_joint_pos, np.float32), (n, 1))
    still = np.zeros((n, 6), np.float32)
    given = [np.arange(n), place[:, :3], place[:, 3:], still, joints, 0 * joints]
    engine.reset(*_of_kind(engine, *given))


def _of_kind(engine: Engine, *arrays: np.ndarray) -> list[Any]:
    if engine.arrays == "numpy":
        return list(arrays)
    import torch

    return [torch.from_numpy(array).to(engine.device) for array in arrays]


def measure(name: str, num_envs: int, steps: int, rounds: int) -> dict[str, list[float]]:
    """Control steps per second of the engine and of the bare simulator, in interleaved rounds.

    Args:
        name: a key of BARES.
        num_envs: batch size.
        steps: control steps of a block.
        rounds: blocks of each.

    Returns:
        OURS, BARE, and with " cpu" behind the name the same per second of processor time: one number a round.
    """
    robot = get_robot(ROBOT)
    engine = make_engine(name, robot, PHYSICS, num_envs, device=best_device(name))
    stand(engine)
    bare, random = BARES[name](engine), np.random.default_rng(0)
    home, block = np.array(robot.default_joint_pos, np.float32), {}

    def prepare() -> None:
        noise = TARGET_NOISE * random.standard_normal((steps, num_envs, len(home)))
        block["targets"] = _of_kind(engine, (home + noise).astype(np.float32))[0]
        bare.load()

    def ours() -> Speed:
        with Stopwatch() as watch:
            for target in block["targets"]:
                engine.step(target)
            finish(engine)
        return watch.speed(num_envs * steps)

    def alone() -> Speed:
        with Stopwatch() as watch:
            bare.run(block["targets"])
            finish(engine)
        return watch.speed(num_envs * steps)

    prepare()
    for candidate in (ours, alone):  # once for nothing: kernels and caches
        candidate()
    speeds = _common.interleave({OURS: ours, BARE: alone}, rounds, prepare)
    engine.close()
    found = {candidate: [speed.wall for speed in some] for candidate, some in speeds.items()}
    return found | {f"{candidate} cpu": [speed.cpu for speed in some] for candidate, some in speeds.items()}


def finish(engine: Engine) -> None:
    """Wait until a GPU has done what it was told."""
    if engine.device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(engine.device)


def main() -> None:
    """Measure one size of one engine."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=list(BARES))
    for name in ("num_envs", "steps", "rounds"):
        parser.add_argument(name, type=int)
    given = parser.parse_args()
    print(json.dumps(measure(given.engine, given.num_envs, given.steps, given.rounds)), flush=True)


if __name__ == "__main__":
    main()
