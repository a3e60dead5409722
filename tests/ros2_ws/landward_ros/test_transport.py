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
FIND = (
    "import sys, time, rclpy\n"
    "from landward_ros import transport\n"
    "transport.choose_udp()\n"
    "rclpy.init()\n"
    "node = rclpy.create_node(sys.argv[1])\n"
    "end = time.monotonic() + 20.0\n"
    "while sys.argv[2] not in node.get_node_names() and time.monotonic() < end:\n"
    "    rclpy.spin_once(node, timeout_sec=0.1)\n"
    "print(*node.get_node_names(), flush=True)\n"
    "sys.stdin.read()\n"
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
@pytest.mark.parametrize("deaf", ["nothing", "239.255.0.1", "127.0.0.1</address></udpv4>"])
def test_nodes_find_each_other_by_either_kind_of_announcement(deaf, tmp_path, monkeypatch):
    """With both, and with the line of the profile left out that has the one or the other."""
    pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
    lines = transport.LOOPBACK.read_text().splitlines(keepends=True)
    profile = tmp_path / "profile.xml"
    profile.write_text("".join(line for line in lines if deaf not in line))
    monkeypatch.setenv(transport.PROFILES, str(profile))
    monkeypatch.setenv(transport.RANGE, "SUBNET")
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    pairs = (("one", "two"), ("two", "one"))
    nodes = [
        subprocess.Popen(
            [sys.executable, "-c", FIND, *pair], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for pair in pairs
    ]
    try:
        assert [set(node.stdout.readline().split()) for node in nodes] == [{"one", "two"}] * 2
    finally:
        for node in nodes:
            node.communicate(timeout=20)


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
