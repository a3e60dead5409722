"""The launch files say what the description says; where ROS has `launch`, they are run by it."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest

from landward_bringup import launching
from landward_bringup.description import Walk, describe
from landward_bringup.launching import (
    DEPLOY,
    RECORD,
    TWIN,
    deploy_processes,
    execute_kwargs,
    node_kwargs,
    record_processes,
    twin_processes,
)
from landward_bringup.process import DeploymentError, Place, Process
from tests.ros2_ws.landward_policy.policies import write_policy

ROOT = Path(__file__).resolve().parents[3]
FILES = {"deploy": DEPLOY, "twin": TWIN, "record": RECORD}


def values(arguments: Any, **given: str) -> dict[str, str]:
    return {a.name: given.get(a.name, a.default) for a in arguments}


@pytest.fixture
def everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "check_packages", lambda processes: None)
    plan = launching.plan
    monkeypatch.setattr(launching, "plan", lambda request: plan(request, lambda name: object()))


@pytest.mark.usefixtures("everything_is_installed")
def test_deploy_starts_what_the_description_says(tmp_path: Path) -> None:
    policy = write_policy(tmp_path / "policy.onnx")
    given = {"robot": "go1", "policy": str(policy), "out": str(tmp_path / "out"), "namespace": "left"}
    found = deploy_processes(values(DEPLOY, **given, rate="2.0", command="0.5 0 -0.2", seed="3"))
    (folder,) = (tmp_path / "out").iterdir()
    walk = Walk(60.0, (0.5, 0.0, -0.2), 3)
    expected = describe("go1", policy, 0.02, folder, namespace="left", rate=2.0, operator=walk, seed=3)
    assert found == expected.processes


@pytest.mark.usefixtures("everything_is_installed")
def test_switches_reach_the_description(tmp_path: Path) -> None:
    given = {"robot": "go1", "policy": str(write_policy(tmp_path / "policy.onnx")), "out": str(tmp_path)}
    switches = {"operator": "false", "record": "False", "deadman": "false"}
    found = deploy_processes(values(DEPLOY, **given, **switches))
    assert [p.name for p in found] == ["twin", "safety", "policy"]
    assert found[1].parameters["deadman_required"] is False


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": "fast"}, "rate:='fast' is no number"),
        ({"seed": "1.5"}, "seed:='1.5' is no whole number"),
        ({"record": "yes"}, "record:='yes': write true or false"),
        ({"command": "0.5"}, "write three numbers"),
        ({"command": "a b c"}, "command:='a' is no number"),
        ({"teleop": "keyboard"}, "run `landward teleop` in a terminal of its own"),
    ],
)
def test_wrong_arguments_are_named(given: dict[str, str], message: str) -> None:
    with pytest.raises(DeploymentError, match=message):
        deploy_processes(values(DEPLOY, robot="go1", policy="policy.onnx", **given))


@pytest.mark.usefixtures("everything_is_installed")
def test_the_other_files_start_one_process_each() -> None:
    (twin,) = twin_processes(values(TWIN, robot="go1", namespace="/left", rate="2"))
    assert (twin.name, twin.namespace, twin.parameters["publish_clock"]) == ("twin", "left", True)
    (recorder,) = record_processes(values(RECORD, out="walk"))
    assert (recorder.name, recorder.parameters["out"]) == ("recorder", "walk")


def test_a_node_for_launch_says_what_the_process_says() -> None:
    parameters = {"seconds": 5.0, "command": (0.5, 0.0, 0.0)}
    process = Place("left", 2.0).process("operator", "landward_bringup.operate", parameters)
    assert node_kwargs(process) == {
        "package": "landward_bringup",
        "executable": "operate",
        "name": "operator",
        "exec_name": "operator",
        "namespace": "left",
        "parameters": [{"use_sim_time": True, "seconds": 5.0, "command": [0.5, 0.0, 0.0]}],
        "remappings": [("/clock", "/left/clock")],
        "output": "screen",
    }


def test_from_the_checkout_it_is_the_same_command_line() -> None:
    process = Process("twin", "landward_twin.node", "node", {"robot": "go1"})
    made = execute_kwargs(process)
    assert made["cmd"] == list(process.command())
    paths = made["additional_env"]["PYTHONPATH"].split(os.pathsep)
    assert str(ROOT / "ros2_ws" / "src" / "landward_twin") in paths


def test_every_executable_is_declared_by_its_package() -> None:
    processes = [*everything("", "keyboard"), *everything("unitree", "joy")]
    processes += everything("joint-trajectory", "joy")
    for process in processes:
        text = (ROOT / "ros2_ws" / "src" / process.package / "setup.cfg").read_text()
        assert f"    {process.executable} = {process.module}:main\n" in text


def everything(bridge: str, teleop: str) -> tuple[Process, ...]:
    made = describe("go1", Path("p"), 0.02, Path("o"), bridge=bridge, teleop=teleop, operator=Walk())
    return made.processes


@pytest.mark.parametrize("name", FILES)
def test_launch_files_load_without_ros(name: str) -> None:
    path = ROOT / "launch" / f"{name}.launch.py"
    spec = importlib.util.spec_from_file_location(f"{name}_launch", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(module.generate_launch_description)


@pytest.mark.parametrize("arguments", FILES.values())
def test_every_argument_is_explained(arguments: Any) -> None:
    assert all(a.description for a in arguments)
    assert len({a.name for a in arguments}) == len(arguments)


def test_launch_stays_without_a_package_of_its_own() -> None:
    assert not (ROOT / "launch" / "__init__.py").exists()


@pytest.mark.parametrize("name", FILES)
def test_ros_launch_reads_the_files(name: str) -> None:
    launch = pytest.importorskip("launch.actions", reason="needs ROS 2's launch, which no wheel has")
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    found = get_launch_description_from_python_launch_file(str(ROOT / "launch" / f"{name}.launch.py"))
    declared = [e for e in found.entities if isinstance(e, launch.DeclareLaunchArgument)]
    assert [d.name for d in declared] == [a.name for a in FILES[name]]
    assert [d.description for d in declared] == [a.description for a in FILES[name]]
