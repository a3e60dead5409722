import signal
import subprocess
import sys
import textwrap
import time

import pytest

from landward_ros.process import run_node
from tests.ros2_ws.processes import wait_until

NODE = """
import sys, time
from landward.errors import LandwardError
from landward_ros.process import run_node

def make():
    import rclpy
    from rclpy.node import Node
    class Trial(Node):
        def __init__(self):
            super().__init__("trial")
            {init}
        def step(self):
            print("step", flush=True) if not hasattr(self, "said") else None
            self.said = True
            return 0.05
        def boom(self):
            raise {error}
        def close(self):
            print("closed while", "ok" if rclpy.ok() else "down", flush=True)
    return Trial()

sys.exit(run_node(make, usage="what it needs"))
"""


def say(word):
    return f"print({word!r}, flush=True)"


@pytest.fixture
def trial(tmp_path):
    """Starts a node whose constructor ends with `init`; its callback `boom` raises `error`."""
    import os

    from tests.ros2_ws.conftest import PACKAGES, ROOT

    started = []

    def start(init="pass", error="ValueError('out of order')", arguments=()):
        script = tmp_path / "trial.py"
        script.write_text(textwrap.dedent(NODE).format(init=init, error=error))
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *PACKAGES])}
        process = subprocess.Popen(
            [sys.executable, str(script), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_without_ros_one_line_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "rclpy", None)
    assert run_node(lambda: pytest.fail("made without ROS"), ["node"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "'rclpy' is not installed" in error and "landward[ros]" in error


def test_help_needs_no_ros(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "rclpy", None)
    assert (
        run_node(lambda: pytest.fail("made for --help"), ["node", "--help"], usage="\nwhat it needs\n") == 0
    )
    assert capsys.readouterr().out == "what it needs\n"


@pytest.mark.ros
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly_while_it_can_still_publish(trial, number):
    process = trial()
    assert process.stdout.readline() == "step\n"
    start = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "closed while ok\n")
    assert err.endswith("[trial]: started\n") and err.count("\n") == 1
    assert time.monotonic() - start < 5.0


@pytest.mark.ros
def test_a_second_signal_does_not_cut_the_stop_short(trial):
    process = trial(init=f"self.close = lambda: ({say('closing')}, time.sleep(0.5), {say('gone')})")
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "closing\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "gone\n")


@pytest.mark.ros
def test_a_signal_while_the_node_is_being_made_is_not_lost(trial):
    process = trial(init="print('making', flush=True); time.sleep(0.5)")
    assert process.stdout.readline() == "making\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    # Stopped before its first turn.
    assert (process.returncode, out) == (0, "closed while ok\n")


@pytest.mark.ros
def test_an_exception_in_a_callback_ends_the_node_with_one_traceback(trial):
    process = trial(init="self.create_timer(0.01, self.boom)")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and "closed while ok" in out
    assert err.count("Traceback") == 1 and err.count("ValueError: out of order") == 1


@pytest.mark.ros
def test_a_foreseen_error_is_one_line(trial):
    process = trial(init="self.boom()", error="LandwardError('no such robot')")
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, "error: no such robot\n")


@pytest.mark.ros
def test_a_parameter_of_the_wrong_type_is_one_line(trial):
    words = ("--ros-args", "-p", "rate:=fast")
    process = trial(init="self.declare_parameter('rate', 1.0)", arguments=words)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1 and len(err.splitlines()) == 1
    assert "'rate' to 'fast' of type 'STRING', expecting type 'DOUBLE'" in err


@pytest.mark.ros
def test_a_node_may_shut_rclpy_down_itself(trial):
    process = trial(init="self.create_timer(0.01, rclpy.shutdown)")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and err.count("\n") == 1
    assert "closed" not in out


@pytest.mark.ros
def test_a_wrong_argument_is_refused_and_ros_arguments_are_not(trial):
    process = trial(arguments=("--robot", "go1"))
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (2, "error: unknown argument '--robot'; see --help\n")
    process = trial(
        init="print(self.get_name(), flush=True)", arguments=("--ros-args", "-r", "__node:=other")
    )
    assert process.stdout.readline() == "other\n"


@pytest.mark.ros
def test_a_term_at_any_phase_of_the_loop_is_heard(trial):
    """Signals at random phases of the loop: a blocking spin misses some, this loop none."""
    for k in range(4):
        process = trial()
        process.stdout.readline()
        time.sleep(0.013 * k)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda process=process: process.poll() is not None, 10.0, "the end of the node")
        assert process.returncode == 0
