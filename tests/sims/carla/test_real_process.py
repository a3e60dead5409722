"""Embedded servers as child processes."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from landward.errors import LandwardError
from sims.carla.process import start_server
from tests.sims.carla.processes import gone, runs

pytestmark = pytest.mark.carla
OTHER = """
import sys
from sims.carla.process import start_server
server = start_server("Town_Small")
print(server.process.pid, flush=True)
sys.stdin.read()
"""


def test_a_server_is_ready_and_ends_with_its_log() -> None:
    with start_server("Town_Small") as server:
        assert server.alive and server.town == "Town_Small"
        socket.create_connection((server.host, server.port), 5.0).close()
        pid, log = server.process.pid, server.log
        assert log.exists()
    assert not runs(pid) and not log.exists()
    server.stop()


def test_a_server_that_hangs_is_ended() -> None:
    with start_server("Town_Small") as server:
        os.kill(server.process.pid, signal.SIGSTOP)
        pid = server.process.pid
    assert not runs(pid)


def test_an_unknown_town_is_said() -> None:
    with pytest.raises(LandwardError, match="the embedded CARLA server did not start: .*Town99"):
        start_server("Town99")


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LandwardError, match=f"did not start: .*{port}"):
            start_server("Town_Small", port=port)


def test_a_server_that_is_not_ready_in_time_is_ended() -> None:
    with pytest.raises(LandwardError, match="not ready within 0.01 s"):
        start_server("Town_Small", patience=0.01)


@pytest.mark.parametrize("stopped", [False, True])
def test_a_server_does_not_outlive_who_started_it(stopped: bool) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None and parent.stdin is not None
    with parent.stdin, parent.stdout:
        pid = int(parent.stdout.readline())
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        parent.kill()
        parent.wait()
        assert gone(pid)
