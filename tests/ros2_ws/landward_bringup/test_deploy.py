"""`landward deploy` with its real nodes, slowed down so that a busy machine misses no deadline."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from landward_bringup.environment import BOOTSTRAPPED, environment
from tests.ros2_ws.conftest import PACKAGES, ROOT
from tests.ros2_ws.landward_policy.policies import write_policy
from tests.ros2_ws.processes import wait_until

pytestmark = [pytest.mark.ros, pytest.mark.slow]
RATE = 0.2
SCRIPT = """
import sys
from pathlib import Path
from landward_bringup.command import Deploy
policy, out, namespace, rate, seconds = sys.argv[1:]
deploy = Deploy("go1", Path(policy), twin=True, walk=False, seconds=float(seconds), rate=float(rate),
                namespace=namespace, out=Path(out), json=True)
sys.exit(deploy.run())
"""


class Deployed:
    """A running `landward deploy`."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.namespace = folder, f"deploy{os.getpid()}"
        words = [folder / "policy.onnx", folder / "out", self.namespace, RATE, seconds]
        write_policy(words[0])
        self._errors = (folder / "stderr").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *PACKAGES])},
            text=True,
        )

    @property
    def errors(self) -> str:
        return (self.folder / "stderr").read_text()

    def wait_for(self, text: str) -> None:
        def said() -> bool:
            assert self.process.poll() is None, self.errors
            return text in self.errors

        wait_until(said, 60.0, f"{text!r} in\n{self.errors}")

    def finish(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=100.0)
        return self.process.returncode, output

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._errors.close()

    @property
    def nodes(self) -> dict[str, int]:
        """Module -> pid of the nodes that live."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_text().split("\0")
            except OSError:
                continue
            if f"__ns:=/{self.namespace}" in words:
                found[words[words.index("-m") + 1]] = int(path.parent.name)
        return found


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator:
    running = []

    def start(seconds: float) -> Deployed:
        running.append(Deployed(tmp_path, seconds))
        return running[-1]

    yield start
    for deployed in running:
        deployed.close()


def test_a_robot_stands_up_and_rests(deploy) -> None:
    deployed = deploy(seconds=0.5)
    status, output = deployed.finish()
    assert status == 0, deployed.errors
    assert "operator | " in deployed.errors and "at rest" in deployed.errors
    assert deployed.nodes == {}
    found = json.loads(output)
    assert (found["passed"], found["ended"], found["status"]) == (True, "operator is done", 0)
    assert found["measured"]["faults"] == []
    assert found["measured"]["seconds"] > 0.5
    (folder,) = (deployed.folder / "out").iterdir()
    assert json.loads((folder / "report.json").read_text()) == found
    logs = {path.stem for path in (folder / "logs").iterdir()}
    assert logs == {"recorder", "twin", "safety", "policy", "operator"}
    assert json.loads((folder / "deployment.json").read_text())["rate"] == RATE


def test_interrupt_stops_all_in_order(deploy) -> None:
    deployed = deploy(seconds=60.0)
    deployed.wait_for("standing up")
    assert len(deployed.nodes) == 5
    deployed.process.send_signal(signal.SIGINT)
    status, output = deployed.finish()
    assert status == 130, deployed.errors
    assert "\nstopped by SIGINT\n" in deployed.errors
    # The operator lets the robot rest before anything else stops.
    assert "policy/passive" in deployed.errors
    assert json.loads(output)["measured"]["faults"] == []
    assert deployed.nodes == {}


def test_a_killed_node_ends_all_and_is_named(deploy) -> None:
    deployed = deploy(seconds=60.0)
    deployed.wait_for("standing up")
    os.kill(deployed.nodes["landward_twin.node"], signal.SIGKILL)
    status, _ = deployed.finish()
    assert status == 128 + signal.SIGKILL, deployed.errors
    assert "error: twin was killed by SIGKILL" in deployed.errors
    assert deployed.nodes == {}


@pytest.mark.parametrize("inherited", [True, False])
def test_children_find_ros_whatever_their_parent_was_told(inherited: bool) -> None:
    base = {key: value for key, value in os.environ.items() if key != BOOTSTRAPPED}
    if inherited:
        base = {k: v for k, v in base.items() if k != "LD_LIBRARY_PATH"} | {BOOTSTRAPPED: "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import rclpy; rclpy.init(); print('there')"],
        env=environment([], base),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "there\n", done.stderr
