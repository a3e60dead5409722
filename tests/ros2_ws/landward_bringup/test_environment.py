import os
from pathlib import Path

from landward_bringup.environment import BOOTSTRAPPED, environment
from landward_bringup.process import Process

ROOT = Path(__file__).resolve().parents[3]


def test_processes_import_our_packages_from_where_we_do() -> None:
    processes = [Process("policy", "landward_policy.node", "node")]
    made = environment(processes, {"PYTHONPATH": "/theirs", "HOME": "/home"})
    paths = made["PYTHONPATH"].split(os.pathsep)
    assert paths[-1] == "/theirs"
    assert {str(ROOT), str(ROOT / "ros2_ws" / "src" / "landward_policy")} <= set(paths)
    assert made["HOME"] == "/home"


def test_nothing_is_left_of_this_process_own_bootstrap() -> None:
    assert BOOTSTRAPPED not in environment([], {BOOTSTRAPPED: "1"})
