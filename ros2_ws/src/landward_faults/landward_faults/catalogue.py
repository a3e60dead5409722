"""The catalogue: every kind of fault of the campaign, its random ranges, and what must come of it."""

from __future__ import annotations

import math
from collections.abc import Iterable

from landward.constraint import Constraint
from landward_faults.kinds import (
    CLAMPED,
    CLOCK,
    COMMAND,
    IMU,
    JOINTS,
    OPERATOR,
    PASSED,
    PROCESS,
    ROBOT,
    Kind,
)
from robots.robot import Robot

_UNIT = (0.0, 1.0)
"""Of a parameter that picks one of several: a joint, a field, a sign."""
_COUNT = (1.0, 9.0)
_SILENT = ("sensor_silent", "sensor_stale")
_OLD = ("sensor_stale", "sensor_out_of_order")
_ORDER = ("sensor_out_of_order", "sensor_stale")
_NAN = ("sensor_nan", "sensor_mismatch")
_MISMATCH = ("sensor_mismatch",)
_ONE_JOINT = {"joint": _UNIT, "count": _COUNT}
_BEYOND = {"joint": _UNIT, "sign": _UNIT, "count": _COUNT}
MARGIN = 0.1
"""Share that the monitor grants to noise where velocity and torque are measured."""
_EXCESS = (MARGIN + 0.02, 1.0)
"""Share by which a measurement is beyond its limit."""
SOFT_GRACE = 0.2
"""The monitor's patience with a soft constraint [s]."""
DEADMAN_TIMEOUT = 0.2
"""After so long without a word of it, the dead man's switch counts as released [s]."""

SENSOR_KINDS = (
    Kind("joints_silent", "joint_states stops", (JOINTS,), "silence", _SILENT),
    Kind("imu_silent", "imu/data stops", (IMU,), "silence", _SILENT),
    Kind("sensors_silent", "joint_states and imu/data stop", (JOINTS, IMU), "silence", _SILENT),
    Kind(
        "joints_delayed",
        "joint_states comes late",
        (JOINTS,),
        "hold",
        _SILENT,
        ranges={"delay": (0.025, 0.2)},
    ),
    Kind("imu_delayed", "imu/data comes late", (IMU,), "hold", _SILENT, ranges={"delay": (0.025, 0.2)}),
    Kind("joints_stale", "joint_states with old stamps", (JOINTS,), "age", _OLD, ranges={"age": (0.03, 1.0)}),
    Kind("imu_stale", "imu/data with old stamps", (IMU,), "age", _OLD, ranges={"age": (0.03, 1.0)}),
    Kind(
        "joints_future", "joint_states of the future", (JOINTS,), "age", _OLD, ranges={"age": (-1.0, -0.03)}
    ),
    Kind("imu_future", "imu/data of the future", (IMU,), "age", _OLD, ranges={"age": (-1.0, -0.03)}),
    Kind("joints_frozen", "the stamp of joint_states stands still", (JOINTS,), "freeze_stamp", _SILENT),
    Kind("imu_frozen", "the stamp of imu/data stands still", (IMU,), "freeze_stamp", _SILENT),
    Kind(
        "joints_out_of_order",
        "a joint_states from before the last one",
        (JOINTS,),
        "reorder",
        _ORDER,
        ranges={"back": (0.0005, 0.1), "count": _COUNT},
    ),
    Kind(
        "imu_out_of_order",
        "an imu/data from before the last one",
        (IMU,),
        "reorder",
        _ORDER,
        ranges={"back": (0.0005, 0.1), "count": _COUNT},
    ),
    Kind(
        "joints_nan",
        "NaN or infinity in a position, velocity or effort",
        (JOINTS,),
        "joint_nan",
        ("sensor_nan",),
        ranges=_ONE_JOINT | {"field": _UNIT, "value": _UNIT},
    ),
    Kind(
        "imu_nan",
        "NaN or infinity in orientation or angular velocity",
        (IMU,),
        "imu_nan",
        _NAN,
        ranges={"field": _UNIT, "value": _UNIT, "count": _COUNT},
    ),
    Kind("imu_zero", "a quaternion of zeros", (IMU,), "imu_zero", _MISMATCH, ranges={"count": _COUNT}),
    Kind("joints_missing", "a joint is missing", (JOINTS,), "drop_joint", _MISMATCH, ranges=_ONE_JOINT),
    Kind(
        "joints_renamed", "a joint has another name", (JOINTS,), "rename_joint", _MISMATCH, ranges=_ONE_JOINT
    ),
    Kind("joints_twice", "a joint is there twice", (JOINTS,), "repeat_joint", _MISMATCH, ranges=_ONE_JOINT),
    Kind(
        "joints_cut",
        "an array is shorter than the names",
        (JOINTS,),
        "cut_array",
        _MISMATCH,
        ranges={"field": _UNIT, "count": _COUNT},
    ),
    Kind(
        "joint_position",
        "a joint beyond its limit",
        (JOINTS,),
        "joint_position",
        ("joint_position",),
        ranges=_BEYOND | {"excess": (0.02, 1.0)},
    ),
    Kind(
        "joint_velocity",
        "a joint faster than its limit",
        (JOINTS,),
        "joint_velocity",
        ("joint_velocity",),
        ranges=_BEYOND | {"excess": _EXCESS},
    ),
    Kind(
        "joint_torque",
        "a joint torque beyond its limit",
        (JOINTS,),
        "joint_torque",
        ("joint_torque",),
        ranges=_BEYOND | {"excess": _EXCESS},
    ),
    Kind(
        "imu_tilt",
        "the robot leans too far",
        (IMU,),
        "tilt",
        ("tilt",),
        ranges={"excess": (0.02, 1.0), "heading": (-math.pi, math.pi), "count": _COUNT},
    ),
)

COMMAND_KINDS = (
    Kind(
        "command_beyond_limits",
        "a target beyond the joint's limit",
        (COMMAND,),
        "target_beyond",
        ("clamped.position",),
        CLAMPED,
        ranges={"joint": _UNIT, "sign": _UNIT, "excess": (0.01, 3.0), "count": (1.0, 4.0)},
    ),
    Kind(
        "command_jump",
        "a target that moves faster than the joint can",
        (COMMAND,),
        "target_jump",
        ("clamped.rate",),
        CLAMPED,
        ranges={"joint": _UNIT, "factor": (1.2, 2.0), "count": (1.0, 4.0)},
    ),
    Kind(
        "command_torque",
        "a target that asks for too much torque",
        (COMMAND,),
        "target_far",
        ("clamped.torque", "command_torque"),
        CLAMPED,
        ranges={"joint": _UNIT, "count": (6.0, 11.0)},
    ),
    Kind(
        "command_nan",
        "NaN or infinity in a target",
        (COMMAND,),
        "target_nan",
        ("command_nan",),
        ranges=_ONE_JOINT | {"value": _UNIT},
    ),
    Kind(
        "command_out_of_order",
        "a command from before the last one",
        (COMMAND,),
        "reorder",
        ("command_out_of_order", "command_stale"),
        ranges={"back": (0.0005, 0.1), "count": _COUNT},
    ),
    Kind(
        "command_stale",
        "commands that answer old measurements",
        (COMMAND,),
        "age",
        ("command_stale", "command_out_of_order"),
        ranges={"age": (0.1, 1.0)},
    ),
    Kind(
        "command_future",
        "commands that answer measurements of the future",
        (COMMAND,),
        "age",
        ("command_stale",),
        ranges={"age": (-1.0, -0.05)},
    ),
    Kind(
        "command_missing",
        "a joint is missing in the command",
        (COMMAND,),
        "drop_joint",
        ("command_mismatch",),
        ranges=_ONE_JOINT,
    ),
    Kind(
        "command_renamed",
        "a joint of the command has another name",
        (COMMAND,),
        "rename_joint",
        ("command_mismatch",),
        ranges=_ONE_JOINT,
    ),
    Kind(
        "command_cut",
        "the command has too few targets",
        (COMMAND,),
        "cut_array",
        ("command_mismatch",),
        ranges={"field": (0.0, 0.0), "count": _COUNT},
    ),
    Kind(
        "command_late",
        "one command comes just before its deadline, or just after",
        (COMMAND,),
        "hold",
        ("late.command", "command_silent"),
        PASSED,
        ranges={"interval": (1.35, 1.45), "count": (1.0, 1.0)},
    ),
    Kind(
        "command_missed",
        "one command misses its deadline",
        (COMMAND,),
        "hold",
        ("command_silent",),
        ranges={"delay": (0.02, 0.1), "count": (1.0, 1.0)},
    ),
    Kind("command_silent", "the policy's commands stop", (COMMAND,), "silence", ("command_silent",)),
)

OTHER_KINDS = (
    Kind("deadman_released", "the dead man's switch is released", (OPERATOR,), "release", ("deadman",)),
    Kind(
        "deadman_silent",
        "the dead man's switch is not heard of",
        (OPERATOR,),
        "mute",
        ("deadman",),
        grace=DEADMAN_TIMEOUT,
    ),
    Kind("emergency_stop", "safety/stop is called", (OPERATOR,), "stop", ("stop",)),
    Kind(
        "clock_backwards",
        "the clock jumps back",
        (CLOCK,),
        "turn_back",
        ("clock",),
        ranges={"back": (0.05, 2.0)},
    ),
)

PROCESS_KINDS = (
    Kind("policy_killed", "SIGKILL to the policy", (PROCESS,), "kill.policy", ("command_silent",), bound=2.0),
    Kind(
        "policy_frozen", "SIGSTOP to the policy", (PROCESS,), "freeze.policy", ("command_silent",), bound=2.0
    ),
    Kind(
        "monitor_killed", "SIGKILL to the monitor", (PROCESS,), "kill.safety", ("command_lost",), ROBOT, 2.0
    ),
    Kind(
        "monitor_frozen", "SIGSTOP to the monitor", (PROCESS,), "freeze.safety", ("command_lost",), ROBOT, 2.0
    ),
    Kind("robot_killed", "SIGKILL to the robot's driver", (PROCESS,), "kill.twin", _SILENT, bound=2.0),
)

KINDS = SENSOR_KINDS + COMMAND_KINDS + OTHER_KINDS + PROCESS_KINDS

_MEASURED = {"joint_torque": "effort", "joint_vel": "velocity", "joint_pos": "position"}
"""State entry of a constraint -> the array of joint_states that it bounds."""
_VIOLATION = (0.01, 0.05)
"""Share by which a constraint is violated."""


def constraint_kinds(constraints: Iterable[Constraint], robot: Robot) -> tuple[Kind, ...]:
    """A kind for each constraint of a policy that is a plain bound on something in joint_states.

    Args:
        constraints: of the policy.
        robot: that it drives; a constraint beyond the robot's own limits, which act first, is left out.
    """
    return tuple(
        Kind(
            f"constraint_{constraint.name}",
            f"the policy's {constraint.kind} constraint {constraint.name} is violated",
            (JOINTS,),
            f"violate.{constraint.name}",
            (f"constraint.{constraint.name}",),
            grace=SOFT_GRACE if constraint.kind == "soft" else 0.0,
            ranges={"joint": _UNIT, "sign": _UNIT, "excess": _VIOLATION},
        )
        for constraint in constraints
        if _shows(constraint, robot)
    )


def _shows(constraint: Constraint, robot: Robot) -> bool:
    """Whether joint_states within the robot's limits can violate the constraint."""
    if constraint.reads not in _MEASURED or constraint.when or constraint.reference:
        return False
    field = _MEASURED[constraint.reads]
    if field == "position":
        return True
    limit = constraint.limit if isinstance(constraint.limit, tuple) else (constraint.limit,)
    violation = (1.0 + _VIOLATION[1]) * max(map(abs, limit)) + constraint.dead_band
    return violation < min(getattr(robot.safety, field)) * (1.0 + MARGIN)
