"""Accelerations fitted to velocities."""

import numpy as np
import pytest

from sims.carla.drive.ego import EgoMotion, derivative_weights

DELTA = 0.1


class Vector:
    def __init__(self, x=0.0, y=0.0, z=0.0):
        self.x, self.y, self.z = x, y, z


class Snapshot:
    """What EgoMotion asks a carla.ActorSnapshot for."""

    def __init__(self, yaw=0.0, vx=0.0, vy=0.0, x=0.0, y=0.0):
        pose = type("Pose", (), {})()
        pose.location = Vector(x, y, 0.3)
        pose.rotation = type("Rotation", (), {"yaw": np.degrees(yaw)})()
        self.pose, self.velocity = pose, Vector(vx, vy)

    def get_transform(self):
        return self.pose

    def get_velocity(self):
        return self.velocity


def drive(snapshots):
    motion = EgoMotion(DELTA)
    for snapshot in snapshots:
        ego = motion.read(snapshot, np.array([2.4, 1.0]), 0.0, (0.0, 0.0, 0.0))
    return ego


def test_weights_are_exact_for_quadratics():
    t = np.arange(8) * DELTA
    values = 3.0 + 2.0 * t + 5.0 * t**2
    assert derivative_weights(8, 1, DELTA) @ values == pytest.approx(2.0 + 10.0 * t[-1])
    assert derivative_weights(8, 2, DELTA) @ values == pytest.approx(10.0)


def test_constant_acceleration():
    ego = drive([Snapshot(vx=2.0 * DELTA * i) for i in range(20)])
    assert ego.acceleration == pytest.approx([2.0, 0.0], abs=1e-9)
    assert ego.jerk == pytest.approx([0.0, 0.0], abs=1e-8)


def test_constant_jerk():
    ego = drive([Snapshot(vx=0.5 * 3.0 * (DELTA * i) ** 2) for i in range(20)])
    assert ego.acceleration[0] == pytest.approx(3.0 * 1.9)
    assert ego.jerk[0] == pytest.approx(3.0)


def test_a_left_turn_has_positive_signs():
    """5 m/s with 0.4 rad/s to the left: CARLA's yaw falls, v^2 / r = v w points left."""
    yaw = -0.4 * DELTA * np.arange(40)
    ego = drive([Snapshot(a, 5.0 * np.cos(a), 5.0 * np.sin(a)) for a in yaw])
    assert ego.yaw_rate == pytest.approx(0.4)
    assert ego.acceleration == pytest.approx([0.0, 2.0], abs=0.05)
    assert ego.speed == pytest.approx(5.0)


def test_yaw_that_wraps_is_no_turn():
    ego = drive([Snapshot(np.pi - 0.001 + 0.002 * (i % 2)) for i in range(20)])
    assert abs(ego.yaw_rate) < 0.1


def test_the_first_frame_is_at_rest_with_itself():
    ego = drive([Snapshot(vx=9.0)])
    assert ego.acceleration == pytest.approx([0.0, 0.0], abs=1e-9)


def test_the_box_may_be_ahead_of_the_origin():
    motion = EgoMotion(DELTA)
    ego = motion.read(Snapshot(yaw=np.pi / 2, x=1.0), np.array([2.4, 1.0]), 0.5, (0.0, 0.0, 0.0))
    assert ego.xy == pytest.approx([1.0, 0.5])
