"""The benchmark of the deployment runs the real nodes; here for two seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ros2_ws.processes import wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.ros
@pytest.mark.slow
def test_the_benchmark_walks_and_reports() -> None:
    command = [sys.executable, "benchmarks/deploy_latency.py", "--quick", "--seconds", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "too busy to measure" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["goal"] == 2.0
    assert 0.5 < result["value"] < 100.0
    assert "takeovers" in done.stdout


@pytest.mark.ros
@pytest.mark.slow
def test_a_signal_ends_it_with_all_its_nodes() -> None:
    command = [sys.executable, "benchmarks/deploy_latency.py", "--seconds", "600"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: len(children(process.pid)) == 3, 60.0, "policy, monitor and echo")
        nodes = children(process.pid)
        process.terminate()
        assert process.stderr is not None
        assert "stopped by SIGTERM" in process.stderr.read()
        assert process.wait(20.0) == 1
    assert not [pid for pid in nodes if Path(f"/proc/{pid}").exists()]


def children(parent: int) -> list[int]:
    listed = (Path("/proc") / str(parent) / "task" / str(parent) / "children").read_text()
    return [int(pid) for pid in listed.split()]
