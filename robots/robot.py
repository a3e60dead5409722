"""The declaration of a robot: joints, limits, gains, contact shapes, and where each number is from."""

from __future__ import annotations

import math
import site
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType

from landward.errors import MissingDependencyError, SpecError
from landward.registry import Registry
from robots import safety as limits
from robots.safety import Safety

_PER_JOINT = (
    "default_joint_pos",
    "joint_limits",
    "stiffness",
    "damping",
    "effort_limit",
    "velocity_limit",
    "saturation_effort",
    "armature",
    "joint_damping",
    "joint_friction",
)


@dataclass(frozen=True)
class Shape:
    """A primitive rigidly attached to a link, for contact and for drawing."""

    link: str
    """Link of the URDF it belongs to."""
    kind: str
    """sphere, box, capsule or cylinder."""
    size: tuple[float, ...]
    """Radius; or half lengths x, y, z; or radius and half length [m]."""
    pos: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Centre in the link frame [m]."""
    euler: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Roll, pitch, yaw in the link frame, fixed axes x, y, z (URDF's rpy) [rad]."""
    collides: bool = True
    """False: drawn only."""


@dataclass(frozen=True)
class Robot:
    """What simulator, policy and driver must agree on. Joint tuples follow `joint_names`."""

    name: str
    """Name in the registry, in specs and on the command line."""
    title: str
    """Maker and model, for people."""
    joint_names: tuple[str, ...]
    """Actuated joints in the order that policies use."""
    default_joint_pos: tuple[float, ...]
    """Standing pose, the zero of the action [rad]."""
    joint_limits: tuple[tuple[float, float], ...]
    """Lower and upper position limit [rad]."""
    stiffness: tuple[float, ...]
    """Proportional gain of the joint controller [N m/rad]."""
    damping: tuple[float, ...]
    """Derivative gain of the joint controller [N m s/rad]."""
    effort_limit: tuple[float, ...]
    """Largest torque at the joint [N m]."""
    velocity_limit: tuple[float, ...]
    """No-load speed of the joint [rad/s]."""
    saturation_effort: tuple[float, ...]
    """Stall torque of the DC-motor model, where the torque-speed line meets zero speed [N m]."""
    armature: tuple[float, ...]
    """Rotor inertia seen at the joint [kg m^2]."""
    joint_damping: tuple[float, ...]
    """Viscous friction [N m s/rad]."""
    joint_friction: tuple[float, ...]
    """Dry friction [N m]."""
    base: str
    """Root link; the IMU's frame is parallel to it (x forward, y left, z up)."""
    feet: tuple[Shape, ...]
    """One contact shape a foot, in the order that policies and rewards use."""
    foot_names: tuple[str, ...]
    """Names of the feet, in the order of `feet`."""
    diagonals: tuple[tuple[str, str], ...]
    """Pairs of feet that swing together in a trot; empty for a robot that does not trot."""
    bodies: tuple[Shape, ...]
    """Contact shapes other than feet."""
    watched: tuple[str, ...]
    """Links whose contact with the world is measured and may end an episode."""
    standing_height: float
    """Height of the base origin above flat ground in the default pose [m]."""
    fall_height: float
    """Base origin below this height above the ground counts as a fall [m]."""
    latency: tuple[float, float]
    """Shortest and longest delay from command to torque [s]."""
    safety: Safety
    """What the monitor enforces on the real robot, and the drive's safe state."""
    mirror_joints: tuple[tuple[str, str, float], ...]
    """Left-right mirror: (joint, its mirror image, sign of the angle)."""
    mirror_feet: tuple[tuple[str, str], ...]
    """Left-right mirror: (foot, its mirror image)."""
    urdf: str
    """Path of the URDF below the robots folder of the wheel `example-robot-data`."""
    control_period: float = 0.02
    """Time between two commands of a policy [s]."""
    urdf_compiler: tuple[tuple[str, str], ...] = ()
    """Extra attributes of MuJoCo's compiler that this URDF needs."""
    meshes: bool = False
    """Whether the URDF's visual meshes are in a format that MuJoCo draws (STL, OBJ)."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Field name, or "safety." and a field of it -> where its numbers come from."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", MappingProxyType(dict(self.sources)))
        for name in _PER_JOINT:
            values = getattr(self, name)
            if len(values) != len(self.joint_names):
                raise SpecError(
                    f"robot {self.name}: {name} has {len(values)} entries for {len(self.joint_names)} joints"
                )
        for name, q, (low, high) in zip(
            self.joint_names, self.default_joint_pos, self.joint_limits, strict=True
        ):
            if not low <= q <= high:
                raise SpecError(
                    f"robot {self.name}: default position {q} of {name} is outside [{low}, {high}] rad"
                )
        if len(self.feet) != len(self.foot_names):
            raise SpecError(f"robot {self.name}: {len(self.feet)} feet but {len(self.foot_names)} foot names")
        self._check_mirror()
        self._check_safety()
        numbers = [f.name for f in fields(self) if f.name in _PER_JOINT]
        numbers += [f"safety.{f.name}" for f in fields(Safety)]
        unsourced = [name for name in numbers if name not in self.sources]
        if unsourced:
            raise SpecError(
                f"robot {self.name}: say in `sources` where these numbers are from: {', '.join(unsourced)}"
            )

    def _check_mirror(self) -> None:
        images = {joint: (image, sign) for joint, image, sign in self.mirror_joints}
        if sorted(images) != sorted(self.joint_names):
            raise SpecError(f"robot {self.name}: mirror_joints must name each joint once")
        for joint, (image, sign) in images.items():
            if images.get(image) != (joint, sign) or not math.isclose(abs(sign), 1.0):
                raise SpecError(f"robot {self.name}: mirroring {joint} twice does not give {joint} back")

    def _check_safety(self) -> None:
        for name in limits.PER_JOINT:
            count = len(getattr(self.safety, name))
            if count != len(self.joint_names):
                raise SpecError(
                    f"robot {self.name}: safety.{name} has {count} entries for {len(self.joint_names)} joints"
                )
        if not 0.0 < self.control_period < math.inf:
            raise SpecError(
                f"robot {self.name}: control_period must be positive, got {self.control_period} s"
            )

    @property
    def diagonal_indices(self) -> tuple[tuple[int, int], ...]:
        """`diagonals` as indices into `foot_names`."""
        index = self.foot_names.index
        return tuple((index(a), index(b)) for a, b in self.diagonals)

    @property
    def mirror(self) -> dict[str, tuple[str, float]]:
        """Joint name -> (mirrored joint, sign)."""
        return {joint: (image, sign) for joint, image, sign in self.mirror_joints}

    @property
    def urdf_path(self) -> Path:
        """The URDF on this machine.

        Raises:
            MissingDependencyError: the wheel that ships it is not installed.
        """
        path = robot_data_root() / self.urdf
        if not path.is_file():
            raise MissingDependencyError(
                "example-robot-data", "sim", f"the model of {self.name} ({self.urdf})"
            )
        return path


def robot_data_root() -> Path:
    """The folder of robot descriptions inside the installed wheel `example-robot-data` (BSD-3-Clause)."""
    for root in dict.fromkeys([*sys.path, *site.getsitepackages()]):
        path = Path(root) / "cmeel.prefix" / "share" / "example-robot-data" / "robots"
        if path.is_dir():
            return path
    raise MissingDependencyError("example-robot-data", "sim", "the robots' URDF files")


_ROBOTS: Registry[Robot] = Registry("robot", "landward.robots")


def register_robot(robot: Robot) -> Robot:
    """Make a robot known under its name; a duplicate name raises RegistryError."""
    _ROBOTS.register(robot.name, robot)
    return robot


def get_robot(name: str) -> Robot:
    """The robot of that name.

    Raises:
        RegistryError: no such robot; the message lists the closest names.
    """
    return _ROBOTS.get(name)


def robot_names() -> list[str]:
    """Names of all robots, those of plugins included."""
    return _ROBOTS.names()
