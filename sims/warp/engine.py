"""Thousands of copies of one robot on MuJoCo Warp, on a GPU or a CPU."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landward.array import constant, convert
from landward.errors import SimulationError
from robots import Robot
from sims.engine import Engine
from sims.mujoco.engine import CONTACT_FORCE
from sims.mujoco.guard import DivergenceGuard
from sims.mujoco.model import BODY_SENSOR, FOOT_SENSOR, build_model, mujoco_module
from sims.mujoco.render import RobotScene
from sims.physics import PhysicsCfg, PhysicsParameters
from sims.rotation import projected_gravity, rotate_inverse
from sims.state import RobotState
from sims.terrain import FLAT, Terrain
from sims.warp.batch import WarpBatch, room_flags, warp_modules
from sims.warp.delay import CommandDelay
from sims.warp.parameters import VARIED, WarpParameters

OVERFLOW_INTERVAL = 64
"""Control steps between two looks at whether contacts were left out."""
_LOG = logging.getLogger("landward.warp")


class WarpEngine(Engine):
    """See Engine. The same MuJoCo model as the engine mujoco, all arrays float32 torch tensors on one device.

    What differs from MuJoCo's C engine:

    - Single precision, and contacts solved in another order: trajectories agree for a fraction of a second,
      then chaotically part, while statistics of a gait stay the same.
    - The command delay is a line of whole control steps instead of MuJoCo's, see CommandDelay; the delay in
      physics steps is the same.
    - All physics steps of a control period are one captured graph, and contact sensors are computed only in
      those whose forces are reported.

    A GPU adds up some sums in an order that changes from run to run: there, a seed does not give the same
    numbers twice. On a CPU it does.
    """

    arrays = "torch"

    def __init__(
        self,
        robot: Robot,
        physics: PhysicsCfg,
        num_envs: int,
        terrain: Terrain = FLAT,
        device: str = "cpu",
        dump_dir: Path | None = None,
    ) -> None:
        """Compile the model, put it on the device and capture its steps.

        Args:
            robot: the robot.
            physics: numerical settings.
            num_envs: number of copies.
            terrain: the ground they share.
            device: cpu, cuda or cuda:N.
            dump_dir: where states that diverged are saved; None keeps none.

        Raises:
            SimulationError: there is no such device, or the model is unusable.
        """
        physics.validate()
        self.robot, self.physics, self.num_envs, self.terrain = robot, physics, num_envs, terrain
        self.model = warp_model(robot, physics, terrain)
        self.total_mass = float(self.model.body_subtreemass[0])
        self._batch = WarpBatch(self.model, num_envs, device, VARIED)
        self._torch_device = self._batch.torch_device
        self.device = str(self._torch_device)
        self.state = RobotState()
        self._bind()
        most = math.ceil(physics.max_latency / physics.timestep - 1e-9)
        self._delay = CommandDelay(self._plan, self._default, most)
        self._parameters = WarpParameters(self._batch, self.model, robot, physics, num_envs, self._delay)
        self._guard = DivergenceGuard(robot.name, num_envs, dump_dir)
        self.diverged = torch.zeros(num_envs, dtype=torch.bool, device=self._torch_device)
        self._steps, self._overflow_told = 0, False
        self._scene = RobotScene(robot, physics, terrain)
        self._replay_step = self._batch.capture(self._control_step)
        self._replay_forward = self._batch.capture(self._forward)
        self._clear()

    def _bind(self) -> None:
        model, robot, view = self.model, self.robot, self._batch.view
        self._qpos, self._qvel, self._ctrl = view("qpos"), view("qvel"), view("ctrl")
        self._warmstart, self._qacc = view("qacc_warmstart"), view("qacc")
        self._xpos, self._force = view("geom_xpos"), view("actuator_force")
        self._sensors, self._overflow = view("sensordata"), view("overflow")
        self._room = room_flags()
        qpos_columns = [int(model.joint(n).qposadr[0]) for n in robot.joint_names]
        dof_columns = [int(model.joint(n).dofadr[0]) for n in robot.joint_names]
        self._joint_qpos, self._joint_dof = self._columns(qpos_columns), self._columns(dof_columns)
        self._feet = self._columns([int(model.geom(n).id) for n in robot.foot_names])
        self._num_sensors = len(robot.foot_names) + len(robot.watched)
        names = [FOOT_SENSOR + n for n in robot.foot_names] + [BODY_SENSOR + n for n in robot.watched]
        if [model.sensor(i).name for i in range(model.nsensor)] != names:
            raise SimulationError(
                f"the model of {robot.name} has other sensors than its feet and watched links"
            )
        device, joints = self._torch_device, len(robot.joint_names)
        self._default = constant(robot.default_joint_pos, torch, device)
        self._radius = constant([shape.size[0] for shape in robot.feet], torch, device)
        self._everyone = torch.arange(self.num_envs, device=device)
        self._forces = torch.zeros((self.num_envs, self._num_sensors), device=device)
        self._plan = torch.zeros((self.physics.substeps, self.num_envs, joints), device=device)
        self._qpos0 = constant(model.qpos0, torch, device)
        addresses = torch.tensor([qpos_columns, dof_columns], dtype=torch.int32, device=device)
        self._motor_inputs = [*addresses, constant(robot.velocity_limit, torch, device)]

    def _columns(self, indices: list[int]) -> slice | torch.Tensor:
        """A slice where the indices are contiguous (a view instead of a copy), else an index tensor."""
        if indices == list(range(indices[0], indices[0] + len(indices))):
            return slice(indices[0], indices[0] + len(indices))
        return torch.tensor(indices, device=self._torch_device)

    def _control_step(self) -> None:
        """Launch the physics steps of one control period; recorded once, replayed ever after."""
        wp, mjw = warp_modules()
        m, d, substeps = self._batch.model, self._batch.data, self.physics.substeps
        plan = [wp.from_torch(self._plan[k]) for k in range(substeps)]
        flags, first = m.opt.disableflags, substeps - self.physics.peak_forces
        for k in range(substeps):
            if self.physics.actuator == "dc_motor":
                self._launch_motor(plan[k])
            else:
                wp.copy(d.ctrl, plan[k])
            m.opt.disableflags = flags if k >= first else flags | int(mjw.DisableBit.SENSOR)
            mjw.step(m, d)
            if k >= first:
                self._launch_forces(k == first)

    def _launch_motor(self, command: Any) -> None:
        wp, _ = warp_modules()
        from sims.warp.kernels import dc_motor

        d, motor = self._batch.data, self._parameters.motor
        qpos_address, dof_address, no_load = map(wp.from_torch, self._motor_inputs)
        tables = [wp.from_torch(motor[name]) for name in ("stiffness", "damping", "stall", "limit")]
        inputs = [command, d.qpos, d.qvel, qpos_address, dof_address, *tables, no_load]
        wp.launch(dc_motor, dim=command.shape, inputs=inputs, outputs=[d.ctrl])

    def _launch_forces(self, first: bool) -> None:
        wp, _ = warp_modules()
        from sims.warp.kernels import contact_forces

        forces = wp.from_torch(self._forces)
        wp.launch(contact_forces, forces.shape, [self._batch.data.sensordata, first], [forces])

    def _forward(self) -> None:
        """Launch forces, accelerations and contacts of the present state, without a step."""
        _, mjw = warp_modules()
        mjw.forward(self._batch.model, self._batch.data)

    def _clear(self) -> None:
        """Undo what recording the steps did."""
        self._qpos[:] = self._qpos0
        for array in (self._qvel, self._warmstart, self._ctrl, self._overflow, self._forces):
            array.zero_()

    def step(self, targets: torch.Tensor) -> None:
        """See Engine."""
        targets = self._given(targets)
        self._guard.remember(self._qpos, self._qvel)
        self._delay.push(targets)
        self._replay_step()
        self.diverged = self._guard.check(self._qpos, self._qvel, targets, self._parameters.values)
        if bool(self.diverged.any()):
            self._recover(self.diverged.nonzero()[:, 0])
        self._warn_of_overflow()
        self.refresh()

    def _warn_of_overflow(self) -> None:
        """Say once that contacts were left out for want of room; looked at seldom, as a GPU waits for it."""
        self._steps += 1
        if self._overflow_told or self._steps % OVERFLOW_INTERVAL:
            return
        count = int((self._overflow & self._room).ne(0).sum())
        if count:
            self._overflow_told = True
            _LOG.warning(
                "MuJoCo Warp had no room for all contacts of %d environment(s) of %s, so some were left out: "
                "raise sims.warp.batch.POINTS or HFIELD_POINTS",
                count,
                self.robot.name,
            )

    def _recover(self, ids: torch.Tensor) -> None:
        """Put robots that left physics at rest where they were, so that no NaN gets into observations."""
        self._qpos[ids] = self._guard.last_good(ids)
        self._qvel[ids] = 0.0
        self._compute(ids)

    def _compute(self, ids: torch.Tensor) -> None:
        """Forces, accelerations and feet of the rows `ids`, whose positions and velocities were set."""
        self._warmstart[ids] = 0.0
        self._replay_forward()
        vectors = self._sensors[ids].reshape(len(ids), self._num_sensors, 3)
        self._forces[ids] = torch.linalg.vector_norm(vectors, dim=-1)

    def refresh(self, ids: torch.Tensor | None = None) -> None:
        """Recompute the named state of all environments or of the rows `ids`."""
        entries = self._read(slice(None) if ids is None else ids)
        for name, value in entries.items():
            if ids is None:
                self.state[name] = value
            else:
                self.state[name][ids] = value

    def _read(self, rows: slice | torch.Tensor) -> dict[str, torch.Tensor]:
        """The state as tensors of its own: a step changes the engine's arrays in place."""
        qpos, qvel, forces = (array[rows].clone() for array in (self._qpos, self._qvel, self._forces))
        quat, feet = qpos[:, 3:7], self._xpos[rows][:, self._feet].clone()
        num_feet = len(self.robot.foot_names)
        return {
            "root_pos_w": qpos[:, :3],
            "root_quat_w": quat,
            "root_lin_vel_b": rotate_inverse(quat, qvel[:, :3]),
            "root_ang_vel_b": qvel[:, 3:6],
            "projected_gravity_b": projected_gravity(quat),
            "joint_pos": qpos[:, self._joint_qpos],
            "joint_vel": qvel[:, self._joint_dof],
            "joint_acc": self._qacc[rows][:, self._joint_dof].clone(),
            "joint_torque": self._force[rows].clone(),
            "foot_pos_w": feet,
            "foot_height": feet[:, :, 2] - self.terrain.height_at(feet[:, :, :2]) - self._radius,
            "foot_contact": forces[:, :num_feet] > CONTACT_FORCE,
            "foot_force": forces[:, :num_feet],
            "body_force": forces[:, num_feet:],
        }

    def _given(self, value: Any) -> torch.Tensor:
        """What a caller handed in, NumPy or torch, as a float32 tensor on the device."""
        return convert(value, torch, self._torch_device, torch.float32)

    def reset(
        self,
        env_ids: torch.Tensor,
        root_pos: torch.Tensor,
        root_quat: torch.Tensor,
        velocity: torch.Tensor,
        joint_pos: torch.Tensor,
        joint_vel: torch.Tensor,
    ) -> None:
        """See Engine."""
        ids = convert(env_ids, torch, self._torch_device)
        self._qpos[ids, :3], self._qpos[ids, 3:7] = self._given(root_pos), self._given(root_quat)
        self._qvel[ids, :6] = self._given(velocity)
        self._qpos[ids[:, None], self._index(self._joint_qpos)] = self._given(joint_pos)
        self._qvel[ids[:, None], self._index(self._joint_dof)] = self._given(joint_vel)
        self._ctrl[ids] = self._default if self.physics.actuator == "pd" else 0.0
        self._delay.reset(ids)
        self._compute(ids)
        self.diverged[ids] = False
        self.refresh(ids if "joint_pos" in self.state else None)

    def _index(self, columns: slice | torch.Tensor) -> torch.Tensor:
        if isinstance(columns, slice):
            return torch.arange(columns.start, columns.stop, device=self._torch_device)
        return columns

    def push(self, env_ids: torch.Tensor, velocity: torch.Tensor) -> None:
        """See Engine."""
        ids = convert(env_ids, torch, self._torch_device)
        self._qvel[ids, :2] += self._given(velocity)
        quat = self.state.root_quat_w[ids]
        self.state.root_lin_vel_b[ids] = rotate_inverse(quat, self._qvel[ids, :3])

    def set_parameters(self, env_ids: torch.Tensor, parameters: PhysicsParameters) -> None:
        """See Engine."""
        self._parameters.set(convert(env_ids, torch, self._torch_device), parameters)

    def parameters(self) -> dict[str, torch.Tensor]:
        """See Engine."""
        return self._parameters.values

    def keep_diverged(self, path: Path) -> None:
        """See Engine."""
        self._guard.dump_dir = path

    def state_dict(self) -> dict[str, Any]:
        """See Engine."""
        rows = {"qpos": self._qpos, "qvel": self._qvel, "warmstart": self._warmstart, "ctrl": self._ctrl}
        named = {name: self.state[name] for name in self._read(slice(0, 1))}
        groups = {"rows": rows, "named": named, "parameters": self._parameters.values}
        return {
            **{group: {name: a.clone() for name, a in arrays.items()} for group, arrays in groups.items()},
            "forces": self._forces.clone(),
            "delay": self._delay.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See Engine."""
        for name, value in state["parameters"].items():
            self._parameters.values[name].copy_(value)
        self._parameters.apply(self._everyone)
        rows = {"qpos": self._qpos, "qvel": self._qvel, "warmstart": self._warmstart, "ctrl": self._ctrl}
        for name, array in rows.items():
            array.copy_(state["rows"][name])
        for name, value in state["named"].items():
            self.state[name] = value.to(self._torch_device, copy=True)
        self._forces.copy_(state["forces"])
        self._delay.load_state_dict(state["delay"])

    def render_model(self) -> tuple[Any, Any]:
        """(MjModel with meshes and lights, MjData in the pose of the first environment), for viewers."""
        return self._scene.model(self._pose(0))

    def render(self, env_id: int, size: tuple[int, int]) -> np.ndarray:
        """See Engine."""
        return self._scene.frame(self._pose(env_id), size)

    def _pose(self, env_id: int) -> np.ndarray:
        return self._qpos[env_id].double().cpu().numpy()

    def close(self) -> None:
        """See Engine."""
        self._scene.close()


def warp_model(robot: Robot, physics: PhysicsCfg, terrain: Terrain) -> Any:
    """The MuJoCo engine's model, without what this engine does itself or MuJoCo Warp does not know."""
    mj = mujoco_module()
    model = build_model(robot, dataclasses.replace(physics, max_latency=0.0), terrain)
    # MuJoCo Warp resets nothing by itself, so it knows no flag against it.
    model.opt.disableflags &= ~int(mj.mjtDisableBit.mjDSBL_AUTORESET)
    return model


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
) -> WarpEngine:
    """See sims.engines.make_engine; Warp chooses the number of threads itself."""
    return WarpEngine(robot, physics, num_envs, terrain, device, dump_dir)
