"""A scene of mjlab as the manager-based spec asks for it: joints, default poses, gains, commands by name."""

from __future__ import annotations

from typing import Any

from landward.errors import SpecError
from sims.manager_based.meaning import COMMANDS, XYZ, Meaning
from sims.manager_based.numbers import common_row, row_of
from sims.manager_based.observations import FLOAT32_MAX, function_name, known_meaning
from sims.manager_based.scene import Gains, Joints

ROBOT = "robot"
"""What tasks call their robot, where they have one of that name."""
UNNAMED = "MuJoCo Model"
"""What MuJoCo calls a model without a name."""

SENSORS = {
    "gyro": Meaning("angular_velocity", "rad/s", "imu", XYZ),
    "velocimeter": Meaning("linear_velocity", "m/s", "imu", XYZ),
    "accelerometer": Meaning("linear_acceleration", "m/s^2", "imu", XYZ),
    "framelinvel": Meaning("linear_velocity", "m/s", "world", XYZ),
    "frameangvel": Meaning("angular_velocity", "rad/s", "world", XYZ),
    "framepos": Meaning("position", "m", "world", XYZ),
}
"""Kind of a sensor of MuJoCo (mjSENS_GYRO) -> what it measures; the first three, in their site's frame."""

OWN = {"foot_contact_forces": Meaning("contact_force", "1")}
"""Observation functions that return something else than Isaac Lab's of that name: sign(f) log(1 + |f|)."""


class MjlabScene:
    """Answers from the live scene, in MuJoCo's joint order."""

    def __init__(self, env: Any) -> None:
        """Look at an environment's scene.

        Args:
            env: mjlab's environment, made.
        """
        self._env = env

    def joints(self, entity: Any) -> Joints:
        """See `sims.manager_based.scene.Scene`."""
        every, ids = self._env.scene[entity.name].joint_names, entity.joint_ids
        names = every[ids] if isinstance(ids, slice) else [every[int(index)] for index in row_of(ids)]
        return self.named_joints(entity.name, tuple(names))

    def named_joints(self, asset: str, names: tuple[str, ...]) -> Joints:
        """See `sims.manager_based.scene.Scene`."""
        robot = self._env.scene[asset]
        index = [robot.joint_names.index(name) for name in names]
        return Joints(
            names,
            tuple(self._is_slide(robot, number) for number in index),
            common_row(robot.data.default_joint_pos[:, index]),
            common_row(robot.data.default_joint_vel[:, index]),
        )

    def gains(self, asset: str, names: tuple[str, ...]) -> Gains:
        """See `sims.manager_based.scene.Scene`; nominal ones, where they are randomised."""
        found: dict[str, tuple[float, float, float]] = {}
        for actuator in self._env.scene[asset].actuators:
            stiffness, damping = (getattr(actuator.cfg, name, None) for name in ("stiffness", "damping"))
            limit = getattr(actuator.cfg, "effort_limit", None)
            if stiffness is None or damping is None:
                continue
            limit = FLOAT32_MAX if limit is None else min(float(limit), FLOAT32_MAX)
            found |= dict.fromkeys(actuator.target_names, (float(stiffness), float(damping), limit))
        if any(name not in found for name in names):
            return Gains()
        return Gains(*zip(*(found[name] for name in names), strict=True))

    def command(self, name: str) -> tuple[str, ...]:
        """See `sims.manager_based.scene.Scene`."""
        return COMMANDS.get(type(self._env.command_manager.get_term(name)).__name__, ())

    def meaning(self, cfg: Any) -> Meaning:
        """What an observation term returns; one that reads a sensor of MuJoCo returns what that measures."""
        function = function_name(cfg.func)
        if function == "builtin_sensor":
            import mujoco

            sensor = self._env.sim.mj_model.sensor(cfg.params["sensor_name"])
            kind = mujoco.mjtSensor(int(sensor.type[0])).name
            return SENSORS.get(kind.removeprefix("mjSENS_").lower(), known_meaning(cfg))
        return OWN.get(function) or known_meaning(cfg)

    def _is_slide(self, robot: Any, number: int) -> bool:
        import mujoco

        joint = int(robot.indexing.joint_ids[number])
        return int(self._env.sim.mj_model.jnt_type[joint]) == int(mujoco.mjtJoint.mjJNT_SLIDE)


def embodiment(env: Any) -> str:
    """A name for the robot: that of its MJCF, such as "go1", else what the scene calls it."""
    name, robot = main_robot(env)
    model = str(robot.spec.modelname or "")
    return name if model in ("", UNNAMED) else model


def main_robot(env: Any) -> tuple[str, Any]:
    """Name and entity of a task's robot: the one called "robot", else the first that is articulated.

    Raises:
        SpecError: nothing in the scene has joints.
    """
    entities = dict(env.scene.entities)
    if ROBOT in entities:
        return ROBOT, entities[ROBOT]
    for name, entity in entities.items():
        if entity.is_articulated:
            return name, entity
    raise SpecError(
        f"nothing in the scene has joints ({', '.join(entities) or 'it is empty'}): there is no robot"
    )
