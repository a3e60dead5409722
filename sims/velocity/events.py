"""What happens to a robot: physics drawn at start, start states, kicks, falls."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from landward.array import Random, constant
from robots import Robot
from sims.engine import Engine
from sims.physics import PhysicsParameters
from sims.rotation import from_yaw
from sims.state import RobotState
from sims.velocity.cfg import RandomisationCfg, ResetCfg, TerminationCfg

Array = Any
DROP = 0.02
"""Episodes start with the feet this far above the ground, so that no foot starts inside it [m]."""


class Start(NamedTuple):
    """A start state of n robots, in the order of Engine.reset's arguments."""

    root_pos: Array
    root_quat: Array
    velocity: Array
    joint_pos: Array
    joint_vel: Array


def draw_physics(cfg: RandomisationCfg, robot: Robot, n: int, random: Random) -> PhysicsParameters:
    """Physics of n environments; what the configuration leaves None stays nominal."""
    joints = len(robot.joint_names)

    def draw(bounds: tuple[float, float] | None, *shape: int) -> Array | None:
        return None if bounds is None else random.uniform(*bounds, (n, *shape))

    return PhysicsParameters(
        friction=draw(cfg.friction),
        payload=draw(cfg.payload),
        strength=draw(cfg.strength),
        stiffness=draw(cfg.gains, joints),
        damping=draw(cfg.gains, joints),
        armature=draw(cfg.armature),
        latency=draw(cfg.latency),
    )


def draw_start(cfg: ResetCfg, robot: Robot, n: int, random: Random) -> Start:
    """Start states around the default pose, the base above the origin of its tile."""
    xp, joints = random.xp, len(robot.joint_names)
    default = constant(robot.default_joint_pos, xp, random.device)
    low, high = (constant([limit[i] for limit in robot.joint_limits], xp, random.device) for i in (0, 1))
    spread = random.uniform(-cfg.joint_pos, cfg.joint_pos, (n, joints))
    joint_pos = default * (1 + spread) if cfg.joint_pos_is_factor else default + spread
    spot = random.uniform(-cfg.xy, cfg.xy, (n, 2))
    height = xp.full_like(spot[:, :1], robot.standing_height + DROP)
    angle = random.uniform(-cfg.yaw, cfg.yaw, (n,))
    return Start(
        root_pos=xp.concat([spot, height], axis=-1),
        root_quat=from_yaw(angle),
        velocity=random.uniform(-cfg.velocity, cfg.velocity, (n, 6)),
        joint_pos=xp.clip(joint_pos, low, high),
        joint_vel=random.uniform(-cfg.joint_vel, cfg.joint_vel, (n, joints)),
    )


def push(engine: Engine, cfg: RandomisationCfg, period: float, random: Random) -> None:
    """Kick the bases of some environments, each on average every `push_s` seconds."""
    xp = random.xp
    ids = xp.nonzero(random.uniform(0.0, 1.0, (engine.num_envs,)) < period / cfg.push_s)[0]
    if len(ids):
        engine.push(ids, random.uniform(-cfg.push, cfg.push, (len(ids), 2)))


def fallen(state: RobotState, cfg: TerminationCfg, robot: Robot, diverged: Array) -> Array:
    """(N,) bool: tipped over, sunk down, touched the ground with the body, or left physics."""
    down = diverged | (state.projected_gravity_b[:, 2] > -math.cos(cfg.tilt))
    if cfg.height:
        down = down | (state.base_height < robot.fall_height)
    if cfg.body_contact is not None:
        down = down | (state.body_force > cfg.body_contact).any(-1)
    return down
