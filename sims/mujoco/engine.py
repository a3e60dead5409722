"""Thousands of copies of one robot on `mujoco.batch.Batch`, MuJoCo 4's batch on all CPU threads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import SimulationError
from robots import Robot
from sims.engine import Engine
from sims.mujoco.actuators import DCMotorPD
from sims.mujoco.guard import DivergenceGuard
from sims.mujoco.model import BODY_SENSOR, FOOT_SENSOR, build_model, mujoco_module
from sims.mujoco.parameters import BatchParameters
from sims.mujoco.render import RobotScene
from sims.physics import PhysicsCfg, PhysicsParameters
from sims.rotation import projected_gravity, rotate_inverse
from sims.state import RobotState
from sims.terrain import FLAT, Terrain

F32 = np.float32
CONTACT_FORCE = 1.0
"""A foot with more than this force on it is in contact [N] (the threshold of Isaac Lab's contact sensor)."""
_STATE_FIELDS = ("time", "qpos", "qvel", "history", "qacc_warmstart", "ctrl")
_DERIVED_FIELDS = ("geom_xpos", "actuator_force", "sensordata", "qacc")


class MujocoEngine(Engine):
    """See Engine.

    Positions and velocities are current; forces, accelerations and feet are those of the last physics step,
    as MuJoCo computes them. Results do not depend on the number of threads.
    """

    device = "cpu"
    arrays = "numpy"

    def __init__(
        self,
        robot: Robot,
        physics: PhysicsCfg,
        num_envs: int,
        terrain: Terrain = FLAT,
        threads: int = 0,
        dump_dir: Path | None = None,
    ) -> None:
        """Compile the model and make the batch.

        Args:
            robot: the robot.
            physics: numerical settings.
            num_envs: number of copies.
            terrain: the ground they share.
            threads: CPU threads, 0 for all.
            dump_dir: where states that diverged are saved; None keeps none.

        Raises:
            SimulationError: the model is unusable.
        """
        physics.validate()
        mujoco_module()
        from mujoco.batch import Batch

        self.robot, self.physics, self.num_envs, self.terrain = robot, physics, num_envs, terrain
        self.model = build_model(robot, physics, terrain)
        self.total_mass = float(self.model.body_subtreemass[0])
        self._batch = Batch(self.model, nsim=num_envs, nthread=threads)
        self._bind()
        self.state = RobotState()
        self._parameters = BatchParameters(self._batch, self.model, robot, physics, num_envs)
        self._motor = (
            DCMotorPD(robot, physics.timestep, physics.max_latency, num_envs)
            if physics.actuator == "dc_motor"
            else None
        )
        self._guard = DivergenceGuard(robot.name, num_envs, dump_dir)
        self.diverged = np.zeros(num_envs, bool)
        self._forces = np.zeros((num_envs, self._num_sensors), F32)
        self._scene = RobotScene(robot, physics, terrain)

    def _bind(self) -> None:
        model, robot, batch = self.model, self.robot, self._batch
        self._qpos, self._qvel, self._ctrl = batch.bind("qpos"), batch.bind("qvel"), batch.bind("ctrl")
        self._history = batch.bind("history") if model.actuator_history.any() else None
        self._xpos, self._force = batch.bind("geom_xpos"), batch.bind("actuator_force")
        self._sensors, self._qacc = batch.bind("sensordata"), batch.bind("qacc")
        self._joint_qpos = _as_slice([int(model.joint(n).qposadr[0]) for n in robot.joint_names])
        self._joint_dof = _as_slice([int(model.joint(n).dofadr[0]) for n in robot.joint_names])
        self._feet = _as_slice([model.geom(n).id for n in robot.foot_names])
        self._num_sensors = len(robot.foot_names) + len(robot.watched)
        names = [FOOT_SENSOR + n for n in robot.foot_names] + [BODY_SENSOR + n for n in robot.watched]
        if [model.sensor(i).name for i in range(model.nsensor)] != names:
            raise SimulationError(
                f"the model of {robot.name} has other sensors than its feet and watched links"
            )
        self._radius = np.array([shape.size[0] for shape in robot.feet], F32)

    def step(self, targets: NDArray[np.float32]) -> None:
        """See Engine."""
        self._guard.remember(self._qpos, self._qvel)
        if self._motor is None and self.physics.peak_forces == 1:
            self._ctrl[:] = targets
            self._batch.step(nstep=self.physics.substeps)
            self._forces = self._contact_forces()
        else:
            self._step_one_by_one(np.asarray(targets, np.float64))
        self.diverged = self._guard.check(self._qpos, self._qvel, targets, self._parameters.values)
        if self.diverged.any():
            self._recover(np.flatnonzero(self.diverged))
        self.refresh()

    def _recover(self, ids: NDArray[np.int64]) -> None:
        """Put robots that left physics at rest where they were, so that no NaN gets into observations."""
        self._batch.reset(ids=ids, stage=0)
        self._qpos[ids] = self._guard.last_good(ids)
        self._batch.forward(ids=ids)
        self._forces[ids] = self._contact_forces()[ids]

    def _step_one_by_one(self, targets: NDArray[np.float64]) -> None:
        peak = np.zeros((self.num_envs, self._num_sensors), F32)
        if self._motor is None:
            self._ctrl[:] = targets
        for index in range(self.physics.substeps):
            if self._motor is not None:
                position, velocity = self._qpos[:, self._joint_qpos], self._qvel[:, self._joint_dof]
                self._ctrl[:] = self._motor.torque(targets, position, velocity, self._parameters.values)
            self._batch.step(nstep=1)
            if index >= self.physics.substeps - self.physics.peak_forces:
                np.maximum(peak, self._contact_forces(), out=peak)
        self._forces = peak

    def _contact_forces(self) -> NDArray[np.float32]:
        """(N, F + B) magnitudes of the net contact forces [N]."""
        with np.errstate(over="ignore"):  # a diverged robot's forces; the guard deals with it
            vectors = self._sensors.reshape(self.num_envs, self._num_sensors, 3).astype(F32)
        return np.sqrt(np.einsum("nsk,nsk->ns", vectors, vectors))

    def refresh(self, ids: NDArray[np.int64] | None = None) -> None:
        """Recompute the named state of all environments or of the rows `ids`."""
        rows = slice(None) if ids is None else ids
        entries = self._read(rows)
        if ids is None:
            for name, value in entries.items():
                self.state[name] = value
        else:
            for name, value in entries.items():
                self.state[name][ids] = value

    def _read(self, rows: slice | NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        qpos, qvel = self._qpos[rows].astype(F32), self._qvel[rows].astype(F32)
        quat = qpos[:, 3:7]
        feet = self._xpos[rows][:, self._feet].astype(F32)
        forces = self._forces[rows]
        num_feet = len(self.robot.foot_names)
        return {
            "root_pos_w": qpos[:, :3],
            "root_quat_w": quat,
            "root_lin_vel_b": rotate_inverse(quat, qvel[:, :3]),
            "root_ang_vel_b": qvel[:, 3:6],
            "projected_gravity_b": projected_gravity(quat),
            "joint_pos": qpos[:, self._joint_qpos],
            "joint_vel": qvel[:, self._joint_dof],
            "joint_acc": self._qacc[rows][:, self._joint_dof].astype(F32),
            "joint_torque": self._force[rows].astype(F32),
            "foot_pos_w": feet,
            "foot_height": feet[:, :, 2] - self.terrain.height_at(feet[:, :, :2]) - self._radius,
            "foot_contact": forces[:, :num_feet] > CONTACT_FORCE,
            "foot_force": forces[:, :num_feet],
            "body_force": forces[:, num_feet:],
        }

    def reset(
        self,
        env_ids: NDArray[np.int64],
        root_pos: NDArray[np.float64],
        root_quat: NDArray[np.float64],
        velocity: NDArray[np.float64],
        joint_pos: NDArray[np.float64],
        joint_vel: NDArray[np.float64],
    ) -> None:
        """See Engine."""
        self._batch.reset(ids=env_ids, stage=0)
        self._qpos[env_ids, :3], self._qpos[env_ids, 3:7] = root_pos, root_quat
        self._qvel[env_ids, :6] = velocity
        rows = env_ids[:, None]
        self._qpos[rows, _as_index(self._joint_qpos)] = joint_pos
        self._qvel[rows, _as_index(self._joint_dof)] = joint_vel
        default = np.array(self.robot.default_joint_pos)
        self._ctrl[env_ids] = default if self._motor is None else 0.0
        self._fill_delay_lines(env_ids, default)
        self._batch.forward(ids=env_ids)
        self._forces[env_ids] = self._contact_forces()[env_ids]
        self.diverged[env_ids] = False
        if "joint_pos" in self.state:
            self.refresh(env_ids)
        else:
            self.refresh()

    def _fill_delay_lines(self, env_ids: NDArray[np.int64], default: NDArray[np.float64]) -> None:
        """MuJoCo's delay line holds zeros after a reset, which would command 0 rad at first."""
        if self._motor is not None:
            self._motor.reset(env_ids, default)
        if self._history is None:
            return
        samples = int(self.model.actuator_history[0, 0])
        # Per actuator: user value, cursor, sample times, sample values.
        line = self._history[env_ids].reshape(len(env_ids), len(default), 2 + 2 * samples)
        line[:, :, 2 + samples :] = default[:, None]
        self._history[env_ids] = line.reshape(len(env_ids), -1)

    def push(self, env_ids: NDArray[np.int64], velocity: NDArray[np.float64]) -> None:
        """See Engine."""
        self._qvel[env_ids, :2] += velocity
        quat = self.state.root_quat_w[env_ids]
        self.state.root_lin_vel_b[env_ids] = rotate_inverse(quat, self._qvel[env_ids, :3].astype(F32))

    def set_parameters(self, env_ids: NDArray[np.int64], parameters: PhysicsParameters) -> None:
        """See Engine."""
        self._parameters.set(np.asarray(env_ids), parameters)

    def parameters(self) -> dict[str, NDArray[np.float64]]:
        """See Engine."""
        return self._parameters.values

    def keep_diverged(self, path: Path) -> None:
        """See Engine."""
        self._guard.dump_dir = path

    def state_dict(self) -> dict[str, Any]:
        """See Engine."""
        return {
            "rows": {
                name: np.array(self._batch.bind(name)) for name in _STATE_FIELDS if self.model_has(name)
            },
            "named": {name: np.array(self.state[name]) for name in self._read(slice(0, 1))},
            "forces": self._forces.copy(),
            "parameters": {name: value.copy() for name, value in self._parameters.values.items()},
            "motor": self._motor.state_dict() if self._motor else None,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See Engine."""
        for name, value in state["rows"].items():
            self._batch.bind(name)[:] = value
        for name, value in state["parameters"].items():
            self._parameters.values[name][:] = value
        self._parameters.apply(np.arange(self.num_envs))
        for name, value in state["named"].items():
            self.state[name] = np.array(value)
        self._forces = np.array(state["forces"])
        if self._motor:
            self._motor.load_state_dict(state["motor"])

    def model_has(self, name: str) -> bool:
        """Whether the model has a state component of that name (no delay lines, no history)."""
        return name != "history" or self._history is not None

    def render_model(self) -> tuple[Any, Any]:
        """(MjModel with meshes and lights, MjData in the pose of the first environment), for viewers."""
        return self._scene.model(self._qpos[0])

    def render(self, env_id: int, size: tuple[int, int]) -> NDArray[np.uint8]:
        """See Engine."""
        return self._scene.frame(self._qpos[env_id], size)

    def close(self) -> None:
        """See Engine."""
        self._scene.close()


def make_engine(
    name: str,
    robot: Robot,
    physics: PhysicsCfg,
    num_envs: int,
    terrain: Terrain = FLAT,
    *,
    device: str = "cpu",
    threads: int = 0,
    dump_dir: Path | None = None,
) -> MujocoEngine:
    """See sims.engines.make_engine; `name` and `device` have one value each here."""
    return MujocoEngine(robot, physics, num_envs, terrain, threads, dump_dir)


def _as_slice(indices: list[int]) -> slice | NDArray[np.int64]:
    """A slice where the indices are contiguous (a view instead of a copy), else an index array."""
    if indices == list(range(indices[0], indices[0] + len(indices))):
        return slice(indices[0], indices[0] + len(indices))
    return np.array(indices)


def _as_index(where: slice | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.arange(where.start, where.stop) if isinstance(where, slice) else where
