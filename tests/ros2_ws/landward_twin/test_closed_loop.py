"""A policy file and the twin's robot in one process: the interface alone, without ROS in between."""

import numpy as np
import pytest

from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from landward_ros.samples import ImuSample
from landward_twin.robot import TwinCfg, TwinRobot
from landward_twin.sensors import Sensors, SensorsCfg
from robots import get_robot

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
from landward.onnx_policy import OnnxPolicy  # noqa: E402
from tests.landward.onnx_models import with_metadata  # noqa: E402

GO1 = get_robot("go1")
BACKWARDS = tuple(reversed(GO1.joint_names))
"""Order of the policy's joints: not the robot's, so that only names can match them."""
STANDING = np.array(GO1.default_joint_pos)
SQUAT = np.tile([0.0, 0.4, -0.8], 4)
"""Bends thigh and calf so that the feet stay below the hips [rad]."""
LEVEL = np.tile([0.0, 0.5, 0.0], 4)
"""Answer of the thighs to pitch."""


def squatting_policy(path):  # noqa: ANN001, ANN201
    """target = standing + SQUAT * command + LEVEL * gravity.x, joints backwards."""
    spec = PolicySpec(
        "squat",
        "go1",
        GO1.control_period,
        {
            "policy": (
                ObservationTerm("command", "command", (1,), unit="m/s", names=("vx",)),
                ObservationTerm("gravity", "projected_gravity", (3,), frame="base"),
            )
        },
        (ActionTerm("target", "joint_position_target", (12,), unit="rad", names=BACKWARDS),),
    )
    weight = np.stack([SQUAT, LEVEL, 0 * SQUAT, 0 * SQUAT])[:, ::-1].astype(np.float32)
    helper, floats = onnx.helper, onnx.TensorProto.FLOAT

    def port(name: str, size: int) -> object:
        return helper.make_tensor_value_info(name, floats, ["batch", size])

    constants = {"weight": weight, "bias": STANDING[::-1].astype(np.float32)}
    graph = helper.make_graph(
        [
            helper.make_node("Concat", ["command", "gravity"], ["inputs"], axis=1),
            helper.make_node("Gemm", ["inputs", "weight", "bias"], ["target"]),
        ],
        "policy",
        [port("command", 1), port("gravity", 3)],
        [port("target", 12)],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    path.write_bytes(with_metadata(graph, spec, []))
    return OnnxPolicy(path)


def test_a_policy_moves_the_robot_through_names_alone(tmp_path) -> None:  # noqa: ANN001
    policy = squatting_policy(tmp_path / "policy.onnx")
    twin, sensors = TwinRobot(GO1, TwinCfg(latency=0.004)), Sensors(SensorsCfg(), seed=0)
    names = policy.spec.actions[0].names
    order = [names.index(joint) for joint in GO1.joint_names]
    heights = []
    for tick in range(250):
        squat = 1.0 if tick >= 125 else 0.0
        reading = sensors.measure(twin.read())
        gravity = ImuSample(0.0, reading.angular_velocity, reading.orientation).gravity
        inputs = {"command": np.array([[squat]], np.float32), "gravity": gravity[None].astype(np.float32)}
        twin.command(policy(inputs)["target"][0, order])
        twin.step(round(GO1.control_period / twin.cfg.timestep))
        heights.append(twin.truth().position[2])
    assert heights[124] > 0.75 * GO1.standing_height  # its weight bends the legs
    # Thigh 0.9 -> 1.3, calf -1.8 -> -2.6: legs of 2 * 0.213 cos(0.9) = 0.265 m become 0.114 m long.
    assert heights[124] - heights[249] == pytest.approx(0.265 - 0.114, abs=0.03)
    assert abs(twin.read().orientation[0]) > 0.99
