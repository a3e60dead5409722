"""Our tasks on an Isaac Lab articulation, on Newton or on PhysX without Kit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from landward.array import constant, convert
from landward.errors import SimulationError
from robots import Robot
from sims.engine import Engine
from sims.isaaclab.motors import Motors
from sims.isaaclab.parameters import IsaacLabParameters
from sims.isaaclab.simulation import Backend, Simulation
from sims.isaaclab.usd import engine_usd, ground_usd, robot_links
from sims.mujoco.engine import CONTACT_FORCE
from sims.mujoco.guard import DivergenceGuard
from sims.mujoco.render import RobotScene
from sims.physics import PhysicsCfg, PhysicsParameters
from sims.rotation import projected_gravity, rotate_inverse
from sims.state import RobotState
from sims.terrain import FLAT, Terrain

BACKENDS: dict[str, Backend] = {"isaaclab-newton": "newton", "isaaclab-physx": "ovphysx"}
"""Name of the engine -> Isaac Lab's backend."""


class IsaacLabEngine(Engine):
    """See Engine. float32 torch tensors on one device; one such engine a process.

    What differs from the MuJoCo engine:

    - Actuators are explicit, see `Motors`.
    - PhysX has a friction model and solver iterations of its own: `physics.cone`, `iterations` and
      `ls_iterations` are MuJoCo's and count on Newton only.
    - Right after a reset no force is known: contact forces, torques and joint accelerations are 0.
    - The ground is the plane z = 0.
    - The state of the solvers cannot be saved: a run resumes with fresh episodes.
    """

    arrays = "torch"

    def __init__(
        self,
        robot: Robot,
        physics: PhysicsCfg,
        num_envs: int,
        terrain: Terrain = FLAT,
        backend: Backend = "newton",
        device: str = "cpu",
        dump_dir: Path | None = None,
    ) -> None:
        """Convert the robot where that has not been done yet, and start Isaac Lab.

        Args:
            robot: the robot.
            physics: numerical settings.
            num_envs: number of copies.
            terrain: the ground they share; a plane.
            backend: newton or ovphysx.
            device: cpu, cuda or cuda:N.
            dump_dir: where states that diverged are saved; None keeps none.

        Raises:
            SimulationError: the ground is no plane, or this process already runs a simulation in Isaac Lab.
        """
        physics.validate()
        if terrain.heights is not None:
            raise SimulationError(
                "the Isaac Lab engines have flat ground only: run this task on the engine mujoco or warp"
            )
        links = robot_links(robot, physics)
        files = engine_usd(robot, physics), ground_usd()
        self.robot, self.physics, self.num_envs, self.terrain = robot, physics, num_envs, terrain
        # MuJoCo draws; its model's joints are in the order of the links.
        self._scene = RobotScene(robot, dataclasses.replace(physics, max_latency=0.0), terrain)
        hinges = [link.joint.name for link in links if link.joint is not None]
        self._simulation = Simulation(robot, physics, links, files, num_envs, backend, device)
        # Every joint of the model is the robot's, or there would be no simulation.
        self._drawn_joints = [robot.joint_names.index(name) for name in hinges]
        self._torch_device = self._simulation.device
        self.device = str(self._torch_device)
        self.total_mass = sum(link.mass for link in links)
        self._motors = Motors(robot, physics, num_envs, self._torch_device)
        self._parameters = IsaacLabParameters(self._simulation, self._motors, robot, physics, links, num_envs)
        self._guard = DivergenceGuard(robot.name, num_envs, dump_dir)
        self.state = RobotState()
        self._make_buffers()

    def _make_buffers(self) -> None:
        n, joints, device = self.num_envs, len(self.robot.joint_names), self._torch_device
        self.diverged = torch.zeros(n, dtype=torch.bool, device=device)
        self._forces = torch.zeros((n, len(self._simulation.sensed)), device=device)
        self._torque = torch.zeros((n, joints), device=device)
        self._acceleration = torch.zeros((n, joints), device=device)
        self._foot_offset = constant([shape.pos for shape in self.robot.feet], torch, device)
        self._radius = constant([shape.size[0] for shape in self.robot.feet], torch, device)

    def step(self, targets: Any) -> None:
        """See Engine."""
        given = self._given(targets)
        simulation, first = self._simulation, self.physics.substeps - self.physics.peak_forces
        position, velocity = simulation.joint_state()
        before = velocity
        self._guard.remember(*self._pose_and_speed())
        self._motors.delay.push(given)
        self._forces = torch.zeros_like(self._forces)
        for substep in range(self.physics.substeps):
            if substep:
                position, velocity = simulation.joint_state()
            self._torque = self._motors.torque(substep, position, velocity)
            simulation.step(self._torque)
            if substep >= first:
                self._forces = torch.maximum(self._forces, simulation.forces())
        pose, speed = self._pose_and_speed()
        self._acceleration = (speed[:, 6:] - before) / self.physics.control_period
        self.diverged = self._guard.check(pose, speed, given, self._parameters.values)
        if bool(self.diverged.any()):
            self._recover(self.diverged.nonzero()[:, 0])
        self.refresh()

    def _pose_and_speed(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 7 + J) base pose and joint positions, (N, 6 + J) base velocity (world) and joint velocities."""
        pos, quat, velocity = self._simulation.root()
        joint_pos, joint_vel = self._simulation.joint_state()
        return torch.cat([pos, quat, joint_pos], dim=-1), torch.cat([velocity, joint_vel], dim=-1)

    def _recover(self, ids: torch.Tensor) -> None:
        """Put robots that left physics at rest where they were, so that no NaN gets into observations."""
        good = self._guard.last_good(ids)
        still = torch.zeros((len(ids), 6), device=self._torch_device)
        self._write(ids, good[:, :3], good[:, 3:7], still, good[:, 7:], torch.zeros_like(good[:, 7:]))

    def _write(self, ids: torch.Tensor, *state: torch.Tensor) -> None:
        """Put environments `ids` into a state, and forget what the last step measured there."""
        self._simulation.write(ids, *state)
        for array in (self._forces, self._torque, self._acceleration):
            array[ids] = 0.0

    def refresh(self, ids: torch.Tensor | None = None) -> None:
        """Recompute the named state of all environments or of the rows `ids`."""
        for name, value in self._read().items():
            if ids is None:
                self.state[name] = value
            else:
                self.state[name][ids] = value[ids]

    def _read(self) -> dict[str, torch.Tensor]:
        """The state as tensors of its own: a step changes the engine's arrays in place."""
        simulation, n, feet = self._simulation, self.num_envs, len(self.robot.feet)
        pos, quat, velocity = simulation.root()
        joint_pos, joint_vel = simulation.joint_state()
        link_pos, link_quat = simulation.foot_poses()
        turned = _to_world(link_quat.reshape(n * feet, 4), self._foot_offset.repeat(n, 1))
        offset = turned.reshape(n, feet, 3)
        foot_pos, forces = link_pos + offset, self._forces.clone()
        return {
            "root_pos_w": pos,
            "root_quat_w": quat,
            "root_lin_vel_b": rotate_inverse(quat, velocity[:, :3]),
            "root_ang_vel_b": rotate_inverse(quat, velocity[:, 3:]),
            "projected_gravity_b": projected_gravity(quat),
            "joint_pos": joint_pos,
            "joint_vel": joint_vel,
            "joint_acc": self._acceleration.clone(),
            "joint_torque": self._torque.clone(),
            "foot_pos_w": foot_pos,
            "foot_height": foot_pos[:, :, 2] - self.terrain.height_at(foot_pos[:, :, :2]) - self._radius,
            "foot_contact": forces[:, :feet] > CONTACT_FORCE,
            "foot_force": forces[:, :feet],
            "body_force": forces[:, feet:],
        }

    def _given(self, value: Any) -> torch.Tensor:
        """What a caller handed in, NumPy or torch, as a float32 tensor on the device."""
        return convert(value, torch, self._torch_device, torch.float32)

    def _rows(self, env_ids: Any) -> torch.Tensor:
        return convert(env_ids, torch, self._torch_device)

    def reset(
        self, env_ids: Any, root_pos: Any, root_quat: Any, velocity: Any, joint_pos: Any, joint_vel: Any
    ) -> None:
        """See Engine."""
        ids, quat, speed = self._rows(env_ids), self._given(root_quat), self._given(velocity)
        # The angular velocity is given in the base's frame.
        world = torch.cat([speed[:, :3], _to_world(quat, speed[:, 3:])], dim=-1)
        self._write(ids, self._given(root_pos), quat, world, self._given(joint_pos), self._given(joint_vel))
        self._motors.delay.reset(ids)
        self.diverged[ids] = False
        self.refresh(ids if "joint_pos" in self.state else None)

    def push(self, env_ids: Any, velocity: Any) -> None:
        """See Engine."""
        ids = self._rows(env_ids)
        present = self._simulation.root()[2][ids]
        present[:, :2] += self._given(velocity)
        self._simulation.write_velocity(ids, present)
        self.state.root_lin_vel_b[ids] = rotate_inverse(self.state.root_quat_w[ids], present[:, :3])

    def set_parameters(self, env_ids: Any, parameters: PhysicsParameters) -> None:
        """See Engine."""
        self._parameters.set(self._rows(env_ids), parameters)

    def parameters(self) -> dict[str, torch.Tensor]:
        """See Engine."""
        return self._parameters.values

    def keep_diverged(self, path: Path) -> None:
        """See Engine."""
        self._guard.dump_dir = path

    def state_dict(self) -> dict[str, Any]:
        """See Engine.

        Raises:
            NotImplementedError: always; runs on this engine resume with fresh episodes.
        """
        raise NotImplementedError("Isaac Lab's solvers keep state that cannot be saved")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See `state_dict`."""
        raise NotImplementedError("Isaac Lab's solvers keep state that cannot be saved")

    def render_model(self) -> tuple[Any, Any]:
        """(MjModel with meshes and lights, MjData in the pose of the first environment), for viewers."""
        return self._scene.model(self._pose(0))

    def render(self, env_id: int, size: tuple[int, int]) -> np.ndarray:
        """See Engine. Drawn by MuJoCo."""
        return self._scene.frame(self._pose(env_id), size)

    def _pose(self, env_id: int) -> np.ndarray:
        pose = self._pose_and_speed()[0][env_id].double().cpu().numpy()
        return np.concatenate([pose[:7], pose[7:][self._drawn_joints]])

    def close(self) -> None:
        """See Engine."""
        self._scene.close()
        self._simulation.close()


def _to_world(quat: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Vectors (N, 3) of frames of orientation `quat` (N, 4), seen from the world: R(q) v."""
    return rotate_inverse(torch.cat([quat[:, :1], -quat[:, 1:]], dim=-1), vector)


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
) -> IsaacLabEngine:
    """See sims.engines.make_engine; Isaac Lab chooses the number of threads itself."""
    return IsaacLabEngine(robot, physics, num_envs, terrain, BACKENDS[name], device, dump_dir)
