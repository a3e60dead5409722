"""A node as a process of its own, as it runs on a robot."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

START = 30.0
"""Longest time until a node is discovered [s]; 0.1 s on an idle machine."""


def wait_until(condition: Callable[[], object], seconds: float, what: str, period: float = 0.02) -> None:
    """Poll until something is true; an AssertionError says what never was."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(period)


def ros_arguments(parameters: Mapping[str, Any], namespace: str = "") -> list[str]:
    """`--ros-args ...` of parameters (JSON is YAML, as ROS reads it) and a namespace."""
    words = [word for key, value in parameters.items() for word in ("-p", f"{key}:={json.dumps(value)}")]
    if namespace:
        words += ["-r", f"__ns:=/{namespace.strip('/')}"]
    return ["--ros-args", *words] if words else []


class NodeProcess:
    """A running node.

    Args:
        command: words that start it.
        log: file for all it prints.
        environment: added to this process's.
    """

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | dict(environment),
                # Ctrl-C in the terminal reaches pytest alone, which then stops the nodes.
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        """What it printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it as a crash would: without a chance to say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds: float = 10.0) -> int:
        """TERM, then KILL after some seconds; the exit status (negative: the signal that ended it)."""
        if self.running:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def wait_for(self, node: Any, name: str, namespace: str = "") -> "NodeProcess":
        """Wait until another node sees it.

        Args:
            node: an rclpy node of this process.
            name: the name of the process's node.
            namespace: its namespace, without slashes at the ends.
        """
        wanted = (name, f"/{namespace.strip('/')}")

        def seen() -> bool:
            assert self.running, f"{name} ended with {self.process.returncode}:\n{self.output}"
            return wanted in node.get_node_names_and_namespaces()

        wait_until(seen, START, f"{name} discovered; it printed:\n{self.output}")
        return self


def python_module(module: str) -> list[str]:
    """Words that run a module with this Python."""
    return [sys.executable, "-m", module]
