"""Go1 walks at commanded velocities, on flat and on rough ground."""

from __future__ import annotations

from landward.constraint import Constraint
from sims.physics import PhysicsCfg
from sims.registry import TaskEntry, register_task
from sims.terrain_grid import TerrainCfg
from sims.velocity.cfg import CommandCfg, RandomisationCfg, RewardCfg, TerminationCfg, VelocityCfg
from sims.velocity.height_scan import HeightScan
from sims.velocity.make import make_velocity_env

CONSTRAINTS = (
    Constraint("joint_torque", reads="joint_torque", limit=20.0, unit="N m"),
    Constraint("joint_velocity", reads="joint_vel", limit=20.0, unit="rad/s"),
    Constraint("action_rate", reads="action_rate", limit=80.0, unit="1/s"),
)
"""Below the drives' own limits (23.7 N m, 30 rad/s), so that the robot keeps a reserve."""

TARGETS = {
    "falls": 0.0,
    "rmse_vx": 0.12,
    "rmse_vy": 0.12,
    "rmse_wz": 0.15,
    "standing_feet_down": 0.80,
    "standing_drift": 0.01,
    "swing_height": 0.05,
    "matrix_falls": 0.03,
}


def go1_flat(play: bool = False) -> VelocityCfg:
    """Flat ground; what `make demo` trains."""
    cfg = VelocityCfg(
        robot="go1",
        physics=PhysicsCfg(timestep=0.02 / 3, substeps=3, contact_bodies="feet"),
        rewards=RewardCfg(
            lin_vel=2.0,
            ang_vel=1.0,
            trot=1.0,
            stand=1.0,
            air_time=2.0,
            swing_height=2.0,
            swing_height_full=0.09,
            vertical_velocity=-2.0,
            roll_pitch_rate=-0.05,
            tilt=-2.5,
            torque=-1e-4,
            action_rate=-0.01,
            pose=-0.1,
            standing_pose=-0.2,
            standing_joint_velocity=-0.02,
            shaping_start=0.2,
            shaping_steps=2.5e6,
        ),
        constraints=CONSTRAINTS,
        targets=dict(TARGETS),
    )
    return as_play(cfg) if play else cfg


def go1_rough(play: bool = False) -> VelocityCfg:
    """Slopes, stairs, steps and uneven ground, with a height scan and a curriculum."""
    cfg = go1_flat()
    cfg.physics = PhysicsCfg(timestep=0.005, substeps=4, contact_bodies="watched")
    cfg.terrain = TerrainCfg()
    cfg.height_scan = HeightScan()
    cfg.episode_s = 20.0
    cfg.resets.yaw = 3.14
    cfg.resets.xy = 0.3
    cfg.terminations = TerminationCfg(body_contact=None)
    cfg.rewards.tilt = -0.5
    cfg.rewards.vertical_velocity = -1.0
    cfg.targets = {}
    return as_play(cfg) if play else cfg


def as_play(cfg: VelocityCfg) -> VelocityCfg:
    """Turn a training configuration into the one for evaluation and viewing: nominal physics, long episodes.

    Sensor noise stays: the policy is judged on what the robot will feed it.
    """
    cfg.randomisation = RandomisationCfg(enabled=False)
    cfg.commands = CommandCfg(cfg.commands.vx, cfg.commands.vy, cfg.commands.wz, standing=0.0, resample_s=1e9)
    cfg.physics.max_latency = max(cfg.physics.max_latency, 0.06)
    cfg.episode_s = 1e5
    return cfg


register_task(
    TaskEntry(
        "go1-flat",
        "Go1 tracks velocity on flat ground",
        go1_flat,
        make_velocity_env,
        "agents.recipes:go1_flat",
    )
)
register_task(
    TaskEntry(
        "go1-rough",
        "Go1 tracks velocity on slopes, stairs and uneven ground",
        go1_rough,
        make_velocity_env,
        "agents.recipes:go1_rough",
    )
)
