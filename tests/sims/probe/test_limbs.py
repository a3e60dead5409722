"""The limbs that the URDF gives, and what their orders are called."""

import numpy as np

from robots import get_robot
from sims.probe.conventions import AS_DECLARED, conventions, written_as
from sims.probe.limbs import known_orders, limb_name, limbs
from tests.sims.planted import BREADTH_FIRST, SWAP

GO1 = get_robot("go1")
DEFAULT = np.array(GO1.default_joint_pos)


def test_limbs_of_the_robots():
    assert limbs(GO1) == ((0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11))
    assert [limb_name(GO1, limb) for limb in limbs(GO1)] == ["FR_*", "FL_*", "RR_*", "RL_*"]
    solo = get_robot("solo12")
    assert [limb_name(solo, limb) for limb in limbs(solo)] == ["FL_*", "FR_*", "HR_*", "HL_*"]


def test_every_order_of_four_legs_depth_first_and_breadth_first():
    orders = known_orders(GO1)
    assert len({order.joints for order in orders}) == len(orders) == 2 * 24 - 1
    by_joints = {order.joints: order.phrase for order in orders}
    assert by_joints[tuple(SWAP)] == "joints FR_* and FL_* are swapped"
    assert by_joints[(3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8)] == (
        "joints FR_* and FL_*, and RR_* and RL_* are swapped"
    )
    assert by_joints[(3, 4, 5, 6, 7, 8, 0, 1, 2, 9, 10, 11)] == (
        "legs are in the order FL_*, RR_*, FR_*, RL_* instead of FR_*, FL_*, RR_*, RL_*"
    )
    assert by_joints[tuple(BREADTH_FIRST)].startswith(
        "joint order is breadth-first: FL_hip_joint, FR_hip_joint"
    )
    assert (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) not in by_joints


def test_what_is_written_in_a_convention_is_read_back():
    values = np.arange(24.0).reshape(2, 12)
    for convention in conventions(GO1):
        np.testing.assert_allclose(convention.read(convention.write(values)), values, atol=1e-9)


def test_the_convention_of_values_is_found():
    random = np.random.default_rng(0)
    true = DEFAULT + random.uniform(-0.3, 0.3, (3, 12))
    known = conventions(GO1)
    assert written_as(true, true, known, 1e-3).name == AS_DECLARED
    assert written_as(true[:, SWAP], true, known, 1e-3).phrase == "joints FR_* and FL_* are swapped"
    assert written_as(np.rad2deg(true), true, known, 1e-3).name == "degrees"
    assert written_as(true - DEFAULT, true, known, 1e-3).name == "relative to the default pose"
    assert written_as(true - DEFAULT, true, known, 1e-3, rates=True) is None
    assert written_as(true + 0.1, true, known, 1e-3) is None
