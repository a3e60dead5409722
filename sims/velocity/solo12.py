"""Solo-12: the task of the CaT authors on flat ground, and the same robot on rough ground.

Numbers: Chane-Sane et al., "CaT: Constraints as Terminations for Legged Locomotion Reinforcement Learning",
IROS 2024, as released for Isaac Lab 2.1.0 (Gepetto/constraints-as-terminations).
"""

from __future__ import annotations

from landward.constraint import Constraint
from sims.physics import PhysicsCfg
from sims.registry import TaskEntry, register_task
from sims.terrain_grid import TerrainCfg
from sims.terrain_shapes import ShapeCfg
from sims.velocity.cfg import (
    CommandCfg,
    RandomisationCfg,
    ResetCfg,
    RewardCfg,
    SensorCfg,
    TerminationCfg,
    VelocityCfg,
)
from sims.velocity.go1 import as_play
from sims.velocity.height_scan import HeightScan
from sims.velocity.make import make_velocity_env

_HIPS = tuple(f"{leg}_HAA" for leg in ("FL", "FR", "HR", "HL"))

CONSTRAINTS = (
    Constraint("joint_torque", reads="joint_torque", limit=3.0, unit="N m"),
    Constraint("joint_velocity", reads="joint_vel", limit=16.0, unit="rad/s"),
    Constraint("joint_acceleration", reads="joint_acc", limit=800.0, unit="rad/s^2"),
    Constraint("action_rate", reads="action_rate", limit=80.0, unit="1/s"),
    Constraint("contact", reads="body_contact", limit=0.0, unit="1", kind="hard", p_max=1.0, measure="upper"),
    Constraint(
        "foot_force", reads="foot_force", limit=50.0, unit="N", kind="hard", p_max=1.0, measure="upper"
    ),
    Constraint(
        "front_hip_flexion",
        reads="joint_pos",
        limit=1.3,
        unit="rad",
        kind="hard",
        p_max=1.0,
        elements=("FL_HFE", "FR_HFE"),
    ),
    Constraint(
        "upside_down", reads="upside_down", limit=0.0, unit="1", kind="hard", p_max=1.0, measure="upper"
    ),
    Constraint(
        "hip_abduction",
        reads="joint_pos",
        limit=0.2,
        unit="rad",
        reference="default_joint_pos",
        elements=_HIPS,
        when="walking_straight",
    ),
    Constraint("tilt", reads="tilt", limit=0.1, unit="1", measure="upper"),
    Constraint("air_time", reads="landing_air_time", limit=0.25, unit="s", measure="lower"),
    Constraint("no_move", reads="joint_vel", limit=4.0, unit="rad/s", p_max=0.1, when="resting", ramp=False),
    Constraint("two_feet", reads="feet_off_two", limit=0.0, unit="1", measure="upper", when="commanded_fast"),
)


def solo12_flat(play: bool = False) -> VelocityCfg:
    """The official task: two rewards, thirteen constraints."""
    cfg = VelocityCfg(
        robot="solo12",
        action_scale=0.5,
        action_clip=None,
        physics=PhysicsCfg(
            timestep=0.005,
            substeps=4,
            max_latency=0.0,
            contact_bodies="watched",
            peak_forces=3,
            iterations=10,
        ),
        commands=CommandCfg(
            vx=(-0.3, 1.0),
            vy=(-0.7, 0.7),
            wz=(-0.78, 0.78),
            standing=0.02,
            resample_s=10.0,
            resample_standing_s=2.0,
            dead_zone=0.1,
        ),
        randomisation=RandomisationCfg(
            friction=(0.5, 1.25), payload=None, strength=None, gains=None, latency=None, push=0.5, push_s=10.0
        ),
        resets=ResetCfg(
            joint_pos=0.05, joint_pos_is_factor=True, joint_vel=0.05, velocity=0.0, yaw=1.57, xy=0.05
        ),
        sensors=SensorCfg(
            angular_velocity=0.001,
            gravity=0.05,
            joint_position=0.01,
            joint_velocity=0.2,
            scale={
                "base_ang_vel": 0.25,
                "command": (2.0, 2.0, 0.25),
                "projected_gravity": 0.1,
                "joint_vel": 0.05,
            },
        ),
        rewards=RewardCfg(lin_vel=1.0, ang_vel=0.5),
        terminations=TerminationCfg(tilt=1.5707963267948966, height=False, body_contact=1.0),
        constraints=CONSTRAINTS,
    )
    return as_play(cfg) if play else cfg


def solo12_rough(play: bool = False) -> VelocityCfg:
    """Slopes, stairs, steps and uneven ground, sized for Solo-12's shorter legs."""
    cfg = solo12_flat()
    cfg.terrain = TerrainCfg(shape=ShapeCfg(height_scale=0.375))
    cfg.height_scan = HeightScan()
    cfg.episode_s = 20.0
    # Legs fold and the trunk tilts on stairs: style limits of the flat task do not hold there.
    style = {"tilt", "air_time", "two_feet", "hip_abduction"}
    cfg.constraints = tuple(c for c in CONSTRAINTS if c.name not in style)
    return as_play(cfg) if play else cfg


register_task(
    TaskEntry(
        "solo12-flat",
        "Solo-12 tracks velocity: the official CaT task",
        solo12_flat,
        make_velocity_env,
        "agents.recipes:solo12_flat",
    )
)
register_task(
    TaskEntry(
        "solo12-rough",
        "Solo-12 tracks velocity on slopes, stairs and uneven ground",
        solo12_rough,
        make_velocity_env,
        "agents.recipes:solo12_rough",
    )
)
