"""One spec for each kind of policy that Landward must be able to describe."""

import math

from landward.spec import ActionTerm, Constraint, Noise, ObservationTerm, PolicySpec

LEGS = tuple(f"{leg}_{joint}_joint" for leg in ("FL", "FR", "RL", "RR") for joint in ("hip", "thigh", "calf"))
STANDING = (0.1, 0.9, -1.8, -0.1, 0.9, -1.8) * 2


def locomotion():
    proprioception = (
        ObservationTerm("base_ang_vel", "angular_velocity", (3,), unit="rad/s", frame="base", names=("x", "y",
        "z"),
                        scale=0.25, noise=Noise("uniform", 0.2), delay=(0.0, 0.02)),
        ObservationTerm("projected_gravity", "projected_gravity", (3,), frame="base", noise=Noise("uniform",
        0.05)), ObservationTerm("command", "command", (3,), unit=("m/s", "m/s", "rad/s"), frame="base",
                        names=("vx", "vy", "wz"), scale=(2.0, 2.0, 0.25)),
        ObservationTerm("joint_pos", "joint_position", (12,), unit="rad", names=LEGS, offset=STANDING,
                        noise=Noise("uniform", 0.01), history=3),
        ObservationTerm("joint_vel", "joint_velocity", (12,), unit="rad/s", names=LEGS, scale=0.05,
                        clip=(-30.0, 30.0), noise=Noise("gaussian", 1.0), history=3),
        ObservationTerm("last_action", "last_action", (12,), names=LEGS),
    )  # fmt: skip
    critic = (
        ObservationTerm("base_lin_vel", "linear_velocity", (3,), unit="m/s", frame="base"),
        ObservationTerm("height_scan", "height_scan", (17, 11), unit="m", frame="base_yaw"),
        ObservationTerm("foot_contact", "foot_contact", (4,), names=("FL", "FR", "RL", "RR")),
        ObservationTerm(
            "physics", "physics_parameters", (2,), names=("friction", "added_mass"), unit=("1", "kg")
        ),
    )
    target = ActionTerm(
        "joint_pos_target",
        "joint_position_target",
        (12,),
        names=LEGS,
        unit="rad",
        scale=0.25,
        offset=STANDING,
        clip=(-10.0, 10.0),
        limits=((-0.86, 0.86), (-0.69, 4.5), (-2.8, -0.9)) * 4,
        stiffness=(20.0,) * 12,
        damping=(0.5,) * 12,
        effort_limit=(23.7, 23.7, 35.55) * 4,
    )
    constraints = (
        Constraint("joint_torque", "joint_torque", (23.7, 23.7, 35.55) * 4, "N m"),
        Constraint("hip_position", "joint_pos", 0.2, "rad", elements=LEGS[::3], reference="default_joint_pos",
                   when="moving"),
        Constraint("base_contact", "body_force", 1.0, "N", kind="hard", p_max=1.0, measure="upper"),
    )  # fmt: skip
    groups = {"policy": proprioception, "critic": proprioception + critic}
    return PolicySpec("go1-flat", "go1", 0.02, groups, (target,), constraints)


def cameras():
    views = (
        ObservationTerm("camera_front", "image_rgb", (120, 160, 3), dtype="uint8",
        frame="camera_front_optical",
                        names=("r", "g", "b"), scale=1 / 255, details={"horizontal_fov": 1.57, "encoding":
                            "rgb8"}),
        ObservationTerm("depth_front", "image_depth", (60, 80), unit="m", frame="camera_front_optical",
                        clip=(0.2, 8.0), noise=Noise("gaussian", 0.02), delay=(0.03, 0.06),
                        details={"horizontal_fov": 1.5, "rectified": True}),
    )  # fmt: skip
    state = (ObservationTerm("goal", "command", (2,), unit="m", frame="base"),)
    twist = ActionTerm("cmd_vel", "twist", (2,), names=("vx", "wz"), unit=("m/s", "rad/s"), frame="base",
                       limits=((-0.5, 1.0), (-1.5, 1.5)))  # fmt: skip
    groups = {"policy": state, "images": views}
    return PolicySpec("visual-walk", "go1", 0.1, groups, (twist,), actor=("policy", "images"))


def lidar():
    terms = (
        ObservationTerm("scan", "lidar", (360,), unit="m", frame="lidar", clip=(0.1, 30.0),
                        details={"angle_min": -math.pi, "angle_increment": math.pi / 180}),
        ObservationTerm("cloud", "lidar", (2048, 4), unit=("m", "m", "m", "1"), frame="lidar",
                        names=("x", "y", "z", "intensity")),
        ObservationTerm("speed", "speed", (), unit="m/s"),
    )  # fmt: skip
    drive = ActionTerm("drive", "ackermann", (2,), names=("speed", "steering_angle"), unit=("m/s", "rad"),
                       scale=(3.0, 0.4), limits=((-1.0, 3.0), (-0.4, 0.4)))  # fmt: skip
    return PolicySpec("race", "f1tenth", 0.05, {"policy": terms}, (drive,))


def driving():
    terms = (
        ObservationTerm("camera_front", "image_rgb", (256, 900, 3), dtype="uint8", frame="camera_front",
                        details={"horizontal_fov": math.radians(100), "position": (1.3, 0.0, 2.3)}),
        ObservationTerm("route", "route", (20, 2), unit="m", frame="vehicle", names=("x", "y")),
        ObservationTerm("speed", "speed", (1,), unit="m/s", scale=0.1),
        ObservationTerm("traffic", "traffic", (2,), names=("red_light", "speed_limit"), unit=("1", "m/s")),
    )  # fmt: skip
    control = ActionTerm("control", "vehicle_control", (3,), names=("throttle", "steer", "brake"),
                         limits=((0.0, 1.0), (-1.0, 1.0), (0.0, 1.0)))  # fmt: skip
    return PolicySpec("carla-route", "lincoln-mkz", 0.05, {"policy": terms}, (control,))


def minecraft():
    items = ("log", "planks", "stick", "crafting_table", "wooden_pickaxe", "cobblestone")
    terms = (
        ObservationTerm("camera", "image_rgb", (160, 256, 3), dtype="uint8"),
        ObservationTerm("voxels", "voxels", (5, 5, 5), dtype="int32", frame="agent"),
        ObservationTerm("inventory", "inventory", (6,), dtype="int32", names=items),
        ObservationTerm("life", "life_stats", (2,), names=("health", "food")),
        ObservationTerm("task", "text", (), dtype="str"),
    )
    keys = ("forward", "back", "left", "right", "jump", "sneak", "sprint", "attack", "use")
    turns = ("camera_pitch", "camera_yaw")
    action = ActionTerm("keys_and_camera", "keys_and_camera", (11,), names=keys + turns,
                        unit=("1",) * 9 + ("rad",) * 2,
                        limits=((0.0, 1.0),) * 9 + ((-math.pi, math.pi),) * 2)  # fmt: skip
    craft = ActionTerm("craft", "discrete", (), names=("nothing", "planks", "stick"), dtype="int64")
    return PolicySpec("harvest-log", "steve", 0.05, {"policy": terms}, (action, craft))


def navigation():
    terms = (
        ObservationTerm("depth", "image_depth", (256, 256, 1), unit="m", frame="camera", clip=(0.0, 10.0)),
        ObservationTerm("point_goal", "point_goal", (2,), names=("distance", "bearing"), unit=("m", "rad"),
                        frame="agent"),
    )  # fmt: skip
    moves = ("stop", "move_forward", "turn_left", "turn_right")
    action = ActionTerm("move", "discrete", (), names=moves, dtype="int64",
                        details={"forward_step": 0.25, "turn_step": math.radians(10)})  # fmt: skip
    return PolicySpec("point-goal", "locobot", 1.0, {"policy": terms}, (action,))


def manipulation():
    terms = (
        ObservationTerm("agent_view", "image_rgb", (256, 256, 3), dtype="uint8", frame="agent_view"),
        ObservationTerm("wrist_view", "image_rgb", (256, 256, 3), dtype="uint8", frame="wrist_view"),
        ObservationTerm("end_effector", "end_effector_pose", (7,), frame="base",
                        names=("x", "y", "z", "qw", "qx", "qy", "qz"), unit=("m",) * 3 + ("1",) * 4),
        ObservationTerm("gripper_width", "gripper", (1,), unit="m"),
        ObservationTerm("instruction", "text", (), dtype="str"),
    )  # fmt: skip
    delta = ActionTerm("end_effector_delta", "end_effector_delta", (6,), frame="base", chunk=8,
                       names=("dx", "dy", "dz", "rx", "ry", "rz"), unit=("m",) * 3 + ("rad",) * 3,
                       scale=(0.05,) * 3 + (0.5,) * 3, clip=(-1.0, 1.0))  # fmt: skip
    gripper = ActionTerm("gripper", "gripper", (1,), names=("open",), limits=((0.0, 1.0),), chunk=8)
    return PolicySpec("libero-spatial", "franka", 0.05, {"policy": terms}, (delta, gripper))


EXAMPLES = {
    "locomotion": locomotion,
    "cameras": cameras,
    "lidar": lidar,
    "driving": driving,
    "minecraft": minecraft,
    "navigation": navigation,
    "manipulation": manipulation,
}
