"""What the observation functions and commands of manager-based tasks return: kind, unit, frame, elements.

Isaac Lab and mjlab share the names of these functions, so a term is known by the name of its function. A
function that is not listed here gives a term of kind "state"; its details say which function it is.
"""

from __future__ import annotations

from dataclasses import dataclass

XYZ = ("x", "y", "z")
XYZW = ("qx", "qy", "qz", "qw")


@dataclass(frozen=True)
class Meaning:
    """What the numbers of one observation function are."""

    kind: str
    """One of landward.kinds.OBSERVATION_KINDS."""
    unit: str = "1"
    """Of every element; joints give their own (rad or m) where `joints` is set and the unit says rad."""
    frame: str = ""
    names: tuple[str, ...] = ()
    """Element names, where the function fixes them."""
    joints: bool = False
    """The elements are the joints that the term's `asset_cfg` selects."""
    reference: str = ""
    """The default that the function subtracts: "default_joint_pos" or "default_joint_vel"."""


UNKNOWN = Meaning("state")
OBSERVATIONS: dict[str, Meaning] = {
    "base_pos_z": Meaning("position", "m", "world", ("z",)),
    "base_lin_vel": Meaning("linear_velocity", "m/s", "base", XYZ),
    "base_ang_vel": Meaning("angular_velocity", "rad/s", "base", XYZ),
    "projected_gravity": Meaning("projected_gravity", "1", "base", XYZ),
    "root_pos_w": Meaning("position", "m", "environment origin", XYZ),
    # (x, y, z, w) in Isaac Lab 3: named elements, because the kind "orientation" promises (w, x, y, z)
    "root_quat_w": Meaning("state", "1", "world", XYZW),
    "root_lin_vel_w": Meaning("linear_velocity", "m/s", "world", XYZ),
    "root_ang_vel_w": Meaning("angular_velocity", "rad/s", "world", XYZ),
    "joint_pos": Meaning("joint_position", "rad", joints=True),
    "joint_pos_rel": Meaning("joint_position", "rad", joints=True, reference="default_joint_pos"),
    "joint_pos_limit_normalized": Meaning("state", "1", joints=True),
    "joint_vel": Meaning("joint_velocity", "rad/s", joints=True),
    "joint_vel_rel": Meaning("joint_velocity", "rad/s", joints=True, reference="default_joint_vel"),
    "joint_effort": Meaning("joint_effort", "N m", joints=True),
    "height_scan": Meaning("height_scan", "m", "base"),
    "imu_ang_vel": Meaning("angular_velocity", "rad/s", "imu", XYZ),
    "imu_lin_acc": Meaning("linear_acceleration", "m/s^2", "imu", XYZ),
    "imu_projected_gravity": Meaning("projected_gravity", "1", "imu", XYZ),
    "pva_projected_gravity": Meaning("projected_gravity", "1", "imu", XYZ),
    "pva_orientation": Meaning("state", "1", "world", XYZW),
    "last_action": Meaning("last_action"),
    "generated_commands": Meaning("command"),
    "current_time_s": Meaning("state", "s", names=("time",)),
    "remaining_time_s": Meaning("state", "s", names=("remaining_time",)),
    "foot_height": Meaning("foot_height", "m"),
    "foot_contact": Meaning("foot_contact"),
    "foot_contact_forces": Meaning("contact_force", "N"),
}
"""Name of an observation function -> what it returns."""

COMMAND_ELEMENTS = {
    "lin_vel_x": ("vx", "m/s"),
    "lin_vel_y": ("vy", "m/s"),
    "ang_vel_z": ("wz", "rad/s"),
    "x": ("x", "m"),
    "y": ("y", "m"),
    "z": ("z", "m"),
    "heading": ("heading", "rad"),
}
"""A command's element as Isaac Lab names it -> its name and unit here; others keep their name, unit "1"."""
COMMANDS: dict[str, tuple[str, ...]] = {
    "UniformVelocityCommand": ("lin_vel_x", "lin_vel_y", "ang_vel_z"),
    "NormalVelocityCommand": ("lin_vel_x", "lin_vel_y", "ang_vel_z"),
    "UniformPose2dCommand": ("x", "y", "z", "heading"),
    "TerrainBasedPose2dCommand": ("x", "y", "z", "heading"),
    "UniformPoseCommand": ("x", "y", "z", *XYZW),
}
"""Class of a command -> its elements, for libraries whose commands do not name them."""

JOINT_UNITS = {"rad": "m", "rad/s": "m/s", "N m": "N"}
"""Unit of a hinge -> that of a slide."""


def command_elements(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Element names and units of a command.

    Args:
        names: as the library has them.
    """
    known = [COMMAND_ELEMENTS.get(name, (name, "1")) for name in names]
    return tuple(name for name, _ in known), tuple(unit for _, unit in known)


def joint_units(unit: str, slides: tuple[bool, ...]) -> str | tuple[str, ...]:
    """The unit of a joint quantity: one for all, or one a joint where some are slides.

    Args:
        unit: of a hinge.
        slides: which joints are slides.
    """
    units = tuple(JOINT_UNITS.get(unit, unit) if slide else unit for slide in slides)
    return units if len(set(units)) > 1 else (units[0] if units else unit)
