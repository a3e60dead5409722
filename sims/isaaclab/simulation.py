"""N copies of one robot on a plane in Isaac Lab: configuration, launch and stepping."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import torch

from landward.errors import SimulationError
from robots import Robot
from sims.isaaclab.app import quiet_stdout, start_runtime
from sims.isaaclab.links import Link
from sims.physics import PhysicsCfg

Backend = Literal["newton", "ovphysx"]
SPACING = 4.0
"""Distance between the environments' origins [m]; robots of different environments never touch."""
_CONTACTS = {"sphere": 1, "capsule": 2, "box": 4, "cylinder": 4}
"""Most contact points of a shape with a plane."""


class Simulation:
    """Owns Isaac Lab's simulation of this process, its scene, and the mapping from names to its indices."""

    def __init__(
        self,
        robot: Robot,
        physics: PhysicsCfg,
        links: list[Link],
        files: tuple[Path, Path],
        num_envs: int,
        backend: Backend,
        device: str,
    ) -> None:
        """Launch Isaac Lab and build the scene.

        Args:
            robot: the robot.
            physics: numerical settings.
            links: the robot's links.
            files: USD of the robot and of the ground.
            num_envs: number of copies.
            backend: newton or ovphysx.
            device: cpu or cuda:N.

        Raises:
            SimulationError: this process has a simulation already; or Isaac Lab lacks a joint or link.
        """
        self._contexts = import_module("isaaclab.sim").SimulationContext
        if self._contexts.instance() is not None:
            raise SimulationError(
                "Isaac Lab holds one simulation a process, and there is one already: close it first, or "
                "start another process"
            )
        cfg = simulation_cfg(physics, robot, links, backend, device)
        start_runtime(cfg, f"the engine of {robot.name}", device)
        self._timestep, self.backend = physics.timestep, backend
        with quiet_stdout():
            self._context = self._contexts(cfg)
            try:
                make_scene = import_module("isaaclab.scene").InteractiveScene
                scene = make_scene(scene_cfg(robot, files, num_envs, backend))
                self._context.reset()
                if backend == "newton":
                    _quieten_solver()
                self._find(robot, scene)
            except BaseException:
                self._contexts.clear_instance()
                raise

    def _find(self, robot: Robot, scene: Any) -> None:
        """Look up by name what the engine reads and writes."""
        self.robot, self.contacts = scene["robot"], scene["contacts"]
        self.device = torch.device(self._context.device)
        self.origins: torch.Tensor = scene.env_origins
        undeclared = sorted(set(self.robot.joint_names) - set(robot.joint_names))
        if undeclared:
            raise SimulationError(
                f"the model of {robot.name} has joints that are not declared: {', '.join(undeclared)}"
            )
        self.joints = self._indices(robot.joint_names, self.robot.joint_names, "joint")
        """(J,) index in Isaac Lab's order of each joint of the robot."""
        feet, bodies = [shape.link for shape in robot.feet], self.robot.body_names
        self.feet = self._indices(feet, bodies, "body")
        self.base = self._indices([robot.base], bodies, "body")
        # Newton's sensor calls its rows sensor_names and warns of body_names; PhysX's has body_names alone.
        rows = self.contacts.sensor_names if self.backend == "newton" else self.contacts.body_names
        self.sensed = self._indices([*feet, *robot.watched], rows, "contact sensor")
        """(F + B,) row of the contact sensor of each foot and watched link; its order is its own."""
        self._backend_order = torch.argsort(self.joints)

    def _indices(self, names: Any, known: list[str], what: str) -> torch.Tensor:
        missing = sorted(set(names) - set(known))
        if missing:
            raise SimulationError(f"Isaac Lab's robot has no {what} {', '.join(missing)}; it has {known}")
        return torch.tensor([known.index(name) for name in names], device=self.device)

    def step(self, torque: torch.Tensor) -> None:
        """Apply joint torques (N, J) [N m] for one physics step."""
        effort = torque[:, self._backend_order].contiguous()
        self.robot.actuators.target_command.set_effort_index(value=effort)
        self.robot.write_data_to_sim()
        self._context.step(render=False)
        self.robot.update(self._timestep)
        self.contacts.update(self._timestep)

    def joint_state(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Joint positions and velocities (N, J), in the robot's order [rad, rad/s]."""
        data = self.robot.data
        return data.joint_pos.torch[:, self.joints], data.joint_vel.torch[:, self.joints]

    def root(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Base position (N, 3), quaternion (N, 4) (w, x, y, z) and velocity (N, 6).

        The position counts from the environment's origin [m]. The velocity is that of the base's origin,
        linear and angular, both in the world's frame [m/s, rad/s].
        """
        data = self.robot.data
        pose, velocity = data.root_link_pose_w.torch, data.root_link_vel_w.torch
        # Isaac Lab 3 writes quaternions (x, y, z, w).
        return pose[:, :3] - self.origins, torch.roll(pose[:, 3:7], 1, -1), velocity.clone()

    def foot_poses(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Positions (N, F, 3) [m] and quaternions (N, F, 4) (w, x, y, z) of the feet's links, as `root`."""
        pose = self.robot.data.body_link_pose_w.torch[:, self.feet]
        return pose[..., :3] - self.origins[:, None], torch.roll(pose[..., 3:7], 1, -1)

    def forces(self) -> torch.Tensor:
        """(N, F + B) net contact force on feet and watched links in the last physics step [N]."""
        return torch.linalg.vector_norm(self.contacts.data.net_forces_w.torch[:, self.sensed], dim=-1)

    def write(
        self,
        ids: torch.Tensor,
        pos: torch.Tensor,
        quat: torch.Tensor,
        velocity: torch.Tensor,
        joint_pos: torch.Tensor,
        joint_vel: torch.Tensor,
    ) -> None:
        """Put environments `ids` into a state, given as `root` and `joint_state` return it."""
        rows = ids.to(torch.int32)
        pose = torch.cat([pos + self.origins[ids], torch.roll(quat, -1, -1)], dim=-1)
        self.robot.write_root_link_pose_to_sim_index(root_pose=pose.contiguous(), env_ids=rows)
        order = self._backend_order
        self.robot.write_joint_state_to_sim_index(
            position=joint_pos[:, order].contiguous(),
            velocity=joint_vel[:, order].contiguous(),
            env_ids=rows,
        )
        self.write_velocity(ids, velocity)
        self._context.forward()
        self.robot.update(0.0)

    def write_velocity(self, ids: torch.Tensor, velocity: torch.Tensor) -> None:
        """Set the base's velocity (n, 6), linear and angular, in the world's frame [m/s, rad/s]."""
        self.robot.write_root_link_velocity_to_sim_index(
            root_velocity=velocity.contiguous(), env_ids=ids.to(torch.int32)
        )

    def close(self) -> None:
        """End the simulation; another one may follow in this process, on the same backend."""
        if self._contexts.instance() is self._context:
            self._contexts.clear_instance()


def simulation_cfg(
    physics: PhysicsCfg, robot: Robot, links: list[Link], backend: Backend, device: str
) -> Any:
    """Isaac Lab's configuration of time step, gravity and solver."""
    make = {"newton": _newton_cfg, "ovphysx": _physx_cfg}[backend]
    return import_module("isaaclab.sim").SimulationCfg(
        device=device,
        dt=physics.timestep,
        physics=make(physics, robot, links),
        render_interval=physics.substeps,
    )


def _newton_cfg(physics: PhysicsCfg, robot: Robot, links: list[Link]) -> Any:
    """Newton with its MuJoCo Warp solver, set as our MuJoCo engine sets MuJoCo; all contacts have room."""
    newton = import_module("isaaclab_newton.physics")
    contacts = sum(_CONTACTS[solid.kind] for link in links for solid in link.solids if solid.collides)
    rows = (4 if physics.cone == "pyramidal" else 3) * contacts + 2 * len(robot.joint_names)
    solver = newton.MJWarpSolverCfg(
        njmax=rows,
        nconmax=contacts,
        cone=physics.cone,
        integrator="implicitfast",
        iterations=physics.iterations,
        ls_iterations=physics.ls_iterations,
        impratio=1.0,
    )
    return newton.NewtonCfg(solver_cfg=solver, num_substeps=1)


def _physx_cfg(physics: PhysicsCfg, robot: Robot, links: list[Link]) -> Any:
    """PhysX without Kit; its solver has a friction model and iterations of its own."""
    del physics, robot, links
    return import_module("isaaclab_ov.physics").OvPhysxCfg()


def _quieten_solver() -> None:
    """No line on the terminal each time that the solver uses up its iterations.

    They are few on purpose, and MuJoCo says nothing about it either. Contacts cannot overflow.
    """
    import_module("isaaclab_newton.physics").NewtonManager._solver.mjw_model.opt.warn_overflow = False


def scene_cfg(robot: Robot, files: tuple[Path, Path], num_envs: int, backend: Backend) -> Any:
    """Isaac Lab's configuration of the scene: ground, robots, and a contact sensor on every link."""
    sim, assets = import_module("isaaclab.sim"), import_module("isaaclab.assets")
    cfg = import_module("isaaclab.scene").InteractiveSceneCfg(num_envs=num_envs, env_spacing=SPACING)
    # A scene takes every attribute of its configuration for an entity, in this order.
    cfg.ground = assets.AssetBaseCfg(
        prim_path="/World/ground", spawn=sim.UsdFileCfg(usd_path=str(files[1])), collision_group=-1
    )
    joint_pos = dict(zip(robot.joint_names, robot.default_joint_pos, strict=True))
    cfg.robot = assets.ArticulationCfg(
        prim_path="{ENV_REGEX_NS}/Robot",
        spawn=sim.UsdFileCfg(usd_path=str(files[0]), activate_contact_sensors=True),
        init_state=assets.ArticulationCfg.InitialStateCfg(
            pos=(0.0, 0.0, robot.standing_height), joint_pos=joint_pos
        ),
        actuators={"joints": _joints_cfg(robot, backend)},
    )
    cfg.contacts = import_module("isaaclab.sensors").ContactSensorCfg(prim_path="{ENV_REGEX_NS}/Robot/.*")
    return cfg


def _joints_cfg(robot: Robot, backend: Backend) -> Any:
    """Passive joints. No gains: torques are computed by Motors and handed over as efforts."""

    def by_joint(values: tuple[float, ...]) -> dict[str, float]:
        return dict(zip(robot.joint_names, values, strict=True))

    return import_module("isaaclab.actuators").ImplicitActuatorCfg(
        joint_names_expr=list(robot.joint_names),
        stiffness=0.0,
        damping=0.0,
        armature=by_joint(robot.armature),
        friction=by_joint(robot.joint_friction),
        # PhysX tells dry friction at rest and in motion apart; MuJoCo does not, nor does Newton.
        dynamic_friction=by_joint(robot.joint_friction) if backend == "ovphysx" else None,
        viscous_friction=by_joint(robot.joint_damping),
    )
