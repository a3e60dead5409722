"""An Isaac Lab scene as the manager-based spec asks for it: joints, poses, gains, commands by name."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

from landward.errors import SpecError
from sims.manager_based.numbers import common_row, row_of
from sims.manager_based.observations import FLOAT32_MAX
from sims.manager_based.scene import Gains, Joints

ROBOT = "robot"
"""What tasks call their robot, where they have one of that name."""


class LabScene:
    """Answers from the live scene: the backend's own joint order, whatever it is."""

    def __init__(self, env: Any) -> None:
        """Look at an environment's scene.

        Args:
            env: Isaac Lab's environment, made.
        """
        self._env = env
        self._slides: dict[str, dict[str, bool]] = {}

    def joints(self, entity: Any) -> Joints:
        """See `sims.manager_based.scene.Scene`."""
        asset = self._env.scene[entity.name]
        ids = entity.joint_ids
        every = list(asset.joint_names)
        names = every[ids] if isinstance(ids, slice) else [every[int(index)] for index in row_of(ids)]
        return self.named_joints(entity.name, tuple(names))

    def named_joints(self, asset: str, names: tuple[str, ...]) -> Joints:
        """See `sims.manager_based.scene.Scene`."""
        robot = self._env.scene[asset]
        index = [robot.joint_names.index(name) for name in names]
        slides = self._slides.setdefault(asset, slide_joints(self._env.sim.stage, robot))
        return Joints(
            names,
            tuple(slides[name] for name in names),
            common_row(robot.data.default_joint_pos.torch[:, index]),
            common_row(robot.data.default_joint_vel.torch[:, index]),
        )

    def gains(self, asset: str, names: tuple[str, ...]) -> Gains:
        """See `sims.manager_based.scene.Scene`; of the first environment, where they are randomised."""
        found = joint_gains(self._env.scene[asset])
        if any(name not in found for name in names):
            return Gains()
        stiffness, damping, effort = zip(*(found[name] for name in names), strict=True)
        return Gains(stiffness, damping, tuple(min(limit, FLOAT32_MAX) for limit in effort))

    def command(self, name: str) -> tuple[str, ...]:
        """See `sims.manager_based.scene.Scene`."""
        term = self._env.command_manager.get_term(name)
        names = getattr(term.cfg, "element_names", None) or ()
        return tuple(names) if all(isinstance(item, str) for item in names) else ()


def main_robot(env: Any) -> tuple[str, Any]:
    """Name and articulation of a task's robot: the one called "robot", else the first.

    Raises:
        SpecError: the scene has no articulation.
    """
    articulations = dict(env.scene.articulations)
    if not articulations:
        raise SpecError(
            f"the scene of {type(env).__name__} has no articulation: there is no robot to speak of"
        )
    name = ROBOT if ROBOT in articulations else next(iter(articulations))
    return name, articulations[name]


def embodiment(env: Any) -> str:
    """A name for the robot: that of its USD file, such as "go2", else what the scene calls it."""
    name, robot = main_robot(env)
    path = str(getattr(getattr(robot.cfg, "spawn", None), "usd_path", "") or "")
    stem = path.replace("\\", "/").rsplit("/", 1)[-1].split(".")[0]
    return stem or name


def slide_joints(stage: Any, robot: Any) -> dict[str, bool]:
    """Joint name -> whether it is a slide, from the USD stage, which all backends share.

    Raises:
        SpecError: the stage does not have the robot, or not all of its joints.
    """
    usd, physics = (importlib.import_module(f"pxr.{name}") for name in ("Usd", "UsdPhysics"))
    find = importlib.import_module("isaaclab.sim.utils.queries").find_first_matching_prim
    root = find(robot.cfg.prim_path, stage)
    prims = usd.PrimRange(root, usd.TraverseInstanceProxies()) if root else ()
    kinds = {prim.GetName(): prim.IsA(physics.PrismaticJoint) for prim in prims if prim.IsA(physics.Joint)}
    lost = [name for name in robot.joint_names if name not in kinds]
    if lost:
        raise SpecError(
            f"the USD stage has no joint {', '.join(lost)} below {robot.cfg.prim_path}, so nobody knows "
            "whether it turns or slides: name the joints of the robot's USD file as Isaac Lab does"
        )
    return {name: kinds[name] for name in robot.joint_names}


def joint_gains(robot: Any) -> dict[str, tuple[float, float, float]]:
    """Joint name -> stiffness, damping and effort limit of its actuator.

    Explicit actuators keep their gains to themselves (those of the simulated joint are 0), and Newton runs
    some of them itself. A joint whose actuator has no such gains is left out.
    """
    found: dict[str, tuple[float, float, float]] = {}
    for group, actuator in robot.actuators.items():
        if hasattr(actuator, "stiffness") and hasattr(actuator, "joint_names"):
            names = actuator.joint_names
            gains = (actuator.stiffness, actuator.damping, actuator.actuator_effort_limit)
            rows = [_first_row(value) for value in gains]
        elif group in getattr(robot.actuators, "_native_group_names", ()):
            names = robot.actuators._group_joint_names[group]
            rows = [_newton_row(robot.actuators, group, *where) for where in _NEWTON]
        else:
            continue
        if all(len(row) == len(names) for row in rows):
            found |= {name: (row[0], row[1], row[2]) for name, *row in zip(names, *rows, strict=True)}
    return found


_NEWTON = (("controller", "kp"), ("controller", "kd"), ("clamping", "max_effort", "max_motor_effort"))
"""Component and fields of stiffness, damping and effort limit of the actuators that Newton runs.

A clamp has the first field, that of a DC motor the second.
"""


def _newton_row(actuators: Any, group: str, component: str, *fields: str) -> tuple[float, ...]:
    """The numbers of the first field that the group's actuators have; empty where they have none."""
    read = importlib.import_module("isaaclab.actuators.newton").read_group_parameter
    for field in fields:
        with contextlib.suppress(ValueError):  # this kind of actuator has no such field
            return _first_row(read(actuators, group, component, field))
    return ()


def _first_row(value: Any) -> tuple[float, ...]:
    """The first environment's numbers; proxies of Isaac Lab have their tensor in `.torch`."""
    tensor = getattr(value, "torch", value)
    return row_of(tensor[0]) if getattr(tensor, "ndim", 0) > 1 else row_of(tensor)
