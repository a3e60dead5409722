"""What a fault does to a message: pure functions on anything with the fields of a JointState or an Imu."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from landward.constraint import Constraint
from landward_faults.kinds import Fault, FaultError
from robots.robot import Robot

_BAD = (math.nan, math.inf, -math.inf)
_FIELDS = ("position", "velocity", "effort")
_NS = 1_000_000_000
VIOLATE = "violate"
"""Action of a measurement beyond a constraint of the policy and within all limits of the robot."""
_ROOM = 1.5
"""Share of the way to the torque limit that a joint must have: it follows while the target is far."""


class Stream:
    """What an alteration knows beside the message: the robot, and what came before the fault."""

    def __init__(self, robot: Robot, control_period: float, constraints: tuple[Constraint, ...] = ()) -> None:
        self.robot = robot
        self.control_period = control_period
        self.constraints = {constraint.name: constraint for constraint in constraints}
        self.begin()

    def begin(self) -> None:
        """Forget the messages of the last trial."""
        self.last_ns = 0
        """Stamp of the last message before the fault [ns]; 0 before the first."""
        self.last_position: dict[str, float] = {}
        """Targets of the last command before the fault, by joint [rad]."""
        self.number = 0
        """Messages affected so far."""


def alter(message: Any, fault: Fault, stream: Stream) -> None:
    """Do to this message what the fault does.

    Raises:
        FaultError: the fault's action is none on messages.
    """
    action, _, argument = fault.kind.action.partition(".")
    if action == VIOLATE:
        _violate(message, fault, stream, stream.constraints[argument])
    elif action in ALTERATIONS:
        ALTERATIONS[action](message, fault, stream)
    else:
        raise FaultError(f"the action {fault.kind.action!r} of {fault.kind.name} does not alter messages")


def stamp_ns(message: Any) -> int:
    """The stamp of a message [ns]."""
    return message.header.stamp.sec * _NS + message.header.stamp.nanosec


def set_stamp(message: Any, ns: int) -> None:
    """Stamp a message [ns]; a time before 0 is 0."""
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(max(0, ns), _NS)


def _age(message: Any, fault: Fault, stream: Stream) -> None:
    set_stamp(message, stamp_ns(message) - round(fault.values["age"] * _NS))


def _freeze_stamp(message: Any, fault: Fault, stream: Stream) -> None:
    set_stamp(message, stream.last_ns)


def _reorder(message: Any, fault: Fault, stream: Stream) -> None:
    set_stamp(message, stream.last_ns - round(fault.values["back"] * _NS))


def _joint_nan(message: Any, fault: Fault, stream: Stream) -> None:
    _put(message, _FIELDS[fault.pick("field", 3)], fault, _BAD[fault.pick("value", 3)])


def _imu_nan(message: Any, fault: Fault, stream: Stream) -> None:
    part, axis = (
        ("orientation", "w"),
        ("orientation", "x"),
        ("orientation", "y"),
        ("orientation", "z"),
        ("angular_velocity", "x"),
        ("angular_velocity", "y"),
        ("angular_velocity", "z"),
    )[fault.pick("field", 7)]
    setattr(getattr(message, part), axis, _BAD[fault.pick("value", 3)])


def _imu_zero(message: Any, fault: Fault, stream: Stream) -> None:
    for axis in "wxyz":
        setattr(message.orientation, axis, 0.0)


def _tilt(message: Any, fault: Fault, stream: Stream) -> None:
    """Lean about a horizontal axis, by an angle beyond the limit; at most upside down."""
    angle = min(stream.robot.safety.tilt + fault.values["excess"], math.pi)
    heading = fault.values["heading"]
    q = message.orientation
    q.w, q.z = math.cos(angle / 2), 0.0
    q.x, q.y = math.sin(angle / 2) * math.cos(heading), math.sin(angle / 2) * math.sin(heading)


def _drop_joint(message: Any, fault: Fault, stream: Stream) -> None:
    place = fault.pick("joint", len(message.name))
    for field in ("name", *_FIELDS):
        values = list(getattr(message, field))
        if values:
            del values[place]
            setattr(message, field, values)


def _rename_joint(message: Any, fault: Fault, stream: Stream) -> None:
    names = list(message.name)
    names[fault.pick("joint", len(names))] += "_2"
    message.name = names


def _repeat_joint(message: Any, fault: Fault, stream: Stream) -> None:
    """One joint's name in the place of the next one's."""
    names = list(message.name)
    place = fault.pick("joint", len(names))
    names[(place + 1) % len(names)] = names[place]
    message.name = names


def _cut_array(message: Any, fault: Fault, stream: Stream) -> None:
    field = _FIELDS[fault.pick("field", 3)]
    setattr(message, field, list(getattr(message, field))[:-1])


def _joint_position(message: Any, fault: Fault, stream: Stream) -> None:
    margin = stream.robot.safety.position_margin + fault.values["excess"]
    _put(message, "position", fault, _beyond(fault, stream, message, margin))


def _joint_velocity(message: Any, fault: Fault, stream: Stream) -> None:
    limit = stream.robot.safety.velocity[_robot_index(message, fault, stream)]
    _put(message, "velocity", fault, fault.sign() * limit * (1.0 + fault.values["excess"]))


def _joint_torque(message: Any, fault: Fault, stream: Stream) -> None:
    limit = stream.robot.safety.effort[_robot_index(message, fault, stream)]
    _put(message, "effort", fault, fault.sign() * limit * (1.0 + fault.values["excess"]))


def _violate(message: Any, fault: Fault, stream: Stream, constraint: Constraint) -> None:
    """Beyond the constraint's limit by a small share of it, so that the robot's own limits are kept."""
    field = {"joint_torque": "effort", "joint_vel": "velocity", "joint_pos": "position"}[constraint.reads]
    limits = constraint.limit if isinstance(constraint.limit, tuple) else (constraint.limit,)
    joint = fault.pick("joint", len(message.name))
    if constraint.elements:
        name = constraint.elements[fault.pick("joint", len(constraint.elements))]
        joint = list(message.name).index(name)
    limit = limits[fault.pick("joint", len(limits))]
    excess = constraint.dead_band + fault.values["excess"] * max(abs(limit), 0.1)
    value = {
        "abs": fault.sign() * (limit + excess),
        "upper": limit + excess,
        "lower": limit - excess,
    }[constraint.measure]
    values = list(getattr(message, field))
    values[joint] = value
    setattr(message, field, values)


def _target_beyond(message: Any, fault: Fault, stream: Stream) -> None:
    _put(message, "position", fault, _beyond(fault, stream, message, fault.values["excess"]))


def _target_jump(message: Any, fault: Fault, stream: Stream) -> None:
    _put(message, "position", fault, _moved(message, fault, stream, fault.values["factor"]))


def _target_far(message: Any, fault: Fault, stream: Stream) -> None:
    """As far from the last good target as twice the torque limit asks for, where a joint has the room."""
    robot = stream.robot
    rooms = []
    for index, (low, high) in enumerate(robot.joint_limits):
        start = stream.last_position[robot.joint_names[index]]
        room = high - start if high - start >= start - low else low - start
        needed = robot.safety.effort[index] / robot.stiffness[index]
        if abs(room) > _ROOM * needed:
            rooms.append((robot.joint_names[index], start + math.copysign(min(abs(room), 2 * needed), room)))
    if not rooms:
        raise FaultError(f"no joint of {robot.name} has the room for a target beyond its torque")
    name, target = rooms[fault.pick("joint", len(rooms))]
    values = list(message.position)
    values[list(message.name).index(name)] = target
    message.position = values


def _target_nan(message: Any, fault: Fault, stream: Stream) -> None:
    _put(message, "position", fault, _BAD[fault.pick("value", 3)])


def _moved(message: Any, fault: Fault, stream: Stream, periods: float) -> float:
    """The last good target, moved at full rate for so many periods, to where there is more room [rad]."""
    index = _robot_index(message, fault, stream)
    low, high = stream.robot.joint_limits[index]
    start = stream.last_position[stream.robot.joint_names[index]]
    step = periods * stream.robot.safety.target_rate[index] * stream.control_period
    target = start + step if high - start >= start - low else start - step
    return min(max(target, low), high)


def _beyond(fault: Fault, stream: Stream, message: Any, distance: float) -> float:
    low, high = stream.robot.joint_limits[_robot_index(message, fault, stream)]
    return high + distance if fault.sign() > 0 else low - distance


def _robot_index(message: Any, fault: Fault, stream: Stream) -> int:
    """Place in the robot's order of the joint that the fault acts on."""
    return stream.robot.joint_names.index(message.name[fault.pick("joint", len(message.name))])


def _put(message: Any, field: str, fault: Fault, value: float) -> None:
    values = list(getattr(message, field))
    values[fault.pick("joint", len(values))] = value
    setattr(message, field, values)


ALTERATIONS: dict[str, Callable[[Any, Fault, Stream], None]] = {
    "age": _age,
    "freeze_stamp": _freeze_stamp,
    "reorder": _reorder,
    "joint_nan": _joint_nan,
    "imu_nan": _imu_nan,
    "imu_zero": _imu_zero,
    "tilt": _tilt,
    "drop_joint": _drop_joint,
    "rename_joint": _rename_joint,
    "repeat_joint": _repeat_joint,
    "cut_array": _cut_array,
    "joint_position": _joint_position,
    "joint_velocity": _joint_velocity,
    "joint_torque": _joint_torque,
    "target_beyond": _target_beyond,
    "target_jump": _target_jump,
    "target_far": _target_far,
    "target_nan": _target_nan,
}
"""Action of a kind -> what it does to a message."""
