"""One node in a process of its own: what `python -m`, `ros2 run` and a launch file need to start it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from landward.errors import LandwardError
from landward_ros import names

Parameter = bool | int | float | str | tuple[float, ...]


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
class Place:
    """What all nodes of one robot share: where their names begin, and whose time they live in."""

    namespace: str = ""
    """Without slashes at its ends."""
    rate: float = 1.0
    """Simulated seconds per second; 1 is real time, without /clock."""

    @property
    def simulated(self) -> bool:
        """Whether the nodes live on the twin's /clock."""
        return self.rate != 1.0

    @property
    def remappings(self) -> tuple[tuple[str, str], ...]:
        """/clock is an absolute name: in a namespace it is moved, so that two robots do not share one."""
        moves = self.simulated and self.namespace
        return ((names.CLOCK, f"/{self.namespace}{names.CLOCK}"),) if moves else ()

    def process(
        self, name: str, module: str, parameters: Mapping[str, Parameter], needs: tuple[str, ...] = ()
    ) -> Process:
        """A node that lives here; the arguments are those of `Process`."""
        everything = {"use_sim_time": self.simulated, **parameters}
        executable = module.partition(".")[2]
        return Process(name, module, executable, everything, self.namespace, self.remappings, needs)


def yaml_value(value: Parameter) -> str:
    """A parameter's value as ROS's command line reads it: YAML, with the type kept."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"{value:.1f}"
    if isinstance(value, tuple):
        return f"[{', '.join(yaml_value(float(v)) for v in value)}]"
    return json.dumps(value)


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
