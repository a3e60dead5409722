import subprocess
import sys

import pytest

from landward_ros import transport

THREADS = (
    "import os, rclpy\n"
    "from landward_ros import transport\n"
    "transport.choose_udp()\n"
    "rclpy.init()\n"
    "node = rclpy.create_node('idle')\n"
    "tasks = '/proc/self/task'\n"
    "print(*(open(f'{tasks}/{task}/comm').read().strip() for task in os.listdir(tasks)))\n"
)


def test_udp_is_chosen_unless_somebody_decided_otherwise():
    free: dict[str, str] = {}
    transport.choose_udp(free)
    assert free == {transport.TRANSPORTS: "UDPv4"}
    for decided in ({transport.TRANSPORTS: "DEFAULT"}, {transport.PROFILES: "own.xml"}):
        before = dict(decided)
        transport.choose_udp(decided)
        assert decided == before


def test_what_was_local_stays_local():
    local = {transport.RANGE: transport.LOCAL}
    transport.choose_udp(local)
    assert local == {transport.RANGE: "SUBNET", transport.PROFILES: str(transport.LOOPBACK)}
    assert "<address>127.0.0.1</address>" in transport.LOOPBACK.read_text()


def test_another_middleware_is_left_alone():
    other = {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp", transport.RANGE: transport.LOCAL}
    transport.choose_udp(other)
    assert other == {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp", transport.RANGE: transport.LOCAL}


@pytest.mark.ros
@pytest.mark.parametrize("reach", ["LOCALHOST", "SUBNET"])
def test_no_participant_uses_shared_memory(reach, monkeypatch):
    pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
    for name in (transport.TRANSPORTS, transport.PROFILES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(transport.RANGE, reach)
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=True)
    assert "dds.udp" in done.stdout and "dds.shm" not in done.stdout
