"""What an evaluation measures: arrays in, numbers per episode out.

Arrays are time first, (T, N, ...) for T control steps of N episodes. `alive` (T, N) is False from the step on
in which the episode ended: the state read after that step belongs to the next episode.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GRAVITY = 9.81
MOVING_SPEED = 0.3
"""[m/s] Commanded planar speed from which an episode counts as walking (gait, cost of transport)."""
MIN_SWING_STEPS = 3
"""A foot off the ground for fewer control steps has bounced, not stepped."""


def moving(command: np.ndarray, speed: float = MOVING_SPEED) -> np.ndarray:
    """Which episodes walk, (N,) bool, from the commands (N, 3) vx, vy [m/s], yaw rate [rad/s]."""
    return np.linalg.norm(command[:, :2], axis=-1) > speed


def squared_errors(
    velocity: np.ndarray, command: np.ndarray, alive: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Summed squared tracking errors of each episode, and how many steps they come from.

    Args:
        velocity: (T, N, 3) vx, vy in the base frame [m/s] and yaw rate [rad/s].
        command: (T, N, 3) or (N, 3), same layout.
        alive: (T, N) bool.

    Returns:
        (N, 3) sums and (N,) counts.
    """
    error = np.where(alive[..., None], np.asarray(velocity, np.float64) - command, 0.0)
    return (error**2).sum(0), alive.sum(0)


def cost_of_transport(
    torque: np.ndarray,
    joint_vel: np.ndarray,
    velocity: np.ndarray,
    alive: np.ndarray,
    mass: float | np.ndarray,
) -> np.ndarray:
    """Mechanical cost of transport P / (m g v) of each episode, (N,); NaN for one that never moved.

    P is the mean over steps of sum_j |torque_j * joint_vel_j|: braking costs too, since these drives recover
    nothing.

    Args:
        torque: (T, N, J) [N m].
        joint_vel: (T, N, J) [rad/s].
        velocity: (T, N, >=2) planar base velocity [m/s].
        alive: (T, N) bool.
        mass: [kg], scalar or (N,).
    """
    steps = np.maximum(alive.sum(0), 1)
    power = np.where(alive, np.abs(torque * joint_vel).sum(-1), 0.0).sum(0) / steps
    speed = np.where(alive, np.linalg.norm(velocity[..., :2], axis=-1), 0.0).sum(0) / steps
    return np.where(speed > 1e-3, power / (mass * GRAVITY * np.maximum(speed, 1e-3)), np.nan)


def duty_factors(contact: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Share of time that each foot is on the ground, (N, F), from contacts (T, N, F)."""
    steps = alive.sum(0)[:, None].astype(np.float64)
    down = (contact & alive[..., None]).sum(0)
    return np.where(steps > 0, down / np.maximum(steps, 1), np.nan)


def trot_share(contact: np.ndarray, alive: np.ndarray, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Share of time with exactly one diagonal pair of feet on the ground, (N,) from contacts (T, N, 4)."""
    (a, b), (c, d) = pairs
    first, second = contact[..., a], contact[..., c]
    trot = (first == contact[..., b]) & (second == contact[..., d]) & (first != second)
    steps = alive.sum(0)
    return np.where(steps > 0, (trot & alive).sum(0) / np.maximum(steps, 1), np.nan)


def swing_peaks(
    contact: np.ndarray, height: np.ndarray, alive: np.ndarray, min_steps: int = MIN_SWING_STEPS
) -> tuple[np.ndarray, np.ndarray]:
    """The highest point of every whole swing (lift-off and touch-down both seen).

    Args:
        contact: (T, N, F) bool.
        height: (T, N, F) sole above the ground [m].
        alive: (T, N) bool.
        min_steps: shorter swings are left out.

    Returns:
        peaks (m,) [m] and the episode (m,) that each belongs to.
    """
    peaks, episodes = [], []
    steps, count, feet = contact.shape
    for episode in range(count):
        end = int(alive[:, episode].sum())
        for foot in range(feet):
            on_ground = contact[:end, episode, foot]
            lift = np.flatnonzero(on_ground[:-1] & ~on_ground[1:])
            land = np.flatnonzero(~on_ground[:-1] & on_ground[1:])
            land = land[np.searchsorted(land, lift[0], side="right") :] if len(lift) else land[:0]
            for start, stop in zip(lift, land, strict=False):
                if stop - start >= min_steps:
                    peaks.append(height[start : stop + 1, episode, foot].max())
                    episodes.append(episode)
    return np.asarray(peaks, np.float64), np.asarray(episodes, np.int64)


def violated_steps(values: np.ndarray) -> np.ndarray:
    """Whether any component is violated, (N,) bool from values (N, k); NaN is violated too."""
    return ~(values <= 0).all(axis=-1)


def all_feet_down(contact: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Share of time with every foot on the ground, (N,) from contacts (T, N, F)."""
    steps = alive.sum(0)
    return np.where(steps > 0, (contact.all(-1) & alive).sum(0) / np.maximum(steps, 1), np.nan)


def drift_speed(velocity: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Norm of the mean planar base velocity [m/s] over the window, (N,) from velocities (T, N, >=2)."""
    steps = alive.sum(0)
    mean = np.where(alive[..., None], velocity[..., :2], 0.0).sum(0) / np.maximum(steps, 1)[:, None]
    return np.where(steps > 0, np.linalg.norm(mean, axis=-1), np.nan)


def displacement(position: np.ndarray, alive: np.ndarray) -> np.ndarray:
    """Planar distance [m] from the first to the last living step, (N,) from positions (T, N, >=2)."""
    steps = alive.sum(0)
    last = position[np.maximum(steps - 1, 0), np.arange(position.shape[1]), :2]
    return np.where(steps > 1, np.linalg.norm(last - position[0, :, :2], axis=-1), np.nan)
