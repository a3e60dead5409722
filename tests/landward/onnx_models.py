"""Small exported policies, built with the onnx helpers and sealed like the exporter's."""

import json

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from landward.policy_file import FILE_VERSION, PLACEHOLDER, seal
from landward.spec import ActionTerm, ObservationTerm, PolicySpec

JOINTS = ("FL_hip_joint", "FL_thigh_joint", "FL_calf_joint")


def make_spec(**overrides):
    fields = {
        "task": "test",
        "robot": "leg",
        "control_period": 0.02,
        "observations": {
            "policy": (
                ObservationTerm("joint_pos", "joint_position", (3,), unit="rad", names=JOINTS),
                ObservationTerm("gravity", "projected_gravity", (3,), frame="base"),
                ObservationTerm("last_action", "last_action", (3,)),
            )
        },
        "actions": (ActionTerm("joint_pos_target", "joint_position_target", (3,), names=JOINTS, unit="rad"),),
    }
    return PolicySpec(**(fields | overrides))


def make_model(contract=None, /, weight=0.5, **metadata):
    """target = weight * (joint_pos + gravity) + state.last_action; the next last action is the target."""
    spec = make_spec() if contract is None else contract
    row = ["batch", 3]
    ports = {
        name: helper.make_tensor_value_info(name, TensorProto.FLOAT, row)
        for name in (
            "joint_pos",
            "gravity",
            "state.last_action",
            "joint_pos_target",
            "state.last_action.next",
        )
    }
    names = list(ports)
    nodes = [
        helper.make_node("Add", ["joint_pos", "gravity"], ["sum"]),
        helper.make_node("Mul", ["sum", "weight"], ["scaled"]),
        helper.make_node("Add", ["scaled", "state.last_action"], ["joint_pos_target"]),
        helper.make_node("Identity", ["joint_pos_target"], ["state.last_action.next"]),
    ]
    constants = [numpy_helper.from_array(np.float32(weight), "weight")]
    graph = helper.make_graph(
        nodes, "policy", [ports[n] for n in names[:3]], [ports[n] for n in names[3:]], constants
    )
    states = [{"input": "state.last_action", "output": "state.last_action.next", "shape": [3], "init": 0.0}]
    return with_metadata(graph, spec, states, **metadata)


def with_metadata(graph, spec, states, /, **overrides):
    """The sealed bytes of a model; an override of None leaves that entry out."""
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    entries = {
        "version": FILE_VERSION,
        "spec": spec.to_json(),
        "spec_hash": spec.hash,
        "states": json.dumps(states),
        "provenance": json.dumps({"seed": 1}),
        "graph_hash": PLACEHOLDER,
    }
    for key, value in (entries | overrides).items():
        if value is not None:
            onnx.helper.set_model_props(
                model, {p.key: p.value for p in model.metadata_props} | {f"landward.{key}": value}
            )
    content = model.SerializeToString()
    return seal(content) if overrides.get("graph_hash", "") is not None else content


def mlp(spec, hidden=(128, 128, 128), seed=0):
    """A perceptron over the concatenated inputs of a flat spec with one action term and its last action."""
    rng = np.random.default_rng(seed)
    inputs = [(t.name if t.kind != "last_action" else "state.last_action", t.size) for t in spec.actor_terms]
    action = spec.actions[0]
    nodes = [helper.make_node("Concat", [name for name, _ in inputs], ["h0"], axis=1)]
    constants = []
    sizes = [sum(size for _, size in inputs), *hidden, action.size]
    for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:], strict=False)):
        last = layer == len(hidden)
        weight = rng.normal(0.0, fan_in**-0.5, (fan_in, fan_out)).astype(np.float32)
        constants += [
            numpy_helper.from_array(weight, f"w{layer}"),
            numpy_helper.from_array(np.zeros(fan_out, np.float32), f"b{layer}"),
        ]
        out = action.name if last else f"z{layer}"
        nodes.append(helper.make_node("Gemm", [f"h{layer}", f"w{layer}", f"b{layer}"], [out]))
        if not last:
            nodes.append(helper.make_node("Elu", [out], [f"h{layer + 1}"]))
    nodes.append(helper.make_node("Identity", [action.name], ["state.last_action.next"]))

    def port(name, size):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])

    outputs = [port(action.name, action.size), port("state.last_action.next", action.size)]
    graph = helper.make_graph(nodes, "policy", [port(*i) for i in inputs], outputs, constants)
    size = [action.size]
    state = {"input": "state.last_action", "output": "state.last_action.next", "shape": size, "init": 0.0}
    return with_metadata(graph, spec, [state])
