"""Solo-12 of the Open Dynamic Robot Initiative."""

from __future__ import annotations

from robots.robot import Robot, Shape
from robots.safety import Safety

_LEGS = ("FL", "FR", "HR", "HL")
_MIRROR_LEG = {"FL": "FR", "FR": "FL", "HL": "HR", "HR": "HL"}
_JOINTS = ("HAA", "HFE", "KFE")
_SIDE = {"FL": 1.0, "HL": 1.0, "FR": -1.0, "HR": -1.0}


def _leg_shapes(leg: str) -> tuple[Shape, ...]:
    side = _SIDE[leg]
    return (
        Shape(f"{leg}_UPPER_LEG", "box", (0.015, 0.012, 0.09), (0.0, 0.018 * side, -0.08)),
        Shape(f"{leg}_LOWER_LEG", "capsule", (0.008, 0.07), (0.0, 0.008 * side, -0.08)),
    )


_URDF = "solo12.urdf in example-robot-data 6.0.0"
_CAT = "Solo-12 task of the CaT authors (Gepetto/constraints-as-terminations, Isaac Lab 2.1.0 release)"

SOLO12 = Robot(
    name="solo12",
    title="ODRI Solo-12",
    joint_names=tuple(f"{leg}_{joint}" for leg in _LEGS for joint in _JOINTS),
    default_joint_pos=tuple(q for leg in _LEGS for q in (0.05 * _SIDE[leg], 0.4, -0.8)),
    joint_limits=((-10.0, 10.0),) * 12,
    stiffness=(4.0,) * 12,
    damping=(0.2,) * 12,
    effort_limit=(10.0,) * 12,
    velocity_limit=(100.0,) * 12,
    saturation_effort=(10.0,) * 12,
    armature=(3.6207e-4,) * 12,
    joint_damping=(0.0,) * 12,
    joint_friction=(0.0,) * 12,
    base="base_link",
    feet=tuple(Shape(f"{leg}_FOOT", "sphere", (0.016,)) for leg in _LEGS),
    foot_names=tuple(f"{leg}_FOOT" for leg in _LEGS),
    diagonals=(("FL_FOOT", "HR_FOOT"), ("FR_FOOT", "HL_FOOT")),
    bodies=(
        Shape("base_link", "box", (0.224, 0.1095, 0.0265), (0.0, 0.0, 0.0015)),
        *(shape for leg in _LEGS for shape in _leg_shapes(leg)),
    ),
    watched=("base_link", *(f"{leg}_UPPER_LEG" for leg in _LEGS)),
    standing_height=0.3074,
    fall_height=0.08,
    latency=(0.0, 0.0),
    safety=Safety(
        tilt=1.0,
        target_rate=(40.0,) * 12,
        velocity=(100.0,) * 12,
        effort=(10.0,) * 12,
        position_margin=0.1,
        damping=(0.2,) * 12,
        stand_speed=1.0,
        sensor_age=0.015,
        sensor_rate=200.0,
    ),
    mirror_joints=tuple(
        (f"{leg}_{joint}", f"{_MIRROR_LEG[leg]}_{joint}", -1.0 if joint == "HAA" else 1.0)
        for leg in _LEGS
        for joint in _JOINTS
    ),
    mirror_feet=tuple((f"{leg}_FOOT", f"{_MIRROR_LEG[leg]}_FOOT") for leg in _LEGS),
    urdf="solo_description/robots/solo12.urdf",
    meshes=True,
    sources={
        "joint_names": f"{_CAT}: FL, FR, HR, HL in this order",
        "default_joint_pos": _CAT,
        "joint_limits": f"{_URDF} (the joints turn freely; the wiring of a real robot does not)",
        "stiffness": _CAT,
        "damping": _CAT,
        "effort_limit": f"{_CAT}; the torque constraint of 3 N m stands for the real drive",
        "velocity_limit": _CAT,
        "saturation_effort": "as effort_limit: the torque-speed curve is not part of the official task",
        "armature": _CAT,
        "joint_damping": _URDF,
        "joint_friction": _URDF,
        "latency": f"none in {_CAT}",
        "safety.tilt": "our choice: the official task keeps the trunk nearly level",
        "safety.target_rate": f"{_CAT}: the action rate constraint, 80 1/s, times the action scale, 0.5 rad",
        "safety.velocity": "velocity_limit",
        "safety.effort": "effort_limit; the policy's own torque constraint is the tighter one",
        "safety.position_margin": "our choice: play of the joints",
        "safety.damping": "our choice: the derivative gain, without the stiffness",
        "safety.stand_speed": "our choice: about 1 s from lying to standing",
        "safety.sensor_age": "our choice: three periods of 200 Hz, less than one control period",
        "safety.sensor_rate": "our choice: four measurements in a control period; the drive gives 1 kHz",
        "feet": f"bounding sphere of the foot mesh of {_URDF}",
        "bodies": f"bounding boxes of the meshes of {_URDF}",
        "standing_height": "forward kinematics of default_joint_pos, foot radius included",
    },
)
