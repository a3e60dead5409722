"""Reward terms of the velocity task: functions of the named state, (N,) each, per second and unweighted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from landward.array import array_namespace
from sims.state import RobotState
from sims.velocity.cfg import RewardCfg

Array = Any
Term = Callable[[RobotState, RewardCfg], Array]


def lin_vel(s: RobotState, cfg: RewardCfg) -> Array:
    """exp(-|v_xy* - v_xy|^2 / sigma) (Rudin et al. 2022, "Learning to Walk in Minutes", table 2)."""
    xp = array_namespace(s.command)
    return xp.exp(-_square(s.command[:, :2] - s.root_lin_vel_b[:, :2]) / cfg.sigma)


def ang_vel(s: RobotState, cfg: RewardCfg) -> Array:
    """exp(-(w_z* - w_z)^2 / sigma) (same source)."""
    xp = array_namespace(s.command)
    return xp.exp(-((s.command[:, 2] - s.root_ang_vel_b[:, 2]) ** 2) / cfg.sigma)


def trot(s: RobotState, cfg: RewardCfg) -> Array:
    """1 where exactly one diagonal pair of feet is down, when moving."""
    del cfg
    xp = array_namespace(s.command)
    return xp.astype(s.trotting & s.moving, xp.float32)


def stand(s: RobotState, cfg: RewardCfg) -> Array:
    """1 where all feet are down, when told to stand."""
    del cfg
    xp = array_namespace(s.command)
    return xp.astype(xp.all(s.foot_contact, axis=-1) & ~s.moving, xp.float32)


def air_time(s: RobotState, cfg: RewardCfg) -> Array:
    """Sum over touchdowns of min(t_air, 0.5 s) - air_time_zero, when moving (Rudin et al. 2022, capped)."""
    xp = array_namespace(s.command)
    gain = xp.clip(s.last_air_time, None, 0.5) - cfg.air_time_zero
    return xp.sum(gain * s.touchdown, axis=-1) * s.moving


def swing_height(s: RobotState, cfg: RewardCfg) -> Array:
    """Sum over touchdowns of min(peak / full, 1) - zero, when moving."""
    xp = array_namespace(s.command)
    share = xp.clip(s.last_peak / cfg.swing_height_full, 0.0, 1.0) - cfg.swing_height_zero
    return xp.sum(share * s.touchdown, axis=-1) * s.moving


def vertical_velocity(s: RobotState, cfg: RewardCfg) -> Array:
    """v_z^2, base frame."""
    del cfg
    return s.root_lin_vel_b[:, 2] ** 2


def roll_pitch_rate(s: RobotState, cfg: RewardCfg) -> Array:
    """|w_xy|^2, base frame."""
    del cfg
    return _square(s.root_ang_vel_b[:, :2])


def tilt(s: RobotState, cfg: RewardCfg) -> Array:
    """|g_xy|^2, base frame."""
    del cfg
    return _square(s.projected_gravity_b[:, :2])


def torque(s: RobotState, cfg: RewardCfg) -> Array:
    """|tau|^2."""
    del cfg
    return _square(s.joint_torque)


def action_rate(s: RobotState, cfg: RewardCfg) -> Array:
    """|a_t - a_(t-1)|^2 of the raw action."""
    del cfg
    return _square(s.action - s.previous_action)


def pose(s: RobotState, cfg: RewardCfg) -> Array:
    """|q - q_default|^2."""
    del cfg
    return _square(s.joint_pos - s.default_joint_pos)


def standing_pose(s: RobotState, cfg: RewardCfg) -> Array:
    """Sum |q - q_default|, when told to stand."""
    del cfg
    xp = array_namespace(s.command)
    return xp.sum(xp.abs(s.joint_pos - s.default_joint_pos), axis=-1) * ~s.moving


def standing_joint_velocity(s: RobotState, cfg: RewardCfg) -> Array:
    """|dq/dt|^2, when told to stand."""
    del cfg
    return _square(s.joint_vel) * ~s.moving


def _square(x: Array) -> Array:
    xp = array_namespace(x)
    return xp.sum(x * x, axis=-1)


TASK_TERMS: tuple[Term, ...] = (lin_vel, ang_vel, trot, stand)
SHAPING_TERMS: tuple[Term, ...] = (
    air_time,
    swing_height,
    vertical_velocity,
    roll_pitch_rate,
    tilt,
    torque,
    action_rate,
    pose,
    standing_pose,
    standing_joint_velocity,
)


def active_terms(terms: tuple[Term, ...], cfg: RewardCfg) -> tuple[tuple[Term, float], ...]:
    """The terms whose weight, the field of the same name, is not zero."""
    return tuple((term, weight) for term in terms if (weight := getattr(cfg, term.__name__)) != 0.0)


def total(
    state: RobotState,
    cfg: RewardCfg,
    task: tuple[tuple[Term, float], ...],
    shaping: tuple[tuple[Term, float], ...],
    factor: float,
) -> Array:
    """max(0, sum of weighted terms), (N,) per second; shaping terms times `factor`.

    Not negative, because a negative reward would make ending the episode worthwhile (Constraints as
    Terminations, Chane-Sane et al. 2024).
    """
    xp = array_namespace(state.command)
    reward = sum(weight * term(state, cfg) for term, weight in task)
    if shaping:
        reward = reward + factor * sum(weight * term(state, cfg) for term, weight in shaping)
    return xp.clip(reward, 0.0, None)


def shaping_factor(cfg: RewardCfg, steps: int) -> float:
    """Share of the shaping terms after `steps` environment steps."""
    if cfg.shaping_steps <= 0:
        return 1.0
    return min(1.0, cfg.shaping_start + (1.0 - cfg.shaping_start) * steps / cfg.shaping_steps)
