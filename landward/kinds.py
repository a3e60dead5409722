"""The vocabulary of observation and action kinds; a plugin adds its own with one dictionary entry."""

OBSERVATION_KINDS: dict[str, str] = {
    "joint_position": "joint angles or extensions, in the order of `names`",
    "joint_velocity": "joint velocities, in the order of `names`",
    "joint_effort": "measured joint torques or forces, in the order of `names`",
    "angular_velocity": "angular velocity of the body in `frame`",
    "linear_velocity": "linear velocity of the body in `frame`",
    "linear_acceleration": "linear acceleration of the body in `frame`",
    "projected_gravity": "unit gravity direction in `frame`; (0, 0, -1) when upright",
    "orientation": "unit quaternion (w, x, y, z) from `frame` to the world",
    "position": "position of the body in `frame`",
    "pose": "position and orientation of the body in `frame`",
    "command": "what the operator asks for, e.g. a planar velocity in the base frame",
    "phase": "a periodic clock, e.g. (sin, cos) of a gait phase",
    "last_action": "the policy's own previous raw action; state of an exported policy, never an input",
    "height_scan": "terrain heights below the body on a grid, in `frame`",
    "foot_contact": "whether each foot touches the ground (0 or 1)",
    "foot_height": "height of each foot above the ground below it",
    "contact_force": "contact force of each element of `names`",
    "physics_parameters": "parameters of the simulated world (friction, masses, gains), privileged",
    "image_rgb": "colour image, (height, width, 3)",
    "image_depth": "depth image along the optical axis, (height, width) or (height, width, 1)",
    "image_semantic": "class index of every pixel, (height, width)",
    "lidar": "range scan (rays,), or a point cloud (points, channels) with channel `names`",
    "bird_eye_view": "top-down raster around the vehicle, (height, width, channels)",
    "speed": "forward speed of the vehicle",
    "route": "the way ahead as points in the vehicle frame, (points, 2 or 3)",
    "traffic": "lights, signs, limits and other road users as numbers named by `names`",
    "point_goal": "goal position relative to the agent: (distance, bearing)",
    "compass": "heading of the agent",
    "gps": "position of the agent relative to where the episode began",
    "voxels": "block index of every cell around the agent, (x, y, z)",
    "inventory": "how many of each item of `names` the agent holds",
    "life_stats": "health, food, oxygen and the like, named by `names`",
    "text": "a text, such as an instruction",
    "text_tokens": "token indices of a text, padded",
    "gripper": "gripper opening",
    "end_effector_pose": "pose of the end effector in `frame`",
    "features": "a learned or precomputed feature vector",
    "state": "any other numbers, named by `names`",
}
"""Observation kind -> what it means."""

IMAGE_KINDS = ("image_rgb", "image_depth", "image_semantic", "bird_eye_view")
"""Observation kinds that are pictures."""

ACTION_KINDS: dict[str, str] = {
    "joint_position_target": "target angles of the joint position controllers",
    "joint_velocity_target": "target velocities of the joint velocity controllers",
    "joint_effort": "joint torques or forces",
    "twist": "linear and angular velocity of the body",
    "ackermann": "speed and steering angle of a car-like vehicle",
    "vehicle_control": "throttle, steer and brake as a driver's fractions",
    "end_effector_delta": "change of the end effector's pose in `frame` over one control period",
    "end_effector_pose": "target pose of the end effector in `frame`",
    "gripper": "gripper command",
    "keys_and_camera": "keys (0 or 1) and camera turns, one element a name",
    "discrete": "the index of one of `names`",
    "raw": "any other numbers, named by `names`",
}
"""Action kind -> what it means."""

DTYPES = ("float32", "float64", "uint8", "int32", "int64", "bool", "str")
"""Element types a term may have; "str" is a Python text, the others are NumPy names."""
