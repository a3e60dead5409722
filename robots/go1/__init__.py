"""Unitree Go1."""

from __future__ import annotations

from math import pi

from robots.robot import Robot, Shape
from robots.safety import Safety

_LEGS = ("FR", "FL", "RR", "RL")
_MIRROR_LEG = {"FR": "FL", "FL": "FR", "RR": "RL", "RL": "RR"}
_JOINTS = ("hip", "thigh", "calf")
_SIDE = {"FR": -1.0, "RR": -1.0, "FL": 1.0, "RL": 1.0}


def _per_joint(hip: float, thigh: float, calf: float) -> tuple[float, ...]:
    return (hip, thigh, calf) * len(_LEGS)


def _leg_shapes(leg: str) -> tuple[Shape, ...]:
    return (
        Shape(f"{leg}_hip", "cylinder", (0.046, 0.02), (0.0, 0.08 * _SIDE[leg], 0.0), (pi / 2, 0.0, 0.0)),
        Shape(f"{leg}_thigh", "box", (0.1065, 0.01225, 0.017), (0.0, 0.0, -0.1065), (0.0, pi / 2, 0.0)),
        Shape(f"{leg}_calf", "box", (0.1065, 0.008, 0.008), (0.0, 0.0, -0.1065), (0.0, pi / 2, 0.0)),
    )


_URDF = "Unitree's go1.urdf in example-robot-data 6.0.0"

GO1 = Robot(
    name="go1",
    title="Unitree Go1",
    joint_names=tuple(f"{leg}_{joint}_joint" for leg in _LEGS for joint in _JOINTS),
    default_joint_pos=tuple(q for leg in _LEGS for q in (0.1 * _SIDE[leg], 0.9, -1.8)),
    joint_limits=((-0.863, 0.863), (-0.686, 4.501), (-2.818, -0.888)) * 4,
    stiffness=_per_joint(35.0, 35.0, 35.0),
    damping=_per_joint(0.8, 0.8, 0.8),
    effort_limit=_per_joint(23.7, 23.7, 35.55),
    velocity_limit=_per_joint(30.1, 30.1, 20.06),
    saturation_effort=_per_joint(23.7, 23.7, 35.55),
    armature=_per_joint(0.00402631, 0.00402631, 0.0090592),
    joint_damping=_per_joint(0.05, 0.05, 0.05),
    joint_friction=_per_joint(0.0, 0.0, 0.0),
    base="base",
    feet=tuple(Shape(f"{leg}_foot", "sphere", (0.02,)) for leg in _LEGS),
    foot_names=tuple(f"{leg}_foot" for leg in _LEGS),
    diagonals=(("FR_foot", "RL_foot"), ("FL_foot", "RR_foot")),
    bodies=(
        Shape("base", "box", (0.1881, 0.04675, 0.057)),
        Shape("base", "sphere", (0.06,), (0.24, 0.0, 0.0)),
        *(shape for leg in _LEGS for shape in _leg_shapes(leg)),
    ),
    watched=("base", *(f"{leg}_thigh" for leg in _LEGS)),
    standing_height=0.2755,
    fall_height=0.13,
    latency=(0.0, 0.02),
    safety=Safety(
        tilt=1.0,
        target_rate=_per_joint(30.1, 30.1, 30.1),
        velocity=_per_joint(30.1, 30.1, 20.06),
        effort=_per_joint(23.7, 23.7, 35.55),
        position_margin=0.1,
        damping=_per_joint(3.0, 3.0, 3.0),
        stand_speed=1.0,
        sensor_age=0.015,
        sensor_rate=200.0,
    ),
    mirror_joints=tuple(
        (f"{leg}_{joint}_joint", f"{_MIRROR_LEG[leg]}_{joint}_joint", -1.0 if joint == "hip" else 1.0)
        for leg in _LEGS
        for joint in _JOINTS
    ),
    mirror_feet=tuple((f"{leg}_foot", f"{_MIRROR_LEG[leg]}_foot") for leg in _LEGS),
    urdf="go1_description/urdf/go1.urdf",
    # The massless root link "base" has an inertia below what MuJoCo accepts.
    urdf_compiler=(("boundinertia", "2e-6"),),
    sources={
        "joint_names": "Unitree SDK motor order FR, FL, RR, RL",
        "default_joint_pos": "usual Go1 walking pose (thigh 0.9, calf -1.8), hips opened by 0.1 rad",
        "joint_limits": _URDF,
        "stiffness": "our choice, within the 20 to 40 N m/rad of published Go1 policies",
        "damping": "our choice, with stiffness; published Go1 policies use 0.5 to 1",
        "effort_limit": f"{_URDF}, limit effort",
        "velocity_limit": f"{_URDF}, limit velocity",
        "saturation_effort": "no stall torque is published: the peak torque of the URDF",
        "armature": f"rotor inertia 1.11842e-4 of {_URDF} times gear ratio squared (6; calf 9)",
        "joint_damping": "our choice for a geared joint; the URDF says 0.01",
        "joint_friction": "none; the URDF says 0.2, which the randomised strength covers in part",
        "latency": "assumed: up to one 50 Hz control period; measure it on your robot",
        "safety.tilt": "our choice: well beyond the slopes of training (22 degrees)",
        "safety.target_rate": f"no-load speed of hip and thigh, {_URDF}; targets lead the joint",
        "safety.velocity": "velocity_limit",
        "safety.effort": "effort_limit",
        "safety.position_margin": "our choice: play of the joints, and simulated stops are soft",
        "safety.damping": "passive state of Unitree's unitree_guide on a real robot (Kp 0, Kd 3)",
        "safety.stand_speed": "our choice: about 1 s from lying to standing",
        "safety.sensor_age": "our choice: three periods of 200 Hz, less than one control period",
        "safety.sensor_rate": "our choice: four measurements in a control period; the drive gives 500",
        "feet": _URDF,
        "bodies": f"{_URDF}; the head sphere follows the model of MuJoCo Menagerie",
        "standing_height": "forward kinematics of default_joint_pos, foot radius included",
    },
)
