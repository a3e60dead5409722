import json
from pathlib import Path
from typing import Any

import pytest

from landward_bringup.description import Walk, describe
from landward_bringup.process import DeploymentError, parse_setting, yaml_value

POLICY = Path("/runs/a b/policy.onnx")


def deployment(**changes: Any):
    settings = {"folder": Path("/out"), "operator": Walk(), **changes}
    return describe("go1", POLICY, 0.02, **settings)


def by_name(**changes: Any) -> dict:
    return {process.name: process for process in deployment(**changes).processes}


def test_a_twin_is_recorded_monitored_and_driven() -> None:
    processes = by_name()
    assert list(processes) == ["recorder", "twin", "safety", "policy", "operator"]
    assert [p.module for p in processes.values()] == [
        "landward_tools.record",
        "landward_twin.node",
        "landward_safety.node",
        "landward_policy.node",
        "landward_bringup.operate",
    ]
    assert processes["policy"].needs == ("safety",)
    assert processes["operator"].needs == ("recorder", "twin", "safety", "policy")
    assert [p.name for p in processes.values() if p.ends] == ["operator"]


def test_what_all_depend_on_is_the_same_everywhere() -> None:
    processes = by_name(namespace="/robot1/", rate=2.0)
    assert {p.namespace for p in processes.values()} == {"robot1"}
    assert {p.parameters["use_sim_time"] for p in processes.values()} == {True}
    assert {p.parameters["robot"] for p in processes.values() if "robot" in p.parameters} == {"go1"}
    for name in ("safety", "policy"):
        assert processes[name].parameters["policy"] == str(POLICY)
        assert processes[name].parameters["control_period"] == 0.02


def test_scaled_time_comes_from_the_twins_own_clock() -> None:
    twin = by_name(namespace="left", rate=2.0)["twin"]
    assert (twin.parameters["rate"], twin.parameters["publish_clock"]) == (2.0, True)
    assert twin.remappings == (("/clock", "/left/clock"),)
    assert by_name(rate=2.0)["twin"].remappings == ()
    twin = by_name(namespace="left")["twin"]
    assert (twin.parameters["publish_clock"], twin.parameters["use_sim_time"]) == (False, False)
    assert twin.remappings == ()


def test_a_real_robot_is_driven_by_a_person() -> None:
    processes = by_name(bridge="unitree", teleop="joy")
    assert list(processes) == ["recorder", "bridge", "safety", "policy", "teleop", "operator"]
    assert processes["bridge"].module == "landward_bridges.unitree"
    assert processes["safety"].parameters["deadman_required"] is True
    assert processes["operator"].parameters["drives"] is False
    assert processes["teleop"].ends and not processes["teleop"].terminal
    assert by_name(teleop="keyboard")["teleop"].terminal


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bridge": "spot"}, "there is no bridge 'spot'; the bridges are unitree, joint-trajectory$"),
        ({"teleop": "mind"}, "there is no teleoperation by 'mind'; there is keyboard, joy"),
        ({"namespace": "2nd"}, "'2nd' is no ROS namespace"),
        ({"namespace": "a//b"}, "'a//b' is no ROS namespace"),
        ({"rate": 0.0}, "the rate must be positive, got 0"),
        ({"rate": float("nan")}, "the rate must be positive, got nan"),
        ({"bridge": "unitree", "teleop": "joy", "rate": 2.0}, "a real robot lives in real time"),
        (
            {"extra": {"arm": {"speed": 1.0}}},
            "no node .arm. to set speed of",
        ),
        ({"extra": {"twin": {"robot": "solo12"}}}, "robot of twin is the same for all nodes"),
        ({"bridge": "unitree"}, "only while a person holds the deadman"),
        ({"bridge": "unitree", "teleop": "joy", "deadman": False}, "only while a person holds the deadman"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DeploymentError, match=message):
        deployment(**changes)


def test_the_command_line_keeps_types_and_spaces() -> None:
    command = by_name(namespace="left", rate=2.0)["safety"].command("python3")
    assert command[:5] == ("python3", "-P", "-m", "landward_safety.node", "--ros-args")
    words = " | ".join(command)
    assert "-r | __ns:=/left | -r | /clock:=/left/clock" in words
    assert '-p | policy:="/runs/a b/policy.onnx"' in words
    assert "-p | use_sim_time:=true" in words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (3, "3"),
        (3.0, "3.0"),
        (0.02, "0.02"),
        ("1.0", '"1.0"'),
        ("true", '"true"'),
        ((0.5, 0.0, -1.0), "[0.5, 0.0, -1.0]"),
    ],
)
def test_values_as_yaml(value: Any, text: str) -> None:
    assert yaml_value(value) == text


def test_a_constant_command_reaches_the_operator() -> None:
    walk = Walk(seconds=5.0, command=(0.5, 0.0, -0.2), seed=3)
    parameters = by_name(operator=walk)["operator"].parameters
    assert parameters["command"] == (0.5, 0.0, -0.2)
    assert (parameters["seconds"], parameters["seed"], parameters["drives"]) == (5.0, 3, True)
    assert "command" not in by_name()["operator"].parameters


def test_further_parameters_reach_their_node() -> None:
    processes = by_name(extra={"twin": {"latency": 0.01, "seed": 9}}, seed=4)
    assert (processes["twin"].parameters["latency"], processes["twin"].parameters["seed"]) == (0.01, 9)
    assert "latency" not in processes["safety"].parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("twin.latency=0.01", ("twin", "latency", 0.01)),
        ("twin.noise=false", ("twin", "noise", False)),
        ("safety.black_box_seconds=10", ("safety", "black_box_seconds", 10)),
        ("bridge.controller=/legs", ("bridge", "controller", "/legs")),
        ('bridge.controller="1"', ("bridge", "controller", "1")),
        ("bridge.gains=[1, 2.5]", ("bridge", "gains", (1.0, 2.5))),
        ("policy.x=a=b", ("policy", "x", "a=b")),
    ],
)
def test_settings_are_read(text: str, expected: Any) -> None:
    assert parse_setting(text) == expected


@pytest.mark.parametrize("text", ["twin", "twin=1", "twin.latency", ".latency=1", "twin.=1", "twin.a={}"])
def test_other_words_are_no_settings(text: str) -> None:
    with pytest.raises(DeploymentError):
        parse_setting(text)


def test_without_recording_and_operator() -> None:
    assert list(by_name(record=False, operator=None)) == ["twin", "safety", "policy"]


def test_the_record_of_it_is_json() -> None:
    facts = json.loads(deployment(namespace="left").to_json())
    assert (facts["robot"], facts["rate"], facts["bridge"]) == ("go1", 1.0, None)
    assert [p["package"] for p in facts["processes"]][-1] == "landward_bringup"
