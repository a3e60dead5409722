"""A policy file for benchmarks/deploy_latency.py: inputs and size of go1-flat's, untrained. Not a benchmark.

Written with onnx alone, since the environment with ROS 2 has no torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landward.constraint import Constraint
from landward.errors import require
from landward.policy_file import FILE_VERSION, PLACEHOLDER, seal
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from robots import Robot

HIDDEN = (256, 128, 64)
"""Units of the hidden layers, as in the recipe of go1-flat."""
SMALL = 1e-3
"""Scale of the last layer: the targets stay near the standing pose whatever is measured."""
_OPSET, _IR_VERSION = 17, 8


def spec_of(robot: Robot) -> PolicySpec:
    """A contract that fits the robot, with terms and constraints as in go1-flat."""
    joints = robot.joint_names
    count = len(joints)
    xyz = ("x", "y", "z")
    inputs = (
        ObservationTerm("base_ang_vel", "angular_velocity", (3,), unit="rad/s", frame="base", names=xyz),
        ObservationTerm("projected_gravity", "projected_gravity", (3,), frame="base", names=xyz),
        ObservationTerm(
            "command", "command", (3,), unit=("m/s", "m/s", "rad/s"), frame="base", names=("vx", "vy", "wz")
        ),
        ObservationTerm("joint_pos", "joint_position", (count,), unit="rad", names=joints),
        ObservationTerm("joint_vel", "joint_velocity", (count,), unit="rad/s", names=joints),
        ObservationTerm("last_action", "last_action", (count,), names=joints),
    )
    target = ActionTerm(
        "joint_pos_target",
        "joint_position_target",
        (count,),
        names=joints,
        unit="rad",
        scale=0.25,
        offset=robot.default_joint_pos,
        limits=robot.joint_limits,
        stiffness=robot.stiffness,
        damping=robot.damping,
        effort_limit=robot.effort_limit,
    )
    constraints = (
        Constraint("joint_torque", "joint_torque", 20.0, "N m"),
        Constraint("joint_velocity", "joint_vel", 20.0, "rad/s"),
        Constraint("action_rate", "action_rate", 80.0, "1/s"),
    )
    return PolicySpec(
        task="deploy-latency",
        robot=robot.name,
        control_period=robot.control_period,
        observations={"policy": inputs},
        actions=(target,),
        constraints=constraints,
    )


def write_policy(path: Path, robot: Robot, hidden: Sequence[int] = HIDDEN) -> Path:
    """Write a policy with random weights.

    Raises:
        MissingDependencyError: onnx is not installed.
    """
    onnx = require("onnx", "test", "the benchmark writes its policy with it")
    spec = spec_of(robot)
    model = onnx.helper.make_model(
        _graph(onnx, spec, hidden),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
    )
    size = [spec.actions[0].size]
    state = {"input": "state.last_action", "output": "state.last_action.next", "shape": size, "init": 0.0}
    metadata = {
        "version": FILE_VERSION,
        "spec": spec.to_json(),
        "spec_hash": spec.hash,
        "states": json.dumps([state]),
        "provenance": json.dumps({"seed": 0}),
        "graph_hash": PLACEHOLDER,
    }
    onnx.helper.set_model_props(model, {f"landward.{key}": value for key, value in metadata.items()})
    path.write_bytes(seal(model.SerializeToString()))
    return path


def _graph(onnx: Any, spec: PolicySpec, hidden: Sequence[int]) -> Any:
    """Concat -> layers with ELU -> raw action, which is the state; target = offset + scale * raw action."""
    helper, random = onnx.helper, np.random.default_rng(0)
    action = spec.actions[0]
    inputs = {
        "state.last_action" if term.kind == "last_action" else term.name: term.size
        for term in spec.actor_terms
    }
    sizes = [sum(inputs.values()), *hidden, action.size]
    arrays = {"offset": np.array(action.offset, np.float32), "scale": np.array(action.scale, np.float32)}
    nodes = [helper.make_node("Concat", list(inputs), ["x0"], axis=1)]
    for i, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        last = i == len(hidden)
        weight = random.normal(0.0, fan_in**-0.5, (fan_in, fan_out)) * (SMALL if last else 1.0)
        arrays |= {f"w{i}": weight.astype(np.float32), f"b{i}": np.zeros(fan_out, np.float32)}
        out = "state.last_action.next" if last else f"z{i}"
        nodes.append(helper.make_node("Gemm", [f"x{i}", f"w{i}", f"b{i}"], [out]))
        if not last:
            nodes.append(helper.make_node("Elu", [out], [f"x{i + 1}"]))
    nodes += [
        helper.make_node("Mul", ["state.last_action.next", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offset"], [action.name]),
    ]

    def ports(sizes: dict[str, int]) -> list[Any]:
        kind = onnx.TensorProto.FLOAT
        return [helper.make_tensor_value_info(name, kind, ["batch", size]) for name, size in sizes.items()]

    outputs = {action.name: action.size, "state.last_action.next": action.size}
    constants = [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in arrays.items()]
    return helper.make_graph(nodes, "policy", ports(inputs), ports(outputs), constants)
