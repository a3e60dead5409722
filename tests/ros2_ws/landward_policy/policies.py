"""Small sealed policies for Go1, and samples to feed them."""

import math
from dataclasses import replace

import numpy as np

from landward.spec import PolicySpec
from robots import get_robot
from tests.landward.onnx_models import mlp
from tests.robots.go1_terms import (
    COMMAND,
    GRAVITY,
    GYRO,
    JOINT_POS,
    JOINT_VEL,
    LAST_ACTION,
    TARGET,
)

GO1 = get_robot("go1")
STANDING = np.array(GO1.default_joint_pos)


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
