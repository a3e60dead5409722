"""What the actor and the critic see: the spec's terms, and their values read from the named state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from landward.array import array_namespace
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from robots import Robot
from sims.state import RobotState
from sims.velocity.cfg import VelocityCfg

Array = Any
COMMAND_NAMES = ("vx", "vy", "wz")
XYZ = ("x", "y", "z")


def velocity_spec(task: str, robot: Robot, cfg: VelocityCfg) -> PolicySpec:
    """The contract of a policy for this task: what it reads and commands, at which rate."""
    return PolicySpec(
        task=task,
        robot=robot.name,
        control_period=cfg.physics.control_period,
        observations={"policy": actor_terms(robot, cfg), "critic": critic_terms(robot, cfg)},
        actions=(action_term(robot, cfg),),
        constraints=cfg.constraints,
    )


def action_term(robot: Robot, cfg: VelocityCfg) -> ActionTerm:
    """Joint position targets around the default pose, with the gains that the joint controller must use."""
    return ActionTerm(
        name="joint_pos_target",
        kind="joint_position_target",
        shape=(len(robot.joint_names),),
        names=robot.joint_names,
        unit="rad",
        scale=cfg.action_scale,
        offset=robot.default_joint_pos,
        clip=None if cfg.action_clip is None else (-cfg.action_clip, cfg.action_clip),
        limits=robot.joint_limits,
        stiffness=robot.stiffness,
        damping=robot.damping,
        effort_limit=robot.effort_limit,
    )


def actor_terms(robot: Robot, cfg: VelocityCfg) -> tuple[ObservationTerm, ...]:
    """Terms of the group "policy": only what the robot's own sensors measure."""
    sensors, joints = cfg.sensors, robot.joint_names
    shared: dict[str, Any] = {"delay": sensors.delay, "history": sensors.history}
    terms = (
        ObservationTerm(
            "base_ang_vel",
            "angular_velocity",
            (3,),
            unit="rad/s",
            frame="base",
            names=XYZ,
            noise=cfg.noise(sensors.angular_velocity),
            **shared,
        ),
        ObservationTerm(
            "projected_gravity",
            "projected_gravity",
            (3,),
            frame="base",
            names=XYZ,
            noise=cfg.noise(sensors.gravity),
            **shared,
        ),
        ObservationTerm(
            "command", "command", (3,), unit=("m/s", "m/s", "rad/s"), frame="base", names=COMMAND_NAMES
        ),
        ObservationTerm(
            "joint_pos",
            "joint_position",
            (len(joints),),
            unit="rad",
            names=joints,
            offset=robot.default_joint_pos,
            noise=cfg.noise(sensors.joint_position),
            **shared,
        ),
        ObservationTerm(
            "joint_vel",
            "joint_velocity",
            (len(joints),),
            unit="rad/s",
            names=joints,
            noise=cfg.noise(sensors.joint_velocity),
            **shared,
        ),
        ObservationTerm("last_action", "last_action", (len(joints),), names=joints),
        *_scan_terms(cfg, cfg.sensors.height_scan),
    )
    return tuple(_scaled(term, cfg) for term in terms)


def critic_terms(robot: Robot, cfg: VelocityCfg) -> tuple[ObservationTerm, ...]:
    """Terms of the group "critic": the actor's without noise, and what only a simulator knows."""
    feet = robot.foot_names
    sensed = (term for term in actor_terms(robot, cfg) if term.kind != "height_scan")
    return (
        *(replace(term, noise=None, delay=(0.0, 0.0), history=1, scale=1.0) for term in sensed),
        ObservationTerm("base_lin_vel", "linear_velocity", (3,), unit="m/s", frame="base", names=XYZ),
        ObservationTerm("foot_contact", "foot_contact", (len(feet),), names=feet),
        ObservationTerm("foot_height", "foot_height", (len(feet),), unit="m", names=feet, scale=10.0),
        ObservationTerm(
            "physics",
            "physics_parameters",
            (5,),
            names=("friction", "payload", "strength", "latency", "stiffness"),
        ),
        *_scan_terms(cfg, 0.0),
    )


def _scan_terms(cfg: VelocityCfg, noise: float) -> tuple[ObservationTerm, ...]:
    if cfg.height_scan is None:
        return ()
    names = cfg.height_scan.names
    return (
        ObservationTerm(
            "height_scan",
            "height_scan",
            (len(names),),
            unit="m",
            frame="base, turned by yaw only",
            names=names,
            noise=cfg.noise(noise),
            clip=(-1.0, 1.0),
        ),
    )


def _scaled(term: ObservationTerm, cfg: VelocityCfg) -> ObservationTerm:
    scale = cfg.sensors.scale.get(term.name)
    return term if scale is None else replace(term, scale=scale)


def read(state: RobotState) -> dict[str, Array]:
    """Term name -> present value in SI units, actor's and critic's."""
    xp = array_namespace(state.joint_pos)
    return {
        "base_ang_vel": state.root_ang_vel_b,
        "projected_gravity": state.projected_gravity_b,
        "command": state.command,
        "joint_pos": state.joint_pos,
        "joint_vel": state.joint_vel,
        "last_action": state.action,
        "base_lin_vel": state.root_lin_vel_b,
        "foot_contact": xp.astype(state.foot_contact, xp.float32),
        "foot_height": state.foot_height,
        "physics": state.physics,
        **({"height_scan": state.height_scan} if "height_scan" in state else {}),
    }


def physics_vector(parameters: dict[str, Array]) -> Array:
    """(N, 5) physics in force, centred and scaled to about one, for the critic."""
    xp = array_namespace(parameters["friction"])
    columns = [
        parameters["friction"] - 0.8,
        parameters["payload"] * 0.5,
        (parameters["strength"] - 1.0) * 10.0,
        parameters["latency"] * 50.0,
        (xp.mean(parameters["stiffness"], axis=-1) - 1.0) * 10.0,
    ]
    return xp.astype(xp.stack(columns, axis=-1), xp.float32)
