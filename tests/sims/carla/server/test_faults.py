"""What a server must survive: nonsense, giants, crowds, the slow and the dead."""

import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sims.carla.process import ServerProcess, command, start_server
from sims.carla.server.methods import METHODS
from sims.carla.server.wire import LARGEST_MESSAGE, pack
from tests.sims.carla.processes import gone
from tests.sims.carla.server.wire_client import WireClient

pytestmark = pytest.mark.carla
SYNCHRONOUS = [True, False, [True, 0.05]]
NONSENSE: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1,
        2,
        2**32,
        2**63,
        0.5,
        float("nan"),
        float("inf"),
        -1e308,
        "",
        "x",
        "../x",
        b"\x00",
    ),
    *([], [[]], [1, 2, 3], [0.0] * 14, [[0, 0, 0], [0, 0, 0]], [float("nan")] * 3, {}, {"a": [1]}),
    *([[0, [[1, "vehicle.tesla.model3", []], [[0, 0, 0], [0, 0, 0]], [False], 0, "", []]]], "\udcff"),
    *([1, "vehicle.tesla.model3", []], [1, "walker.pedestrian.0001", [["speed", 3, "nan"]]], [True, True]),
)
"""Values of every kind; some are right for some argument."""


@pytest.fixture
def rpc(server: ServerProcess) -> Iterator[WireClient]:
    """A connection that can say anything."""
    with WireClient(server.port) as client:
        yield client


def still_serves(server: ServerProcess) -> None:
    """Fail unless the server answers a new client at once."""
    with WireClient(server.port, patience=5.0) as client:
        assert client.value("version") == "0.9.16"
    assert server.alive


def test_unknown_methods_and_wrong_arguments_are_answered(server: ServerProcess, rpc: WireClient) -> None:
    with pytest.raises(RuntimeError, match="could not find function 'format_disk'"):
        rpc.call("format_disk", "c:")
    with pytest.raises(RuntimeError, match=r"'spawn_actor' was called with an invalid number.*got: 0"):
        rpc.call("spawn_actor")
    with pytest.raises(RuntimeError, match="a finite number"):
        rpc.call("set_actor_location", 1, [float("nan"), 0.0, 0.0])
    assert rpc.call("destroy_actor", 77_777) == [[0, ["unable to destroy actor: not found"]]]
    assert rpc.value("version") == "0.9.16"


def test_what_is_not_supported_says_so(rpc: WireClient) -> None:
    ((failed, (message,)),) = rpc.call("enable_carsim", 1, "file")
    assert failed is True
    assert message.startswith("enable_carsim is not supported by this server: ")
    (((kind, (message,)),),) = rpc.call("apply_batch", [[[20, ["quit"]]]])
    assert kind == 0
    assert "executes nothing" in message


def test_no_file_is_given_away(rpc: WireClient) -> None:
    for name in ("/etc/passwd", "../../pyproject.toml", "Town_Small.xodr"):
        assert rpc.call("request_file", name)[0][0] == 0


@pytest.mark.parametrize("seed", range(4))
def test_calls_of_nonsense_change_nothing_but_the_world(server: ServerProcess, seed: int) -> None:
    """Every method with random arguments, well framed: each is answered, and the world goes on."""
    chance = random.Random(seed)
    with WireClient(server.port, patience=30.0) as client:
        client.call("set_episode_settings", SYNCHRONOUS)
        names = sorted(METHODS) * 4
        chance.shuffle(names)
        for name in names:
            arguments = [chance.choice(NONSENSE) for _ in range(chance.randrange(5))]
            number = client.send(name, *arguments)
            kind, answered, error, result = client.receive()
            assert (kind, answered) == (1, number)
            assert error is None or isinstance(error, str)
            assert (error is None) == (result is not None)
        client.call("set_episode_settings", SYNCHRONOUS)
        frame = client.value("tick_cue")
        assert client.value("tick_cue") == frame + 1
    still_serves(server)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_end_the_connection_and_nothing_else(server: ServerProcess, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(50):
        with WireClient(server.port) as client:
            data = bytearray(b"".join(pack([0, n, "version", [[False]]]) for n in range(10)))
            for _ in range(chance.randrange(1, 20)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            client.sock.sendall(bytes(data) + chance.randbytes(chance.randrange(200)))
            client.sock.shutdown(socket.SHUT_WR)
            assert client.closed()
    still_serves(server)


def test_a_message_that_is_too_long_ends_its_connection(server: ServerProcess) -> None:
    with WireClient(server.port, patience=30.0) as client:
        head = b"\x94\x00\x01\xa7version\x91\xdb" + struct.pack(">I", LARGEST_MESSAGE + 1)
        try:
            for part in (head, *[bytes(1 << 20)] * ((LARGEST_MESSAGE >> 20) + 1)):
                client.sock.sendall(part)
        except ConnectionError:
            pass
        assert client.closed()
    still_serves(server)


def test_lists_that_announce_millions_are_not_made(server: ServerProcess) -> None:
    before = memory(server)
    for _ in range(20):
        with WireClient(server.port) as client:
            client.sock.sendall(b"\xdd\x00\x0f\xff\xff" * 900)
    still_serves(server)
    assert memory(server) - before < 150.0  # announced are 8 MB for each of 18,000 lists


def test_connections_that_say_nothing_keep_nobody_out(server: ServerProcess) -> None:
    idle = [socket.create_connection(("127.0.0.1", port)) for port in ports(server) for _ in range(100)]
    still_serves(server)
    for sock in idle:
        sock.close()
    still_serves(server)


def test_subscribers_that_leave_before_their_four_bytes_are_nothing(server: ServerProcess) -> None:
    _, streams = ports(server)
    for sent in (b"", b"\x01", b"\x01\x00\x00"):
        for _ in range(20):
            sock = socket.create_connection(("127.0.0.1", streams))
            sock.sendall(sent)
            sock.close()
    assert len(first_snapshot(streams)) > 48 + 36
    still_serves(server)


def test_a_subscriber_that_reads_nothing_is_dropped(server: ServerProcess, rpc: WireClient) -> None:
    """A tick of a synchronous world waits for it no longer than two seconds, and then never again."""
    _, streams = ports(server)
    lazy = socket.create_connection(("127.0.0.1", streams))
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.sendall(struct.pack("<I", 1))
    rpc.call("set_episode_settings", SYNCHRONOUS)
    cone = [1, "static.prop.barrel", []]
    rpc.call("apply_batch", [[[0, [cone, [[0, 0, 0], [0, 0, 0]], [False], 0, "", []]]]] * 500)
    longest = 0.0
    for _ in range(300):
        began = time.monotonic()
        rpc.value("tick_cue")
        longest = max(longest, time.monotonic() - began)
    assert 1.5 < longest < 5.0
    began = time.monotonic()
    for _ in range(50):
        rpc.value("tick_cue")
    assert time.monotonic() - began < 2.0
    lazy.close()


def test_a_client_that_takes_no_answers_gets_no_more(server: ServerProcess) -> None:
    """Its requests wait in its own machine; the server's memory does not grow with them."""
    before = memory(server)
    with WireClient(server.port, patience=1.0) as client:
        request = pack([0, 1, "get_actor_definitions", [[False]]])
        try:
            for _ in range(100):
                client.sock.sendall(request * 1000)
        except TimeoutError:
            pass
        still_serves(server)
        assert memory(server) - before < 60.0
    still_serves(server)


def test_answers_that_waited_are_all_sent(rpc: WireClient) -> None:
    """More than a socket holds: the server stops, and goes on when the client reads."""
    count = 400
    numbers = [rpc.send("get_actor_definitions") for _ in range(count)]
    assert [rpc.receive()[1] for _ in range(count)] == numbers
    assert rpc.value("version") == "0.9.16"


def test_a_port_in_use_is_one_message(server: ServerProcess) -> None:
    arguments = command(server.town if server.town != "Ring" else "Town_Small", 0, server.port)
    ran = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert len(ran.stderr.strip().splitlines()) == 1
    assert f"port {server.port} of 127.0.0.1 is in use" in ran.stderr


def test_it_listens_on_loopback_alone(server: ServerProcess) -> None:
    for line in Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]:
        address, state = line.split()[1], line.split()[3]
        host, port = address.split(":")
        if state == "0A" and int(port, 16) in ports(server):
            assert host == "0100007F"


def test_it_ends_at_once_when_told(ring_file: Path) -> None:
    with start_server(str(ring_file)) as server:
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10.0) == 0
        assert time.monotonic() - began < 5.0


def test_it_ends_with_its_parent(ring_file: Path) -> None:
    """Even when the parent is killed."""
    program = (
        "import sys, time\nfrom sims.carla.process import start_server\n"
        "server = start_server(sys.argv[1])\nprint(server.process.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(ring_file)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    assert gone(child)


def ports(server: ServerProcess) -> tuple[int, int]:
    """(RPC, streams)."""
    with WireClient(server.port) as client:
        (token,) = client.value("get_sensor_token", 1)
    return server.port, struct.unpack_from("<H", token, 4)[0]


def first_snapshot(port: int) -> bytes:
    """The first message of the world's stream."""
    with socket.create_connection(("127.0.0.1", port), timeout=10.0) as sock:
        sock.sendall(struct.pack("<I", 1))
        stream = sock.makefile("rb")
        (length,) = struct.unpack("<I", stream.read(4))
        return stream.read(length)


def memory(server: ServerProcess) -> float:
    """[MB] That it has in use."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
