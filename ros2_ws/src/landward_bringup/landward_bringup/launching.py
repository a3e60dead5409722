"""What the launch files in launch/ are made of: their arguments, and the description as launch's actions.

`launch` and `launch_ros` come with a ROS installation only, not with the wheels, so they are imported by
`launch_description` alone; everything else here is plain Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landward_bringup.description import BRIDGES, TELEOPS, Walk, recorder, twin
from landward_bringup.environment import environment
from landward_bringup.preflight import Request, check_packages, make_folder, plan
from landward_bringup.process import DeploymentError, Place, Process
from landward_bringup.schedule import SEED


@dataclass(frozen=True)
class Argument:
    """One argument of a launch file, `name:=value`; None as default: it must be given."""

    name: str
    default: str | None
    description: str


_NAMESPACE = Argument("namespace", "", "in front of every node and topic, such as robot1")
_RATE = Argument("rate", "1.0", "simulated seconds per second; 1.0 is real time, else nodes live on /clock")
_SEED = Argument("seed", str(SEED), "of the twin's noise and of the drawn commands")
_OUT = Argument("out", "deployments", "logs and the recording go to a new folder OUT/TIME_ROBOT")

DEPLOY = (
    Argument("robot", None, "which robot; `landward list` shows them"),
    Argument("policy", None, "exported policy.onnx, or the run folder that has it"),
    Argument("bridge", "", f"driver of the real robot: {', '.join(BRIDGES)}; empty: the simulated twin"),
    _NAMESPACE,
    _RATE,
    Argument("teleop", "", f"a person drives: {', '.join(TELEOPS)}; keyboard needs a terminal of its own"),
    Argument("operator", "true", "true: bring the policy up; without teleop make the robot walk, then rest"),
    Argument("seconds", "60.0", "how long the operator walks [s]"),
    Argument("command", "", "constant 'vx vy wz' [m/s, m/s, rad/s]; empty: drawn every 10 s"),
    Argument("deadman", "true", "stop where nobody holds the deadman"),
    Argument("record", "true", "record everything as MCAP"),
    _SEED,
    _OUT,
)
TWIN = (
    Argument("robot", None, "which robot; `landward list` shows them"),
    _NAMESPACE,
    _RATE,
    _SEED,
)
RECORD = (
    Argument("out", None, "the folder that becomes the recording"),
    Argument("robot", "", "of the robot, for the record"),
    Argument("policy", "", "exported policy.onnx or run folder, for the record"),
    _NAMESPACE,
    _RATE,
)


def deploy_processes(values: Mapping[str, str]) -> tuple[Process, ...]:
    """The processes of deploy.launch.py.

    Raises:
        LandwardError: whatever `plan` refuses, or an argument that is no number where it must be one.
    """
    if values["teleop"] == "keyboard":
        raise DeploymentError(
            "under launch no node has the keyboard: leave teleop empty and operator:=false, and run "
            "`landward teleop` in a terminal of its own"
        )
    request = Request(
        values["robot"],
        Path(values["policy"]),
        Path(values["out"]),
        {
            "bridge": values["bridge"],
            "namespace": values["namespace"],
            "rate": _number(values, "rate"),
            "teleop": values["teleop"],
            "operator": _walk(values) if _truth(values, "operator") else None,
            "deadman": _truth(values, "deadman"),
            "record": _truth(values, "record"),
            "seed": _whole(values, "seed"),
        },
    )
    plan(request)
    folder = make_folder(request.folder, request.robot)
    return plan(Request(request.robot, request.policy, folder, request.settings)).processes


def twin_processes(values: Mapping[str, str]) -> tuple[Process, ...]:
    """The processes of twin.launch.py."""
    found = (twin(_place(values), values["robot"], _whole(values, "seed")),)
    check_packages(found)
    return found


def record_processes(values: Mapping[str, str]) -> tuple[Process, ...]:
    """The processes of record.launch.py."""
    found = (recorder(_place(values), Path(values["out"]), values["robot"], values["policy"]),)
    check_packages(found)
    return found


def node_kwargs(process: Process) -> dict[str, Any]:
    """Arguments of launch_ros.actions.Node for a process whose package is built or installed."""
    parameters = {k: list(v) if isinstance(v, tuple) else v for k, v in process.parameters.items()}
    return {
        "package": process.package,
        "executable": process.executable,
        "name": process.name,
        "exec_name": process.name,
        "namespace": process.namespace,
        "parameters": [parameters],
        "remappings": list(process.remappings),
        "output": "screen",
    }


def execute_kwargs(process: Process) -> dict[str, Any]:
    """Arguments of launch.actions.ExecuteProcess for a process that runs from the checkout."""
    paths = environment([process])["PYTHONPATH"]
    return {
        "cmd": list(process.command()),
        "name": process.name,
        "additional_env": {"PYTHONPATH": paths},
        "output": "screen",
    }


def launch_description(
    arguments: Sequence[Argument], processes: Callable[[Mapping[str, str]], Sequence[Process]]
) -> Any:
    """The LaunchDescription of a launch file; the first process that ends ends all.

    Args:
        arguments: that the file declares.
        processes: makes the processes from the arguments' values.
    """
    from launch.actions import DeclareLaunchArgument, OpaqueFunction
    from launch.substitutions import LaunchConfiguration

    from launch import LaunchDescription

    def start(context: Any) -> list[Any]:
        values = {a.name: LaunchConfiguration(a.name).perform(context) for a in arguments}
        return [_action(process) for process in processes(values)]

    declared = [
        DeclareLaunchArgument(a.name, default_value=a.default, description=a.description) for a in arguments
    ]
    return LaunchDescription([*declared, OpaqueFunction(function=start)])


def _action(process: Process) -> Any:
    from ament_index_python.packages import PackageNotFoundError, get_package_prefix
    from launch.actions import ExecuteProcess, Shutdown

    end = Shutdown(reason=f"{process.name} ended")
    try:
        get_package_prefix(process.package)
    except (PackageNotFoundError, OSError):  # not built, or no workspace is sourced
        return ExecuteProcess(**execute_kwargs(process), on_exit=end)
    from launch_ros.actions import Node

    return Node(**node_kwargs(process), on_exit=end)


def _place(values: Mapping[str, str]) -> Place:
    return Place(values["namespace"].strip("/"), _number(values, "rate"))


def _walk(values: Mapping[str, str]) -> Walk:
    words = values["command"].split()
    if len(words) not in (0, 3):
        raise DeploymentError(f"command:={values['command']!r}: write three numbers, as in '0.5 0.0 0.0'")
    numbers = [_number({"command": word}, "command") for word in words]
    constant = (numbers[0], numbers[1], numbers[2]) if numbers else None
    return Walk(_number(values, "seconds"), constant, _whole(values, "seed"))


def _number(values: Mapping[str, str], name: str) -> float:
    try:
        return float(values[name])
    except ValueError:
        raise DeploymentError(f"{name}:={values[name]!r} is no number") from None


def _whole(values: Mapping[str, str], name: str) -> int:
    try:
        return int(values[name])
    except ValueError:
        raise DeploymentError(f"{name}:={values[name]!r} is no whole number") from None


def _truth(values: Mapping[str, str], name: str) -> bool:
    if values[name].lower() not in ("true", "false"):
        raise DeploymentError(f"{name}:={values[name]!r}: write true or false")
    return values[name].lower() == "true"
