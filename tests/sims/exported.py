"""The fake walker's policy as an exported file, and its task in the registry."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.landward.onnx_models import with_metadata
from tests.sims.fakes import FakeWalker, walker_spec

SIZES = {"base_ang_vel": 3, "command": 3, "joint_pos": 12, "state.last_action": 12}


def walker_file(spec=None, gain=1.0):
    """The sealed bytes: the first three joint targets are the command."""
    outputs = ("joint_pos_target", "state.last_action.next")
    ports = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
        for name, size in {**SIZES, **dict.fromkeys(outputs, 12)}.items()
    }
    weight = numpy_helper.from_array(np.float32(gain) * np.eye(3, 12, dtype=np.float32), "weight")
    nodes = [
        helper.make_node("MatMul", ["command", "weight"], ["joint_pos_target"]),
        helper.make_node("Mul", ["joint_pos_target", "four"], ["state.last_action.next"]),
    ]
    constants = [weight, numpy_helper.from_array(np.float32(4.0), "four")]
    graph = helper.make_graph(
        nodes, "walker", [ports[n] for n in SIZES], [ports[n] for n in outputs], constants
    )
    states = [{"input": "state.last_action", "output": "state.last_action.next", "shape": [12], "init": 0.0}]
    return with_metadata(graph, spec or walker_spec(), states)


@pytest.fixture
def fake_task(monkeypatch):
    """Every task of the registry is the fake walker; the environments that were made."""
    import sims.registry

    made = []

    def make_env(name, num_envs, seed=0, play=False, overrides=None):
        made.append(FakeWalker(num_envs, seed))
        return made[-1]

    monkeypatch.setattr(sims.registry, "make_env", make_env)
    return made
