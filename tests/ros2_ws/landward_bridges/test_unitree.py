import importlib.util

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from landward_bridges import unitree  # noqa: E402


def test_help_says_what_it_needs_and_that_it_has_not_met_a_robot(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["unitree", "--help"])
    assert unitree.main() == 0
    text = capsys.readouterr().out
    for needed in ("unitree_go", "rmw_cyclonedds_cpp", "sport mode", "never run on\nhardware"):
        assert needed in text


@pytest.mark.skipif(importlib.util.find_spec("unitree_go") is not None, reason="unitree_go is installed")
def test_without_the_messages_one_line_says_which_package_to_build(start_node):
    node = start_node("landward_bridges.unitree", "bridge", {"robot": "go1"}, wait=False)
    assert node.process.wait(20) == 1
    assert node.output.startswith("error: the ROS package unitree_go is not there: clone")
    assert node.output.count("\n") == 1
