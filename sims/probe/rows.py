"""The experiments: start states and constant targets, one environment a row, all run side by side.

A robot that falls freely feels no gravity in its joints: most rows start high above the ground and are over
before they reach it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from robots import Robot
from sims.probe.conventions import Convention

HEIGHT = 3.0
"""[m] Where rows in the air begin; after `SECONDS` they have fallen 0.8 m."""
SECONDS = 0.4
"""[s] How long every row is run: step responses have settled, dropped robots have landed."""
STEP = 0.1
"""[rad] Step of the step responses: far from saturating a drive (0.1 * 35 = 3.5 of 23.7 N m on a Go1)."""
SPREAD = 0.3
"""[rad] Joint positions of the uneven pose differ from the default pose by up to this much."""
CORNERS = ((0.3, 0.3), (0.3, -0.3), (-0.3, 0.3), (-0.3, -0.3))
"""[rad] Roll and pitch with which a dropped robot meets the ground with one corner first."""
SPIN = 2.0
"""[rad/s] Of bases that only turn."""
DROP = 0.12
"""[m] Height above standing height from which it is dropped."""


@dataclass(frozen=True)
class Rows:
    """n experiments."""

    labels: tuple[str, ...]
    root_pos: np.ndarray
    """(n, 3) [m]."""
    root_quat: np.ndarray
    """(n, 4) (w, x, y, z)."""
    velocity: np.ndarray
    """(n, 6) linear, world frame [m/s], and angular, base frame [rad/s]."""
    joint_pos: np.ndarray
    """(n, J) [rad]."""
    joint_vel: np.ndarray
    """(n, J) [rad/s]."""
    targets: np.ndarray
    """(n, J) [rad]."""

    def indices(self, kind: str) -> np.ndarray:
        """The rows whose label begins with `kind`."""
        return np.array([i for i, label in enumerate(self.labels) if label.partition(":")[0] == kind])


def make_rows(robot: Robot) -> Rows:
    """Every experiment for a robot.

    pose: an uneven pose, read back and held, with joint velocities and without. step: a step of one joint.
    frame: tilted, moving bases. spin: turning about the base origin. stand: the default pose on the ground.
    corner: dropped onto one corner.
    """
    default, pose = np.array(robot.default_joint_pos), uneven_pose(robot)
    count, rows = len(default), _Builder(default)
    rows.add("pose:still", joint_pos=pose, targets=pose)
    rows.add("pose:moving", joint_pos=pose, joint_vel=4.0 * (pose - default) / SPREAD, targets=pose)
    for index, name in enumerate(robot.joint_names):
        rows.add(f"step:{name}", targets=default + step_of(robot)[index] * np.eye(count)[index])
    random = np.random.default_rng(0)
    for index in range(4):
        quat = random.normal(size=4)
        rows.add(
            f"frame:{index}",
            root_quat=quat / np.linalg.norm(quat),
            velocity=random.uniform(0.3, 1.0, 6) * random.choice([-1.0, 1.0], 6),
        )
    for axis in range(3):
        rows.add(f"spin:{axis}", velocity=SPIN * np.eye(6)[3 + axis])
    rows.add("stand:default", root_pos=np.array([0.0, 0.0, robot.standing_height + 0.01]))
    for index, (roll, pitch) in enumerate(CORNERS):
        place = np.array([0.0, 0.0, robot.standing_height + DROP])
        rows.add(f"corner:{index}", root_pos=place, root_quat=quat_of(roll, pitch))
    return rows.build()


def told_rows(robot: Robot, known: list[Convention]) -> Rows:
    """Rows in which the uneven pose is commanded, written in each convention.

    The robot stays where it is just for the convention that the engine reads.
    """
    pose, rows = uneven_pose(robot), _Builder(np.array(robot.default_joint_pos))
    for convention in known:
        rows.add(f"told:{convention.name}", joint_pos=pose, targets=convention.write(pose))
    return rows.build()


def pose_rows(robot: Robot, poses: list[np.ndarray]) -> Rows:
    """Rows that only show where the feet are in the given poses (J,)."""
    rows = _Builder(np.array(robot.default_joint_pos))
    for index, pose in enumerate(poses):
        rows.add(f"pose:{index}", joint_pos=pose, targets=pose)
    return rows.build()


def uneven_pose(robot: Robot) -> np.ndarray:
    """(J,) joint positions, all moved from the default pose by another amount, within the limits [rad]."""
    default, limits = np.array(robot.default_joint_pos), np.array(robot.joint_limits)
    low, high = np.maximum(limits[:, 0], default - SPREAD), np.minimum(limits[:, 1], default + SPREAD)
    shuffled = np.random.default_rng(0).permutation(len(default))
    return low + (high - low) * shuffled / max(len(default) - 1, 1)


def step_of(robot: Robot) -> np.ndarray:
    """(J,) the step of each joint, away from the closer limit [rad]."""
    default, limits = np.array(robot.default_joint_pos), np.array(robot.joint_limits)
    return np.where(limits[:, 1] - default >= default - limits[:, 0], STEP, -STEP)


def quat_of(roll: float, pitch: float) -> np.ndarray:
    """(w, x, y, z) of a pitch followed by a roll about the base's own x axis [rad]."""
    (cr, sr), (cp, sp) = ((math.cos(a / 2), math.sin(a / 2)) for a in (roll, pitch))
    return np.array([cp * cr, cp * sr, sp * cr, -sp * sr])


@dataclass
class _Builder:
    """Collects rows; what is left out is the default pose at rest, high above the ground."""

    default: np.ndarray

    def __post_init__(self) -> None:
        self.labels: list[str] = []
        self.values: list[dict[str, np.ndarray]] = []

    def add(self, label: str, **values: np.ndarray) -> None:
        self.labels.append(label)
        self.values.append(
            {
                "root_pos": np.array([0.0, 0.0, HEIGHT]),
                "root_quat": np.array([1.0, 0.0, 0.0, 0.0]),
                "velocity": np.zeros(6),
                "joint_pos": self.default,
                "joint_vel": np.zeros_like(self.default),
                "targets": self.default,
                **values,
            }
        )

    def build(self) -> Rows:
        stacked = {name: np.stack([row[name] for row in self.values]) for name in self.values[0]}
        return Rows(tuple(self.labels), **stacked)
