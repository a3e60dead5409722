"""Synthetic results of engines, and a policy file for go1-flat."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from robots import get_robot
from sims.registry import get_task
from sims.sim2sim.results import EngineResult
from sims.velocity.observations import velocity_spec
from tests.landward.onnx_models import with_metadata

GO1 = get_robot("go1")
PERIOD = 0.02
SPEC = velocity_spec("go1-flat", GO1, get_task("go1-flat").make_cfg(False))


def result(label, episodes=4, steps=6, seed=0, **changes):
    """Episodes that stand still in uneven poses; every quantity is constant over time."""
    random = np.random.default_rng(seed)

    def still(*shape):
        value = random.normal(size=(1, episodes, *shape)).astype(np.float32)
        return np.repeat(value, steps, axis=0)

    quat = still(4)
    quat /= np.linalg.norm(quat, axis=-1, keepdims=True)
    terms = {
        "base_ang_vel": still(3),
        "projected_gravity": still(3),
        "command": still(3),
        "joint_pos": still(12),
        "joint_vel": still(12),
        "last_action": 0 * still(12),
        "base_lin_vel": still(3),
        "foot_contact": np.zeros((steps, episodes, 4), np.float32),
        "foot_height": still(4),
        "physics": still(5),
    }
    values = {
        "squares": np.full((episodes, 3), 0.04),
        "steps": np.full(episodes, 4),
        "fell": np.zeros(episodes, bool),
        "violations": {"joint_torque": np.zeros(episodes, np.int64)},
        "counted": np.full(episodes, 10),
        "terms": terms,
        "poses": {"root_pos_w": still(3), "root_quat_w": quat, "joint_pos": terms["joint_pos"].copy()},
        "facts": {"policy_hash": "abc", "control_period": PERIOD, "versions": {"mujoco": "4"}},
    }
    return EngineResult(label, **{**values, **changes})


def standing_policy(path, gain=1.0):
    """An exported policy of go1-flat that holds the default pose times `gain`, whatever it sees."""
    inputs = {term.name: term.size for term in SPEC.inputs} | {"state.last_action": 12}
    outputs = ("joint_pos_target", "state.last_action.next")
    ports = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in {**inputs, **dict.fromkeys(outputs, 12)}.items()
    }
    pose = np.array([GO1.default_joint_pos], np.float32) * np.float32(gain)
    constants = [
        numpy_helper.from_array(np.zeros((3, 12), np.float32), "nothing"),
        numpy_helper.from_array(pose, "pose"),
    ]
    nodes = [
        helper.make_node("MatMul", ["command", "nothing"], ["state.last_action.next"]),
        helper.make_node("Add", ["state.last_action.next", "pose"], ["joint_pos_target"]),
    ]
    graph = helper.make_graph(
        nodes, "stand", [ports[n] for n in inputs], [ports[n] for n in outputs], constants
    )
    states = [{"input": "state.last_action", "output": outputs[1], "shape": [12], "init": 0.0}]
    path.write_bytes(with_metadata(graph, SPEC, states))
    return path
