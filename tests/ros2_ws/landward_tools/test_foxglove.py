import json
import re

import pytest

from landward_ros import names

TOPICS = {
    f"/{value.lstrip('/')}": key
    for key, value in vars(names).items()
    if key.isupper() and isinstance(value, str) and not key.endswith(("_NODE", "_FRAME", "_LINK"))
}


@pytest.fixture(scope="module")
def layout(root):
    path = root / "ros2_ws" / "src" / "landward_tools" / "foxglove" / "landward.json"
    return json.loads(path.read_text(encoding="utf-8"))


def paths(node):
    """Every text in the layout that names a topic."""
    if isinstance(node, dict):
        for value in node.values():
            yield from paths(value)
    elif isinstance(node, list):
        for value in node:
            yield from paths(value)
    elif isinstance(node, str) and node.startswith("/"):
        yield node


def panels(node):
    """The panels that the layout places."""
    return [node] if isinstance(node, str) else panels(node["first"]) + panels(node["second"])


def test_every_topic_is_one_of_ours(layout):
    found = {re.split(r"[.\[]", path)[0] for path in paths(layout["configById"])}
    assert found <= TOPICS.keys()
    assert {
        f"/{name}".replace("//", "/")
        for name in (
            names.JOINT_STATES,
            names.IMU,
            names.ODOM,
            names.CMD_VEL,
            names.ROBOT_COMMAND,
            names.DEADMAN,
            names.SAFETY_STATUS,
            names.POLICY_STATUS,
            names.DIAGNOSTICS,
        )
    } <= found


def test_every_panel_is_placed_once_and_described(layout):
    placed = panels(layout["layout"])
    assert sorted(placed) == sorted(layout["configById"])
    # Foxglove finds a panel's kind before the "!".
    assert {name.partition("!")[0] for name in placed} == {
        "Plot",
        "DiagnosticSummary",
        "RawMessages",
        "Indicator",
        "StateTransitions",
    }


def test_every_field_exists_in_its_message(layout):
    bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")
    examples = {
        "/cmd_vel": bags.cmd_vel(0),
        "/odom": bags.odom(0),
        "/joint_states": bags.joint_state(0, (0,) * 3, (0,) * 3, (0,) * 3),
        "/joint_command": bags.joint_state(0, (0,) * 3),
        "/policy/status": bags.status(0, ""),
        "/safety/status": bags.status(0, ""),
        "/deadman": bags.make("std_msgs/msg/Bool", data=True),
    }
    for path in paths(layout["configById"]):
        topic, *fields = re.split(r"[.\[]", path)
        message = examples.get(topic)
        for field in fields if message is not None else ():
            message = message[int(field[:-1])] if field.endswith("]") else getattr(message, field)
