"""What the tests of ros2_ws share: import paths, a domain of their own on loopback, nodes as processes."""

import fcntl
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.ros2_ws.processes import NodeProcess, python_module, ros_arguments

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(str(path) for path in (ROOT / "ros2_ws" / "src").iterdir() if path.is_dir())
HAS_ROS = importlib.util.find_spec("rclpy") is not None
NO_ROS = "needs ROS 2: make test-ros"
DOMAINS = 100
"""Domains 1 to 100 are free of the ports that Linux gives to programs by itself."""

sys.path[:0] = [path for path in PACKAGES if path not in sys.path]


def _reserve_domain() -> int:
    """A domain that no other process on this machine tests in; held until this process ends."""
    folder = Path(tempfile.gettempdir())
    for i in range(DOMAINS):
        domain = 1 + (os.getpid() + i) % DOMAINS
        lock = os.open(folder / f"landward_domain_{domain}.lock", os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return domain
        except OSError:
            os.close(lock)
    raise RuntimeError(
        f"all {DOMAINS} domains for tests are taken: {tempfile.gettempdir()}/landward_domain_*.lock"
    )


# Before any test module is imported, since rclpy reads both once.
if HAS_ROS:
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ["ROS_DOMAIN_ID"] = str(_reserve_domain())
    from landward_ros import transport  # ros2_ws/src is on sys.path by now

    transport.choose_udp()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without ROS its tests are skipped, and say what they need."""
    for item in items:
        if not HAS_ROS and item.get_closest_marker("ros"):
            item.add_marker(pytest.mark.skip(reason=NO_ROS))


@pytest.fixture
def ros_node() -> Iterator[Any]:
    """A node of the test's own, in rclpy's default context."""
    import rclpy

    rclpy.init()
    node = rclpy.create_node("test_node")
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def start_node(ros_node: Any, tmp_path: Path) -> Iterator[Callable[..., NodeProcess]]:
    """Starts `python -m module --ros-args ...` and waits until it is discovered; ends all at the end.

    `start_node("landward_safety.node", "safety", {"robot": "go1"}, namespace="", wait=True)`
    """
    from landward_ros.shared_memory import remove_dead

    started: list[NodeProcess] = []
    # Where ROS was sourced, rclpy and the messages are on it.
    paths = [str(ROOT), *PACKAGES, *filter(None, [os.environ.get("PYTHONPATH")])]

    def start(
        module: str,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        namespace: str = "",
        wait: bool = True,
    ) -> NodeProcess:
        command = [*python_module(module), *ros_arguments(parameters or {}, namespace)]
        log = tmp_path / f"{len(started)}_{name}.log"
        process = NodeProcess(command, log, {"PYTHONPATH": os.pathsep.join(paths)})
        started.append(process)
        return process.wait_for(ros_node, name, namespace) if wait else process

    yield start
    for process in started:
        process.stop()
    remove_dead()
