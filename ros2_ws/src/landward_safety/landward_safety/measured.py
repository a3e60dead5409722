"""The entries of the training state that a robot measures, computed as training computes them.

=====================  ================================================================================
joint_pos, joint_vel   joint_states, position [rad] and velocity [rad/s]
joint_torque           joint_states, effort [N m]
joint_acc              change of the measured velocity over the last control period [rad/s^2]
default_joint_pos      from the robot's declaration [rad]
projected_gravity_b    unit gravity direction in the body frame, from the IMU's orientation
root_ang_vel_b         IMU, angular velocity [rad/s]
tilt                   sine of the angle between the body's z axis and the vertical
upside_down            whether gravity points out of the robot's back
action                 (target - offset) / scale of the policy's command
action_rate            change of `action` from one command to the next, over the control period [1/s]
=====================  ================================================================================

Joints are in the order of the policy's action, which a constraint with one limit a joint refers to. An action
beyond its clip or its joint limits is measured as what is left of it in the target.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from landward.errors import SpecError
from landward.spec import ActionTerm, PolicySpec
from landward_ros.samples import ImuSample, JointSample
from robots.robot import Robot

JOINTS = frozenset(("joint_pos", "joint_vel", "joint_torque", "joint_acc"))
"""Entries that joint_states brings."""
IMU = frozenset(("projected_gravity_b", "root_ang_vel_b", "tilt", "upside_down"))
"""Entries that imu/data brings."""
COMMAND = frozenset(("action", "action_rate"))
"""Entries that the policy's command brings."""
CONSTANT = frozenset(("default_joint_pos",))
MEASURED = JOINTS | IMU | COMMAND | CONSTANT

_EARLY = 1e-3
"""A sample this much younger than a control period still counts as one period old: stamps jitter [s]."""
_GAP = 1.5
"""Control periods after which an old velocity says nothing about the acceleration now."""


def position_action(spec: PolicySpec, robot: Robot) -> ActionTerm:
    """The policy's one joint position target.

    Raises:
        SpecError: it has another number of them, its joints are not the robot's, or a scale is 0.
    """
    terms = [term for term in spec.actions if term.kind == "joint_position_target"]
    if len(terms) != 1 or len(spec.actions) != 1:
        kinds = ", ".join(f"{term.name} ({term.kind})" for term in spec.actions)
        raise SpecError(
            f"policy {spec.task}: the monitor bounds one joint_position_target, this policy commands {kinds}"
        )
    if sorted(terms[0].names) != sorted(robot.joint_names):
        raise SpecError(
            f"policy {spec.task}: {terms[0].name} moves {', '.join(terms[0].names)}; robot {robot.name} has "
            f"{', '.join(robot.joint_names)}"
        )
    if not np.all(terms[0].scale):
        raise SpecError(f"policy {spec.task}: {terms[0].name} has a scale of 0, so its action is unknown")
    return terms[0]


class MeasuredState:
    """Named arrays of one robot, (1, k) each, as `landward.constraint.Constraint` reads them.

    Args:
        spec: of the policy.
        robot: its declaration; samples are in its joint order.
        control_period: time between two commands [s].

    Raises:
        SpecError: the policy does not command joint positions of this robot.
    """

    def __init__(self, spec: PolicySpec, robot: Robot, control_period: float) -> None:
        term = position_action(spec, robot)
        self.period = control_period
        """Time between two commands [s]."""
        self._order = np.array([robot.joint_names.index(name) for name in term.names], dtype=np.intp)
        self._offset = np.broadcast_to(np.array(term.offset, dtype=np.float64), term.shape)
        self._scale = np.broadcast_to(np.array(term.scale, dtype=np.float64), term.shape)
        self._default = np.array(robot.default_joint_pos)[self._order]
        self.names = {entry: term.names for entry in JOINTS | COMMAND | CONSTANT}
        """Entry -> names of its elements."""
        self.reset()

    def reset(self) -> None:
        """Forget every measurement."""
        self.entries: dict[str, np.ndarray] = {"default_joint_pos": self._default[None]}
        self._velocities: deque[tuple[float, np.ndarray]] = deque()

    def joints(self, sample: JointSample) -> None:
        """Take measured joints; `joint_acc` appears once a control period of them is there."""
        velocity = sample.velocity[self._order]
        self.entries["joint_pos"] = sample.position[self._order][None]
        self.entries["joint_vel"] = velocity[None]
        self.entries["joint_torque"] = sample.effort[self._order][None]
        self._velocities.append((sample.stamp, velocity))
        self._differentiate()

    def imu(self, sample: ImuSample) -> None:
        """Take the IMU."""
        gravity = sample.gravity
        self.entries["projected_gravity_b"] = gravity[None]
        self.entries["root_ang_vel_b"] = sample.angular_velocity[None]
        self.entries["tilt"] = np.array([np.hypot(gravity[0], gravity[1])])
        self.entries["upside_down"] = gravity[2:] > 0.0

    def command(self, target: np.ndarray) -> None:
        """Take the policy's target, before any clamp; `action_rate` appears with the second one."""
        action = ((target[self._order] - self._offset) / self._scale)[None]
        before = self.entries.get("action")
        if before is not None:
            self.entries["action_rate"] = (action - before) / self.period
        self.entries["action"] = action

    def _differentiate(self) -> None:
        velocities = self._velocities
        stamp, velocity = velocities[-1]
        self.entries.pop("joint_acc", None)
        # The oldest kept sample is the newest that is a control period old.
        while len(velocities) > 1 and stamp - velocities[1][0] >= self.period - _EARLY:
            velocities.popleft()
        elapsed = stamp - velocities[0][0]
        if self.period - _EARLY <= elapsed <= _GAP * self.period:
            self.entries["joint_acc"] = ((velocity - velocities[0][1]) / elapsed)[None]
