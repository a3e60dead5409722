"""One description of a deployment: which processes, with which parameters, in which order.

`landward deploy` starts it by itself, the launch files in launch/ hand it to ROS. Nothing here needs rclpy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from landward_bringup.process import DeploymentError, Parameter, Place, Process
from landward_bringup.schedule import HOLD, SEED
from landward_ros import names

BRIDGES = {
    "unitree": "landward_bridges.unitree",
    "joint-trajectory": "landward_bridges.joint_trajectory",
}
"""Driver of a real robot that takes joint targets -> the module of its node."""
TELEOPS = {"keyboard": "landward_tools.teleop", "joy": "landward_tools.joy"}
"""What a person drives with -> the module of its node."""
_COMMON = ("robot", "policy", "control_period", "use_sim_time", "rate", "publish_clock")
"""Parameters that nodes must agree on."""
_NAMESPACE = re.compile(r"(/?[A-Za-z_]\w*(/[A-Za-z_]\w*)*)?", re.ASCII)


@dataclass(frozen=True)
class Walk:
    """What the operator does with the robot."""

    seconds: float = 60.0
    """How long it walks [s of ROS time]; 0: until it is stopped."""
    command: tuple[float, float, float] | None = None
    """Constant vx, vy [m/s] and yaw rate [rad/s]; None draws new ones as `landward eval` does."""
    seed: int = SEED
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
    place: Place
    bridge: str
    """Driver of the real robot; empty: the simulated twin."""
    folder: Path
    """Where logs, the recording and the safety monitor's black box go."""
    recorded: bool
    processes: tuple[Process, ...]

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
            "namespace": self.place.namespace,
            "rate": self.place.rate,
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
    seed: int = SEED,
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
        operator: brings the policy up; without teleoperation it also makes the robot stand, walk and rest.
            None leaves that to service calls from elsewhere.
        seed: of the twin's noise.
        extra: further parameters by node, such as {"twin": {"latency": 0.01}}.

    Raises:
        DeploymentError: these settings contradict each other, or `extra` names a node that is not started
            or a parameter that all must share.
    """
    place = Place(namespace.strip("/"), rate)
    _check(bridge, place.namespace, rate, deadman, teleop)
    checked: dict[str, Parameter] = {"robot": robot, "policy": str(policy), "control_period": control_period}
    processes = []
    if record:
        processes.append(recorder(place, folder / "bag", robot, policy, seed))
    if bridge:
        drive = {"robot": robot, "control_period": control_period}
        processes.append(place.process(names.BRIDGE_NODE, BRIDGES[bridge], drive))
    else:
        processes.append(twin(place, robot, seed))
    guard = {**checked, "deadman_required": deadman, "black_box": str(folder / "black_box")}
    processes.append(place.process(names.SAFETY_NODE, "landward_safety.node", guard))
    # Nothing commands before the monitor is there to judge it.
    processes.append(place.process(names.POLICY_NODE, "landward_policy.node", checked, (names.SAFETY_NODE,)))
    if teleop:
        pilot = place.process(names.TELEOP_NODE, TELEOPS[teleop], {})
        # Whoever ends the teleoperation ends the deployment.
        processes.append(replace(pilot, terminal=teleop == "keyboard", ends=True))
    if operator is not None:
        everyone = tuple(p.name for p in processes)
        script = _script(operator, drives=not teleop)
        guide = place.process(names.OPERATOR_NODE, "landward_bringup.operate", script, everyone)
        processes.append(replace(guide, ends=True))
    started = _with_extra(processes, extra or {})
    return Deployment(robot, policy, control_period, place, bridge, folder, record, started)


def twin(place: Place, robot: str, seed: int = SEED) -> Process:
    """The simulated robot.

    Args:
        place: where and in which time it lives.
        robot: name of the declaration.
        seed: of its noise.
    """
    world = {"robot": robot, "rate": place.rate, "publish_clock": place.simulated, "seed": seed}
    return place.process(names.TWIN_NODE, "landward_twin.node", world)


def recorder(place: Place, out: Path, robot: str = "", policy: Path | str = "", seed: int = 0) -> Process:
    """What records everything of one robot.

    Args:
        place: of the robot; times of receipt are those of its clock.
        out: the folder to make.
        robot: for the record.
        policy: for the record, too.
        seed: for the record.
    """
    facts = {"robot": robot, "policy": str(policy), "seed": seed, "out": str(out)}
    return place.process(names.RECORDER_NODE, "landward_tools.record", facts)


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
