"""The contract of a driving policy, from the task's settings; no simulator needed."""

from __future__ import annotations

from landward.spec import ActionTerm, PolicySpec
from sims.carla.cfg import DrivingCfg
from sims.carla.drive.cfg import DriveCfg
from sims.carla.drive.terms import observation_groups, state_constraints

ACTOR = ("bev", "state")
"""The groups that the policy reads; "privileged" is for the value alone."""


def driving_spec(task: str, cfg: DrivingCfg) -> PolicySpec:
    """Observations, the action, constraints and the control period of a driving task."""
    return PolicySpec(
        task=task,
        robot=cfg.drive.ego,
        control_period=cfg.delta,
        observations=observation_groups(cfg.drive),
        actions=(action_term(cfg.drive),),
        constraints=state_constraints(cfg.drive),
        actor=ACTOR,
    )


def action_term(cfg: DriveCfg) -> ActionTerm:
    """What the policy commands; raw actions of -1 to 1 span the whole range.

    Steer is CARLA's: the fraction of the largest steering angle, positive to the right. A negative throttle
    is the brake.
    """
    if cfg.control == "pedals":
        return ActionTerm(
            "control",
            "vehicle_control",
            (2,),
            names=("steer", "throttle"),
            clip=(-1.0, 1.0),
            limits=((-1.0, 1.0), (-1.0, 1.0)),
            details={"steer": "positive to the right", "throttle": "negative brakes"},
        )
    half, middle = (cfg.top_speed - cfg.least_speed) / 2.0, (cfg.top_speed + cfg.least_speed) / 2.0
    return ActionTerm(
        "control",
        "ackermann",
        (2,),
        names=("steer", "speed"),
        unit=("1", "m/s"),
        scale=(1.0, half),
        offset=(0.0, middle),
        clip=(-1.0, 1.0),
        limits=((-1.0, 1.0), (cfg.least_speed, cfg.top_speed)),
        details={"steer": "positive to the right", "speed": "negative brakes"},
    )
