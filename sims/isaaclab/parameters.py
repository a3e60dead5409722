"""Per-environment physics on Isaac Lab: friction, payload, gains, strength, armature, latency."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import torch

from landward.array import constant
from robots import Robot
from sims.isaaclab.links import Link
from sims.isaaclab.motors import Motors
from sims.isaaclab.simulation import Simulation
from sims.parameters import ParameterValues
from sims.physics import PhysicsCfg


class IsaacLabParameters(ParameterValues):
    """Hands the parameters in force to Isaac Lab's articulation, and those of the actuators to `Motors`."""

    def __init__(
        self,
        simulation: Simulation,
        motors: Motors,
        robot: Robot,
        physics: PhysicsCfg,
        links: list[Link],
        num_envs: int,
    ) -> None:
        self._simulation, self._motors = simulation, motors
        device = simulation.device
        base = next(link for link in links if link.name == robot.base)
        foot = next(link for link in links if link.name == robot.feet[0].link)
        self._base_inertia = constant(base.inertia.ravel(), torch, device)
        self._armature = constant(robot.armature, torch, device)
        write = {"newton": _newton_friction, "ovphysx": _physx_friction}[simulation.backend]
        self._write_friction: Callable[[torch.Tensor, torch.Tensor], None] = write(simulation, robot)
        friction = foot.solids[0].friction
        super().__init__(robot, physics, num_envs, friction, base.mass, torch, device, torch.float32)
        motors.set(torch.arange(num_envs, device=device), self.values)

    def apply(self, ids: torch.Tensor) -> None:
        """Write the values of the environments `ids`."""
        v, lab = self.values, self._simulation.robot
        rows, base = ids.to(torch.int32), self._simulation.base.to(torch.int32)
        mass = self._base_mass + v["payload"][ids, None]
        lab.set_masses_index(masses=mass.contiguous(), body_ids=base, env_ids=rows)
        inertia = self._base_inertia * (mass / self._base_mass)[:, :, None]
        lab.set_inertias_index(inertias=inertia.contiguous(), body_ids=base, env_ids=rows)
        armature = self._armature * v["armature"][ids, None]
        lab.write_joint_armature_to_sim_index(
            armature=armature.contiguous(), joint_ids=self._simulation.joints.to(torch.int32), env_ids=rows
        )
        self._write_friction(ids, v["friction"][ids])
        self._motors.set(ids, v)


def _newton_friction(simulation: Simulation, robot: Robot) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """A function that sets the sliding friction (n,) of all shapes of the feet in environments (n,)."""
    wp, flags = import_module("warp"), import_module("newton").ModelFlags
    manager = import_module("isaaclab_newton.physics").NewtonManager
    view = simulation.robot.root_view
    table = wp.to_torch(view.get_attribute("shape_material_mu", manager.get_model())[:, 0])
    bodies = simulation.robot.backend_body_names
    shapes = [shape for foot in robot.feet for shape in view.body_shapes[bodies.index(foot.link)]]
    columns = torch.tensor(shapes, device=simulation.device)

    def write(ids: torch.Tensor, friction: torch.Tensor) -> None:
        table[ids[:, None], columns] = friction[:, None]
        manager.add_model_change(flags.SHAPE_PROPERTIES)

    return write


def _physx_friction(simulation: Simulation, robot: Robot) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """The same on PhysX, whose materials live on the CPU."""
    wp, manager = import_module("warp"), import_module("isaaclab_ov.physics").OvPhysxManager
    kind = import_module("isaaclab_ov.tensor_types").RIGID_BODY_SHAPE_FRICTION_AND_RESTITUTION
    wanted = [f"{root}/{foot.link}" for root in simulation.robot.root_view.prim_paths for foot in robot.feet]
    make_view = import_module("isaaclab_ov.sim.views.ovphysx_view").OvPhysxView
    view = make_view(manager.get_physx_instance(), prim_paths=wanted, device=str(simulation.device))
    row = {path: index for index, path in enumerate(view.binding_for(kind).prim_paths)}
    rows = torch.tensor([row[path] for path in wanted]).reshape(-1, len(robot.feet))

    def write(ids: torch.Tensor, friction: torch.Tensor) -> None:
        materials, chosen = wp.to_torch(view.get_attribute(kind)), rows[ids.cpu()]
        materials[chosen, :, :2] = friction.cpu().to(materials)[:, None, None, None]
        indices = wp.from_torch(chosen.flatten().to(torch.int32))
        view.set_attribute(kind, wp.from_torch(materials.contiguous(), dtype=wp.float32), indices=indices)

    return write
