"""The benchmark of the deployment runs the real nodes; here for two seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.ros
@pytest.mark.slow
def test_the_benchmark_walks_and_reports() -> None:
    command = [sys.executable, "benchmarks/deploy_latency.py", "--quick", "--seconds", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["goal"] == 2.0
    assert 0.5 < result["value"] < 100.0
    assert "takeovers" in done.stdout
