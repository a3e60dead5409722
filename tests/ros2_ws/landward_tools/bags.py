"""Small recordings, written message by message."""

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="needs rosbags: make setup-ros")

from landward_tools.bag import typestore  # noqa: E402
from landward_tools.recording import Recording  # noqa: E402

STORE = typestore()
JOINTS = ("FL_hip_joint", "FL_thigh_joint", "FL_calf_joint")


def make(kind, **fields):
    return STORE.types[kind](**fields)


def stamp(ns):
    return make("builtin_interfaces/msg/Time", sec=ns // 10**9, nanosec=ns % 10**9)


def header(ns, frame=""):
    return make("std_msgs/msg/Header", stamp=stamp(ns), frame_id=frame)


def vector(x=0.0, y=0.0, z=0.0):
    return make("geometry_msgs/msg/Vector3", x=x, y=y, z=z)


def twist(vx=0.0, vy=0.0, wz=0.0):
    return make("geometry_msgs/msg/Twist", linear=vector(vx, vy), angular=vector(z=wz))


def joint_state(ns, position=(), velocity=(), effort=(), names=JOINTS):
    columns = {
        key: np.array(value, np.float64)
        for key, value in (("position", position), ("velocity", velocity), ("effort", effort))
    }
    return make("sensor_msgs/msg/JointState", header=header(ns), name=list(names), **columns)


def cmd_vel(ns, vx=0.0, vy=0.0, wz=0.0):
    return make("geometry_msgs/msg/TwistStamped", header=header(ns), twist=twist(vx, vy, wz))


def odom(ns, vx=0.0, vy=0.0, wz=0.0, x=0.0):
    point = make("geometry_msgs/msg/Point", x=x, y=0.0, z=0.3)
    turn = make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
    pose = make("geometry_msgs/msg/Pose", position=point, orientation=turn)
    zeros = np.zeros(36)
    return make(
        "nav_msgs/msg/Odometry",
        header=header(ns, "odom"),
        child_frame_id="base_link",
        pose=make("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=zeros),
        twist=make("geometry_msgs/msg/TwistWithCovariance", twist=twist(vx, vy, wz), covariance=zeros),
    )


def observation(stamp_ns, tick, **inputs):
    columns = {"stamp_us": [stamp_ns // 1000], "tick": [tick], **inputs}
    dims = [
        make("std_msgs/msg/MultiArrayDimension", label=key, size=len(value), stride=1)
        for key, value in columns.items()
    ]
    data = np.concatenate([np.asarray(value, np.float64) for value in columns.values()])
    layout = make("std_msgs/msg/MultiArrayLayout", dim=dims, data_offset=0)
    return make("std_msgs/msg/Float64MultiArray", layout=layout, data=data)


def status(level, message, **values):
    pairs = [make("diagnostic_msgs/msg/KeyValue", key=key, value=str(value)) for key, value in values.items()]
    return make(
        "diagnostic_msgs/msg/DiagnosticStatus",
        level=level,
        name="test",
        message=message,
        hardware_id="",
        values=pairs,
    )


def start(path, rows, facts=None):
    """A recording of rows (received [ns], absolute topic, message, bytes after it), not finished yet."""
    recording, connections = Recording(path, facts or {}), {}
    for time, topic, message, *after in rows:
        if topic not in connections:
            connections[topic] = recording.add(topic, message.__msgtype__)
        data = bytes(STORE.serialize_cdr(message, message.__msgtype__)) + b"".join(after)
        recording.write(connections[topic], time, data)
    return recording


def write(path, rows, facts=None):
    """A finished recording."""
    return start(path, rows, facts).finish()
