"""Small sealed policies for Go1, and samples to feed them."""

import math
from dataclasses import replace

import numpy as np

from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from robots import get_robot
from tests.landward.onnx_models import mlp

GO1 = get_robot("go1")
JOINTS = GO1.joint_names
STANDING = np.array(GO1.default_joint_pos)
XYZ = ("x", "y", "z")

GYRO = ObservationTerm("gyro", "angular_velocity", (3,), unit="rad/s", frame="base", names=XYZ)
GRAVITY = ObservationTerm("gravity", "projected_gravity", (3,), frame="base", names=XYZ)
COMMAND = ObservationTerm(
    "command", "command", (3,), unit=("m/s", "m/s", "rad/s"), frame="base", names=("vx", "vy", "wz")
)
JOINT_POS = ObservationTerm("joint_pos", "joint_position", (12,), unit="rad", names=JOINTS)
JOINT_VEL = ObservationTerm("joint_vel", "joint_velocity", (12,), unit="rad/s", names=JOINTS)
LAST_ACTION = ObservationTerm("last_action", "last_action", (12,), names=JOINTS)
TARGET = ActionTerm(
    "target",
    "joint_position_target",
    (12,),
    names=JOINTS,
    unit="rad",
    limits=GO1.joint_limits,
    stiffness=GO1.stiffness,
    damping=GO1.damping,
    effort_limit=GO1.effort_limit,
)


def go1_spec(*terms, **changes):
    """A spec with all inputs that a legged robot measures, or with the given ones."""
    terms = terms or (GYRO, GRAVITY, COMMAND, JOINT_POS, JOINT_VEL, LAST_ACTION)
    return replace(PolicySpec("go1-test", "go1", 0.02, {"policy": terms}, (TARGET,)), **changes)


def write_policy(path, spec=None, hidden=(16,)):
    """A small network with random weights, sealed; the path."""
    path.write_bytes(mlp(spec or go1_spec(), hidden))
    return path


def upright(yaw=0.0):
    """Quaternion (w, x, y, z) of a level robot."""
    return np.array((math.cos(yaw / 2), 0.0, 0.0, math.sin(yaw / 2)))
