"""`landward deploy`."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from landward.atomic import write_text_atomic
from landward.errors import LandwardError
from landward_bringup import preflight
from landward_bringup.description import BRIDGES, Deployment, Walk
from landward_bringup.process import DeploymentError, Parameter, parse_setting
from landward_bringup.schedule import SEED
from landward_bringup.supervisor import Ending
from landward_ros import realtime

SECONDS = 60.0
"""[s] That the operator walks where nobody says otherwise."""


@dataclass
class Deploy:
    """Run a policy on a robot, or on its simulated twin, over ROS 2 topics, under the safety monitor.

    Starts the twin or the robot's driver, the safety monitor, the policy and a recorder, each in a process of
    its own; makes the robot stand and walk; prints from the recording how well that went. Ctrl-C stops all in
    a safe order. Try the twin first: everything but the driver is the same.

    With --twin an operator walks the robot with the commands of `landward eval`, or with --vx --vy --wz. A
    real robot needs its --bridge and a person with a --teleop, who holds the deadman.

    Exit status 0 where the robot walked to the end and every line of the table passes, otherwise that of the
    process that failed, or 1.

    Examples:
        landward deploy --robot go1 --twin --policy runs/go1-flat/2026-11-23_14-05-09_seed1
        landward deploy --robot go1 --twin --policy policy.onnx --vx 0.5 --seconds 20 --set twin.latency=0.01
        landward deploy --robot go1 --bridge unitree --teleop joy --policy policy.onnx
    """

    robot: str
    """Which robot; `landward list` shows them."""
    policy: Path
    """A run folder with policy.onnx in it (`landward export RUN` writes it), or an exported policy.onnx."""
    twin: bool = False
    """Simulate the robot in MuJoCo instead of driving a real one."""
    bridge: Literal["unitree", "joint-trajectory"] | None = None
    """Driver of the real robot; `python -m landward_bridges.unitree --help` says what it needs."""
    seconds: float | None = None
    """How long it walks [s of the robot's time]; default: 60, with a teleoperation until that is quit."""
    vx: float | None = None
    """Constant command forward [m/s]; with any of vx, vy, wz the others are 0. Default: drawn every 10 s."""
    vy: float | None = None
    """Constant command to the left [m/s]."""
    wz: float | None = None
    """Constant yaw rate, to the left [rad/s]."""
    walk: bool = True
    """Walk. --no-walk only stands up, holds, and rests."""
    teleop: Literal["keyboard", "joy"] | None = None
    """A person commands the robot and holds the deadman. joy listens to ROS's joy_node, started by itself."""
    rate: float = 1.0
    """Simulated seconds per second, with --twin; 1 is real time, else all nodes live on /clock."""
    realtime: bool = True
    """At --rate 1: robot, monitor and policy go before all other work of the computer, if its kernel lets."""
    namespace: str = ""
    """In front of every node and topic, such as robot1, so that several robots run side by side."""
    deadman: bool = True
    """Stop where nobody holds the deadman; always so on a real robot."""
    record: bool = True
    """Record everything as MCAP; without it there is no table at the end."""
    seed: int = SEED
    """Of the drawn commands and of the twin's noise; the default draws the first ones of `landward eval`."""
    set: tuple[str, ...] = ()
    """Further parameters of nodes, as in twin.latency=0.01 safety.black_box_seconds=10."""
    out: Path = Path("deployments")
    """Logs and recording go to a new folder OUT/TIME_ROBOT."""
    yes: bool = False
    """Do not ask before a real robot moves."""
    json: bool = False
    """Print one JSON object instead of the table."""

    def run(self) -> int:
        """Check, start, watch, stop, report."""
        from rich.console import Console

        from landward_bringup.run import run_deployment

        if self.twin == (self.bridge is not None):
            raise DeploymentError(
                "say what to drive: --twin for the simulated robot, or "
                f"--bridge {' or '.join(BRIDGES)} for a real one"
            )
        if self.teleop and (not self.walk or self.constant):
            raise DeploymentError(
                "with --teleop a person says when the robot stands and walks, and how fast: leave out "
                "--no-walk, --vx, --vy and --wz"
            )
        if self.seconds is not None and not 0.0 < self.seconds < math.inf:
            raise DeploymentError(f"--seconds must be positive and finite, got {self.seconds:g}")
        preflight.check_platform()
        if self.twin:
            # Nobody else's robot shall hear a rehearsal; who wants it on the network says so.
            os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        if self.realtime and self.rate == 1.0:
            os.environ[realtime.VARIABLE] = "1"
        request = preflight.Request(self.robot, self.policy, self.out, self.settings())
        preflight.plan(request)
        if not self.twin and not self.confirmed():
            print("not started", file=sys.stderr)
            return 1
        folder = preflight.make_folder(self.out, self.robot)
        deployment = preflight.plan(replace(request, folder=folder))
        write_text_atomic(folder / "deployment.json", deployment.to_json())
        ending = run_deployment(deployment, Console(stderr=True), self.walking_seconds)
        return self.finish(deployment, ending)

    @property
    def walking_seconds(self) -> float:
        """How long the operator walks [s]; 0 where it does not."""
        if self.teleop or not self.walk:
            return 0.0
        return SECONDS if self.seconds is None else self.seconds

    @property
    def constant(self) -> tuple[float, float, float] | None:
        """The command that is held all the time; None where commands are drawn."""
        if self.vx is None and self.vy is None and self.wz is None:
            return None
        return self.vx or 0.0, self.vy or 0.0, self.wz or 0.0

    def settings(self) -> dict[str, Any]:
        """Keyword arguments of `describe`."""
        seconds = self.seconds if self.seconds is not None else 0.0 if self.teleop else SECONDS
        return {
            "bridge": self.bridge or "",
            "namespace": self.namespace,
            "rate": self.rate,
            "record": self.record,
            "deadman": self.deadman,
            "teleop": self.teleop or "",
            "operator": Walk(seconds, self.constant, self.seed, walk=self.walk),
            "seed": self.seed,
            "extra": collect_settings(self.set),
        }

    def confirmed(self) -> bool:
        """Show the checklist and ask; on a real robot only."""
        print(f"Before a real {self.robot} moves:\n{preflight.checklist()}", file=sys.stderr)
        if self.yes:
            return True
        if not sys.stdin.isatty():
            raise DeploymentError(
                "nobody is there to confirm the checklist: start it in a terminal, or with --yes"
            )
        print("All done? Type yes: ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() == "yes"

    def finish(self, deployment: Deployment, ending: Ending) -> int:
        """Print why it ended and, from the recording, how it went; returns the exit status."""
        if ending.status:
            print(f"error: {ending}" if ending.name else ending.reason, file=sys.stderr)
            print(f"logs: {deployment.logs}", file=sys.stderr)
        if not deployment.recorded:
            return ending.status
        from landward_bringup.outcome import report_recording

        try:
            return report_recording(deployment, ending, self.walking_seconds, self.json)
        except LandwardError as error:
            # A deployment that failed early has nothing recorded; that is not what went wrong.
            if not ending.status:
                raise
            print(f"no table: {error}", file=sys.stderr)
            return ending.status


def collect_settings(texts: Iterable[str]) -> Mapping[str, dict[str, Parameter]]:
    """`NODE.PARAMETER=VALUE` words by node."""
    found: dict[str, dict[str, Parameter]] = {}
    for text in texts:
        node, parameter, value = parse_setting(text)
        found.setdefault(node, {})[parameter] = value
    return found
