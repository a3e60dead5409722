"""The terms of a policy that fits Go1."""

from landward.spec import ActionTerm, ObservationTerm
from robots.go1 import GO1

JOINTS = GO1.joint_names
XYZ = ("x", "y", "z")
GYRO = ObservationTerm("gyro", "angular_velocity", (3,), unit="rad/s", frame="base", names=XYZ)
GRAVITY = ObservationTerm("gravity", "projected_gravity", (3,), frame="base", names=XYZ)
COMMAND = ObservationTerm(
    "command", "command", (3,), unit=("m/s", "m/s", "rad/s"), frame="base", names=("vx", "vy", "wz")
)
JOINT_POS = ObservationTerm("joint_pos", "joint_position", (12,), unit="rad", names=JOINTS)
JOINT_VEL = ObservationTerm("joint_vel", "joint_velocity", (12,), unit="rad/s", names=JOINTS)
LAST_ACTION = ObservationTerm("last_action", "last_action", (12,), names=JOINTS)
TARGET = ActionTerm(
    "target",
    "joint_position_target",
    (12,),
    names=JOINTS,
    unit="rad",
    limits=GO1.joint_limits,
    stiffness=GO1.stiffness,
    damping=GO1.damping,
    effort_limit=GO1.effort_limit,
)
