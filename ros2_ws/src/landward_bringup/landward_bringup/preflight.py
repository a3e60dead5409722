"""What is checked before anything starts, and what a person checks before a real robot moves."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from landward.atomic import new_folder
from landward.errors import MissingDependencyError
from landward.policy_file import read_policy_file
from landward.runs import find_policy
from landward_bringup.description import Deployment, describe
from landward_bringup.process import DeploymentError, Process
from robots import get_robot
from robots.fit import check_policy_fits

NO_ROS = (
    "ROS 2 is not there (Python finds no rclpy): run `make setup-ros` in the checkout and use "
    ".venv-ros/bin/landward, or source a ROS 2 installation (Jazzy or Kilted) in which Landward is installed"
)
NEEDED = {
    "landward_policy": (("onnxruntime", "deploy"),),
    "landward_twin": (("mujoco", "mujoco"),),
    "landward_tools": (("rosbags", "ros"),),
}
"""Package -> modules that its nodes import beyond NumPy and ROS, each with the extra that brings it."""
CHECKLIST = (
    "The robot hangs in a frame, or lies on its belly on free, level ground; 2 m around it are free.",
    "An emergency stop that cuts the motors' power is in somebody's hand, and was tried today.",
    "The deadman of the teleoperation was tried: letting go makes the robot damp within 0.2 s.",
    "The drives are in low-level mode; no other program commands them (the maker's own controller is off).",
    "joint_states and imu/data come at the declared rate, and joints move in their positive direction.",
    "Battery above half, motors cool, cables and feet whole.",
    "This policy walked the twin with this very command line, plus --twin, without a fault.",
    "First stand and rest, without walking.",
)


@dataclass(frozen=True)
class Request:
    """What somebody wants to deploy; see `describe` for the settings."""

    robot: str
    policy: Path
    """A policy file or a run folder."""
    folder: Path
    settings: dict[str, Any]
    """Keyword arguments of `describe`."""


def plan(request: Request, find: Callable[[str], object] = importlib.util.find_spec) -> Deployment:
    """Check everything that can be known beforehand and describe the deployment.

    Args:
        request: what is wanted.
        find: `importlib.util.find_spec`, or a stand-in.

    Raises:
        RegistryError: no such robot.
        RunError: no policy file there.
        PolicyFileError: it is cut short or altered.
        SpecMismatchError: it does not fit the robot; the message lists every difference.
        DeploymentError: settings that contradict each other, no ROS, not Linux, a package not installed.
        MissingDependencyError: a Python package that one of the nodes needs.
    """
    check_ros(find)
    robot = get_robot(request.robot)
    path = find_policy(request.policy).resolve()
    spec = read_policy_file(path).spec
    check_policy_fits(spec, robot, robot.control_period, path)
    deployment = describe(robot.name, path, spec.control_period, request.folder.resolve(), **request.settings)
    check_packages(deployment.processes, find)
    if not deployment.bridge:
        _ = robot.urdf_path
    return deployment


def check_ros(find: Callable[[str], object] = importlib.util.find_spec) -> None:
    """Whether ROS is there at all; see `plan` for the errors."""
    if find("rclpy") is None:
        raise DeploymentError(NO_ROS)


def check_platform() -> None:
    """Whether processes can be supervised here.

    Raises:
        DeploymentError: this is not Linux.
    """
    if not sys.platform.startswith("linux"):
        raise DeploymentError(
            f"landward deploy ties its processes to itself as only Linux can, and this is {sys.platform}; "
            "use `ros2 launch launch/deploy.launch.py`"
        )


def check_packages(
    processes: Iterable[Process], find: Callable[[str], object] = importlib.util.find_spec
) -> None:
    """Whether all that the processes import is installed; see `plan` for the errors."""
    for process in processes:
        for module in (process.package, process.module):
            if find(module) is None:
                raise DeploymentError(
                    f"{process.name} is started from {module}, which is not installed: run `make setup-ros`, "
                    "or build ros2_ws with colcon and source its install/setup.bash"
                )
        for module, extra in NEEDED.get(process.package, ()):
            if find(module) is None:
                raise MissingDependencyError(module, extra, f"the {process.name} of a deployment runs on it")


def make_folder(root: Path, robot: str, now: datetime | None = None) -> Path:
    """A new folder `root/TIME_ROBOT` for logs and recording.

    Raises:
        RunError: it cannot be made.
    """
    return new_folder(root, f"{now or datetime.now():%Y-%m-%d_%H-%M-%S}_{robot}")


def checklist() -> str:
    """The checklist as numbered lines."""
    return "\n".join(f"  {i}. {line}" for i, line in enumerate(CHECKLIST, 1))
