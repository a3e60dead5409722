import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("rich", reason="needs rich: pip install 'landward[cli]'")

from landward_bringup.description import Deployment
from landward_bringup.process import Place, Process
from landward_bringup.run import BOOTSTRAPPED, environment, job

ROOT = Path(__file__).resolve().parents[3]


def deployment(*processes: Process) -> Deployment:
    return Deployment("go1", Path("p.onnx"), 0.02, Place(), "", Path("out"), True, processes)


def test_processes_import_our_packages_from_where_we_do() -> None:
    processes = (Process("policy", "landward_policy.node", "node"),)
    made = environment(deployment(*processes), {"PYTHONPATH": "/theirs", "HOME": "/home"})
    paths = made["PYTHONPATH"].split(os.pathsep)
    assert paths[-1] == "/theirs"
    assert {str(ROOT), str(ROOT / "ros2_ws" / "src" / "landward_policy")} <= set(paths)
    assert made["HOME"] == "/home"


def test_nothing_is_left_of_this_process_own_bootstrap() -> None:
    assert BOOTSTRAPPED not in environment(deployment(), {BOOTSTRAPPED: "1"})


def test_a_process_becomes_a_job() -> None:
    process = Process(
        "teleop", "landward_tools.teleop", "teleop", terminal=True, ends=True, needs=("safety",)
    )
    made = job(process)
    assert (made.name, made.needs, made.ends, made.terminal) == ("teleop", ("safety",), True, True)
    assert made.command[:4] == (sys.executable, "-P", "-m", "landward_tools.teleop")
