"""One description of a deployment: which processes, with which parameters, in which order.

`landward deploy` starts it by itself, the launch files in launch/ hand it to ROS. Nothing here needs rclpy.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from landward.errors import LandwardError
from landward_bringup.schedule import HOLD
from landward_ros import names

Parameter = bool | int | float | str | tuple[float, ...]

BRIDGES = {
    "unitree": "landward_bridges.unitree",
    "joint-trajectory": "landward_bridges.joint_trajectory",
    "mobile-base": "landward_bridges.mobile_base",
}
"""Driver of a real robot -> the module of its node."""
TELEOPS = {"keyboard": "landward_tools.teleop", "joy": "landward_tools.joy"}
"""What a person drives with -> the module of its node."""
_COMMON = ("robot", "policy", "control_period", "use_sim_time", "rate", "publish_clock")
"""Parameters that nodes must agree on."""
_NAMESPACE = re.compile(r"(/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*)?", re.ASCII)


class DeploymentError(LandwardError):
    """A deployment that contradicts itself, or that this machine cannot start."""


@dataclass(frozen=True)
class Process:
    """One node in a process of its own."""

    name: str
    """Of the node."""
    module: str
    """Started by `python -m module`."""
    executable: str
    """Started by `ros2 run PACKAGE executable`, where PACKAGE is the module's."""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    namespace: str = ""
    remappings: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    """Names of the processes that must be there before it starts."""
    ends: bool = False
    """Whether the deployment is over, and well, once it exits with status 0."""
    terminal: bool = False
    """Whether it reads the terminal's keyboard."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    @property
    def package(self) -> str:
        """The ROS package it is in."""
        return self.module.partition(".")[0]

    def command(self, python: str = sys.executable) -> tuple[str, ...]:
        """The command line that starts it in plain Python.

        -P keeps the working folder from shadowing modules. What the process prints goes to our own log file,
        so ROS need not write another one.
        """
        words = [python, "-P", "-m", self.module, "--ros-args", "--disable-external-lib-logs"]
        if self.namespace:
            words += ["-r", f"__ns:=/{self.namespace}"]
        for old, new in self.remappings:
            words += ["-r", f"{old}:={new}"]
        for key, value in self.parameters.items():
            words += ["-p", f"{key}:={yaml_value(value)}"]
        return tuple(words)


@dataclass(frozen=True)
class Walk:
    """What the operator does with the robot."""

    seconds: float = 60.0
    """How long it walks [s of ROS time]; 0: until it is stopped."""
    command: tuple[float, float, float] | None = None
    """Constant vx, vy [m/s] and yaw rate [rad/s]; None draws new ones as `landward eval` does."""
    seed: int = 0
    """Of the drawn commands."""
    hold: float = HOLD
    """How long each drawn command holds [s]."""
    walk: bool = True
    """False: stand only, for as long."""


@dataclass(frozen=True)
class Deployment:
    """All processes of one robot, in the order in which they start; they stop in the reverse order."""

    robot: str
    policy: Path
    control_period: float
    """[s]"""
    namespace: str
    rate: float
    """Simulated seconds per second; 1 on a real robot."""
    bridge: str
    """Driver of the real robot; empty: the simulated twin."""
    folder: Path
    """Where logs, the recording and the safety monitor's black box go."""
    recorded: bool
    processes: tuple[Process, ...]

    @property
    def simulated(self) -> bool:
        """Whether all nodes live on the twin's /clock."""
        return self.rate != 1.0

    @property
    def remappings(self) -> tuple[tuple[str, str], ...]:
        """Of every node; see `clock_remapping`."""
        return clock_remapping(self.namespace) if self.simulated else ()

    @property
    def logs(self) -> Path:
        """Folder of one log file a process."""
        return self.folder / "logs"

    @property
    def bag(self) -> Path:
        """The recording."""
        return self.folder / "bag"

    @property
    def black_box(self) -> Path:
        """Where the monitor writes the seconds before a fault."""
        return self.folder / "black_box"

    def to_json(self) -> str:
        """What is started, for the record."""
        processes = [
            {
                "name": p.name,
                "package": p.package,
                "executable": p.executable,
                "namespace": p.namespace,
                "parameters": dict(p.parameters),
                "remappings": p.remappings,
            }
            for p in self.processes
        ]
        facts = {
            "robot": self.robot,
            "policy": str(self.policy),
            "control_period": self.control_period,
            "namespace": self.namespace,
            "rate": self.rate,
            "bridge": self.bridge or None,
            "processes": processes,
        }
        return json.dumps(facts, indent=2) + "\n"


def describe(
    robot: str,
    policy: Path,
    control_period: float,
    folder: Path,
    *,
    bridge: str = "",
    namespace: str = "",
    rate: float = 1.0,
    record: bool = True,
    deadman: bool = True,
    teleop: str = "",
    operator: Walk | None = None,
    seed: int = 0,
    extra: Mapping[str, Mapping[str, Parameter]] | None = None,
) -> Deployment:
    """Say which processes deploy a policy on a robot or on its twin.

    Args:
        robot: name of the declaration.
        policy: the exported file.
        control_period: the policy's [s].
        folder: where logs and recording go.
        bridge: driver of the real robot, a key of `BRIDGES`; empty starts the twin.
        namespace: of every node and topic, such as "robot1".
        rate: simulated seconds per second, for the twin; 1 is real time without /clock.
        record: whether everything is recorded.
        deadman: whether the monitor stops the robot when nobody holds the deadman.
        teleop: "keyboard" or "joy": a person commands the robot and holds the deadman; empty: the operator.
        operator: makes the robot stand, walk and rest; None leaves that to service calls from elsewhere.
        seed: of the twin's noise.
        extra: further parameters by node, such as {"twin": {"latency": 0.01}}.

    Raises:
        DeploymentError: these settings contradict each other, or `extra` names a node that is not started
            or a parameter that all must share.
    """
    namespace = namespace.strip("/")
    _check(bridge, namespace, rate, deadman, teleop)
    simulated = not bridge and rate != 1.0
    shared: dict[str, Parameter] = {"use_sim_time": simulated}
    checked: dict[str, Parameter] = {"robot": robot, "policy": str(policy), "control_period": control_period}
    clock = clock_remapping(namespace) if simulated else ()

    def process(
        name: str, module: str, parameters: Mapping[str, Parameter], needs: tuple[str, ...] = ()
    ) -> Process:
        executable = module.partition(".")[2]
        return Process(name, module, executable, {**shared, **parameters}, namespace, clock, needs)

    processes = []
    if record:
        facts = {"robot": robot, "policy": str(policy), "out": str(folder / "bag")}
        processes.append(process(names.RECORDER_NODE, "landward_tools.record", facts))
    if bridge:
        drive = {"robot": robot, "control_period": control_period}
        processes.append(process(names.BRIDGE_NODE, BRIDGES[bridge], drive))
    else:
        world = {"robot": robot, "rate": rate, "publish_clock": simulated, "seed": seed}
        processes.append(process(names.TWIN_NODE, "landward_twin.node", world))
    guard = {**checked, "deadman_required": deadman, "black_box": str(folder / "black_box")}
    processes.append(process(names.SAFETY_NODE, "landward_safety.node", guard))
    # Nothing commands before the monitor is there to judge it.
    processes.append(process(names.POLICY_NODE, "landward_policy.node", checked, (names.SAFETY_NODE,)))
    if teleop:
        pilot = process(names.TELEOP_NODE, TELEOPS[teleop], {"robot": robot})
        # Whoever ends the teleoperation ends the deployment.
        processes.append(replace(pilot, terminal=teleop == "keyboard", ends=True))
    if operator is not None:
        everyone = tuple(p.name for p in processes)
        script = _script(operator, drives=not teleop)
        guide = process(names.OPERATOR_NODE, "landward_bringup.operator", script, everyone)
        processes.append(replace(guide, ends=True))
    started = _with_extra(processes, extra or {})
    return Deployment(robot, policy, control_period, namespace, rate, bridge, folder, record, started)


def clock_remapping(namespace: str) -> tuple[tuple[str, str], ...]:
    """/clock is an absolute name: in a namespace it is moved, so that two robots do not share one."""
    return ((names.CLOCK, f"/{namespace}{names.CLOCK}"),) if namespace else ()


def _with_extra(
    processes: list[Process], extra: Mapping[str, Mapping[str, Parameter]]
) -> tuple[Process, ...]:
    names_of_all = [p.name for p in processes]
    for name, parameters in extra.items():
        if name not in names_of_all:
            raise DeploymentError(
                f"there is no node {name!r} to set {', '.join(parameters)} of; this deployment starts "
                f"{', '.join(names_of_all)}"
            )
        if fixed := [key for key in parameters if key in _COMMON]:
            raise DeploymentError(
                f"{fixed[0]} of {name} is the same for all nodes; it follows from robot, policy and rate"
            )
    return tuple(replace(p, parameters={**p.parameters, **extra.get(p.name, {})}) for p in processes)


def parse_setting(text: str) -> tuple[str, str, Parameter]:
    """Node, parameter and value of "NODE.PARAMETER=VALUE"; the value is JSON, or else a text.

    Raises:
        DeploymentError: it has not that form.
    """
    path, equals, value = text.partition("=")
    node, dot, parameter = path.partition(".")
    if not (equals and dot and node and parameter):
        raise DeploymentError(f"{text!r} is no setting; write NODE.PARAMETER=VALUE, as in twin.latency=0.01")
    try:
        read = json.loads(value)
    except json.JSONDecodeError:
        return node, parameter, value
    if isinstance(read, list) and all(type(v) in (int, float) for v in read):
        return node, parameter, tuple(float(v) for v in read)
    if isinstance(read, bool | int | float | str):
        return node, parameter, read
    raise DeploymentError(f"{text!r}: a parameter is true or false, a number, a text, or a list of numbers")


def _script(walk: Walk, drives: bool) -> dict[str, Parameter]:
    script: dict[str, Parameter] = {
        "seconds": walk.seconds,
        "seed": walk.seed,
        "hold": walk.hold,
        "walk": walk.walk,
        "drives": drives,
    }
    if walk.command is not None:
        script["command"] = walk.command
    return script


def _check(bridge: str, namespace: str, rate: float, deadman: bool, teleop: str) -> None:
    if bridge and bridge not in BRIDGES:
        raise DeploymentError(f"there is no bridge {bridge!r}; the bridges are {', '.join(BRIDGES)}")
    if teleop and teleop not in TELEOPS:
        raise DeploymentError(f"there is no teleoperation by {teleop!r}; there is {', '.join(TELEOPS)}")
    if not _NAMESPACE.fullmatch(namespace):
        raise DeploymentError(
            f"{namespace!r} is no ROS namespace: letters, digits and _, no digit first, parts divided by /"
        )
    if not 0.0 < rate < float("inf"):
        raise DeploymentError(f"the rate must be positive, got {rate:g}; 1 is real time")
    if bridge and rate != 1.0:
        raise DeploymentError(f"a real robot lives in real time: leave the rate at 1, got {rate:g}")
    if bridge and not (deadman and teleop):
        raise DeploymentError(
            "a real robot walks only while a person holds the deadman: name a teleoperation "
            f"({' or '.join(TELEOPS)}) and keep the deadman required"
        )


def yaml_value(value: Parameter) -> str:
    """A parameter's value as ROS's command line reads it: YAML, with the type kept."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    if isinstance(value, tuple):
        return f"[{', '.join(yaml_value(float(v)) for v in value)}]"
    return json.dumps(value)
